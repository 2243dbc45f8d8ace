# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the containers (network namespaces with a veth pair each) there are to those wanted.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change.address import plan_addresses
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    ChangeError,
    Command,
    WriteFile,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import (
    Link,
    require_free_port,
    require_ours,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark

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


@dataclass(frozen=True)
class Host:
    """What there is on the host.

    links: of its own namespace; namespaces: names in /run/netns; journal: names of those that we
    made; inside: what is in the wanted namespaces, by their netns, where they exist; left: link
    indexes of what a killed run left half-made, which is removed first.
    """

    links: Mapping[str, Link]
    namespaces: Sequence[str] = ()
    journal: Sequence[str] = ()
    inside: Mapping[str, Inside] = field(default_factory=dict)
    left: Sequence[int] = ()


def require_no_conflict(wanted: Sequence[Container], bridge: str, host: Host, mark: Mark) -> None:
    """Raise ChangeError when a name that we need is taken by what is not ours."""
    for want in wanted:
        if want.veth in host.links:
            require_ours(host.links[want.veth], "veth", mark)
            require_free_port(host.links[want.veth], bridge, host.links, mark)
        if want.owned and want.netns in host.namespaces and want.netns not in host.journal:
            raise ChangeError(
                f"network namespace {want.netns} exists and is not ours; choose another name for"
                f" the container, join it (owned: false), or remove it: ip netns del {want.netns}"
            )


def plan_present(
    wanted: Sequence[Container], bridge: str, host: Host, mark: Mark, purge: bool
) -> Change:
    """The change that makes the listed containers, and with purge, removes our other ones."""
    require_no_conflict(wanted, bridge, host, mark)
    removed = Change()
    purged = set(host.left) | (_purge(removed, wanted, host, mark) if purge else set())
    cleared, outside, insides = Change(), Change(), Change()
    for want in wanted:
        _plan_container(want, bridge, host, mark, purged, (cleared, outside, insides))
    # All that goes first, since names and places may pass from one container to another; and all
    # that is done in the host's own namespace stands together, so that it is one batch.
    outside.steps.sort(key=lambda step: isinstance(step, Command))
    change = Change()
    for part in (cleared, removed, outside, insides):
        change.steps += part.steps
        change.before.update(part.before)
        change.after.update(part.after)
        change.differences += part.differences
    return change


def plan_absent(wanted: Sequence[Container], host: Host, mark: Mark, purge: bool) -> Change:
    """The change that removes the listed containers, with purge all of ours."""
    change = Change()
    if purge:
        _purge(change, (), host, mark)
        return change
    for want in wanted:
        link = host.links.get(want.veth)
        if link and mark.owns(link.alias):
            _remove_veth(change, link)
        if want.owned and want.netns in host.journal:
            _remove_namespace(change, want.netns, host, mark)
    return change


def _purge(change: Change, wanted: Sequence[Container], host: Host, mark: Mark) -> Set[int]:
    """Remove our containers that are not wanted; returns the link indexes of their host ends."""
    veths = {want.veth for want in wanted}
    for link in host.links.values():
        if link.kind == "veth" and mark.owns(link.alias) and link.name not in veths:
            _remove_veth(change, link)
    namespaces = {want.netns for want in wanted if want.owned}
    for name in host.journal:
        if name not in namespaces:
            _remove_namespace(change, name, host, mark)
    # The journal forgets them only when they are gone; and all ip commands make one batch.
    change.steps.sort(key=lambda step: isinstance(step, WriteFile))
    return {link.index for link in host.links.values() if link.name in change.before}


def _remove_veth(change: Change, link: Link) -> None:
    """Removed apart from its namespace, which lives on while a process is in it."""
    change.before[link.name] = {"alias": link.alias, "master": link.master}
    change.after[link.name] = None
    change.differences.append(f"{link.name}: should not be there")
    change.steps.append(Command("ip", f"link del dev {link.name}", f"remove {link.name}"))


def _remove_namespace(change: Change, name: str, host: Host, mark: Mark) -> None:
    change.before[f"netns {name}"] = {}
    change.after[f"netns {name}"] = None
    change.differences.append(f"{name}: namespace should not be there")
    if name in host.namespaces:
        change.steps.append(Command("ip", f"netns del {name}", f"remove namespace {name}"))
    change.steps.append(WriteFile(f"{mark.journal}/{name}", None, f"forget namespace {name}"))


def _plan_container(
    want: Container,
    bridge: str,
    host: Host,
    mark: Mark,
    purged: Set[int],
    parts: Tuple[Change, Change, Change],
) -> None:
    """parts: what is cleared away, what is done on the host, and what in the container."""
    cleared, outside, insides = parts
    inside = host.inside.get(want.netns)
    veth = host.links.get(want.veth)
    outside.before[want.name] = _picture(want, veth, inside)
    outside.after[want.name] = _picture_after(want, bridge)
    if inside is None:
        if not want.owned:
            raise ChangeError(
                f"container {want.name}: network namespace {want.netns} does not exist; it is to"
                " be joined (owned: false), so something else has to make it first"
            )
        _make_namespace(want, host, mark, outside)
        inside = Inside(links={"lo": Link(1, "lo", None, up=False, mtu=65536, mac="")})
    inner = inside.links.get(want.interface)
    if veth is not None and inner is not None and _are_peers(veth, inner):
        _plan_host_end(want, bridge, veth, outside)
    else:
        _clear_the_place(want, veth, inner, purged, cleared)
        if veth is None:
            outside.differences.append(f"{want.name}: {want.veth}: missing")
        inner = _make_veth(want, bridge, mark, outside)
    _plan_inside(want, inside, inner, insides)


def _clear_the_place(
    want: Container,
    veth: Optional[Link],
    inner: Optional[Link],
    purged: Set[int],
    change: Change,
) -> None:
    """What stands where the pair is to be made: our own, or somebody else's, which is an error."""
    if veth is not None:
        change.differences.append(f"{want.name}: {want.veth}: recreate: {_astray(want, inner)}")
        _outside(change, f"link del dev {want.veth}", f"remove {want.veth} to make it anew")
        return
    if inner is not None and inner.peer_index not in purged:
        raise ChangeError(
            f"container {want.name}: {want.interface} exists in namespace {want.netns} already,"
            f" and is not the other end of {want.veth}; choose another interface name, or"
            " remove it"
        )


def _make_namespace(want: Container, host: Host, mark: Mark, change: Change) -> None:
    change.differences.append(f"{want.name}: namespace {want.netns} missing")
    # Written down before it is made: a run that is killed in between leaves nothing unknown.
    if want.netns not in host.journal:
        change.steps.append(
            WriteFile(f"{mark.journal}/{want.netns}", "", f"note namespace {want.netns} as ours")
        )
    _outside(change, f"netns add {want.netns}", f"create namespace {want.netns}")


def _make_veth(want: Container, bridge: str, mark: Mark, change: Change) -> Link:
    """Make the pair straight in its two places; returns the inner end as it will be."""
    mtu = f" mtu {want.mtu}" if want.mtu else ""
    mac = f" address {want.mac}" if want.mac else ""
    _outside(
        change,
        f"link add name {want.veth}{mtu} type veth"
        f" peer name {want.interface}{mac}{mtu} netns {want.netns}",
        f"create the veth pair of container {want.name}",
        creates=want.veth,
    )
    _outside(
        change,
        f'link set dev {want.veth} alias "{mark.alias("container " + want.name)}"',
        f"mark {want.veth} as ours",
        marks=want.veth,
    )
    _outside(change, f"link set dev {want.veth} master {bridge}", f"attach {want.veth} to {bridge}")
    _outside(change, f"link set dev {want.veth} up", f"set {want.veth} up")
    return Link(0, want.interface, "veth", up=False, mtu=want.mtu or 1500, mac=want.mac or "")


def _plan_host_end(want: Container, bridge: str, veth: Link, change: Change) -> None:
    label = f"{want.name}: {want.veth}"
    if veth.master != bridge:
        change.differences.append(f"{label}: not in {bridge}")
        _outside(
            change, f"link set dev {want.veth} master {bridge}", f"attach {want.veth} to {bridge}"
        )
    if want.mtu and veth.mtu != want.mtu:
        change.differences.append(f"{label}: mtu {veth.mtu} -> {want.mtu}")
        _outside(change, f"link set dev {want.veth} mtu {want.mtu}", f"set the MTU of {want.veth}")
    if not veth.up:
        change.differences.append(f"{label}: down")
        _outside(change, f"link set dev {want.veth} up", f"set {want.veth} up")


def _plan_inside(want: Container, inside: Inside, inner: Link, change: Change) -> None:
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


def _version(next_hop: Optional[str]) -> int:
    return 6 if next_hop and ":" in next_hop else 4


def _are_peers(veth: Link, inner: Link) -> bool:
    return veth.peer_index == inner.index and inner.peer_index == veth.index


def _astray(want: Container, inner: Optional[Link]) -> str:
    if inner is None:
        return f"{want.interface} is not in namespace {want.netns}"
    return f"{want.interface} in namespace {want.netns} is not its other end"


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


def _outside(change: Change, line: str, intent: str, creates: str = "", marks: str = "") -> None:
    change.steps.append(Command("ip", line, intent, creates=creates, marks=marks))


def _picture(
    want: Container, veth: Optional[Link], inside: Optional[Inside]
) -> Optional[Dict[str, Any]]:
    if veth is None and inside is None:
        return None
    inner = inside.links.get(want.interface) if inside else None
    picture: Dict[str, Any] = {"netns": want.netns if inside else None}
    picture["host_end"] = veth and {
        "name": veth.name,
        "bridge": veth.master,
        "mtu": veth.mtu,
        "up": veth.up,
    }
    picture["interface"] = inner and {
        "name": inner.name,
        "mac": inner.mac,
        "mtu": inner.mtu,
        "up": inner.up,
        "addresses": [address.text for address in inner.addresses],
        "routes": [asdict(_route(r)) for r in _routes_of(inside or Inside(), want.interface)],
    }
    return picture


def _picture_after(want: Container, bridge: str) -> Dict[str, Any]:
    return {
        "netns": want.netns,
        "host_end": {"name": want.veth, "bridge": bridge, "mtu": want.mtu, "up": True},
        "interface": {
            "name": want.interface,
            "mac": want.mac,
            "mtu": want.mtu,
            "up": True,
            "addresses": list(want.addresses),
            "routes": [asdict(route) for route in want.routes],
        },
    }
