# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user types first: make, the inventories, the playbooks, Vagrant, CI."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = ROOT / "collections/ansible_collections/vxlab/overlay"
PLAYBOOKS = [
    "site.yml",
    *(f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml")),
    *(f"vxlab.overlay.{path.stem}" for path in (COLLECTION / "playbooks").glob("*.yml")),
]
HOSTS = {"ubuntu1": "172.16.1.11", "ubuntu2": "172.16.1.12", "ubuntu3": "172.16.1.13"}


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command at the repo's root, for five minutes at most; both outputs are in stdout."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )


def targets() -> dict[str, str]:
    """The Makefile's documented targets, with what is said of each."""
    return dict(re.findall(r"^([a-z-]+):.*?## (.+)$", (ROOT / "Makefile").read_text(), re.M))


def listed(inventory: str, **environment: str) -> dict[str, Any]:
    """What `ansible-inventory --list` says; no template in it is filled in."""
    shown = subprocess.run(
        ["ansible-inventory", "-i", f"inventory/{inventory}", "--list"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    # What an inventory plugin gives, Ansible wraps as not to be a template.
    loaded: dict[str, Any] = json.loads(
        shown.stdout, object_hook=lambda value: value.get("__ansible_unsafe", value)
    )
    return loaded


def test_make_alone_lists_every_documented_target() -> None:
    shown = run("make")
    assert shown.returncode == 0
    for target, purpose in targets().items():
        assert re.search(rf"^make {target} +{re.escape(purpose)}$", shown.stdout, re.M), target


def make(target: str, lab: str) -> subprocess.CompletedProcess[str]:
    """Run a target with this Python's environment, as it is (make -o), in a lab of its own."""
    ready = f"{sys.prefix}/.ready"
    return run("make", "-o", ready, f"VENV={sys.prefix}", target, OVERLAY_LAB_NAME=lab)


def test_demo_builds_checks_and_shows_the_overlay() -> None:
    lab = f"demo{os.getpid()}"
    try:
        demo = make("demo", lab)
    finally:
        down = make("lab-down", lab)
    assert demo.returncode == 0, demo.stdout
    assert "7 checks passed" in demo.stdout
    for host in HOSTS:
        assert re.search(rf"^\W*{host}/ns1( +\S+)+", demo.stdout, re.M), demo.stdout
    assert run("scripts/enter").stdout.strip() in demo.stdout
    assert down.returncode == 0, down.stdout
    assert run("scripts/enter", "ubuntu1", OVERLAY_LAB_NAME=lab).returncode == 1


def test_contract_targets_exist() -> None:
    assert {"demo", "test", "lab-up", "lab-down"} <= targets().keys()


def test_readme_names_only_targets_and_files_that_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", readme, re.M))
    assert {"demo", "test"} <= named
    assert named <= targets().keys()
    for path in re.findall(r"(?:^| |`)(scripts/\w+|playbooks/\w+\.yml|site\.yml)", readme, re.M):
        assert (ROOT / path).exists(), path


def test_readme_lists_each_group_variable_of_the_vagrant_inventory() -> None:
    readme = (ROOT / "README.md").read_text()
    text = (ROOT / "inventory/vagrant/group_vars/overlay.yml").read_text()
    variables = re.findall(r"^(overlay_\w+):", text, re.M)
    assert variables
    for variable in variables:
        assert f"`{variable}`" in readme, variable


def test_ci_runs_the_readmes_test_command_and_nothing_else() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    code = [line for line in lines if line and not line.startswith("#")]
    assert code == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec make test </dev/null"]
    assert "\nmake test " in (ROOT / "README.md").read_text()


def test_requirements_are_pinned_exactly_for_both_pythons() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    for line in wanted:
        assert re.fullmatch(r"[\w.-]+==[\w.]+(; python_version [=>]= \"3\.\d+\")?", line), line
    markers = {line.partition(";")[2].strip() for line in wanted if line.startswith("ansible-core")}
    assert markers == {'python_version == "3.11"', 'python_version >= "3.12"'}


def test_the_installed_ansible_is_the_pinned_one() -> None:
    version = re.search(r"core ([\d.]+)", run("ansible", "--version").stdout)
    assert version
    assert f"ansible-core=={version[1]};" in (ROOT / "requirements.txt").read_text()


@pytest.mark.parametrize("inventory", ["lab", "vagrant"])
def test_inventory_holds_the_lessons_hosts_and_containers(inventory: str) -> None:
    loaded = listed(inventory)
    assert sorted(loaded["overlay"]["hosts"]) == sorted(HOSTS)
    network = ipaddress.ip_network("10.233.0.0/16")
    for number, (name, address) in enumerate(HOSTS.items(), start=2):
        variables = loaded["_meta"]["hostvars"][name]
        assert variables["ansible_host"] == address
        first = variables["overlay_containers"][0]
        assert (first["name"], first["address"]) == ("ns1", str(network[number]))


def test_vagrant_inventory_logs_in_as_vagrants_own_ssh_does() -> None:
    variables = listed("vagrant")["_meta"]["hostvars"]["ubuntu2"]
    assert variables["ansible_user"] == "vagrant"
    assert variables["ansible_become"] is True
    shown = run(
        *("ansible", "ubuntu2", "-i", "inventory/vagrant", "-c", "local", "-m", "debug"),
        *("-a", "msg={{ ansible_ssh_private_key_file }}"),
        VAGRANT_DEFAULT_PROVIDER="libvirt",
    )
    assert ".vagrant/machines/ubuntu2/libvirt/private_key" in shown.stdout, shown.stdout


def test_vagrant_inventory_leaves_the_underlay_device_to_the_plan() -> None:
    for variables in listed("vagrant")["_meta"]["hostvars"].values():
        assert "overlay_underlay_dev" not in variables


def test_inventory_graph_shows_the_overlay_group() -> None:
    shown = run("ansible-inventory", "-i", "inventory/vagrant", "--graph")
    assert shown.returncode == 0
    assert [line.strip(" |-") for line in shown.stdout.splitlines()][-4:] == ["@overlay:", *HOSTS]


def test_playbooks_of_the_contract_exist_here_and_in_the_collection() -> None:
    for name in ("site", "verify", "teardown"):
        assert {f"playbooks/{name}.yml", f"vxlab.overlay.{name}"} <= set(PLAYBOOKS)


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_playbook_is_sound(playbook: str) -> None:
    shown = run("ansible-playbook", "--syntax-check", "-i", "inventory/lab", playbook)
    assert shown.returncode == 0, shown.stdout


@pytest.fixture
def vagrant(tmp_path: Path) -> dict[str, str]:
    """Environment in which vagrant writes nothing outside tmp_path and asks no server."""
    assert shutil.which("vagrant"), "vagrant is missing: make test installs it"
    return {
        "HOME": str(tmp_path),
        "VAGRANT_HOME": str(tmp_path / "home"),
        "VAGRANT_DOTFILE_PATH": str(tmp_path / "dot"),
        "VAGRANT_CHECKPOINT_DISABLE": "1",
    }


@pytest.mark.parametrize(
    "environment",
    [{}, {"OVERLAY_HOSTS": "5"}, {"OVERLAY_BOX": "some/box"}, {"OVERLAY_DEFAULT_ROUTE": "1"}],
    ids=["plain", "hosts", "box", "route"],
)
def test_vagrant_accepts_the_vagrantfile(
    vagrant: dict[str, str], environment: dict[str, str]
) -> None:
    shown = run("vagrant", "validate", "--ignore-provider", **vagrant, **environment)
    assert shown.returncode == 0, shown.stdout
    named = re.findall(r"^==> (ubuntu\d+):", shown.stdout, re.M)
    assert len(named) == int(environment.get("OVERLAY_HOSTS", "3")), shown.stdout


@pytest.mark.parametrize("hosts", ["0", "201", "many"])
def test_vagrantfile_refuses_an_impossible_number_of_hosts(
    vagrant: dict[str, str], hosts: str
) -> None:
    shown = run("vagrant", "validate", "--ignore-provider", **vagrant, OVERLAY_HOSTS=hosts)
    assert shown.returncode != 0
    assert hosts in shown.stdout


def test_enter_without_a_host_shows_examples_and_a_host_that_is_down_is_an_error() -> None:
    assert "scripts/enter ubuntu1" in run("scripts/enter").stdout
    down = run("scripts/enter", "ubuntu1", OVERLAY_LAB_NAME="never-started")
    assert down.returncode == 1
    assert "make lab-up" in down.stdout
    assert "Traceback" not in down.stdout


def test_setup_without_a_python_that_is_new_enough_says_so() -> None:
    shown = run("scripts/setup", "venv", "/nonexistent", PYTHON="/bin/false")
    assert shown.returncode == 1
    assert "no Python >= 3.11 found (tried: /bin/false)" in shown.stdout


def test_environment_is_made_anew_though_its_own_python_is_first_on_path(tmp_path: Path) -> None:
    """As after a change of requirements.txt: make puts the environment first on PATH."""
    (tmp_path / "scripts").mkdir()
    script = shutil.copy(ROOT / "scripts/setup", tmp_path / "scripts")
    (tmp_path / "requirements.txt").touch()
    venv = tmp_path / "venv"
    for _time in range(2):
        made = run(str(script), "venv", str(venv), PATH=f"{venv}/bin:{os.environ['PATH']}")
        assert made.returncode == 0, made.stdout
    assert run(f"{venv}/bin/python", "-c", "").returncode == 0


def test_setup_without_root_names_the_command(tmp_path: Path) -> None:
    """With nothing but the bare tools on PATH, and neither root nor sudo."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dirname", "env", "sh"):
        (tools / name).symlink_to(str(shutil.which(name)))
    for name, text in (("id", "echo 1000"), ("apt-get", "exit 1")):
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    script = (ROOT / "scripts/setup").read_text().replace(":/usr/sbin:/sbin", "")
    copy = tmp_path / "scripts/setup"
    copy.parent.mkdir()
    copy.write_text(script)
    copy.chmod(0o755)
    shown = run(str(copy), "system", "demo", PATH=str(tools))
    assert shown.returncode == 1, shown.stdout
    assert "sudo apt-get install --no-install-recommends" in shown.stdout
    assert "nftables" in shown.stdout
