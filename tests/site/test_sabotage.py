# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is broken: verify names it, the next run mends it and nothing else."""

from __future__ import annotations

import random

import pytest

from tests.site.site import Site

NFT_RULE = "$(nft -a list table ip vxlab_overlay | sed -n 's/.*masquerade.*handle //p')"

# What is done to a host whose container has ADDRESS; words of verify's message; words that every
# command of the mend has at least one of.
SABOTAGE = {
    "vxlan0 deleted": ("ip link del vxlan0", "vxlan0: missing", ("vxlan0",)),
    "vxlan0 out of br0": ("ip link set vxlan0 nomaster", "port vxlan0 missing", ("vxlan0",)),
    "vxlan0 down": ("ip link set vxlan0 down", "vxlan0: up", ("vxlan0",)),
    "vxlan0 in another group": (
        "ip link change vxlan0 type vxlan id 42 group 239.9.9.9 dev eth1",
        "peer 239.9.9.9",
        ("vxlan0",),
    ),
    "br0 deleted": ("ip link del br0", "br0: missing", ("br0",)),
    "br0 without the gateway": (
        "ip address del 10.233.0.1/32 dev br0",
        "address 10.233.0.1/32 missing",
        ("br0",),
    ),
    "a namespace deleted": ("ip netns del ns1", "namespace ns1 missing", ("ns1",)),
    "eth0 down": ("ip -n ns1 link set eth0 down", "ns1: eth0: down", ("ip -n ns1",)),
    "eth0's address changed": (
        "ip -n ns1 address del ADDRESS/16 dev eth0;"
        " ip -n ns1 address add 10.233.0.99/16 dev eth0;"
        " ip -n ns1 route add default via 10.233.0.1",
        "address ADDRESS/16 missing",
        ("ip -n ns1",),
    ),
    "default route changed": (
        "ip -n ns1 route replace default via 10.233.0.98",
        "default route missing or wrong",
        ("ip -n ns1 route",),
    ),
    "default route deleted": (
        "ip -n ns1 route del default",
        "default route missing or wrong",
        ("ip -n ns1 route",),
    ),
    "eth0's MTU changed": (
        "ip -n ns1 link set eth0 mtu 1400",
        "ns1: eth0: mtu 1400 -> 1450",
        ("ip -n ns1 link",),
    ),
    "the host end down": ("ip link set veth-ns1 down", "veth-ns1: down", ("veth-ns1",)),
    "the host end out of br0": ("ip link set veth-ns1 nomaster", "not in br0", ("veth-ns1",)),
    "the NAT rule deleted": (
        f"nft delete rule ip vxlab_overlay postrouting handle {NFT_RULE}",
        "NAT rule for 10.233.0.0/16: missing",
        ("vxlab_overlay",),
    ),
    "the NAT table deleted": (
        "nft delete table ip vxlab_overlay",
        "NAT rule for 10.233.0.0/16: missing",
        ("vxlab_overlay",),
    ),
    "the NAT rule doubled": (
        "nft add rule ip vxlab_overlay postrouting ip saddr 10.233.0.0/16"
        " ip daddr != 10.233.0.0/16 ip daddr != 224.0.0.0/4 oifname != br0 counter masquerade",
        "there 2 times",
        ("vxlab_overlay",),
    ),
    "ip_forward off": (
        "sysctl -qw net.ipv4.ip_forward=0",
        "net.ipv4.ip_forward: 0 -> 1",
        ("ip_forward",),
    ),
    "the gateway's ARP filter deleted": (
        "nft delete table bridge vxlab_overlay",
        "gateway ARP filter",
        ("bridge vxlab_overlay",),
    ),
    "the filter of what containers send deleted": (
        "nft delete table bridge vxlab_overlay.ports",
        "anti-spoofing, IPv4 addresses: missing",
        ("bridge vxlab_overlay.ports",),
    ),
    "a container's address deleted from that filter": (
        "nft 'delete element bridge vxlab_overlay.ports addresses { veth-ns1 . ADDRESS }'",
        "anti-spoofing, IPv4 addresses: veth-ns1 . ADDRESS missing",
        ("element bridge vxlab_overlay.ports addresses",),
    ),
}


# Three at a time, each alone on a host of its own: ubuntu1 has the first, ubuntu2 the second, …
THREES = [list(SABOTAGE)[n : n + 3] for n in range(0, len(SABOTAGE), 3)]


