# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a module's options to what is wanted, checked.

All functions raise ChangeError that names the option, its value and what would be right.
Private to the collection: may change without notice.
"""

from __future__ import annotations

from functools import lru_cache
from socket import AF_INET, inet_ntop, inet_pton
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.module_utils._change.bridge import Bridge, Port
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.fdb import Wanted
from ansible_collections.vxlab.overlay.plugins.module_utils._change.gateway import Gateway
from ansible_collections.vxlab.overlay.plugins.module_utils._change.inside import (
    Container,
    Route,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.masquerade import Masquerade
from ansible_collections.vxlab.overlay.plugins.module_utils._change.port import DEFAULTS
from ansible_collections.vxlab.overlay.plugins.module_utils._change.vxlan import Vxlan

Check = Callable[[Any], Any]

VXLAN_CHECKS: Dict[str, Check] = {
    "name": value.device_name,
    "vni": value.vni,
    "group": value.multicast_group,
    "remote": value.unicast,
    "dev": value.device_name,
    "local": value.unicast,
    "port": value.udp_port,
    "src_port_min": lambda v: value.integer(v, 0, 65535),
    "src_port_max": lambda v: value.integer(v, 0, 65535),
    "ttl": value.ttl,
    "tos": value.tos,
    # The kernel takes 0 for its default, so an entry that never ages cannot be asked for.
    "ageing": lambda v: value.integer(v, 1, 2**32 - 1),
    "max_addresses": lambda v: value.integer(v, 0, 2**32 - 1),
    "mac": value.mac,
    "mtu": value.mtu,
}
BRIDGE_CHECKS: Dict[str, Check] = {
    "name": value.device_name,
    "mac": value.mac,
    "mtu": value.mtu,
    "ageing": lambda v: value.integer(v, 0, 1_000_000),
}
CONTAINER_CHECKS: Dict[str, Check] = {
    "name": value.device_name,
    "netns": value.namespace,
    "veth": value.device_name,
    "interface": value.device_name,
    "mac": value.mac,
    "mtu": value.mtu,
    "gateway": value.unicast,
}
ENTRIES_CHECKS: Dict[str, Check] = {"dev": value.device_name, "neighbour_dev": value.device_name}


def vxlan_from_params(params: Mapping[str, Any]) -> Vxlan:
    checked = _checked(params, VXLAN_CHECKS, "")
    if (checked["src_port_min"] or checked["src_port_max"]) and not (
        0 < checked["src_port_min"] < checked["src_port_max"]
    ):
        raise ChangeError(
            f"src_port_min is {checked['src_port_min']} and src_port_max"
            f" {checked['src_port_max']}: they must be both 0, or the first the smaller one"
        )
    checked["peer"] = checked["group"] or checked["remote"]
    peer, local = checked["peer"], checked["local"]
    if peer and local and (":" in peer) != (":" in local):
        raise ChangeError(
            f"local is {local} and the {'group' if checked['group'] else 'remote'} {peer}: both"
            " must be IPv4, or both IPv6"
        )
    return Vxlan(**{name: checked[name] for name in Vxlan.__dataclass_fields__})


def bridge_from_params(params: Mapping[str, Any]) -> Bridge:
    checked = _checked(params, BRIDGE_CHECKS, "")
    if checked["addresses"] is not None:
        checked["addresses"] = _each("addresses", checked["addresses"], value.interface_address)
    return Bridge(**{name: checked[name] for name in Bridge.__dataclass_fields__})


def ports_from_params(ports: Sequence[Mapping[str, Any]]) -> List[Port]:
    return [
        Port(
            _one("name of a port", port["name"], value.device_name), {f: port[f] for f in DEFAULTS}
        )
        for port in ports
    ]


def gateway_from_params(params: Mapping[str, Any], backend: str) -> Gateway:
    checked = _checked(params, {"gateway": value.ipv4, "vxlan_dev": value.device_name}, "")
    return Gateway(checked["gateway"], checked["vxlan_dev"], backend)


def masquerade_from_params(params: Mapping[str, Any], backend: str) -> Masquerade:
    checked = _checked(params, {"cidr": value.ipv4_prefix, "bridge": value.device_name}, "")
    return Masquerade(checked["cidr"], backend, checked["bridge"])


def entries_from_params(params: Mapping[str, Any]) -> Tuple[Wanted, str, Optional[str]]:
    """Of vxlan_fdb: its lists, which may have 100,000 entries, and its two devices."""
    checked = _checked(params, ENTRIES_CHECKS, "")
    flood = params["flood"]
    if flood is not None:
        flood = _each("flood", flood, _unicast)
        _require_once("flood", flood, lambda vtep: (vtep, ""))
    address, mac, vtep = ("address", _unicast), ("mac", value.mac), ("vtep", _unicast)
    want = Wanted(
        flood=flood,
        macs=_pairs("macs", params["macs"], mac, vtep),
        neighbours=_pairs("neighbours", params["neighbours"], address, mac),
    )
    return want, checked["dev"], checked["neighbour_dev"]


def _pairs(
    name: str, entries: Optional[Sequence[Any]], *options: Tuple[str, Check]
) -> Optional[Dict[str, str]]:
    """From entries with two options each, the second by the first.

    Ansible's own check of suboptions takes longer than it takes to make the entries.
    """
    if entries is None:
        return None
    (key, check_key), (other, check_other) = options
    # Few VTEPs stand in many entries.
    check_other = lru_cache(maxsize=None)(check_other)
    found: Dict[str, str] = {}
    for index, entry in enumerate(entries):
        if len(entry) != 2 or key not in entry or other not in entry:
            raise ChangeError(
                f"{name}[{index}] is {entry!r}: it must have {key} and {other}, and nothing else"
            )
        try:
            found[check_key(entry[key])] = check_other(str(entry[other]))
        except ValueError:
            for option, check in options:
                _one(f"{name}[{index}].{option}", entry[option], check)
    if len(found) != len(entries):
        _require_once(name, entries, lambda e: (check_key(e[key]), check_other(str(e[other]))))
    return found


def _unicast(given: Any) -> str:
    """What value.unicast does, several times as fast for most addresses."""
    try:
        packed = inet_pton(AF_INET, given)
    except (OSError, TypeError):
        return value.unicast(given)
    return inet_ntop(AF_INET, packed) if 0 < packed[0] < 224 else value.unicast(given)


def _require_once(
    name: str, entries: Sequence[Any], pair: Callable[[Any], Tuple[str, str]]
) -> None:
    """Raise ChangeError where two entries are for the same; pair: what it is for, and its value."""
    seen: Dict[str, Tuple[int, str]] = {}
    for index, entry in enumerate(entries):
        key, other = pair(entry)
        if key in seen:
            first, before = seen[key]
            values = f" ({before} and {other})" if other else ""
            raise ChangeError(
                f"{name}[{first}] and {name}[{index}] are both for {key}{values}: one of them must"
                " go"
            )
        seen[key] = (index, other)


def containers_from_params(containers: Sequence[Mapping[str, Any]]) -> List[Container]:
    wanted = [_container(params) for params in containers]
    _require_unique(wanted, "name", lambda c: c.name)
    _require_unique(wanted, "host end", lambda c: c.veth)
    _require_unique(wanted, "interface in one namespace", lambda c: f"{c.interface} in {c.netns}")
    return wanted


def _container(params: Mapping[str, Any]) -> Container:
    name = _one("name of a container", params["name"], value.device_name)
    label = f"container {name}: "
    checked = _checked(params, CONTAINER_CHECKS, label)
    netns = checked["netns"] or name
    routes = [
        Route(
            _one(f"{label}destination of a route", route["to"], value.destination),
            route["via"] and _one(f"{label}next hop", route["via"], value.unicast),
        )
        for route in checked["routes"]
    ]
    if checked["gateway"]:
        routes.insert(0, Route("default", checked["gateway"]))
    return Container(
        name=name,
        netns=netns,
        veth=checked["veth"] or value.host_end_name(name),
        interface=checked["interface"],
        owned=checked["owned"] and not netns.startswith("/"),
        mac=checked["mac"],
        mtu=checked["mtu"],
        addresses=_each(f"{label}addresses", checked["addresses"], value.interface_address),
        routes=routes,
    )


def _checked(params: Mapping[str, Any], checks: Mapping[str, Check], label: str) -> Dict[str, Any]:
    """The options, those that are given and have a check as it returns them."""
    checked = dict(params)
    for name, check in checks.items():
        if params[name] is not None:
            checked[name] = _one(label + name, params[name], check)
    return checked


def _each(name: str, values: Sequence[Any], check: Check) -> List[Any]:
    return [_one(f"{name}[{index}]", entry, check) for index, entry in enumerate(values)]


def _one(name: str, given: Any, check: Check) -> Any:
    try:
        return check(given)
    except ValueError as error:
        raise ChangeError(f"{name} is {given!r}: it {error}") from None


def _require_unique(
    wanted: Sequence[Container], what: str, key: Callable[[Container], str]
) -> None:
    seen: Dict[str, str] = {}
    for container in wanted:
        if key(container) in seen:
            raise ChangeError(
                f"containers {seen[key(container)]} and {container.name} have the same {what}:"
                f" {key(container)}"
            )
        seen[key(container)] = container.name
