# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the site plan to what each host's probes have to do, and what they should find. Pure.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify import modes
from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify.targets import (
    Container,
    Roster,
    all_pairs,
    container_targets,
    host_targets,
    mtu_targets,
    roster,
)

GATEWAY = "gateway"
# Starting a probe takes the controller a while for each host.
START_SECONDS = 0.5


@dataclass(frozen=True)
class Settings:
    """run: eight hexadecimal digits; timeout: in seconds; pairs: as in targets.all_pairs;
    port: TCP port of the probes' own servers; size: of a transfer in bytes; outside: a server
    {address, port, source (optional)} that tells which address it sees, or None.
    """

    run: str
    timeout: float
    pairs: int
    port: int
    size: int
    outside: Mapping[str, Any] | None


def plan_probes(
    site: Mapping[str, Any], play_hosts: Sequence[str], settings: Settings
) -> dict[str, Any]:
    """{hosts: {host: its probes' arguments}, skipped: {check: why}, and what the report needs}.

    A check that has nothing to work on is skipped, with the reason.
    """
    who = roster(site, play_hosts)
    complete = all_pairs(who, settings.pairs)
    timeout = settings.timeout + START_SECONDS * len(who.hosts)
    transfers = _transfers(who)
    nat, no_nat = _nat(site, who, settings)
    numbers = {host: at for at, host in enumerate(site["hosts"], start=1)}
    skipped = {**_skipped(who, no_nat), **modes.skipped(site)}
    return {
        "timeout": timeout,
        "limit": int(4 * timeout) + 60,
        "complete": complete,
        "addresses": _addresses(site, who),
        "size": settings.size,
        "transfers": transfers,
        "nat": nat,
        "macs": modes.owners(site, who),
        "skipped": skipped,
        "hosts": {
            host: {
                "mac": site["hosts"][host]["mac"],
                "vtep": site["hosts"][host]["vtep"],
                "l2": {
                    **_l2(who, host, numbers, settings.run),
                    **modes.known_macs(site, who, host),
                },
                "gateway": _gateway(who.containers[host]),
                "ping": _ping(who, host, complete),
                "mtu": _mtu(who, host, complete),
                "tcp": _tcp(who, host, transfers, nat, settings),
                **modes.of_mode(site, who, host),
            }
            for host in who.hosts
        },
        "site": dict(site["site"]),
    }


def _addresses(site: Mapping[str, Any], who: Roster) -> dict[str, str]:
    addresses = {container.label: container.address for container in who.everybody}
    return {**addresses, GATEWAY: site["site"]["gateway"]}


def _skipped(who: Roster, no_nat: str | None) -> dict[str, str]:
    skipped = {}
    if len(who.hosts) < 2:
        skipped.update(dict.fromkeys(("l2", "l3", "bridge"), "there is only one host in this run"))
    if not who.everybody:
        none = "the hosts of this run have no containers (overlay_containers)"
        skipped.update(dict.fromkeys(("reach", "gateway", "mtu", "nat"), none))
    elif no_nat is not None:
        skipped["nat"] = no_nat
    return skipped


def _l2(who: Roster, host: str, numbers: Mapping[str, int], run: str) -> dict[str, Any]:
    return {
        "run": run,
        "number": numbers[host],
        "peers": {peer: numbers[peer] for peer in who.hosts if peer != host},
    }


def _gateway(containers: Sequence[Container]) -> list[dict[str, Any]]:
    return [
        {
            "name": container.label,
            "netns": container.netns,
            "interface": container.interface,
            "gateway": container.gateway,
        }
        for container in containers
        if container.gateway
    ]


def _ping(who: Roster, host: str, complete: bool) -> list[dict[str, Any]]:
    sources: list[dict[str, Any]] = [
        {"name": host, "targets": _labels(host_targets(who, host, complete))}
    ]
    for container in who.containers[host]:
        targets = _labels(container_targets(who, container, complete))
        if container.gateway:
            targets.append(GATEWAY)
        sources.append({"name": container.label, "netns": container.netns, "targets": targets})
    return sources


