# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lab that is half there, or not as it should be, is mended; nothing else in it is touched."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from .lab import THREE, Lab, LabFailure, many, reaches, seen_address


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}/ns/net").exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_dead_host_is_made_anew_and_others_are_kept(lab: Lab) -> None:
    before = lab.up()["hosts"]
    kill(before["ubuntu2"])
    with pytest.raises(LabFailure, match=r"ubuntu2 .* is not up"):
        lab.enter("ubuntu2")
    again = lab.up()
    assert again["differences"] == ["ubuntu2: missing"]
    changed = {name for name, pid in again["hosts"].items() if before[name] != pid}
    assert changed == {"ubuntu2"}
    assert reaches(lab, "ubuntu2", "172.16.1.13") and seen_address(lab, "ubuntu2") == "172.16.1.12"
    assert not lab.up()["changed"]


def test_dead_router_and_server_are_made_anew(lab: Lab) -> None:
    before = lab.up()["hosts"]
    kill(before["router"])
    kill(before["outside"])
    assert lab.up()["differences"] == ["router: missing", "outside: missing"]
    assert seen_address(lab, "ubuntu1") == "172.16.1.11"


def test_dead_server_program_comes_back(lab: Lab) -> None:
    lab.up()
    lab.check(
        "outside",
        "kill -9 $(ps -A -o pid=,args= | awk '/socketserver/ && !/awk/ {print $1}' | tail -1)",
    )
    time.sleep(1.5)
    assert not lab.up()["changed"]
    assert seen_address(lab, "ubuntu1") == "172.16.1.11"


def test_dead_fabric_is_the_end_of_all_and_all_is_made_anew(lab: Lab) -> None:
    before = lab.up()
    fabric = int((Path(before["folder"]) / "hosts/fabric").read_text().split()[0])
    kill(fabric)
    time.sleep(0.2)
    assert lab.processes() == []
    after = lab.up()
    assert set(after["hosts"].values()).isdisjoint(before["hosts"].values())
    assert reaches(lab, "ubuntu1", "172.16.1.13")


SABOTAGE = {
    "underlay device deleted": ("ubuntu1", "ip link del eth1", "ubuntu1: eth1: missing"),
    "underlay device down": ("ubuntu1", "ip link set eth1 down", "ubuntu1: eth1: down -> up"),
    "lo down": ("ubuntu1", "ip link set lo down", "ubuntu1: lo: down -> up"),
    "address deleted": (
        "ubuntu1",
        "ip address del 172.16.1.11/24 dev eth1",
        "ubuntu1: eth1: address none -> 172.16.1.11/24",
    ),
    "another address": (
        "ubuntu1",
        "ip address add 172.16.1.99/24 dev eth1",
        "ubuntu1: eth1: address 172.16.1.11/24, 172.16.1.99/24 -> 172.16.1.11/24",
    ),
    "mtu changed": ("ubuntu1", "ip link set eth1 mtu 1400", "ubuntu1: eth1: mtu 1400 -> 1500"),
    "mac changed": (
        "ubuntu1",
        "ip link set eth1 address 02:00:00:00:00:01",
        "ubuntu1: eth1: mac 02:00:00:00:00:01 -> 02:4c:ac:10:01:0b",
    ),
    "default route deleted": (
        "ubuntu1",
        "ip route del default",
        "ubuntu1: route default: via none -> 172.16.1.1",
    ),
    "server's route deleted": (
        "outside",
        "ip route del 172.16.1.0/24",
        "outside: route 172.16.1.0/24: via none -> 203.0.113.1",
    ),
    "impostor of the underlay device": (
        "ubuntu1",
        "ip link del eth1; ip link add eth1 type bridge",
        "ubuntu1: eth1: missing",
    ),
    "port deleted": ("fabric", "ip link del ubuntu1", "ubuntu1: eth1: missing"),
    "port down": ("fabric", "ip link set ubuntu1 down", "fabric: port ubuntu1: down -> up"),
    "port taken out": (
        "fabric",
        "ip link set ubuntu1 nomaster",
        "fabric: port ubuntu1: master none -> fabric",
    ),
    "bridge down": ("fabric", "ip link set fabric down", "fabric: bridge fabric: down -> up"),
    "bridge deleted": ("fabric", "ip link del fabric", "fabric: bridge fabric: missing"),
    "snooping on": (
        "fabric",
        "ip link set fabric type bridge mcast_snooping 1",
        "fabric: bridge fabric: multicast snooping on -> off",
    ),
    "port of nobody": (
        "fabric",
        "ip link add nobody master fabric type veth peer name nobodys",
        "fabric: port nobody: not wanted",
    ),
}


@pytest.mark.parametrize("what", SABOTAGE)
def test_sabotage_is_mended_without_a_restart(lab: Lab, what: str) -> None:
    host, script, difference = SABOTAGE[what]
    before = lab.up(many(2))
    lab.check(host, script)
    after = lab.up(many(2))
    assert difference in after["differences"]
    assert after["hosts"] == before["hosts"]
    assert reaches(lab, "ubuntu1", "172.16.1.12")
    assert seen_address(lab, "ubuntu1") == "172.16.1.11"
    assert not lab.up(many(2))["changed"]


