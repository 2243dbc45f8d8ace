# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kinds of underlay: without multicast, routed, with IPv6."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import pytest

from .lab import THREE, Lab, LabFailure, apart, many, reaches, seen_address
from .traffic import ALL, HEARD_WITHOUT_MULTICAST, heard

KINDS: dict[str, dict[str, Any]] = {
    "flat": {},
    "no multicast": {"multicast": False},
    "IPv6": {"ipv6": True},
    "routed": {"routed": True},
    "routed IPv6": {"routed": True, "ipv6": True},
    "everything": {"routed": True, "ipv6": True, "multicast": False, "mtu": 9000},
}


def up(lab: Lab, kind: str, **options: Any) -> dict[str, Any]:
    hosts = apart(3) if KINDS[kind].get("routed") else THREE
    return lab.up(hosts, **{**KINDS[kind], **options})


def check(lab: Lab, kind: str) -> None:
    """That this kind of underlay is what it should be."""
    options = KINDS[kind]
    routed, ipv6 = options.get("routed", False), options.get("ipv6", False)
    addresses = apart(3) if routed else THREE
    for name, address in addresses.items():
        assert all(reaches(lab, name, other) for other in addresses.values())
        assert seen_address(lab, name) == address
        assert reaches(lab, "outside", address)
        others = ["fd00:172:16:12::11", "fd00:172:16:13::11"]
        if not routed:
            others = ["fd00:172:16:1::12", "fd00:172:16:1::13"]
        assert all(reaches(lab, name, other) == ipv6 for other in others)
    multicast = [] if routed else ALL if options.get("multicast", True) else HEARD_WITHOUT_MULTICAST
    assert heard(lab, addresses["ubuntu2"]) == multicast


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_there_at_once_and_a_second_run_changes_nothing(lab: Lab, kind: str) -> None:
    announced = up(lab, kind, check=True)["differences"]
    first = up(lab, kind)
    assert first["differences"] == announced
    check(lab, kind)
    second = up(lab, kind)
    assert (second["changed"], second["differences"]) == (False, [])
    assert second["hosts"] == first["hosts"]


def state(lab: Lab, hosts: dict[str, int]) -> dict[str, Any]:
    """All of a lab that a change of kind could leave behind. hosts: name to process id."""
    script = "ip -j link show; nft -j list ruleset"
    for pid in hosts.values():
        # The fabric sees the machine's processes.
        net = f"nsenter --target {pid} --net ip"
        script += f"; {net} -j address show; {net} -j route; {net} -6 -j route"
    lines = [json.loads(line) for line in lab.check("fabric", script).splitlines() if line.strip()]
    links, ruleset = lines[:2]
    seen: dict[str, Any] = {
        "fabric": sorted((link["ifname"], link.get("master"), link["mtu"]) for link in links),
        "rules": len([item for item in ruleset["nftables"] if "rule" in item]),
    }
    for index, node in enumerate(hosts):
        links, *routes = lines[2 + 3 * index : 5 + 3 * index]
        for link in links:
            addresses = [f"{item['local']}/{item['prefixlen']}" for item in link["addr_info"]]
            ours = sorted(address for address in addresses if not address.startswith("fe80:"))
            seen[f"{node} {link['ifname']}"] = (link["mtu"], link["address"], ours)
        seen[node] = sorted(
            (route["dst"], route.get("gateway", ""), route["dev"])
            for route in itertools.chain.from_iterable(routes)
            if route["dst"] != "fe80::/64"
        )
    return seen


def test_every_kind_becomes_every_other_in_place(lab: Lab) -> None:
    fresh = {}
    for kind in KINDS:
        lab.down()
        fresh[kind] = state(lab, up(lab, kind)["hosts"])
    hosts = up(lab, "flat")["hosts"]
    before = "flat"
    # Each step between two kinds, both ways.
    for kind in [kind for pair in itertools.combinations(KINDS, 2) for kind in (*pair, pair[0])]:
        if kind == before:
            continue
        made = up(lab, kind)
        assert made["changed"] and made["hosts"] == hosts
        assert state(lab, hosts) == fresh[kind], f"{before} to {kind}"
        before = kind
    assert not up(lab, before)["changed"]
    check(lab, before)


def test_change_of_kind_is_announced(lab: Lab) -> None:
    up(lab, "flat")
    for kind in ("everything", "no multicast", "routed IPv6"):
        announced = up(lab, kind, check=True)["differences"]
        assert announced and up(lab, kind)["differences"] == announced


