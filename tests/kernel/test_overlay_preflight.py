# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""overlay_preflight against the kernel."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import MakeHost
from .host import Host

ARGS = {
    "host": "ubuntu1",
    "cidr": "10.233.0.0/16",
    "vxlan_dev": "vxlan0",
    "vni": 42,
    "port": 4789,
    "bridge": "br0",
    "containers": [
        {"name": "ns1", "netns": "ns1", "veth": "veth-ns1", "owned": True},
        {"name": "ns2", "netns": "ns2", "veth": "veth-ns2", "owned": True},
    ],
}


def found(host: Host, **more: Any) -> dict[str, Any]:
    """The underlay; fails the test if looking changed anything."""
    before = host.state()
    result = host.module("overlay_preflight", {**ARGS, **more})
    assert result["changed"] is False
    assert host.state() == before
    underlay: dict[str, Any] = result["underlay"]
    return underlay


def problems(host: Host, **more: Any) -> list[str]:
    before = host.state()
    result = host.fails("overlay_preflight", {**ARGS, **more})
    assert host.state() == before
    listed: list[str] = result["problems"]
    assert result["msg"] == "\n".join(f"ubuntu1: {problem}" for problem in listed)
    return listed


ETH1 = {"dev": "eth1", "mtu": 1500, "vtep": "172.16.1.11"}


@pytest.fixture
def host(host: Host) -> Host:
    """With a second device, which has the default route."""
    host.run(
        """
        ip link add eth0 type veth peer name wire0
        ip link set eth0 mtu 1400
        ip address add 192.0.2.11/24 dev eth0
        ip address add 192.0.2.12/24 dev eth0
        ip link set eth0 up
        ip link set wire0 up
        ip route add default via 192.0.2.1
        """
    )
    return host


def test_underlay_is_the_device_of_ansible_host(host: Host) -> None:
    assert found(host, candidate="172.16.1.11") == ETH1


def test_underlay_is_the_device_of_the_given_vtep(host: Host) -> None:
    assert found(host, vtep="172.16.1.11", candidate="192.0.2.11") == ETH1


@pytest.mark.parametrize("given", ["candidate", "vtep"])
def test_underlay_may_have_an_address_from_dhcp(host: Host, given: str) -> None:
    host.run("ip address flush dev eth1")
    host.run("ip address add 172.16.1.11/24 dev eth1 valid_lft 3600 preferred_lft 3600")
    assert found(host, **{given: "172.16.1.11"}) == ETH1
    assert "172.16.1.0/24 by eth1" in problems(host, vtep="172.16.1.11", cidr="172.16.0.0/16")[0]


def test_underlay_is_the_given_device(host: Host) -> None:
    assert found(host, underlay_dev="eth1", candidate="192.0.2.11") == ETH1


@pytest.mark.parametrize("candidate", [None, "198.51.100.9", "127.0.0.1", "ubuntu1.example.org"])
def test_underlay_is_the_device_of_the_default_route(host: Host, candidate: str | None) -> None:
    underlay = found(host, candidate=candidate)
    assert underlay == {"dev": "eth0", "mtu": 1400, "vtep": "192.0.2.11"}


def test_candidate_is_taken_where_the_device_has_several_addresses(host: Host) -> None:
    assert found(host, candidate="192.0.2.12")["vtep"] == "192.0.2.12"
    assert found(host, underlay_dev="eth0", candidate="192.0.2.12")["vtep"] == "192.0.2.12"


def test_underlay_over_ipv6(host: Host) -> None:
    host.run("ip address add fd00::11/64 dev eth1 nodad")
    # Every interface has such an address, once it is known to be unique.
    host.run("ip address replace fe80::9/64 dev eth0 nodad")
    assert found(host, underlay_dev="eth1", family="ipv6")["vtep"] == "fd00::11"
    assert "eth0 has no IPv6 address" in problems(host, underlay_dev="eth0", family="ipv6")[0]


def test_default_route_of_the_other_family_does_not_tell_the_underlay(host: Host) -> None:
    host.run("ip address add fd00::11/64 dev eth1 nodad")
    (problem,) = problems(host, family="ipv6")
    assert "the underlay device cannot be found" in problem
    assert "set overlay_underlay_dev" in problem


