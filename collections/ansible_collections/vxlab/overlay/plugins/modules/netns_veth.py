#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: netns_veth
short_description: Make, change or remove containers (network namespaces with a veth pair)
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Brings all containers of a host to the wanted state in one run; each is a network namespace
    joined to a bridge by a veth pair, with addresses and routes.
  - The veth pair is made straight in its two places; no temporary name is ever seen.
  - What differs is changed in place. A pair whose inner end is not where it should be is made anew.
  - With O(purge), containers that carry our mark and are not in the list are removed.
extends_documentation_fragment:
  - vxlab.overlay.common
  - vxlab.overlay.persist
  - vxlab.overlay.containers
options:
  state:
    description: V(absent) removes the listed containers, with O(purge) all of this overlay.
    type: str
    choices: [present, absent]
    default: present
  bridge:
    description: The bridge that host ends are attached to.
    type: str
    default: br0
  purge:
    description: Remove the containers of this O(overlay_name) that are not listed.
    type: bool
    default: true
seealso:
  - module: vxlab.overlay.bridge_port
"""

EXAMPLES = r"""
- name: Two containers
  vxlab.overlay.netns_veth:
    bridge: br0
    containers:
      - name: ns1
        addresses: [10.233.0.2/16]
        gateway: 10.233.0.1
        mtu: 1450
      - name: ns2
        addresses: [10.233.0.3/16]
        gateway: 10.233.0.1
        mtu: 1450

- name: Join the namespace of a running process
  vxlab.overlay.netns_veth:
    bridge: br0
    purge: false
    containers:
      - name: web
        netns: /proc/4321/ns/net
        interface: overlay0
        addresses: [10.233.0.4/16]

- name: Remove all containers
  vxlab.overlay.netns_veth:
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
  sample: ["ip -n ns1 link set dev eth0 up"]
differences:
  description: What differed from the wanted state, one short sentence each.
  type: list
  elements: str
  returned: success
  sample: ["ns1: eth0: down"]
script:
  description: What makes all of it by hand, for a root shell on a host that has nothing.
  type: str
  returned: when O(render=true)
cmd:
  description: The command that failed.
  type: str
  returned: when a command failed
  sample: ip -n ns1 route add default via 10.233.0.1
rc:
  description: Its return code.
  type: int
  returned: when a command failed
  sample: 1
stderr:
  description: What it printed.
  type: str
  returned: when a command failed
  sample: "Error: Nexthop has invalid gateway."
"""

from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.container import ARGUMENT
from ansible_collections.vxlab.overlay.plugins.module_utils._module import run_module
from ansible_collections.vxlab.overlay.plugins.module_utils._task import netns_veth

ARGUMENTS = dict(
    bridge=dict(type="str", default="br0"),
    purge=dict(type="bool", default=True),
    containers=ARGUMENT,
)


def main() -> None:
    run_module(ARGUMENTS, netns_veth)


if __name__ == "__main__":
    main()
