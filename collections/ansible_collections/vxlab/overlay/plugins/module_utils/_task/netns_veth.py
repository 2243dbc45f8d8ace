# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers: from what a host has to what the options of netns_veth ask for.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.container import (
    NEW_NAMESPACE,
    Host,
    plan_absent,
    plan_present,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.container import (
    containers_from_params,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import iproute
from ansible_collections.vxlab.overlay.plugins.module_utils._task.task import Params


def read(params: Params, mark: Mark) -> Host:
    namespaces = iproute.read_namespaces()
    inside = {}
    if params["state"] == "present":
        inside = {
            want.netns: iproute.read_inside(want.netns)
            for want in containers_from_params(params["containers"])
            if iproute.exists(want.netns, namespaces)
        }
    return Host(
        links=iproute.read_usable_links(mark),
        namespaces=namespaces,
        journal=iproute.read_journal(mark.journal),
        inside=inside,
        left=[link.index for link in iproute.read_left(mark)],
        stale=iproute.read_stale(),
    )


def change(params: Params, have: Host, mark: Mark) -> Change:
    wanted = containers_from_params(params["containers"])
    if params["state"] == "absent":
        return plan_absent(wanted, have, mark, params["purge"])
    return plan_present(wanted, params["bridge"], have, mark, params["purge"])


def nothing(params: Params) -> Host:
    """The namespaces that somebody else makes, with nothing in them."""
    joined = [c for c in containers_from_params(params["containers"]) if not c.owned]
    return Host(links={}, inside={container.netns: NEW_NAMESPACE for container in joined})
