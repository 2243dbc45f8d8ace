# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BGP EVPN by FRR: whether the sessions are up, and what they have brought.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._documents import documents
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import KernelError, run

ESTABLISHED = "Established"
NO_BGPD = "bgpd is not running"
UNKNOWN = "not configured"
SUMMARY = "show bgp l2vpn evpn summary json"
NETSTAT = "/proc/thread-self/net/netstat"
# Segments dropped for their MD5 signature (RFC 2385): none where one is due, one where none is
# known, and a wrong one (TCPMD5* in the kernel's net/ipv4/proc.c).
MD5_COUNTERS = ("TCPMD5NotFound", "TCPMD5Unexpected", "TCPMD5Failure")
OBJECT = re.compile(r"\{")
FIRST_WAIT, LONGEST_WAIT = 0.2, 1.0


@dataclass(frozen=True)
class Expected:
    """neighbors: addresses by name; vteps: how many remote ones the VNI has to have at least."""

    neighbors: Mapping[str, str]
    vni: int
    vteps: int


@dataclass
class Seen:
    """sessions: the BGP state of each neighbour, by name; remote_vteps: addresses, sorted."""

    sessions: Dict[str, str] = field(default_factory=dict)
    remote_vteps: List[str] = field(default_factory=list)
    md5_drops: int = 0
    seconds: float = 0.0

    def missing(self, expected: Expected) -> Dict[str, str]:
        """What is not there yet, with the reason: neighbours by name, and "vteps"."""
        reasons = {
            name: f"{expected.neighbors[name]}: {state}"
            for name, state in self.sessions.items()
            if state != ESTABLISHED
        }
        if len(self.remote_vteps) < expected.vteps:
            reasons["vteps"] = f"{len(self.remote_vteps)} of {expected.vteps} for {expected.vni}"
        return reasons


def read(expected: Expected) -> Seen:
    """How it is now; raises KernelError only where vtysh itself is not to be had."""
    try:
        text = run(
            ["vtysh", "-c", SUMMARY, "-c", f"show evpn vni {expected.vni} json"],
            "ask FRR for its BGP sessions",
        )
    except KernelError as error:
        if error.rc is None:
            raise
        return Seen(sessions=dict.fromkeys(expected.neighbors, NO_BGPD))
    summary, vni = [*parse_answers(text), {}, {}][:2]
    return Seen(
        sessions=session_states(summary, expected.neighbors), remote_vteps=remote_vteps(vni)
    )


def await_sessions(
    expected: Expected,
    timeout: float,
    reader: Callable[[Expected], Seen] = read,
    drops: Optional[Callable[[], int]] = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Seen:
    """Look until nothing is missing or the time, in seconds, is over; what was seen last."""
    drops = drops or read_md5_drops
    start, wait, drops_before = time.monotonic(), FIRST_WAIT, drops()
    while True:
        seen = reader(expected)
        seen.seconds = round(time.monotonic() - start, 2)
        left = timeout - seen.seconds
        if not seen.missing(expected) or left <= 0:
            seen.md5_drops = drops() - drops_before
            return seen
        sleep(min(wait, left))
        wait = min(wait * 1.5, LONGEST_WAIT)


def parse_answers(text: str) -> List[Dict[str, Any]]:
    """The JSON objects that vtysh printed one after the other, without what it says between."""
    answers: List[Dict[str, Any]] = []
    with suppress(ValueError):  # it ended in the midst of an answer
        answers.extend(documents(text, OBJECT))
    return answers


def session_states(summary: Mapping[str, Any], neighbors: Mapping[str, str]) -> Dict[str, str]:
    """The state of each neighbour's session, by name, from FRR's summary.

    FRR puts the peers under "peers", versions before 7.0 put them under the address family.
    """
    peers = summary.get("peers", {})
    return {
        name: str(peers.get(address, {}).get("state", UNKNOWN))
        for name, address in neighbors.items()
    }


def remote_vteps(vni: Mapping[str, Any]) -> List[str]:
    """Addresses of a VNI's remote VTEPs, from `show evpn vni N json`.

    FRR lists them under "numRemoteVteps", as text; a list of objects is taken too.
    """
    listed = vni.get("remoteVteps", vni.get("numRemoteVteps", []))
    if not isinstance(listed, list):
        return []
    return sorted(str(v.get("ip", v.get("vtepIp"))) if isinstance(v, dict) else v for v in listed)


def extern_learned(entries: Sequence[Mapping[str, Any]]) -> List[str]:
    """The MACs that FRR put into a VXLAN device's forwarding table (`bridge -j fdb show`)."""
    return sorted(
        {e["mac"] for e in entries if "extern_learn" in e.get("flags", ()) and e.get("dst")}
    )


def read_extern_learned(device: str) -> List[str]:
    """The same, of a device of this host."""
    listed = run(["bridge", "-j", "fdb", "show", "dev", device], f"read the entries of {device}")
    return extern_learned(json.loads(listed or "[]"))


def read_md5_drops() -> int:
    """Segments that this network namespace has dropped for their MD5 signature."""
    try:
        with open(NETSTAT, encoding="ascii") as source:
            return md5_drops(source.read())
    except OSError:
        return 0


def md5_drops(netstat: str) -> int:
    """The same, from the text of /proc/net/netstat: a line of names, then one of values."""
    rows: List[Tuple[str, str]] = re.findall(r"^TcpExt: (.*)\nTcpExt: (.*)$", netstat, re.M)
    values = {n: v for names, row in rows for n, v in zip(names.split(), row.split())}
    return sum(int(values.get(name, 0)) for name in MD5_COUNTERS)


def summary_line(expected: Expected, seen: Seen) -> str:
    """How far it has come, as n of m."""
    up = sum(state == ESTABLISHED for state in seen.sessions.values())
    return (
        f"{up} of {len(expected.neighbors)} BGP sessions established,"
        f" {len(seen.remote_vteps)} of {expected.vteps} remote VTEPs known for VNI {expected.vni},"
        f" after {seen.seconds:.1f} s"
    )


def failure(expected: Expected, seen: Seen) -> str:
    """One sentence: how far it has come, what is missing, and what to look at."""
    missing = [
        f"{name} ({expected.neighbors[name]}) is {state}"
        for name, state in seen.sessions.items()
        if state != ESTABLISHED
    ]
    parts = [summary_line(expected, seen)]
    if NO_BGPD in seen.sessions.values():
        parts.append(f"{NO_BGPD} on this host")
    elif missing:
        parts.append(", ".join(missing))
    return ": ".join(parts) + f"; {_advice(expected, seen)}"


def _advice(expected: Expected, seen: Seen) -> str:
    down = [name for name, state in seen.sessions.items() if state != ESTABLISHED]
    states = {seen.sessions[name] for name in down}
    if not down:
        return (
            f"look whether every host's VXLAN device has VNI {expected.vni} and is in its bridge:"
            f" vtysh -c 'show evpn vni {expected.vni}'"
        )
    if states & {NO_BGPD, UNKNOWN}:
        return "run site.yml on this host, and look at the log of FRR"
    if seen.md5_drops:
        return (
            f"{seen.md5_drops} TCP segments came with a wrong MD5 signature or without one, so a"
            " password differs: overlay_bgp_password must be the same on this host and its peers"
        )
    address = expected.neighbors[down[0]]
    return (
        "look whether bgpd runs there with the same password, and whether TCP port 179 is open"
        f" between the VTEPs: vtysh -c 'show bgp neighbors {address}'"
    )
