# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small files: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import parameters
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.parameters import write_file
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import KernelError


def test_file_is_written_with_its_directories(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_file(str(path), "text\n", "write")
    assert path.read_text() == "text\n"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_file_is_replaced_whole_and_what_a_killed_run_left_is_used(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old and longer\n")
    (tmp_path / ".file.vxlab-new").write_text("half a fi")
    write_file(str(path), "new\n", "write")
    assert path.read_text() == "new\n"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_file_is_removed_with_what_a_killed_run_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    (tmp_path / ".file.vxlab-new").touch()
    write_file(str(path), None, "remove")
    write_file(str(path), None, "remove")
    assert list(tmp_path.iterdir()) == []


def test_directory_of_somebody_else_stays_when_it_is_empty(tmp_path: Path) -> None:
    directory = tmp_path / "theirs"
    directory.mkdir()
    (directory / "file").touch()
    write_file(str(directory / "file"), None, "remove")
    assert directory.is_dir()


def test_error_names_the_intent_the_file_and_the_answer(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KernelError) as failed:
        write_file(str(tmp_path / "file" / "below"), "x", "keep x for the next boot")
    assert str(failed.value).startswith("cannot keep x for the next boot: ")
    assert "Not a directory" in str(failed.value) or "File exists" in str(failed.value)


def test_parameter_is_read_where_the_kernel_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parameters._path("net.ipv4.ip_forward") == "/proc/sys/net/ipv4/ip_forward"
    assert parameters._path("net.ipv4.conf.eth0/10.forwarding").endswith("/eth0.10/forwarding")
    monkeypatch.setattr(parameters, "PROC_SYS", f"{tmp_path}/")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_text("1\n")
    assert parameters.read_sysctls(["a.b"]) == {"a.b": "1"}
    parameters.set_sysctl("a.b", "0")
    assert parameters.read_sysctls(["a.b"]) == {"a.b": "0"}
    with pytest.raises(KernelError, match="cannot read none: No such file"):
        parameters.read_sysctls(["none"])
    with pytest.raises(KernelError, match=r"cannot set none\.x to 1"):
        parameters.set_sysctl("none.x", "1")


def test_parameter_of_every_device_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "PROC_SYS", f"{tmp_path}/")
    for device in ("eth0", "eth0.10"):
        (tmp_path / "conf" / device).mkdir(parents=True)
        (tmp_path / "conf" / device / "forwarding").write_text("1\n")
    (tmp_path / "conf" / "gone").mkdir()
    assert parameters.read_sysctls(["conf.*.forwarding", "none.*"]) == {
        "conf.eth0.forwarding": "1",
        "conf.eth0/10.forwarding": "1",
    }


def test_files_of_all_our_overlays_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parameters, "OUR_SYSCTL_FILES", str(tmp_path / "90-vxlab-*.conf"))
    (tmp_path / "90-vxlab-a.conf").write_text("a")
    (tmp_path / "99-other.conf").write_text("b")
    assert parameters.read_our_sysctl_files() == {str(tmp_path / "90-vxlab-a.conf"): "a"}
