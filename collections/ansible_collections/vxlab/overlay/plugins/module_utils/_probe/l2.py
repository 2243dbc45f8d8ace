# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sockets and the clock for a meeting (rendezvous.py) on one host.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import selectors
import socket
import time
from dataclasses import dataclass

from ansible_collections.vxlab.overlay.plugins.module_utils._probe import bpf
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.rendezvous import (
    BEACON_ADDRESS,
    Meeting,
    Outgoing,
    probe_address,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.sockets import (
    PACKET_OUTGOING,
    ProbeError,
    packet_socket,
)

_BATCH = 256


@dataclass
class Met:
    """What came of a meeting: errors by channel, and how long it took in seconds."""

    errors: dict[str, str]
    seconds: float


def meet(meeting: Meeting, devices: dict[str, str], timeout: float) -> Met:
    """Take part in a meeting until it is over, or nothing new has come for timeout seconds.

    devices: channel -> the device it runs on. A device that is missing or down is an error in the
    result, not an exception: the other channel goes on.
    """
    started = time.monotonic()
    meeting.progress = started
    program = bpf.arp_or_icmp_for(beacon=BEACON_ADDRESS, own=probe_address(meeting.number))
    sockets: dict[str, socket.socket] = {}
    errors: dict[str, str] = {}
    try:
        for channel, device in devices.items():
            try:
                sockets[channel] = packet_socket(device, program)
            except ProbeError as error:
                errors[channel] = str(error)
        if sockets:
            _loop(meeting, sockets, errors, timeout)
    finally:
        for sock in sockets.values():
            sock.close()
    return Met(errors, time.monotonic() - started)


def _loop(
    meeting: Meeting, sockets: dict[str, socket.socket], errors: dict[str, str], timeout: float
) -> None:
    with selectors.DefaultSelector() as selector:
        for channel, sock in sockets.items():
            selector.register(sock, selectors.EVENT_READ, channel)
        # Each step that counts as progress happens once a peer: the loop is bounded.
        while not meeting.over:
            now = time.monotonic()
            if now > meeting.progress + timeout:
                return
            _send(sockets, meeting.tick(now), errors)
            for key, _events in selector.select(max(0.0, meeting.next_event() - now)):
                for frame in _arrived(sockets[key.data]):
                    answers = meeting.receive(key.data, frame, time.monotonic())
                    _send(sockets, answers, errors)


def _arrived(sock: socket.socket) -> list[bytes]:
    frames: list[bytes] = []
    try:
        while len(frames) < _BATCH:
            frame, address = sock.recvfrom(2048)
            if address[2] != PACKET_OUTGOING:
                frames.append(frame)
    except OSError:  # nothing more, or the device went down: sending will say so
        pass
    return frames


def _send(
    sockets: dict[str, socket.socket], outgoing: list[Outgoing], errors: dict[str, str]
) -> None:
    for channel, frame in outgoing:
        if channel not in sockets:
            continue
        try:
            sockets[channel].send(frame)
            errors.pop(channel, None)
        except OSError as error:
            device = sockets[channel].getsockname()[0]
            errors[channel] = f"cannot send on {device}: {error.strerror}"
