# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""gateway_filter with real ARP: two hosts whose bridges have the same gateway."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from .host import Host

GATEWAY = "10.233.0.1"
FILTER = {"gateway": GATEWAY, "vxlan_dev": "vxlan0"}
MACS = ("02:58:0a:e9:ff:0b", "02:58:0a:e9:ff:0c")


@pytest.fixture
def hosts(pair: tuple[Host, Host]) -> tuple[Host, Host]:
    """Each with a VXLAN device, a bridge with the gateway and an own address, and a container."""
    for n, host in enumerate(pair):
        peer = f"172.16.1.{12 - n}"
        host.run(
            f"""
            ip link add vxlan0 type vxlan id 42 dstport 4789 remote {peer} local 172.16.1.{11 + n}
            ip link add br0 address {MACS[n]} type bridge
            ip link set vxlan0 master br0 up
            ip link set br0 up
            ip address add 10.233.255.{11 + n}/16 dev br0
            ip address add {GATEWAY}/32 dev br0
            ip netns add ns1
            ip link add v1 type veth peer name eth0 netns ns1
            ip link set v1 master br0 up
            ip -n ns1 link set lo up
            ip -n ns1 address add 10.233.0.{2 + n}/16 dev eth0
            ip -n ns1 link set eth0 up
            ip -n ns1 route add default via {GATEWAY}
            """
        )
    pair[0].ping("ns1", "10.233.0.3")
    return pair


def answers(host: Host, address: str = GATEWAY) -> set[str]:
    """MACs of all that answer a container's broadcast ARP requests."""
    shown = host.attempt(f"ip netns exec ns1 arping -b -c 2 -w 2 -I eth0 {address}").stdout
    return {mac.lower() for mac in re.findall(r"\[([0-9A-Fa-f:]{17})\]", shown)}


def heard(listener: Host, speaker: Host, script: str) -> str:
    """ARP packets that come out of the listener's tunnel while a script runs on the speaker.

    Ends with a question that is never filtered, so that nothing is missed for being late.
    """
    capture = listener.start("exec timeout 10 tcpdump -lnn -i v1 arp 2>&1")
    assert capture.stdout is not None
    lines = []
    try:
        for line in capture.stdout:
            if "listening" in line:
                speaker.attempt(script)
                speaker.attempt("arping -c 1 -w 1 -I br0 -s 10.233.255.11 10.233.99.99")
            lines.append(line)
            if "10.233.99.99" in line:
                break
        else:
            pytest.fail("the tunnel carries nothing")
    finally:
        capture.terminate()  # timeout passes it on
        capture.communicate(timeout=10)
    return "".join(lines)


def test_only_the_own_host_answers_for_the_gateway(hosts: tuple[Host, Host]) -> None:
    assert answers(hosts[0]) == set(MACS), "without the filter both should answer"
    for host in hosts:
        host.apply("gateway_filter", FILTER)
    for n, host in enumerate(hosts):
        assert answers(host) == {MACS[n]}
        assert answers(host, f"10.233.0.{3 - n}"), "other ARP has to cross"


def test_either_host_s_filter_is_enough(hosts: tuple[Host, Host]) -> None:
    hosts[0].module("gateway_filter", FILTER)
    assert answers(hosts[0]) == {MACS[0]}
    assert answers(hosts[1]) == {MACS[1]}


# Each is sent though the one before it had no answer.
AS_GATEWAY = (
    f"arping -c 1 -w 1 -I br0 -s {GATEWAY} 10.233.0.3 || true;"
    f" arping -U -c 1 -I br0 {GATEWAY} || true; arping -A -c 1 -I br0 {GATEWAY}"
)
IS_FOREIGN = f"{GATEWAY} is-at {MACS[0]}"


@pytest.mark.skipif(
    os.geteuid() != 0, reason="tcpdump wants to set groups, which a user's namespace may not"
)
def test_host_that_speaks_as_the_gateway_is_not_heard_elsewhere(
    hosts: tuple[Host, Host],
) -> None:
    told = heard(hosts[1], hosts[0], AS_GATEWAY)
    assert f"tell {GATEWAY}" in told
    assert IS_FOREIGN in told
    for filtering, other in (hosts, hosts[::-1]):
        filtering.module("gateway_filter", FILTER)
        other.module("gateway_filter", {"state": "absent"})
        told = heard(hosts[1], hosts[0], AS_GATEWAY)
        assert f"tell {GATEWAY}" not in told
        assert IS_FOREIGN not in told


def test_gateway_entry_of_a_container_stays(hosts: tuple[Host, Host]) -> None:
    """Mistake 3 of the lesson: host 1 pings host 2's container from the gateway's address."""
    hijack = f"ip neighbour flush dev br0; ping -c 2 -W 1 -I {GATEWAY} 10.233.0.3"
    for filtered in (False, True):
        if filtered:
            for host in hosts:
                host.module("gateway_filter", FILTER)
        hosts[1].run("ip -n ns1 neighbour flush all")
        hosts[1].ping("ns1", GATEWAY)
        hosts[0].attempt(hijack)
        entry = hosts[1].listed(f"ip -n ns1 -j neighbour show to {GATEWAY}")[0]
        assert (entry["lladdr"] == MACS[1]) == filtered


def test_made_and_removed_without_a_trace(host: Host) -> None:
    host.run("nft add table bridge theirs; nft add table ip vxlab_overlay2")
    before = host.state()
    result = host.apply("gateway_filter", FILTER)
    assert result["differences"][0] == (
        "gateway ARP filter: rule for arp daddr ip 10.233.0.1 into vxlan0: missing"
    )
    host.apply("gateway_filter", {"state": "absent"})
    assert host.state() == before
    host.unchanged("gateway_filter", {"state": "absent"})


