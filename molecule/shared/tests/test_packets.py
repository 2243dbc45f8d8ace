# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the overlay carries, with packets that neither our modules nor our probes make."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Container, Overlay
    from testinfra.host import Host

OUTSIDE = ("203.0.113.80", 8080)
PING_OVERHEAD = 28  # IPv4 20 and ICMP 8 bytes


def _pairs(overlay: Overlay) -> list[tuple[Container, Container]]:
    pairs = list(itertools.permutations(overlay.containers, 2))
    assert pairs, "the inventory has no two containers"
    return pairs


def _mtu(container: Container) -> int:
    links = json.loads(container.host.check_output(f"{container.inside} ip -j link show dev eth0"))
    return int(links[0]["mtu"])


def _sent(host: Host, device: str) -> int:
    links = json.loads(host.check_output(f"ip -j -s link show dev {device}"))
    return int(links[0]["stats64"]["tx"]["packets"])


def _gateway_mac(container: Container, gateway: str) -> str:
    container.host.check_output(f"{container.inside} ping -c 1 -W 2 {gateway}")
    neighbours = json.loads(
        container.host.check_output(f"{container.inside} ip -j neighbour show {gateway} dev eth0")
    )
    return str(neighbours[0]["lladdr"])


def _bridge_mac(overlay: Overlay, container: Container) -> str:
    bridge = overlay.value("overlay_bridge", "br0")
    return str(json.loads(container.host.check_output(f"ip -j link show {bridge}"))[0]["address"])


def test_containers_reach_each_other_through_the_vxlan(overlay: Overlay) -> None:
    device = overlay.value("overlay_vxlan_dev", "vxlan0")
    for source, target in _pairs(overlay):
        before = _sent(source.host, device)
        source.host.check_output(f"{source.inside} ping -c 2 -i 0.2 -W 2 {target.address}")
        if source.on != target.on:
            assert _sent(source.host, device) >= before + 2, f"{source} to {target}: not by VXLAN"


def test_largest_packet_passes_and_one_byte_more_is_refused(overlay: Overlay) -> None:
    for source, target in _pairs(overlay):
        largest = _mtu(source) - PING_OVERHEAD
        ping = f"{source.inside} ping -M do -c 1 -W 2 {target.address} -s"
        source.host.check_output(f"{ping} {largest}")
        refused = source.host.run(f"{ping} {largest + 1}")
        assert refused.failed, f"{source} to {target}: {largest + 1} bytes passed"
        assert "message too long" in (refused.stdout + refused.stderr).lower()


def test_gateway_is_each_hosts_own_whoever_pinged_the_container(overlay: Overlay) -> None:
    gateway = overlay.value("overlay_gateway", "10.233.0.1")
    for container in overlay.containers:
        assert _gateway_mac(container, gateway) == _bridge_mac(overlay, container), container
    for host in overlay.hosts.values():
        for container in overlay.containers:
            host.check_output(f"ping -c 1 -W 2 {container.address}")
    for container in overlay.containers:
        assert _gateway_mac(container, gateway) == _bridge_mac(overlay, container), container


def test_gateway_answers_once(overlay: Overlay) -> None:
    gateway = overlay.value("overlay_gateway", "10.233.0.1")
    for container in overlay.containers:
        captured = container.host.check_output(
            f"{container.inside} sh -c 'timeout 3 tcpdump -lnn -i eth0"
            f' "arp[6:2] == 2 and arp src host {gateway}" 2>/dev/null &'
            f" sleep 1; ip neighbour flush dev eth0; ping -c 1 -W 1 {gateway} >/dev/null; wait'"
        )
        assert len(captured.splitlines()) == 1, f"{container} got these answers:\n{captured}"


def test_outside_server_sees_the_hosts_underlay_address(overlay: Overlay) -> None:
    server, port = OUTSIDE
    for container in overlay.containers:
        seen = container.host.check_output(
            f"{container.inside} timeout 5 bash -c 'exec 3<>/dev/tcp/{server}/{port}; cat <&3'"
        )
        assert seen == overlay.variables[container.on]["ansible_host"], container
