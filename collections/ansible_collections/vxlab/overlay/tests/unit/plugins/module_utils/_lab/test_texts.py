# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is run, said and shown: scripts, commands, refusals, mounts."""

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.entering import nsenter_command
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.host_view import host_script
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.refusal import explain
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.scripts import FABRIC_TEXT
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.view import submounts


@pytest.mark.parametrize("text", [FABRIC_TEXT, host_script(["/a b", "/it's"], ["/$x"], True)])
def test_scripts_are_shell(text: str) -> None:
    assert subprocess.run(["sh", "-n"], input=text, text=True, check=False).returncode == 0


def test_paths_in_a_host_script_are_quoted() -> None:
    text = host_script(["/a b"], ["/$x"], False)
    assert "\nsubmount '/a b'\n" in text and "\nshow '/$x'\n" in text
    assert "\nuser_namespace=no\n" in text


def test_an_ordinary_users_host_is_entered_through_its_user_namespace() -> None:
    assert nsenter_command("nsenter", 7, ["net"], True) == [
        *("nsenter", "--target", "7", "--user", "--preserve-credentials", "--net", "--")
    ]
    assert "--user" not in nsenter_command("nsenter", 7, ["net"], False)


NOT_PERMITTED = "unshare: unshare failed: Operation not permitted"
NO_SPACE = "unshare: unshare failed: No space left on device"


@pytest.mark.parametrize(
    ("said", "root", "settings", "remedy"),
    [
        (
            NOT_PERMITTED,
            False,
            {"kernel.unprivileged_userns_clone": "0"},
            "sudo sysctl -w kernel.unprivileged_userns_clone=1",
        ),
        (
            "unshare: write failed /proc/self/uid_map: Operation not permitted",
            False,
            {"kernel.apparmor_restrict_unprivileged_userns": "1"},
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        (
            NO_SPACE,
            False,
            {"user.max_user_namespaces": "0"},
            "sudo sysctl -w user.max_user_namespaces=15000",
        ),
        (NO_SPACE, False, {"user.max_user_namespaces": "99"}, "raise the user.max_*_namespaces"),
        (NO_SPACE, True, {}, "raise the user.max_*_namespaces"),
        (NOT_PERMITTED, False, {}, "does not let you make user namespaces, or run as root"),
        (NOT_PERMITTED, True, {}, "docker run --privileged"),
    ],
)
def test_refusal_says_what_to_do(
    said: str, root: bool, settings: dict[str, str], remedy: str
) -> None:
    text = explain(said, root, settings)
    assert remedy in text and said in text and "\n" not in text


MOUNTINFO = r"""
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
22 27 0:21 / /proc rw - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw
24 27 0:6 / /dev rw - devtmpfs devtmpfs rw
40 27 0:40 / /run/user/0 rw shared:3 - tmpfs tmpfs rw
41 27 8:2 / /home rw,relatime shared:9 master:2 - ext4 /dev/sda2 rw
42 41 8:3 / /home/a\040b rw - ext4 /dev/sda3 rw
43 27 0:43 / /misc rw - autofs systemd-1 rw
44 27 8:4 / /tmp/build rw - ext4 /dev/sda4 rw
45 27 8:5 / /devices rw - ext4 /dev/sda5 rw
46 27 8:6 / /srv/state/x rw - ext4 /dev/sda6 rw
""".strip()


def test_mounts_that_hosts_see() -> None:
    assert submounts(MOUNTINFO, ["/srv/state"]) == ["/devices", "/home", "/home/a b"]
