# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What containers may send: from what a host has to what the options of anti_spoof ask for.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from ansible_collections.vxlab.overlay.plugins.module_utils._change import spoof
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.spoof import (
    senders_from_params,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import netfilter
from ansible_collections.vxlab.overlay.plugins.module_utils._task.task import Params


def read(_params: Params, mark: Mark) -> spoof.Filters:
    ruleset = netfilter.read_ruleset()
    return spoof.Filters(
        ruleset,
        netfilter.read_elements(ruleset, spoof.FAMILY, mark.ports_table),
        netfilter.read_ebtables(),
        netfilter.read_made_tables(),
    )


def change(params: Params, have: spoof.Filters, mark: Mark) -> Change:
    if params["state"] == "absent":
        return spoof.plan_absent(have, mark)
    backend = netfilter.choose_backend(params["backend"], instead="ebtables")
    return spoof.plan_present(senders_from_params(params["containers"]), backend, have, mark)


def nothing(_params: Params) -> spoof.Filters:
    return spoof.Filters()
