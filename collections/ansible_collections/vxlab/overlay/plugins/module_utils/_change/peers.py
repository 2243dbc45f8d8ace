# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Only the overlay's own VTEPs are heard.

VXLAN has no authentication (RFC 7348, section 7): whoever reaches a host's UDP port with the right
VNI puts frames on its bridge. So datagrams of this VNI from any other source are dropped, and
counted, before they reach the VXLAN device. Datagrams of other VNIs are other people's.
Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change import iptables, nft
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark

FAMILY = "inet"
SET = "vteps"
WHAT = "VTEP filter"
TOOLS = ("iptables", "ip6tables")
# What comes before everybody else's rules and before connection tracking (nft(8), "raw").
PRIORITY = -300
# From the beginning of the packet to the VNI: an IPv4 header says how long it is, an IPv6 header
# has 40 bytes (iptables-extensions(8), u32). As iptables-save prints it.
U32 = {4: "0x0>>0x16&0x3c@0xc>>0x8", 6: "0x34>>0x8"}


@dataclass(frozen=True)
class Peers:
    """vteps: addresses of all other hosts, of one IP version; backend: "nft" or "iptables"."""

    vni: int
    port: int
    vteps: Tuple[str, ...]
    version: int
    backend: str = "nft"

    @property
    def tool(self) -> str:
        return "iptables" if self.version == 4 else "ip6tables"


@dataclass(frozen=True)
class Filters:
    """What there is: nft's ruleset, our set, and what each iptables-save prints, by tool.

    made_tables: the lines of the note on tables that were made for us.
    """

    ruleset: nft.Ruleset = ()
    elements: nft.Elements = field(default_factory=dict)
    saves: Mapping[str, str] = field(default_factory=dict)
    made_tables: Sequence[str] = ()


def wanted_table(want: Peers, mark: Mark) -> nft.Table:
    source = "ip saddr" if want.version == 4 else "ip6 saddr"
    rule = nft.Rule(
        (
            nft.Match("udp dport", want.port),
            nft.Match("vxlan vni", want.vni),
            nft.Match(source, f"@{SET}", negated=True),
        ),
        "drop",
        mark.text,
        f"{WHAT}: rule for VNI {want.vni} at UDP port {want.port}",
    )
    return nft.Table(
        FAMILY,
        mark.table,
        (nft.Chain("input", "filter", "input", PRIORITY, (rule,)),),
        (nft.NamedSet(SET, f"ipv{want.version}_addr", want.vteps, WHAT),),
    )


def plan_present(want: Peers, have: Filters, mark: Mark) -> Change:
    change = Change()
    table = wanted_table(want, mark) if want.backend == "nft" else None
    nft.plan_table(change, FAMILY, mark.table, table, have.ruleset, have.elements)
    _plan_iptables(change, want if want.backend != "nft" else None, have, mark)
    return change


def plan_absent(have: Filters, mark: Mark) -> Change:
    change = Change()
    nft.plan_table(change, FAMILY, mark.table, None, have.ruleset)
    _plan_iptables(change, None, have, mark)
    return change


def _plan_iptables(change: Change, want: Optional[Peers], have: Filters, mark: Mark) -> None:
    """A chain of our own, and a jump to it before everybody else's rules."""
    own = mark.chain
    for tool, save in have.saves.items():
        tables = iptables.parse(save)
        chains = tables.get("filter", {})
        ours = {
            name: [rule for rule in chain.rules if name == own or own in rule]
            for name, chain in chains.items()
        }
        ours = {name: rules for name, rules in ours.items() if rules or name == own}
        wanted = _rules(want, own) if want and want.tool == tool else {}
        if wanted:
            iptables.note_table(change, tool, "filter", tables, have.made_tables)
        iptables.plan_own_chain(change, tool, own, ours, wanted, f"{WHAT} in {tool}", first=True)
        if not wanted:
            iptables.give_table_back(change, tool, "filter", tables, have.made_tables, own)


def _rules(want: Peers, own: str) -> Dict[str, iptables.Rules]:
    u32 = f"{U32[want.version]}={want.vni:#x}"
    jump = ["-p", "udp", "-m", "udp", "--dport", str(want.port)]
    jump += ["-m", "u32", "--u32", u32, "-j", own]
    length = ipaddress.ip_address("0.0.0.0" if want.version == 4 else "::").max_prefixlen
    allowed: List[List[str]] = [["-s", f"{vtep}/{length}", "-j", "RETURN"] for vtep in want.vteps]
    return {own: [*allowed, ["-j", "DROP"]], "INPUT": [jump]}
