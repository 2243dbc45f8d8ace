# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input: one clear error that names host, variable and value, before any host is touched."""

from __future__ import annotations

from typing import Any

import pytest

from tests.site.site import Run, Site

# The variable, its value (for all hosts), and words of the message. One mistake is one line, but
# for those of EACH.
OF_THE_GROUP: list[tuple[str, Any, str]] = [
    ("overlay_vni", -1, "overlay_vni is -1: it must be a whole number from 0 to 16777215"),
    ("overlay_vni", 2**24, "overlay_vni is 16777216"),
    ("overlay_vni", "abc", 'overlay_vni is "abc"'),
    ("overlay_port", 0, "overlay_port is 0: it must be a whole number from 1 to 65535"),
    ("overlay_port", 65536, "overlay_port is 65536"),
    ("overlay_group", "10.0.0.1", "overlay_group is 10.0.0.1: it must be"),
    ("overlay_cidr", "10.233.0.1/16", "without host bits"),
    ("overlay_cidr", "10.233.0.0/31", "overlay_cidr is 10.233.0.0/31: it must be"),
    ("overlay_cidr", "172.16.0.0/16", "must not overlap"),
    ("overlay_cidr", "192.168.0.0/16", "not in overlay_cidr"),
    ("overlay_mode", "magic", 'overlay_mode is "magic": it must be'),
    ("overlay_mode", "point_to_point", "group overlay has 3 hosts (ubuntu1, ubuntu2, ubuntu3)"),
    ("overlay_asn", 2**32, "overlay_asn is 4294967296: it must be a whole number from 1"),
    ("overlay_asn", 65535, "overlay_asn is 65535: it is reserved"),
    ("overlay_route_reflectors", ["ubuntu9"], "names ubuntu9, not in group overlay"),
    ("overlay_gateway", "10.1.0.1", "overlay_gateway is 10.1.0.1: it must be an address of"),
    ("overlay_underlay_dev", "eth7", "overlay_underlay_dev is eth7: this host has no such device"),
    ("overlay_vxlan_dev", "x" * 16, 'overlay_vxlan_dev is "xxxxxxxxxxxxxxxx": it must be'),
    ("overlay_bridge", "a/b", 'overlay_bridge is "a/b"'),
]

# Values that make something of each host wrong, each of which has a line: how many of a host.
EACH = {
    ("overlay_cidr", "172.16.0.0/16"): 2,  # the address of the host, and that of its container
    ("overlay_cidr", "192.168.0.0/16"): 1,  # its container's address
    ("overlay_underlay_dev", "eth7"): 1,
}

# The containers of ubuntu3.
OF_CONTAINERS: list[tuple[list[dict[str, Any]], str]] = [
    ([{"name": "a", "address": "10.9.0.1"}], "address 10.9.0.1 of container a is not in"),
    ([{"name": "a", "address": "10.233.0.1"}], "is the gateway's"),
    ([{"name": "a", "address": "10.233.0.0"}], "is the network address"),
    ([{"name": "a", "address": "10.233.255.255"}], "is the broadcast address"),
    ([{"name": "a", "address": "10.233.0.2"}], "container ns1 on ubuntu1, container a on ubuntu3"),
    ([{"name": "n" * 16, "address": "10.233.0.9"}], "1 to 15 letters"),
    ([{"name": "a/b", "address": "10.233.0.9"}], 'name is "a/b"'),
    ([{"name": "", "address": "10.233.0.9"}], 'name is ""'),
    (
        [{"name": "a", "address": "10.233.0.9"}, {"name": "a", "address": "10.233.0.10"}],
        "name of a container a is used more than once",
    ),
    ([{"nmae": "a", "address": "10.233.0.9"}], "did you mean name?"),
]

# What somebody else made on ubuntu2, and words of the message.
OF_OTHERS: list[tuple[str, str]] = [
    ("ip link add vxlan0 type bridge", "vxlan0 exists and is not ours (a bridge device"),
    ("ip link add vxlan0 type vxlan id 7 dstport 4789", "vxlan0 exists and is not ours"),
    ("ip link add br0 type bridge", "br0 exists and is not ours"),
    ("ip link add veth-ns1 type bridge", "veth-ns1 exists and is not ours"),
    ("ip netns add ns1", "network namespace ns1 exists and is not ours"),
    (
        "ip link add vx9 type vxlan id 42 dstport 4789",
        "VXLAN device vx9, which is not ours, has VNI 42 on UDP port 4789 already",
    ),
    (
        "ip link add d0 type bridge; ip address add 10.233.7.1/24 dev d0; ip link set d0 up",
        "overlaps what this host reaches already (10.233.7.0/24 by d0",
    ),
]
CLEAN = "ip netns del ns1; for d in vxlan0 br0 veth-ns1 vx9 d0; do ip link del $d; done; true"


@pytest.fixture(name="untouched", scope="module", autouse=True)
def _untouched(lab: Site) -> dict[str, list[str]]:
    return lab.state()


@pytest.fixture(autouse=True)
def _reset(lab: Site) -> None:
    lab.reset()


