# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fdb_entries
short_description: The forwarding and neighbour entries that a host should have
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Derives from the plan of a site the options of M(vxlab.overlay.vxlan_fdb) for one of its hosts.
    In mode V(unicast) that is the flood list, in mode V(static) the MAC and neighbour entries of
    all other hosts and their containers, and otherwise nothing.
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
- name: Show the entries of this host
  ansible.builtin.debug:
    msg: "{{ overlay_site | vxlab.overlay.fdb_entries(inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The options C(dev), C(neighbour_dev), C(flood), C(macs) and C(neighbours). C(flood)
    is none in mode V(evpn), where BGP keeps the flood list.
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.entries import entries_of


def fdb_entries(plan: Mapping[str, Any], host: str) -> dict[str, Any]:
    if not isinstance(plan, Mapping) or host not in plan.get("hosts", {}):
        raise AnsibleFilterError(
            f"fdb_entries needs the plan of a site (overlay_site of the role vxlab.overlay.plan)"
            f" that has the host {host}"
        )
    return entries_of(plan, host)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"fdb_entries": fdb_entries}
