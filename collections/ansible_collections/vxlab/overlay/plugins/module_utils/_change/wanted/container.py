# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers, from options.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.inside import (
    Container,
    Route,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.options import (
    Check,
    checked,
    each,
    one,
)

# The option containers, as doc_fragments/containers.py explains it.
ARGUMENT: Dict[str, Any] = dict(
    type="list",
    elements="dict",
    default=[],
    options=dict(
        name=dict(type="str", required=True),
        netns=dict(type="str"),
        owned=dict(type="bool", default=True),
        veth=dict(type="str"),
        interface=dict(type="str", default="eth0"),
        mac=dict(type="str"),
        mtu=dict(type="int"),
        addresses=dict(type="list", elements="str", default=[]),
        gateway=dict(type="str"),
        routes=dict(
            type="list",
            elements="dict",
            default=[],
            options=dict(to=dict(type="str", required=True), via=dict(type="str")),
        ),
    ),
)
CONTAINER_CHECKS: Dict[str, Check] = {
    "name": value.device_name,
    "netns": value.namespace,
    "veth": value.device_name,
    "interface": value.device_name,
    "mac": value.mac,
    "mtu": value.mtu,
    "gateway": value.unicast,
}


def containers_from_params(containers: Sequence[Mapping[str, Any]]) -> List[Container]:
    wanted = [_container(params) for params in containers]
    _require_unique(wanted, "name", lambda c: c.name)
    _require_unique(wanted, "host end", lambda c: c.veth)
    _require_unique(wanted, "interface in one namespace", lambda c: f"{c.interface} in {c.netns}")
    _require_one_route_each(wanted)
    return wanted


def _container(params: Mapping[str, Any]) -> Container:
    name = one("name of a container", params["name"], value.device_name)
    label = f"container {name}: "
    given = checked(params, CONTAINER_CHECKS, label)
    netns = given["netns"] or name
    routes = [
        Route(
            one(f"{label}destination of a route", route["to"], value.destination),
            route["via"] and one(f"{label}next hop", route["via"], value.unicast),
        )
        for route in given["routes"]
    ]
    if given["gateway"]:
        routes.insert(0, Route("default", given["gateway"]))
    return Container(
        name=name,
        netns=netns,
        veth=given["veth"] or value.host_end_name(name),
        interface=given["interface"],
        owned=given["owned"] and not netns.startswith("/"),
        mac=given["mac"],
        mtu=given["mtu"],
        addresses=each(f"{label}addresses", given["addresses"], value.interface_address),
        routes=routes,
    )


def _require_one_route_each(wanted: Sequence[Container]) -> None:
    """Raise ChangeError where two routes of a namespace have one destination.

    The kernel keeps one for each destination and metric, so that each run would replace the one
    by the other (NLM_F_REPLACE, in net/ipv4/fib_trie.c and net/ipv6/ip6_fib.c).
    """
    seen: Dict[Tuple[str, str, int], Tuple[str, Route]] = {}
    for container in wanted:
        for route in container.routes:
            key = (container.netns, route.to, value.route_version(route.to, route.via))
            if key in seen:
                name, other = seen[key]
                first, second = value.next_hop(other.via), value.next_hop(route.via)
                who = f"container {container.name} has"
                if name != container.name:
                    who = f"containers {name} and {container.name} share a namespace and have"
                raise ChangeError(
                    f"{who} two routes to {route.to}, {first} and {second}; a network namespace"
                    " takes one of them: leave out the other"
                )
            seen[key] = (container.name, route)


def _require_unique(
    wanted: Sequence[Container], what: str, key: Callable[[Container], str]
) -> None:
    seen: Dict[str, str] = {}
    for container in wanted:
        if key(container) in seen:
            raise ChangeError(
                f"containers {seen[key(container)]} and {container.name} have the same {what}:"
                f" {key(container)}"
            )
        seen[key(container)] = container.name
