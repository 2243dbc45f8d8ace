# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exact list of addresses of a link of ours.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from typing import Any, List, Optional, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change, Command
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Address


def plan_addresses(
    change: Change,
    device: str,
    have: Sequence[Address],
    want: Sequence[str],
    label: str,
    netns: Optional[str] = None,
) -> bool:
    """Add to the change what makes the addresses of a device exactly those wanted.

    want: with prefix lengths, in the order in which they should be added: the first one of a
    subnet is its primary, from which the host speaks. label: how differences name the device.
    Returns whether any address is removed, and with it routes by a next hop in its subnet.
    """

    def ip(verb: str, address: str) -> None:
        intent = f"{verb} {address} on {device}"
        line = f"address {verb} {address} dev {device}"
        change.steps.append(Command("ip", line, intent, netns=netns))

    displaced = _displaced(have, want)
    stale = [address for address in have if address.text not in want or address in displaced]
    # Secondaries first: the kernel removes them with their primary, or makes one of them the
    # primary (Documentation/networking/ip-sysctl.rst, promote_secondaries).
    for address in sorted(stale, key=lambda a: not a.secondary):
        if address.text not in want:
            change.differences.append(f"{label}: address {address.text} should not be there")
        elif not address.secondary:
            change.differences.append(
                f"{label}: address {address.text} should not be the first of its subnet"
            )
        ip("del", address.text)
    present = {address.text for address in have}
    for text in want:
        if text not in present:
            change.differences.append(f"{label}: address {text} missing")
        if text not in present or text in [address.text for address in displaced]:
            ip("replace", text)
    return bool(stale)


def _displaced(have: Sequence[Address], want: Sequence[str]) -> List[Address]:
    """Wanted IPv4 addresses of subnets whose primary is not the one that is wanted first."""
    first = {_network(text): text for text in reversed(want)}
    primary = {_network(a.text): a.text for a in have if not a.secondary}
    return [
        a
        for a in have
        if a.text in want
        and ":" not in a.text
        and primary.get(_network(a.text)) != first[_network(a.text)]
    ]


def _network(address: str) -> Any:
    return ipaddress.ip_interface(address).network
