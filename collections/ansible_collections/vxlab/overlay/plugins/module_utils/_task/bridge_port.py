# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bridge and its ports: from what a host has to what the options of bridge_port ask for.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Dict

from ansible_collections.vxlab.overlay.plugins.module_utils._change.bridge import (
    plan_absent,
    plan_present,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.bridge import (
    bridge_from_params,
    ports_from_params,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.iproute import read_usable_links


def plan(params: Dict[str, Any], mark: Mark) -> Change:
    purge = params["purge"]
    if params["state"] == "absent":
        return plan_absent(params["name"], read_usable_links(mark), mark, purge)
    want, ports = bridge_from_params(params), ports_from_params(params["ports"])
    return plan_present(want, ports, read_usable_links(mark), mark, purge)
