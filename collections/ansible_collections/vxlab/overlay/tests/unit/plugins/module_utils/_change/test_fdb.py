# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Layer 2 of vxlan_fdb: flood, MAC and neighbour entries."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Dict, List

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import fdb
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    ChangeError,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.entries import (
    Have,
    Place,
    find_place,
    only_ours,
    parse_entries,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.fdb import Wanted
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Link, parse_links
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.entries import (
    entries_from_params,
)
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    FIXTURES,
    MARK,
    lines,
    text,
)

VERSIONS = sorted(path.name for path in (FIXTURES / "bridge").iterdir() if path.is_dir())
every_version = pytest.mark.parametrize("version", VERSIONS)

THREE, FOUR, GONE = "02:58:0a:e9:00:03", "02:58:0a:e9:00:04", "02:58:0a:e9:00:09"
WANTED = Wanted(
    flood=["172.16.1.12", "172.16.1.13"],
    macs={THREE: "172.16.1.12", FOUR: "172.16.1.13"},
    neighbours={"10.233.0.3": THREE, "10.233.0.4": FOUR, "fd00:233::4": FOUR},
)
PLACE = Place("vxlan0", "br0", "br0", version=4)


def links(version: str) -> Dict[str, Link]:
    return parse_links(json.loads(text("bridge", version, "ours-links.json")))


def listed(version: str, name: str) -> List[Dict[str, Any]]:
    entries: List[Dict[str, Any]] = json.loads(text("bridge", version, f"{name}.json"))
    return entries


def have(version: str, state: str, place: Place = PLACE) -> Have:
    return parse_entries(
        place, listed(version, f"{state}-fdb"), listed(version, f"{state}-neighbours")
    )


@every_version
def test_missing_entries_are_made_by_the_captured_commands(version: str) -> None:
    place = find_place("vxlan0", None, links(version), MARK)
    assert place == PLACE
    change = fdb.plan(WANTED, place, have(version, "foreign"))
    assert change.commands == lines("bridge", "ours.sh")


@every_version
def test_entries_of_the_captured_host_are_as_wanted(version: str) -> None:
    change = fdb.plan(WANTED, PLACE, have(version, "ours"))
    assert (change.steps, change.differences) == ([], [])
    assert (change.before, change.after) == ({}, {})


@every_version
def test_only_ours_is_removed(version: str) -> None:
    change = fdb.plan(fdb.NONE, PLACE, have(version, "ours"))
    assert change.commands == [
        "ip neighbour del 10.233.0.3 dev br0",
        "ip neighbour del 10.233.0.4 dev br0",
        "ip neighbour del fd00:233::4 dev br0",
        "bridge fdb del 00:00:00:00:00:00 dev vxlan0 dst 172.16.1.12 self",
        "bridge fdb del 00:00:00:00:00:00 dev vxlan0 dst 172.16.1.13 self",
        f"bridge fdb del {THREE} dev vxlan0 dst 172.16.1.12 self master",
        f"bridge fdb del {FOUR} dev vxlan0 dst 172.16.1.13 self master",
    ]
    assert fdb.plan(fdb.NONE, PLACE, have(version, "foreign")).steps == []


@every_version
@pytest.mark.parametrize("kept", ["flood", "macs", "neighbours"])
def test_list_that_is_not_given_is_left(version: str, kept: str) -> None:
    lists: Dict[str, Any] = {"flood": (), "macs": {}, "neighbours": {}, kept: None}
    want = Wanted(**lists)
    words = {"flood": "00:00:00:00:00:00", "macs": "02:58", "neighbours": "neighbour"}
    commands = fdb.plan(want, PLACE, have(version, "ours")).commands
    assert commands
    assert [command for command in commands if words[kept] in command] == []


@every_version
def test_bridge_that_lists_vlans_too_is_read_alike(version: str) -> None:
    """A kernel that can filter VLANs has each entry of a bridge a second time, for VLAN 1."""
    entries = listed(version, "ours-fdb")
    twins = [dict(entry, vlan=1) for entry in entries if "master" in entry]
    neighbours = listed(version, "ours-neighbours")
    assert twins
    both = parse_entries(PLACE, entries + twins, neighbours)
    assert both == have(version, "ours")
    alone = [entry for entry in entries if "master" not in entry] + twins
    change = fdb.plan(WANTED, PLACE, parse_entries(PLACE, alone, neighbours))
    assert change.differences == [f"vxlan0: MAC {mac}: missing in br0" for mac in (THREE, FOUR)]


