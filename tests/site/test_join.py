# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host joins a running site and leaves it again: the others' traffic goes on."""

from __future__ import annotations

import pytest

from tests.site import modes
from tests.site.modes import Case
from tests.site.pings import Pings
from tests.site.site import Site

MODES = ("unicast", "static", "evpn")


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_lost_when_a_host_joins_and_leaves(mode: str, lab_of: modes.MakeSite) -> None:
    site = lab_of(Case(mode, hosts=4, routed=True))
    late = site.hosts.pop("ubuntu4")
    site.play("site.yml")
    with Pings(site, "ubuntu1", "ns1", "10.233.0.3") as pings:
        site.hosts["ubuntu4"] = late
        site.play("site.yml")
        site.run("ubuntu4", "ip netns exec ns1 ping -c 3 -W 5 10.233.0.2")
        assert all(_knows(site, host, "ubuntu4") for host in ("ubuntu1", "ubuntu2", "ubuntu3"))
        site.play("playbooks/teardown.yml", "--limit", "ubuntu4")
        gone = site.hosts.pop("ubuntu4")
        site.play("site.yml")
    assert pings.sent > 500, "the pings ended too early to tell"
    assert pings.lost == 0, pings.text
    site.play("playbooks/verify.yml", "--tags", "state,reach")
    site.hosts["ubuntu4"] = gone
    assert not any(_knows(site, host, "ubuntu4") for host in ("ubuntu1", "ubuntu2", "ubuntu3"))


def _knows(site: Site, host: str, other: str) -> bool:
    """Whether a host has any entry that leads to another one, but for learned ones, which age."""
    entries = site.run(host, "bridge fdb show dev vxlan0").splitlines()
    kept = [line for line in entries if "permanent" in line or "static" in line or "extern" in line]
    return any(f"dst {site.hosts[other]['ansible_host']} " in line for line in kept)
