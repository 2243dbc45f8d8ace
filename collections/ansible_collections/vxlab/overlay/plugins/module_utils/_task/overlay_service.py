# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What restores the overlay at boot: from what a host has to what overlay_service asks for.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from ansible_collections.vxlab.overlay.plugins.module_utils import _restore
from ansible_collections.vxlab.overlay.plugins.module_utils._change import service, value
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.options import one
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.service import (
    find_python,
    pack_program,
    read_host,
    require_systemd,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._task.task import Params


def read(_params: Params, mark: Mark) -> service.Host:
    return read_host(mark)


def change(params: Params, have: service.Host, mark: Mark) -> Change:
    if params["state"] == "absent":
        return service.plan_absent(have, mark)
    want = service.Want(
        program=pack_program(_restore),
        python=find_python(),
        wait=one("wait", params["wait"], lambda given: value.integer(given, 0, 3600)),
        heal=one("heal", params["heal"], lambda given: value.integer(given, 0, 86400)),
    )
    require_systemd()
    return service.plan_present(want, have, mark)
