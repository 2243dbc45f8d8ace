# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BGP EVPN between hosts with real daemons: what evpn_probe says, and what packets see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .frr import FrrHost, ended, needs_frr, needs_root
from .host import Host, join

pytestmark = [needs_frr, needs_root]

VXLAN = """
ip link add br0 address 02:58:0a:e9:ff:{n} type bridge
ip address add 10.233.255.{n}/16 dev br0
ip address add 10.233.0.1/32 dev br0
ip link set br0 up
ip link add vxlan0 type vxlan id 42 dstport 4789 local 172.16.1.{n} nolearning
ip link set vxlan0 master br0 up
bridge link set dev vxlan0 learning off neigh_suppress on
ip netns add ns1
ip link add v1 type veth peer name eth0 address 02:58:0a:e9:00:{n} netns ns1
ip link set v1 master br0 up
ip -n ns1 link set lo up
ip -n ns1 address add 10.233.0.{n}/16 dev eth0
ip -n ns1 link set eth0 up
"""
NUMBERS = (11, 12, 13)


@pytest.fixture
def three(make_host: Callable[[], Host]) -> Iterator[list[FrrHost]]:
    """Three hosts on one segment, each with a container, whose FRR runs as our module left it."""
    fabric = make_host()
    fabric.run("ip link add fabric type bridge && ip link set fabric up")
    hosts = []
    for number in NUMBERS:
        host = make_host()
        join(host, "eth1", fabric, f"port{number}")
        fabric.run(f"ip link set port{number} master fabric")
        host.run(f"ip address add 172.16.1.{number}/24 dev eth1" + VXLAN.format(n=number))
        hosts.append(FrrHost(host, number))
    with ended(*hosts):
        for frr in hosts:
            frr.host.module("frr_config", frr.args(*peers(frr)))
        yield hosts


def peers(frr: FrrHost) -> list[int]:
    return [number for number in NUMBERS if number != frr.number]


def asked(frr: FrrHost, **more: Any) -> dict[str, Any]:
    neighbors = {f"h{number}": f"172.16.1.{number}" for number in peers(frr)}
    return {"neighbors": neighbors, "vni": 42, "vteps": 2, "timeout": 20, **more}


def await_all(hosts: list[FrrHost]) -> None:
    for frr in hosts:
        frr.host.module("evpn_probe", asked(frr))


def test_evpn_carries_vteps_and_macs(three: list[FrrHost]) -> None:
    await_all(three)
    three[0].host.ping("ns1", "10.233.0.12", "10.233.0.13", "10.233.255.13")
    result = three[0].host.module("evpn_probe", asked(three[0]))
    assert result["sessions"] == {"h12": "Established", "h13": "Established"}
    assert result["remote_vteps"] == ["172.16.1.12", "172.16.1.13"]
    assert result["missing"] == {}
    bridges = {"02:58:0a:e9:ff:12", "02:58:0a:e9:ff:13"}
    containers = {"02:58:0a:e9:00:12", "02:58:0a:e9:00:13"}
    assert set(result["extern_learn"]) == bridges | containers


def test_each_container_has_one_gateway(three: list[FrrHost]) -> None:
    """The gateway's address is announced by hosts, and no bridge answers for another's."""
    await_all(three)
    for frr in three:
        shown = frr.host.attempt("ip netns exec ns1 arping -b -c 2 -w 3 -I eth0 10.233.0.1").stdout
        assert f"02:58:0A:E9:FF:{frr.number}" in shown
        assert shown.count("reply from") == 2


def test_a_wrong_password_is_named(three: list[FrrHost]) -> None:
    await_all(three)
    wrong = three[2]
    wrong.host.module("frr_config", wrong.args(*peers(wrong), password="another"))
    result = three[0].host.fails("evpn_probe", asked(three[0], timeout=6))
    assert result["msg"].startswith("1 of 2 BGP sessions established, 1 of 2 remote VTEPs known")
    assert "h13 (172.16.1.13) is " in result["msg"]
    assert "a password differs: overlay_bgp_password" in result["msg"]
    assert set(result["missing"]) == {"h13", "vteps"}
    assert result["sessions"]["h12"] == "Established"
    wrong.apply(wrong.args(*peers(wrong)))
    await_all(three)


def test_a_killed_bgpd_is_mended_and_other_sessions_stay(three: list[FrrHost]) -> None:
    await_all(three)
    up = 'vtysh -c "show bgp neighbors 172.16.1.13 json" | grep -e connectionsDropped'
    before = three[1].host.run(up)
    three[0].kill("watchfrr", "bgpd")
    result = three[0].host.fails("evpn_probe", asked(three[0], timeout=0))
    assert "bgpd is not running on this host; run site.yml" in result["msg"]
    mended = three[0].host.module("frr_config", three[0].args(*peers(three[0])))
    assert "bgpd: not running" in mended["differences"]
    await_all(three)
    assert three[1].host.run(up) == before
    three[0].host.ping("ns1", "10.233.0.12", "10.233.0.13")


def test_a_host_that_leaves_is_withdrawn_and_the_rest_not_reset(three: list[FrrHost]) -> None:
    await_all(three)
    up = 'vtysh -c "show bgp neighbors 172.16.1.12 json" | grep -e connectionsDropped'
    before = three[0].host.run(up)
    for frr, others in ((three[0], [12]), (three[1], [11])):
        frr.apply(frr.args(*others))
    three[2].apply({"state": "absent"})
    left = asked(three[0], neighbors={"h12": "172.16.1.12"}, vteps=1)
    assert three[0].host.module("evpn_probe", left)["remote_vteps"] == ["172.16.1.12"]
    assert three[0].host.run(up) == before
    for frr in three[:2]:
        assert "172.16.1.13" not in frr.host.run("bridge fdb show dev vxlan0")
    # FRR takes along what it made.
    assert "extern_learn" not in three[2].host.run("bridge fdb show; ip neigh show")
    assert "dst" not in three[2].host.run("bridge fdb show dev vxlan0")


def test_a_missing_vtep_is_named(three: list[FrrHost]) -> None:
    await_all(three)
    three[1].host.run("ip link set vxlan0 nomaster; ip link del vxlan0")
    # Until it has been withdrawn, the first look would find it.
    for _attempt in range(20):
        result = three[0].host._module("evpn_probe", asked(three[0], timeout=0.5), check=False)
        if result.get("failed"):
            break
    assert result["msg"].startswith("2 of 2 BGP sessions established, 1 of 2 remote VTEPs known")
    assert "VXLAN device has VNI 42" in result["msg"]


def test_a_host_without_frr_fails_in_one_sentence(host: Host) -> None:
    host.hide("vtysh")
    args = {"neighbors": {"h12": "172.16.1.12"}, "vni": 42, "vteps": 1, "timeout": 0}
    assert "vtysh is not on this host" in host.fails("evpn_probe", args)["msg"]


def test_frr_has_no_ipv6_vteps(three: list[FrrHost]) -> None:
    """Why the plan refuses them: FRR announces the router ID, an IPv4 address, in their place.

    Should a later FRR fail this test, the refusal can go.
    """
    three[0].host.run(
        """
        ip address add fd00::11/64 dev eth1 nodad
        ip link add br6 type bridge && ip link set br6 up
        ip link add vxlan6 type vxlan id 66 local fd00::11 dstport 4790 nolearning
        ip link set vxlan6 master br6 up
        """
    )
    for _attempt in range(20):
        shown = three[0].vtysh("show evpn vni 66")
        if "Local VTEP" in shown:
            break
    assert "Local VTEP IP: 0.0.0.0" in shown
