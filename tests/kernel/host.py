# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host for the modules' tests: a network and a mount namespace that live with one process.

/run is empty and its own, /etc is a copy, and nothing that is done there reaches the machine.
An ordinary user's hosts live in one user namespace, so that they can be joined by veth pairs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import state as kernel_state

COLLECTIONS = Path(__file__).resolve().parents[2] / "collections"
MODULES = "ansible_collections.vxlab.overlay.plugins.modules"

# A copy of /etc in a user namespace, to whose root the machine's files do not belong. What it is
# made of is on the first tmpfs, which the second one then hides.
PRIVATE = """
mount -t tmpfs tmpfs /run
mkdir /run/etc /run/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/work /etc 2> /dev/null ||
  true
if ! [ -w /etc/sysctl.d ]
then
  umount /etc 2> /dev/null || true
  cp -a /etc/. /run/etc/ 2> /dev/null || true
  mount --bind /run/etc /etc
fi
mount -t tmpfs tmpfs /run
# So that IPv6 addresses are there at once, and not when a picture has been taken.
echo 0 > /proc/sys/net/ipv6/conf/default/dad_transmits
ip link set lo up
echo ready
exec cat
"""

MODULE_ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(filter(None, [str(COLLECTIONS), os.environ.get("PYTHONPATH")])),
}

Json = dict[str, Any]