def test_underlay_over_ipv6_is_the_device_of_the_ipv6_default_route(host: Host) -> None:
    host.run("ip address add fd00::11/64 dev eth1 nodad; ip -6 route add default via fd00::1")
    assert found(host, family="ipv6")["dev"] == "eth1"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"underlay_dev": "eth7"}, "overlay_underlay_dev is eth7: this host has no such device"),
        ({"vtep": "172.16.1.99"}, "overlay_vtep_address is 172.16.1.99"),
        ({"vtep": "172.16.1.11", "underlay_dev": "eth0"}, "eth0 has no such address"),
        ({"underlay_dev": "wire"}, "the underlay device wire has no IPv4 address"),
    ],
)
def test_underlay_that_is_not_there(host: Host, more: dict[str, Any], told: str) -> None:
    (problem,) = problems(host, **more)
    assert told in problem


def test_host_without_a_way_out_has_to_name_its_underlay(make_host: MakeHost) -> None:
    (problem,) = problems(make_host(), candidate="172.16.1.11")
    assert "set overlay_underlay_dev" in problem


def test_every_conflict_is_in_one_message(host: Host) -> None:
    host.run(
        """
        ip link add vxlan0 type bridge
        ip link add br0 type vxlan id 42 dstport 4789
        ip netns add ns1
        ip link add veth-ns2 type veth peer name other
        ip address add 10.233.7.1/24 dev eth0
        ip route add 10.233.9.0/24 via 172.16.1.1
        """
    )
    told = problems(host, underlay_dev="eth7")
    assert [problem.split(" ")[0] for problem in told] == [
        "vxlan0", "br0", "overlay_cidr", "network", "veth-ns2", "overlay_underlay_dev",
    ]  # fmt: skip
    assert "10.233.7.0/24 by eth0" in told[2]
    assert "10.233.9.0/24 by eth1" in told[2]


def test_foreign_device_with_the_same_vni_and_port(host: Host) -> None:
    host.run("ip link add flannel.1 type vxlan id 42 dstport 4789")
    (problem,) = problems(host)
    assert "flannel.1" in problem
    found(host, port=4790)


def test_host_end_in_a_foreign_bridge(host: Host) -> None:
    host.run(
        "ip link add docker0 type bridge; ip link add vxlan0 type vxlan id 9 dstport 9;"
        " ip link set vxlan0 alias vxlab.overlay:overlay master docker0"
    )
    (problem,) = problems(host)
    assert "docker0" in problem


@pytest.mark.parametrize(
    "wider", ["10.0.0.0/8", "default"], ids=["a route to all of 10/8", "the default route"]
)
def test_wider_route_is_no_conflict(host: Host, wider: str) -> None:
    host.run(f"ip route replace {wider} via 172.16.1.1")
    found(host, underlay_dev="eth1")


def test_what_is_ours_is_no_conflict(host: Host) -> None:
    host.module("vxlan_link", {"vni": 42, "group": "239.1.1.1", "dev": "eth1"})
    ports = [{"name": "vxlan0"}]
    host.module("bridge_port", {"addresses": ["10.233.0.1/16"], "ports": ports})
    containers = [{"name": "ns1", "addresses": ["10.233.0.2/16"]}, {"name": "ns2"}]
    host.module("netns_veth", {"containers": containers})
    assert found(host, candidate="172.16.1.11") == ETH1


def test_missing_tools_are_told_together(host: Host) -> None:
    host.hide("ip", "nft", "iptables-nft", "iptables-legacy")
    told = problems(host)
    assert len(told) == 2
    assert "package iproute2" in told[0]
    assert "neither nft nor iptables" in told[1]


def test_ordinary_user_is_told_to_become_root(host: Host) -> None:
    assert "root" in host.as_user("overlay_preflight", ARGS)


def test_containers_may_leave_out_what_netns_veth_has_defaults_for(host: Host) -> None:
    assert found(host, candidate="172.16.1.11", containers=[{"name": "ns1"}]) == ETH1
    host.run("ip link add veth-ns1 type bridge")
    told = problems(host, candidate="172.16.1.11", containers=[{"name": "ns1"}])
    assert len(told) == 1 and "veth-ns1" in told[0]


@pytest.mark.parametrize(
    ("container", "message"),
    [
        ({"netns": "ns1"}, "missing required arguments: name found in containers"),
        ({"name": "ns1", "vethh": "x"}, "vethh"),
        ({"name": "ns1", "owned": "perhaps"}, "owned"),
        ({"name": "ns1", "mac": "x"}, "container ns1: mac is 'x': it must be the MAC address"),
        ({"name": "a b"}, "name of a container is 'a b': it must be"),
    ],
)
def test_a_wrong_container_is_named(host: Host, container: Any, message: str) -> None:
    result = host.fails("overlay_preflight", {**ARGS, "containers": [container]})
    assert message in result["msg"]
    assert "\n" not in result["msg"]
