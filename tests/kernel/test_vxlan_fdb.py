# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""vxlan_fdb against the kernel: entries made, mended, and left to others."""

from __future__ import annotations

import pytest

from .fdb import (
    GONE,
    MARKED,
    ONE,
    TWO,
    WANTED,
    ZERO,
    apply,
    bridged,
    devices,
    everything,
    flood,
    listed,
    macs,
    neighbours,
    refusal,
)
from .host import Host


@pytest.fixture(name="bridge")
def fixture_bridge(host: Host) -> Host:
    """A host with vxlan0 in br0, and no entries."""
    host.run(devices(11))
    return host


@pytest.fixture(name="filled")
def fixture_filled(bridge: Host) -> Host:
    """The same with the wanted entries."""
    bridge.module("vxlan_fdb", WANTED)
    return bridge


def test_made_and_removed_without_a_trace(bridge: Host) -> None:
    before = everything(bridge)
    result = apply(bridge, WANTED)
    assert result["differences"] == [
        "vxlan0: flood entry to 172.16.1.12: missing",
        "vxlan0: flood entry to 172.16.1.13: missing",
        f"vxlan0: MAC {ONE}: missing",
        f"vxlan0: MAC {TWO}: missing",
        "br0: neighbour 10.233.1.1: missing",
        "br0: neighbour 10.233.1.2: missing",
        "br0: neighbour fd00:233::2: missing",
    ]
    assert flood(bridge) == {"172.16.1.12", "172.16.1.13"}
    assert macs(bridge) == {ONE: "172.16.1.12", TWO: "172.16.1.13"}
    assert (bridged(bridge)[ONE], bridged(bridge)[TWO]) == ("static", "static")
    assert neighbours(bridge) == {"10.233.1.1": ONE, "10.233.1.2": TWO, "fd00:233::2": TWO}
    apply(bridge, {"state": "absent"})
    assert everything(bridge) == before


def test_commands_can_be_typed(bridge: Host) -> None:
    commands = bridge.module("vxlan_fdb", WANTED, check=True)["commands"]
    for command in commands:
        bridge.run(command)
    bridge.unchanged("vxlan_fdb", WANTED)
    commands = bridge.module("vxlan_fdb", {"state": "absent"}, check=True)["commands"]
    for command in commands:
        bridge.run(command)
    bridge.unchanged("vxlan_fdb", {"state": "absent"})


@pytest.mark.parametrize("name", ["flood", "macs", "neighbours"])
def test_list_that_is_not_given_is_left_alone(filled: Host, name: str) -> None:
    before = everything(filled)
    filled.unchanged("vxlan_fdb", {})
    result = apply(filled, {name: []})
    assert len(result["differences"]) == len(WANTED[name])
    apply(filled, {name: WANTED[name]})
    assert everything(filled) == before


def test_who_left_is_purged_and_nobody_else(filled: Host) -> None:
    fewer = {name: entries[:1] for name, entries in WANTED.items()}
    result = apply(filled, fewer)
    assert result["differences"] == [
        "vxlan0: flood entry to 172.16.1.13: should not be there",
        f"vxlan0: MAC {TWO} at 172.16.1.13: should not be there",
        "br0: neighbour 10.233.1.2: should not be there",
        "br0: neighbour fd00:233::2: should not be there",
    ]
    assert (flood(filled), macs(filled)) == ({"172.16.1.12"}, {ONE: "172.16.1.12"})
    assert TWO not in bridged(filled)
    assert neighbours(filled) == {"10.233.1.1": ONE}


