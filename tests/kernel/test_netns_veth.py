# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""netns_veth against the kernel."""

from __future__ import annotations

from typing import Any

import pytest

from .host import Host

GATEWAY = "10.233.0.1"
BRIDGE = {
    "mac": "02:58:0a:e9:ff:0b",
    "mtu": 1450,
    "addresses": ["10.233.255.11/16", f"{GATEWAY}/32"],
}


def container(number: int, **more: Any) -> dict[str, Any]:
    return {
        "name": f"ns{number}",
        "addresses": [f"10.233.0.{number + 1}/16"],
        "gateway": GATEWAY,
        "mac": f"02:58:0a:e9:00:0{number + 1}",
        "mtu": 1450,
        **more,
    }


def args(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"containers": list(containers), **more}


THREE = args(container(1), container(2), container(3))
ONE = args(container(1))


@pytest.fixture
def host(host: Host) -> Host:
    """With a bridge, as bridge_port makes it."""
    host.module("bridge_port", BRIDGE)
    host.run("ip link set br0 mtu 1400; ip link set br0 mtu 1450")  # the kernel's own to follow
    return host


@pytest.fixture
def made(host: Host) -> Host:
    """With three containers."""
    host.module("netns_veth", THREE)
    return host


def indexes(host: Host, *numbers: int) -> list[int]:
    found = []
    for n in numbers:
        found += [host.link(f"veth-ns{n}")["ifindex"], host.link("eth0", f"ns{n}")["ifindex"]]
    return found


def routes(host: Host, netns: str = "ns1") -> list[tuple[str, str | None]]:
    listed = host.listed(f"ip -n {netns} -j route show")
    return sorted((r["dst"], r.get("gateway")) for r in listed if r.get("protocol") != "kernel")


def test_made_and_removed_without_a_trace(host: Host) -> None:
    before = host.state()
    result = host.apply("netns_veth", THREE)
    assert "ns1: namespace ns1 missing" in result["differences"]
    host.ping("ns1", "10.233.0.3", "10.233.0.4", GATEWAY, "10.233.255.11")
    host.ping("ns3", "10.233.0.2")
    link = host.link("eth0", "ns2")
    assert (link["address"], link["mtu"]) == ("02:58:0a:e9:00:03", 1450)
    assert host.link("veth-ns2")["mtu"] == 1450
    assert host.link("veth-ns2")["master"] == "br0"
    assert "UP" in host.link("lo", "ns2")["flags"]
    assert routes(host, "ns2") == [("default", GATEWAY)]
    host.apply("netns_veth", {**THREE, "state": "absent"})
    assert host.state() == before


def test_empty_list_purges_all_and_leaves_no_trace(host: Host) -> None:
    before = host.state()
    host.module("netns_veth", THREE)
    host.apply("netns_veth", args())
    assert host.state() == before


def test_added_container_does_not_disturb_the_others(host: Host) -> None:
    host.module("netns_veth", ONE)
    kept = indexes(host, 1)
    result = host.apply("netns_veth", THREE)
    assert {line.split(":")[0] for line in result["differences"]} == {"ns2", "ns3"}
    assert indexes(host, 1) == kept


def test_removed_container_goes_and_the_others_stay(made: Host) -> None:
    kept = indexes(made, 1, 3)
    made.apply("netns_veth", args(container(1), container(3)))
    assert made.run("ls /run/netns").split() == ["ns1", "ns3"]
    assert not made.has("veth-ns2")
    assert indexes(made, 1, 3) == kept


def test_removed_container_stays_without_purge(made: Host) -> None:
    made.unchanged("netns_veth", {**ONE, "purge": False})
    made.apply("netns_veth", {**ONE, "purge": False, "state": "absent"})
    assert made.run("ls /run/netns").split() == ["ns2", "ns3"]


def test_renamed_container(made: Host) -> None:
    kept = indexes(made, 1, 2)
    made.apply("netns_veth", args(container(1), container(2), container(3, name="web")))
    assert sorted(made.run("ls /run/netns").split()) == ["ns1", "ns2", "web"]
    assert indexes(made, 1, 2) == kept
    made.ping("web", "10.233.0.2", GATEWAY)


