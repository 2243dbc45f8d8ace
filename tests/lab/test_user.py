# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab of an ordinary user, in a user namespace."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .lab import COLLECTIONS, DRIVE, THREE, Lab, LabFailure, apart, reaches, seen_address
from .traffic import HEARD_WITHOUT_MULTICAST, heard

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="makes a user account; all other tests here run as this user"
)
PYTHON = "/usr/bin/python3"
MODULE_UTILS = Path("ansible_collections/vxlab/overlay/plugins/module_utils")


@pytest.fixture(scope="module")
def user() -> Iterator[str]:
    """An account of its own, removed afterwards."""
    name = f"lab{secrets.token_hex(4)}"
    subprocess.run(["/usr/sbin/useradd", "--create-home", name], check=True, capture_output=True)
    yield name
    subprocess.run(["/usr/sbin/userdel", "--remove", name], check=True, capture_output=True)


@pytest.fixture(scope="module")
def copy() -> Iterator[Path]:
    """What the user must be able to read; the checkout may be in a folder of root's."""
    folder = Path(tempfile.mkdtemp(prefix="vxlab-test-"))
    folder.chmod(0o755)
    shutil.copytree(COLLECTIONS / MODULE_UTILS, folder / MODULE_UTILS)
    shutil.copy(DRIVE, folder)
    yield folder
    shutil.rmtree(folder)


def as_user(user: str, *environment: str) -> list[str]:
    return [
        *("setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--inh-caps=-all"),
        *("env", "-i", "PATH=/usr/bin:/bin", f"HOME=/home/{user}", *environment),
    ]


@pytest.fixture
def lab(user: str, copy: Path) -> Iterator[Lab]:
    if not Path(PYTHON).exists():
        pytest.skip(f"no {PYTHON} that every user can run")
    if subprocess.run([*as_user(user), "unshare", "--user", "true"]).returncode != 0:
        pytest.skip("this kernel does not let ordinary users make user namespaces")
    made = Lab(f"test-{secrets.token_hex(4)}", as_user(user), PYTHON, copy / DRIVE.name, copy)
    yield made
    made.down()
    assert made.processes() == []
    assert not list(Path("/tmp").glob(f"vxlab-lab-*/vxlab-lab/{made.name}"))


def test_ordinary_user_has_a_lab(lab: Lab) -> None:
    first = lab.up()
    assert first["folder"].startswith("/tmp/vxlab-lab-")
    assert not lab.up()["changed"]
    assert reaches(lab, "ubuntu1", "172.16.1.13")
    assert seen_address(lab, "ubuntu1") == "172.16.1.11"
    assert lab.up(mtu=9000)["hosts"] == first["hosts"]
    assert reaches(lab, "ubuntu2", "-M do -s 8972 172.16.1.13")


def test_ordinary_user_has_every_kind_of_underlay(lab: Lab) -> None:
    first = lab.up(multicast=False, ipv6=True)
    assert not lab.up(multicast=False, ipv6=True)["changed"]
    assert heard(lab, THREE["ubuntu2"]) == HEARD_WITHOUT_MULTICAST
    assert reaches(lab, "ubuntu1", "172.16.1.13") and reaches(lab, "ubuntu1", "fd00:172:16:1::13")
    kind = {"routed": True, "ipv6": True, "multicast": False}
    assert lab.up(apart(3), **kind)["hosts"] == first["hosts"]
    assert not lab.up(apart(3), **kind)["changed"]
    assert reaches(lab, "ubuntu1", "172.16.13.11") and reaches(lab, "ubuntu1", "fd00:172:16:13::11")
    assert seen_address(lab, "ubuntu2") == "172.16.12.11"
    lab.check("fabric", "nft delete table bridge vxlab_lab; ip link del 172.16.11.0")
    assert lab.up(apart(3), **kind)["changed"]
    assert reaches(lab, "ubuntu1", "fd00:172:16:13::11")


