# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where results go: JSON under bench/results, and the table in the documentation."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BENCH = Path(__file__).parent
REPO = BENCH.parent
DOCS = REPO / "collections/ansible_collections/vxlab/overlay/docs/docsite/rst"


def save(name: str, measured: Any) -> None:
    """Write what was measured, with the machine that it was measured on."""
    machine = {
        "kernel": platform.release(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
    }
    text = json.dumps({"machine": machine, "measured": measured}, indent=2)
    (BENCH / "results").mkdir(exist_ok=True)
    (BENCH / "results" / f"{name}.json").write_text(text + "\n")


def table(rows: Sequence[Sequence[str]]) -> str:
    """A simple table of reStructuredText; the first row is its head."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def document(page: str, name: str, text: str) -> None:
    """Replace what stands in a page of the documentation between two comments with a name."""
    path = DOCS / page
    begin, end = f".. bench {name} begins\n", f".. bench {name} ends\n"
    before, _begin, rest = path.read_text().partition(begin)
    _old, _end, after = rest.partition(end)
    if not _begin or not _end:
        raise ValueError(f"{path} has no place for {name}")
    path.write_text(f"{before}{begin}\n{text}\n\n{end}{after}")
