# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BGP EVPN with route reflectors, on as many hosts as two cores carry."""

from __future__ import annotations

from tests.site import modes
from tests.site.modes import Case
from tests.site.pings import Pings

HOSTS = 20
REFLECTORS = ["ubuntu1", "ubuntu2"]
LATE = f"ubuntu{HOSTS}"
# watchfrr would start bgpd again.
KILL = "kill -KILL $(cat /run/frr/watchfrr.pid) $(cat /run/frr/bgpd.pid)"


def test_a_site_goes_on_with_one_of_two_reflectors(lab_of: modes.MakeSite) -> None:
    site = lab_of(Case("evpn", hosts=HOSTS, routed=True))
    site.variables |= {"overlay_route_reflectors": REFLECTORS, "overlay_evpn_timeout": 30}
    late = site.hosts.pop(LATE)
    site.play("site.yml", timeout=600)
    assert set(site.play("site.yml", timeout=600).changed.values()) == {0}
    site.play("playbooks/verify.yml", timeout=900)
    with Pings(site, "ubuntu3", "ns1", "10.233.0.5") as pings:
        site.run("ubuntu1", KILL)
        site.hosts[LATE] = late
        others = ",".join(host for host in site.hosts if host != "ubuntu1")
        run = site.play("site.yml", "--limit", others, timeout=600, fails=True)
    assert pings.sent > 1000, "the pings ended too early to tell"
    assert pings.lost == 0, pings.text
    # All is built; what fails is the last task, which awaits the session with the dead one.
    failed = {result["task"] for result in run.results if result.get("failed")}
    assert failed == {"vxlab.overlay.evpn : Await the BGP sessions and the remote VTEPs"}
    assert "ubuntu1" in run.errors
    site.play("playbooks/verify.yml", "--limit", others, "--tags", "reach", timeout=900)
    site.play("site.yml", timeout=600)
    assert site.run("ubuntu1", "pidof bgpd")
