# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify.table import reachability_table


def test_small_table_shows_each_pair() -> None:
    matrix: dict[str, dict[str, Any]] = {
        "ubuntu1": {"ubuntu1/ns1": 0.05, "ubuntu2/ns1": 0.5},
        "ubuntu1/ns1": {"ubuntu2/ns1": "no reply", "gateway": 0.04},
        "ubuntu2": {"ubuntu1/ns1": 12.3456},
        "ubuntu2/ns1": {"ubuntu1/ns1": 0.42, "gateway": 0.041},
    }
    assert reachability_table(matrix) == [
        "from \\ to (ms)  ubuntu1/ns1  ubuntu2/ns1  gateway",
        "ubuntu1                0.05         0.50        -",
        "ubuntu1/ns1               -         FAIL     0.04",
        "ubuntu2               12.35            -        -",
        "ubuntu2/ns1            0.42            -     0.04",
    ]


def full(hosts: int, containers: int) -> dict[str, dict[str, Any]]:
    labels = [f"u{h}/ns{c}" for h in range(1, hosts + 1) for c in range(1, containers + 1)]
    matrix: dict[str, dict[str, Any]] = {}
    for host in range(1, hosts + 1):
        matrix[f"u{host}"] = dict.fromkeys(labels, 1.0)
        for label in (label for label in labels if label.startswith(f"u{host}/")):
            others = {other: 0.5 for other in labels if other != label}
            matrix[label] = {**others, "gateway": 0.1}
    return matrix


def test_many_containers_are_shown_as_hosts() -> None:
    matrix = full(2, 10)
    matrix["u1/ns1"]["u2/ns4"] = "no reply"
    lines = reachability_table(matrix)
    assert [line.split() for line in lines[1:]] == [
        ["u1", "100/100(1.00)", "FAIL:109/110(1.00)", "10/10(0.10)"],
        ["u2", "110/110(1.00)", "100/100(1.00)", "10/10(0.10)"],
    ]
    assert lines[0].split()[-3:] == ["u1", "u2", "gateway"]
    assert len({len(line) for line in lines}) == 1


def test_many_hosts_are_shown_as_one_line_each() -> None:
    matrix = full(15, 1)
    matrix["u15/ns1"]["gateway"] = "no reply"
    lines = reachability_table(matrix)
    assert len(lines) == 16
    assert lines[1].split() == ["u1", "30/30(1.00)"]
    assert lines[15].split() == ["u15", "FAIL:29/30(1.00)"]


def test_no_containers_make_an_empty_table() -> None:
    assert reachability_table({"ubuntu1": {}, "ubuntu2": {}}) == [
        "from \\ to (ms)",
        "ubuntu1",
        "ubuntu2",
    ]
