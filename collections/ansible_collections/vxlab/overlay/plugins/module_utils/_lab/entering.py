# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command that runs another one inside a host of a lab."""

from __future__ import annotations

import os
from typing import List, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.state import State
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.tools import find_tool

HOST_NAMESPACES = ("mount", "uts", "ipc", "net", "pid")
# Without the pid namespace, ids are the caller's: `ip link ... netns PID` takes them.
FABRIC_NAMESPACES = ("mount", "uts", "ipc", "net")


def nsenter_command(
    nsenter: str, pid: int, namespaces: Sequence[str], user_namespace: bool
) -> List[str]:
    """The prefix that enters these namespaces of a process.

    Not `--all`: with a user namespace entered, the machine's cgroup and time namespaces, which
    the host shares, cannot be entered again. The user namespace maps one id, the caller's, so
    nsenter must leave ids and groups as they are.
    """
    command = [nsenter, "--target", str(pid)]
    if user_namespace:
        command += ["--user", "--preserve-credentials"]
    return [*command, *(f"--{namespace}" for namespace in namespaces), "--"]


def enter(lab: str, host: str) -> List[str]:
    """The prefix that runs a command in a host; also for router, outside and fabric.

    Raises LabError if the host is not up.
    """
    state = State(lab)
    record = state.record(host) if state.exists() else None
    if record is None:
        where = "" if lab == "lab" else f" (of lab {lab})"
        raise LabError(f"lab host {host}{where} is not up: run make lab-up")
    return nsenter_command(find_tool("nsenter"), record.pid, HOST_NAMESPACES, os.geteuid() != 0)
