# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A site of lab hosts, driven as a user would: an inventory, and ansible-playbook."""

from __future__ import annotations

import contextlib
import copy
import difflib
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.entering import enter

REPO = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.M)

# Everything of a host that the overlay could change; what changes by itself is left out, and what
# the kernel has in no order of its own is sorted. The order of all else counts: rules have one.
# A lab's hosts see the machine's /etc through their own, and so accounts that other tests add.
STATE = r"""
network() {
  ip $1 -o -d link show |
    sed -E 's/promiscuity [0-9]+//; s/[a-z_]+_timer +[0-9.]+//g; s/^[0-9]+: //'
  ip $1 -o address show | sed -E 's/^[0-9]+: //; s/valid_lft.*//'
  ip $1 route show table all | sed -E 's/expires [0-9]+sec//' | sort
  ip $1 neigh show nud permanent | sort
}
network
for ns in $(ls /run/netns 2>/dev/null); do network "-n $ns" | sed "s/^/$ns: /"; done
ls /run/netns 2>/dev/null
ip rule show; ip -6 rule show
bridge fdb show | grep -w -e permanent -e static | sort
nft -s list ruleset
iptables-save | grep -v '^#' | sed -E 's/\[[0-9]+:[0-9]+\]//'
iptables-legacy-save | grep -v '^#' | sed -E 's/\[[0-9]+:[0-9]+\]//'
ebtables-save | grep -v '^#'
grep -r . /proc/sys/net 2>/dev/null | grep -v -e nf_conntrack_count -e /route/flush | sort
find /etc /run /tmp /var/tmp /var/lib/misc $(ls -d /var/lib/vxlab* 2>/dev/null) \
  \( -path /run/netns -o -path '/tmp/ansible*' -o -path '/etc/passwd*' -o -path '/etc/group*' \
  -o -path '/etc/*shadow*' -o -path '/etc/subuid*' -o -path '/etc/subgid*' \) -prune \
  -o -type f -printf '%p %m %s %T@\n' -o -type l -printf '%p %l\n' -o -type d -print | sort
"""


@dataclass
class Run:
    """One run of ansible-playbook. results: what the record callback wrote."""

    rc: int
    output: str
    results: list[dict[str, Any]] = field(default_factory=list)

    @property
    def changed(self) -> dict[str, int]:
        return {host: int(changed) for host, _ok, changed, _u, _f in RECAP.findall(self.output)}

    @property
    def changes(self) -> list[dict[str, Any]]:
        return [result for result in self.results if result.get("changed")]

    @property
    def commands(self) -> dict[tuple[str, str], list[str]]:
        """Of the tasks that changed something, by host and task."""
        return {(r["host"], r["task"]): r.get("commands", []) for r in self.changes}

    @property
    def all_commands(self) -> list[str]:
        return [command for commands in self.commands.values() for command in commands]

    @property
    def errors(self) -> str:
        """All messages, a line each; a task may have several."""
        messages = [r.get("msg", "") for r in self.results if r.get("failed")]
        lines = [m if isinstance(m, list) else str(m).splitlines() for m in messages]
        return "\n".join(line for some in lines for line in some)


class Site:
    """Hosts in a lab of their own. variables: of the group; hosts: of each host.

    untouched: state() before anything ran.
    """

    def __init__(self, lab: str, folder: Path, count: int = 3) -> None:
        self.lab = lab
        self.folder = folder
        self.runs = 0
        self.untouched: dict[str, list[str]] = {}
        self.variables: dict[str, Any] = {"overlay_lab_name": lab}
        self.hosts: dict[str, dict[str, Any]] = {
            f"ubuntu{n}": {
                "ansible_host": f"172.16.1.{10 + n}",
                "overlay_underlay_dev": "eth1",
                "overlay_containers": [{"name": "ns1", "address": f"10.233.0.{1 + n}"}],
            }
            for n in range(1, count + 1)
        }
        self.keep()

    def keep(self) -> None:
        """Take the inventory as it is for the one that reset() goes back to."""
        self._plain = copy.deepcopy((self.variables, self.hosts))

    def reset(self) -> None:
        """The inventory as it was at first."""
        self.variables, self.hosts = copy.deepcopy(self._plain)

    def containers(self, host: str) -> list[dict[str, Any]]:
        containers: list[dict[str, Any]] = self.hosts[host]["overlay_containers"]
        return containers

    def play(self, playbook: str, *arguments: str, fails: bool = False, timeout: int = 300) -> Run:
        """Run a playbook on the inventory as it is now; it must succeed, or fail if fails."""
        process = self.start(playbook, *arguments)
        try:
            output, _none = process.communicate(timeout=timeout)
        finally:
            self.end(process)
        record = self.folder / "record.jsonl"
        lines = record.read_text().splitlines() if record.exists() else []
        run = Run(process.returncode, output, [json.loads(line) for line in lines])
        assert bool(run.rc) == fails, output[-6000:]
        return run

    def start(self, playbook: str, *arguments: str) -> subprocess.Popen[str]:
        """The same, not awaited; whoever starts it ends it."""
        self._write_inventory()
        self.runs += 1
        (self.folder / "record.jsonl").unlink(missing_ok=True)
        return subprocess.Popen(
            [
                str(BIN / "ansible-playbook"),
                *("-i", str(self.folder / "inventory.json"), playbook, *arguments),
            ],
            cwd=REPO,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self, process: subprocess.Popen[str]) -> None:
        """SIGKILL to what is left of a run on this machine; what it did on hosts goes on.

        Ansible's workers are in sessions of their own, so they are known by their environment.
        """
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # ended, or somebody else's
                outside = os.readlink(place / "ns/pid") == os.readlink("/proc/self/ns/pid")
                if outside and self._run.encode() in (place / "environ").read_bytes().split(b"\0"):
                    os.kill(int(place.name), signal.SIGKILL)
        process.communicate(timeout=60)

    @property
    def _run(self) -> str:
        return f"SITE_RUN={self.lab} {self.runs}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CONFIG": str(REPO / "ansible.cfg"),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "RECORD_FILE": str(self.folder / "record.jsonl"),
            **dict([self._run.split("=")]),
        }

    def run(self, host: str, command: str, check: bool = True) -> str:
        """What a shell command prints in a host."""
        done = subprocess.run(
            [*enter(self.lab, host), "sh", "-c", command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def state(self) -> dict[str, list[str]]:
        """Everything that the overlay could change, by host."""
        return {host: self.run(host, STATE, check=False).splitlines() for host in self.hosts}

    def changes_since(self, before: dict[str, list[str]]) -> list[str]:
        """What of state() differs now, their order and number too, as lines to read."""
        after = self.state()
        return [
            f"{host}: {line[0]} {line[1:]}"
            for host in self.hosts
            for line in list(difflib.unified_diff(before[host], after[host], n=0, lineterm=""))[2:]
            if line[0] != "@"
        ]

    def index(self, host: str, device: str, netns: str = "") -> int:
        """The link index, which tells whether a device was made anew."""
        inside = f"-n {netns} " if netns else ""
        listed = json.loads(self.run(host, f"ip {inside}-j link show {device}"))
        return int(listed[0]["ifindex"])

    def _write_inventory(self) -> None:
        hosts = {
            name: {"ansible_connection": "vxlab.overlay.lab", **variables}
            for name, variables in self.hosts.items()
        }
        inventory = {"overlay": {"hosts": hosts, "vars": self.variables}}
        (self.folder / "inventory.json").write_text(json.dumps(inventory))
