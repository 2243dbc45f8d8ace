# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A ping that runs while something else happens."""

from __future__ import annotations

import re
import subprocess
import time
from types import TracebackType

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.entering import enter
from tests.site.site import Site

SUMMARY = re.compile(r"(\d+) packets transmitted, (\d+) received")
MOST_SECONDS = 300


class Pings:
    """100 a second from a container, until the block ends; then sent, lost and text tell."""

    def __init__(self, site: Site, host: str, netns: str, address: str) -> None:
        ping = f"exec ip netns exec {netns} ping -n -q -i 0.01 -w {MOST_SECONDS} {address}"
        self._command = [*enter(site.lab, host), "sh", "-c", f"echo $$; {ping}"]
        self._place = (site, host)
        self.sent = self.lost = 0
        self.text = ""

    def __enter__(self) -> Pings:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._pid = self._process.stdout.readline().strip()
        time.sleep(1)  # so that it runs before anything happens
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        site, host = self._place
        site.run(host, f"kill -INT {self._pid}", check=False)
        self.text, _none = self._process.communicate(timeout=30)
        found = SUMMARY.search(self.text)
        if found:
            self.sent = int(found[1])
            # The last one may still have been on its way.
            self.lost = max(0, self.sent - int(found[2]) - 1)
