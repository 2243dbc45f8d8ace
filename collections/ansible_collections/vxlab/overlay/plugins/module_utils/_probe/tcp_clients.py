# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The asking half of tcp.py.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import functools
import hashlib
import os
import selectors
import socket
import time
from dataclasses import dataclass
from typing import Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.sockets import (
    ProbeError,
    inside,
)

RETRY = 0.3
# The kernel would try to connect for two minutes; a server that starts late is asked afresh.
ATTEMPT = 4.0
_CHUNK = 1 << 16
_LONGEST_LINE = 256


@dataclass(frozen=True)
class Client:
    """Who asks whom; size: bytes to transfer (0: only ask for the address)."""

    name: str
    netns: str
    address: str
    port: int
    size: int = 0


@dataclass
class Answer:
    """seen: the client's address as the service saw it; whole: whether a transfer arrived as it
    was sent; seconds: how long it took; error: what went wrong last, if it did not succeed.
    """

    seen: str | None = None
    whole: bool | None = None
    seconds: float | None = None
    error: str | None = None


@dataclass(eq=False)
class _Attempt:
    """A client's connection; unsent: what remains of its payload."""

    client: Client
    sock: socket.socket
    started: float
    unsent: memoryview
    line: bytes = b""
    half_closed: bool = False


class Clients:
    """All clients of one exchange. What is ready is called through the selector's data.

    answers: by client name; progress: when something last moved.
    """

    def __init__(self, selector: selectors.BaseSelector, clients: Sequence[Client]) -> None:
        self.selector = selector
        self.answers = {client.name: Answer() for client in clients}
        self.progress = time.monotonic()
        # (not before, client): those who have yet to connect.
        self._idle: list[tuple[float, Client]] = [(0.0, client) for client in clients]
        self._payloads = {client.name: os.urandom(client.size) for client in clients}
        self._attempts: list[_Attempt] = []

    @property
    def done(self) -> bool:
        return not self._idle and not self._attempts

    def close(self) -> None:
        """Give up what is not answered yet."""
        for attempt in list(self._attempts):
            self._again(attempt, "no answer")

    def tick(self, now: float) -> None:
        """Connect whoever is due, and give up connections that lead nowhere."""
        due = [client for when, client in self._idle if when <= now]
        self._idle = [(when, client) for when, client in self._idle if when > now]
        for client in due:
            self._connect(client, now)
        for attempt in list(self._attempts):
            # A transfer that has begun may take its time, as long as something moves.
            begun = len(attempt.unsent) < attempt.client.size
            if not begun and now > attempt.started + ATTEMPT:
                self._again(attempt, "no answer")

    def _connect(self, client: Client, now: float) -> None:
        family = socket.AF_INET6 if ":" in client.address else socket.AF_INET
        try:
            with inside(client.netns):
                sock = socket.socket(family, socket.SOCK_STREAM)
        except ProbeError as error:
            self.answers[client.name].error = str(error)
            return
        sock.setblocking(False)
        attempt = _Attempt(client, sock, now, memoryview(self._payloads[client.name]))
        self._attempts.append(attempt)
        try:
            sock.connect((client.address, client.port))
        except BlockingIOError:
            pass
        except OSError as error:
            self._again(attempt, str(error.strerror))
            return
        self.selector.register(
            sock,
            selectors.EVENT_READ | selectors.EVENT_WRITE,
            functools.partial(self._serve, attempt),
        )

    def _again(self, attempt: _Attempt, reason: str) -> None:
        client = attempt.client
        self._forget(attempt)
        self.answers[client.name].error = f"{client.address} port {client.port}: {reason}"
        self._idle.append((time.monotonic() + RETRY, client))

    def _forget(self, attempt: _Attempt) -> None:
        self._attempts.remove(attempt)
        if attempt.sock in self.selector.get_map():
            self.selector.unregister(attempt.sock)
        attempt.sock.close()

    def _serve(self, attempt: _Attempt) -> None:
        code = attempt.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._again(attempt, os.strerror(code))
            return
        try:
            if not attempt.half_closed:
                self._send(attempt)
            self._read(attempt)
        except BlockingIOError:
            return
        except OSError as error:
            self._again(attempt, str(error.strerror))

    def _send(self, attempt: _Attempt) -> None:
        while attempt.unsent:
            sent = attempt.sock.send(attempt.unsent[:_CHUNK])
            attempt.unsent = attempt.unsent[sent:]
            self.progress = time.monotonic()
        attempt.sock.shutdown(socket.SHUT_WR)
        attempt.half_closed = True
        self.selector.modify(
            attempt.sock, selectors.EVENT_READ, functools.partial(self._serve, attempt)
        )

    def _read(self, attempt: _Attempt) -> None:
        chunk = attempt.sock.recv(_LONGEST_LINE)
        attempt.line += chunk
        if chunk and b"\n" not in chunk and len(attempt.line) < _LONGEST_LINE:
            return
        words = attempt.line.decode("ascii", "replace").split()
        if not words:
            self._again(attempt, "closed without an answer")
            return
        self._finish(attempt, words)

    def _finish(self, attempt: _Attempt, words: list[str]) -> None:
        client, answer = attempt.client, self.answers[attempt.client.name]
        answer.seen = words[0]
        answer.error = None
        answer.seconds = round(time.monotonic() - attempt.started, 3)
        if client.size:
            digest = hashlib.sha256(self._payloads[client.name]).hexdigest()
            answer.whole = words[1:] == [str(client.size), digest]
        self.progress = time.monotonic()
        self._forget(attempt)
