# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The serving half of tcp.py.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import selectors
import socket
import time
from dataclasses import dataclass, field

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.sockets import (
    ProbeError,
    inside,
)

SOURCE = "source"
TRANSFER = "transfer"

_CHUNK = 1 << 16


@dataclass(frozen=True)
class Service:
    """Where to listen (netns None: the host itself), and for how many clients to stay."""

    kind: str
    netns: str | None
    address: str
    port: int
    clients: int


@dataclass
class _Listener:
    service: Service
    sock: socket.socket
    waiting: int


@dataclass(eq=False)
class _Session:
    """A transfer that is coming in."""

    listener: _Listener
    sock: socket.socket
    peer: str
    size: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)


class Services:
    """All services of one exchange. What is ready is called through the selector's data.

    errors: of those that could not listen; progress: when something last moved.
    """

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self.selector = selector
        self.errors: list[str] = []
        self.progress = time.monotonic()
        self._listeners: list[_Listener] = []
        self._sessions: list[_Session] = []

    @property
    def missing(self) -> int:
        """How many expected clients have not been answered."""
        return sum(listener.waiting for listener in self._listeners)

    @property
    def done(self) -> bool:
        return not self._sessions and not self.missing

    def close(self) -> None:
        for listener in self._listeners:
            listener.sock.close()
        for session in self._sessions:
            session.sock.close()

    def listen(self, service: Service) -> None:
        family = socket.AF_INET6 if ":" in service.address else socket.AF_INET
        try:
            with inside(service.netns):
                sock = socket.socket(family, socket.SOCK_STREAM)
        except ProbeError as error:
            self.errors.append(str(error))
            return
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((service.address, service.port))
            sock.listen(128)
        except OSError as error:
            sock.close()
            self.errors.append(
                f"cannot listen on {service.address} port {service.port}: {error.strerror}"
            )
            return
        sock.setblocking(False)
        listener = _Listener(service, sock, service.clients)
        self._listeners.append(listener)
        self.selector.register(
            sock, selectors.EVENT_READ, functools.partial(self._accept, listener)
        )

    def _accept(self, listener: _Listener) -> None:
        try:
            sock, address = listener.sock.accept()
        except OSError:  # gone again before it was accepted
            return
        sock.setblocking(False)
        session = _Session(listener, sock, address[0])
        if listener.service.kind == SOURCE:
            self._answer(session, session.peer)
            return
        self._sessions.append(session)
        self.selector.register(sock, selectors.EVENT_READ, functools.partial(self._read, session))

    def _read(self, session: _Session) -> None:
        try:
            chunk = session.sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:  # the client gave up: it will come again
            self._forget(session)
            session.sock.close()
            return
        self.progress = time.monotonic()
        if chunk:
            session.size += len(chunk)
            session.digest.update(chunk)
            return
        self._forget(session)
        self._answer(session, f"{session.peer} {session.size} {session.digest.hexdigest()}")

    def _forget(self, session: _Session) -> None:
        self.selector.unregister(session.sock)
        self._sessions.remove(session)

    def _answer(self, session: _Session, line: str) -> None:
        # One short line always fits into a fresh send buffer.
        with contextlib.suppress(OSError), session.sock:
            session.sock.send(line.encode() + b"\n")
            session.listener.waiting = max(0, session.listener.waiting - 1)
            self.progress = time.monotonic()
