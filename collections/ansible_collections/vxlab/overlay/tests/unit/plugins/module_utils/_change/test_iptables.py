# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of ours among other people's, and what each iptables-save prints of both."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Dict, List

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import (
    gateway,
    iptables,
    masquerade,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    IPTABLES_VERSIONS,
    MARK,
    NAT,
    SYSCTLS_DONE,
    lines,
    text,
)

every_version = pytest.mark.parametrize("version", IPTABLES_VERSIONS)
EBTABLES = gateway.Gateway("10.233.0.1", "vxlan0", "ebtables")


def saved(version: str, state: str) -> masquerade.Firewall:
    saves = {
        "iptables": text("iptables", version, f"{state}-nft.save"),
        "iptables-legacy": text("iptables", version, f"{state}-legacy.save"),
    }
    listed = json.loads(text("iptables", version, f"{state}-ruleset.json"))["nftables"]
    return masquerade.Firewall(ruleset=listed, saves=saves, on_nftables="iptables", **SYSCTLS_DONE)


def plan(have: masquerade.Firewall) -> Any:
    return masquerade.plan_present(NAT["iptables"], have, MARK)


def edited(version: str, old: str, new: str, tool: str = "iptables") -> masquerade.Firewall:
    have = saved(version, "ours")
    assert old in have.saves[tool]
    return replace(have, saves=dict(have.saves, **{tool: have.saves[tool].replace(old, new)}))


@every_version
def test_captures_were_made_by_the_plans_commands(version: str) -> None:
    made = [line for line in lines("iptables", "ours.sh") if line.startswith("iptables")]
    assert plan(saved(version, "foreign")).commands == made


@every_version
def test_rules_as_wanted_need_no_change(version: str) -> None:
    change = plan(saved(version, "ours"))
    assert (change.steps, change.differences) == ([], [])


@every_version
def test_iptables_chains_that_nft_lists_too_are_changed_by_iptables_alone(version: str) -> None:
    for state in ("foreign", "ours"):
        change = plan(saved(version, state))
        assert [line for line in change.commands if line.startswith("nft")] == []
    assert change.steps == []


@every_version
def test_absent_leaves_exactly_what_other_people_had(version: str) -> None:
    told = masquerade.plan_absent(
        replace(saved(version, "ours"), sysctls={}, sysctl_files={}), MARK
    ).commands
    assert len(told) == 5
    assert all(" -D " in line and MARK.text in line for line in told)
    foreign = replace(saved(version, "foreign"), sysctls={}, sysctl_files={})
    assert masquerade.plan_absent(foreign, MARK).steps == []


RULE = "-A POSTROUTING -s 10.233.0.0/16"


@every_version
def test_nat_rule_that_is_gone_comes_back(version: str) -> None:
    have = edited(version, RULE, "# ")
    change = plan(have)
    assert change.differences == ["NAT rule in iptables's nat POSTROUTING: missing"]
    assert len(change.steps) == 1


@every_version
def test_doubled_nat_rule_is_made_one(version: str) -> None:
    whole = next(
        line for line in saved(version, "ours").saves["iptables"].splitlines() if RULE in line
    )
    change = plan(edited(version, whole, f"{whole}\n{whole}"))
    assert change.differences == [
        "NAT rule in iptables's nat POSTROUTING: there 2 times, should be once"
    ]
    assert [line.split()[5] for line in change.commands] == ["-D", "-D", "-A"]


@every_version
def test_nat_rule_of_another_cidr_is_replaced(version: str) -> None:
    change = plan(edited(version, "-s 10.233.0.0/16 ! -d", "-s 10.9.0.0/16 ! -d"))
    assert change.differences == [
        "NAT rule in iptables's nat POSTROUTING: wrong, or behind a rule that refuses all"
    ]
    assert [line.split()[5] for line in change.commands] == ["-D", "-A"]


@every_version
def test_accept_rules_go_when_the_chain_no_longer_refuses(version: str) -> None:
    change = plan(edited(version, ":FORWARD DROP", ":FORWARD ACCEPT"))
    assert change.differences == ["accept rules in iptables's filter FORWARD: should not be there"]


def set_policy(have: masquerade.Firewall, policy: str) -> masquerade.Firewall:
    """With another policy of the filter chain, which iptables and nft then print."""
    old = iptables.parse(have.saves["iptables"])["filter"]["FORWARD"].policy
    save = have.saves["iptables"].replace(f":FORWARD {old}", f":FORWARD {policy}")
    return replace(have, saves=dict(have.saves, iptables=save))


@every_version
def test_rule_that_drops_by_a_set_is_not_one_that_refuses_all(version: str) -> None:
    """iptables-save prints "-A FORWARD -j DROP"."""
    have = saved(version, "foreign")
    assert "-A FORWARD -j DROP\n" in have.saves["iptables"]
    told = [line for line in plan(have).commands if line.startswith("iptables -w 5 -t filter")]
    assert [line.split()[5:7] for line in told] == [["-A", "FORWARD"]] * 2
    told = plan(set_policy(have, "ACCEPT")).commands
    assert [line for line in told if line.startswith("iptables -w 5 -t filter")] == []


