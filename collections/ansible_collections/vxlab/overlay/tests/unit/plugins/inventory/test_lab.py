# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin of the lab."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible import constants
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader

from ansible_collections.vxlab.overlay.plugins.inventory.lab import (
    DOCUMENTATION,
    InventoryModule,
)

VARIABLES = ("OVERLAY_LAB_NAME", "OVERLAY_LAB_HOSTS", "OVERLAY_LAB_CONTAINERS")
FLAGS = ("OVERLAY_LAB_ROUTED", "OVERLAY_LAB_IPV6", "OVERLAY_LAB_MULTICAST")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES + FLAGS:
        monkeypatch.delenv(name, raising=False)


def parse(folder: Path, text: str) -> InventoryData:
    path = folder / "lab.yml"
    path.write_text(f"plugin: vxlab.overlay.lab\n{text}\n")
    plugin = InventoryModule()
    plugin._load_name = InventoryModule.NAME
    # What Ansible's plugin loader does, which under plain pytest does not see the collection.
    constants.config.initialize_plugin_configuration_definitions(
        "inventory", InventoryModule.NAME, DataLoader().load(DOCUMENTATION)["options"]
    )
    data = InventoryData()
    assert plugin.verify_file(str(path))
    plugin.parse(data, DataLoader(), str(path))
    return data


def test_file_decides(tmp_path: Path) -> None:
    data = parse(tmp_path, "hosts: 2\ncontainers: 2\nname: mine")
    group = data.groups["overlay"]
    assert [host.name for host in group.get_hosts()] == ["ubuntu1", "ubuntu2"]
    assert group.get_vars()["overlay_lab_name"] == "mine"
    assert group.get_vars()["ansible_connection"] == "vxlab.overlay.lab"
    assert group.get_vars()["overlay_underlay_dev"] == "eth1"
    assert data.hosts["ubuntu2"].vars["overlay_lab_host"] == "ubuntu2"
    assert data.hosts["ubuntu2"].vars["overlay_containers"] == [
        {"name": "ns1", "address": "10.233.0.4"},
        {"name": "ns2", "address": "10.233.0.5"},
    ]


def test_environment_is_stronger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(VARIABLES, ("other", "250", "0"), strict=True):
        monkeypatch.setenv(name, value)
    data = parse(tmp_path, "hosts: 2\ncontainers: 2\nname: mine")
    assert len(data.hosts) == 250
    assert data.hosts["ubuntu1"].vars["overlay_containers"] == []
    variables = data.groups["overlay"].get_vars()
    assert variables["overlay_lab_name"] == "other"
    assert variables["overlay_lab_router"] == "172.16.1.1/16"


def flags(data: InventoryData) -> list[object]:
    variables = data.groups["overlay"].get_vars()
    return [variables[f"overlay_lab_{flag}"] for flag in ("routed", "ipv6", "multicast")]


def test_underlay_by_file(tmp_path: Path) -> None:
    assert flags(parse(tmp_path, "hosts: 2")) == [False, False, True]
    data = parse(tmp_path, "hosts: 2\nrouted: true\nipv6: true\nmulticast: false")
    assert flags(data) == [True, True, False]
    assert data.hosts["ubuntu2"].vars["ansible_host"] == "172.16.12.11"
    flat = parse(tmp_path, "hosts: 2\nipv6: true\nmulticast: false")
    assert flat.hosts["ubuntu2"].vars["ansible_host"] == "172.16.1.12"


def test_underlay_by_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(FLAGS, ("1", "yes", "false"), strict=True):
        monkeypatch.setenv(name, value)
    data = parse(tmp_path, "hosts: 2")
    assert flags(data) == [True, True, False]
    assert data.hosts["ubuntu1"].vars["ansible_host"] == "172.16.11.11"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("OVERLAY_LAB_HOSTS", "many", "OVERLAY_LAB_HOSTS is 'many': it must be a number"),
        ("OVERLAY_LAB_HOSTS", "-1", "OVERLAY_LAB_HOSTS is '-1'"),
        ("OVERLAY_LAB_HOSTS", "0", "a lab needs one host at least"),
        ("OVERLAY_LAB_NAME", "../x", "the lab's name is"),
        ("OVERLAY_LAB_IPV6", "2", "OVERLAY_LAB_IPV6 is '2': it must be true or false"),
    ],
)
def test_bad_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(AnsibleParserError, match=message):
        parse(tmp_path, "hosts: 2")


def test_other_files_are_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "hosts.yml"
    path.write_text("all: {}\n")
    assert not InventoryModule().verify_file(str(path))
