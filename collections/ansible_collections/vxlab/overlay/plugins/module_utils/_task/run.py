# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all tasks share: what a killed run left goes first, and a change is run or undone as one.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ansible_collections.vxlab.overlay.plugins.module_utils._change.batch import script
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    ChangeError,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.making import (
    note_creations,
    plan_recovery,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.apply import apply
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.iproute import (
    read_left,
    read_noted,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import KernelError
from ansible_collections.vxlab.overlay.plugins.module_utils._task.task import (
    Kept,
    Params,
    Task,
)


@dataclass(frozen=True)
class Prepared:
    """A task's change, and what the host had before it."""

    task: Task
    params: Params
    have: Any
    change: Change
    mark: Mark


def prepare(task: Task, params: Params, mark: Mark) -> Prepared:
    """The change that a task makes, and before it what removes the rest of a run that was killed.

    Raises ChangeError or KernelError.
    """
    have = task.read(params, mark)
    change = task.change(params, have, mark)
    note_creations(change, mark)
    plan_recovery(change, read_noted(mark) is not None, read_left(mark), mark)
    return Prepared(task, params, have, change, mark)


def carry_out(prepared: Prepared) -> None:
    """Run a change. Raises KernelError; then no link is left half-made, and where there was nothing
    of ours before, there is nothing again."""
    mark = prepared.mark
    try:
        apply(prepared.change.steps)
    except KernelError:
        with suppress(ChangeError, KernelError):  # the first error is the one to tell
            recovery = Change()
            plan_recovery(recovery, read_noted(mark) is not None, read_left(mark), mark)
            apply(recovery.steps)
            if _was_nothing(prepared):
                absent = dict(prepared.params, state="absent")
                apply(prepare(prepared.task, absent, mark).change.steps)
        raise


def _was_nothing(prepared: Prepared) -> bool:
    absent = dict(prepared.params, state="absent")
    return not prepared.task.change(absent, prepared.have, prepared.mark).steps


def render(task: Kept, params: Params, mark: Mark) -> str:
    """A script that makes all of it on a host that has nothing; nothing is read or changed."""
    return script(task.change(params, task.nothing(params), mark).steps)
