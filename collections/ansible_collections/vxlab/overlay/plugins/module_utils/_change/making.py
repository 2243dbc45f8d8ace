# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run that is killed leaves half-made.

The kernel takes a link's alias, our mark, only after the link is made. So before a run makes
links it notes them, and forgets them once all are marked. A link that is as noted and not marked
was left by a run that was killed in between: it is removed first.

A name alone does not tell ours from one that somebody else makes after the kill. So the note has
the kind too, and the MAC where we give one; and a link with an alias, that is up, a port, or has
addresses is never taken for ours, since we mark a link before we do anything else to it. What
remains possible: somebody who makes, after the kill and before the next run, a link of the same
name and kind (and of the MAC that we give, but we give the host end of a veth pair none), and
leaves it down, bare and without an alias, has it removed.
Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Iterable, List, Mapping

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    Command,
    NewLink,
    Step,
    WriteFile,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Link
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark


def parse_note(text: str) -> List[NewLink]:
    """The links of a note: one a line, its name, its kind, and its MAC where it has one."""
    found = (line.split() for line in text.splitlines())
    return [NewLink(*words) for words in found if len(words) in (2, 3)]


def half_made(noted: Iterable[NewLink], links: Mapping[str, Link]) -> List[Link]:
    """The links among those that a killed run noted that it had made and not yet marked."""
    return [links[new.name] for new in noted if new.name in links and _is(new, links[new.name])]


def _is(new: NewLink, link: Link) -> bool:
    """Whether a link is as our command makes it, and nothing was done to it since."""
    made = link.kind == new.kind and new.mac in (None, link.mac)
    return made and not (link.alias is not None or link.up or link.master or link.addresses)


def plan_recovery(change: Change, noted: bool, left: List[Link], mark: Mark) -> None:
    """Put before the change what removes links that were left half-made, and the note.

    noted: whether there is a note.
    """
    if not noted:
        return
    steps: List[Step] = [
        Command("ip", f"link del dev {link.name}", f"remove {link.name}, which is half-made")
        for link in left
    ]
    change.steps[:0] = [*steps, WriteFile(mark.making, None, "forget the run that was killed")]
    names = [link.name for link in left] or [mark.making]
    change.differences[:0] = [f"{name}: left by a run that was killed" for name in names]


def note_creations(change: Change, mark: Mark) -> None:
    """Let the change note the links that it makes, until they are marked."""
    made = [s.creates for s in change.steps if isinstance(s, Command) and s.creates]
    if not made:
        return
    commands = [n for n, step in enumerate(change.steps) if isinstance(step, Command)]
    marked = [n for n in commands if getattr(change.steps[n], "marks", "")]
    intent = "note which links are being made"
    change.steps.insert(marked[-1] + 1, WriteFile(mark.making, None, intent))
    note = "".join(f"{new.name} {new.kind} {new.mac or ''}".rstrip() + "\n" for new in made)
    change.steps.insert(commands[0], WriteFile(mark.making, note, intent))
