# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""vxlan_fdb against the kernel."""

from __future__ import annotations

import time
from typing import Any

import pytest

from .host import Host

MARKED = 'alias "vxlab.overlay:overlay"'
ZERO = "00:00:00:00:00:00"
# What devices send by themselves over IPv6 would be counted, and flooded, too.
QUIET = "sysctl -qw net.ipv6.conf.default.disable_ipv6=1"
DEVICES = f"""
ip link add vxlan0 type vxlan id 42 dstport 4789 nolearning local {{vtep}}
ip link set vxlan0 {MARKED}
ip link add br0 address {{mac}} type bridge mcast_snooping 0
ip link set br0 {MARKED} mtu 1400
ip address add {{address}}/16 dev br0
ip link set vxlan0 master br0
ip link set vxlan0 type bridge_slave learning off
ip link set vxlan0 up
ip link set br0 up
"""
MACS = {11: "02:58:0a:e9:00:0b", 12: "02:58:0a:e9:00:0c"}
ONE, TWO, GONE = "02:58:0a:e9:01:01", "02:58:0a:e9:01:02", "02:58:0a:e9:01:09"
# What a host should have in the tests of one host.
WANTED: dict[str, Any] = {
    "flood": ["172.16.1.12", "172.16.1.13"],
    "macs": [{"mac": ONE, "vtep": "172.16.1.12"}, {"mac": TWO, "vtep": "172.16.1.13"}],
    "neighbours": [
        {"address": "10.233.1.1", "mac": ONE},
        {"address": "10.233.1.2", "mac": TWO},
        {"address": "fd00:233::2", "mac": TWO},
    ],
}


def devices(number: int, vtep: str = "172.16.1.{}") -> str:
    """What makes vxlan0 and br0, 10.233.0.N."""
    address = f"10.233.0.{number}"
    return DEVICES.format(vtep=vtep.format(number), mac=MACS[number], address=address)


def flood(host: Host) -> set[str]:
    return {e["dst"] for e in listed(host) if e["mac"] == ZERO}


def macs(host: Host) -> dict[str, str]:
    """Destinations by MAC, of all kinds of entries of the VXLAN device."""
    return {e["mac"]: e["dst"] for e in listed(host) if "dst" in e and e["mac"] != ZERO}


def bridged(host: Host) -> dict[str, str]:
    """States by MAC, of what the bridge has at the VXLAN device."""
    return {e["mac"]: e["state"] for e in listed(host) if "dst" not in e and "vlan" not in e}


def listed(host: Host) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = host.listed("bridge -j fdb show dev vxlan0")
    return entries


def neighbours(host: Host, dev: str = "br0") -> dict[str, str]:
    entries = host.listed(f"ip -j neighbour show dev {dev} nud permanent")
    return {e["dst"]: e["lladdr"] for e in entries}


def everything(host: Host) -> list[str]:
    """All entries, without what ages."""
    shown = "bridge fdb show dev vxlan0; ip neighbour show dev br0 nud permanent"
    return sorted(host.run(shown).splitlines())


def apply(host: Host, args: dict[str, Any]) -> dict[str, Any]:
    """As every run has to go; check mode and a second run change no entry either."""
    before = everything(host)
    host.module("vxlan_fdb", args, check=True)
    assert everything(host) == before, "check mode changed entries"
    return host.apply("vxlan_fdb", args)


def refusal(host: Host, args: dict[str, Any]) -> str:
    before = everything(host)
    message = host.refusal("vxlan_fdb", args)
    assert everything(host) == before
    return message


def answers(host: Host, address: str) -> bool:
    return host.attempt(f"ping -n -c 2 -W 1 {address}").returncode == 0


def macs_at(other: int, vtep: str = "172.16.1.{}") -> dict[str, Any]:
    """What a host needs to reach another one's bridge."""
    mac = MACS[other]
    return {
        "macs": [{"mac": mac, "vtep": vtep.format(other)}],
        "neighbours": [{"address": f"10.233.0.{other}", "mac": mac}],
    }


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


