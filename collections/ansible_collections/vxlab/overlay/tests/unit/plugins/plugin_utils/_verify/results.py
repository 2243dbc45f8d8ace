# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of probes that found nothing wrong, for tests to break."""

from __future__ import annotations

from typing import Any

TOO_LONG = "message too long"


def healthy(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What all probes of a plan return where all is well: result name -> host -> result."""
    hosts = plan["hosts"]
    gateway = {host: _gateway(given) for host, given in hosts.items()}
    of_mode: dict[str, dict[str, Any]] = {}
    if plan["site"]["mode"] == "static":
        of_mode["flood"] = {host: {"leaked": [], "control": True, "error": None} for host in hosts}
    if plan["site"]["mode"] == "evpn":
        of_mode["evpn"] = {host: _converged(plan, host) for host in hosts}
    return {
        **of_mode,
        "l2": {host: _met([other for other in hosts if other != host]) for host in hosts},
        "gateway_before": gateway,
        "gateway_after": {host: _gateway(given) for host, given in hosts.items()},
        "ping": {host: _pings(given["ping"]) for host, given in hosts.items()},
        "mtu": {host: _fits(given["mtu"]) for host, given in hosts.items()},
        "tcp": {host: _served(plan, given["tcp"]["clients"]) for host, given in hosts.items()},
    }


def _met(others: list[str]) -> dict[str, Any]:
    def channel() -> dict[str, Any]:
        return {"captured": list(others), "missed": [], "error": None}

    layer3 = {"answered": dict.fromkeys(others, 0.3), "missed": []}
    return {"vxlan": channel(), "bridge": channel(), "layer3": layer3}


def _converged(plan: dict[str, Any], host: str) -> dict[str, Any]:
    neighbors = plan["hosts"][host]["evpn"]["neighbors"]
    return {
        "sessions": dict.fromkeys(neighbors, "Established"),
        "remote_vteps": list(neighbors.values()),
        "extern_learn": [mac for mac, owner in plan["macs"].items() if owner.split("/")[0] != host],
    }


def _gateway(host: dict[str, Any]) -> dict[str, Any]:
    return {
        "containers": {
            asker["name"]: {"macs": [host["mac"]], "neighbour": host["mac"], "error": None}
            for asker in host["gateway"]
        }
    }


def _pings(sources: list[dict[str, Any]]) -> dict[str, Any]:
    return {"matrix": {s["name"]: dict.fromkeys(s["targets"], 0.4) for s in sources}}


def _fits(senders: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "containers": {
            sender["name"]: {
                "mtu": sender["mtu"],
                "error": None,
                "largest": dict.fromkeys(sender["targets"], 0.5),
                "one_more": dict.fromkeys(sender["targets"], TOO_LONG),
            }
            for sender in senders
        }
    }


def _served(plan: dict[str, Any], clients: list[dict[str, Any]]) -> dict[str, Any]:
    answers = {}
    for client in clients:
        kind, label = client["name"].split(" ")
        source = plan["transfers" if kind == "transfer" else "nat"][label]["source"]
        whole = True if kind == "transfer" else None
        answers[client["name"]] = {"seen": source, "whole": whole, "seconds": 0.1, "error": None}
    return {"clients": answers, "errors": [], "missing": 0}
