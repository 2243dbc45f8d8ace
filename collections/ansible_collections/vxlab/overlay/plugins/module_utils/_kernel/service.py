# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading what systemd knows of our units, and packing the program that they run.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import io
import os
import sys
import zipfile
from contextlib import suppress
from types import ModuleType
from typing import Any, Dict, List

from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.service import (
    LOADERS,
    Content,
    Host,
    paths,
    units,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import KernelError, run

RUNNING = "/run/systemd/system"
"""There exactly when systemd is what started this host (sd_booted(3))."""

PROPERTIES = ("Id", "LoadState", "ActiveState", "UnitFileState", "NeedDaemonReload", "CanReload")
PYTHON = "/usr/bin/python3"
OLDEST = (3, 8)

PACKAGE = __name__.rpartition("._kernel.")[0]
PARTS = tuple(f"{PACKAGE}.{part}" for part in ("_change", "_documents", "_kernel", "_task"))
MAIN = "import sys\n\nfrom {} import main\n\nsys.exit(main())\n"


def is_systemd_running() -> bool:
    return os.path.isdir(RUNNING)


def require_systemd() -> None:
    """Raise KernelError where no unit of ours would ever be started."""
    if not is_systemd_running():
        raise KernelError(
            "this host was not started by systemd, and nothing else is known here that could"
            " restore an overlay at boot; set overlay_persist: false"
        )


def read_is_ours(mark: Mark) -> bool:
    """Whether there is anything of our units, or of the program that they run."""
    return any(os.path.lexists(path) for path in paths(mark))


def read_host(mark: Mark) -> Host:
    """Our files and units as they are now."""
    files: Dict[str, Content] = {}
    for path in paths(mark):
        if os.path.exists(path):
            with open(path, "rb") as source:
                content = source.read()
            files[path] = content if path == mark.program else content.decode()
    if not is_systemd_running():
        return Host(files)
    ours = units(mark)
    output = run(
        ["systemctl", "show", "--property", ",".join(PROPERTIES), *ours, *LOADERS],
        "ask systemd for our units",
    )
    parts = [
        dict(line.split("=", 1) for line in part.splitlines()) for part in output.split("\n\n")
    ]
    shown = {part["Id"]: part for part in parts}
    return Host(
        files,
        enabled=[unit for unit in ours if shown[unit]["UnitFileState"] == "enabled"],
        states={unit: shown[unit]["ActiveState"] for unit in ours},
        outdated=[unit for unit in ours if shown[unit]["NeedDaemonReload"] == "yes"],
        loaders={
            unit: shown[unit]["CanReload"] == "yes"
            for unit in LOADERS
            if shown[unit]["LoadState"] == "loaded"
        },
    )


def find_python() -> str:
    """The Python that the program runs by: one that a new release of the distribution keeps."""
    with suppress(KernelError):
        run([PYTHON, "-c", f"import sys; sys.exit(sys.version_info < {OLDEST})"], "ask its version")
        return PYTHON
    return sys.executable


def pack_program(program: ModuleType) -> bytes:
    """An archive that Python runs (zipapp): a module's main, and all of ours that it imports.

    The same sources give the same bytes.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        _add(archive, "__main__.py", MAIN.format(program.__name__).encode())
        for name in _imported(program):
            module = sys.modules[name]
            path = name.replace(".", "/")
            is_package = hasattr(module, "__path__")
            source = _source(name)
            _add(archive, f"{path}/__init__.py" if is_package else f"{path}.py", source)
    return packed.getvalue()


def _imported(program: ModuleType) -> List[str]:
    """The program, the modules that importing it has brought, and the packages around them."""
    parts = PACKAGE.split(".")
    around = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
    brought = [name for name in sys.modules if name.startswith(PARTS)]
    return sorted([program.__name__, *around, *brought])


def _source(name: str) -> bytes:
    """Its text, from wherever Ansible has put it; nothing for a package without one."""
    spec = sys.modules[name].__spec__
    loader: Any = spec and spec.loader
    if spec is None or not spec.has_location or not hasattr(loader, "get_data"):
        return b""
    found: bytes = loader.get_data(spec.origin)
    return found


def _add(archive: zipfile.ZipFile, path: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(path), content)
