# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The namespaces of a lab: started, entered, read. All I/O of the lab but /proc and its state.

The fabric is one process in namespaces of its own. All hosts are inside its pid namespace, so the
end of the fabric is the end of all, whatever state they are in.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from pathlib import Path
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._documents import documents
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.entering import (
    FABRIC_NAMESPACES,
    HOST_NAMESPACES,
    nsenter_command,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.host_view import host_script
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.names import FABRIC
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.process import (
    FABRIC_SCRIPT,
    HOST_SCRIPT,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.refusal import SETTINGS, explain
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.scripts import (
    FABRIC_TEXT,
    IDLE,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.spec import Node
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.state import Record, State
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.switch import list_command
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.tools import NFT, PATH
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.view import submounts
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.wiring import (
    FabricWiring,
    NodeWiring,
    WiringPlan,
)

# Not run_command: this runs where there is no AnsibleModule too (tests), and what is started here
# outlives the module.
# pylint: disable=ansible-bad-function

NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child")
FABRIC_VERSION = "1"
# Hosts that start at the same time: their many short programs compete for the processors.
AT_ONCE = 32
START_WAIT = 60.0
COMMAND_WAIT = 300.0


class Fabric:
    """The fabric of one lab. tools: paths of programs, by name."""

    def __init__(self, state: State, tools: Mapping[str, str]) -> None:
        self._state = state
        self._tools = tools
        self._user_namespace = os.geteuid() != 0

    def running(self) -> Optional[Record]:
        return self._state.record(FABRIC)

    def start(self) -> None:
        """Start the fabric. Raises LabError with the remedy if the kernel refuses."""
        folder = self._state.folder
        script = folder / FABRIC_SCRIPT
        script.write_text(FABRIC_TEXT)
        user = ["--user", "--map-root-user"] if self._user_namespace else []
        # setsid: it must outlive the session and the terminal of who starts it.
        command = [self._tools["setsid"], "--fork", self._tools["unshare"], *user, *NAMESPACES]
        command += ["/bin/sh", str(script), str(folder), FABRIC, FABRIC_VERSION, *IDLE]
        with self._state.log(FABRIC).open("w") as log:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": PATH},
                cwd="/",
                check=True,
            )
        try:
            self._wait_for([FABRIC])
        except LabError as error:
            raise LabError(
                explain(self._read_log(FABRIC) or str(error), not self._user_namespace, _settings())
            ) from error

    def start_nodes(self, nodes: Sequence[Node], visible: Sequence[str]) -> None:
        """Start nodes, without links. visible: folders that they must see."""
        fabric = self._record(FABRIC)
        folder = self._state.folder
        # The fabric's own mounts: what was mounted later is not there.
        mounts = submounts(Path(f"/proc/{fabric.pid}/mountinfo").read_text(), [str(folder)])
        text = host_script(mounts, visible, self._user_namespace)
        (folder / HOST_SCRIPT).write_text(text)
        enter = self._enter(fabric.pid, HOST_NAMESPACES)
        for first in range(0, len(nodes), AT_ONCE):
            some = nodes[first : first + AT_ONCE]
            launch = "".join(self._launch_line(node) for node in some)
            self._run([*enter, "/bin/sh"], launch, "start hosts")
            self._wait_for([node.name for node in some])

    def _launch_line(self, node: Node) -> str:
        folder = self._state.folder
        words = [self._tools["setsid"], self._tools["unshare"], *NAMESPACES]
        words += ["/bin/sh", f"{folder}/{HOST_SCRIPT}", str(folder), node.name, node.version]
        words += ["1" if node.forward else "0", *(node.command or IDLE)]
        line = " ".join(shlex.quote(word) for word in words)
        log = shlex.quote(str(self._state.log(node.name)))
        return f"{line} </dev/null >{log} 2>&1 &\n"

    def _wait_for(self, names: Sequence[str]) -> None:
        waiting = list(names)
        deadline = time.monotonic() + START_WAIT
        while True:
            waiting = [name for name in waiting if self._state.record(name) is None]
            if not waiting:
                break
            said = {name: text for name in waiting for text in [self._read_log(name)] if text}
            if said:
                name, text = next(iter(said.items()))
                raise LabError(f"{name} did not start: {text}")
            if time.monotonic() > deadline:
                raise LabError(f"{', '.join(waiting)} did not start within {START_WAIT:g} s")
            time.sleep(0.005)

    def _read_log(self, name: str) -> str:
        """What a start wrote: nothing, or the reason of its failure."""
        try:
            text = self._state.log(name).read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return " ".join(text.split())

    def read(self, pids: Mapping[str, int]) -> Tuple[FabricWiring, Dict[str, NodeWiring]]:
        """The wiring of the fabric, and that of these nodes."""
        ip = shlex.quote(self._tools["ip"])
        script = f"{ip} -j -d link show\n"
        if NFT in self._tools:
            # No table is no error; that a kernel has no nftables, a plan which needs it will show.
            script += f"{shlex.quote(self._tools[NFT])} {list_command()} 2>/dev/null || :\n"
        for name, pid in pids.items():
            # The output of ip has no line that starts so.
            script += (
                f"echo '#{name}'\n"
                f"{self._in_net(pid)} {ip} -j -d -batch - <<'END'\n"
                "address show\nroute show table all\nEND\n"
            )
        output = self._shell(script, "read the lab's links")
        fabric, *parts = f"\n{output}".split("\n#")
        nodes = {}
        for part in parts:
            name, _newline, text = part.partition("\n")
            links, routes = (*documents(text), [], [])[:2]
            nodes[name] = NodeWiring(links, routes)
        links, table = (*documents(fabric), {})[:2]
        return FabricWiring(links, table.get("nftables", [])), nodes

    def clear(
        self, ports: Iterable[str], links: Mapping[str, Sequence[str]], pids: Mapping[str, int]
    ) -> None:
        """Remove ports of the fabric and links of nodes. That one is gone already is no error.

        The kernel removes the links of a host that ended some time later, by itself.
        """
        ip = shlex.quote(self._tools["ip"])
        script = _batch(f"{ip} -force", [f"link del dev {port}" for port in ports])
        for name, some in links.items():
            lines = [f"link del dev {link}" for link in some]
            script += _batch(f"{self._in_net(pids[name])} {ip} -force", lines)
        self._shell(f"exec 2>/dev/null\n{script}exit 0\n", "remove links")

    def wire(self, plan: WiringPlan, pids: Mapping[str, int]) -> None:
        """Run the lines of a wiring plan."""
        ip = shlex.quote(self._tools["ip"])
        script = "set -e\n"
        if plan.switch:
            script += f"{shlex.quote(self._tools[NFT])} -f - <<'END'\n{plan.switch}END\n"
        script += _batch(ip, plan.fabric)
        for name, lines in plan.nodes.items():
            script += f"echo 'in {name}' >&2\n"
            script += _batch(f"{self._in_net(pids[name])} {ip}", lines)
        self._shell(script, "wire the lab")

    def _in_net(self, pid: int) -> str:
        return f"{shlex.quote(self._tools['nsenter'])} --target {pid} --net --"

    def _enter(self, pid: int, namespaces: Sequence[str]) -> List[str]:
        return nsenter_command(self._tools["nsenter"], pid, namespaces, self._user_namespace)

    def _record(self, name: str) -> Record:
        record = self._state.record(name)
        if record is None:
            raise LabError(f"{name} of lab {self._state.name} ended while it was in use")
        return record

    def _shell(self, script: str, intent: str) -> str:
        """Run a script in the fabric's namespaces, with process ids as seen from here."""
        enter = self._enter(self._record(FABRIC).pid, FABRIC_NAMESPACES)
        return self._run([*enter, "/bin/sh"], script, intent)

    def _run(self, command: Sequence[str], text: str, intent: str) -> str:
        try:
            done = subprocess.run(
                command,
                input=text,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env={"PATH": PATH, "LC_ALL": "C"},
                timeout=COMMAND_WAIT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LabError(f"cannot {intent}: no end after {COMMAND_WAIT:g} s") from error
        if done.returncode != 0:
            said = " ".join(done.stderr.split())
            raise LabError(f"cannot {intent} (return code {done.returncode}): {said}")
        return done.stdout


def _batch(ip: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    text = "\n".join(lines)
    return f"{ip} -batch - <<'END'\n{text}\nEND\n"


def _settings() -> Dict[str, str]:
    values = {}
    for name in SETTINGS:
        path = Path("/proc/sys") / name.replace(".", "/")
        if path.exists():
            values[name] = path.read_text().strip()
    return values
