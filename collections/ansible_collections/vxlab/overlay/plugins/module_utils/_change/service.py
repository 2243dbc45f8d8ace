# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the systemd units of an overlay, and the program that they run, to those that are wanted.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Optional, Union

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    Command,
    Step,
    WriteFile,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark

Content = Union[str, bytes]

UNITS = "/etc/systemd/system"

# After the network, and so after what loads rules (nftables, ufw, firewalld: before
# network-pre.target); before what waits for the network to be usable, and before the server by
# which others reach the host. Not before FRR, which itself comes before network.target, and takes
# up the VXLAN device when it comes.
SERVICE = """\
# {mark}: made by the Ansible collection vxlab.overlay, and removed by its teardown.yml
[Unit]
Description=VXLAN overlay {name}
After=network.target systemd-sysctl.service
Before=network-online.target ssh.service sshd.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={python} {program} --wait {wait} {name}
Restart=on-failure
RestartSec=5

[Install]
WantedBy=multi-user.target
"""

HEAL_SERVICE = """\
# {mark}: made by the Ansible collection vxlab.overlay, and removed by its teardown.yml
[Unit]
Description=Restore what is missing of VXLAN overlay {name}
After={unit}.service

[Service]
Type=oneshot
ExecStart={python} {program} {name}
"""

HEAL_TIMER = """\
# {mark}: made by the Ansible collection vxlab.overlay, and removed by its teardown.yml
[Unit]
Description=Look after VXLAN overlay {name}

[Timer]
OnActiveSec={heal}
OnUnitActiveSec={heal}
AccuracySec=1

[Install]
WantedBy=timers.target
"""

LOADERS = (
    "docker.service",
    "firewalld.service",
    "netfilter-persistent.service",
    "nftables.service",
    "ufw.service",
)
"""Services of others that load packet filter rules, and may take ours away with those before."""

# Not before the overlay is restored at boot, which waits for the network, as that waits for some of
# them. With "+", since they may run where /etc is read-only, and mounts are their own.
AFTER_LOADER = """[Service]
ExecStartPost=-+/bin/sh -c '{again}'
"""
AFTER_RELOAD = """ExecReload=-+/bin/sh -c '{again}'
"""
AGAIN = "systemctl -q is-active {unit}.service && exec {python} {program} {name}"


@dataclass(frozen=True)
class Want:
    """program: an archive that Python runs; python: path of the interpreter; wait: seconds for
    the underlay to come at boot; heal: seconds from one look to the next, 0 for none."""

    program: bytes
    python: str
    wait: int
    heal: int


@dataclass(frozen=True)
class Host:
    """files: contents of our files, by path, where they are; enabled: units that are; states: what
    systemd calls their ActiveState; outdated: units whose file it has not read since it changed;
    loaders: which of LOADERS there are, and whether they can reload."""

    files: Mapping[str, Content] = field(default_factory=dict)
    enabled: List[str] = field(default_factory=list)
    states: Mapping[str, str] = field(default_factory=dict)
    outdated: List[str] = field(default_factory=list)
    loaders: Mapping[str, bool] = field(default_factory=dict)


def unit_of(mark: Mark) -> str:
    return f"vxlab-overlay-{mark.name}"


def units(mark: Mark) -> List[str]:
    """What restores at boot, what restores later, and the timer that asks for that."""
    return [f"{unit_of(mark)}{kind}" for kind in (".service", "-heal.service", "-heal.timer")]


def paths(mark: Mark) -> List[str]:
    """All files that may be ours."""
    drop_ins = [_drop_in(loader, mark) for loader in LOADERS]
    return [mark.program, *(f"{UNITS}/{unit}" for unit in units(mark)), *drop_ins]


def _drop_in(loader: str, mark: Mark) -> str:
    return f"{UNITS}/{loader}.d/{unit_of(mark)}.conf"


