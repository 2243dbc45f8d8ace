# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the units there are to those that are wanted, by tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, List

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    Command,
    WriteFile,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.service import (
    UNITS,
    Host,
    Want,
    paths,
    plan_absent,
    plan_present,
    units,
)

MARK = Mark("overlay")
WANT = Want(program=b"zip", python="/usr/bin/python3", wait=30, heal=0)
HEALED = replace(WANT, heal=60)
PROGRAM, SERVICE, HEAL_SERVICE, TIMER = paths(MARK)[:4]
DOCKER, FIREWALLD, _PERSISTENT, NFTABLES, UFW = paths(MARK)[4:]
UNIT, HEAL_UNIT, TIMER_UNIT = units(MARK)
RELOAD = "systemctl daemon-reload"
BEGIN = [f"systemctl enable {UNIT}", f"systemctl start {UNIT}"]
BEGIN_HEAL = [f"systemctl enable {TIMER_UNIT}", f"systemctl start {TIMER_UNIT}"]
END = [f"systemctl stop {UNIT}", f"systemctl disable {UNIT}"]
END_HEAL = [f"systemctl stop {TIMER_UNIT}", f"systemctl disable {TIMER_UNIT}"]


def after(change: Change, have: Host) -> Host:
    """The host once a change is carried out, as systemd and the file system have it."""
    files, enabled, states = dict(have.files), list(have.enabled), dict(have.states)
    outdated = list(have.outdated)
    for step in change.steps:
        if isinstance(step, WriteFile):
            files.pop(step.path, None)
            if step.content is not None:
                files[step.path] = step.content
        elif isinstance(step, Command) and step.line == "daemon-reload":
            outdated = []
        elif isinstance(step, Command):
            verb, unit = step.line.split()
            if verb == "enable":
                enabled.append(unit)
            elif verb == "disable":
                enabled.remove(unit)
            elif verb in ("start", "restart"):
                states[unit] = "active"
            else:
                del states[unit]
    return Host(files, enabled, states, outdated, have.loaders)


def made(want: Want) -> Host:
    return after(plan_present(want, Host(), MARK), Host())


def short(change: Change) -> List[str]:
    """The commands, and of files only the path."""
    return [step.path if isinstance(step, WriteFile) else step.text for step in change.steps]


@pytest.mark.parametrize(
    ("want", "have", "steps"),
    [
        (WANT, Host(), [PROGRAM, SERVICE, RELOAD, *BEGIN]),
        (
            HEALED,
            Host(),
            [PROGRAM, SERVICE, HEAL_SERVICE, TIMER, RELOAD, *BEGIN, *BEGIN_HEAL],
        ),
        (HEALED, made(WANT), [HEAL_SERVICE, TIMER, RELOAD, *BEGIN_HEAL]),
        (WANT, made(HEALED), [*END_HEAL, HEAL_SERVICE, TIMER, RELOAD]),
        # A new program is what runs the next time; nothing is to be told to systemd.
        (replace(WANT, program=b"new"), made(WANT), [PROGRAM]),
        (replace(WANT, python="/usr/bin/python3.13"), made(WANT), [SERVICE, RELOAD]),
        # A timer that runs goes on by its old interval until it is restarted.
        (
            replace(HEALED, heal=30),
            made(HEALED),
            [TIMER, RELOAD, f"systemctl restart {TIMER_UNIT}"],
        ),
        (WANT, replace(made(WANT), enabled=[]), BEGIN[:1]),
        # Services that load rules were installed, and removed.
        (
            WANT,
            replace(made(WANT), loaders={"nftables.service": True, "ufw.service": False}),
            [NFTABLES, UFW, RELOAD],
        ),
        (
            WANT,
            replace(made(WANT), files={**made(WANT).files, DOCKER: "", FIREWALLD: ""}),
            [DOCKER, FIREWALLD, RELOAD],
        ),
        # As after a boot at which it failed.
        (WANT, replace(made(WANT), states={UNIT: "failed"}), BEGIN[1:]),
        # As when the run before was killed between its two last steps.
        (WANT, replace(made(WANT), outdated=[UNIT]), [RELOAD]),
        (
            HEALED,
            replace(made(HEALED), outdated=[TIMER_UNIT]),
            [RELOAD, f"systemctl restart {TIMER_UNIT}"],
        ),
        (
            WANT,
            replace(made(HEALED), states={UNIT: "active", HEAL_UNIT: "failed"}),
            [
                f"systemctl disable {TIMER_UNIT}",
                f"systemctl reset-failed {HEAL_UNIT}",
                *(HEAL_SERVICE, TIMER, RELOAD),
            ],
        ),
    ],
)
def test_units_become_those_wanted(want: Want, have: Host, steps: List[str]) -> None:
    change = plan_present(want, have, MARK)
    assert short(change) == steps
    assert change.differences
    assert not plan_present(want, after(change, have), MARK).steps


@pytest.mark.parametrize(
    ("have", "steps"),
    [
        (Host(), []),
        (made(WANT), [*END, PROGRAM, SERVICE, RELOAD]),
        (
            made(HEALED),
            [*END_HEAL, *END, PROGRAM, SERVICE, HEAL_SERVICE, TIMER, RELOAD],
        ),
        (Host({PROGRAM: b"zip"}), [PROGRAM]),
        # As long as it tries at boot, and after it has failed to.
        (replace(made(WANT), states={UNIT: "activating"}), [*END, PROGRAM, SERVICE, RELOAD]),
        (
            replace(made(WANT), states={UNIT: "failed"}),
            [END[1], f"systemctl reset-failed {UNIT}", PROGRAM, SERVICE, RELOAD],
        ),
    ],
)
def test_nothing_is_left_of_them(have: Host, steps: List[str]) -> None:
    change = plan_absent(have, MARK)
    assert short(change) == steps
    assert after(change, have) == Host()


def test_files_are_told_whole_and_the_archive_by_its_size() -> None:
    change = plan_present(WANT, Host(), MARK)
    assert change.after[PROGRAM] == "3 bytes"
    assert "WantedBy=multi-user.target" in change.after[SERVICE]
    assert change.before == {PROGRAM: None, SERVICE: None}


def test_whoever_loads_rules_has_ours_restored_after_that() -> None:
    loaders = {"nftables.service": True, "ufw.service": False}
    wanted = after(plan_present(WANT, Host(loaders=loaders), MARK), Host()).files
    again = (
        "=-+/bin/sh -c 'systemctl -q is-active vxlab-overlay-overlay.service"
        f" && exec /usr/bin/python3 {PROGRAM} overlay'\n"
    )
    assert wanted[UFW] == f"[Service]\nExecStartPost{again}"
    assert wanted[NFTABLES] == f"[Service]\nExecStartPost{again}ExecReload{again}"
    assert DOCKER not in wanted


def test_each_overlay_has_files_of_its_own() -> None:
    assert not set(paths(MARK)) & set(paths(Mark("other")))
    wanted: Any = made(WANT).files[SERVICE]
    assert f"ExecStart=/usr/bin/python3 {PROGRAM} --wait 30 overlay" in wanted.splitlines()
    assert all(path.startswith(UNITS) for path in paths(MARK)[1:])
