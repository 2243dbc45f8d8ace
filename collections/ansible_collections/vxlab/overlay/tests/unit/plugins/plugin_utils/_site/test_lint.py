# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that do not fit together: one clear sentence that names hosts and values."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.plan import plan_site
from ansible_collections.vxlab.overlay.tests.unit.plugins.plugin_utils._site.sites import (
    inventory,
    one_problem,
    problems,
)


@pytest.mark.parametrize(
    "address, words",
    [
        ("10.234.0.2", ["is not in overlay_cidr, 10.233.0.0/16"]),
        ("10.233.0.1", ["is the gateway's"]),
        ("10.233.0.0", ["is the network address of 10.233.0.0/16"]),
        ("10.233.255.255", ["is the broadcast address of 10.233.0.0/16"]),
        ("10.233.250.1", ["10.233.240.0/20", "the hosts' own addresses", "overlay_host_range"]),
        (
            "10.233.0.2",
            ["container ns1 on ubuntu1", "container ns1 on ubuntu2", "more than once"],
        ),
    ],
)
def test_address_that_a_container_cannot_have_is_named(address: str, words: list[str]) -> None:
    site = inventory()
    site["ubuntu2"]["overlay_containers"][0]["address"] = address
    told = one_problem(site)
    assert address in told and "ns1" in told and "ubuntu2" in told
    assert [word for word in words if word not in told] == []
    assert ": choose" in told or "must be different" in told


@pytest.mark.parametrize(
    "variable, value, other",
    [
        ("overlay_vni", 43, "42"),
        ("overlay_port", 4790, "4789"),
        ("overlay_group", "239.1.1.2", "239.1.1.1"),
        ("overlay_cidr", "10.232.0.0/15", "10.233.0.0/16"),
        ("overlay_gateway", "10.233.0.254", "not set"),
        ("overlay_bridge", "br1", '"br0"'),
        ("overlay_vxlan_dev", "vxlan1", '"vxlan0"'),
        ("overlay_name", "other", '"overlay"'),
        ("overlay_mtu", 1400, "not set"),
        ("overlay_nat", False, "True"),
    ],
)
def test_hosts_that_disagree_are_named_with_both_values(
    variable: str, value: Any, other: str
) -> None:
    site = inventory()
    site["ubuntu3"][variable] = value
    told = one_problem(site)
    assert told.startswith(f"hosts disagree on {variable}: ")
    assert f"{other} on ubuntu1, ubuntu2" in told
    assert "on ubuntu3; all hosts of an overlay must have the same value" in told


def test_same_value_in_another_form_is_no_disagreement() -> None:
    site = inventory()
    site["ubuntu1"].update(overlay_vni="42", overlay_nat="yes", overlay_group="239.1.1.1")
    assert plan_site(site)


def everywhere(**values: Any) -> dict[str, dict[str, Any]]:
    site = inventory()
    for variables in site.values():
        variables.update(values)
    return site


@pytest.mark.parametrize(
    "values, words",
    [
        ({"overlay_gateway": "10.9.0.1"}, ["overlay_gateway is 10.9.0.1", "10.233.0.0/16"]),
        (
            {"overlay_gateway": "10.233.0.0"},
            ["overlay_gateway is 10.233.0.0", "network or broadcast"],
        ),
        (
            {"overlay_gateway": "10.233.255.254"},
            ["overlay_gateway 10.233.255.254", "10.233.240.0/20"],
        ),
        (
            {"overlay_host_range": "10.9.0.0/24"},
            ["overlay_host_range is 10.9.0.0/24", "part of overlay_cidr"],
        ),
        ({"overlay_vxlan_dev": "br0"}, ["overlay_vxlan_dev and overlay_bridge are both br0"]),
        (
            {"overlay_host_range": "10.233.9.8/31"},
            ["overlay_host_range 10.233.9.8/31", "2 free addresses for 3 hosts"],
        ),
    ],
)
def test_values_that_do_not_fit_together_are_named(
    values: dict[str, Any], words: list[str]
) -> None:
    told = one_problem(everywhere(**values))
    assert [word for word in words if word not in told] == []


@pytest.mark.parametrize(
    "values, words",
    [
        ({"ansible_host": "10.233.7.7"}, ["ubuntu2: ansible_host 10.233.7.7", "must not overlap"]),
        (
            {"overlay_vtep_address": "10.233.7.7"},
            ["ubuntu2: overlay_vtep_address 10.233.7.7", "must not overlap"],
        ),
        (
            {"overlay_vtep_address": "fd00::2"},
            ["ubuntu2: overlay_vtep_address is fd00::2", "239.1.1.1", "all must be IPv4"],
        ),
        ({"overlay_underlay_dev": "br0"}, ["ubuntu2: overlay_underlay_dev is br0"]),
        ({"overlay_underlay_dev": "vxlan0"}, ["ubuntu2: overlay_underlay_dev is vxlan0"]),
        (
            {"overlay_host_address": "10.233.1.1"},
            ["ubuntu2: overlay_host_address is 10.233.1.1", "10.233.240.0/20"],
        ),
    ],
)
def test_value_of_one_host_that_does_not_fit_is_named(
    values: dict[str, Any], words: list[str]
) -> None:
    site = inventory()
    site["ubuntu2"].update(values)
    told = one_problem(site)
    assert [word for word in words if word not in told] == []


@pytest.mark.parametrize(
    "variable, value",
    [("overlay_vtep_address", "172.16.1.99"), ("overlay_host_address", "10.233.240.9")],
)
def test_address_of_two_hosts_is_named_with_both(variable: str, value: str) -> None:
    site = inventory()
    for host in ("ubuntu1", "ubuntu3"):
        site[host][variable] = value
    told = one_problem(site)
    assert [w for w in (variable, value, "ubuntu1", "ubuntu3") if w not in told] == []


