# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the bridge and its ports there are to those that are wanted.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change import port as bridge_port
from ansible_collections.vxlab.overlay.plugins.module_utils._change.address import plan_addresses
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    Command,
    NewLink,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import (
    Link,
    require_free_port,
    require_ours,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark


@dataclass(frozen=True)
class Bridge:
    """A bridge; None leaves a value as it is. ageing: seconds. addresses: the exact list."""

    name: str
    mac: Optional[str] = None
    mtu: Optional[int] = None
    stp: Optional[bool] = None
    mcast_snooping: Optional[bool] = None
    ageing: Optional[int] = None
    up: Optional[bool] = True
    addresses: Optional[List[str]] = None


@dataclass(frozen=True)
class Port:
    """A port, with the flags of port.DEFAULTS that are given (None: as it is)."""

    name: str
    flags: Mapping[str, Optional[bool]] = field(default_factory=dict)


# Option -> (name in ip's JSON and on its command line, from our unit to the kernel's)
PROPERTIES: Dict[str, Tuple[str, Callable[[Any], int]]] = {
    "stp": ("stp_state", int),
    "mcast_snooping": ("mcast_snooping", int),
    "ageing": ("ageing_time", lambda seconds: seconds * 100),
}


def require_no_conflict(
    want: Bridge, ports: List[Port], links: Mapping[str, Link], mark: Mark
) -> None:
    """Raise ChangeError when the bridge is not ours, or a port is somebody else's."""
    if want.name in links:
        require_ours(links[want.name], "bridge", mark)
    for port in ports:
        if port.name in links:
            require_free_port(links[port.name], want.name, links, mark)


def plan_present(
    want: Bridge, ports: List[Port], links: Mapping[str, Link], mark: Mark, purge: bool
) -> Change:
    """The change that makes the bridge and the listed ports as wanted.

    Ports that are not listed stay. With purge, our other bridges go, and their ports come over.
    """
    require_no_conflict(want, ports, links, mark)
    change = Change()
    link = links.get(want.name)
    change.before[want.name] = _picture(link, ports, links) if link else None
    if link is None:
        _create(change, want, mark)
    else:
        _change_in_place(change, want, link)
    if want.addresses is not None:
        have = link.addresses if link else []
        plan_addresses(change, want.name, have, want.addresses, want.name)
    listed = {port.name for port in ports}
    for old in _others_of_ours(links, mark, want.name) if purge else []:
        for moved in links.values():
            if moved.master == old.name and moved.name not in listed:
                _attach(change, moved.name, want.name)
                flags = bridge_port.flags_of(moved.port)
                _set_flags(change, moved.name, bridge_port.differing(bridge_port.DEFAULTS, flags))
    for port in ports:
        _plan_port(change, port, want.name, links)
    if purge:
        for old in _others_of_ours(links, mark, want.name):
            _remove(change, old)
    change.after[want.name] = _picture_after(want, ports, change.before[want.name])
    return change


def plan_absent(name: str, links: Mapping[str, Link], mark: Mark, purge: bool) -> Change:
    """The change that removes the bridge, if it is ours; with purge, all our bridges."""
    change = Change()
    if purge:
        for link in _others_of_ours(links, mark, keep=""):
            _remove(change, link)
    elif name in links and mark.owns(links[name].alias) and links[name].kind == "bridge":
        _remove(change, links[name])
    return change


def _create(change: Change, want: Bridge, mark: Mark) -> None:
    name = want.name
    of_link = f" address {want.mac}" if want.mac else ""
    given = {key: getattr(want, key) for key in PROPERTIES if getattr(want, key) is not None}
    change.differences.append(f"{name}: missing")
    _command(
        change,
        f"link add name {name}{of_link} type bridge{_arguments(given)}",
        f"create {name}",
        creates=NewLink(name, "bridge", want.mac),
    )
    _command(
        change,
        f'link set dev {name} alias "{mark.alias()}"',
        f"mark {name} as ours",
        marks=name,
    )
    if want.mtu:
        # Only an MTU that is set afterwards stays when a port with a smaller one comes
        # (net/bridge/br_device.c, br_change_mtu).
        _command(change, f"link set dev {name} mtu {want.mtu}", f"keep the MTU of {name}")
    if want.up:
        _command(change, f"link set dev {name} up", f"set {name} up")


def _change_in_place(change: Change, want: Bridge, link: Link) -> None:
    name = want.name
    differing: Dict[str, Any] = {}
    for key, (reported, to_kernel) in PROPERTIES.items():
        value = getattr(want, key)
        if value is not None and link.data.get(reported) != to_kernel(value):
            differing[key] = value
            have = link.data.get(reported)
            change.differences.append(f"{name}: {reported} {have} -> {to_kernel(value)}")
    if differing:
        _command(
            change,
            f"link set dev {name} type bridge{_arguments(differing)}",
            f"set {', '.join(differing)} of {name}",
        )
    for key, word in (("mac", "address"), ("mtu", "mtu")):
        value = getattr(want, key)
        if value is not None and value != getattr(link, key):
            change.differences.append(f"{name}: {key} {getattr(link, key)} -> {value}")
            _command(change, f"link set dev {name} {word} {value}", f"set the {key} of {name}")
    if want.up is not None and want.up != link.up:
        state = "up" if want.up else "down"
        change.differences.append(f"{name}: should be {state}")
        _command(change, f"link set dev {name} {state}", f"set {name} {state}")


def _plan_port(change: Change, port: Port, bridge: str, links: Mapping[str, Link]) -> None:
    link = links.get(port.name)
    if link is None or link.master != bridge:
        change.differences.append(f"{bridge}: port {port.name} missing")
        _attach(change, port.name, bridge)
        have = bridge_port.DEFAULTS
    else:
        have = bridge_port.flags_of(link.port)
    flags = bridge_port.differing(have, port.flags)
    if flags:
        change.differences += [
            f"{port.name}: {name} {_on(have[name])} -> {_on(value)}"
            for name, value in flags.items()
        ]
        _set_flags(change, port.name, flags)


def _set_flags(change: Change, port: str, flags: Mapping[str, bool]) -> None:
    if flags:
        _command(
            change,
            f"link set dev {port} type bridge_slave {bridge_port.arguments(flags)}",
            f"set {', '.join(flags)} of port {port}",
        )


def _attach(change: Change, port: str, bridge: str) -> None:
    _command(change, f"link set dev {port} master {bridge}", f"attach {port} to {bridge}")


def _others_of_ours(links: Mapping[str, Link], mark: Mark, keep: str) -> List[Link]:
    return [
        link
        for link in links.values()
        if link.kind == "bridge" and mark.owns(link.alias) and link.name != keep
    ]


def _remove(change: Change, link: Link) -> None:
    change.before[link.name] = {"mac": link.mac, "mtu": link.mtu}
    change.after[link.name] = None
    change.differences.append(f"{link.name}: should not be there")
    _command(change, f"link del dev {link.name}", f"remove {link.name}")


def _arguments(properties: Mapping[str, Any]) -> str:
    return "".join(
        f" {PROPERTIES[key][0]} {PROPERTIES[key][1](value)}" for key, value in properties.items()
    )


def _command(
    change: Change, line: str, intent: str, creates: Optional[NewLink] = None, marks: str = ""
) -> None:
    change.steps.append(Command("ip", line, intent, creates=creates, marks=marks))


def _picture(link: Link, ports: List[Port], links: Mapping[str, Link]) -> Dict[str, Any]:
    members = {}
    for port in ports:
        member = links.get(port.name)
        attached = member is not None and member.master == link.name
        members[port.name] = bridge_port.flags_of(member.port) if member and attached else None
    picture = {key: link.data.get(reported) for key, (reported, _unit) in PROPERTIES.items()}
    picture.update(
        mac=link.mac,
        mtu=link.mtu,
        up=link.up,
        addresses=[address.text for address in link.addresses],
        ports=members,
    )
    return picture


def _picture_after(
    want: Bridge, ports: List[Port], before: Optional[Mapping[str, Any]]
) -> Dict[str, Any]:
    picture: Dict[str, Any] = dict(before or {})
    for key, value in asdict(want).items():
        if key != "name" and value is not None:
            picture[key] = PROPERTIES[key][1](value) if key in PROPERTIES else value
    members = dict(picture.get("ports") or {})
    for port in ports:
        flags = dict(members.get(port.name) or bridge_port.DEFAULTS)
        flags.update({name: value for name, value in port.flags.items() if value is not None})
        members[port.name] = flags
    picture["ports"] = members
    return picture


def _on(value: bool) -> str:
    return "on" if value else "off"
