# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The overlay's way out: forwarding, and masquerading of what leaves the overlay's CIDR.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change import iptables, nft, sysctl
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change, Command
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark

MULTICAST = "224.0.0.0/4"
SYSCTLS = {"net.ipv4.ip_forward": "1"}
REFUSALS = {"drop", "reject"}


@dataclass(frozen=True)
class Masquerade:
    """cidr: the overlay's; bridge: by which its containers are reached, if known.

    backend: "nft" or "iptables", where the masquerading rule stands.
    """

    cidr: str
    backend: str
    bridge: Optional[str] = None


@dataclass(frozen=True)
class Firewall:
    """What there is: nft's ruleset (empty without nft), and what each iptables-save prints.

    saves: by the name of the tool (iptables, iptables-nft, iptables-legacy); on_nftables: the one
    of them whose chains nft lists too, if any; made_tables: the lines of the note on tables that
    were made for us.
    """

    ruleset: nft.Ruleset = ()
    saves: Mapping[str, str] = field(default_factory=dict)
    on_nftables: Optional[str] = None
    sysctls: Mapping[str, str] = field(default_factory=dict)
    sysctl_files: Mapping[str, str] = field(default_factory=dict)
    made_tables: Sequence[str] = ()


def plan_present(want: Masquerade, have: Firewall, mark: Mark) -> Change:
    change = Change()
    sysctl.plan_present(change, SYSCTLS, have.sysctls, have.sysctl_files, mark)
    table = _masquerade_table(want, mark) if want.backend == "nft" else None
    nft.plan_table(change, "ip", mark.table, table, have.ruleset)
    _plan_iptables(change, want, have, mark)
    _plan_foreign_chains(change, want, have, mark)
    return change


def plan_absent(have: Firewall, mark: Mark) -> Change:
    change = Change()
    nft.plan_table(change, "ip", mark.table, None, have.ruleset)
    _plan_iptables(change, None, have, mark)
    _plan_foreign_chains(change, None, have, mark)
    sysctl.plan_absent(change, have.sysctls, have.sysctl_files, mark)
    return change


def _masquerade_table(want: Masquerade, mark: Mark) -> nft.Table:
    matches = [
        nft.Match("ip saddr", want.cidr),
        nft.Match("ip daddr", want.cidr, negated=True),
        nft.Match("ip daddr", MULTICAST, negated=True),
    ]
    if want.bridge:
        # With br_netfilter, what the bridge merely forwards passes here too.
        matches.append(nft.Match("oifname", want.bridge, negated=True))
    rule = nft.Rule(tuple(matches), "masquerade", mark.text, f"NAT rule for {want.cidr}")
    return nft.Table(
        "ip", mark.table, (nft.Chain("postrouting", "nat", "postrouting", 100, (rule,)),)
    )


def _plan_iptables(change: Change, want: Optional[Masquerade], have: Firewall, mark: Mark) -> None:
    for tool, save in have.saves.items():
        tables = iptables.parse(save)
        if tool == have.on_nftables and have.ruleset:
            _tell_unprinted_matches(tables, have.ruleset)
        nat = [_masquerade_words(want, mark)] if want and _nat_stands_in(tool, want, have) else []
        if nat:
            iptables.note_table(change, tool, "nat", tables, have.made_tables)
        iptables.plan_rules(change, tool, "nat", "POSTROUTING", tables, nat, mark.text, "NAT rule")
        if not nat:
            iptables.give_table_back(change, tool, "nat", tables, have.made_tables, mark.text)
        forward = tables.get("filter", {}).get("FORWARD", iptables.Chain("ACCEPT"))
        ours = mark.text in [word for rule in forward.rules for word in rule]
        refuses = iptables.refuses_by_default(forward)
        accept = _accept_words(want, mark) if want and refuses else []
        if accept or ours:
            iptables.plan_rules(
                change, tool, "filter", "FORWARD", tables, accept, mark.text, "accept rules"
            )


def _tell_unprinted_matches(tables: iptables.Tables, ruleset: nft.Ruleset) -> None:
    """iptables-save prints a rule that drops what is in a set of nftables as one that drops all.

    So nft has to confirm that a rule refuses all. Both list the rules in one order; where they do
    not have the same number, none is confirmed, and ours go in front of nobody's.
    """
    rules = tables.get("filter", {}).get("FORWARD", iptables.Chain("ACCEPT")).rules
    listed = nft.rules_of(ruleset, "ip", "filter", "FORWARD")
    confirmed = [nft.kinds_of(rule) <= REFUSALS | {"log", "xt"} for rule in listed]
    for index, rule in enumerate(rules):
        if iptables.refuses_all(rule) and not (len(listed) == len(rules) and confirmed[index]):
            rule.insert(0, iptables.UNPRINTED)


