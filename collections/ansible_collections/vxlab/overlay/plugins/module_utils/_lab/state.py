# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a lab's state is: its folder, its lock, and a record of each process that holds a host.

Every user has labs of their own. The folder must be that user's alone: who could write there
could make another user enter or end any process.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Iterator, List, Mapping, NamedTuple, Optional

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.names import check_lab_name
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.process import is_running

LABS = "vxlab-lab"
LOCK_WAIT = 120.0


class Record(NamedTuple):
    """What a host (or the fabric) wrote when its start was done."""

    pid: int
    start: int
    version: str
    boot: str


def parse_record(text: str) -> Optional[Record]:
    """Parse a record; None if it is not one."""
    words = text.split()
    if len(words) != 4 or not (words[0].isdigit() and words[1].isdigit()):
        return None
    return Record(int(words[0]), int(words[1]), words[2], words[3])


def labs_folder(uid: int, environ: Mapping[str, str]) -> Path:
    """The folder of all labs of a user."""
    if uid == 0:
        return Path("/run") / LABS
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    # After su, the variable may still name the other user's.
    if runtime and _is_own_folder(Path(runtime), uid):
        return Path(runtime) / LABS
    return Path(f"/tmp/vxlab-lab-{uid}") / LABS


def _is_own_folder(path: Path, uid: int) -> bool:
    try:
        seen = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(seen.st_mode) and seen.st_uid == uid and not seen.st_mode & 0o077


class State:
    """The state folder of one lab. Nothing is made before lock()."""

    def __init__(self, name: str) -> None:
        self.name = check_lab_name(name)
        self._uid = os.geteuid()
        self.folder = labs_folder(self._uid, os.environ) / name
        self.hosts = self.folder / "hosts"

    def _own(self) -> List[Path]:
        """The folders that are the lab's, outermost first."""
        folders = [self.folder.parent, self.folder]
        if self.folder.parent.parent.name == f"vxlab-lab-{self._uid}":
            folders.insert(0, self.folder.parent.parent)
        return folders

    def exists(self) -> bool:
        """Whether there is a folder. Raises LabError if somebody else could write to it."""
        for folder in self._own():
            if not os.path.lexists(folder):
                return False
            self._check(folder)
        return True

    def _check(self, folder: Path) -> None:
        # Not there is fine: another process may remove a lab's folder at any time.
        if not _is_own_folder(folder, self._uid) and os.path.lexists(folder):
            raise LabError(
                f"{folder} must be a directory of user id {self._uid} that nobody else can"
                " enter (mode 0700): remove it and try again"
            )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Make the folder and hold its lock. Raises LabError if another process does not let go."""
        deadline = time.monotonic() + LOCK_WAIT
        while True:
            descriptor = self._open_folder()
            if descriptor is not None:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    # The one who held the lock may have removed the folder.
                    if self._is_still(descriptor):
                        yield
                        return
                except BlockingIOError:
                    pass
                finally:
                    os.close(descriptor)
            if time.monotonic() > deadline:
                raise LabError(
                    f"lab {self.name} has been in change by another process for {LOCK_WAIT:g} s"
                    f" (it holds the lock of {self.folder})"
                )
            time.sleep(0.05)

    def _open_folder(self) -> Optional[int]:
        try:
            for folder in self._own():
                with suppress(FileExistsError):
                    folder.mkdir(mode=0o700)
                self._check(folder)
            return os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            # Another process removed one of them, as it may: again.
            return None
        except OSError as error:
            raise LabError(f"cannot make {self.folder}: {error.strerror}") from error

    def _is_still(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self.folder.stat())
        except FileNotFoundError:
            return False

    def record(self, name: str) -> Optional[Record]:
        """The record of a host whose process runs; None if there is none."""
        try:
            record = parse_record((self.hosts / name).read_text())
        except OSError:
            return None
        if record is None or record.boot != boot_id() or not is_running(record.pid, record.start):
            return None
        return record

    def names(self) -> List[str]:
        """Names of all that is recorded, running or not."""
        try:
            return sorted(os.listdir(self.hosts))
        except FileNotFoundError:
            return []

    def log(self, name: str) -> Path:
        """Where the start of a host writes what went wrong."""
        return self.folder / f"{name}.log"

    def forget(self, name: str) -> None:
        """Remove what is written about a host."""
        for path in (self.hosts / name, self.log(name)):
            with suppress(FileNotFoundError):
                path.unlink()

    def prepare(self) -> None:
        """Make the folders inside, and the mount point on which hosts build their view."""
        for folder in (self.hosts, self.folder / "mnt"):
            folder.mkdir(mode=0o700, exist_ok=True)

    def remove(self) -> None:
        """Remove the folder, and those around it that hold no other lab."""
        for folder in (self.hosts, self.folder):
            with suppress(FileNotFoundError, NotADirectoryError):
                for entry in os.scandir(folder):
                    if not entry.is_dir(follow_symlinks=False):
                        os.unlink(entry.path)
        # rmdir, not a recursive removal: were something still mounted there, it must survive.
        for folder in (self.hosts, self.folder / "mnt", self.folder):
            with suppress(FileNotFoundError):
                folder.rmdir()
        for folder in reversed(self._own()[:-1]):
            with suppress(OSError):
                folder.rmdir()


def boot_id() -> str:
    """Identity of this boot: process ids and start times begin anew with each."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
