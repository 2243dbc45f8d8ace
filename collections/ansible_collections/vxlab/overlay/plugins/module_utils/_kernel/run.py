# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running the tools that talk to the kernel.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import Dict, Optional, Sequence

# Not run_command: what calls this has no AnsibleModule, and stdin must be a file (see run()).
# pylint: disable=ansible-bad-function

# Where distributions put them; an ordinary user's PATH, and cron's, may leave sbin out.
SEARCH_PATH = os.pathsep.join(
    [os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"]
)
PACKAGES = {
    "ip": "iproute2",
    "bridge": "iproute2",
    "nft": "nftables",
    "iptables": "iptables",
    "nsenter": "util-linux",
}


class KernelError(Exception):
    """What we meant to do, and what the system answered.

    cmd, rc, stderr: of the command that failed, for the module's return values; stdout: what it
    printed there, where some tools say why.
    """

    def __init__(
        self,
        message: str,
        cmd: str = "",
        rc: Optional[int] = None,
        stderr: str = "",
        stdout: str = "",
    ) -> None:
        super().__init__(message)
        self.cmd = cmd
        self.rc = rc
        self.stderr = stderr
        self.stdout = stdout

    @property
    def details(self) -> Dict[str, object]:
        if not self.cmd:
            return {}
        return {"cmd": self.cmd, "rc": self.rc, "stderr": self.stderr}


def find(tool: str) -> Optional[str]:
    """The tool's path, or None."""
    return shutil.which(tool, path=SEARCH_PATH)


def require(tool: str) -> str:
    """The tool's path; raises KernelError when the host does not have it."""
    path = find(tool)
    if path is None:
        package = PACKAGES.get(tool, tool)
        raise KernelError(
            f"{tool} is not on this host; install it (Debian, Ubuntu, Fedora: package {package})"
        )
    return path


def run(arguments: Sequence[str], intent: str, stdin: str = "", netns: Optional[str] = None) -> str:
    """Run one command and return what it printed.

    arguments: the tool and its arguments; intent: completes "cannot …"; netns: the network
    namespace in which to run it (a name, or an absolute path). Raises KernelError.
    """
    tool = require(arguments[0])
    command = [tool, *arguments[1:]]
    if netns is not None:
        path = netns if netns.startswith("/") else f"/run/netns/{netns}"
        # Lighter than `ip -n`, which also makes a mount namespace and remounts /sys.
        command = [require("nsenter"), f"--net={path}", *command]
    # A file, so that the tool has its whole input even if we are killed while it reads.
    with tempfile.TemporaryFile() as source:
        source.write(stdin.encode())
        source.seek(0)
        done = subprocess.run(
            command,
            stdin=source,
            capture_output=True,
            env=dict(os.environ, LC_ALL="C"),
            check=False,
        )
    if done.returncode:
        stderr = done.stderr.decode(errors="replace").strip()
        raise KernelError(
            f"cannot {intent}: {_answer(stderr) or f'{arguments[0]} ended with {done.returncode}'}",
            cmd=" ".join(command),
            rc=done.returncode,
            stderr=stderr,
            stdout=done.stdout.decode(errors="replace"),
        )
    return done.stdout.decode(errors="replace")


def _answer(stderr: str) -> str:
    """The kernel's answer, without what the tools say about the batch."""
    lines = [line for line in stderr.splitlines() if not line.startswith("Command failed")]
    return "; ".join(line.strip() for line in lines)


def require_root() -> None:
    """Raise KernelError unless we may change the network (root, or root of a user namespace)."""
    if os.geteuid() != 0:
        raise KernelError(
            "changing the network needs root, and this run is an ordinary user's;"
            " set become: true (or ansible_become in the inventory)"
        )
