# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checking options one by one, with errors that name the option, its value and what is right.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError

Check = Callable[[Any], Any]


def checked(params: Mapping[str, Any], checks: Mapping[str, Check], label: str) -> Dict[str, Any]:
    """The options, those that are given and have a check as it returns them."""
    found = dict(params)
    for name, check in checks.items():
        if params[name] is not None:
            found[name] = one(label + name, params[name], check)
    return found


def each(name: str, values: Sequence[Any], check: Check) -> List[Any]:
    return [one(f"{name}[{index}]", entry, check) for index, entry in enumerate(values)]


def one(name: str, given: Any, check: Check) -> Any:
    try:
        return check(given)
    except ValueError as error:
        raise ChangeError(f"{name} is {given!r}: it {error}") from None
