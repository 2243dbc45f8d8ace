# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps in their order, in as few processes as may be; an error names the step that failed."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Command,
    SetSysctl,
    WriteFile,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import apply as kernel
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import KernelError


class Tools:
    """Notes what is run, and fails where it is told to."""

    def __init__(self) -> None:
        self.ran: List[Any] = []
        self.errors: List[KernelError] = []

    def run(
        self, arguments: Sequence[str], _intent: str, stdin: str = "", netns: Optional[str] = None
    ) -> str:
        self.ran.append((list(arguments), netns, stdin))
        if self.errors:
            raise self.errors[0]
        return ""


@pytest.fixture(name="tools")
def fixture_tools(monkeypatch: pytest.MonkeyPatch) -> Tools:
    tools = Tools()
    monkeypatch.setattr(kernel, "run", tools.run)
    monkeypatch.setattr(kernel, "write_file", lambda *a: tools.ran.append(("write", *a)))
    monkeypatch.setattr(kernel, "set_sysctl", lambda *a: tools.ran.append(("sysctl", *a)))
    return tools


def ip(line: str, netns: Optional[str] = None) -> Command:
    return Command("ip", line, f"do {line}", netns)


def test_nothing_to_do_runs_nothing(tools: Tools) -> None:
    kernel.apply([])
    assert tools.ran == []


def test_neighbours_of_one_tool_and_namespace_are_one_batch(tools: Tools) -> None:
    kernel.apply([ip("a"), ip("b"), ip("c", "ns1"), ip("d", "ns1"), ip("e", "ns2"), ip("f")])
    batch = ["ip", "-batch", "-"]
    assert tools.ran == [
        (batch, None, "a\nb\n"),
        (batch, "ns1", "c\nd\n"),
        (batch, "ns2", "e\n"),
        (batch, None, "f\n"),
    ]


def test_nft_is_one_transaction(tools: Tools) -> None:
    kernel.apply([Command("nft", "add table ip t", "x"), Command("nft", "add chain ip t c", "y")])
    assert tools.ran == [(["nft", "-f", "-"], None, "add table ip t\nadd chain ip t c\n")]


def test_order_between_kinds_of_steps_is_kept(tools: Tools) -> None:
    kernel.apply(
        [
            WriteFile("/run/x", "", "note x"),
            ip("a"),
            SetSysctl("k", "1"),
            Command("iptables", '-A X -m comment --comment "two words"', "add"),
            Command("nft", "add table ip t", "x"),
        ]
    )
    assert tools.ran == [
        ("write", "/run/x", "", "note x"),
        (["ip", "-batch", "-"], None, "a\n"),
        ("sysctl", "k", "1"),
        (["iptables", "-A", "X", "-m", "comment", "--comment", "two words"], None, ""),
        (["nft", "-f", "-"], None, "add table ip t\n"),
    ]


@pytest.mark.parametrize(
    "tool, stderr, answer",
    [
        (
            "ip",
            "RTNETLINK answers: File exists\nCommand failed -:2",
            "RTNETLINK answers: File exists",
        ),
        ("nft", "/dev/stdin:2:1-9: Error: No such file", "/dev/stdin:2:1-9: Error: No such file"),
    ],
)
def test_error_names_the_step_that_failed(
    tools: Tools, tool: str, stderr: str, answer: str
) -> None:
    error = KernelError(f"cannot make 3 changes: {answer}", cmd="/sbin/x", rc=1, stderr=stderr)
    tools.errors = [error]
    steps = [Command(tool, f"line {n}", f"do thing {n}") for n in (1, 2, 3)]
    with pytest.raises(KernelError) as failed:
        kernel.apply(steps)
    assert str(failed.value) == f"cannot do thing 2: {answer}"
    assert failed.value.details == {"cmd": steps[1].text, "rc": 1, "stderr": stderr}


@pytest.mark.parametrize("stderr", ["", "killed", "Command failed -:9"])
def test_error_that_names_no_step_is_passed_on(tools: Tools, stderr: str) -> None:
    tools.errors = [KernelError("cannot make 2 changes: ip ended with 1", stderr=stderr)]
    with pytest.raises(KernelError, match="cannot make 2 changes"):
        kernel.apply([ip("a"), ip("b")])


def test_nothing_runs_after_the_step_that_failed(tools: Tools) -> None:
    tools.errors = [KernelError("cannot do a: no", stderr="Command failed -:1")]
    with pytest.raises(KernelError):
        kernel.apply([ip("a"), ip("b", "ns1"), SetSysctl("k", "1")])
    assert len(tools.ran) == 1


def test_error_of_a_tool_that_takes_no_batches_tells_all_that_it_printed() -> None:
    step = Command("sh", "-c 'echo why; echo; echo where >&2; exit 3'", "try")
    with pytest.raises(KernelError) as failed:
        kernel.apply([step])
    assert str(failed.value) == "cannot try: where; why"
    assert (failed.value.rc, failed.value.stderr) == (3, "where; why")
    with pytest.raises(KernelError, match="cannot try: sh ended with 4"):
        kernel.apply([Command("sh", "-c 'exit 4'", "try")])
