# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes, read from the text of /proc."""

from __future__ import annotations

import os
import subprocess

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.lab import listening_ports
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.process import (
    Stat,
    is_running,
    kill,
    parse_cmdline,
    parse_stat,
    read_stat,
)

STAT = "42 ({}) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 2613248 222 1 2 3 4 5 6"


@pytest.mark.parametrize("comm", ["sh", "a b", "x) R 1 (y", ")"])
def test_stat_of_a_process_with_any_name(comm: str) -> None:
    assert parse_stat(STAT.format(comm)) == Stat("S", 7, 98765)


def cmdline(*words: str) -> bytes:
    return "".join(f"{word}\0" for word in words).encode()


FOLDER = "/run/vxlab-lab/lab"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (cmdline("sh", "-c", "x", "vxlab-lab", FOLDER, "ubuntu1", "sleep", "1"), "ubuntu1"),
        (cmdline("unshare", "--net", "sh", f"{FOLDER}/host.sh", FOLDER, "u2", "v"), "u2"),
        (cmdline("sh", f"{FOLDER}/fabric.sh", FOLDER, "fabric", "1"), "fabric"),
        (cmdline("sh", "-c", "x", "vxlab-lab", f"{FOLDER}2", "ubuntu1", "sleep"), None),
        (cmdline("vi", f"{FOLDER}/host.sh"), None),
        (cmdline("grep", "vxlab-lab", FOLDER), None),
        (b"", None),
    ],
)
def test_processes_of_a_lab_are_told_from_all_others(line: bytes, name: str | None) -> None:
    assert parse_cmdline(line, FOLDER) == name


def test_only_the_process_with_that_start_time_is_killed() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        stat = read_stat(process.pid)
        assert stat is not None and stat.parent == os.getpid()
        assert is_running(process.pid, stat.start)
        kill([(process.pid, stat.start + 1)])
        assert process.poll() is None
        kill([(process.pid, stat.start)])
        assert not is_running(process.pid, stat.start)


def test_listening_ports() -> None:
    table = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n"
        "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000\n"
        "   1: 500071CB:1F91 0B0110AC:D2F0 01 00000000:00000000 00:00000000 00000000\n"
    )
    assert listening_ports(table) == [8080]
