# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the lab raises."""

from __future__ import annotations


class LabError(Exception):
    """Bad input, a refusal by the kernel, or a lab that is not up: one sentence for a person."""
