# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that fail on the way: a module finishes, or leaves what was there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils import _restore
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.service import pack_program

from .host import Host
from .test_restore import CONTAINERS, TASKS

Json = dict[str, Any]

# Stands in a tool's place. What only reads passes; of what is written, the line whose number is in
# /run/fault/at fails, as it does when the kernel refuses: ip and bridge have done the lines before
# it, nft has done nothing. One fault, then the tool works again.
WRAPPER = r"""#!/bin/sh
real=/run/fault/$(basename "$0")
case " $* " in *" -j "*|*" list "*|*" -V "*|*" show "*) exec "$real" "$@" ;; esac
lines=$(cat; echo .); lines=${lines%.}
at=$(cat /run/fault/at); done=$(cat /run/fault/done)
new=$(printf %s "$lines" | wc -l)
echo $((done + new)) > /run/fault/done
if [ "$at" -le "$done" ] || [ "$at" -gt $((done + new)) ]
then
  printf %s "$lines" | "$real" "$@"
  exit
fi
n=$((at - done))
echo 0 > /run/fault/at
if [ "${0##*/}" != nft ] && [ $n -gt 1 ]
then
  printf %s "$lines" | head -n $((n - 1)) | "$real" "$@"
fi
echo "RTNETLINK answers: made to fail" >&2
echo "Command failed -:$n" >&2
exit 1
"""
INSTALL = """
mkdir /run/fault
echo 0 > /run/fault/at
echo 0 > /run/fault/done
for tool in ip bridge nft
do
  path=$(readlink -f $(command -v $tool))
  cp $path /run/fault/$tool
  cat > /run/fault/wrapper-$tool << 'EOF'
{wrapper}EOF
  chmod +x /run/fault/wrapper-$tool
  mount --bind /run/fault/wrapper-$tool $path
done
"""
# The place of the program is a folder that hosts share with the machine, until now.
PRIVATE_LIB = """
mkdir /run/lib /run/lib-work
mount -t overlay overlay -o lowerdir=/usr/local/lib,upperdir=/run/lib,workdir=/run/lib-work \
  /usr/local/lib
mkdir -p /usr/local/lib/vxlab.overlay
"""
POINTS = ("first", "middle", "last")
# What differs from TASKS in each module's second run.
CHANGES: dict[str, Json] = {
    "gateway_filter": {"gateway": "10.233.0.254"},
    "peer_filter": {"vni": 43},
    "vxlan_link": {"vni": 43},
    "bridge_port": {"mtu": 1400, "stp": True, "addresses": ["10.233.255.12/16"]},
    "vxlan_fdb": {
        "flood": ["172.16.1.13"],
        "macs": [{"mac": "02:58:0a:e9:00:06", "vtep": "172.16.1.13"}],
        "neighbours": [{"address": "10.233.0.6", "mac": "02:58:0a:e9:00:06"}],
    },
    "anti_spoof": {
        "containers": [
            {
                **TASKS["anti_spoof"]["containers"][0],
                "addresses": ["10.233.0.9/16"],
                "routes_for": ["192.0.2.0/24"],
            }
        ]
    },
    "netns_veth": {
        "containers": [
            {**CONTAINERS[0], "mtu": 1400, "addresses": ["10.233.0.9/16"]},
            {"name": "ns3", "addresses": ["10.233.0.4/16"], "gateway": "10.233.0.1"},
        ]
    },
    "nat_masquerade": {"cidr": "10.234.0.0/16"},
}


@pytest.fixture(name="faulty")
def _faulty(host: Host, tmp_path: Path) -> Host:
    """A host whose tools can be made to fail, and which has what restores an overlay."""
    program = tmp_path / "overlay.pyz"
    program.write_bytes(pack_program(_restore))
    if host.attempt(PRIVATE_LIB).returncode != 0:
        pytest.skip("this kernel lets nobody lay a file system over /usr/local/lib here")
    host.run(f"cp {program} /usr/local/lib/vxlab.overlay/")
    host.run(INSTALL.replace("{wrapper}", WRAPPER))
    return host


def picture(host: Host) -> set[str]:
    """The host's state, a line for each value, but for what is new when something is made anew:
    numbers, order, and the MAC of a host end, which the kernel chooses."""
    state = host.state()
    state.pop("run", None)
    return set(_lines(state, ""))


def _lines(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        new = {"ifindex", "link_index", "index", "files", "no", "id"}
        if str(value.get("ifname", "")).startswith("veth-"):
            new |= {"address", "permaddr"}
        for key in value.keys() - new:
            yield from _lines(value[key], f"{path}/{key}")
    elif isinstance(value, list):
        for entry in value:
            name = entry.get("ifname", "") if isinstance(entry, dict) else ""
            if name:
                yield from _lines(entry, f"{path}/{name}")
            else:
                yield f"{path}: {json.dumps(entry, sort_keys=True)}"
    else:
        yield f"{path}: {value}"


def lines_of(result: Json) -> int:
    """How many lines a run gives to the tools."""
    tools = ("ip ", "bridge ", "nft ", "nsenter ")
    return sum(command.startswith(tools) for command in result["commands"])


def fault(host: Host, point: str, lines: int) -> None:
    at = {"first": 1, "middle": (lines + 1) // 2, "last": lines}[point]
    host.run(f"echo {at} > /run/fault/at; echo 0 > /run/fault/done")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("module", TASKS)
def test_first_run_leaves_nothing(faulty: Host, module: str, point: str) -> None:
    for earlier, args in TASKS.items():
        if earlier == module:
            break
        faulty.module(earlier, {**args, "persist": True})
    _fails_and_then_works(faulty, module, {**TASKS[module], "persist": True}, point)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("module", TASKS)
def test_later_run_leaves_what_was_there(faulty: Host, module: str, point: str) -> None:
    for each, args in TASKS.items():
        faulty.module(each, {**args, "persist": True})
    args = {**TASKS[module], **CHANGES[module], "persist": True}
    _fails_and_then_works(faulty, module, args, point)


def test_what_the_options_leave_as_it_is_stays(faulty: Host) -> None:
    """A run that had nothing to remove of its own kinds of entries removes no other kind."""
    for each in ("vxlan_link", "bridge_port"):
        faulty.module(each, TASKS[each])
    entries = TASKS["vxlan_fdb"]
    faulty.module("vxlan_fdb", {"neighbours": entries["neighbours"]})
    _fails_and_then_works(faulty, "vxlan_fdb", {"flood": ["172.16.1.12", "172.16.1.13"]}, "last")


def _fails_and_then_works(host: Host, module: str, args: Json, point: str) -> None:
    lines = lines_of(host.module(module, args, check=True))
    before = picture(host)
    fault(host, point, lines)
    result = host.fails(module, args)
    assert "made to fail" in result["msg"]
    after = picture(host)
    assert (before - after, after - before) == (set(), set())
    assert host.module(module, args)["changed"]
    host.unchanged(module, args)
