#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vxlan_fdb
short_description: Make, change or remove forwarding and neighbour entries of a VXLAN device
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Brings the flood list, the MAC entries and the neighbour entries of one VXLAN device to the
    wanted state, in one run, however long the lists are.
  - MAC entries are compared by MAC and destination, neighbour entries by address. What is missing
    is added first, a MAC that moved is pointed at its new VTEP in place, and what is not listed is
    removed last, so that other entries' traffic goes on.
  - Only entries that stay are compared. What the kernel learned, what a routing daemon made
    (C(extern_learn)), the device's own group or remote, and entries with a port, a VNI, a device
    or a nexthop of their own are never removed. A MAC or an address that is listed becomes what is
    listed, whatever there was.
  - A VXLAN device or a bridge that is not marked as ours is an error.
  - Of each kind, the first 20 differences are told, and shown by C(--diff), one by one.
extends_documentation_fragment:
  - vxlab.overlay.common
  - vxlab.overlay.persist
options:
  state:
    description:
      - V(absent) removes all that is compared, and ignores the lists; remote hosts are then reached
        only by what the device learned.
    type: str
    choices: [present, absent]
    default: present
  dev:
    description: The VXLAN device.
    type: str
    default: vxlan0
  flood:
    description:
      - Addresses of the VTEPs that get a copy of each frame whose MAC is unknown, of broadcasts and
        of multicasts. A VTEP that is taken out gets none from then on.
      - Without this option the flood list stays as it is; V([]) wants an empty one, and lets
        frames with unknown destinations end here.
    type: list
    elements: str
  macs:
    description:
      - MACs of other hosts, and the VTEPs that they are behind. Frames for a MAC that is taken out
        are flooded until it is learned, or dropped where nothing is flooded.
      - Where O(dev) is a port of a bridge, the bridge too is told that they are behind that port,
        which it needs where it does not learn by it, and to answer ARP and ND for them.
      - Without this option MAC entries stay as they are; V([]) wants none.
      - Each entry has the following two, and nothing else.
    type: list
    elements: dict
    suboptions:
      mac:
        description: MAC address of one device.
        type: str
        required: true
      vtep:
        description: Address of the VTEP that it is behind.
        type: str
        required: true
  neighbours:
    description:
      - Addresses in the overlay and their MACs. The host asks for them no more, and a bridge whose
        port O(dev) has C(neigh_suppress) answers ARP and ND for those whose MAC is in O(macs),
        instead of flooding the question.
      - Without this option neighbour entries stay as they are; V([]) wants none.
      - Each entry has the following two, and nothing else.
    type: list
    elements: dict
    suboptions:
      address:
        description: IPv4 or IPv6 address.
        type: str
        required: true
      mac:
        description: MAC address that has it. Frames to the address go there from now on.
        type: str
        required: true
  neighbour_dev:
    description:
      - Device that the neighbours are behind. By default the bridge that O(dev) is a port of, and
        O(dev) itself where it is none.
      - In check mode on a host that does not have the devices yet, O(dev) is taken for a port of
        this one.
    type: str
seealso:
  - module: vxlab.overlay.vxlan_link
  - module: vxlab.overlay.bridge_port
"""

EXAMPLES = r"""
- name: Flood to two peers
  vxlab.overlay.vxlan_fdb:
    flood: [172.16.1.12, 172.16.1.13]

- name: Know all peers' containers, and flood nothing
  vxlab.overlay.vxlan_fdb:
    flood: []
    macs:
      - mac: 02:58:0a:e9:00:03
        vtep: 172.16.1.12
    neighbours:
      - address: 10.233.0.3
        mac: 02:58:0a:e9:00:03

- name: Remove all entries
  vxlab.overlay.vxlan_fdb:
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
  sample: ["bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 172.16.1.12 self"]
differences:
  description: What differed from the wanted state, one short sentence each, 20 of a kind.
  type: list
  elements: str
  returned: success
  sample: ["vxlan0: flood entry to 172.16.1.12: missing"]
script:
  description: What makes all of it by hand, for a root shell on a host that has nothing.
  type: str
  returned: when O(render=true)
cmd:
  description: The command that failed.
  type: str
  returned: when a command failed
  sample: "bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 172.16.1.12 self"
rc:
  description: Its return code.
  type: int
  returned: when a command failed
  sample: 1
stderr:
  description: What it printed.
  type: str
  returned: when a command failed
  sample: "RTNETLINK answers: No space left on device"
"""

from ansible_collections.vxlab.overlay.plugins.module_utils._module import run_module
from ansible_collections.vxlab.overlay.plugins.module_utils._task import vxlan_fdb

ARGUMENTS = dict(
    dev=dict(type="str", default="vxlan0"),
    flood=dict(type="list", elements="str"),
    # Their entries have no options here: Ansible would check 100,000 of them for seconds.
    macs=dict(type="list", elements="dict"),
    neighbours=dict(type="list", elements="dict"),
    neighbour_dev=dict(type="str"),
)


def main() -> None:
    run_module(ARGUMENTS, vxlan_fdb)


if __name__ == "__main__":
    main()
