# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check 6: who answers an ARP request for the gateway, asked from every container at once.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from dataclasses import dataclass, field
from typing import Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._probe import bpf
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.packets import (
    ARP_REQUEST,
    NO_MAC,
    Arp,
    arp_frame,
    mac_text,
    parse_arp,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.sockets import (
    ProbeError,
    inside,
    neighbour_mac,
    packet_socket,
)

# An ARP probe (RFC 5227, section 2.1.1) has no sender address, so that whoever is asked answers
# without making a neighbour entry.
UNSPECIFIED = "0.0.0.0"


@dataclass
class Asker:
    """A container; netns is a name or a path."""

    name: str
    netns: str
    interface: str
    gateway: str


@dataclass
class Answers:
    """macs: all who answered, in order of arrival; neighbour: the MAC in the container's own
    neighbour entry for the gateway before it was asked; error: why it could not be asked.
    """

    macs: list[str] = field(default_factory=list)
    neighbour: str | None = None
    error: str | None = None


def who_has_gateway(askers: Sequence[Asker], window: float, tries: int) -> dict[str, Answers]:
    """Ask from every container for its gateway, and collect all answers for window seconds.

    A container that nobody answered is asked again, up to tries times: a lost packet is no
    finding. The neighbour entry is read first, since the answers would refresh it.
    """
    answers = {asker.name: Answers() for asker in askers}
    with contextlib.ExitStack() as stack:
        sockets: dict[str, socket.socket] = {}
        for asker in askers:
            try:
                with inside(asker.netns):
                    answers[asker.name].neighbour = neighbour_mac(asker.interface, asker.gateway)
                    sock = packet_socket(asker.interface, bpf.arp_replies_from(asker.gateway))
                sockets[asker.name] = stack.enter_context(sock)
            except ProbeError as error:
                answers[asker.name].error = str(error)
        for _attempt in range(tries):
            silent = [a for a in askers if a.name in sockets and not answers[a.name].macs]
            if not silent:
                break
            _ask(silent, sockets, answers)
            _listen(sockets, answers, window)
    return answers


def _ask(
    askers: Sequence[Asker], sockets: dict[str, socket.socket], answers: dict[str, Answers]
) -> None:
    for asker in askers:
        sock = sockets[asker.name]
        mac = mac_text(sock.getsockname()[4])
        try:
            sock.send(arp_frame(Arp(ARP_REQUEST, mac, UNSPECIFIED, NO_MAC, asker.gateway)))
            answers[asker.name].error = None
        except OSError as error:
            answers[asker.name].error = f"cannot send from {asker.interface}: {error.strerror}"


def _listen(sockets: dict[str, socket.socket], answers: dict[str, Answers], window: float) -> None:
    deadline = time.monotonic() + window
    with selectors.DefaultSelector() as selector:
        for name, sock in sockets.items():
            selector.register(sock, selectors.EVENT_READ, name)
        while True:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return
            for key, _events in selector.select(remaining):
                _take(sockets[key.data], answers[key.data].macs)


def _take(sock: socket.socket, macs: list[str]) -> None:
    try:
        arp = parse_arp(sock.recv(2048))
    except OSError:  # the device went down while it listened
        return
    if arp is not None and arp.sender_mac not in macs:
        macs.append(arp.sender_mac)
