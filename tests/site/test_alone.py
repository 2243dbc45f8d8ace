# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as others use it: built, installed from the file, in a playbook of their own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.site.site import BIN, REPO, Site

PLAYBOOK = """
- hosts: overlay
  gather_facts: false
  vars:
    overlay_vni: 77
    overlay_cidr: 10.77.0.0/16
    overlay_mode: {mode}
  roles:
    - vxlab.overlay.{role}
"""
# A role with nothing but its defaults.
ROLE = """
- hosts: overlay
  gather_facts: false
  roles:
    - vxlab.overlay.{role}
"""
# The mode in which a role has something to do, where that is not the default.
MODES = {"fdb": "unicast", "evpn": "evpn"}
# What ubuntu1 must have after the role was used there; each of these fails without it.
PROOFS = {
    "plan": "! ip link show vxlan0",
    "peer_filter": "nft list set inet vxlab_overlay vteps | grep 172.16.1.12",
    "gateway": "nft list table bridge vxlab_overlay | grep 10.77.0.1",
    "vxlan": "ip -d link show vxlan0 | grep 'vxlan id 77'",
    "bridge": "ip -d link show vxlan0 master br0 && ip address show br0 | grep 10.77.0.1/32",
    "fdb": "bridge fdb show dev vxlan0 | grep 'dst 172.16.1.12 self permanent'",
    "evpn": "vtysh -c 'show bgp l2vpn evpn summary' | grep 172.16.1.12",
    "anti_spoof": "nft list set bridge vxlab_overlay.ports addresses | grep 10.77.0.2",
    "containers": "ip netns exec ns1 ping -c 1 -W 2 10.77.0.1",
    # The lab's hosts have no systemd, so nothing would restore it.
    "persist": "[ ! -e /etc/vxlab.overlay ] && [ ! -e /usr/local/lib/vxlab.overlay ]",
    "nat": "nft list table ip vxlab_overlay | grep 10.77.0.0/16",
}

COLLECTION = REPO / "collections/ansible_collections/vxlab/overlay"


@pytest.fixture(name="installed", scope="module")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the checkout, with the collection as ansible-galaxy installs it."""
    folder = tmp_path_factory.mktemp("elsewhere")
    galaxy = str(BIN / "ansible-galaxy")
    environment = {"HOME": str(folder), "PATH": str(BIN)}
    for arguments in (
        ["build", str(COLLECTION), "--output-path", str(folder)],
        ["install", "--offline", "-p", str(folder / "collections"), "vxlab-overlay.tar.gz"],
    ):
        if arguments[0] == "install":
            (built,) = folder.glob("vxlab-overlay-*.tar.gz")
            arguments[-1] = str(built)
        subprocess.run(
            [galaxy, "collection", *arguments],
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
            timeout=120,
        )
    return folder


def _play(lab: Site, folder: Path, playbook: str) -> str:
    hosts = {
        name: {"ansible_connection": "vxlab.overlay.lab", **variables}
        for name, variables in lab.hosts.items()
    }
    inventory = {"overlay": {"hosts": hosts, "vars": {"overlay_lab_name": lab.lab}}}
    (folder / "inventory.json").write_text(json.dumps(inventory))
    done = subprocess.run(
        [str(BIN / "ansible-playbook"), "-i", "inventory.json", playbook],
        cwd=folder,
        env={
            "HOME": str(folder),
            "PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    return done.stdout


def test_every_role_has_a_proof() -> None:
    roles = {path.name for path in (COLLECTION / "roles").iterdir()}
    # The lab's own tests have it; verify and teardown need what the others make, see below.
    assert roles - {"lab", "teardown", "verify"} == set(PROOFS)


@pytest.mark.parametrize("role", PROOFS)
def test_role_alone(lab: Site, installed: Path, role: str) -> None:
    for number, host in enumerate(lab.hosts, start=2):
        lab.containers(host)[0]["address"] = f"10.77.0.{number}"
    mode = MODES.get(role, "multicast")
    (installed / "playbook.yml").write_text(PLAYBOOK.format(role=role, mode=mode))
    try:
        _play(lab, installed, "playbook.yml")
        lab.run("ubuntu1", PROOFS[role])
    finally:
        _play(lab, installed, "vxlab.overlay.teardown")
    lab.run("ubuntu1", "! ip link show vxlan0 && ! ip link show br0")
    lab.run("ubuntu1", "! nft list tables | grep vxlab")


def test_verify_and_teardown_alone_and_playbooks_by_name(lab: Site, installed: Path) -> None:
    lab.reset()
    before = lab.state()
    _play(lab, installed, "vxlab.overlay.site")
    (installed / "playbook.yml").write_text(ROLE.format(role="verify"))
    assert "7 checks passed" in _play(lab, installed, "playbook.yml")
    assert "7 checks passed" in _play(lab, installed, "vxlab.overlay.verify")
    assert lab.changes_since(before)
    (installed / "playbook.yml").write_text(ROLE.format(role="teardown"))
    _play(lab, installed, "playbook.yml")
    assert not lab.changes_since(before), lab.changes_since(before)


def test_a_thousand_containers_on_one_host(lab: Site) -> None:
    lab.reset()
    lab.hosts["ubuntu1"]["overlay_containers"] = [
        {"name": f"c{n}", "address": f"10.233.{8 + n // 250}.{1 + n % 250}"} for n in range(1000)
    ]
    run = lab.play("site.yml", "--limit", "ubuntu1")
    made = [r for r in run.changes if r["task"].endswith("Make the containers")]
    assert len(made) == 1, "one task, no loop"
    assert "results" not in made[0]
    assert lab.run("ubuntu1", "ls /run/netns | wc -l").strip() == "1000"
    lab.run("ubuntu1", "ip netns exec c999 ping -c 1 -W 2 10.233.8.1")
    assert set(lab.play("site.yml", "--limit", "ubuntu1").changed.values()) == {0}
