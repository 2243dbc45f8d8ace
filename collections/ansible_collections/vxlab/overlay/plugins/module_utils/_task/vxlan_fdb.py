# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forwarding and neighbour entries: from what a host has to what the options of vxlan_fdb ask for.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.vxlab.overlay.plugins.module_utils._change import fdb
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.entries import (
    Have,
    Place,
    find_place,
    only_ours,
    parse_entries,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.entries import (
    entries_from_params,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import iproute
from ansible_collections.vxlab.overlay.plugins.module_utils._task.task import Params


@dataclass(frozen=True)
class Found:
    """Where the entries go, and those that there are."""

    place: Place
    have: Have


def read(params: Params, mark: Mark) -> Found:
    links = iproute.read_usable_links(mark)
    if params["state"] == "absent":
        links = only_ours(links, mark)
    place = find_place(params["dev"], params["neighbour_dev"], links, mark)
    have = parse_entries(
        place,
        iproute.read_fdb(place.dev) if place.dev in links else [],
        iproute.read_neighbours(place.neighbour_dev) if place.neighbour_dev in links else [],
    )
    return Found(place, have)


def change(params: Params, have: Found, _mark: Mark) -> Change:
    want, _dev, _neighbour_dev = entries_from_params(params)
    return fdb.plan(fdb.NONE if params["state"] == "absent" else want, have.place, have.have)


def nothing(params: Params) -> Found:
    place = find_place(params["dev"], params["neighbour_dev"], {}, Mark(params["overlay_name"]))
    return Found(place, parse_entries(place, [], []))
