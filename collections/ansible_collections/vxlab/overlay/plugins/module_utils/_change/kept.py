# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept of a module's run: its options, from which the same is restored at the next boot.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, Optional

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change, WriteFile


def dump(params: Mapping[str, Any]) -> str:
    """The text of the file that keeps them; one line, since there may be 100,000 entries."""
    return json.dumps({key: params[key] for key in sorted(params) if key != "persist"}) + "\n"


def load(text: str) -> Dict[str, Any]:
    params: Dict[str, Any] = json.loads(text)
    return params


def plan_kept(change: Change, path: str, have: Optional[str], want: Optional[str]) -> None:
    """Add to the change, at its end, what makes the file as wanted; None: it should not be there.

    At the end, so that what is restored was once seen to work.
    """
    if have == want:
        return
    word = "missing" if have is None else "outdated" if want else "should not be there"
    change.differences.append(f"{path}: {word}")
    change.steps.append(WriteFile(path, want, "keep for the next boot what is wanted"))
