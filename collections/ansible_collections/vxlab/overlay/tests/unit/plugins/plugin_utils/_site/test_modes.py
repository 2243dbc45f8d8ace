# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each mode sets on a host, and which entries it gives it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.entries import entries_of
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.modes import MOST_IN_FULL_MESH
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.plan import plan_site
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.site import SiteError
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.variables import MODES


def inventory(mode: str, hosts: int = 3, **common: Any) -> dict[str, dict[str, Any]]:
    return {
        f"ubuntu{n}": {
            "overlay_mode": mode,
            "ansible_host": f"172.16.{n // 200}.{11 + n % 200}",
            "overlay_containers": [{"name": "ns1", "address": f"10.233.0.{1 + n}"}],
            **common,
        }
        for n in range(1, hosts + 1)
    }


def underlay(site: dict[str, dict[str, Any]], *hosts: str) -> dict[str, dict[str, Any]]:
    return {
        host: {"dev": "eth1", "mtu": 1500, "vtep": site[host]["ansible_host"]}
        for host in hosts or site
    }


def problem(site: dict[str, dict[str, Any]], found: Any = None) -> str:
    with pytest.raises(SiteError) as failed:
        plan_site(site, found)
    assert len(failed.value.problems) == 1
    return failed.value.problems[0]


@pytest.mark.parametrize(
    ("mode", "group", "remote", "learning"),
    [
        ("multicast", "239.1.1.1", None, True),
        ("point_to_point", None, "172.16.0.13", True),
        ("unicast", None, None, True),
        ("static", None, None, False),
        ("evpn", None, None, False),
    ],
)
def test_options_of_the_device_and_flags_of_its_port(
    mode: str, group: Any, remote: Any, learning: bool
) -> None:
    site = inventory(mode, 2)
    host = plan_site(site, underlay(site))["hosts"]["ubuntu1"]
    have = {key: host["vxlan"][key] for key in ("group", "remote", "learning")}
    assert have == {"group": group, "remote": remote, "learning": learning}
    assert host["bridge"]["ports"] == [
        {"name": "vxlan0", "learning": learning, "neigh_suppress": not learning}
    ]


@pytest.mark.parametrize("mode", MODES)
def test_entries_of_a_host(mode: str) -> None:
    site = inventory(mode, 2 if mode == "point_to_point" else 3)
    plan = plan_site(site, underlay(site))
    entries = entries_of(plan, "ubuntu1")
    flood = {"unicast": ["172.16.0.13", "172.16.0.14"], "evpn": None}
    assert entries["flood"] == flood.get(mode, [])
    assert (entries["dev"], entries["neighbour_dev"]) == ("vxlan0", "br0")
    if mode != "static":
        assert entries["macs"] == entries["neighbours"] == []
        return
    own = plan["hosts"]["ubuntu2"]
    assert entries["macs"][:2] == [
        {"mac": own["mac"], "vtep": "172.16.0.13"},
        {"mac": "02:58:0a:e9:00:03", "vtep": "172.16.0.13"},
    ]
    assert entries["neighbours"][:2] == [
        {"address": own["address"], "mac": own["mac"]},
        {"address": "10.233.0.3", "mac": "02:58:0a:e9:00:03"},
    ]
    assert len(entries["macs"]) == len(entries["neighbours"]) == 4


@given(mode=st.sampled_from(["unicast", "static"]), count=st.integers(1, 8))
def test_every_host_has_an_entry_for_every_other_and_none_for_itself(mode: str, count: int) -> None:
    site = inventory(mode, count)
    plan = plan_site(site, underlay(site))
    for name, host in plan["hosts"].items():
        entries = entries_of(plan, name)
        vteps = {peer["vtep"] for other, peer in plan["hosts"].items() if other != name}
        assert host["vtep"] not in vteps
        assert set(entries["flood"]) | {m["vtep"] for m in entries["macs"]} == vteps
        own = {host["mac"], *(c["mac"] for c in host["containers"])}
        assert own.isdisjoint(m["mac"] for m in entries["macs"])


def test_host_that_leaves_is_in_nobodys_entries() -> None:
    site = inventory("static", 4)
    before = plan_site(site, underlay(site))
    gone = site.pop("ubuntu4")["ansible_host"]
    after = plan_site(site, underlay(site))
    for name in site:
        kept = [m for m in entries_of(before, name)["macs"] if m["vtep"] != gone]
        assert entries_of(after, name)["macs"] == kept


def test_full_mesh_of_sessions() -> None:
    site = inventory("evpn")
    plan = plan_site(site, underlay(site))
    assert plan["hosts"]["ubuntu1"]["evpn"] == {
        "asn": 64512,
        "router_id": "172.16.0.12",
        "source": "172.16.0.12",
        "neighbors": [
            {"name": "ubuntu2", "address": "172.16.0.13", "reflector_client": False},
            {"name": "ubuntu3", "address": "172.16.0.14", "reflector_client": False},
        ],
        "vteps": 2,
    }


def test_only_mode_evpn_has_sessions() -> None:
    site = inventory("unicast")
    assert plan_site(site, underlay(site))["hosts"]["ubuntu1"]["evpn"] is None


