# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks 5 and 7: TCP between hosts, each of which serves and asks at the same time.

A service answers each connection with one line that starts with the client's address as it saw
it, which is what the lab's outside server does too:
  source:    "<address>" at once;
  transfer:  "<address> <bytes> <sha256>" after it has read everything.
Clients try again until their service is there, so it does not matter which host starts first.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import contextlib
import selectors
import time
from dataclasses import dataclass
from typing import Sequence

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.tcp_clients import (
    Answer,
    Client,
    Clients,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.tcp_services import (
    Service,
    Services,
)


@dataclass
class Exchange:
    """answers by client name; errors: of the services that could not listen; missing: how many
    expected clients never came.
    """

    answers: dict[str, Answer]
    errors: list[str]
    missing: int


def exchange(services: Sequence[Service], clients: Sequence[Client], timeout: float) -> Exchange:
    """Serve and ask until all is done, or nothing has moved for timeout seconds."""
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        serving, asking = Services(selector), Clients(selector, clients)
        stack.callback(serving.close)
        stack.callback(asking.close)
        for service in services:
            serving.listen(service)
        while not (serving.done and asking.done):
            now = time.monotonic()
            if now > max(serving.progress, asking.progress) + timeout:
                break
            asking.tick(now)
            for key, _events in selector.select(0.1):
                key.data()
    return Exchange(asking.answers, serving.errors, serving.missing)
