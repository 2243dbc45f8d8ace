# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""bridge_port against the kernel."""

from __future__ import annotations

from typing import Any

import pytest

from .host import Host

MAC = "02:58:0a:e9:ff:0b"
BRIDGE = {"mac": MAC, "mtu": 1450, "addresses": ["10.233.255.11/16", "10.233.0.1/32"]}
BY_HAND = 'ip link add br0 type bridge; ip link set br0 alias "vxlab.overlay:overlay" up'
PORT = "ip link add p{n} type veth peer name q{n}; ip link set p{n} up; ip link set q{n} up"


def addresses(host: Host, name: str = "br0") -> list[str]:
    return [
        f"{entry['local']}/{entry['prefixlen']}"
        for entry in host.link(name)["addr_info"]
        if entry["scope"] == "global"
    ]


def ports(host: Host, bridge: str = "br0") -> list[str]:
    return sorted(e["ifname"] for e in host.listed(f"ip -j link show master {bridge}") if e)


def test_made_and_removed_without_a_trace(host: Host) -> None:
    host.run(f"{PORT.format(n=1)}; ip link set p1 mtu 1450")
    before = host.state()
    result = host.apply("bridge_port", {**BRIDGE, "ports": [{"name": "p1"}]})
    assert result["differences"][0] == "br0: missing"
    link = host.link("br0")
    assert (link["address"], link["mtu"], link["ifalias"]) == (MAC, 1450, "vxlab.overlay:overlay")
    assert "UP" in link["flags"]
    assert addresses(host) == BRIDGE["addresses"]
    assert ports(host) == ["p1"]
    host.apply("bridge_port", {"state": "absent"})
    assert host.state() == before


@pytest.mark.parametrize(
    ("change", "kernel"),
    [
        ({"stp": True}, {"stp_state": 1}),
        ({"mcast_snooping": False}, {"mcast_snooping": 0}),
        ({"ageing": 60}, {"ageing_time": 6000}),
        ({"ageing": 0}, {"ageing_time": 0}),
    ],
)
def test_property_is_set_in_place_and_at_creation(
    host: Host, change: dict[str, Any], kernel: dict[str, Any]
) -> None:
    host.run(BY_HAND)
    index = host.link("br0")["ifindex"]
    host.apply("bridge_port", change)
    host.apply("bridge_port", {**change, "name": "br1"})
    for name in ("br0", "br1"):
        shown = host.link(name)["linkinfo"]["info_data"]
        assert {key: shown[key] for key in kernel} == kernel
    assert host.link("br0")["ifindex"] == index


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"mac": "02:58:00:00:00:01"}, "-> 02:58:00:00:00:01"),
        ({"mtu": 1400}, "br0: mtu 1500 -> 1400"),
        ({"up": False}, "br0: should be down"),
    ],
)
def test_link_attribute_is_set_in_place(host: Host, change: dict[str, Any], told: str) -> None:
    host.run(BY_HAND)
    index = host.link("br0")["ifindex"]
    result = host.apply("bridge_port", change)
    assert told in result["differences"][0]
    assert host.link("br0")["ifindex"] == index


def test_what_is_not_given_stays(host: Host) -> None:
    host.run(f"{BY_HAND}; ip address add 10.1.1.1/24 dev br0; ip link set br0 mtu 1300")
    host.run("ip link set br0 type bridge stp_state 1 ageing_time 100")
    host.unchanged("bridge_port", {})


def test_address_list_is_exact(host: Host) -> None:
    host.run(BY_HAND)
    host.run("ip address add 192.168.7.1/24 dev br0; ip address add 10.233.0.1/32 dev br0")
    result = host.apply("bridge_port", {"addresses": ["10.233.0.1/32", "10.233.255.11/16"]})
    assert result["differences"] == [
        "br0: address 192.168.7.1/24 should not be there",
        "br0: address 10.233.255.11/16 missing",
    ]
    assert addresses(host) == ["10.233.0.1/32", "10.233.255.11/16"]
    host.apply("bridge_port", {"addresses": []})
    assert addresses(host) == []


@pytest.mark.parametrize("promote", ["0", "1"])
def test_secondary_outlives_its_primary(host: Host, promote: str) -> None:
    """Removing a primary takes its secondaries with it, unless promote_secondaries is set."""
    host.run(BY_HAND)
    host.run(
        f"""
        sysctl -qw net.ipv4.conf.all.promote_secondaries={promote}
        sysctl -qw net.ipv4.conf.br0.promote_secondaries={promote}
        ip address add 10.233.0.9/16 dev br0
        ip address add 10.233.0.5/16 dev br0
        ip address add 10.233.0.6/16 dev br0
        """
    )
    host.apply("bridge_port", {"addresses": ["10.233.0.5/16", "10.233.0.6/16"]})
    assert sorted(addresses(host)) == ["10.233.0.5/16", "10.233.0.6/16"]


