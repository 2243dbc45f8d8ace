# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Labs for tests: each has a name of its own, and leaves nothing."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .lab import Lab

MakeLab = Callable[[], Lab]


@pytest.fixture
def make_lab() -> Iterator[MakeLab]:
    labs: list[Lab] = []

    def make() -> Lab:
        labs.append(Lab(f"test-{secrets.token_hex(4)}"))
        return labs[-1]

    yield make
    for made in labs:
        folder = Path(made.down()["folder"])
        assert made.processes() == []
        assert not folder.exists()


@pytest.fixture
def lab(make_lab: MakeLab) -> Lab:
    """A lab that is not up yet."""
    return make_lab()


@pytest.fixture(scope="session", autouse=True)
def can_have_a_lab() -> None:
    """Where not even an ordinary user's namespaces are permitted, nothing here can run."""
    probe = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", "true"], capture_output=True, text=True
    )
    if probe.returncode != 0:
        pytest.skip(f"no namespaces here: {probe.stderr.strip()}")
