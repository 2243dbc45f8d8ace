#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evpn_probe
short_description: Await BGP EVPN sessions and remote VTEPs
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Asks FRR until all sessions are established and the VNI has the remote VTEPs that are expected,
    or the time is over. It then fails with one message that says how many there are, in which state
    the others are, and what to look at.
  - Also returns the MAC addresses that FRR has put into the VXLAN device's forwarding table.
attributes:
  check_mode:
    description: Can run in check mode and predict the changed status without changing the host.
    support: full
    details: The probe changes nothing, so it runs in check mode as it does otherwise.
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
options:
  neighbors:
    description: The BGP neighbours, address by name.
    type: dict
    required: true
  vni:
    description: The VXLAN network identifier whose remote VTEPs are awaited.
    type: int
    required: true
  vteps:
    description: How many remote VTEPs there have to be; more are no error.
    type: int
    required: true
  vxlan_dev:
    description: The VXLAN device whose forwarding table is read.
    type: str
    default: vxlan0
  timeout:
    description: How long to wait, in seconds; with V(0) it looks once.
    type: float
    default: 60
requirements:
  - FRR (Debian's and Ubuntu's package frr); may use vtysh, as root does
"""

EXAMPLES = r"""
- name: Await the sessions with two hosts
  vxlab.overlay.evpn_probe:
    neighbors: {ubuntu2: 172.16.1.12, ubuntu3: 172.16.1.13}
    vni: 42
    vteps: 2
"""

RETURN = r"""
sessions:
  description: The BGP state of the session with each neighbour, by name.
  type: dict
  returned: always
  sample: {ubuntu2: Established, ubuntu3: Connect}
missing:
  description: What is not there, with the reason; neighbours by name, and C(vteps).
  type: dict
  returned: always
  sample: {ubuntu3: "172.16.1.13: Connect", vteps: "1 of 2 for 42"}
remote_vteps:
  description: Addresses of the remote VTEPs of the VNI.
  type: list
  elements: str
  returned: always
  sample: [172.16.1.12]
extern_learn:
  description: The MAC addresses of the VXLAN device's forwarding table that FRR put there.
  type: list
  elements: str
  returned: always
  sample: ["02:00:0a:e9:00:03"]
seconds:
  description: How long it took.
  type: float
  returned: always
  sample: 1.42
summary:
  description: How far it has come, as a sentence.
  type: str
  returned: always
  sample: >-
    1 of 2 BGP sessions established, 1 of 2 remote VTEPs known for VNI 42, after 60.0 s
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import KernelError
from ansible_collections.vxlab.overlay.plugins.module_utils._probe import evpn


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "neighbors": {"type": "dict", "required": True},
            "vni": {"type": "int", "required": True},
            "vteps": {"type": "int", "required": True},
            "vxlan_dev": {"type": "str", "default": "vxlan0"},
            "timeout": {"type": "float", "default": 60},
        },
        supports_check_mode=True,
    )
    given = module.params
    expected = evpn.Expected(given["neighbors"], given["vni"], given["vteps"])
    try:
        seen = evpn.await_sessions(expected, given["timeout"])
        macs = evpn.read_extern_learned(given["vxlan_dev"])
    except KernelError as error:
        module.fail_json(msg=str(error), **error.details)
    result = dict(
        sessions=seen.sessions,
        missing=seen.missing(expected),
        remote_vteps=seen.remote_vteps,
        extern_learn=macs,
        seconds=seen.seconds,
        summary=evpn.summary_line(expected, seen),
    )
    if result["missing"]:
        module.fail_json(msg=evpn.failure(expected, seen), **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
