# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The probes where broadcasts do not cross the overlay: two hosts with entries made by hand.

Each test that expects a finding breaks a host first: a probe that cannot fail proves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .host import Host, Json, Runner

VTEPS = {4: ("172.16.1.11", "172.16.1.12"), 6: ("fd00:172:16:1::11", "fd00:172:16:1::12")}
BRIDGES = ("02:00:0a:e9:ff:01", "02:00:0a:e9:ff:02")
OWN = ("10.233.255.1", "10.233.255.2")
NOBODYS_ADDRESS = "198.19.255.255"
NOBODYS_MAC = "0a:56:58:01:ff:ff"
ALL = "00:00:00:00:00:00"
RUN = "1f2e3d4c"

Pair = tuple[Host, Host]
MakeStatic = Callable[[int], Pair]

OVERLAY = """
ip link add vxlan0 type vxlan id 42 dstport 4789 local {local} dev eth1 nolearning
ip link add br0 address {mac} mtu 1430 type bridge
ip link set vxlan0 master br0 mtu 1430 up
ip link set br0 up
ip address add {own}/16 dev br0
bridge link set dev vxlan0 learning off neigh_suppress on
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.br0.rp_filter=0
ip route add default dev eth1
ip netns add ns1
ip link add veth1 type veth peer name eth0 netns ns1
ip link set veth1 master br0 up
ip -n ns1 address add {container}/16 dev eth0
ip -n ns1 link set eth0 up
"""

ENTRIES = """
bridge fdb add {mac} dev vxlan0 dst {vtep} self
bridge fdb add {mac} dev vxlan0 master static
ip neighbour add {own} lladdr {mac} dev br0 nud permanent
"""


@pytest.fixture(scope="module")
def second_runner(prefix: list[str]) -> Iterator[Runner]:
    """A runner runs one module at a time, and the hosts have to meet."""
    started = Runner(prefix)
    yield started
    started.close()


@pytest.fixture
def static(pair: Pair, second_runner: Runner) -> MakeStatic:
    """Makes two hosts of mode static, over an IPv4 or an IPv6 underlay."""

    def make(family: int) -> Pair:
        lay(pair, family, second_runner)
        for at, host in enumerate(pair):
            other = 1 - at
            host.run(ENTRIES.format(mac=BRIDGES[other], own=OWN[other], vtep=VTEPS[family][other]))
        return pair

    return make


def lay(pair: Pair, family: int, second_runner: Runner) -> None:
    """The overlay's devices, with no entries at all."""
    pair[1].runner = second_runner
    for at, host in enumerate(pair):
        if family == 6:
            host.run(f"ip address add {VTEPS[6][at]}/64 dev eth1 nodad")
        host.run(
            OVERLAY.format(
                local=VTEPS[family][at],
                mac=BRIDGES[at],
                own=OWN[at],
                container=f"10.233.0.{2 + at}",
            )
        )


def meet(pair: Pair, *, by_unicast: bool, timeout: float = 2) -> list[Json]:
    """Both hosts' results of the l2 probe, at the same time."""

    def take_part(at: int) -> Json:
        peer = f"h{2 - at}"
        known = {"mac": BRIDGES[at], "macs": {peer: BRIDGES[1 - at]}} if by_unicast else {}
        args = {"run": RUN, "number": at + 1, "peers": {peer: 2 - at}, "timeout": timeout, **known}
        return pair[at].module("l2_probe", args)

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(take_part, (0, 1)))


def all_met(results: list[Json]) -> bool:
    return all(
        result["vxlan"]["captured"] == result["bridge"]["captured"] == [f"h{2 - at}"]
        and list(result["layer3"]["answered"]) == [f"h{2 - at}"]
        for at, result in enumerate(results)
    )


def flood(host: Host, at: int = 0, **more: Any) -> Json:
    remote = {"mac": BRIDGES[1 - at], "address": OWN[1 - at]}
    args = {"underlay_dev": "eth1", "vni": 42, "remotes": [remote], **more}
    result = host.module("flood_probe", args)
    result.pop("invocation", None)  # which ansible-core 2.21 does not add
    return result


def leak(kind: str, target: str, destination: str) -> Json:
    return {"kind": kind, "target": target, "destination": destination}


def picture(host: Host) -> tuple[Any, str]:
    """All that a probe could leave behind."""
    left = host.run("ip neighbour show; bridge fdb show; ip -n ns1 neighbour show")
    # A neighbour that somebody else asked for may change its state at any time.
    return host.state(), "\n".join(line for line in left.splitlines() if "eth1" not in line)


def counter(host: Host, name: str) -> int:
    """A counter of /proc/net/snmp, section Icmp."""
    names, values = (
        line.split() for line in host.run("cat /proc/net/snmp").splitlines() if "Icmp:" in line
    )
    return int(values[names.index(name)])