@pytest.mark.parametrize(
    "listed_entry, told",
    [
        ({"dst": "172.16.1.13", "state": "static"}, "at 172.16.1.13, should be at 172.16.1.12"),
        ({"dst": "172.16.1.13", "state": "permanent"}, "at 172.16.1.13, should be at 172.16.1.12"),
        ({"dst": "172.16.1.12", "state": ""}, "missing"),
        (
            {"dst": "172.16.1.12", "state": "static", "flags": ["self", "extern_learn"]},
            "missing",
        ),
        (
            {"dst": "172.16.1.12", "state": "static", "port": 4790, "viaIf": "eth1"},
            "at 172.16.1.12 port 4790 viaIf eth1, should be at 172.16.1.12",
        ),
        (
            {"dst": "172.16.1.12", "state": "static", "vni": 77},
            "at 172.16.1.12 vni 77, should be at 172.16.1.12",
        ),
    ],
)
def test_other_entry_of_a_wanted_mac_is_replaced(listed_entry: Any, told: str) -> None:
    entry = {"mac": THREE, "flags": ["self"], **listed_entry}
    in_bridge = {"mac": THREE, "flags": [], "master": "br0", "state": "static"}
    want = Wanted(macs={THREE: "172.16.1.12"})
    change = fdb.plan(want, PLACE, parse_entries(PLACE, [entry, in_bridge], []))
    assert change.differences == [f"vxlan0: MAC {THREE}: {told}"]
    assert change.commands == [
        f"bridge fdb replace {THREE} dev vxlan0 dst 172.16.1.12 self master static"
    ]


def test_nexthop_in_the_way_is_an_error() -> None:
    entry = {"mac": THREE, "nhid": 10, "flags": ["self"], "state": "permanent"}
    there = parse_entries(PLACE, [entry], [])
    with pytest.raises(ChangeError, match=f"bridge fdb del {THREE} dev vxlan0 self"):
        fdb.plan(WANTED, PLACE, there)
    assert fdb.plan(Wanted(macs={}), PLACE, there).steps == []


@pytest.mark.parametrize("state", ["permanent", ""])
def test_own_remote_is_neither_missing_nor_stray(state: str) -> None:
    place = replace(PLACE, peer="172.16.1.12")
    entry = {"mac": "00:00:00:00:00:00", "dst": "172.16.1.12", "flags": ["self"]}
    there = parse_entries(place, [dict(entry, state=state)], [])
    assert fdb.plan(Wanted(flood=[]), place, there).steps == []
    more = fdb.plan(Wanted(flood=["172.16.1.13"]), place, there)
    assert [command.split()[2] for command in more.commands] == ["append"]
    assert fdb.plan(Wanted(flood=["172.16.1.12"]), place, there).steps == []


def test_entry_that_the_kernel_makes_of_a_remote_hides_none_of_ours() -> None:
    place = replace(PLACE, peer="172.16.1.12")
    entry = {"mac": "00:00:00:00:00:00", "dst": "172.16.1.12", "flags": ["self"]}
    ours, kernels = dict(entry, state="permanent"), dict(entry, state="permanent", via="eth1")
    assert fdb.plan(fdb.NONE, place, parse_entries(place, [kernels], [])).steps == []
    change = fdb.plan(fdb.NONE, place, parse_entries(place, [ours, kernels], []))
    assert change.commands == ["bridge fdb del 00:00:00:00:00:00 dev vxlan0 dst 172.16.1.12 self"]


def test_device_without_a_bridge_needs_no_master() -> None:
    place = Place("vxlan0", None, "vxlan0", version=4)
    change = fdb.plan(WANTED, place, Have())
    assert f"bridge fdb replace {THREE} dev vxlan0 dst 172.16.1.12 self static" in change.commands
    assert f"ip neighbour replace 10.233.0.3 lladdr {THREE} dev vxlan0 nud permanent" in (
        change.commands
    )


