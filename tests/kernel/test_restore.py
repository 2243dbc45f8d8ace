# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules keep, and the program that restores it without Ansible."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils import _restore
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.service import pack_program

from .host import Host

OURS = "/etc/vxlab.overlay"
KEPT = f"{OURS}/overlay"
CONTAINERS = [
    {
        "name": f"ns{n}",
        "addresses": [f"10.233.0.{n + 1}/16"],
        "gateway": "10.233.0.1",
        "mac": f"02:58:0a:e9:00:{n + 1:02x}",
        "mtu": 1450,
    }
    for n in (1, 2)
]
# In the order of site.yml.
TASKS: dict[str, dict[str, Any]] = {
    "gateway_filter": {"gateway": "10.233.0.1"},
    "peer_filter": {"vteps": ["172.16.1.12"]},
    "vxlan_link": {
        "vni": 42,
        "dev": "eth1",
        "local": "172.16.1.11",
        "mac": "02:59:0a:e9:ff:01",
        "mtu": 1450,
    },
    "bridge_port": {
        "mac": "02:58:0a:e9:ff:01",
        "mtu": 1450,
        "stp": False,
        "addresses": ["10.233.255.11/16", "10.233.0.1/32"],
        "ports": [{"name": "vxlan0", "neigh_suppress": True}],
    },
    "vxlan_fdb": {
        "neighbour_dev": "br0",
        "flood": ["172.16.1.12"],
        "macs": [{"mac": "02:58:0a:e9:00:05", "vtep": "172.16.1.12"}],
        "neighbours": [{"address": "10.233.0.5", "mac": "02:58:0a:e9:00:05"}],
    },
    "anti_spoof": {
        "containers": [
            {"port": f"veth-{c['name']}", "mac": c["mac"], "addresses": c["addresses"]}
            for c in CONTAINERS
        ]
    },
    "netns_veth": {"containers": CONTAINERS},
    "nat_masquerade": {"cidr": "10.233.0.0/16", "bridge": "br0"},
}
# As a boot does, but for what systemd-sysctl sets from the file that is still there.
BOOT = """
ip netns del ns1; ip netns del ns2; ip link del br0; ip link del vxlan0
nft flush ruleset; rm -rf /run/vxlab.overlay
"""
PERIOD = 0.2
# Seconds for a run that restores, the run that looks whether it has, and a busy machine.
RUN = 20
FAULTS = {
    "ip link del vxlan0": "vxlan0: missing",
    "ip link set vxlan0 nomaster": "br0: port vxlan0 missing",
    "ip link set vxlan0 mtu 1400": "vxlan0: mtu 1400 -> 1450",
    "ip link del br0": "br0: missing",
    "ip address del 10.233.0.1/32 dev br0": "br0: address 10.233.0.1/32 missing",
    "ip netns del ns1": "ns1: namespace ns1 missing",
    "ip -n ns1 link set eth0 down": "ns1: eth0: down",
    "ip -n ns2 route del default": "ns2: default route missing or wrong",
    "bridge fdb del 00:00:00:00:00:00 dev vxlan0 dst 172.16.1.12": "flood entry to 172.16.1.12",
    "ip neighbour del 10.233.0.5 dev br0": "10.233.0.5",
    "nft delete table bridge vxlab_overlay": "gateway ARP filter",
    "nft delete table inet vxlab_overlay": "VTEP filter",
    "nft flush set inet vxlab_overlay vteps": "VTEP filter: 172.16.1.12 missing",
    "nft delete table bridge vxlab_overlay.ports": "anti-spoofing, MACs: missing",
    "nft flush set bridge vxlab_overlay.ports addresses": "veth-ns1 . 10.233.0.2 missing",
    "nft delete table ip vxlab_overlay": "NAT rule for 10.233.0.0/16: missing",
    "sysctl -qw net.ipv4.ip_forward=0": "net.ipv4.ip_forward: 0 -> 1",
}


@pytest.fixture(name="program", scope="module")
def _program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "overlay.pyz"
    path.write_bytes(pack_program(_restore))
    return path


@pytest.fixture(name="built")
def _built(host: Host) -> Host:
    for module, args in TASKS.items():
        assert host.module(module, {**args, "persist": True})["changed"]
    return host


