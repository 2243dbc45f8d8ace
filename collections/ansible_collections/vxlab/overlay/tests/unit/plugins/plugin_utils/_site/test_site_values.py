# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad values: one clear sentence that names host, variable, value, and what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.plan import plan_site
from ansible_collections.vxlab.overlay.tests.unit.plugins.plugin_utils._site.sites import (
    inventory,
    one_problem,
    problems,
)


def test_lessons_inventory_has_no_problem() -> None:
    assert plan_site(inventory())


DEVICE = "must be 1 to 15 letters, digits, dots, dashes and underscores"


@pytest.mark.parametrize(
    "variable, value, shown, right",
    [
        ("overlay_vni", -1, "-1", "must be a whole number from 0 to 16777215"),
        ("overlay_vni", 2**24, "16777216", "must be a whole number from 0 to 16777215"),
        ("overlay_vni", "abc", '"abc"', "must be a whole number from 0 to 16777215"),
        ("overlay_vni", 1.5, "1.5", "must be a whole number"),
        ("overlay_vni", [42], "[42]", "must be a whole number"),
        ("overlay_vni", "", '""', "must be a whole number"),
        ("overlay_port", 0, "0", "must be a whole number from 1 to 65535"),
        ("overlay_port", 65536, "65536", "must be a whole number from 1 to 65535"),
        ("overlay_group", "10.0.0.1", "10.0.0.1", "must be an IPv4 or IPv6 multicast address"),
        ("overlay_group", "all", '"all"', "must be an IPv4 or IPv6 multicast address"),
        ("overlay_cidr", "10.233.0.1/16", "10.233.0.1/16", "without host bits"),
        ("overlay_cidr", "10.233.0.0/31", "10.233.0.0/31", "/8 to /29"),
        ("overlay_cidr", "10.233.0.0/30", "10.233.0.0/30", "/8 to /29"),
        ("overlay_cidr", "0.0.0.0/0", "0.0.0.0/0", "/8 to /29"),
        ("overlay_cidr", "fd00::/64", '"fd00::/64"', "must be an IPv4 prefix"),
        ("overlay_cidr", "net", '"net"', "must be an IPv4 prefix"),
        ("overlay_gateway", "fd00::1", '"fd00::1"', "must be an IPv4 address"),
        ("overlay_gateway", "10.233.0.1/16", "10.233.0.1/16", "must be an IPv4 address"),
        ("overlay_host_range", "10.233.1.1/24", "10.233.1.1/24", "without host bits"),
        ("overlay_mtu", 575, "575", "from 576 to 65535"),
        ("overlay_mode", "magic", '"magic"', "must be multicast"),
        ("overlay_name", "my net", '"my net"', "must start with a letter"),
        ("overlay_name", "x" * 25, '"' + "x" * 25 + '"', "at most 24 letters"),
        ("overlay_vxlan_dev", "a" * 16, '"' + "a" * 16 + '"', DEVICE),
        ("overlay_vxlan_dev", "a/b", '"a/b"', DEVICE),
        ("overlay_vxlan_dev", "", '""', DEVICE),
        ("overlay_vxlan_dev", "a\n", r'"a\n"', DEVICE),
        ("overlay_bridge", "br 0", '"br 0"', DEVICE),
        ("overlay_underlay_dev", "é", '"é"', DEVICE),
        ("overlay_nat", "maybe", '"maybe"', "must be true or false"),
        ("overlay_vtep_address", "ubuntu1", '"ubuntu1"', "must be an IPv4 or IPv6 address"),
        ("overlay_vtep_address", "239.1.1.1", "239.1.1.1", "must be a unicast address"),
        ("overlay_host_address", "::1", '"::1"', "must be an IPv4 address"),
        ("overlay_containers", "ns1", '"ns1"', "must be a list of containers"),
        ("overlay_containers", ["ns1"], "['ns1']", "must be a list of containers"),
    ],
)
def test_wrong_value_is_named_with_its_host(
    variable: str, value: Any, shown: str, right: str
) -> None:
    site = inventory()
    site["ubuntu2"][variable] = value
    told = one_problem(site)
    assert told.startswith(f"ubuntu2: {variable} is {shown}: it must")
    assert right in told


