# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks 1-3 as a protocol: every host says "I am here" and listens until it has met all others.

Pure: frames and the time come in, frames go out; l2.py has the sockets and the clock.

A prober has an address and a MAC that live in its process alone, taken from the host's number at
the site: 198.18.0.0/15 is set aside for such tests (RFC 2544, C.2.2) and no device has it, so
nothing is left behind whatever happens. On each channel (the VXLAN device, the bridge) it
broadcasts a beacon: an ARP request for the first address of that range, which nobody has. The
request's otherwise ignored target hardware address is the token: which run, which channel, and
whether the sender has met everybody. On the VXLAN device each prober then resolves every other's
address by ARP and pings it, and answers the same for others.

Where broadcasts do not cross (mode static), everything goes by unicast between the MACs of the
hosts' bridges instead, for which there are forwarding entries: one frame for each peer.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field
from typing import Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.packets import (
    ARP_REPLY,
    ARP_REQUEST,
    BROADCAST,
    ICMP_ECHO,
    ICMP_ECHO_REPLY,
    NO_MAC,
    Arp,
    Echo,
    arp_frame,
    echo_frame,
    mac_bytes,
    parse_arp,
    parse_echo_frame,
)

VXLAN = "vxlan"
BRIDGE = "bridge"
CHANNELS = (VXLAN, BRIDGE)

BEACON_ADDRESS = "198.18.0.0"
_BASE = struct.unpack("!I", socket.inet_aton(BEACON_ADDRESS))[0]
# The last two addresses of the range are the flood probe's (flood.py).
MAX_NUMBER = (1 << 17) - 3

BEACON_INTERVAL = 0.2
RESOLVE_INTERVAL = 0.5
# How often the flag "I have met everybody" is repeated after it is all over for oneself.
LAST_BEACONS = 3

_TOKEN = struct.Struct("!4sBB")
_MARK = 0x76
_BRIDGE_FLAG = 0x01
_COMPLETE_FLAG = 0x80

# A frame to be sent, and the channel to send it on.
Outgoing = Tuple[str, bytes]


def probe_address(number: int) -> str:
    """The temporary address of the host with this number (1 or more)."""
    return socket.inet_ntoa(struct.pack("!I", _BASE + number))


def probe_number(address: str) -> int:
    return int(struct.unpack("!I", socket.inet_aton(address))[0]) - int(_BASE)


def probe_mac(number: int) -> str:
    """The temporary MAC of a host: locally administered, and no device's own.

    A device's own MAC would make the peer's frames local there: its kernel would route them
    (see packets.echo_frame).
    """
    return "0a:56:58:" + ":".join(f"{octet:02x}" for octet in number.to_bytes(3, "big"))