def _nat_stands_in(tool: str, want: Masquerade, have: Firewall) -> bool:
    return want.backend == "iptables" and tool == next(iter(have.saves))


def _masquerade_words(want: Masquerade, mark: Mark) -> List[str]:
    out = f"! -o {want.bridge} " if want.bridge else ""
    return (
        f"-s {want.cidr} ! -d {want.cidr} {out}-m addrtype ! --dst-type MULTICAST"
        f" -m comment --comment {mark.text} -j MASQUERADE"
    ).split()


def _accept_words(want: Masquerade, mark: Mark) -> List[List[str]]:
    comment = f"-m comment --comment {mark.text} -j ACCEPT"
    incoming = f" -i {want.bridge}" if want.bridge else ""
    outgoing = f" -o {want.bridge}" if want.bridge else ""
    return [
        f"-s {want.cidr}{incoming} {comment}".split(),
        f"-d {want.cidr}{outgoing} -m conntrack --ctstate RELATED,ESTABLISHED {comment}".split(),
    ]


def _accept_rules(want: Masquerade, mark: Mark) -> Tuple[nft.Rule, ...]:
    incoming = (nft.Match("iifname", want.bridge),) if want.bridge else ()
    outgoing = (nft.Match("oifname", want.bridge),) if want.bridge else ()
    replies = nft.Match("ct state", ("established", "related"))
    return (
        nft.Rule((*incoming, nft.Match("ip saddr", want.cidr)), "accept", mark.text, "accept rule"),
        nft.Rule(
            (*outgoing, nft.Match("ip daddr", want.cidr), replies),
            "accept",
            mark.text,
            "accept rule for replies",
        ),
    )


def _plan_foreign_chains(
    change: Change, want: Optional[Masquerade], have: Firewall, mark: Mark
) -> None:
    """Accept rules of ours in other people's nftables chains that would refuse what we forward."""
    for chain in nft.objects(have.ruleset, "chain"):
        if chain.get("hook") != "forward" or chain["family"] not in ("ip", "inet"):
            continue
        if chain["table"] == mark.table or _belongs_to_iptables(chain, have):
            continue
        rules = nft.rules_of(have.ruleset, chain["family"], chain["table"], chain["name"])
        wanted = _accept_rules(want, mark) if want and _refuses(chain, rules, mark) else ()
        _plan_foreign_chain(change, chain, rules, wanted, mark)


def _plan_foreign_chain(
    change: Change,
    chain: Mapping[str, Any],
    rules: List[Mapping[str, Any]],
    wanted: Tuple[nft.Rule, ...],
    mark: Mark,
) -> None:
    place = f"{chain['family']} {chain['table']} {chain['name']}"
    others = [rule for rule in rules if rule.get("comment") != mark.text]
    refusal = next((rule for rule in others if _is_catch_all(rule)), None)
    in_force = rules[: rules.index(refusal)] if refusal else rules
    ours = [rule for rule in rules if rule.get("comment") == mark.text]
    have = [nft.comparable(rule["expr"]) for rule in ours]
    if have == [rule.expressions for rule in wanted] and all(rule in in_force for rule in ours):
        return
    label = f"accept rules in nftables chain {place}"
    change.differences.append(
        f"{label}: " + ("should not be there" if not wanted else "wrong" if ours else "missing")
    )
    change.before[label] = have
    change.after[label] = [rule.text for rule in wanted]
    for rule in ours:
        line = f"delete rule {place} handle {rule['handle']}"
        change.steps.append(Command("nft", line, f"remove {label}"))
    for new in wanted:
        if refusal:
            line = f"insert rule {place} position {refusal['handle']} {new.text}"
        else:
            line = f"add rule {place} {new.text}"
        change.steps.append(Command("nft", line, f"add {label}"))


def _belongs_to_iptables(chain: Mapping[str, Any], have: Firewall) -> bool:
    """iptables-nft keeps its chains in nftables; they are changed only with its own tool."""
    is_its_own = (chain["family"], chain["table"], chain["name"]) == ("ip", "filter", "FORWARD")
    return is_its_own and have.on_nftables is not None


def _refuses(chain: Mapping[str, Any], rules: List[Mapping[str, Any]], mark: Mark) -> bool:
    return chain.get("policy") == "drop" or any(
        _is_catch_all(rule) for rule in rules if rule.get("comment") != mark.text
    )


def _is_catch_all(rule: Mapping[str, Any]) -> bool:
    """A rule without a match whose verdict is to drop or to reject."""
    kinds = nft.kinds_of(rule)
    return bool(kinds & REFUSALS) and kinds <= REFUSALS | {"log"}
