# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts for the tests of the modules against the real kernel."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from .host import Host, Runner, entering, join, user_namespace

UNDERLAY = "172.16.1.11/24"

MakeHost = Callable[[], Host]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The thousand containers come last: for seconds, the kernel's one neighbour table is full."""
    items.sort(key=lambda item: "thousand" in item.name)


@pytest.fixture(scope="session")
def prefix() -> Iterator[list[str]]:
    """What runs a command as root, or as the root of a user namespace."""
    if os.geteuid() == 0:
        yield entering(None)
        return
    try:
        keeper = user_namespace()
    except RuntimeError as error:
        pytest.skip(f"needs root, or user namespaces: {error}")
    yield entering(keeper)
    keeper.close()


@pytest.fixture(scope="session")
def runner(prefix: list[str]) -> Iterator[Runner]:
    """What runs the modules."""
    started = Runner(prefix)
    yield started
    started.close()


@pytest.fixture
def make_host(prefix: list[str], runner: Runner) -> Iterator[MakeHost]:
    """Makes bare hosts that end with the test."""
    hosts: list[Host] = []

    def make() -> Host:
        hosts.append(Host(prefix, runner))
        return hosts[-1]

    yield make
    for made in hosts:
        made.close()


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    """A host with the underlay device eth1, 172.16.1.11/24, and nothing behind it."""
    made = make_host()
    made.run(
        f"""
        ip link add eth1 type veth peer name wire
        ip link set wire up
        ip address add {UNDERLAY} dev eth1
        ip link set eth1 up
        """
    )
    return made


@pytest.fixture
def pair(make_host: MakeHost) -> tuple[Host, Host]:
    """Two hosts, 172.16.1.11 and 172.16.1.12, whose eth1 are joined by a cable."""
    first, second = make_host(), make_host()
    join(first, "eth1", second, "eth1")
    first.run("ip address add 172.16.1.11/24 dev eth1")
    second.run("ip address add 172.16.1.12/24 dev eth1")
    for host, other, address in ((first, second, "172.16.1.12"), (second, first, "172.16.1.11")):
        # Permanent, so that a full neighbour table (see Host.ping) cannot cut the tunnel.
        mac = other.link("eth1")["address"]
        host.run(f"ip neighbour replace {address} lladdr {mac} dev eth1 nud permanent")
    return first, second