def test_own_address_that_is_the_broadcast_address_is_named() -> None:
    site = inventory()
    site["ubuntu2"]["overlay_host_address"] = "10.233.255.255"
    assert "broadcast" in one_problem(site)


def test_same_name_twice_on_one_host_is_named() -> None:
    site = inventory()
    site["ubuntu2"]["overlay_containers"].append({"name": "ns1", "address": "10.233.0.99"})
    told = one_problem(site)
    assert told.startswith("ubuntu2: the name of a container ns1 is used more than once")


def test_same_name_on_two_hosts_is_no_problem() -> None:
    assert [
        c["name"] for h in plan_site(inventory())["hosts"].values() for c in h["containers"]
    ] == ["ns1"] * 3


def test_host_end_named_as_another_device_is_named() -> None:
    for taken in ("br0", "vxlan0"):
        site = inventory()
        site["ubuntu2"]["overlay_containers"][0]["veth"] = taken
        told = one_problem(site)
        assert told.startswith("ubuntu2: ") and taken in told and "ns1" in told


def test_same_host_end_twice_is_named() -> None:
    site = inventory()
    site["ubuntu2"]["overlay_containers"].append(
        {"name": "ns2", "address": "10.233.0.99", "veth": "veth-ns1"}
    )
    told = one_problem(site)
    assert [w for w in ("ubuntu2", "veth-ns1", "ns1", "ns2") if w not in told] == []


@pytest.mark.parametrize(
    "more, words",
    [
        (
            [{"to": "default", "via": "10.233.0.9"}],
            ["to default, via 10.233.0.1 (overlay_gateway) and via 10.233.0.9"],
        ),
        ([{"to": "0.0.0.0/0"}], ["to default, via 10.233.0.1 (overlay_gateway) and on the link"]),
        (
            [
                {"to": "192.0.2.7/32", "via": "10.233.0.8"},
                {"to": "192.0.2.7", "via": "10.233.0.9"},
            ],
            ["to 192.0.2.7, via 10.233.0.8 and via 10.233.0.9"],
        ),
        (
            [{"to": "192.0.2.0/24", "via": "10.233.0.8"}] * 2,
            ["to 192.0.2.0/24, via 10.233.0.8 and via 10.233.0.8"],
        ),
    ],
)
def test_destination_that_has_two_routes_is_named_with_both(
    more: list[dict[str, str]], words: list[str]
) -> None:
    site = inventory()
    site["ubuntu2"]["overlay_containers"][0]["routes"] = more
    told = one_problem(site)
    assert told.startswith("ubuntu2: container ns1 has two routes ")
    assert [word for word in words if word not in told] == []


def test_default_route_of_the_other_ip_version_is_no_conflict() -> None:
    site = inventory()
    site["ubuntu2"]["overlay_containers"][0]["routes"] = [{"to": "default", "via": "fd00::1"}]
    assert plan_site(site)


def test_containers_whose_default_routes_meet_in_one_namespace_are_named() -> None:
    site = inventory()
    site["ubuntu2"]["overlay_containers"].append(
        {"name": "ns2", "address": "10.233.0.99", "netns": "ns1", "interface": "eth1"}
    )
    told = one_problem(site)
    assert told.startswith("ubuntu2: containers ns1 and ns2 are both in namespace ns1")
    assert "10.233.0.1" in told


def test_same_mac_twice_is_named() -> None:
    site = inventory()
    site["ubuntu2"]["overlay_containers"][0]["mac"] = "02:58:0a:e9:00:02"
    told = one_problem(site)
    assert "the MAC 02:58:0a:e9:00:02 is used more than once" in told
    assert "container ns1 on ubuntu1, container ns1 on ubuntu2" in told


def test_mac_of_a_container_that_is_a_hosts_own_is_named() -> None:
    site = inventory()
    own = plan_site(site)["hosts"]["ubuntu1"]["mac"]
    site["ubuntu2"]["overlay_containers"][0]["mac"] = own
    assert own in one_problem(site)


UNDERLAY = {
    f"ubuntu{n}": {"dev": "eth1", "mtu": 1500, "vtep": f"172.16.1.{10 + n}"} for n in (1, 2, 3)
}


def test_same_vtep_found_on_two_hosts_is_named() -> None:
    found = dict(UNDERLAY, ubuntu3=dict(UNDERLAY["ubuntu3"], vtep="172.16.1.11"))
    told = one_problem(inventory(), found)
    assert told.startswith("ubuntu1 and ubuntu3 have the same VTEP address, 172.16.1.11")


@pytest.mark.parametrize("group, most", [("239.1.1.1", 1450), ("ff05::1", 1430)])
def test_mtu_that_the_underlay_cannot_carry_is_named(group: str, most: int) -> None:
    site = everywhere(overlay_mtu=most + 1, overlay_group=group)
    told = problems(site, UNDERLAY)
    assert len(told) == 3
    assert told[0] == (
        f"ubuntu1: overlay_mtu is {most + 1}, but eth1 has MTU 1500: it must be at most {most}"
    )
    assert plan_site(everywhere(overlay_mtu=most, overlay_group=group), UNDERLAY)


def test_vtep_found_inside_the_overlay_is_named() -> None:
    site = inventory()
    del site["ubuntu2"]["ansible_host"]
    found = dict(UNDERLAY, ubuntu2=dict(UNDERLAY["ubuntu2"], vtep="10.233.7.7"))
    assert "10.233.7.7" in one_problem(site, found)
