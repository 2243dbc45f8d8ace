# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exact list of addresses of a link of ours.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from typing import List, Optional, Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change, Command
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Address


def plan_addresses(
    change: Change,
    device: str,
    have: Sequence[Address],
    want: Sequence[str],
    label: str,
    netns: Optional[str] = None,
) -> None:
    """Add to the change what makes the addresses of a device exactly those wanted.

    want: with prefix lengths, in the order in which they should be added: the first one of a
    subnet is its primary, from which the host speaks. label: how differences name the device.
    """

    def ip(verb: str, address: str) -> None:
        change.steps.append(
            Command(
                "ip",
                f"address {verb} {address} dev {device}",
                intent=f"{verb} {address} on {device}",
                netns=netns,
            )
        )

    stale = [address for address in have if address.text not in want]
    kept = [address for address in have if address.text in want]
    lost = _lost_with(stale, kept)
    # Secondaries first: the kernel removes them with their primary.
    for address in sorted(stale, key=lambda a: not a.secondary):
        change.differences.append(f"{label}: address {address.text} should not be there")
        ip("del", address.text)
    present = {address.text for address in kept} - set(lost)
    for text in want:
        if text not in present:
            if text not in lost:
                change.differences.append(f"{label}: address {text} missing")
            ip("replace", text)


def _lost_with(stale: Sequence[Address], kept: Sequence[Address]) -> List[str]:
    """Kept addresses that the kernel removes together with a stale primary of their subnet.

    Documentation/networking/ip-sysctl.rst, promote_secondaries.
    """
    primaries = [ipaddress.ip_interface(a.text).network for a in stale if not a.secondary]
    return [
        a.text for a in kept if a.secondary and ipaddress.ip_interface(a.text).network in primaries
    ]
