# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Frames that container evil sends, each of which carries its name, and a program that sends and
hears them.

As a program: hear DEVICE | send DEVICE | end DEVICE | steal DEVICE MAC TARGET
| advertise DEVICE SOURCE ADDRESS. Its names and numbers are those of test_anti_spoof.py.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

EVIL, GOOD = (bytes.fromhex(f"02580ae900{n:02x}") for n in (2, 3))
BROADCAST = b"\xff" * 6
ARP, IPV4, IPV6, VLAN, SERVICE_VLAN, MPLS = 0x0806, 0x0800, 0x86DD, 0x8100, 0x88A8, 0x8847
OWN, NEIGHBOUR, GATEWAY, ROUTED = "10.233.0.2", "10.233.0.3", "10.233.0.1", "192.0.2.9"
OWN6, NEIGHBOUR6, ROUTED6 = "fd00::2", "fd00::3", "2001:db8::9"
LOCAL, NEIGHBOUR_LOCAL = "fe80::58:aff:fee9:2", "fe80::58:aff:fee9:3"
REQUEST, REPLY = 1, 2
UDP, ICMPV6 = 17, 58
ROUTER_ADVERTISEMENT, NEIGHBOUR_ADVERTISEMENT = 134, 136
START, STOP = b"<<", b">>"
LAST = "the end"


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def ethernet(kind: int, payload: bytes, source: bytes = EVIL, target: bytes = BROADCAST) -> bytes:
    return target + source + struct.pack("!H", kind) + payload


def arp(sender: bytes, address: str, operation: int = REQUEST) -> bytes:
    start = struct.pack("!HHBBH", 1, IPV4, 6, 4, operation)
    return start + sender + packed(address) + BROADCAST + packed(address)


def checksum(data: bytes) -> bytes:
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF)


def ipv4(source: str, payload: bytes) -> bytes:
    """With a checksum, or br_netfilter drops it."""
    start = struct.pack("!BBHHHBB", 0x45, 0, 28 + len(payload), 0, 0, 64, UDP)
    ends = packed(source) + packed("10.233.255.255")
    udp = struct.pack("!HHHH", 9, 9, 8 + len(payload), 0)
    return start + checksum(start + ends) + ends + udp + payload


def ipv6(source: str, protocol: int, payload: bytes, target: str = "ff02::1") -> bytes:
    start = struct.pack("!IHBB", 6 << 28, len(payload), protocol, 255)
    return start + packed(source) + packed(target) + payload


def udp6(source: str, payload: bytes) -> bytes:
    return ipv6(source, UDP, struct.pack("!HHHH", 9, 9, 8 + len(payload), 0) + payload)


def icmpv6(source: str, body: bytes) -> bytes:
    """body: without the checksum, which stands behind its first two bytes."""
    pseudo = packed(source) + packed("ff02::1") + struct.pack("!II", len(body) + 2, ICMPV6)
    return ipv6(source, ICMPV6, body[:2] + checksum(pseudo + body) + body[2:])


def advertised(source: str, address: str, mac: bytes, more: bytes = b"") -> bytes:
    """That an address is at a MAC, overriding what is known (RFC 4861, section 4.4)."""
    option = b"\x02\x01" + mac
    start = bytes([NEIGHBOUR_ADVERTISEMENT, 0]) + struct.pack("!I", 1 << 29)
    return icmpv6(source, start + packed(address) + option + more)


def tagged(kind: int, payload: bytes) -> bytes:
    """What follows the type of a tag with VLAN 0."""
    return struct.pack("!HH", 0, kind) + payload


def marked(name: str) -> bytes:
    return START + name.encode() + STOP


def padded(*given: Any) -> Callable[[bytes], bytes]:
    """A frame in which the name stands behind what counts; given: as for ethernet."""
    return lambda mark: ethernet(*given) + mark


def named(frames: dict[str, Callable[[bytes], bytes]]) -> dict[str, bytes]:
    return {name: frame(marked(name)) for name, frame in frames.items()}