SABOTAGE = {
    "flood entry deleted": (
        f"bridge fdb del {ZERO} dev vxlan0 dst 172.16.1.12 self",
        "vxlan0: flood entry to 172.16.1.12: missing",
    ),
    "flood list made to age": (
        f"bridge fdb append {ZERO} dev vxlan0 dst 172.16.1.12 self dynamic",
        "vxlan0: flood entry to 172.16.1.12: missing",
    ),
    "stray flood entry": (
        f"bridge fdb append {ZERO} dev vxlan0 dst 172.16.1.14 self",
        "vxlan0: flood entry to 172.16.1.14: should not be there",
    ),
    "stray flood entry in a list made to age": (
        f"bridge fdb append {ZERO} dev vxlan0 dst 172.16.1.14 self dynamic",
        "vxlan0: flood entry to 172.16.1.14: should not be there",
    ),
    "MAC deleted": (
        f"bridge fdb del {ONE} dev vxlan0 self master",
        f"vxlan0: MAC {ONE}: missing",
    ),
    "MAC deleted in the VXLAN device": (
        f"bridge fdb del {ONE} dev vxlan0 self",
        f"vxlan0: MAC {ONE}: missing",
    ),
    "MAC deleted in the bridge": (
        f"bridge fdb del {ONE} dev vxlan0 master",
        f"vxlan0: MAC {ONE}: missing in br0",
    ),
    "MAC moved to another VTEP": (
        f"bridge fdb replace {ONE} dev vxlan0 dst 172.16.1.13 self static",
        f"vxlan0: MAC {ONE}: at 172.16.1.13, should be at 172.16.1.12",
    ),
    "MAC moved to another port of the bridge": (
        "ip link add p1 type veth peer name q1; ip link set p1 master br0;"
        f" bridge fdb replace {ONE} dev p1 master static",
        f"vxlan0: MAC {ONE}: missing in br0",
    ),
    "MAC made the host's own": (
        f"bridge fdb replace {ONE} dev vxlan0 master permanent",
        f"vxlan0: MAC {ONE}: missing in br0",
    ),
    "MAC made to age": (
        f"bridge fdb replace {ONE} dev vxlan0 dst 172.16.1.12 self dynamic",
        f"vxlan0: MAC {ONE}: missing",
    ),
    "MAC given another port": (
        f"bridge fdb replace {ONE} dev vxlan0 dst 172.16.1.12 port 4790 self static",
        f"vxlan0: MAC {ONE}: at 172.16.1.12 port 4790, should be at 172.16.1.12",
    ),
    "MAC given another VNI": (
        f"bridge fdb replace {ONE} dev vxlan0 dst 172.16.1.12 vni 77 self static",
        f"vxlan0: MAC {ONE}: at 172.16.1.12 vni 77, should be at 172.16.1.12",
    ),
    "MAC taken over by a daemon": (
        f"bridge fdb del {ONE} dev vxlan0 self;"
        f" bridge fdb replace {ONE} dev vxlan0 dst 172.16.1.12 self static extern_learn",
        f"vxlan0: MAC {ONE}: missing",
    ),
    "stray MAC": (
        f"bridge fdb replace {GONE} dev vxlan0 dst 172.16.1.12 self master static",
        f"vxlan0: MAC {GONE} at 172.16.1.12: should not be there",
    ),
    "stray MAC, permanent": (
        f"bridge fdb replace {GONE} dev vxlan0 dst 172.16.1.12 self permanent",
        f"vxlan0: MAC {GONE} at 172.16.1.12: should not be there",
    ),
    "stray MAC in the bridge": (
        f"bridge fdb replace {GONE} dev vxlan0 master static",
        f"br0: MAC {GONE} at vxlan0: should not be there",
    ),
    "stray multicast MAC": (
        "bridge fdb append 01:00:5e:01:01:01 dev vxlan0 dst 172.16.1.12 self",
        "vxlan0: MAC 01:00:5e:01:01:01 at 172.16.1.12: should not be there",
    ),
    "neighbour deleted": (
        "ip neighbour del 10.233.1.1 dev br0",
        "br0: neighbour 10.233.1.1: missing",
    ),
    "neighbour with another MAC": (
        f"ip neighbour replace 10.233.1.1 lladdr {TWO} dev br0 nud permanent",
        f"br0: neighbour 10.233.1.1: is {TWO}, should be {ONE}",
    ),
    "neighbour made to age": (
        f"ip neighbour replace 10.233.1.1 lladdr {ONE} dev br0 nud stale",
        "br0: neighbour 10.233.1.1: missing",
    ),
    "neighbour taken over by a daemon": (
        f"ip neighbour replace fd00:233::2 lladdr {ONE} dev br0 nud noarp extern_learn",
        "br0: neighbour fd00:233::2: missing",
    ),
    "permanent neighbour taken over by a daemon": (
        f"ip neighbour replace fd00:233::2 lladdr {ONE} dev br0 nud permanent extern_learn",
        "br0: neighbour fd00:233::2: missing",
    ),
    "neighbour altered by a daemon": (
        f"ip neighbour replace 10.233.1.1 lladdr {TWO} dev br0 nud permanent protocol zebra",
        f"br0: neighbour 10.233.1.1: is {TWO}, should be {ONE}",
    ),
    "stray neighbour": (
        f"ip neighbour replace 10.233.1.9 lladdr {GONE} dev br0 nud permanent",
        "br0: neighbour 10.233.1.9: should not be there",
    ),
    "stray IPv6 neighbour": (
        f"ip neighbour replace fd00:233::9 lladdr {GONE} dev br0 nud permanent",
        "br0: neighbour fd00:233::9: should not be there",
    ),
}


