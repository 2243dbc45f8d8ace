# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forwarding and neighbour entries of a VXLAN device that there are.

A device may have 100,000 entries: they are kept as pairs in sets and dicts.
Private to the collection: may change without notice.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Dict, Iterable, Mapping, Optional, Set, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Link, require_ours
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark

Links = Mapping[str, Link]
Pair = Tuple[str, str]

ALL_ZERO = "00:00:00:00:00:00"
STEADY = ("permanent", "static")
# What an entry has, as `bridge -j` names it, that does more than send a MAC's frames to a VTEP.
SPECIAL = frozenset(("port", "vni", "src_vni", "via", "viaIf", "viaIfIndex", "nhid"))


@dataclass(frozen=True)
class Place:
    """Where the entries stand.

    dev: the VXLAN device; bridge: the one that it is a port of; neighbour_dev: where neighbours
    are; version: 4 or 6, of the device's outer packets, where it is known; peer: its own group or
    remote.
    """

    dev: str
    bridge: Optional[str]
    neighbour_dev: str
    version: Optional[int] = None
    peer: Optional[str] = None


@dataclass
class Have:
    """The entries there are; those that age, or that a routing daemon made, are not in here.

    flood: destinations; lapsing: those of a flood list that ages or is a daemon's; macs: (MAC,
    destination); special: by MAC, in words, what has more than that; bridged: MACs that the bridge
    has at the device; neighbours: MACs by address; theirs: addresses of those that a daemon made.
    """

    flood: Set[str] = field(default_factory=set)
    lapsing: Set[str] = field(default_factory=set)
    macs: Set[Pair] = field(default_factory=set)
    special: Dict[str, str] = field(default_factory=dict)
    bridged: Set[str] = field(default_factory=set)
    neighbours: Dict[str, str] = field(default_factory=dict)
    theirs: Set[str] = field(default_factory=set)


def only_ours(links: Links, mark: Mark) -> Dict[str, Link]:
    return {name: link for name, link in links.items() if mark.owns(link.alias)}


def find_place(dev: str, neighbour_dev: Optional[str], links: Links, mark: Mark) -> Place:
    """Where the entries go; raises ChangeError for a device that is not ours.

    Devices may be missing, as in check mode, when earlier tasks were to make them: then the VXLAN
    device is taken for a port of neighbour_dev, where that is another device.
    """
    link = links.get(dev)
    if link is not None:
        require_ours(link, "vxlan", mark)
    bridge = link.master if link is not None and link.master in links else None
    if neighbour_dev != dev and (link is None or neighbour_dev not in links):
        bridge = bridge or neighbour_dev
    place = Place(dev, bridge, neighbour_dev or bridge or dev)
    for other in map(links.get, filter(None, (place.bridge, place.neighbour_dev))):
        if other is not None and other is not link:
            require_ours(other, other.kind or "virtual", mark)
    if link is None:
        return place
    peers = [link.data.get(key) for key in ("group", "group6", "remote", "remote6")]
    # Without an address of its own the kernel makes it an IPv4 one (vxlan_nl2conf).
    version = 6 if any(key in link.data for key in ("group6", "remote6", "local6")) else 4
    return replace(place, version=version, peer=next(filter(None, peers), None))


def parse_entries(
    place: Place, entries: Iterable[Mapping[str, Any]], neighbours: Iterable[Mapping[str, Any]]
) -> Have:
    """From what `bridge -j fdb show dev` and `ip -j neighbour show dev … nud permanent` print."""
    have, kernels = Have(), place.peer or ""
    for entry in entries:
        mac, flags = entry.get("mac", ""), entry.get("flags", ())
        steady = entry.get("state") in STEADY and "extern_learn" not in flags
        if "self" not in flags:
            # Where a kernel can filter VLANs, a bridge has each entry once without a VLAN, the one
            # that counts while it does not, and once for each VLAN of the port. A permanent entry
            # is an address of the host's own (net/bridge/br_fdb.c, fdb_to_nud).
            if steady and "vlan" not in entry and entry["state"] == "static":
                have.bridged.add(mac)
        elif not SPECIAL.isdisjoint(entry):
            if mac == ALL_ZERO and entry.get("dst") == place.peer:
                kernels = ""
            elif steady:
                have.special[mac] = _in_words(entry)
        elif "dst" not in entry:
            continue
        elif mac == ALL_ZERO:
            (have.flood if steady else have.lapsing).add(entry["dst"])
        elif steady:
            have.macs.add((mac, entry["dst"]))
    # The kernel makes an entry of the device's own group or remote, and lists it among the others:
    # through the underlay device where the VXLAN device is bound to one (vxlan_fdb_create), which
    # tells it from one of the same destination that was made otherwise.
    for destinations in (have.flood, have.lapsing):
        destinations.discard(kernels)
    for entry in neighbours:
        if "lladdr" in entry and "extern_learn" not in entry:
            have.neighbours[entry["dst"]] = entry["lladdr"]
            if "protocol" in entry:
                have.theirs.add(entry["dst"])
    return have


def _in_words(entry: Mapping[str, Any]) -> str:
    """Where an entry leads that has more than a destination."""
    told = [f"{key} {entry[key]}" for key in entry if key in SPECIAL]
    return " ".join(filter(None, [entry.get("dst"), *told]))