def test_readdressed_container_keeps_its_links_and_its_way_out(made: Host) -> None:
    kept = indexes(made, 1, 2, 3)
    new = container(1, addresses=["10.233.7.7/16"], mac="02:58:0a:e9:07:07")
    result = made.apply("netns_veth", args(new, container(2), container(3)))
    assert "ns1: eth0: address 10.233.7.7/16 missing" in result["differences"]
    assert indexes(made, 1, 2, 3) == kept
    assert routes(made) == [("default", GATEWAY)]
    made.ping("ns1", GATEWAY, "10.233.0.3")


def test_other_cidr_and_gateway(made: Host) -> None:
    kept = indexes(made, 1)
    made.run("ip address add 10.50.0.1/24 dev br0")
    moved = container(1, addresses=["10.50.0.2/24"], gateway="10.50.0.1")
    made.apply("netns_veth", args(moved))
    assert routes(made) == [("default", "10.50.0.1")]
    assert indexes(made, 1) == kept
    made.ping("ns1", "10.50.0.1")


def test_container_without_gateway_loses_the_route_that_we_made(made: Host) -> None:
    made.apply("netns_veth", args(container(1, gateway=None)))
    assert routes(made) == []


SABOTAGE = {
    "eth0 down": ("ip -n ns1 link set eth0 down", "ns1: eth0: down"),
    "lo down": ("ip -n ns1 link set lo down", "ns1: lo: down"),
    "eth0's MTU": ("ip -n ns1 link set eth0 mtu 1400", "ns1: eth0: mtu 1400 -> 1450"),
    "host end's MTU": ("ip link set veth-ns1 mtu 1400", "ns1: veth-ns1: mtu 1400 -> 1450"),
    "MAC": (
        "ip -n ns1 link set eth0 address 02:00:00:00:00:99",
        "ns1: eth0: mac 02:00:00:00:00:99 -> 02:58:0a:e9:00:02",
    ),
    "host end down": ("ip link set veth-ns1 down", "ns1: veth-ns1: down"),
    "host end out of its bridge": ("ip link set veth-ns1 nomaster", "ns1: veth-ns1: not in br0"),
    "no address": (
        "ip -n ns1 address flush dev eth0",
        "ns1: eth0: address 10.233.0.2/16 missing",
    ),
    "second address": (
        "ip -n ns1 address add 10.233.9.9/16 dev eth0",
        "ns1: eth0: address 10.233.9.9/16 should not be there",
    ),
    "other prefix length": (
        "ip -n ns1 address flush dev eth0; ip -n ns1 address add 10.233.0.2/24 dev eth0",
        "ns1: eth0: address 10.233.0.2/24 should not be there",
    ),
    "no default route": (
        "ip -n ns1 route del default",
        "ns1: default route missing or wrong, should be: default via 10.233.0.1",
    ),
    "wrong default route": (
        "ip -n ns1 route replace default via 10.233.0.77",
        "ns1: default route missing or wrong, should be: default via 10.233.0.1",
    ),
    "second default route": (
        "ip -n ns1 route del default; ip -n ns1 route add default via 10.233.0.77 proto 86",
        "ns1: route default via 10.233.0.77 should not be there",
    ),
    "route of ours that is not wanted": (
        "ip -n ns1 route add 192.0.2.0/24 via 10.233.0.77 proto 86",
        "ns1: route 192.0.2.0/24 via 10.233.0.77 should not be there",
    ),
}


@pytest.mark.parametrize("sabotage", SABOTAGE)
def test_mended_in_place(made: Host, sabotage: str) -> None:
    script, difference = SABOTAGE[sabotage]
    kept = indexes(made, 1, 2, 3)
    before = made.state()
    made.run(script)
    assert made.state() != before
    result = made.apply("netns_veth", THREE)
    assert difference in result["differences"]
    assert {line.split(":")[0] for line in result["differences"]} == {"ns1"}
    assert indexes(made, 1, 2, 3) == kept
    assert made.state() == before


