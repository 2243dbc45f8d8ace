# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What containers may send, from options.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, List, Mapping, Sequence, Set

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.spoof import Sender
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.options import (
    each,
    one,
)

# The option containers.
ARGUMENT: Dict[str, Any] = dict(
    type="list",
    elements="dict",
    options=dict(
        port=dict(type="str", required=True),
        mac=dict(type="str", required=True),
        addresses=dict(type="list", elements="str", default=[]),
        routes_for=dict(type="list", elements="str", default=[]),
    ),
)


def senders_from_params(containers: Sequence[Mapping[str, Any]]) -> List[Sender]:
    senders = [_sender(params) for params in containers]
    seen: Set[str] = set()
    for sender in senders:
        if sender.port in seen:
            raise ChangeError(f"port {sender.port} is in containers more than once: list it once")
        seen.add(sender.port)
    return senders


def _sender(params: Mapping[str, Any]) -> Sender:
    port = one("port of a container", params["port"], value.device_name)
    label = f"container at {port}: "
    addresses = each(f"{label}addresses", params["addresses"], _address)
    routes_for = each(f"{label}routes_for", params["routes_for"], _prefix)
    return Sender(
        port,
        one(f"{label}mac", params["mac"], value.mac),
        tuple(dict.fromkeys(addresses)),
        tuple(dict.fromkeys(routes_for)),
    )


def _prefix(given: Any) -> str:
    """One of full length as an address alone, as nft and ebtables print it."""
    network = ipaddress.ip_network(value.prefix(given))
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _address(given: Any) -> str:
    """An address, without the prefix length that it may come with."""
    text = str(given)
    alone = value.interface_address(text).partition("/")[0] if "/" in text else text
    return value.unicast(alone)
