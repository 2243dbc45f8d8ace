# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading nftables and iptables.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List

from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import MADE_TABLES
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import (
    KernelError,
    find,
    run,
)


def read_ruleset() -> List[Dict[str, Any]]:
    """The whole ruleset without the elements of sets; empty on a host without nft."""
    if find("nft") is None:
        return []
    output = run(["nft", "-j", "-t", "list", "ruleset"], "list the nftables ruleset")
    listed: List[Dict[str, Any]] = json.loads(output or '{"nftables": []}')["nftables"]
    return listed


def read_saves() -> Dict[str, str]:
    """What each iptables-save prints, by the name of its iptables; the host's default first.

    A host may have both variants, with rules in both; each one's verdicts count.
    """
    saves = {}
    variants = [tool for tool in ("iptables", "iptables-nft", "iptables-legacy") if find(tool)]
    seen = set()
    for tool in variants:
        version = run([tool, "-V"], f"read the version of {tool}")
        variant = "legacy" if "legacy" in version or "nf_tables" not in version else "nf_tables"
        if variant not in seen:
            seen.add(variant)
            saves[tool] = run([f"{tool}-save"], f"list the rules of {tool}")
    return saves


def read_ebtables() -> str:
    """What ebtables-save prints; nothing on a host without it."""
    if find("ebtables-save") is None:
        return ""
    return run(["ebtables-save"], "list the rules of ebtables")


def read_made_tables() -> List[str]:
    """The lines of the note on tables that iptables and ebtables made for rules of ours."""
    try:
        with open(MADE_TABLES, encoding="utf-8") as source:
            return source.read().splitlines()
    except FileNotFoundError:
        return []


def choose_backend(wanted: str, instead: str = "iptables") -> str:
    """Where rules of our own stand: "nft", or the tool that serves instead, as the host has it.

    wanted: "auto" or one of the two.
    """
    tools = ["nft", instead] if wanted == "auto" else [wanted]
    for tool in tools:
        if find(tool):
            return tool
    missing = " nor ".join(tools)
    raise KernelError(
        f"this host has {'neither ' if len(tools) > 1 else 'no '}{missing}; install nftables"
        " (Debian, Ubuntu, Fedora: package nftables)"
    )
