# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The overlay outlives reboots, without Ansible, until it is torn down."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from vm.machines import Machine, reboot

ROOT = Path(__file__).resolve().parents[2]
PING = "ip netns exec ns1 ping -i 0.01 -O 10.233.0.3"
# All that the overlay could leave, but for what changes by itself.
STATE = r"""
ip -o link | sed 's/^[0-9]*: //'; ip -o address | sed 's/^[0-9]*: //; s/valid_lft.*//'
ip netns; ip route show table all; ip neigh show nud permanent; nft -s list ruleset
systemctl list-unit-files --no-legend; systemctl list-units --failed --no-legend
sysctl net.ipv4.ip_forward
find /etc /usr/local /run/vxlab.overlay /var/lib/vxlab.overlay -printf '%p %m\n'
"""


def play(playbook: str, *arguments: str, fails: bool = False) -> str:
    """Run a playbook on the machines; returns what it printed."""
    done = subprocess.run(
        [
            Path(sys.executable).parent / "ansible-playbook",
            playbook,
            "-i",
            "inventory/vm",
            *arguments,
        ],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
        check=False,
    )
    assert (done.returncode != 0) == fails, done.stdout[-5000:]
    return done.stdout


def changed(output: str) -> set[int]:
    """How many tasks changed something, on each host."""
    return {int(number) for number in re.findall(r"^\S+ +: .*changed=(\d+)", output, re.M)}


def state(hosts: list[Machine]) -> dict[str, list[str]]:
    return {host.name: sorted(host.ssh(STATE).stdout.splitlines()) for host in hosts}


def test_life_with_reboots(hosts: list[Machine]) -> None:
    """One test, since each part goes on from the one before it."""
    before = state(hosts)
    play("site.yml")
    assert "checks passed" in play("playbooks/verify.yml")
    assert changed(play("site.yml")) == {0}

    reboot(hosts)
    for host in hosts:
        assert host.run("systemctl is-active vxlab-overlay-overlay").strip() == "active"
        # Not a second time, and before anybody could log in.
        assert "restored: vxlan0: missing" in host.run("journalctl -b -u vxlab-overlay-overlay")
    assert "checks passed" in play("playbooks/verify.yml")
    assert changed(play("site.yml")) == {0}

    _reboot_one_while_the_others_talk(hosts)
    assert "checks passed" in play("playbooks/verify.yml")

    play("playbooks/teardown.yml")
    reboot(hosts)
    after = state(hosts)
    for name, lines in before.items():
        assert set(after[name]) ^ set(lines) == set(), name


def _reboot_one_while_the_others_talk(hosts: list[Machine]) -> None:
    first, _second, third = hosts
    first.run(f"nohup {PING} > /tmp/ping 2>&1 < /dev/null & echo $! > /tmp/ping.pid")
    reboot([third])
    time.sleep(2)
    first.run("kill -INT $(cat /tmp/ping.pid); sleep 1")
    printed = first.run("cat /tmp/ping; rm /tmp/ping /tmp/ping.pid")
    sent, received = re.findall(r"(\d+) packets transmitted, (\d+) received", printed)[0]
    assert int(sent) > 500
    # The last one may have been on its way when ping ended.
    assert int(sent) - int(received) <= 1, printed[-2000:]
