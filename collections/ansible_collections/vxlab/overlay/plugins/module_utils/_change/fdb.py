# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the forwarding and neighbour entries of a VXLAN device to those that are wanted.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, List, Mapping, Optional, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    ChangeError,
    Command,
    Step,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.entries import (
    ALL_ZERO,
    Have,
    Pair,
    Place,
)

SHOWN = 20
"""How many entries of a kind are told one by one, and shown by --diff."""


@dataclass(frozen=True)
class Wanted:
    """Flood list; VTEPs by MAC; MACs by address. None: entries of the kind stay as they are."""

    flood: Optional[Sequence[str]] = None
    macs: Optional[Mapping[str, str]] = None
    neighbours: Optional[Mapping[str, str]] = None


NONE = Wanted(flood=(), macs={}, neighbours={})


def plan(want: Wanted, place: Place, have: Have) -> Change:
    """The change that makes the entries those wanted; raises ChangeError.

    What is missing comes before what is too much. An address is told to the hosts behind a bridge
    after the way to it is known, and forgotten before.
    """
    _require_one_family(want, place)
    _require_no_nexthop(want, place, have)
    change = Change()
    removals: List[Step] = []
    if want.flood is not None:
        _plan_flood(change, removals, want.flood, place, have)
    if want.macs is not None:
        _plan_macs(change, removals, want.macs, place, have)
    if want.neighbours is not None:
        _plan_neighbours(change, want.neighbours, place, have)
    change.steps += removals
    return change


def _require_one_family(want: Wanted, place: Place) -> None:
    if place.version is None:
        return
    for vtep in {*(want.flood or ()), *(want.macs or {}).values()}:
        if (":" in vtep) != (place.version == 6):
            raise ChangeError(
                f"VTEP {vtep} is not an IPv{place.version} address, and {place.dev} sends"
                f" IPv{place.version} packets; VTEPs of a device are of one IP version"
            )


def _require_no_nexthop(want: Wanted, place: Place, have: Have) -> None:
    """Raise ChangeError for what the kernel leaves as it is without a word (vxlan_fdb_replace)."""
    for mac, where in have.special.items():
        if "nhid" in where and mac in (want.macs or {}):
            raise ChangeError(
                f"MAC {mac} of {place.dev} is at a nexthop ({where}), which no VTEP can replace;"
                f" remove it first: bridge fdb del {mac} dev {place.dev} self"
            )


def _plan_flood(
    change: Change, removals: List[Step], want: Sequence[str], place: Place, have: Have
) -> None:
    dev, listed = place.dev, set(want)
    missing = [vtep for vtep in want if vtep not in have.flood and vtep != place.peer]
    # All destinations of the flood list are one entry, with one state: what is added to a list
    # that ages, or is a daemon's, makes all of it permanent and ours.
    present = have.flood | have.lapsing if listed else have.flood
    stray = sorted(present - listed)
    for vtep in missing:
        line = f"fdb append {ALL_ZERO} dev {dev} dst {vtep} self"
        change.steps.append(Command("bridge", line, f"let {dev} flood to {vtep}"))
    for vtep in stray:
        line = f"fdb del {ALL_ZERO} dev {dev} dst {vtep} self"
        removals.append(Command("bridge", line, f"let {dev} no longer flood to {vtep}"))
    _tell(change, dev, "flood entries", missing, lambda v: f"flood entry to {v}: missing")
    _tell_stray(change, dev, "flood entries", stray, lambda v: f"flood entry to {v}")
    _picture(change, f"{dev} flood entries", stray[:SHOWN], missing[:SHOWN])


