# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of some hosts of a site (--limit): the same plan as for all, or an error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.plan import plan_site
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.site import SiteError

# The range for the hosts' own addresses has sixteen, so they get in each other's way.
CROWDED = {"overlay_cidr": "10.233.0.0/24"}


def inventory(lasts: list[int], **more: Any) -> dict[str, dict[str, Any]]:
    return {f"host{n}": {"ansible_host": f"172.16.1.{n}", **CROWDED, **more} for n in lasts}


def underlay(*lasts: int, mtu: int = 1500) -> dict[str, dict[str, Any]]:
    return {f"host{n}": {"dev": "eth1", "mtu": mtu, "vtep": f"172.16.1.{n}"} for n in lasts}


def problems(site: dict[str, dict[str, Any]], found: dict[str, dict[str, Any]]) -> list[str]:
    with pytest.raises(SiteError) as error:
        plan_site(site, found)
    return error.value.problems


@given(st.lists(st.integers(1, 254), min_size=1, max_size=12, unique=True), st.data())
@settings(deadline=None)
def test_some_hosts_are_planned_as_in_a_run_of_all(lasts: list[int], data: Any) -> None:
    some = data.draw(st.lists(st.sampled_from(lasts), min_size=1, unique=True))
    whole = plan_site(inventory(lasts), underlay(*lasts))
    limited = plan_site(inventory(lasts), underlay(*some))
    for last in some:
        assert limited["hosts"][f"host{last}"] == whole["hosts"][f"host{last}"]
    for name, host in limited["hosts"].items():
        assert {k: host[k] for k in ("mac", "address", "vtep")} == {
            k: whole["hosts"][name][k] for k in ("mac", "address", "vtep")
        }


def test_a_host_whose_address_may_be_anothers_needs_all_vteps() -> None:
    """11 and 27 are the same modulo sixteen: one of the two has to make way."""
    site = inventory([11, 27])
    site["host11"]["ansible_host"] = "host11.example.org"
    (told,) = problems(site, underlay(27))
    assert told.startswith("host11: it is not part of this run, and its VTEP address is not known")
    site["host11"]["overlay_host_address"] = "10.233.0.251"
    (told,) = problems(site, underlay(27))
    assert told.startswith("host11"), "whom to hear is not known"
    for variables in site.values():
        variables["overlay_peer_filter"] = False
    assert plan_site(site, underlay(27))["hosts"]["host27"]["address"] != "10.233.0.251"


@pytest.mark.parametrize("mtu", [9000, 1400])
def test_an_unusual_mtu_is_not_taken_for_that_of_the_others(mtu: int) -> None:
    (told,) = problems(inventory([1, 2]), underlay(2, mtu=mtu))
    assert told.startswith(f"host2: eth1 has MTU {mtu}, and that of the hosts which are not part")
    assert "set overlay_mtu, or run without --limit" in told
    assert plan_site(inventory([1, 2]), underlay(1, 2, mtu=mtu))["site"]["mtu"] == mtu - 50
    limited = plan_site(inventory([1, 2], overlay_mtu=1300), underlay(2, mtu=mtu))
    assert limited["site"]["mtu"] == 1300


def test_an_underlay_that_is_too_small_for_any_overlay_is_named() -> None:
    (told,) = problems(inventory([1]), underlay(1, mtu=600))
    assert told == "host1: eth1 has MTU 600: it must be at least 626 to carry an overlay"
