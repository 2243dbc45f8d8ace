# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BGP EVPN with route reflectors, on as many hosts as two cores carry."""

from __future__ import annotations

from tests.site import modes
from tests.site.modes import Case

HOSTS = 20
REFLECTORS = ["ubuntu1", "ubuntu2"]


def test_twenty_hosts_converge_on_two_reflectors(lab_of: modes.MakeSite) -> None:
    site = lab_of(Case("evpn", hosts=HOSTS, routed=True))
    site.variables["overlay_route_reflectors"] = REFLECTORS
    site.play("site.yml", timeout=600)
    assert set(site.play("site.yml", timeout=600).changed.values()) == {0}
    site.play("playbooks/verify.yml", timeout=900)
