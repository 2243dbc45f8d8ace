# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a module's options to what is wanted; each wrong one is named."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.gateway import Gateway
from ansible_collections.vxlab.overlay.plugins.module_utils._change.inside import (
    Route,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.masquerade import Masquerade
from ansible_collections.vxlab.overlay.plugins.module_utils._change.port import DEFAULTS
from ansible_collections.vxlab.overlay.plugins.module_utils._change.vxlan import Vxlan
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted import (
    bridge,
    container,
    gateway,
    masquerade,
    spoof,
    vxlan,
)

VXLAN: Dict[str, Any] = dict(vars(Vxlan("vxlan0", 42)), group="239.1.1.1", remote=None, dev="eth1")
BRIDGE: Dict[str, Any] = {
    "name": "br0", "mac": None, "mtu": None, "stp": None, "mcast_snooping": None, "ageing": None,
    "up": True, "addresses": None,
}  # fmt: skip
CONTAINER: Dict[str, Any] = {
    "name": "ns1", "netns": None, "veth": None, "interface": "eth0", "owned": True, "mac": None,
    "mtu": None, "addresses": ["10.233.0.2/16"], "gateway": "10.233.0.1", "routes": [],
}  # fmt: skip


def message(call: Any, *arguments: Any) -> str:
    with pytest.raises(ChangeError) as refused:
        call(*arguments)
    return str(refused.value)


def test_group_and_remote_are_both_the_peer() -> None:
    assert vxlan.vxlan_from_params(VXLAN).peer == "239.1.1.1"
    assert (
        vxlan.vxlan_from_params(dict(VXLAN, group=None, remote="172.16.1.12")).peer == "172.16.1.12"
    )


def test_wanted_values_are_those_that_the_kernel_reports() -> None:
    given = dict(VXLAN, vni="42", group="FF05:0::1", mac="02:59:0A:E9:F0:0B", tos="0x10", ttl=64)
    want = vxlan.vxlan_from_params(given)
    assert (want.vni, want.peer, want.mac) == (42, "ff05::1", "02:59:0a:e9:f0:0b")
    assert (want.tos, want.ttl) == ("16", "64")


@pytest.mark.parametrize(
    "option, given",
    [
        ("name", "a" * 16), ("vni", -1), ("vni", 2**24), ("group", "10.0.0.1"),
        ("remote", "239.1.1.1"),
        ("dev", "a/b"), ("local", "nowhere"), ("port", 0), ("port", 65536), ("src_port_max", 65536),
        ("ttl", 0), ("tos", 1), ("ageing", 0), ("max_addresses", -1), ("mac", "x"), ("mtu", 1),
    ],
)  # fmt: skip
def test_wrong_option_of_vxlan_link_is_named(option: str, given: Any) -> None:
    told = message(vxlan.vxlan_from_params, dict(VXLAN, **{option: given}))
    assert told.startswith(f"{option} is {given!r}: it must be")


@pytest.mark.parametrize("low, high", [(1, 0), (0, 1), (5, 5), (6, 5)])
def test_source_ports_must_be_a_range(low: int, high: int) -> None:
    told = message(vxlan.vxlan_from_params, dict(VXLAN, src_port_min=low, src_port_max=high))
    assert f"src_port_min is {low} and src_port_max {high}" in told


@pytest.mark.parametrize(
    "given",
    [
        {"local": "fd00::1"},
        {"group": "ff05::1", "local": "172.16.1.11"},
        {"group": None, "remote": "172.16.1.12", "local": "fd00::1"},
    ],
)
def test_both_ends_must_be_of_one_family(given: Dict[str, Any]) -> None:
    options = dict(VXLAN, **given)
    told = message(vxlan.vxlan_from_params, options)
    name = "group" if options["group"] else "remote"
    assert told.startswith(f"local is {options['local']} and the {name} {options[name]}: both")


@pytest.mark.parametrize(
    "option, given",
    [
        *(("gateway", g) for g in ("", "10.233.0", "10.233.0.0/16", "fd00::1", "10.0.0.1; x")),
        *(("vxlan_dev", g) for g in ("", 'x" accept', "a" * 16)),
    ],
)
def test_wrong_option_of_gateway_filter_is_named(option: str, given: str) -> None:
    options = dict({"gateway": "10.233.0.1", "vxlan_dev": "vxlan0"}, **{option: given})
    told = message(gateway.gateway_from_params, options, "nft")
    assert told.startswith(f"{option} is {given!r}: it must be")


@pytest.mark.parametrize(
    "option, given",
    [
        *(("cidr", g) for g in ("", "10.233.0.1/16", "fd00::/64", "10.0.0.0/8; x")),
        pytest.param(
            "cidr",
            "10.233.0.0",
        ),
        *(("bridge", g) for g in ("", 'x" ; y', "a" * 16)),
    ],
)
def test_wrong_option_of_nat_masquerade_is_named(option: str, given: str) -> None:
    options = dict({"cidr": "10.233.0.0/16", "bridge": "br0"}, **{option: given})
    told = message(masquerade.masquerade_from_params, options, "nft")
    assert told.startswith(f"{option} is {given!r}: it must be")


def test_options_that_go_to_the_firewall_are_kept() -> None:
    guard = gateway.gateway_from_params({"gateway": "10.233.0.1", "vxlan_dev": "vx"}, "nft")
    assert guard == Gateway("10.233.0.1", "vx", "nft")
    nat = masquerade.masquerade_from_params({"cidr": "10.233.0.0/16", "bridge": "br"}, "iptables")
    assert nat == Masquerade("10.233.0.0/16", "iptables", "br")


@pytest.mark.parametrize(
    "option, given, label",
    [
        ("name", "", "name"),
        ("mac", "ff:ff:ff:ff:ff:ff", "mac"),
        ("ageing", -1, "ageing"),
        ("addresses", ["10.0.0.1/8", "10.0.0.2"], "addresses[1]"),
    ],
)
def test_wrong_option_of_bridge_port_is_named(option: str, given: Any, label: str) -> None:
    told = message(bridge.bridge_from_params, dict(BRIDGE, **{option: given}))
    assert told.startswith(f"{label} is ")


def test_ports_keep_flags_that_are_not_given_open() -> None:
    flags = dict(dict.fromkeys(DEFAULTS), isolated=True)
    (port,) = bridge.ports_from_params([dict(flags, name="vxlan0")])
    assert (port.name, port.flags["isolated"], port.flags["learning"]) == ("vxlan0", True, None)
    assert message(bridge.ports_from_params, [dict(flags, name="a/b")]).startswith("name of a port")


def test_container_has_its_names_and_routes_completed() -> None:
    given = dict(CONTAINER, routes=[{"to": "192.0.2.7/32", "via": None}])
    (want,) = container.containers_from_params([given])
    assert (want.netns, want.veth) == ("ns1", "veth-ns1")
    assert list(want.routes) == [Route("default", "10.233.0.1"), Route("192.0.2.7")]


def test_namespace_given_as_a_path_is_never_ours() -> None:
    (want,) = container.containers_from_params([dict(CONTAINER, netns="/proc/7/ns/net")])
    assert not want.owned


@pytest.mark.parametrize(
    "option, given, label",
    [
        ("name", "x" * 16, "name of a container"),
        ("netns", "a b", "container ns1: netns"),
        ("veth", "x" * 16, "container ns1: veth"),
        ("interface", "", "container ns1: interface"),
        ("mac", "x", "container ns1: mac"),
        ("mtu", 1, "container ns1: mtu"),
        ("gateway", "x", "container ns1: gateway"),
        ("addresses", ["10.0.0.1"], "container ns1: addresses[0]"),
        ("routes", [{"to": "10.0.0.1/8", "via": None}], "container ns1: destination of a route"),
        ("routes", [{"to": "default", "via": "x"}], "container ns1: next hop"),
    ],
)
def test_wrong_option_of_a_container_is_named(option: str, given: Any, label: str) -> None:
    told = message(container.containers_from_params, [dict(CONTAINER, **{option: given})])
    assert told.startswith(f"{label} is ")


@pytest.mark.parametrize(
    "second, words",
    [
        ({}, ["ns1 and ns1", "same name: ns1"]),
        ({"name": "ns2", "veth": "veth-ns1"}, ["ns1 and ns2", "same host end: veth-ns1"]),
        ({"name": "ns2", "netns": "ns1"}, ["ns1 and ns2", "eth0 in ns1"]),
    ],
)
def test_containers_in_each_others_way_are_named(second: Dict[str, Any], words: List[str]) -> None:
    told = message(container.containers_from_params, [CONTAINER, dict(CONTAINER, **second)])
    assert [word for word in words if word not in told] == []


TO_DEFAULT = {"to": "default", "via": "10.233.0.9"}


@pytest.mark.parametrize(
    "containers, words",
    [
        (
            [{"routes": [TO_DEFAULT]}],
            ["container ns1 has two routes to default", "via 10.233.0.1 and via 10.233.0.9"],
        ),
        (
            [{"routes": [{"to": "0.0.0.0/0", "via": None}]}],
            ["two routes to default", "via 10.233.0.1 and on the link"],
        ),
        (
            [
                {
                    "routes": [
                        {"to": "192.0.2.7/32", "via": "10.233.0.3"},
                        {"to": "192.0.2.7", "via": "10.233.0.4"},
                    ]
                }
            ],
            ["two routes to 192.0.2.7", "via 10.233.0.3 and via 10.233.0.4"],
        ),
        (
            [{}, {"name": "ns2", "netns": "ns1", "interface": "eth1", "gateway": "10.233.0.9"}],
            ["containers ns1 and ns2 share", "default", "via 10.233.0.1 and via 10.233.0.9"],
        ),
    ],
)
def test_destination_that_has_two_routes_is_named_with_both(
    containers: List[Dict[str, Any]], words: List[str]
) -> None:
    given = [dict(CONTAINER, **more) for more in containers]
    told = message(container.containers_from_params, given)
    assert [word for word in words if word not in told] == []


def test_default_route_of_each_ip_version_is_no_conflict() -> None:
    given = dict(CONTAINER, routes=[{"to": "default", "via": "fd00::1"}])
    (want,) = container.containers_from_params([given])
    assert len(want.routes) == 2
    apart = [CONTAINER, dict(CONTAINER, name="ns2")]
    assert len(container.containers_from_params(apart)) == 2


SENDER: Dict[str, Any] = {
    "port": "veth-ns1", "mac": "02:58:0A:E9:00:02", "addresses": [], "routes_for": [],
}  # fmt: skip


def test_sender_is_as_nft_prints_it() -> None:
    addresses = ["10.233.0.2/16", "10.233.0.2", "FD00:0::2/64"]
    prefixes = ["192.0.2.0/24", "192.0.2.9/32", "2001:DB8::/32"]
    given = dict(SENDER, addresses=addresses, routes_for=prefixes)
    (sender,) = spoof.senders_from_params([given])
    assert sender.mac == "02:58:0a:e9:00:02"
    assert sender.addresses == ("10.233.0.2", "fd00::2")
    assert sender.routes_for == ("192.0.2.0/24", "192.0.2.9", "2001:db8::/32")


@pytest.mark.parametrize(
    "key, value, told",
    [
        ("port", "a b", "port of a container is 'a b'"),
        ("mac", "33:33:00:00:00:01", "container at veth-ns1: mac is '33:33:00:00:00:01'"),
        ("addresses", ["10.233.0.2/33"], "container at veth-ns1: addresses[0] is '10.233.0.2/33'"),
        ("addresses", ["10.233.0.2", "::"], "container at veth-ns1: addresses[1] is '::'"),
        ("routes_for", ["192.0.2.9/24"], "container at veth-ns1: routes_for[0] is '192.0.2.9/24'"),
    ],
)
def test_wrong_option_of_a_sender_is_named(key: str, value: Any, told: str) -> None:
    assert told in message(spoof.senders_from_params, [dict(SENDER, **{key: value})])


def test_two_senders_at_one_port_are_refused() -> None:
    assert message(spoof.senders_from_params, [SENDER, SENDER]).startswith("port veth-ns1 is in")
