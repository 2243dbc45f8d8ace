# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a lab is made of, and what cannot be built."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.spec import (
    MAX_HOSTS,
    Lab,
    check_lab_name,
    plan_lab,
    port_name,
)

DEFAULTS: dict[str, Any] = {
    "hosts": [{"name": "ubuntu1", "address": "172.16.1.11"}],
    "router": "172.16.1.1/24",
    "outside": "203.0.113.80/24",
    "outside_port": 8080,
    "mtu": 1500,
    "multicast": True,
    "serve": ("server",),
}


def lab(**options: Any) -> Lab:
    return plan_lab(**{**DEFAULTS, **options})


def test_router_and_server_are_nodes_like_the_hosts() -> None:
    nodes = lab().nodes
    assert list(nodes) == ["router", "outside", "ubuntu1"]
    assert [link.address for link in nodes["router"].links] == ["172.16.1.1/24", "203.0.113.1/24"]
    assert nodes["router"].forward and not nodes["ubuntu1"].forward
    assert nodes["router"].routes == {}
    assert nodes["outside"].routes == {"172.16.1.0/24": "203.0.113.1"}
    assert nodes["outside"].command == ("server", "8080")
    assert nodes["ubuntu1"].routes == {"default": "172.16.1.1"}


def test_macs_come_from_addresses() -> None:
    assert lab().nodes["ubuntu1"].links[0].mac == "02:4c:ac:10:01:0b"


def test_mtu_is_the_underlays_only() -> None:
    planned = lab(mtu=9000)
    assert planned.bridges == {"fabric": 9000, "world": 1500}
    assert [link.mtu for link in planned.nodes["router"].links] == [9000, 1500]


def test_version_changes_with_what_only_a_start_can_set() -> None:
    first, second = lab().nodes, lab(outside_port=81, mtu=9000, serve=("other",)).nodes
    assert first["outside"].version != second["outside"].version
    assert first["ubuntu1"].version == second["ubuntu1"].version
    assert lab(serve=("other",)).nodes["outside"].version == first["outside"].version


def test_long_names_get_short_ports_that_differ() -> None:
    names = [f"a-name-longer-than-a-link's-{number}" for number in range(20)]
    ports = {port_name(name) for name in names}
    assert len(ports) == 20 and max(map(len, ports)) <= 15
    assert port_name("exactly15bytes.") == "exactly15bytes."


def host(name: str, address: str) -> dict[str, str]:
    return {"name": name, "address": address}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mtu": 99}, "mtu is 99"),
        ({"mtu": 65536}, "mtu is 65536"),
        ({"outside_port": 0}, "outside_port is 0"),
        ({"router": "172.16.1.1"}, "router is '172.16.1.1': it must be an IPv4 address with"),
        ({"router": "fd00::1/64"}, "router is 'fd00::1/64'"),
        ({"router": "172.16.1.1/32"}, "a network of /30 or larger"),
        ({"outside": "172.16.1.80/24"}, "overlaps the underlay"),
        ({"outside": "203.0.113.1/24"}, "the network's first address is the router's"),
        ({"hosts": [host("a", "10.0.0.1")]}, "host a: 10.0.0.1 is not in the underlay"),
        ({"hosts": [host("a", "172.16.1.1")]}, "already the address of the router"),
        ({"hosts": [host("a", "172.16.1.255")]}, "already the address of broadcast"),
        ({"hosts": [host("a", "x")]}, "host a: address 'x'"),
        ({"hosts": [host("a", "172.16.1.2"), host("b", "172.16.1.2")]}, "the address of a"),
        ({"hosts": [host("a", "172.16.1.2"), host("a", "172.16.1.3")]}, "host a is listed twice"),
        ({"hosts": [host("router", "172.16.1.2")]}, "this name is the lab's own"),
        ({"hosts": [host("fabric", "172.16.1.2")]}, "this name is the lab's own"),
        ({"hosts": [host("../x", "172.16.1.2")]}, "host '../x'"),
        ({"hosts": [host("-x", "172.16.1.2")]}, "host '-x'"),
        ({"hosts": [host("", "172.16.1.2")]}, "host ''"),
        ({"hosts": [host("a\n", "172.16.1.2")]}, "a name must have"),
        ({"hosts": [host("a", "172.16.1.2")] * (MAX_HOSTS + 1)}, "at most 1022"),
    ],
)
def test_what_cannot_be_built_is_one_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(LabError) as error:
        lab(**options)
    assert message in str(error.value)


@pytest.mark.parametrize("name", ["", "a/b", "..", "A", "-a", "a" * 33, "a\n", "a b"])
def test_lab_names_that_cannot_be_a_files(name: str) -> None:
    with pytest.raises(LabError, match="the lab's name is"):
        check_lab_name(name)


def test_lab_names() -> None:
    assert check_lab_name("molecule-default_2") == "molecule-default_2"
