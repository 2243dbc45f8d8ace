# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter programs, run by a small interpreter: the kernel tests run them for real."""

from __future__ import annotations

import socket
import struct
from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.bpf import (
    arp_in_vxlan,
    arp_or_icmp_for,
    arp_replies_from,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.packets import (
    ARP_REPLY,
    ARP_REQUEST,
    ICMP_ECHO,
    Arp,
    Echo,
    arp_frame,
    echo_frame,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.sockets import Instruction

MAC = "0a:56:58:00:00:01"


def passes(program: list[Instruction], frame: bytes) -> bool:
    accumulator, at = 0, 0
    sizes = {0x30: 1, 0x28: 2, 0x20: 4}
    while True:
        code, jump_true, jump_false, k = program[at]
        at += 1
        if code in sizes:
            accumulator = int.from_bytes(frame[k : k + sizes[code]], "big")
        elif code == 0x54:
            accumulator &= k
        elif code == 0x15:
            at += jump_true if accumulator == k else jump_false
        else:
            return k > 0


def arp(operation: int, sender: str, target: str) -> bytes:
    return arp_frame(Arp(operation, MAC, sender, bytes(6), target))


def echo(target: str) -> bytes:
    return echo_frame(Echo(ICMP_ECHO, "198.18.0.2", target, 0, 0, b""), MAC, MAC)


@pytest.mark.parametrize(
    ("frame", "wanted"),
    [
        (arp(ARP_REQUEST, "198.18.0.2", "198.18.0.0"), True),
        (arp(ARP_REQUEST, "198.18.0.2", "198.18.0.1"), True),
        (arp(ARP_REPLY, "198.18.0.2", "198.18.0.1"), True),
        (arp(ARP_REQUEST, "198.18.0.2", "198.18.0.3"), False),
        (arp(ARP_REQUEST, "10.233.0.2", "10.233.0.1"), False),
        (echo("198.18.0.1"), True),
        (echo("198.18.0.3"), False),
        (echo("198.18.0.1").replace(b"\x01\x01", b"\x01\x11", 1), False),
    ],
)
def test_meeting_hears_what_is_meant_for_it(frame: bytes, wanted: bool) -> None:
    assert passes(arp_or_icmp_for(beacon="198.18.0.0", own="198.18.0.1"), frame) is wanted


@pytest.mark.parametrize(
    ("frame", "wanted"),
    [
        (arp(ARP_REPLY, "10.233.0.1", "10.233.0.2"), True),
        (arp(ARP_REQUEST, "10.233.0.1", "10.233.0.2"), False),
        (arp(ARP_REPLY, "10.233.0.3", "10.233.0.2"), False),
        (echo("10.233.0.1"), False),
    ],
)
def test_gateway_probe_hears_replies_for_the_gateway(frame: bytes, wanted: bool) -> None:
    assert passes(arp_replies_from("10.233.0.1"), frame) is wanted


def in_vxlan(inner: bytes, *, vni: int = 42, port: int = 4789) -> bytes:
    """What stands behind the outer IP header."""
    return (
        struct.pack("!HHHH", 50000, port, 16 + len(inner), 0)
        + bytes([8, 0, 0, 0])
        + (struct.pack("!I", vni << 8) + inner)
    )


def over_ipv4(payload: bytes, *, first: int = 0x45, protocol: int = socket.IPPROTO_UDP) -> bytes:
    addresses = socket.inet_aton("172.16.1.11") + socket.inet_aton("172.16.1.12")
    return bytes([first, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0]) + addresses + payload


def over_ipv6(payload: bytes, *, protocol: int = socket.IPPROTO_UDP) -> bytes:
    source, target = (socket.inet_pton(socket.AF_INET6, f"fd00::{n}") for n in (1, 2))
    # A traffic class and a flow label, which share their bytes with the version.
    return bytes([0x6B, 0x8A, 1, 2, 0, 0, protocol, 64]) + source + target + payload


REQUEST = arp(ARP_REQUEST, "198.18.0.2", "198.18.0.1")


@pytest.mark.parametrize("outer", [over_ipv4, over_ipv6])
@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        (in_vxlan(REQUEST), True),
        (in_vxlan(arp(ARP_REPLY, "198.18.0.2", "198.18.0.1")), True),
        (in_vxlan(REQUEST, vni=43), False),
        (in_vxlan(REQUEST, port=8472), False),
        (in_vxlan(echo("198.18.0.1")), False),
    ],
)
def test_flood_probe_sees_arp_of_its_vni(outer: Any, payload: bytes, wanted: bool) -> None:
    assert passes(arp_in_vxlan(port=4789, vni=42), outer(payload)) is wanted


@pytest.mark.parametrize(
    "packet",
    [
        over_ipv4(in_vxlan(REQUEST), protocol=socket.IPPROTO_TCP),
        over_ipv6(in_vxlan(REQUEST), protocol=socket.IPPROTO_TCP),
        over_ipv4(in_vxlan(REQUEST), first=0x46),
        REQUEST,
    ],
)
def test_flood_probe_sees_nothing_else(packet: bytes) -> None:
    assert not passes(arp_in_vxlan(port=4789, vni=42), packet)
