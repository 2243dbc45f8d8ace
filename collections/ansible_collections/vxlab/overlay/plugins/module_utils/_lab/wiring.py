# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links, addresses and routes of a lab: from what is there to what should be.

Pure: parsed JSON of ip(8) and a Lab in; differences and lines for `ip -batch` out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.spec import (
    FABRIC,
    Lab,
    Link,
    Node,
)

Json = Mapping[str, Any]


@dataclass(frozen=True)
class NodeWiring:
    """Output of `ip -j -d address show` and of `ip -j route show` in a node."""

    links: Sequence[Json]
    routes: Sequence[Json]


@dataclass
class WiringPlan:
    """What to do, in this order: clear, then plan anew; else the fabric's lines, then the nodes'.

    clear_ports, clear_links: links that are in the way. A removed link goes with its other end,
    so a plan that clears is not complete.
    """

    differences: List[str] = field(default_factory=list)
    clear_ports: List[str] = field(default_factory=list)
    clear_links: Dict[str, List[str]] = field(default_factory=dict)
    fabric: List[str] = field(default_factory=list)
    nodes: Dict[str, List[str]] = field(default_factory=dict)

    @property
    def clears(self) -> bool:
        return bool(self.clear_ports or self.clear_links)


def plan_wiring(
    lab: Lab, fabric: Sequence[Json], nodes: Mapping[str, NodeWiring], pids: Mapping[str, int]
) -> WiringPlan:
    """Plan the wiring of the nodes that run.

    fabric: output of `ip -j -d link show` in the fabric. nodes, pids: of the nodes that run; ids
    as those see them who run the fabric's lines.
    """
    plan = WiringPlan()
    ports = {link["ifname"]: link for link in fabric}
    wanted_ports = {link.port for node in lab.nodes.values() for link in node.links}
    for name, link in sorted(ports.items()):
        if link.get("master") in lab.bridges and name not in wanted_ports:
            plan.differences.append(f"fabric: port {name}: not wanted")
            plan.clear_ports.append(name)
    for name, mtu in lab.bridges.items():
        _plan_bridge(plan, name, mtu, ports.get(name))
    for name, wiring in nodes.items():
        if name in lab.nodes:
            _plan_node(plan, lab, lab.nodes[name], ports, wiring, pids[name])
    return plan


def _plan_bridge(plan: WiringPlan, name: str, mtu: int, have: Optional[Json]) -> None:
    # With snooping off, multicast reaches every port: an underlay that carries it.
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
    lab: Lab,
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
            _plan_port(plan, lab, link, port)
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
        if not _floods(lab, link):
            plan.fabric.append(_flood_line(link.port, False))
        lines += [
            f"link set dev {link.name} up",
            f"address add {link.address} brd + dev {link.name}",
        ]
    _plan_routes(plan, node, wiring.routes, lines, new or bool(lines))
    if lines:
        plan.nodes[node.name] = lines


def _are_peers(port: Json, link: Json) -> bool:
    """Whether these are the two ends of one veth: each names the other's index."""
    return bool(
        port.get("link_index") == link["ifindex"] and link.get("link_index") == port["ifindex"]
    )


def _flood_line(port: str, multicast: bool) -> str:
    return f"link set dev {port} type bridge_slave mcast_flood {'on' if multicast else 'off'}"


def _plan_port(plan: WiringPlan, lab: Lab, link: Link, port: Json) -> None:
    what = f"fabric: port {link.port}"
    changes = _plan_basics(plan, what, port, link.mtu)
    if port.get("master") != link.bridge:
        plan.differences.append(f"{what}: master {port.get('master', 'none')} -> {link.bridge}")
        changes.append(f"master {link.bridge}")
    if changes:
        plan.fabric.append(f"link set dev {link.port} {' '.join(changes)}")
    flags = port.get("linkinfo", {}).get("info_slave_data", {})
    # A port that has just joined a bridge floods.
    have, want = bool(flags.get("mcast_flood", True)), _floods(lab, link)
    if have != want:
        plan.differences.append(f"{what}: multicast {_on(have)} -> {_on(want)}")
        plan.fabric.append(_flood_line(link.port, want))


def _floods(lab: Lab, link: Link) -> bool:
    """Only the underlay can be one without multicast."""
    return lab.multicast or link.bridge != FABRIC


def _on(flag: bool) -> str:
    return "on" if flag else "off"


def _plan_link(plan: WiringPlan, node: Node, link: Link, have: Json, lines: List[str]) -> None:
    what = f"{node.name}: {link.name}"
    changes = _plan_basics(plan, what, have, link.mtu)
    if have["address"] != link.mac:
        plan.differences.append(f"{what}: mac {have['address']} -> {link.mac}")
        changes.append(f"address {link.mac}")
    if changes:
        lines.append(f"link set dev {link.name} {' '.join(changes)}")
    addresses = [
        f"{entry['local']}/{entry['prefixlen']}"
        for entry in have.get("addr_info", [])
        if entry["family"] == "inet"
    ]
    if addresses == [link.address]:
        return
    plan.differences.append(f"{what}: address {', '.join(addresses) or 'none'} -> {link.address}")
    # The old ones first: with an address the kernel removes later ones of the same network.
    lines += [
        f"address del {address} dev {link.name}"
        for address in reversed(addresses)
        if address != link.address
    ]
    if link.address not in addresses:
        lines.append(f"address add {link.address} brd + dev {link.name}")


def _plan_routes(
    plan: WiringPlan, node: Node, have: Sequence[Json], lines: List[str], renew: bool
) -> None:
    """Routes go with the last address of their device: `renew` sets them whether seen or not."""
    seen = {route["dst"]: route.get("gateway", "none") for route in have if "dst" in route}
    for destination, via in node.routes.items():
        if seen.get(destination) != via:
            if not renew:
                plan.differences.append(
                    f"{node.name}: route {destination}: via {seen.get(destination, 'none')}"
                    f" -> {via}"
                )
        elif not renew:
            continue
        lines.append(f"route replace {destination} via {via}")