def test_host_speaks_from_the_first_address(host: Host) -> None:
    host.run(BY_HAND)
    host.apply("bridge_port", {"addresses": ["10.233.255.11/16", "10.233.0.1/16"]})
    assert host.listed("ip -j route get 10.233.0.7")[0]["prefsrc"] == "10.233.255.11"


def test_host_speaks_from_the_first_address_that_was_the_second(host: Host) -> None:
    host.run(f"{BY_HAND}; ip address add 10.233.0.1/16 dev br0")
    host.apply("bridge_port", {"addresses": ["10.233.255.11/16", "10.233.0.1/16"]})
    assert host.listed("ip -j route get 10.233.0.7")[0]["prefsrc"] == "10.233.255.11"


def test_gateway_as_a_host_route_is_never_the_source(host: Host) -> None:
    host.run(f"{BY_HAND}; ip address add 10.233.0.1/32 dev br0")
    host.apply("bridge_port", BRIDGE)
    assert host.listed("ip -j route get 10.233.0.7")[0]["prefsrc"] == "10.233.255.11"


def test_address_with_another_prefix_length_is_replaced(host: Host) -> None:
    host.run(f"{BY_HAND}; ip address add 10.233.0.1/24 dev br0")
    host.apply("bridge_port", {"addresses": ["10.233.0.1/16"]})
    assert addresses(host) == ["10.233.0.1/16"]


def test_ipv6_addresses_and_link_local_ones(host: Host) -> None:
    host.run(f"{BY_HAND}; ip address add fe80::1/64 dev br0; ip address add fd00::9/64 dev br0")
    # The kernel goes on with them in its own time (duplicate address detection, RFC 4862).
    host.run("while ip -6 address show tentative | grep -q inet6; do sleep 0.05; done; sleep 0.5")
    host.apply("bridge_port", {"addresses": ["fd00::1/64"]})
    assert addresses(host) == ["fd00::1/64"]
    assert "fe80::1" in [entry["local"] for entry in host.link("br0")["addr_info"]]


def test_every_port_flag_reaches_the_kernel_and_goes_back(host: Host) -> None:
    host.run(f"{BY_HAND}; {PORT.format(n=1)}")
    turned = {
        "learning": False, "flood": False, "mcast_flood": False, "bcast_flood": False,
        "neigh_suppress": True, "isolated": True, "guard": True, "root_block": True,
        "hairpin": True, "fastleave": True, "mcast_to_unicast": True, "proxy_arp": True,
    }  # fmt: skip
    host.apply("bridge_port", {"ports": [{"name": "p1", **turned}]})
    shown = host.link("p1")["linkinfo"]["info_slave_data"]
    assert {flag: shown[flag] for flag in turned} == turned
    back = {flag: not value for flag, value in turned.items()}
    result = host.apply("bridge_port", {"ports": [{"name": "p1", **back}]})
    shown = host.link("p1")["linkinfo"]["info_slave_data"]
    assert {flag: shown[flag] for flag in back} == back
    assert len(result["differences"]) == len(back)


def test_locked_port(host: Host) -> None:
    host.run(f"{BY_HAND}; {PORT.format(n=1)}; ip link set p1 master br0")
    host.apply("bridge_port", {"ports": [{"name": "p1", "locked": True}]})
    assert host.link("p1")["linkinfo"]["info_slave_data"]["locked"] is True


def test_flag_that_is_not_given_stays(host: Host) -> None:
    host.run(f"{BY_HAND}; {PORT.format(n=1)}; ip link set p1 master br0")
    host.run("ip link set p1 type bridge_slave learning off hairpin on")
    host.unchanged("bridge_port", {"ports": [{"name": "p1", "flood": True}]})


def test_port_that_is_not_listed_stays(host: Host) -> None:
    host.run(f"{BY_HAND}; {PORT.format(n=1)}; {PORT.format(n=2)}; ip link set p1 master br0")
    host.apply("bridge_port", {"ports": [{"name": "p2"}]})
    assert ports(host) == ["p1", "p2"]


@pytest.mark.parametrize(
    "foreign",
    [
        "ip link add br0 type bridge",
        "ip link add br0 type vxlan id 9 dstport 9",
        "ip link add br0 type bridge; ip link set br0 alias vxlab.overlay:overlay2",
    ],
    ids=["same kind", "other kind", "other overlay"],
)
def test_foreign_bridge_is_refused_and_left(host: Host, foreign: str) -> None:
    host.run(foreign)
    assert host.refusal("bridge_port", BRIDGE).startswith("br0 exists and is not ours")
    host.unchanged("bridge_port", {"state": "absent"})
    host.unchanged("bridge_port", {"state": "absent", "purge": True})


def test_ours_of_another_kind_is_refused(host: Host) -> None:
    host.run("ip link add br0 type vxlan id 9 dstport 9")
    host.run("ip link set br0 alias vxlab.overlay:overlay")
    assert "a bridge device should be" in host.refusal("bridge_port", BRIDGE)


