# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bridge and its ports, from options.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.module_utils._change.bridge import Bridge, Port
from ansible_collections.vxlab.overlay.plugins.module_utils._change.port import DEFAULTS
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.options import (
    Check,
    checked,
    each,
    one,
)

BRIDGE_CHECKS: Dict[str, Check] = {
    "name": value.device_name,
    "mac": value.mac,
    "mtu": value.mtu,
    "ageing": lambda v: value.integer(v, 0, 1_000_000),
}


def bridge_from_params(params: Mapping[str, Any]) -> Bridge:
    given = checked(params, BRIDGE_CHECKS, "")
    if given["addresses"] is not None:
        given["addresses"] = each("addresses", given["addresses"], value.interface_address)
    return Bridge(**{name: given[name] for name in Bridge.__dataclass_fields__})


def ports_from_params(ports: Sequence[Mapping[str, Any]]) -> List[Port]:
    return [
        Port(one("name of a port", port["name"], value.device_name), {f: port[f] for f in DEFAULTS})
        for port in ports
    ]
