# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""peer_filter with real VXLAN packets: who is heard, and who is not."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .host import Host

BACKENDS = ("nft", "iptables")
every_backend = pytest.mark.parametrize("backend", BACKENDS)
both_families = pytest.mark.parametrize("version", [4, 6])
ADDRESSES = {4: ("172.16.1.11", "172.16.1.12", "172.16.1.99"), 6: ("fd00::1", "fd00::2", "fd00::9")}
ABSENT = {"state": "absent"}


def args(*vteps: str, **more: Any) -> dict[str, Any]:
    return {"vni": 42, "vteps": list(vteps), **more}


@pytest.fixture
def hosts(pair: tuple[Host, Host], version: int) -> tuple[Host, Host]:
    """Two that reach each other by VNI 42 and, as somebody else's, by VNI 43."""
    for n, host in enumerate(pair):
        own, peer = ADDRESSES[version][n], ADDRESSES[version][1 - n]
        if version == 6:
            host.run(f"ip address add {own}/64 dev eth1 nodad")
        for vni, subnet in ((42, "198.18.42"), (43, "198.18.43")):
            host.run(
                f"""
                ip link add vx{vni} type vxlan id {vni} dstport 4789 local {own} remote {peer}
                ip address add {subnet}.{n + 1}/24 dev vx{vni}
                ip link set vx{vni} up
                """
            )
    return pair


def is_heard(speaker: Host, vni: int = 42) -> bool:
    """Whether an echo request through the device of a VNI is answered by the first of the two."""
    return speaker.attempt(f"ping -c 1 -W 1 198.18.{vni}.1").returncode == 0


def dropped(host: Host, backend: str, version: int) -> int:
    """Packets that the filter has counted."""
    if backend == "nft":
        (packets,) = re.findall(r"packets (\d+)", host.run("nft list table inet vxlab_overlay"))
    else:
        tool = "iptables" if version == 4 else "ip6tables"
        listed = host.run(f"{tool} -L vxl_overlay -v -n -x")
        (packets,) = re.findall(r"^ *(\d+) .*DROP", listed, re.M)
    return int(packets)


@both_families
@every_backend
def test_only_vteps_of_the_list_are_heard(
    hosts: tuple[Host, Host], version: int, backend: str
) -> None:
    host, other = hosts
    _own, peer, stranger = ADDRESSES[version]
    before = host.state()
    host.apply("peer_filter", args(stranger, backend=backend))
    assert not is_heard(other)
    assert dropped(host, backend, version) > 0
    assert is_heard(other, vni=43), "another overlay's datagrams are none of ours"
    host.apply("peer_filter", args(stranger, peer, backend=backend))
    assert is_heard(other)
    host.apply("peer_filter", args(stranger, backend=backend))
    assert not is_heard(other)
    host.apply("peer_filter", ABSENT)
    assert is_heard(other)
    assert host.state() == before


@pytest.mark.parametrize("version", [4])
def test_a_forged_source_is_heard(hosts: tuple[Host, Host], version: int) -> None:
    """The limit that the documentation tells: the filter goes by the address alone."""
    host, other = hosts
    forged = ADDRESSES[version][2]
    host.apply("peer_filter", args(forged))
    assert not is_heard(other)
    capture = host.start("exec timeout 10 tcpdump -c 1 -lnn -i vx42 arp or icmp 2>&1")
    assert capture.stdout is not None
    while "listening" not in capture.stdout.readline():
        pass
    other.run(
        f"""
        ip address add {forged}/32 dev eth1
        ip link del vx42
        ip link add vx42 type vxlan id 42 dstport 4789 local {forged} remote {ADDRESSES[version][0]}
        ip address add 198.18.42.2/24 dev vx42
        ip link set vx42 up
        """
    )
    is_heard(other)
    output, _none = capture.communicate(timeout=15)
    assert "198.18.42.2" in output


def test_an_address_comes_and_goes_without_a_gap(host: Host) -> None:
    host.apply("peer_filter", args("172.16.1.12", "172.16.1.13"))
    added = host.apply("peer_filter", args("172.16.1.12", "172.16.1.14"))
    assert added["commands"] == [
        "nft 'add element inet vxlab_overlay vteps { 172.16.1.14 }'",
        "nft 'delete element inet vxlab_overlay vteps { 172.16.1.13 }'",
    ]
    assert added["differences"] == [
        "VTEP filter: 172.16.1.14 missing",
        "VTEP filter: 172.16.1.13 should not be there",
    ]


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("nft flush chain inet vxlab_overlay input", "VTEP filter: rule for VNI 42"),
        ("nft delete table inet vxlab_overlay", "VTEP filter: missing"),
        ("nft flush set inet vxlab_overlay vteps", "VTEP filter: 172.16.1.12 missing"),
        (
            "nft insert rule inet vxlab_overlay input udp dport 4789 accept",
            "a rule that should not be there",
        ),
    ],
)
def test_what_is_amiss_is_told_and_mended(host: Host, harm: str, told: str) -> None:
    host.apply("peer_filter", args("172.16.1.12"))
    before = host.state()
    host.run(harm)
    result = host.apply("peer_filter", args("172.16.1.12"))
    assert any(told in difference for difference in result["differences"])
    assert host.state() == before


@every_backend
def test_rules_of_others_stay(host: Host, backend: str) -> None:
    host.run("iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -j DROP")
    before = host.state()
    host.apply("peer_filter", args("172.16.1.12", backend=backend))
    rules = host.run("iptables -S INPUT").splitlines()
    assert rules[-2:] == ["-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", "-A INPUT -j DROP"]
    assert ("vxl_overlay" in rules[1]) == (backend == "iptables"), "ours comes first"
    host.apply("peer_filter", ABSENT)
    assert host.state() == before


def test_a_host_without_nft_gets_the_filter_by_iptables(host: Host) -> None:
    host.hide("nft")
    result = host.apply("peer_filter", args("172.16.1.12"))
    assert all(c.startswith("iptables ") for c in result["commands"] if "vxlab" not in c)
    host.apply("peer_filter", ABSENT)
    assert "vxl_" not in host.run("iptables-save")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"vteps": ["fd00::1", "172.16.1.12"]}, "all must be IPv4, or all IPv6"),
        ({"vteps": ["239.1.1.1"]}, "vteps[0] is '239.1.1.1'"),
        ({"vteps": ["172.16.1.12"], "vni": 2**24}, "vni is 16777216"),
        ({"vteps": ["172.16.1.12"], "port": 0}, "port is 0"),
    ],
)
def test_bad_input_is_named(host: Host, given: dict[str, Any], told: str) -> None:
    assert told in host.refusal("peer_filter", {"vni": 42, **given})
