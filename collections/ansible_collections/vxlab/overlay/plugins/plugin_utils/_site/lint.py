# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must hold between the values of a site.

Each check returns sentences that name hosts, variables and values; none when all is well.
Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.allocation import (
    default_host_range,
    mac_of,
)
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.modes import problems_of_mode
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.site import Site, listed


def problems_of(site: Site) -> list[str]:
    """All that is wrong with a site, as far as the inventory alone tells."""
    return [sentence for check in CHECKS for sentence in check(site)]


def host_range_of(site: Site) -> ipaddress.IPv4Network:
    return site.host_range or default_host_range(site.cidr)


def mac_of_container(container: Any) -> str:
    return container.mac or mac_of(container.address)


def _gateway(site: Site) -> Iterator[str]:
    gateway = ipaddress.IPv4Address(site.gateway)
    if gateway not in site.cidr:
        yield (f"overlay_gateway is {gateway}: it must be an address of overlay_cidr, {site.cidr}")
    elif gateway in (site.cidr.network_address, site.cidr.broadcast_address):
        yield (
            f"overlay_gateway is {gateway}, the network or broadcast address of overlay_cidr,"
            f" {site.cidr}: it must be one between the two"
        )


def _ranges(site: Site) -> Iterator[str]:
    hosts = host_range_of(site)
    if not hosts.subnet_of(site.cidr):
        yield f"overlay_host_range is {hosts}: it must be a part of overlay_cidr, {site.cidr}"
    if ipaddress.IPv4Address(site.gateway) in hosts:
        yield (
            f"overlay_gateway {site.gateway} lies in {hosts}, the range for the hosts' own"
            " addresses: choose another overlay_gateway or overlay_host_range"
        )
    ends = (str(site.cidr.network_address), str(site.cidr.broadcast_address))
    for host in site.hosts.values():
        if host.address in ends:
            yield (
                f"{host.name}: overlay_host_address is {host.address}, the network or broadcast"
                f" address of overlay_cidr, {site.cidr}: it must be one between the two"
            )
        elif host.address and ipaddress.IPv4Address(host.address) not in hosts:
            yield (
                f"{host.name}: overlay_host_address is {host.address}: it must be an address of"
                f" overlay_host_range, {hosts}"
            )


def _vteps(site: Site) -> Iterator[str]:
    for host in site.hosts.values():
        for name, address in (
            ("overlay_vtep_address", host.vtep),
            ("ansible_host", None if host.vtep else host.candidate),
        ):
            if address is None:
                continue
            parsed = ipaddress.ip_address(address)
            if parsed in site.cidr:
                yield (
                    f"{host.name}: {name} {address} lies in overlay_cidr {site.cidr}: overlay and"
                    " underlay must not overlap"
                )
            if name == "overlay_vtep_address" and parsed.version != site.family:
                other = (
                    f"overlay_group {site.group}"
                    if site.mode == "multicast"
                    else "other hosts have IPv4 ones"
                )
                yield (
                    f"{host.name}: overlay_vtep_address is {address}, and {other}: all must"
                    " be IPv4, or all IPv6"
                )
    yield from _twice(
        "overlay_vtep_address", ((h.vtep, h.name) for h in site.hosts.values() if h.vtep)
    )


def _device_names(site: Site) -> Iterator[str]:
    if site.vxlan_dev == site.bridge:
        yield f"overlay_vxlan_dev and overlay_bridge are both {site.bridge}: they must differ"
    for host in site.hosts.values():
        if host.underlay_dev in (site.vxlan_dev, site.bridge):
            yield (
                f"{host.name}: overlay_underlay_dev is {host.underlay_dev}, the name of a device"
                " of the overlay: it must be the device towards the other hosts"
            )


