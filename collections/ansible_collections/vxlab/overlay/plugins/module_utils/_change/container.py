# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the containers (network namespaces with a veth pair each) there are to those wanted.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Sequence, Set, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change import inside as inner_end
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    ChangeError,
    Command,
    NewLink,
    WriteFile,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.inside import Container, Inside
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import (
    Link,
    require_free_port,
    require_ours,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark

NEW_NAMESPACE = Inside(links={"lo": Link(1, "lo", None, up=False, mtu=65536, mac="")})


@dataclass(frozen=True)
class Host:
    """What there is on the host.

    links: of its own namespace; namespaces: names in /run/netns; journal: names of those that we
    made; inside: what is in the wanted namespaces, by their netns, where they exist; left: link
    indexes of what a killed run left half-made, which is removed first; stale: names in /run/netns
    that are taken and are no namespaces.
    """

    links: Mapping[str, Link]
    namespaces: Sequence[str] = ()
    journal: Sequence[str] = ()
    inside: Mapping[str, Inside] = field(default_factory=dict)
    left: Sequence[int] = ()
    stale: Sequence[str] = ()


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
        if want.netns in host.stale and want.netns not in host.journal:
            raise ChangeError(
                f"container {want.name}: /run/netns/{want.netns} is not ours, and is a file where"
                " a network namespace should be, as a killed ip leaves it; remove it:"
                f" ip netns del {want.netns}"
            )


def plan_present(
    wanted: Sequence[Container], bridge: str, host: Host, mark: Mark, purge: bool
) -> Change:
    """The change that makes the listed containers, and with purge, removes our other ones."""
    require_no_conflict(wanted, bridge, host, mark)
    removed = Change()
    purged = set(host.left) | (_purge(removed, wanted, host, mark) if purge else set())
    cleared, outside, insides = Change(), Change(), Change()
    owned = {want.netns for want in wanted if want.owned}
    gone = {(link.peer_index, link.index) for link in host.links.values() if link.index in purged}
    spaces = {netns: inner_end.without(inside, gone) for netns, inside in host.inside.items()}
    for want in wanted:
        inside = spaces.get(want.netns)
        outside.before[want.name] = _picture(
            want, host.links.get(want.veth), host.inside.get(want.netns)
        )
        outside.after[want.name] = _picture_after(want, bridge)
        if inside is None:
            if want.netns not in owned:
                raise ChangeError(
                    f"container {want.name}: network namespace {want.netns} does not exist; it is"
                    " to be joined (owned: false), so something else has to make it first"
                )
            _make_namespace(want, host, mark, outside)
            inside = NEW_NAMESPACE
        parts = (cleared, outside, insides)
        _plan_container(want, bridge, host.links, inside, mark, purged, parts)
        # As the next container finds it that shares the namespace.
        spaces[want.netns] = inner_end.with_loopback(want, inside)
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
    for name in dict.fromkeys(want.netns for want in wanted if want.owned):
        if name in host.journal:
            _remove_namespace(change, name, host, mark)
    return change


def _purge(change: Change, wanted: Sequence[Container], host: Host, mark: Mark) -> Set[int]:
    """Remove our containers that are not wanted; returns the link indexes of their host ends."""
    veths = {want.veth for want in wanted}
    for link in host.links.values():
        if link.kind == "veth" and mark.owns(link.alias) and link.name not in veths:
            _remove_veth(change, link)
    owned = {want.netns for want in wanted if want.owned}
    joined = {want.netns for want in wanted}
    for name in host.journal:
        if name not in joined:
            _remove_namespace(change, name, host, mark)
        elif name not in owned:
            _hand_over_namespace(change, name, mark)
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
    if name in host.namespaces or name in host.stale:
        change.steps.append(Command("ip", f"netns del {name}", f"remove namespace {name}"))
    change.steps.append(WriteFile(f"{mark.journal}/{name}", None, f"forget namespace {name}"))


def _hand_over_namespace(change: Change, name: str, mark: Mark) -> None:
    """It is joined and not owned any more: it stays, and we forget that we made it."""
    change.before[f"netns {name}"] = {"owned": True}
    change.after[f"netns {name}"] = {"owned": False}
    change.differences.append(f"{name}: namespace should not be ours any more")
    change.steps.append(WriteFile(f"{mark.journal}/{name}", None, f"forget namespace {name}"))


def _plan_container(
    want: Container,
    bridge: str,
    links: Mapping[str, Link],
    inside: Inside,
    mark: Mark,
    purged: Set[int],
    parts: Tuple[Change, Change, Change],
) -> None:
    """parts: what is cleared away, what is done on the host, and what in the container."""
    cleared, outside, insides = parts
    veth = links.get(want.veth)
    inner = inside.links.get(want.interface)
    if veth is not None and inner is not None and _are_peers(veth, inner):
        _plan_host_end(want, bridge, veth, outside)
    else:
        _clear_the_place(want, veth, inner, purged, cleared)
        if veth is None:
            outside.differences.append(f"{want.name}: {want.veth}: missing")
        inner = _make_veth(want, bridge, mark, outside)
    inner_end.plan_inside(want, inside, inner, insides)


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
    if want.netns in host.stale:
        _outside(change, f"netns del {want.netns}", f"clear the place of namespace {want.netns}")
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
        creates=NewLink(want.veth, "veth"),
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


def _are_peers(veth: Link, inner: Link) -> bool:
    return veth.peer_index == inner.index and inner.peer_index == veth.index


def _astray(want: Container, inner: Optional[Link]) -> str:
    if inner is None:
        return f"{want.interface} is not in namespace {want.netns}"
    return f"{want.interface} in namespace {want.netns} is not its other end"


def _outside(
    change: Change, line: str, intent: str, creates: Optional[NewLink] = None, marks: str = ""
) -> None:
    change.steps.append(Command("ip", line, intent, creates=creates, marks=marks))


def _picture(
    want: Container, veth: Optional[Link], inside: Optional[Inside]
) -> Optional[Dict[str, Any]]:
    if veth is None and inside is None:
        return None
    picture: Dict[str, Any] = {"netns": want.netns if inside else None}
    picture["host_end"] = veth and {
        "name": veth.name,
        "bridge": veth.master,
        "mtu": veth.mtu,
        "up": veth.up,
    }
    picture["interface"] = inner_end.picture(want, inside) if inside else None
    return picture


def _picture_after(want: Container, bridge: str) -> Dict[str, Any]:
    return {
        "netns": want.netns,
        "host_end": {"name": want.veth, "bridge": bridge, "mtu": want.mtu, "up": True},
        "interface": inner_end.picture_after(want),
    }
