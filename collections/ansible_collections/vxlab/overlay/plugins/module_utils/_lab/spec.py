# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a lab is made of: nodes, their links, addresses and routes.

Pure: from a module's arguments to a Lab, which raises LabError for what cannot be built.

The underlay is the bridge "fabric", on which every host has its eth1. The router joins it to a
second bridge, "world", where the outside server is. Router and server are nodes like the hosts.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError

FABRIC = "fabric"
WORLD = "world"
ROUTER = "router"
OUTSIDE = "outside"
ROUTER_WORLD = "router-world"
RESERVED = (FABRIC, WORLD, ROUTER, OUTSIDE, ROUTER_WORLD, "lo", "all", "default")
# A bridge has 1023 ports (BR_PORT_BITS in the kernel's net/bridge/br_private.h), one the router's.
MAX_HOSTS = 1022
# What can be sent over Ethernet and read back: IPv6's minimum, and the largest of a veth.
MIN_MTU, MAX_MTU = 1280, 65535
WORLD_MTU = 1500

LAB_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


@dataclass(frozen=True)
class Link:
    """An Ethernet link of a node: its name there, and the port at the bridge's end."""

    name: str
    bridge: str
    port: str
    address: str  # with prefix length
    mtu: int

    @property
    def mac(self) -> str:
        """Made from the IPv4 address, so that it is the same in every lab and after every repair.

        02: locally administered; 4c ("L"): apart from the MACs that the overlay's plan makes.
        """
        octets = ipaddress.IPv4Interface(self.address).ip.packed
        return ":".join(f"{octet:02x}" for octet in (0x02, 0x4C, *octets))


@dataclass(frozen=True)
class Node:
    """One machine of the lab. routes: destination ("default" or a prefix) to the next hop."""

    name: str
    links: Tuple[Link, ...]
    routes: Mapping[str, str] = field(default_factory=dict)
    forward: bool = False
    command: Tuple[str, ...] = ()
    listen: Optional[int] = None

    @property
    def version(self) -> str:
        """Changes when the node must be made anew: with what only its start can set.

        Not with the command's text, which names an interpreter: the same lab, brought up from
        two checkouts, is the same.
        """
        text = repr((3, self.forward, self.listen))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Lab:
    """All of a lab. bridges: name to MTU."""

    nodes: Mapping[str, Node]
    bridges: Mapping[str, int]
    multicast: bool = True


def check_lab_name(name: str) -> str:
    """Return the name of a lab, which is also a file's; raise LabError if it cannot be one."""
    if not LAB_NAME.fullmatch(name):
        raise LabError(
            f"the lab's name is {name!r}: it must have 1 to 32 lower-case letters, digits,"
            " underscores and hyphens, and start with a letter or digit"
        )
    return name


def port_name(host: str) -> str:
    """Name of a host's port on the fabric: the host's, shortened if longer than 15 bytes."""
    if len(host) <= 15:
        return host
    return f"{host[:6]}-{hashlib.sha256(host.encode()).hexdigest()[:8]}"


def plan_lab(
    hosts: Sequence[Mapping[str, Any]],
    router: str,
    outside: str,
    outside_port: int,
    mtu: int,
    multicast: bool,
    serve: Sequence[str] = (),
) -> Lab:
    """Plan a lab.

    hosts: mappings with name and address. router: the router's address on the underlay with
    prefix length, which is also the underlay's. outside: the outside server's, with prefix length;
    the router takes the first address of that network. serve: command of the outside server.
    """
    if not MIN_MTU <= mtu <= MAX_MTU:
        raise LabError(f"mtu is {mtu}: it must be from {MIN_MTU} to {MAX_MTU} bytes")
    if not 1 <= outside_port <= 65535:
        raise LabError(f"outside_port is {outside_port}: it must be from 1 to 65535")
    if len(hosts) > MAX_HOSTS:
        raise LabError(f"{len(hosts)} hosts: one underlay takes at most {MAX_HOSTS}")
    underlay_router = _interface("router", router)
    server = _interface("outside", outside)
    underlay = underlay_router.network
    if underlay.overlaps(server.network):
        raise LabError(f"outside {server.network} overlaps the underlay {underlay}")
    world_router = ipaddress.IPv4Interface(
        (server.network.network_address + 1, server.network.prefixlen)
    )
    if world_router.ip == server.ip:
        raise LabError(f"outside is {server.ip}: the network's first address is the router's")

    addresses = _host_addresses(hosts, underlay_router)
    via = str(underlay_router.ip)
    nodes: Dict[str, Node] = {
        ROUTER: Node(
            ROUTER,
            (
                Link("eth1", FABRIC, ROUTER, str(underlay_router), mtu),
                Link("eth2", WORLD, ROUTER_WORLD, str(world_router), WORLD_MTU),
            ),
            forward=True,
        ),
        # Knows the underlay and nothing else: what arrives from the overlay's addresses without
        # NAT gets no answer.
        OUTSIDE: Node(
            OUTSIDE,
            (Link("eth1", WORLD, OUTSIDE, str(server), WORLD_MTU),),
            {str(underlay): str(world_router.ip)},
            command=(*serve, str(outside_port)) if serve else (),
            listen=outside_port,
        ),
    }
    for name, address in addresses.items():
        link = Link("eth1", FABRIC, port_name(name), str(address), mtu)
        nodes[name] = Node(name, (link,), {"default": via})
    return Lab(nodes, {FABRIC: mtu, WORLD: WORLD_MTU}, multicast)


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


def _host_addresses(
    hosts: Sequence[Mapping[str, Any]], router: ipaddress.IPv4Interface
) -> Dict[str, ipaddress.IPv4Interface]:
    network = router.network
    taken = {
        router.ip: "the router",
        network.network_address: "the network",
        network.broadcast_address: "broadcast",
    }
    addresses: Dict[str, ipaddress.IPv4Interface] = {}
    ports: Dict[str, str] = {}
    for host in hosts:
        name, text = host["name"], host["address"]
        if not HOST_NAME.fullmatch(name):
            raise LabError(
                f"host {name!r}: a name must have 1 to 63 letters, digits, underscores, dots and"
                " hyphens, and start with a letter or digit"
            )
        if name in RESERVED:
            raise LabError(f"host {name}: this name is the lab's own; take another")
        if name in addresses:
            raise LabError(f"host {name} is listed twice")
        try:
            address = ipaddress.IPv4Address(text)
        except ValueError as error:
            raise LabError(f"host {name}: address {text!r}: {error}") from error
        if address not in network:
            raise LabError(f"host {name}: {address} is not in the underlay {network}")
        if address in taken:
            raise LabError(f"host {name}: {address} is already the address of {taken[address]}")
        port = port_name(name)
        if port in ports:
            raise LabError(f"hosts {ports[port]} and {name}: their shortened names are the same")
        taken[address] = name
        ports[port] = name
        addresses[name] = ipaddress.IPv4Interface((address, network.prefixlen))
    return addresses


def host_list(lab: Lab) -> List[str]:
    """Names of the hosts, without router and server."""
    return [name for name in lab.nodes if name not in (ROUTER, OUTSIDE)]
