# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Firewall rules: one run is enough, and those of others keep their order.

Models of nft and iptables apply the commands; fixtures hold what the real ones printed.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any, Dict, List, Sequence

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import (
    gateway,
    iptables,
    masquerade,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
)
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    MARK,
    NAT,
    SYSCTLS_DONE,
    ruleset,
)

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Other tests may keep the machine busy meanwhile.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

OUR_RULES = {
    rule.text: rule
    for table in (
        gateway.wanted_table(gateway.Gateway("10.233.0.1", "vxlan0"), MARK),
        masquerade._masquerade_table(NAT["nft"], MARK),
    )
    for chain in table.chains
    for rule in chain.rules
}
OUR_RULES.update({rule.text: rule for rule in masquerade._accept_rules(NAT["nft"], MARK)})


class Ruleset:
    """nft(8): tables, chains and rules, each rule with a handle."""

    def __init__(self, listed: Sequence[Dict[str, Any]]) -> None:
        self.listed = list(listed)
        self.handle = 1000

    def apply(self, change: Change) -> None:
        for step in change.steps:
            self.run(getattr(step, "line", ""))

    def run(self, line: str) -> None:
        words = line.split()
        verb, kind, family, table = words[:4]
        if (verb, kind) == ("delete", "table"):
            assert self.has("table", family, table), line
            self.listed = [e for e in self.listed if not self.of(e, family, table)]
        elif (verb, kind) == ("add", "table"):
            if not self.has("table", family, table):
                self.listed.append({"table": {"family": family, "name": table}})
        elif (verb, kind) == ("add", "chain"):
            self.listed.append(
                {
                    "chain": {
                        "family": family, "table": table, "name": words[4], "type": words[7],
                        "hook": words[9], "prio": int(words[11].rstrip(";")), "policy": "accept",
                    }
                }
            )  # fmt: skip
        elif (verb, kind) == ("delete", "rule"):
            (gone,) = [e for e in self.listed if self.handle_of(e, family, table) == int(words[-1])]
            self.listed.remove(gone)
        elif verb in ("add", "insert"):
            self.add_rule(verb, family, table, words[4], line.split(f" {words[4]} ", 1)[1])

    def add_rule(self, verb: str, family: str, table: str, chain: str, text: str) -> None:
        place = len(self.listed)
        if verb == "insert":
            _position, before, text = text.split(" ", 2)
            (place,) = [
                i
                for i, e in enumerate(self.listed)
                if self.handle_of(e, family, table) == int(before)
            ]
        rule = OUR_RULES[text]
        self.handle += 1
        expressions = rule.expressions
        expressions.insert(-1, {"counter": {"packets": 0, "bytes": 0}})
        entry = {
            "rule": {
                "family": family, "table": table, "chain": chain, "handle": self.handle,
                "comment": rule.comment, "expr": expressions,
            }
        }  # fmt: skip
        self.listed.insert(place, entry)

    def has(self, kind: str, family: str, name: str) -> bool:
        return any(
            (e[kind]["family"], e[kind]["name"]) == (family, name) for e in self.listed if kind in e
        )

    @staticmethod
    def of(entry: Dict[str, Any], family: str, table: str) -> bool:
        return any(
            (v.get("family"), v.get("table", v.get("name"))) == (family, table)
            for v in entry.values()
        )

    @staticmethod
    def handle_of(entry: Dict[str, Any], family: str, table: str) -> Any:
        rule = entry.get("rule", {})
        if (rule.get("family"), rule.get("table")) == (family, table):
            return rule["handle"]
        return None

    @property
    def others(self) -> List[Dict[str, Any]]:
        return [entry for entry in self.listed if "vxlab" not in str(entry)]


def nft_plans(have: Sequence[Dict[str, Any]]) -> List[Change]:
    return [
        gateway.plan_present(
            gateway.Gateway("10.233.0.1", "vxlan0"), gateway.Filters(ruleset=have), MARK
        ),
        masquerade.plan_present(
            NAT["nft"], masquerade.Firewall(ruleset=have, **SYSCTLS_DONE), MARK
        ),
    ]


@given(data=st.data())
@settings(PATIENT, max_examples=150)
def test_nftables_rules_in_any_disorder_are_mended_in_one_run(data: st.DataObject) -> None:
    have = ruleset("1.0.6", "ours.json")
    rules = [e for e in have if "rule" in e]
    handles = 100
    for entry in data.draw(st.lists(st.sampled_from(rules), max_size=5)):
        if data.draw(st.booleans()):
            have = [e for e in have if e is not entry]
        else:
            where = data.draw(st.integers(1, len(have)))
            handles += 1
            have.insert(where, {"rule": dict(entry["rule"], handle=handles)})
    model = Ruleset(have)
    others = model.others
    for change in nft_plans(model.listed):
        model.apply(change)
    assert [change.differences for change in nft_plans(model.listed)] == [[], []]
    assert model.others == others


# --- iptables

FOREIGN = ["-i eth9 -j theirs", "-s 192.0.2.0/24 -j ACCEPT", "-j LOG", "-j DROP", "-j REJECT"]
OURS = [shlex.join(words) for words in masquerade._accept_words(NAT["iptables"], MARK)] + [
    f"-s 10.9.0.0/16 -m comment --comment {MARK.text} -j ACCEPT"
]


def save_of(policy: str, rules: Sequence[str]) -> str:
    return f"*filter\n:FORWARD {policy} [0:0]\n" + "".join(f"-A FORWARD {r}\n" for r in rules)


def iptables_plan(policy: str, rules: Sequence[str]) -> Change:
    have = masquerade.Firewall(saves={"iptables": save_of(policy, rules)}, **SYSCTLS_DONE)
    return masquerade.plan_present(replace(NAT["nft"], backend="nft"), have, MARK)


def apply_iptables(change: Change, rules: Sequence[str]) -> List[str]:
    result = list(rules)
    for step in change.steps:
        if getattr(step, "tool", "") != "iptables":
            continue
        words = shlex.split(getattr(step, "line", ""))[4:]
        if words[0] == "-D":
            result.remove(shlex.join(words[2:]))
        elif words[0] == "-A":
            result.append(shlex.join(words[2:]))
        else:
            assert 1 <= int(words[2]) <= len(result) + 1
            result.insert(int(words[2]) - 1, shlex.join(words[3:]))
    return result


@given(
    policy=st.sampled_from(["ACCEPT", "DROP"]),
    rules=st.lists(st.sampled_from(FOREIGN + OURS), max_size=8),
)
@settings(PATIENT, max_examples=300)
def test_iptables_rules_in_any_disorder_are_mended_in_one_run(
    policy: str, rules: List[str]
) -> None:
    after = apply_iptables(iptables_plan(policy, rules), rules)
    assert [d for d in iptables_plan(policy, after).differences if "FORWARD" in d] == []
    assert [r for r in after if MARK.text not in r] == [r for r in rules if MARK.text not in r]
    chain = iptables.parse(save_of(policy, after))["filter"]["FORWARD"]
    ours = [r for r in after if MARK.text in r]
    assert ours == (OURS[:2] if iptables.refuses_by_default(chain) else [])
    refusals = [i for i, r in enumerate(after) if r in ("-j DROP", "-j REJECT")]
    assert all(after.index(rule) < min(refusals, default=99) for rule in ours)
