# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A disk image of Debian with what a managed host has, made from Debian's packages.

mmdebstrap(1) makes the file system, mke2fs(8) the image. The kernel is started by qemu itself, so
there is no boot loader, and the machine comes up again after a reboot.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

PACKAGES = (
    "dbus",
    "initramfs-tools",
    "iproute2",
    "iputils-ping",
    "kmod",
    "linux-image-cloud-amd64",
    "nftables",
    "openssh-server",
    "procps",
    "python3",
    "systemd-sysv",
    "tcpdump",
    "udev",
)
# The link to the machine that runs the VMs, for ssh; then the underlay, by MAC address.
NETWORKS = {
    "10-management": "[Match]\nName=eth0\n\n[Network]\nAddress=10.0.2.15/24\n",
    **{
        f"20-underlay{n}": f"[Match]\nMACAddress=52:54:00:10:01:{n:02x}\n\n"
        f"[Network]\nAddress=172.16.1.{10 + n}/24\n"
        for n in range(1, 10)
    },
}
SIZE = "3G"
# Short boots: modules that these machines have, and no compression that costs more than it saves.
MODULES = "virtio_pci\nvirtio_blk\next4\n"
UNWANTED = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_reap")


class VmError(Exception):
    """What could not be done, and what to do."""


@dataclass(frozen=True)
class Image:
    """A disk, and the kernel and initial RAM disk to boot it by."""

    disk: Path
    kernel: Path
    initrd: Path


def image(folder: Path, suite: str, public_key: Path) -> Image:
    """The image of a suite, made if there is none; about two minutes. Raises VmError."""
    recipe = repr((suite, PACKAGES, NETWORKS, SIZE, MODULES, UNWANTED, public_key.read_text()))
    name = f"{suite}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    made = folder / name
    found = Image(made / "disk", made / "vmlinuz", made / "initrd.img")
    if made.exists():
        return found
    if os.geteuid() != 0:
        raise VmError("making an image of Debian needs root; run make vm-up as root")
    print(f"Making an image of Debian {suite} from its packages", flush=True)
    # Renamed when it is whole: an interrupted run leaves nothing that looks like an image.
    with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name}-") as scratch:
        _make(Path(scratch), suite, public_key)
        shutil.rmtree(Path(scratch) / "root")
        os.rename(scratch, made)
        os.mkdir(scratch)
    return found


def _make(scratch: Path, suite: str, public_key: Path) -> None:
    root = scratch / "root"
    files = scratch / "files"
    for name, text in NETWORKS.items():
        _write(files / f"etc/systemd/network/{name}.network", text)
    _write(files / "etc/initramfs-tools/modules", MODULES)
    _write(files / "etc/initramfs-tools/conf.d/vm", "MODULES=list\nCOMPRESS=gzip\n")
    _write(files / "etc/fstab", "/dev/vda / ext4 defaults 0 1\n")
    _write(files / "root/.ssh/authorized_keys", public_key.read_text())
    (files / "root/.ssh").chmod(0o700)
    hooks = [
        f"--essential-hook=cp -a {files}/. $1/",
        "--customize-hook=chown -R root:root $1/root",
        f"--customize-hook=systemctl --root=$1 mask {' '.join(UNWANTED)}",
        "--customize-hook=systemctl --root=$1 enable systemd-networkd ssh",
    ]
    include = f"--include={','.join(PACKAGES)}"
    _run(["mmdebstrap", "--variant=minbase", include, *hooks, suite, str(root)])
    for name, pattern in (("vmlinuz", "vmlinuz-*"), ("initrd.img", "initrd.img-*")):
        (found,) = (root / "boot").glob(pattern)
        shutil.copy(found, scratch / name)
    _run(["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(scratch / "disk"), SIZE])
    shutil.rmtree(files)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise VmError(f"{command[0]} failed ({done.returncode}):\n{done.stderr[-3000:]}")
