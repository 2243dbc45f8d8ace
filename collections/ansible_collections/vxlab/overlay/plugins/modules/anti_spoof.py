#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: anti_spoof
short_description: Let containers send from their own MAC and addresses only
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - All containers of an overlay are on one Ethernet network. One that takes its neighbour's MAC or
    address, or speaks ARP as the gateway, gets what is meant for that one. This filter drops such
    frames, and counts them, where they come out of the container's port of the bridge, before the
    bridge learns from them.
  - From a port of the list pass IPv4, IPv6 and ARP from the container's MAC and addresses. So do
    the unspecified addresses 0.0.0.0 (RFC 5227) and C(::) (RFC 4862), by which a host asks whether
    an address is taken, and the link-local IPv6 address that the kernel makes from the MAC
    (RFC 4291). Other protocols, frames with a VLAN tag and IPv6 router advertisements do not pass.
    What comes from other ports passes. Loading or changing the filter does not interrupt what it
    lets pass.
  - An nftables table of our own in the bridge family, with MACs and addresses in sets, which change
    without a gap. Where the host has no nft, chains of our own in ebtables' tables nat and filter,
    each of which is replaced as one. There each frame is compared with one container after the
    other.
  - An IPv6 neighbour advertisement is judged by the address that it comes from, not by the one that
    it is about. So a container that forges them can still draw its neighbours' IPv6 traffic.
  - A port is known by its name, and need not exist yet.
extends_documentation_fragment:
  - vxlab.overlay.common
  - vxlab.overlay.persist
options:
  state:
    description: V(absent) removes the filter, and everything passes.
    type: str
    choices: [present, absent]
    default: present
  containers:
    description:
      - The containers that are guarded. One that is taken out of the list can send anything from
        then on. With an empty list none is guarded. Required when O(state=present).
    type: list
    elements: dict
    suboptions:
      port:
        description: The host end of the container's veth pair, a port of the bridge.
        type: str
        required: true
      mac:
        description: The container's MAC. What it sends from another one is dropped at once.
        type: str
        required: true
      addresses:
        description:
          - The container's IPv4 and IPv6 addresses, with or without prefix length. What it sends
            from one that is taken out of the list is dropped at once. Without any it can send ARP
            probes, DHCP requests and from its link-local IPv6 address.
          - A link-local IPv6 address that is not made from the MAC has to be listed too.
        type: list
        elements: str
        default: []
      routes_for:
        description:
          - Prefixes from which it may send too, since it is a router or has machines of its own
            behind it. They hold for packets, not for ARP. A change makes the nftables table anew,
            in one transaction, and counts from zero.
        type: list
        elements: str
        default: []
  backend:
    description: Where the filter stands; V(auto) is nft where the host has it, else ebtables.
    type: str
    choices: [auto, nft, ebtables]
    default: auto
seealso:
  - module: vxlab.overlay.netns_veth
  - module: vxlab.overlay.gateway_filter
"""

EXAMPLES = r"""
- name: Let two containers send as themselves only
  vxlab.overlay.anti_spoof:
    containers:
      - port: veth-ns1
        mac: 02:58:0a:e9:00:02
        addresses: [10.233.0.2]
      - port: veth-router
        mac: 02:58:0a:e9:00:07
        addresses: [10.233.0.7/16]
        routes_for: [192.0.2.0/24]

- name: Let containers send anything
  vxlab.overlay.anti_spoof:
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
  sample: ["nft 'add element bridge vxlab_overlay.ports ports { \"veth-ns1\" }'"]
differences:
  description: What differed from the wanted state, one short sentence each.
  type: list
  elements: str
  returned: success
  sample: ["anti-spoofing, ports: veth-ns1 missing"]
script:
  description: What makes all of it by hand, for a root shell on a host that has nothing.
  type: str
  returned: when O(render=true)
cmd:
  description: The command that failed.
  type: str
  returned: when a command failed
  sample: "nft 'add table bridge vxlab_overlay.ports'"
rc:
  description: Its return code.
  type: int
  returned: when a command failed
  sample: 1
stderr:
  description: What it printed.
  type: str
  returned: when a command failed
  sample: "/dev/stdin:1:1-38: Error: Could not process rule: Operation not supported"
"""

from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.spoof import ARGUMENT
from ansible_collections.vxlab.overlay.plugins.module_utils._module import run_module
from ansible_collections.vxlab.overlay.plugins.module_utils._task import anti_spoof

ARGUMENTS = dict(
    containers=ARGUMENT,
    backend=dict(type="str", default="auto", choices=["auto", "nft", "ebtables"]),
)


def main() -> None:
    run_module(ARGUMENTS, anti_spoof, required_if=[("state", "present", ["containers"])])


if __name__ == "__main__":
    main()
