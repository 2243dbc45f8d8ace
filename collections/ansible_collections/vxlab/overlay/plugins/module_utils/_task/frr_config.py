# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""FRR's configuration: from what a host has to what the options of frr_config ask for.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Dict

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.frr import (
    plan_absent,
    plan_present,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.frr_host import CONF, Want
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import frr


def plan(params: Dict[str, Any], mark: Mark) -> Change:
    if params["state"] == "absent":
        return plan_absent(frr.read_host(mark), mark)
    want = Want(params["config"], params["daemons"], params["secrets"])
    frr.require_frr()
    have = frr.read_host(mark)
    change = plan_present(want, have, mark)
    if CONF in change.after:
        frr.check_config(want.config, want.secrets, mark)
    return change
