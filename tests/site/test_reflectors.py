# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BGP EVPN with route reflectors, on as many hosts as two cores carry."""

from __future__ import annotations

from tests.site import modes
from tests.site.modes import Case

HOSTS = 20
REFLECTORS = ["ubuntu1", "ubuntu2"]


def test_site_goes_on_when_one_of_two_reflectors_is_gone(lab_of: modes.MakeSite) -> None:
    site = lab_of(Case("evpn", hosts=HOSTS, routed=True))
    site.variables["overlay_route_reflectors"] = REFLECTORS
    late = site.hosts.pop(f"ubuntu{HOSTS}")
    site.play("site.yml", timeout=600)
    assert set(site.play("site.yml", timeout=600).changed.values()) == {0}
    site.play("playbooks/verify.yml", timeout=900)
    site.run("ubuntu1", "kill -KILL $(cat /run/frr/watchfrr.pid) $(cat /run/frr/bgpd.pid)")
    site.hosts[f"ubuntu{HOSTS}"] = late
    others = ",".join(name for name in site.hosts if name != "ubuntu1")
    run = site.play("site.yml", "--limit", f"ubuntu{HOSTS}", timeout=600, fails=True)
    assert "ubuntu1" in run.errors, "the session that is missing is named"
    site.play("playbooks/verify.yml", "--limit", others, "--tags", "reach", timeout=900)
    site.play("site.yml", timeout=600)
    site.play("playbooks/verify.yml", "--tags", "state,reach", timeout=900)
