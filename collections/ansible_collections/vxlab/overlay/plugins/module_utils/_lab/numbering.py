# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and addresses of a lab's hosts and containers, from how many there are.

Pure. Hosts are ubuntu1, ubuntu2, …; containers ns1, ns2, … on each of them.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, List, NamedTuple

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError

# What the underlay grows to when its own network is too small for the hosts, and what the networks
# of a routed one must lie in.
WIDE = 16
# So far from the network of first_address is that of the first host in a routed underlay: both
# kinds of underlay have no address in common, and host N is in network 10 + N.
APART = 10


class Numbers(NamedTuple):
    """router: its address with the underlay's prefix length. hosts: name to host variables."""

    router: str
    hosts: Dict[str, Dict[str, Any]]


def number(
    hosts: int, containers: int, first_address: str, first_container: str, routed: bool = False
) -> Numbers:
    """Number hosts and containers consecutively.

    first_address: of the first host, with the underlay's prefix length; the underlay's first
    address is the router's. routed: each host in a network of its own, all at the same place in it:
    with 172.16.1.11/24, host N is 172.16.(10 + N).11. first_container: with the overlay's prefix
    length.
    Raises LabError if they do not fit.
    """
    if hosts < 1:
        raise LabError(f"hosts is {hosts}: a lab needs one host at least")
    if containers < 0:
        raise LabError(f"containers is {containers}: it cannot be negative")
    first = _interface("first_address", first_address)
    router = first.network.network_address + 1
    if first.ip <= router:
        raise LabError(f"first_address is {first.ip}: it must come after the router's, {router}")
    prefix = first.network.prefixlen
    if routed:
        addresses = _routed(hosts, first)
    else:
        prefix = _flat_prefix(hosts, first)
        addresses = [first.ip + index for index in range(hosts)]

    overlay = _interface("first_container", first_container)
    total = hosts * containers
    if total:
        _check_fit(f"{total} containers from {overlay.ip}", overlay.ip, total, overlay.network)
    return Numbers(
        f"{router}/{prefix}",
        {
            f"ubuntu{index + 1}": {
                "ansible_host": str(address),
                "overlay_containers": _containers(overlay.ip + index * containers, containers),
            }
            for index, address in enumerate(addresses)
        },
    )


def _flat_prefix(hosts: int, first: ipaddress.IPv4Interface) -> int:
    underlay = first.network
    if int(first.ip) + hosts - 1 >= int(underlay.broadcast_address) and underlay.prefixlen > WIDE:
        underlay = underlay.supernet(new_prefix=WIDE)
    _check_fit(f"{hosts} hosts from {first.ip}", first.ip, hosts, underlay)
    return underlay.prefixlen


def _routed(hosts: int, first: ipaddress.IPv4Interface) -> List[ipaddress.IPv4Address]:
    network = first.network
    if network.prefixlen <= WIDE:
        raise LabError(
            f"first_address is {first}: in a routed underlay its prefix must be longer than /{WIDE}"
        )
    _check_fit(f"host {first.ip}", first.ip, 1, network)
    wide = network.supernet(new_prefix=WIDE)
    size = network.num_addresses
    start = int(network.network_address) + APART * size
    room = max(0, (int(wide.broadcast_address) + 1 - start) // size)
    if hosts > room:
        raise LabError(
            f"{hosts} routed hosts, {APART} networks after {network} and on, do not fit into"
            f" {wide}: it has room for {room}"
        )
    return [first.ip + (APART + index) * size for index in range(hosts)]


def _containers(first: ipaddress.IPv4Address, count: int) -> List[Dict[str, str]]:
    return [{"name": f"ns{index + 1}", "address": str(first + index)} for index in range(count)]


def _interface(what: str, text: str) -> ipaddress.IPv4Interface:
    try:
        return ipaddress.IPv4Interface(text)
    except ValueError as error:
        raise LabError(f"{what} is {text!r}: {error}") from error


def _check_fit(
    what: str, first: ipaddress.IPv4Address, count: int, network: ipaddress.IPv4Network
) -> None:
    last = int(network.broadcast_address) - 1
    if int(first) + count - 1 > last:
        room = max(0, last - int(first) + 1)
        raise LabError(f"{what} do not fit into {network}: it has room for {room}")
