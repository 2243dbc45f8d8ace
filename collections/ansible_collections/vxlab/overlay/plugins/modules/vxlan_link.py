#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vxlan_link
short_description: Make, change or remove a VXLAN device
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Brings one VXLAN device (RFC 7348) to the wanted state.
  - What the kernel can change in place is changed in place and traffic goes on. For the rest
    (O(vni), O(dev), O(port), the source ports, O(max_addresses), the checksum options, O(proxy),
    O(rsc), O(l2miss), O(l3miss), a O(ttl) to or from V(inherit), an address that is taken away or
    changes its family) the device is made anew in one batch, goes back to the bridge that it was
    in with the same port flags, and the result says why. Traffic over the VXLAN stops for some
    milliseconds; learned forwarding entries are learned again.
  - A device of this name that is not marked as ours is an error, never changed.
extends_documentation_fragment:
  - vxlab.overlay.common
  - vxlab.overlay.persist
options:
  state:
    description: V(absent) removes the device if it is ours.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: Name of the device, 15 bytes at most.
    type: str
    default: vxlan0
  vni:
    description:
      - VXLAN network identifier, 0 to 16777215. Required when O(state=present).
      - Another value makes the device anew.
    type: int
  group:
    description:
      - IPv4 or IPv6 multicast group to which broadcasts, multicasts and frames for unknown MACs
        are sent, and which is joined. Needs O(dev).
      - Another group of the same family is a change in place; the device goes down and up around
        it, since kernels before 6.15 join only then.
    type: str
  remote:
    description:
      - IPv4 or IPv6 address of the one VTEP to which these frames are sent instead.
      - Neither O(group) nor O(remote) leaves the flood list to C(bridge fdb).
    type: str
  dev:
    description:
      - The underlay device. Without it the route decides. Another value makes the device anew.
    type: str
  local:
    description:
      - Source address of the outer packets. Without it the route decides.
      - Setting or replacing it is a change in place, taking it away makes the device anew.
    type: str
  port:
    description:
      - UDP destination port, the same on all VTEPs. Another value makes the device anew.
    type: int
    default: 4789
  src_port_min:
    description:
      - Lowest UDP source port; with O(src_port_max) V(0) and V(0) the kernel uses its local range.
        The source port carries the hash of the inner flow. Another value makes the device anew.
    type: int
    default: 0
  src_port_max:
    description: The port above the highest UDP source port.
    type: int
    default: 0
  ttl:
    description:
      - TTL or hop limit of the outer packets, V(1) to V(255); V(auto) is the kernel's choice (1 for
        multicast, else the host's default), V(inherit) copies the inner packet's.
      - A number can be changed in place; to or from V(inherit) makes the device anew.
    type: str
    default: auto
  tos:
    description:
      - TOS or traffic class of the outer packets, V(0) to V(255) but 1, or V(inherit). In place.
    type: str
    default: "0"
  df:
    description:
      - The Don't Fragment bit of outer IPv4 packets. V(set) makes too large packets vanish where
        an underlay's MTU is too small, V(unset) lets routers fragment them. In place.
    type: str
    choices: [unset, set, inherit]
    default: unset
  learning:
    description:
      - Learn which VTEP a MAC is behind from received packets. In place; V(false) keeps what was
        learned until it ages.
    type: bool
    default: true
  ageing:
    description: Seconds after which a learned entry that was not seen again is removed. In place.
    type: int
    default: 300
  max_addresses:
    description: Greatest number of forwarding entries, V(0) for no limit. Makes the device anew.
    type: int
    default: 0
  proxy:
    description: Answer ARP and ND from the device's own neighbour table. Makes the device anew.
    type: bool
    default: false
  rsc:
    description: Route short circuit. Makes the device anew.
    type: bool
    default: false
  l2miss:
    description: Tell user space by netlink of unknown MACs. Makes the device anew.
    type: bool
    default: false
  l3miss:
    description: Tell user space by netlink of unknown IP addresses. Makes the device anew.
    type: bool
    default: false
  udp_csum:
    description: UDP checksum in outer IPv4 packets. Makes the device anew.
    type: bool
    default: true
  udp6_zero_csum_tx:
    description: No UDP checksum in sent outer IPv6 packets (RFC 6935). Makes the device anew.
    type: bool
    default: false
  udp6_zero_csum_rx:
    description: Accept outer IPv6 packets without UDP checksum (RFC 6935). Makes the device anew.
    type: bool
    default: false
  mac:
    description: MAC address of the device. Without it the kernel chooses one. In place.
    type: str
  mtu:
    description:
      - MTU in bytes, the underlay's less 50 (IPv4) or 70 (IPv6). Without it the kernel's choice.
        In place; packets that are larger than the new value are refused from then on.
    type: int
  up:
    description: Whether the device is administratively up.
    type: bool
    default: true
  purge:
    description: Remove the other VXLAN devices that carry the mark of this O(overlay_name).
    type: bool
    default: false