def test_wide_underlay_has_one_ipv6_network(lab: Lab) -> None:
    lab.up({"ubuntu1": "172.16.1.11", "ubuntu2": "172.16.2.1"}, router="172.16.1.1/16", ipv6=True)
    assert reaches(lab, "ubuntu1", "fd00:172:16:2::1") and reaches(
        lab, "ubuntu2", "fd00:172:16:1::1"
    )
    assert "fd00:172:16:2::1 dev eth1" in lab.check("ubuntu1", "ip -6 neigh")


def test_what_a_deleted_bridge_left_goes_with_the_change(lab: Lab) -> None:
    up(lab, "routed")
    lab.check("fabric", "ip link del 172.16.11.0")
    up(lab, "flat")
    assert "172.16.11.1" not in lab.check("fabric", "ip link")
    assert "172.16.11.1" not in lab.check("router", "ip address")
    check(lab, "flat")


def test_arp_and_neighbour_discovery_work_without_multicast(lab: Lab) -> None:
    lab.up(multicast=False, ipv6=True)
    for address in ("172.16.1.12", "fd00:172:16:1::12"):
        lab.check("ubuntu1", "ip neigh flush dev eth1; ip -6 neigh flush dev eth1")
        assert reaches(lab, "ubuntu1", address)
    counters = lab.check("fabric", "nft list table bridge vxlab_lab")
    assert "counter packets 0" not in counters.partition("link-local")[0]


def test_ipv4_is_not_interrupted_by_a_change_in_place(lab: Lab) -> None:
    lab.up()
    lab.check("ubuntu1", "ping -n -i 0.01 -c 150 -q 172.16.1.12 >/tmp/said 2>&1 & echo $! >/tmp/id")
    changes: list[dict[str, Any]] = [{"multicast": False}, {"ipv6": True}, {}]
    for options in changes:
        assert lab.up(**options)["changed"]
    said = ""
    deadline = time.monotonic() + 20
    while "received" not in said and time.monotonic() < deadline:
        time.sleep(0.1)
        said = lab.check("ubuntu1", "cat /tmp/said")
    assert "150 received" in said


def test_routed_hosts_are_a_hop_apart(lab: Lab) -> None:
    up(lab, "routed IPv6")
    assert "ttl=63" in lab.check("ubuntu1", "ping -n -c 1 -W 1 172.16.12.11")
    assert "ttl=63" in lab.check("ubuntu1", "ping -n -c 1 -W 1 fd00:172:16:12::11")
    assert "ttl=64" in lab.check("ubuntu1", "ping -n -c 1 -W 1 172.16.11.1")
    assert not reaches(lab, "ubuntu1", "-t 1 172.16.12.11")
    neighbours = lab.check("ubuntu1", "ip neigh show dev eth1")
    assert "172.16.12.11" not in neighbours and "fd00:172:16:12::11" not in neighbours


def test_server_of_a_routed_lab_knows_the_underlay_alone(lab: Lab) -> None:
    up(lab, "everything")
    lab.check("ubuntu1", "ip address add 10.233.0.2/32 dev lo")
    assert not reaches(lab, "ubuntu1", "-I 10.233.0.2 203.0.113.80")
    routes = json.loads(lab.check("outside", "ip -j route"))
    assert {route["dst"] for route in routes} == {
        *("172.16.11.0/24", "172.16.12.0/23", "203.0.113.0/24")
    }
    # The kernel's own, for links.
    assert "fd00" not in lab.check("outside", "ip -6 address")
    assert reaches(lab, "ubuntu1", "-M do -s 8972 172.16.12.11")


def test_host_that_joins_or_leaves_a_routed_lab(lab: Lab) -> None:
    before = lab.up(apart(2), routed=True)["hosts"]
    after = lab.up(apart(4), routed=True)
    assert {name: after["hosts"][name] for name in before} == before
    assert reaches(lab, "ubuntu1", "172.16.14.11") and seen_address(lab, "ubuntu4")
    assert "fabric: bridge 172.16.14.0: missing" in after["differences"]
    assert lab.up(apart(2), routed=True)["hosts"] == before
    assert not lab.up(apart(2), routed=True)["changed"]
    assert "172.16.14" not in lab.check("fabric", "ip link")
    assert "172.16.14" not in lab.check("router", "ip address")
    assert "172.16.14" not in lab.check("outside", "ip route")


