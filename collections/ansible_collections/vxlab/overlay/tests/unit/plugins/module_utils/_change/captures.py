# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel told about a host, as several versions of its tools print it.

fixtures/README.md says how the captures were made. The hosts in them were made by the commands
that the plans below give, and nothing else, beside what other people have there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

from ansible_collections.vxlab.overlay.plugins.module_utils._change.bridge import Bridge, Port
from ansible_collections.vxlab.overlay.plugins.module_utils._change.container import (
    Host,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.inside import (
    Container,
    Inside,
    Route,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Link, parse_links
from ansible_collections.vxlab.overlay.plugins.module_utils._change.masquerade import (
    Firewall,
    Masquerade,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.spoof import Sender
from ansible_collections.vxlab.overlay.plugins.module_utils._change.vxlan import Vxlan

FIXTURES = Path(__file__).parent / "fixtures"
IP_VERSIONS = sorted(path.name for path in (FIXTURES / "ip").iterdir() if path.is_dir())
NFT_VERSIONS = sorted(path.name for path in (FIXTURES / "nft").iterdir() if path.is_dir())
IPTABLES_VERSIONS = sorted(path.name for path in (FIXTURES / "iptables").iterdir() if path.is_dir())

MARK = Mark("overlay")

VXLANS = {
    want.name: want
    for want in (
        Vxlan(
            "vxlan0",
            42,
            peer="239.1.1.1",
            dev="eth1",
            local="172.16.1.11",
            mac="02:59:0a:e9:f0:0b",
            mtu=1450,
        ),
        Vxlan("vxplain", 100),
        Vxlan(
            "vx6",
            101,
            peer="ff05::1",
            dev="eth1",
            local="fd00:1::11",
            mtu=1430,
            udp6_zero_csum_tx=True,
            udp6_zero_csum_rx=True,
        ),
        Vxlan(
            "vxremote",
            102,
            peer="172.16.1.12",
            local="172.16.1.11",
            ttl="inherit",
            tos="inherit",
            df="set",
        ),
        Vxlan("vxremote6", 103, peer="fd00:1::12", dev="eth1", port=4791),
        Vxlan(
            "vxflags",
            104,
            port=4790,
            src_port_min=40000,
            src_port_max=50000,
            ttl="64",
            tos="16",
            df="inherit",
            learning=False,
            ageing=600,
            max_addresses=100,
            proxy=True,
            rsc=True,
            l2miss=True,
            l3miss=True,
            udp_csum=False,
            up=False,
        ),
    )
}
BRIDGE = Bridge(
    "br0",
    mac="02:58:0a:e9:f0:0b",
    mtu=1450,
    stp=False,
    mcast_snooping=False,
    ageing=120,
    addresses=["10.233.240.11/16", "10.233.0.1/32"],
)
PORTS = [
    Port("vxlan0", {"learning": False, "neigh_suppress": True}),
    Port("vxplain", {"isolated": True, "mcast_flood": False}),
]
CONTAINERS = [
    Container(
        "ns1",
        "ns1",
        "veth-ns1",
        mac="02:58:0a:e9:00:02",
        mtu=1450,
        addresses=["10.233.0.2/16"],
        routes=[Route("default", "10.233.0.1")],
    ),
    Container(
        "joined",
        "theirs",
        "veth-joined",
        interface="net1",
        owned=False,
        mac="02:58:0a:e9:00:03",
        mtu=1450,
        addresses=["10.233.0.3/16", "fd00:233::3/64"],
        routes=[
            Route("192.0.2.0/24", "10.233.0.1"),
            Route("198.51.100.7", "10.233.0.1"),
            Route("203.0.113.0/24"),
            Route("default", "fd00:233::1"),
        ],
    ),
]
SENDERS = [
    Sender("veth-ns1", "02:58:0a:e9:00:02", ("10.233.0.2",)),
    Sender(
        "12", "02:58:0a:e9:00:03", ("10.233.0.3", "fd00:233::3"), ("192.0.2.0/24", "2001:db8::9")
    ),
]
NAT = {
    backend: Masquerade("10.233.0.0/16", backend, bridge="br0") for backend in ("nft", "iptables")
}


def text(*path: str) -> str:
    return FIXTURES.joinpath(*path).read_text(encoding="utf-8")


def lines(*path: str) -> List[str]:
    """The commands in a fixture, without its comments."""
    return [line for line in text(*path).splitlines() if line and not line.startswith("#")]


def links(version: str, name: str = "links.json") -> Dict[str, Link]:
    return parse_links(json.loads(text("ip", version, name)))


def documents(output: str) -> List[Any]:
    """The lists that `ip -j -batch` prints one after the other."""
    decoder = json.JSONDecoder()
    found = []
    rest = output.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        found.append(document)
        rest = rest[end:].strip()
    return found


def inside(version: str, netns: str) -> Inside:
    inner, routes, routes6 = documents(text("ip", version, f"inside-{netns}.txt"))
    return Inside(links=parse_links(inner), routes=routes + routes6)


def host(version: str) -> Host:
    return Host(
        links(version),
        namespaces=["theirs", "ns1"],
        journal=["ns1"],
        inside={netns: inside(version, netns) for netns in ("ns1", "theirs")},
    )


def ruleset(version: str, name: str) -> List[Dict[str, Any]]:
    listed: List[Dict[str, Any]] = json.loads(text("nft", version, name))["nftables"]
    return listed


def firewall(version: str, name: str) -> Firewall:
    """A host with nftables alone, its kernel parameters being as wanted already."""
    return Firewall(ruleset=ruleset(version, name), **SYSCTLS_DONE)


FORWARDING = {"net.ipv4.ip_forward": "1", "net.ipv4.conf.all.accept_redirects": "0"}
SYSCTLS_DONE: Dict[str, Any] = {
    "sysctls": FORWARDING,
    "sysctl_files": {
        MARK.sysctl_file: text("sysctl.conf"),
    },
}
