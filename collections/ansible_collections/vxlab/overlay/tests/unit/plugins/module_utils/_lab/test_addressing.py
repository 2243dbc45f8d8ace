# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the addresses and routes that are there to the lines that make them right."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.addressing import (
    new_addresses,
    plan_addresses,
    plan_routes,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.spec import Link, Node

IPV4 = "172.16.1.11/24"
IPV6 = "fd00:172:16:1::11/64"
ROUTES = {"default": "172.16.1.1", "::/0": "fd00:172:16:1::1"}


def inet(text: str) -> dict[str, Any]:
    local, _slash, prefix = text.partition("/")
    family = "inet6" if ":" in local else "inet"
    return {"family": family, "local": local, "prefixlen": int(prefix), "scope": "global"}


def addresses(ipv6: bool, *have: dict[str, Any]) -> tuple[list[str], list[str]]:
    link = Link("eth1", "fabric", "u1", IPV4, 1500, IPV6 if ipv6 else None)
    differences: list[str] = []
    lines: list[str] = []
    plan_addresses(Node("u1", (link,)), link, {"addr_info": have}, differences, lines)
    return differences, lines


def test_new_link() -> None:
    assert new_addresses(Link("eth1", "fabric", "u1", IPV4, 1500, IPV6)) == [
        f"address add {IPV4} brd + dev eth1",
        f"address add {IPV6} dev eth1 nodad",
    ]
    assert len(new_addresses(Link("eth1", "fabric", "u1", IPV4, 1500))) == 1


@pytest.mark.parametrize(
    "other",
    [
        {**inet("fe80::4c:acff:fe10:10b/64"), "scope": "link"},
        {**inet("fd00:1::5/64"), "dynamic": True, "mngtmpaddr": True},
        inet("2001:db8::1/64"),
    ],
    ids=["link-local", "advertised", "somebody's own"],
)
@pytest.mark.parametrize("ipv6", [True, False])
def test_what_the_lab_did_not_give_is_no_difference(ipv6: bool, other: dict[str, Any]) -> None:
    have = [inet(IPV4), *([inet(IPV6)] if ipv6 else []), other]
    assert addresses(ipv6, *have) == ([], [])


def test_ipv6_on() -> None:
    assert addresses(True, inet(IPV4)) == (
        [f"u1: eth1: IPv6 address none -> {IPV6}"],
        [f"address add {IPV6} dev eth1 nodad"],
    )


def test_ipv6_off() -> None:
    assert addresses(False, inet(IPV4), inet(IPV6)) == (
        [f"u1: eth1: IPv6 address {IPV6} -> none"],
        [f"address del {IPV6} dev eth1"],
    )


def test_moved() -> None:
    differences, lines = addresses(True, inet("172.16.9.11/24"), inet("fd00:172:16:9::11/64"))
    assert differences == [
        f"u1: eth1: address 172.16.9.11/24 -> {IPV4}",
        f"u1: eth1: IPv6 address fd00:172:16:9::11/64 -> {IPV6}",
    ]
    assert lines == [
        "address del fd00:172:16:9::11/64 dev eth1",
        "address del 172.16.9.11/24 dev eth1",
        f"address add {IPV4} brd + dev eth1",
        f"address add {IPV6} dev eth1 nodad",
    ]


def route(destination: str, via: str, **more: Any) -> dict[str, Any]:
    return {"dst": destination, "gateway": via, "dev": "eth1", "table": "main", **more}


GOOD = [route("default", "172.16.1.1"), route("default", "fd00:172:16:1::1", metric=1024)]


def routes(
    wanted: dict[str, str], have: list[dict[str, Any]], sole: bool = False, renew: bool = False
) -> tuple[list[str], list[str]]:
    differences: list[str] = []
    lines = ["before"]
    plan_routes(Node("u1", (), wanted, sole), have, differences, lines, renew)
    return differences, lines


@pytest.mark.parametrize(
    "other",
    [
        {"dst": "172.16.1.0/24", "dev": "eth1", "table": "main", "protocol": "kernel"},
        {"dst": "default", "nexthops": [], "table": "main"},
        route("default", "fe80::1", protocol="ra", metric=1024),
        route("default", "172.16.1.7", table="100"),
        route("default", "172.16.1.7", metric=100),
        route("10.233.0.0/16", "172.16.1.12"),
        route("fd00:9::/64", "fd00:172:16:1::12"),
    ],
)
def test_routes_of_others_are_no_difference(other: dict[str, Any]) -> None:
    assert routes(ROUTES, [*GOOD, other]) == ([], ["before"])


def test_each_family_has_a_default_route() -> None:
    assert routes(ROUTES, [GOOD[1]]) == (
        ["u1: route default: via none -> 172.16.1.1"],
        ["before", "route replace default via 172.16.1.1"],
    )
    assert routes(ROUTES, [GOOD[0]]) == (
        ["u1: route ::/0: via none -> fd00:172:16:1::1"],
        ["before", "route replace ::/0 via fd00:172:16:1::1"],
    )


def test_another_router() -> None:
    have = [GOOD[0], route("default", "fd00:172:16:9::1")]
    assert routes(ROUTES, have)[0] == ["u1: route ::/0: via fd00:172:16:9::1 -> fd00:172:16:1::1"]


def test_default_route_of_ipv6_goes_before_its_address_does() -> None:
    assert routes({"default": "172.16.1.1"}, GOOD) == (
        ["u1: route ::/0: via fd00:172:16:1::1 -> none"],
        ["route del ::/0 via fd00:172:16:1::1", "before"],
    )
    # Not one that somebody made.
    assert routes({}, [route("default", "2001:db8::1")]) == ([], ["before"])


def test_routes_are_renewed_without_a_difference() -> None:
    assert routes(ROUTES, [], renew=True) == (
        [],
        [
            "before",
            "route replace default via 172.16.1.1",
            "route replace ::/0 via fd00:172:16:1::1",
        ],
    )


def test_sole_routes() -> None:
    have = [route("10.1.0.0/16", "203.0.113.1"), route("10.2.0.0/16", "203.0.113.1")]
    assert routes({"10.2.0.0/16": "203.0.113.1"}, have, sole=True) == (
        ["u1: route 10.1.0.0/16: via 203.0.113.1 -> none"],
        ["route del 10.1.0.0/16 via 203.0.113.1", "before"],
    )