AS_NEIGHBOUR = arp(EVIL, NEIGHBOUR, REPLY)
ADVERTISED_ROUTER = bytes([ROUTER_ADVERTISEMENT, 0, 64, 0, 7, 8]) + b"\0" * 8
PASS = named(
    {
        "ARP": padded(ARP, arp(EVIL, OWN)),
        "ARP answer": padded(ARP, arp(EVIL, OWN, REPLY)),
        "ARP probe": padded(ARP, arp(EVIL, "0.0.0.0")),
        "IPv4": lambda mark: ethernet(IPV4, ipv4(OWN, mark)),
        "IPv4 without an address": lambda mark: ethernet(IPV4, ipv4("0.0.0.0", mark)),
        "IPv4 of a machine behind": lambda mark: ethernet(IPV4, ipv4(ROUTED, mark)),
        "IPv6": lambda mark: ethernet(IPV6, udp6(OWN6, mark)),
        "IPv6 without an address": lambda mark: ethernet(IPV6, udp6("::", mark)),
        "link-local IPv6": lambda mark: ethernet(IPV6, udp6(LOCAL, mark)),
        "IPv6 of a machine behind": lambda mark: ethernet(IPV6, udp6(ROUTED6, mark)),
    }
)
DROP = named(
    {
        "IPv4, another MAC": lambda mark: ethernet(IPV4, ipv4(OWN, mark), GOOD),
        "ARP, another MAC": padded(ARP, arp(GOOD, OWN), GOOD),
        "ARP with another MAC inside": padded(ARP, arp(GOOD, OWN)),
        "ARP as the neighbour": padded(ARP, arp(EVIL, NEIGHBOUR)),
        "ARP answer as the neighbour": padded(ARP, AS_NEIGHBOUR),
        "ARP as the gateway": padded(ARP, arp(EVIL, GATEWAY)),
        "ARP answer as the gateway": padded(ARP, arp(EVIL, GATEWAY, REPLY)),
        "ARP as a machine behind": padded(ARP, arp(EVIL, ROUTED)),
        "IPv4 as the neighbour": lambda mark: ethernet(IPV4, ipv4(NEIGHBOUR, mark)),
        "IPv4 as the gateway": lambda mark: ethernet(IPV4, ipv4(GATEWAY, mark)),
        "IPv6 as the neighbour": lambda mark: ethernet(IPV6, udp6(NEIGHBOUR6, mark)),
        "link-local as the neighbour": lambda mark: ethernet(IPV6, udp6(NEIGHBOUR_LOCAL, mark)),
        "neighbour advertisement": lambda mark: ethernet(
            IPV6, advertised(NEIGHBOUR6, NEIGHBOUR6, EVIL, mark)
        ),
        "router advertisement": lambda mark: ethernet(
            IPV6, icmpv6(LOCAL, ADVERTISED_ROUTER + mark)
        ),
        "ARP in VLAN 0": padded(VLAN, tagged(ARP, AS_NEIGHBOUR)),
        "ARP in VLAN 0 twice": padded(VLAN, tagged(VLAN, tagged(ARP, AS_NEIGHBOUR))),
        "ARP in a service VLAN": padded(SERVICE_VLAN, tagged(ARP, AS_NEIGHBOUR)),
        "IPv4 in VLAN 0": lambda mark: ethernet(VLAN, tagged(IPV4, ipv4(NEIGHBOUR, mark))),
        "IPv6 in VLAN 0": lambda mark: ethernet(VLAN, tagged(IPV6, udp6(NEIGHBOUR6, mark))),
        "own IPv4 in VLAN 0": lambda mark: ethernet(VLAN, tagged(IPV4, ipv4(OWN, mark))),
        "MPLS": padded(MPLS, b"\0" * 30),
        "802.3": padded(0x0040, b"\x42\x42\x03" + b"\0" * 40),
    }
)
END = named({LAST: padded(ARP, arp(GOOD, NEIGHBOUR), GOOD)})


def main(what: str, device: str, *more: str) -> None:
    interface = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    interface.bind((device, 0x0003))
    if what == "hear":
        print("listening", flush=True)
        name = ""
        while name != LAST:
            frame = interface.recv(2048)
            name = frame.partition(START)[2].partition(STOP)[0].decode()
            if name not in ("", LAST):
                print(name)
    elif what == "send":
        for frame in (*PASS.values(), *DROP.values()):
            interface.send(frame)
    elif what == "end":
        interface.send(END[LAST])
    elif what == "steal":
        source, target = (bytes.fromhex(mac.replace(":", "")) for mac in more)
        interface.send(ethernet(IPV4, ipv4(OWN, b"x"), source, target))
    elif what == "advertise":
        told = advertised(more[0], more[1], EVIL)
        interface.send(ethernet(IPV6, told, target=bytes.fromhex("333300000001")))


if __name__ == "__main__":
    main(*sys.argv[1:])
