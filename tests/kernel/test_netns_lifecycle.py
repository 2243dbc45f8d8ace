# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""netns_veth with namespaces of other people's, and with runs that were killed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from .host import Host

GATEWAY = "10.233.0.1"
BRIDGE = {"mac": "02:58:0a:e9:ff:0b", "mtu": 1450, "addresses": ["10.233.255.11/16"]}
NS1 = {"name": "ns1", "addresses": ["10.233.0.2/16"], "gateway": GATEWAY, "mtu": 1450}
NS2 = {"name": "ns2", "addresses": ["10.233.0.3/16"], "gateway": GATEWAY, "mtu": 1450}
BOTH = {"containers": [NS1, NS2]}


@pytest.fixture
def host(host: Host) -> Host:
    """With a bridge that has the gateway, and whose MTU the kernel leaves alone."""
    host.module("bridge_port", BRIDGE)
    host.run(
        "ip link set br0 mtu 1400; ip link set br0 mtu 1450; ip address add 10.233.0.1 dev br0"
    )
    return host


@pytest.fixture
def process(host: Host) -> Iterator[int]:
    """A process with a network namespace of its own, in which somebody else set things up."""
    started = host.start(
        "exec unshare --net sh -ec 'ip link add dum0 type bridge;"
        " ip address add 192.168.9.1/24 dev dum0; ip link set dum0 up;"
        " ip route add 198.51.100.0/24 via 192.168.9.2; echo ready; exec sleep 300'"
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    yield started.pid
    started.kill()
    started.communicate(timeout=10)


def web(netns: str, **more: Any) -> dict[str, Any]:
    """A container that joins a namespace."""
    joined = {"name": "web", "netns": netns, "interface": "ov0", "addresses": ["10.233.0.4/16"]}
    return {"containers": [{**joined, "mtu": 1450, **more}], "purge": False}


def picture(host: Host, pid: int) -> str:
    """All that is in a process's namespace, but for what is ours."""
    inside = f"nsenter --net=/proc/{pid}/ns/net"
    shown = host.run(
        f"{inside} ip -o -4 address show; {inside} ip route show; {inside} ip -o link show"
    )
    return "\n".join(line for line in shown.splitlines() if "ov0" not in line)


def test_namespace_joined_by_path_keeps_what_is_in_it(host: Host, process: int) -> None:
    everything, inside = host.state(), picture(host, process)
    args = web(f"/proc/{process}/ns/net")
    host.apply("netns_veth", args)
    assert picture(host, process) == inside
    host.ping(None, "10.233.0.4")
    host.run(f"nsenter --net=/proc/{process}/ns/net ip address flush dev ov0")
    host.apply("netns_veth", args)
    host.apply("netns_veth", {**args, "state": "absent"})
    assert picture(host, process) == inside
    assert host.state() == everything


def test_namespace_joined_by_name_is_never_removed(host: Host) -> None:
    host.run("ip netns add blue; ip -n blue link add b0 type bridge")
    before = host.state()
    args = web("blue", owned=False)
    host.apply("netns_veth", args)
    assert "UP" not in host.link("lo", "blue")["flags"], "lo is not ours"
    assert host.link("ov0", "blue")["mtu"] == 1450
    host.apply("netns_veth", {**args, "state": "absent"})
    assert host.state() == before
    host.apply("netns_veth", args)
    host.apply("netns_veth", {"containers": []})
    assert host.state() == before


def test_default_route_of_a_joined_namespace_is_not_stolen(host: Host, process: int) -> None:
    host.run(f"nsenter --net=/proc/{process}/ns/net ip route add default via 192.168.9.2")
    inside = picture(host, process)
    host.apply("netns_veth", web(f"/proc/{process}/ns/net"))
    assert picture(host, process) == inside


def test_default_route_of_a_joined_namespace_is_not_replaced(host: Host, process: int) -> None:
    host.run(f"nsenter --net=/proc/{process}/ns/net ip route add default via 192.168.9.2")
    inside = picture(host, process)
    host.fails("netns_veth", web(f"/proc/{process}/ns/net", gateway=GATEWAY))
    assert picture(host, process) == inside


def test_interface_that_is_somebody_else_s_is_an_error(host: Host, process: int) -> None:
    message = host.refusal("netns_veth", web(f"/proc/{process}/ns/net", interface="dum0"))
    assert "dum0 exists in namespace" in message


def test_foreign_namespace_of_the_container_s_name_is_refused(host: Host) -> None:
    host.run("ip netns add ns1; ip -n ns1 link add b0 type bridge")
    assert "ns1 exists and is not ours" in host.refusal("netns_veth", BOTH)
    host.unchanged("netns_veth", {**BOTH, "state": "absent", "purge": False})
    host.unchanged("netns_veth", {"state": "absent"})


def test_namespace_that_is_only_joined_from_now_on_stays(host: Host) -> None:
    host.apply("netns_veth", BOTH)
    handed_over = {"containers": [{**NS1, "owned": False}, NS2]}
    host.apply("netns_veth", handed_over)
    host.ping("ns1", "10.233.0.3", GATEWAY)
    host.apply("netns_veth", {"containers": []})
    assert host.run("ls /run/netns").split() == ["ns1"]


def test_namespace_that_another_container_joins_outlives_its_own(host: Host) -> None:
    other = {**NS2, "name": "other", "netns": "ns1", "interface": "eth1", "owned": False}
    host.apply("netns_veth", {"containers": [NS1, {**other, "gateway": None}]})
    host.apply("netns_veth", {"containers": [other]})
    assert "eth0" not in host.run("ip -n ns1 -o link show")
    host.ping("ns1", GATEWAY)


@pytest.mark.parametrize("purge", [True, False])
def test_containers_share_a_namespace(host: Host, purge: bool) -> None:
    """On the first run too, and so do they go."""
    before = host.state()
    other = {"name": "other", "netns": "ns1", "interface": "eth1", "addresses": ["10.66.0.2/24"]}
    args = {"containers": [NS1, other], "purge": purge}
    host.apply("netns_veth", args)
    assert "UP" in host.link("eth1", "ns1")["flags"]
    host.ping("ns1", GATEWAY)
    host.run("ip -n ns1 link set lo down")
    host.apply("netns_veth", args)
    assert "UP" in host.link("lo", "ns1")["flags"]
    host.apply("netns_veth", {**args, "state": "absent"})
    assert host.state() == before


def test_two_routes_to_one_destination_are_refused(host: Host) -> None:
    twice = {**NS1, "routes": [{"to": "default", "via": "10.233.0.9"}]}
    told = host.refusal("netns_veth", {"containers": [twice]})
    assert "via 10.233.0.1 and via 10.233.0.9" in told


# What `ip netns add` leaves that is killed between its file and its mount.
NOTED = "install -D -m 0644 /dev/null /run/vxlab.overlay/overlay/netns/ns1"
STALE = "mkdir -p /run/netns; : > /run/netns/ns1; chmod 0 /run/netns/ns1"


def test_namespace_whose_making_was_killed_is_made(host: Host) -> None:
    host.run(f"{NOTED}; {STALE}")
    host.apply("netns_veth", BOTH)
    host.ping("ns1", "10.233.0.3", GATEWAY)


def test_remains_of_a_namespace_are_purged(host: Host) -> None:
    host.run(f"{NOTED}; {STALE}")
    host.apply("netns_veth", {"containers": []})
    assert host.run("ls /run/netns") == ""


def test_file_that_is_no_namespace_and_not_ours_is_named(host: Host) -> None:
    host.run(STALE)
    for owned in (True, False):
        told = host.refusal("netns_veth", {"containers": [{**NS1, "owned": owned}]})
        assert "/run/netns/ns1" in told
        assert "ip netns del ns1" in told


@pytest.mark.parametrize(
    "foreign",
    [
        "ip link add veth-ns1 type bridge",
        "ip link add veth-ns1 type veth peer name o && ip link set veth-ns1 up",
        "ip link add veth-ns1 type veth peer name o && ip address add 192.168.9.1/24 dev veth-ns1",
    ],
)
def test_link_that_came_after_a_kill_is_not_removed(host: Host, foreign: str) -> None:
    """Killed after the note and before the link; then somebody else takes the name."""
    commands = host.module("netns_veth", BOTH, check=True)["commands"]
    for command in commands:
        if command.startswith("ip link add"):
            break
        host.run(command)
    host.run(foreign)
    assert "veth-ns1 exists and is not ours" in host.refusal("netns_veth", BOTH)
    host.apply("bridge_port", BRIDGE)
    assert host.has("veth-ns1")


@pytest.mark.parametrize(
    "foreign",
    ["ip link add veth-ns1 type veth peer name other", "ip link add veth-ns1 type bridge"],
)
def test_foreign_host_end_is_refused(host: Host, foreign: str) -> None:
    host.run(foreign)
    assert "veth-ns1 exists and is not ours" in host.refusal("netns_veth", BOTH)


def test_host_end_in_a_foreign_bridge_is_not_stolen(host: Host) -> None:
    host.module("netns_veth", BOTH)
    host.run("ip link add docker0 type bridge; ip link set veth-ns1 master docker0")
    assert "docker0" in host.refusal("netns_veth", BOTH)


def test_other_overlay_s_containers_outlive_a_purge(host: Host) -> None:
    host.module("netns_veth", {"containers": [NS2], "overlay_name": "other"})
    host.apply("netns_veth", {"containers": [NS1]})
    host.apply("netns_veth", {"containers": []})
    assert host.run("ls /run/netns").split() == ["ns2"]
    assert host.has("veth-ns2")


def test_process_that_keeps_a_removed_namespace_alive(host: Host) -> None:
    """Its namespace lives on, without a name and without our link; the next one is a new one."""
    host.module("netns_veth", BOTH)
    sleeper = host.start("exec ip netns exec ns1 sh -c 'echo in; exec sleep 300'")
    try:
        assert sleeper.stdout is not None
        assert sleeper.stdout.readline() == "in\n"
        host.apply("netns_veth", {"containers": [NS2]})
        assert not host.has("veth-ns1")
        host.apply("netns_veth", BOTH)
        host.ping("ns1", "10.233.0.3", GATEWAY)
    finally:
        sleeper.kill()
        sleeper.communicate(timeout=10)


PLANS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "create": ({"containers": []}, BOTH),
    "remove": (BOTH, {"containers": []}),
    "rename": (BOTH, {"containers": [NS1, {**NS2, "name": "web"}]}),
    "readdress": (BOTH, {"containers": [{**NS1, "addresses": ["10.233.0.9/16"]}, NS2]}),
}