def plan_present(want: Want, have: Host, mark: Mark) -> Change:
    """The change that makes the units as wanted, enabled and active."""
    change = Change()
    service, heal_service, timer = units(mark)
    if not want.heal:
        _end(change, timer, have)
        _end(change, heal_service, have)
    _plan_files(change, _files(want, have, mark), have, mark)
    _begin(change, service, have)
    if want.heal:
        _begin(change, timer, have)
        is_old = timer in have.outdated or f"{UNITS}/{timer}" in change.before
        if is_old and have.states.get(timer) == "active":
            # Until then it goes on by its old interval.
            change.steps.append(Command("systemctl", f"restart {timer}", f"restart {timer}"))
    return change


def plan_absent(have: Host, mark: Mark) -> Change:
    """The change that removes the units and the program; the overlay itself stays."""
    change = Change()
    for unit in reversed(units(mark)):
        _end(change, unit, have)
    _plan_files(change, {}, have, mark)
    return change


def _files(want: Want, have: Host, mark: Mark) -> Dict[str, Content]:
    program, service, heal_service, heal_timer = paths(mark)[:4]
    values = dict(
        mark=mark.text,
        name=mark.name,
        unit=unit_of(mark),
        python=want.python,
        program=program,
        wait=want.wait,
        heal=want.heal,
    )
    files: Dict[str, Content] = {program: want.program, service: SERVICE.format(**values)}
    if want.heal:
        files[heal_service] = HEAL_SERVICE.format(**values)
        files[heal_timer] = HEAL_TIMER.format(**values)
    again = AGAIN.format(**values)
    for loader, can_reload in have.loaders.items():
        # Where there is no reload, there is to be none: somebody may ask for it, or else a restart.
        text = AFTER_LOADER + (AFTER_RELOAD if can_reload else "")
        files[_drop_in(loader, mark)] = text.format(again=again)
    return files


def _plan_files(change: Change, wanted: Mapping[str, Content], have: Host, mark: Mark) -> None:
    steps: List[Step] = []
    for path in paths(mark):
        old, new = have.files.get(path), wanted.get(path)
        if old == new:
            continue
        word = "missing" if old is None else "outdated" if new else "should not be there"
        change.differences.append(f"{path}: {word}")
        change.before[path], change.after[path] = _shown(old), _shown(new)
        steps.append(WriteFile(path, new, f"{'write' if new else 'remove'} {path}"))
    change.steps += steps
    change.differences += [f"{unit}: not read by systemd yet" for unit in have.outdated]
    if have.outdated or any(path.startswith(UNITS) for path in change.before):
        change.steps.append(Command("systemctl", "daemon-reload", "let systemd read its units"))


def _shown(content: Optional[Content]) -> Union[str, List[str], None]:
    if content is None:
        return None
    return content.splitlines() if isinstance(content, str) else f"{len(content)} bytes"


def _begin(change: Change, unit: str, have: Host) -> None:
    if unit not in have.enabled:
        change.differences.append(f"{unit}: not enabled")
        change.steps.append(Command("systemctl", f"enable {unit}", f"let {unit} start at boot"))
    if have.states.get(unit) != "active":
        change.differences.append(f"{unit}: not active")
        change.steps.append(Command("systemctl", f"start {unit}", f"start {unit}"))


def _end(change: Change, unit: str, have: Host) -> None:
    state = have.states.get(unit, "inactive")
    if state not in ("inactive", "failed"):
        change.differences.append(f"{unit}: should not be {state}")
        change.steps.append(Command("systemctl", f"stop {unit}", f"stop {unit}"))
    if unit in have.enabled:
        change.differences.append(f"{unit}: should not be enabled")
        change.steps.append(
            Command("systemctl", f"disable {unit}", f"let {unit} not start at boot")
        )
    if state == "failed":
        change.differences.append(f"{unit}: should not be failed")
        change.steps.append(
            Command("systemctl", f"reset-failed {unit}", f"let systemd forget that {unit} failed")
        )
