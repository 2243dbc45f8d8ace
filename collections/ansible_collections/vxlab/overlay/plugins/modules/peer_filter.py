#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: peer_filter
short_description: Hear only the VTEPs of one's own overlay
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - VXLAN has no authentication. Whoever can send a UDP datagram with the right VNI to a host's
    VXLAN port puts frames on its bridge, as if it were a host of the overlay. This filter drops
    such datagrams, and counts them, unless they come from one of the given addresses. It stands
    before the VXLAN device. Datagrams of other VNIs pass.
  - An nftables table of our own in the inet family, with the addresses in a set, which changes
    without a gap. Where the host has no nft, a chain of our own in iptables or ip6tables, which is
    made anew when an address comes or goes; in between everybody is heard.
  - It goes by the source address alone. On a network where addresses can be forged, only encryption
    helps.
extends_documentation_fragment:
  - vxlab.overlay.common
  - vxlab.overlay.persist
options:
  state:
    description: V(absent) removes the filter, and everybody is heard.
    type: str
    choices: [present, absent]
    default: present
  vni:
    description: The overlay's VXLAN network identifier. Another one is filtered from then on.
    type: int
    default: 42
  port:
    description: The UDP port of the VXLAN device.
    type: int
    default: 4789
  vteps:
    description:
      - Addresses of all other hosts of the overlay on the underlay, all IPv4 or all IPv6. What
        comes from an address that is taken out of the list is dropped at once. With an empty list
        nobody is heard. Required when O(state=present).
    type: list
    elements: str
  backend:
    description: Where the filter stands; V(auto) is nft where the host has it, else iptables.
    type: str
    choices: [auto, nft, iptables]
    default: auto
seealso:
  - module: vxlab.overlay.vxlan_link
"""

EXAMPLES = r"""
- name: Hear only the other hosts
  vxlab.overlay.peer_filter:
    vni: 42
    vteps: [172.16.1.12, 172.16.1.13]

- name: Hear everybody
  vxlab.overlay.peer_filter:
    state: absent
"""

RETURN = r"""
commands:
  description:
    - What was run, or in check mode would be run, in order; each line can be typed in a root shell.
    - Commands for one tool and one network namespace go to it as one batch.
  type: list
  elements: str
  returned: success
  sample: ["nft 'add element inet vxlab_overlay vteps { 172.16.1.13 }'"]
differences:
  description: What differed from the wanted state, one short sentence each.
  type: list
  elements: str
  returned: success
  sample: ["VTEP filter: 172.16.1.13 missing"]
script:
  description: What makes all of it by hand, for a root shell on a host that has nothing.
  type: str
  returned: when O(render=true)
cmd:
  description: The command that failed.
  type: str
  returned: when a command failed
  sample: "nft 'add table inet vxlab_overlay'"
rc:
  description: Its return code.
  type: int
  returned: when a command failed
  sample: 1
stderr:
  description: What it printed.
  type: str
  returned: when a command failed
  sample: "/dev/stdin:1:1-31: Error: Could not process rule: Operation not supported"
"""

from ansible_collections.vxlab.overlay.plugins.module_utils._module import run_module
from ansible_collections.vxlab.overlay.plugins.module_utils._task import peer_filter

ARGUMENTS = dict(
    vni=dict(type="int", default=42),
    port=dict(type="int", default=4789),
    vteps=dict(type="list", elements="str"),
    backend=dict(type="str", default="auto", choices=["auto", "nft", "iptables"]),
)


def main() -> None:
    run_module(ARGUMENTS, peer_filter, required_if=[("state", "present", ["vteps"])])


if __name__ == "__main__":
    main()
