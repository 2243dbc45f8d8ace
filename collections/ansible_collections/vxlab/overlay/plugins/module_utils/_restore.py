# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that brings back what is missing of an overlay: at boot, and when a timer asks.

It does what the modules would do with the options that they kept, by the modules' own code, so a
host that has everything is only read. Runs without Ansible.
Private to the collection: may change without notice.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence, TextIO

from ansible_collections.vxlab.overlay.plugins.module_utils._change import kept
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import KEPT, Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.iproute import (
    exists,
    read_namespaces,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.lock import alone
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.parameters import read_file
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import (
    KernelError,
    require_root,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._task import (
    anti_spoof,
    bridge_port,
    gateway_filter,
    nat_masquerade,
    netns_veth,
    peer_filter,
    vxlan_fdb,
    vxlan_link,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._task.run import (
    carry_out,
    prepare,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._task.task import Kept

# In the order of site.yml: the filters stand before there is what they filter.
TASKS: Sequence[Kept] = (
    gateway_filter,
    peer_filter,
    vxlan_link,
    bridge_port,
    vxlan_fdb,
    anti_spoof,
    netns_veth,
    nat_masquerade,
)


INTERVAL = 1.0
"""Seconds between two attempts, while the underlay is not there yet."""


@dataclass
class Outcome:
    """One short sentence each: what differed from the kept options, what could not be restored
    since somebody else has to make something first, and what failed."""

    differences: List[str] = field(default_factory=list)
    left_out: List[str] = field(default_factory=list)
    errors: List[str] = field(default_factory=list)


def restore(mark: Mark, check: bool) -> Outcome:
    """Bring back what is missing, one module's part after the other; check: change nothing.

    A part that fails does not keep the others from being restored.
    """
    outcome = Outcome()
    for task in TASKS:
        name = task.__name__.rpartition(".")[2]
        try:
            text = read_file(f"{mark.kept}/{name}.json")
            if text is None:
                continue
            params = kept.load(text)
            if task is netns_veth:
                _leave_out(params, outcome)
            prepared = prepare(task, params, mark)
            if not check:
                carry_out(prepared)
        except (ChangeError, KernelError) as error:
            outcome.errors.append(f"{name}: {error}")
        except Exception as error:  # a file that is damaged, or of another version of this program
            outcome.errors.append(f"{name}: {type(error).__name__}: {error}; run site.yml")
        else:
            outcome.differences += prepared.change.differences
    return outcome


def _leave_out(params: Dict[str, Any], outcome: Outcome) -> None:
    """Take out the containers that joined a namespace of somebody else's that is not there (yet).

    One that is named by a process is not looked for: by now its number may be another process's.
    """
    namespaces = read_namespaces()
    possible = []
    for container in params["containers"]:
        netns = str(container["netns"] or container["name"])
        is_made_by_us = container["owned"] and not netns.startswith("/")
        if is_made_by_us or (not netns.startswith("/proc/") and exists(netns, namespaces)):
            possible.append(container)
        else:
            outcome.left_out.append(
                f"{container['name']}: its namespace {netns} is somebody else's"
            )
    if outcome.left_out:
        params["purge"] = False  # they did not leave the overlay, and may be running
    params["containers"] = possible


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """0: everything is as it should be; 1: something could not be restored, or with --check:
    something differs."""
    parser = argparse.ArgumentParser(description="Restore a VXLAN overlay on this host.")
    parser.add_argument("name", help="overlay_name")
    parser.add_argument("--check", action="store_true", help="change nothing, only tell")
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="try so long")
    given = parser.parse_args(arguments)
    word = "differs" if given.check else "restored"
    deadline = time.monotonic() + given.wait
    told = 0
    try:
        require_root()
        mark = Mark(given.name)
        while True:
            with alone(KEPT):
                outcome = restore(mark, given.check)
            for line in outcome.differences:
                _tell(sys.stdout, f"{word}: {line}")
            told += len(outcome.differences)
            if not outcome.errors or time.monotonic() > deadline:
                break
            time.sleep(INTERVAL)
    except (ChangeError, KernelError) as error:
        outcome = Outcome(errors=[str(error)])
    for line in outcome.left_out:
        _tell(sys.stdout, f"left out: {line}")
    for line in outcome.errors:
        _tell(sys.stderr, f"cannot restore: {line}")
    return 1 if outcome.errors or (given.check and told) else 0


def _tell(stream: TextIO, line: str) -> None:
    stream.write(f"{line}\n")
    stream.flush()


if __name__ == "__main__":
    raise SystemExit(main())