def typed(host: Host, plan: str, count: int | None = None) -> dict[str, Any]:
    """Type the first commands that check mode announces; returns what they are on the way to."""
    first, then = PLANS[plan]
    host.module("netns_veth", first)
    commands = host.module("netns_veth", then, check=True)["commands"]
    for command in commands[:count]:
        host.run(command)
    return then


def test_commands_make_the_directory_that_they_need(host: Host) -> None:
    for command in host.module("netns_veth", BOTH, check=True)["commands"]:
        host.run(command)


@pytest.mark.parametrize("plan", PLANS)
def test_commands_are_the_whole_run_and_can_be_typed(host: Host, plan: str) -> None:
    host.unchanged("netns_veth", typed(host, plan))


@pytest.mark.parametrize(
    ("plan", "count"),
    [
        *(("create", k) for k in range(1, 22)),
        *(("remove", k) for k in (1, 2, 3, 4, 5)),
        *(("rename", k) for k in range(1, 14)),
        *(("readdress", k) for k in (1, 2)),
    ],
)
def test_next_run_succeeds_where_one_was_killed(host: Host, plan: str, count: int) -> None:
    """Killed after its first commands."""
    then = typed(host, plan, count)
    host.module("netns_veth", then)
    host.unchanged("netns_veth", then)
    names = [c["name"] for c in then["containers"]]
    assert sorted(host.run("ls /run/netns").split()) == sorted(names)
    for name in names:
        host.ping(name, GATEWAY)


def test_thousand_containers_in_one_run(host: Host) -> None:
    wanted = {
        "containers": [
            {
                "name": f"c{n}",
                "addresses": [f"10.233.{1 + n // 250}.{1 + n % 250}/16"],
                "gateway": GATEWAY,
                "mtu": 1450,
            }
            for n in range(1000)
        ]
    }
    for expected in (True, False):
        start = time.monotonic()
        result = host.module("netns_veth", wanted)
        print(f"{time.monotonic() - start:.1f} s")
        assert result["changed"] is expected
    assert host.run("ls /run/netns | wc -l") == "1000\n"
    host.ping("c0", "10.233.4.250")
