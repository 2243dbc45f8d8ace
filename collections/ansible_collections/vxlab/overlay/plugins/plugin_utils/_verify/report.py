# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks by name: what each found, and one line for all. Pure.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify import (
    findings,
    mode_findings,
)
from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify.modes import EVPN, STATIC
from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify.table import (
    reachability_table,
)

# Each check reads the results that are registered as
# overlay_verify_<result>_result.
CHECKS = {
    "l2": ("check 1, L2 over {vxlan_dev}", ("l2",)),
    "l3": ("check 2, L3 over {vxlan_dev}", ("l2",)),
    "bridge": ("check 3, L2 over {bridge}", ("l2",)),
    "reach": ("check 4, pings", ("ping",)),
    "mtu": ("check 5, MTU and TCP", ("mtu", "tcp")),
    "gateway": ("check 6, gateway", ("gateway_before", "gateway_after")),
    "nat": ("check 7, NAT", ("tcp",)),
}

# What one mode alone promises.
MODE_CHECKS = {
    STATIC: {"flood": ("check 8, no floods", ("flood",))},
    EVPN: {"evpn": ("check 8, BGP EVPN", ("evpn",))},
}

# How many findings a message lists.
MOST = 40

_HINTS = {
    "state": "Run site.yml to mend it.",
    "l2": "Look on both hosts at `ip -d link show {vxlan_dev}`, at {carried}, and at the hosts'"
    " firewalls.",
    "l3": "ARP requests pass (check 1) but answers do not: look on both hosts at"
    " `bridge fdb show dev {vxlan_dev}` and at whether UDP port {port} passes both ways.",
    "bridge": "Look at whether {vxlan_dev} is a port of {bridge}:"
    " `bridge link show dev {vxlan_dev}`.",
    "reach": "Look in the container at `ip address`, `ip route` and `ip neighbour`, and on its host"
    " at `bridge link` and `bridge fdb show br {bridge}`.",
    "mtu": "Look at `ip link` in the container, and on its host at the MTU of its veth, {bridge},"
    " {vxlan_dev} and the underlay device.",
    "gateway": "Look at `nft list tables` (the overlay's table of family bridge keeps ARP for"
    " the gateway from crossing {vxlan_dev}) and at `ip address show {bridge}`.",
    "nat": "Look on the container's host at `sysctl net.ipv4.ip_forward`, at the masquerade rule"
    " (`nft list ruleset` or `iptables-save`) and at what drops in the FORWARD chain.",
    "flood": "Look at `bridge fdb show dev {vxlan_dev}` (no entry for 00:00:00:00:00:00), at"
    " `bridge -d link show dev {vxlan_dev}` (neigh_suppress on) and at the MACs' own entries.",
    "evpn": "Look at `vtysh -c 'show bgp l2vpn evpn summary'`, `vtysh -c 'show evpn vni {vni}'` and"
    " `bridge fdb show dev {vxlan_dev}`.",
}

# What the first hint has to say of the way between the hosts.
_CARRIED = {
    "multicast": "whether the underlay carries {group} and UDP port {port}",
    "point_to_point": "its remote, and whether the underlay carries UDP port {port}",
    STATIC: "each other's MACs in `bridge fdb show dev {vxlan_dev}`, and whether the underlay"
    " carries UDP port {port}",
}
_CARRIED_BY_LIST = (
    "whether `bridge fdb show dev {vxlan_dev}` has 00:00:00:00:00:00 with each other's VTEP, and"
    " whether the underlay carries UDP port {port}"
)