def test_changed_parameters_are_mended_in_place(lab: Lab) -> None:
    before = lab.up()
    moved = {**THREE, "ubuntu1": "172.16.1.200"}
    after = lab.up(moved, mtu=9000)
    assert "ubuntu1: eth1: address 172.16.1.11/24 -> 172.16.1.200/24" in after["differences"]
    assert after["hosts"] == before["hosts"]
    assert reaches(lab, "ubuntu2", "-M do -s 8972 172.16.1.200")
    assert seen_address(lab, "ubuntu1") == "172.16.1.200"
    assert not reaches(lab, "ubuntu2", "172.16.1.11")
    assert not lab.up(moved, mtu=9000)["changed"]


def test_underlay_is_widened_in_place(lab: Lab) -> None:
    before = lab.up()
    after = lab.up({**THREE, "ubuntu4": "172.16.2.1"}, router="172.16.1.1/16")
    assert {name: after["hosts"][name] for name in before["hosts"]} == before["hosts"]
    assert reaches(lab, "ubuntu1", "172.16.2.1")
    assert seen_address(lab, "ubuntu4") == "172.16.2.1"


def test_changed_port_of_the_server_takes_effect(lab: Lab) -> None:
    lab.up()
    assert lab.up(outside_port=8081)["differences"] == ["outside: made otherwise than wanted"]
    assert (
        lab.run(
            "ubuntu1",
            "python3 -c \"import socket;socket.create_connection(('203.0.113.80', 8081), 5)\"",
        ).returncode
        == 0
    )


def test_hosts_that_left_the_list_go(lab: Lab) -> None:
    before = lab.up(many(4))
    after = lab.up(many(2))
    assert after["differences"] == ["ubuntu3: not wanted", "ubuntu4: not wanted"]
    assert after["hosts"] == {
        name: pid for name, pid in before["hosts"].items() if name not in ("ubuntu3", "ubuntu4")
    }
    links = json.loads(lab.check("fabric", "ip -j link show master fabric"))
    assert {link["ifname"] for link in links} == {"router", "ubuntu1", "ubuntu2"}
    assert not Path(f"/proc/{before['hosts']['ubuntu3']}/ns/net").exists()
    assert not lab.up(many(2))["changed"]


def test_id_in_use_by_another_process_is_neither_entered_nor_killed(lab: Lab) -> None:
    up = lab.up(many(1))
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        record = Path(up["folder"]) / "hosts/ubuntu1"
        _pid, start, version, boot = record.read_text().split()
        record.write_text(f"{bystander.pid} {start} {version} {boot}\n")
        with pytest.raises(LabFailure, match="is not up"):
            lab.enter("ubuntu1")
        assert lab.up(many(1))["changed"]
        lab.down()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_records_of_an_earlier_boot_count_for_nothing(lab: Lab) -> None:
    up = lab.up(many(1))
    record = Path(up["folder"]) / "hosts/ubuntu1"
    pid, start, version, _boot = record.read_text().split()
    record.write_text(f"{pid} {start} {version} 11111111-2222-3333-4444-555555555555\n")
    with pytest.raises(LabFailure, match="is not up"):
        lab.enter("ubuntu1")
    again = lab.up(many(1))
    assert again["hosts"]["ubuntu1"] != int(pid)
    assert not lab.up(many(1))["changed"]
    assert len([line for line in lab.processes() if " ubuntu1 " in line]) == 2


def test_lost_state_is_made_anew_and_leaves_no_second_lab(lab: Lab) -> None:
    up = lab.up()
    for record in (Path(up["folder"]) / "hosts").iterdir():
        record.unlink()
    again = lab.up()
    assert set(again["hosts"].values()).isdisjoint(up["hosts"].values())
    assert len([line for line in lab.processes() if "fabric.sh" in line]) == 1


# Spread over the time that a run takes, about 0.3 s.
MOMENTS = [
    round(0.03 + 0.035 * number + random.Random(number).uniform(0, 0.03), 3) for number in range(10)
]


@pytest.mark.parametrize("seconds", MOMENTS)
def test_run_that_was_killed_is_completed_by_the_next(lab: Lab, seconds: float) -> None:
    with subprocess.Popen(
        lab.command("up", hosts=many(6)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        time.sleep(seconds)
        run.kill()
    lab.up(many(6))
    assert not lab.up(many(6))["changed"]
    assert all(reaches(lab, "ubuntu1", f"172.16.1.{last}") for last in range(12, 17))
    # unshare(1) and init for each of 6 hosts, router, outside and fabric; no more.
    assert len(lab.processes()) == 18


@pytest.mark.parametrize("seconds", [0.1, 0.2, 0.3])
def test_run_that_was_killed_can_be_taken_down(lab: Lab, seconds: float) -> None:
    with subprocess.Popen(
        lab.command("up", hosts=many(6)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        time.sleep(seconds)
        run.kill()
    folder = Path(lab.down()["folder"])
    assert lab.processes() == [] and not folder.exists()


def test_half_torn_down_is_taken_down(lab: Lab) -> None:
    up = lab.up()
    kill(up["hosts"]["ubuntu1"])
    (Path(up["folder"]) / "hosts/ubuntu2").unlink()
    (Path(up["folder"]) / "hosts/fabric").unlink()
    assert lab.down()["changed"]
    assert lab.processes() == [] and not Path(up["folder"]).exists()
