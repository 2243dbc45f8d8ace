# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A ping that runs while something else happens."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from types import TracebackType

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.entering import enter
from tests.site.site import Site

REPLY = re.compile(r"^\d+ bytes from .* icmp_seq=(\d+) ")
SUMMARY = re.compile(r"^(\d+) packets transmitted, ", re.M)
# At that pace no sequence number, which has 16 bits (RFC 792), comes twice.
MOST_SECONDS = 600


class Pings:
    """Up to 100 a second from a container, until the block ends; then sent, lost and text tell.

    ping's own deadline (-w) is not used: it would end at the first error of the network. If ping
    has not run until the end of the block, AssertionError is raised there.
    """

    def __init__(self, site: Site, host: str, netns: str, address: str) -> None:
        bound = f"timeout --foreground -k 5 -s INT {MOST_SECONDS}"
        ping = f"exec {bound} ip netns exec {netns} ping -n -i 0.01 {address} >&2"
        self._command = [*enter(site.lab, host), "sh", "-c", f"echo $$; {ping}"]
        self._place = (site, host)
        self.sent = self.lost = 0
        self.text = ""

    def __enter__(self) -> Pings:
        # A line for each reply is more than a pipe holds.
        self._output = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._output,
            text=True,
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
        ended = self._process.poll()
        site.run(host, f"kill -INT {self._pid}", check=False)
        self._process.communicate(timeout=30)
        with self._output as output:
            output.seek(0)
            summary = self._count(output.read())
        if kind is None:
            assert ended is None, f"ping ended too early, with {ended}: {self.text}"
            assert summary, f"ping printed no summary: {self.text}"

    def _count(self, output: str) -> bool:
        """Find what was lost: exactly, but for the last one, which may be on its way still."""
        lines = output.splitlines()
        answered = {int(found[1]) for found in map(REPLY.match, lines) if found}
        highest = max(answered, default=0)
        missing = [number for number in range(1, highest) if number not in answered]
        summary = SUMMARY.search(output)
        self.sent = int(summary[1]) if summary else 0
        self.lost = len(missing) + max(0, self.sent - highest - 1)
        others = [line for line in lines if not REPLY.match(line)]
        self.text = "\n".join([f"without a reply: {missing[:50]}", *others[-20:]])
        return summary is not None
