# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept of a module's options."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change, WriteFile
from ansible_collections.vxlab.overlay.plugins.module_utils._change.kept import (
    dump,
    load,
    plan_kept,
)

PATH = "/etc/vxlab.overlay/overlay/vxlan_link.json"
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values), st.booleans())
def test_options_come_back_as_they_were(params: Dict[str, Any], persist: bool) -> None:
    kept = dump({**params, "persist": persist})
    assert load(kept) == {key: params[key] for key in params if key != "persist"}
    assert kept.count("\n") == 1
    assert dump(dict(reversed(list(params.items())))) == dump(params)


@pytest.mark.parametrize(
    ("have", "want", "differences"),
    [
        (None, None, []),
        ("a", "a", []),
        (None, "a", [f"{PATH}: missing"]),
        ("a", "b", [f"{PATH}: outdated"]),
        ("a", None, [f"{PATH}: should not be there"]),
    ],
)
def test_the_file_comes_last(
    have: Optional[str], want: Optional[str], differences: List[str]
) -> None:
    first = WriteFile("/first", "", "be first")
    change = Change(steps=[first])
    plan_kept(change, PATH, have, want)
    assert change.differences == differences
    rest = [WriteFile(PATH, want, "keep for the next boot what is wanted")] if differences else []
    assert change.steps == [first, *rest]
