# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation that all modules of the collection share."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  overlay_name:
    description:
      - Name of the overlay. It is part of the mark that everything made by this collection
        carries (link alias, nftables table and rule comments, file names), and only what carries
        the mark is ever changed or removed.
      - A letter, then letters, digits and underscores, 24 at most.
      - Changing it leaves what carries the old mark where it is; remove that first.
    type: str
    default: overlay
attributes:
  check_mode:
    description: Reads the host and reports the commands that a run would execute.
    support: full
  diff_mode:
    description: Shows the objects before and after the change.
    support: full
  idempotent:
    description: A second run with the same options reads the host and runs no command.
    support: full
  platform:
    description: Linux, with iproute2 5.10 or later and Python 3.8 or later.
    support: full
    platforms: linux
notes:
  - Needs root on the host, or the root of a user namespace that owns the network namespace.
"""
