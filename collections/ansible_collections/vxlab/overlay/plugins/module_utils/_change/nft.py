# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""nftables rules, and the change that makes a table of ours as wanted.

A rule here can be written as text, for `nft -f` and for people, and as the JSON that `nft -j`
lists, for comparing (libnftables-json(5)).
Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple, Union

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change, Command

Ruleset = Sequence[Mapping[str, Any]]
"""The list under "nftables" in what `nft -j list ruleset` prints."""

LEFT: Dict[str, Mapping[str, Any]] = {
    "iifname": {"meta": {"key": "iifname"}},
    "oifname": {"meta": {"key": "oifname"}},
    "ether saddr": {"payload": {"protocol": "ether", "field": "saddr"}},
    "ether type": {"payload": {"protocol": "ether", "field": "type"}},
    "ip saddr": {"payload": {"protocol": "ip", "field": "saddr"}},
    "ip daddr": {"payload": {"protocol": "ip", "field": "daddr"}},
    "udp dport": {"payload": {"protocol": "udp", "field": "dport"}},
    "vxlan vni": {"payload": {"base": "th", "offset": 96, "len": 24}},
    "arp saddr ether": {"payload": {"protocol": "arp", "field": "saddr ether"}},
    "arp saddr ip": {"payload": {"protocol": "arp", "field": "saddr ip"}},
    "arp daddr ip": {"payload": {"protocol": "arp", "field": "daddr ip"}},
    "ip6 saddr": {"payload": {"protocol": "ip6", "field": "saddr"}},
    "icmpv6 type": {"payload": {"protocol": "icmpv6", "field": "type"}},
    "ct state": {"ct": {"key": "state"}},
}
# The VNI stands 12 bytes behind the beginning of the UDP header (RFC 7348, section 5); only newer
# versions of nft have a name for it.
WRITTEN = {"vxlan vni": "@th,96,24"}

CONCATENATED = " . "
"""Between the parts of an element, of a set's type and of what is looked up there (nft(8))."""

Elements = Mapping[str, Sequence[str]]
"""By name of a set, what is in it."""


@dataclass(frozen=True)
class Match:
    """left: a key of LEFT, or several as a concatenation, "iifname . ether saddr"; value: a name,
    a number, an address or a prefix, a set as "@name", or several of one kind (ct states).
    """

    left: str
    value: Union[str, int, Tuple[str, ...]]
    negated: bool = False

    @property
    def text(self) -> str:
        if isinstance(self.value, tuple):
            right = ",".join(self.value)
        else:
            right = str(self.value)
            if self.left.endswith("name") and not right.startswith("@"):
                right = f'"{right}"'
        left = WRITTEN.get(self.left, self.left)
        return f"{left} {'!= ' if self.negated else ''}{right}"

    @property
    def json(self) -> Dict[str, Any]:
        right: Any = self.value
        operator = "!=" if self.negated else "=="
        if isinstance(self.value, tuple):
            right, operator = sorted(self.value), "in"
        elif isinstance(self.value, str) and "/" in self.value:
            network = ipaddress.ip_network(self.value)
            right = {"prefix": {"addr": str(network.network_address), "len": network.prefixlen}}
        parts = [LEFT[part] for part in self.left.split(CONCATENATED)]
        left = {"concat": parts} if len(parts) > 1 else parts[0]
        return {"match": {"op": operator, "left": left, "right": right}}


@dataclass(frozen=True)
class Rule:
    """matches, then the verdict (accept, drop, masquerade); what: names it in messages."""

    matches: Tuple[Match, ...]
    verdict: str
    comment: str
    what: str

    @property
    def text(self) -> str:
        matches = " ".join(match.text for match in self.matches)
        return f'{matches} counter {self.verdict} comment "{self.comment}"'

    @property
    def expressions(self) -> List[Any]:
        return [match.json for match in self.matches] + [{self.verdict: None}]


@dataclass(frozen=True)
class Chain:
    """A base chain (nft(8), "CHAINS")."""

    name: str
    type: str
    hook: str
    priority: int
    rules: Tuple[Rule, ...]

    @property
    def text(self) -> str:
        return (
            f"{self.name} {{ type {self.type} hook {self.hook} priority {self.priority};"
            " policy accept; }"
        )


@dataclass(frozen=True)
class NamedSet:
    """type: of its elements (nft(8), "SETS"), "ifname . ether_addr" for concatenations, whose
    elements are written in the same way; what: names it in messages.
    """

    name: str
    type: str
    elements: Tuple[str, ...]
    what: str

    def text(self, element: str) -> str:
        """An element, for nft: the name of an interface could be a word of its own or a number."""
        parts = zip(self.type.split(CONCATENATED), element.split(CONCATENATED))
        return CONCATENATED.join(f'"{p}"' if kind == "ifname" else p for kind, p in parts)


@dataclass(frozen=True)
class Table:
    family: str
    name: str
    chains: Tuple[Chain, ...]
    sets: Tuple[NamedSet, ...] = ()


