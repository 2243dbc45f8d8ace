# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was found on the hosts of a run, against the inventory; and what follows for the MTU.

found is, by host of the run, {dev, mtu, vtep}.
Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.site import Site
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.variables import LEAST_MTU

Found = Mapping[str, Mapping[str, Any]]

# Outer IP, UDP and VXLAN headers and the inner Ethernet header (RFC 7348, section 5), in bytes.
OVERHEAD = {4: 20 + 8 + 8 + 14, 6: 40 + 8 + 8 + 14}
# MTU in bytes that is taken for granted of hosts which were not looked at.
UNDERLAY_MTU = 1500


def overlay_mtu(site: Site, found: Found) -> int:
    """The same on all hosts, since the overlay is one link: what fits the smallest underlay."""
    smallest = min((facts["mtu"] for facts in found.values()), default=UNDERLAY_MTU)
    return site.mtu or smallest - OVERHEAD[site.family]


def problems_of_underlay(site: Site, found: Found) -> list[str]:
    """What is wrong with a single host, or between two of them."""
    return [*_same_vtep(found), *_vtep_in_overlay(site, found), *_too_small(site, found)]


def problems_of_absence(site: Site, found: Found) -> list[str]:
    """What cannot be planned because some hosts of the site are not part of the run."""
    absent = [name for name in site.hosts if name not in found]
    return [*_unknown_vteps(site, found, absent), *_unknown_mtu(site, found, absent)]


def _same_vtep(found: Found) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, facts in found.items():
        other = owners.setdefault(facts["vtep"], name)
        if other != name:
            yield (
                f"{other} and {name} have the same VTEP address, {facts['vtep']}: set"
                " overlay_vtep_address on one of them"
            )


def _vtep_in_overlay(site: Site, found: Found) -> Iterator[str]:
    for name, facts in found.items():
        told = site.hosts[name].vtep or site.hosts[name].candidate
        if facts["vtep"] != told and ipaddress.ip_address(facts["vtep"]) in site.cidr:
            yield (
                f"{name}: VTEP address {facts['vtep']} lies in overlay_cidr {site.cidr}: overlay"
                " and underlay must not overlap"
            )


def _too_small(site: Site, found: Found) -> Iterator[str]:
    for name, facts in found.items():
        most = facts["mtu"] - OVERHEAD[site.family]
        if most < LEAST_MTU:
            yield (
                f"{name}: {facts['dev']} has MTU {facts['mtu']}: it must be at least"
                f" {LEAST_MTU + OVERHEAD[site.family]} to carry an overlay"
            )
        elif site.mtu is not None and site.mtu > most:
            yield (
                f"{name}: overlay_mtu is {site.mtu}, but {facts['dev']} has MTU {facts['mtu']}:"
                f" it must be at most {most}"
            )


def _unknown_vteps(site: Site, found: Found, absent: list[str]) -> Iterator[str]:
    """Hosts whose VTEP address the inventory does not tell.

    ansible_host tells it unless some host of the run has shown that here it is another address.
    In mode multicast without a filter of VTEPs nobody has to know it, but the host's own overlay
    address derives from it, and makes way for that of another host.
    """
    misled = [
        name
        for name, facts in found.items()
        if not site.hosts[name].vtep and site.hosts[name].candidate != facts["vtep"]
    ]
    for name in absent:
        host = site.hosts[name]
        needed = site.mode != "multicast" or site.peer_filter or not host.address
        if needed and not host.vtep and (misled or not host.candidate):
            yield (
                f"{name}: it is not part of this run, and its VTEP address is not known: set"
                " overlay_vtep_address, or run without --limit"
            )


def _unknown_mtu(site: Site, found: Found, absent: list[str]) -> Iterator[str]:
    """A host with another MTU than all others loses what is too long for it, without a word."""
    if not absent or site.mtu is not None:
        return
    for name, facts in found.items():
        if facts["mtu"] != UNDERLAY_MTU:
            yield (
                f"{name}: {facts['dev']} has MTU {facts['mtu']}, and that of the hosts which are"
                " not part of this run is not known: set overlay_mtu, or run without --limit"
            )
