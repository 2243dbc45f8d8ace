# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all modules of the collection share: from a plan to the result.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vxlab.overlay.plugins.module_utils._change import kept
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    ChangeError,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import KEPT, Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.lock import alone
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.parameters import read_file
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.program import restore_kept
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import (
    KernelError,
    require_root,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._task.run import (
    carry_out,
    prepare,
    render,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._task.task import (
    Kept,
    Params,
    Task,
)

LONG = 1000


def run_module(argument_spec: Dict[str, Any], task: Task, **options: Any) -> None:
    """Plan the change, run it unless in check mode, and end the module.

    argument_spec: the module's own options; state and overlay_name are added, and for what can be
    kept, persist and render. options: for AnsibleModule (required_if and the like).
    """
    common = dict(
        state=dict(type="str", default="present", choices=["present", "absent"]),
        overlay_name=dict(type="str", default="overlay"),
    )
    can_be_kept = isinstance(task, Kept)
    if can_be_kept:
        common.update(persist=dict(type="bool"), render=dict(type="bool", default=False))
    module = AnsibleModule(
        argument_spec=dict(argument_spec, **common), supports_check_mode=True, **options
    )
    params = module.params
    begun = False
    try:
        mark = Mark(params["overlay_name"])
        if isinstance(task, Kept) and params["render"]:
            module.exit_json(changed=False, script=render(task, params, mark))
        require_root()
        # overlay_service runs the program, which wants the lock itself.
        with alone(KEPT) if can_be_kept else nullcontext():
            prepared = prepare(task, params, mark)
            change = prepared.change
            if can_be_kept:
                _plan_kept(change, task, params, mark)
            if not module.check_mode:
                begun = True
                carry_out(prepared)
    except ChangeError as error:
        module.fail_json(msg=str(error))
    except KernelError as error:
        is_restored = begun and read_file(_kept_file(task, mark)) and restore_kept(mark)
        restored = "; what was there before is restored" if is_restored else ""
        module.fail_json(msg=f"{error}{restored}", **error.details)
    for name, given in params.items():
        # The result repeats the options (invocation); of 100,000 entries that takes seconds.
        if isinstance(given, list) and len(given) > LONG:
            params[name] = f"{len(given)} entries"
    module.exit_json(
        changed=change.changed,
        commands=change.commands,
        differences=change.differences,
        diff=dict(before=change.before, after=change.after) if change.changed else {},
    )


def _plan_kept(change: Change, task: Task, params: Params, mark: Mark) -> None:
    """Add to the change what keeps the options for the next boot, or forgets them."""
    absent = params["state"] == "absent"
    if params["persist"] is None and not absent:
        return
    path = _kept_file(task, mark)
    want = kept.dump(params) if params["persist"] and not absent else None
    kept.plan_kept(change, path, read_file(path), want)


def _kept_file(task: Task, mark: Mark) -> str:
    return f"{mark.kept}/{task.__name__.rpartition('.')[2]}.json"
