# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the fabric's bridges drop: from the table that is there to the one that should be."""

from __future__ import annotations

import copy
from typing import Any, Callable

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.switch import plan_switch


def rule(comment: str, match: dict[str, Any], verdict: str) -> dict[str, Any]:
    counter = {"counter": {"packets": 7, "bytes": 490}}
    return {"rule": {"comment": comment, "expr": [{"match": match}, counter, {verdict: None}]}}


def payload(protocol: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": "daddr"}}


# As nft 1.0.6 shows it, less what is not looked at.
GOOD: list[dict[str, Any]] = [
    {"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
    {"table": {"family": "bridge", "name": "vxlab_lab", "handle": 2}},
    {
        "chain": {
            "name": "forward",
            "handle": 1,
            "type": "filter",
            "hook": "forward",
            "prio": -200,
            "policy": "accept",
        }
    },
    rule(
        "broadcast", {"op": "==", "left": payload("ether"), "right": "ff:ff:ff:ff:ff:ff"}, "accept"
    ),
    rule(
        "link-local IPv6",
        {
            "op": "==",
            "left": payload("ip6"),
            "right": {"prefix": {"addr": "ff02::", "len": 16}},
        },
        "accept",
    ),
    rule(
        "multicast",
        {
            "op": "==",
            "left": {"&": [payload("ether"), "01:00:00:00:00:00"]},
            "right": "01:00:00:00:00:00",
        },
        "drop",
    ),
]
DELETE = "delete table bridge vxlab_lab\n"


def test_what_is_right_is_left_alone() -> None:
    assert plan_switch(False, GOOD) == ([], "")
    assert plan_switch(True, []) == ([], "")


def test_multicast_off_and_on() -> None:
    differences, text = plan_switch(False, [])
    assert differences == ["fabric: multicast on -> off"]
    assert text.splitlines() == [
        "add table bridge vxlab_lab",
        "add chain bridge vxlab_lab forward"
        " { type filter hook forward priority -200; policy accept; }",
        "add rule bridge vxlab_lab forward ether daddr ff:ff:ff:ff:ff:ff counter accept"
        ' comment "broadcast"',
        "add rule bridge vxlab_lab forward ip6 daddr ff02::/16 counter accept"
        ' comment "link-local IPv6"',
        "add rule bridge vxlab_lab forward ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00"
        ' counter drop comment "multicast"',
    ]
    assert plan_switch(True, GOOD) == (["fabric: multicast off -> on"], DELETE)


DRIFTS: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "no chain": lambda table: table.__delitem__(slice(2, None)),
    "rule lost": lambda table: table.pop(),
    "rule added": lambda table: table.insert(3, rule("mine", {}, "accept")),
    "rule added without a comment": lambda table: table.insert(
        3, {"rule": {"expr": [{"accept": None}]}}
    ),
    "other order": lambda table: table.insert(3, table.pop()),
    "other verdict": lambda table: table[5]["rule"]["expr"].__setitem__(2, {"accept": None}),
    "other policy": lambda table: table[2]["chain"].update(policy="drop"),
    "chain without a hook": lambda table: table[2].update(chain={"name": "forward"}),
    "one more chain": lambda table: table.append({"chain": {"name": "other"}}),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_drift_is_mended_in_one_transaction(drift: str) -> None:
    table = copy.deepcopy(GOOD)
    DRIFTS[drift](table)
    differences, text = plan_switch(False, table)
    assert differences == ["fabric: multicast: filter is not as it should be"]
    assert text == DELETE + plan_switch(False, [])[1]
