#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lab
short_description: Bring up or take down a lab of hosts made of Linux namespaces
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Runs on the controller. Makes hosts, an underlay that joins them, a router, and an outside
    server that answers every TCP connection with the address of the client as it saw it.
  - A host has its own network, processes, host name, C(/run), C(/tmp) and a private, writable view
    of the machine's files. The connection plugin P(vxlab.overlay.lab#connection) enters it.
  - What is as it should be is left alone. Hosts that are missing or dead are made anew, addresses
    and MTU are changed in place, hosts that are no longer listed are ended.
  - The machine's own network namespace is never touched.
  - Works as root, and as an ordinary user where the kernel lets that user make user namespaces.
    Every user has labs of their own.
options:
  state:
    description: V(absent) ends the lab, whatever is left of it.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: Name of the lab. Labs of different names run side by side.
    type: str
    default: lab
  hosts:
    description:
      - The hosts. Required when O(state=present).
      - The names C(router), C(outside), C(fabric) and C(world) are the lab's own.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the host.
        type: str
        required: true
      address:
        description: IPv4 address of its eth1, on the underlay.
        type: str
        required: true
  router:
    description:
      - The router's address on the underlay, with the underlay's prefix length. With O(routed) only
        the prefix length counts, for the network of each host.
    type: str
    default: 172.16.1.1/24
  outside:
    description:
      - The outside server's address, with prefix length. The router has the first address of this
        network. The server has routes to the underlay's networks and to nothing else.
    type: str
    default: 203.0.113.80/24
  outside_port:
    description: TCP port of the outside server.
    type: int
    default: 8080
  mtu:
    description: MTU of the underlay in bytes.
    type: int
    default: 1500
  multicast:
    description:
      - Whether the underlay carries multicast. Without, it drops all of it, that to 224.0.0.x too,
        but for IPv6's link-local groups (ff02::/16), which neighbour discovery needs. Broadcast,
        and so ARP, passes.
      - Needs nftables where it is V(false). Changed in place; nothing else is interrupted.
    type: bool
    default: true
  routed:
    description:
      - Whether each host is in a network of its own, its address with the prefix length of
        O(router), behind the router, which has the first address of each. Hosts then reach each
        other through the router only, and neither broadcast nor multicast crosses it.
      - The addresses of O(hosts) must be in different networks.
      - A lab that runs is changed in place. Hosts keep running, but the underlay is down meanwhile.
    type: bool
    default: false
  ipv6:
    description:
      - Whether the underlay has IPv6 addresses too, beside each IPv4 address of a host or router
        the one of the same decimal digits. 172.16.1.11/24 gives fd00:172:16:1::11/64; a /16 gives a
        /48, so that hosts which share the one network share the other. Hosts have an IPv6 default
        route to the router, which forwards. The outside server stays without.
      - With O(routed), the prefix length of O(router) should be 8, 16 or 24.
      - Changed in place; IPv4 is not interrupted. Other addresses out of fd00::/16 on eth1 are
        removed.
    type: bool
    default: false
attributes:
  check_mode:
    description: Says what would be done.
    support: full
  diff_mode:
    description: Shows what is not as it should be.
    support: full
  idempotent:
    description: A second run with the same options reads the lab and does nothing.
    support: full
  platform:
    description:
      - Linux, with iproute2, util-linux 2.32 or later and Python 3.8 or later. O(multicast=false)
        needs nftables, and a kernel that has its family bridge.
    support: full
    platforms: linux
seealso:
  - plugin: vxlab.overlay.lab
    plugin_type: connection
  - plugin: vxlab.overlay.lab
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Bring up a lab of two hosts
  vxlab.overlay.lab:
    hosts:
      - name: ubuntu1
        address: 172.16.1.11
      - name: ubuntu2
        address: 172.16.1.12
  delegate_to: localhost

- name: Put a router between them, take multicast away, add IPv6
  vxlab.overlay.lab:
    hosts:
      - name: ubuntu1
        address: 172.16.11.11
      - name: ubuntu2
        address: 172.16.12.11
    routed: true
    multicast: false
    ipv6: true
  delegate_to: localhost

- name: Take it down
  vxlab.overlay.lab:
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
differences:
  description: What was not as it should be, a sentence fragment each.
  returned: success
  type: list
  elements: str
  sample: ["ubuntu2: missing", "ubuntu1: eth1: mtu 1500 -> 9000"]
hosts:
  description: The hosts that run, router and outside server included, by name.
  returned: when O(state=present)
  type: dict
  contains:
    pid:
      description: Process id of the host's init, whose namespaces are the host.
      type: int
    address:
      description: IPv4 address of its first link, which is a host's eth1.
      type: str
    address6:
      description: IPv6 address of that link.
      type: str
      returned: where it has one
  sample: {"ubuntu1": {"pid": 4711, "address": "172.16.1.11"}}
folder:
  description: Where the lab's state is kept.
  returned: success
  type: str
  sample: /run/vxlab-lab/lab
"""

import sys

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.lab import (
    absent,
    describe,
    present,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.scripts import server_command
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.spec import plan_lab
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.state import State
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.tools import host_python

HOST = {
    "name": {"type": "str", "required": True},
    "address": {"type": "str", "required": True},
}
ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str", "default": "lab"},
    "hosts": {"type": "list", "elements": "dict", "options": HOST},
    "router": {"type": "str", "default": "172.16.1.1/24"},
    "outside": {"type": "str", "default": "203.0.113.80/24"},
    "outside_port": {"type": "int", "default": 8080},
    "mtu": {"type": "int", "default": 1500},
    "multicast": {"type": "bool", "default": True},
    "routed": {"type": "bool", "default": False},
    "ipv6": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_if=[("state", "present", ["hosts"])],
        supports_check_mode=True,
    )
    options = module.params
    try:
        state = State(options["name"])
        if options["state"] == "absent":
            outcome = absent(state, module.check_mode)
            wanted = {}
        else:
            lab = plan_lab(
                options["hosts"],
                options["router"],
                options["outside"],
                options["outside_port"],
                options["mtu"],
                options["multicast"],
                server_command(host_python()),
                options["routed"],
                options["ipv6"],
            )
            # Where the machine's Python is in a folder that hosts do not share, they need it too.
            visible = sorted({sys.prefix, sys.base_prefix})
            outcome = present(state, lab, visible, module.check_mode)
            wanted = {"hosts": describe(lab, outcome.hosts)}
    except LabError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=outcome.changed,
        differences=outcome.differences,
        folder=str(state.folder),
        diff={
            "before": "".join(f"{line}\n" for line in outcome.differences),
            "after": "",
            "before_header": f"lab {state.name}: not as it should be",
            "after_header": f"lab {state.name}",
        },
        **wanted,
    )


if __name__ == "__main__":
    main()
