# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and addresses of hosts and containers."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.numbering import Numbers, number


def numbers(hosts: int, containers: int = 1) -> Numbers:
    return number(hosts, containers, "172.16.1.11/24", "10.233.0.2/16")


def test_the_lessons_three_hosts() -> None:
    assert numbers(3) == Numbers(
        "172.16.1.1/24",
        {
            f"ubuntu{index}": {
                "ansible_host": f"172.16.1.{10 + index}",
                "overlay_containers": [{"name": "ns1", "address": f"10.233.0.{1 + index}"}],
            }
            for index in (1, 2, 3)
        },
    )


@pytest.mark.parametrize(("hosts", "containers"), [(3, 100), (30, 7), (1000, 5), (1, 0)])
def test_no_address_is_used_twice(hosts: int, containers: int) -> None:
    made = numbers(hosts, containers)
    underlay = [variables["ansible_host"] for variables in made.hosts.values()]
    network = ipaddress.IPv4Interface(made.router).network
    assert len(set(underlay)) == hosts
    assert all(ipaddress.IPv4Address(address) in network for address in underlay)
    listed = [item for variables in made.hosts.values() for item in variables["overlay_containers"]]
    assert len({item["address"] for item in listed}) == len(listed) == hosts * containers
    assert {item["name"] for item in listed} == {f"ns{index + 1}" for index in range(containers)}


def routed(hosts: int, first: str = "172.16.1.11/24") -> Numbers:
    return number(hosts, 1, first, "10.233.0.2/16", routed=True)


def test_routed_hosts_have_a_network_each() -> None:
    made = routed(100)
    assert made.router == "172.16.1.1/24"
    assert made.hosts["ubuntu1"]["ansible_host"] == "172.16.11.11"
    assert made.hosts["ubuntu2"]["ansible_host"] == "172.16.12.11"
    assert made.hosts["ubuntu100"]["ansible_host"] == "172.16.110.11"
    assert (
        made.hosts["ubuntu2"]["overlay_containers"]
        == numbers(2).hosts["ubuntu2"]["overlay_containers"]
    )


def test_routed_hosts_fill_a_16() -> None:
    assert routed(245).hosts["ubuntu245"]["ansible_host"] == "172.16.255.11"
    assert routed(2, "10.0.0.2/28").hosts["ubuntu2"]["ansible_host"] == "10.0.0.178"


@pytest.mark.parametrize(
    ("hosts", "first", "message"),
    [
        (246, "172.16.1.11/24", "246 routed hosts.* do not fit into 172.16.0.0/16: .* for 245"),
        (1, "172.16.250.11/24", "room for 0"),
        (1, "172.16.1.11/16", "its prefix must be longer than /16"),
        (1, "172.16.1.255/24", "do not fit into 172.16.1.0/24"),
    ],
)
def test_routed_hosts_that_do_not_fit(hosts: int, first: str, message: str) -> None:
    with pytest.raises(LabError, match=message):
        routed(hosts, first)


def test_underlay_is_widened_only_when_it_must_be() -> None:
    full, more = numbers(244), numbers(245)
    assert full.router == "172.16.1.1/24"
    assert full.hosts["ubuntu244"]["ansible_host"] == "172.16.1.254"
    assert more.router == "172.16.1.1/16"
    assert more.hosts["ubuntu244"] == full.hosts["ubuntu244"]
    assert more.hosts["ubuntu245"]["ansible_host"] == "172.16.1.255"


@pytest.mark.parametrize(
    ("hosts", "containers", "first", "container", "message"),
    [
        (0, 1, "172.16.1.11/24", "10.233.0.2/16", "one host at least"),
        (1, -1, "172.16.1.11/24", "10.233.0.2/16", "cannot be negative"),
        (65269, 0, "172.16.1.11/24", "10.233.0.2/16", "room for 65268"),
        (3, 100, "172.16.1.11/24", "10.233.0.2/24", "room for 253"),
        (1, 1, "172.16.1.1/24", "10.233.0.2/16", "must come after the router's"),
        (1, 1, "x", "10.233.0.2/16", "first_address is 'x'"),
        (1, 1, "172.16.1.11/24", "x", "first_container is 'x'"),
    ],
)
def test_numbers_that_do_not_fit(
    hosts: int, containers: int, first: str, container: str, message: str
) -> None:
    with pytest.raises(LabError, match=message):
        number(hosts, containers, first, container)
