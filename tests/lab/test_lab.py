# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a lab is, and that the machine does not notice it."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import MakeLab
from .lab import THREE, Lab, LabFailure, many, reaches, seen_address


def test_hosts_reach_each_other_and_the_outside(lab: Lab) -> None:
    assert lab.up()["changed"]
    for name, address in THREE.items():
        assert lab.check(name, "hostname").strip() == name
        assert all(reaches(lab, name, other) for other in THREE.values())
        assert seen_address(lab, name) == address


def test_host_has_the_documented_links_and_routes(lab: Lab) -> None:
    lab.up()
    links = json.loads(lab.check("ubuntu2", "ip -j -d address show"))
    eth1 = next(link for link in links if link["ifname"] == "eth1")
    assert (eth1["mtu"], eth1["address"]) == (1500, "02:4c:ac:10:01:0c")
    assert {link["ifname"] for link in links} == {"lo", "eth1"}
    assert all("UP" in link["flags"] for link in links)
    assert "default via 172.16.1.1 dev eth1" in lab.check("ubuntu2", "ip route")
    assert lab.check("ubuntu2", "cat /proc/sys/net/ipv4/ip_forward").strip() == "0"
    assert lab.check("router", "cat /proc/sys/net/ipv4/ip_forward").strip() == "1"


def test_outside_answers_nobody_but_the_underlay(lab: Lab) -> None:
    """An overlay address that nobody translates gets no answer."""
    lab.up()
    lab.check("ubuntu1", "ip address add 10.233.0.2/32 dev lo")
    assert reaches(lab, "ubuntu1", "203.0.113.80")
    assert not reaches(lab, "ubuntu1", "-I 10.233.0.2 203.0.113.80")
    for node in ("outside", "router"):
        assert "default" not in lab.check(node, "ip route")
        assert "Network is unreachable" in lab.run(node, "ip route get 10.233.0.2").stderr


def test_second_run_changes_nothing(lab: Lab) -> None:
    first = lab.up()
    lab.check("ubuntu1", "ip link add kept type bridge")
    second = lab.up()
    assert (second["changed"], second["differences"]) == (False, [])
    assert second["hosts"] == first["hosts"]
    lab.check("ubuntu1", "ip link show kept")


def test_check_mode_says_and_does_nothing(lab: Lab) -> None:
    announced = lab.up(check=True)
    assert announced["changed"] and not Path(announced["folder"]).exists()
    assert announced["differences"] == lab.up()["differences"]
    announced = lab.up(check=True, mtu=9000)
    assert "ubuntu1: eth1: mtu 1500 -> 9000" in announced["differences"]
    assert json.loads(lab.check("ubuntu1", "ip -j link show eth1"))[0]["mtu"] == 1500
    assert announced["differences"] == lab.up(mtu=9000)["differences"]
    assert lab.down(check=True)["changed"]
    assert not lab.up(mtu=9000)["changed"]


def machine() -> dict[str, str]:
    """All that a lab must not change."""
    seen = {}
    for command in (
        "ip -d -j link",
        "ip -d -j address",
        "ip -d -j route show table all",
        "ip -6 -d -j route show table all",
        "ip -d -j neigh",
        "ip -j rule",
        "ip -j netns",
        "ip netns list",
        "nft list ruleset",
        "sysctl -a --pattern ^net\\.",
        "cat /proc/self/mountinfo",
        "hostname",
        "ls -la /run/netns",
        "ls /etc",
    ):
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            capture_output=True,
            text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )
        lines = done.stdout.splitlines()
        # Counters of the kernel itself, not settings.
        seen[command] = "\n".join(
            line
            for line in lines
            if not line.startswith(
                ("net.netfilter.nf_conntrack_count", "net.ipv4.tcp_fastopen_key")
            )
        )
    return seen


def test_machine_is_not_touched(lab: Lab) -> None:
    before = machine()
    lab.up()
    for host in THREE:
        lab.check(
            host,
            "ip netns add ns1 && sysctl -qw net.ipv4.ip_forward=1 && nft add table inet t"
            " && ip link add br0 type bridge && ip link set br0 up && hostname changed",
        )
    seen_address(lab, "ubuntu1")
    during = machine()
    lab.down()
    assert during == before
    assert machine() == before


