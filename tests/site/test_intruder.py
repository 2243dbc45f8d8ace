# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody on the underlay who knows the VNI and the group, and is no host of the overlay."""

from __future__ import annotations

import re
import subprocess

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.entering import enter
from tests.site import modes
from tests.site.modes import Case
from tests.site.site import Site

INTRUDER = "ubuntu4"
# A device like that of the overlay, with an address in its network, and frames from a MAC that is
# nobody's: to all, as the gateway, and to ubuntu1's container.
INTRUDE = """
ip link add vxlan0 type vxlan id 42 dstport 4789 local 172.16.1.14 dev eth1 group 239.1.1.1
bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 172.16.1.11
ip link set vxlan0 address 02:66:66:66:66:66 up
ip address add 10.233.66.66/16 dev vxlan0
"""
SPEAK = """
arping -q -c 3 -w 3 -U -S 10.233.0.1 -I vxlan0 10.233.0.1
arping -q -c 2 -w 2 -I vxlan0 10.233.0.2
ip neigh replace 10.233.0.2 lladdr 02:58:0a:e9:00:02 dev vxlan0
ping -q -c 2 -W 1 10.233.0.2
true
"""


@pytest.fixture(name="site", scope="module")
def _site(lab_of: modes.MakeSite) -> Site:
    """Three hosts, and a fourth on their underlay that is not in the inventory."""
    site = lab_of(Case("multicast", hosts=4, multicast=True))
    del site.hosts[INTRUDER]
    site.play("site.yml")
    site.run(INTRUDER, INTRUDE)
    return site


def heard(site: Site) -> str:
    """What comes into ubuntu1's bridge and container from the intruder's MAC while it speaks."""
    captures = [
        _capture(site, "tcpdump -lnne -i br0 ether host 02:66:66:66:66:66"),
        _capture(site, "ip netns exec ns1 tcpdump -lnne -i eth0 ether host 02:66:66:66:66:66"),
    ]
    site.run(INTRUDER, SPEAK)
    site.run("ubuntu1", "kill -INT $(pidof tcpdump)")
    return "".join(capture.communicate(timeout=20)[0] for capture in captures)


def _capture(site: Site, command: str) -> subprocess.Popen[str]:
    capture = subprocess.Popen(
        [*enter(site.lab, "ubuntu1"), "sh", "-c", f"exec timeout 60 {command} 2>&1"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert capture.stdout is not None
    while "listening" not in capture.stdout.readline():
        pass
    return capture


def dropped(site: Site) -> int:
    listed = site.run("ubuntu1", "nft list chain inet vxlab_overlay input")
    return sum(map(int, re.findall(r"packets (\d+)", listed)))


def test_an_intruder_is_not_heard_and_counted(site: Site) -> None:
    site.play("playbooks/verify.yml")
    before = dropped(site)
    seen = heard(site)
    assert "10.233" not in seen, seen
    assert dropped(site) > before
    site.play("playbooks/verify.yml", "--tags", "gateway,reach")


def test_without_the_filter_the_same_is_heard(site: Site) -> None:
    """So the test above can fail."""
    site.variables["overlay_peer_filter"] = False
    try:
        run = site.play("site.yml")
        assert {task for _host, task in run.commands} == {
            "vxlab.overlay.peer_filter : Hear only the other hosts of the overlay"
        }
        seen = heard(site)
        assert "10.233.0.2" in seen
    finally:
        site.reset()
        del site.hosts[INTRUDER]
        site.play("site.yml")
