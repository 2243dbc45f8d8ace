# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the VXLAN device there is to the one that is wanted.

What the kernel can change in place is changed in place (drivers/net/vxlan/vxlan_core.c,
vxlan_changelink and vxlan_nl2conf); for the rest the device is made anew, and goes back to the
bridge that it was in, with the same port flags.
Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Mapping, Optional

from ansible_collections.vxlab.overlay.plugins.module_utils._change import port as bridge_port
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    ChangeError,
    Command,
    NewLink,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Link, require_ours
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark


@dataclass(frozen=True)
class Vxlan:
    """A VXLAN device (RFC 7348); the names and meanings are those of the module's options.

    peer is the group or the remote. mac and mtu: None leaves the kernel's choice.
    """

    name: str
    vni: int
    peer: Optional[str] = None
    dev: Optional[str] = None
    local: Optional[str] = None
    port: int = 4789
    src_port_min: int = 0
    src_port_max: int = 0
    ttl: str = "auto"
    tos: str = "0"
    df: str = "unset"
    learning: bool = True
    ageing: int = 300
    max_addresses: int = 0
    proxy: bool = False
    rsc: bool = False
    l2miss: bool = False
    l3miss: bool = False
    udp_csum: bool = True
    udp6_zero_csum_tx: bool = False
    udp6_zero_csum_rx: bool = False
    mac: Optional[str] = None
    mtu: Optional[int] = None
    up: bool = True


# Attributes of the link itself, and those that the kernel takes in `ip link change … type vxlan`.
OF_THE_LINK = ("mac", "mtu", "up")
IN_PLACE = ("peer", "local", "ttl", "tos", "df", "learning", "ageing")


def from_link(link: Link) -> Vxlan:
    """The device as the kernel reports it."""
    data = link.data
    ports = data.get("port_range") or {}
    return Vxlan(
        name=link.name,
        vni=data["id"],
        peer=_first(data, "group", "group6", "remote", "remote6"),
        dev=data.get("link"),
        local=_first(data, "local", "local6"),
        port=data.get("port", 0),
        src_port_min=ports.get("low", 0),
        src_port_max=ports.get("high", 0),
        # iproute2's JSON leaves the TTL out where it is inherited.
        ttl=_ttl(data.get("ttl", "inherit")),
        tos=_tos(data.get("tos", 0)),
        df=data.get("df", "unset"),
        learning=bool(data.get("learning", False)),
        ageing=data.get("ageing", 0),
        max_addresses=data.get("limit", 0),
        proxy=bool(data.get("proxy", False)),
        rsc=bool(data.get("rsc", False)),
        l2miss=bool(data.get("l2miss", False)),
        l3miss=bool(data.get("l3miss", False)),
        udp_csum=bool(data.get("udp_csum", False)),
        udp6_zero_csum_tx=bool(data.get("udp_zero_csum6_tx", False)),
        udp6_zero_csum_rx=bool(data.get("udp_zero_csum6_rx", False)),
        mac=link.mac,
        mtu=link.mtu,
        up=link.up,
    )


def require_no_conflict(want: Vxlan, links: Mapping[str, Link], mark: Mark) -> None:
    """Raise ChangeError when a link that is not ours has the name, or the VNI and port."""
    if want.name in links:
        require_ours(links[want.name], "vxlan", mark)
    for link in links.values():
        if link.kind != "vxlan" or mark.owns(link.alias):
            continue
        if (link.data.get("id"), link.data.get("port")) == (want.vni, want.port):
            raise ChangeError(
                f"VXLAN device {link.name}, which is not ours, has VNI {want.vni} on UDP port"
                f" {want.port} already; choose another VNI or port, or remove it:"
                f" ip link del {link.name}"
            )


def plan_present(want: Vxlan, links: Mapping[str, Link], mark: Mark, purge: bool) -> Change:
    """The change that makes the device as wanted; with purge, our other VXLAN devices go."""
    require_no_conflict(want, links, mark)
    _require_room(want, links, purge)
    change = Change()
    if purge:
        _remove_ours(change, links, mark, keep=want.name)
    link = links.get(want.name)
    have = from_link(link) if link else None
    change.before[want.name] = asdict(have) if have else None
    change.after[want.name] = asdict(_completed(want, have))
    if link is None or have is None:
        change.differences.append(f"{want.name}: missing")
        _create(change, want, mark)
        return change
    differing = _differing(have, want)
    told = {
        name: f"{name} {_shown(getattr(have, name))} -> {_shown(value)}"
        for name, value in differing.items()
    }
    reasons = _reasons_to_recreate(have, want, differing)
    change.differences += [
        f"{want.name}: {text}" for name, text in told.items() if name not in reasons
    ]
    if reasons:
        change.differences.append(
            f"{want.name}: recreate: {', '.join(told[name] for name in reasons)}"
        )
        _command(change, f"link del dev {want.name}", f"remove {want.name} to make it anew")
        _create(change, want, mark, replaces=link)
    else:
        _change_in_place(change, want, have, differing)
    return change


