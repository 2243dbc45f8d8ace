# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""vxlan_link against the kernel."""

from __future__ import annotations

from typing import Any

import pytest

from .host import Host

GROUP = {"vni": 42, "group": "239.1.1.1", "dev": "eth1"}
REMOTE = {"vni": 42, "remote": "172.16.1.12"}
NEITHER = {"vni": 42}
SIX = {"vni": 42, "group": "ff05::42", "dev": "eth1"}
BASES: dict[str, dict[str, Any]] = {"group": GROUP, "remote": REMOTE, "neither": NEITHER}
OURS = 'ip link set vxlan0 alias "vxlab.overlay:overlay" up'
BY_HAND = {
    "group": f"ip link add vxlan0 type vxlan id 42 dstport 4789 group 239.1.1.1 dev eth1; {OURS}",
    "remote": f"ip link add vxlan0 type vxlan id 42 dstport 4789 remote 172.16.1.12; {OURS}",
    "neither": f"ip link add vxlan0 type vxlan id 42 dstport 4789; {OURS}",
}


def data(host: Host, name: str = "vxlan0") -> dict[str, Any]:
    found: dict[str, Any] = host.link(name)["linkinfo"]["info_data"]
    return found


def groups(host: Host, family: int = 4) -> list[str]:
    """The multicast groups that the host has joined on eth1."""
    listed = host.listed(f"ip -{family} -j maddress show dev eth1")
    return [entry["address"] for entry in listed[0]["maddr"]]


@pytest.mark.parametrize(
    "args", [GROUP, REMOTE, NEITHER, SIX], ids=["group", "remote", "no", "six"]
)
def test_made_and_removed_without_a_trace(host: Host, args: dict[str, Any]) -> None:
    before = host.state()
    host.apply("vxlan_link", args)
    link = host.link("vxlan0")
    assert link["ifalias"] == "vxlab.overlay:overlay"
    assert "UP" in link["flags"]
    shown = link["linkinfo"]["info_data"]
    peer = args.get("group") or args.get("remote")
    assert (shown["id"], shown["port"]) == (42, 4789)
    assert next((shown[k] for k in ("group", "group6", "remote") if k in shown), None) == peer
    host.apply("vxlan_link", {"state": "absent"})
    assert host.state() == before


def test_every_option_reaches_the_kernel(host: Host) -> None:
    host.apply(
        "vxlan_link",
        {
            "name": "vx7", "vni": 7, "group": "239.1.1.7", "dev": "eth1", "local": "172.16.1.11",
            "port": 8472, "src_port_min": 40000, "src_port_max": 50000, "ttl": "9", "tos": "8",
            "df": "set", "learning": False, "ageing": 77, "max_addresses": 5, "proxy": True,
            "rsc": True, "l2miss": True, "l3miss": True, "udp_csum": False,
            "udp6_zero_csum_tx": True, "udp6_zero_csum_rx": True, "mac": "02:58:00:00:00:07",
            "mtu": 1400, "up": False,
        },
    )  # fmt: skip
    link = host.link("vx7")
    assert (link["address"], link["mtu"], "UP" in link["flags"]) == (
        "02:58:00:00:00:07",
        1400,
        False,
    )
    assert data(host, "vx7") == {
        "id": 7, "group": "239.1.1.7", "link": "eth1", "local": "172.16.1.11", "port": 8472,
        "port_range": {"low": 40000, "high": 50000}, "ttl": 9, "tos": "0x8", "df": "set",
        "learning": False, "ageing": 77, "limit": 5, "proxy": True, "rsc": True, "l2miss": True,
        "l3miss": True, "udp_csum": False, "udp_zero_csum6_tx": True, "udp_zero_csum6_rx": True,
    }  # fmt: skip


def test_tos_is_the_number_that_was_given(host: Host) -> None:
    host.apply("vxlan_link", {**GROUP, "tos": "16"})
    assert data(host)["tos"] == "0x10"