def test_what_is_told_and_shown_is_bounded() -> None:
    macs = {f"02:58:00:00:{n >> 8:02x}:{n & 255:02x}": "172.16.1.12" for n in range(1000)}
    flood = [f"172.16.2.{n}" for n in range(1, 101)]
    addresses = {f"10.233.{n >> 8}.{n & 255}": mac for n, mac in enumerate(macs)}
    change = fdb.plan(Wanted(flood, macs, addresses), PLACE, Have())
    assert len(change.steps) == 2100
    assert len(change.differences) == 63
    assert change.differences[20::21] == [
        "vxlan0: and 80 more flood entries",
        "vxlan0: and 980 more MACs",
        "br0: and 980 more neighbours",
    ]
    assert {name: len(shown) for name, shown in change.after.items()} == {
        "vxlan0 flood entries": 20,
        "vxlan0 MACs": 20,
        "br0 neighbours": 20,
    }


@pytest.mark.parametrize("family", [4, 6])
def test_vtep_of_the_other_version_is_an_error(family: int) -> None:
    vtep = "fd00::1" if family == 4 else "172.16.1.12"
    place = replace(PLACE, version=family)
    for want in (Wanted(flood=[vtep]), Wanted(macs={THREE: vtep})):
        with pytest.raises(ChangeError, match=f"VTEP {vtep} is not an IPv{family} address"):
            fdb.plan(want, place, Have())


# --- Where the entries stand


def link(name: str, kind: str, **more: Any) -> Link:
    return Link(1, name, kind, True, 1450, "", **{"alias": MARK.text, **more})


@pytest.mark.parametrize(
    "data, version, peer",
    [
        ({}, 4, None),
        ({"local": "172.16.1.11"}, 4, None),
        ({"local6": "fd00::1"}, 6, None),
        ({"group": "239.1.1.1"}, 4, "239.1.1.1"),
        ({"remote6": "fd00::2"}, 6, "fd00::2"),
    ],
)
def test_device_says_its_ip_version_and_its_peer(data: Any, version: int, peer: Any) -> None:
    place = find_place("vxlan0", None, {"vxlan0": link("vxlan0", "vxlan", data=data)}, MARK)
    assert place == Place("vxlan0", None, "vxlan0", version, peer)


@pytest.mark.parametrize(
    "there, neighbour_dev, expected",
    [
        ({}, None, Place("vxlan0", None, "vxlan0")),
        ({}, "vxlan0", Place("vxlan0", None, "vxlan0")),
        ({}, "br0", Place("vxlan0", "br0", "br0")),
        ({"vxlan0": link("vxlan0", "vxlan")}, "br0", Place("vxlan0", "br0", "br0", 4)),
        (
            {"vxlan0": link("vxlan0", "vxlan"), "br0": link("br0", "bridge")},
            "br0",
            Place("vxlan0", None, "br0", 4),
        ),
        (
            {"vxlan0": link("vxlan0", "vxlan", master="br0"), "br0": link("br0", "bridge")},
            None,
            PLACE,
        ),
    ],
)
def test_devices_that_are_announced_are_taken_for_there(
    there: Dict[str, Link], neighbour_dev: Any, expected: Place
) -> None:
    assert find_place("vxlan0", neighbour_dev, there, MARK) == expected


@pytest.mark.parametrize(
    "there, neighbour_dev, named",
    [
        ({"vxlan0": link("vxlan0", "vxlan", alias=None)}, None, "vxlan0 exists and is not ours"),
        ({"vxlan0": link("vxlan0", "bridge")}, None, "vxlan0 is ours, but a bridge"),
        (
            {
                "vxlan0": link("vxlan0", "vxlan", master="docker0"),
                "docker0": link("docker0", "bridge", alias=None),
            },
            "vxlan0",
            "docker0 exists and is not ours",
        ),
        ({"eth1": Link(1, "eth1", None, True, 1500, "")}, "eth1", "eth1 exists and is not ours"),
    ],
)
def test_device_that_is_not_ours_is_an_error(
    there: Dict[str, Link], neighbour_dev: Any, named: str
) -> None:
    with pytest.raises(ChangeError, match=named):
        find_place("vxlan0", neighbour_dev, there, MARK)


