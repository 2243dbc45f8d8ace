# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forwarding and neighbour entries: from what a host has to what the options of vxlan_fdb ask for.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Dict

from ansible_collections.vxlab.overlay.plugins.module_utils._change import fdb
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.entries import (
    find_place,
    only_ours,
    parse_entries,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.entries import (
    entries_from_params,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import iproute

LISTS = ("flood", "macs", "neighbours")


def plan(params: Dict[str, Any], mark: Mark) -> Change:
    want, dev, neighbour_dev = entries_from_params(params)
    # The result repeats the options (invocation); of long lists that takes seconds too.
    params.update({name: f"{len(params[name])} entries" for name in LISTS if params[name]})
    links = iproute.read_usable_links(mark)
    if params["state"] == "absent":
        want, links = fdb.NONE, only_ours(links, mark)
    place = find_place(dev, neighbour_dev, links, mark)
    reads_fdb = dev in links and (want.flood, want.macs) != (None, None)
    reads_neighbours = place.neighbour_dev in links and want.neighbours is not None
    have = parse_entries(
        place,
        iproute.read_fdb(dev) if reads_fdb else [],
        iproute.read_neighbours(place.neighbour_dev) if reads_neighbours else [],
    )
    return fdb.plan(want, place, have)
