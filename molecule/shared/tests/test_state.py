# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the hosts hold after a converge, as iproute2 says."""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import Overlay
    from testinfra.host import Host

VXLAN_OVERHEAD = 50  # outer Ethernet 14, IPv4 20, UDP 8, VXLAN 8 bytes (RFC 7348, section 5)


def _link(host: Host, device: str, prefix: str = "") -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(
        host.check_output(f"{prefix} ip -j -d address show dev {device}".strip())
    )
    return found[0]


def test_vxlan_device_has_the_overlays_values(overlay: Overlay) -> None:
    for name, host in overlay.hosts.items():
        link = _link(host, overlay.value("overlay_vxlan_dev", "vxlan0"))
        vxlan = link["linkinfo"]["info_data"]
        assert link["linkinfo"]["info_kind"] == "vxlan"
        assert vxlan["id"] == overlay.value("overlay_vni", 42)
        assert vxlan["port"] == overlay.value("overlay_port", 4789)
        assert {key: vxlan[key] for key in ("group", "remote") if key in vxlan} == _peer(
            overlay, name
        )
        assert vxlan["learning"] == (overlay.mode not in ("static", "evpn"))
        assert link["mtu"] == _link(host, vxlan["link"])["mtu"] - VXLAN_OVERHEAD
        assert link["master"] == overlay.value("overlay_bridge", "br0")
        assert "UP" in link["flags"]


def _peer(overlay: Overlay, host: str) -> dict[str, str]:
    """Where a host's device sends what is for all, where the device itself knows."""
    if overlay.mode == "multicast":
        return {"group": overlay.value("overlay_group", "239.1.1.1")}
    if overlay.mode == "point_to_point":
        (other,) = (name for name in overlay.hosts if name != host)
        return {"remote": overlay.variables[other]["ansible_host"]}
    return {}


def test_entries_are_those_of_the_mode(overlay: Overlay) -> None:
    for name, host in overlay.hosts.items():
        listed = json.loads(host.check_output("bridge -j fdb show dev vxlan0"))
        entries = [entry for entry in listed if "dst" in entry and entry["state"] != ""]
        others = {overlay.variables[other]["ansible_host"] for other in overlay.hosts} - {
            overlay.variables[name]["ansible_host"]
        }
        if overlay.mode in ("unicast", "static", "evpn"):
            assert {entry["dst"] for entry in entries} == others
        floods = [entry for entry in entries if entry["mac"] == "00:00:00:00:00:00"]
        assert bool(floods) == (overlay.mode != "static")
        by_bgp = [entry for entry in listed if "extern_learn" in entry.get("flags", [])]
        assert bool(by_bgp) == (overlay.mode == "evpn")


def test_bridge_has_the_gateways_address(overlay: Overlay) -> None:
    network = ipaddress.ip_network(overlay.value("overlay_cidr", "10.233.0.0/16"))
    gateway = overlay.value("overlay_gateway", str(network[1]))
    for host in overlay.hosts.values():
        bridge = _link(host, overlay.value("overlay_bridge", "br0"))
        assert gateway in [address["local"] for address in bridge["addr_info"]]
        assert "UP" in bridge["flags"]


def test_container_mtu_is_the_vxlan_devices(overlay: Overlay) -> None:
    for container in overlay.containers:
        vxlan = _link(container.host, overlay.value("overlay_vxlan_dev", "vxlan0"))
        assert _link(container.host, "eth0", container.inside)["mtu"] == vxlan["mtu"], container


def test_each_container_may_send_from_its_own_address(overlay: Overlay) -> None:
    table = f"bridge vxlab_{overlay.value('overlay_name', 'overlay')}.ports"
    for name, host in overlay.hosts.items():
        listed = json.loads(host.check_output(f"nft -j list set {table} addresses"))["nftables"]
        (found,) = (entry["set"] for entry in listed if "set" in entry)
        assert {tuple(pair["concat"]) for pair in found.get("elem", [])} == {
            (f"veth-{container['name']}", container["address"])
            for container in overlay.variables[name]["overlay_containers"]
        }


def test_what_was_made_is_marked_as_ours(overlay: Overlay) -> None:
    mark = overlay.value("overlay_name", "overlay")
    for name, host in overlay.hosts.items():
        links = json.loads(host.check_output("ip -j -d link show"))
        ours = [
            overlay.value("overlay_vxlan_dev", "vxlan0"),
            overlay.value("overlay_bridge", "br0"),
        ]
        made = [
            link
            for link in links
            if link["ifname"] in ours or (link.get("master") in ours and link["ifname"] not in ours)
        ]
        assert len(made) == 2 + len(overlay.variables[name]["overlay_containers"])
        for link in made:
            assert mark in link.get("ifalias", ""), f"{name}: {link['ifname']} has no mark"
