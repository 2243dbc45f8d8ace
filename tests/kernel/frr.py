# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with FRR: real daemons, each host's in its own /run, /etc and network."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .host import Host

INIT = "/usr/lib/frr/frrinit.sh"
RELOAD = "/usr/lib/frr/frr-reload.py"
PASSWORD = "s3cret!of|all#hosts"
# All files that the module may touch, with their owners, and what FRR leaves beside them.
FILES = """
find /etc/frr /var/lib /var/tmp /var/log /run/vxlab.overlay -printf '%p %y %m %u:%g\\n' || true
cd /etc/frr && for file in * .[!.]*; do [ ! -f "$file" ] || sha256sum "$file"; done
test ! -d /run/frr || echo /run/frr
"""

needs_frr = pytest.mark.skipif(
    not (os.access(RELOAD, os.X_OK) and shutil.which("vtysh")),
    reason="needs FRR: packages frr and frr-pythontools",
)
needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="FRR's daemons become user frr, who is nobody in a user namespace"
)


class FrrHost:
    """A host, and what its FRR does. number: the last octet of its address."""

    def __init__(self, host: Host, number: int) -> None:
        self.host, self.number = host, number
        self.address = f"172.16.1.{number}"
        # What Host leaves shared with the machine, and FRR and the module write to.
        host.run(
            "for place in /var/lib /var/tmp /var/log; do mount -t tmpfs tmpfs $place; done\n"
            "install -d -o frr -g frr -m 0750 /var/log/frr"
        )

    def config(self, *peers: int, password: str = PASSWORD, asn: int = 65000) -> str:
        """As the role's template makes it."""
        lines = [
            "frr defaults traditional",
            "log syslog informational",
            "service integrated-vtysh-config",
            "!",
            f"router bgp {asn}",
            f" bgp router-id {self.address}",
            " no bgp default ipv4-unicast",
            " timers bgp 3 9",
        ]
        for peer in peers:
            neighbor = f" neighbor 172.16.1.{peer}"
            lines += [
                f"{neighbor} remote-as {asn}",
                f"{neighbor} description h{peer} vxlab.overlay:overlay",
                f"{neighbor} password {password}",
                f"{neighbor} update-source {self.address}",
                f"{neighbor} timers connect 3",
            ]
        lines += [" !", " address-family l2vpn evpn"]
        lines += [f"  neighbor 172.16.1.{peer} activate" for peer in peers]
        lines += ["  advertise-all-vni", "  advertise-svi-ip", " exit-address-family", "exit", "!"]
        return "\n".join(lines) + "\n"

    def args(self, *peers: int, password: str = PASSWORD, **more: Any) -> dict[str, Any]:
        config = self.config(*peers, password=password)
        return {"config": config, "secrets": [password], **more}

    def apply(self, args: dict[str, Any]) -> dict[str, Any]:
        """Run frr_config as every run has to go, and see that check mode leaves the files alone."""
        before = self.files()
        self.host.module("frr_config", args, check=True)
        assert self.files() == before
        result = self.host.apply("frr_config", args)
        for secret in args.get("secrets", ()):
            assert secret not in str({**result, "invocation": None})
        return result

    def unchanged(self, args: dict[str, Any]) -> None:
        before = self.files(), self.pids()
        self.host.unchanged("frr_config", args)
        assert (self.files(), self.pids()) == before

    def refusal(self, args: dict[str, Any]) -> str:
        before = self.files(), self.pids()
        message = self.host.refusal("frr_config", args)
        assert (self.files(), self.pids()) == before
        return message

    def files(self) -> list[str]:
        """Paths, modes, owners and sums; not what changes as daemons come and go."""
        lines = self.host.attempt(FILES).stdout.splitlines()
        return sorted(line for line in lines if not line.startswith("/var/tmp/frr/"))

    def pids(self) -> dict[str, int]:
        """Of the daemons that run, by name."""
        script = "for file in /run/frr/*.pid; do echo $(basename $file .pid) $(cat $file); done"
        pids = {}
        for line in self.host.attempt(script).stdout.splitlines():
            name, _, pid = line.partition(" ")
            with contextlib.suppress(OSError):  # it ended
                # One that was killed is there, dead, until its parent asks for it.
                if pid and ") Z" not in Path(f"/proc/{pid}/stat").read_text():
                    pids[name] = int(pid)
        return pids

    def kill(self, *names: str) -> None:
        pids = self.pids()
        self.host.run(f"kill -KILL {' '.join(str(pids[name]) for name in names)}")

    def vtysh(self, *commands: str) -> str:
        words = " ".join(f"-c '{command}'" for command in commands)
        return self.host.run(f"vtysh {words}")

    def end(self) -> None:
        """End what runs; watchfrr first, which would start the others again."""
        for name in ("watchfrr", *self.pids()):
            if name in self.pids():
                self.kill(name)


@contextlib.contextmanager
def ended(*hosts: FrrHost) -> Iterator[None]:
    try:
        yield
    finally:
        for host in hosts:
            host.end()
