#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ping_probe
short_description: Ping many addresses from many containers and from the host
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Sends ICMP echo requests from each source to each of its targets, all in one process, and
    returns the round-trip times as a matrix.
  - A target that does not answer, or a source that cannot be used, is a result, not a failure.
  - Beyond the first 300 pairs it starts 50 a second, so that the host's neighbour table (1024
    entries by default) keeps room for the host's real traffic.
attributes:
  check_mode:
    description: Can run in check mode and predict the changed status without changing the host.
    support: full
    details: The probe changes nothing, so it runs in check mode as it does otherwise.
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
options:
  sources:
    description: Who pings whom.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What to call it in the results.
        type: str
        required: true
      netns:
        description: Its network namespace, the name or an absolute path; the host's own if not set.
        type: str
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
- name: Ping another container and the gateway
  vxlab.overlay.ping_probe:
    sources:
      - {name: ns1, netns: ns1, targets: [ns2, gateway]}
    addresses: {ns2: 10.233.0.3, gateway: 10.233.0.1}
"""

RETURN = r"""
matrix:
  description: By source and target, the round-trip time in milliseconds, or the error as text.
  type: dict
  returned: always
  sample: {ns1: {ns2: 0.412, gateway: no reply}}
"""


from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.mtu import milliseconds
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.ping import Ping, ping_all
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.sockets import (
    allow_many_sockets,
)


def main() -> None:
    source = {
        "name": {"type": "str", "required": True},
        "netns": {"type": "str"},
        "targets": {"type": "list", "elements": "str", "required": True},
    }
    module = AnsibleModule(
        argument_spec={
            "sources": {"type": "list", "elements": "dict", "required": True, "options": source},
            "addresses": {"type": "dict", "required": True},
            "tries": {"type": "int", "default": 3},
            "wait": {"type": "float", "default": 1},
        },
        supports_check_mode=True,
    )
    allow_many_sockets()
    given = module.params
    pairs = [(source, target) for source in given["sources"] for target in source["targets"]]
    unknown = sorted({target for _source, target in pairs} - set(given["addresses"]))
    if unknown:
        module.fail_json(msg=f"addresses has no entry for the targets {', '.join(unknown)}")
    pings = [Ping(source["netns"], given["addresses"][target]) for source, target in pairs]
    try:
        pongs = ping_all(pings, given["tries"], given["wait"])
    except PermissionError as error:
        module.fail_json(msg=f"cannot open raw sockets: {error.strerror}; run as root (become)")
    matrix: dict[str, dict[str, object]] = {source["name"]: {} for source in given["sources"]}
    for (source, target), pong in zip(pairs, pongs):
        matrix[source["name"]][target] = milliseconds(pong)
    module.exit_json(changed=False, matrix=matrix)


if __name__ == "__main__":
    main()
