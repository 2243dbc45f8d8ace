# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a host meets the underlay."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Dict, List

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import underlay
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    IP_VERSIONS,
    MARK,
    links,
    text,
)

every_version = pytest.mark.parametrize("version", IP_VERSIONS)
GIVEN: Dict[str, Any] = {"dev": None, "vtep": None, "candidate": None, "family": 4}


def routes(version: str) -> List[Any]:
    """As iproute.read_routes() gives them; the captured ones are IPv4 routes."""
    return [dict(route, version=4) for route in json.loads(text("ip", version, "routes.json"))]


def default_route(dev: str, version: int) -> Dict[str, Any]:
    return {"dst": "default", "dev": dev, "version": version}


BOTH_DEFAULTS = [default_route("eth2", 4), default_route("eth1", 6)]


def choose(version: str, have_routes: Any = None, **given: Any) -> underlay.Underlay:
    g = dict(GIVEN, **given)
    by = routes(version) if have_routes is None else have_routes
    return underlay.choose(links(version), by, g["dev"], g["vtep"], g["candidate"], g["family"])


@every_version
@pytest.mark.parametrize(
    "given, dev, vtep",
    [
        ({}, "eth1", "172.16.1.11"),
        ({"candidate": "172.16.1.11"}, "eth1", "172.16.1.11"),
        ({"candidate": "192.0.2.2"}, "eth2", "192.0.2.2"),
        ({"candidate": "198.51.100.1"}, "eth1", "172.16.1.11"),
        ({"candidate": "192.0.2.2", "dev": "eth1"}, "eth1", "172.16.1.11"),
        ({"dev": "eth2"}, "eth2", "192.0.2.1"),
        ({"vtep": "192.0.2.2"}, "eth2", "192.0.2.2"),
        ({"dev": "eth2", "vtep": "192.0.2.2"}, "eth2", "192.0.2.2"),
        ({"candidate": "127.0.0.1"}, "eth1", "172.16.1.11"),
        ({"family": 6, "have_routes": BOTH_DEFAULTS}, "eth1", "fd00:1::11"),
        ({"have_routes": BOTH_DEFAULTS}, "eth2", "192.0.2.1"),
        ({"family": 6, "candidate": "172.16.1.11"}, "eth1", "fd00:1::11"),
    ],
)
def test_underlay_is_found(version: str, given: Any, dev: str, vtep: str) -> None:
    assert choose(version, **given) == underlay.Underlay(dev, 1500, vtep)


@pytest.mark.parametrize(
    "given, words",
    [
        ({"dev": "eth9"}, ["overlay_underlay_dev is eth9", "no such device", "eth1, eth2"]),
        ({"vtep": "10.0.0.1"}, ["overlay_vtep_address is 10.0.0.1", "172.16.1.11"]),
        ({"dev": "eth2", "vtep": "172.16.1.11"}, ["172.16.1.11", "eth2 has no such", "192.0.2.1"]),
        ({"have_routes": []}, ["cannot be found", "set overlay_underlay_dev"]),
        ({"family": 6}, ["cannot be found", "set overlay_underlay_dev"]),
        (
            {"family": 6, "have_routes": [default_route("eth2", 6)]},
            ["eth2 has no IPv6 address"],
        ),
        ({"dev": "eth2", "family": 6}, ["eth2 has no IPv6 address", "overlay_underlay_dev"]),
    ],
)
def test_underlay_that_is_not_there_is_an_error(given: Any, words: List[str]) -> None:
    with pytest.raises(ChangeError) as refused:
        choose("6.1", **given)
    assert [word for word in words if word not in str(refused.value)] == []


@every_version
def test_our_own_devices_do_not_overlap_the_overlay(version: str) -> None:
    assert underlay.overlaps("10.233.0.0/16", links(version), routes(version), MARK) == []


@pytest.mark.parametrize(
    "cidr, found",
    [
        ("172.16.0.0/16", ["172.16.1.0/24 by eth1"]),
        ("172.16.1.0/26", ["172.16.1.0/24 by eth1"]),
        ("192.0.0.0/8", ["192.0.2.0/24 by eth2"]),
        ("10.99.0.0/16", []),
    ],
)
def test_prefix_that_a_host_reaches_already_is_found(cidr: str, found: List[str]) -> None:
    assert underlay.overlaps(cidr, links("6.1"), routes("6.1"), MARK) == found


def test_bridge_of_another_overlay_overlaps() -> None:
    found = underlay.overlaps("10.233.0.0/16", links("6.1"), routes("6.1"), Mark("other"))
    assert "10.233.0.0/16 by br0" in found


@pytest.mark.parametrize(
    "destination, found",
    [("10.233.5.0/24", True), ("10.233.5.1", True), ("10.0.0.0/8", False), ("default", False)],
)
def test_only_a_more_specific_route_is_in_the_way(destination: str, found: bool) -> None:
    route = {"dst": destination, "dev": "eth1", "gateway": "172.16.1.1", "version": 4}
    assert bool(underlay.overlaps("10.233.0.0/16", links("6.1"), [route], MARK)) is found


def test_down_device_without_addresses_is_no_vtep() -> None:
    have = links("6.1")
    have["eth1"] = replace(have["eth1"], addresses=[])
    with pytest.raises(ChangeError, match="eth1 has no IPv4 address"):
        underlay.choose(have, routes("6.1"), "eth1", None, None, 4)
