# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes, known by id and start time, so that an id in use again is never taken for the old one.

Reads /proc and sends signals; the text of /proc is parsed by pure functions.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Iterable, List, NamedTuple, Optional, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.scripts import MARKER

HOST_SCRIPT = "host.sh"
FABRIC_SCRIPT = "fabric.sh"


class Stat(NamedTuple):
    """Of proc_pid_stat(5): state, parent, start time in clock ticks since boot."""

    state: str
    parent: int
    start: int


class Marked(NamedTuple):
    """A process of some lab: its id and the name of the host (or of the fabric) that it makes."""

    pid: int
    start: int
    name: str


def parse_stat(text: str) -> Stat:
    """Parse /proc/PID/stat. The second field, in brackets, may itself hold brackets and blanks."""
    fields = text.rpartition(")")[2].split()
    return Stat(fields[0], int(fields[1]), int(fields[19]))


def read_stat(pid: int) -> Optional[Stat]:
    """State of a process; None if there is none, or only a zombie of it."""
    try:
        stat = parse_stat(Path(f"/proc/{pid}/stat").read_text(errors="replace"))
    except (OSError, IndexError):
        return None
    return None if stat.state in "ZX" else stat


def is_running(pid: int, start: int) -> bool:
    """Whether the process that had this id at this start time still runs."""
    stat = read_stat(pid)
    return stat is not None and stat.start == start


def parse_cmdline(cmdline: bytes, folder: str) -> Optional[str]:
    """Name of the host whose start or init this command line is, in the lab with this state folder.

    Both have, somewhere, the marker (or the lab's script), the folder and the name.
    """
    words = cmdline.decode(errors="replace").split("\0")
    marks = (MARKER, f"{folder}/{FABRIC_SCRIPT}", f"{folder}/{HOST_SCRIPT}")
    for index, word in enumerate(words[:-2]):
        if word in marks and words[index + 1] == folder:
            return words[index + 2] or None
    return None


def marked(folder: str) -> List[Marked]:
    """All of this user's processes of the lab with this state folder, recorded or not."""
    found = []
    owner = os.geteuid()
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            if os.stat(f"/proc/{entry}").st_uid != owner:
                continue
            cmdline = Path(f"/proc/{entry}/cmdline").read_bytes()
        except OSError:
            continue
        name = parse_cmdline(cmdline, folder)
        stat = read_stat(int(entry)) if name is not None else None
        if name is not None and stat is not None:
            found.append(Marked(int(entry), stat.start, name))
    return found


def kill(processes: Iterable[Tuple[int, int]], wait: float = 20.0) -> None:
    """End processes (id, start time) with SIGKILL, and wait until they are gone.

    The init of a pid namespace is gone when all in it are. unshare(1), its parent, may outlive
    SIGTERM; killing the init ends it too.
    """
    targets = [target for target in processes if is_running(*target)]
    for pid, _start in targets:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        except PermissionError as error:
            raise LabError(f"cannot end process {pid} of the lab: {error.strerror}") from error
    deadline = time.monotonic() + wait
    while any(is_running(*target) for target in targets):
        if time.monotonic() > deadline:
            left = ", ".join(str(pid) for pid, start in targets if is_running(pid, start))
            raise LabError(f"processes {left} of the lab are still there {wait:g} s after SIGKILL")
        time.sleep(0.005)
