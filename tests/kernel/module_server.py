# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs modules on hosts, as `python -m` would, but without a fresh interpreter for each.

What all modules import is imported once; each run is a fork of that, which enters the host's
namespaces and runs the module's file as __main__, with its arguments on stdin. Reads one JSON
object a line, {"pid": of the host's keeper, "module": name, "args": …}, and answers with one.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import runpy
import signal
import sys
import tempfile
import traceback
from typing import Any, BinaryIO

MODULES = "ansible_collections.vxlab.overlay.plugins.modules"
SECONDS = 120


def enter(pid: int) -> None:
    """Network namespace first: its path is gone from the mount namespace's /proc otherwise."""
    libc = ctypes.CDLL(None, use_errno=True)
    for kind in ("net", "mnt"):
        with open(f"/proc/{pid}/ns/{kind}", "rb") as namespace:
            if libc.setns(namespace.fileno(), 0):
                raise OSError(ctypes.get_errno(), f"cannot enter {kind} namespace of {pid}")


def run_module(pid: int, module: str, stdin: BinaryIO, out: BinaryIO, err: BinaryIO) -> int:
    """In the child: never returns to the loop; the module's exit code."""
    for number, file in enumerate((stdin, out, err)):
        os.dup2(file.fileno(), number)
    signal.alarm(SECONDS)
    enter(pid)
    sys.argv = [module]
    try:
        runpy.run_module(f"{MODULES}.{module}", run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def serve(request: dict[str, Any]) -> dict[str, Any]:
    with (
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        stdin.write(json.dumps(request["args"]).encode())
        stdin.seek(0)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = run_module(request["pid"], request["module"], stdin, out, err)
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        answer: dict[str, Any] = {"rc": os.waitstatus_to_exitcode(status)}
        for name, file in (("stdout", out), ("stderr", err)):
            file.seek(0)
            answer[name] = file.read().decode()
    return answer


def main() -> None:
    importlib.import_module("ansible_collections.vxlab.overlay.plugins.module_utils._module")
    requests, answers = sys.stdin, sys.stdout
    for line in requests:
        print(json.dumps(serve(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
