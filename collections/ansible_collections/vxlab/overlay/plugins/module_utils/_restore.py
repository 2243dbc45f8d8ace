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
from typing import Any, Dict, List, Mapping, Optional, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change import kept
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
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
    netns_veth,
    nat_masquerade,
)


INTERVAL = 1.0
"""Seconds between two attempts, while the underlay is not there yet."""


@dataclass
class Outcome:
    """What differed from the kept options, one short sentence each, and what failed."""

    differences: List[str] = field(default_factory=list)
    errors: List[str] = field(default_factory=list)


def restore(mark: Mark, check: bool) -> Outcome:
    """Bring back what is missing, one module's part after the other; check: change nothing.

    A part that fails does not keep the others from being restored.
    """
    outcome = Outcome()
    for task in TASKS:
        name = task.__name__.rpartition(".")[2]
        text = read_file(f"{mark.kept}/{name}.json")
        if text is None:
            continue
        try:
            prepared = prepare(task, _possible(kept.load(text)), mark)
            if not check:
                carry_out(prepared)
        except (ChangeError, KernelError) as error:
            outcome.errors.append(f"{name}: {error}")
        else:
            outcome.differences += prepared.change.differences
    return outcome


def _possible(params: Dict[str, Any]) -> Dict[str, Any]:
    """Without containers that joined a namespace of somebody else's that is not there (yet)."""
    if "containers" in params:
        namespaces = read_namespaces()
        params["containers"] = [
            container
            for container in params["containers"]
            if _is_made_by_us(container) or exists(_netns_of(container), namespaces)
        ]
    return params


def _is_made_by_us(container: Mapping[str, Any]) -> bool:
    return bool(container["owned"]) and not _netns_of(container).startswith("/")


def _netns_of(container: Mapping[str, Any]) -> str:
    return str(container["netns"] or container["name"])


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
        with alone(mark.kept):
            while True:
                outcome = restore(mark, given.check)
                for line in outcome.differences:
                    print(f"{word}: {line}", flush=True)
                told += len(outcome.differences)
                if not outcome.errors or time.monotonic() > deadline:
                    break
                time.sleep(INTERVAL)
    except (ChangeError, KernelError) as error:
        outcome = Outcome(errors=[str(error)])
    for line in outcome.errors:
        print(f"cannot restore: {line}", file=sys.stderr)
    return 1 if outcome.errors or (given.check and told) else 0


if __name__ == "__main__":
    sys.exit(main())
