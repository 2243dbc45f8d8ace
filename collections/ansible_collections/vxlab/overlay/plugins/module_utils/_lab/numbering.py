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

# What the underlay grows to when its own network is too small for the hosts.
WIDE = 16


class Numbers(NamedTuple):
    """router: its address with the underlay's prefix length. hosts: name to host variables."""

    router: str
    hosts: Dict[str, Dict[str, Any]]


def number(hosts: int, containers: int, first_address: str, first_container: str) -> Numbers:
    """Number hosts and containers consecutively.

    first_address: of the first host, with the underlay's prefix length; the underlay's first
    address is the router's. first_container: with the overlay's prefix length.
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
    underlay = first.network
    if int(first.ip) + hosts - 1 >= int(underlay.broadcast_address) and underlay.prefixlen > WIDE:
        underlay = underlay.supernet(new_prefix=WIDE)
    _check_fit(f"{hosts} hosts from {first.ip}", first.ip, hosts, underlay)

    overlay = _interface("first_container", first_container)
    total = hosts * containers
    if total:
        _check_fit(f"{total} containers from {overlay.ip}", overlay.ip, total, overlay.network)
    return Numbers(
        f"{router}/{underlay.prefixlen}",
        {
            f"ubuntu{index + 1}": {
                "ansible_host": str(first.ip + index),
                "overlay_containers": _containers(overlay.ip + index * containers, containers),
            }
            for index in range(hosts)
        },
    )


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
