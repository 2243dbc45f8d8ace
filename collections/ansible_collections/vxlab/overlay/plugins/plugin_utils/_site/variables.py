# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of a site: their defaults, and what each of them must be.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import NAME

MODES = ("multicast", "point_to_point", "unicast", "static", "evpn")
# Reserved: RFC 7607 (0), RFC 6793 (AS_TRANS), RFC 7300 (the last ones).
RESERVED_AS_NUMBERS = (23456, 65535, 4294967295)

DEFAULT_AS_NUMBER = 64512
# Bytes that every IPv4 host must be able to receive (RFC 1122, section 3.3.2).
LEAST_MTU = 576


def _mode(given: Any) -> str:
    if given not in MODES:
        raise ValueError(f"must be {', '.join(MODES[:-1])} or {MODES[-1]}")
    return str(given)


def _overlay_name(given: Any) -> str:
    if not NAME.match(str(given)):
        raise ValueError(
            "must start with a letter and have at most 24 letters, digits and underscores"
        )
    return str(given)


def _cidr(given: Any) -> str:
    text = value.ipv4_prefix(given)
    length = ipaddress.ip_network(text).prefixlen
    if not 8 <= length <= 29:
        raise ValueError(
            "must be an IPv4 prefix of /8 to /29 without host bits, such as 10.233.0.0/16"
        )
    return text


def _as_number(given: Any) -> int:
    """RFC 6793; private ones are 64512 to 65534 and 4200000000 to 4294967294 (RFC 6996)."""
    number: int = value.integer(given, 1, 2**32 - 1)
    if number in RESERVED_AS_NUMBERS:
        raise ValueError(f"is reserved: it must be another AS number, such as {DEFAULT_AS_NUMBER}")
    return number


def _host_names(given: Any) -> tuple[str, ...]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise ValueError("must be a list of hosts, such as [ubuntu1, ubuntu2]")
    return tuple(dict.fromkeys(names))


def _overlay_mtu(given: Any) -> int:
    return value.integer(given, LEAST_MTU, 65535)


@dataclass(frozen=True)
class Variable:
    """default: None where there is none; check: returns the value or raises ValueError.

    shared: every host of the overlay must have the same value.
    """

    name: str
    default: Any
    check: Callable[[Any], Any]
    shared: bool = True


VARIABLES = (
    Variable("overlay_name", "overlay", _overlay_name),
    Variable("overlay_mode", "multicast", _mode),
    Variable("overlay_vni", 42, value.vni),
    Variable("overlay_port", 4789, value.udp_port),
    Variable("overlay_group", "239.1.1.1", value.multicast_group),
    Variable("overlay_cidr", "10.233.0.0/16", _cidr),
    Variable("overlay_gateway", None, value.ipv4),
    Variable("overlay_host_range", None, value.ipv4_prefix),
    Variable("overlay_mtu", None, _overlay_mtu),
    Variable("overlay_vxlan_dev", "vxlan0", value.device_name),
    Variable("overlay_bridge", "br0", value.device_name),
    Variable("overlay_nat", True, value.boolean),
    Variable("overlay_peer_filter", True, value.boolean),
    Variable("overlay_anti_spoof", True, value.boolean),
    Variable("overlay_asn", DEFAULT_AS_NUMBER, _as_number),
    Variable("overlay_route_reflectors", None, _host_names),
    Variable("overlay_persist", True, value.boolean, shared=False),
    Variable("overlay_underlay_dev", None, value.device_name, shared=False),
    Variable("overlay_vtep_address", None, value.unicast, shared=False),
    Variable("overlay_host_address", None, value.ipv4, shared=False),
    Variable("overlay_containers", None, lambda given: given, shared=False),
)

CONTAINER_KEYS = (
    "name", "address", "mac", "mtu", "netns", "owned", "veth", "interface", "routes", "routes_for",
)  # fmt: skip


def similar_key(key: str) -> str:
    """The key of a container that somebody may have meant; empty if none is near."""
    return next(iter(difflib.get_close_matches(key, CONTAINER_KEYS, n=1)), "")