class Keeper:
    """A process that holds namespaces; it ends when we do, since it reads from us."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "ready\n":
            _, answer = self.process.communicate(timeout=10)
            raise RuntimeError(f"{' '.join(command[:6])} …: {answer}")

    @property
    def pid(self) -> int:
        return self.process.pid

    def close(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)


class Runner:
    """Runs modules on hosts through one long-lived interpreter (see module_server.py)."""

    def __init__(self, prefix: list[str]) -> None:
        server = Path(__file__).with_name("module_server.py")
        self.process = subprocess.Popen(
            [*prefix, sys.executable, str(server)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=MODULE_ENVIRONMENT,
        )

    def __call__(self, pid: int, module: str, args: Json) -> Json:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"pid": pid, "module": module, "args": args}) + "\n")
        self.process.stdin.flush()
        answer: Json = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=10)


def user_namespace() -> Keeper:
    """One in which an ordinary user is root; raises RuntimeError where the kernel refuses it."""
    return Keeper(["unshare", "--user", "--map-root-user", "sh", "-ec", "echo ready; exec cat"])


def entering(keeper: Keeper | None) -> list[str]:
    """What stands before a command that should run in a user namespace; nothing for root."""
    if keeper is None:
        return []
    return ["nsenter", "-t", str(keeper.pid), "--user", "--preserve-credentials"]


class Host:
    """run() runs a shell script on it, module() a module, state() sees all that modules touch."""

    def __init__(self, prefix: list[str], runner: Runner) -> None:
        self.keeper = Keeper(
            [
                *prefix,
                "unshare",
                "--net",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-ec",
                PRIVATE,
            ]
        )
        self.enter = [*prefix, "nsenter", "-t", str(self.keeper.pid), "--net", "--mount"]
        self.pid = self.keeper.pid
        self.runner = runner
        self.hidden: set[str] = set()

    def close(self) -> None:
        self.keeper.close()

    def attempt(self, script: str, *, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a script, whatever comes of it."""
        return subprocess.run(
            [*self.enter, "sh", "-ec", script],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def run(self, script: str, *, stdin: str = "") -> str:
        """Run a script that has to succeed; returns what it printed."""
        done = self.attempt(script, stdin=stdin)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self, script: str) -> subprocess.Popen[str]:
        """Start a script in the background; the caller kills it."""
        return subprocess.Popen(
            [*self.enter, "sh", "-ec", script], stdout=subprocess.PIPE, text=True
        )

    def listed(self, command: str) -> Any:
        """What a command prints as JSON."""
        return json.loads(self.run(command) or "[]")

    def link(self, name: str, netns: str | None = None) -> Json:
        """A link with its addresses; fails the test where there is none."""
        place = f"ip -n {netns}" if netns else "ip"
        found: Json = self.listed(f"{place} -d -j address show dev {name}")[0]
        return found

    def has(self, name: str) -> bool:
        return self.attempt(f"ip link show dev {name}").returncode == 0

    def ping(self, netns: str | None, *addresses: str) -> None:
        """Ping, from a namespace or the host; fails the test where no answer comes.

        The kernel has one neighbour table for all namespaces of the machine (arp(7), gc_thresh3);
        while somebody's thousand containers fill it, packets do not leave, and we wait longer.
        """
        inside = f"ip netns exec {netns} " if netns else ""
        for address in addresses:
            for attempt in range(60):
                done = self.attempt(f"{inside}ping -n -c 1 -W 1 {address}")
                if done.returncode == 0:
                    break
                full = "No buffer space" in done.stderr
                assert full or attempt < 5, done.stdout + done.stderr
                time.sleep(0.5)

    def module(self, name: str, args: Json, *, check: bool = False) -> Json:
        """Run a module that has to succeed; returns its result."""
        result = self._module(name, args, check)
        assert not result.get("failed"), result["msg"]
        return result

    def refusal(self, name: str, args: Json) -> str:
        """Run a module that has to fail, in check mode too, and to change nothing; its message."""
        before = self.state()
        foretold = self._module(name, args, check=True)
        result = self._module(name, args, check=False)
        assert result.get("failed"), result
        assert foretold["msg"] == result["msg"]
        assert self.state() == before
        assert "\n" not in result["msg"], "more than one sentence"
        return str(result["msg"])

    def fails(self, name: str, args: Json) -> Json:
        """Run a module that fails when the kernel refuses; its result."""
        result = self._module(name, args, check=False)
        assert result.get("failed"), result
        return result

    def as_user(self, name: str, args: Json) -> str:
        """Run a module as somebody who is not root there; its message."""
        # In a user namespace that maps nobody, our user ID is nobody's, here and for files.
        result = self._module(name, args, check=False, under=["unshare", "--user"])
        assert result.get("failed"), result
        return str(result["msg"])

    def apply(self, name: str, args: Json) -> Json:
        """Run a module as every run has to go; returns its result.

        In check mode it changes nothing, and tells what the run then does; a run right after it
        has nothing to do.
        """
        before = self.state()
        foretold = self.module(name, args, check=True)
        after = self.state()
        assert after == before, f"check mode changed the host: {_differing(before, after)}"
        result = self.module(name, args)
        foretold.pop("invocation", None)
        result.pop("invocation", None)
        assert foretold == result, "check mode announced something else"
        if not result["changed"]:
            after = self.state()
            assert after == before, f"the run was silent on: {_differing(before, after)}"
        again = self.module(name, args)
        assert not again["changed"], f"second run: {again['differences']}"
        assert again["commands"] == again["differences"] == []
        assert bool(result["commands"]) == bool(result["differences"]) == result["changed"]
        return result

    def unchanged(self, name: str, args: Json) -> None:
        """Run a module that has to find nothing to do, and to do nothing."""
        before = self.state()
        result = self.module(name, args)
        assert (result["changed"], result["commands"]) == (False, []), result
        assert self.state() == before

    def hide(self, *tools: str) -> None:
        """Take tools away: none of the places that the modules search has them any more."""
        for tool in tools:
            self.hidden.add(tool)
            self.run(
                f"""
                : > /run/nothing
                for place in $(echo $PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin | tr : ' ')
                do
                  if [ -x $place/{tool} ]; then mount --bind /run/nothing $place/{tool}; fi
                done
                rm /run/nothing
                """
            )

    def state(self) -> kernel_state.State:
        """All that the modules may touch, without what changes by itself."""
        return kernel_state.read(self.run, self.hidden)

    def _module(self, name: str, args: Json, check: bool, under: Sequence[str] = ()) -> Json:
        internal = {"_ansible_check_mode": check, "_ansible_diff": True}
        given = {"ANSIBLE_MODULE_ARGS": {**args, **internal}}
        done = self._alone(under, name, given) if under else self.runner(self.pid, name, given)
        assert "Traceback" not in done["stderr"] + done["stdout"], done["stderr"] + done["stdout"]
        result: Json = json.loads(done["stdout"])
        assert bool(result.get("failed")) == bool(done["rc"])
        return result

    def _alone(self, under: Sequence[str], name: str, given: Json) -> Json:
        """Run a module in an interpreter of its own, started by another command."""
        done = subprocess.run(
            [*self.enter, *under, sys.executable, "-m", f"{MODULES}.{name}"],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=120,
            env=MODULE_ENVIRONMENT,
            check=False,
        )
        return {"rc": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


def _differing(before: Json, after: Json) -> Json:
    """What is not in both of two states, each as it was and as it is."""
    return {key: (before.get(key), after[key]) for key in after if before.get(key) != after[key]}


def join(host: Host, device: str, other: Host, other_device: str) -> None:
    """Lay a cable between two hosts."""
    host.run(
        f"ip link add {device} type veth peer name {other_device} netns {other.pid}"
        f" && ip link set {device} up"
    )
    other.run(f"ip link set {other_device} up")
