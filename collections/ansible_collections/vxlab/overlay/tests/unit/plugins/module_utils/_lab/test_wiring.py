# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the links that are there to the lines that make them right."""

from __future__ import annotations

import copy
from typing import Any, Callable

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.spec import Lab, plan_lab
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.wiring import (
    FabricWiring,
    NodeWiring,
    WiringPlan,
    plan_wiring,
)

PIDS = {"ubuntu1": 101}


def lab(mtu: int = 1500, multicast: bool = True, ipv6: bool = False) -> Lab:
    whole = plan_lab(
        [{"name": "ubuntu1", "address": "172.16.1.11"}],
        "172.16.1.1/24",
        "203.0.113.80/24",
        8080,
        mtu,
        multicast,
        ipv6=ipv6,
    )
    return Lab({"ubuntu1": whole.nodes["ubuntu1"]}, {"fabric": mtu}, multicast)


def good() -> dict[str, Any]:
    """A lab of one host as ip(8) 6.1 shows it, less what is not looked at."""
    return {
        "fabric": {
            "ifname": "fabric",
            "mtu": 1500,
            "flags": ["BROADCAST", "UP"],
            "linkinfo": {"info_kind": "bridge", "info_data": {"mcast_snooping": 0}},
        },
        "port": {
            "ifindex": 4,
            "link_index": 2,
            "ifname": "ubuntu1",
            "mtu": 1500,
            "flags": ["BROADCAST", "UP"],
            "master": "fabric",
            "linkinfo": {"info_kind": "veth", "info_slave_data": {"mcast_flood": True}},
        },
        "lo": {"ifname": "lo", "ifindex": 1, "flags": ["LOOPBACK", "UP"]},
        "eth1": {
            "ifindex": 2,
            "link_index": 4,
            "ifname": "eth1",
            "mtu": 1500,
            "address": "02:4c:ac:10:01:0b",
            "flags": ["BROADCAST", "UP"],
            "addr_info": [
                {"family": "inet", "local": "172.16.1.11", "prefixlen": 24},
                {"family": "inet6", "local": "fe80::1", "prefixlen": 64},
            ],
        },
        "routes": [
            {"dst": "default", "gateway": "172.16.1.1", "dev": "eth1"},
            {"dst": "172.16.1.0/24", "dev": "eth1"},
        ],
    }


def plan(state: dict[str, Any], wanted: Lab | None = None) -> WiringPlan:
    fabric = [state[name] for name in ("fabric", "port", "stray", "old") if name in state]
    links = [state[name] for name in ("lo", "eth1") if name in state]
    nodes = {"ubuntu1": NodeWiring(links, state["routes"])}
    return plan_wiring(wanted or lab(), FabricWiring(fabric), nodes, PIDS)


def test_what_is_right_is_left_alone() -> None:
    assert plan(good()) == WiringPlan()


def test_new_host() -> None:
    state = {"lo": {"ifname": "lo", "flags": ["LOOPBACK"]}, "routes": []}
    made = plan(state)
    assert made.fabric == [
        "link add name fabric mtu 1500 up type bridge mcast_snooping 0",
        "link add name ubuntu1 mtu 1500 up master fabric type veth"
        " peer name eth1 netns 101 mtu 1500 address 02:4c:ac:10:01:0b",
    ]
    assert made.nodes["ubuntu1"] == [
        "link set dev lo up",
        "link set dev eth1 up",
        "address add 172.16.1.11/24 brd + dev eth1",
        "route replace default via 172.16.1.1",
    ]
    assert not made.clears


def _set(*path: Any) -> Callable[[dict[str, Any]], None]:
    *way, last, value = path

    def change(state: dict[str, Any]) -> None:
        for step in way:
            state = state[step]
        state[last] = value

    return change


