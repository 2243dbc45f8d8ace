# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check 5: the largest packet passes unfragmented, and one byte more does not leave the sender.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from typing import Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.ping import (
    Ping,
    Pong,
    ping_all,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.sockets import (
    ProbeError,
    device_mtu,
    inside,
)

TOO_LONG = "message too long"


@dataclass(frozen=True)
class Sender:
    """A container, the MTU that its interface should have, and whom it sends to (names)."""

    name: str
    netns: str
    interface: str
    mtu: int
    targets: Sequence[str]


@dataclass
class Fit:
    """mtu: what the interface has (None: unreadable, see error). By target: largest, the
    round-trip time in ms of a packet of the wanted MTU or the error; one_more, what became of a
    packet of one byte more ("message too long", as it should; "passed"; another error).
    """

    mtu: int | None = None
    error: str | None = None
    largest: dict[str, object] = field(default_factory=dict)
    one_more: dict[str, str] = field(default_factory=dict)


def fit_all(
    senders: Sequence[Sender], addresses: dict[str, str], tries: int, wait: float
) -> dict[str, Fit]:
    """Send both sizes from every sender to its targets; addresses: target name -> IPv4 address."""
    fits = {sender.name: _interface(sender) for sender in senders}
    pairs = [
        (sender, target)
        for sender in senders
        if fits[sender.name].error is None
        for target in sender.targets
    ]
    pings = [_full(sender, addresses[target], 0) for sender, target in pairs]
    pings += [_full(sender, addresses[target], 1) for sender, target in pairs]
    pongs = ping_all(pings, tries, wait)
    for (sender, target), largest, one_more in zip(pairs, pongs, pongs[len(pairs) :]):
        fits[sender.name].largest[target] = milliseconds(largest)
        fits[sender.name].one_more[target] = _refusal(one_more)
    return fits


def milliseconds(pong: Pong) -> object:
    """A pong as a result: the round-trip time in ms, or the error as text."""
    return pong.error if pong.seconds is None else round(pong.seconds * 1000, 3)


def _interface(sender: Sender) -> Fit:
    try:
        with inside(sender.netns):
            return Fit(mtu=device_mtu(sender.interface))
    except ProbeError as error:
        return Fit(error=str(error))


def _full(sender: Sender, address: str, extra: int) -> Ping:
    return Ping(sender.netns, address, size=sender.mtu + extra, dont_fragment=True)


def _refusal(pong: Pong) -> str:
    if pong.seconds is not None:
        return "passed"
    if pong.code == errno.EMSGSIZE:
        return TOO_LONG
    return pong.error or "no reply"
