# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands as somebody would type them."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    Command,
    SetSysctl,
    WriteFile,
)


@pytest.mark.parametrize(
    "step, text",
    [
        (Command("ip", "link del dev x", "x"), "ip link del dev x"),
        (Command("ip", "link del dev x", "x", "ns1"), "ip -n ns1 link del dev x"),
        (
            Command("ip", "link del dev x", "x", "/proc/7/ns/net"),
            "nsenter --net=/proc/7/ns/net ip link del dev x",
        ),
        (SetSysctl("net.ipv4.ip_forward", "1"), "sysctl -w net.ipv4.ip_forward=1"),
        (WriteFile("/run/x", "", "x"), "install -D -m 0644 /dev/null /run/x"),
        (WriteFile("/run/x", None, "x"), "rm /run/x"),
        (
            WriteFile("/run/x", "a\n", "x"),
            "install -D -m 0644 /dev/stdin /run/x << 'EOF'\na\nEOF",
        ),
    ],
)
def test_step_reads_as_a_command(step: Any, text: str) -> None:
    assert step.text == text


def test_nft_line_is_one_word_for_the_shell() -> None:
    line = 'add rule ip t c oifname != "br0" masquerade comment "x:y"'
    assert shlex.split(Command("nft", line, "x").text) == ["nft", line]


def test_change_without_steps_is_none() -> None:
    assert not Change().changed
    change = Change(steps=[SetSysctl("a", "b")])
    assert change.changed
    assert change.commands == ["sysctl -w a=b"]
