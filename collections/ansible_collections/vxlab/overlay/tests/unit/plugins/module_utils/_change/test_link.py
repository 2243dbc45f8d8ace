# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links as ip prints them."""

from __future__ import annotations

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import parse_links
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    IP_VERSIONS,
    links,
)

every_version = pytest.mark.parametrize("version", IP_VERSIONS)


@every_version
def test_links_are_read_alike_from_every_version(version: str) -> None:
    have = links(version)
    assert have["eth1"].up and not have["eth2"].up
    assert (have["vxlan0"].kind, have["vxlan0"].master) == ("vxlan", "br0")
    assert have["vxlan0"].alias == "vxlab.overlay:overlay"
    assert have["docker0"].alias is None
    assert have["vxlan0"].mtu == 1450
    assert (have["lo"].kind, have["lo"].what) == (None, "a device that is not virtual")


@every_version
def test_addresses_are_those_that_somebody_set(version: str) -> None:
    have = links(version)
    assert [a.text for a in have["eth1"].addresses] == ["172.16.1.11/24", "fd00:1::11/64"]
    assert [(a.text, a.secondary) for a in have["eth2"].addresses] == [
        ("192.0.2.1/24", False),
        ("192.0.2.2/24", True),
    ]
    assert [a.text for a in have["br0"].addresses] == ["10.233.240.11/16", "10.233.0.1/32"]


def test_addresses_that_come_and_go_are_kept_apart() -> None:
    leased = {"prefixlen": 64, "scope": "global", "dynamic": True}
    entry = {
        "ifindex": 1,
        "ifname": "eth0",
        "addr_info": [
            {"local": "10.0.0.5", **leased, "prefixlen": 8},
            {"local": "10.0.0.6", "prefixlen": 8, "scope": "global"},
            {"local": "fd00::5", **leased, "mngtmpaddr": True},
            {"local": "fd00::aaaa", **leased, "temporary": True},
            {"local": "fe80::5", "prefixlen": 64, "scope": "link"},
        ],
    }
    link = parse_links([entry])["eth0"]
    assert [a.text for a in link.addresses] == ["10.0.0.6/8"]
    assert [a.text for a in link.leased] == ["10.0.0.5/8", "fd00::5/64"]


def test_link_that_vanished_while_ip_listed_is_skipped() -> None:
    assert parse_links([{}, {"ifindex": 1, "ifname": "lo"}]).keys() == {"lo"}
