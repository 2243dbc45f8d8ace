# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ARP for the gateway stays on its own host.

The gateway's address is on the bridge of every host. Without a filter, a container's request for
it crosses the VXLAN and every host answers; and whenever a host speaks ARP as the gateway, the
containers of other hosts believe that the gateway moved there. So no ARP packet that asks for the
gateway, or that speaks as the gateway, passes the VXLAN port in either direction.
Private to the collection: may change without notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Optional, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change import iptables, nft
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark


@dataclass(frozen=True)
class Gateway:
    """address: the gateway's; vxlan_dev: the bridge port that it must not cross.

    backend: "nft", or "ebtables" where the host has no nft.
    """

    address: str
    vxlan_dev: str
    backend: str = "nft"


@dataclass(frozen=True)
class Filters:
    """What there is: nft's ruleset (empty without nft), and what ebtables-save prints.

    made_tables: the lines of the note on tables that were made for us.
    """

    ruleset: nft.Ruleset = ()
    ebtables: str = ""
    made_tables: Sequence[str] = ()


def wanted_table(gateway: Gateway, mark: Mark) -> nft.Table:
    """Hooks: postrouting sees what the bridge forwards and what the host sends (nft(8))."""

    def rules(interface: str, direction: str) -> Tuple[nft.Rule, ...]:
        return tuple(
            nft.Rule(
                (nft.Match(interface, gateway.vxlan_dev), nft.Match(field, gateway.address)),
                "drop",
                mark.text,
                f"gateway ARP filter: rule for {field} {gateway.address} {direction}"
                f" {gateway.vxlan_dev}",
            )
            for field in ("arp daddr ip", "arp saddr ip")
        )

    return nft.Table(
        "bridge",
        mark.table,
        (
            nft.Chain("prerouting", "filter", "prerouting", -300, rules("iifname", "into")),
            nft.Chain("postrouting", "filter", "postrouting", 0, rules("oifname", "out of")),
        ),
    )


def plan_present(gateway: Gateway, have: Filters, mark: Mark) -> Change:
    change = Change()
    uses_nft = gateway.backend == "nft"
    table = wanted_table(gateway, mark) if uses_nft else None
    nft.plan_table(change, "bridge", mark.table, table, have.ruleset)
    _plan_ebtables(change, None if uses_nft else gateway, have, mark)
    return change


def plan_absent(have: Filters, mark: Mark) -> Change:
    change = Change()
    nft.plan_table(change, "bridge", mark.table, None, have.ruleset)
    _plan_ebtables(change, None, have, mark)
    return change


def _plan_ebtables(change: Change, gateway: Optional[Gateway], have: Filters, mark: Mark) -> None:
    """ebtables(8) has no comments: ours are a chain of our own, and the jumps to it."""
    tables = iptables.parse(have.ebtables)
    own = mark.chain
    ours = iptables.ours_in_ebtables(tables.get("filter", {}), own)
    wanted = _ebtables_rules(gateway, own) if gateway else {}
    if wanted:
        iptables.note_table(change, "ebtables", "filter", tables, have.made_tables)
    iptables.plan_own_chain(change, "ebtables", own, ours, wanted, "gateway ARP filter in ebtables")
    if not wanted:
        iptables.give_table_back(change, "ebtables", "filter", tables, have.made_tables, own)


def _ebtables_rules(gateway: Gateway, own: str) -> Dict[str, iptables.Rules]:
    """By chain, our own first, so that it is whole before anything jumps to it."""
    drops = [f"-p 0x806 --arp-ip-{end} {gateway.address} -j DROP" for end in ("dst", "src")]
    into, out_of = (f"{flag} {gateway.vxlan_dev} -j {own}" for flag in ("-i", "-o"))
    lines = {own: drops, "INPUT": [into], "FORWARD": [into, out_of], "OUTPUT": [out_of]}
    return {name: [line.split() for line in rules] for name, rules in lines.items()}
