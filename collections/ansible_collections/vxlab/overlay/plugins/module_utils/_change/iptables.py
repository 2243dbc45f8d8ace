# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of ours among other people's, in the tables of iptables.

Rules are lists of words as iptables-save(8) prints them, so that the two can be compared.
Private to the collection: may change without notice.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Dict, List, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change, Command

VERDICTS_THAT_REFUSE = ("DROP", "REJECT")


@dataclass
class Chain:
    """policy: ACCEPT, DROP, or "-" for chains that are not built in."""

    policy: str
    rules: List[List[str]] = field(default_factory=list)


Tables = Dict[str, Dict[str, Chain]]
"""By table and chain, what one iptables-save prints."""


def parse(save: str) -> Tables:
    tables: Tables = {}
    chains: Dict[str, Chain] = {}
    for line in save.splitlines():
        if line.startswith("*"):
            chains = tables.setdefault(line[1:].strip(), {})
        elif line.startswith(":"):
            name, policy = line[1:].split()[:2]
            chains[name] = Chain(policy)
        elif line.startswith("-A "):
            words = shlex.split(line)
            chains.setdefault(words[1], Chain("-")).rules.append(words[2:])
    return tables


def refuses_by_default(chain: Chain) -> bool:
    """Whether packets that no rule accepts are refused, by the policy or by a last rule."""
    return chain.policy == "DROP" or _catch_all(chain) < len(chain.rules)


def plan_rules(
    change: Change,
    tool: str,
    table: str,
    name: str,
    tables: Tables,
    want: Sequence[Sequence[str]],
    comment: str,
    what: str,
) -> None:
    """Add to the change what makes our rules in one chain exactly those wanted.

    tool: the iptables that the chain belongs to. Ours are those with our comment. They stand
    behind everybody else's, but before a last rule that refuses all.
    """
    chain = tables.get(table, {}).get(name, Chain("ACCEPT"))
    ours = [rule for rule in chain.rules if comment in rule]
    wanted = [list(rule) for rule in want]
    first_refusal = _catch_all(chain)
    in_force = chain.rules[:first_refusal]
    if ours == wanted and all(rule in in_force for rule in wanted):
        return
    label = f"{what} in {tool}'s {table} {name}"
    if not wanted:
        change.differences.append(f"{label}: should not be there")
    elif not ours:
        change.differences.append(f"{label}: missing")
    elif len(ours) > len(wanted):
        change.differences.append(
            f"{label}: there {len(ours)} times, should be {len(wanted)} times"
            if len(wanted) > 1
            else f"{label}: there {len(ours)} times, should be once"
        )
    else:
        change.differences.append(f"{label}: wrong, or behind a rule that refuses all")
    change.before[label] = [shlex.join(rule) for rule in ours]
    change.after[label] = [shlex.join(rule) for rule in wanted]
    for rule in ours:
        _command(change, tool, table, f"-D {name} {shlex.join(rule)}", f"remove {label}")
    others = [rule for rule in chain.rules if comment not in rule]
    position = _catch_all(Chain(chain.policy, others)) + 1
    for offset, rule in enumerate(wanted):
        place = f"-A {name}" if position > len(others) else f"-I {name} {position + offset}"
        _command(change, tool, table, f"{place} {shlex.join(rule)}", f"add {label}")


def _catch_all(chain: Chain) -> int:
    """Index of the first rule that refuses every packet; the number of rules if there is none."""
    for index, rule in enumerate(chain.rules):
        words = list(rule)
        if words[:2] == ["-m", "comment"]:
            del words[:4]
        if words[:1] == ["-j"] and words[1] in VERDICTS_THAT_REFUSE:
            return index
    return len(chain.rules)


def _command(change: Change, tool: str, table: str, line: str, intent: str) -> None:
    change.steps.append(Command(tool, f"-w 5 -t {table} {line}", intent))