@dataclass
class Meeting:
    """One host's side. run: 4 bytes, the same on all hosts of a run; number: this host's;
    peers: the others' numbers. mac, macs: this host's MAC and the peers' by number, where frames
    have to go by unicast between MACs that are known; without, a temporary MAC broadcasts.

    captured: channel -> peers whose beacon came in there; echoed: peer -> round-trip time in
    seconds; progress: when something new was last learned.
    """

    run: bytes
    number: int
    peers: set[int]
    progress: float
    mac: str | None = None
    macs: dict[int, str] = field(default_factory=dict)
    captured: dict[str, set[int]] = field(default_factory=lambda: {c: set() for c in CHANNELS})
    resolved: dict[int, str] = field(default_factory=dict)
    echoed: dict[int, float] = field(default_factory=dict)
    _finished_peers: set[int] = field(default_factory=set)
    _last_beacons: int = LAST_BEACONS
    _next_beacon: float = float("-inf")
    _next_resolve: float = float("-inf")
    _asked: dict[int, float] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """This host has captured, resolved and pinged everybody."""
        return len(self.echoed) == len(self.peers) and all(
            self.captured[channel] == self.peers for channel in CHANNELS
        )

    @property
    def over(self) -> bool:
        """Everybody is complete, and has been told so: nobody needs this host's answers."""
        return self.complete and self._finished_peers == self.peers and self._last_beacons <= 0

    def tick(self, now: float) -> list[Outgoing]:
        """What is due to be sent at this time (seconds of any steady clock)."""
        frames: list[Outgoing] = []
        if now >= self._next_beacon:
            self._next_beacon = now + BEACON_INTERVAL
            if self.complete and self._finished_peers == self.peers:
                self._last_beacons -= 1
                self._next_beacon = now + BEACON_INTERVAL / 4
            frames += [
                (channel, self._beacon(channel, destination))
                for channel in CHANNELS
                for destination in (self.macs.values() or [BROADCAST])
            ]
        if now >= self._next_resolve:
            self._next_resolve = now + RESOLVE_INTERVAL
            for peer in sorted(self._met() - set(self.echoed)):
                frames.append((VXLAN, self._question(peer, now)))
        return frames

    def next_event(self) -> float:
        """When tick() is next worth calling."""
        return min(self._next_beacon, self._next_resolve)

    def receive(self, channel: str, frame: bytes, now: float) -> list[Outgoing]:
        """Take in a frame that arrived on a channel; returns the answers to send."""
        arp = parse_arp(frame)
        if arp is not None:
            return self._receive_arp(channel, arp, now)
        echo = parse_echo_frame(frame)
        if echo is not None and channel == VXLAN:
            return self._receive_echo(echo, now)
        return []

    def _met(self) -> set[int]:
        return self.captured[VXLAN] | self.captured[BRIDGE]

    @property
    def _own_mac(self) -> str:
        return self.mac or probe_mac(self.number)

    def _beacon(self, channel: str, destination: str) -> bytes:
        flags = _BRIDGE_FLAG if channel == BRIDGE else 0
        flags |= _COMPLETE_FLAG if self.complete else 0
        return self._request(BEACON_ADDRESS, _TOKEN.pack(self.run, _MARK, flags), destination)

    def _request(self, target: str, token: bytes, destination: str) -> bytes:
        arp = Arp(ARP_REQUEST, self._own_mac, probe_address(self.number), token, target)
        return arp_frame(arp, destination)

    def _question(self, peer: int, now: float) -> bytes:
        if peer not in self.resolved:
            return self._request(probe_address(peer), NO_MAC, self.macs.get(peer, BROADCAST))
        return self._ping(peer, now)

    def _ping(self, peer: int, now: float) -> bytes:
        self._asked[peer] = now
        return self._echo_to(peer, ICMP_ECHO, self.run)

    def _echo_to(self, peer: int, kind: int, payload: bytes) -> bytes:
        echo = Echo(kind, probe_address(self.number), probe_address(peer), 0, 1, payload)
        known = self.macs.get(peer, probe_mac(peer))
        destination = self.resolved.get(peer, known)
        return echo_frame(echo, self._own_mac, destination, discarded=bool(self.macs))

    def _receive_arp(self, channel: str, arp: Arp, now: float) -> list[Outgoing]:
        peer = probe_number(arp.sender_ip)
        if peer not in self.peers:
            return []
        own = probe_address(self.number)
        if arp.operation == ARP_REQUEST and arp.target_ip == BEACON_ADDRESS:
            return self._receive_beacon(channel, peer, arp.target_field, now)
        if channel != VXLAN or arp.target_ip != own:
            return []
        if arp.operation == ARP_REQUEST:
            reply = Arp(ARP_REPLY, self._own_mac, own, mac_bytes(arp.sender_mac), arp.sender_ip)
            return [(VXLAN, arp_frame(reply, arp.sender_mac))]
        if arp.operation == ARP_REPLY and peer not in self.resolved:
            self.resolved[peer] = arp.sender_mac
            self.progress = now
            return [(VXLAN, self._ping(peer, now))]
        return []

    def _receive_beacon(self, channel: str, peer: int, token: bytes, now: float) -> list[Outgoing]:
        run, mark, flags = _TOKEN.unpack(token)
        sent_on = BRIDGE if flags & _BRIDGE_FLAG else VXLAN
        # What was sent on a peer's VXLAN device comes up through one's own bridge as well.
        if run != self.run or mark != _MARK or sent_on != channel:
            return []
        if flags & _COMPLETE_FLAG:
            self._finished_peers.add(peer)
        if peer in self.captured[channel]:
            return []
        self.captured[channel].add(peer)
        self.progress = now
        if channel == VXLAN:
            return [(VXLAN, self._question(peer, now))]
        return []

    def _receive_echo(self, echo: Echo, now: float) -> list[Outgoing]:
        peer = probe_number(echo.source_ip)
        if peer not in self.peers or echo.target_ip != probe_address(self.number):
            return []
        if echo.payload[: len(self.run)] != self.run:
            return []
        if echo.kind == ICMP_ECHO:
            return [(VXLAN, self._echo_to(peer, ICMP_ECHO_REPLY, echo.payload))]
        asked: float | None = self._asked.get(peer)
        if asked is not None and peer not in self.echoed:
            self.echoed[peer] = now - asked
            self.progress = now
        return []
