# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the machine's files a host sees, besides a view of /.

Pure: mountinfo text in, paths out.
"""

from __future__ import annotations

import re
from typing import Iterable, List

# A host has its own of these.
OWN = ("/proc", "/sys", "/dev", "/run", "/tmp", "/var/run", "/var/lock")

_ESCAPE = re.compile(r"\\([0-7]{3})")


def within(path: str, folder: str) -> bool:
    """Whether path is folder or lies in it. Both are absolute and normal."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def submounts(mountinfo: str, hidden: Iterable[str] = ()) -> List[str]:
    """Mount points below / that a host should see, outermost first.

    mountinfo: text of /proc/self/mountinfo (proc_pid_mountinfo(5): field 5 is the mount point,
    with blanks and the like as three octal digits; the type follows a lone dash).
    hidden: further folders that hosts do not see. An automounter's folder is left out: looking
    into it would mount.
    """
    leave_out = (*OWN, *hidden)
    points = set()
    for line in mountinfo.splitlines():
        left, _dash, right = line.partition(" - ")
        point = _ESCAPE.sub(lambda octal: chr(int(octal.group(1), 8)), left.split(" ")[4])
        if right.split(" ")[0] == "autofs" or point == "/":
            continue
        if not any(within(point, folder) for folder in leave_out):
            points.add(point)
    return sorted(points)
