# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes each task's result as a line of JSON, for the tests to read."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: notification
short_description: Write results as lines of JSON
description: To the file that the environment variable RECORD_FILE names.
"""

KEPT = ("changed", "unreachable", "msg", "commands", "differences", "problems", "results")


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """One line a result: host, task, and what of the result the tests look at."""

    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, result: Any, failed: bool = False) -> None:
        # ansible-core 2.21 deprecates the names with an underscore, 2.19 has only them.
        host, task, values = (
            getattr(result, name, None) or getattr(result, "_" + name)
            for name in ("host", "task", "result")
        )
        line = {"host": host.get_name(), "task": task.get_name(), "failed": failed}
        line.update({name: values[name] for name in KEPT if name in values})
        with open(os.environ["RECORD_FILE"], "a", encoding="utf-8") as target:
            target.write(json.dumps(line, default=str) + "\n")

    v2_runner_on_ok = _write
    v2_runner_on_unreachable = _write

    def v2_runner_on_failed(self, result: Any, **_how: Any) -> None:
        self._write(result, failed=True)
