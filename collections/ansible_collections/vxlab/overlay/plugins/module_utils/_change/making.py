# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run that is killed leaves half-made.

The kernel takes a link's alias, our mark, only after the link is made. So before a run makes
links it notes their names, and forgets them once all are marked. A link that is noted and not
marked was left by a run that was killed in between: it is removed first.
Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Iterable, List, Mapping

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    Command,
    Step,
    WriteFile,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Link
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark


def half_made(noted: Iterable[str], links: Mapping[str, Link]) -> List[Link]:
    """The links among those that a killed run noted that it had made and not yet marked."""
    return [links[name] for name in noted if name in links and links[name].alias is None]


def plan_recovery(change: Change, noted: List[str], left: List[Link], mark: Mark) -> None:
    """Put before the change what removes links that were left half-made, and the note."""
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
    names = [s.creates for s in change.steps if isinstance(s, Command) and s.creates]
    if not names:
        return
    commands = [n for n, step in enumerate(change.steps) if isinstance(step, Command)]
    marked = [n for n in commands if getattr(change.steps[n], "marks", "")]
    intent = "note which links are being made"
    change.steps.insert(marked[-1] + 1, WriteFile(mark.making, None, intent))
    note = "".join(f"{name}\n" for name in names)
    change.steps.insert(commands[0], WriteFile(mark.making, note, intent))