def _require_room(want: Vxlan, links: Mapping[str, Link], purge: bool) -> None:
    """Raise ChangeError for what the kernel would refuse, or lower without a word."""
    for link in links.values():
        same = (link.data.get("id"), link.data.get("port")) == (want.vni, want.port)
        if link.kind == "vxlan" and same and link.name != want.name and not purge:
            raise ChangeError(
                f"our VXLAN device {link.name} has VNI {want.vni} on UDP port {want.port}"
                " already; choose another VNI or port, or remove it (purge: true)"
            )
    if want.dev is None:
        return
    if want.dev not in links:
        raise ChangeError(f"dev is {want.dev}: this host has no such device")
    outer = want.peer or want.local
    most = links[want.dev].mtu - (70 if outer and _family(outer) == 6 else 50)
    if want.mtu is not None and want.mtu > most:
        raise ChangeError(
            f"mtu is {want.mtu}: {want.dev} has MTU {links[want.dev].mtu}, so it must be at most"
            f" {most}"
        )


def plan_absent(name: str, links: Mapping[str, Link], mark: Mark, purge: bool) -> Change:
    """The change that removes the device, if it is ours; with purge, all our VXLAN devices."""
    change = Change()
    if purge:
        _remove_ours(change, links, mark)
    elif name in links and mark.owns(links[name].alias) and links[name].kind == "vxlan":
        _remove(change, links[name])
    return change


def _differing(have: Vxlan, want: Vxlan) -> Dict[str, Any]:
    """Wanted values that differ; mac and mtu only where they are given."""
    values = asdict(want)
    return {
        name: value
        for name, value in values.items()
        if value != getattr(have, name) and not (name in ("mac", "mtu") and value is None)
    }


def _reasons_to_recreate(have: Vxlan, want: Vxlan, differing: Mapping[str, Any]) -> List[str]:
    """The differing values that the kernel cannot change in place; empty if it can change all."""
    reasons = [name for name in differing if name not in OF_THE_LINK + IN_PLACE]
    for name in ("peer", "local"):
        old, new = getattr(have, name), getattr(want, name)
        # The kernel can set and replace an address, but neither take it away nor change its family.
        if name in differing and old and (new is None or _family(old) != _family(new)):
            reasons.append(name)
    if "ttl" in differing and "inherit" in (have.ttl, want.ttl):
        reasons.append("ttl")
    return reasons


def _change_in_place(
    change: Change, want: Vxlan, have: Vxlan, differing: Mapping[str, Any]
) -> None:
    name = want.name
    of_vxlan = {key: value for key, value in differing.items() if key in IN_PLACE}
    # Kernels before 6.15 join the new group only when the device goes up.
    rejoins = have.up and "peer" in of_vxlan and _multicast(have.peer, want.peer)
    if rejoins:
        _command(change, f"link set dev {name} down", f"leave {have.peer} with {name}")
    if of_vxlan:
        arguments = " ".join(_argument(key, value) for key, value in of_vxlan.items())
        if "peer" in of_vxlan and want.dev:
            arguments += f" dev {want.dev}"  # ip(8) takes no group without it
        _command(
            change,
            f"link change dev {name} type vxlan id {want.vni} {arguments}",
            f"set {', '.join(of_vxlan)} of {name}",
        )
    if "mac" in differing:
        _command(change, f"link set dev {name} address {want.mac}", f"set the MAC of {name}")
    if "mtu" in differing:
        _command(
            change, f"link set dev {name} mtu {want.mtu}", f"set the MTU of {name} to {want.mtu}"
        )
    if (rejoins and want.up) or differing.get("up"):
        _command(change, f"link set dev {name} up", f"set {name} up")
    elif "up" in differing and not rejoins:
        _command(change, f"link set dev {name} down", f"set {name} down")


