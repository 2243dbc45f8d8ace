# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which steps stand together in one batch of a tool, and the same as a script to read.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Iterator, List, Optional, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Command, Step

# What reads a batch, to which a script adds the file: ip(8), bridge(8), nft(8).
READERS = {"ip": "ip -batch", "bridge": "bridge -batch", "nft": "nft -f"}


@dataclass(frozen=True)
class Batch:
    """Commands for one tool, in one network namespace (None: the host's own)."""

    tool: str
    netns: Optional[str]
    commands: List[Command]

    @property
    def source(self) -> str:
        return "".join(command.line + "\n" for command in self.commands)

    @property
    def text(self) -> str:
        """The same, by hand, in a root shell."""
        reader = f"{READERS[self.tool]} - << 'EOF'\n{self.source}EOF"
        if self.netns is None:
            return reader
        if self.netns.startswith("/"):
            return f"nsenter --net={self.netns} {reader}"
        return f"{self.tool} -n {self.netns} -batch - << 'EOF'\n{self.source}EOF"


def batches(steps: Sequence[Step]) -> Iterator[Tuple[Optional[Batch], List[Step]]]:
    """The steps in their order, those that can in one batch; None: each is run alone."""
    for (tool, netns), group in groupby(steps, key=_place):
        together = list(group)
        if tool in READERS:
            yield Batch(tool, netns, [s for s in together if isinstance(s, Command)]), together
        else:
            yield None, together


def script(steps: Sequence[Step]) -> str:
    """What does the same when a root shell reads it."""
    texts: List[str] = []
    for batch, alone in batches(steps):
        texts += [batch.text] if batch else [step.text for step in alone]
    return "".join(f"{text}\n" for text in texts)


def _place(step: Step) -> Tuple[str, Optional[str]]:
    return (step.tool, step.netns) if isinstance(step, Command) else ("", None)
