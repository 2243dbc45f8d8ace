# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all modules of the collection share: from a plan to the result.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Callable, Dict

from ansible.module_utils.basic import AnsibleModule

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
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import (
    KernelError,
    require_root,
)


def run_module(
    argument_spec: Dict[str, Any], plan: Callable[[Dict[str, Any], Mark], Change], **options: Any
) -> None:
    """Plan the change, run it unless in check mode, and end the module.

    argument_spec: the module's own options; state and overlay_name are added. plan: reads the
    host and returns the change. options: for AnsibleModule (required_if and the like).
    """
    module = AnsibleModule(
        argument_spec=dict(
            argument_spec,
            state=dict(type="str", default="present", choices=["present", "absent"]),
            overlay_name=dict(type="str", default="overlay"),
        ),
        supports_check_mode=True,
        **options,
    )
    try:
        require_root()
        mark = Mark(module.params["overlay_name"])
        change = plan(module.params, mark)
        note_creations(change, mark)
        plan_recovery(change, read_noted(mark) is not None, read_left(mark), mark)
        if not module.check_mode:
            _apply(change, mark)
    except ChangeError as error:
        module.fail_json(msg=str(error))
    except KernelError as error:
        module.fail_json(msg=str(error), **error.details)
    module.exit_json(
        changed=change.changed,
        commands=change.commands,
        differences=change.differences,
        diff=dict(before=change.before, after=change.after) if change.changed else {},
    )


def _apply(change: Change, mark: Mark) -> None:
    try:
        apply(change.steps)
    except KernelError:
        recovery = Change()
        with suppress(KernelError):  # the first error is the one to tell
            plan_recovery(recovery, read_noted(mark) is not None, read_left(mark), mark)
            apply(recovery.steps)
        raise
