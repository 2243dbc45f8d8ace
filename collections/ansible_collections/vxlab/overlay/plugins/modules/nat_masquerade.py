#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nat_masquerade
short_description: Let the overlay's containers reach the outside
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Turns IPv4 forwarding on, now and for the next boot (a file in C(/etc/sysctl.d), which also
    notes the values from before so that V(absent) can give them back).
  - Masquerades what containers send to addresses outside the overlay, never multicast, never what
    stays in the overlay. The rule stands in an nftables table of our own, or in iptables where the
    host has no nft, once however often this runs.
  - Where other people's forward chain refuses by default (an iptables FORWARD policy of DROP, an
    nftables chain with policy drop, or a last rule that refuses all), two accept rules marked as
    ours are put there, at the end but before such a last rule. An accept in a table of our own
    could not undo another table's drop. Other rules keep their order.
  - Connections that are open go on when rules are changed.
  - With iptables, V(absent) also takes away the table C(nat) if iptables made it for our rule and
    nothing else came to stand in it. Only the legacy variant's empty table stays until the next
    boot, since its kernel module cannot let it go.
extends_documentation_fragment:
  - vxlab.overlay.common
  - vxlab.overlay.persist
options:
  state:
    description: V(absent) removes all our rules and gives the kernel parameters back.
    type: str
    choices: [present, absent]
    default: present
  cidr:
    description: The overlay's IPv4 prefix. Required when O(state=present).
    type: str
  bridge:
    description:
      - The bridge of the containers. With it, rules hold for packets by this bridge only.
    type: str
  backend:
    description: Where our own rules stand; V(auto) is nft where the host has it, else iptables.
    type: str
    choices: [auto, nft, iptables]
    default: auto
"""

EXAMPLES = r"""
- name: Let containers reach the outside
  vxlab.overlay.nat_masquerade:
    cidr: 10.233.0.0/16
    bridge: br0

- name: Take it back
  vxlab.overlay.nat_masquerade:
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
  sample: ["sysctl -w net.ipv4.ip_forward=1"]
differences:
  description: What differed from the wanted state, one short sentence each.
  type: list
  elements: str
  returned: success
  sample: ["net.ipv4.ip_forward: 0 -> 1"]
script:
  description: What makes all of it by hand, for a root shell on a host that has nothing.
  type: str
  returned: when O(render=true)
cmd:
  description: The command that failed.
  type: str
  returned: when a command failed
  sample: >-
    iptables -w 5 -t filter -D FORWARD -s 10.233.0.0/16 -i br0 -m comment
    --comment vxlab.overlay:overlay -j ACCEPT
rc:
  description: Its return code.
  type: int
  returned: when a command failed
  sample: 1
stderr:
  description: What it printed.
  type: str
  returned: when a command failed
  sample: "iptables: Bad rule (does a matching rule exist in that chain?)."
"""

from ansible_collections.vxlab.overlay.plugins.module_utils._module import run_module
from ansible_collections.vxlab.overlay.plugins.module_utils._task import nat_masquerade

ARGUMENTS = dict(
    cidr=dict(type="str"),
    bridge=dict(type="str"),
    backend=dict(type="str", default="auto", choices=["auto", "nft", "iptables"]),
)


def main() -> None:
    run_module(ARGUMENTS, nat_masquerade, required_if=[("state", "present", ["cidr"])])


if __name__ == "__main__":
    main()