@pytest.mark.parametrize(
    ("sabotage", "told"),
    [
        ("delete table bridge vxlab_overlay", "rule for arp daddr ip 10.233.0.1 into vxlan0: miss"),
        ("flush table bridge vxlab_overlay", "rule for arp daddr ip 10.233.0.1 into vxlan0: miss"),
        ("flush chain bridge vxlab_overlay postrouting", "arp daddr ip 10.233.0.1 out of vxlan0"),
        ("add rule bridge vxlab_overlay prerouting accept", "a rule that should not be there"),
        ("insert rule bridge vxlab_overlay postrouting accept", "a rule that should not be there"),
        ("add chain bridge vxlab_overlay extra", "chain extra should not be there"),
        (
            "add rule bridge vxlab_overlay prerouting iifname vxlan0 arp daddr ip 10.233.0.1 drop",
            "there 2 times, should be once",
        ),
        ("flush ruleset", "missing"),
    ],
)
def test_mended(host: Host, sabotage: str, told: str) -> None:
    host.module("gateway_filter", FILTER)
    before = host.state()
    host.run(f"nft '{sabotage}'")
    result = host.apply("gateway_filter", FILTER)
    assert any(told in line for line in result["differences"]), result["differences"]
    assert host.state() == before


@pytest.mark.parametrize(
    "change", [{"gateway": "10.50.0.1"}, {"vxlan_dev": "vx7"}], ids=["gateway", "device"]
)
def test_changed_option_replaces_the_rules(host: Host, change: dict[str, Any]) -> None:
    host.module("gateway_filter", FILTER)
    host.apply("gateway_filter", {**FILTER, **change})
    shown = host.run("nft list table bridge vxlab_overlay")
    for old, new in ((FILTER[key], value) for key, value in change.items()):
        assert shown.count(new) == 4
        assert old not in shown


def test_chain_whose_policy_was_changed_is_mended(host: Host) -> None:
    host.module("gateway_filter", FILTER)
    before = host.state()
    host.run("nft 'chain bridge vxlab_overlay postrouting { policy drop; }'")
    host.apply("gateway_filter", FILTER)
    assert host.state() == before


def test_commands_can_be_typed(host: Host) -> None:
    for command in host.module("gateway_filter", FILTER, check=True)["commands"]:
        host.run(command)
    host.unchanged("gateway_filter", FILTER)


def test_two_overlays_do_not_touch_each_other(host: Host) -> None:
    host.module("gateway_filter", {**FILTER, "overlay_name": "a"})
    before = host.state()
    host.apply("gateway_filter", {"gateway": "10.9.0.1", "vxlan_dev": "vx9", "overlay_name": "b"})
    host.apply("gateway_filter", {"state": "absent", "overlay_name": "b"})
    assert host.state() == before


@pytest.mark.parametrize("names", [("prod", "Prod"), ("x" * 24, "X" * 24)], ids=["4", "24"])
def test_overlays_whose_names_differ_in_case_alone_have_each_its_ebtables_chain(
    host: Host, names: tuple[str, str]
) -> None:
    host.hide("nft")
    host.module("gateway_filter", {**FILTER, "overlay_name": names[0]})
    before = host.state()
    second = {"gateway": "10.9.0.1", "vxlan_dev": "vx9", "overlay_name": names[1]}
    host.apply("gateway_filter", second)
    host.unchanged("gateway_filter", {**FILTER, "overlay_name": names[0]})
    host.apply("gateway_filter", {"state": "absent", "overlay_name": names[1]})
    assert host.state() == before


@pytest.mark.parametrize(
    "gateway", ["", "10.233.0", "10.233.0.0/16", "fd00::1", "x; flush ruleset"]
)
def test_gateway_that_is_no_ipv4_address_is_refused_by_name(host: Host, gateway: str) -> None:
    assert host.refusal("gateway_filter", {"gateway": gateway}).startswith("gateway is ")


def test_options_are_not_commands_for_nft(host: Host) -> None:
    host.fails("gateway_filter", {"gateway": "10.233.0.1 drop; add table ip evil; #"})
    assert "evil" not in host.run("nft list tables")


def test_device_name_that_is_none_is_refused_by_name(host: Host) -> None:
    message = host.refusal("gateway_filter", {**FILTER, "vxlan_dev": 'x" accept'})
    assert message.startswith("vxlan_dev is ")


def test_host_without_nft_gets_the_filter_by_ebtables(hosts: tuple[Host, Host]) -> None:
    for host in hosts:
        host.hide("nft")
    before = hosts[0].state()
    assert answers(hosts[0]) == set(MACS)
    for n, host in enumerate(hosts):
        result = host.apply("gateway_filter", FILTER)
        assert result["commands"][1].startswith("ebtables ")
        assert answers(host) == {MACS[n]}
        assert answers(host, f"10.233.0.{3 - n}"), "other ARP has to cross"
    hosts[0].apply("gateway_filter", {"state": "absent"})
    assert hosts[0].state() == before


def test_host_without_nft_and_ebtables_is_told_the_package(host: Host) -> None:
    host.hide("nft", "ebtables", "ebtables-save")
    assert "package nftables" in host.refusal("gateway_filter", FILTER)
    host.unchanged("gateway_filter", {"state": "absent"})


def test_ordinary_user_is_told_to_become_root(host: Host) -> None:
    assert "root" in host.as_user("gateway_filter", FILTER)
