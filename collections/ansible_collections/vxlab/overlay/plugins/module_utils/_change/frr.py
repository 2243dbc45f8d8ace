# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""FRR: from what it runs on a host to what it should run for an overlay, and back.

frr.conf and the lines of /etc/frr/daemons are ours from the first run on; what stood there before
is noted, so that a later run can give it back. Only bgpd's blocks "router bgp …" and one line of
zebra's are compared with what runs: zebra tells the kernel's forwarding as if it were
configuration, and a reload of all would set it (seen with FRR 8.4: "no ip forwarding" in
`show running-config`).
Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change import frr_text
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    Command,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.frr_host import (
    CONF,
    DAEMONS,
    File,
    Host,
    Note,
    Want,
    is_ours,
    note_path,
    refuse_foreign,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.frr_steps import (
    beside,
    install,
    reload,
    replace,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.frr_text import hide
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark

INIT = "/usr/lib/frr/frrinit.sh"
START_ONE = "/usr/lib/frr/watchfrr.sh"
ALWAYS = ("watchfrr", "zebra")


def plan_present(want: Want, have: Host, mark: Mark) -> Change:
    """Let FRR run our configuration; raises ChangeError where somebody else's is in the way."""
    refuse_foreign(have, mark)
    change = Change()
    text = frr_text.render(want.config, mark)
    daemons = frr_text.edit_daemons(have.daemons.text, _switches(want, have))
    if have.note is None:
        change.steps.append(install(note_path(mark), _noted(have, mark).text, "600", "root:root"))
    if daemons != have.daemons.text:
        _say_daemons(change, have.daemons.text, daemons)
        change.steps += replace(DAEMONS, daemons, have.daemons)
    _plan_conf(change, text, want, have)
    _plan_service(change, text, want, have, left=_left_running(want, have, daemons))
    if have.enabled is False:
        _say(change, "FRR at boot", "disabled", "enabled", "FRR: does not start at boot")
        change.steps.append(Command("systemctl", "enable frr", "have FRR start at boot"))
    if have.note is None and not change.differences:
        change.differences.append(f"{note_path(mark)}: missing")
    return change


def plan_absent(have: Host, mark: Mark) -> Change:
    """Give back what was there before."""
    change = Change()
    note, path = have.note, note_path(mark)
    if not is_ours(have.conf, note is not None, mark):
        return change
    whose = frr_text.owner(have.conf.text, mark) if have.conf else ""
    note = note or _noted(have, mark)
    if whose in ("", mark.name):
        _give_back(change, note, have, whose == mark.name)
    else:
        change.differences.append(f"{CONF}: is not ours any more, and left as it is")
    if have.note is not None:
        _say(change, path, "there", None, f"{path}: should not be there")
        # The last step: a run that is killed before it can still read what was there.
        stale = f"{beside(CONF)} {beside(DAEMONS)}"
        folder = path.rsplit("/", 1)[0]
        folders = f"{folder} {folder.rsplit('/', 1)[0]}"
        change.steps += [
            Command("rm", f"-f {stale} {path}", "forget what was there before"),
            Command("rmdir", f"--ignore-fail-on-non-empty {folders}", "remove the note's folder"),
        ]
    return change


def _noted(have: Host, mark: Mark) -> Note:
    """What there is now, but where it is ours already, whose note was lost."""
    conf = have.conf
    if conf is not None and frr_text.owner(conf.text, mark) == mark.name:
        conf = None
    return Note(
        conf=conf,
        daemons=have.daemons.text,
        running=bool(have.alive),
        enabled=have.enabled,
        made=list(have.missing),
    )


def _switches(want: Want, have: Host) -> Dict[str, Optional[str]]:
    """The lines of the daemons file to change: ours on, and off what only we had switched on."""
    now = frr_text.daemon_values(have.daemons.text)
    before = frr_text.daemon_values(have.note.daemons) if have.note else now
    switches: Dict[str, Optional[str]] = {
        name: "yes" for name in want.daemons if not frr_text.is_on(now.get(name))
    }
    ours = frr_text.is_on(now.get("bfdd")) and not frr_text.is_on(before.get("bfdd"))
    if ours and "bfdd" not in want.daemons:
        switches["bfdd"] = before.get("bfdd")
    return switches


def _plan_conf(change: Change, text: str, want: Want, have: Host) -> None:
    conf, new = have.conf, File(text, "640", "frr:frr")
    if conf == new:
        return
    if conf is None:
        why = "missing"
    elif conf.text != text:
        why = "has other text"
    else:
        why = f"mode {conf.mode} {conf.owner} -> {new.mode} {new.owner}"
    # What was there before may have passwords of its own.
    before = hide(conf.text, want.secrets).splitlines() if conf else None
    _say(change, CONF, before, hide(text, want.secrets).splitlines(), f"{CONF}: {why}")
    change.steps += replace(CONF, text, new, want.secrets)


def _left_running(want: Want, have: Host, daemons: str) -> List[str]:
    """What runs though only we had it switched on, and the daemons file has it off (again).

    That a killed run came no further than the file tells watchfrr, which was started with it.
    """
    now = frr_text.daemon_values(daemons)
    before = frr_text.daemon_values(have.note.daemons) if have.note else now
    on = [frr_text.is_on(values.get("bfdd")) for values in (now, before)]
    if "bfdd" in want.daemons or any(on):
        return []
    runs = have.alive if "watchfrr" not in have.alive else have.watched
    return ["bfdd"] if "bfdd" in runs else []


def _plan_service(change: Change, text: str, want: Want, have: Host, left: Sequence[str]) -> None:
    """Start, restart, start one daemon, or reload: the least that serves."""
    needed = [*ALWAYS, *want.daemons]
    dead = [name for name in needed if name not in have.alive]
    if not have.alive:
        _say(change, "FRR", "not running", "running", "FRR: not running")
        change.steps.append(_service("start", have))
        return
    for name in dead:
        _say(change, name, "not running", "running", f"{name}: not running")
    unwatched = sorted({*want.daemons} - have.watched) if "watchfrr" in have.alive else []
    change.differences += [f"{name}: watchfrr does not start it" for name in unwatched]
    for name in left:
        _say(change, name, "running", "not running", f"{name}: should not run")
    # watchfrr would start again what is stopped alone.
    if unwatched or left or "zebra" in dead or (dead and have.systemd):
        change.steps.append(_service("restart", have))
        return
    if "watchfrr" in dead:
        # Leaves the daemons that run as they are, and starts those that do not.
        change.steps.append(_service("start", have))
    else:
        change.steps += [Command(START_ONE, f"start {name}", f"start {name}") for name in dead]
    if have.by_default_route is False and frr_text.BY_DEFAULT_ROUTE in text.splitlines():
        _say(change, "zebra", None, frr_text.BY_DEFAULT_ROUTE, "zebra: takes no default route")
        line = f"-d zebra -c 'configure terminal' -c '{frr_text.BY_DEFAULT_ROUTE}'"
        change.steps.append(Command("vtysh", line, "let zebra take the default route"))
    if "bgpd" not in dead:
        _plan_reload(change, text, want, have)


def _plan_reload(change: Change, text: str, want: Want, have: Host) -> None:
    running = have.running or ""
    differences = frr_text.drift(text, running, want.secrets)
    if not differences:
        return
    change.differences += differences
    change.before["bgpd"] = _shown(running, want)
    change.after["bgpd"] = _shown(text, want)
    change.steps.append(reload(frr_text.to_load(text, running), want.secrets))


def _shown(text: str, want: Want) -> List[str]:
    lines = frr_text.bgp_lines(text)
    return sorted(hide(": ".join(filter(None, line)), want.secrets) for line in lines)


def _give_back(change: Change, note: Note, have: Host, ours: bool) -> None:
    if have.alive and not note.running:
        # While frr.conf is there: without it, FRR's script makes a file for each daemon.
        _say(change, "FRR", "running", "not running", "FRR: should not run")
        if have.installed:
            change.steps.append(_service("stop", have))
    if ours and have.conf is not None:
        before = note.conf
        _say(
            change,
            CONF,
            hide(have.conf.text, ()).splitlines(),
            hide(before.text, ()).splitlines() if before else None,
            f"{CONF}: is ours",
        )
        if before is None:
            change.steps.append(Command("rm", f"-f {CONF}", f"remove {CONF}"))
        else:
            change.steps += replace(CONF, before.text, before)
    daemons = _daemons_before(note, have)
    if daemons != have.daemons.text:
        _say_daemons(change, have.daemons.text, daemons)
        change.steps += replace(DAEMONS, daemons, have.daemons)
    if not have.installed:
        return
    if note.running and (change.steps or not have.alive):
        change.steps.append(_service("restart", have))
    if note.enabled is False and have.enabled:
        _say(change, "FRR at boot", "enabled", "disabled", "FRR: should not start at boot")
        change.steps.append(Command("systemctl", "disable frr", "have FRR not start at boot"))
    made = [path for path in note.made if path not in have.missing]
    if not note.running and made:
        change.steps.append(Command("rm", f"-rf {' '.join(made)}", "remove what FRR left"))


def _daemons_before(note: Note, have: Host) -> str:
    """The daemons file as it was, but for what others have changed in it since."""
    now, before = (frr_text.daemon_values(text) for text in (have.daemons.text, note.daemons))
    values = {
        name: before.get(name)
        for name in ("bgpd", "bfdd")
        if now.get(name) != before.get(name) and frr_text.is_on(now.get(name))
    }
    changed = dict.fromkeys(values, "yes")
    if frr_text.edit_daemons(note.daemons, changed) == have.daemons.text:
        return note.daemons
    return frr_text.edit_daemons(have.daemons.text, values)


def _say(change: Change, what: str, before: Any, after: Any, difference: str) -> None:
    change.before[what], change.after[what] = before, after
    change.differences.append(difference)


def _say_daemons(change: Change, before: str, after: str) -> None:
    old, new = frr_text.daemon_values(before), frr_text.daemon_values(after)
    names = [name for name in ("bgpd", "bfdd") if old.get(name) != new.get(name)]
    change.before[DAEMONS] = {name: old.get(name) for name in names}
    change.after[DAEMONS] = {name: new.get(name) for name in names}
    change.differences += [
        f"{DAEMONS}: {name} {old.get(name, 'missing')} -> {new.get(name, 'missing')}"
        for name in names
    ]


def _service(action: str, have: Host) -> Command:
    """By systemd where it runs, else by the script that FRR has for other inits."""
    intent = f"{action} FRR"
    if have.systemd:
        return Command("systemctl", f"{action} frr", intent)
    return Command(INIT, action, intent)
