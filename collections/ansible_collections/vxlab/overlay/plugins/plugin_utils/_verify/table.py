# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reachability table as lines of text. Pure.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# What does not fit on a screen shows hosts instead of containers, or one column for all.
MOST_COLUMNS = 12
WIDEST = 150

Matrix = Mapping[str, Mapping[str, Any]]


def reachability_table(matrix: Matrix) -> list[str]:
    """Rows: sources; columns: targets; cells: round-trip times in ms, FAIL, or - if not probed.

    matrix: source -> target -> round-trip time in ms, or why it failed (text). Sources and
    targets are hosts ("ubuntu1"), containers ("ubuntu1/ns1") or the gateway.
    """
    targets = _ordered(matrix)
    rows = [[source, *(_cell(row.get(t)) for t in targets)] for source, row in matrix.items()]
    table = _aligned([["from \\ to (ms)", *targets], *rows])
    if _fits(targets, table):
        return table
    condensed = _condense(matrix)
    hosts = _ordered(condensed)
    rows = [
        [source, *(_share(row.get(host, [])) for host in hosts)]
        for source, row in condensed.items()
    ]
    table = _aligned([["from \\ to, reached/probed(max ms)", *hosts], *rows])
    if _fits(hosts, table):
        return table
    rows = [
        [source, _share([cell for cells in row.values() for cell in cells])]
        for source, row in condensed.items()
    ]
    return _aligned([["from (containers too)", "reached/probed(max ms)"], *rows])


def _fits(columns: Sequence[str], table: Sequence[str]) -> bool:
    return len(columns) <= MOST_COLUMNS and len(table[0]) <= WIDEST


def _ordered(matrix: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """All targets: containers in the order of the sources, what is no source last."""
    targets = dict.fromkeys(target for row in matrix.values() for target in row)
    return [source for source in matrix if source in targets] + [
        target for target in targets if target not in matrix
    ]


def _condense(matrix: Matrix) -> dict[str, dict[str, list[Any]]]:
    """host -> host (or gateway) -> the cells of all pairs between them."""
    condensed: dict[str, dict[str, list[Any]]] = {}
    for source, row in matrix.items():
        line = condensed.setdefault(source.split("/")[0], {})
        for target, cell in row.items():
            line.setdefault(target.split("/")[0], []).append(cell)
    return condensed


def _cell(cell: Any) -> str:
    if cell is None:
        return "-"
    return "FAIL" if isinstance(cell, str) else f"{cell:.2f}"


def _share(cells: Sequence[Any]) -> str:
    if not cells:
        return "-"
    # No single spaces: ansible's output breaks long lines at them.
    times = [cell for cell in cells if not isinstance(cell, str)]
    slowest = f"({max(times):.2f})" if times else ""
    failed = "" if len(times) == len(cells) else "FAIL:"
    return f"{failed}{len(times)}/{len(cells)}{slowest}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        ).rstrip()
        for row in rows
    ]
