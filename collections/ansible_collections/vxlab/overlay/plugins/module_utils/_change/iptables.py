# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of ours among other people's, in the tables of iptables and ebtables.

Rules are lists of words as iptables-save(8) prints them, so that the two can be compared.
Private to the collection: may change without notice.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import Dict, Iterable, List, Mapping, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    Command,
    WriteFile,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import (
    MADE_TABLES,
    is_mark,
)

VERDICTS_THAT_REFUSE = ("DROP", "REJECT")
NUMBERS = {
    "-p": {"ipv4": "0x800", "0x0800": "0x800", "arp": "0x806", "0x0806": "0x806", "ipv6": "0x86dd"},
    "--ip6-proto": {"ipv6-icmp": "58"},
}
"""Of protocols, by option and name: a name is known only where /etc/ethertypes or /etc/protocols
has it."""
MAC = re.compile(r"[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}\Z")
UNPRINTED = "(a match that iptables-save does not print)"
"""First word of a rule that has such a match, put there by those who know it."""


@dataclass
class Chain:
    """policy: ACCEPT, DROP, or "-" for chains that are not built in."""

    policy: str
    rules: List[List[str]] = field(default_factory=list)


Tables = Dict[str, Dict[str, Chain]]
"""By table and chain, what one iptables-save prints."""

Rules = List[List[str]]
"""Of one chain, as words."""


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


def refuses_all(rule: Sequence[str]) -> bool:
    """Whether a rule refuses every packet, as far as its words tell."""
    words = list(rule)
    if words[:2] == ["-m", "comment"]:
        del words[:4]
    return words[:1] == ["-j"] and words[1] in VERDICTS_THAT_REFUSE


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


def ours_in_ebtables(chains: Mapping[str, Chain], own: str) -> Dict[str, Rules]:
    """By chain, the rules of our own chain and the jumps to it. ebtables(8) has no comments."""
    listed = {
        name: [_in_one_way(rule) for rule in chain.rules if name == own or own in rule]
        for name, chain in chains.items()
    }
    return {name: rules for name, rules in listed.items() if rules or name == own}


def _in_one_way(rule: Sequence[str]) -> List[str]:
    """With protocols' numbers, and all digits of MACs, which not every ebtables prints."""
    words = []
    for option, word in zip(["", *rule], rule):
        if option in NUMBERS:
            word = NUMBERS[option].get(word.lower(), word.lower())
        elif MAC.match(word):
            word = ":".join(octet.zfill(2) for octet in word.split(":"))
        words.append(word)
    return words


def plan_own_chain(
    change: Change,
    tool: str,
    own: str,
    have: Mapping[str, Rules],
    wanted: Mapping[str, Rules],
    label: str,
    first: bool = False,
    table: str = "filter",
) -> None:
    """Add to the change what makes a chain of our own, and the jumps to it, exactly those wanted.

    have, wanted: by chain of the table, our chain's rules and others' rules that jump to it;
    ours stands first, so that it is whole before anything jumps to it. first: whether a jump goes
    before other people's rules.
    """
    if have == wanted:
        return
    _tell(change, have, wanted, label)

    def run(line: str) -> None:
        wait = "" if tool == "ebtables" else "-w 5 "
        change.steps.append(Command(tool, f"{wait}-t {table} {line}", f"set the {label}"))

    for name, rules in have.items():
        for rule in rules if name != own else ():
            run(f"-D {name} {shlex.join(rule)}")
    if own in have:
        run(f"-F {own}")
        run(f"-X {own}")
    if wanted:
        run(f"-N {own} -P RETURN" if tool == "ebtables" else f"-N {own}")
    for name, rules in wanted.items():
        for rule in rules:
            place = f"-I {name} 1" if first and name != own else f"-A {name}"
            run(f"{place} {shlex.join(rule)}")


