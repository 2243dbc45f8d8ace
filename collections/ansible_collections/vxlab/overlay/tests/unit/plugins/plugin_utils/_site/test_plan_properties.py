# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every site."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.allocation import (
    VXLAN_DEVICE,
    mac_of,
)
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.plan import plan_site
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.site import SiteError

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

# Other tests may keep the machine busy meanwhile.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

CIDR = ipaddress.IPv4Network("10.233.0.0/16")
Inventory = dict[str, dict[str, Any]]


@st.composite
def inventories(draw: st.DrawFn, low_bits: int = 8, most: int = 12) -> Inventory:
    """Hosts whose VTEPs differ, with containers whose addresses differ.

    low_bits: how many bits of the VTEPs vary; up to 12, all differ in the host range.
    """
    numbers = draw(
        st.lists(st.integers(1, 2**low_bits - 2), unique=True, min_size=1, max_size=most)
    )
    offsets = draw(st.lists(st.integers(2, 0xEFFE), unique=True, max_size=20))
    site: Inventory = {
        f"host{n}": {
            "ansible_host": str(ipaddress.IPv4Address(0xAC100000 + n)),
            "overlay_containers": [],
        }
        for n in numbers
    }
    for position, offset in enumerate(offsets):
        host = draw(st.sampled_from(sorted(site)))
        site[host]["overlay_containers"].append(
            {"name": f"c{position}", "address": str(CIDR[offset])}
        )
    return site


def devices(plan: dict[str, Any]) -> tuple[list[str], list[str]]:
    """All addresses and MACs of containers, bridges and VXLAN devices."""
    addresses, macs = [plan["site"]["gateway"]], []
    for host in plan["hosts"].values():
        addresses.append(host["address"])
        macs += [host["mac"], host["vxlan"]["mac"]]
        for container in host["containers"]:
            addresses += [text.split("/")[0] for text in container["addresses"]]
            macs.append(container["mac"])
    return addresses, macs


@given(site=inventories(low_bits=16))
@settings(PATIENT, max_examples=80)
def test_no_two_have_the_same_address_or_mac(site: Inventory) -> None:
    addresses, macs = devices(plan_site(site))
    assert len(set(addresses)) == len(addresses)
    assert len(set(macs)) == len(macs)
    assert all(ipaddress.IPv4Address(address) in CIDR for address in addresses)


@given(site=inventories(low_bits=16), crowded=st.booleans(), data=st.data())
@settings(PATIENT, max_examples=60)
def test_order_of_the_inventory_does_not_matter(
    site: Inventory, crowded: bool, data: st.DataObject
) -> None:
    for variables in site.values() if crowded else ():
        # So that several hosts meet at one address.
        variables["overlay_host_range"] = "10.233.240.0/28"
    shuffled = {host: site[host] for host in data.draw(st.permutations(sorted(site)))}
    assert plan_site(shuffled) == plan_site(site)


@given(site=inventories(low_bits=12), data=st.data())
@settings(PATIENT, max_examples=60)
def test_removing_a_host_leaves_the_plan_of_the_others(
    site: Inventory, data: st.DataObject
) -> None:
    assume(len(site) > 1)
    gone = data.draw(st.sampled_from(sorted(site)))
    before, after = plan_site(site), plan_site({h: v for h, v in site.items() if h != gone})
    del before["hosts"][gone]
    assert after == before


@given(
    site=inventories(low_bits=12),
    mtus=st.lists(st.integers(1280, 9000), min_size=12, max_size=12),
    six=st.booleans(),
)
@settings(PATIENT, max_examples=60)
def test_no_device_is_larger_than_the_smallest_underlay_carries(
    site: Inventory, mtus: list[int], six: bool
) -> None:
    if six:
        for variables in site.values():
            variables["overlay_group"] = "ff05::1"
    vteps = {h: f"fd00::{n}" if six else v["ansible_host"] for n, (h, v) in enumerate(site.items())}
    smallest = min(mtus[: len(site)])
    found = {
        h: {"dev": "eth1", "mtu": mtu, "vtep": vteps[h]} for h, mtu in zip(site, mtus, strict=False)
    }
    most = smallest - (70 if six else 50)
    plan = plan_site(site, found)
    seen = {plan["site"]["mtu"]}
    for host in plan["hosts"].values():
        seen |= {
            host["vxlan"]["mtu"],
            host["bridge"]["mtu"],
            *(c["mtu"] for c in host["containers"]),
        }
    assert seen == {most}


@given(site=inventories(), data=st.data())
@settings(PATIENT, max_examples=60)
def test_any_duplicate_is_found_and_named(site: Inventory, data: st.DataObject) -> None:
    everyone = [(h, c) for h in sorted(site) for c in site[h]["overlay_containers"]]
    assume(everyone)
    owner, original = data.draw(st.sampled_from(everyone))
    other = data.draw(st.sampled_from(sorted(site)))
    kind = data.draw(st.sampled_from(["address", "mac", "name", "veth", "vtep", "host address"]))
    twin: dict[str, Any] = {"name": "twin", "address": "10.233.239.255"}
    if kind in ("name", "veth"):
        other = owner
    if kind == "veth":
        original["veth"] = twin["veth"] = "same0"
        value = "same0"
    elif kind == "mac":
        value = twin["mac"] = mac_of(original["address"])
    elif kind in ("vtep", "host address"):
        assume(other != owner)
        variable, value = {
            "vtep": ("overlay_vtep_address", "172.31.0.1"),
            "host address": ("overlay_host_address", "10.233.255.9"),
        }[kind]
        site[owner][variable] = site[other][variable] = value
    else:
        value = twin[kind] = original[kind]
    if kind not in ("vtep", "host address"):
        site[other]["overlay_containers"].append(twin)
    with pytest.raises(SiteError) as refused:
        plan_site(site)
    (told,) = refused.value.problems
    assert value in told and owner in told and other in told


@settings(PATIENT)
@given(numbers=st.lists(st.integers(0, 2**32 - 1), unique=True, min_size=2, max_size=2))
def test_addresses_that_differ_have_macs_that_differ(numbers: list[int]) -> None:
    macs = {
        mac_of(str(ipaddress.IPv4Address(number)), *kind)
        for number in numbers
        for kind in ((), (VXLAN_DEVICE,))
    }
    assert len(macs) == 4
    # Locally administered, unicast (IEEE 802c).
    assert all(int(mac[:2], 16) & 3 == 2 for mac in macs)
