# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers, from options.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Sequence

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
