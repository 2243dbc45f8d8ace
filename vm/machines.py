# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual machines in qemu, in software where the processor lets nothing else: real hosts.

eth0 of each leads to this machine alone, for ssh by a port of 127.0.0.1; eth1 of all is one
segment, which carries multicast: a multicast socket of qemu on the loopback interface.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from vm.image import VmError, image

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".cache/vm"
SUITE = os.environ.get("VM_SUITE", "bookworm")
# qemu in software, which works everywhere. VM_ACCEL=kvm is many times faster where it works: a
# virtual machine may have a KVM that starts machines and lets them hang.
ACCELERATOR = os.environ.get("VM_ACCEL", "tcg")
# The number of a machine is added, so that its ssh server is at 22101, 22102, ...
PORT = 22100
NAMES = ("ubuntu1", "ubuntu2", "ubuntu3")
MEMORY = 512
BOOT_WAIT = 600.0
KEY = FOLDER / "id_ed25519"
SSH = (
    "ssh -i {key} -p {port} -o BatchMode=yes -o ConnectTimeout=5 -o LogLevel=ERROR"
    " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@127.0.0.1"
)


class Machine:
    """One of them, running or not. number: from 1, for its addresses and ports."""

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.number = number
        self.disk = FOLDER / f"{name}.qcow2"
        self.pidfile = FOLDER / f"{name}.pid"
        self.console = FOLDER / f"{name}.console"

    @property
    def pid(self) -> int | None:
        """Of its qemu; None where it does not run."""
        try:
            pid = int(self.pidfile.read_text())
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        except (OSError, ValueError):
            return None
        return pid if f"file={self.disk},if=virtio,cache=unsafe" in arguments else None

    def start(self) -> None:
        """Start it if it does not run, from its disk, or else an untouched one. Raises VmError."""
        if self.pid is not None:
            return
        made = image(FOLDER, SUITE, KEY.with_suffix(".pub"))
        if not self.disk.exists():
            new: list[str | Path] = [
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                "-F",
                "raw",
                "-b",
                made.disk,
            ]
            _run([*new, self.disk])
        own = f"user,id=own,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:{self.port}-:22"
        under = f"socket,id=under,mcast=230.0.0.1:{PORT},localaddr=127.0.0.1"
        _run(
            [
                # The fewer features of a processor, the less is emulated, and found at boot.
                *("qemu-system-x86_64", "-cpu", "qemu64,-svm"),
                *("-machine", f"accel={ACCELERATOR}"),
                *("-m", str(MEMORY), "-display", "none", "-nodefaults", "-daemonize"),
                *("-pidfile", self.pidfile, "-serial", f"file:{self.console}"),
                *("-kernel", made.kernel, "-initrd", made.initrd),
                *("-append", self._kernel_arguments()),
                *("-drive", f"file={self.disk},if=virtio,cache=unsafe"),
                *("-netdev", own),
                *("-device", "virtio-net-pci,netdev=own,romfile="),
                *("-netdev", under),
                *("-device", f"virtio-net-pci,netdev=under,romfile=,mac={self.mac}"),
                *("-device", "virtio-rng-pci"),
            ]
        )

    def _kernel_arguments(self) -> str:
        return (
            "root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 nokaslr mitigations=off"
            f" systemd.hostname={self.name}"
        )

    @property
    def port(self) -> int:
        return PORT + self.number

    @property
    def mac(self) -> str:
        return f"52:54:00:10:01:{self.number:02x}"

    def ssh(self, command: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command on it, whatever comes of it."""
        return subprocess.run(
            [*SSH.format(key=KEY, port=self.port).split(), command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def run(self, command: str, timeout: float = 60) -> str:
        """Run a command that has to succeed; returns what it printed."""
        done = self.ssh(command, timeout)
        if done.returncode:
            raise VmError(f"{self.name}: {command}: {done.stdout}{done.stderr}")
        return done.stdout

    def boot_id(self) -> str:
        """Identity of this boot; empty while ssh does not answer."""
        try:
            done = self.ssh("cat /proc/sys/kernel/random/boot_id", 20)
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    def cut_power(self) -> None:
        """End it at once. Its disk stays, with what the machine has written to it."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            while self.pid is not None:
                time.sleep(0.05)
        self.pidfile.unlink(missing_ok=True)

    def stop(self) -> None:
        """End it for good."""
        self.cut_power()
        self.disk.unlink(missing_ok=True)


def machines() -> list[Machine]:
    return [Machine(name, number) for number, name in enumerate(NAMES, start=1)]


def up() -> list[Machine]:
    """Start those that do not run, and wait until all answer. Raises VmError."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not KEY.exists():
        _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "vxlab", "-f", KEY])
    started = machines()
    for machine in started:
        if machine.pid is None:
            machine.stop()  # what one that ended by itself has left
        machine.start()
    await_boot(started)
    return started


def await_boot(booting: Iterable[Machine], old: Sequence[str] = ()) -> None:
    """Wait until ssh answers, in a boot that is none of the old ones. Raises VmError."""
    deadline = time.monotonic() + BOOT_WAIT
    for machine in booting:
        while machine.boot_id() in ("", *old):
            if machine.pid is None:
                raise VmError(f"{machine.name} ended; its console: {machine.console}")
            if time.monotonic() > deadline:
                raise VmError(
                    f"{machine.name} does not answer after {BOOT_WAIT:g} s; its console:"
                    f" {machine.console}"
                )
            time.sleep(1)


def reboot(rebooted: Sequence[Machine]) -> None:
    """Reboot them at once, and wait until they answer again. Raises VmError."""
    old = [machine.boot_id() for machine in rebooted]
    for machine in rebooted:
        machine.ssh("systemctl reboot")
    await_boot(rebooted, old)


def down() -> None:
    """Stop those that run; images stay, since making them takes minutes."""
    for machine in machines():
        machine.stop()


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise VmError(f"{command[0]} failed ({done.returncode}): {done.stderr.strip()}")
