# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses and MACs that follow from what every host knows, so that nobody has to be asked.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

Network = ipaddress.IPv4Network

# Locally administered unicast prefixes (IEEE 802c), one for each kind of device.
CONTAINER_OR_BRIDGE = 0x0258
VXLAN_DEVICE = 0x0259
KINDS = (CONTAINER_OR_BRIDGE, VXLAN_DEVICE)


def mac_of(address: str, kind: int = CONTAINER_OR_BRIDGE) -> str:
    """The MAC of whoever has an overlay address: the prefix and the address's 32 bits."""
    number = (kind << 32) | int(ipaddress.IPv4Address(address))
    return ":".join(f"{byte:02x}" for byte in number.to_bytes(6, "big"))


def default_host_range(cidr: Network) -> Network:
    """The last sixteenth of the CIDR, or the last half of a small one."""
    length = min(cidr.prefixlen + 4, 30)
    return list(cidr.subnets(new_prefix=length))[-1]


def host_addresses(
    vteps: Mapping[str, str],
    host_range: Network,
    cidr: Network,
    taken: Iterable[ipaddress.IPv4Address],
) -> dict[str, str]:
    """Each host's own overlay address.

    It is the VTEP address modulo the range's size, so that adding and removing hosts leaves the
    others' alone as long as VTEPs differ in their low bits; the next free one where two meet.
    taken: addresses that are given to others. Raises ValueError when the range is too small.
    """
    used = {*taken, cidr.network_address, cidr.broadcast_address}
    free = host_range.num_addresses - sum(address in host_range for address in used)
    if len(vteps) > free:
        raise ValueError(f"has {free} free addresses for {len(vteps)} hosts")
    given: dict[str, str] = {}
    for number, host in sorted((int(ipaddress.ip_address(vteps[h])), h) for h in vteps):
        offset = number % host_range.num_addresses
        while host_range[offset] in used:
            offset = (offset + 1) % host_range.num_addresses
        used.add(host_range[offset])
        given[host] = str(host_range[offset])
    return given
