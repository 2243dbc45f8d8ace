# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""overlay_service where there is no systemd, and its units as systemd reads them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.service import (
    UNITS,
    Want,
    plan_present,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.service import (
    Host as Have,
)

from .host import Host


def test_host_without_systemd_is_told_what_to_set(host: Host) -> None:
    before = host.state()
    assert "overlay_persist: false" in host.refusal("overlay_service", {})
    host.unchanged("overlay_service", {"state": "absent"})
    assert host.state() == before


def test_all_that_the_program_is_made_of_comes_with_the_module() -> None:
    """Ansible sends with a module what it finds imported in its text. In check mode."""
    done = subprocess.run(
        [
            Path(sys.executable).parent / "ansible",
            *("localhost", "--inventory=localhost,", "--connection=local", "--check"),
            f"--extra-vars=ansible_python_interpreter={sys.executable}",
            "--module-name=vxlab.overlay.overlay_service",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert "systemctl enable" in done.stdout or "overlay_persist: false" in done.stdout, done.stdout


@pytest.mark.parametrize("option", ["wait", "heal"])
def test_time_that_cannot_be_is_refused(host: Host, option: str) -> None:
    assert option in host.refusal("overlay_service", {option: -1})


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """systemd-analyze verify (systemd.unit(5)), which also tells of an order that has cycles."""
    want = Want(program=b"", python=sys.executable, wait=30, heal=60)
    change = plan_present(want, Have(), Mark("overlay"))
    names = []
    for path, content in change.after.items():
        if path.startswith(UNITS):
            names.append(str(tmp_path / Path(path).name))
            Path(names[-1]).write_text("\n".join(content))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if "vxlab-overlay" in line]
    assert not told, told
