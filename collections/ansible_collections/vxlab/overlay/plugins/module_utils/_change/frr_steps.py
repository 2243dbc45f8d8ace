# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps that change FRR's files and what it runs, and show no passwords.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import List, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Command, Step
from ansible_collections.vxlab.overlay.plugins.module_utils._change.frr_host import File
from ansible_collections.vxlab.overlay.plugins.module_utils._change.frr_text import (
    hide,
    reload_answer,
)

RELOAD = "/usr/lib/frr/frr-reload.py"
# It reads the configuration from the file that is its stdin, which has no name, and so is gone
# with the run however that ends. The umask is for the file that it makes of the lines to add. By
# itself it would log to a file, which would show passwords.
RELOAD_STDIN = (
    f"umask 077 && exec {RELOAD} --reload --stdout --log-level warning --daemon bgpd /proc/$$/fd/0"
)


@dataclass(frozen=True)
class SecretCommand(Command):
    """A command whose stdin has passwords; what is shown of it has ******** instead."""

    secrets: Sequence[str] = ()

    @property
    def text(self) -> str:
        return f"{self._shown} | {self.tool} {self.line}"

    @property
    def _shown(self) -> str:
        return f"printf %s {shlex.quote(hide(self.stdin, self.secrets))}"


@dataclass(frozen=True)
class Reload(SecretCommand):
    """Let bgpd run what stands in stdin, which has to be a file (vtysh opens it by its path)."""

    @property
    def text(self) -> str:
        return f"file=$(mktemp); {self._shown} > $file; {self.tool} {self.line} < $file; rm $file"

    def answer(self, printed: str) -> str:
        return reload_answer(printed, self.secrets)


def reload(text: str, secrets: Sequence[str]) -> Reload:
    """Let bgpd run this text and nothing else."""
    return Reload(
        "sh",
        f"-c {shlex.quote(RELOAD_STDIN)}",
        "let bgpd run the new configuration",
        stdin=text,
        secrets=secrets,
    )


def install(
    path: str, text: str, mode: str, owner: str, secrets: Sequence[str] = ()
) -> SecretCommand:
    """Write a file. mode: octal digits; owner: user:group; secrets: the passwords in text."""
    user, group = owner.split(":")
    return SecretCommand(
        "install",
        f"-D -o {user} -g {group} -m {mode.zfill(4)} /dev/stdin {path}",
        f"write {path}",
        stdin=text,
        secrets=secrets,
    )


def replace(path: str, text: str, like: File, secrets: Sequence[str] = ()) -> List[Step]:
    """Write beside the file and rename: a run that is killed leaves the old one or the new."""
    new = beside(path)
    return [
        install(new, text, like.mode, like.owner, secrets),
        Command("mv", f"-fT {new} {path}", f"replace {path}"),
    ]


def beside(path: str) -> str:
    """Where a file's new text stands until it replaces the file."""
    folder, name = path.rsplit("/", 1)
    return f"{folder}/.{name}.vxlab-new"
