# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""FRR's configuration: from what a host has to what the options of frr_config ask for.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from ansible_collections.vxlab.overlay.plugins.module_utils._change import frr_host
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.frr import (
    plan_absent,
    plan_present,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import frr
from ansible_collections.vxlab.overlay.plugins.module_utils._task.task import Params


def read(params: Params, mark: Mark) -> frr_host.Host:
    if params["state"] == "present":
        frr.require_frr()
    return frr.read_host(mark)


def change(params: Params, have: frr_host.Host, mark: Mark) -> Change:
    if params["state"] == "absent":
        return plan_absent(have, mark)
    want = frr_host.Want(params["config"], params["daemons"], params["secrets"])
    planned = plan_present(want, have, mark)
    if frr_host.CONF in planned.after:
        frr.check_config(want.config, want.secrets, mark)
    return planned
