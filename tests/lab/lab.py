# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lab of a test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DRIVE = Path(__file__).with_name("drive.py")
COLLECTIONS = Path(__file__).parents[2] / "collections"
THREE = {f"ubuntu{number}": f"172.16.1.{10 + number}" for number in (1, 2, 3)}


class LabFailure(Exception):
    """The lab refused; the text is its error."""


def many(count: int) -> dict[str, str]:
    return {f"ubuntu{number}": f"172.16.1.{10 + number}" for number in range(1, count + 1)}


def apart(count: int) -> dict[str, str]:
    """Hosts that are in a network each."""
    return {f"ubuntu{number}": f"172.16.{10 + number}.11" for number in range(1, count + 1)}


@dataclass
class Lab:
    """prefix: what precedes each command; python, drive, collections: for another user's."""

    name: str
    prefix: list[str] = field(default_factory=list)
    python: str = sys.executable
    drive: Path = DRIVE
    collections: Path = COLLECTIONS

    def command(self, action: str, **options: Any) -> list[str]:
        return [
            *self.prefix,
            self.python,
            "-B",
            str(self.drive),
            str(self.collections),
            action,
            self.name,
            json.dumps(options),
        ]

    def _drive(self, action: str, **options: Any) -> dict[str, Any]:
        done = subprocess.run(
            self.command(action, **options), capture_output=True, text=True, timeout=120, cwd="/"
        )
        if done.returncode != 0:
            raise LabFailure(done.stderr.strip())
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def up(self, hosts: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
        return self._drive("up", hosts=THREE if hosts is None else hosts, **options)

    def down(self, **options: Any) -> dict[str, Any]:
        return self._drive("down", **options)

    def enter(self, host: str) -> list[str]:
        prefix: list[str] = self._drive("enter", host=host)["prefix"]
        return [*self.prefix, *prefix]

    def run(self, host: str, script: str) -> subprocess.CompletedProcess[str]:
        """Run a shell script in a host. With fabric as host: /proc is the machine's."""
        environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C"]
        return subprocess.run(
            [*self.enter(host), "/usr/bin/env", *environment, "/bin/sh", "-c", script],
            capture_output=True,
            text=True,
            timeout=60,
        )

    def check(self, host: str, script: str) -> str:
        """Run a shell script that must succeed; its output."""
        done = self.run(host, script)
        assert done.returncode == 0, f"{host}: {script}: {done.stdout}{done.stderr}"
        return done.stdout

    def processes(self) -> list[str]:
        """Command lines of all processes, of any user, that carry this lab's name."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                line = Path(f"/proc/{entry}/cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if f"vxlab-lab/{self.name}\0" in line:
                found.append(f"{entry}: {line}".replace("\0", " "))
        return found


def reaches(lab: Lab, host: str, address: str) -> bool:
    """Whether one echo request (RFC 792, RFC 4443) is answered within a second."""
    return lab.run(host, f"ping -n -c 1 -W 1 {address}").returncode == 0


def seen_address(lab: Lab, host: str) -> str:
    """What the outside server saw as this host's address."""
    connect = "socket.create_connection(('203.0.113.80', 8080), 5)"
    client = f"import socket; print({connect}.makefile().read())"
    return lab.check(host, f'python3 -c "{client}"').strip()
