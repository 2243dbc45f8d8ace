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

from vm.machines import Machine, await_boot, reboot

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


def start(playbook: str, *arguments: str) -> subprocess.Popen[str]:
    program = Path(sys.executable).parent / "ansible-playbook"
    return subprocess.Popen(
        [program, playbook, "-i", "inventory/vm", *arguments],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def play(playbook: str, *arguments: str) -> str:
    """Run a playbook on the machines; returns what it printed."""
    run = start(playbook, *arguments)
    try:
        output, _none = run.communicate(timeout=1200)
    finally:
        run.kill()
    assert run.returncode == 0, output[-5000:]
    return output


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
    _others_load_their_rules(hosts[0])
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

    for vni, step in ((43, "vxlan"), (42, "bridge"), (43, "containers")):
        _cut_power_in_the_middle_of_a_run(hosts, vni, f"vxlab.overlay.{step} : Make the")
    assert "checks passed" in play("playbooks/verify.yml", "--extra-vars", "overlay_vni=43")

    play("playbooks/teardown.yml")
    reboot(hosts)
    after = state(hosts)
    for name, lines in before.items():
        assert set(after[name]) ^ set(lines) == set(), name


def _others_load_their_rules(host: Machine) -> None:
    """Debian's /etc/nftables.conf begins with "flush ruleset"."""
    for verb in ("restart", "reload"):
        host.run(f"systemctl {verb} nftables")
        host.run("nft list table ip vxlab_overlay && nft list table inet vxlab_overlay")
        host.run("nft list table bridge vxlab_overlay && ip netns exec ns1 ping -c 2 10.233.0.3")


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


def _cut_power_in_the_middle_of_a_run(hosts: list[Machine], vni: int, step: str) -> None:
    """The host comes back with its old or its new overlay, and the next run goes on from there."""
    first, second, _third = hosts
    options = ("site.yml", "--extra-vars", f"overlay_vni={vni}")
    run = start(*options)
    assert run.stdout
    output = ""
    for line in run.stdout:
        output += line
        if step in line:
            time.sleep(1)  # so that the module runs
            second.cut_power()
            break
    output += run.communicate(timeout=1200)[0]
    assert run.returncode, output[-5000:]
    assert "ubuntu2 failed, as told above" in output, output[-5000:]
    first.run("ip netns exec ns1 ping -c 2 10.233.0.4")
    second.start()
    await_boot([second])
    assert second.run("systemctl is-active vxlab-overlay-overlay").strip() == "active"
    assert re.search("vxlan id 4[23] ", second.run("ip -d link show master br0"))
    second.run("ip netns exec ns1 ping -c 2 10.233.0.1")
    play(*options)
    second.run("ip netns exec ns1 ping -c 2 10.233.0.2")
