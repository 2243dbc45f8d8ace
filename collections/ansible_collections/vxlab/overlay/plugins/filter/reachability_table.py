# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: reachability_table
short_description: Hosts and containers against each other, as a table of text
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Rows are sources, columns targets, and cells the round-trip times in milliseconds, V(FAIL), or
    V(-) for what was not probed.
  - What does not fit on a screen (twelve columns, 150 characters) shows hosts instead of
    containers, and in each cell how many of the pairs were reached and the longest time; if that
    does not fit either, one such cell a host.
options:
  _input:
    description: Results of M(vxlab.overlay.ping_probe), one for each host.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show who reaches whom
  ansible.builtin.debug:
    msg: >-
      {{ ansible_play_hosts | map('extract', hostvars, 'overlay_verify_ping_result')
         | vxlab.overlay.reachability_table }}
  run_once: true
"""

RETURN = r"""
_value:
  description: The lines of the table.
  type: list
  elements: str
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify import table
from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify.report import matrix_of


def reachability_table(results: Iterable[Mapping[str, Any]]) -> list[str]:
    return table.reachability_table(matrix_of(results))


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"reachability_table": reachability_table}
