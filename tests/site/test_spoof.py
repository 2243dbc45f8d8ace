# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container that speaks as the gateway, and as a container of another host."""

from __future__ import annotations

import json
import re

import pytest

from tests.site import modes
from tests.site.modes import Case
from tests.site.site import Site

TASK = "vxlab.overlay.anti_spoof : Let containers send as themselves only"
GATEWAY, FAR, WITNESS = "10.233.0.1", "10.233.0.3", "10.233.0.20"
FAR_MAC, EVIL_MAC = "02:58:0a:e9:00:03", "02:58:0a:e9:00:02"
# What container ns1 of ubuntu1 does; then its own kernel answers for both addresses too.
TAKE = "".join(
    f"""
    ip -n ns1 address add {address}/32 dev eth0
    ip netns exec ns1 arping -q -U -c 2 -I eth0 {address}
    ip netns exec ns1 arping -q -A -c 2 -I eth0 {address}
    """
    for address in (GATEWAY, FAR)
)
GIVE_BACK = "".join(f"ip -n ns1 address del {address}/32 dev eth0\n" for address in (GATEWAY, FAR))


@pytest.fixture(name="site", scope="module")
def _site(lab_of: modes.MakeSite) -> Site:
    """Two hosts; ubuntu1 has a second container, which sees what its neighbour does."""
    site = lab_of(Case("multicast", hosts=2, multicast=True))
    site.containers("ubuntu1").append({"name": "ns2", "address": WITNESS})
    site.keep()
    site.play("site.yml")
    return site


def believed(site: Site) -> dict[str, str]:
    """Whose MACs container ns2 of ubuntu1 has for the two addresses, once both have answered."""
    for address in (GATEWAY, FAR):
        site.run("ubuntu1", f"ip netns exec ns2 ping -q -c 1 -W 2 {address}", check=False)
    entries = json.loads(site.run("ubuntu1", "ip -n ns2 -j neighbour show dev eth0"))
    macs = {entry["dst"]: entry.get("lladdr", "") for entry in entries}
    return {address: macs[address] for address in (GATEWAY, FAR)}


def own(site: Site) -> dict[str, str]:
    bridge = json.loads(site.run("ubuntu1", "ip -j link show br0"))[0]["address"]
    return {GATEWAY: bridge, FAR: FAR_MAC}


def dropped(site: Site) -> int:
    listed = site.run("ubuntu1", "nft list chain bridge vxlab_overlay.ports prerouting")
    return sum(map(int, re.findall(r"packets (\d+) .* drop", listed)))


def test_who_takes_addresses_is_not_believed_and_counted(site: Site) -> None:
    site.play("playbooks/verify.yml")
    assert believed(site) == own(site)
    before = dropped(site)
    site.run("ubuntu1", TAKE)
    try:
        assert believed(site) == own(site)
        assert dropped(site) > before
        site.run("ubuntu2", f"ip netns exec ns1 ping -q -c 2 -W 2 {WITNESS}")
    finally:
        site.run("ubuntu1", GIVE_BACK)
    site.play("playbooks/verify.yml", "--tags", "gateway,reach")


def test_neighbours_mac_brings_its_traffic_to_nobody_else(site: Site) -> None:
    site.run("ubuntu2", f"ip netns exec ns1 ping -q -c 1 -W 2 {WITNESS}")
    witness = json.loads(site.run("ubuntu1", "ip -n ns2 -j link show eth0"))[0]["address"]
    try:
        site.run("ubuntu1", f"ip -n ns1 link set eth0 address {witness}")
        site.run("ubuntu1", f"ip netns exec ns1 ping -c 2 -W 1 {FAR}", check=False)
        site.run("ubuntu2", f"ip netns exec ns1 ping -q -c 2 -W 2 {WITNESS}")
        entries = json.loads(site.run("ubuntu1", "bridge -j fdb show br br0"))
        assert {e["ifname"] for e in entries if e["mac"] == witness} == {"veth-ns2"}
    finally:
        site.run("ubuntu1", f"ip -n ns1 link set eth0 address {EVIL_MAC}")
    site.play("site.yml")
    site.play("playbooks/verify.yml", "--tags", "state,reach")


def test_without_the_filter_the_same_is_believed(site: Site) -> None:
    """So the tests above can fail."""
    site.variables["overlay_anti_spoof"] = False
    try:
        run = site.play("site.yml")
        assert {task for _host, task in run.commands} == {TASK}
        assert "vxlab_overlay.ports" not in site.run("ubuntu1", "nft list tables")
        site.run("ubuntu1", TAKE)
        taken = believed(site)
        site.run("ubuntu1", GIVE_BACK)
        assert taken == dict.fromkeys((GATEWAY, FAR), EVIL_MAC)
    finally:
        site.reset()
        site.play("site.yml")
    assert set(site.play("site.yml").changed.values()) == {0}


def test_prefix_behind_a_container_comes_from_there_alone(site: Site) -> None:
    """Another container's route by way of it is enough."""
    site.containers("ubuntu2")[0]["routes"] = [{"to": "192.0.2.0/24", "via": "10.233.0.2"}]
    site.play("site.yml")
    site.run("ubuntu1", "ip -n ns1 address add 192.0.2.1/32 dev lo")
    try:
        site.run("ubuntu2", "ip netns exec ns1 ping -q -c 2 -W 2 192.0.2.1")
        site.reset()
        site.play("site.yml")
        site.run("ubuntu2", "ip -n ns1 route add 192.0.2.0/24 via 10.233.0.2")
        answer = "ip netns exec ns1 ping -q -c 2 -W 1 192.0.2.1 && echo heard"
        assert "heard" not in site.run("ubuntu2", answer, check=False)
        site.run("ubuntu2", "ip -n ns1 route del 192.0.2.0/24")
    finally:
        site.run("ubuntu1", "ip -n ns1 address del 192.0.2.1/32 dev lo")
