# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that is killed at any moment: the next one succeeds, and all is verified."""

from __future__ import annotations

import random
import re
import subprocess
import time

import pytest

from tests.site.site import Site

MOMENTS = 5  # of each of the two: ten in all
# Python in the host, but for its init; only there, since the host has its own /proc. Says whom.
KILL_MODULES = r"""
for proc in /proc/[0-9]*; do
  pid=${proc#/proc/}
  case "$pid $(tr '\0' '\n' < $proc/cmdline | head -n 1)" in
    "1 "*) ;;
    *python*) kill -KILL $pid && echo $pid ;;
  esac
done 2> /dev/null
true
"""


@pytest.fixture(name="results", scope="module")
def _results(lab: Site) -> int:
    """How many results of tasks a first run has, as a measure of how far another one is."""
    _more_containers(lab)
    return len(lab.play("site.yml").results)


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_killed_controller(lab: Site, results: int, moment: int) -> None:
    """SIGKILL to ansible-playbook with all its workers, and to what it left on hosts."""
    random.seed(f"controller {moment}")
    lab.play("playbooks/teardown.yml")
    process = lab.start("site.yml")
    _await_moment(lab, process, results)
    lab.end(process)
    for host in lab.hosts:
        lab.run(host, KILL_MODULES)
    _is_mended(lab)


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_killed_module(lab: Site, results: int, moment: int) -> None:
    """SIGKILL to the module's process on one host; the run fails and says so."""
    random.seed(f"module {moment}")
    lab.play("playbooks/teardown.yml")
    process = lab.start("site.yml")
    killed = ""
    try:
        _await_moment(lab, process, results)
        # Until the run ends, since a module that was hit when it had answered is not missed.
        give_up = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < give_up:
            killed += lab.run("ubuntu2", KILL_MODULES)
            time.sleep(0.01)
        output, _none = process.communicate(timeout=60)
    finally:
        lab.end(process)
    assert killed, f"nothing was hit:\n{output}"
    assert process.returncode != 0, output
    assert re.search(r"^fatal: \[ubuntu2\]", output, re.M), output
    _is_mended(lab)


def test_nothing_is_left_after_all_of_that(lab: Site) -> None:
    lab.reset()
    lab.play("playbooks/teardown.yml")
    left = lab.changes_since(lab.untouched)
    assert not left, left


def _await_moment(lab: Site, process: subprocess.Popen[str], results: int) -> None:
    """Until a random part of the run is over, and a bit more; the run goes on."""
    part = int(results * random.uniform(0.05, 0.8))
    record = lab.folder / "record.jsonl"
    give_up = time.monotonic() + 120
    while not record.exists() or len(record.read_bytes().splitlines()) < part:
        assert process.poll() is None and time.monotonic() < give_up, "the run did not get there"
        time.sleep(0.02)
    time.sleep(random.uniform(0, 0.5))


def _more_containers(lab: Site) -> None:
    """Enough of them that the modules' own work can be interrupted too."""
    lab.hosts["ubuntu2"]["overlay_containers"] = [
        {"name": f"ns{n}", "address": f"10.233.2.{n}"} for n in range(1, 51)
    ]


def _is_mended(lab: Site) -> None:
    lab.play("site.yml")
    lab.play("playbooks/verify.yml", "--tags", "state,reach")
