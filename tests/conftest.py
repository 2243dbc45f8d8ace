# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the end of a run tells beside the number of tests."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Each test of test_faults makes one command fail."""
    passed = terminalreporter.getreports("passed")
    points = sum("test_faults.py" in report.nodeid for report in passed)
    if points:
        terminalreporter.write_line(f"{points} commands made to fail, none left a half-made state")
