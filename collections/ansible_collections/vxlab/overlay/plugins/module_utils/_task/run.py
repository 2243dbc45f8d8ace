# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all tasks share: what a killed run left goes first, and a change is run or undone as one.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from contextlib import suppress

from ansible_collections.vxlab.overlay.plugins.module_utils._change.batch import script
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
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


def prepare(task: Task, params: Params, mark: Mark) -> Change:
    """The change that a task makes, and before it what removes the rest of a run that was killed.

    Raises ChangeError or KernelError.
    """
    change = task.change(params, task.read(params, mark), mark)
    note_creations(change, mark)
    plan_recovery(change, read_noted(mark) is not None, read_left(mark), mark)
    return change


def carry_out(change: Change, mark: Mark) -> None:
    """Run a change; raises KernelError, and then no link is left half-made."""
    try:
        apply(change.steps)
    except KernelError:
        recovery = Change()
        with suppress(KernelError):  # the first error is the one to tell
            plan_recovery(recovery, read_noted(mark) is not None, read_left(mark), mark)
            apply(recovery.steps)
        raise


def render(task: Kept, params: Params, mark: Mark) -> str:
    """A script that makes all of it on a host that has nothing; nothing is read or changed."""
    return script(task.change(params, task.nothing(params), mark).steps)