@every_version
def test_rule_that_nft_does_not_list_is_not_taken_for_one_that_refuses_all(version: str) -> None:
    have = saved(version, "foreign")
    save = have.saves["iptables"].replace("-A FORWARD", "-A FORWARD -j DROP\n-A FORWARD", 1)
    have = replace(have, saves=dict(have.saves, iptables=save))
    told = [line for line in plan(have).commands if line.startswith("iptables -w 5 -t filter")]
    assert [line.split()[5:7] for line in told] == [["-A", "FORWARD"]] * 2


@pytest.mark.parametrize(
    "expressions, place",
    [
        ([{"counter": {"packets": 0, "bytes": 0}}, {"drop": None}], "-I FORWARD 3"),
        ([{"xt": {"type": "target", "name": "REJECT"}}], "-I FORWARD 3"),
        ([{"xt": None}, {"drop": None}], "-I FORWARD 3"),
        ([{"match": {}}, {"drop": None}], "-A FORWARD"),
        (["xt target", {"drop": None}], "-A FORWARD"),
    ],
)
def test_nft_has_to_confirm_that_a_rule_refuses_all(expressions: List[Any], place: str) -> None:
    have = saved("1.8.9", "foreign")
    ruleset = json.loads(json.dumps(have.ruleset))
    (rule,) = [e["rule"] for e in ruleset if "@blocked" in str(e)]
    rule["expr"] = expressions
    told = [line for line in plan(replace(have, ruleset=ruleset)).commands if "-s 10.233" in line]
    assert f"iptables -w 5 -t filter {place} -s 10.233.0.0/16" in told[1]


@every_version
def test_accept_rules_stand_before_the_rule_that_refuses_all(version: str) -> None:
    reject = "-A FORWARD -j REJECT --reject-with icmp-host-prohibited\n"
    have = edited(version, reject, "", tool="iptables-legacy")
    saves = dict(have.saves)
    saves["iptables-legacy"] = saves["iptables-legacy"].replace(
        "-A FORWARD -s 10.233", f"{reject}-A FORWARD -s 10.233"
    )
    change = plan(replace(have, saves=saves))
    inserted = [line for line in change.commands if " -I FORWARD " in line]
    assert [line.split(" -I FORWARD ")[1].split()[0] for line in inserted] == ["3", "4"]


@pytest.mark.parametrize(
    "rules, refuses",
    [
        ([], False),
        (["-j DROP"], True),
        (["-s 10.0.0.0/8 -j DROP"], False),
        (["-j ACCEPT"], False),
        (["-m comment --comment all -j DROP"], True),
    ],
)
def test_rule_that_refuses_all_is_seen(rules: List[str], refuses: bool) -> None:
    chain = iptables.Chain("ACCEPT", [rule.split() for rule in rules])
    assert iptables.refuses_by_default(chain) is refuses


def test_policy_drop_refuses() -> None:
    assert iptables.refuses_by_default(iptables.Chain("DROP"))


def test_words_in_quotes_stay_one_word() -> None:
    tables = iptables.parse(text("iptables", "1.8.9", "foreign-nft.save"))
    assert "with words" in tables["filter"]["FORWARD"].rules[0]
    assert tables["filter"]["theirs"].policy == "-"


def test_chain_that_is_not_listed_yet_is_empty() -> None:
    change = Change()
    iptables.plan_rules(change, "iptables", "nat", "POSTROUTING", {}, [["-j", "X"]], "c", "rule")
    assert change.commands == ["iptables -w 5 -t nat -A POSTROUTING -j X"]


def ebtables_plan(version: str, state: str) -> Any:
    have = gateway.Filters(ebtables=text("iptables", version, f"{state}-ebtables.save"))
    return gateway.plan_present(EBTABLES, have, MARK)


@every_version
def test_ebtables_filter_as_wanted_needs_no_change(version: str) -> None:
    assert ebtables_plan(version, "ours").steps == []


@every_version
def test_ebtables_filter_was_made_by_the_plans_commands(version: str) -> None:
    made = [line for line in lines("iptables", "ours.sh") if line.startswith("ebtables")]
    assert ebtables_plan(version, "foreign").commands == made


@every_version
def test_ebtables_filter_is_removed_alone(version: str) -> None:
    have = gateway.Filters(ebtables=text("iptables", version, "ours-ebtables.save"))
    told = gateway.plan_absent(have, MARK).commands
    assert told == [
        "ebtables -t filter -D INPUT -i vxlan0 -j vxl_overlay",
        "ebtables -t filter -D FORWARD -i vxlan0 -j vxl_overlay",
        "ebtables -t filter -D FORWARD -o vxlan0 -j vxl_overlay",
        "ebtables -t filter -D OUTPUT -o vxlan0 -j vxl_overlay",
        "ebtables -t filter -F vxl_overlay",
        "ebtables -t filter -X vxl_overlay",
    ]
    foreign = gateway.Filters(ebtables=text("iptables", version, "foreign-ebtables.save"))
    assert gateway.plan_absent(foreign, MARK).steps == []


def test_host_with_both_saves_has_one_nat_rule() -> None:
    tools: Dict[str, int] = {}
    for line in plan(saved("1.8.9", "foreign")).commands:
        if "MASQUERADE" in line:
            tools[line.split()[0]] = tools.get(line.split()[0], 0) + 1
    assert tools == {"iptables": 1}
