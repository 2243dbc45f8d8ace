# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what the probes saw to sentences about what is wrong: none means that a check passed. Pure.

Each function takes the probe plan (plan.py) and the probes' results by host, and returns the
findings. A result that is not what the probe returns is the error of a probe that failed.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.site import listed

Plan = Mapping[str, Any]
Results = Mapping[str, Mapping[str, Any]]

# Each role, in the order of the report, and in which modes it makes something (None: in all).
STATE_ROLES: Mapping[str, tuple[str, ...] | None] = {
    "peer_filter": None,
    "vxlan": None,
    "gateway": None,
    "bridge": None,
    "anti_spoof": None,
    "containers": None,
    "evpn": ("evpn",),
    "fdb": ("unicast", "static"),
    "nat": None,
    "persist": None,
}
TOO_LONG = "message too long"


def state(plan: Plan, results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """results: role -> host -> the role's result in check mode; "errors" -> host -> what failed.

    A role that makes nothing in the site's mode, or that skipped its task, compared nothing: so
    does role evpn where somebody else keeps FRR's configuration.
    """
    found: list[str] = []
    for host in plan["hosts"]:
        errors = results["errors"].get(host, [])
        for role, modes in STATE_ROLES.items():
            result = results[role].get(host, {})
            if "differences" in result:
                found += [f"{host}: {difference}" for difference in result["differences"]]
                continue
            applies = modes is None or plan["site"]["mode"] in modes
            if applies and not errors and not result.get("skipped"):
                found.append(f"{host}: role {role} was not compared: {_reason(result)}")
        found += [f"{host}: {error}" for error in errors]
    return found


def captured(plan: Plan, results: Results, channel: str, device: str) -> list[str]:
    """Checks 1 and 3. channel: vxlan or bridge."""
    found: list[str] = []
    for host, result in usable(plan, results, "layer3", found):
        seen = result[channel]
        if seen["error"]:
            found.append(f"{host}: {seen['error']}")
        elif seen["missed"]:
            found.append(
                f"{host} captured no ARP request on {device} from {listed(seen['missed'])}"
                f" (but {_but(seen['captured'], 'did from')}); every host should capture every"
                " other's"
            )
    return found


def layer3(plan: Plan, results: Results, device: str) -> list[str]:
    """Check 2."""
    found: list[str] = []
    for host, result in usable(plan, results, "layer3", found):
        if result["vxlan"]["error"]:
            found.append(f"{host}: {result['vxlan']['error']}")
        elif result["layer3"]["missed"]:
            found.append(
                f"{host} got no answer over {device} to ARP and ping from"
                f" {listed(result['layer3']['missed'])}; every other host should answer"
            )
    return found


def gateway(plan: Plan, results: Results, when: str) -> list[str]:
    """Check 6. when: before or after everybody has pinged everybody."""
    found: list[str] = []
    owners = {host["mac"]: name for name, host in plan["hosts"].items()}
    address = plan["addresses"]["gateway"]
    for host, result in usable(plan, results, "containers", found):
        mac = plan["hosts"][host]["mac"]
        for name, answer in result["containers"].items():
            if answer["error"]:
                found.append(f"{name}: {answer['error']}")
                continue
            if answer["macs"] != [mac]:
                seen = _owned(answer["macs"], owners) if answer["macs"] else "nobody"
                found.append(
                    f"{name} asked for the gateway {address} {when} the pings and was answered by"
                    f" {seen}; only {host}'s {mac} should answer"
                )
            if when == "after" and answer["neighbour"] not in (None, mac):
                found.append(
                    f"{name} has {_owned([answer['neighbour']], owners)} as the neighbour entry of"
                    f" the gateway {address} after the pings; it should be {host}'s {mac}"
                )
    return found


def reach(plan: Plan, results: Results) -> list[str]:
    """Check 4. One sentence for each source that missed somebody."""
    found: list[str] = []
    addresses = plan["addresses"]
    for _host, result in usable(plan, results, "matrix", found):
        for source, row in result["matrix"].items():
            silent = {target: cell for target, cell in row.items() if isinstance(cell, str)}
            if not silent:
                continue
            reasons: dict[str, list[str]] = {}
            for target, reason in silent.items():
                reasons.setdefault(reason, []).append(f"{target} ({addresses[target]})")
            said = "; ".join(f"{listed(to)}: {reason}" for reason, to in reasons.items())
            own = addresses.get(source, "the host itself")
            found.append(
                f"{source} ({own}) reached {len(row) - len(silent)} of {len(row)} targets, not"
                f" {said}"
            )
    return found


def mtu(plan: Plan, results: Results) -> list[str]:
    """The first half of check 5."""
    found: list[str] = []
    for host, result in usable(plan, results, "containers", found):
        wanted = {sender["name"]: sender for sender in plan["hosts"][host]["mtu"]}
        for name, fit in result["containers"].items():
            size, interface = wanted[name]["mtu"], wanted[name]["interface"]
            if fit["error"]:
                found.append(f"{name}: {fit['error']}")
                continue
            if fit["mtu"] != size:
                found.append(f"{name}: {interface} has MTU {fit['mtu']}; it should be {size}")
            for target, outcome in fit["largest"].items():
                if isinstance(outcome, str):
                    found.append(
                        f"{name} to {target}: a packet of {size} bytes that must not be fragmented"
                        f" should pass: {outcome}"
                    )
            for target, outcome in fit["one_more"].items():
                if outcome != TOO_LONG:
                    found.append(
                        f"{name} to {target}: a packet of {size + 1} bytes that must not be"
                        f' fragmented should be refused by the sender ("{TOO_LONG}"), but:'
                        f" {outcome}"
                    )
    return found


def transfer(plan: Plan, results: Results, size: int) -> list[str]:
    """The second half of check 5. size: in bytes."""
    found: list[str] = []
    for host, result in usable(plan, results, "clients", found):
        found += [f"{host}: {error}" for error in result["errors"]]
        for label, pair in plan["transfers"].items():
            answer = result["clients"].get(f"transfer {label}")
            if answer is None:
                continue
            route = f"{label} to {pair['server']}"
            if answer["seen"] is None:
                found.append(
                    f"{route}: a TCP transfer of {size} bytes did not arrive: {answer['error']}"
                )
                continue
            if not answer["whole"]:
                found.append(f"{route}: a TCP transfer of {size} bytes arrived damaged")
            if answer["seen"] != pair["source"]:
                found.append(
                    f"{route}: the server saw {answer['seen']}; between containers it should see"
                    f" the client's own address, {pair['source']} (is something translating?)"
                )
    return found


def nat(plan: Plan, results: Results) -> list[str]:
    """Check 7."""
    found: list[str] = []
    for host, result in usable(plan, results, "clients", found):
        if any(asked["host"] == host for asked in plan["nat"].values()):
            found += [f"{host}: {error}" for error in result["errors"]]
        for label, asked in plan["nat"].items():
            answer = result["clients"].get(f"nat {label}")
            if answer is None:
                continue
            where = asked["host"] or "the outside server"
            server = f"{where} ({asked['address']} port {asked['port']})"
            if answer["seen"] is None:
                found.append(f"{label} could not reach {server}: {answer['error']}")
            elif asked["source"] is None and _inside(answer["seen"], plan["site"]["cidr"]):
                found.append(
                    f"{label} was seen as {answer['seen']} by {server}; it should be seen as an"
                    f" address of {host} outside of the overlay"
                )
            elif asked["source"] not in (None, answer["seen"]):
                found.append(
                    f"{label} was seen as {answer['seen']} by {server}; it should be seen as"
                    f" {host}'s underlay address, {asked['source']}"
                )
    return found


def usable(
    plan: Plan, results: Results, key: str, found: list[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each host's result that has this key; a host whose probe failed becomes a finding."""
    for host in plan["hosts"]:
        result = results.get(host, {})
        if key in result:
            yield host, result
        else:
            found.append(f"{host}: the probe failed: {_reason(result)}")


def _reason(result: Mapping[str, Any]) -> str:
    return str(result.get("msg") or "it left no result (was the host unreachable?)")


def _inside(address: str, cidr: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)


def _but(some: list[str], verb: str) -> str:
    return f"{verb} {listed(some)}" if some else f"{verb} nobody"


def _owned(macs: list[str], owners: Mapping[str, str]) -> str:
    return ", ".join(f"{mac} ({owners.get(mac, 'nobody that is known')})" for mac in macs)
