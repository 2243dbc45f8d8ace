#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: l2_probe
short_description: Meet the overlay's other hosts by raw frames on the VXLAN device and the bridge
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Broadcasts ARP requests on the VXLAN device and on the bridge, captures those of the other
    hosts, and pings them over the VXLAN device, all with addresses from C(198.18.0.0/15) and MAC
    addresses that live in the probe's process alone. No device gets an address, so a running
    overlay is not disturbed and nothing is left behind.
  - It must run on all hosts at the same time (see C(async)). A probe ends as soon as all have met
    all, and otherwise when nothing new has come for O(timeout) seconds. Who was not met is a
    result, not a failure.
  - Where broadcasts do not cross the overlay (mode V(static)), O(mac) and O(macs) make it send
    everything by unicast between the hosts' own MAC addresses, for which there are forwarding
    entries. The pings then carry a wrong IP header checksum, so that the kernel of the host that
    gets them drops them after the probe has seen them, and does not route them.
attributes:
  check_mode:
    description: Can run in check mode and predict the changed status without changing the host.
    support: full
    details: The probe changes nothing, so it runs in check mode as it does otherwise.
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
options:
  run:
    description: Eight hexadecimal digits that are the same on all hosts of a run and differ between
      runs.
    type: str
    required: true
  number:
    description: This host's number at the site, from 1 on.
    type: int
    required: true
  peers:
    description: The other hosts' names, each with its number.
    type: dict
    required: true
  mac:
    description: This host's MAC address that the others have a forwarding entry for, its bridge's.
      It becomes the source of all frames, instead of a temporary one.
    type: str
  macs:
    description: Such MAC addresses of all O(peers), by name. Each frame is then sent to each of
      them, instead of to all by broadcast.
    type: dict
  vxlan_dev:
    description: The VXLAN device.
    type: str
    default: vxlan0
  bridge:
    description: The bridge.
    type: str
    default: br0
  timeout:
    description: How long to wait, in seconds, for something new to come.
    type: float
    default: 10
requirements:
  - Linux; may open raw sockets (C(CAP_NET_RAW))
"""

EXAMPLES = r"""
- name: Start the probe on all hosts
  vxlab.overlay.l2_probe:
    run: 1f2e3d4c
    number: 1
    peers: {ubuntu2: 2, ubuntu3: 3}
  async: 60
  poll: 0
  changed_when: false
  register: started

- name: The same where only known MAC addresses are reached
  vxlab.overlay.l2_probe:
    run: 1f2e3d4c
    number: 1
    peers: {ubuntu2: 2, ubuntu3: 3}
    mac: 02:00:0a:e9:ff:01
    macs: {ubuntu2: "02:00:0a:e9:ff:02", ubuntu3: "02:00:0a:e9:ff:03"}
  async: 60
  poll: 0
  changed_when: false
  register: started
"""

RETURN = r"""
vxlan:
  description: Who was met on the VXLAN device.
  type: dict
  returned: always
  contains:
    captured:
      description: The peers whose ARP request came in on the VXLAN device.
      type: list
      elements: str
      returned: always
    missed:
      description: The peers whose ARP request did not.
      type: list
      elements: str
      returned: always
    error:
      description: What stood in the way on this host, or none.
      type: str
      returned: always
  sample: {captured: [ubuntu2], missed: [ubuntu3], error: null}
bridge:
  description: Who was met on the bridge.
  type: dict
  returned: always
  contains:
    captured:
      description: The peers whose ARP request came in on the bridge.
      type: list
      elements: str
      returned: always
    missed:
      description: The peers whose ARP request did not.
      type: list
      elements: str
      returned: always
    error:
      description: What stood in the way on this host, or none.
      type: str
      returned: always
  sample: {captured: [ubuntu2], missed: [ubuntu3], error: null}
layer3:
  description: Who was pinged over the VXLAN device.
  type: dict
  returned: always
  contains:
    answered:
      description: The round-trip time in milliseconds, by peer.
      type: dict
      returned: always
    missed:
      description: The peers that did not answer an ARP request for their temporary address or a
        ping to it.
      type: list
      elements: str
      returned: always
  sample: {answered: {ubuntu2: 0.31}, missed: [ubuntu3]}
seconds:
  description: How long it took.
  type: float
  returned: always
  sample: 0.9
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.l2 import meet
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.options import checked
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.rendezvous import (
    BRIDGE,
    MAX_NUMBER,
    VXLAN,
    Meeting,
)


def host_number(given: Any) -> int:
    return value.integer(given, 1, MAX_NUMBER)


def known_macs(
    mac: str | None, macs: dict[str, Any] | None, names: dict[int, str]
) -> tuple[str | None, dict[int, str]]:
    """This host's MAC and the peers' by number; names: the peers' by number. Raises ValueError."""
    if mac is None or macs is None:
        return None, {}
    missing = sorted(set(names.values()) - set(macs))
    if missing:
        raise ValueError(f"macs has no entry for {', '.join(missing)}; it must have one a peer")
    own = checked("mac", value.mac, mac)
    return own, {
        number: checked(f"macs.{name}", value.mac, macs[name]) for number, name in names.items()
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str", "required": True},
            "number": {"type": "int", "required": True},
            "peers": {"type": "dict", "required": True},
            "mac": {"type": "str"},
            "macs": {"type": "dict"},
            "vxlan_dev": {"type": "str", "default": "vxlan0"},
            "bridge": {"type": "str", "default": "br0"},
            "timeout": {"type": "float", "default": 10},
        },
        required_together=[("mac", "macs")],
        supports_check_mode=True,
    )
    given = module.params
    try:
        checked("number", host_number, given["number"])
        names = {
            checked(f"peers.{name}", host_number, number): name
            for name, number in given["peers"].items()
        }
    except ValueError as error:
        module.fail_json(msg=str(error))
    try:
        run = bytes.fromhex(given["run"])
    except ValueError:
        run = b""
    if len(run) != 4:
        module.fail_json(msg=f"run must be eight hexadecimal digits, not {given['run']!r}")
    try:
        mac, macs = known_macs(given["mac"], given["macs"], names)
    except ValueError as error:
        module.fail_json(msg=str(error))
    meeting = Meeting(run, given["number"], set(names), 0.0, mac, macs)
    devices = {VXLAN: given["vxlan_dev"], BRIDGE: given["bridge"]}
    try:
        met = meet(meeting, devices, given["timeout"])
    except PermissionError as error:
        module.fail_json(msg=f"cannot open raw sockets: {error.strerror}; run as root (become)")

    channels = {
        channel: {
            "captured": sorted(names[peer] for peer in meeting.captured[channel]),
            "missed": sorted(names[peer] for peer in meeting.peers - meeting.captured[channel]),
            "error": met.errors.get(channel),
        }
        for channel in devices
    }
    layer3 = {
        "answered": {names[peer]: round(rtt * 1000, 3) for peer, rtt in meeting.echoed.items()},
        "missed": sorted(names[peer] for peer in meeting.peers - set(meeting.echoed)),
    }
    module.exit_json(changed=False, layer3=layer3, seconds=round(met.seconds, 3), **channels)


if __name__ == "__main__":
    main()
