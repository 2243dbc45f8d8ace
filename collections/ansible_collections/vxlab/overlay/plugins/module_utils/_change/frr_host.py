# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""FRR on a host: what there is, what there was before us, and whether it is ours to change.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import FrozenSet, List, Mapping, Optional, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change import frr_text
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark

CONF = "/etc/frr/frr.conf"
DAEMONS = "/etc/frr/daemons"
# What FRR's programs make when they first run, and leave behind when they end.
MADE = ("/run/frr", "/var/tmp/frr")


@dataclass(frozen=True)
class File:
    """A file's text, its mode as octal digits, and its owner as user:group."""

    text: str
    mode: str
    owner: str


@dataclass(frozen=True)
class Note:
    """What there was before the first run.

    conf: frr.conf; daemons: text of the file; running: whether FRR ran; enabled: whether it
    starts at boot, None without systemd; made: which of MADE were not there.
    """

    conf: Optional[File]
    daemons: str
    running: bool
    enabled: Optional[bool]
    made: List[str]

    @property
    def text(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @staticmethod
    def parse(text: str) -> Note:
        values = json.loads(text)
        conf = values.pop("conf")
        return Note(conf=File(**conf) if conf else None, **values)


@dataclass(frozen=True)
class Host:
    """FRR on a host, as it is.

    installed: whether its programs are there; conf, daemons: the files; others: text of per-daemon
    files (/etc/frr/bgpd.conf and the like), by path; integrated: whether vtysh.conf lets frr.conf
    be read; alive: the daemons that run; watched: those that watchfrr looks after; running: what
    bgpd runs, None if it does not run; by_default_route: whether zebra takes the default route for
    the way to a neighbor, None if it does not run; enabled: whether systemd starts FRR at boot,
    None without systemd; missing: which of MADE are not there.
    """

    installed: bool = True
    conf: Optional[File] = None
    daemons: File = File("", "640", "frr:frr")
    others: Mapping[str, str] = field(default_factory=dict)
    integrated: bool = True
    alive: FrozenSet[str] = frozenset()
    watched: FrozenSet[str] = frozenset()
    running: Optional[str] = None
    by_default_route: Optional[bool] = None
    enabled: Optional[bool] = None
    missing: Sequence[str] = ()
    note: Optional[Note] = None

    @property
    def systemd(self) -> bool:
        return self.enabled is not None


@dataclass(frozen=True)
class Want:
    """config: what the template made; daemons: beside zebra; secrets: the passwords in config."""

    config: str
    daemons: Sequence[str] = ("bgpd",)
    secrets: Sequence[str] = ()

    def __post_init__(self) -> None:
        frr_text.check_secrets(self.secrets)
        for name in self.daemons:
            if name not in ("bgpd", "bfdd"):
                raise ChangeError(f"daemons has {name!r}: it must be bgpd or bfdd")


def note_path(mark: Mark) -> str:
    """Where the note is: it has to outlive a reboot."""
    return f"/var/lib/vxlab.overlay/{mark.name}/frr.json"


def is_ours(conf: Optional[File], noted: bool, mark: Mark) -> bool:
    """Whether there is something to give back. noted: whether the note is there."""
    return noted or (conf is not None and frr_text.owner(conf.text, mark) == mark.name)


def refuse_foreign(have: Host, mark: Mark) -> None:
    """Raise ChangeError where somebody else has configured FRR."""
    advice = (
        "to keep it, set overlay_frr_manage: false and add the lines that the role evpn then shows"
        " to your own configuration"
    )
    if have.conf is not None:
        name = frr_text.owner(have.conf.text, mark)
        if name is None:
            raise ChangeError(f"{CONF} is somebody else's and is not overwritten; {advice}")
        if name not in ("", mark.name):
            raise ChangeError(
                f"{CONF} is that of the overlay {name!r}: FRR advertises all VNIs of a host, so"
                " only one of its overlays can have the mode evpn"
            )
    for path, text in have.others.items():
        if frr_text.owner(text, mark) != "":
            raise ChangeError(
                f"{path} is somebody else's, and FRR would not read it beside {CONF}; {advice}"
            )
    if not have.integrated:
        raise ChangeError(
            "/etc/frr/vtysh.conf has 'no service integrated-vtysh-config', so FRR would not read"
            f" {CONF}; {advice}"
        )
    blocks = sorted({line[0] for line in frr_text.bgp_lines(have.running or "")})
    if blocks and not is_ours(have.conf, have.note is not None, mark):
        raise ChangeError(
            f"bgpd runs {blocks[0]!r}, which is somebody else's and is not replaced; {advice}"
        )
