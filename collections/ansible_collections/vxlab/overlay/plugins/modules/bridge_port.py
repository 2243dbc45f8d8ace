#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bridge_port
short_description: Make, change or remove a bridge, and attach ports to it
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Brings one Linux bridge, its own properties and addresses, and the flags of some of its ports
    to the wanted state.
  - All is changed in place; the bridge is never made anew.
  - A bridge of this name that is not marked as ours is an error, and so is a port that sits in
    somebody else's bridge. Ports that are not listed are left alone.
extends_documentation_fragment:
  - vxlab.overlay.common
  - vxlab.overlay.persist
options:
  state:
    description: V(absent) removes the bridge if it is ours; its ports are released.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: Name of the bridge, 15 bytes at most.
    type: str
    default: br0
  mac:
    description:
      - MAC address. Without it the bridge takes the lowest of its ports', which changes as they
        come and go, and with it what containers know as their gateway's MAC.
    type: str
  mtu:
    description:
      - MTU in bytes. Without it the kernel follows the smallest of the ports'. Once set here, the
        kernel no longer does.
    type: int
  stp:
    description: Spanning tree protocol. Turning it on stops traffic for twice the forward delay.
    type: bool
  mcast_snooping:
    description: Forward multicast only to ports that joined (IGMP, MLD snooping).
    type: bool
  ageing:
    description: Seconds after which a learned MAC that was not seen again is removed.
    type: int
  up:
    description: Whether the bridge is administratively up.
    type: bool
    default: true
  addresses:
    description:
      - The exact list of the bridge's addresses with prefix lengths; others are removed, but for
        link-local and dynamic ones. The first one of a subnet is that from which the host speaks.
      - Without this option addresses are left as they are.
    type: list
    elements: str
  ports:
    description: Ports to attach, and their flags. A flag that is not given stays as it is.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the device.
        type: str
        required: true
      learning:
        description: Learn MACs from frames that come in by this port.
        type: bool
      flood:
        description: Send unicast frames for unknown MACs to this port.
        type: bool
      mcast_flood:
        description: Send multicast frames that nobody joined to this port.
        type: bool
      bcast_flood:
        description: Send broadcast frames to this port.
        type: bool
      neigh_suppress:
        description: Answer ARP and ND from the bridge's neighbour table instead of flooding them.
        type: bool
      isolated:
        description: Forward nothing between this and other isolated ports.
        type: bool
      guard:
        description: Disable the port when a BPDU comes in by it (BPDU guard).
        type: bool
      root_block:
        description: Never let the port become the root port.
        type: bool
      hairpin:
        description: Let frames leave by the port by which they came.
        type: bool
      fastleave:
        description: Stop forwarding a group at once when a leave message comes in.
        type: bool
      mcast_to_unicast:
        description: Send multicast as unicast to each host that joined.
        type: bool
      proxy_arp:
        description: Proxy ARP on this port.
        type: bool
      locked:
        description: Accept only frames from MACs that have a forwarding entry.
        type: bool
  purge:
    description:
      - Remove the other bridges that carry the mark of this O(overlay_name). Their ports are moved
        to this one first.
    type: bool
    default: false
seealso:
  - module: vxlab.overlay.vxlan_link
  - module: vxlab.overlay.netns_veth
"""

EXAMPLES = r"""
- name: A bridge with the VXLAN device as its port
  vxlab.overlay.bridge_port:
    name: br0
    mac: 02:58:0a:e9:ff:0b
    mtu: 1450
    addresses: [10.233.255.11/16, 10.233.0.1/32]
    ports:
      - name: vxlan0
        neigh_suppress: false

- name: Remove it
  vxlab.overlay.bridge_port:
    name: br0
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
  sample: ["ip link set dev vxlan0 master br0"]
differences:
  description: What differed from the wanted state, one short sentence each.
  type: list
  elements: str
  returned: success
  sample: ["br0: port vxlan0 missing"]
script:
  description: What makes all of it by hand, for a root shell on a host that has nothing.
  type: str
  returned: when O(render=true)
cmd:
  description: The command that failed.
  type: str
  returned: when a command failed
  sample: ip link set dev vxlan0 master br0
rc:
  description: Its return code.
  type: int
  returned: when a command failed
  sample: 1
stderr:
  description: What it printed.
  type: str
  returned: when a command failed
  sample: "RTNETLINK answers: Device or resource busy"
"""

from ansible_collections.vxlab.overlay.plugins.module_utils._change.port import DEFAULTS
from ansible_collections.vxlab.overlay.plugins.module_utils._module import run_module
from ansible_collections.vxlab.overlay.plugins.module_utils._task import bridge_port

ARGUMENTS = dict(
    name=dict(type="str", default="br0"),
    mac=dict(type="str"),
    mtu=dict(type="int"),
    stp=dict(type="bool"),
    mcast_snooping=dict(type="bool"),
    ageing=dict(type="int"),
    up=dict(type="bool", default=True),
    addresses=dict(type="list", elements="str"),
    ports=dict(
        type="list",
        elements="dict",
        default=[],
        options=dict(
            name=dict(type="str", required=True), **{flag: dict(type="bool") for flag in DEFAULTS}
        ),
    ),
    purge=dict(type="bool", default=False),
)


def main() -> None:
    run_module(ARGUMENTS, bridge_port)


if __name__ == "__main__":
    main()
