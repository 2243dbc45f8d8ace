# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the flood probe makes of frames that left; the kernel tests let frames leave for real."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.flood import (
    NOBODYS_ADDRESS,
    NOBODYS_MAC,
    SENDER_MAC,
    Flood,
    Leak,
    Remote,
    departed,
    frames,
    judge,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.packets import (
    ARP_REPLY,
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

TOKEN = b"token!"
REMOTE = Remote("02:00:0a:e9:ff:02", "10.233.255.2")
CONTAINER = "02:00:0a:e9:00:02"
IPV4 = bytes([0x45, *[0] * 11, 172, 16, 1, 11, 172, 16, 1, 13, *[0] * 16])
IPV6 = bytes([0x60, *[0] * 7]) + b"".join(
    ipaddress.IPv6Address(address).packed for address in ("fd00::11", "fd00::13")
)


def seen(frame: bytes, outer: bytes = IPV4) -> Flood:
    flood = Flood()
    departure = departed(outer + frame)
    assert departure is not None
    judge(departure, [REMOTE], TOKEN, flood)
    return flood


def request(target: str, destination: str, token: bytes = TOKEN, sender: str = SENDER_MAC) -> bytes:
    return arp_frame(Arp(ARP_REQUEST, sender, "10.233.0.2", token, target), destination)


def test_frames_are_two_for_each_remote_and_two_for_nobody() -> None:
    sent = [
        (mac_text(f[:6]), arp.target_ip) for f in frames([REMOTE], TOKEN) if (arp := parse_arp(f))
    ]
    assert sent == [
        (REMOTE.mac, NOBODYS_ADDRESS),
        (BROADCAST, REMOTE.address),
        (BROADCAST, NOBODYS_ADDRESS),
        (NOBODYS_MAC, NOBODYS_ADDRESS),
    ]


def test_nobodys_addresses_are_no_hosts() -> None:
    hosts = range(MAX_NUMBER - 9, MAX_NUMBER + 1)
    assert {SENDER_MAC, NOBODYS_MAC}.isdisjoint(probe_mac(number) for number in hosts)
    assert NOBODYS_ADDRESS == "198.19.255.255"
    assert probe_address(MAX_NUMBER) == "198.19.255.253"
    assert ipaddress.ip_address(NOBODYS_ADDRESS) in ipaddress.ip_network("198.18.0.0/15")


@pytest.mark.parametrize(
    ("frame", "leaked", "control"),
    [
        (request(NOBODYS_ADDRESS, REMOTE.mac), None, True),
        (request(NOBODYS_ADDRESS, BROADCAST), ("arp_request", NOBODYS_ADDRESS), False),
        (request(REMOTE.address, BROADCAST), ("arp_request", REMOTE.address), False),
        (request(NOBODYS_ADDRESS, NOBODYS_MAC), ("unknown_unicast", NOBODYS_MAC), False),
        # What others send: broadcast requests must not leave, unicast is theirs to send.
        (
            request("10.233.0.9", BROADCAST, bytes(6), CONTAINER),
            ("arp_request", "10.233.0.9"),
            False,
        ),
        (request("10.233.255.2", REMOTE.mac, bytes(6), CONTAINER), None, False),
        # Another run of the probe is no control of ours.
        (request(NOBODYS_ADDRESS, REMOTE.mac, b"others"), None, False),
        (arp_frame(Arp(ARP_REPLY, CONTAINER, "10.233.0.2", bytes(6), "10.233.0.2")), None, False),
    ],
)
@pytest.mark.parametrize(("outer", "vtep"), [(IPV4, "172.16.1.13"), (IPV6 + bytes(16), "fd00::13")])
def test_what_left_is_judged(
    frame: bytes, leaked: tuple[str, str] | None, control: bool, outer: bytes, vtep: str
) -> None:
    flood = seen(frame, outer)
    assert flood.leaked == ([Leak(*leaked, vtep)] if leaked else [])
    assert flood.control is control


def test_each_leak_is_told_once() -> None:
    flood = Flood()
    for frame in frames([REMOTE], TOKEN) * 3:
        departure = departed(IPV4 + frame)
        assert departure is not None
        judge(departure, [REMOTE], TOKEN, flood)
    assert len(flood.leaked) == 3
    assert flood.control


@pytest.mark.parametrize("packet", [b"", IPV4, b"\x00" + IPV4[1:] + request("10.0.0.1", BROADCAST)])
def test_what_is_no_arp_in_vxlan_is_nothing(packet: bytes) -> None:
    assert departed(packet) is None
