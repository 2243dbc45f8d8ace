# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a host meets the underlay: the device and the address of its VTEP.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Address, Link
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark

Links = Mapping[str, Link]


@dataclass(frozen=True)
class Underlay:
    """dev: the device; mtu: its MTU in bytes; vtep: the address that peers reach the host by."""

    dev: str
    mtu: int
    vtep: str


def choose(
    links: Links,
    routes: Sequence[Mapping[str, Any]],
    dev: Optional[str],
    vtep: Optional[str],
    candidate: Optional[str],
    version: int,
) -> Underlay:
    """The underlay of a host.

    dev, vtep: as the inventory has them, or None; candidate: the address by which Ansible reaches
    the host, taken where the device has it; version: 4 or 6, of the outer packets. Without dev it
    is the device that has the address, else the one of the default route. Raises ChangeError.
    """
    if dev is not None and dev not in links:
        raise ChangeError(
            f"overlay_underlay_dev is {dev}: this host has no such device; it has"
            f" {', '.join(name for name in links if name != 'lo')}"
        )
    owner = _owner_of(links, vtep) if vtep else None
    if vtep and (owner is None or dev not in (None, owner)):
        raise ChangeError(
            f"overlay_vtep_address is {vtep}: {dev or 'this host'} has no such address; it has"
            f" {', '.join(_all_addresses(links, dev)) or 'none'}"
        )
    device = dev or owner or _owner_of(links, candidate) or _of_default_route(routes, version)
    if device is None:
        raise ChangeError(
            "the underlay device cannot be found: the host has neither ansible_host's address nor"
            f" an IPv{version} default route; set overlay_underlay_dev"
        )
    have = _addresses(links[device], version)
    if not have:
        raise ChangeError(
            f"the underlay device {device} has no IPv{version} address, and the outer packets are"
            f" to be IPv{version}: give it one, or set another overlay_underlay_dev"
        )
    chosen = vtep or (candidate if candidate in have else have[0])
    return Underlay(device, links[device].mtu, chosen)


def overlaps(cidr: str, links: Links, routes: Sequence[Mapping[str, Any]], mark: Mark) -> List[str]:
    """What a host reaches already, by devices that are not ours, of the overlay's prefix."""
    network = ipaddress.ip_network(cidr)
    found: Dict[str, None] = {}
    for link in links.values():
        for address in _all(link):
            connected = ipaddress.ip_interface(address.text).network
            if not mark.owns(link.alias) and connected.version == 4 and connected.overlaps(network):
                found[f"{connected} by {link.name}"] = None
    for route in routes:
        target = _target(route)
        device = links.get(str(route.get("dev")))
        # A wider route, such as one to 10.0.0.0/8, has a more specific one in the overlay's.
        if target is None or (device is not None and mark.owns(device.alias)):
            continue
        if target.version == 4 and target.subnet_of(network):
            found[f"{target} by {route.get('dev', 'a route')}"] = None
    return list(found)


def _target(route: Mapping[str, Any]) -> Any:
    try:
        return ipaddress.ip_network(route.get("dst", ""))
    except ValueError:
        return None  # "default"


def _owner_of(links: Links, address: Optional[str]) -> Optional[str]:
    for link in links.values():
        if address and link.name != "lo" and address in map(_bare, _all(link)):
            return link.name
    return None


def _of_default_route(routes: Sequence[Mapping[str, Any]], version: int) -> Optional[str]:
    defaults = [r for r in routes if r.get("dst") == "default" and r.get("version", 4) == version]
    return next((route["dev"] for route in defaults if "dev" in route), None)


def _addresses(link: Link, version: int) -> List[str]:
    """Those that peers can reach; an IPv6 link-local one is every interface's, and means none."""
    bare = map(ipaddress.ip_address, map(_bare, _all(link)))
    return [str(a) for a in bare if a.version == version and not (version == 6 and a.is_link_local)]


def _all_addresses(links: Links, dev: Optional[str]) -> Iterator[str]:
    for link in links.values():
        if link.name != "lo" and dev in (None, link.name):
            yield from map(_bare, _all(link))


def _all(link: Link) -> List[Address]:
    """A host's address may well be leased; one that somebody set comes first."""
    return [*link.addresses, *link.leased]


def _bare(address: Address) -> str:
    return address.text.split("/")[0]
