# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""vxlan_fdb with many entries, against `bridge -batch` of the same entries.

Runs itself again in a network namespace of its own, where the VXLAN device is.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from bench.report import REPO, save, table

MODULE = "ansible_collections.vxlab.overlay.plugins.modules.vxlan_fdb"
MACS, VTEPS = int(os.environ.get("MACS", "100000")), 1000
ROUNDS = int(os.environ.get("ROUNDS", "3"))
INSIDE = "--inside"
DEVICES = """
link add eth1 type veth peer name wire
link set eth1 up
link set wire up
address add 172.31.0.1/16 dev eth1
link add vxlan0 type vxlan id 42 dev eth1 local 172.31.0.1 dstport 4789 nolearning
link set vxlan0 alias vxlab.overlay:overlay
link add br0 type bridge
link set br0 alias vxlab.overlay:overlay
link set br0 up
link set vxlan0 master br0 up
"""
AGAIN = "link del vxlan0\nlink del br0\nlink del eth1\n"


def entries() -> dict[str, Any]:
    vteps = [f"172.31.{1 + n // 250}.{1 + n % 250}" for n in range(VTEPS)]
    macs = [
        {"mac": f"02:58:0a:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}", "vtep": vtep}
        for n in range(MACS)
        for vtep in [vteps[n % VTEPS]]
    ]
    return {"flood": vteps, "macs": macs}


def batch(wanted: dict[str, Any]) -> str:
    """The same, as somebody would write it for bridge(8)."""
    lines = [f"fdb append 00:00:00:00:00:00 dev vxlan0 dst {vtep}" for vtep in wanted["flood"]]
    lines += [
        f"fdb replace {entry['mac']} dev vxlan0 dst {entry['vtep']} self master static"
        for entry in wanted["macs"]
    ]
    return "\n".join(lines) + "\n"


def run(command: list[str], stdin: str) -> tuple[float, int, str]:
    """Seconds, the greatest memory in KiB, and what it printed."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    output, _none = process.communicate(stdin)
    seconds = time.monotonic() - start
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {output[-2000:]}")
    return seconds, _memory(output), output


def _memory(output: str) -> int:
    return int(json.loads(output.splitlines()[-1])["kib"]) if '"kib"' in output else 0


# The module, and then how much memory it took, itself and its tools apart.
MEASURED = f"""
import json, resource, runpy
try:
    runpy.run_module({MODULE!r}, run_name="__main__")
finally:
    print()
    print(json.dumps({{"kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}}))
"""


def module(wanted: dict[str, Any]) -> tuple[float, int, dict[str, Any]]:
    stdin = json.dumps({"ANSIBLE_MODULE_ARGS": wanted})
    seconds, kib, output = run([sys.executable, "-c", MEASURED], stdin)
    result: dict[str, Any] = json.loads(output.strip().splitlines()[0])
    return seconds, kib, result


def measure() -> dict[str, Any]:
    wanted = entries()
    fewer = dict(wanted, macs=wanted["macs"][:-1])
    rounds: list[dict[str, Any]] = []
    subprocess.run(["ip", "-batch", "-"], input=DEVICES, text=True, check=True)
    for _round in range(ROUNDS):
        found: dict[str, Any] = {"batch": run(["bridge", "-batch", "-"], batch(wanted))[0]}
        subprocess.run(["ip", "-batch", "-"], input=AGAIN + DEVICES, text=True, check=True)
        found["apply"], found["apply_kib"], result = module(wanted)
        assert len(result["commands"]) == MACS + VTEPS
        found["again"], found["again_kib"], result = module(wanted)
        assert result["changed"] is False
        found["one_less"], _kib, result = module(fewer)
        assert len(result["commands"]) == 1, result["commands"][:5]
        rounds.append(found)
        subprocess.run(["ip", "-batch", "-"], input=AGAIN + DEVICES, text=True, check=True)
    return {"macs": MACS, "vteps": VTEPS, "rounds": rounds}


def main() -> None:
    if INSIDE in sys.argv:
        print(json.dumps(measure()))
        return
    done = subprocess.run(
        ["unshare", "--net", "--mount", sys.executable, "-m", "bench.entries", INSIDE],
        cwd=REPO,
        env={**os.environ, "PYTHONPATH": f"{REPO}:{REPO / 'collections'}"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    measured = json.loads(done.stdout)
    save("entries", measured)
    rows = [["vxlan_fdb", "times bridge -batch", "least to most", "memory"]]
    for name in ("apply", "again", "one_less"):
        ratios = [found[name] / found["batch"] for found in measured["rounds"]]
        memory = max(found.get(f"{name}_kib", 0) for found in measured["rounds"]) // 1024
        spread = f"{min(ratios):.1f} to {max(ratios):.1f}"
        median = f"{statistics.median(ratios):.1f}"
        rows.append([name.replace("_", " "), median, spread, f"{memory} MB" if memory else "-"])
    print(f"{MACS} MAC and {VTEPS} flood entries")
    print(table(rows))


if __name__ == "__main__":
    main()
