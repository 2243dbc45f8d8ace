# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Site plans for the tests, as small as the verify plan allows."""

from __future__ import annotations

from typing import Any

from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify.plan import (
    Settings,
    plan_probes,
)


def site(*counts: int, **common: Any) -> dict[str, Any]:
    """A site of hosts ubuntu1, ubuntu2 … with so many containers each."""
    address = iter(range(2, 65000))
    return {
        "site": {
            "mode": "multicast",
            "family": "ipv4",
            "vni": 42,
            "cidr": "10.233.0.0/16",
            "vxlan_dev": "vxlan0",
            "bridge": "br0",
            "gateway": "10.233.0.1",
            "mtu": 1450,
            "nat": True,
            "group": "239.1.1.1",
            "port": 4789,
            **common,
        },
        "hosts": {
            f"ubuntu{number}": {
                "mac": f"02:00:0a:e9:ff:{number:02x}",
                "address": f"10.233.255.{number}",
                "vtep": f"172.16.1.{10 + number}",
                "underlay_dev": "eth1",
                "evpn": _evpn(number, len(counts)) if common.get("mode") == "evpn" else None,
                "containers": [_container(index, next(address)) for index in range(1, count + 1)],
            }
            for number, count in enumerate(counts, start=1)
        },
    }


def _evpn(number: int, hosts: int) -> dict[str, Any]:
    return {
        "neighbors": [
            {"name": f"ubuntu{n}", "address": f"172.16.1.{10 + n}", "reflector_client": False}
            for n in range(1, hosts + 1)
            if n != number
        ],
        "vteps": hosts - 1,
    }


def _container(index: int, number: int) -> dict[str, Any]:
    return {
        "name": f"ns{index}",
        "netns": f"ns{index}",
        "interface": "eth0",
        "mac": f"02:00:0a:e9:{number // 256:02x}:{number % 256:02x}",
        "addresses": [f"10.233.{number // 256}.{number % 256}/16"],
        "mtu": 1450,
        "gateway": "10.233.0.1",
    }


def planned(plan: dict[str, Any], hosts: list[str] | None = None, **given: Any) -> dict[str, Any]:
    defaults = {"timeout": 10, "pairs": 700, "port": 18472, "size": 4000000, "outside": None}
    settings = Settings("1f2e3d4c", **{**defaults, **given})
    return plan_probes(plan, hosts or list(plan["hosts"]), settings)
