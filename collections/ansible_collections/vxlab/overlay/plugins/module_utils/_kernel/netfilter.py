# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading nftables and iptables.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterable, List

from ansible_collections.vxlab.overlay.plugins.module_utils._change import nft
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
    # nft 0.9.8 prints warnings there too, of statements without a form in JSON.
    _warnings, brace, document = output.partition("{")
    listed: List[Dict[str, Any]] = json.loads(brace + document or '{"nftables": []}')["nftables"]
    return listed


def read_elements(ruleset: List[Dict[str, Any]], family: str, table: str) -> Dict[str, List[str]]:
    """Elements of a table's sets, by name of the set; nothing where the ruleset has none there."""
    sets = [entry["set"] for entry in ruleset if "set" in entry]
    if (family, table) not in [(found["family"], found["table"]) for found in sets]:
        return {}
    output = run(["nft", "-j", "list", "table", family, table], f"list the sets of {table}")
    listed = nft.objects(json.loads(output)["nftables"], "set")
    return {found["name"]: [*map(nft.element_of, found.get("elem", []))] for found in listed}


def find_iptables() -> Dict[str, str]:
    """The iptables of each variant ("nf_tables", "legacy") that there is; the default first.

    A host may have both variants, with rules in both; each one's verdicts count.
    """
    found: Dict[str, str] = {}
    for tool in ("iptables", "iptables-nft", "iptables-legacy"):
        if find(tool):
            version = run([tool, "-V"], f"read the version of {tool}")
            found.setdefault("nf_tables" if "nf_tables" in version else "legacy", tool)
    return found


def read_saves(tools: Iterable[str]) -> Dict[str, str]:
    """What each iptables-save prints, by the name of its iptables."""
    return {tool: run([f"{tool}-save"], f"list the rules of {tool}") for tool in tools}


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
