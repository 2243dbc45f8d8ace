# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is ours: the mark that everything we make carries.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError

NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]{0,23}\Z")

MADE_TABLES = "/run/vxlab.overlay/tables"
"""File that names the tables that iptables and ebtables made for a rule of ours, by lines such as
"iptables nat": they carry no mark. One for all overlays of a host, since they share the tables."""

KEPT = "/etc/vxlab.overlay"


@dataclass(frozen=True)
class Mark:
    """The mark of one overlay, made from its name (letters, digits, underscores; 24 at most)."""

    name: str

    def __post_init__(self) -> None:
        if not NAME.match(self.name):
            raise ChangeError(
                f"overlay_name is {self.name!r}: it must start with a letter and have"
                " at most 24 letters, digits and underscores"
            )

    @property
    def text(self) -> str:
        """Link alias, rule comment, first line of a file."""
        return f"vxlab.overlay:{self.name}"

    @property
    def table(self) -> str:
        """Name of the nftables tables that are ours."""
        return f"vxlab_{self.name}"

    @property
    def ports_table(self) -> str:
        """Name of the nftables table that guards ports: the dot keeps it from being the table of
        another overlay, whose name has none."""
        return f"{self.table}.ports"

    @property
    def journal(self) -> str:
        """Directory with one empty file for each network namespace that we made.

        A namespace itself cannot carry a mark. Like the namespaces, /run ends with a reboot.
        """
        return f"/run/vxlab.overlay/{self.name}/netns"

    @property
    def making(self) -> str:
        """File that lists the links that a run is about to make (see making.py)."""
        return f"/run/vxlab.overlay/{self.name}/making"

    @property
    def sysctl_file(self) -> str:
        return f"/etc/sysctl.d/90-vxlab-{self.name}.conf"

    @property
    def kept(self) -> str:
        """Directory with a file for each module whose options are kept for the next boot."""
        return f"{KEPT}/{self.name}"

    @property
    def program(self) -> str:
        """The program that restores what is kept, an archive that Python runs (see _restore.py)."""
        return f"/usr/local/lib/vxlab.overlay/{self.name}.pyz"

    @property
    def chain(self) -> str:
        """Name of the ebtables chain that is ours: with 28 characters, as long as one may be."""
        return f"vxl_{self.name}"

    @property
    def ports_chain(self) -> str:
        """Name of the ebtables chains that guard ports, of the same length."""
        return f"vxp_{self.name}"

    def alias(self, what: str = "") -> str:
        """The link alias, with an optional word that says what the link is for."""
        return f"{self.text} {what}".rstrip()

    def owns(self, alias: Optional[str]) -> bool:
        return alias is not None and (alias == self.text or alias.startswith(self.text + " "))


def is_mark(word: str) -> bool:
    """Whether a word of a rule marks it as that of any of our overlays."""
    return word.startswith(("vxlab.overlay:", "vxl_", "vxp_"))