REMAKE = {
    # The kernel takes the pair away some time after the name is gone.
    "namespace deleted": (
        "ip netns del ns1;"
        " timeout 9 sh -c 'while ip link show veth-ns1; do sleep 0.1; done' || true",
        "ns1: namespace ns1 missing",
    ),
    "host end deleted": ("ip link del veth-ns1", "ns1: veth-ns1: missing"),
    "eth0 deleted": ("ip -n ns1 link del eth0", "ns1: veth-ns1: missing"),
    "eth0 renamed": (
        "ip -n ns1 link set eth0 down; ip -n ns1 link set eth0 name eth9",
        "ns1: veth-ns1: recreate: eth0 is not in namespace ns1",
    ),
    "eth0 moved to another container": (
        "ip -n ns1 link set eth0 down; ip -n ns1 link set eth0 name eth9 netns ns2",
        "ns1: veth-ns1: recreate: eth0 is not in namespace ns1",
    ),
    "host end renamed": ("ip link set veth-ns1 down; ip link set veth-ns1 name old", "ns1: "),
    "crossed cables": (
        "ip -n ns1 link set eth0 down; ip -n ns1 link set eth0 name tmp netns ns2;"
        "ip -n ns2 link set eth0 down; ip -n ns2 link set eth0 netns ns1;"
        "ip -n ns2 link set tmp name eth0",
        "ns1: veth-ns1: recreate: eth0 in namespace ns1 is not its other end",
    ),
}


@pytest.mark.parametrize("sabotage", REMAKE)
def test_made_anew_when_the_cable_is_cut_or_elsewhere(made: Host, sabotage: str) -> None:
    script, difference = REMAKE[sabotage]
    kept = indexes(made, 3)
    made.run(script)
    result = made.apply("netns_veth", THREE)
    assert any(line.startswith(difference) for line in result["differences"])
    assert indexes(made, 3) == kept
    made.ping("ns1", "10.233.0.3", "10.233.0.4", GATEWAY)
    made.ping("ns2", "10.233.0.4")
    assert sorted(x["ifname"] for x in made.listed("ip -n ns2 -j link show")) == ["eth0", "lo"]
    assert made.run("ip -o link show type veth").count("\n") == 5, "debris"


@pytest.mark.parametrize(
    "more", [{"veth": "ve1"}, {"interface": "net0"}, {"netns": "other"}], ids=str
)
def test_made_anew_in_another_place_and_back(made: Host, more: dict[str, Any]) -> None:
    before = made.run("ip -o link show type veth").count("\n")
    for wanted in (container(1, **more), container(1)):
        made.apply("netns_veth", args(wanted, container(2), container(3)))
        netns = wanted.get("netns", "ns1")
        made.ping(netns, "10.233.0.3", GATEWAY)
        assert made.link(wanted.get("interface", "eth0"), netns)["mtu"] == 1450
        assert made.run("ip -o link show type veth").count("\n") == before
    assert sorted(made.run("ls /run/netns").split()) == ["ns1", "ns2", "ns3"]


def test_eth0_that_came_out_to_the_host_goes(made: Host) -> None:
    made.run(f"ip -n ns1 link set eth0 netns {made.pid}")
    made.apply("netns_veth", THREE)
    assert not made.has("eth0")
    made.ping("ns1", "10.233.0.3", GATEWAY)


def test_host_end_that_lost_its_mark_is_not_ours_any_more(made: Host) -> None:
    made.run("ip link set veth-ns1 alias ''")
    assert made.refusal("netns_veth", THREE).startswith("veth-ns1 exists and is not ours")


def test_somebody_else_s_route_in_the_container_stays(made: Host) -> None:
    made.run("ip -n ns1 route add 192.0.2.0/24 via 10.233.0.77")
    made.run("ip -n ns1 route add blackhole 198.51.100.0/24")
    made.unchanged("netns_veth", THREE)
    made.apply("netns_veth", args(container(1, gateway="10.233.0.3"), container(2), container(3)))
    assert ("192.0.2.0/24", "10.233.0.77") in routes(made)


def test_further_routes_come_and_go(host: Host) -> None:
    more = [{"to": "192.0.2.0/24", "via": "10.233.0.77"}, {"to": "198.51.100.7"}]
    host.apply("netns_veth", args(container(1, routes=more)))
    assert routes(host) == [
        ("192.0.2.0/24", "10.233.0.77"),
        ("198.51.100.7", None),
        ("default", GATEWAY),
    ]
    result = host.apply("netns_veth", args(container(1, routes=more[1:])))
    assert result["differences"] == ["ns1: route 192.0.2.0/24 via 10.233.0.77 should not be there"]