def _container_names(site: Site) -> Iterator[str]:
    for host in site.hosts.values():
        yield from (
            f"{host.name}: {sentence}"
            for sentence in _twice(
                "the name of a container", ((c.name, c.name) for c in host.containers), " twice"
            )
        )
        devices = [site.vxlan_dev, site.bridge, *([host.underlay_dev] if host.underlay_dev else [])]
        for container in host.containers:
            if container.veth in devices:
                yield (
                    f"{host.name}: the host end of container {container.name} would be named"
                    f" {container.veth}, as another device of the overlay: give it another veth"
                )
        names = {container.name for container in host.containers}
        if len(names) == len(host.containers):
            ends = ((c.veth, c.name) for c in host.containers)
            yield from (f"{host.name}: {s}" for s in _twice("the host end's name veth", ends))


def _namespaces(site: Site) -> Iterator[str]:
    """A namespace takes one default route, and overlay_gateway is every container's."""
    for host in site.hosts.values():
        first: dict[str, str] = {}
        for container in host.containers:
            netns = container.netns or container.name
            name = first.setdefault(netns, container.name)
            if name != container.name:
                yield (
                    f"{host.name}: containers {name} and {container.name} are both in namespace"
                    f" {netns}, and each has a default route by {site.gateway}: give each a"
                    " namespace of its own"
                )


def _routes(site: Site) -> Iterator[str]:
    """A namespace takes one route to a destination, of which overlay_gateway's is one."""
    for host in site.hosts.values():
        for container in host.containers:
            hops: dict[Any, str] = {("default", 4): f"via {site.gateway} (overlay_gateway)"}
            for route in container.routes:
                to, via = value.destination(route["to"]), route.get("via")
                hop = value.next_hop(via)
                key = (to, value.route_version(to, via))
                if key in hops:
                    yield (
                        f"{host.name}: container {container.name} has two routes to {to},"
                        f" {hops[key]} and {hop}: it can have one to each destination"
                    )
                hops.setdefault(key, hop)


def _addresses(site: Site) -> Iterator[str]:
    hosts = host_range_of(site)
    special = {
        ipaddress.IPv4Address(site.gateway): "is the gateway's",
        site.cidr.network_address: f"is the network address of {site.cidr}",
        site.cidr.broadcast_address: f"is the broadcast address of {site.cidr}",
    }
    for host in site.hosts.values():
        for container in host.containers:
            address = ipaddress.IPv4Address(container.address)
            label = f"{host.name}: address {address} of container {container.name}"
            if address not in site.cidr:
                yield f"{label} is not in overlay_cidr, {site.cidr}: choose one that is"
            elif address in special:
                yield f"{label} {special[address]}: choose another one"
            elif address in hosts:
                yield (
                    f"{label} lies in {hosts}, the range for the hosts' own addresses: choose"
                    " another one, or another overlay_host_range"
                )
    yield from _twice(
        "the address",
        (
            (c.address, f"container {c.name} on {h.name}")
            for h in site.hosts.values()
            for c in h.containers
        ),
    )
    yield from _twice(
        "overlay_host_address", ((h.address, h.name) for h in site.hosts.values() if h.address)
    )


def _macs(site: Site) -> Iterator[str]:
    addresses = [c.address for h in site.hosts.values() for c in h.containers]
    if len(set(addresses)) == len(addresses):
        yield from _twice(
            "the MAC",
            (
                (mac_of_container(c), f"container {c.name} on {h.name}")
                for h in site.hosts.values()
                for c in h.containers
            ),
        )


def _twice(what: str, pairs: Iterable[tuple[Any, str]], suffix: str = "") -> Iterator[str]:
    """Sentences for each value that more than one has. pairs: the value, and who has it."""
    owners: dict[Any, list[str]] = {}
    for key, owner in pairs:
        owners.setdefault(key, []).append(owner)
    for key, names in owners.items():
        if len(names) > 1:
            who = f"{names[0]}{suffix}" if suffix else listed(names)
            yield f"{what} {key} is used more than once ({who}): each must be different"


CHECKS: tuple[Callable[[Site], Iterable[str]], ...] = (
    problems_of_mode,
    _gateway,
    _ranges,
    _vteps,
    _device_names,
    _container_names,
    _namespaces,
    _routes,
    _addresses,
    _macs,
)
