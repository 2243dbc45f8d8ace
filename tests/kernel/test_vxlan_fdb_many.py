# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""vxlan_fdb with as many entries as the largest site has."""

from __future__ import annotations

from typing import Any

import pytest

from .fdb import ZERO, apply, devices, flood, listed, macs, neighbours
from .host import Host


@pytest.fixture(name="bridge")
def fixture_bridge(host: Host) -> Host:
    """A host with vxlan0 in br0, and no entries."""
    host.run(devices(11))
    return host


def entries(count: int, vteps: int) -> dict[str, Any]:
    """So many MACs behind so many VTEPs."""
    peers = [f"172.16.{n // 100 + 2}.{n % 100 + 1}" for n in range(vteps)]
    found = [
        {"mac": f"02:58:0b:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}", "vtep": vtep}
        for n in range(count)
        for vtep in [peers[n % vteps]]
    ]
    return {"flood": peers, "macs": found}


def both(host: Host) -> set[tuple[str, str]]:
    """Flood and MAC entries, with one look at the kernel."""
    return {(entry["mac"], entry["dst"]) for entry in listed(host) if "dst" in entry}


def without(args: dict[str, Any], number: int) -> tuple[dict[str, Any], list[str]]:
    """The same but for one MAC, and the commands that this takes."""
    gone = args["macs"][number]
    fewer = {**args, "macs": [entry for entry in args["macs"] if entry is not gone]}
    return fewer, [f"bridge fdb del {gone['mac']} dev vxlan0 dst {gone['vtep']} self master"]


def test_a_hundred_thousand_macs_and_a_thousand_vteps_are_one_run(bridge: Host) -> None:
    args = entries(100_000, 1_000)
    result = bridge.module("vxlan_fdb", args)
    assert len(result["commands"]) == 101_000
    wanted = {(ZERO, vtep) for vtep in args["flood"]}
    wanted |= {(entry["mac"], entry["vtep"]) for entry in args["macs"]}
    assert both(bridge) == wanted
    again = bridge.module("vxlan_fdb", args)
    assert (again["changed"], again["commands"], again["differences"]) == (False, [], [])
    fewer, commands = without(args, 23_456)
    assert bridge.module("vxlan_fdb", fewer)["commands"] == commands
    assert wanted - both(bridge) == {(args["macs"][23_456]["mac"], args["macs"][23_456]["vtep"])}


def test_thousands_of_entries_are_one_run(bridge: Host) -> None:
    args = entries(5000, 100)
    args["neighbours"] = [
        {"address": f"10.234.{n >> 8}.{n & 255}", "mac": entry["mac"]}
        for n, entry in enumerate(args["macs"], start=1)
    ]
    result = apply(bridge, args)
    assert len(result["commands"]) == 10100
    assert result["differences"][20] == "vxlan0: and 80 more flood entries"
    assert result["differences"][41] == "vxlan0: and 4980 more MACs"
    assert result["differences"][62] == "br0: and 4980 more neighbours"
    assert (len(flood(bridge)), len(macs(bridge)), len(neighbours(bridge))) == (100, 5000, 5000)
    fewer, commands = without(args, 2345)
    assert apply(bridge, fewer)["commands"] == commands
    left = apply(bridge, {"state": "absent"})["differences"]
    assert left[20] == "vxlan0: and 80 more flood entries that should not be there"
    assert (flood(bridge), macs(bridge), neighbours(bridge)) == (set(), {}, {})