@pytest.mark.parametrize("vni", [0, 1, 2**24 - 1])
def test_vni_from_end_to_end_of_24_bits(host: Host, vni: int) -> None:
    host.apply("vxlan_link", {**GROUP, "vni": vni})
    assert data(host)["id"] == vni


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ({"vni": -1}, "vni"),
        ({"vni": 2**24}, "vni"),
        ({**GROUP, "group": "10.0.0.1"}, "group"),
        ({"vni": 42, "remote": "239.1.1.1"}, "remote"),
        ({"vni": 42, "port": 0}, "port"),
        ({"vni": 42, "port": 65536}, "port"),
        ({"vni": 42, "name": "a" * 16}, "name"),
        ({"vni": 42, "name": "a/b"}, "name"),
        ({"vni": 42, "mac": "01:00:00:00:00:01"}, "mac"),
        ({"vni": 42, "ttl": "256"}, "ttl"),
        ({"vni": 42, "overlay_name": "a b"}, "overlay_name"),
    ],
)
def test_nonsense_is_refused_by_name(host: Host, args: dict[str, Any], named: str) -> None:
    assert host.refusal("vxlan_link", args).startswith(f"{named} is ")


@pytest.mark.parametrize(
    ("made", "change", "told"),
    [
        ("group", {"group": "239.9.9.9"}, "vxlan0: peer 239.1.1.1 -> 239.9.9.9"),
        ("group", {"group": None, "dev": "eth1", "remote": "172.16.1.12"}, "peer"),
        ("remote", {"remote": "172.16.1.13"}, "vxlan0: peer 172.16.1.12 -> 172.16.1.13"),
        ("remote", {"remote": None, "group": "239.1.1.1", "dev": "eth1"}, "recreate: dev"),
        ("neither", {"remote": "172.16.1.12"}, "vxlan0: peer none -> 172.16.1.12"),
        ("group", {"local": "172.16.1.11"}, "vxlan0: local none -> 172.16.1.11"),
        ("group", {"ttl": "7"}, "vxlan0: ttl auto -> 7"),
        ("group", {"tos": "8"}, "vxlan0: tos 0 -> 8"),
        ("group", {"tos": "inherit"}, "vxlan0: tos 0 -> inherit"),
        ("group", {"df": "set"}, "vxlan0: df unset -> set"),
        ("group", {"df": "inherit"}, "vxlan0: df unset -> inherit"),
        ("group", {"learning": False}, "vxlan0: learning True -> False"),
        ("group", {"ageing": 30}, "vxlan0: ageing 300 -> 30"),
        ("group", {"mac": "02:58:00:00:00:01"}, "-> 02:58:00:00:00:01"),
        ("group", {"mtu": 1300}, "vxlan0: mtu 1450 -> 1300"),
        ("group", {"up": False}, "vxlan0: up True -> False"),
        ("group", {"vni": 43}, "vxlan0: recreate: vni 42 -> 43"),
        ("group", {"dev": "wire"}, "vxlan0: recreate: dev eth1 -> wire"),
        ("group", {"port": 8472}, "vxlan0: recreate: port 4789 -> 8472"),
        ("group", {"src_port_min": 4, "src_port_max": 5}, "recreate: src_port_min 0 -> 4"),
        ("group", {"max_addresses": 9}, "vxlan0: recreate: max_addresses 0 -> 9"),
        ("group", {"proxy": True}, "vxlan0: recreate: proxy False -> True"),
        ("group", {"rsc": True}, "vxlan0: recreate: rsc False -> True"),
        ("group", {"l2miss": True}, "vxlan0: recreate: l2miss False -> True"),
        ("group", {"l3miss": True}, "vxlan0: recreate: l3miss False -> True"),
        ("group", {"udp_csum": False}, "vxlan0: recreate: udp_csum True -> False"),
        ("group", {"udp6_zero_csum_tx": True}, "recreate: udp6_zero_csum_tx False -> True"),
        ("group", {"udp6_zero_csum_rx": True}, "recreate: udp6_zero_csum_rx False -> True"),
        ("group", {"ttl": "inherit"}, "vxlan0: recreate: ttl auto -> inherit"),
        ("group", {"group": "ff05::42"}, "vxlan0: recreate: peer 239.1.1.1 -> ff05::42"),
        ("remote", {"remote": None}, "vxlan0: recreate: peer 172.16.1.12 -> none"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, dict) else None,
)
def test_changed_in_place_where_the_kernel_can(
    host: Host, made: str, change: dict[str, Any], told: str
) -> None:
    host.run(BY_HAND[made])
    index = host.link("vxlan0")["ifindex"]
    args = {key: value for key, value in {**BASES[made], **change}.items() if value is not None}
    result = host.apply("vxlan_link", args)
    assert told in result["differences"][-1]
    assert (host.link("vxlan0")["ifindex"] == index) == ("recreate" not in told)


def test_back_from_what_only_a_new_device_can(host: Host) -> None:
    host.module("vxlan_link", {**SIX, "ttl": "inherit", "local": "fd00::1"})
    result = host.apply("vxlan_link", GROUP)
    assert result["differences"] == [
        "vxlan0: recreate: peer ff05::42 -> 239.1.1.1, local fd00::1 -> none, ttl inherit -> auto"
    ]


def test_membership_moves_with_the_group(host: Host) -> None:
    host.run(BY_HAND["group"])
    assert "239.1.1.1" in groups(host)
    host.apply("vxlan_link", {**GROUP, "group": "239.9.9.9"})
    assert "239.9.9.9" in groups(host)
    assert "239.1.1.1" not in groups(host)
    host.apply("vxlan_link", SIX)
    assert "ff05::42" in groups(host, 6)
    assert "239.9.9.9" not in groups(host)
    host.apply("vxlan_link", {"vni": 42, "dev": "eth1", "remote": "172.16.1.12"})
    assert "ff05::42" not in groups(host, 6)


def test_group_of_a_device_that_is_down_is_joined_when_it_goes_up(host: Host) -> None:
    host.run(f"{BY_HAND['group']}; ip link set vxlan0 down")
    host.apply("vxlan_link", {**GROUP, "group": "239.9.9.9", "up": False})
    assert "239.9.9.9" not in groups(host)
    host.apply("vxlan_link", {**GROUP, "group": "239.9.9.9"})
    assert "239.9.9.9" in groups(host)


def test_new_device_goes_back_to_its_bridge_with_its_flags(host: Host) -> None:
    flags = {
        "learning": "off", "flood": "off", "mcast_flood": "off", "bcast_flood": "off",
        "neigh_suppress": "on", "isolated": "on", "guard": "on", "root_block": "on",
        "hairpin": "on", "fastleave": "on", "mcast_to_unicast": "on", "proxy_arp": "on",
        "locked": "off",
    }  # fmt: skip
    host.run(
        f"{BY_HAND['group']}; ip link add br0 type bridge; ip link set vxlan0 master br0;"
        f" ip link set vxlan0 type bridge_slave {' '.join(f'{k} {v}' for k, v in flags.items())}"
    )
    before = host.link("vxlan0")["linkinfo"]["info_slave_data"]
    result = host.apply("vxlan_link", {**GROUP, "vni": 43})
    assert result["differences"] == ["vxlan0: recreate: vni 42 -> 43"]
    link = host.link("vxlan0")
    assert link["master"] == "br0"
    after = link["linkinfo"]["info_slave_data"]
    assert {k: after[k] for k in flags} == {k: before[k] for k in flags}
    assert not {k for k in flags if before[k] != (flags[k] == "on")}


def test_new_device_keeps_a_mac_that_nobody_asked_to_change(host: Host) -> None:
    host.run(BY_HAND["group"])
    mac = host.link("vxlan0")["address"]
    result = host.apply("vxlan_link", {**GROUP, "vni": 43})
    assert result["diff"]["after"]["vxlan0"]["mac"] == mac
    assert host.link("vxlan0")["address"] == mac


def test_diff_shows_what_the_kernel_then_has(host: Host) -> None:
    first = host.module("vxlan_link", {**GROUP, "mtu": 1450, "mac": "02:58:00:00:00:01"})
    second = host.module("vxlan_link", {**GROUP, "mtu": 1400, "mac": "02:58:00:00:00:02", "vni": 9})
    gone = host.module("vxlan_link", {"state": "absent"})
    assert first["diff"]["before"] == {"vxlan0": None}
    assert second["diff"]["before"] == first["diff"]["after"]
    assert gone["diff"]["before"] == second["diff"]["after"]
    assert gone["diff"]["after"] == {"vxlan0": None}
    assert first["diff"]["after"]["vxlan0"]["mtu"] == 1450


@pytest.mark.parametrize(
    "foreign",
    [
        "ip link add vxlan0 type vxlan id 42 dstport 4789 group 239.1.1.1 dev eth1",
        "ip link add vxlan0 type bridge",
        "ip link add vxlan0 type vxlan id 1 dstport 1;"
        " ip link set vxlan0 alias 'vxlab.overlay:overlay2'",
    ],
    ids=["same kind", "other kind", "other overlay"],
)
def test_foreign_device_is_refused_and_left(host: Host, foreign: str) -> None:
    host.run(foreign)
    assert host.refusal("vxlan_link", GROUP).startswith("vxlan0 exists and is not ours")
    host.unchanged("vxlan_link", {"state": "absent"})
    host.unchanged("vxlan_link", {"state": "absent", "purge": True})


def test_foreign_device_with_the_same_vni_and_port_is_refused(host: Host) -> None:
    host.run("ip link add flannel.1 type vxlan id 42 dstport 4789")
    message = host.refusal("vxlan_link", GROUP)
    assert "flannel.1" in message
    assert "VNI 42 on UDP port 4789" in message
    host.apply("vxlan_link", {**GROUP, "port": 4790})
    host.apply("vxlan_link", {**GROUP, "vni": 43})
    host.refusal("vxlan_link", GROUP)


def test_our_other_device_with_the_same_vni_is_refused_before_it_is_tried(host: Host) -> None:
    host.module("vxlan_link", GROUP)
    message = host.refusal("vxlan_link", {**GROUP, "name": "vxlan1"})
    assert "vxlan0" in message


def test_purge_replaces_our_old_device_only(host: Host) -> None:
    host.run("ip link add foreign type vxlan id 7 dstport 4789")
    host.module("vxlan_link", {"vni": 50, "overlay_name": "other", "name": "vx50"})
    host.module("vxlan_link", GROUP)
    result = host.apply("vxlan_link", {**GROUP, "name": "vxlan1", "purge": True})
    assert result["differences"] == ["vxlan0: should not be there", "vxlan1: missing"]
    assert not host.has("vxlan0")
    host.apply("vxlan_link", {"state": "absent", "purge": True})
    assert not host.has("vxlan1")
    assert host.has("foreign")
    assert host.has("vx50")


def test_absent_leaves_a_host_with_nothing_as_it_is(host: Host) -> None:
    host.unchanged("vxlan_link", {"state": "absent"})
    host.unchanged("vxlan_link", {"state": "absent", "purge": True})


def test_missing_underlay_device_is_told_in_check_mode_too(host: Host) -> None:
    assert "eth7" in host.refusal("vxlan_link", {**GROUP, "dev": "eth7"})


def test_mtu_that_does_not_fit_the_underlay_is_refused(host: Host) -> None:
    assert "9000" in host.refusal("vxlan_link", {**GROUP, "mtu": 9000})


def test_addresses_of_two_families_are_refused_by_name(host: Host) -> None:
    args = {"vni": 42, "remote": "172.16.1.12", "local": "fd00::1"}
    assert "local" in host.fails("vxlan_link", args)["msg"].split(":")[0]


def test_kernel_answer_comes_with_the_command(host: Host) -> None:
    host.run("sysctl -qw net.ipv6.conf.eth1.disable_ipv6=1")
    before = host.state()
    result = host.fails("vxlan_link", SIX)
    assert result["msg"].startswith("cannot create vxlan0: ")
    assert "IPv6" in result["msg"]
    assert result["rc"] > 0
    assert result["cmd"].startswith("ip link add name vxlan0")
    assert result["stderr"]
    assert host.state() == before


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_next_run_succeeds_where_one_was_killed(host: Host, count: int) -> None:
    commands = host.module("vxlan_link", GROUP, check=True)["commands"]
    for command in commands[:count]:
        host.run(command)
    host.apply("vxlan_link", GROUP)


def test_commands_of_a_new_device_can_be_typed(host: Host) -> None:
    host.module("vxlan_link", GROUP)
    host.run("ip link add br0 type bridge; ip link set vxlan0 master br0")
    host.run("ip link set vxlan0 type bridge_slave hairpin on")
    other = {**GROUP, "vni": 43}
    for command in host.module("vxlan_link", other, check=True)["commands"]:
        host.run(command)
    host.unchanged("vxlan_link", other)


def test_ordinary_user_is_told_to_become_root(host: Host) -> None:
    assert "root" in host.as_user("vxlan_link", GROUP)
    assert not host.has("vxlan0")


def test_host_without_iproute2_is_told_the_package(host: Host) -> None:
    host.hide("ip")
    assert "package iproute2" in host.refusal("vxlan_link", GROUP)