@pytest.mark.parametrize(("variable", "value", "message"), OF_THE_GROUP)
def test_value_of_the_group(lab: Site, variable: str, value: Any, message: str) -> None:
    lab.variables[variable] = value
    if variable == "overlay_underlay_dev":
        for host in lab.hosts.values():
            del host[variable]
    lines = EACH.get((variable, str(value)), 0) * len(lab.hosts) or 1
    _fails_clearly(lab, message, "ubuntu1" if "gateway" not in variable else variable, lines)


@pytest.mark.parametrize(("containers", "message"), OF_CONTAINERS)
def test_containers(
    lab: Site,
    containers: list[dict[str, Any]],
    message: str,
) -> None:
    lab.hosts["ubuntu3"]["overlay_containers"] = containers
    _fails_clearly(lab, message, "ubuntu3")


def test_hosts_that_disagree(lab: Site) -> None:
    lab.hosts["ubuntu2"]["overlay_vni"] = 43
    message = "hosts disagree on overlay_vni: 42 on ubuntu1, ubuntu3; 43 on ubuntu2"
    _fails_clearly(lab, message, "ubuntu2")


def test_point_to_point_with_one_host(lab: Site) -> None:
    lab.variables["overlay_mode"] = "point_to_point"
    del lab.hosts["ubuntu2"], lab.hosts["ubuntu3"]
    _fails_clearly(lab, "group overlay has 1 host (ubuntu1): it must have exactly two", "ubuntu1")


def test_vtep_address_of_two_hosts(lab: Site) -> None:
    for host in ("ubuntu1", "ubuntu3"):
        lab.hosts[host]["overlay_vtep_address"] = "172.16.1.11"
    message = "overlay_vtep_address 172.16.1.11 is used more than once (ubuntu1, ubuntu3)"
    _fails_clearly(lab, message, "ubuntu3")


def test_vtep_address_that_the_underlay_device_has_not(lab: Site) -> None:
    lab.hosts["ubuntu2"]["overlay_vtep_address"] = "172.16.1.99"
    message = "overlay_vtep_address is 172.16.1.99: eth1 has no such address; it has 172.16.1.12"
    _fails_clearly(lab, message, "ubuntu2")


@pytest.mark.parametrize(
    ("hidden", "message"),
    [
        (["/usr/lib/frr", "/usr/bin/apt-cache"], "overlay_mode is evpn, which needs FRR"),
        ([], "/etc/frr/frr.conf is somebody else's and is not overwritten; to keep it, set"),
    ],
)
def test_evpn_without_frr_or_with_somebody_elses(
    lab: Site, hidden: list[str], message: str
) -> None:
    lab.variables["overlay_mode"] = "evpn"
    lab.run("ubuntu2", f"for f in {' '.join(hidden)}; do mv $f $f.hidden; done")
    if not hidden:
        lab.run(
            "ubuntu2", "cp -p /etc/frr/frr.conf /run/before; echo router ospf >> /etc/frr/frr.conf"
        )
    try:
        run = lab.play("site.yml", fails=True)
    finally:
        lab.run("ubuntu2", f"for f in {' '.join(hidden)}; do mv $f.hidden $f; done")
        if not hidden:
            lab.run("ubuntu2", "cp -p /run/before /etc/frr/frr.conf; rm /run/before")
    _is_clear(run, message, "ubuntu2: ")


@pytest.mark.parametrize(("made", "message"), OF_OTHERS)
def test_object_of_others_in_the_way(lab: Site, made: str, message: str) -> None:
    lab.run("ubuntu2", made)
    try:
        run = lab.play("site.yml", fails=True)
    finally:
        lab.run("ubuntu2", CLEAN)
    _is_clear(run, message, "ubuntu2: ")


@pytest.mark.parametrize(
    ("hidden", "message"),
    [
        (("ip",), "ip is not on this host; install it"),
        (("nft", "iptables"), "this host has neither nft nor iptables; install nftables"),
    ],
)
def test_tool_that_is_missing(lab: Site, hidden: tuple[str, ...], message: str) -> None:
    places = [f"{d}/{tool}" for tool in hidden for d in ("/usr/sbin", "/usr/bin")]
    lab.run("ubuntu2", f"for f in {' '.join(places)}; do [ ! -e $f ] || mv $f $f.hidden; done")
    try:
        run = lab.play("site.yml", fails=True)
    finally:
        back = "[ ! -e $f.hidden ] || mv $f.hidden $f"
        lab.run("ubuntu2", f"for f in {' '.join(places)}; do {back}; done")
    _is_clear(run, message, "ubuntu2: ")


def test_no_host_was_touched(lab: Site, untouched: dict[str, list[str]]) -> None:
    """By none of the runs above."""
    assert not lab.changes_since(untouched)


def _fails_clearly(lab: Site, message: str, name: str, lines: int = 1) -> None:
    _is_clear(lab.play("site.yml", fails=True), message, name, lines)


def _is_clear(run: Run, message: str, name: str, lines: int = 1) -> None:
    """So many lines, among them the one with the message; and nothing was changed."""
    assert any(message in line and name in line for line in run.errors.splitlines()), run.errors
    assert len(run.errors.splitlines()) == lines, run.errors
    assert "Traceback" not in run.output
    assert not run.changes
