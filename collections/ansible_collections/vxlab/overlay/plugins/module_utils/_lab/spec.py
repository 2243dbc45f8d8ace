# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a lab is made of: nodes, their links, addresses and routes.

Pure: from a module's arguments to a Lab, which raises LabError for what cannot be built.

The underlay is the bridge "fabric", on which every host has its eth1; in a routed underlay, a
bridge for each host. The router joins it to one more bridge, "world", where the outside server is.
Router and server are nodes like the hosts.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.names import (
    OUTSIDE,
    ROUTER,
    ROUTER_WORLD,
    WORLD,
    port_name,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.underlay import (
    Segment,
    ipv6_of,
    plan_segments,
)

# A bridge has 1023 ports (BR_PORT_BITS in the kernel's net/bridge/br_private.h), one the router's.
MAX_HOSTS = 1022
# What can be sent over Ethernet and read back: IPv6's minimum, and the largest of a veth.
MIN_MTU, MAX_MTU = 1280, 65535
WORLD_MTU = 1500
# `default` is IPv4's.
DEFAULT_IPV6 = "::/0"


@dataclass(frozen=True)
class Link:
    """An Ethernet link of a node: its name there, and the port at the bridge's end.

    address, address6: IPv4 and IPv6, with prefix length.
    """

    name: str
    bridge: str
    port: str
    address: str
    mtu: int
    address6: Optional[str] = None

    @property
    def mac(self) -> str:
        """Made from the IPv4 address, so that it is the same in every lab and after every repair.

        02: locally administered; 4c ("L"): apart from the MACs that the overlay's plan makes.
        """
        octets = ipaddress.IPv4Interface(self.address).ip.packed
        return ":".join(f"{octet:02x}" for octet in (0x02, 0x4C, *octets))


@dataclass(frozen=True)
class Node:
    """One machine of the lab.

    routes: destination ("default", "::/0" or a prefix) to the next hop. sole_routes: it must have
    no others through a next hop. forward: IPv4 and IPv6.
    """

    name: str
    links: Tuple[Link, ...]
    routes: Mapping[str, str] = field(default_factory=dict)
    sole_routes: bool = False
    forward: bool = False
    command: Tuple[str, ...] = ()
    listen: Optional[int] = None

    @property
    def version(self) -> str:
        """Changes when the node must be made anew: with what only its start can set.

        Not with the command's text, which names an interpreter: the same lab, brought up from
        two checkouts, is the same.
        """
        text = repr((4, self.forward, self.listen))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Lab:
    """All of a lab. bridges: name to MTU. multicast: whether they carry it."""

    nodes: Mapping[str, Node]
    bridges: Mapping[str, int]
    multicast: bool = True

    @property
    def ipv6(self) -> bool:
        return any(link.address6 for node in self.nodes.values() for link in node.links)


def plan_lab(
    hosts: Sequence[Mapping[str, Any]],
    router: str,
    outside: str,
    outside_port: int,
    mtu: int,
    multicast: bool,
    serve: Sequence[str] = (),
    routed: bool = False,
    ipv6: bool = False,
) -> Lab:
    """Plan a lab.

    hosts: mappings with name and address. router: the router's address on the underlay with
    prefix length, which is also the underlay's. routed: each host in a network of its own, of this
    prefix length, with the router at its first address. ipv6: an IPv6 address beside each on the
    underlay. outside: the outside server's, with prefix length; the router takes the first address
    of that network. serve: command of the outside server.
    """
    if not MIN_MTU <= mtu <= MAX_MTU:
        raise LabError(f"mtu is {mtu}: it must be from {MIN_MTU} to {MAX_MTU} bytes")
    if not 1 <= outside_port <= 65535:
        raise LabError(f"outside_port is {outside_port}: it must be from 1 to 65535")
    if len(hosts) > MAX_HOSTS:
        raise LabError(f"{len(hosts)} hosts: one underlay takes at most {MAX_HOSTS}")
    underlay_router = _interface("router", router)
    server = _interface("outside", outside)
    segments = plan_segments(hosts, underlay_router, routed, ipv6)
    for segment in segments:
        if segment.router.network.overlaps(server.network):
            raise LabError(
                f"outside {server.network} overlaps the underlay {segment.router.network}"
            )
    world_router = ipaddress.IPv4Interface(
        (server.network.network_address + 1, server.network.prefixlen)
    )
    if world_router.ip == server.ip:
        raise LabError(f"outside is {server.ip}: the network's first address is the router's")

    nodes: Dict[str, Node] = {
        ROUTER: Node(
            ROUTER,
            (
                *(_router_link(segment, mtu, ipv6) for segment in segments),
                Link("eth2", WORLD, ROUTER_WORLD, str(world_router), WORLD_MTU),
            ),
            forward=True,
        ),
        # Knows the underlay and nothing else: what arrives from the overlay's addresses without
        # NAT gets no answer.
        OUTSIDE: Node(
            OUTSIDE,
            (Link("eth1", WORLD, OUTSIDE, str(server), WORLD_MTU),),
            _routes_back(segments, world_router.ip),
            sole_routes=True,
            command=(*serve, str(outside_port)) if serve else (),
            listen=outside_port,
        ),
    }
    planned = {
        name: _host(segment, name, mtu, ipv6) for segment in segments for name in segment.hosts
    }
    nodes.update((host["name"], planned[host["name"]]) for host in hosts)
    bridges = {segment.bridge: mtu for segment in segments}
    return Lab(nodes, {**bridges, WORLD: WORLD_MTU}, multicast)


def _router_link(segment: Segment, mtu: int, ipv6: bool) -> Link:
    address6 = str(ipv6_of(segment.router)) if ipv6 else None
    return Link(segment.link, segment.bridge, segment.port, str(segment.router), mtu, address6)


def _host(segment: Segment, name: str, mtu: int, ipv6: bool) -> Node:
    address = segment.hosts[name]
    routes = {"default": str(segment.router.ip)}
    address6 = None
    if ipv6:
        address6 = str(ipv6_of(address))
        routes[DEFAULT_IPV6] = str(ipv6_of(segment.router).ip)
    link = Link("eth1", segment.bridge, port_name(name), str(address), mtu, address6)
    return Node(name, (link,), routes)


def _routes_back(segments: Sequence[Segment], via: ipaddress.IPv4Address) -> Dict[str, str]:
    """To the underlay's networks, joined where that adds no other address."""
    networks = ipaddress.collapse_addresses(segment.router.network for segment in segments)
    return {str(network): str(via) for network in networks}


def _interface(what: str, text: str) -> ipaddress.IPv4Interface:
    if "/" not in text:
        raise LabError(f"{what} is {text!r}: it must be an IPv4 address with a prefix length")
    try:
        interface = ipaddress.IPv4Interface(text)
    except ValueError as error:
        raise LabError(f"{what} is {text!r}: {error}") from error
    if interface.network.prefixlen > 30:
        raise LabError(f"{what} is {text}: a network of /30 or larger is needed")
    return interface
