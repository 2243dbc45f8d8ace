# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a lab's state is, and what a record is worth."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.state import (
    Record,
    labs_folder,
    parse_record,
)


def test_folder_of_root() -> None:
    assert labs_folder(0, {"XDG_RUNTIME_DIR": "/run/user/0"}) == Path("/run/vxlab-lab")


def test_folder_of_a_user_is_in_the_runtime_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    user = os.getuid() or 4711
    os.chown(tmp_path, user, -1)
    assert labs_folder(user, environ) == tmp_path / "vxlab-lab"
    assert labs_folder(user + 1, environ) == Path(f"/tmp/vxlab-lab-{user + 1}/vxlab-lab")
    tmp_path.chmod(0o755)
    assert labs_folder(user, environ) == Path(f"/tmp/vxlab-lab-{user}/vxlab-lab")


def test_folder_of_a_user_without_runtime_folder() -> None:
    assert labs_folder(1000, {}) == Path("/tmp/vxlab-lab-1000/vxlab-lab")


def test_record() -> None:
    assert parse_record("12 345 abc boot\n") == Record(12, 345, "abc", "boot")


@pytest.mark.parametrize("text", ["", "12", "12 345 abc", "x 345 abc boot", "-1 345 abc boot"])
def test_record_that_was_not_completed(text: str) -> None:
    assert parse_record(text) is None
