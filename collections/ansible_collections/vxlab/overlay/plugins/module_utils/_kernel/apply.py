# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running the steps of a change: those that stand together and can, in one batch.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import re
import shlex
from typing import Iterable, List, Optional, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change.batch import (
    READERS,
    Batch,
    batches,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Command,
    SetSysctl,
    Step,
    WriteFile,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.parameters import (
    set_sysctl,
    write_file,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import KernelError, run

FAILED_LINE = re.compile(r"^Command failed -:(\d+)|^/dev/stdin:(\d+):", re.MULTILINE)


def apply(steps: Sequence[Step]) -> None:
    """Run all steps, in their order; raises KernelError at the first that fails."""
    for batch, alone in batches(steps):
        if batch is None:
            _run_single(alone)
        else:
            _run_batch(batch)


def _run_batch(batch: Batch) -> None:
    """One process for all; of nft, one transaction (nft(8), -f)."""
    commands = batch.commands
    intent = commands[0].intent if len(commands) == 1 else f"make {len(commands)} changes"
    reader = [*READERS[batch.tool].split(), "-"]
    try:
        run(reader, intent, stdin=batch.source, netns=batch.netns)
    except KernelError as error:
        failed = _failed_command(commands, error.stderr)
        if failed is None:
            raise
        answer = str(error).split(": ", 1)[-1]
        raise KernelError(
            f"cannot {failed.intent}: {answer}", cmd=failed.text, rc=error.rc, stderr=error.stderr
        ) from error


def _failed_command(commands: List[Command], stderr: str) -> Optional[Command]:
    match = FAILED_LINE.search(stderr)
    if match is None:
        return None
    index = int(match.group(1) or match.group(2)) - 1
    return commands[index] if index < len(commands) else None


def _run_single(steps: Iterable[Step]) -> None:
    for step in steps:
        if isinstance(step, WriteFile):
            write_file(step.path, step.content, step.intent)
        elif isinstance(step, SetSysctl):
            set_sysctl(step.key, step.value)
        else:
            _run_alone(step)


def _run_alone(command: Command) -> None:
    try:
        run([command.tool, *shlex.split(command.line)], command.intent, stdin=command.stdin)
    except KernelError as error:
        answer = command.answer(f"{error.stderr}\n{error.stdout}")
        if not answer:
            raise
        raise KernelError(
            f"cannot {command.intent}: {answer}", cmd=error.cmd, rc=error.rc, stderr=answer
        ) from error