def test_port_of_a_foreign_bridge_is_not_stolen(host: Host) -> None:
    host.run(f"ip link add docker0 type bridge; {PORT.format(n=1)}; ip link set p1 master docker0")
    message = host.refusal("bridge_port", {**BRIDGE, "ports": [{"name": "p1"}]})
    assert "p1" in message
    assert "docker0" in message


def test_renamed_bridge_takes_its_ports_along(host: Host) -> None:
    host.module("bridge_port", BRIDGE)
    host.module(
        "netns_veth",
        {"containers": [{"name": "ns1", "addresses": ["10.233.0.2/16"], "mtu": 1450}]},
    )
    host.run(f"ip link add docker0 type bridge; {PORT.format(n=1)}; ip link set p1 master br0")
    outer, inner = host.link("veth-ns1")["ifindex"], host.link("eth0", "ns1")["ifindex"]
    result = host.apply("bridge_port", {**BRIDGE, "name": "br1", "purge": True})
    assert result["differences"][-1] == "br0: should not be there"
    assert not host.has("br0")
    assert host.has("docker0")
    assert ports(host, "br1") == ["p1", "veth-ns1"]
    assert host.link("veth-ns1")["ifindex"] == outer
    assert host.link("eth0", "ns1")["ifindex"] == inner
    host.ping(None, "10.233.0.2")


def test_renamed_bridge_keeps_the_flags_of_its_ports(host: Host) -> None:
    host.run(f"{BY_HAND}; {PORT.format(n=1)}; ip link set p1 master br0")
    host.run("ip link set p1 type bridge_slave hairpin on learning off")
    host.apply("bridge_port", {"name": "br1", "purge": True})
    shown = host.link("p1")["linkinfo"]["info_slave_data"]
    assert (shown["hairpin"], shown["learning"]) == (True, False)


def test_mac_stays_when_ports_come_and_go(host: Host) -> None:
    host.module("bridge_port", BRIDGE)
    host.run(f"{PORT.format(n=1)}; ip link set p1 address 02:00:00:00:00:01 master br0")
    assert host.link("br0")["address"] == MAC
    host.run("ip link del p1")
    assert host.link("br0")["address"] == MAC


def test_mtu_stays_when_ports_come_and_go(host: Host) -> None:
    host.module("bridge_port", BRIDGE)
    host.run(f"{PORT.format(n=1)}; ip link set p1 mtu 1200 master br0; ip link del p1")
    host.unchanged("bridge_port", BRIDGE)


def test_other_overlay_s_bridge_outlives_a_purge(host: Host) -> None:
    host.module("bridge_port", {"name": "br5", "overlay_name": "other"})
    host.module("bridge_port", BRIDGE)
    host.apply("bridge_port", {"state": "absent", "purge": True})
    assert host.has("br5")
    assert not host.has("br0")


def test_diff_shows_what_the_kernel_then_has(host: Host) -> None:
    host.run(f"{PORT.format(n=1)}; ip link set p1 mtu 1450")
    args = {**BRIDGE, "stp": False, "mcast_snooping": True, "ageing": 300}
    first = host.module("bridge_port", {**args, "ports": [{"name": "p1", "hairpin": True}]})
    next_one = {**args, "mtu": 1400, "ports": [{"name": "p1"}]}
    second = host.module("bridge_port", next_one, check=True)
    assert first["diff"]["before"] == {"br0": None}
    assert second["diff"]["before"] == first["diff"]["after"]


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ({"name": "a" * 16}, "name"),
        ({"mac": "ff:ff:ff:ff:ff:ff"}, "mac"),
        ({"mtu": 0}, "mtu"),
        ({"addresses": ["10.233.0.1"]}, "addresses[0]"),
        ({"ports": [{"name": "a b"}]}, "name of a port"),
    ],
)
def test_nonsense_is_refused_by_name(host: Host, args: dict[str, Any], named: str) -> None:
    assert host.refusal("bridge_port", args).startswith(f"{named} is ")


def test_absent_leaves_a_host_with_nothing_as_it_is(host: Host) -> None:
    host.unchanged("bridge_port", {"state": "absent"})
    host.unchanged("bridge_port", {"state": "absent", "purge": True})


@pytest.mark.parametrize("count", range(1, 10))
def test_next_run_succeeds_where_one_was_killed(host: Host, count: int) -> None:
    host.run(f"{PORT.format(n=1)}; ip link set p1 mtu 1450")
    args = {**BRIDGE, "ports": [{"name": "p1", "hairpin": True}]}
    commands = host.module("bridge_port", args, check=True)["commands"]
    assert count < len(commands)
    for command in commands[:count]:
        host.run(command)
    host.apply("bridge_port", args)


def test_ordinary_user_is_told_to_become_root(host: Host) -> None:
    assert "root" in host.as_user("bridge_port", BRIDGE)
    assert not host.has("br0")
