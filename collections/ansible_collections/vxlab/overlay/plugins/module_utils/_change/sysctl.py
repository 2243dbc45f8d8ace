# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel parameters that we set now and for after a reboot, and give back at the end.

The file that sets them at boot (sysctl.d(5)) also notes the values from before, so that they can
be given back by any later run.
Private to the collection: may change without notice.
"""

from __future__ import annotations

import fnmatch
import re
from typing import Dict, Mapping, Optional, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
    SetSysctl,
    WriteFile,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark

NOTED = re.compile(r"^# before: (\S+) = (.*)$", re.MULTILINE)

# What else the kernel sets when one is changed, by the new value (net/ipv4/devinet.c,
# inet_forward_change). What differed from that before has to be given back after it.
SIDE_EFFECTS = {
    "net.ipv4.ip_forward": {
        "net.ipv4.conf.all.accept_redirects": {"0": "1", "1": "0"},
        "net.ipv4.conf.*.forwarding": {"0": "0", "1": "1"},
    }
}


def to_read(want: Mapping[str, str]) -> Sequence[str]:
    """The parameters whose present values a plan needs; * stands for any device."""
    return [key for name in want for key in (name, *SIDE_EFFECTS.get(name, {}))]


def plan_present(
    change: Change,
    want: Mapping[str, str],
    values: Mapping[str, str],
    files: Mapping[str, str],
    mark: Mark,
) -> None:
    """Add to the change what sets the parameters.

    values: the present ones, of all that to_read() names; files: the text of every file of any of
    our overlays, by path.
    """
    own = files.get(mark.sysctl_file)
    # Another overlay of ours on this host may have changed them first: its note is the truth.
    noted = noted_values(own) or next(filter(None, map(noted_values, files.values())), {})
    before = noted or _worth_noting(want, values)
    content = render(want, before, mark)
    if own != content:
        change.before[mark.sysctl_file] = own
        change.after[mark.sysctl_file] = content
        change.differences.append(
            f"{mark.sysctl_file}: {'missing' if own is None else 'has other text'}"
        )
        change.steps.append(
            WriteFile(mark.sysctl_file, content, f"keep {', '.join(want)} for the next boot")
        )
    for key, value in want.items():
        if values[key] != value:
            change.before[key], change.after[key] = values[key], value
            change.differences.append(f"{key}: {values[key]} -> {value}")
            change.steps.append(SetSysctl(key, value))


def plan_absent(
    change: Change, values: Mapping[str, str], files: Mapping[str, str], mark: Mark
) -> None:
    """Add to the change what removes our file, and gives the values back if it was the last one."""
    own = files.get(mark.sysctl_file)
    if own is None:
        return
    change.before[mark.sysctl_file], change.after[mark.sysctl_file] = own, None
    change.differences.append(f"{mark.sysctl_file}: should not be there")
    if len(files) == 1:
        for key, value in _to_give_back(noted_values(own), values).items():
            change.before[key], change.after[key] = values[key], value
            change.steps.append(SetSysctl(key, value))
    # Removed last: a run that is killed before it can still read the values.
    change.steps.append(WriteFile(mark.sysctl_file, None, "forget our kernel parameters"))


def noted_values(text: Optional[str]) -> Dict[str, str]:
    """The values from before, as a file of ours notes them."""
    return dict(NOTED.findall(text or ""))


def render(want: Mapping[str, str], before: Mapping[str, str], mark: Mark) -> str:
    lines = [
        f"# {mark.text}",
        "# Written by the Ansible collection vxlab.overlay; removed by its teardown.",
    ]
    lines += [f"# before: {key} = {value}" for key, value in before.items()]
    lines += [f"{key} = {value}" for key, value in want.items()]
    return "\n".join(lines) + "\n"


def _worth_noting(want: Mapping[str, str], values: Mapping[str, str]) -> Dict[str, str]:
    """The values before, of what we set and of what giving that back would not set right."""
    before = {}
    for name in want:
        before[name] = values[name]
        for key, follows in _side_effects(name, values).items():
            if values[key] != follows.get(values[name]):
                before[key] = values[key]
    return before


def _to_give_back(noted: Mapping[str, str], values: Mapping[str, str]) -> Dict[str, str]:
    """What to set, in order: what differs now, and what will once the ones before it are set.

    A device that has gone since then has no values.
    """
    foreseen = dict(values)
    result = {}
    for key, value in noted.items():
        if key not in values or foreseen[key] == value:
            continue
        result[key] = value
        for other, follows in _side_effects(key, values).items():
            foreseen[other] = follows.get(value, foreseen[other])
    return result


def _side_effects(name: str, values: Mapping[str, str]) -> Dict[str, Mapping[str, str]]:
    """What else changes with a parameter, of all that there is, by its new value."""
    return {
        key: follows
        for pattern, follows in SIDE_EFFECTS.get(name, {}).items()
        for key in fnmatch.filter(values, pattern)
    }
