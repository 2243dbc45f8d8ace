# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The networks of the underlay: one that all hosts share, or one for each host.

Pure: from hosts and options to segments, which raises LabError for what cannot be built.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.names import (
    FABRIC,
    RESERVED,
    ROUTER,
    check_host_name,
    port_name,
)

# All IPv6 addresses that a lab gives are in it. Unique local (RFC 4193), but not random: the same
# in every lab, and to be read like the IPv4 address.
LAB_IPV6 = ipaddress.IPv6Network("fd00::/16")


class Segment(NamedTuple):
    """One Ethernet of the underlay.

    bridge, port: of the fabric; port is the router's. link: the router's end of it.
    router: its address there. hosts: name to address.
    """

    bridge: str
    port: str
    link: str
    router: ipaddress.IPv4Interface
    hosts: Dict[str, ipaddress.IPv4Interface]


def plan_segments(
    hosts: Sequence[Mapping[str, Any]], router: ipaddress.IPv4Interface, routed: bool, ipv6: bool
) -> List[Segment]:
    """Plan the segments of an underlay.

    hosts: mappings with name and address. router: its address in the network of all hosts; routed:
    only its prefix length counts, and each host has a network of its own.
    """
    addresses = _addresses(hosts)
    segments = (
        _routed(addresses, router.network.prefixlen) if routed else [_flat(addresses, router)]
    )
    _check_links(segments)
    if ipv6:
        _check_ipv6(segments)
    return segments


def ipv6_of(address: ipaddress.IPv4Interface) -> ipaddress.IPv6Interface:
    """The IPv6 address of the same decimal digits: 172.16.1.11/24 gives fd00:172:16:1::11/64.

    The network has as many whole numbers as the IPv4 one: /16 gives /48, so that hosts which share
    the one share the other.
    """
    numbers = [int(str(octet), 16) for octet in address.ip.packed]
    first = LAB_IPV6.network_address.packed[:2]
    groups = [*numbers[:3], 0, 0, 0, numbers[3]]
    packed = first + b"".join(group.to_bytes(2, "big") for group in groups)
    return ipaddress.IPv6Interface((packed, 16 + 16 * (address.network.prefixlen // 8)))


def _addresses(hosts: Sequence[Mapping[str, Any]]) -> Dict[str, ipaddress.IPv4Address]:
    addresses: Dict[str, ipaddress.IPv4Address] = {}
    owners: Dict[ipaddress.IPv4Address, str] = {}
    for host in hosts:
        name, text = check_host_name(host["name"]), host["address"]
        if name in addresses:
            raise LabError(f"host {name} is listed twice")
        try:
            address = ipaddress.IPv4Address(text)
        except ValueError as error:
            raise LabError(f"host {name}: address {text!r}: {error}") from error
        if address in owners:
            raise LabError(f"host {name}: {address} is already the address of {owners[address]}")
        addresses[name] = address
        owners[address] = name
    return addresses


def _flat(
    addresses: Mapping[str, ipaddress.IPv4Address], router: ipaddress.IPv4Interface
) -> Segment:
    hosts = {name: _host(name, address, router) for name, address in addresses.items()}
    return Segment(FABRIC, ROUTER, "eth1", router, hosts)


def _routed(addresses: Mapping[str, ipaddress.IPv4Address], prefix: int) -> List[Segment]:
    """Names are addresses: at most 15 bytes, as a link's may have, and no two are the same."""
    segments: Dict[ipaddress.IPv4Network, Segment] = {}
    for name, address in addresses.items():
        network = ipaddress.IPv4Interface((address, prefix)).network
        if network in segments:
            other = next(iter(segments[network].hosts))
            raise LabError(
                f"hosts {other} and {name}: {addresses[other]} and {address} are both in {network};"
                " in a routed underlay each host must be in a network of its own"
            )
        router = ipaddress.IPv4Interface((network.network_address + 1, prefix))
        bridge = str(network.network_address)
        hosts = {name: _host(name, address, router)}
        segments[network] = Segment(bridge, str(router.ip), bridge, router, hosts)
    # In the order of addresses, like the router's links.
    return [segments[network] for network in sorted(segments)]


def _host(
    name: str, address: ipaddress.IPv4Address, router: ipaddress.IPv4Interface
) -> ipaddress.IPv4Interface:
    network = router.network
    if address not in network:
        raise LabError(f"host {name}: {address} is not in the underlay {network}")
    taken = {
        router.ip: "the router",
        network.network_address: "the network",
        network.broadcast_address: "broadcast",
    }
    if address in taken:
        raise LabError(f"host {name}: {address} is already the address of {taken[address]}")
    return ipaddress.IPv4Interface((address, network.prefixlen))


def _check_links(segments: Sequence[Segment]) -> None:
    """All links of the fabric need names of their own."""
    own = {name for segment in segments for name in (segment.bridge, segment.port)}
    ports: Dict[str, str] = {}
    for name in (name for segment in segments for name in segment.hosts):
        port = port_name(name)
        if name in RESERVED or port in own:
            raise LabError(f"host {name}: this name is the lab's own; take another")
        if port in ports:
            raise LabError(f"hosts {ports[port]} and {name}: their shortened names are the same")
        ports[port] = name


def _check_ipv6(segments: Sequence[Segment]) -> None:
    """A prefix length between two numbers can make two networks out of the same first numbers."""
    seen: Dict[ipaddress.IPv6Network, ipaddress.IPv4Network] = {}
    for segment in segments:
        network = ipv6_of(segment.router).network
        if network in seen:
            raise LabError(
                f"networks {seen[network]} and {segment.router.network} would both have the IPv6"
                f" network {network}: with ipv6, take a prefix length of 8, 16 or 24"
            )
        seen[network] = segment.router.network
