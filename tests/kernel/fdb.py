# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of vxlan_fdb share: devices, wanted entries, and what the kernel has."""

from __future__ import annotations

from typing import Any

from .host import Host

MARKED = 'alias "vxlab.overlay:overlay"'
ZERO = "00:00:00:00:00:00"
DEVICES = f"""
ip link add vxlan0 type vxlan id 42 dstport 4789 nolearning local {{vtep}}
ip link set vxlan0 {MARKED}
ip link add br0 address {{mac}} type bridge mcast_snooping 0
ip link set br0 {MARKED} mtu 1400
ip address add {{address}}/16 dev br0
ip link set vxlan0 master br0
ip link set vxlan0 type bridge_slave learning off
ip link set vxlan0 up
ip link set br0 up
"""
MACS = {11: "02:58:0a:e9:00:0b", 12: "02:58:0a:e9:00:0c"}
ONE, TWO, GONE = "02:58:0a:e9:01:01", "02:58:0a:e9:01:02", "02:58:0a:e9:01:09"
# What a host should have in the tests of one host.
WANTED: dict[str, Any] = {
    "flood": ["172.16.1.12", "172.16.1.13"],
    "macs": [{"mac": ONE, "vtep": "172.16.1.12"}, {"mac": TWO, "vtep": "172.16.1.13"}],
    "neighbours": [
        {"address": "10.233.1.1", "mac": ONE},
        {"address": "10.233.1.2", "mac": TWO},
        {"address": "fd00:233::2", "mac": TWO},
    ],
}


def devices(number: int, vtep: str = "172.16.1.{}") -> str:
    """What makes vxlan0 and br0, 10.233.0.N."""
    address = f"10.233.0.{number}"
    return DEVICES.format(vtep=vtep.format(number), mac=MACS[number], address=address)


def flood(host: Host) -> set[str]:
    return {e["dst"] for e in listed(host) if e["mac"] == ZERO}


def macs(host: Host) -> dict[str, str]:
    """Destinations by MAC, of all kinds of entries of the VXLAN device."""
    return {e["mac"]: e["dst"] for e in listed(host) if "dst" in e and e["mac"] != ZERO}


def bridged(host: Host) -> dict[str, str]:
    """States by MAC, of what the bridge has at the VXLAN device."""
    return {e["mac"]: e["state"] for e in listed(host) if "dst" not in e and "vlan" not in e}


def listed(host: Host) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = host.listed("bridge -j fdb show dev vxlan0")
    return entries


def neighbours(host: Host, dev: str = "br0") -> dict[str, str]:
    entries = host.listed(f"ip -j neighbour show dev {dev} nud permanent")
    return {e["dst"]: e["lladdr"] for e in entries}


def everything(host: Host) -> list[str]:
    """All entries, without what ages."""
    shown = "bridge fdb show dev vxlan0; ip neighbour show dev br0 nud permanent"
    return sorted(host.run(shown).splitlines())


def apply(host: Host, args: dict[str, Any]) -> dict[str, Any]:
    """As every run has to go; check mode and a second run change no entry either."""
    before = everything(host)
    host.module("vxlan_fdb", args, check=True)
    assert everything(host) == before, "check mode changed entries"
    return host.apply("vxlan_fdb", args)


def refusal(host: Host, args: dict[str, Any]) -> str:
    before = everything(host)
    message = host.refusal("vxlan_fdb", args)
    assert everything(host) == before
    return message
