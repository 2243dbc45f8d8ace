# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection plugin of the lab, with a prefix that enters nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext

from ansible_collections.vxlab.overlay.plugins.connection import lab as plugin
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError

ENTERED: list[tuple[str, str]] = []


def enter_nothing(lab: str, host: str) -> list[str]:
    ENTERED.append((lab, host))
    return []


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = plugin.Connection(PlayContext())
    made._load_name = plugin.Connection.transport
    # What Ansible's plugin loader does, which under plain pytest does not see the collection.
    constants.config.initialize_plugin_configuration_definitions(
        "connection",
        plugin.Connection.transport,
        DataLoader().load(plugin.DOCUMENTATION)["options"],
    )
    monkeypatch.setattr(plugin, "enter", enter_nothing)
    made.set_options(var_options={"inventory_hostname": "ubuntu1", "overlay_lab_name": "mine"})
    return made


def test_host_is_the_inventorys_name_not_its_address(connection: Any) -> None:
    ENTERED.clear()
    connection.set_options(
        var_options={
            "inventory_hostname": "ubuntu1",
            "ansible_host": "172.16.1.11",
            "overlay_lab_name": "mine",
        }
    )
    connection._connect()
    assert ENTERED == [("mine", "ubuntu1")]


def test_delegated_host_is_its_own_variables(connection: Any) -> None:
    """Ansible leaves inventory_hostname that of the host which delegates."""
    ENTERED.clear()
    connection.set_options(
        var_options={"inventory_hostname": "ubuntu1", "overlay_lab_host": "ubuntu2"}
    )
    connection._connect()
    assert ENTERED == [("lab", "ubuntu2")]


def test_pipelining_is_on_unless_switched_off(connection: Any) -> None:
    assert connection.has_pipelining and connection.get_option("pipelining") is True
    connection.set_options(var_options={"ansible_pipelining": False})
    assert connection.get_option("pipelining") is False


def test_command_gets_its_input_and_returns_all(connection: Any) -> None:
    code, out, err = connection.exec_command("cat; echo no >&2; exit 3", in_data=b"a\0b")
    assert (code, out, err) == (3, b"a\0b", b"no\n")


def test_environment_is_a_logins(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/controller")
    monkeypatch.setenv("LANG", "C.UTF-8")
    lines = connection.exec_command("env")[1].decode().splitlines()
    assert "HOME=/root" in lines and "LANG=C.UTF-8" in lines
    assert not [line for line in lines if line.startswith("PYTHONPATH=")]
    path = next(line for line in lines if line.startswith("PATH="))
    assert "/usr/sbin" in path


def test_command_that_does_not_end(connection: Any) -> None:
    connection.set_options(var_options={"overlay_lab_command_timeout": 1})
    with pytest.raises(AnsibleConnectionFailure, match="no end of a command after 1 s"):
        connection.exec_command("sleep 60 & sleep 60")


def test_files_go_there_and_back(connection: Any, tmp_path: Path) -> None:
    source, there, back = tmp_path / "a", tmp_path / "it's $there", tmp_path / "c"
    source.write_bytes(os.urandom(300_000))
    connection.put_file(str(source), str(there))
    connection.fetch_file(str(there), str(back))
    assert back.read_bytes() == there.read_bytes() == source.read_bytes()


def test_files_that_cannot_be_copied(connection: Any, tmp_path: Path) -> None:
    with pytest.raises(AnsibleFileNotFound, match="no such file on the controller"):
        connection.put_file(str(tmp_path / "none"), "/dev/null")
    with pytest.raises(AnsibleError, match=r"cannot copy .*nowhere/x"):
        connection.put_file("/dev/null", str(tmp_path / "nowhere/x"))
    with pytest.raises(AnsibleError, match=r"cannot copy .*none"):
        connection.fetch_file(str(tmp_path / "none"), str(tmp_path / "got"))


def test_host_that_is_not_up(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(lab: str, host: str) -> list[str]:
        raise LabError(f"lab host {host} of {lab} is not up")

    monkeypatch.setattr(plugin, "enter", refuse)
    with pytest.raises(AnsibleConnectionFailure, match="lab host ubuntu1 of mine is not up"):
        connection._connect()
