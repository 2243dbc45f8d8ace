# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an inventory says about a site, checked value by value.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.variables import (
    CONTAINER_KEYS,
    VARIABLES,
    similar_key,
)


class SiteError(Exception):
    """Everything that is wrong with the inventory, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Container:
    """A container as the inventory has it; None where the plan chooses."""

    name: str
    address: str
    mac: str | None = None
    mtu: int | None = None
    netns: str | None = None
    owned: bool = True
    veth: str = ""
    interface: str = "eth0"
    routes: tuple[Mapping[str, Any], ...] = ()
    routes_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class Host:
    """A host as the inventory has it. candidate: ansible_host, where that is an address."""

    name: str
    underlay_dev: str | None = None
    vtep: str | None = None
    candidate: str | None = None
    address: str | None = None
    containers: tuple[Container, ...] = ()
    persist: bool = True


@dataclass(frozen=True)
class Site:
    """The values that all hosts share, and the hosts.

    family: 4 or 6, the IP version of the outer packets.
    """

    name: str
    mode: str
    vni: int
    port: int
    group: str
    cidr: ipaddress.IPv4Network
    gateway: str
    host_range: ipaddress.IPv4Network | None
    mtu: int | None
    vxlan_dev: str
    bridge: str
    nat: bool
    peer_filter: bool
    anti_spoof: bool
    family: int
    asn: int
    route_reflectors: tuple[str, ...]
    hosts: Mapping[str, Host] = field(default_factory=dict)


class _Problems:
    """Collects problems; the same one on several hosts becomes one sentence."""

    def __init__(self) -> None:
        self._hosts: dict[str, list[str]] = {}

    def add(self, host: str, sentence: str) -> None:
        self._hosts.setdefault(sentence, []).append(host)

    @property
    def sentences(self) -> list[str]:
        return [f"{listed(hosts)}: {sentence}" for sentence, hosts in self._hosts.items()]


def read_site(inventory: Mapping[str, Mapping[str, Any]]) -> Site:
    """The site that an inventory describes.

    inventory: by host, the overlay_* variables that are set and ansible_host. Raises SiteError
    for values that are not what they must be, and for hosts that disagree.
    """
    problems = _Problems()
    values = {
        host: {
            v.name: _read(problems, host, variables, v.name, v.default, v.check) for v in VARIABLES
        }
        for host, variables in inventory.items()
    }
    containers = {
        host: _read_containers(problems, host, values[host]["overlay_containers"])
        for host in inventory
    }
    if problems.sentences:
        raise SiteError(problems.sentences)
    _require_agreement(values)
    shared = next(iter(values.values()))
    cidr = ipaddress.IPv4Network(shared["overlay_cidr"])
    wanted_range = shared["overlay_host_range"]
    candidates = {host: _candidate(host, inventory[host]) for host in inventory}
    return Site(
        name=shared["overlay_name"],
        mode=shared["overlay_mode"],
        vni=shared["overlay_vni"],
        port=shared["overlay_port"],
        group=shared["overlay_group"],
        cidr=cidr,
        gateway=shared["overlay_gateway"] or str(cidr.network_address + 1),
        host_range=ipaddress.IPv4Network(wanted_range) if wanted_range else None,
        mtu=shared["overlay_mtu"],
        vxlan_dev=shared["overlay_vxlan_dev"],
        bridge=shared["overlay_bridge"],
        nat=shared["overlay_nat"],
        peer_filter=shared["overlay_peer_filter"],
        anti_spoof=shared["overlay_anti_spoof"],
        family=_family(values, candidates),
        asn=shared["overlay_asn"],
        route_reflectors=shared["overlay_route_reflectors"] or (),
        hosts={
            host: Host(
                name=host,
                underlay_dev=given["overlay_underlay_dev"],
                vtep=given["overlay_vtep_address"],
                candidate=candidates[host],
                address=given["overlay_host_address"],
                containers=tuple(containers[host]),
                persist=given["overlay_persist"],
            )
            for host, given in values.items()
        },
    )


def listed(names: list[str], most: int = 8) -> str:
    """Names in a sentence, not too many of them."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def _read(
    problems: _Problems,
    host: str,
    variables: Mapping[str, Any],
    name: str,
    default: Any,
    check: Callable[[Any], Any],
) -> Any:
    if variables.get(name) is None:
        return default
    try:
        return check(variables[name])
    except ValueError as error:
        problems.add(host, f"{name} is {_shown(variables[name])}: it {error}")
        return default


