# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gateway's ARP filter: from what a host has to what the options of gateway_filter ask for.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from ansible_collections.vxlab.overlay.plugins.module_utils._change import gateway
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.gateway import (
    gateway_from_params,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import netfilter
from ansible_collections.vxlab.overlay.plugins.module_utils._task.task import Params


def read(_params: Params, _mark: Mark) -> gateway.Filters:
    return gateway.Filters(
        netfilter.read_ruleset(), netfilter.read_ebtables(), netfilter.read_made_tables()
    )


def change(params: Params, have: gateway.Filters, mark: Mark) -> Change:
    if params["state"] == "absent":
        return gateway.plan_absent(have, mark)
    backend = netfilter.choose_backend(params["backend"], instead="ebtables")
    return gateway.plan_present(gateway_from_params(params, backend), have, mark)


def nothing(_params: Params) -> gateway.Filters:
    return gateway.Filters()
