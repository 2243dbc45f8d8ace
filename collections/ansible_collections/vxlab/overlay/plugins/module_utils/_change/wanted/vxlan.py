# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A VXLAN device, from options.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.vxlan import Vxlan
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.options import (
    Check,
    checked,
)

VXLAN_CHECKS: Dict[str, Check] = {
    "name": value.device_name,
    "vni": value.vni,
    "group": value.multicast_group,
    "remote": value.unicast,
    "dev": value.device_name,
    "local": value.unicast,
    "port": value.udp_port,
    "src_port_min": lambda v: value.integer(v, 0, 65535),
    "src_port_max": lambda v: value.integer(v, 0, 65535),
    "ttl": value.ttl,
    "tos": value.tos,
    # The kernel takes 0 for its default, so an entry that never ages cannot be asked for.
    "ageing": lambda v: value.integer(v, 1, 2**32 - 1),
    "max_addresses": lambda v: value.integer(v, 0, 2**32 - 1),
    "mac": value.mac,
    "mtu": value.mtu,
}


def vxlan_from_params(params: Mapping[str, Any]) -> Vxlan:
    given = checked(params, VXLAN_CHECKS, "")
    if (given["src_port_min"] or given["src_port_max"]) and not (
        0 < given["src_port_min"] < given["src_port_max"]
    ):
        raise ChangeError(
            f"src_port_min is {given['src_port_min']} and src_port_max"
            f" {given['src_port_max']}: they must be both 0, or the first the smaller one"
        )
    given["peer"] = given["group"] or given["remote"]
    peer, local = given["peer"], given["local"]
    if peer and local and (":" in peer) != (":" in local):
        raise ChangeError(
            f"local is {local} and the {'group' if given['group'] else 'remote'} {peer}: both"
            " must be IPv4, or both IPv6"
        )
    return Vxlan(**{name: given[name] for name in Vxlan.__dataclass_fields__})