CASES: list[tuple[str, Callable[[dict[str, Any]], None], str, list[str], list[str]]] = [
    (
        "bridge down",
        _set("fabric", "flags", ["BROADCAST"]),
        "fabric: bridge fabric: down -> up",
        ["link set dev fabric up"],
        [],
    ),
    (
        "bridge snoops",
        _set("fabric", "linkinfo", "info_data", "mcast_snooping", 1),
        "fabric: bridge fabric: multicast snooping on -> off",
        ["link set dev fabric type bridge mcast_snooping 0"],
        [],
    ),
    (
        "port elsewhere",
        _set("port", "master", "other"),
        "fabric: port ubuntu1: master other -> fabric",
        ["link set dev ubuntu1 master fabric"],
        [],
    ),
    (
        "port does not flood",
        _set("port", "linkinfo", "info_slave_data", "mcast_flood", False),
        "fabric: port ubuntu1: multicast off -> on",
        ["link set dev ubuntu1 type bridge_slave mcast_flood on"],
        [],
    ),
    (
        "mtu and mac",
        _set("eth1", {**good()["eth1"], "mtu": 1400, "address": "02:00:00:00:00:01"}),
        "ubuntu1: eth1: mtu 1400 -> 1500",
        [],
        [
            "link set dev eth1 mtu 1500 address 02:4c:ac:10:01:0b",
            "route replace default via 172.16.1.1",
        ],
    ),
    (
        "another address",
        _set("eth1", "addr_info", 0, "local", "172.16.1.12"),
        "ubuntu1: eth1: address 172.16.1.12/24 -> 172.16.1.11/24",
        [],
        [
            "address del 172.16.1.12/24 dev eth1",
            "address add 172.16.1.11/24 brd + dev eth1",
            "route replace default via 172.16.1.1",
        ],
    ),
    (
        "no default route",
        _set("routes", []),
        "ubuntu1: route default: via none -> 172.16.1.1",
        [],
        ["route replace default via 172.16.1.1"],
    ),
    (
        "another router",
        _set("routes", 0, "gateway", "172.16.1.254"),
        "ubuntu1: route default: via 172.16.1.254 -> 172.16.1.1",
        [],
        ["route replace default via 172.16.1.1"],
    ),
]


@pytest.mark.parametrize(
    ("change", "difference", "fabric", "node"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_difference_is_mended_in_place(
    change: Callable[[dict[str, Any]], None], difference: str, fabric: list[str], node: list[str]
) -> None:
    state = copy.deepcopy(good())
    change(state)
    made = plan(state)
    assert difference in made.differences
    assert made.fabric == fabric
    assert made.nodes == ({"ubuntu1": node} if node else {})
    assert not made.clears


def test_links_that_are_not_the_two_ends_of_one_are_cleared_first() -> None:
    state = good()
    state["eth1"]["link_index"] = 99
    made = plan(state)
    assert made.clear_ports == ["ubuntu1"]
    assert made.clear_links == {"ubuntu1": ["eth1"]}


def test_port_whose_host_was_made_anew_is_cleared() -> None:
    state = good()
    del state["eth1"]
    assert plan(state).clear_ports == ["ubuntu1"]


def test_port_of_nobody_is_cleared_and_a_link_outside_of_the_bridges_is_not() -> None:
    state = good()
    state["stray"] = {**state["port"], "ifname": "ubuntu9"}
    assert plan(state).clear_ports == ["ubuntu9"]
    state["stray"]["master"] = "somebodys"
    assert plan(state) == WiringPlan()


def test_bridge_of_another_underlay_is_cleared_with_its_ports() -> None:
    state = good()
    state["old"] = {**state["fabric"], "ifname": "172.16.11.0"}
    state["stray"] = {**state["port"], "ifname": "172.16.11.1", "master": "172.16.11.0"}
    made = plan(state)
    assert made.clear_ports == ["172.16.11.0", "172.16.11.1"]
    assert made.differences == [
        "fabric: bridge 172.16.11.0: not wanted",
        "fabric: port 172.16.11.1: not wanted",
    ]
    # Where the bridge went before them.
    del state["stray"]["master"], state["old"]
    assert plan(state).clear_ports == ["172.16.11.1"]


@pytest.mark.parametrize(
    "link", [{"ifname": "mine"}, {"ifname": "172.16.11.0", "linkinfo": {"info_kind": "dummy"}}]
)
def test_links_that_no_lab_makes_are_left_alone(link: dict[str, Any]) -> None:
    state = good()
    state["old"] = {**state["fabric"], **link}
    assert plan(state) == WiringPlan()


def test_multicast_is_the_switchs_alone() -> None:
    made = plan(good(), lab(multicast=False))
    assert made.differences == ["fabric: multicast on -> off"]
    assert "table bridge vxlab_lab" in made.switch
    assert made.fabric == [] and made.nodes == {}


def test_new_host_with_ipv6() -> None:
    state = {"lo": good()["lo"], "fabric": good()["fabric"], "routes": []}
    assert plan(state, lab(ipv6=True)).nodes["ubuntu1"] == [
        "link set dev eth1 up",
        "address add 172.16.1.11/24 brd + dev eth1",
        "address add fd00:172:16:1::11/64 dev eth1 nodad",
        "route replace default via 172.16.1.1",
        "route replace ::/0 via fd00:172:16:1::1",
    ]


def test_hosts_that_are_not_wanted_are_not_wired() -> None:
    nodes = {"ubuntu1": NodeWiring([good()["lo"]], [])}
    made = plan_wiring(Lab({}, {}), FabricWiring([]), nodes, PIDS)
    assert made == WiringPlan()
