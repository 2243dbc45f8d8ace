# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes an overlay is what restores it, and what removes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader

from ansible_collections.vxlab.overlay.plugins.module_utils._restore import TASKS

COLLECTION = Path(__file__).resolve().parents[3]


def read(path: str) -> Any:
    return DataLoader().load_from_file(str(COLLECTION / path))


def test_whatever_makes_a_part_of_the_overlay_is_undone_and_restored() -> None:
    makes = read("meta/runtime.yml")["action_groups"]["overlay"]
    restores = [task.__name__.rpartition(".")[2] for task in TASKS]
    assert restores == makes
    removes = {
        key.rpartition(".")[2]
        for task in read("roles/teardown/tasks/main.yml")
        for key, options in task.items()
        if key.startswith("vxlab.overlay.") and options["state"] == "absent"
    }
    assert removes == {*makes, "frr_config", "overlay_service"}
