# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON documents one after the other."""

from __future__ import annotations

import json
import re
from typing import Any, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vxlab.overlay.plugins.module_utils._documents import documents

VALUES = st.dictionaries(st.text(), st.lists(st.one_of(st.text(), st.integers(), st.none())))


@given(st.lists(VALUES), st.sampled_from(["", " ", "\n", "\n\n  "]))
def test_what_was_printed_is_read(printed: List[Any], blanks: str) -> None:
    text = blanks + blanks.join(json.dumps(value) for value in printed) + blanks
    assert list(documents(text)) == printed


@pytest.mark.parametrize("text", ["[", "[] x", 'Object "x" is unknown'])
def test_what_is_none_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        list(documents(text))


def test_what_stands_between_is_left_out_where_an_opening_is_given() -> None:
    text = '% none\n{"a": "{"}\n% [x]\n{}\n%\n'
    assert list(documents(text, re.compile(r"\{"))) == [{"a": "{"}, {}]


def test_what_comes_before_an_error_is_there() -> None:
    found = documents("[1] [2")
    assert next(found) == [1]
    with pytest.raises(ValueError):
        next(found)
