# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the VTEPs of a site find each other: what each mode sets, and what it cannot do without.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.site import Host, Site, listed

# Without route reflectors every host keeps a session with every other one.
MOST_IN_FULL_MESH = 64


def learns(mode: str) -> bool:
    """Whether devices learn where a MAC is from the packets that come in (RFC 7348, section 4.1).

    Where entries come from the plan or from BGP, a packet must not be able to change them.
    """
    return mode not in ("static", "evpn")


def vxlan_options(site: Site, host: Host, vteps: Mapping[str, str | None]) -> dict[str, Any]:
    """The options of the VXLAN device that depend on the mode. vteps: of all hosts, by name."""
    peers = [vteps[name] for name in site.hosts if name != host.name]
    return {
        "group": site.group if site.mode == "multicast" else None,
        "remote": peers[0] if site.mode == "point_to_point" and peers else None,
        "learning": learns(site.mode),
    }


def port_flags(mode: str) -> dict[str, bool]:
    """The flags of the VXLAN device as a bridge port that depend on the mode.

    neigh_suppress: the bridge answers ARP itself for the neighbours that it knows behind the port.
    """
    return {"learning": learns(mode), "neigh_suppress": not learns(mode)}


def bgp(site: Site, host: Host, vteps: Mapping[str, str | None]) -> dict[str, Any] | None:
    """A host's part in BGP EVPN (RFC 8365, with route reflection by RFC 4456), in mode evpn."""
    if site.mode != "evpn":
        return None
    is_reflector = host.name in site.route_reflectors
    neighbors = [
        {
            "name": name,
            "address": vteps[name],
            "reflector_client": is_reflector and name not in site.route_reflectors,
        }
        for name in site.hosts
        if name != host.name
        and (not site.route_reflectors or is_reflector or name in site.route_reflectors)
    ]
    return {
        "asn": site.asn,
        "router_id": vteps[host.name],
        "source": vteps[host.name],
        "neighbors": neighbors,
        "vteps": len(site.hosts) - 1,
    }


def problems_of_mode(site: Site) -> Iterator[str]:
    """What the inventory must have for the site's mode, and has not."""
    if site.mode == "point_to_point" and len(site.hosts) != 2:
        yield (
            f"overlay_mode is point_to_point, and group overlay has {len(site.hosts)} host"
            f"{'' if len(site.hosts) == 1 else 's'} ({listed(list(site.hosts))}): it must have"
            " exactly two; choose overlay_mode unicast, static or evpn for more"
        )
    strangers = [name for name in site.route_reflectors if name not in site.hosts]
    if strangers:
        yield (
            f"overlay_route_reflectors names {listed(strangers)}, not in group overlay: each must"
            f" be one of {listed(list(site.hosts))}"
        )
    if site.mode != "evpn":
        return
    if site.family == 6:
        yield (
            "overlay_mode is evpn, and the VTEP addresses are IPv6: FRR's zebra takes only IPv4"
            " VTEPs; give the hosts IPv4 addresses as overlay_vtep_address, or choose overlay_mode"
            " unicast or static"
        )
    if not site.route_reflectors and len(site.hosts) > MOST_IN_FULL_MESH:
        yield (
            f"overlay_mode is evpn with {len(site.hosts)} hosts and no overlay_route_reflectors:"
            f" a full mesh of sessions is for at most {MOST_IN_FULL_MESH}; name two or three hosts"
            " as route reflectors"
        )
