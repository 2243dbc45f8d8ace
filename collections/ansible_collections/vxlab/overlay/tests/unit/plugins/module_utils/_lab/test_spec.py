# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a lab is made of, and what cannot be built."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.names import (
    check_lab_name,
    port_name,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.spec import (
    MAX_HOSTS,
    Lab,
    Link,
    plan_lab,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.underlay import ipv6_of

DEFAULTS: dict[str, Any] = {
    "hosts": [{"name": "ubuntu1", "address": "172.16.1.11"}],
    "router": "172.16.1.1/24",
    "outside": "203.0.113.80/24",
    "outside_port": 8080,
    "mtu": 1500,
    "multicast": True,
    "serve": ("server",),
}


def lab(**options: Any) -> Lab:
    return plan_lab(**{**DEFAULTS, **options})


def test_router_and_server_are_nodes_like_the_hosts() -> None:
    nodes = lab().nodes
    assert list(nodes) == ["router", "outside", "ubuntu1"]
    assert [link.address for link in nodes["router"].links] == ["172.16.1.1/24", "203.0.113.1/24"]
    assert nodes["router"].forward and not nodes["ubuntu1"].forward
    assert nodes["router"].routes == {}
    assert nodes["outside"].routes == {"172.16.1.0/24": "203.0.113.1"}
    assert nodes["outside"].command == ("server", "8080")
    assert nodes["ubuntu1"].routes == {"default": "172.16.1.1"}


def host(name: str, address: str) -> dict[str, str]:
    return {"name": name, "address": address}


APART = [host("b", "172.16.12.11"), host("a", "172.16.11.11"), host("c", "172.16.13.11")]


def test_routed_hosts_have_a_bridge_and_a_router_each() -> None:
    planned = lab(hosts=APART, routed=True, mtu=9000)
    assert list(planned.nodes) == ["router", "outside", "b", "a", "c"]
    assert planned.bridges == {
        "172.16.11.0": 9000,
        "172.16.12.0": 9000,
        "172.16.13.0": 9000,
        "world": 1500,
    }
    assert planned.nodes["router"].links == (
        Link("172.16.11.0", "172.16.11.0", "172.16.11.1", "172.16.11.1/24", 9000),
        Link("172.16.12.0", "172.16.12.0", "172.16.12.1", "172.16.12.1/24", 9000),
        Link("172.16.13.0", "172.16.13.0", "172.16.13.1", "172.16.13.1/24", 9000),
        Link("eth2", "world", "router-world", "203.0.113.1/24", 1500),
    )
    assert planned.nodes["a"].links == (Link("eth1", "172.16.11.0", "a", "172.16.11.11/24", 9000),)
    assert planned.nodes["a"].routes == {"default": "172.16.11.1"}
    # 12 and 13 make one /23; nothing is in it that is not the underlay's.
    assert planned.nodes["outside"].routes == {
        "172.16.11.0/24": "203.0.113.1",
        "172.16.12.0/23": "203.0.113.1",
    }


def test_routers_own_network_is_like_any_other_when_routed() -> None:
    assert lab(hosts=[host("a", "172.16.1.11")], routed=True).bridges == {
        "172.16.1.0": 1500,
        "world": 1500,
    }
    assert lab(hosts=APART, routed=True, router="203.0.113.7/24").nodes["a"]
    assert lab(hosts=[], routed=True).bridges == {"world": 1500}


def test_names_of_a_hundred_routed_hosts_fit_a_link() -> None:
    hosts = [host(f"ubuntu{n}", f"255.255.{100 + n}.211") for n in range(100)]
    planned = lab(hosts=hosts, routed=True, router="172.16.1.1/24")
    links = [link for node in planned.nodes.values() for link in node.links]
    fabric = [*planned.bridges, *(link.port for link in links)]
    assert len(fabric) == len(set(fabric)) == 101 + 202
    names = fabric + [link.name for link in links]
    assert max(len(name) for name in names) <= 15
    assert len({link.name for link in planned.nodes["router"].links}) == 101


def test_ipv6_is_beside_ipv4() -> None:
    nodes = lab(ipv6=True).nodes
    assert [link.address6 for link in nodes["router"].links] == ["fd00:172:16:1::1/64", None]
    assert [link.address6 for link in nodes["outside"].links] == [None]
    assert nodes["ubuntu1"].links[0].address6 == "fd00:172:16:1::11/64"
    assert nodes["ubuntu1"].routes == {"default": "172.16.1.1", "::/0": "fd00:172:16:1::1"}
    assert nodes["outside"].routes == lab().nodes["outside"].routes
    assert lab(ipv6=True).ipv6 and not lab().ipv6


def test_ipv6_when_routed() -> None:
    nodes = lab(hosts=APART, routed=True, ipv6=True).nodes
    assert nodes["b"].links[0].address6 == "fd00:172:16:12::11/64"
    assert nodes["b"].routes["::/0"] == "fd00:172:16:12::1"
    assert nodes["router"].links[1].address6 == "fd00:172:16:12::1/64"


@pytest.mark.parametrize(
    ("ipv4", "ipv6"),
    [
        ("172.16.1.11/24", "fd00:172:16:1::11/64"),
        ("10.0.0.1/24", "fd00:10::1/64"),
        ("255.254.253.252/30", "fd00:255:254:253::252/64"),
        ("172.16.2.1/16", "fd00:172:16:2::1/48"),
        ("172.16.2.1/20", "fd00:172:16:2::1/48"),
        ("10.1.2.3/8", "fd00:10:1:2::3/32"),
    ],
)
def test_ipv6_address_has_the_digits_of_the_ipv4_one(ipv4: str, ipv6: str) -> None:
    assert str(ipv6_of(ipaddress.IPv4Interface(ipv4))) == ipv6


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.integers(0, 30))
def test_ipv6_keeps_apart_what_differs_and_together_what_shares_a_network(
    one: ipaddress.IPv4Address, two: ipaddress.IPv4Address, prefix: int
) -> None:
    first, second = (ipaddress.IPv4Interface((address, prefix)) for address in (one, two))
    assert (ipv6_of(first).ip == ipv6_of(second).ip) == (one == two)
    if first.network == second.network:
        assert ipv6_of(first).network == ipv6_of(second).network


