# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many packets a running site loses when its mode changes, for each pair of modes.

Two hosts, a ping from container to container at up to 100 a second, and one run of site.yml.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path

from bench.report import document, save, table
from tests.site import modes
from tests.site.modes import ALL, Case
from tests.site.pings import Pings
from tests.site.site import Site

ROUNDS = int(os.environ.get("ROUNDS", "1"))


def measure(site: Site) -> dict[tuple[str, str], list[int]]:
    """Packets lost, by the old mode and the new one, a number for each round."""
    lost: dict[tuple[str, str], list[int]] = {}
    modes.switch(site, ALL[0])
    for _round in range(ROUNDS):
        for old, new in modes.walk():
            with Pings(site, "ubuntu1", "ns1", "10.233.0.3") as pings:
                modes.switch(site, new)
            lost.setdefault((old, new), []).append(pings.lost)
            print(f"{old} to {new}: {pings.lost} of {pings.sent} lost", flush=True)
    return lost


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        case = Case("multicast", hosts=2, multicast=True)
        site = modes.make_site(f"bench{os.getpid()}", Path(folder), case)
        try:
            site.variables["overlay_bgp_password"] = modes.PASSWORD
            lost = measure(site)
        finally:
            site.play("playbooks/lab_down.yml")
    rows = [["from \\ to", *ALL]]
    for old in ALL:
        cells = [lost.get((old, new)) for new in ALL]
        rows.append([old, *(str(round(statistics.median(c))) if c else "-" for c in cells)])
    save("switch", {f"{old} to {new}": counts for (old, new), counts in lost.items()})
    document("guide_modes.rst", "switch", table(rows))
    print(table(rows))


if __name__ == "__main__":
    main()
