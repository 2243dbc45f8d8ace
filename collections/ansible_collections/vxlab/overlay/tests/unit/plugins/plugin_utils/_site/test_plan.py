# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each host should have, for the lesson's site."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site import allocation
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.plan import plan_site
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.site import SiteError


def inventory(**common: Any) -> dict[str, dict[str, Any]]:
    return {
        f"ubuntu{n}": {
            "ansible_host": f"172.16.1.{10 + n}",
            "overlay_containers": [{"name": "ns1", "address": f"10.233.0.{1 + n}"}],
            **common,
        }
        for n in (1, 2, 3)
    }


def underlay(**mtus: int) -> dict[str, dict[str, Any]]:
    return {
        host: {"dev": "eth1", "mtu": mtu, "vtep": f"172.16.1.1{host[-1]}"}
        for host, mtu in mtus.items()
    }


ALL = underlay(ubuntu1=1500, ubuntu2=1500, ubuntu3=1500)


def test_lessons_site_is_planned_as_the_lesson_has_it() -> None:
    plan = plan_site(inventory(), ALL)
    site = plan["site"]
    assert (site["vni"], site["group"], site["port"], site["mtu"]) == (42, "239.1.1.1", 4789, 1450)
    assert (site["cidr"], site["gateway"], site["prefixlen"]) == ("10.233.0.0/16", "10.233.0.1", 16)
    host = plan["hosts"]["ubuntu1"]
    assert host["vxlan"] == {
        "name": "vxlan0", "vni": 42, "port": 4789, "group": "239.1.1.1", "remote": None,
        "learning": True, "dev": "eth1", "local": "172.16.1.11", "mac": host["vxlan"]["mac"],
        "mtu": 1450,
    }  # fmt: skip
    (container,) = host["containers"]
    assert container["addresses"] == ["10.233.0.2/16"]
    assert container["gateway"] == "10.233.0.1"
    assert container["mac"] == "02:58:0a:e9:00:02"
    assert (container["veth"], container["netns"]) == ("veth-ns1", "ns1")


def test_host_speaks_from_its_own_address_and_not_from_the_gateways() -> None:
    for host in plan_site(inventory(), ALL)["hosts"].values():
        first, gateway = host["bridge"]["addresses"]
        assert first == f"{host['address']}/16"
        assert gateway == "10.233.0.1/32"


def test_container_mtu_follows_underlay() -> None:
    for group, overhead in (("239.1.1.1", 50), ("ff05::1", 70)):
        plan = plan_site(inventory(overlay_group=group), ALL)
        for host in plan["hosts"].values():
            assert host["vxlan"]["mtu"] == host["bridge"]["mtu"] == 1500 - overhead
            assert [c["mtu"] for c in host["containers"]] == [1500 - overhead]


def test_smallest_underlay_sets_the_mtu_of_all() -> None:
    plan = plan_site(inventory(), underlay(ubuntu1=9000, ubuntu2=1400, ubuntu3=1500))
    assert {host["vxlan"]["mtu"] for host in plan["hosts"].values()} == {1350}


@pytest.mark.parametrize("given, planned", [(None, 1450), (1400, 1400), (9000, 1450)])
def test_container_may_have_a_smaller_mtu_and_no_larger_one(given: Any, planned: int) -> None:
    site = inventory()
    site["ubuntu1"]["overlay_containers"][0]["mtu"] = given
    assert plan_site(site)["hosts"]["ubuntu1"]["containers"][0]["mtu"] == planned


@pytest.mark.parametrize(
    "key, value, planned",
    [
        ("netns", "/proc/7/ns/net", {"netns": "/proc/7/ns/net", "owned": False}),
        ("netns", "other", {"netns": "other", "owned": True}),
        ("owned", False, {"netns": "ns1", "owned": False}),
        ("veth", "v0", {"veth": "v0"}),
        ("interface", "net1", {"interface": "net1"}),
        ("mac", "02:00:00:00:00:09", {"mac": "02:00:00:00:00:09"}),
        ("routes", [{"to": "192.0.2.0/24"}], {"routes": [{"to": "192.0.2.0/24"}]}),
    ],
)
def test_key_of_a_container_goes_into_its_plan(key: str, value: Any, planned: Any) -> None:
    site = inventory()
    site["ubuntu1"]["overlay_containers"][0][key] = value
    container = plan_site(site)["hosts"]["ubuntu1"]["containers"][0]
    assert {name: container[name] for name in planned} == planned


