# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: verify_plan
short_description: From the site plan to what the probes of each host have to do
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Used by the role P(vxlab.overlay.verify#role), once a play for all hosts.
  - Each call has an identity of its own, by which the hosts' probes tell this run from others.
positional: hosts
options:
  _input:
    description: The site plan, C(overlay_site) of the role P(vxlab.overlay.plan#role).
    type: dict
    required: true
  hosts:
    description: The hosts that take part (C(ansible_play_hosts)). Hosts that are not in the plan
      are left out.
    type: list
    elements: str
    required: true
  timeout:
    description: How long a probe waits for other hosts, in seconds. Half a second is added for each
      host.
    type: float
    default: 10
  pairs:
    description: Up to how many pairs at the site everybody pings everybody; above, a sample is
      taken.
    type: int
    default: 700
  port:
    description: The TCP port of the probes' own servers.
    type: int
    default: 18472
  size:
    description: How many bytes to transfer.
    type: int
    default: 4000000
  outside:
    description: A server outside that tells which address it sees, C(address) and C(port), and,
      where that is not the VTEP's, C(source), the address that it should see. By default each host
      serves the one before it.
    type: dict
"""

EXAMPLES = r"""
- name: Plan the checks
  ansible.builtin.set_fact:
    overlay_verify_plan: "{{ overlay_site | vxlab.overlay.verify_plan(ansible_play_hosts) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: C(hosts) has the probes' arguments by host, C(skipped) why a check has nothing to do,
    and the rest is what P(vxlab.overlay.verify_report#filter) compares with.
  type: dict
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify.plan import (
    Settings,
    plan_probes,
)


def verify_plan(
    site: Mapping[str, Any],
    hosts: Sequence[str],
    timeout: float = 10,
    pairs: int = 700,
    port: int = 18472,
    size: int = 4_000_000,
    outside: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    if not isinstance(site, Mapping) or not {"site", "hosts"} <= set(site):
        raise AnsibleFilterError(
            "verify_plan needs the site plan, overlay_site of the role vxlab.overlay.plan"
        )
    if outside and not {"address", "port"} <= set(outside):
        raise AnsibleFilterError(
            f"the outside server needs an address and a port, but has {sorted(outside)}"
        )
    # What is given with -e on the command line comes as text.
    settings = Settings(
        secrets.token_hex(4), float(timeout), int(pairs), int(port), int(size), outside or None
    )
    return plan_probes(site, hosts, settings)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"verify_plan": verify_plan}
