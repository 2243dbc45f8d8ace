# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The probes' options, checked value by value.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Callable


def checked(option: str, check: Callable[[Any], Any], given: Any) -> Any:
    """What a check of _change/value.py returns; raises ValueError, a sentence about the option."""
    try:
        return check(given)
    except ValueError as error:
        raise ValueError(f"{option} is {given}: it {error}") from None