def plan_whole_ebtables_chain(
    change: Change,
    table: str,
    own: str,
    have: Mapping[str, Rules],
    wanted: Mapping[str, Rules],
    label: str,
) -> None:
    """The same for a chain of ebtables that is wanted, which is replaced as one, without a gap.

    A jump goes before other people's rules.
    """
    if have == wanted:
        return
    _tell(change, have, wanted, label)
    intent = f"set the {label}"
    # Without --noflush the rest of the table would go; the line of a chain empties it.
    rules = "".join(f"-A {own} {shlex.join(rule)}\n" for rule in wanted[own])
    text = f"*{table}\n:{own} RETURN\n{rules}"
    change.steps.append(Command("ebtables-restore", "--noflush", intent, stdin=text))
    for name in sorted({*have, *wanted} - {own}):
        before, after = have.get(name, []), wanted.get(name, [])
        if before != after:
            lines = [f"-D {name} {shlex.join(rule)}" for rule in before]
            lines += [f"-I {name} 1 {shlex.join(rule)}" for rule in after]
            change.steps += [Command("ebtables", f"-t {table} {line}", intent) for line in lines]


def _tell(
    change: Change, have: Mapping[str, Rules], wanted: Mapping[str, Rules], label: str
) -> None:
    """That the rules of a chain of our own differ."""
    state = "should not be there" if not wanted else "wrong" if have else "missing"
    change.differences.append(f"{label}: {state}")
    change.before[label], change.after[label] = dict(have), dict(wanted)


def note_table(
    change: Change, tool: str, table: str, tables: Tables, made: Sequence[str]
) -> Sequence[str]:
    """Before the first rule of ours: note a table that the tool is about to make for it.

    made: the lines of the note so far; returns those that it then has.
    """
    line = f"{tool} {table}"
    if table in tables or line in made:
        return made
    lines = [*made, line]
    _write_note(change, lines, f"note that {tool}'s table {table} is made for us")
    return lines


def give_table_back(
    change: Change, tool: str, table: str, tables: Tables, made: Sequence[str], own: str
) -> Sequence[str]:
    """After the last rule of ours: remove a table that was made for us, if nothing is left in it.

    own: the word that marks our rules, or the name of our chain; made, and what is returned: as in
    note_table. The variants on nf_tables remove a table with its built-in chains when an empty one
    is restored (iptables-restore(8)). The legacy ones keep it, empty, until the next boot: their
    kernel module has no way to let it go.
    """
    line = f"{tool} {table}"
    if line not in made:
        return made
    others = {name: chain for name, chain in tables.get(table, {}).items() if name != own}
    rules = [rule for chain in others.values() for rule in chain.rules if own not in rule]
    if any(is_mark(word) for rule in rules for word in rule):
        return made  # another filter or overlay of ours uses it, and gives it back
    is_empty = not rules and all(chain.policy == "ACCEPT" for chain in others.values())
    if is_empty and table in tables:
        intent = f"remove {tool}'s table {table}, which was made for us"
        commit = "" if tool == "ebtables" else "COMMIT\n"
        change.steps.append(Command(f"{tool}-restore", "", intent, stdin=f"*{table}\n{commit}"))
        change.differences.append(f"{tool}'s table {table}: should not be there")
    lines = [entry for entry in made if entry != line]
    _write_note(change, lines, f"forget {tool}'s {table}")
    if not change.differences:
        change.differences.append(f"{MADE_TABLES}: names {tool}'s table {table}, which is not ours")
    return lines


def _write_note(change: Change, lines: Iterable[str], intent: str) -> None:
    text = "".join(f"{line}\n" for line in lines)
    change.steps.append(WriteFile(MADE_TABLES, text or None, intent))


def _catch_all(chain: Chain) -> int:
    """Index of the first rule that refuses every packet; the number of rules if there is none."""
    refusals = (index for index, rule in enumerate(chain.rules) if refuses_all(rule))
    return next(refusals, len(chain.rules))


def _command(change: Change, tool: str, table: str, line: str, intent: str) -> None:
    change.steps.append(Command(tool, f"-w 5 -t {table} {line}", intent))
