# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts of the scenario's lab, for testinfra.

testinfra's Ansible backend takes seconds a command; entering the host's namespaces takes 0.05 s.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from testinfra.backend.local import LocalBackend
from testinfra.host import Host

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "collections"))

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.entering import enter  # noqa: E402


def _plain(value: dict[str, Any]) -> Any:
    """A string as it is: what an inventory plugin gives, Ansible wraps as not to be a template."""
    return value.get("__ansible_unsafe", value)


class LabBackend(LocalBackend):
    """Runs each command inside one host of the lab."""

    NAME = "lab"

    def __init__(self, lab: str, host: str) -> None:
        super().__init__()
        self._prefix = shlex.join(enter(lab, host))

    def get_command(self, command: str, *args: str) -> str:
        return f"{self._prefix} sh -c {shlex.quote(self.quote(command, *args))}"


@dataclass(frozen=True)
class Container:
    """A container as the inventory has it, and the host that it is on."""

    host: Host
    on: str
    name: str
    address: str

    @property
    def inside(self) -> str:
        """The prefix of a command that is to run in the container."""
        return f"ip netns exec {self.name}"

    def __str__(self) -> str:
        return f"{self.on}/{self.name}"


class Overlay:
    """The scenario's inventory, read once, and its hosts."""

    def __init__(self) -> None:
        listed = subprocess.run(
            ["ansible-inventory", "-i", str(ROOT / "inventory/lab"), "--list"],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        inventory = json.loads(listed.stdout, object_hook=_plain)
        names = inventory["overlay"]["hosts"]
        self.variables: dict[str, dict[str, Any]] = {
            name: inventory["_meta"]["hostvars"][name] for name in names
        }
        lab = os.environ["OVERLAY_LAB_NAME"]
        self.mode = os.environ.get("OVERLAY_MODE", "multicast")
        self.hosts = {name: Host(LabBackend(lab, name)) for name in names}
        self.containers = [
            Container(self.hosts[name], name, container["name"], container["address"])
            for name in names
            for container in self.variables[name]["overlay_containers"]
        ]

    def value(self, name: str, default: Any) -> Any:
        """A variable of the whole overlay; default is the lesson's value, as it is the roles'."""
        return next(iter(self.variables.values())).get(name, default)


@pytest.fixture(scope="session")
def overlay() -> Overlay:
    """The overlay of the scenario."""
    return Overlay()
