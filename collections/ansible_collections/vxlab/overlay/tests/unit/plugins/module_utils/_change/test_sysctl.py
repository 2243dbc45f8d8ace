# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel parameters: set now and for the next boot, and given back."""

from __future__ import annotations

import itertools
from typing import Any, Dict, Sequence

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import sysctl
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    SetSysctl,
    WriteFile,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    FORWARDING,
    MARK,
    text,
)

FORWARD, REDIRECTS = "net.ipv4.ip_forward", "net.ipv4.conf.all.accept_redirects"
ETH1, VLAN = "net.ipv4.conf.eth1.forwarding", "net.ipv4.conf.eth1/10.forwarding"
WANT = {FORWARD: "1"}
UNTOUCHED = {FORWARD: "0", REDIRECTS: "1", ETH1: "0", VLAN: "0"}


class Machine:
    """As much of a host as a sysctl plan sees: ip_forward turns the other parameters too."""

    def __init__(self, values: Dict[str, str]) -> None:
        self.values = dict(values)
        self.files: Dict[str, str] = {}

    def apply(self, change: Change) -> Change:
        for step in change.steps:
            if isinstance(step, SetSysctl):
                self.set(step.key, step.value)
            elif isinstance(step, WriteFile) and step.content is None:
                del self.files[step.path]
            elif isinstance(step, WriteFile):
                self.files[step.path] = str(step.content)
        return change

    def set(self, key: str, value: str) -> None:
        if key == FORWARD and value != self.values[FORWARD]:
            devices = [name for name in self.values if name.endswith(".forwarding")]
            self.values.update(dict.fromkeys(devices, value))
            self.values[REDIRECTS] = "0" if value == "1" else "1"
        self.values[key] = value

    def present(self, mark: Mark = MARK) -> Change:
        change = Change()
        sysctl.plan_present(change, WANT, self.values, self.files, mark)
        return self.apply(change)

    def absent(self, mark: Mark = MARK) -> Change:
        change = Change()
        sysctl.plan_absent(change, self.values, self.files, mark)
        return self.apply(change)


def test_parameter_is_set_and_kept_and_the_old_value_noted() -> None:
    machine = Machine(UNTOUCHED)
    change = machine.present()
    assert change.differences == [f"{MARK.sysctl_file}: missing", f"{FORWARD}: 0 -> 1"]
    assert machine.files == {MARK.sysctl_file: text("sysctl.conf")}
    # The note is written first, so that a run that is killed in between can be undone.
    assert isinstance(change.steps[0], WriteFile)
    assert machine.present().steps == []


@pytest.mark.parametrize("values", list(itertools.product("01", repeat=4)))
@pytest.mark.parametrize("sabotage", [False, True])
def test_values_from_before_are_given_back(values: Sequence[str], sabotage: bool) -> None:
    before = dict(zip(UNTOUCHED, values))
    machine = Machine(before)
    machine.present()
    if sabotage:
        machine.set(FORWARD, "0")
        machine.present()
    machine.absent()
    assert (machine.values, machine.files) == (before, {})
    assert machine.absent().steps == []


def test_device_that_has_gone_is_not_given_its_value_back() -> None:
    machine = Machine(dict(UNTOUCHED, **{ETH1: "1"}))
    machine.present()
    del machine.values[ETH1]
    machine.absent()
    assert machine.values == {FORWARD: "0", REDIRECTS: "1", VLAN: "0"}


def test_forwarding_that_was_on_before_stays_on() -> None:
    machine = Machine(dict(UNTOUCHED, **{FORWARD: "1"}))
    machine.present()
    change = machine.absent()
    assert [step.text for step in change.steps] == [f"rm {MARK.sysctl_file}"]


def test_parameter_that_was_turned_off_is_set_again_alone() -> None:
    machine = Machine(UNTOUCHED)
    machine.present()
    machine.set(FORWARD, "0")
    assert [step.text for step in machine.present().steps] == [f"sysctl -w {FORWARD}=1"]
    machine.absent()
    assert machine.values == UNTOUCHED


def test_last_overlay_of_a_host_gives_the_values_back() -> None:
    machine = Machine(UNTOUCHED)
    machine.present(Mark("one"))
    machine.present(Mark("two"))
    machine.absent(Mark("one"))
    assert machine.values == {FORWARD: "1", REDIRECTS: "0", ETH1: "1", VLAN: "1"}
    machine.absent(Mark("two"))
    assert (machine.values, machine.files) == (UNTOUCHED, {})


def test_edited_file_is_written_anew_and_keeps_its_notes() -> None:
    machine = Machine(UNTOUCHED)
    machine.present()
    machine.files[MARK.sysctl_file] += "net.ipv4.ip_forward = 0\n"
    assert machine.present().differences == [f"{MARK.sysctl_file}: has other text"]
    assert machine.files[MARK.sysctl_file] == text("sysctl.conf")


def test_file_that_is_gone_is_written_anew() -> None:
    machine = Machine(FORWARDING)
    change: Any = machine.present()
    assert change.differences == [f"{MARK.sysctl_file}: missing"]


def test_all_parameters_that_a_plan_needs_are_read() -> None:
    assert list(sysctl.to_read(WANT)) == [FORWARD, REDIRECTS, "net.ipv4.conf.*.forwarding"]
