# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter of VTEPs: from what a host has to what the options of peer_filter ask for.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from ansible_collections.vxlab.overlay.plugins.module_utils._change import peers
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.peers import (
    peers_from_params,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import netfilter
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import find
from ansible_collections.vxlab.overlay.plugins.module_utils._task.task import Params


def read(_params: Params, mark: Mark) -> peers.Filters:
    ruleset = netfilter.read_ruleset()
    return peers.Filters(
        ruleset,
        netfilter.read_elements(ruleset, peers.FAMILY, mark.table),
        netfilter.read_saves(tool for tool in peers.TOOLS if find(tool)),
        netfilter.read_made_tables(),
    )


def change(params: Params, have: peers.Filters, mark: Mark) -> Change:
    if params["state"] == "absent":
        return peers.plan_absent(have, mark)
    backend = netfilter.choose_backend(params["backend"])
    return peers.plan_present(peers_from_params(params, backend), have, mark)


def nothing(_params: Params) -> peers.Filters:
    return peers.Filters()