def test_removal_sees_no_device_of_others() -> None:
    there = {"vxlan0": link("vxlan0", "vxlan"), "br0": link("br0", "bridge", alias="theirs")}
    assert list(only_ours(there, MARK)) == ["vxlan0"]


# --- From the options

PARAMS: Dict[str, Any] = {
    "dev": "vxlan0", "neighbour_dev": None, "flood": None, "macs": None, "neighbours": None,
}  # fmt: skip


def message(**given: Any) -> str:
    with pytest.raises(ChangeError) as refused:
        entries_from_params(dict(PARAMS, **given))
    return str(refused.value)


def test_lists_that_are_not_given_are_none() -> None:
    assert entries_from_params(PARAMS) == (Wanted(None, None, None), "vxlan0", None)


def test_values_are_those_that_the_kernel_reports() -> None:
    want, _dev, _neighbour_dev = entries_from_params(
        dict(
            PARAMS,
            flood=["FD00:0::12", "172.16.1.12"],
            macs=[{"mac": THREE.upper(), "vtep": "fd00:0:0::12"}],
            neighbours=[{"address": "fd00:233:0::4", "mac": FOUR.upper()}],
        )
    )
    assert want.flood == ["fd00::12", "172.16.1.12"]
    assert want.macs == {THREE: "fd00::12"}
    assert want.neighbours == {"fd00:233::4": FOUR}


@pytest.mark.parametrize(
    "given, told",
    [
        ({"dev": "a b"}, "dev is 'a b': it must"),
        ({"neighbour_dev": "/"}, "neighbour_dev is '/': it must"),
        ({"flood": ["172.16.1.12", "239.1.1.1"]}, "flood[1] is '239.1.1.1': it must be a unicast"),
        ({"flood": ["172.16.01.12"]}, "flood[0] is '172.16.01.12': it must be an IPv4 or IPv6"),
        ({"flood": ["0.0.0.0"]}, "flood[0] is '0.0.0.0': it must be a unicast"),
        ({"flood": ["::"]}, "flood[0] is '::': it must be a unicast"),
        ({"macs": [{"mac": THREE}]}, "macs[0] is {'mac': "),
        ({"macs": [{"mac": THREE, "vtep": "x", "vlan": 1}]}, "macs[0] is {'mac': "),
        ({"macs": [{"mac": THREE, "dst": "172.16.1.12"}]}, "macs[0] is {'mac': "),
        ({"macs": [{"mac": "x", "vtep": "172.16.1.12"}]}, "macs[0].mac is 'x': it must"),
        ({"macs": [{"mac": THREE, "vtep": None}]}, "macs[0].vtep is None: it must"),
        ({"macs": [{"mac": THREE, "vtep": ["172.16.1.12"]}]}, "macs[0].vtep is ['172.16.1.12']"),
        ({"neighbours": [{"address": 7, "mac": THREE}]}, "neighbours[0].address is 7: it must"),
        ({"neighbours": [{"address": "::1", "mac": 7}]}, "neighbours[0].mac is 7: it must"),
    ],
)
def test_wrong_value_is_named(given: Dict[str, Any], told: str) -> None:
    assert message(**given).startswith(told)


@pytest.mark.parametrize(
    "given, told",
    [
        (
            {"flood": ["172.16.1.12", "172.16.1.13", "172.16.1.12"]},
            "flood[0] and flood[2] are both for 172.16.1.12: one of them must go",
        ),
        (
            {"macs": [{"mac": THREE, "vtep": f"172.16.1.{n}"} for n in (12, 12)]},
            f"macs[0] and macs[1] are both for {THREE} (172.16.1.12 and 172.16.1.12): one of",
        ),
        (
            {"neighbours": [{"address": "10.233.0.3", "mac": mac} for mac in (THREE, FOUR)]},
            f"neighbours[0] and neighbours[1] are both for 10.233.0.3 ({THREE} and {FOUR}): one",
        ),
    ],
)
def test_entries_for_the_same_are_both_named(given: Dict[str, Any], told: str) -> None:
    assert message(**given).startswith(told)
