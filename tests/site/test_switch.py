# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running site moves from any mode to any other."""

from __future__ import annotations

import re

import pytest

from tests.site import modes
from tests.site.modes import Case
from tests.site.site import Site

GROUP = "239.1.1.1"
FLOOD = re.compile("^00:00:00:00:00:00 .*?dst (\\S+) ", re.M)
LEFT = "bridge fdb show dev vxlan0; ip neigh show dev br0 nud permanent; ip -d link show vxlan0"


@pytest.fixture(name="site", scope="module")
def _site(lab_of: modes.MakeSite) -> Site:
    """Two hosts, since point_to_point joins no more, on an underlay that carries multicast."""
    site = lab_of(Case("multicast", hosts=2, multicast=True))
    site.variables["overlay_bgp_password"] = modes.PASSWORD
    site.play("site.yml")
    return site


@pytest.mark.parametrize(("old", "new"), modes.walk(), ids=lambda mode: mode)
def test_switch(site: Site, old: str, new: str) -> None:
    if site.variables["overlay_mode"] != old:  # the test before this one failed
        modes.switch(site, old)
    indexes = {host: site.index(host, "eth0", "ns1") for host in site.hosts}
    if old == "unicast":  # as for a host that leaves in the same run
        site.run("ubuntu1", f"bridge fdb append {modes.ZERO} dev vxlan0 dst 172.16.1.99")
    modes.switch(site, new)
    assert set(site.play("site.yml").changed.values()) == {0}  # so the state is as planned
    site.play("playbooks/verify.yml", "--skip-tags", "state")
    assert {host: site.index(host, "eth0", "ns1") for host in site.hosts} == indexes
    for host in site.hosts:
        _has_nothing_of_another_mode(site, host, new)


def _has_nothing_of_another_mode(site: Site, host: str, mode: str) -> None:
    left = site.run(host, LEFT)
    others = [peer["ansible_host"] for name, peer in site.hosts.items() if name != host]
    # point_to_point: the device's own remote, which the kernel lists as it does a group.
    assert FLOOD.findall(left) == {"multicast": [GROUP], "static": []}.get(mode, others)
    assert (GROUP in left) == (mode == "multicast")
    assert (f"remote {others[0]}" in left) == (mode == "point_to_point")
    assert ("extern_learn" in left) == (mode == "evpn")
    assert (f"{others[0]} self static" in left) == (mode == "static")
    assert ("PERMANENT" in left) == (mode == "static")
    running = site.run(host, "cat /run/frr/bgpd.pid 2> /dev/null", check=False)
    assert bool(running) == (mode == "evpn")
