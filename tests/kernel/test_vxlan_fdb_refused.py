# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What vxlan_fdb refuses, each by name."""

from __future__ import annotations

from typing import Any

import pytest

from .fdb import ONE, WANTED, ZERO, apply, devices, refusal
from .host import Host


@pytest.fixture(name="bridge")
def fixture_bridge(host: Host) -> Host:
    """A host with vxlan0 in br0, and no entries."""
    host.run(devices(11))
    return host


def test_nexthop_in_the_way_is_named(bridge: Host) -> None:
    bridge.run("ip nexthop add id 5 via 172.16.1.12 fdb; ip nexthop add id 10 group 5 fdb")
    bridge.run(f"bridge fdb add {ONE} dev vxlan0 nhid 10 self")
    message = refusal(bridge, WANTED)
    assert message.startswith(f"MAC {ONE} of vxlan0 is at a nexthop (nhid 10)")
    bridge.run(message.split("first: ")[1])
    apply(bridge, WANTED)


def test_vtep_of_the_other_ip_version_is_named(bridge: Host) -> None:
    assert refusal(bridge, {"flood": ["fd00:1::12"]}).startswith("VTEP fd00:1::12 is not an IPv4")
    macs6 = [{"mac": ONE, "vtep": "fd00:1::12"}]
    assert refusal(bridge, {"macs": macs6}).startswith("VTEP fd00:1::12 is not an IPv4")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"dev": "a/b"}, ["dev is 'a/b'"]),
        ({"neighbour_dev": "a" * 16}, ["neighbour_dev is "]),
        ({"flood": ["172.16.1.12", "239.1.1.1"]}, ["flood[1] is '239.1.1.1'"]),
        ({"flood": ["172.16.1.12", "172.16.1.12"]}, ["flood[0] and flood[1]", "172.16.1.12"]),
        ({"macs": [{"mac": ONE}]}, ["macs[0] is", "mac and vtep"]),
        ({"macs": [{"mac": ZERO, "vtep": "172.16.1.12"}]}, ["macs[0].mac is"]),
        ({"macs": [{"mac": ONE, "vtep": "x"}]}, ["macs[0].vtep is 'x'"]),
        ({"neighbours": [{"address": "10.0.0.0/8", "mac": ONE}]}, ["neighbours[0].address is"]),
    ],
)
def test_nonsense_is_refused_by_name(bridge: Host, args: dict[str, Any], words: list[str]) -> None:
    message = refusal(bridge, args)
    assert [word for word in words if word not in message] == []


def test_conflicting_entries_are_both_named(bridge: Host) -> None:
    twice = [*WANTED["macs"], {"mac": ONE.upper(), "vtep": "172.16.1.14"}]
    message = refusal(bridge, {"macs": twice})
    assert message.startswith(f"macs[0] and macs[2] are both for {ONE} (172.16.1.12 and 172.16.1")
