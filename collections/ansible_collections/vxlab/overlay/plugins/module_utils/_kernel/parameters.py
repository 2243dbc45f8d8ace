# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading and setting kernel parameters, and writing small files.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import glob
import os
import re
from contextlib import suppress
from typing import Dict, Optional, Sequence, Union

from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import KernelError

PROC_SYS = "/proc/sys/"
SWAPPED = str.maketrans("./", "/.")
OUR_DIRECTORIES = ("/run/vxlab.overlay", "/etc/vxlab.overlay", "/usr/local/lib/vxlab.overlay")
DROP_INS = re.compile(r"/etc/systemd/system/[^/]+\.d\Z")
OUR_SYSCTL_FILES = "/etc/sysctl.d/90-vxlab-*.conf"


def read_sysctls(keys: Sequence[str]) -> Dict[str, str]:
    """Their values; a key may have * for any device, and then names those that there are."""
    values = {}
    for key in keys:
        try:
            values[key] = _read(_path(key))
        except OSError as error:
            if "*" not in key:
                raise KernelError(f"cannot read {key}: {error.strerror}") from error
            values.update(_read_all(key))
    return values


def _read_all(pattern: str) -> Dict[str, str]:
    values = {}
    for path in sorted(glob.glob(_path(pattern))):
        with suppress(OSError):  # of a device that has just gone
            values[_key(path)] = _read(path)
    return values


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as source:
        return source.read().strip()


def set_sysctl(key: str, value: str) -> None:
    try:
        with open(_path(key), "w", encoding="utf-8") as target:
            target.write(value)
    except OSError as error:
        raise KernelError(f"cannot set {key} to {value}: {error.strerror}") from error


def read_our_sysctl_files() -> Dict[str, str]:
    """Text of the sysctl.d(5) files of all our overlays, by path."""
    files = {}
    for path in sorted(glob.glob(OUR_SYSCTL_FILES)):
        with open(path, encoding="utf-8") as source:
            files[path] = source.read()
    return files


def read_file(path: str) -> Optional[str]:
    """Its text, or None where there is no such file."""
    try:
        with open(path, encoding="utf-8") as source:
            return source.read()
    except FileNotFoundError:
        return None


def write_file(path: str, content: Union[str, bytes, None], intent: str) -> None:
    """Write a file atomically, or remove it (None) with those of its directories that we made."""
    directory, name = os.path.split(path)
    temporary = os.path.join(directory, f".{name}.vxlab-new")
    try:
        if content is None:
            for stale in (temporary, path):
                if os.path.lexists(stale):
                    os.unlink(stale)
            _remove_empty(directory)
            return
        os.makedirs(directory, mode=0o755, exist_ok=True)
        # Always the same name: what a killed run left is overwritten by the next one.
        with open(temporary, "wb") as target:
            target.write(content if isinstance(content, bytes) else content.encode())
            os.fchmod(target.fileno(), 0o644)
            # Else a power cut may leave the new name with nothing in it.
            target.flush()
            os.fsync(target.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise KernelError(f"cannot {intent}: {path}: {error.strerror}") from error


def _remove_empty(directory: str) -> None:
    # Directories for drop-ins are made for ours where there is none, and empty mean nothing.
    while directory.startswith(OUR_DIRECTORIES) or DROP_INS.match(directory):
        try:
            os.rmdir(directory)
        except OSError:
            return
        directory = os.path.dirname(directory)


def _path(key: str) -> str:
    """The file of a key; where a device's name has a dot, the key has a slash (sysctl(8))."""
    return PROC_SYS + key.translate(SWAPPED)


def _key(path: str) -> str:
    return path[len(PROC_SYS) :].translate(SWAPPED)
