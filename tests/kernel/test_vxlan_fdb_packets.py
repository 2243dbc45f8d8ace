# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""vxlan_fdb between two hosts: where packets go, and where they do not."""

from __future__ import annotations

import time
from typing import Any

from .fdb import MACS, ONE, apply, devices, flood, macs, refusal
from .host import Host

# What devices send by themselves over IPv6 would be counted, and flooded, too.
QUIET = "sysctl -qw net.ipv6.conf.default.disable_ipv6=1"


def answers(host: Host, address: str) -> bool:
    return host.attempt(f"ping -n -c 2 -W 1 {address}").returncode == 0


def macs_at(other: int, vtep: str = "172.16.1.{}") -> dict[str, Any]:
    """What a host needs to reach another one's bridge."""
    mac = MACS[other]
    return {
        "macs": [{"mac": mac, "vtep": vtep.format(other)}],
        "neighbours": [{"address": f"10.233.0.{other}", "mac": mac}],
    }


def sent(host: Host) -> int:
    """Packets that left by the VXLAN device."""
    count: int = host.listed("ip -j -s link show dev vxlan0")[0]["stats64"]["tx"]["packets"]
    return count


def test_flood_entry_carries_broadcasts(pair: tuple[Host, Host]) -> None:
    first, second = pair
    first.run(f"{QUIET}\n{devices(11)}")
    second.run(f"{QUIET}\n{devices(12)}")
    assert not answers(first, "10.233.0.12")
    apply(first, {"flood": ["172.16.1.12"]})
    apply(second, {"flood": ["172.16.1.11"]})
    assert answers(first, "10.233.0.12")
    apply(first, {"flood": []})
    first.run("ip neighbour flush dev br0")
    assert not answers(first, "10.233.0.12")


def test_mac_entry_carries_unicasts_where_nothing_is_learned(pair: tuple[Host, Host]) -> None:
    first, second = pair
    first.run(f"{QUIET}\n{devices(11)}")
    second.run(f"{QUIET}\n{devices(12)}")
    # Neither is flooded by the bridge to the port what its MAC entry does not bring there.
    for host in pair:
        host.run("ip link set vxlan0 type bridge_slave flood off bcast_flood off mcast_flood off")
    apply(first, macs_at(12))
    apply(second, macs_at(11))
    assert answers(first, "10.233.0.12")
    assert flood(first) == flood(second) == set()
    assert list(macs(first)) == [MACS[12]], "something was learned"
    apply(first, {"macs": []})
    before = sent(first)
    assert not answers(first, "10.233.0.12")
    assert sent(first) == before


def test_ipv6_vteps(pair: tuple[Host, Host]) -> None:
    first, second = pair
    for host, number in ((first, 11), (second, 12)):
        host.run(f"ip address add fd00:1::{number}/64 dev eth1 nodad")
        host.run(f"{QUIET}\n{devices(number, 'fd00:1::{}')}")
    result = apply(first, {**macs_at(12, "fd00:1:0::{}"), "flood": ["FD00:1::12"]})
    assert "vxlan0: flood entry to fd00:1::12: missing" in result["differences"]
    apply(second, {"flood": ["fd00:1::11"]})
    assert answers(first, "10.233.0.12")
    assert refusal(first, {"flood": ["172.16.1.12"]}).startswith("VTEP 172.16.1.12 is not an IPv6")
    apply(first, {"state": "absent"})
    assert not answers(first, "10.233.0.12")


def test_bridge_answers_arp_from_the_neighbour_entry(pair: tuple[Host, Host]) -> None:
    """A container of the first host asks for the second's address; flooding is on, so it could."""
    first, second = pair
    first.run(f"{QUIET}\n{devices(11)}")
    second.run(f"{QUIET}\n{devices(12)}")
    first.run(
        f"""
        ip link set vxlan0 type bridge_slave neigh_suppress on
        ip netns add ns1
        ip link add veth1 type veth peer name eth0 address {ONE} mtu 1400 netns ns1
        ip link set veth1 master br0 up
        ip -n ns1 link set eth0 up
        ip -n ns1 address add 10.233.1.1/16 dev eth0
        """
    )
    second.run(
        "nft -f -",
        stdin="""
        table bridge count {
            chain arps {
                type filter hook prerouting priority -300;
                iifname vxlan0 ether type arp counter
            }
        }
        """,
    )
    apply(first, {**macs_at(12), "neighbours": [], "flood": ["172.16.1.12"]})
    behind = {"macs": [{"mac": ONE, "vtep": "172.16.1.11"}]}
    apply(second, {**behind, "neighbours": [{"address": "10.233.1.1", "mac": ONE}]})
    first.ping("ns1", "10.233.0.12")
    assert arps(second) > 0, "what is not known is asked for"
    apply(first, macs_at(12))
    first.run("ip -n ns1 neighbour flush dev eth0")
    before = arps(second)
    first.ping("ns1", "10.233.0.12")
    shown = first.listed("ip -n ns1 -j neighbour show to 10.233.0.12")
    assert shown[0]["lladdr"] == MACS[12]
    time.sleep(0.2)
    assert arps(second) == before, "an ARP request left the host"


def arps(host: Host) -> int:
    """ARP packets that came in by the VXLAN device."""
    rules = host.listed("nft -j list table bridge count")["nftables"]
    (rule,) = [entry["rule"] for entry in rules if "rule" in entry]
    (count,) = [part["counter"]["packets"] for part in rule["expr"] if "counter" in part]
    assert isinstance(count, int)
    return count