def checks_of(mode: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The checks of a site in this mode, by name, with their titles and what results they read."""
    return {**CHECKS, **MODE_CHECKS.get(mode, {})}


def report(check: str, plan: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    """{failures: lines of a message, none if it passed; summary: one line if it passed}.

    results: result name (see checks_of()) -> host -> what the probe returned. For "state": as in
    findings.state().
    """
    found = _found(check, plan, results)
    if not found:
        return {"failures": [], "summary": _summary(check, plan, results)}
    more = [f"… and {len(found) - MOST} more"] if len(found) > MOST else []
    lines = [*found[:MOST], *more, _hint(check, plan["site"])]
    if check == "reach":
        lines += reachability_table(matrix_of(results["ping"].values()))
    return {"failures": lines, "summary": ""}


def summary(plan: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """One line over all checks that ran; results: as in report(), those that are there."""
    passed = 0
    others: dict[str, list[str]] = {}
    checks = checks_of(plan["site"]["mode"])
    for check, (title, needed) in checks.items():
        number = title.split(",", maxsplit=1)[0].removeprefix("check ")
        if check in plan["skipped"]:
            others.setdefault(f"skipped: {plan['skipped'][check]}", []).append(number)
        elif any(name not in results for name in needed):
            others.setdefault("not asked for", []).append(number)
        elif _found(check, plan, results):
            others.setdefault("failed", []).append(number)
        else:
            passed += 1
    hosts, containers = _sizes(plan)
    count = f"all {passed}" if passed == len(checks) else f"{passed} of {len(checks)}"
    size = f"{_count(hosts, 'host')}, {_count(containers, 'container')}"
    notes = [f"{', '.join(numbers)} {why}" for why, numbers in others.items()]
    return "; ".join([f"{count} checks passed: {size}", *notes])


def matrix_of(pings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All hosts' ping results as one matrix, for the table."""
    return {source: row for result in pings for source, row in result.get("matrix", {}).items()}


def _hint(check: str, site: Mapping[str, Any]) -> str:
    carried = _CARRIED.get(site["mode"], _CARRIED_BY_LIST).format(**site)
    return _HINTS[check].format(**site, carried=carried)


def _found(check: str, plan: Mapping[str, Any], results: Mapping[str, Any]) -> list[str]:
    site = plan["site"]
    if check == "state":
        return findings.state(plan, results)
    if check == "l2":
        return findings.captured(plan, results["l2"], "vxlan", site["vxlan_dev"])
    if check == "l3":
        return findings.layer3(plan, results["l2"], site["vxlan_dev"])
    if check == "bridge":
        return findings.captured(plan, results["l2"], "bridge", site["bridge"])
    if check == "reach":
        return findings.reach(plan, results["ping"])
    if check == "mtu":
        found = findings.mtu(plan, results["mtu"])
        return found + findings.transfer(plan, results["tcp"], plan["size"])
    if check == "gateway":
        return [
            finding
            for when in ("before", "after")
            if f"gateway_{when}" in results
            for finding in findings.gateway(plan, results[f"gateway_{when}"], when)
        ]
    if check == "flood":
        return mode_findings.flood(plan, results["flood"])
    if check == "evpn":
        return mode_findings.evpn(plan, results["evpn"])
    return findings.nat(plan, results["tcp"])


def _sizes(plan: Mapping[str, Any]) -> tuple[int, int]:
    """How many hosts, how many containers (all addresses but the gateway's)."""
    return len(plan["hosts"]), len(plan["addresses"]) - 1


def _summary(check: str, plan: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    hosts, containers = _sizes(plan)
    if check == "state":
        return f"{_count(hosts, 'host')} as planned"
    title = checks_of(plan["site"]["mode"])[check][0].format(**plan["site"])
    if check in plan["skipped"]:
        return f"{title}: skipped, {plan['skipped'][check]}"
    return f"{title}: {_DONE[check](plan, results, hosts, containers)}"


def _pairs(plan: Mapping[str, Any], results: Mapping[str, Any], *_counts: int) -> str:
    cells = [len(row) for row in matrix_of(results["ping"].values()).values()]
    sample = "" if plan["complete"] else " (a sample: overlay_verify_pairs limits it)"
    return f"{sum(cells)} of {sum(cells)} pairs reached each other{sample}"


def _once(_plan: Mapping[str, Any], results: Mapping[str, Any], _hosts: int, count: int) -> str:
    when = "before and after the pings" if "gateway_after" in results else "before the pings"
    return f"{_count(count, 'container')}, each answered by its own host alone {when}"


def _fits(plan: Mapping[str, Any], _results: Mapping[str, Any], _hosts: int, count: int) -> str:
    fits = f"{plan['site']['mtu']} bytes pass and one more does not, {_count(count, 'container')}"
    if not plan["transfers"]:
        return f"{fits}; it has nobody to transfer to"
    return f"{fits}; {_count(len(plan['transfers']), 'transfer')} of {plan['size']} bytes whole"


_DONE: dict[str, Any] = {
    "l2": lambda _plan, _results, hosts, _c: f"{hosts} hosts captured each other's ARP requests",
    "l3": lambda _plan, _results, hosts, _c: f"{hosts} hosts resolved and pinged each other",
    "bridge": lambda _plan, _results, hosts, _c: f"{hosts} hosts captured each other's requests",
    "reach": _pairs,
    "mtu": _fits,
    "gateway": _once,
    "nat": lambda plan, _results, _h, _c: (
        f"{_count(len(plan['nat']), 'container')} seen outside as their hosts"
    ),
    "flood": lambda _plan, _results, hosts, _c: (
        f"no ARP request and no unknown frame left {_count(hosts, 'host')}"
    ),
    "evpn": lambda plan, _results, hosts, _c: (
        f"{_count(hosts, 'host')} learned {_count(len(plan['macs']), 'MAC')} of each other"
    ),
}


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