def _labels(containers: Sequence[Container]) -> list[str]:
    return [container.label for container in containers]


def _mtu(who: Roster, host: str, complete: bool) -> list[dict[str, Any]]:
    return [
        {
            "name": container.label,
            "netns": container.netns,
            "interface": container.interface,
            "mtu": container.mtu,
            # A container on its own can at least fill its own link to the bridge.
            "targets": _labels(mtu_targets(who, container, complete)) or [GATEWAY],
        }
        for container in who.containers[host]
    ]


def _transfers(who: Roster) -> dict[str, dict[str, str]]:
    """client label -> {server: label, source: the address that the server should see}.

    From each host's first container to the next host's last.
    """
    pairs = []
    for host in who.hosts:
        own = who.containers[host]
        if not own:
            continue
        ring = who.ring(host)
        server = who.containers[ring[0]][-1] if ring else own[-1]
        if server != own[0]:
            pairs.append((own[0], server))
    return {
        client.label: {"server": server.label, "source": client.address} for client, server in pairs
    }


def _nat(
    site: Mapping[str, Any], who: Roster, settings: Settings
) -> tuple[dict[str, dict[str, Any]], str | None]:
    """client label -> {address, port, host (if one of ours serves), source}; or why not.

    source: None where the address that an outside server sees is not known: over an IPv6 underlay
    the host is masqueraded as its IPv4 address on the way there.
    """
    if not site["site"]["nat"]:
        return {}, "overlay_nat is false"
    vteps = {host: site["hosts"][host]["vtep"] for host in who.hosts}
    outside = settings.outside
    if outside is None and len(who.hosts) < 2:
        return {}, "there is only one host in this run; set overlay_verify_outside"
    if outside is None and any(_version(vtep) != 4 for vtep in vteps.values()):
        return {}, "the underlay is IPv6; set overlay_verify_outside"
    clients = {}
    for at, host in enumerate(who.hosts):
        own = vteps[host] if _version(vteps[host]) == 4 else None
        neighbour = who.hosts[(at + 1) % len(who.hosts)]
        for container in who.containers[host]:
            if not container.gateway:
                continue
            clients[container.label] = (
                {
                    "address": outside["address"],
                    "port": outside["port"],
                    "host": None,
                    "source": outside.get("source") or own,
                }
                if outside
                else {
                    "address": vteps[neighbour],
                    "port": settings.port,
                    "host": neighbour,
                    "source": own,
                }
            )
    return clients, None


def _version(address: str) -> int:
    return ipaddress.ip_address(address).version


def _tcp(
    who: Roster,
    host: str,
    transfers: Mapping[str, Mapping[str, str]],
    nat: Mapping[str, Mapping[str, Any]],
    settings: Settings,
) -> dict[str, list[dict[str, Any]]]:
    by_label = {container.label: container for container in who.everybody}
    services = [
        {
            "kind": "transfer",
            "netns": container.netns,
            "address": container.address,
            "port": settings.port,
            "clients": count,
        }
        for container in who.containers[host]
        if (count := sum(pair["server"] == container.label for pair in transfers.values()))
    ]
    asking = [asked for asked in nat.values() if asked["host"] == host]
    if asking:
        services.append(
            {
                "kind": "source",
                "address": asking[0]["address"],
                "port": settings.port,
                "clients": len(asking),
            }
        )
    clients = []
    for container in who.containers[host]:
        start = {"netns": container.netns}
        if container.label in transfers:
            server = by_label[transfers[container.label]["server"]]
            clients.append(
                {
                    **start,
                    "name": f"transfer {container.label}",
                    "address": server.address,
                    "port": settings.port,
                    "size": settings.size,
                }
            )
        if container.label in nat:
            asked = nat[container.label]
            clients.append(
                {
                    **start,
                    "name": f"nat {container.label}",
                    "address": asked["address"],
                    "port": asked["port"],
                }
            )
    return {"services": services, "clients": clients}