def test_route_reflectors_have_all_as_clients_and_the_others_have_them_alone() -> None:
    site = inventory("evpn", 5, overlay_route_reflectors=["ubuntu2", "ubuntu4"], overlay_asn="7")
    hosts = plan_site(site, underlay(site))["hosts"]
    sessions = {
        name: {n["name"]: n["reflector_client"] for n in host["evpn"]["neighbors"]}
        for name, host in hosts.items()
    }
    assert sessions["ubuntu1"] == {"ubuntu2": False, "ubuntu4": False}
    assert sessions["ubuntu2"] == {
        "ubuntu1": True, "ubuntu3": True, "ubuntu4": False, "ubuntu5": True
    }  # fmt: skip
    for name, peers in sessions.items():
        assert all(name in sessions[peer] for peer in peers), "a session has two ends"
    assert hosts["ubuntu5"]["evpn"]["asn"] == 7


@pytest.mark.parametrize("hosts", [1, 3])
def test_point_to_point_is_for_two(hosts: int) -> None:
    told = problem(inventory("point_to_point", hosts))
    assert told.startswith("overlay_mode is point_to_point, and group overlay has")
    assert "must have exactly two" in told


@pytest.mark.parametrize(
    ("common", "words"),
    [
        ({"overlay_asn": 0}, "overlay_asn is 0: it must be a whole number from 1"),
        ({"overlay_asn": 2**32}, "overlay_asn is 4294967296"),
        ({"overlay_asn": 23456}, "overlay_asn is 23456: it is reserved"),
        ({"overlay_asn": "abc"}, 'overlay_asn is "abc"'),
        ({"overlay_route_reflectors": ["ubuntu9"]}, "names ubuntu9, not in group overlay"),
        ({"overlay_route_reflectors": 7}, "overlay_route_reflectors is 7: it must be a list"),
    ],
)
def test_what_bgp_cannot_use_is_named(common: dict[str, Any], words: str) -> None:
    assert words in problem(inventory("evpn", **common))


def test_evpn_over_ipv6_is_refused() -> None:
    site = inventory("evpn")
    for n, host in enumerate(site.values()):
        host["ansible_host"] = f"fd00::{n}1"
    assert "zebra takes only IPv4" in problem(site)


def test_large_full_mesh_is_refused() -> None:
    told = problem(inventory("evpn", MOST_IN_FULL_MESH + 1))
    assert "name two or three hosts as route reflectors" in told
    reflectors = ["ubuntu1", "ubuntu2"]
    plan_site(inventory("evpn", MOST_IN_FULL_MESH + 1, overlay_route_reflectors=reflectors))


@pytest.mark.parametrize(
    ("mode", "common", "addresses", "family"),
    [
        ("multicast", {"overlay_group": "ff05::1"}, ["172.16.1.1", "172.16.1.2"], "ipv6"),
        ("multicast", {}, ["fd00::1", "fd00::2"], "ipv4"),
        ("unicast", {"overlay_group": "ff05::1"}, ["172.16.1.1", "172.16.1.2"], "ipv4"),
        ("unicast", {}, ["fd00::1", "fd00::2"], "ipv6"),
        ("unicast", {}, ["fd00::1", "172.16.1.2"], "ipv4"),
        ("static", {}, ["web1", "web2"], "ipv4"),
    ],
)
def test_family_is_the_groups_or_that_of_the_vteps(
    mode: str, common: dict[str, Any], addresses: list[str], family: str
) -> None:
    site = inventory(mode, 2, **common)
    for host, address in zip(site.values(), addresses, strict=True):
        host["ansible_host"] = address
    plan = plan_site(site)
    assert plan["site"]["family"] == family
    assert plan["site"]["mtu"] == (1430 if family == "ipv6" else 1450)


def test_vteps_of_two_families_are_named() -> None:
    site = inventory("unicast", 2)
    site["ubuntu2"]["overlay_vtep_address"] = "fd00::2"
    told = problem(site)
    assert told.startswith("ubuntu2: overlay_vtep_address is fd00::2, and other hosts have IPv4")


def test_run_limited_to_a_host_needs_the_addresses_of_the_others() -> None:
    site = inventory("unicast")
    whole = entries_of(plan_site(site, underlay(site)), "ubuntu1")
    limited = plan_site(site, underlay(site, "ubuntu1"))
    assert entries_of(limited, "ubuntu1") == whole
    del site["ubuntu3"]["ansible_host"]
    told = problem(site, underlay(site, "ubuntu1"))
    assert told.startswith("ubuntu3: it is not part of this run, and its VTEP address is not known")


def test_ansible_host_is_not_believed_where_it_is_another_address_than_the_vteps() -> None:
    site = inventory("unicast", 2)
    found = {"ubuntu1": {"dev": "eth1", "mtu": 1500, "vtep": "192.168.9.1"}}
    assert problem(site, found).startswith("ubuntu2: it is not part of this run")
    site["ubuntu2"]["overlay_vtep_address"] = "192.168.9.2"
    assert entries_of(plan_site(site, found), "ubuntu1")["flood"] == ["192.168.9.2"]