def test_further_route_that_the_kernel_shows_otherwise(host: Host) -> None:
    """A /32 is shown without its length, a prefix in its shortest form."""
    more = [{"to": "192.0.2.7/32", "via": "10.233.0.77"}, {"to": "0.0.0.0/0", "via": GATEWAY}]
    host.apply("netns_veth", args(container(1, gateway=None, routes=more)))
    assert routes(host) == [("192.0.2.7", "10.233.0.77"), ("default", GATEWAY)]


def test_ipv6_addresses_and_routes(host: Host) -> None:
    six = container(
        1,
        addresses=["10.233.0.2/16", "fd00::2/64"],
        routes=[{"to": "::/0", "via": "fd00::1"}, {"to": "fd01::/64", "via": "fd00::9"}],
    )
    host.apply("netns_veth", args(six))
    shown = {(r["dst"], r.get("gateway")) for r in host.listed("ip -n ns1 -6 -j route show")}
    assert {("default", "fd00::1"), ("fd01::/64", "fd00::9")} <= shown
    host.apply("netns_veth", args(container(1, addresses=["10.233.0.2/16", "fd00::2/64"])))
    shown = {(r["dst"], r.get("gateway")) for r in host.listed("ip -n ns1 -6 -j route show")}
    assert ("default", "fd00::1") not in shown


def test_several_addresses_where_the_first_leaves(host: Host) -> None:
    two = ["10.233.0.2/16", "10.233.0.12/16"]
    host.apply("netns_veth", args(container(1, addresses=two)))
    host.apply("netns_veth", args(container(1, addresses=two[1:])))
    assert routes(host) == [("default", GATEWAY)]
    host.ping("ns1", GATEWAY)


def test_bridge_renamed_moves_host_ends(made: Host) -> None:
    kept = indexes(made, 1, 2, 3)
    made.module("bridge_port", {"name": "br1"})
    made.apply("netns_veth", {**THREE, "bridge": "br1"})
    assert indexes(made, 1, 2, 3) == kept
    assert made.link("veth-ns1")["master"] == "br1"


def test_mtu_changes_at_both_ends_in_place(made: Host) -> None:
    kept = indexes(made, 1)
    made.apply("netns_veth", args(container(1, mtu=1400), container(2), container(3)))
    assert (made.link("veth-ns1")["mtu"], made.link("eth0", "ns1")["mtu"]) == (1400, 1400)
    assert indexes(made, 1) == kept


def test_diff_shows_what_the_kernel_then_has(host: Host) -> None:
    first = host.module("netns_veth", THREE)
    next_ones = args(*(container(n, mtu=1400) for n in (1, 2, 3)))
    second = host.module("netns_veth", next_ones, check=True)
    assert first["diff"]["before"] == {"ns1": None, "ns2": None, "ns3": None}
    assert second["diff"]["before"] == first["diff"]["after"]


def test_names_that_do_not_fit_get_a_host_end(host: Host) -> None:
    host.apply("netns_veth", args(container(1, name="a" * 15), container(2, name="a" * 14 + "b")))
    host.ping("a" * 15, "10.233.0.3")


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ([container(1, name="a" * 16)], "name of a container is"),
        ([container(1, name="a/b")], "name of a container is"),
        ([container(1, name="")], "name of a container is"),
        ([container(1), container(1)], "containers ns1 and ns1 have the same name"),
        ([container(1), container(2, netns="ns1")], "have the same interface"),
        ([container(1, addresses=["10.233.0.2"])], "container ns1: addresses[0] is"),
        ([container(1, netns="x" * 16)], "container ns1: netns is"),
        ([container(1, netns="absent", owned=False)], "container ns1: network namespace absent"),
    ],
)
def test_nonsense_is_refused_by_name(host: Host, bad: list[dict[str, Any]], told: str) -> None:
    assert told in host.refusal("netns_veth", args(*bad))


def test_absent_leaves_a_host_with_nothing_as_it_is(host: Host) -> None:
    host.unchanged("netns_veth", {"state": "absent"})
    host.unchanged("netns_veth", {**THREE, "state": "absent", "purge": False})


def test_ordinary_user_is_told_to_become_root(host: Host) -> None:
    assert "root" in host.as_user("netns_veth", ONE)
    assert not host.has("veth-ns1")
