#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tcp_probe
short_description: Transfer bytes between containers, and learn which address a server sees
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Serves and connects at the same time, so that hosts can check each other in one go when it runs
    on all of them (see C(async)). Clients try again until their server is there.
  - A service of kind V(source) answers each connection with one line, the client's address as the
    server saw it. One of kind V(transfer) first reads all that the client sends, and adds its size
    and SHA-256.
  - It ends as soon as all clients have been answered, here and at this host's services, and
    otherwise when nothing has moved for O(timeout) seconds. What did not succeed is a result, not a
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
  services:
    description: Where to listen.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: What it does.
        type: str
        choices: [source, transfer]
        required: true
      netns:
        description: The network namespace, a name or an absolute path; the host's own if not set.
        type: str
      address:
        description: The address to listen on.
        type: str
        required: true
      port:
        description: The TCP port to listen on.
        type: int
        required: true
      clients:
        description: How many clients to wait for.
        type: int
        required: true
  clients:
    description: What to connect to.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What to call it in the results.
        type: str
        required: true
      netns:
        description: The network namespace to connect from, a name or an absolute path.
        type: str
        required: true
      address:
        description: The server's address.
        type: str
        required: true
      port:
        description: The server's TCP port.
        type: int
        required: true
      size:
        description: How many bytes to transfer.
        type: int
        default: 0
  timeout:
    description: How long to wait, in seconds, for something to move.
    type: float
    default: 10
requirements:
  - Linux; may enter the namespaces
"""

EXAMPLES = r"""
- name: Ask a server outside which address it sees
  vxlab.overlay.tcp_probe:
    clients:
      - {name: ns1, netns: ns1, address: 203.0.113.80, port: 8080}
"""

RETURN = r"""
clients:
  description: What became of each client.
  type: dict
  returned: always
  contains:
    client_name:
      description: One for each of O(clients), by its name.
      type: dict
      returned: always
      contains:
        seen:
          description: The client's address as the server saw it, or none.
          type: str
          returned: always
        whole:
          description: Whether a transfer arrived as it was sent; none where there was none.
          type: bool
          returned: always
        seconds:
          description: How long it took, or none if it did not succeed.
          type: float
          returned: always
        error:
          description: What went wrong last if it did not succeed, or none.
          type: str
          returned: always
  sample: {ns1: {seen: 172.16.1.11, whole: null, seconds: 0.002, error: null}}
errors:
  description: Why a service could not listen.
  type: list
  elements: str
  returned: always
missing:
  description: How many of the expected clients never came to this host's services.
  type: int
  returned: always
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.sockets import (
    allow_many_sockets,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.tcp import exchange
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.tcp_clients import Client
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.tcp_services import (
    SOURCE,
    TRANSFER,
    Service,
)


def main() -> None:
    service = {
        "kind": {"type": "str", "required": True, "choices": [SOURCE, TRANSFER]},
        "netns": {"type": "str"},
        "address": {"type": "str", "required": True},
        "port": {"type": "int", "required": True},
        "clients": {"type": "int", "required": True},
    }
    client = {
        "name": {"type": "str", "required": True},
        "netns": {"type": "str", "required": True},
        "address": {"type": "str", "required": True},
        "port": {"type": "int", "required": True},
        "size": {"type": "int", "default": 0},
    }
    module = AnsibleModule(
        argument_spec={
            "services": {"type": "list", "elements": "dict", "default": [], "options": service},
            "clients": {"type": "list", "elements": "dict", "default": [], "options": client},
            "timeout": {"type": "float", "default": 10},
        },
        supports_check_mode=True,
    )
    allow_many_sockets()
    done = exchange(
        [Service(**given) for given in module.params["services"]],
        [Client(**given) for given in module.params["clients"]],
        module.params["timeout"],
    )
    clients = {name: asdict(answer) for name, answer in done.answers.items()}
    module.exit_json(changed=False, clients=clients, errors=done.errors, missing=done.missing)


if __name__ == "__main__":
    main()