def test_gateway_is_the_first_address_unless_it_is_given() -> None:
    assert plan_site(inventory())["site"]["gateway"] == "10.233.0.1"
    moved = plan_site(inventory(overlay_gateway="10.233.9.9"))
    assert moved["site"]["gateway"] == "10.233.9.9"
    assert moved["hosts"]["ubuntu1"]["gateway"]["gateway"] == "10.233.9.9"


def test_host_named_by_its_address_needs_no_ansible_host() -> None:
    plan = plan_site({"172.16.1.11": {}})
    assert plan["hosts"]["172.16.1.11"]["vtep"] == "172.16.1.11"


def test_host_whose_address_is_not_known_is_planned_as_far_as_that_goes() -> None:
    host = plan_site({"ubuntu1": {"ansible_host": "ubuntu1.example.org"}})["hosts"]["ubuntu1"]
    assert (host["vtep"], host["address"], host["mac"]) == (None, None, None)


@pytest.mark.parametrize(
    "cidr, host_range",
    [
        ("10.233.0.0/16", "10.233.240.0/20"),
        ("10.0.0.0/8", "10.240.0.0/12"),
        ("192.0.2.0/24", "192.0.2.240/28"),
        ("192.0.2.0/28", "192.0.2.12/30"),
        ("192.0.2.0/29", "192.0.2.4/30"),
    ],
)
def test_hosts_own_addresses_come_out_of_the_end_of_the_cidr(cidr: str, host_range: str) -> None:
    found = allocation.default_host_range(ipaddress.IPv4Network(cidr))
    assert str(found) == host_range


def test_host_range_without_a_free_address_is_an_error() -> None:
    common = {"overlay_cidr": "192.0.2.0/29", "overlay_containers": []}
    with pytest.raises(SiteError, match="has 3 free addresses for 4 hosts: set a wider"):
        plan_site({f"h{n}": {"ansible_host": f"172.16.1.{n}", **common} for n in range(1, 5)})


def test_vteps_that_meet_get_neighbouring_addresses() -> None:
    site = {
        "a": {"ansible_host": "172.16.1.11"},
        "b": {"ansible_host": "172.16.17.11"},  # the same low twelve bits
    }
    hosts = plan_site(site)["hosts"]
    assert [hosts[h]["address"] for h in "ab"] == ["10.233.241.11", "10.233.241.12"]


def test_container_sends_from_its_own_mac_and_address() -> None:
    site = inventory()
    site["ubuntu2"]["overlay_containers"][0].update(
        veth="v0", netns="theirs", owned=False, routes_for=["198.51.100.0/24"]
    )
    plan = plan_site(site)
    assert plan["site"]["anti_spoof"] is True
    assert plan["hosts"]["ubuntu1"]["senders"] == [
        {
            "port": "veth-ns1",
            "mac": "02:58:0a:e9:00:02",
            "addresses": ["10.233.0.2"],
            "routes_for": [],
        }
    ]
    (joined,) = plan["hosts"]["ubuntu2"]["senders"]
    assert (joined["port"], joined["routes_for"]) == ("v0", ["198.51.100.0/24"])
    assert plan_site(inventory(overlay_anti_spoof=False))["site"]["anti_spoof"] is False


def test_container_that_others_route_by_sends_what_comes_from_there() -> None:
    site = inventory()
    site["ubuntu1"]["overlay_containers"][0]["routes"] = [
        {"to": "192.0.2.0/24", "via": "10.233.0.3"},
        {"to": "198.51.100.7", "via": "10.233.0.3"},
        {"to": "203.0.113.0/24"},
    ]
    again = {"to": "192.0.2.0/24", "via": "10.233.0.3"}
    site["ubuntu3"]["overlay_containers"][0]["routes"] = [again]
    hosts = plan_site(site)["hosts"]
    behind = {host: found["senders"][0]["routes_for"] for host, found in hosts.items()}
    assert behind == {"ubuntu1": [], "ubuntu2": ["192.0.2.0/24", "198.51.100.7"], "ubuntu3": []}
