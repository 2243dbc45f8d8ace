#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mtu_probe
short_description: Check that exactly the wanted MTU passes between containers
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Sends an ICMP echo request with the don't-fragment bit from each container to its targets, once
    as large as the wanted MTU, which must pass, and once one byte larger, which the sender's own
    kernel must refuse ("message too long"). Anything else is a black hole or a wasted byte.
  - What came of it is a result; nothing of it is a failure.
attributes:
  check_mode:
    description: Can run in check mode and predict the changed status without changing the host.
    support: full
    details: The probe changes nothing, so it runs in check mode as it does otherwise.
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
options:
  containers:
    description: The containers to send from.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What to call it in the results.
        type: str
        required: true
      netns:
        description: Its network namespace, the name or an absolute path.
        type: str
        required: true
      interface:
        description: Its interface.
        type: str
        default: eth0
      mtu:
        description: The MTU that it should have, in bytes.
        type: int
        required: true
      targets:
        description: The names of its targets, keys of O(addresses).
        type: list
        elements: str
        required: true
  addresses:
    description: The IPv4 address of each target by name.
    type: dict
    required: true
  tries:
    description: How many packets to send to a target before it counts as silent.
    type: int
    default: 3
  wait:
    description: How long to wait for each reply, in seconds.
    type: float
    default: 1
requirements:
  - Linux; may enter the namespaces and open raw sockets in them
"""

EXAMPLES = r"""
- name: Check the MTU between two containers
  vxlab.overlay.mtu_probe:
    containers:
      - {name: ns1, netns: ns1, mtu: 1450, targets: [ns2]}
    addresses: {ns2: 10.233.0.3}
"""

RETURN = r"""
containers:
  description: What passes from each container.
  type: dict
  returned: always
  contains:
    container_name:
      description: One for each of O(containers), by its name.
      type: dict
      returned: always
      contains:
        mtu:
          description: The MTU of the interface, in bytes, or none where it cannot be read.
          type: int
          returned: always
        error:
          description: Why the container could not be probed, or none.
          type: str
          returned: always
        largest:
          description: By target, the round-trip time in milliseconds of the packet that must pass,
            or the error as text.
          type: dict
          returned: always
        one_more:
          description: By target, what became of the packet that must not pass, V(message too long)
            where all is well.
          type: dict
          returned: always
  sample: {ns1: {mtu: 1450, error: null, largest: {ns2: 0.5}, one_more: {ns2: message too long}}}
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.mtu import Sender, fit_all
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.sockets import (
    allow_many_sockets,
)


def main() -> None:
    container = {
        "name": {"type": "str", "required": True},
        "netns": {"type": "str", "required": True},
        "interface": {"type": "str", "default": "eth0"},
        "mtu": {"type": "int", "required": True},
        "targets": {"type": "list", "elements": "str", "required": True},
    }
    module = AnsibleModule(
        argument_spec={
            "containers": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": container,
            },
            "addresses": {"type": "dict", "required": True},
            "tries": {"type": "int", "default": 3},
            "wait": {"type": "float", "default": 1},
        },
        supports_check_mode=True,
    )
    allow_many_sockets()
    given = module.params
    senders = [Sender(**container) for container in given["containers"]]
    unknown = sorted({t for sender in senders for t in sender.targets} - set(given["addresses"]))
    if unknown:
        module.fail_json(msg=f"addresses has no entry for the targets {', '.join(unknown)}")
    try:
        fits = fit_all(senders, given["addresses"], given["tries"], given["wait"])
    except PermissionError as error:
        module.fail_json(msg=f"cannot open raw sockets: {error.strerror}; run as root (become)")
    module.exit_json(changed=False, containers={name: asdict(fit) for name, fit in fits.items()})


if __name__ == "__main__":
    main()