# -- checks 1 to 3


@pytest.mark.parametrize("family", [4, 6])
def test_hosts_meet_by_unicast_where_nothing_is_flooded(static: MakeStatic, family: int) -> None:
    pair = static(family)
    before = [picture(host) for host in pair]
    results = meet(pair, by_unicast=True)
    assert all_met(results), results
    assert [picture(host) for host in pair] == before


def test_pings_to_a_hosts_own_mac_are_neither_routed_nor_answered(static: MakeStatic) -> None:
    pair = static(4)
    assert all_met(meet(pair, by_unicast=True))
    assert [counter(host, "OutTimeExcds") for host in pair] == [0, 0]
    assert [counter(host, "OutDestUnreachs") for host in pair] == [0, 0]


def test_broadcasts_do_not_cross_where_nothing_is_flooded(static: MakeStatic) -> None:
    results = meet(static(4), by_unicast=False, timeout=0.6)
    assert [result["vxlan"]["missed"] for result in results] == [["h2"], ["h1"]]


def test_missing_entry_is_seen_by_the_other_side(static: MakeStatic) -> None:
    pair = static(4)
    pair[0].run(f"bridge fdb del {BRIDGES[1]} dev vxlan0 dst {VTEPS[4][1]} self")
    first, second = meet(pair, by_unicast=True, timeout=0.6)
    assert second["vxlan"]["missed"] == second["bridge"]["missed"] == ["h1"]
    assert first["vxlan"]["captured"] == ["h2"]
    assert first["layer3"]["missed"] == ["h2"]


def test_missing_bridge_entry_or_one_to_another_vtep_is_seen(static: MakeStatic) -> None:
    pair = static(4)
    pair[1].run(f"bridge fdb replace {BRIDGES[0]} dev vxlan0 dst 172.16.1.99 self")
    pair[0].run(
        f"bridge fdb del {BRIDGES[1]} dev vxlan0 master; bridge link set dev vxlan0 flood off"
    )
    first, second = meet(pair, by_unicast=True, timeout=0.6)
    assert first["vxlan"]["missed"] == ["h2"]
    assert second["vxlan"]["captured"] == ["h1"]
    assert second["bridge"]["missed"] == ["h1"]


@pytest.mark.parametrize("family", [4, 6])
def test_hosts_meet_by_broadcast_where_bgp_keeps_the_flood_list(
    pair: Pair, second_runner: Runner, family: int
) -> None:
    """Mode evpn: nothing is learned, neigh_suppress is on, and a flood list is there."""
    lay(pair, family, second_runner)
    for at, host in enumerate(pair):
        host.run(f"bridge fdb append {ALL} dev vxlan0 dst {VTEPS[family][1 - at]}")
    results = meet(pair, by_unicast=False)
    assert all_met(results), results


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"mac": BRIDGES[0]}, "parameters are required together: mac, macs"),
        ({"mac": BRIDGES[0], "macs": {}}, "macs has no entry for h2; it must have one a peer"),
        ({"mac": "x", "macs": {"h2": BRIDGES[1]}}, "mac is x: it must be the MAC address of one"),
        ({"mac": BRIDGES[0], "macs": {"h2": "x"}}, "macs.h2 is x: it must be the MAC address of"),
    ],
)
def test_macs_that_are_none_are_refused(host: Host, more: Json, said: str) -> None:
    assert said in host.refusal("l2_probe", {"run": RUN, "number": 1, "peers": {"h2": 2}, **more})


# -- check 8 of mode static


@pytest.mark.parametrize("family", [4, 6])
def test_nothing_leaves_where_nothing_is_flooded(static: MakeStatic, family: int) -> None:
    pair = static(family)
    before = [picture(host) for host in pair]
    started = time.monotonic()
    assert flood(pair[0]) == sound()
    assert time.monotonic() - started < 3
    assert [picture(host) for host in pair] == before
    assert flood(pair[1], 1) == sound()


def sound() -> Json:
    return {"changed": False, "leaked": [], "control": True, "error": None}


@pytest.mark.parametrize("family", [4, 6])
def test_flood_entry_is_seen(static: MakeStatic, family: int) -> None:
    """neigh_suppress alone keeps what the bridge can answer."""
    pair = static(family)
    peer = VTEPS[family][1]
    pair[0].run(f"bridge fdb append {ALL} dev vxlan0 dst {peer}")
    result = flood(pair[0])
    assert result["leaked"] == [
        leak("arp_request", NOBODYS_ADDRESS, peer),
        leak("unknown_unicast", NOBODYS_MAC, peer),
    ]
    assert result["control"] is True
    assert flood(pair[1], 1)["leaked"] == []


