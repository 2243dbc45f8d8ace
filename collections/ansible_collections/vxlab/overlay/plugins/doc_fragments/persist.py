# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation that the modules share whose work is restored at boot."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  persist:
    description:
      - V(true) keeps this run's options in C(/etc/vxlab.overlay/), in the folder of the
        O(overlay_name) and a file named like the module, from which the program that
        M(vxlab.overlay.overlay_service) installs restores the same at boot. One file for each
        overlay and module, so the last run counts.
      - A container that joined a namespace that somebody else makes is restored once that is
        there, so by a later run of the program; one whose namespace is a path below C(/proc) is
        not, since a process has another number after a boot.
      - V(false), and O(state=absent), remove the file. Without this option it stays as it is.
      - Changes nothing for live traffic.
    type: bool
  render:
    description:
      - V(true) reads and changes nothing, and returns C(script), what makes all of it by
        hand on a host that has nothing. The playbook C(vxlab.overlay.render)
        makes a file of it.
    type: bool
    default: false
"""
