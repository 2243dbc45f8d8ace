#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flood_probe
short_description: See whether a host floods broadcast or unknown frames into the VXLAN
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Sends from the bridge what a host in mode V(static) must keep for itself, and watches the
    underlay device for it. These are broadcast ARP requests, for an address that nobody has and for
    those of O(remotes), and a frame to a MAC address that nobody has. Any other host's or
    container's broadcast ARP request that leaves in the meantime is reported too.
  - It also sends a frame to each of O(remotes), which must leave; otherwise nothing can be said.
  - All frames are ARP requests from an address of C(198.18.0.0/15) and a MAC address that no device
    has, so nobody keeps what they say. The containers of the host get the broadcasts.
  - It takes O(window) seconds, and at most O(tries) times that.
  - What leaves, and what stands in the way, is a result, not a failure.
attributes:
  check_mode:
    description: Can run in check mode and predict the changed status without changing the host.
    support: full
    details: The probe changes nothing, so it runs in check mode as it does otherwise.
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
options:
  underlay_dev:
    description: The device by which VXLAN packets leave.
    type: str
    required: true
  vni:
    description: The VXLAN network identifier of the packets to look at.
    type: int
    required: true
  port:
    description: The UDP port that VXLAN packets are sent to.
    type: int
    default: 4789
  bridge:
    description: The bridge that frames are sent from.
    type: str
    default: br0
  remotes:
    description: A few other hosts or containers on them that this host has forwarding and neighbour
      entries for. Without any, RV(control) is V(false).
    type: list
    elements: dict
    required: true
    suboptions:
      mac:
        description: Its MAC address.
        type: str
        required: true
      address:
        description: Its IPv4 address.
        type: str
        required: true
  window:
    description: How long to watch, in seconds.
    type: float
    default: 0.4
  tries:
    description: How often to send everything, while no frame to any of O(remotes) is seen to leave.
    type: int
    default: 2
requirements:
  - Linux; may open raw sockets (C(CAP_NET_RAW))
"""

EXAMPLES = r"""
- name: See what the host floods
  vxlab.overlay.flood_probe:
    underlay_dev: eth1
    vni: 42
    remotes:
      - {mac: "02:00:0a:e9:ff:02", address: 10.233.255.2}
  register: seen
  failed_when: seen.error is not none or seen.leaked or not seen.control
"""

RETURN = r"""
leaked:
  description: What left and should not have, each once, in order.
  type: list
  elements: dict
  returned: always
  contains:
    kind:
      description: V(arp_request) for a broadcast ARP request, V(unknown_unicast) for the frame to a
        MAC address that nobody has.
      type: str
      returned: always
    target:
      description: The address that was asked for, or that MAC address.
      type: str
      returned: always
    destination:
      description: Where it left to, the destination address of the outer packet.
      type: str
      returned: always
  sample: [{kind: arp_request, target: 198.19.255.255, destination: 172.16.1.13}]
control:
  description: Whether a frame to one of O(remotes) was seen to leave.
  type: bool
  returned: always
  sample: true
error:
  description: What stood in the way, or none.
  type: str
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.flood import (
    Remote,
    Tunnel,
    watch,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.options import checked


def main() -> None:
    remote = {
        "mac": {"type": "str", "required": True},
        "address": {"type": "str", "required": True},
    }
    module = AnsibleModule(
        argument_spec={
            "underlay_dev": {"type": "str", "required": True},
            "vni": {"type": "int", "required": True},
            "port": {"type": "int", "default": 4789},
            "bridge": {"type": "str", "default": "br0"},
            "remotes": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": remote,
            },
            "window": {"type": "float", "default": 0.4},
            "tries": {"type": "int", "default": 2},
        },
        supports_check_mode=True,
    )
    given = module.params

    try:
        port = checked("port", value.udp_port, given["port"])
        vni = checked("vni", value.vni, given["vni"])
        remotes = [
            Remote(
                checked(f"remotes[{at}].mac", value.mac, one["mac"]),
                checked(f"remotes[{at}].address", value.ipv4, one["address"]),
            )
            for at, one in enumerate(given["remotes"])
        ]
    except ValueError as error:
        module.fail_json(msg=str(error))
    tunnel = Tunnel(given["bridge"], given["underlay_dev"], port, vni)
    try:
        flood = watch(tunnel, remotes, given["window"], given["tries"])
    except PermissionError as error:
        module.fail_json(msg=f"cannot open raw sockets: {error.strerror}; run as root (become)")
    module.exit_json(
        changed=False,
        leaked=[leak._asdict() for leak in flood.leaked],
        control=flood.control,
        error=flood.error,
    )


if __name__ == "__main__":
    main()
