# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: lab
short_description: Enter a host of the embedded lab
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Runs commands in the namespaces of a host that M(vxlab.overlay.lab) has made, through
    nsenter. No daemon, no keys.
  - One is root in the host, so C(become) is not needed.
  - The lab's C(router) and C(outside) server can be entered too.
options:
  lab:
    description: Name of the lab.
    type: str
    default: lab
    vars:
      - name: overlay_lab_name
  host:
    description:
      - Name of the host in the lab. It is not C(ansible_host), the host's address on the underlay.
      - When a task is delegated, C(inventory_hostname) remains that of the host that delegates,
        so each host needs C(overlay_lab_host), its own name. The inventory plugin
        P(vxlab.overlay.lab#inventory) sets it; an inventory of another kind has to.
    type: str
    vars:
      - name: inventory_hostname
      - name: overlay_lab_host
  pipelining:
    description: Send modules to the host's Python without writing them to a file first.
    type: bool
    default: true
    vars:
      - name: ansible_pipelining
      - name: ansible_lab_pipelining
  transfer_timeout:
    description: Seconds after which a file transfer is given up.
    type: int
    default: 60
    vars:
      - name: overlay_lab_transfer_timeout
  command_timeout:
    description:
      - Seconds after which a command is ended. With V(0) a command may take as long as it likes;
        a task has its own C(timeout) keyword.
    type: int
    default: 0
    vars:
      - name: overlay_lab_command_timeout
"""

import os
import shlex
import signal
import subprocess
from typing import IO, Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.entering import enter
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.tools import PATH

display = Display()

# As after a login: nothing of the controller's environment but the language and the terminal.
ENVIRONMENT = {"PATH": PATH, "HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/bin/sh"}
KEPT = ("LANG", "LANGUAGE", "LC_ALL", "TERM")


class Connection(ConnectionBase):
    """Enters a host of a lab with nsenter."""

    transport = "vxlab.overlay.lab"
    has_pipelining = True
    has_tty = False
    _connected: bool

    def _connect(self) -> Connection:
        if not self._connected:
            self._prefix()
            display.vvv("ENTER THE LAB HOST", host=self._host())
            self._connected = True
        return self

    def _host(self) -> str:
        return str(self.get_option("host") or self._play_context.remote_addr)

    def _prefix(self) -> list[str]:
        # Looked up for each command: a host may have been made anew since the last.
        try:
            return enter(str(self.get_option("lab")), self._host())
        except LabError as error:
            raise AnsibleConnectionFailure(str(error)) from error

    def exec_command(
        self, cmd: str, in_data: bytes | None = None, sudoable: bool = True
    ) -> tuple[int, bytes, bytes]:
        """Run a shell command in the host."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        display.vvv(f"EXEC {cmd}", host=self._host())
        timeout = int(self.get_option("command_timeout")) or None
        return self._run(["/bin/sh", "-c", cmd], in_data or b"", subprocess.PIPE, timeout)

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file from the controller to the host."""
        super().put_file(in_path, out_path)
        display.vvv(f"PUT {in_path} TO {out_path}", host=self._host())
        try:
            source = open(in_path, "rb")  # noqa: SIM115
        except FileNotFoundError as error:
            raise AnsibleFileNotFound(f"{in_path}: no such file on the controller") from error
        with source:
            code, _out, err = self._transfer(f"cat >{shlex.quote(out_path)}", source)
        if code != 0:
            raise AnsibleError(
                f"cannot copy {in_path} to {out_path} on {self._host()}: {_text(err)}"
            )

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file from the host to the controller."""
        super().fetch_file(in_path, out_path)
        display.vvv(f"FETCH {in_path} TO {out_path}", host=self._host())
        with open(out_path, "wb") as target:
            code, _out, err = self._transfer(f"cat {shlex.quote(in_path)}", b"", target)
        if code != 0:
            raise AnsibleError(
                f"cannot copy {in_path} on {self._host()} to {out_path}: {_text(err)}"
            )

    def close(self) -> None:
        self._connected = False

    def _transfer(
        self, cmd: str, source: bytes | IO[bytes], target: int | IO[bytes] = -1
    ) -> tuple[int, bytes, bytes]:
        timeout = int(self.get_option("transfer_timeout"))
        return self._run(["/bin/sh", "-c", cmd], source, target, timeout)

    def _run(
        self,
        command: list[str],
        source: bytes | IO[bytes],
        target: int | IO[bytes],
        timeout: int | None,
    ) -> tuple[int, bytes, bytes]:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        process: Any = subprocess.Popen(
            self._prefix() + command,
            stdin=subprocess.PIPE if isinstance(source, bytes) else source,
            stdout=target,
            stderr=subprocess.PIPE,
            env={**kept, **ENVIRONMENT},
            # One group for nsenter and what it runs: a timeout must end both.
            start_new_session=True,
        )
        with process:
            try:
                out, err = process.communicate(
                    source if isinstance(source, bytes) else None, timeout=timeout
                )
            except subprocess.TimeoutExpired as error:
                os.killpg(process.pid, signal.SIGKILL)
                raise AnsibleConnectionFailure(
                    f"lab host {self._host()}: no end of a command after {timeout} s: {command[-1]}"
                ) from error
        return process.returncode, out or b"", err or b""


def _text(data: bytes) -> str:
    return " ".join(data.decode(errors="replace").split())