seealso:
  - module: vxlab.overlay.bridge_port
"""

EXAMPLES = r"""
- name: VXLAN 42 on a multicast group
  vxlab.overlay.vxlan_link:
    name: vxlan0
    vni: 42
    group: 239.1.1.1
    dev: eth1
    mtu: 1450

- name: A point-to-point VXLAN between two hosts
  vxlab.overlay.vxlan_link:
    name: vxlan0
    vni: 42
    local: 172.16.1.11
    remote: 172.16.1.12

- name: Remove it
  vxlab.overlay.vxlan_link:
    name: vxlan0
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
  sample: ["ip link set dev vxlan0 mtu 1450"]
differences:
  description: What differed from the wanted state, one short sentence each.
  type: list
  elements: str
  returned: success
  sample: ["vxlan0: mtu 1500 -> 1450"]
script:
  description: What makes all of it by hand, for a root shell on a host that has nothing.
  type: str
  returned: when O(render=true)
cmd:
  description: The command that failed.
  type: str
  returned: when a command failed
  sample: ip link set dev vxlan0 mtu 1450
rc:
  description: Its return code.
  type: int
  returned: when a command failed
  sample: 2
stderr:
  description: What it printed.
  type: str
  returned: when a command failed
  sample: "RTNETLINK answers: Invalid argument"
"""

from ansible_collections.vxlab.overlay.plugins.module_utils._module import run_module
from ansible_collections.vxlab.overlay.plugins.module_utils._task import vxlan_link

ARGUMENTS = dict(
    name=dict(type="str", default="vxlan0"),
    vni=dict(type="int"),
    group=dict(type="str"),
    remote=dict(type="str"),
    dev=dict(type="str"),
    local=dict(type="str"),
    port=dict(type="int", default=4789),
    src_port_min=dict(type="int", default=0),
    src_port_max=dict(type="int", default=0),
    ttl=dict(type="str", default="auto"),
    tos=dict(type="str", default="0"),
    df=dict(type="str", default="unset", choices=["unset", "set", "inherit"]),
    learning=dict(type="bool", default=True),
    ageing=dict(type="int", default=300),
    max_addresses=dict(type="int", default=0),
    proxy=dict(type="bool", default=False),
    rsc=dict(type="bool", default=False),
    l2miss=dict(type="bool", default=False),
    l3miss=dict(type="bool", default=False),
    udp_csum=dict(type="bool", default=True),
    udp6_zero_csum_tx=dict(type="bool", default=False),
    udp6_zero_csum_rx=dict(type="bool", default=False),
    mac=dict(type="str"),
    mtu=dict(type="int"),
    up=dict(type="bool", default=True),
    purge=dict(type="bool", default=False),
)


def main() -> None:
    run_module(
        ARGUMENTS,
        vxlan_link,
        required_if=[("state", "present", ["vni"])],
        mutually_exclusive=[("group", "remote")],
        required_by={"group": "dev"},
    )


if __name__ == "__main__":
    main()
