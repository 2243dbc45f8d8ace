# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forwarding and masquerading: from what a host has to what the options of nat_masquerade ask for.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from ansible_collections.vxlab.overlay.plugins.module_utils._change import masquerade, sysctl
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.masquerade import (
    masquerade_from_params,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import netfilter, parameters
from ansible_collections.vxlab.overlay.plugins.module_utils._task.task import Params


def read(_params: Params, _mark: Mark) -> masquerade.Firewall:
    tools = netfilter.find_iptables()
    return masquerade.Firewall(
        ruleset=netfilter.read_ruleset(),
        saves=netfilter.read_saves(tools.values()),
        on_nftables=tools.get("nf_tables"),
        sysctls=parameters.read_sysctls(sysctl.to_read(masquerade.SYSCTLS)),
        sysctl_files=parameters.read_our_sysctl_files(),
        made_tables=netfilter.read_made_tables(),
    )


def change(params: Params, have: masquerade.Firewall, mark: Mark) -> Change:
    if params["state"] == "absent":
        return masquerade.plan_absent(have, mark)
    backend = netfilter.choose_backend(params["backend"])
    return masquerade.plan_present(masquerade_from_params(params, backend), have, mark)


def nothing(_params: Params) -> masquerade.Firewall:
    """As the kernel starts; a chain of somebody else's that would refuse is not known here."""
    return masquerade.Firewall(sysctls=dict.fromkeys(masquerade.SYSCTLS, "0"))
