# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ethernet, ARP and ICMP as bytes: what the probes send and how they read what arrives. Pure.

ARP: RFC 826; ICMP echo: RFC 792; the checksum: RFC 1071. Addresses are text ("10.233.0.2",
"02:00:0a:e9:00:02") outside of this file, bytes on the wire.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

BROADCAST = "ff:ff:ff:ff:ff:ff"
NO_MAC = bytes(6)

ETH_P_IP = 0x0800
ETH_P_ARP = 0x0806
ARP_REQUEST = 1
ARP_REPLY = 2
ICMP_ECHO_REPLY = 0
ICMP_ECHO = 8
ICMP_HEADER = 8
IP_HEADER = 20

_ETHERNET = struct.Struct("!6s6sH")
_ARP = struct.Struct("!HHBBH6s4s6s4s")
_IP = struct.Struct("!BBHHHBBH4s4s")
_ICMP = struct.Struct("!BBHHH")


@dataclass(frozen=True)
class Arp:
    """An ARP packet for IPv4 over Ethernet; target_field is the raw target hardware address.

    A request's target hardware address is ignored by whoever receives it (RFC 826 leaves it
    open), so a probe can carry a few bytes of its own there.
    """

    operation: int
    sender_mac: str
    sender_ip: str
    target_field: bytes
    target_ip: str


@dataclass(frozen=True)
class Echo:
    """An ICMP echo request or reply with the IPv4 addresses that it came in."""

    kind: int
    source_ip: str
    target_ip: str
    identifier: int
    sequence: int
    payload: bytes


def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def mac_text(mac: bytes) -> str:
    return ":".join(f"{octet:02x}" for octet in mac)


def checksum(block: bytes) -> int:
    """The Internet checksum (RFC 1071) of a block of any length."""
    if len(block) % 2:
        block += b"\0"
    total: int = sum(struct.unpack(f"!{len(block) // 2}H", block))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def arp_frame(arp: Arp, destination: str = BROADCAST) -> bytes:
    """The whole Ethernet frame; its source is the ARP sender's MAC."""
    source = mac_bytes(arp.sender_mac)
    return _ETHERNET.pack(mac_bytes(destination), source, ETH_P_ARP) + _ARP.pack(
        1,
        ETH_P_IP,
        6,
        4,
        arp.operation,
        source,
        socket.inet_aton(arp.sender_ip),
        arp.target_field,
        socket.inet_aton(arp.target_ip),
    )


def parse_arp(frame: bytes) -> Arp | None:
    """The ARP packet in an Ethernet frame, or None if it holds anything else."""
    if len(frame) < _ETHERNET.size + _ARP.size:
        return None
    if _ETHERNET.unpack_from(frame)[2] != ETH_P_ARP:
        return None
    kind, protocol, mac_size, ip_size, operation, sender, sender_ip, target, target_ip = (
        _ARP.unpack_from(frame, _ETHERNET.size)
    )
    if (kind, protocol, mac_size, ip_size) != (1, ETH_P_IP, 6, 4):
        return None
    return Arp(
        operation,
        mac_text(sender),
        socket.inet_ntoa(sender_ip),
        target,
        socket.inet_ntoa(target_ip),
    )


def icmp_echo(kind: int, identifier: int, sequence: int, payload: bytes) -> bytes:
    """An ICMP echo message (without an IP header) with its checksum."""
    blank = _ICMP.pack(kind, 0, 0, identifier, sequence) + payload
    return _ICMP.pack(kind, 0, checksum(blank), identifier, sequence) + payload


def echo_frame(
    echo: Echo, source_mac: str, destination_mac: str, *, discarded: bool = False
) -> bytes:
    """An Ethernet frame with the IPv4 packet that carries the echo message.

    discarded: with a wrong header checksum, for a frame to a host's own MAC. Its kernel would route
    what is not for itself, and tell the sender of a time to live exceeded. A wrong checksum it must
    silently discard (RFC 1122, section 3.2.1.2), after packet sockets have seen the frame.
    """
    message = icmp_echo(echo.kind, echo.identifier, echo.sequence, echo.payload)
    source, target = socket.inet_aton(echo.source_ip), socket.inet_aton(echo.target_ip)
    length = IP_HEADER + len(message)
    # Time to live 1: should a host ever take the frame for its own, it must not route it on.
    blank = _IP.pack(0x45, 0, length, 0, 0x4000, 1, socket.IPPROTO_ICMP, 0, source, target)
    total = checksum(blank) ^ int(discarded)
    header = _IP.pack(0x45, 0, length, 0, 0x4000, 1, socket.IPPROTO_ICMP, total, source, target)
    ethernet = _ETHERNET.pack(mac_bytes(destination_mac), mac_bytes(source_mac), ETH_P_IP)
    return ethernet + header + message


def parse_echo(packet: bytes) -> Echo | None:
    """The echo message in an IPv4 packet (as a raw socket hands it out), or None."""
    if len(packet) < IP_HEADER or packet[0] >> 4 != 4:
        return None
    header = (packet[0] & 0x0F) * 4
    if packet[9] != socket.IPPROTO_ICMP or len(packet) < header + ICMP_HEADER:
        return None
    length = struct.unpack_from("!H", packet, 2)[0]
    kind, _code, _sum, identifier, sequence = _ICMP.unpack_from(packet, header)
    if kind not in (ICMP_ECHO, ICMP_ECHO_REPLY):
        return None
    return Echo(
        kind,
        socket.inet_ntoa(packet[12:16]),
        socket.inet_ntoa(packet[16:20]),
        identifier,
        sequence,
        packet[header + ICMP_HEADER : length],
    )


def parse_echo_frame(frame: bytes) -> Echo | None:
    """The echo message in an Ethernet frame, or None."""
    if len(frame) < _ETHERNET.size or _ETHERNET.unpack_from(frame)[2] != ETH_P_IP:
        return None
    return parse_echo(frame[_ETHERNET.size :])
