# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container (a network namespace with a veth pair), and what is to be done inside it.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Collection, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change.address import plan_addresses
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    ChangeError,
    Command,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Link

# The routing protocol number that marks routes as ours (see "proto" in ip-route(8); 86 is in
# none of the ranges that /etc/iproute2/rt_protos assigns).
ROUTE_PROTOCOL = "86"


@dataclass(frozen=True)
class Route:
    """A route of a container: to a prefix or "default", by a next hop, or by the link if None."""

    to: str
    via: Optional[str] = None


@dataclass(frozen=True)
class Container:
    """A container; names as in the module's options.

    netns: the namespace's name in /run/netns, or an absolute path (never owned, only joined).
    """

    name: str
    netns: str
    veth: str
    interface: str = "eth0"
    owned: bool = True
    mac: Optional[str] = None
    mtu: Optional[int] = None
    addresses: Sequence[str] = ()
    routes: Sequence[Route] = ()


@dataclass(frozen=True)
class Inside:
    """What there is in a network namespace: its links, and the routes of its main tables."""

    links: Mapping[str, Link] = field(default_factory=dict)
    routes: Sequence[Mapping[str, Any]] = ()


def plan_inside(want: Container, inside: Inside, inner: Link, change: Change) -> None:
    """Add to the change what makes the inner end as wanted; index 0: it is about to be made."""
    device = want.interface
    label = f"{want.name}: {device}"
    fresh = inner.index == 0

    def run(line: str, intent: str, difference: str = "") -> None:
        _run(change, want, line, intent)
        if difference and not fresh:
            change.differences.append(difference)

    loopback = inside.links.get("lo")
    if want.owned and loopback is not None and not loopback.up:
        run("link set dev lo up", "set lo up", f"{want.name}: lo: down")
    if want.mac and inner.mac != want.mac:
        run(
            f"link set dev {device} address {want.mac}",
            f"set the MAC of {device}",
            f"{label}: mac {inner.mac} -> {want.mac}",
        )
    if want.mtu and inner.mtu != want.mtu:
        run(
            f"link set dev {device} mtu {want.mtu}",
            f"set the MTU of {device}",
            f"{label}: mtu {inner.mtu} -> {want.mtu}",
        )
    if not inner.up:
        run(f"link set dev {device} up", f"set {device} up", f"{label}: down")
    told = len(change.differences)
    have = [] if fresh or not inner.up else _routes_of(inside, device)
    _require_no_other_default(want, inside)
    # Before the addresses, which take the routes with them that they reach the next hop by.
    _plan_routes_away(want, have, change)
    readdressed = plan_addresses(
        change, device, inner.addresses, list(want.addresses), label, want.netns
    )
    if fresh:
        del change.differences[told:]
    # Removing an address takes the routes with it whose next hop was reached through it.
    _plan_routes(want, [] if readdressed else have, change, fresh)


def _plan_routes_away(want: Container, have: List[Mapping[str, Any]], change: Change) -> None:
    """Add to the change what removes routes that we made and that are not wanted any more."""
    for route in have:
        if route["protocol"] == ROUTE_PROTOCOL and _route(route) not in want.routes:
            shown = _text(_route(route))
            change.differences.append(f"{want.name}: route {shown} should not be there")
            _run(
                change, want, f"route del {shown} dev {want.interface}", f"remove the route {shown}"
            )


def _plan_routes(
    want: Container, have: List[Mapping[str, Any]], change: Change, fresh: bool
) -> None:
    """Add to the change what sets wanted routes that are missing; fresh: all are, untold."""
    there = [_route(route) for route in have]
    for route in want.routes:
        if route in there:
            continue
        shown = _text(route)
        if not fresh:
            word = "default route" if route.to == "default" else f"route to {route.to}"
            change.differences.append(f"{want.name}: {word} missing or wrong, should be: {shown}")
        _run(
            change,
            want,
            f"route replace {shown} dev {want.interface} proto {ROUTE_PROTOCOL}",
            f"set the route {shown}",
        )


def _run(change: Change, want: Container, line: str, intent: str) -> None:
    change.steps.append(Command("ip", line, f"{intent} in {want.netns}", netns=want.netns))


def without(inside: Inside, gone: Collection[Tuple[Optional[int], int]]) -> Inside:
    """What is left once the other ends of some links are removed, which takes routes along too.

    gone: of each, its own index and that of its other end, since either number alone may be
    another link's in another namespace.
    """
    ends = {n for n, link in inside.links.items() if (link.index, link.peer_index) in gone}
    if not ends:
        return inside
    return Inside(
        {name: link for name, link in inside.links.items() if name not in ends},
        [route for route in inside.routes if route.get("dev") not in ends],
    )


def with_loopback(want: Container, inside: Inside) -> Inside:
    """What is in the namespace once plan_inside's steps have set its lo up."""
    loopback = inside.links.get("lo")
    if not want.owned or loopback is None:
        return inside
    return replace(inside, links=dict(inside.links, lo=replace(loopback, up=True)))


def _require_no_other_default(want: Container, inside: Inside) -> None:
    """Raise ChangeError where a default route of ours would replace somebody else's."""
    ours = [route.via for route in want.routes if route.to == "default"]
    for route in inside.routes if not want.owned else ():
        if route.get("dst") != "default" or route.get("dev") == want.interface:
            continue
        if any(_version(via) == _version(route.get("gateway")) for via in ours):
            raise ChangeError(
                f"container {want.name}: namespace {want.netns} is not ours, and has a default"
                f" route by {route.get('dev')} already; leave gateway out, and give the routes"
                " that should go by the overlay"
            )


def picture(want: Container, inside: Inside) -> Optional[Dict[str, Any]]:
    """The container's interface as it is, for --diff; None if there is none."""
    inner = inside.links.get(want.interface)
    if inner is None:
        return None
    return {
        "name": inner.name,
        "mac": inner.mac,
        "mtu": inner.mtu,
        "up": inner.up,
        "addresses": [address.text for address in inner.addresses],
        "routes": [asdict(_route(r)) for r in _routes_of(inside, want.interface)],
    }


def picture_after(want: Container) -> Dict[str, Any]:
    return {
        "name": want.interface,
        "mac": want.mac,
        "mtu": want.mtu,
        "up": True,
        "addresses": list(want.addresses),
        "routes": [asdict(route) for route in want.routes],
    }


def _version(next_hop: Optional[str]) -> int:
    return 6 if next_hop and ":" in next_hop else 4


def _routes_of(inside: Inside, device: str) -> List[Mapping[str, Any]]:
    """Routes by the device that somebody set; the kernel's own come and go with addresses."""
    return [
        route
        for route in inside.routes
        if route.get("dev") == device and route.get("protocol") not in ("kernel", "ra")
    ]


def _route(entry: Mapping[str, Any]) -> Route:
    return Route(entry["dst"], entry.get("gateway"))


def _text(route: Route) -> str:
    return f"{route.to} via {route.via}" if route.via else route.to
