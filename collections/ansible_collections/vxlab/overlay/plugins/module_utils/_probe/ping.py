# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pings from many namespaces to many addresses, in one loop.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import contextlib
import errno
import heapq
import os
import random
import selectors
import socket
import struct
import time
from dataclasses import dataclass
from typing import Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.packets import (
    ICMP_ECHO,
    ICMP_HEADER,
    IP_HEADER,
    icmp_echo,
    parse_echo,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.sockets import (
    ProbeError,
    icmp_socket,
    inside,
    queued_errors,
)

# Each new neighbour takes an entry of the kernel's table, for all namespaces together 1024 by
# default, and none is freed that changed in the last 5 seconds (arp(7), gc_thresh3). A part of it
# at once and then so many a second leave the rest to the host's real traffic.
BURST = 300
PER_SECOND = 50.0

# Sent before the loop looks for replies again: a reply that waits for us looks slow.
_BATCH = 4

# Where the table is full all the same (hosts that are namespaces of one machine share it), its
# turnover sets the pace. Lost packets say nothing then: it is the time that is bounded, not tries.
_CROWDED_PAUSE = 2.0
_CROWDED_SECONDS = 150.0

_LABEL = struct.Struct("!8sIQ")
SMALLEST = IP_HEADER + ICMP_HEADER + _LABEL.size


@dataclass(frozen=True)
class Ping:
    """One pair: from a namespace (None: the host itself) to an address.

    size: the length of the whole IP packet in bytes (0: as small as can be);
    dont_fragment: as in ping -M do.
    """

    netns: str | None
    address: str
    size: int = 0
    dont_fragment: bool = False


@dataclass
class Pong:
    """seconds: the round-trip time, or None if no reply came; error: what the kernel said."""

    seconds: float | None = None
    error: str | None = None
    code: int = 0


def ping_all(
    pings: Sequence[Ping],
    tries: int = 3,
    wait: float = 1.0,
    burst: int = BURST,
    per_second: float = PER_SECOND,
) -> list[Pong]:
    """Ping every pair, each up to tries times with wait seconds between; answers in order.

    The first burst pairs start at once, the others at per_second. A pair that the sender's kernel
    refuses (no route, too long) is not tried again, except for a full neighbour table. An unusable
    namespace is that pair's error.
    """
    return _Run(pings, tries, wait, burst, per_second).run()


class _Run:
    def __init__(
        self, pings: Sequence[Ping], tries: int, wait: float, burst: int, per_second: float
    ) -> None:
        self.pings = pings
        self.tries = tries
        self.wait = wait
        self.burst = burst
        self.per_second = per_second
        self.token = os.urandom(8)
        self.pongs = [Pong() for _ping in pings]
        self.sent = [0] * len(pings)
        self.open = set(range(len(pings)))
        # A heap of (not before, index).
        self.due: list[tuple[float, int]] = []
        self.crowded_since: float | None = None
        self.sockets: dict[tuple[str | None, bool], socket.socket] = {}

    def run(self) -> list[Pong]:
        with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
            self._open_sockets(stack, selector)
            start = time.monotonic()
            for place, index in enumerate(sorted(self.open)):
                late = max(0, place - self.burst) / self.per_second
                self.due.append((start + late, index))  # in order, so a heap already
            while self.open:
                pause = self._send_due()
                for key, _events in selector.select(pause):
                    self._receive(key.data)
        return self.pongs

    def _open_sockets(self, stack: contextlib.ExitStack, selector: selectors.BaseSelector) -> None:
        broken: dict[str | None, str] = {}
        for index, ping in enumerate(self.pings):
            key = (ping.netns, ping.dont_fragment)
            if key not in self.sockets and ping.netns not in broken:
                try:
                    with inside(ping.netns):
                        sock = stack.enter_context(icmp_socket(ping.dont_fragment))
                    self.sockets[key] = sock
                    selector.register(sock, selectors.EVENT_READ, sock)
                except ProbeError as error:
                    broken[ping.netns] = str(error)
            if ping.netns in broken:
                self._close(index, broken[ping.netns])

    def _close(self, index: int, error: str | None, code: int = 0) -> None:
        self.open.discard(index)
        self.pongs[index].error = error
        self.pongs[index].code = code

    def _send_due(self) -> float:
        """Send what is due, a batch at the most; returns how long select may sleep."""
        now = time.monotonic()
        for _step in range(_BATCH):
            if not self.due or self.due[0][0] > now:
                break
            _time, index = heapq.heappop(self.due)
            if index in self.open:
                self._send(index, now)
        if not self.due:
            return 0.0
        return min(max(0.0, self.due[0][0] - time.monotonic()), 0.5)

    def _send(self, index: int, now: float) -> None:
        if self.sent[index] >= self.tries and not self._crowded(now):
            self._close(index, self.pongs[index].error or "no reply")
            return
        ping = self.pings[index]
        label = _LABEL.pack(self.token, index, time.monotonic_ns())
        filling = bytes(max(0, ping.size - SMALLEST))
        packet = icmp_echo(ICMP_ECHO, index & 0xFFFF, self.sent[index] + 1, label + filling)
        sock = self.sockets[(ping.netns, ping.dont_fragment)]
        try:
            self._send_packet(sock, packet, ping.address)
        except OSError as error:
            self._refused(index, error, now)
            return
        self.sent[index] += 1
        heapq.heappush(self.due, (now + self._pause(now), index))

    def _send_packet(self, sock: socket.socket, packet: bytes, address: str) -> None:
        try:
            sock.sendto(packet, (address, 0))
        except OSError:
            # With IP_RECVERR a send can fail with an earlier packet's error: once more then.
            self._take_errors(sock)
            sock.sendto(packet, (address, 0))

    def _crowded(self, now: float) -> bool:
        """Whether the neighbour table was full not too long ago."""
        return self.crowded_since is not None and now < self.crowded_since + _CROWDED_SECONDS

    def _pause(self, now: float) -> float:
        """Until the next try; in a crowd neither all at once nor in step with the other hosts."""
        if not self._crowded(now):
            return self.wait
        return max(self.wait, _CROWDED_PAUSE) * (1 + 2 * random.random())

    def _refused(self, index: int, error: OSError, now: float) -> None:
        reason = f"cannot send: {error.strerror}"
        if error.errno in (errno.ENOBUFS, errno.EAGAIN):
            reason += " (the neighbour table is full: see gc_thresh3 in arp(7))"
            if self.crowded_since is None:
                self.crowded_since = now
            if self._crowded(now):
                heapq.heappush(self.due, (now + self._pause(now), index))
                return
        self._close(index, reason, error.errno or 0)

    def _receive(self, sock: socket.socket) -> None:
        while True:
            try:
                packet = sock.recv(65535)
            except BlockingIOError:
                break
            except OSError:  # an earlier packet's error: the queue has the particulars
                continue
            self._take_reply(packet)
        self._take_errors(sock)

    def _take_reply(self, packet: bytes) -> None:
        echo = parse_echo(packet)
        if echo is None or len(echo.payload) < _LABEL.size:
            return
        token, index, when = _LABEL.unpack_from(echo.payload)
        if token != self.token or index not in self.open:
            return
        if echo.source_ip != self.pings[index].address:
            return
        self.pongs[index].seconds = (time.monotonic_ns() - when) / 1e9
        self._close(index, None)

    def _take_errors(self, sock: socket.socket) -> None:
        for code, packet in queued_errors(sock):
            at = packet.find(self.token)
            if at < 0 or len(packet) < at + _LABEL.size:
                continue
            index = _LABEL.unpack_from(packet, at)[1]
            if index in self.open:
                self.pongs[index].error = f"no reply: {os.strerror(code)}"
