# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check 8 of mode static: neither broadcast ARP nor unknown unicast leaves by the VXLAN device.

The probe sends such frames from the bridge and watches the underlay device. What it sends is always
an ARP request from a temporary address and MAC that no device has (rendezvous.py), with a random
token in the otherwise ignored target hardware address; so whoever gets one forgets it.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import os
import select
import socket
import time
from dataclasses import dataclass, field
from typing import NamedTuple, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._probe import bpf
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.packets import (
    ARP_REQUEST,
    BROADCAST,
    Arp,
    arp_frame,
    mac_text,
    parse_arp,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.rendezvous import (
    MAX_NUMBER,
    probe_address,
    probe_mac,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.sockets import (
    PACKET_OUTGOING,
    ProbeError,
    packet_socket,
    sending_socket,
)

# The sender, and an address and a MAC that nobody has.
SENDER_ADDRESS, SENDER_MAC = probe_address(MAX_NUMBER + 1), probe_mac(MAX_NUMBER + 1)
NOBODYS_ADDRESS, NOBODYS_MAC = probe_address(MAX_NUMBER + 2), probe_mac(MAX_NUMBER + 2)

ARP_LEAK = "arp_request"
UNICAST_LEAK = "unknown_unicast"

_GROUP_BIT = 0x01
_BATCH = 256
# Each leak is told once; a host that floods to more VTEPs than this is known to be broken.
_MOST_LEAKS = 64


class Remote(NamedTuple):
    """A remote MAC that has a forwarding entry, and the address that has a neighbour entry."""

    mac: str
    address: str


class Tunnel(NamedTuple):
    """The device that frames are sent from, the one that VXLAN packets leave by, and what their UDP
    destination port and VNI are.
    """

    bridge: str
    underlay: str
    port: int
    vni: int


class Leak(NamedTuple):
    """What left: its kind, the address that it asked for or the MAC that it was for, and the outer
    destination address.
    """

    kind: str
    target: str
    destination: str


@dataclass
class Flood:
    """leaked: in order of leaving, each once; control: whether a frame to a remote MAC was seen to
    leave, without which the rest says nothing; error: what stood in the way.
    """

    leaked: list[Leak] = field(default_factory=list)
    control: bool = False
    error: str | None = None


class Departure(NamedTuple):
    """An ARP packet that left in a VXLAN packet: the outer destination, the inner one, itself."""

    outer: str
    inner: str
    arp: Arp


def watch(tunnel: Tunnel, remotes: Sequence[Remote], window: float, tries: int) -> Flood:
    """Send what must not leave, and collect for window seconds what does.

    Repeated, up to tries times, while no frame to a remote MAC is seen: it may have waited for the
    next hop's MAC.
    """
    flood, token = Flood(), os.urandom(6)
    program = bpf.arp_in_vxlan(port=tunnel.port, vni=tunnel.vni)
    try:
        with packet_socket(tunnel.underlay, program, socket.SOCK_DGRAM) as watching, sending_socket(
            tunnel.bridge
        ) as sending:
            for _attempt in range(tries):
                _send(sending, tunnel.bridge, frames(remotes, token))
                _collect(watching, flood, remotes, token, window)
                if flood.control:
                    break
    except ProbeError as error:
        flood.error = str(error)
    return flood


def frames(remotes: Sequence[Remote], token: bytes) -> list[bytes]:
    """What the probe sends: to the remote MACs, which must leave, and then what must not."""
    wanted = [_request(NOBODYS_ADDRESS, token, remote.mac) for remote in remotes]
    known = [_request(remote.address, token, BROADCAST) for remote in remotes]
    return [
        *wanted,
        *known,
        _request(NOBODYS_ADDRESS, token, BROADCAST),
        _request(NOBODYS_ADDRESS, token, NOBODYS_MAC),
    ]


def _request(target: str, token: bytes, destination: str) -> bytes:
    return arp_frame(Arp(ARP_REQUEST, SENDER_MAC, SENDER_ADDRESS, token, target), destination)


def departed(packet: bytes) -> Departure | None:
    """What is in a VXLAN packet, given from its outer IP header on; None if not ARP."""
    version = packet[0] >> 4 if packet else 0
    if version not in bpf.INNER_FRAME:
        return None
    inner = packet[bpf.INNER_FRAME[version] :]
    arp = parse_arp(inner)
    if arp is None:
        return None
    if version == 4:
        outer = socket.inet_ntoa(packet[16:20])
    else:
        outer = socket.inet_ntop(socket.AF_INET6, packet[24:40])
    return Departure(outer, mac_text(inner[:6]), arp)


def judge(departure: Departure, remotes: Sequence[Remote], token: bytes, flood: Flood) -> None:
    """Note what an ARP packet that left says. Others' broadcast requests must not leave either."""
    arp = departure.arp
    ours = arp.target_field == token and arp.sender_mac == SENDER_MAC
    if ours and departure.inner in {remote.mac for remote in remotes}:
        flood.control = True
        return
    if int(departure.inner[:2], 16) & _GROUP_BIT and arp.operation == ARP_REQUEST:
        leak = Leak(ARP_LEAK, arp.target_ip, departure.outer)
    elif ours:
        leak = Leak(UNICAST_LEAK, departure.inner, departure.outer)
    else:
        return
    if leak not in flood.leaked and len(flood.leaked) < _MOST_LEAKS:
        flood.leaked.append(leak)


def _send(sending: socket.socket, bridge: str, outgoing: Sequence[bytes]) -> None:
    try:
        for frame in outgoing:
            sending.send(frame)
    except OSError as error:
        raise ProbeError(f"cannot send from {bridge}: {error.strerror}") from error


def _collect(
    watching: socket.socket, flood: Flood, remotes: Sequence[Remote], token: bytes, window: float
) -> None:
    deadline = time.monotonic() + window
    while True:
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not select.select([watching], [], [], remaining)[0]:
            return
        for packet in _left(watching):
            departure = departed(packet)
            if departure is not None:
                judge(departure, remotes, token, flood)


def _left(watching: socket.socket) -> list[bytes]:
    packets: list[bytes] = []
    try:
        for _turn in range(_BATCH):
            packet, address = watching.recvfrom(2048)
            if address[2] == PACKET_OUTGOING:
                packets.append(packet)
    except BlockingIOError:
        pass
    except OSError as error:
        device = watching.getsockname()[0]
        raise ProbeError(f"cannot listen on {device}: {error.strerror}") from error
    return packets
