# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every plan returns: a change, made of steps that the kernel layer can run.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Any, List, Optional, Union


class ChangeError(Exception):
    """The wanted state cannot be reached without touching what is not ours, or makes no sense."""


@dataclass(frozen=True)
class NewLink:
    """A link that a command makes: its kind, and its MAC where the same command gives it one."""

    name: str
    kind: str
    mac: Optional[str] = None


@dataclass(frozen=True)
class Command:
    """One line for a tool that takes batches (ip, nft) or one run of one that does not.

    tool: the program; line: its arguments as one would type them; intent: completes the sentence
    "cannot …" in an error; netns: the network namespace (a name or an absolute path) in which it
    runs, or None for the host's own; creates: the link that it makes; marks: the name of the one
    that it marks as ours; stdin: what a tool without batches reads.
    """

    tool: str
    line: str
    intent: str
    netns: Optional[str] = None
    creates: Optional[NewLink] = None
    marks: str = ""
    stdin: str = ""

    @property
    def text(self) -> str:
        """The same, by hand, in a root shell."""
        if self.tool == "nft":
            return f"nft {shlex.quote(self.line)}"
        if self.stdin:
            return f"printf {shlex.quote(self.stdin)} | {self.tool} {self.line}".rstrip()
        if self.netns is None:
            return f"{self.tool} {self.line}"
        if self.netns.startswith("/"):
            return f"nsenter --net={self.netns} {self.tool} {self.line}"
        return f"{self.tool} -n {self.netns} {self.line}"

    def answer(self, printed: str) -> str:
        """What an error tells of all that it printed."""
        return "; ".join(line.strip() for line in printed.splitlines() if line.strip())


@dataclass(frozen=True)
class WriteFile:
    """A file to be written atomically (content) or to be removed (content is None)."""

    path: str
    content: Union[str, bytes, None]
    intent: str

    @property
    def text(self) -> str:
        if self.content is None:
            return f"rm {self.path}"
        if not self.content:
            return f"install -D -m 0644 /dev/null {self.path}"
        if isinstance(self.content, bytes):
            return f"install -D -m 0644 (an archive of {len(self.content)} bytes) {self.path}"
        return f"install -D -m 0644 /dev/stdin {self.path} << 'EOF'\n{self.content}EOF"


@dataclass(frozen=True)
class SetSysctl:
    """A kernel parameter to be set now; key as sysctl(8) writes it."""

    key: str
    value: str

    @property
    def intent(self) -> str:
        return f"set {self.key} to {self.value}"

    @property
    def text(self) -> str:
        return f"sysctl -w {self.key}={self.value}"


Step = Union[Command, WriteFile, SetSysctl]


@dataclass
class Change:
    """The way from what a host has to what it should have.

    before, after: JSON-like pictures of the two, for --diff; steps: what to run, in order;
    differences: one short sentence for each thing that differs ("vxlan0: mtu 1400 -> 1450").
    There are steps exactly when there are differences.
    """

    before: Any = field(default_factory=dict)
    after: Any = field(default_factory=dict)
    steps: List[Step] = field(default_factory=list)
    differences: List[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(self.steps)

    @property
    def commands(self) -> List[str]:
        return [step.text for step in self.steps]
