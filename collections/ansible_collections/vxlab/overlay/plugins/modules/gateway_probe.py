#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: gateway_probe
short_description: Ask from containers who has the gateway's address, and collect every answer
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Sends an ARP request (an ARP probe, RFC 5227, which leaves no neighbour entries) for the gateway
    from each container and listens for O(window) seconds to all who answer. In a sound overlay that
    is one MAC address, the own host's bridge's.
  - Also returns the MAC address in each container's neighbour entry for the gateway, as it was
    before.
  - A container that cannot be probed is a result (RV(containers.container_name.error)), not a
    failure.
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
    description: The containers to ask from.
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
      gateway:
        description: The gateway's IPv4 address.
        type: str
        required: true
  window:
    description: How long to collect answers, in seconds.
    type: float
    default: 0.4
  tries:
    description: How often to ask, if nobody answers.
    type: int
    default: 3
requirements:
  - Linux; may enter the namespaces and open raw sockets in them
"""

EXAMPLES = r"""
- name: See who answers for the gateway
  vxlab.overlay.gateway_probe:
    containers:
      - {name: ns1, netns: ns1, gateway: 10.233.0.1}
"""

RETURN = r"""
containers:
  description: What each container was told.
  type: dict
  returned: always
  contains:
    container_name:
      description: One for each of O(containers), by its name.
      type: dict
      returned: always
      contains:
        macs:
          description: The MAC addresses of all that answered, in order of arrival.
          type: list
          elements: str
          returned: always
        neighbour:
          description: The MAC address in the container's own neighbour entry, or none.
          type: str
          returned: always
        error:
          description: Why the container could not be probed, or none.
          type: str
          returned: always
  sample: {ns1: {macs: ["02:00:0a:e9:00:01"], neighbour: null, error: null}}
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.gateway import (
    Asker,
    who_has_gateway,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.options import checked
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.sockets import (
    allow_many_sockets,
)


def main() -> None:
    container = {
        "name": {"type": "str", "required": True},
        "netns": {"type": "str", "required": True},
        "interface": {"type": "str", "default": "eth0"},
        "gateway": {"type": "str", "required": True},
    }
    module = AnsibleModule(
        argument_spec={
            "containers": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": container,
            },
            "window": {"type": "float", "default": 0.4},
            "tries": {"type": "int", "default": 3},
        },
        supports_check_mode=True,
    )
    try:
        for given in module.params["containers"]:
            checked(f"gateway of container {given['name']}", value.ipv4, given["gateway"])
    except ValueError as error:
        module.fail_json(msg=str(error))
    allow_many_sockets()
    askers = [Asker(**given) for given in module.params["containers"]]
    try:
        answers = who_has_gateway(askers, module.params["window"], module.params["tries"])
    except PermissionError as error:
        module.fail_json(msg=f"cannot open raw sockets: {error.strerror}; run as root (become)")
    containers = {name: asdict(answer) for name, answer in answers.items()}
    module.exit_json(changed=False, containers=containers)


if __name__ == "__main__":
    main()