def test_every_destination_of_a_flood_list_is_told(static: MakeStatic) -> None:
    first, _second = static(4)
    first.run("ip neighbour add 172.16.1.13 lladdr 02:00:00:00:00:13 dev eth1 nud permanent")
    for peer in ("172.16.1.12", "172.16.1.13"):
        first.run(f"bridge fdb append {ALL} dev vxlan0 dst {peer}")
    asked = [found for found in flood(first)["leaked"] if found["kind"] == "arp_request"]
    assert {found["target"] for found in asked} == {NOBODYS_ADDRESS}
    assert sorted(found["destination"] for found in asked) == ["172.16.1.12", "172.16.1.13"]


def test_request_for_a_remote_leaves_where_the_bridge_does_not_answer(static: MakeStatic) -> None:
    first, _second = static(4)
    peer = VTEPS[4][1]
    first.run(f"bridge fdb append {ALL} dev vxlan0 dst {peer}; ip neighbour del {OWN[1]} dev br0")
    assert leak("arp_request", OWN[1], peer) in flood(first)["leaked"]


def test_request_of_a_container_that_leaves_meanwhile_is_seen(static: MakeStatic) -> None:
    first, _second = static(4)
    first.run(f"bridge fdb append {ALL} dev vxlan0 dst {VTEPS[4][1]}")
    pinging = first.start("exec ip netns exec ns1 ping -n -i 0.1 -W 1 10.233.0.77")
    try:
        told = flood(first, window=1.2)["leaked"]
    finally:
        pinging.kill()
        pinging.communicate(timeout=10)
    assert leak("arp_request", "10.233.0.77", VTEPS[4][1]) in told


def test_other_networks_on_the_same_underlay_are_not_looked_at(static: MakeStatic) -> None:
    first, _second = static(4)
    first.run(
        """
        ip link add vxlan9 type vxlan id 9 dstport 4789 remote 172.16.1.12 dev eth1
        ip link add br9 type bridge
        ip link set vxlan9 master br9 up
        ip link set br9 up
        ip address add 192.0.2.1/24 dev br9
        """
    )
    asking = first.start("exec ping -n -i 0.1 -W 1 192.0.2.77")
    try:
        assert flood(first) == sound()
    finally:
        asking.kill()
        asking.communicate(timeout=10)


@pytest.mark.parametrize(
    "breakage",
    [
        f"bridge fdb del {BRIDGES[1]} dev vxlan0 dst {VTEPS[4][1]} self",
        "ip link set vxlan0 nomaster",
        "ip link set vxlan0 down",
    ],
)
def test_without_control_nothing_is_said_to_be_sound(static: MakeStatic, breakage: str) -> None:
    first, _second = static(4)
    first.run(breakage)
    assert flood(first)["control"] is False


def test_control_needs_one_of_the_remotes_alone(static: MakeStatic) -> None:
    first, _second = static(4)
    gone = {"mac": "02:00:0a:e9:ff:03", "address": "10.233.255.3"}
    known = {"mac": BRIDGES[1], "address": OWN[1]}
    assert flood(first, remotes=[gone, known]) == sound()
    assert flood(first, remotes=[gone])["control"] is False
    assert flood(first, remotes=[])["control"] is False


def test_devices_that_are_not_there_or_down_are_named(static: MakeStatic) -> None:
    first, _second = static(4)
    assert flood(first, bridge="br7")["error"] == "cannot send from br7: No such device"
    assert flood(first, underlay_dev="eth7")["error"] == "cannot listen on eth7: No such device"
    first.run("ip link set br0 down")
    assert flood(first)["error"] == "cannot send from br0: Network is down"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"vni": 1 << 24}, "vni is 16777216: it must be a whole number from 0 to 16777215"),
        ({"port": 0}, "port is 0: it must be a whole number from 1 to 65535"),
        ({"remotes": [{"mac": "x", "address": OWN[1]}]}, "remotes[0].mac is x: it must be the MAC"),
        (
            {"remotes": [{"mac": BRIDGES[1], "address": "fd00::1"}]},
            "remotes[0].address is fd00::1: it must be an IPv4 address",
        ),
    ],
)
def test_bad_options_of_the_flood_probe_are_refused(host: Host, more: Json, said: str) -> None:
    args = {"underlay_dev": "eth1", "vni": 42, "remotes": [], **more}
    assert said in host.refusal("flood_probe", args)


def test_flood_probe_of_somebody_who_is_not_root_says_so(host: Host) -> None:
    args = {"underlay_dev": "eth1", "vni": 42, "remotes": []}
    assert host.as_user("flood_probe", args) == (
        "cannot open raw sockets: Operation not permitted; run as root (become)"
    )
