# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that restores an overlay, where it is installed.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import KernelError, run


def restore_kept(mark: Mark) -> bool:
    """Whether all that earlier runs kept for the next boot is there again."""
    if not os.path.exists(mark.program):
        return False
    with suppress(KernelError):
        run([sys.executable, mark.program, mark.name], "restore what was there before")
        return True
    return False
