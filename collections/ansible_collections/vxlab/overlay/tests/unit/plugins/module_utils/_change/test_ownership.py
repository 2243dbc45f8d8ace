# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mark, and that nothing without it is ever named in a command."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import (
    Mark,
    is_mark,
)

MARK = Mark("overlay")


@pytest.mark.parametrize("name", ["overlay", "a", "A_9", "x" * 24])
def test_name_of_an_overlay_marks_it(name: str) -> None:
    mark = Mark(name)
    assert mark.owns(mark.alias()) and mark.owns(mark.alias("container ns1"))
    assert name in mark.table and name in mark.sysctl_file and name in mark.journal


def test_names_that_differ_in_case_alone_share_nothing() -> None:
    one, other = Mark("prod"), Mark("Prod")
    for place in (
        *("text", "table", "ports_table", "journal", "making", "sysctl_file"),
        *("chain", "ports_chain"),
    ):
        assert getattr(one, place) != getattr(other, place)


def test_chain_of_the_longest_name_is_one_that_ebtables_takes() -> None:
    """As the target of a jump it may have 28 characters (linux/netfilter/x_tables.h)."""
    assert len(Mark("x" * 24).chain) == len(Mark("x" * 24).ports_chain) == 28


@pytest.mark.parametrize("other", ["overlay_ports", "p", "ports"])
def test_ports_table_and_chain_are_no_other_overlays(other: str) -> None:
    """Which they could be if a name of an overlay could have a dot."""
    assert MARK.ports_table not in (MARK.table, Mark(other).table)
    assert MARK.ports_chain not in (MARK.chain, Mark(other).chain)


@pytest.mark.parametrize("word", [MARK.text, MARK.chain, MARK.ports_chain])
def test_mark_in_a_rule_is_known_as_one_of_ours(word: str) -> None:
    assert is_mark(word)


@pytest.mark.parametrize(
    "name",
    [
        *("", "9a", "_a", "a-b", "a b", "a/b", "../x", "x" * 25, "é", 'a"', "a\n"),
    ],
)
def test_name_that_would_not_fit_everywhere_is_refused(name: str) -> None:
    with pytest.raises(ChangeError, match="overlay_name is"):
        Mark(name)


@pytest.mark.parametrize(
    "alias", [None, "", "vxlab.overlay:overlay2", "vxlab.overlay:over", "x vxlab.overlay:overlay"]
)
def test_alias_of_somebody_else_is_not_ours(alias: Any) -> None:
    assert not Mark("overlay").owns(alias)