def _read_containers(problems: _Problems, host: str, given: Any) -> list[Container]:
    if given is None:
        return []
    if not isinstance(given, (list, tuple)) or not all(isinstance(c, Mapping) for c in given):
        problems.add(
            host,
            f"overlay_containers is {_shown(given)}: it must be a list of containers, such as"
            " [{name: ns1, address: 10.233.0.2}]",
        )
        return []
    read = (_read_container(problems, host, index, entry) for index, entry in enumerate(given))
    return [container for container in read if container]


def _read_container(
    problems: _Problems, host: str, index: int, entry: Mapping[str, Any]
) -> Container | None:
    label = f"overlay_containers[{index}]"
    found = len(problems.sentences)

    def read(key: str, default: Any, check: Callable[[Any], Any]) -> Any:
        return _read(
            problems, host, {f"{label}.{key}": entry.get(key)}, f"{label}.{key}", default, check
        )

    meant = {key: similar_key(key) for key in entry if key not in CONTAINER_KEYS}
    for key, similar in meant.items():
        advice = f", did you mean {similar}?" if similar else ""
        problems.add(host, f"{label} has the unknown key {key}{advice}")
    for key in ("name", "address"):
        if entry.get(key) is None and key not in meant.values():
            problems.add(host, f"{label} has no {key}: every container must have one")
    name = read("name", "", value.device_name)
    container = Container(
        name=name,
        address=read("address", "", _overlay_address),
        mac=read("mac", None, value.mac),
        mtu=read("mtu", None, value.mtu),
        netns=read("netns", None, value.namespace),
        owned=read("owned", True, value.boolean),
        veth=read("veth", value.host_end_name(name), value.device_name),
        interface=read("interface", "eth0", value.device_name),
        routes=read("routes", (), _routes),
        routes_for=read("routes_for", (), _prefixes),
    )
    return container if len(problems.sentences) == found else None


def _overlay_address(given: Any) -> str:
    try:
        return str(ipaddress.IPv4Address(str(given)))
    except ValueError:
        raise ValueError(
            "must be an IPv4 address without prefix length, such as 10.233.0.2"
        ) from None


def _routes(given: Any) -> tuple[Mapping[str, Any], ...]:
    message = "must be a list of routes, such as [{to: 192.0.2.0/24, via: 10.233.0.7}]"
    if not isinstance(given, (list, tuple)):
        raise ValueError(message)
    for route in given:
        if not isinstance(route, Mapping) or "to" not in route or set(route) - {"to", "via"}:
            raise ValueError(message)
        value.destination(route["to"])
        if route.get("via"):
            value.unicast(route["via"])
    return tuple(given)


def _prefixes(given: Any) -> tuple[str, ...]:
    if not isinstance(given, (list, tuple)):
        raise ValueError("must be a list of prefixes, such as [192.0.2.0/24]")
    return tuple(value.prefix(prefix) for prefix in given)


def _require_agreement(values: Mapping[str, Mapping[str, Any]]) -> None:
    problems = []
    for variable in VARIABLES:
        hosts: dict[Any, list[str]] = {}
        for host, given in values.items():
            if variable.shared:
                hosts.setdefault(given[variable.name], []).append(host)
        if len(hosts) > 1:
            said = "; ".join(f"{_shown(what)} on {listed(names)}" for what, names in hosts.items())
            problems.append(
                f"hosts disagree on {variable.name}: {said}; all hosts of an overlay must have the"
                " same value"
            )
    if problems:
        raise SiteError(problems)


def _family(values: Mapping[str, Mapping[str, Any]], candidates: Mapping[str, str | None]) -> int:
    """The IP version of the outer packets: that of the group where there is one, else of the VTEPs.

    candidates: taken for the VTEP address where the inventory has none.
    """
    shared = next(iter(values.values()))
    if shared["overlay_mode"] == "multicast":
        return ipaddress.ip_address(shared["overlay_group"]).version
    known = [values[host]["overlay_vtep_address"] or candidates[host] for host in values]
    versions = {ipaddress.ip_address(address).version for address in known if address}
    return 6 if versions == {6} else 4


def _candidate(host: str, variables: Mapping[str, Any]) -> str | None:
    for given in (variables.get("ansible_host"), host):
        try:
            return value.unicast(given)
        except ValueError:
            continue
    return None


def _shown(given: Any) -> str:
    """As somebody wrote it, on one line: text that looks like text in quotes."""
    if given is None:
        return "not set"
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(given))
    return f'"{text}"' if isinstance(given, str) and not text[:1].isdigit() else text
