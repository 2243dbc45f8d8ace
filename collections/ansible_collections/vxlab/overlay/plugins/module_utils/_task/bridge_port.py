# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bridge and its ports: from what a host has to what the options of bridge_port ask for.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Dict

from ansible_collections.vxlab.overlay.plugins.module_utils._change.bridge import (
    plan_absent,
    plan_present,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Link
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.bridge import (
    bridge_from_params,
    ports_from_params,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.iproute import read_usable_links
from ansible_collections.vxlab.overlay.plugins.module_utils._task.task import Params


def read(_params: Params, mark: Mark) -> Dict[str, Link]:
    return read_usable_links(mark)


def change(params: Params, have: Dict[str, Link], mark: Mark) -> Change:
    purge = params["purge"]
    if params["state"] == "absent":
        return plan_absent(params["name"], have, mark, purge)
    want, ports = bridge_from_params(params), ports_from_params(params["ports"])
    return plan_present(want, ports, have, mark, purge)


def nothing(_params: Params) -> Dict[str, Link]:
    return {}
