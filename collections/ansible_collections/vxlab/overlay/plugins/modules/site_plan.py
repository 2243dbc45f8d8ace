#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_plan
short_description: Plan the overlay of a whole site
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - From the variables of all hosts of a group to what each of them should have (VTEP address, MTU,
    addresses, MACs, gateway), computed on the controller.
  - It is also the lint of the whole site. Values that are not what they must be, hosts that
    disagree, addresses, names and MACs that are used twice, prefixes that overlap, are reported
    together, before any host is touched.
  - Run it with C(run_once). Role P(vxlab.overlay.plan#role) does, and documents the variables.
options:
  group:
    description: The group of hosts that are the site.
    type: str
    default: overlay
  underlay:
    description:
      - Name of the variable in which each host of the play has the registered result of
        M(vxlab.overlay.overlay_preflight). Without it, the plan has only what the inventory tells.
    type: str
attributes:
  action:
    description: Runs on the controller only.
    support: full
  check_mode:
    description: Changes nothing in any mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Plan the site
  vxlab.overlay.site_plan:
  register: overlay_site
  run_once: true
"""

RETURN = r"""
site:
  description: The values that all hosts share.
  type: dict
  returned: success
  sample: {name: overlay, mode: multicast, vni: 42, cidr: 10.233.0.0/16, mtu: 1450}
hosts:
  description: By host, what it should have; the keys are options of this collection's modules.
  type: dict
  returned: success
  sample: {ubuntu1: {vtep: 172.16.1.11, address: 10.233.255.11}}
problems:
  description: All that is wrong with the inventory, one sentence each.
  type: list
  elements: str
  returned: failure
  sample: ["ubuntu1: overlay_vni is -1: it must be a whole number from 0 to 16777215"]
"""
