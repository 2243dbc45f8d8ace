# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sessions and VTEPs, by captures of FRR 8.4.4's vtysh (Debian 12)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._probe import evpn

NEIGHBORS = {"h2": "172.16.1.12", "h3": "172.16.1.13"}
EXPECTED = evpn.Expected(NEIGHBORS, 42, 2)


def peer(state: str, description: str) -> dict[str, Any]:
    return {"remoteAs": 65000, "state": state, "peerState": "OK", "desc": description}


def summary(second: str, third: str) -> dict[str, Any]:
    peers = {"172.16.1.12": peer(second, "h2"), "172.16.1.13": peer(third, "h3")}
    return {"routerId": "172.16.1.11", "as": 65000, "peers": peers, "failedPeers": 1}


VNI = {"vni": 42, "type": "L2", "vtepIp": "172.16.1.11", "numMacs": 3}
VTEPS = {**VNI, "numRemoteVteps": ["172.16.1.13", "172.16.1.12"]}
UP = summary("Established", "Established")
NETSTAT = """\
TcpExt: SyncookiesSent TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure TCPSACKDiscard
TcpExt: 7 1 20 300 9
IpExt: InNoRoutes TCPMD5Failure
IpExt: 5 5000
"""
ENTRIES = [
    {"mac": "02:58:0a:e9:00:03", "flags": ["extern_learn"], "master": "br0", "state": ""},
    {"mac": "46:70:c8:92:4f:f3", "flags": [], "master": "br0", "state": "permanent"},
    {"mac": "02:58:0a:e9:00:03", "dst": "172.16.1.12", "flags": ["self", "extern_learn"]},
    {"mac": "02:58:0a:e9:00:04", "dst": "172.16.1.13", "flags": ["self", "extern_learn"]},
    {"mac": "00:00:00:00:00:00", "dst": "172.16.1.12", "flags": ["self"], "state": "permanent"},
]


def test_answers_are_told_apart() -> None:
    text = json.dumps(UP, indent=2) + "\n" + json.dumps(VTEPS, indent=2) + "\n"
    assert evpn.parse_answers(text) == [UP, VTEPS]
    assert evpn.parse_answers("% BGP instance not found\n{\n}\n") == [{}]
    assert evpn.parse_answers('{"half') == []


def test_session_states() -> None:
    assert evpn.session_states(summary("Established", "Idle (Admin)"), NEIGHBORS) == {
        "h2": "Established",
        "h3": "Idle (Admin)",
    }
    assert evpn.session_states({}, NEIGHBORS) == dict.fromkeys(NEIGHBORS, "not configured")


@pytest.mark.parametrize(
    ("vni", "vteps"),
    [
        (VTEPS, ["172.16.1.12", "172.16.1.13"]),
        (VNI, []),
        ({}, []),
        ({**VNI, "numRemoteVteps": 1, "remoteVteps": [{"ip": "172.16.1.12"}]}, ["172.16.1.12"]),
    ],
)
def test_remote_vteps(vni: dict[str, Any], vteps: list[str]) -> None:
    assert evpn.remote_vteps(vni) == vteps


def test_macs_that_frr_put_there() -> None:
    assert evpn.extern_learned(ENTRIES) == ["02:58:0a:e9:00:03", "02:58:0a:e9:00:04"]


def test_md5_drops() -> None:
    assert evpn.md5_drops(NETSTAT) == 321
    assert evpn.md5_drops("TcpExt: SyncookiesSent\nTcpExt: 7\n") == 0


def seen(second: str, third: str, *vteps: str, drops: int = 0) -> evpn.Seen:
    states = evpn.session_states(summary(second, third), NEIGHBORS)
    return evpn.Seen(states, list(vteps), drops, 60.0)


def test_it_waits_until_nothing_is_missing() -> None:
    looks = [
        seen("Connect", "Active"),
        seen("Established", "Established", "172.16.1.12"),
        seen("Established", "Established", "172.16.1.12", "172.16.1.13"),
    ]
    waits: list[float] = []
    found = evpn.await_sessions(
        EXPECTED, 60, lambda _expected: looks.pop(0), lambda: 5, waits.append
    )
    assert found.missing(EXPECTED) == {}
    assert not looks
    assert waits == pytest.approx([0.2, 0.3])


def test_it_gives_up_when_the_time_is_over() -> None:
    drops = iter([5, 12])
    found = evpn.await_sessions(
        EXPECTED, 0, lambda _e: seen("Connect", "Established"), lambda: next(drops), lambda _s: None
    )
    assert found.md5_drops == 7
    assert found.missing(EXPECTED) == {"h2": "172.16.1.12: Connect", "vteps": "0 of 2 for 42"}


COUNTS = "{} of 2 BGP sessions established, {} of 2 remote VTEPs known for VNI 42, after 60.0 s"


@pytest.mark.parametrize(
    ("found", "start", "words"),
    [
        (
            seen("Established", "Connect", "172.16.1.12", drops=3),
            COUNTS.format(1, 1) + ": h3 (172.16.1.13) is Connect; 3 TCP segments",
            "a password differs: overlay_bgp_password",
        ),
        (
            seen("Active", "Connect"),
            COUNTS.format(0, 0) + ": h2 (172.16.1.12) is Active, h3 (172.16.1.13) is Connect;",
            "TCP port 179",
        ),
        (
            seen("Established", "Established", "172.16.1.12"),
            COUNTS.format(2, 1) + ";",
            "show evpn vni 42",
        ),
        (
            evpn.Seen(dict.fromkeys(NEIGHBORS, evpn.NO_BGPD), [], 0, 60.0),
            COUNTS.format(0, 0) + ": bgpd is not running on this host;",
            "run site.yml on this host",
        ),
        (
            seen("Established", evpn.UNKNOWN, "172.16.1.12", "172.16.1.13"),
            COUNTS.format(1, 2) + ": h3 (172.16.1.13) is not configured;",
            "run site.yml on this host",
        ),
    ],
)
def test_a_failure_says_how_far_who_and_where_to_look(
    found: evpn.Seen, start: str, words: str
) -> None:
    message = evpn.failure(EXPECTED, found)
    assert message.startswith(start)
    assert words in message
    assert "\n" not in message