def test_ordinary_user_can_build_an_overlay(lab: Lab) -> None:
    lab.up()
    lab.check(
        "ubuntu1",
        "ip link add vxlan0 type vxlan id 42 dstport 4789 group 239.1.1.1 dev eth1"
        " && ip link add br0 type bridge && ip link set vxlan0 master br0"
        " && ip netns add ns1 && ip link add veth0 type veth peer name eth0 netns ns1"
        " && ip netns exec ns1 ip link set eth0 up && sysctl -qw net.ipv4.ip_forward=1"
        " && nft add table inet t && ip netns exec ns1 sysctl -n net.ipv4.ip_forward",
    )


def test_what_an_ordinary_users_host_writes_stays_there(lab: Lab, user: str) -> None:
    lab.up()
    name = f"{lab.name}-file"
    for place in ("/etc", "/etc/sysctl.d", "/root", "/tmp", "/var/tmp", "/var/lib", "/run"):
        lab.check("ubuntu1", f"echo private >{place}/{name}")
        assert lab.run("ubuntu2", f"cat {place}/{name}").returncode != 0
        assert not Path(place, name).exists()
    # The user's own files could be written to, were they not read-only.
    assert "Read-only" in lab.run("ubuntu1", f"touch /home/{user}/{name}").stderr
    lab.check("ubuntu1", "echo changed >/etc/passwd")
    assert "changed" not in lab.check("ubuntu2", "cat /etc/passwd")


def test_killed_fabric_of_an_ordinary_user_is_made_anew(lab: Lab) -> None:
    up = lab.up()
    fabric = (Path(up["folder"]) / "hosts/fabric").read_text().split()[0]
    subprocess.run([*lab.prefix, "kill", "-9", fabric], check=True)
    again = lab.up()
    assert set(again["hosts"].values()).isdisjoint(up["hosts"].values())


def test_state_is_in_the_runtime_folder_if_it_is_ones_own(lab: Lab, user: str) -> None:
    runtime = Path(tempfile.mkdtemp(prefix="vxlab-run-"))
    try:
        lab.prefix = as_user(user, f"XDG_RUNTIME_DIR={runtime}")
        assert lab.up()["folder"].startswith("/tmp/vxlab-lab-"), "root's folder was taken"
        lab.down()
        shutil.chown(runtime, user, user)
        folder = Path(lab.up()["folder"])
        assert folder == runtime / "vxlab-lab" / lab.name
        assert seen_address(lab, "ubuntu1") == "172.16.1.11"
        lab.down()
        assert list(runtime.iterdir()) == []
    finally:
        lab.down()
        shutil.rmtree(runtime)


def test_folder_of_somebody_else_is_refused(lab: Lab, user: str) -> None:
    """/tmp is everybody's: another user may have made the folder first."""
    uid = subprocess.run(["id", "-u", user], capture_output=True, text=True).stdout.strip()
    squatted = Path(f"/tmp/vxlab-lab-{uid}")
    squatted.mkdir()
    squatted.chmod(0o777)
    try:
        with pytest.raises(LabFailure, match=f"{squatted} must be a directory of user id {uid}"):
            lab.up()
    finally:
        squatted.rmdir()


def test_refused_user_namespaces_are_explained(lab: Lab) -> None:
    """The limit of a user namespace holds for those below it, whatever their own one is."""
    script = (
        "echo 1 >/proc/sys/user/max_user_namespaces;"
        ' exec unshare --user --map-user=1234 --map-group=1234 "$@"'
    )
    lab.prefix = [*lab.prefix, "unshare", "--user", "--map-root-user", "sh", "-c", script, "sh"]
    try:
        with pytest.raises(LabFailure) as refusal:
            lab.up()
    finally:
        lab.prefix = lab.prefix[: lab.prefix.index("unshare")]
    assert "cannot make the lab's namespaces" in str(refusal.value)
    assert "user.max_*_namespaces" in str(refusal.value)
    shutil.rmtree("/tmp/vxlab-lab-1234", ignore_errors=True)