def test_nexthop_in_the_way_is_named(bridge: Host) -> None:
    bridge.run("ip nexthop add id 5 via 172.16.1.12 fdb; ip nexthop add id 10 group 5 fdb")
    bridge.run(f"bridge fdb add {ONE} dev vxlan0 nhid 10 self")
    message = refusal(bridge, WANTED)
    assert message.startswith(f"MAC {ONE} of vxlan0 is at a nexthop (nhid 10)")
    bridge.run(message.split("first: ")[1])
    apply(bridge, WANTED)


def test_vtep_of_the_other_ip_version_is_named(bridge: Host) -> None:
    assert refusal(bridge, {"flood": ["fd00:1::12"]}).startswith("VTEP fd00:1::12 is not an IPv4")
    macs6 = [{"mac": ONE, "vtep": "fd00:1::12"}]
    assert refusal(bridge, {"macs": macs6}).startswith("VTEP fd00:1::12 is not an IPv4")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"dev": "a/b"}, ["dev is 'a/b'"]),
        ({"neighbour_dev": "a" * 16}, ["neighbour_dev is "]),
        ({"flood": ["172.16.1.12", "239.1.1.1"]}, ["flood[1] is '239.1.1.1'"]),
        ({"flood": ["172.16.1.12", "172.16.1.12"]}, ["flood[0] and flood[1]", "172.16.1.12"]),
        ({"macs": [{"mac": ONE}]}, ["macs[0] is", "mac and vtep"]),
        ({"macs": [{"mac": ZERO, "vtep": "172.16.1.12"}]}, ["macs[0].mac is"]),
        ({"macs": [{"mac": ONE, "vtep": "x"}]}, ["macs[0].vtep is 'x'"]),
        ({"neighbours": [{"address": "10.0.0.0/8", "mac": ONE}]}, ["neighbours[0].address is"]),
    ],
)
def test_nonsense_is_refused_by_name(bridge: Host, args: dict[str, Any], words: list[str]) -> None:
    message = refusal(bridge, args)
    assert [word for word in words if word not in message] == []


def test_conflicting_entries_are_both_named(bridge: Host) -> None:
    twice = [*WANTED["macs"], {"mac": ONE.upper(), "vtep": "172.16.1.14"}]
    message = refusal(bridge, {"macs": twice})
    assert message.startswith(f"macs[0] and macs[2] are both for {ONE} (172.16.1.12 and 172.16.1")


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


def test_thousands_of_entries_are_one_run(bridge: Host) -> None:
    peers = [f"172.16.{n // 100 + 2}.{n % 100 + 1}" for n in range(100)]
    entries = [
        {"mac": f"02:58:0a:ea:{n >> 8:02x}:{n & 255:02x}", "vtep": peers[n % 100]}
        for n in range(5000)
    ]
    addresses = [
        {"address": f"10.234.{n >> 8}.{n & 255}", "mac": entry["mac"]}
        for n, entry in enumerate(entries, start=1)
    ]
    args = {"flood": peers, "macs": entries, "neighbours": addresses}
    result = apply(bridge, args)
    assert len(result["commands"]) == 10100
    assert result["differences"][20] == "vxlan0: and 80 more flood entries"
    assert result["differences"][41] == "vxlan0: and 4980 more MACs"
    assert result["differences"][62] == "br0: and 4980 more neighbours"
    assert (len(flood(bridge)), len(macs(bridge)), len(neighbours(bridge))) == (100, 5000, 5000)
    gone = entries[2345]
    fewer = {**args, "macs": [entry for entry in entries if entry is not gone]}
    assert apply(bridge, fewer)["commands"] == [
        f"bridge fdb del {gone['mac']} dev vxlan0 dst {gone['vtep']} self master"
    ]
    left = apply(bridge, {"state": "absent"})["differences"]
    assert left[20] == "vxlan0: and 80 more flood entries that should not be there"
    assert (flood(bridge), macs(bridge), neighbours(bridge)) == (set(), {}, {})


# --- Packets between two hosts


def sent(host: Host) -> int:
    """Packets that left by the VXLAN device."""
    count: int = host.listed("ip -j -s link show dev vxlan0")[0]["stats64"]["tx"]["packets"]
    return count


