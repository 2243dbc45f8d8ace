# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Layer 2 of bridge_port: the bridge's properties, its ports and their flags."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import bridge
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.port import DEFAULTS, flags_of
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    BRIDGE,
    IP_VERSIONS,
    MARK,
    PORTS,
    lines,
    links,
)

every_version = pytest.mark.parametrize("version", IP_VERSIONS)


def plan(version: str, want: Any = BRIDGE, ports: Any = None, purge: bool = False) -> Any:
    wanted = PORTS if ports is None else ports
    return bridge.plan_present(want, wanted, links(version), MARK, purge)


def commands(change: Any) -> List[str]:
    return [step.line for step in change.steps]


def test_captures_were_made_by_the_plans_commands() -> None:
    made = bridge.plan_present(BRIDGE, PORTS, {}, MARK, purge=False).commands
    all_made = lines("ip", "ours.sh")
    first = all_made.index(made[0])
    assert all_made[first : first + len(made)] == made


@every_version
def test_bridge_as_wanted_needs_no_change(version: str) -> None:
    change = plan(version)
    assert (change.steps, change.differences) == ([], [])
    assert change.before == change.after


@every_version
@pytest.mark.parametrize(
    "changes, line, told",
    [
        (
            {"mac": "02:58:00:00:00:01"},
            "link set dev br0 address 02:58:00:00:00:01",
            "mac 02:58:0a:e9:f0:0b -> 02:58:00:00:00:01",
        ),
        ({"mtu": 1400}, "link set dev br0 mtu 1400", "mtu 1450 -> 1400"),
        ({"stp": True}, "link set dev br0 type bridge stp_state 1", "stp_state 0 -> 1"),
        (
            {"mcast_snooping": True},
            "link set dev br0 type bridge mcast_snooping 1",
            "mcast_snooping 0 -> 1",
        ),
        (
            {"ageing": 30},
            "link set dev br0 type bridge ageing_time 3000",
            "ageing_time 12000 -> 3000",
        ),
        ({"up": False}, "link set dev br0 down", "should be down"),
        (
            {"addresses": ["10.233.240.11/16"]},
            "address del 10.233.0.1/32 dev br0",
            "address 10.233.0.1/32 should not be there",
        ),
        (
            {"addresses": [*(BRIDGE.addresses or []), "10.9.9.9/24"]},
            "address replace 10.9.9.9/24 dev br0",
            "address 10.9.9.9/24 missing",
        ),
    ],
)
def test_property_changes_in_place(
    version: str, changes: Dict[str, Any], line: str, told: str
) -> None:
    change = plan(version, replace(BRIDGE, **changes))
    assert commands(change) == [line]
    assert change.differences == [f"br0: {told}"]


def test_what_is_not_given_is_left_as_it_is() -> None:
    assert plan("6.1", bridge.Bridge("br0"), ports=[]).steps == []


def test_mtu_is_set_apart_from_creation_so_that_ports_do_not_lower_it() -> None:
    # br_mtu_auto_adjust() follows the smallest port until the MTU was set on the bridge itself;
    # one given at creation does not count (net/bridge/br_device.c, br_change_mtu).
    change = bridge.plan_present(bridge.Bridge("br0", mtu=1450), [], {}, MARK, purge=False)
    assert "link set dev br0 mtu 1450" in commands(change)


@every_version
@pytest.mark.parametrize("flag", DEFAULTS)
def test_flag_of_a_port_changes_alone(version: str, flag: str) -> None:
    have = flags_of(links(version)["vxlan0"].port)[flag]
    change = plan(version, ports=[bridge.Port("vxlan0", {flag: not have})])
    words = {True: "on", False: "off"}
    assert commands(change) == [f"link set dev vxlan0 type bridge_slave {flag} {words[not have]}"]
    assert change.differences == [f"vxlan0: {flag} {words[have]} -> {words[not have]}"]


@every_version
def test_port_that_was_taken_out_is_attached_with_its_flags(version: str) -> None:
    host = links(version)
    host["vxlan0"] = replace(host["vxlan0"], master=None, port={})
    change = bridge.plan_present(BRIDGE, PORTS, host, MARK, purge=False)
    assert commands(change) == [
        "link set dev vxlan0 master br0",
        "link set dev vxlan0 type bridge_slave learning off neigh_suppress on",
    ]
    assert change.differences == [
        "br0: port vxlan0 missing",
        "vxlan0: learning on -> off",
        "vxlan0: neigh_suppress off -> on",
    ]


@every_version
def test_deleted_bridge_is_made_with_all_its_ports(version: str) -> None:
    host = links(version)
    del host["br0"]
    change = bridge.plan_present(BRIDGE, [bridge.Port("vxlan0")], host, MARK, purge=False)
    assert change.before["br0"] is None
    assert change.differences[0] == "br0: missing"
    assert commands(change)[0].startswith("link add name br0 ")


@every_version
def test_ports_that_are_not_listed_stay(version: str) -> None:
    change = plan(version, ports=[])
    assert change.steps == []


@every_version
def test_renamed_bridge_takes_its_ports_over_before_the_old_one_goes(version: str) -> None:
    change = plan(version, replace(BRIDGE, name="br1"), purge=True)
    told = commands(change)
    removed = told.index("link del dev br0")
    for port in ("vxlan0", "vxplain", "veth-ns1", "veth-joined"):
        assert told.count(f"link set dev {port} master br1") == 1
        assert told.index(f"link set dev {port} master br1") < removed
    assert "link del dev docker0" not in told
    assert not [line for line in told if "vethd0" in line]


@every_version
def test_port_that_comes_over_to_a_renamed_bridge_keeps_its_flags(version: str) -> None:
    """The kernel gives a port its defaults again when it changes its bridge."""
    told = commands(plan(version, replace(BRIDGE, name="br1"), ports=[], purge=True))
    moved = told.index("link set dev vxplain master br1")
    _command, flags = told[moved + 1].split("link set dev vxplain type bridge_slave ")
    assert sorted(flags.split()) == ["isolated", "mcast_flood", "off", "on"]
    assert "isolated on" in flags
    assert not [line for line in told if "veth-ns1 type bridge_slave" in line]


@every_version
def test_absent_removes_only_our_bridge(version: str) -> None:
    host = links(version)
    assert commands(bridge.plan_absent("br0", host, MARK, purge=False)) == ["link del dev br0"]
    assert commands(bridge.plan_absent("br9", host, MARK, purge=True)) == ["link del dev br0"]
    for name in ("docker0", "vxlan0", "missing"):
        assert bridge.plan_absent(name, host, MARK, purge=False).steps == []


@every_version
@pytest.mark.parametrize(
    "want, port, words",
    [
        (bridge.Bridge("docker0"), "vxlan0", ["docker0", "not ours", "ip link del docker0"]),
        (bridge.Bridge("eth1"), "vxlan0", ["eth1", "not ours", "a veth device"]),
        (bridge.Bridge("vxlan0"), "vxplain", ["vxlan0", "is ours", "a bridge device should be"]),
        (
            BRIDGE,
            "vethd0",
            ["cannot attach vethd0 to br0", "port of docker0", "ip link set vethd0 nomaster"],
        ),
    ],
)
def test_what_is_not_ours_is_an_error(version: str, want: Any, port: str, words: List[str]) -> None:
    with pytest.raises(ChangeError) as refused:
        plan(version, want, [bridge.Port(port)])
    assert [word for word in words if word not in str(refused.value)] == []


def test_flags_that_an_old_kernel_does_not_report_have_their_default() -> None:
    assert flags_of({"learning": False}) == dict(DEFAULTS, learning=False)