def test_macs_come_from_addresses() -> None:
    assert lab().nodes["ubuntu1"].links[0].mac == "02:4c:ac:10:01:0b"


def test_mtu_is_the_underlays_only() -> None:
    planned = lab(mtu=9000)
    assert planned.bridges == {"fabric": 9000, "world": 1500}
    assert [link.mtu for link in planned.nodes["router"].links] == [9000, 1500]


def test_version_changes_with_what_only_a_start_can_set() -> None:
    first, second = lab().nodes, lab(outside_port=81, mtu=9000, serve=("other",)).nodes
    assert first["outside"].version != second["outside"].version
    assert first["ubuntu1"].version == second["ubuntu1"].version
    assert lab(serve=("other",)).nodes["outside"].version == first["outside"].version


def test_long_names_get_short_ports_that_differ() -> None:
    names = [f"a-name-longer-than-a-link's-{number}" for number in range(20)]
    ports = {port_name(name) for name in names}
    assert len(ports) == 20 and max(map(len, ports)) <= 15
    assert port_name("exactly15bytes.") == "exactly15bytes."


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mtu": 99}, "mtu is 99"),
        ({"mtu": 65536}, "mtu is 65536"),
        ({"outside_port": 0}, "outside_port is 0"),
        ({"router": "172.16.1.1"}, "router is '172.16.1.1': it must be an IPv4 address with"),
        ({"router": "fd00::1/64"}, "router is 'fd00::1/64'"),
        ({"router": "172.16.1.1/32"}, "a network of /30 or larger"),
        ({"outside": "172.16.1.80/24"}, "overlaps the underlay"),
        ({"outside": "203.0.113.1/24"}, "the network's first address is the router's"),
        ({"hosts": [host("a", "10.0.0.1")]}, "host a: 10.0.0.1 is not in the underlay"),
        ({"hosts": [host("a", "172.16.1.1")]}, "already the address of the router"),
        ({"hosts": [host("a", "172.16.1.255")]}, "already the address of broadcast"),
        ({"hosts": [host("a", "x")]}, "host a: address 'x'"),
        ({"hosts": [host("a", "172.16.1.2"), host("b", "172.16.1.2")]}, "the address of a"),
        ({"hosts": [host("a", "172.16.1.2"), host("a", "172.16.1.3")]}, "host a is listed twice"),
        ({"hosts": [host("router", "172.16.1.2")]}, "this name is the lab's own"),
        ({"hosts": [host("fabric", "172.16.1.2")]}, "this name is the lab's own"),
        ({"hosts": [host("../x", "172.16.1.2")]}, "host '../x'"),
        ({"hosts": [host("-x", "172.16.1.2")]}, "host '-x'"),
        ({"hosts": [host("", "172.16.1.2")]}, "host ''"),
        ({"hosts": [host("a\n", "172.16.1.2")]}, "a name must have"),
        ({"hosts": [host("a", "172.16.1.2")] * (MAX_HOSTS + 1)}, "at most 1022"),
        (
            {"hosts": [host("a", "172.16.1.2"), host("b", "172.16.1.3")], "routed": True},
            "hosts a and b: 172.16.1.2 and 172.16.1.3 are both in 172.16.1.0/24;"
            " in a routed underlay each host must be in a network of its own",
        ),
        ({"hosts": [host("a", "172.16.9.1")], "routed": True}, "already the address of the router"),
        ({"hosts": [host("a", "172.16.9.255")], "routed": True}, "the address of broadcast"),
        ({"hosts": [host("a", "203.0.113.9")], "routed": True}, "overlaps the underlay"),
        ({"hosts": [host("172.16.9.0", "172.16.9.2")], "routed": True}, "name is the lab's own"),
        ({"hosts": [host("172.16.9.1", "172.16.9.2")], "routed": True}, "name is the lab's own"),
        (
            {
                "hosts": [host("a", "172.16.1.2"), host("b", "172.16.1.18")],
                "router": "172.16.1.1/28",
                "routed": True,
                "ipv6": True,
            },
            "networks 172.16.1.0/28 and 172.16.1.16/28 would both have the IPv6 network"
            " fd00:172:16:1::/64: with ipv6, take a prefix length of 8, 16 or 24",
        ),
    ],
)
def test_what_cannot_be_built_is_one_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(LabError) as error:
        lab(**options)
    assert message in str(error.value)


@pytest.mark.parametrize("name", ["", "a/b", "..", "A", "-a", "a" * 33, "a\n", "a b"])
def test_lab_names_that_cannot_be_a_files(name: str) -> None:
    with pytest.raises(LabError, match="the lab's name is"):
        check_lab_name(name)


def test_lab_names() -> None:
    assert check_lab_name("molecule-default_2") == "molecule-default_2"
