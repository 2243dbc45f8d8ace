# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever an inventory says, the answer is a plan that fits together, or clear errors."""

from __future__ import annotations

import ipaddress
from itertools import permutations
from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.entries import entries_of
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.plan import plan_site
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.site import SiteError
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.variables import (
    CONTAINER_KEYS,
    MODES,
    VARIABLES,
)

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

Inventory = dict[str, dict[str, Any]]

# What people write, and what YAML makes of it.
WORDS = (
    *("", "0", "-1", "abc", "a/b", "a" * 16, "vxlan0", "br0", "eth1", "ns1", "/proc/7/ns/net"),
    *("10.233.0.1", "10.233.0.0/16", "10.233.0.1/16", "10.0.0.0/8", "0.0.0.0", "172.16.1.1"),
    *("239.1.1.1", "ff05::42", "fd00::1", "fe80::1", "::", "127.0.0.1", "255.255.255.255"),
    *("02:58:0a:e9:00:02", "ff:ff:ff:ff:ff:ff", "default", "yes", "no", *MODES),
)
SOME: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 2**32),
    st.floats(),
    st.text(max_size=17),
    st.sampled_from(WORDS),
    st.lists(st.one_of(st.integers(), st.text(max_size=5), st.none()), max_size=3),
    st.dictionaries(st.sampled_from(CONTAINER_KEYS), st.text(max_size=5), max_size=3),
)
ROUTES: st.SearchStrategy[Any] = st.lists(
    st.dictionaries(
        st.sampled_from(["to", "via", "dev"]),
        st.sampled_from(["default", "192.0.2.0/24", "10.233.0.9", "fd00::/64", "fd00::9", "x"]),
    ),
    max_size=3,
)


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """A sound site, and up to two values in it replaced by others."""
    names = [f"host{n}" for n in range(draw(st.integers(1, 5)))]
    mode = draw(st.sampled_from(MODES))
    six = mode != "evpn" and draw(st.booleans())
    site: Inventory = {
        name: {
            "ansible_host": f"fd00::{n + 1}" if six else f"172.16.1.{11 + n}",
            "overlay_mode": mode,
            "overlay_group": "ff05::42" if six else "239.1.1.1",
            "overlay_containers": [
                {"name": f"c{c}", "address": f"10.233.{n}.{2 + c}"}
                for c in range(draw(st.integers(0, 3)))
            ],
        }
        for n, name in enumerate(names)
    }
    for _change in range(draw(st.integers(0, 2))):
        where = draw(st.sampled_from([[name] for name in names] + [names]))
        containers = site[where[0]]["overlay_containers"]
        listed = containers if isinstance(containers, list) else []
        mappings = [container for container in listed if isinstance(container, dict)]
        if draw(st.booleans()) and mappings:
            key = draw(st.sampled_from([*CONTAINER_KEYS, "adress"]))
            value: Any = draw(ROUTES) if key == "routes" else draw(SOME)
            draw(st.sampled_from(mappings))[key] = value
        else:
            variable = draw(st.sampled_from([*(v.name for v in VARIABLES), "ansible_host"]))
            value = draw(SOME)
            for name in where:
                site[name][variable] = value
    return site


@given(site=inventories(), mtu=st.sampled_from([None, 0, 68, 625, 626, 1280, 1500, 9000]))
@settings(deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
def test_the_answer_is_a_sound_plan_or_clear_errors(site: Inventory, mtu: int | None) -> None:
    try:
        plan = plan_site(site)
        if mtu is not None:
            plan = plan_site(site, _found(plan, mtu))
    except SiteError as error:
        event("refused")
        assert error.problems
        for sentence in error.problems:
            assert "\n" not in sentence
            assert any(name in sentence for name in (*site, "overlay_", "host"))
    else:
        event("planned")
        _fits_together(plan, site)


def _found(plan: dict[str, Any], mtu: int) -> dict[str, Any]:
    """As if each host had what the inventory says."""
    return {
        name: {"dev": "eth1", "mtu": mtu, "vtep": host["vtep"]}
        for name, host in plan["hosts"].items()
        if host["vtep"]
    }


def _fits_together(plan: dict[str, Any], site: Inventory) -> None:
    hosts, common = plan["hosts"], plan["site"]
    assert list(hosts) == list(site)
    cidr = ipaddress.IPv4Network(common["cidr"])
    containers = [(name, c) for name, host in hosts.items() for c in host["containers"]]
    addresses = [c["addresses"][0].partition("/")[0] for _name, c in containers]
    addresses += [host["address"] for host in hosts.values() if host["address"]]
    addresses.append(common["gateway"])
    assert len(set(addresses)) == len(addresses)
    assert all(ipaddress.IPv4Address(address) in cidr for address in addresses)
    macs = [c["mac"] for _name, c in containers]
    macs += [mac for h in hosts.values() if h["mac"] for mac in (h["mac"], h["vxlan"]["mac"])]
    assert len(set(macs)) == len(macs)
    assert common["mtu"] >= 576
    if any(host["vtep"] is None for host in hosts.values()):
        return  # not looked at yet
    for one, another in permutations(hosts, 2):
        assert _reach(plan, one, another)


def _reach(plan: dict[str, Any], name: str, other: str) -> bool:
    """Whether a host is told how to find the other, its containers and itself."""
    host, there = plan["hosts"][name], plan["hosts"][other]
    mode, entries = plan["site"]["mode"], entries_of(plan, name)
    if mode == "multicast":
        return bool(host["vxlan"]["group"] == there["vxlan"]["group"] == plan["site"]["group"])
    if mode == "point_to_point":
        return bool(host["vxlan"]["remote"] == there["vtep"])
    if mode == "unicast":
        return there["vtep"] in (entries["flood"] or [])
    if mode == "static":
        at = {entry["mac"]: entry["vtep"] for entry in entries["macs"]}
        behind = [there["mac"], *(c["mac"] for c in there["containers"])]
        return all(at.get(mac) == there["vtep"] for mac in behind)
    return there["vtep"] in _sessions(plan, name) or any(
        {there["vtep"], host["vtep"]} <= _sessions(plan, between) for between in plan["hosts"]
    )


def _sessions(plan: dict[str, Any], name: str) -> set[str]:
    return {neighbor["address"] for neighbor in plan["hosts"][name]["evpn"]["neighbors"]}
