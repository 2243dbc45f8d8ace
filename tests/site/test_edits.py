# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory is edited and the site run again: the old is gone, the new verified."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.site.site import Site


def _add(site: Site) -> None:
    site.containers("ubuntu1").append({"name": "added", "address": "10.233.0.50"})


def _rename(site: Site) -> None:
    site.containers("ubuntu1")[0]["name"] = "renamed"


def _readdress(site: Site) -> None:
    site.containers("ubuntu1")[0]["address"] = "10.233.0.60"


def _replace(site: Site) -> None:
    site.hosts["ubuntu1"]["overlay_containers"] = [{"name": "other", "address": "10.233.0.2"}]


def _no_containers(site: Site) -> None:
    site.hosts["ubuntu1"]["overlay_containers"] = []


def _set(name: str, value: object) -> Callable[[Site], None]:
    def edit(site: Site) -> None:
        site.variables[name] = value

    return edit


def _cidr(site: Site) -> None:
    site.variables["overlay_cidr"] = "10.99.0.0/20"
    for number, host in enumerate(site.hosts, start=2):
        site.containers(host)[0]["address"] = f"10.99.0.{number}"


# What is edited; the devices of ubuntu1 that keep their link index (device, namespace); what must
# not be found on ubuntu1 any more, if there is such a thing.
NS1 = ("eth0", "ns1")
EDITS: dict[str, tuple[Callable[[Site], None], list[Any], str | None]] = {
    "container added": (_add, ["vxlan0", "br0", "veth-ns1", NS1], None),
    "container renamed": (_rename, ["vxlan0", "br0"], "ns1"),
    "container readdressed": (_readdress, ["vxlan0", "br0", "veth-ns1", NS1], r"10\.233\.0\.2/"),
    "container replaced": (_replace, ["vxlan0", "br0"], "ns1"),
    "container removed": (_no_containers, ["vxlan0", "br0"], "ns1"),
    "VNI": (_set("overlay_vni", 43), ["br0", "veth-ns1", NS1], "vxlan id 42 "),
    "port": (_set("overlay_port", 8472), ["br0", "veth-ns1", NS1], "dstport 4789"),
    "group": (_set("overlay_group", "239.7.7.7"), ["vxlan0", "br0", NS1], r"239\.1\.1\.1"),
    "CIDR": (_cidr, ["vxlan0", "br0", "veth-ns1", NS1], r"10\.233\."),
    "gateway": (_set("overlay_gateway", "10.233.0.254"), ["vxlan0", NS1], r"10\.233\.0\.1\b"),
    "bridge": (_set("overlay_bridge", "br7"), ["vxlan0", "veth-ns1", NS1], r"\bbr0\b"),
    "VXLAN device": (_set("overlay_vxlan_dev", "vx7"), ["br0", "veth-ns1", NS1], "vxlan0"),
    "MTU": (_set("overlay_mtu", 1400), ["vxlan0", "br0", "veth-ns1", NS1], "mtu 1450"),
    "NAT off": (_set("overlay_nat", False), ["vxlan0", "br0", "veth-ns1", NS1], "masquerade"),
}

EVERYTHING = """
ip -d address show; ip route show; nft list ruleset; ls /run/netns /run/vxlab.overlay/*/netns
for ns in $(ls /run/netns); do ip -n $ns -d address show; ip -n $ns route show; done
"""


@pytest.fixture(autouse=True)
def _plain_inventory(built: Site) -> None:
    built.reset()


@pytest.mark.parametrize("name", EDITS)
def test_edit_and_run_again(built: Site, name: str) -> None:
    edit, kept, gone = EDITS[name]
    before = {device: _index(built, device) for device in kept}
    edit(built)
    built.play("site.yml")
    # Which also sees that nothing differs any more. Other containers change nothing below them.
    only = ["--tags", "state,reach"] if name.startswith("container") else []
    built.play("playbooks/verify.yml", *only)
    assert {device: _index(built, device) for device in kept} == before
    seen = built.run("ubuntu1", EVERYTHING, check=False)
    assert gone is None or not re.search(gone, seen)
    built.reset()
    built.play("site.yml")


def test_nat_off_gives_forwarding_back(built: Site) -> None:
    built.variables["overlay_nat"] = False
    built.play("site.yml")
    assert built.run("ubuntu1", "sysctl -n net.ipv4.ip_forward").strip() == "0"
    assert not built.run("ubuntu1", "ls /etc/sysctl.d | grep vxlab || true")
    built.reset()
    built.play("site.yml")


def test_host_leaves_the_inventory(built: Site) -> None:
    built.play("playbooks/teardown.yml", "--limit", "ubuntu3")
    left = built.hosts.pop("ubuntu3")
    run = built.play("site.yml")
    # The others know of it by their filter alone.
    forget = "nft 'delete element inet vxlab_overlay vteps { 172.16.1.13 }'"
    assert run.changed == {"ubuntu1": 1, "ubuntu2": 1}
    assert run.all_commands == [forget, forget]
    built.play("playbooks/verify.yml")
    built.hosts["ubuntu3"] = left
    built.play("site.yml")
    built.play("playbooks/verify.yml")


def test_nothing_is_left_after_all_of_that(lab: Site) -> None:
    lab.reset()
    lab.play("playbooks/teardown.yml")
    left = lab.changes_since(lab.untouched)
    assert not left, left


def _index(site: Site, device: str | tuple[str, str]) -> int:
    name, netns = (device, "") if isinstance(device, str) else device
    return site.index("ubuntu1", name, netns)
