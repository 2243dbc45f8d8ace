# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of a VXLAN device: whatever there is and is wanted, one run leads there."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import fdb
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.entries import Have, Place
from ansible_collections.vxlab.overlay.plugins.module_utils._change.fdb import Wanted

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Other tests may keep the machine busy meanwhile.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
PLACE = Place("vxlan0", "br0", "br0", version=4)
MACS = st.sampled_from([f"02:58:0a:e9:00:0{n}" for n in range(3, 7)])
VTEPS = st.sampled_from(["172.16.1.12", "172.16.1.13", "172.16.1.14"])
ADDRESSES = st.sampled_from(["10.233.0.3", "10.233.0.4", "fd00:233::4"])
WANTS = st.builds(
    Wanted,
    flood=st.none() | st.lists(VTEPS, unique=True),
    macs=st.none() | st.dictionaries(MACS, VTEPS),
    neighbours=st.none() | st.dictionaries(ADDRESSES, MACS),
)


@st.composite
def tables(draw: st.DrawFn) -> Have:
    flood = draw(st.sets(VTEPS))
    lapses = draw(st.booleans())
    addresses = draw(st.dictionaries(ADDRESSES, MACS))
    return Have(
        flood=set() if lapses else flood,
        lapsing=flood if lapses else set(),
        macs=set(draw(st.dictionaries(MACS, VTEPS)).items()),
        bridged=draw(st.sets(MACS)),
        neighbours=addresses,
        theirs=draw(st.sets(st.sampled_from(sorted(addresses)))) if addresses else set(),
    )


def run(change: Change, table: Have) -> Have:
    """What the kernel then has; fails where it would refuse a command."""
    after = copy.deepcopy(table)
    for command in change.commands:
        words = command.split()
        tool, verb, key = words[0], words[2], words[3]
        if tool == "ip" and verb == "replace":
            after.neighbours[key] = words[words.index("lladdr") + 1]
        elif tool == "ip":
            del after.neighbours[key]
        elif verb == "append":
            after.flood |= {words[words.index("dst") + 1]} | after.lapsing
            after.lapsing = set()
        elif key == "00:00:00:00:00:00":
            after.flood.remove(words[words.index("dst") + 1])
        elif verb == "replace":
            after.macs = {pair for pair in after.macs if pair[0] != key}
            after.macs.add((key, words[words.index("dst") + 1]))
            after.bridged.add(key)
        else:
            if "self" in words:
                after.macs.remove((key, words[words.index("dst") + 1]))
            if "master" in words:
                after.bridged.remove(key)
    return after


@PATIENT
@given(want=WANTS, table=tables())
def test_one_run_leads_to_what_is_wanted(want: Wanted, table: Have) -> None:
    change = fdb.plan(want, PLACE, table)
    after = run(change, table)
    again = fdb.plan(want, PLACE, after)
    assert (again.steps, again.differences) == ([], [])
    assert bool(change.steps) == bool(change.differences)
    if want.flood is not None:
        assert after.flood == set(want.flood)
    if want.macs is not None:
        assert after.macs == set(want.macs.items())
        assert after.bridged == set(want.macs)
    if want.neighbours is not None:
        assert {a: m for a, m in after.neighbours.items() if a not in table.theirs} == {
            a: m for a, m in want.neighbours.items() if a not in table.theirs
        }
    assert table.theirs <= after.neighbours.keys()


@PATIENT
@given(want=WANTS, table=tables())
def test_nothing_that_stays_is_missing_for_a_moment(want: Wanted, table: Have) -> None:
    change = fdb.plan(want, PLACE, table)
    verbs = [command.split()[2] for command in change.commands]
    additions = [n for n, verb in enumerate(verbs) if verb != "del"]
    assert additions == list(range(len(additions)))
    removed = {c.split()[3] for c in change.commands if c.split()[2] == "del"}
    assert removed.isdisjoint({*(want.macs or {}), *(want.neighbours or {})})


@PATIENT
@given(want=WANTS, table=tables())
def test_tools_take_turns_at_most_twice(want: Wanted, table: Have) -> None:
    tools = [command.split()[0] for command in fdb.plan(want, PLACE, table).commands]
    turns = [tool for n, tool in enumerate(tools) if tools[n - 1 : n] != [tool]]
    assert turns in ([], ["bridge"], ["ip"], ["bridge", "ip"], ["ip", "bridge"]) or turns == [
        "bridge", "ip", "bridge",
    ]  # fmt: skip