@pytest.mark.parametrize("what", SABOTAGE)
def test_sabotage_is_told_by_name_and_mended(filled: Host, what: str) -> None:
    before = everything(filled)
    script, told = SABOTAGE[what]
    filled.run(script)
    assert everything(filled) != before
    assert told in apply(filled, WANTED)["differences"]
    mended = [line for line in everything(filled) if "dev p1" not in line]
    assert [line.replace(" proto zebra", "") for line in mended] == before


FOREIGN = {
    "learned": f"bridge fdb replace {GONE} dev vxlan0 dst 172.16.1.19 self dynamic",
    "learned by the bridge": f"bridge fdb replace {GONE} dev vxlan0 master dynamic",
    "daemon's": f"bridge fdb replace {GONE} dev vxlan0 dst 172.16.1.19 self static extern_learn",
    "daemon's in the bridge": f"bridge fdb replace {GONE} dev vxlan0 master static extern_learn",
    "of another port": f"bridge fdb append {GONE} dev vxlan0 dst 172.16.1.19 port 9 self",
    "of another VNI": f"bridge fdb append {ZERO} dev vxlan0 dst 172.16.1.12 vni 77 self",
    "by a device": f"bridge fdb append {ZERO} dev vxlan0 dst 172.16.1.12 via eth1 self",
    "host's own": "ip link add p1 type veth peer name q1; ip link set p1 master br0",
    "learned neighbour": f"ip neighbour add 10.233.1.9 lladdr {GONE} dev br0 nud stale",
    "daemon's neighbour": (
        f"ip neighbour add 10.233.1.9 lladdr {GONE} dev br0 nud permanent extern_learn"
    ),
    "daemon's neighbour by protocol": (
        f"ip neighbour add 10.233.1.9 lladdr {GONE} dev br0 nud permanent protocol zebra"
    ),
    "another device's neighbour": (
        f"ip neighbour add 172.16.1.19 lladdr {GONE} dev eth1 nud permanent"
    ),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_others_entries_are_left(filled: Host, what: str) -> None:
    filled.run(FOREIGN[what])
    neighbour = "ip neighbour show nud all | grep lladdr | grep -v -e ' ff02:' -e ^ff02:"
    before = filled.run(neighbour)
    filled.unchanged("vxlan_fdb", WANTED)
    shown = everything(filled)
    filled.module("vxlan_fdb", {"state": "absent"})
    filled.module("vxlan_fdb", WANTED)
    assert everything(filled) == shown
    assert sorted(filled.run(neighbour).splitlines()) == sorted(before.splitlines())


@pytest.mark.parametrize("peer", ["group 239.1.1.1 dev eth1", "remote 172.16.1.12"])
def test_own_group_or_remote_stays(host: Host, peer: str) -> None:
    host.run(f"ip link add vxlan0 type vxlan id 42 dstport 4789 {peer}")
    host.run(f"ip link set vxlan0 {MARKED} up")
    host.unchanged("vxlan_fdb", {"flood": [], "macs": [], "neighbours": []})
    host.unchanged("vxlan_fdb", {"state": "absent"})
    host.apply("vxlan_fdb", {"flood": ["172.16.1.12", "172.16.1.13"]})
    host.apply("vxlan_fdb", {"flood": []})
    assert len(flood(host)) == 1


def test_mac_that_moved_is_corrected_in_place(filled: Host) -> None:
    moved = [{"mac": ONE, "vtep": "172.16.1.13"}, WANTED["macs"][1]]
    result = apply(filled, {"macs": moved})
    assert result["commands"] == [
        f"bridge fdb replace {ONE} dev vxlan0 dst 172.16.1.13 self master static"
    ]
    assert macs(filled) == {ONE: "172.16.1.13", TWO: "172.16.1.13"}


def test_additions_come_before_removals(filled: Host) -> None:
    args = {
        "flood": ["172.16.1.14"],
        "macs": [{"mac": GONE, "vtep": "172.16.1.14"}],
        "neighbours": [{"address": "10.233.1.9", "mac": GONE}],
    }
    commands = apply(filled, args)["commands"]
    verbs = ["del" if " del " in command else "add" for command in commands]
    assert verbs == sorted(verbs)
    assert (flood(filled), macs(filled)) == ({"172.16.1.14"}, {GONE: "172.16.1.14"})


def test_device_without_a_bridge(host: Host) -> None:
    host.run("ip link add vxlan0 type vxlan id 42 dstport 4789 local 172.16.1.11")
    host.run(f"ip link set vxlan0 {MARKED} up")
    host.apply("vxlan_fdb", WANTED)
    assert macs(host) == {ONE: "172.16.1.12", TWO: "172.16.1.13"}
    assert neighbours(host, "vxlan0")["10.233.1.1"] == ONE
    host.apply("vxlan_fdb", {"state": "absent"})
    assert neighbours(host, "vxlan0") == {}
    assert listed(host) == []


def test_neighbours_behind_another_device(bridge: Host) -> None:
    bridge.run(f"ip link add br1 type bridge; ip link set br1 {MARKED} up")
    apply(bridge, {**WANTED, "neighbour_dev": "br1"})
    assert (len(neighbours(bridge, "br1")), neighbours(bridge)) == (3, {})
    apply(bridge, {"state": "absent", "neighbour_dev": "br1"})
    assert neighbours(bridge, "br1") == {}


def test_check_mode_foretells_a_host_that_has_nothing_yet(host: Host) -> None:
    args = {**WANTED, "neighbour_dev": "br0"}
    foretold = host.module("vxlan_fdb", args, check=True)
    host.run(devices(11))
    result = host.module("vxlan_fdb", args)
    assert foretold["commands"] == result["commands"]
    assert foretold["differences"] == result["differences"]


def test_missing_device_is_an_error_of_the_run(host: Host) -> None:
    message = host.fails("vxlan_fdb", WANTED)["msg"]
    assert message == 'cannot let vxlan0 flood to 172.16.1.12: Cannot find device "vxlan0"'


@pytest.mark.parametrize(
    "foreign",
    [
        "ip link set vxlan0 alias somebody",
        "ip link set vxlan0 alias vxlab.overlay:overlay2",
        "ip link set br0 alias somebody",
    ],
)
def test_foreign_device_is_refused_and_left(filled: Host, foreign: str) -> None:
    filled.run(foreign)
    name = foreign.split()[3]
    message = refusal(filled, {"flood": [], "macs": [], "neighbours": []})
    assert message.startswith(f"{name} exists and is not ours")
    if name == "vxlan0":
        filled.unchanged("vxlan_fdb", {"state": "absent", "neighbour_dev": "vxlan0"})


def test_foreign_neighbour_device_is_refused_and_left(filled: Host) -> None:
    message = refusal(filled, {**WANTED, "neighbour_dev": "eth1"})
    assert message.startswith("eth1 exists and is not ours")
    filled.run(f"ip neighbour add 172.16.1.19 lladdr {GONE} dev eth1 nud permanent")
    filled.module("vxlan_fdb", {"state": "absent", "neighbour_dev": "eth1"})
    assert neighbours(filled, "eth1") == {"172.16.1.19": GONE}


def test_diff_shows_what_differs(filled: Host) -> None:
    args = {"macs": [{"mac": ONE, "vtep": "172.16.1.13"}, {"mac": GONE, "vtep": "172.16.1.12"}]}
    diff = filled.module("vxlan_fdb", args, check=True)["diff"]
    assert diff["before"] == {"vxlan0 MACs": {ONE: "172.16.1.12", TWO: "172.16.1.13"}}
    assert diff["after"] == {"vxlan0 MACs": {ONE: "172.16.1.13", GONE: "172.16.1.12"}}


@pytest.mark.parametrize("count", range(1, 7))
def test_next_run_succeeds_where_one_was_killed(bridge: Host, count: int) -> None:
    commands = bridge.module("vxlan_fdb", WANTED, check=True)["commands"]
    assert count < len(commands)
    for command in commands[:count]:
        bridge.run(command)
    apply(bridge, WANTED)


def test_ordinary_user_is_told_to_become_root(bridge: Host) -> None:
    assert "root" in bridge.as_user("vxlan_fdb", WANTED)
    assert flood(bridge) == set()
