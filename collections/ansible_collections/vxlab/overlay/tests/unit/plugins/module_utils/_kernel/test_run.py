# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One command: its input, its output, and errors that say what was meant."""

from __future__ import annotations

import os

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import run as kernel
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import KernelError


def test_command_gets_its_input_and_gives_its_output() -> None:
    assert kernel.run(["cat"], "copy", stdin="a\nb\n") == "a\nb\n"


def test_command_speaks_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert kernel.run(["sh", "-c", "echo $LC_ALL"], "ask") == "C\n"


def test_error_says_the_intent_and_the_answer() -> None:
    script = "echo 'RTNETLINK answers: No' >&2; echo 'Command failed -:1' >&2; exit 2"
    with pytest.raises(KernelError) as failed:
        kernel.run(["sh", "-c", script], "set the MTU of vxlan0 to 1450")
    assert str(failed.value) == "cannot set the MTU of vxlan0 to 1450: RTNETLINK answers: No"
    assert failed.value.details["rc"] == 2
    assert "Command failed" in str(failed.value.details["stderr"])


def test_error_without_an_answer_says_how_the_tool_ended() -> None:
    with pytest.raises(KernelError, match="cannot try: sh ended with 3"):
        kernel.run(["sh", "-c", "exit 3"], "try")


def test_tool_that_is_missing_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "SEARCH_PATH", "/nonexistent")
    with pytest.raises(KernelError, match=r"ip is not on this host; install it .*package iproute2"):
        kernel.run(["ip", "link"], "list links")


def test_ordinary_user_is_told_to_become_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(KernelError, match="become: true"):
        kernel.require_root()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    kernel.require_root()
