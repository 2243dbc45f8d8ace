# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container (a network namespace with a veth pair), and what is to be done inside it.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence

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
        change.steps.append(Command("ip", line, f"{intent} in {want.netns}", netns=want.netns))
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
    have = [] if fresh or not inner.up else _routes_of(inside, device)
    _require_no_other_default(want, inside)
    # Before the addresses, which take the routes with them that they reach the next hop by.
    for route in have:
        if route["protocol"] == ROUTE_PROTOCOL and _route(route) not in want.routes:
            shown = _text(_route(route))
            run(
                f"route del {shown} dev {device}",
                f"remove the route {shown}",
                f"{want.name}: route {shown} should not be there",
            )
    told = len(change.differences)
    readdressed = plan_addresses(
        change, device, inner.addresses, list(want.addresses), label, want.netns
    )
    if fresh:
        del change.differences[told:]
    for wanted_route in want.routes:
        # Removing an address takes the routes with it whose next hop was reached through it.
        if readdressed or wanted_route not in [_route(r) for r in have]:
            shown = _text(wanted_route)
            word = (
                "default route" if wanted_route.to == "default" else f"route to {wanted_route.to}"
            )
            run(
                f"route replace {shown} dev {device} proto {ROUTE_PROTOCOL}",
                f"set the route {shown}",
                f"{want.name}: {word} missing or wrong, should be: {shown}",
            )


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
