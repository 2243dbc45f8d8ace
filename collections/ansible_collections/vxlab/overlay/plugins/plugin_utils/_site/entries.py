# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries by which a host finds the others where no multicast and no BGP does it.

They are derived from the plan when a host asks for its own: a plan that held them for all hosts
would grow with the square of the site.
Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any


def entries_of(plan: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A host's flood list, MAC entries and neighbour entries: the options of vxlan_fdb.

    plan: of the site, as plan_site() returns it. flood is None where BGP keeps the list.
    """
    site, hosts = plan["site"], plan["hosts"]
    peers = [peer for peer in hosts if peer != name]
    flood: list[str] | None = []
    if site["mode"] == "unicast":
        flood = [hosts[peer]["vtep"] for peer in peers]
    elif site["mode"] == "evpn":
        flood = None
    stations = list(_stations(hosts, peers)) if site["mode"] == "static" else []
    return {
        "dev": site["vxlan_dev"],
        "neighbour_dev": site["bridge"],
        "flood": flood,
        "macs": [{"mac": mac, "vtep": vtep} for mac, _address, vtep in stations],
        "neighbours": [{"address": address, "mac": mac} for mac, address, _vtep in stations],
    }


def peers_of(plan: Mapping[str, Any], name: str) -> list[str]:
    """VTEPs of all hosts but one, in order."""
    known = [host["vtep"] for peer, host in plan["hosts"].items() if peer != name and host["vtep"]]
    return sorted(known, key=lambda vtep: (":" in vtep, ipaddress.ip_address(vtep).packed))


def _stations(
    hosts: Mapping[str, Mapping[str, Any]], peers: list[str]
) -> Iterator[tuple[str, str, str]]:
    """Who is behind the VTEPs of peers: MAC, address, VTEP; the hosts themselves first."""
    for peer in peers:
        host = hosts[peer]
        yield host["mac"], host["address"], host["vtep"]
        for container in host["containers"]:
            address = container["addresses"][0].partition("/")[0]
            yield container["mac"], address, host["vtep"]