def test_flood_entry_carries_broadcasts(pair: tuple[Host, Host]) -> None:
    first, second = pair
    first.run(f"{QUIET}\n{devices(11)}")
    second.run(f"{QUIET}\n{devices(12)}")
    assert not answers(first, "10.233.0.12")
    apply(first, {"flood": ["172.16.1.12"]})
    apply(second, {"flood": ["172.16.1.11"]})
    assert answers(first, "10.233.0.12")
    apply(first, {"flood": []})
    first.run("ip neighbour flush dev br0")
    assert not answers(first, "10.233.0.12")


def test_mac_entry_carries_unicasts_where_nothing_is_learned(pair: tuple[Host, Host]) -> None:
    first, second = pair
    first.run(f"{QUIET}\n{devices(11)}")
    second.run(f"{QUIET}\n{devices(12)}")
    # Neither is flooded by the bridge to the port what its MAC entry does not bring there.
    for host in pair:
        host.run("ip link set vxlan0 type bridge_slave flood off bcast_flood off mcast_flood off")
    apply(first, macs_at(12))
    apply(second, macs_at(11))
    assert answers(first, "10.233.0.12")
    assert flood(first) == flood(second) == set()
    assert list(macs(first)) == [MACS[12]], "something was learned"
    apply(first, {"macs": []})
    before = sent(first)
    assert not answers(first, "10.233.0.12")
    assert sent(first) == before


def test_ipv6_vteps(pair: tuple[Host, Host]) -> None:
    first, second = pair
    for host, number in ((first, 11), (second, 12)):
        host.run(f"ip address add fd00:1::{number}/64 dev eth1 nodad")
        host.run(f"{QUIET}\n{devices(number, 'fd00:1::{}')}")
    result = apply(first, {**macs_at(12, "fd00:1:0::{}"), "flood": ["FD00:1::12"]})
    assert "vxlan0: flood entry to fd00:1::12: missing" in result["differences"]
    apply(second, {"flood": ["fd00:1::11"]})
    assert answers(first, "10.233.0.12")
    assert refusal(first, {"flood": ["172.16.1.12"]}).startswith("VTEP 172.16.1.12 is not an IPv6")
    apply(first, {"state": "absent"})
    assert not answers(first, "10.233.0.12")


def test_bridge_answers_arp_from_the_neighbour_entry(pair: tuple[Host, Host]) -> None:
    """A container of the first host asks for the second's address; flooding is on, so it could."""
    first, second = pair
    first.run(f"{QUIET}\n{devices(11)}")
    second.run(f"{QUIET}\n{devices(12)}")
    first.run(
        f"""
        ip link set vxlan0 type bridge_slave neigh_suppress on
        ip netns add ns1
        ip link add veth1 type veth peer name eth0 address {ONE} mtu 1400 netns ns1
        ip link set veth1 master br0 up
        ip -n ns1 link set eth0 up
        ip -n ns1 address add 10.233.1.1/16 dev eth0
        """
    )
    second.run(
        "nft -f -",
        stdin="""
        table bridge count {
            chain arps {
                type filter hook prerouting priority -300;
                iifname vxlan0 ether type arp counter
            }
        }
        """,
    )
    apply(first, {**macs_at(12), "neighbours": [], "flood": ["172.16.1.12"]})
    behind = {"macs": [{"mac": ONE, "vtep": "172.16.1.11"}]}
    apply(second, {**behind, "neighbours": [{"address": "10.233.1.1", "mac": ONE}]})
    first.ping("ns1", "10.233.0.12")
    assert arps(second) > 0, "what is not known is asked for"
    apply(first, macs_at(12))
    first.run("ip -n ns1 neighbour flush dev eth0")
    before = arps(second)
    first.ping("ns1", "10.233.0.12")
    shown = first.listed("ip -n ns1 -j neighbour show to 10.233.0.12")
    assert shown[0]["lladdr"] == MACS[12]
    time.sleep(0.2)
    assert arps(second) == before, "an ARP request left the host"


def arps(host: Host) -> int:
    """ARP packets that came in by the VXLAN device."""
    rules = host.listed("nft -j list table bridge count")["nftables"]
    (rule,) = [entry["rule"] for entry in rules if "rule" in entry]
    (count,) = [part["counter"]["packets"] for part in rule["expr"] if "counter" in part]
    assert isinstance(count, int)
    return count