def test_what_a_host_writes_stays_there(lab: Lab) -> None:
    lab.up()
    name = f"{lab.name}-file"
    places = ["/etc", "/etc/sysctl.d", "/root", "/tmp", "/var/tmp", "/var/lib", "/run", "/dev/shm"]
    for place in places:
        lab.check("ubuntu1", f"echo private >{place}/{name} && cat {place}/{name}")
        assert lab.run("ubuntu2", f"cat {place}/{name}").returncode != 0
        assert not Path(place, name).exists()
    lab.check("ubuntu1", "rm /etc/passwd && ip netns add ns1")
    assert Path("/etc/passwd").exists()
    assert "ns1" not in lab.check("ubuntu2", "ip netns list")


def test_a_namespace_in_a_host_has_its_own_sysctls(lab: Lab) -> None:
    """A mount of /proc/sys/net would show the host's in every namespace."""
    lab.up()
    lab.check("ubuntu1", "ip netns add ns1 && sysctl -qw net.ipv4.ip_forward=1")
    inside = lab.check("ubuntu1", "ip netns exec ns1 sysctl -n net.ipv4.ip_forward")
    assert inside.strip() == "0"


def test_sysctls_that_are_the_machines_are_read_only(lab: Lab) -> None:
    lab.up()
    value = Path("/proc/sys/kernel/panic").read_text()
    assert lab.run("ubuntu1", "echo 77 >/proc/sys/kernel/panic").returncode != 0
    assert Path("/proc/sys/kernel/panic").read_text() == value


def test_orphans_are_reaped(lab: Lab) -> None:
    """Ansible's asynchronous jobs are orphans."""
    lab.up()
    lab.check("ubuntu1", "sh -c 'sleep 0.2 & exec true'")
    time.sleep(0.6)
    assert "Z" not in lab.check("ubuntu1", "ps -A -o stat=")


LISTEN = """
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 5000))
s.setsockopt(0, 35, struct.pack('4s4s', socket.inet_aton('239.1.1.1'), socket.inet_aton('{}')))
s.settimeout(2)
print('ready', flush=True)
try:
    print(s.recv(99).decode())
except TimeoutError:
    print('nothing')
except socket.timeout:
    print('nothing')
"""
SEND = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(0, 33, 4)
s.sendto(b'heard', ('239.1.1.1', 5000))
"""


@pytest.mark.parametrize(("multicast", "heard"), [(True, "heard"), (False, "nothing")])
def test_underlay_carries_multicast_or_not(lab: Lab, multicast: bool, heard: str) -> None:
    lab.up(multicast=multicast)
    listen = LISTEN.format("172.16.1.13")
    command = [*lab.enter("ubuntu3"), "python3", "-c", listen]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == "ready\n"
        lab.check("ubuntu1", f'python3 -c "{SEND}"')
        assert listener.stdout.read().strip() == heard
    assert reaches(lab, "ubuntu1", "172.16.1.13")


def test_two_labs_side_by_side(make_lab: MakeLab) -> None:
    one, two = make_lab(), make_lab()
    one.up()
    two.up(mtu=9000)
    assert not one.up()["changed"]
    one.check("ubuntu1", "touch /etc/one")
    assert two.run("ubuntu1", "ls /etc/one").returncode != 0
    one.down()
    assert not two.up(mtu=9000)["changed"]
    assert reaches(two, "ubuntu1", "172.16.1.12")


def test_runs_at_the_same_time_wait_for_each_other(lab: Lab) -> None:
    runs = [
        subprocess.Popen(lab.command("up", hosts=THREE), stdout=subprocess.PIPE, text=True)
        for _run in range(4)
    ]
    outcomes = [json.loads(run.communicate(timeout=60)[0]) for run in runs]
    assert sorted(outcome["changed"] for outcome in outcomes) == [False, False, False, True]
    assert len({json.dumps(outcome["hosts"], sort_keys=True) for outcome in outcomes}) == 1


@pytest.mark.parametrize(("count", "seconds"), [(3, 2.0), (30, 15.0)])
def test_comes_up_in_seconds(lab: Lab, count: int, seconds: float) -> None:
    start = time.monotonic()
    lab.up(many(count))
    assert time.monotonic() - start < seconds
    assert reaches(lab, "ubuntu1", f"172.16.1.{10 + count}")


def test_host_that_is_not_up(lab: Lab) -> None:
    with pytest.raises(LabFailure, match=f"lab host ubuntu1 .of lab {lab.name}. is not up"):
        lab.enter("ubuntu1")
    lab.up(many(1))
    with pytest.raises(LabFailure, match=r"lab host ubuntu2 .* is not up: run make lab-up"):
        lab.enter("ubuntu2")


def test_absent_twice(lab: Lab) -> None:
    lab.up()
    assert lab.down()["changed"]
    assert not lab.down()["changed"]
