# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: peer_vteps
short_description: The addresses of all hosts of a site but one
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Takes from the plan of a site the addresses that its hosts have on the underlay, which are those
    that M(vxlab.overlay.peer_filter) lets one of them hear.
positional: host
options:
  _input:
    description: The plan, C(overlay_site) of the role P(vxlab.overlay.plan#role).
    type: dict
    required: true
  host:
    description: Name of the host.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show whom this host hears
  ansible.builtin.debug:
    msg: "{{ overlay_site | vxlab.overlay.peer_vteps(inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The addresses, in order.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.entries import peers_of


def peer_vteps(plan: Mapping[str, Any], host: str) -> list[str]:
    if not isinstance(plan, Mapping) or host not in plan.get("hosts", {}):
        raise AnsibleFilterError(
            f"peer_vteps needs the plan of a site (overlay_site of the role vxlab.overlay.plan)"
            f" that has the host {host}"
        )
    return peers_of(plan, host)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"peer_vteps": peer_vteps}