def _plan_macs(
    change: Change, removals: List[Step], want: Mapping[str, str], place: Place, have: Have
) -> None:
    dev, bridge = place.dev, place.bridge
    differing = [
        pair
        for pair in want.items()
        if pair not in have.macs or (bridge and pair[0] not in have.bridged)
    ]
    where = " master" if bridge else ""
    for mac, vtep in differing:
        # Static, not permanent: that would be an address of the host's own to the bridge.
        line = f"fdb replace {mac} dev {dev} dst {vtep} self{where} static"
        change.steps.append(Command("bridge", line, f"let {dev} reach MAC {mac} at {vtep}"))
    stray = sorted(pair for pair in have.macs if pair[0] not in want)
    bridged = {mac for mac in have.bridged if mac not in want} if bridge else set()
    for mac, vtep in stray:
        where = " master" if mac in bridged else ""
        bridged.discard(mac)
        line = f"fdb del {mac} dev {dev} dst {vtep} self{where}"
        removals.append(Command("bridge", line, f"let {dev} forget MAC {mac} at {vtep}"))
    for mac in sorted(bridged):
        line = f"fdb del {mac} dev {dev} master"
        removals.append(Command("bridge", line, f"let {bridge} forget MAC {mac} at {dev}"))
    _tell_macs(change, place, have, differing, stray)
    _tell_stray(change, str(bridge), "MACs", sorted(bridged), lambda mac: f"MAC {mac} at {dev}")
    _picture(change, f"{bridge} MACs at {dev}", sorted(bridged)[:SHOWN], [])


def _tell_macs(
    change: Change, place: Place, have: Have, differing: Sequence[Pair], stray: Sequence[Pair]
) -> None:
    dev, bridge = place.dev, place.bridge
    at = {**have.special, **dict(have.macs)} if differing else {}

    def told(pair: Pair) -> str:
        mac, vtep = pair
        if pair in have.macs:
            return f"MAC {mac}: missing in {bridge}"
        return (
            f"MAC {mac}: at {at[mac]}, should be at {vtep}" if mac in at else f"MAC {mac}: missing"
        )

    _tell(change, dev, "MACs", differing, told)
    _tell_stray(change, dev, "MACs", stray, lambda pair: f"MAC {pair[0]} at {pair[1]}")
    shown = [(mac, at[mac]) for mac, _vtep in differing[:SHOWN] if mac in at] + [*stray[:SHOWN]]
    before = {
        mac: f"{vtep}, not in {bridge}" if bridge and mac not in have.bridged else vtep
        for mac, vtep in shown
    }
    _picture(change, f"{dev} MACs", before, dict(differing[:SHOWN]))


def _plan_neighbours(change: Change, want: Mapping[str, str], place: Place, have: Have) -> None:
    dev = place.neighbour_dev
    differing = [pair for pair in want.items() if have.neighbours.get(pair[0]) != pair[1]]
    for address, mac in differing:
        line = f"neighbour replace {address} lladdr {mac} dev {dev} nud permanent"
        change.steps.append(Command("ip", line, f"tell {dev} the MAC of {address}"))
    stray = sorted(a for a in have.neighbours if a not in want and a not in have.theirs)
    for address in stray:
        line = f"neighbour del {address} dev {dev}"
        change.steps.append(Command("ip", line, f"let {dev} forget the MAC of {address}"))

    def told(pair: Pair) -> str:
        address, mac = pair
        if address not in have.neighbours:
            return f"neighbour {address}: missing"
        return f"neighbour {address}: is {have.neighbours[address]}, should be {mac}"

    _tell(change, dev, "neighbours", differing, told)
    _tell_stray(change, dev, "neighbours", stray, lambda address: f"neighbour {address}")
    shown = differing[:SHOWN]
    keys = [address for address, mac in shown if address in have.neighbours] + stray[:SHOWN]
    before = {address: have.neighbours[address] for address in keys}
    _picture(change, f"{dev} neighbours", before, dict(shown))


def _tell(
    change: Change, dev: str, kind: str, found: Sequence[Any], told: Callable[[Any], str]
) -> None:
    """Add a sentence for each of the first, and one for the rest."""
    change.differences += [f"{dev}: {told(entry)}" for entry in found[:SHOWN]]
    if len(found) > SHOWN:
        change.differences.append(f"{dev}: and {len(found) - SHOWN} more {kind}")


def _tell_stray(
    change: Change, dev: str, kind: str, found: Sequence[Any], named: Callable[[Any], str]
) -> None:
    kind += " that should not be there"
    _tell(change, dev, kind, found, lambda entry: f"{named(entry)}: should not be there")


def _picture(change: Change, name: str, before: Any, after: Any) -> None:
    if before or after:
        change.before[name], change.after[name] = before, after
