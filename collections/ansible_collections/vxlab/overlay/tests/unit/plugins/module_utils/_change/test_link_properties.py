# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links: nothing that is not ours is ever named."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import (
    bridge,
    container,
    inside,
    value,
    vxlan,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    ChangeError,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Link
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    MARK,
)

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Other tests may keep the machine busy meanwhile.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NAMES = ["vxlan0", "br0", "veth-ns1", "eth1", "docker0", "cni0", "vethX"]
ALIASES = [None, "somebody", MARK.alias(), MARK.alias("container ns1"), "vxlab.overlay:overlay2"]


@st.composite
def link_tables(draw: st.DrawFn) -> Dict[str, Link]:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    table = {}
    for index, name in enumerate(names, start=2):
        table[name] = Link(
            index=index,
            name=name,
            kind=draw(st.sampled_from(["vxlan", "bridge", "veth", None])),
            up=draw(st.booleans()),
            mtu=draw(st.sampled_from([1400, 1450, 1500])),
            mac="02:00:00:00:00:01",
            alias=draw(st.sampled_from(ALIASES)),
            master=draw(st.sampled_from([None, *(n for n in names if n != name)])),
            data={"id": draw(st.sampled_from([42, 43])), "port": 4789},
        )
    return table


def named(change: Change) -> List[Tuple[str, str]]:
    """The links that commands in the host's own namespace act on, and the whole lines."""
    found = []
    for step in change.steps:
        words = getattr(step, "line", "").split()
        if getattr(step, "netns", None) is None and words[:1] == ["link"]:
            found.append((words[3], step.text))
        elif getattr(step, "netns", None) is None and words[:1] == ["address"]:
            found.append((words[-1], step.text))
    return found


@given(table=link_tables(), purge=st.booleans(), absent=st.booleans())
@settings(PATIENT, max_examples=200)
def test_no_command_names_a_link_that_is_neither_ours_nor_wanted(
    table: Dict[str, Link], purge: bool, absent: bool
) -> None:
    want = inside.Container("ns1", "ns1", "veth-ns1", addresses=["10.233.0.2/16"])
    host = container.Host(table, namespaces=["theirs"])
    plans: List[Tuple[str, Any]]
    if absent:
        plans = [
            ("vxlan0", lambda: vxlan.plan_absent("vxlan0", table, MARK, purge)),
            ("br0", lambda: bridge.plan_absent("br0", table, MARK, purge)),
            ("veth-ns1", lambda: container.plan_absent([want], host, MARK, purge)),
        ]
    else:
        plans = [
            ("vxlan0", lambda: vxlan.plan_present(vxlan.Vxlan("vxlan0", 42), table, MARK, purge)),
            ("br0", lambda: bridge.plan_present(bridge.Bridge("br0"), [], table, MARK, purge)),
            ("veth-ns1", lambda: container.plan_present([want], "br0", host, MARK, purge)),
        ]
    for wanted, plan in plans:
        try:
            change = plan()
        except ChangeError:
            continue
        for name, line in named(change):
            ours = name in table and MARK.owns(table[name].alias)
            # The ports of a bridge of ours that goes come over, whosever they are.
            master = table.get(str(table[name].master)) if name in table else None
            moved = line.endswith("master br0") and master and MARK.owns(master.alias)
            assert ours or (name == wanted and name not in table) or moved, line


@settings(PATIENT)
@given(name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,30}", fullmatch=True))
def test_host_end_is_always_a_name_that_the_kernel_takes(name: str) -> None:
    assert value.device_name(value.host_end_name(name)) == value.host_end_name(name)
