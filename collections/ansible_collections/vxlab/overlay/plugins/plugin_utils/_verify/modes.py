# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the checks of one mode alone need from the site plan. Pure.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify.targets import Roster

STATIC = "static"
EVPN = "evpn"

# To how many other hosts the flood probe sends what must leave: one of them may be in trouble.
REMOTES = 3


def known_macs(site: Mapping[str, Any], who: Roster, host: str) -> dict[str, Any]:
    """The l2 probe's own MAC and its peers', where broadcasts do not cross; else nothing."""
    if site["site"]["mode"] != STATIC:
        return {}
    hosts = site["hosts"]
    return {
        "mac": hosts[host]["mac"],
        "macs": {peer: hosts[peer]["mac"] for peer in who.hosts if peer != host},
    }


def flood(site: Mapping[str, Any], who: Roster, host: str) -> dict[str, Any]:
    """The flood probe's arguments; remotes: the bridges of other hosts, those of this run first."""
    hosts = site["hosts"]
    at = who.hosts.index(host)
    in_run = [*who.hosts[at + 1 :], *who.hosts[:at]]
    others = [*in_run, *(other for other in hosts if other not in who.hosts)]
    remotes = [
        {"mac": hosts[other]["mac"], "address": hosts[other]["address"]}
        for other in others
        if hosts[other]["mac"]
    ]
    return {"underlay_dev": hosts[host]["underlay_dev"], "remotes": remotes[:REMOTES]}


def evpn(site: Mapping[str, Any], host: str) -> dict[str, Any]:
    """The EVPN probe's arguments."""
    wanted = site["hosts"][host]["evpn"]
    return {
        "neighbors": {given["name"]: given["address"] for given in wanted["neighbors"]},
        "vteps": wanted["vteps"],
    }


def of_mode(site: Mapping[str, Any], who: Roster, host: str) -> dict[str, Any]:
    """What the checks of the site's mode alone have to do on a host: {check: arguments}."""
    mode = site["site"]["mode"]
    if mode == STATIC:
        return {"flood": flood(site, who, host)}
    if mode == EVPN:
        return {"evpn": evpn(site, host)}
    return {}


def owners(site: Mapping[str, Any], who: Roster) -> dict[str, str]:
    """By MAC, whose it is: all that BGP has to bring to the other hosts of the run."""
    if site["site"]["mode"] != EVPN:
        return {}
    macs = {}
    for host in who.hosts:
        planned = site["hosts"][host]
        macs[planned["mac"]] = host
        macs |= {given["mac"]: f"{host}/{given['name']}" for given in planned["containers"]}
    return macs


def skipped(site: Mapping[str, Any]) -> dict[str, str]:
    """Why the check of the site's mode alone has nothing to do."""
    check = {STATIC: "flood", EVPN: "evpn"}.get(site["site"]["mode"])
    if check and len(site["hosts"]) < 2:
        return {check: "the site has only one host"}
    return {}
