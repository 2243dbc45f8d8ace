# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forwarding and neighbour entries, from options.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from functools import lru_cache
from socket import AF_INET, inet_ntop, inet_pton
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.fdb import Wanted
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.options import (
    Check,
    checked,
    each,
    one,
)

ENTRIES_CHECKS: Dict[str, Check] = {"dev": value.device_name, "neighbour_dev": value.device_name}


def entries_from_params(params: Mapping[str, Any]) -> Tuple[Wanted, str, Optional[str]]:
    """Of vxlan_fdb: its lists, which may have 100,000 entries, and its two devices."""
    given = checked(params, ENTRIES_CHECKS, "")
    flood = params["flood"]
    if flood is not None:
        flood = each("flood", flood, _unicast)
        _require_once("flood", flood, lambda vtep: (vtep, ""))
    address, mac, vtep = ("address", _unicast), ("mac", value.mac), ("vtep", _unicast)
    want = Wanted(
        flood=flood,
        macs=_pairs("macs", params["macs"], mac, vtep),
        neighbours=_pairs("neighbours", params["neighbours"], address, mac),
    )
    return want, given["dev"], given["neighbour_dev"]


def _pairs(
    name: str, entries: Optional[Sequence[Any]], *options: Tuple[str, Check]
) -> Optional[Dict[str, str]]:
    """From entries with two options each, the second by the first.

    Ansible's own check of suboptions takes longer than it takes to make the entries.
    """
    if entries is None:
        return None
    (key, check_key), (other, check_other) = options
    # Few VTEPs stand in many entries.
    check_other = lru_cache(maxsize=None)(check_other)
    found: Dict[str, str] = {}
    for index, entry in enumerate(entries):
        if len(entry) != 2 or key not in entry or other not in entry:
            raise ChangeError(
                f"{name}[{index}] is {entry!r}: it must have {key} and {other}, and nothing else"
            )
        try:
            found[check_key(entry[key])] = check_other(str(entry[other]))
        except ValueError:
            for option, check in options:
                one(f"{name}[{index}].{option}", entry[option], check)
    if len(found) != len(entries):
        _require_once(name, entries, lambda e: (check_key(e[key]), check_other(str(e[other]))))
    return found


def _unicast(given: Any) -> str:
    """What value.unicast does, several times as fast for most addresses."""
    try:
        packed = inet_pton(AF_INET, given)
    except (OSError, TypeError):
        return value.unicast(given)
    return inet_ntop(AF_INET, packed) if 0 < packed[0] < 224 else value.unicast(given)


def _require_once(
    name: str, entries: Sequence[Any], pair: Callable[[Any], Tuple[str, str]]
) -> None:
    """Raise ChangeError where two entries are for the same; pair: what it is for, and its value."""
    seen: Dict[str, Tuple[int, str]] = {}
    for index, entry in enumerate(entries):
        key, other = pair(entry)
        if key in seen:
            first, before = seen[key]
            values = f" ({before} and {other})" if other else ""
            raise ChangeError(
                f"{name}[{first}] and {name}[{index}] are both for {key}{values}: one of them must"
                " go"
            )
        seen[key] = (index, other)
