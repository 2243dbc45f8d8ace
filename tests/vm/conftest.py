# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Three virtual machines that start untouched, and end with the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vm.machines import Machine, down, up


@pytest.fixture(name="hosts", scope="session")
def _hosts() -> Iterator[list[Machine]]:
    down()
    yield up()
    down()
