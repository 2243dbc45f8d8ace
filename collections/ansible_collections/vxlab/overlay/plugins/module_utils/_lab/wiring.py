# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links of a lab, with what is on them: from what is there to what should be.

Pure: parsed JSON of ip(8) and a Lab in; differences and lines for `ip -batch` out.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.addressing import (
    new_addresses,
    plan_addresses,
    plan_routes,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.names import FABRIC, ROUTER
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.spec import (
    Lab,
    Link,
    Node,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.switch import plan_switch

Json = Mapping[str, Any]


@dataclass(frozen=True)
class FabricWiring:
    """Output of `ip -j -d link show` in the fabric, and the items of the switch's nft table."""

    links: Sequence[Json]
    table: Sequence[Json] = ()


@dataclass(frozen=True)
class NodeWiring:
    """Output of `ip -j -d address show` and of `ip -j -d route show table all` in a node."""

    links: Sequence[Json]
    routes: Sequence[Json]


@dataclass
class WiringPlan:
    """What to do: clear, then plan anew; else the switch's text, the fabric's lines, the nodes'.

    clear_ports, clear_links: links that are in the way, of the fabric (bridges too) and of nodes.
    A removed link goes with its other end, so a plan that clears is not complete.
    switch: for nft(8). fabric, nodes: for ip(8).
    """

    differences: List[str] = field(default_factory=list)
    clear_ports: List[str] = field(default_factory=list)
    clear_links: Dict[str, List[str]] = field(default_factory=dict)
    switch: str = ""
    fabric: List[str] = field(default_factory=list)
    nodes: Dict[str, List[str]] = field(default_factory=dict)

    @property
    def clears(self) -> bool:
        return bool(self.clear_ports or self.clear_links)


def plan_wiring(
    lab: Lab, fabric: FabricWiring, nodes: Mapping[str, NodeWiring], pids: Mapping[str, int]
) -> WiringPlan:
    """Plan the wiring of the nodes that run.

    nodes, pids: of the nodes that run; ids as those see them who run the fabric's lines.
    """
    plan = WiringPlan()
    plan.differences, plan.switch = plan_switch(lab.multicast, fabric.table)
    ports = {link["ifname"]: link for link in fabric.links}
    wanted_ports = {link.port for node in lab.nodes.values() for link in node.links}
    for name, link in sorted(ports.items()):
        kind = link.get("linkinfo", {}).get("info_kind")
        if name in wanted_ports or name in lab.bridges:
            continue
        if link.get("master") in lab.bridges or (kind in ("bridge", "veth") and _is_labs(name)):
            what = "bridge" if kind == "bridge" else "port"
            plan.differences.append(f"fabric: {what} {name}: not wanted")
            plan.clear_ports.append(name)
    for name, mtu in lab.bridges.items():
        _plan_bridge(plan, name, mtu, ports.get(name))
    for name, wiring in nodes.items():
        if name in lab.nodes:
            _plan_node(plan, lab.nodes[name], ports, wiring, pids[name])
    return plan


def _is_labs(name: str) -> bool:
    """Whether a bridge, or the router's port on it, of some lab has this name."""
    if name in (FABRIC, ROUTER):
        return True
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def _plan_bridge(plan: WiringPlan, name: str, mtu: int, have: Optional[Json]) -> None:
    # With snooping off, multicast reaches every port: what the switch does not drop.
    if have is None:
        plan.differences.append(f"fabric: bridge {name}: missing")
        plan.fabric.append(f"link add name {name} mtu {mtu} up type bridge mcast_snooping 0")
        return
    what = f"fabric: bridge {name}"
    changes = _plan_basics(plan, what, have, mtu)
    if changes:
        plan.fabric.append(f"link set dev {name} {' '.join(changes)}")
    if have.get("linkinfo", {}).get("info_data", {}).get("mcast_snooping") != 0:
        plan.differences.append(f"{what}: multicast snooping on -> off")
        plan.fabric.append(f"link set dev {name} type bridge mcast_snooping 0")


def _plan_basics(plan: WiringPlan, what: str, have: Json, mtu: int) -> List[str]:
    changes = []
    if have["mtu"] != mtu:
        plan.differences.append(f"{what}: mtu {have['mtu']} -> {mtu}")
        changes.append(f"mtu {mtu}")
    if "UP" not in have["flags"]:
        plan.differences.append(f"{what}: down -> up")
        changes.append("up")
    return changes


def _plan_node(
    plan: WiringPlan,
    node: Node,
    ports: Mapping[str, Json],
    wiring: NodeWiring,
    pid: int,
) -> None:
    lines: List[str] = []
    have_links = {link["ifname"]: link for link in wiring.links}
    if "UP" not in have_links.get("lo", {"flags": []})["flags"]:
        plan.differences.append(f"{node.name}: lo: down -> up")
        lines.append("link set dev lo up")
    new = False
    for link in node.links:
        port, have = ports.get(link.port), have_links.get(link.name)
        if port is not None and have is not None and _are_peers(port, have):
            _plan_port(plan, link, port)
            _plan_link(plan, node, link, have, lines)
            continue
        plan.differences.append(f"{node.name}: {link.name}: missing")
        if port is not None and link.port not in plan.clear_ports:
            plan.clear_ports.append(link.port)
        if have is not None:
            plan.clear_links.setdefault(node.name, []).append(link.name)
        new = True
        plan.fabric.append(
            f"link add name {link.port} mtu {link.mtu} up master {link.bridge} type veth"
            f" peer name {link.name} netns {pid} mtu {link.mtu} address {link.mac}"
        )
        lines += [f"link set dev {link.name} up", *new_addresses(link)]
    plan_routes(node, wiring.routes, plan.differences, lines, new or bool(lines))
    if lines:
        plan.nodes[node.name] = lines


def _are_peers(port: Json, link: Json) -> bool:
    """Whether these are the two ends of one veth: each names the other's index."""
    return bool(
        port.get("link_index") == link["ifindex"] and link.get("link_index") == port["ifindex"]
    )


def _plan_port(plan: WiringPlan, link: Link, port: Json) -> None:
    what = f"fabric: port {link.port}"
    changes = _plan_basics(plan, what, port, link.mtu)
    if port.get("master") != link.bridge:
        plan.differences.append(f"{what}: master {port.get('master', 'none')} -> {link.bridge}")
        changes.append(f"master {link.bridge}")
    if changes:
        plan.fabric.append(f"link set dev {link.port} {' '.join(changes)}")
    flags = port.get("linkinfo", {}).get("info_slave_data", {})
    # A port that has just joined a bridge floods.
    if not flags.get("mcast_flood", True):
        plan.differences.append(f"{what}: multicast off -> on")
        plan.fabric.append(f"link set dev {link.port} type bridge_slave mcast_flood on")


def _plan_link(plan: WiringPlan, node: Node, link: Link, have: Json, lines: List[str]) -> None:
    what = f"{node.name}: {link.name}"
    changes = _plan_basics(plan, what, have, link.mtu)
    if have["address"] != link.mac:
        plan.differences.append(f"{what}: mac {have['address']} -> {link.mac}")
        changes.append(f"address {link.mac}")
    if changes:
        lines.append(f"link set dev {link.name} {' '.join(changes)}")
    plan_addresses(node, link, have, plan.differences, lines)
