#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: gateway_filter
short_description: Keep ARP for the overlay's gateway on its own host
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - The gateway's address is on the bridge of every host, so that every container's gateway is its
    own host. This filter drops, on the VXLAN port and in both directions, every ARP packet that
    asks for the gateway or speaks as the gateway. Without it a container's request is answered by
    every host, and one host's ARP moves the gateway in the neighbour tables of all others.
  - An nftables table of our own in the bridge family, or a chain of our own in ebtables where the
    host has no nft. It names the VXLAN device, which need not
    exist yet; loading it does not interrupt traffic.
extends_documentation_fragment:
  - vxlab.overlay.common
  - vxlab.overlay.persist
options:
  state:
    description: V(absent) removes the table.
    type: str
    choices: [present, absent]
    default: present
  gateway:
    description: The gateway's IPv4 address. Required when O(state=present).
    type: str
  vxlan_dev:
    description: Name of the VXLAN device, the bridge port that the ARP packets must not pass.
    type: str
    default: vxlan0
  backend:
    description: Where the filter stands; V(auto) is nft where the host has it, else ebtables.
    type: str
    choices: [auto, nft, ebtables]
    default: auto
seealso:
  - module: vxlab.overlay.bridge_port
"""

EXAMPLES = r"""
- name: Keep ARP for the gateway on its host
  vxlab.overlay.gateway_filter:
    gateway: 10.233.0.1
    vxlan_dev: vxlan0

- name: Remove the filter
  vxlab.overlay.gateway_filter:
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
  sample: ["nft 'add table bridge vxlab_overlay'"]
differences:
  description: What differed from the wanted state, one short sentence each.
  type: list
  elements: str
  returned: success
  sample: ["gateway ARP filter: rule for arp daddr ip 10.233.0.1 into vxlan0: missing"]
script:
  description: What makes all of it by hand, for a root shell on a host that has nothing.
  type: str
  returned: when O(render=true)
cmd:
  description: The command that failed.
  type: str
  returned: when a command failed
  sample: "nft 'add table bridge vxlab_overlay'"
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
from ansible_collections.vxlab.overlay.plugins.module_utils._task import gateway_filter

ARGUMENTS = dict(
    gateway=dict(type="str"),
    vxlan_dev=dict(type="str", default="vxlan0"),
    backend=dict(type="str", default="auto", choices=["auto", "nft", "ebtables"]),
)


def main() -> None:
    run_module(ARGUMENTS, gateway_filter, required_if=[("state", "present", ["gateway"])])


if __name__ == "__main__":
    main()
