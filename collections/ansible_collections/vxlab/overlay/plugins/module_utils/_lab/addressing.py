# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses and routes of a node: from what is there to what should be.

Pure: parsed JSON of ip(8) in; differences and lines for `ip -batch` out.

What the kernel makes by itself (link-local addresses, routes of a prefix, what a router advertises)
is not looked at; nor is an IPv6 address or route of somebody's own, outside of the lab's range.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.spec import (
    DEFAULT_IPV6,
    Link,
    Node,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.underlay import LAB_IPV6

Json = Mapping[str, Any]


def new_addresses(link: Link) -> List[str]:
    """Lines that give a link its addresses, where it has none."""
    return _add_lines(link, [])


def plan_addresses(
    node: Node, link: Link, have: Json, differences: List[str], lines: List[str]
) -> None:
    """Plan the addresses of a link. have: its entry of `ip -j address show`."""
    what = f"{node.name}: {link.name}"
    entries = have.get("addr_info", [])
    addresses = [
        f"{entry['local']}/{entry['prefixlen']}" for entry in entries if entry["family"] == "inet"
    ]
    addresses6 = [f"{entry['local']}/{entry['prefixlen']}" for entry in entries if _is_ours(entry)]
    wanted6 = [link.address6] if link.address6 else []
    if addresses != [link.address]:
        differences.append(f"{what}: address {_said(addresses)} -> {link.address}")
    if addresses6 != wanted6:
        differences.append(f"{what}: IPv6 address {_said(addresses6)} -> {_said(wanted6)}")
    # The old ones first: with an address the kernel removes later ones of the same network.
    lines += [
        f"address del {address} dev {link.name}"
        for address in reversed(addresses + addresses6)
        if address not in (link.address, link.address6)
    ]
    lines += _add_lines(link, addresses + addresses6)


def _add_lines(link: Link, have: Sequence[str]) -> List[str]:
    lines = []
    if link.address not in have:
        lines.append(f"address add {link.address} brd + dev {link.name}")
    if link.address6 and link.address6 not in have:
        # Duplicate address detection would keep it from use for a second.
        lines.append(f"address add {link.address6} dev {link.name} nodad")
    return lines


def _said(addresses: Sequence[str]) -> str:
    return ", ".join(addresses) or "none"


def _is_ours(entry: Json) -> bool:
    return (
        entry["family"] == "inet6"
        and not entry.get("dynamic", False)
        and ipaddress.IPv6Address(entry["local"]) in LAB_IPV6
    )


def plan_routes(
    node: Node, have: Sequence[Json], differences: List[str], lines: List[str], renew: bool
) -> None:
    """Plan the routes of a node. have: `ip -j -d route show table all`.

    Routes go with the last address of their device: `renew` sets them whether seen or not.
    What is not wanted goes before `lines`, which may remove its address and it too.
    """
    seen = _next_hops(have)
    removals = []
    for destination, hops in seen.items():
        if destination in node.routes:
            continue
        for hop in hops:
            if node.sole_routes or (destination == DEFAULT_IPV6 and _in_lab(hop)):
                differences.append(f"{node.name}: route {destination}: via {hop} -> none")
                removals.append(f"route del {destination} via {hop}")
    lines[:0] = removals
    for destination, via in node.routes.items():
        # The first is that of the best metric, which counts.
        now = seen.get(destination, ["none"])[0]
        if now != via and not renew:
            differences.append(f"{node.name}: route {destination}: via {now} -> {via}")
        if now != via or renew:
            lines.append(f"route replace {destination} via {via}")


def _next_hops(routes: Sequence[Json]) -> Dict[str, Tuple[str, ...]]:
    """Destination to next hops, of the main table, without those that a router advertised."""
    seen: Dict[str, Tuple[str, ...]] = {}
    for route in routes:
        hop = route.get("gateway")
        if hop is None or route.get("table", "main") != "main" or route.get("protocol") == "ra":
            continue
        destination = route["dst"]
        if destination == "default" and ":" in hop:
            destination = DEFAULT_IPV6
        seen[destination] = (*seen.get(destination, ()), hop)
    return seen


def _in_lab(address: str) -> bool:
    return ":" in address and ipaddress.IPv6Address(address) in LAB_IPV6