@pytest.mark.parametrize("names", THREES, ids=", ".join)
def test_sabotage_is_named_and_mended(built: Site, names: list[str]) -> None:
    broken = dict(zip(built.hosts, names, strict=False))
    kept = _indexes(built)
    for number, (host, name) in enumerate(broken.items(), start=2):
        built.run(host, SABOTAGE[name][0].replace("ADDRESS", f"10.233.0.{number}"))
    run = built.play("playbooks/verify.yml", fails=True)
    for number, (host, name) in enumerate(broken.items(), start=2):
        message = SABOTAGE[name][1].replace("ADDRESS", f"10.233.0.{number}")
        assert any(f"{host}: " in line and message in line for line in run.errors.splitlines())
    mend = built.play("site.yml")
    for (host, _task), commands in mend.commands.items():
        # A bridge that is made anew gets its ports back, and what is made is noted meanwhile.
        words = (*SABOTAGE[broken[host]][2], "master br0", "/overlay/making")
        for mended in commands:
            assert any(word in mended for word in words), mended
    assert {host for host, _task in mend.commands} == set(broken)
    built.play("playbooks/verify.yml")  # which also sees that nothing differs any more
    for place, index in _indexes(built).items():
        assert index == kept[place] or "deleted" in broken.get(place[0], "")


# Faults of one part hide each other, so a host has one of each part.
PARTS = [
    [name for name, (_script, _told, words) in SABOTAGE.items() if words[0] in of_part]
    for of_part in (
        ("ns1", "veth-ns1", "ip -n ns1", "ip -n ns1 link", "ip -n ns1 route"),
        ("vxlan0", "br0"),
        ("vxlab_overlay",),
        ("bridge vxlab_overlay",),
        ("ip_forward",),
    )
]


def test_drift_names_each_of_a_hundred_faults(built: Site) -> None:
    chosen = random.Random(4789)
    count = 0
    while count < 100:
        told = {}
        broken = [(host, chosen.choice(part)) for host in built.hosts for part in PARTS]
        for host, name in broken:
            address = built.containers(host)[0]["address"]
            script, message, _words = SABOTAGE[name]
            built.run(host, script.replace("ADDRESS", address))
            told[host, name] = message.replace("ADDRESS", address)
        lines = built.play("playbooks/drift.yml", fails=True).errors.splitlines()
        for (host, name), message in told.items():
            assert any(f"{host}: " in line and message in line for line in lines), (name, broken)
        built.play("site.yml")
        count += len(broken)
    built.play("playbooks/verify.yml")


def test_forward_policy_of_others_does_not_stop_the_overlay(built: Site) -> None:
    built.run("ubuntu2", "iptables -P FORWARD DROP")
    try:
        run = built.play("playbooks/verify.yml", fails=True)
        assert "accept rules" in run.errors
        built.play("site.yml")
        built.play("playbooks/verify.yml")
    finally:
        built.run("ubuntu2", "iptables -P FORWARD ACCEPT")
        built.play("site.yml")
    assert "vxlab" not in built.run("ubuntu2", "iptables-save")
    built.run("ubuntu2", "nft delete table ip filter")  # which iptables made for the policy


DROPPED_PACKETS = [
    (
        "add table netdev sab; add chain netdev sab in { type filter hook ingress device eth1"
        " priority 0; }; add rule netdev sab in udp dport 4789 drop",
        "delete table netdev sab",
        "Check 1",
    ),
    (
        "add table bridge sab; add chain bridge sab f { type filter hook forward priority 0; };"
        " add rule bridge sab f ip daddr 10.233.0.3 drop",
        "delete table bridge sab",
        "Check 4",
    ),
    (
        "add table ip sab; add chain ip sab f { type filter hook forward priority 0; };"
        " add rule ip sab f ip daddr 203.0.113.80 drop",
        "delete table ip sab",
        "Check 7",
    ),
]


@pytest.mark.parametrize(("drop", "undo", "check"), DROPPED_PACKETS)
def test_dropped_packets_fail_the_check_that_sends_them(
    built: Site, drop: str, undo: str, check: str
) -> None:
    """Nothing of ours differs from the plan: only packets can tell."""
    built.variables["overlay_verify_outside"] = {"address": "203.0.113.80", "port": 8080}
    built.run("ubuntu2", f"nft '{drop}'")
    try:
        run = built.play("playbooks/verify.yml", fails=True)
    finally:
        built.run("ubuntu2", f"nft '{undo}'")
        built.reset()
    failed = [r["task"] for r in run.results if r.get("failed")]
    assert check in failed[0]
    assert "ubuntu2" in run.errors


def test_nothing_is_left_after_all_of_that(lab: Site) -> None:
    lab.reset()
    lab.play("playbooks/teardown.yml")
    left = lab.changes_since(lab.untouched)
    assert not left, left


def _indexes(site: Site) -> dict[tuple[str, str], int]:
    devices = ("vxlan0", "br0", "veth-ns1")
    return {(h, d): site.index(h, d) for h in site.hosts for d in devices}
