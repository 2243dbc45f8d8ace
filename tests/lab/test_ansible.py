# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab through Ansible: role, playbooks, inventory and connection plugins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .lab import Lab, reaches, seen_address

ROOT = Path(__file__).parents[2]


def ansible(lab: Lab, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name(command[0])
    return subprocess.run(
        [str(program), *command[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env={
            **os.environ,
            "OVERLAY_LAB_NAME": lab.name,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "ANSIBLE_NOCOLOR": "1",
            "LC_ALL": "C.UTF-8",
            **environment,
        },
    )


def play(lab: Lab, name: str, *options: str, **environment: str) -> str:
    done = ansible(lab, "ansible-playbook", name, "-i", "inventory/lab", *options, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def adhoc(lab: Lab, *arguments: str) -> subprocess.CompletedProcess[str]:
    return ansible(lab, "ansible", "-i", "inventory/lab", "overlay", *arguments)


def test_playbooks_bring_up_and_take_down(lab: Lab) -> None:
    assert "changed=1" in play(lab, "playbooks/lab_up.yml", "--check")
    assert "changed=1" in play(lab, "playbooks/lab_up.yml")
    assert "changed=0" in play(lab, "playbooks/lab_up.yml")
    assert seen_address(lab, "ubuntu3") == "172.16.1.13"
    assert "changed=1" in play(lab, "vxlab.overlay.lab_down")
    assert "changed=0" in play(lab, "playbooks/lab_down.yml")


def test_number_of_hosts_comes_from_the_environment(lab: Lab) -> None:
    play(lab, "playbooks/lab_up.yml", OVERLAY_LAB_HOSTS="2")
    assert lab.run("ubuntu2", "true").returncode == 0
    assert "ubuntu3: missing" in play(lab, "playbooks/lab_up.yml", "--check", "--diff")


def test_role_passes_its_variables(lab: Lab) -> None:
    options = {"overlay_lab_mtu": 9000, "overlay_lab_multicast": False}
    play(lab, "playbooks/lab_up.yml", "-e", json.dumps(options))
    assert "mtu 9000" in lab.check("ubuntu1", "ip link show eth1")
    assert "vxlab_lab" in lab.check("fabric", "nft list tables bridge")


def test_underlay_comes_from_the_inventory(lab: Lab) -> None:
    kind = {"OVERLAY_LAB_ROUTED": "1", "OVERLAY_LAB_IPV6": "1", "OVERLAY_LAB_MULTICAST": "0"}
    play(lab, "playbooks/lab_up.yml", **kind)
    assert "changed=0" in play(lab, "playbooks/lab_up.yml", **kind)
    assert reaches(lab, "ubuntu1", "172.16.13.11") and reaches(lab, "ubuntu1", "fd00:172:16:13::11")
    assert "vxlab_lab" in lab.check("fabric", "nft list tables bridge")
    # What is given for all is stronger.
    said = play(lab, "playbooks/lab_up.yml", "--diff", "-e", '{"overlay_lab_ipv6": false}', **kind)
    assert "ubuntu1: eth1: IPv6 address fd00:172:16:11::11/64 -> none" in said
    assert "multicast" not in said.replace("overlay_lab_multicast", "")


def test_bad_input_is_one_clear_error(lab: Lab) -> None:
    done = ansible(
        lab,
        "ansible-playbook",
        "playbooks/lab_up.yml",
        "-i",
        "inventory/lab",
        "-e",
        "overlay_lab_mtu=99",
    )
    assert done.returncode != 0
    assert "mtu is 99: it must be from 1280 to 65535 bytes" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_modules_run_in_hosts(lab: Lab) -> None:
    lab.up()
    # A view of the machine's, so it need not be empty.
    files = lab.run("ubuntu1", "find /root/.ansible").stdout
    done = adhoc(lab, "-m", "ansible.builtin.command", "-a", "hostname")
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"ubuntu{number}" in done.stdout for number in (1, 2, 3))
    done = adhoc(lab, "-m", "ansible.builtin.shell", "-a", "echo $HOME; pwd; id -un; exit 3")
    assert done.stdout.count("rc=3") == 3
    # Pipelined: nothing was written to the host.
    assert lab.run("ubuntu1", "find /root/.ansible").stdout == files


def test_delegated_task_runs_on_the_delegate(lab: Lab, tmp_path: Path) -> None:
    lab.up()
    playbook = tmp_path / "delegate.yml"
    playbook.write_text(
        """
- hosts: ubuntu1
  gather_facts: false
  tasks:
    - ansible.builtin.command: hostname
      delegate_to: "{{ item }}"
      loop: [ubuntu2, ubuntu1, ubuntu3]
      register: said
    - ansible.builtin.copy:
        content: "for {{ inventory_hostname }}"
        dest: /etc/delegated
        mode: "0644"
      delegate_to: ubuntu3
    - ansible.builtin.debug:
        msg: "they are {{ said.results | map(attribute='stdout') | join(' ') }}"
"""
    )
    assert "they are ubuntu2 ubuntu1 ubuntu3" in play(lab, str(playbook))
    assert lab.check("ubuntu3", "cat /etc/delegated") == "for ubuntu1"
    assert lab.run("ubuntu1", "test -e /etc/delegated").returncode != 0


def test_files_go_to_the_host_and_back(lab: Lab, tmp_path: Path) -> None:
    lab.up()
    source = tmp_path / "it's a file"
    source.write_bytes(bytes(range(256)) * 8192)
    done = adhoc(lab, "-m", "ansible.builtin.copy", "-a", f'src="{source}" dest="/etc/a $b"')
    assert done.returncode == 0, done.stdout + done.stderr
    done = adhoc(lab, "-m", "ansible.builtin.fetch", "-a", f'src="/etc/a $b" dest={tmp_path}/got')
    assert done.returncode == 0, done.stdout + done.stderr
    for number in (1, 2, 3):
        got = tmp_path / "got" / f"ubuntu{number}" / "etc/a $b"
        assert got.read_bytes() == source.read_bytes()


def test_asynchronous_jobs_end(lab: Lab) -> None:
    lab.up()
    done = adhoc(lab, "-B", "20", "-P", "1", "-m", "ansible.builtin.command", "-a", "sleep 0.5")
    assert done.returncode == 0, done.stdout + done.stderr


def test_router_can_be_entered(lab: Lab) -> None:
    lab.up()
    done = ansible(
        lab,
        "ansible",
        "-i",
        "router,outside,",
        "-c",
        "vxlab.overlay.lab",
        "-e",
        f"overlay_lab_name={lab.name}",
        "all",
        "-m",
        "ansible.builtin.command",
        "-a",
        "hostname",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "router" in done.stdout and "outside" in done.stdout


def test_host_that_is_not_up_says_what_to_do(lab: Lab) -> None:
    done = adhoc(lab, "-m", "ansible.builtin.ping")
    assert done.returncode != 0
    assert f"lab host ubuntu1 (of lab {lab.name}) is not up: run make lab-up" in (
        done.stdout + done.stderr
    )


def test_command_that_never_ends_is_ended(lab: Lab) -> None:
    lab.up()
    done = adhoc(
        lab, "-e", "overlay_lab_command_timeout=1", "-m", "ansible.builtin.raw", "-a", "sleep 4711"
    )
    assert "no end of a command after 1 s" in done.stdout + done.stderr
    assert "sleep 4711" not in lab.check("ubuntu1", "ps -A -o args=")


@pytest.mark.parametrize("value", ["0", "three", "-1", "999999"])
def test_impossible_number_of_hosts(lab: Lab, value: str) -> None:
    done = ansible(
        lab,
        "ansible-inventory",
        "-i",
        "inventory/lab",
        "--list",
        OVERLAY_LAB_HOSTS=value,
        ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="1",
    )
    assert done.returncode != 0
    assert "hosts" in done.stderr.lower()
