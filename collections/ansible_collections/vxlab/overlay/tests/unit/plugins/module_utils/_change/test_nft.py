# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of ours in nftables: the gateway's ARP filter, the masquerading, other people's chains."""

from __future__ import annotations

import copy
from typing import Any, Dict, List

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import (
    gateway,
    masquerade,
    nft,
    spoof,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    MARK,
    NAT,
    NFT_VERSIONS,
    SENDERS,
    firewall,
    lines,
    ruleset,
)

every_version = pytest.mark.parametrize("version", NFT_VERSIONS)
GATEWAY = gateway.Gateway("10.233.0.1", "vxlan0")
SUBJECTS: Dict[str, Any] = {
    "gateway": ("bridge", "vxlab_overlay"),
    "nat": ("ip", "vxlab_overlay"),
    "spoof": ("bridge", "vxlab_overlay.ports"),
}
ELEMENTS = {named.name: list(named.elements) for named in spoof.wanted_table(SENDERS, MARK).sets}
every_subject = pytest.mark.parametrize("subject", SUBJECTS)


def plan(subject: str, have: List[Dict[str, Any]]) -> Any:
    if subject == "gateway":
        return gateway.plan_present(GATEWAY, gateway.Filters(ruleset=have), MARK)
    if subject == "spoof":
        return spoof.plan_present(SENDERS, "nft", spoof.Filters(have, ELEMENTS), MARK)
    rest = firewall(NFT_VERSIONS[0], "foreign.json")
    return masquerade.plan_present(
        NAT["nft"],
        masquerade.Firewall(ruleset=have, sysctls=rest.sysctls, sysctl_files=rest.sysctl_files),
        MARK,
    )


def index_of(have: List[Dict[str, Any]], kind: str, subject: str) -> int:
    family, table = SUBJECTS[subject]
    for index, entry in enumerate(have):
        found = entry.get(kind, {})
        if (found.get("family"), found.get("table")) == (family, table):
            return index
    raise AssertionError(f"no {kind} of {table}")


@every_version
def test_captures_were_made_by_the_plans_commands(version: str) -> None:
    have = ruleset(version, "foreign.json")
    made = [command for subject in SUBJECTS for command in plan(subject, have).commands]
    assert made == lines("nft", "ours.sh")


@every_version
@every_subject
def test_rules_as_wanted_need_no_change(version: str, subject: str) -> None:
    change = plan(subject, ruleset(version, "ours.json"))
    assert (change.steps, change.differences) == ([], [])


@every_version
@every_subject
def test_counters_that_have_counted_are_no_difference(version: str, subject: str) -> None:
    have = copy.deepcopy(ruleset(version, "ours.json"))
    for rule in nft.objects(have, "rule"):
        for expression in rule["expr"]:
            if "counter" in expression:
                expression["counter"].update(packets=7, bytes=700)
    assert plan(subject, have).steps == []


@every_version
@every_subject
@pytest.mark.parametrize(
    "sabotage", ["rule gone", "rule doubled", "rule added", "chain added", "policy", "hook gone"]
)
def test_table_that_differs_is_made_anew_whole(version: str, subject: str, sabotage: str) -> None:
    family, table = SUBJECTS[subject]
    have = copy.deepcopy(ruleset(version, "ours.json"))
    rule, chain = index_of(have, "rule", subject), index_of(have, "chain", subject)
    if sabotage == "rule gone":
        del have[rule]
        word = "missing"
    elif sabotage == "rule doubled":
        have.insert(rule, copy.deepcopy(have[rule]))
        word = "there 2 times, should be once"
    elif sabotage == "rule added":
        have.append({"rule": dict(have[rule]["rule"], expr=[{"accept": None}])})
        word = "a rule that should not be there"
    elif sabotage == "chain added":
        have.append({"chain": dict(have[chain]["chain"], name="other")})
        word = "chain other should not be there"
    elif sabotage == "policy":
        have[chain]["chain"]["policy"] = "drop"
        word = "another hook or policy"
    else:
        have[chain]["chain"]["prio"] = 7
        word = "another hook or policy"
    change = plan(subject, have)
    assert len(change.differences) == 1
    assert word in change.differences[0]
    told = [step.line for step in change.steps]
    assert told[:2] == [f"delete table {family} {table}", f"add table {family} {table}"]
    assert all(f" {family} {table}" in line for line in told)