def plan_table(
    change: Change,
    family: str,
    name: str,
    want: Optional[Table],
    have: Ruleset,
    elements: Optional[Elements] = None,
) -> None:
    """Add to the change what makes our table as wanted, in one transaction.

    It is made anew as a whole, unless only elements of its sets differ. want: None means that it
    should not be there; elements: of the sets that it has.
    """
    exists = any(
        (table["family"], table["name"]) == (family, name) for table in objects(have, "table")
    )
    differences = _differences(want, family, name, have, exists)
    if not differences:
        if want is not None:
            _plan_elements(change, want, elements or {})
        return
    change.differences += differences
    label = f"{family} table {name}"
    change.before[label] = _listed(family, name, have) if exists else None
    change.after[label] = (
        [rule.text for chain in want.chains for rule in chain.rules] if want else None
    )
    if exists:
        _command(change, f"delete table {family} {name}", f"remove {label}")
    if want is None:
        return
    _command(change, f"add table {family} {name}", f"create {label}")
    for named in want.sets:
        _command(
            change,
            f"add set {family} {name} {named.name} {{ type {named.type}; }}",
            f"create {named.what}",
        )
        _change_elements(change, "add", want, named, named.elements)
    for chain in want.chains:
        _command(change, f"add chain {family} {name} {chain.text}", f"create {label}")
        for rule in chain.rules:
            _command(
                change, f"add rule {family} {name} {chain.name} {rule.text}", f"add {rule.what}"
            )


def _plan_elements(change: Change, want: Table, have: Elements) -> None:
    for named in want.sets:
        there = set(have.get(named.name, ()))
        missing = [element for element in named.elements if element not in there]
        stray = sorted(there.difference(named.elements))
        change.differences += [f"{named.what}: {element} missing" for element in missing]
        change.differences += [f"{named.what}: {e} should not be there" for e in stray]
        if missing or stray:
            label = f"{want.family} table {want.name}, set {named.name}"
            change.before[label], change.after[label] = sorted(there), sorted(named.elements)
        _change_elements(change, "add", want, named, missing)
        _change_elements(change, "delete", want, named, stray)


def _change_elements(
    change: Change, verb: str, table: Table, named: NamedSet, elements: Sequence[str]
) -> None:
    if elements:
        listed = ", ".join(map(named.text, elements))
        _command(
            change,
            f"{verb} element {table.family} {table.name} {named.name} {{ {listed} }}",
            f"{verb} elements of {named.what}",
        )


def objects(ruleset: Ruleset, kind: str) -> List[Mapping[str, Any]]:
    """All objects of a kind ("table", "chain", "rule") in a ruleset."""
    return [entry[kind] for entry in ruleset if kind in entry]


def type_of(listed: Mapping[str, Any]) -> str:
    """The type of a set in a ruleset, as NamedSet has it; one that has no name as nft lists it."""
    kind = listed["type"]
    return CONCATENATED.join(kind) if isinstance(kind, list) else str(kind)


def element_of(listed: Any) -> str:
    """An element of a set, as NamedSet has it, from what nft lists."""
    if isinstance(listed, Mapping) and "concat" in listed:
        return CONCATENATED.join(map(str, listed["concat"]))
    return str(listed)


def rules_of(ruleset: Ruleset, family: str, table: str, chain: str) -> List[Mapping[str, Any]]:
    return [
        rule
        for rule in objects(ruleset, "rule")
        if (rule["family"], rule["table"], rule["chain"]) == (family, table, chain)
    ]


def comparable(expressions: Sequence[Any]) -> List[Any]:
    """Without counters, and with sets in one order, so that two rules can be compared.

    What has no form in JSON nft lists as text (a jump to a chain without a name), which stays.
    """
    result: List[Any] = []
    for expression in expressions:
        if isinstance(expression, Mapping):
            if "counter" in expression:
                continue
            match = expression.get("match")
            if match and isinstance(match.get("right"), list):
                expression = {"match": dict(match, right=sorted(match["right"], key=str))}
        result.append(expression)
    return result


def kinds_of(rule: Mapping[str, Any]) -> Set[str]:
    """Of a rule's statements but counters, as libnftables-json(5) names them; "" for a text."""
    return {
        kind
        for expression in comparable(rule["expr"])
        for kind in (expression if isinstance(expression, Mapping) else [""])
    }


def _differences(
    want: Optional[Table], family: str, name: str, have: Ruleset, exists: bool
) -> List[str]:
    if want is None:
        return [f"{family} table {name}: should not be there"] if exists else []
    found = []
    sets = {s["name"]: type_of(s) for s in objects(have, "set") if _in(s, family, name)}
    for named in want.sets:
        if sets.pop(named.name, None) != named.type:
            found.append(f"{named.what}: missing")
    found += [f"{family} table {name}: set {left} should not be there" for left in sets]
    chains = {c["name"]: c for c in objects(have, "chain") if _in(c, family, name)}
    for chain in want.chains:
        listed = chains.pop(chain.name, None)
        rules = [comparable(r["expr"]) for r in rules_of(have, family, name, chain.name)]
        if listed is not None and not _is_same(listed, chain):
            found.append(f"{family} table {name}: chain {chain.name} has another hook or policy")
        for rule in chain.rules:
            times = rules.count(rule.expressions)
            rules = [expressions for expressions in rules if expressions != rule.expressions]
            if times == 0:
                found.append(f"{rule.what}: missing")
            elif times > 1:
                found.append(f"{rule.what}: there {times} times, should be once")
        found += [f"{family} table {name}: a rule that should not be there: {r}" for r in rules]
    found += [f"{family} table {name}: chain {c} should not be there" for c in chains]
    return found


def _is_same(listed: Mapping[str, Any], chain: Chain) -> bool:
    have = (listed.get("type"), listed.get("hook"), listed.get("prio"), listed.get("policy"))
    return have == (chain.type, chain.hook, chain.priority, "accept")


def _in(entry: Mapping[str, Any], family: str, table: str) -> bool:
    return bool((entry["family"], entry["table"]) == (family, table))


def _listed(family: str, name: str, have: Ruleset) -> List[Any]:
    return [
        {"chain": rule["chain"], "expr": comparable(rule["expr"])}
        for rule in objects(have, "rule")
        if _in(rule, family, name)
    ]


def _command(change: Change, line: str, intent: str) -> None:
    change.steps.append(Command("nft", line, intent))
