# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links that a killed run left half-made: noted before they are made, removed by the next run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, List, Optional

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import (
    bridge,
    container,
    vxlan,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    Command,
    NewLink,
    SetSysctl,
    WriteFile,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.container import (
    Host,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.inside import (
    Container,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Address, Link
from ansible_collections.vxlab.overlay.plugins.module_utils._change.making import (
    half_made,
    note_creations,
    parse_note,
    plan_recovery,
)
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    BRIDGE,
    MARK,
)

FORGET = f"rm {MARK.making}"


def link(name: str, alias: Optional[str] = None) -> Link:
    return Link(7, name, "bridge", up=False, mtu=1500, mac="", alias=alias)


def noted(change: Change) -> List[str]:
    """The steps in short: a note with the names in it, its removal, or the command's line."""
    note_creations(change, MARK)
    return [short(step) for step in change.steps]


def names(note: str) -> List[str]:
    return [new.name for new in parse_note(note)]


def short(step: Any) -> str:
    if isinstance(step, WriteFile) and step.path == MARK.making:
        return "forget" if step.content is None else f"note {names(str(step.content))}"
    return step.line if isinstance(step, Command) else str(step.text)


def ip(line: str, creates: str = "", marks: str = "") -> Command:
    new = NewLink(creates, "bridge") if creates else None
    return Command("ip", line, "do it", creates=new, marks=marks)


def test_note_stands_from_before_the_link_is_made_until_it_is_marked() -> None:
    change = Change(
        steps=[
            SetSysctl("a", "b"),
            ip("del old"),
            ip("add x", creates="x"),
            ip("alias x", marks="x"),
            ip("up x"),
        ]
    )
    assert noted(change) == [
        "sysctl -w a=b",
        "note ['x']",
        "del old",
        "add x",
        "alias x",
        "forget",
        "up x",
    ]


def test_note_is_one_for_all_links_so_that_they_stay_one_batch() -> None:
    made = [(ip(f"add {n}", creates=n), ip(f"alias {n}", marks=n), ip(f"up {n}")) for n in "xyz"]
    told = noted(Change(steps=[step for steps in made for step in steps]))
    assert (told[0], told[-2:]) == ("note ['x', 'y', 'z']", ["forget", "up z"])
    assert len([line for line in told if line.startswith(("note", "forget"))]) == 2


@pytest.mark.parametrize("steps", [[], [ip("up x")], [WriteFile("/run/x", "", "note it")]])
def test_change_that_makes_no_link_notes_nothing(steps: List[Any]) -> None:
    change = Change(steps=list(steps))
    note_creations(change, MARK)
    assert change.steps == steps


def test_plans_name_what_they_make_and_mark() -> None:
    veths = [Container("a", "a", "veth-a"), Container("b", "b", "veth-b")]
    plans = {
        "br0": bridge.plan_present(BRIDGE, [], {}, MARK, purge=False),
        "veth-a veth-b": container.plan_present(veths, "br0", Host({}), MARK, purge=False),
    }
    for links, change in plans.items():
        told = noted(change)
        note = told.index(f"note {links.split()}")
        forget = told.index("forget")
        for name in links.split():
            (made,) = [i for i, text in enumerate(told) if text.startswith(f"link add name {name}")]
            (marked,) = [i for i, text in enumerate(told) if f"dev {name} alias" in text]
            assert note < made < marked < forget


def test_half_made_is_what_is_noted_there_and_without_a_mark() -> None:
    links = {
        "made": link("made"),
        "marked": link("marked", MARK.alias()),
        "theirs": link("theirs", "somebody else's"),
        "unnoted": link("unnoted"),
    }
    noted_links = [NewLink(name, "bridge") for name in ("gone", "made", "marked", "theirs")]
    assert half_made(noted_links, links) == [links["made"]]
    assert half_made([], links) == []


MAC = "02:58:0a:e9:ff:0b"
HALF = replace(link("br0"), mac=MAC)


@pytest.mark.parametrize(
    "there",
    [
        replace(HALF, kind="vxlan"),
        replace(HALF, kind=None),
        replace(HALF, mac="02:00:00:00:00:09"),
        replace(HALF, alias="somebody else's"),
        replace(HALF, up=True),
        replace(HALF, master="br1"),
        replace(HALF, addresses=[Address("192.168.9.1/24")]),
    ],
)
def test_link_that_somebody_else_made_after_the_kill_is_not_taken_for_ours(there: Link) -> None:
    note = [NewLink("br0", "bridge", MAC)]
    assert half_made(note, {"br0": HALF}) == [HALF]
    assert half_made(note, {"br0": there}) == []


def test_note_tells_kind_and_mac_and_reads_back() -> None:
    made = [NewLink("br0", "bridge", MAC), NewLink("veth-a", "veth")]
    commands = [Command("ip", "add", "do it", creates=new) for new in made]
    change = Change(steps=[*commands, ip("alias", marks="veth-a")])
    note_creations(change, MARK)
    note = next(step for step in change.steps if isinstance(step, WriteFile))
    assert note.content == f"br0 bridge {MAC}\nveth-a veth\n"
    assert parse_note(note.content) == made


def test_plans_note_the_mac_that_they_give() -> None:
    vxlan_device = vxlan.Vxlan("vxlan0", 42, mac="02:59:0a:e9:f0:0b")
    plans = [
        bridge.plan_present(BRIDGE, [], {}, MARK, purge=False),
        vxlan.plan_present(vxlan_device, {}, MARK, purge=False),
        container.plan_present([Container("a", "a", "veth-a")], "br0", Host({}), MARK, purge=False),
    ]
    assert [
        step.creates
        for change in plans
        for step in change.steps
        if isinstance(step, Command) and step.creates
    ] == [
        NewLink("br0", "bridge", BRIDGE.mac),
        NewLink("vxlan0", "vxlan", "02:59:0a:e9:f0:0b"),
        NewLink("veth-a", "veth"),
    ]


@pytest.mark.parametrize("note", ["", "br0\n", "br0 bridge x y\n"])
def test_note_that_does_not_tell_the_kind_names_nothing_to_remove(note: str) -> None:
    assert parse_note(note) == []


def test_what_is_half_made_goes_first_and_then_its_note() -> None:
    change = Change(steps=[ip("link add name x")], differences=["x: missing"])
    plan_recovery(change, True, [link("x"), link("y")], MARK)
    assert change.commands == [
        "ip link del dev x",
        "ip link del dev y",
        FORGET,
        "ip link add name x",
    ]
    assert change.differences == [
        "x: left by a run that was killed",
        "y: left by a run that was killed",
        "x: missing",
    ]


def test_note_with_nothing_half_made_is_removed_and_told() -> None:
    """Killed after the note and before the link, or after the mark: only the note is left."""
    change = Change()
    plan_recovery(change, True, [], MARK)
    assert change.commands == [FORGET]
    assert change.differences == [f"{MARK.making}: left by a run that was killed"]


def test_host_without_a_note_needs_no_recovery() -> None:
    change = Change(steps=[ip("up x")], differences=["x: down"])
    plan_recovery(change, False, [], MARK)
    assert (change.commands, change.differences) == (["ip up x"], ["x: down"])


def test_recovery_forgets_the_old_note_before_the_new_one_is_written() -> None:
    change = Change(steps=[ip("add x", creates="x"), ip("alias x", marks="x")])
    note_creations(change, MARK)
    plan_recovery(change, True, [link("x")], MARK)
    assert [short(step) for step in change.steps] == [
        "link del dev x",
        "forget",
        "note ['x']",
        "add x",
        "alias x",
        "forget",
    ]