@every_version
@every_subject
def test_table_that_is_gone_is_made(version: str, subject: str) -> None:
    family, table = SUBJECTS[subject]
    have = [
        entry
        for entry in ruleset(version, "ours.json")
        if not any(
            (v.get("family"), v.get("table", v.get("name"))) == (family, table)
            for v in entry.values()
        )
    ]
    told = [step.line for step in plan(subject, have).steps]
    assert told[0] == f"add table {family} {table}"


@every_version
def test_absent_removes_our_tables_and_rules_and_nothing_else(version: str) -> None:
    have = ruleset(version, "ours.json")
    told = gateway.plan_absent(gateway.Filters(ruleset=have), MARK).commands
    assert told == ["nft 'delete table bridge vxlab_overlay'"]
    told = spoof.plan_absent(spoof.Filters(ruleset=have), MARK).commands
    assert told == ["nft 'delete table bridge vxlab_overlay.ports'"]
    told = masquerade.plan_absent(masquerade.Firewall(ruleset=have), MARK).commands
    handles = {
        place: [
            rule["handle"]
            for rule in nft.rules_of(have, *place.split())
            if rule.get("comment") == MARK.text
        ]
        for place in ("inet firewall forward", "ip strict forward")
    }
    assert told == ["nft 'delete table ip vxlab_overlay'"] + [
        f"nft 'delete rule {place} handle {handle}'"
        for place, numbers in handles.items()
        for handle in numbers
    ]


@every_version
def test_nothing_to_remove_is_no_change(version: str) -> None:
    have = ruleset(version, "foreign.json")
    assert gateway.plan_absent(gateway.Filters(ruleset=have), MARK).steps == []
    assert masquerade.plan_absent(masquerade.Firewall(ruleset=have), MARK).steps == []
    assert spoof.plan_absent(spoof.Filters(ruleset=have), MARK).steps == []


@every_version
def test_rules_of_another_overlay_stay(version: str) -> None:
    other = Mark("over")
    have = ruleset(version, "ours.json")
    assert gateway.plan_absent(gateway.Filters(ruleset=have), other).steps == []
    assert masquerade.plan_absent(masquerade.Firewall(ruleset=have), other).steps == []
    assert spoof.plan_absent(spoof.Filters(ruleset=have), other).steps == []


@every_version
def test_accept_rules_stand_only_where_a_chain_refuses(version: str) -> None:
    told = plan("nat", ruleset(version, "foreign.json")).commands
    assert [line for line in told if " ip open " in line] == []
    assert len([line for line in told if "add rule inet firewall forward" in line]) == 2
    assert len([line for line in told if "insert rule ip strict forward position 3" in line]) == 2


@every_version
def test_accept_rule_behind_the_refusal_is_moved_before_it(version: str) -> None:
    have = ruleset(version, "ours.json")
    refusal = next(e for e in have if "reject" in str(e))
    have.remove(refusal)
    first = next(i for i, e in enumerate(have) if e.get("rule", {}).get("table") == "strict")
    have.insert(first + 1, refusal)
    change = plan("nat", have)
    assert change.differences == ["accept rules in nftables chain ip strict forward: wrong"]
    assert [line.split()[1] for line in change.commands] == [
        "'delete",
        "'delete",
        "'insert",
        "'insert",
    ]


@every_version
def test_chain_that_no_longer_refuses_loses_our_rules(version: str) -> None:
    have = copy.deepcopy(ruleset(version, "ours.json"))
    for entry in have:
        if entry.get("chain", {}).get("table") == "firewall":
            entry["chain"]["policy"] = "accept"
    change = plan("nat", have)
    assert change.differences == [
        "accept rules in nftables chain inet firewall forward: should not be there"
    ]
    assert all(line.startswith("nft 'delete rule inet firewall") for line in change.commands)


def test_moving_the_overlay_removes_the_old_cidrs_rules() -> None:
    have = ruleset("1.0.6", "ours.json")
    rest = firewall("1.0.6", "ours.json")
    moved = masquerade.plan_present(
        masquerade.Masquerade("10.99.0.0/16", "nft", "br0"),
        masquerade.Firewall(ruleset=have, sysctls=rest.sysctls, sysctl_files=rest.sysctl_files),
        MARK,
    )
    added = [line for line in moved.commands if "'add rule" in line or "'insert rule" in line]
    assert added and all("10.99.0.0/16" in line and "10.233" not in line for line in added)


def test_changing_to_iptables_removes_the_table() -> None:
    rest = firewall("1.0.6", "ours.json")
    change = masquerade.plan_present(NAT["iptables"], rest, MARK)
    assert "nft 'delete table ip vxlab_overlay'" in change.commands
