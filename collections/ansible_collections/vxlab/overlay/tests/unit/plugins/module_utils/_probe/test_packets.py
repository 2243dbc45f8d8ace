# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.packets import (
    ARP_REQUEST,
    ICMP_ECHO,
    Arp,
    Echo,
    arp_frame,
    checksum,
    echo_frame,
    parse_arp,
    parse_echo,
    parse_echo_frame,
)

ARP = Arp(ARP_REQUEST, "0a:56:58:00:00:01", "198.18.0.1", b"tokens", "198.18.0.0")
ECHO = Echo(ICMP_ECHO, "198.18.0.1", "198.18.0.2", 7, 3, b"odd")


def test_arp_request_as_on_the_wire() -> None:
    assert arp_frame(ARP).hex() == (
        "ffffffffffff"
        "0a5658000001"
        "0806"  # Ethernet
        "0001"
        "0800"
        "06"
        "04"
        "0001"  # ARP request, IPv4 over Ethernet
        "0a5658000001"
        "c6120001"
        "746f6b656e73"
        "c6120000"
    )


def test_arp_survives_the_way_and_the_padding() -> None:
    assert parse_arp(arp_frame(ARP) + bytes(18)) == ARP


def test_echo_survives_the_way_and_the_padding() -> None:
    frame = echo_frame(ECHO, "0a:56:58:00:00:01", "0a:56:58:00:00:02")
    assert parse_echo_frame(frame + bytes(18)) == ECHO


def test_echo_is_not_routed_on_and_its_checksums_are_right() -> None:
    packet = echo_frame(ECHO, "0a:56:58:00:00:01", "0a:56:58:00:00:02")[14:]
    assert packet[8] == 1  # time to live
    # RFC 1071: the sum over a block that holds its own checksum is zero.
    assert checksum(packet[:20]) == 0
    assert checksum(packet[20:]) == 0


def test_echo_to_a_hosts_own_mac_is_discarded_by_its_kernel() -> None:
    frame = echo_frame(ECHO, "0a:56:58:00:00:01", "02:00:0a:e9:ff:02", discarded=True)
    assert checksum(frame[14:34]) != 0
    assert checksum(frame[34:]) == 0
    assert parse_echo_frame(frame) == ECHO


def test_checksum_example_of_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == ~0xDDF2 & 0xFFFF


@pytest.mark.parametrize("length", range(42))
def test_short_frames_are_nothing(length: int) -> None:
    assert parse_arp(arp_frame(ARP)[:length]) is None
    assert parse_echo(echo_frame(ECHO, "0a:56:58:00:00:01", "0a:56:58:00:00:02")[14:][:27]) is None


def test_other_protocols_are_nothing() -> None:
    arp, echo = arp_frame(ARP), echo_frame(ECHO, "0a:56:58:00:00:01", "0a:56:58:00:00:02")
    assert parse_arp(echo) is None
    assert parse_echo_frame(arp) is None
    assert parse_echo(b"\x60" + echo[15:]) is None  # IPv6
    assert parse_echo(echo[14:23] + b"\x11" + echo[24:]) is None  # UDP
