# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading FRR on a host: its files, which daemons run, and what bgpd runs.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import glob
import grp
import os
import pwd
import re
import tempfile
from contextlib import suppress
from typing import Dict, FrozenSet, List, Optional, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change import frr_host
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.frr import INIT
from ansible_collections.vxlab.overlay.plugins.module_utils._change.frr_steps import RELOAD
from ansible_collections.vxlab.overlay.plugins.module_utils._change.frr_text import (
    BY_DEFAULT_ROUTE,
    hide,
    render,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import (
    KernelError,
    find,
    run,
)

RUN = "/run/frr"
LIB = "/usr/lib/frr"
VTYSH_CONF = "/etc/frr/vtysh.conf"
NOT_INTEGRATED = "no service integrated-vtysh-config"


def missing_program() -> Optional[str]:
    """The first of FRR's programs that is not on this host, or None."""
    needed = [INIT, RELOAD, f"{LIB}/zebra", f"{LIB}/bgpd"]
    for path in needed:
        if not os.access(path, os.X_OK):
            return path
    return None if find("vtysh") else "vtysh"


def require_obtainable() -> None:
    """Raise KernelError unless FRR is on this host, or its package manager has it."""
    path = missing_program()
    if path is None:
        return
    for question in (["apt-cache", "show", "frr"], ["dnf", "-q", "repoquery", "frr"]):
        with suppress(KernelError):
            if find(question[0]) and run(question, "ask for the package frr"):
                return
    raise KernelError(
        f"overlay_mode is evpn, which needs FRR: {path} is not on this host, and its package"
        " manager has no package frr; install the packages frr and frr-pythontools, or choose"
        " another overlay_mode"
    )


def require_frr() -> None:
    """Raise KernelError unless FRR is on this host."""
    path = missing_program()
    if path is not None:
        raise KernelError(
            f"the mode evpn needs FRR, and {path} is not on this host; install the packages frr and"
            " frr-pythontools"
        )


def read_host(mark: Mark) -> frr_host.Host:
    """FRR as it is now; raises KernelError where a file cannot be read, or bgpd does not answer."""
    installed = missing_program() is None
    pids = read_pids()
    note = _read_text(frr_host.note_path(mark))
    return frr_host.Host(
        installed=installed,
        conf=_read_file(frr_host.CONF),
        daemons=_read_file(frr_host.DAEMONS) or frr_host.File("", "640", "frr:frr"),
        others=_read_others(),
        integrated=NOT_INTEGRATED not in (_read_text(VTYSH_CONF) or "").splitlines(),
        alive=frozenset(pids),
        watched=_arguments(pids["watchfrr"]) if "watchfrr" in pids else frozenset(),
        running=read_running("bgpd") if "bgpd" in pids and installed else None,
        by_default_route=(
            BY_DEFAULT_ROUTE in read_running("zebra").splitlines()
            if "zebra" in pids and installed
            else None
        ),
        enabled=_is_enabled(),
        missing=[path for path in frr_host.MADE if not os.path.lexists(path)],
        note=frr_host.Note.parse(note) if note else None,
    )


def read_is_ours(mark: Mark) -> bool:
    """Whether FRR has a configuration of this overlay, or one that waits to be given back."""
    noted = os.path.lexists(frr_host.note_path(mark))
    return frr_host.is_ours(_read_file(frr_host.CONF), noted, mark)


def read_pids() -> Dict[str, int]:
    """The daemons that run, by what their files of process ids say and /proc confirms."""
    pids = {}
    for path in glob.glob(f"{RUN}/*.pid"):
        name = os.path.basename(path)[: -len(".pid")]
        with suppress(OSError, ValueError):  # it ended, or is just starting
            with open(path, encoding="ascii") as source:
                pid = int(source.read())
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as source:
                stat = source.read()
            # "17 (bgpd) S …", proc_pid_stat(5): one that was killed is there, dead, until its
            # parent asks for it.
            if re.match(rf"\d+ \({re.escape(name[:15])}\) [^ZX]", stat):
                pids[name] = pid
    return pids


def read_running(daemon: str) -> str:
    """What a daemon runs, as configuration; "" if it ended meanwhile."""
    question = f"show running-config {daemon} no-header"
    try:
        # -d: it asks no other daemon, whose answer it would await for ever.
        return run(["vtysh", "-d", daemon, "-c", question], f"read what {daemon} runs")
    except KernelError:
        if daemon in read_pids():
            raise
        return ""


def check_config(config: str, secrets: Sequence[str], mark: Mark) -> None:
    """Raise ChangeError if FRR cannot read the text; nothing that runs is touched."""
    with tempfile.TemporaryDirectory(prefix="vxlab-") as folder:
        path = f"{folder}/frr.conf"
        # In a directory that only we can enter, so the passwords in it are nobody else's to read.
        with open(path, "w", encoding="utf-8") as target:
            target.write(render(config, mark))
        try:
            run(["vtysh", "-C", "-f", path], "check the configuration")
        except KernelError as error:
            answer = hide("; ".join(error.stderr.split("\n")), secrets).replace(path, frr_host.CONF)
            raise ChangeError(f"FRR cannot read the new {frr_host.CONF}: {answer}") from error


def _arguments(pid: int) -> FrozenSet[str]:
    with suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as source:
        return frozenset(source.read().decode(errors="replace").split("\0")[1:])
    return frozenset()


def _read_others() -> Dict[str, str]:
    """Per-daemon files, which FRR reads where frr.conf is not there."""
    texts = {}
    for path in sorted(glob.glob("/etc/frr/*d.conf") + glob.glob("/etc/frr/zebra.conf")):
        texts[path] = _read_text(path) or ""
    return texts


def _read_text(path: str) -> Optional[str]:
    file = _read_file(path)
    return file.text if file else None


def _read_file(path: str) -> Optional[frr_host.File]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as source:
            text, status = source.read(), os.fstat(source.fileno())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KernelError(f"cannot read {path}: {error.strerror}") from error
    owner = f"{_user(status.st_uid)}:{_group(status.st_gid)}"
    return frr_host.File(text, f"{status.st_mode & 0o7777:o}", owner)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _is_enabled() -> Optional[bool]:
    """Whether systemd starts FRR at boot; None where systemd does not run (sd_booted(3))."""
    if not os.path.isdir("/run/systemd/system"):
        return None
    words: List[str] = []
    with suppress(KernelError):  # "disabled" comes with a return code
        words = run(["systemctl", "is-enabled", "frr"], "ask if FRR starts at boot").split()
    return words[:1] in (["enabled"], ["enabled-runtime"], ["static"], ["alias"])