def test_wrong_value_of_all_hosts_is_one_sentence() -> None:
    site = inventory()
    for variables in site.values():
        variables["overlay_vni"] = -1
    assert one_problem(site).startswith("ubuntu1, ubuntu2, ubuntu3: overlay_vni is -1: ")


def test_sentence_about_many_hosts_stays_short() -> None:
    site = inventory(200)
    for variables in site.values():
        variables["overlay_vni"] = -1
    told = one_problem(site)
    assert "ubuntu8 and 192 more: overlay_vni is -1" in told
    assert len(told) < 250


def test_all_wrong_values_are_told_at_once() -> None:
    site = inventory()
    site["ubuntu1"].update(overlay_vni=-1, overlay_port=0)
    site["ubuntu3"]["overlay_containers"] = [{"name": "a/b", "address": "x"}]
    assert len(problems(site)) == 4


@pytest.mark.parametrize(
    "entry, words",
    [
        ({"address": "10.233.0.9"}, ["overlay_containers[0] has no name"]),
        ({"name": "ns1"}, ["overlay_containers[0] has no address"]),
        (
            {"name": "", "address": "10.233.0.9"},
            ['overlay_containers[0].name is ""', "must be 1 to 15"],
        ),
        ({"name": "a" * 16, "address": "10.233.0.9"}, ["overlay_containers[0].name is", "1 to 15"]),
        ({"name": "a/b", "address": "10.233.0.9"}, ["overlay_containers[0].name is", "letters"]),
        (
            {"name": "ns1", "address": "10.233.0.9/16"},
            [".address is 10.233.0.9/16", "without prefix length"],
        ),
        ({"name": "ns1", "address": "fd00::1"}, [".address is", "must be an IPv4 address"]),
        (
            {"name": "ns1", "address": "10.233.0.9", "mac": "ff:ff:ff:ff:ff:ff"},
            [".mac is", "MAC address of one device"],
        ),
        ({"name": "ns1", "address": "10.233.0.9", "mtu": 10}, [".mtu is 10", "from 68"]),
        ({"name": "ns1", "address": "10.233.0.9", "veth": "v" * 16}, [".veth is", "1 to 15"]),
        (
            {"name": "ns1", "address": "10.233.0.9", "interface": "e 0"},
            [".interface is", "1 to 15"],
        ),
        (
            {"name": "ns1", "adress": "x", "address": "10.233.0.9"},
            ["unknown key adress", "did you mean address?"],
        ),
    ],
)
def test_wrong_container_is_named_with_its_place(entry: dict[str, Any], words: list[str]) -> None:
    site = inventory()
    site["ubuntu2"]["overlay_containers"] = [entry]
    told = one_problem(site)
    assert told.startswith("ubuntu2: overlay_containers[0]")
    assert [word for word in words if word not in told] == []


@pytest.mark.parametrize(
    "key, value",
    [
        ("netns", "a b"),
        ("netns", "x" * 300),
        ("owned", "maybe"),
        ("routes", "default"),
        ("routes", [7]),
        ("routes_for", "192.0.2.0/24"),
        ("routes_for", ["192.0.2.1/24"]),
    ],
)
def test_every_key_of_a_container_is_checked_before_a_host_is_touched(key: str, value: Any) -> None:
    site = inventory()
    site["ubuntu2"]["overlay_containers"] = [{"name": "ns1", "address": "10.233.0.9", key: value}]
    assert f"overlay_containers[0].{key}" in one_problem(site)


def test_owned_of_a_container_may_be_text() -> None:
    site = inventory(1)
    site["ubuntu1"]["overlay_containers"] = [
        {"name": "ns1", "address": "10.233.0.9", "netns": "theirs", "owned": "false"}
    ]
    assert plan_site(site)["hosts"]["ubuntu1"]["containers"][0]["owned"] is False


def test_two_containers_in_one_namespace_are_named() -> None:
    site = inventory(1)
    site["ubuntu1"]["overlay_containers"] = [
        {"name": "a", "address": "10.233.0.8", "netns": "/proc/1/ns/net"},
        {"name": "b", "address": "10.233.0.9", "netns": "/proc/1/ns/net"},
    ]
    told = one_problem(site)
    assert [word for word in ("a and b", "/proc/1/ns/net", "10.233.0.1") if word not in told] == []