def _create(change: Change, want: Vxlan, mark: Mark, replaces: Optional[Link] = None) -> None:
    """Make the device; where it replaces another one, in its bridge and with its port flags."""
    name = want.name
    mac = want.mac or (replaces.mac if replaces else None)
    of_link = (f" address {mac}" if mac else "") + (f" mtu {want.mtu}" if want.mtu else "")
    values = {key: value for key, value in asdict(want).items() if key in CREATION_ARGUMENTS}
    plain = asdict(Vxlan(name=name, vni=want.vni))
    arguments = [
        _argument(key, value)
        for key, value in values.items()
        if value != plain[key] or key in ("port",)
    ]
    if want.src_port_min or want.src_port_max:
        arguments.append(f"srcport {want.src_port_min} {want.src_port_max}")
    _command(
        change,
        f"link add name {name}{of_link} type vxlan id {want.vni} {' '.join(arguments)}",
        f"create {name}",
        creates=NewLink(name, "vxlan", mac),
    )
    _command(
        change,
        f'link set dev {name} alias "{mark.alias()}"',
        f"mark {name} as ours",
        marks=name,
    )
    if replaces and replaces.master:
        _command(
            change,
            f"link set dev {name} master {replaces.master}",
            f"put {name} back in {replaces.master}",
        )
        flags = bridge_port.differing(bridge_port.DEFAULTS, bridge_port.flags_of(replaces.port))
        if flags:
            _command(
                change,
                f"link set dev {name} type bridge_slave {bridge_port.arguments(flags)}",
                f"give {name} its port flags back",
            )
    if want.up:
        _command(change, f"link set dev {name} up", f"set {name} up")


CREATION_ARGUMENTS = (
    "dev", "peer", "local", "port", "ttl", "tos", "df", "learning", "ageing", "max_addresses",
    "proxy", "rsc", "l2miss", "l3miss", "udp_csum", "udp6_zero_csum_tx", "udp6_zero_csum_rx",
)  # fmt: skip
WORDS = {
    "port": "dstport",
    "max_addresses": "maxaddress",
    "udp_csum": "udpcsum",
    "udp6_zero_csum_tx": "udp6zerocsumtx",
    "udp6_zero_csum_rx": "udp6zerocsumrx",
}


def _argument(name: str, value: Any) -> str:
    """One option as ip-link(8) writes it."""
    word = WORDS.get(name, name)
    if name == "peer":
        word = "group" if ipaddress.ip_address(value).is_multicast else "remote"
    if isinstance(value, bool):
        return word if value else f"no{word}"
    if name == "tos" and value != "inherit":
        return f"{word} {int(value):#x}"  # ip(8) takes every number here for a hexadecimal one
    return f"{word} {value}"


def _remove_ours(change: Change, links: Mapping[str, Link], mark: Mark, keep: str = "") -> None:
    for link in links.values():
        if link.kind == "vxlan" and mark.owns(link.alias) and link.name != keep:
            _remove(change, link)


def _remove(change: Change, link: Link) -> None:
    change.before[link.name] = asdict(from_link(link))
    change.after[link.name] = None
    change.differences.append(f"{link.name}: should not be there")
    _command(change, f"link del dev {link.name}", f"remove {link.name}")


def _command(
    change: Change, line: str, intent: str, creates: Optional[NewLink] = None, marks: str = ""
) -> None:
    change.steps.append(Command("ip", line, intent, creates=creates, marks=marks))


def _completed(want: Vxlan, have: Optional[Vxlan]) -> Vxlan:
    """The device after the change: what is left to the kernel stays as it was."""
    values = asdict(want)
    for name in ("mac", "mtu"):
        if values[name] is None and have is not None:
            values[name] = getattr(have, name)
    return Vxlan(**values)


def _first(data: Mapping[str, Any], *names: str) -> Optional[str]:
    return next((data[name] for name in names if data.get(name)), None)


def _ttl(value: Any) -> str:
    return "auto" if value in (0, "0", "auto") else str(value)


def _tos(value: Any) -> str:
    """iproute2 prints "inherit", "0x10" or 1 (inherit, IFLA_VXLAN_TOS of 1)."""
    if value in (1, "1", "0x1", "inherit"):
        return "inherit"
    return str(int(str(value), 0))


def _family(address: str) -> int:
    return ipaddress.ip_address(address).version


def _multicast(*addresses: Optional[str]) -> bool:
    return any(ipaddress.ip_address(a).is_multicast for a in addresses if a)


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)
