# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lab, present or absent."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.fabric import Fabric
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.names import (
    FABRIC,
    OUTSIDE,
    port_name,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.process import (
    Marked,
    kill,
    marked,
    read_stat,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.spec import Lab
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.state import Record, State
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.tools import find_tools
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.wiring import (
    FabricWiring,
    WiringPlan,
    plan_wiring,
)

LISTEN_WAIT = 10.0
# Clearing takes one round, wiring the next; one more is for what ends meanwhile.
ROUNDS = 3


@dataclass
class Outcome:
    """differences: a sentence fragment each. hosts: name to process id."""

    differences: List[str] = field(default_factory=list)
    hosts: Dict[str, int] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return bool(self.differences)


@dataclass
class _Survey:
    """What runs, and what of it must end or start."""

    differences: List[str] = field(default_factory=list)
    running: Dict[str, Record] = field(default_factory=dict)
    strays: List[Marked] = field(default_factory=list)
    gone: List[str] = field(default_factory=list)
    remove: List[str] = field(default_factory=list)
    start: List[str] = field(default_factory=list)
    fabric: bool = True


def present(state: State, lab: Lab, visible: Sequence[str], check: bool) -> Outcome:
    """Make or mend a lab. What is as it should be is not touched.

    visible: folders that hosts must see. check: only say what would be done.
    Raises LabError for what cannot be done.
    """
    if lab.ipv6 and not Path("/proc/sys/net/ipv6").exists():
        raise LabError("the lab's ipv6 is true: this machine's kernel has no IPv6")
    tools = find_tools(nft=not lab.multicast)
    fabric = Fabric(state, tools)
    if check:
        survey = _survey(state, lab) if state.exists() else _nothing(lab)
        return Outcome(
            survey.differences + _wiring(fabric, lab, survey).differences, _pids(survey.running)
        )
    with state.lock():
        state.prepare()
        survey = _survey(state, lab)
        differences = survey.differences + _wiring(fabric, lab, survey).differences
        if differences:
            _apply(state, fabric, lab, survey, visible)
        pids = _running_pids(state, lab)
        _wait_until_listening(lab, pids)
        return Outcome(differences, pids)


def absent(state: State, check: bool) -> Outcome:
    """End a lab, whatever is left of it."""
    folder = str(state.folder)
    if not state.exists() and not marked(folder):
        return Outcome()
    outcome = Outcome([f"lab {state.name}: present"])
    if check:
        return outcome
    with state.lock():
        fabric = state.record(FABRIC)
        if fabric is not None:
            kill([(fabric.pid, fabric.start)])
        _kill_marked(marked(folder))
        state.remove()
    return outcome


def _nothing(lab: Lab) -> _Survey:
    names = list(lab.nodes)
    differences = ["fabric: missing", *(f"{name}: missing" for name in names)]
    return _Survey(differences, start=names, fabric=False)


def _survey(state: State, lab: Lab) -> _Survey:
    processes = marked(str(state.folder))
    if state.record(FABRIC) is None:
        survey = _nothing(lab)
        # Hosts cannot outlive their fabric, but a start that was interrupted can be there.
        survey.strays = processes
        survey.gone = state.names()
        return survey
    survey = _Survey()
    known = set()
    for name in state.names():
        record = state.record(name)
        if record is None:
            survey.gone.append(name)
            continue
        stat = read_stat(record.pid)
        # The parent is the unshare(1) that holds it.
        known |= {record.pid, stat.parent if stat is not None else 0}
        if name == FABRIC:
            continue
        if name not in lab.nodes:
            survey.differences.append(f"{name}: not wanted")
            survey.remove.append(name)
        elif record.version != lab.nodes[name].version:
            survey.differences.append(f"{name}: made otherwise than wanted")
            survey.remove.append(name)
        else:
            survey.running[name] = record
    survey.strays = [process for process in processes if process.pid not in known]
    for process in survey.strays:
        survey.differences.append(f"{process.name}: process {process.pid} of an interrupted start")
    survey.start = [name for name in lab.nodes if name not in survey.running]
    survey.differences += [f"{name}: missing" for name in survey.start if name not in survey.remove]
    return survey


def _pids(records: Mapping[str, Record]) -> Dict[str, int]:
    return {name: record.pid for name, record in records.items()}


def _running_pids(state: State, lab: Lab) -> Dict[str, int]:
    pids = {}
    for name in lab.nodes:
        record = state.record(name)
        if record is None:
            raise LabError(f"{name} ended as soon as it had started")
        pids[name] = record.pid
    return pids


def _wiring(fabric: Fabric, lab: Lab, survey: _Survey) -> WiringPlan:
    """The wiring that lacks, apart from that of nodes which must be started or ended first."""
    if not survey.fabric:
        return WiringPlan()
    pids = _pids(survey.running)
    have, nodes = fabric.read(pids)
    changing = {port_name(name) for name in survey.remove + survey.start}
    changing |= {link.port for name in survey.start for link in lab.nodes[name].links}
    links = [link for link in have.links if link["ifname"] not in changing]
    return plan_wiring(lab, FabricWiring(links, have.table), nodes, pids)


def _apply(state: State, fabric: Fabric, lab: Lab, survey: _Survey, visible: Sequence[str]) -> None:
    _kill_marked(survey.strays)
    doomed = [record for name in survey.remove for record in [state.record(name)] if record]
    kill((record.pid, record.start) for record in doomed)
    for name in survey.gone + survey.remove:
        state.forget(name)
    if not survey.fabric:
        fabric.start()
    fabric.start_nodes([lab.nodes[name] for name in survey.start], visible)
    pids = _running_pids(state, lab)
    for _round in range(ROUNDS):
        plan = plan_wiring(lab, *fabric.read(pids), pids)
        if not plan.differences:
            return
        if plan.clears:
            fabric.clear(plan.clear_ports, plan.clear_links, pids)
        else:
            fabric.wire(plan, pids)
    plan = plan_wiring(lab, *fabric.read(pids), pids)
    if plan.differences:
        raise LabError(f"the lab is not as it should be: {'; '.join(plan.differences)}")


def _kill_marked(processes: Sequence[Marked]) -> None:
    kill((process.pid, process.start) for process in processes)


def _wait_until_listening(lab: Lab, pids: Mapping[str, int]) -> None:
    port = lab.nodes[OUTSIDE].listen
    table = Path(f"/proc/{pids[OUTSIDE]}/net/tcp")
    deadline = time.monotonic() + LISTEN_WAIT
    while True:
        try:
            if port in listening_ports(table.read_text()):
                return
        except OSError as error:
            raise LabError(f"{OUTSIDE} ended as soon as it had started") from error
        if time.monotonic() > deadline:
            raise LabError(f"{OUTSIDE}: nothing listens on TCP port {port} after {LISTEN_WAIT:g} s")
        time.sleep(0.01)


def listening_ports(table: str) -> List[int]:
    """TCP ports in state 0A (listen), from the text of /proc/net/tcp (proc_net(5))."""
    ports = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A":
            ports.append(int(fields[1].rpartition(":")[2], 16))
    return ports


def describe(lab: Lab, pids: Mapping[str, int]) -> Dict[str, Dict[str, Any]]:
    """For each node that runs: its process id, and its addresses on its first link."""
    nodes: List[Tuple[str, int]] = [(name, pid) for name, pid in pids.items() if name in lab.nodes]
    described = {}
    for name, pid in nodes:
        link = lab.nodes[name].links[0]
        described[name] = {"pid": pid, "address": link.address.partition("/")[0]}
        if link.address6:
            described[name]["address6"] = link.address6.partition("/")[0]
    return described