def restore(host: Host, program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return host.attempt(f"exec {sys.executable} -I {program} {' '.join(arguments)} overlay")


def differences(host: Host) -> dict[str, list[str]]:
    """What the modules would have to change."""
    found = {m: host.module(m, {**a, "persist": True}, check=True) for m, a in TASKS.items()}
    return {module: result["differences"] for module, result in found.items() if result["changed"]}


def test_program_is_the_same_each_time_it_is_packed() -> None:
    assert pack_program(_restore) == pack_program(_restore)


def test_everything_is_back_after_a_boot(built: Host, program: Path) -> None:
    built.attempt(BOOT)
    assert len(differences(built)) == len(TASKS)
    done = restore(built, program)
    assert done.returncode == 0, done.stderr
    assert "restored: vxlan0: missing" in done.stdout.splitlines()
    assert not differences(built)
    built.ping("ns1", "10.233.0.1", "10.233.0.3")
    again = restore(built, program)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_missing_or_altered_is_told_and_restored(
    built: Host, program: Path, fault: str
) -> None:
    built.run(fault)
    told = restore(built, program, "--check")
    assert told.returncode == 1
    assert re.search(f"^differs: .*{re.escape(FAULTS[fault])}", told.stdout, re.M), told.stdout
    done = restore(built, program)
    assert done.returncode == 0, done.stderr
    # What a part restores may leave less to the parts after it, so the two need not be alike.
    assert re.search(f"^restored: .*{re.escape(FAULTS[fault])}", done.stdout, re.M), done.stdout
    assert restore(built, program, "--check").returncode == 0
    assert not differences(built)


def test_a_hundred_faults_in_sequence_are_mended_within_a_period(
    built: Host, program: Path
) -> None:
    """As by the timer, which is systemd's: the program runs, and waits a moment, without end."""
    # A run may fail that comes in the middle of a fault; the next one does not.
    again = f"{sys.executable} -I {program} overlay || true; sleep {PERIOD}"
    timer = built.start(f"while [ ! -e /run/end ]; do {again}; done")
    faults = random.Random(4789).choices(sorted(FAULTS), k=100)
    for fault in faults:
        built.run(fault)
        deadline = time.monotonic() + PERIOD + RUN
        while restore(built, program, "--check").returncode:
            assert time.monotonic() < deadline, fault
    built.run("touch /run/end")
    journal = timer.communicate(timeout=30)[0]
    assert not differences(built)
    for fault in set(faults):
        told = re.findall(f"^restored: .*{re.escape(FAULTS[fault])}", journal, re.M)
        assert len(told) >= faults.count(fault), fault


def test_check_changes_nothing(built: Host, program: Path) -> None:
    built.run("ip link del vxlan0; ip netns del ns1")
    before = built.state()
    assert restore(built, program, "--check").returncode == 1
    assert built.state() == before


def test_what_fails_is_told_and_the_rest_restored(built: Host, program: Path) -> None:
    built.run(
        "ip link del vxlan0; ip link add vxlan0 type bridge; nft delete table ip vxlab_overlay"
    )
    done = restore(built, program)
    assert done.returncode == 1
    assert "cannot restore: vxlan_link: vxlan0 exists and is not ours" in done.stderr
    assert "Traceback" not in done.stderr
    built.run("nft list table ip vxlab_overlay")


def test_the_underlay_is_waited_for(built: Host, program: Path) -> None:
    built.attempt(BOOT)
    built.run("ip link del eth1")
    late = built.start("sleep 3; ip link add eth1 type veth peer name wire; ip link set eth1 up")
    done = restore(built, program, "--wait", "20")
    late.wait(timeout=10)
    assert done.returncode == 0, done.stderr
    assert not differences(built)


def test_joined_namespace_that_is_not_there_is_left_out(built: Host, program: Path) -> None:
    joined = {"name": "web", "owned": False, "addresses": ["10.233.0.9/16"]}
    built.run("ip netns add web")
    args = {"containers": [*CONTAINERS, joined], "persist": True}
    built.module("netns_veth", args)
    built.run("ip netns del web; ip netns del ns1")
    done = restore(built, program)
    assert done.returncode == 0, done.stderr
    assert "left out: web: its namespace web is somebody else's" in done.stdout
    built.run("ip -n ns1 link show eth0")


def test_container_that_is_left_out_keeps_what_it_has(built: Host, program: Path) -> None:
    """It is in no list of the run, and yet did not leave the overlay."""
    holder = built.start("exec unshare --net sh -c 'echo $$; sleep 60'")
    assert holder.stdout
    netns = f"/proc/{holder.stdout.readline().strip()}/ns/net"
    joined = {"name": "web", "netns": netns, "owned": False, "addresses": ["10.233.0.9/16"]}
    try:
        built.module("netns_veth", {"containers": [*CONTAINERS, joined], "persist": True})
        before = built.link("veth-web")["ifindex"]
        done = restore(built, program)
        assert done.returncode == 0, done.stderr
        assert built.link("veth-web")["ifindex"] == before
    finally:
        holder.kill()
        holder.wait()


def test_namespace_of_a_process_is_left_out(built: Host, program: Path) -> None:
    """After a boot its number is that of another process, such as the host's own first one."""
    holder = built.start("exec unshare --net sh -c 'echo $$; sleep 60'")
    assert holder.stdout
    netns = f"/proc/{holder.stdout.readline().strip()}/ns/net"
    joined = {"name": "web", "netns": netns, "owned": False, "addresses": ["10.233.0.9/16"]}
    built.module("netns_veth", {"containers": [*CONTAINERS, joined], "persist": True})
    built.run(f"sed -i 's:{netns}:/proc/self/ns/net:' {KEPT}/netns_veth.json; ip netns del ns1")
    holder.kill()
    holder.wait()
    done = restore(built, program)
    assert done.returncode == 0, done.stderr
    assert "left out: web: its namespace /proc/self/ns/net is somebody else's" in done.stdout
    built.run("ip -n ns1 link show eth0")
    built.run("! ip address show | grep 10.233.0.9")


@pytest.mark.parametrize("text", ["", "[]", "{}", "\udcff", '{"state": "present"'])
def test_a_damaged_file_keeps_no_other_part_from_being_restored(
    built: Host, program: Path, text: str
) -> None:
    built.run("ip link del vxlan0; nft delete table ip vxlab_overlay")
    built.run(f"printf '%s' '{text}' > {KEPT}/bridge_port.json")
    done = restore(built, program)
    assert done.returncode == 1
    assert re.search("^cannot restore: bridge_port: .*run site.yml$", done.stderr, re.M)
    assert "Traceback" not in done.stderr
    built.run("ip link show vxlan0; nft list table ip vxlab_overlay")


def test_options_are_kept_changed_and_forgotten(host: Host) -> None:
    args: dict[str, Any] = {**TASKS["vxlan_link"], "persist": True}
    told = host.module("vxlan_link", args, check=True)
    assert f"{KEPT}/vxlan_link.json: missing" in told["differences"]
    host.run(f"test ! -e {KEPT}")
    host.module("vxlan_link", args)
    assert host.run(f"stat -c '%a %U' {KEPT}/vxlan_link.json") == "644 root\n"
    assert not host.module("vxlan_link", args)["changed"]
    changed = host.module("vxlan_link", {**args, "vni": 43})
    assert f"{KEPT}/vxlan_link.json: outdated" in changed["differences"]
    assert not host.module("vxlan_link", {**TASKS["vxlan_link"], "vni": 43})["changed"]
    host.module("vxlan_link", {**args, "vni": 43, "persist": False})
    host.run("test ! -e /etc/vxlab.overlay")
    host.module("vxlan_link", {**args, "vni": 43})
    host.module("vxlan_link", {"state": "absent"})
    host.run("test ! -e /etc/vxlab.overlay")


def test_a_run_and_the_program_wait_for_each_other(built: Host, program: Path) -> None:
    built.run("ip link del vxlan0")
    holder = built.start(f"exec flock {OURS} sh -c 'echo held; sleep 2'")
    assert holder.stdout and holder.stdout.readline() == "held\n"
    done = restore(built, program)
    assert holder.poll() == 0
    assert "restored: vxlan0: missing" in done.stdout


def test_two_runs_wait_for_each_other(built: Host) -> None:
    holder = built.start(f"exec flock {OURS} sh -c 'echo held; sleep 2'")
    assert holder.stdout and holder.stdout.readline() == "held\n"
    built.unchanged("bridge_port", {**TASKS["bridge_port"], "persist": True})
    assert holder.poll() == 0
