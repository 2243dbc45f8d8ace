# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the site to what each of its hosts should have.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.allocation import (
    KINDS,
    VXLAN_DEVICE,
    host_addresses,
    mac_of,
)
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.lint import (
    host_range_of,
    mac_of_container,
    problems_of,
)
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.modes import (
    bgp,
    port_flags,
    vxlan_options,
)
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.site import (
    Host,
    Site,
    SiteError,
    read_site,
)
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.underlay import (
    overlay_mtu,
    problems_of_absence,
    problems_of_underlay,
)


def plan_site(
    inventory: Mapping[str, Mapping[str, Any]],
    underlay: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The plan of a whole site: {site: what is common, hosts: {host: what it should have}}.

    inventory: by host, the overlay_* variables that are set and ansible_host.
    underlay: by host, what was found there ({dev, mtu, vtep}); hosts that are not in it
    were not looked at. Raises SiteError.
    """
    site = read_site(inventory)
    found = underlay or {}
    problems = problems_of(site) + problems_of_underlay(site, found)
    if underlay is not None and not problems:
        problems = problems_of_absence(site, found)
    if problems:
        raise SiteError(problems)
    mtu = overlay_mtu(site, found)
    own = _own_addresses(site, found)
    _require_other_macs(site, own)
    vteps = {name: _vtep(host, found.get(name, {})) for name, host in site.hosts.items()}
    routed = _routed(site)
    return {
        "site": _common(site, mtu),
        "hosts": {
            name: _host(site, host, mtu, found.get(name, {}), own.get(name), vteps, routed)
            for name, host in site.hosts.items()
        },
    }


def _own_addresses(site: Site, found: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    given = {name: host.address for name, host in site.hosts.items() if host.address}
    vteps = {
        name: address
        for name, host in site.hosts.items()
        if (address := _vtep(host, found.get(name, {}))) and name not in given
    }
    taken = [ipaddress.IPv4Address(address) for address in given.values()]
    try:
        return given | host_addresses(vteps, host_range_of(site), site.cidr, taken)
    except ValueError as error:
        raise SiteError(
            [
                f"overlay_host_range {host_range_of(site)}, the range for the hosts' own"
                f" addresses, {error}: set a wider overlay_host_range"
            ]
        ) from error


def _require_other_macs(site: Site, own: Mapping[str, str]) -> None:
    """No container may have the MAC of a host's bridge or VXLAN device."""
    macs = {mac_of(address, kind): host for host, address in own.items() for kind in KINDS}
    problems = [
        f"{host.name}: container {container.name} has the MAC {container.mac}, which is that of"
        f" {macs[container.mac]}'s bridge or VXLAN device: choose another one"
        for host in site.hosts.values()
        for container in host.containers
        if container.mac in macs
    ]
    if problems:
        raise SiteError(problems)


def _vtep(host: Host, facts: Mapping[str, Any]) -> str | None:
    return facts.get("vtep") or host.vtep or host.candidate


def _common(site: Site, mtu: int) -> dict[str, Any]:
    return {
        "name": site.name,
        "mode": site.mode,
        "vni": site.vni,
        "port": site.port,
        "group": site.group,
        "family": f"ipv{site.family}",
        "cidr": str(site.cidr),
        "prefixlen": site.cidr.prefixlen,
        "gateway": site.gateway,
        "mtu": mtu,
        "vxlan_dev": site.vxlan_dev,
        "bridge": site.bridge,
        "nat": site.nat,
        "peer_filter": site.peer_filter,
        "anti_spoof": site.anti_spoof,
    }


def _host(
    site: Site,
    host: Host,
    mtu: int,
    facts: Mapping[str, Any],
    address: str | None,
    vteps: Mapping[str, str | None],
    routed: Mapping[str, list[str]],
) -> dict[str, Any]:
    """What a host should have; without an address of its own only what the inventory tells.

    vteps: of all hosts; routed: prefixes by the container that leads there.
    """
    return {
        "underlay_dev": facts.get("dev") or host.underlay_dev,
        "wanted_underlay_dev": host.underlay_dev,
        "vtep": vteps[host.name],
        "wanted_vtep": host.vtep,
        "candidate": host.candidate,
        "address": address,
        "mac": address and mac_of(address),
        "vxlan": {
            "name": site.vxlan_dev,
            "vni": site.vni,
            "port": site.port,
            **vxlan_options(site, host, vteps),
            "dev": facts.get("dev") or host.underlay_dev,
            "local": vteps[host.name],
            "mac": address and mac_of(address, VXLAN_DEVICE),
            "mtu": mtu,
        },
        "bridge": {
            "name": site.bridge,
            "mac": address and mac_of(address),
            "mtu": mtu,
            # The first address is that from which the host speaks; the gateway's is a /32, so
            # that it never becomes the source of what the host sends to containers.
            "addresses": address and [f"{address}/{site.cidr.prefixlen}", f"{site.gateway}/32"],
            "ports": [{"name": site.vxlan_dev, **port_flags(site.mode)}],
        },
        "evpn": bgp(site, host, vteps),
        "gateway": {"gateway": site.gateway, "vxlan_dev": site.vxlan_dev},
        "nat": {"cidr": str(site.cidr), "bridge": site.bridge},
        "containers": [_container(site, container, mtu) for container in host.containers],
        "senders": [_sender(container, routed) for container in host.containers],
        # Elsewhere nothing that we know could bring the overlay back after a boot.
        "persist": host.persist and facts.get("service", {}).get("possible", False),
    }


def _container(site: Site, container: Any, mtu: int) -> dict[str, Any]:
    return {
        "name": container.name,
        "netns": container.netns or container.name,
        "owned": container.owned and not (container.netns or "").startswith("/"),
        "veth": container.veth,
        "interface": container.interface,
        "mac": mac_of_container(container),
        "mtu": min(container.mtu or mtu, mtu),
        "addresses": [f"{container.address}/{site.cidr.prefixlen}"],
        "gateway": site.gateway,
        "routes": [dict(route) for route in container.routes],
    }


def _routed(site: Site) -> dict[str, list[str]]:
    """By container address, the prefixes that other containers have routes to by way of it.

    The default route is by way of the gateway alone.
    """
    routed: dict[str, list[str]] = {}
    for host in site.hosts.values():
        for route in (route for container in host.containers for route in container.routes):
            if route.get("via"):
                to = value.destination(route["to"])
                routed.setdefault(value.unicast(route["via"]), []).append(to)
    return routed


def _sender(container: Any, routed: Mapping[str, list[str]]) -> dict[str, Any]:
    """What a container may send. Who routes for others sends what comes from there too."""
    behind = [*container.routes_for, *routed.get(container.address, [])]
    return {
        "port": container.veth,
        "mac": mac_of_container(container),
        "addresses": [container.address],
        "routes_for": list(dict.fromkeys(behind)),
    }