SABOTAGE = {
    "filter deleted": (
        "fabric",
        "nft delete table bridge vxlab_lab",
        "fabric: multicast on -> off",
    ),
    "rule deleted": (
        "fabric",
        "nft flush chain bridge vxlab_lab forward",
        "fabric: multicast: filter is not as it should be",
    ),
    "rule added": (
        "fabric",
        "nft insert rule bridge vxlab_lab forward accept",
        "fabric: multicast: filter is not as it should be",
    ),
    "bridge deleted": (
        "fabric",
        "ip link del 172.16.11.0",
        "fabric: bridge 172.16.11.0: missing",
    ),
    "router's port deleted": (
        "fabric",
        "ip link del 172.16.11.1",
        "router: 172.16.11.0: missing",
    ),
    "hosts on one bridge": (
        "fabric",
        "ip link set ubuntu2 master 172.16.11.0",
        "fabric: port ubuntu2: master 172.16.11.0 -> 172.16.12.0",
    ),
    "default route deleted": (
        "ubuntu1",
        "ip route del default",
        "ubuntu1: route default: via none -> 172.16.11.1",
    ),
    "IPv6 default route deleted": (
        "ubuntu1",
        "ip -6 route del default",
        "ubuntu1: route ::/0: via none -> fd00:172:16:11::1",
    ),
    "IPv6 default route elsewhere": (
        "ubuntu1",
        "ip -6 route replace default via fd00:172:16:11::9",
        "ubuntu1: route ::/0: via fd00:172:16:11::9 -> fd00:172:16:11::1",
    ),
    "IPv6 address deleted": (
        "ubuntu1",
        "ip address del fd00:172:16:11::11/64 dev eth1",
        "ubuntu1: eth1: IPv6 address none -> fd00:172:16:11::11/64",
    ),
    "another IPv6 address": (
        "ubuntu1",
        "ip address add fd00:172:16:11::99/64 dev eth1 nodad",
        "-> fd00:172:16:11::11/64",
    ),
    "router's IPv6 address deleted": (
        "router",
        "ip address del fd00:172:16:11::1/64 dev 172.16.11.0",
        "router: 172.16.11.0: IPv6 address none -> fd00:172:16:11::1/64",
    ),
    # With it go the link's IPv6 addresses and routes.
    "underlay device down": (
        "ubuntu1",
        "ip link set eth1 down",
        "ubuntu1: eth1: IPv6 address none -> fd00:172:16:11::11/64",
    ),
    "server's route deleted": (
        "outside",
        "ip route del 172.16.11.0/24",
        "outside: route 172.16.11.0/24: via none -> 203.0.113.1",
    ),
    "server's route to the overlay": (
        "outside",
        "ip route add 10.233.0.0/16 via 203.0.113.1",
        "outside: route 10.233.0.0/16: via 203.0.113.1 -> none",
    ),
    "bridge of another underlay": (
        "fabric",
        "ip link add 172.16.77.0 type bridge",
        "fabric: bridge 172.16.77.0: not wanted",
    ),
}


@pytest.mark.parametrize("what", SABOTAGE)
def test_sabotage_is_mended_without_a_restart(lab: Lab, what: str) -> None:
    host, script, difference = SABOTAGE[what]
    options = {"routed": True, "ipv6": True, "multicast": False}
    before = lab.up(apart(2), **options)
    lab.check(host, script)
    after = lab.up(apart(2), **options)
    assert any(said.endswith(difference) for said in after["differences"]), after["differences"]
    assert after["hosts"] == before["hosts"]
    assert reaches(lab, "ubuntu1", "172.16.12.11") and reaches(lab, "ubuntu1", "fd00:172:16:12::11")
    assert seen_address(lab, "ubuntu1") == "172.16.11.11"
    assert heard(lab, "172.16.12.11") == []
    assert not lab.up(apart(2), **options)["changed"]


def test_ipv6_of_somebodys_own_is_kept(lab: Lab) -> None:
    lab.up(ipv6=True)
    lab.check(
        "ubuntu1",
        "ip address add 2001:db8::11/64 dev eth1 && ip address add 2001:db8:1::1/64 dev eth1"
        " valid_lft 900 preferred_lft 900 && ip -6 route add 2001:db8:2::/64 via fd00:172:16:1::12",
    )
    assert not lab.up(ipv6=True)["changed"]
    assert lab.up()["changed"]
    kept = lab.check("ubuntu1", "ip -6 address show dev eth1")
    assert "2001:db8::11" in kept and "fe80:" in kept and "fd00:" not in kept


def test_hosts_that_share_a_network_cannot_be_routed(lab: Lab) -> None:
    with pytest.raises(LabFailure, match=r"hosts ubuntu1 and ubuntu2: .* are both in 172.16.1.0"):
        lab.up(many(2), routed=True)


def test_big_lab_of_every_kind_comes_up_in_seconds(lab: Lab) -> None:
    options = {"routed": True, "ipv6": True, "multicast": False}
    start = time.monotonic()
    lab.up(apart(30), **options)
    assert time.monotonic() - start < 15
    assert reaches(lab, "ubuntu1", "172.16.40.11") and reaches(
        lab, "ubuntu30", "fd00:172:16:11::11"
    )
    assert not lab.up(apart(30), **options)["changed"]
