# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Meetings on a network in memory: time and frames are the test's."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.packets import (
    BROADCAST,
    mac_text,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.rendezvous import (
    BRIDGE,
    CHANNELS,
    VXLAN,
    Meeting,
    probe_address,
    probe_mac,
    probe_number,
)

RUN = b"\x01\x02\x03\x04"
STEP = 0.05

Drop = Callable[[int, int, str], bool]


def nothing(_sender: int, _receiver: int, _channel: str) -> bool:
    return False


def meeting_of(number: int, everybody: set[int], macs: dict[int, str] | None) -> Meeting:
    """macs: of all by number, where broadcasts do not cross."""
    peers = everybody - {number}
    if macs is None:
        return Meeting(RUN, number, peers, progress=0.0)
    known = {n: mac for n, mac in macs.items() if n != number}
    return Meeting(RUN, number, peers, progress=0.0, mac=macs[number], macs=known)


def meet(
    starts: dict[int, float],
    peers: Iterable[int] | None = None,
    drop: Drop = nothing,
    seconds: float = 10,
    macs: dict[int, str] | None = None,
) -> tuple[dict[int, Meeting], dict[int, float]]:
    """All who start meet each other; returns them and when each was over."""
    everybody = set(peers or starts)
    meetings = {n: meeting_of(n, everybody, macs) for n in starts}
    over: dict[int, float] = {}
    for step in range(int(seconds / STEP)):
        now = step * STEP
        running = {n: m for n, m in meetings.items() if starts[n] <= now and n not in over}
        sent = [(n, channel, frame) for n, m in running.items() for channel, frame in m.tick(now)]
        while sent:
            sender, channel, frame = sent.pop(0)
            target = mac_text(frame[:6])
            for n, meeting in running.items():
                own = macs[n] if macs else probe_mac(n)
                if n == sender or target not in ([own] if macs else [own, BROADCAST]):
                    continue
                # What is sent on the VXLAN device comes up through the peer's bridge as well.
                for arrival in CHANNELS if channel == VXLAN else (BRIDGE,):
                    if not drop(sender, n, arrival):
                        answers = meeting.receive(arrival, frame, now + 0.001)
                        sent += [(n, c, f) for c, f in answers]
        over.update({n: now for n, m in running.items() if m.over})
    return meetings, over


def test_hosts_meet_by_unicast_where_broadcasts_do_not_cross() -> None:
    macs = {n: f"02:00:0a:e9:ff:{n:02x}" for n in (1, 2, 3)}
    meetings, over = meet({1: 0.0, 2: 0.0, 3: 0.3}, macs=macs)
    assert len(over) == 3 and max(over.values()) < 1.5
    for number, meeting in meetings.items():
        assert meeting.complete
        assert meeting.resolved == {n: mac for n, mac in macs.items() if n != number}


def test_by_unicast_nothing_but_known_macs_is_on_the_wire() -> None:
    macs = {n: f"02:00:0a:e9:ff:{n:02x}" for n in (1, 2)}
    one, two = (meeting_of(n, {1, 2}, macs) for n in (1, 2))
    sent = [("vxlan", frame) for _channel, frame in one.tick(0.0)]
    seen = 0
    while sent:
        _channel, frame = sent.pop()
        seen += 1
        assert {mac_text(frame[:6]), mac_text(frame[6:12])} == set(macs.values())
        receiver = two if mac_text(frame[:6]) == macs[2] else one
        sent += receiver.receive(VXLAN, frame, 0.1)
        if seen < 3:
            sent += two.tick(0.1)
    assert seen > 6


def test_three_hosts_meet_within_a_second() -> None:
    meetings, over = meet({1: 0.0, 2: 0.0, 3: 0.0})
    assert all(when < 1 for when in over.values()) and len(over) == 3
    for number, meeting in meetings.items():
        assert meeting.complete
        assert meeting.captured == dict.fromkeys(CHANNELS, {1, 2, 3} - {number})
        assert set(meeting.echoed) == {1, 2, 3} - {number}


def test_thirty_hosts_that_start_one_after_the_other_meet() -> None:
    _meetings, over = meet({n: n * 0.2 for n in range(1, 31)})
    assert len(over) == 30
    assert max(over.values()) < 30 * 0.2 + 2


def test_nobody_leaves_before_the_last_has_met_all() -> None:
    _meetings, over = meet({1: 0.0, 2: 0.0, 3: 5.0})
    assert len(over) == 3
    assert min(over.values()) >= 5


def test_lost_frames_only_cost_time() -> None:
    luck = random.Random(1)
    meetings, _over = meet(
        {1: 0.0, 2: 0.0, 3: 0.0}, drop=lambda *_: luck.random() < 0.5, seconds=20
    )
    assert all(meeting.complete for meeting in meetings.values())


def test_absent_host_keeps_the_others_waiting() -> None:
    meetings, over = meet({1: 0.0, 2: 0.0}, peers=[1, 2, 3])
    assert not over
    assert meetings[1].captured[VXLAN] == {2}
    assert set(meetings[1].echoed) == {2}
    # Nothing new for long: this is what ends the wait.
    assert meetings[1].progress < 1


def test_one_way_traffic_is_seen_by_the_deaf_side_alone() -> None:
    meetings, _over = meet(
        {1: 0.0, 2: 0.0}, drop=lambda sender, receiver, _c: (sender, receiver) == (2, 1)
    )
    assert meetings[1].captured == {VXLAN: set(), BRIDGE: set()}
    assert meetings[2].captured == {VXLAN: {1}, BRIDGE: {1}}
    assert not meetings[2].echoed


def test_broken_bridge_is_not_hidden_by_the_vxlan_device() -> None:
    """Frames of the peer's VXLAN device that come up through the bridge do not count there."""
    sent = Meeting(RUN, 2, {1}, progress=0.0).tick(0.0)
    meeting = Meeting(RUN, 1, {2}, progress=0.0)
    for channel, frame in sent:
        if channel == VXLAN:
            meeting.receive(BRIDGE, frame, 0.0)
    assert meeting.captured[BRIDGE] == set()


def test_another_runs_beacons_do_not_count() -> None:
    stranger = Meeting(b"\x09\x09\x09\x09", 2, {1}, progress=0.0)
    meeting = Meeting(RUN, 1, {2}, progress=0.0)
    for channel, frame in stranger.tick(0.0):
        assert meeting.receive(channel, frame, 0.0) == []
    assert meeting.captured[VXLAN] == set()


def test_host_without_peers_is_over_at_once() -> None:
    _meetings, over = meet({1: 0.0}, seconds=2)
    assert over[1] < 0.5


def test_addresses_and_macs_follow_from_the_number() -> None:
    assert probe_address(1) == "198.18.0.1"
    assert probe_address(70000) == "198.19.17.112"
    assert probe_number("198.19.17.112") == 70000
    assert probe_mac(70000) == "0a:56:58:01:11:70"
