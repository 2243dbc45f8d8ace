# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The overlay as a whole: the first run, the second, the run that only tells, the end."""

from __future__ import annotations

from typing import Any

from tests.site.site import Site

# What other people may have on a host; the FORWARD policy is as Docker's engine sets it.
OF_OTHERS = """
set -e
ip netns add other
ip link add br-other type bridge
ip link add veth-other type veth peer name eth9 netns other
ip link set veth-other master br-other up
ip link set br-other up
ip address add 192.168.77.1/24 dev br-other
nft 'add table inet other; add set inet other known { type ipv4_addr; }'
nft 'add element inet other known { 192.0.2.7, 192.0.2.9 }'
nft 'add chain inet other forward { type filter hook forward priority 10; policy drop; }'
nft 'add rule inet other forward ip saddr @known accept'
iptables -P FORWARD DROP
iptables -A FORWARD -s 192.168.77.0/24 -j ACCEPT
iptables -A FORWARD -d 192.168.77.0/24 -j ACCEPT
iptables -t nat -A POSTROUTING -s 192.168.77.0/24 ! -o br-other -j MASQUERADE
sysctl -qw net.ipv4.conf.all.accept_redirects=0
"""


def test_check_mode_tells_what_the_run_does_and_changes_nothing(lab: Site) -> None:
    before = lab.state()
    told = lab.play("site.yml", "--check", "--diff")
    assert not lab.changes_since(before)
    done = lab.play("site.yml", "--diff")
    assert done.commands, done.output
    assert told.commands == done.commands
    assert lab.changes_since(before)


def test_second_run_changes_nothing(built: Site) -> None:
    run = built.play("site.yml")
    assert run.changed == dict.fromkeys(built.hosts, 0)
    assert not run.changes


def test_verify_passes_and_shows_everybody_against_everybody(built: Site) -> None:
    run = built.play("playbooks/verify.yml")
    assert set(run.changed.values()) == {0}
    assert "7 checks passed" in run.output
    for name in ("ubuntu1/ns1", "ubuntu2/ns1", "ubuntu3/ns1"):
        assert name in run.output


def test_drift_is_named_and_nothing_changed(built: Site) -> None:
    assert set(built.play("playbooks/drift.yml").changed.values()) == {0}
    built.run("ubuntu2", "ip link set vxlan0 nomaster; nft delete table ip vxlab_overlay")
    before = built.state()
    run = built.play("playbooks/drift.yml", fails=True)
    for difference in ("br0: port vxlan0 missing", "NAT rule for 10.233.0.0/16: missing"):
        assert f"ubuntu2: {difference}" in run.errors
    assert "ubuntu1" not in run.errors
    assert not built.changes_since(before)
    built.play("site.yml")


def test_rendered_scripts_make_the_same_by_hand(built: Site) -> None:
    folder = built.folder / "rendered"
    before = built.state()
    built.play("playbooks/render.yml", "--extra-vars", f"overlay_render_folder={folder}")
    assert not built.changes_since(before)
    built.play("playbooks/teardown.yml")
    for host in built.hosts:
        built.run(host, f"set -eu\n{(folder / f'{host}.sh').read_text()}")
    assert set(built.play("site.yml").changed.values()) == {0}


def test_run_on_one_host_leaves_the_others_alone(built: Site) -> None:
    built.containers("ubuntu1").append({"name": "extra", "address": "10.233.0.77"})
    built.containers("ubuntu2").append({"name": "extra", "address": "10.233.0.78"})
    try:
        run = built.play("site.yml", "--limit", "ubuntu1")
        assert list(run.changed) == ["ubuntu1"]
        assert "extra" in built.run("ubuntu1", "ip netns")
        assert "extra" not in built.run("ubuntu2", "ip netns")
    finally:
        built.reset()
        built.play("site.yml")


def test_a_tag_runs_the_plan_and_one_step(built: Site) -> None:
    broken = "nft delete table ip vxlab_overlay; ip netns del ns1; ip link set vxlan0 nomaster"
    built.run("ubuntu1", broken)
    for step in ("bridge", "nat"):
        run = built.play("site.yml", "--tags", step)
        assert _roles(run.results) == {"plan", step}
        assert _roles(run.changes) == {step}
    assert _roles(built.play("site.yml").changes) == {"containers"}


def _roles(results: list[dict[str, Any]]) -> set[str]:
    """Names of the roles whose tasks ran, but for the look at their arguments, which all have."""
    tasks = (result["task"].split(" : ") for result in results)
    ran = {role for role, task in tasks if not task.startswith("Validating arguments")}
    return {role.removeprefix("vxlab.overlay.") for role in ran}


def test_teardown_leaves_hosts_as_they_were(lab: Site) -> None:
    lab.play("playbooks/teardown.yml")
    assert set(lab.play("playbooks/teardown.yml").changed.values()) == {0}
    for host in lab.hosts:
        lab.run(host, OF_OTHERS)
    before = lab.state()
    lab.play("site.yml")
    lab.play("playbooks/verify.yml")
    assert set(lab.play("site.yml").changed.values()) == {0}
    lab.variables["overlay_vxlan_dev"] = "vxlan7"
    lab.containers("ubuntu1").append({"name": "more", "address": "10.233.0.99"})
    lab.play("site.yml")
    lab.reset()  # what was renamed or has left the inventory goes too
    told = lab.play("playbooks/teardown.yml", "--check")
    done = lab.play("playbooks/teardown.yml")
    assert told.commands == done.commands
    assert not lab.changes_since(before)
