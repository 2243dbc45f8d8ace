# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all modules of the collection share: from a plan to the result.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vxlab.overlay.plugins.module_utils._change import kept
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.lock import alone
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.parameters import read_file
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import (
    KernelError,
    require_root,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._task.run import (
    Plan,
    carry_out,
    prepare,
)


def run_module(
    argument_spec: Dict[str, Any], plan: Plan, keeps: bool = True, **options: Any
) -> None:
    """Plan the change, run it unless in check mode, and end the module.

    argument_spec: the module's own options; state, overlay_name and persist are added. plan: reads
    the host and returns the change. keeps: whether there is something to keep for the next boot.
    options: for AnsibleModule (required_if and the like).
    """
    common = dict(
        state=dict(type="str", default="present", choices=["present", "absent"]),
        overlay_name=dict(type="str", default="overlay"),
    )
    if keeps:
        common["persist"] = dict(type="bool")
    module = AnsibleModule(
        argument_spec=dict(argument_spec, **common), supports_check_mode=True, **options
    )
    params = module.params
    try:
        require_root()
        mark = Mark(params["overlay_name"])
        want = kept.dump(params) if keeps and params["persist"] else None
        with alone(mark.kept):
            change = prepare(plan, params, mark)
            if keeps and (params["persist"] is not None or params["state"] == "absent"):
                path = f"{mark.kept}/{plan.__module__.rpartition('.')[2]}.json"
                want = want if params["state"] == "present" else None
                kept.plan_kept(change, path, read_file(path), want)
            if not module.check_mode:
                carry_out(change, mark)
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
