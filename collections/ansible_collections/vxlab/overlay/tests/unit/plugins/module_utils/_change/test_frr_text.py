# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of FRR's files, by captures of FRR 8.4.4 (Debian 12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vxlab.overlay.plugins.module_utils._change import frr_text
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.frr_captures import (
    OLD,
    OURS,
    PACKAGE,
    RUNNING,
    WRITTEN,
)

MARK = Mark("overlay")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", ""),
        (PACKAGE, ""),
        ("frr version 8.4\nfrr defaults traditional\nhostname h1\nline vty\n!\nend\n", ""),
        (frr_text.render(OURS, MARK), "overlay"),
        (frr_text.render(OURS, Mark("second")), "second"),
        (WRITTEN, "overlay"),
        # Without any mark: somebody may have taken our lines over into a configuration of theirs.
        (OURS.replace(" vxlab.overlay:overlay", ""), None),
        (WRITTEN.replace("exit\n!\n", "exit\n!\nrouter ospf\n"), None),
        (WRITTEN.replace(" timers bgp", " neighbor 192.0.2.9 remote-as 9\n timers bgp"), None),
        ("# mine\n! vxlab.overlay:overlay\nrouter ospf\n", None),
        ("ip route 192.0.2.0/24 blackhole\n", None),
        (PACKAGE + "password zebra\n", None),
        (OLD, None),
    ],
)
def test_whose_a_file_is(text: str, name: str | None) -> None:
    assert frr_text.owner(text, MARK) == name


def test_order_and_other_peoples_lines_are_no_drift() -> None:
    assert frr_text.drift(OURS, RUNNING, ["s3cret"]) == []


def test_drift_names_each_line_and_where_it_stands() -> None:
    typed = RUNNING.replace("  advertise-all-vni\n", "").replace("bgp 3 9", "bgp 60 180")
    assert frr_text.drift(OURS, typed, []) == [
        "bgpd: does not run 'router bgp 65000: timers bgp 3 9'",
        "bgpd: does not run 'router bgp 65000: address-family l2vpn evpn: advertise-all-vni'",
        "bgpd: should not run 'router bgp 65000: timers bgp 60 180'",
    ]


def test_the_same_line_in_another_family_is_drift() -> None:
    moved = RUNNING.replace("address-family l2vpn evpn", "address-family ipv4 unicast")
    assert len(frr_text.drift(OURS, moved, [])) == 6


def test_what_a_reload_loads_keeps_other_peoples_lines() -> None:
    changed = OURS.replace("3 9", "1 3")
    loaded = frr_text.to_load(changed, RUNNING)
    assert frr_text.bgp_lines(loaded) == frr_text.bgp_lines(changed)
    assert "ip prefix-list mine seq 5 permit 192.0.2.0/24" in loaded.splitlines()
    assert "hostname h1" in loaded
    assert loaded.count("router bgp") == 1
    assert "end" not in loaded.split()


def test_a_block_without_exit_ends_with_the_next() -> None:
    assert frr_text.bgp_lines(OLD) == [
        ("router bgp 65000", "", ""),
        ("router bgp 65000", "", "bgp router-id 1.2.3.4"),
    ]


def test_no_password_is_shown() -> None:
    text = frr_text.hide(RUNNING + "x s3cret y\n neighbor 1.2.3.4 password other\n", ["s3cret"])
    assert "s3cret" not in text
    assert "other" not in text
    assert "x ******** y" in text
    assert text.count("password ********") == 2


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80))
def test_whatever_the_password_is(secret: str) -> None:
    frr_text.check_secrets([secret])
    config = OURS.replace("s3cret", secret)
    running = RUNNING.replace("s3cret", secret)
    assert frr_text.drift(config, running, [secret]) == []
    password = f" password {secret}"
    assert password not in frr_text.hide(config, [secret]) or set(secret) == {"*"}


@pytest.mark.parametrize("secret", ["", "two words", "tab\there", "line\nbreak", "é", "x" * 81])
def test_what_cannot_be_a_password(secret: str) -> None:
    with pytest.raises(ChangeError) as caught:
        frr_text.check_secrets(["fine", secret])
    assert str(caught.value).startswith("password 2 cannot be used")
    assert not secret or secret not in str(caught.value)


DAEMONS = "# the daemons\nbgpd=no\nospfd=yes\n#bfdd=yes\nbgpd_options='-A 127.0.0.1'\n"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"bgpd": "yes"}, DAEMONS.replace("bgpd=no", "bgpd=yes")),
        ({"bfdd": "yes"}, DAEMONS + "bfdd=yes\n"),
        ({"bgpd": None}, DAEMONS.replace("bgpd=no\n", "")),
        ({"bfdd": None}, DAEMONS),
        ({}, DAEMONS),
    ],
)
def test_only_the_daemons_line_is_changed(values: dict[str, str | None], text: str) -> None:
    assert frr_text.edit_daemons(DAEMONS, values) == text


def test_a_file_without_a_last_newline() -> None:
    assert frr_text.edit_daemons("zebra=yes", {"bgpd": "yes"}) == "zebra=yes\nbgpd=yes\n"


def test_the_last_line_of_a_daemon_counts() -> None:
    """The file is a shell's."""
    text = 'bgpd="no"\nbgpd=yes\n'
    assert frr_text.daemon_values(text)["bgpd"] == "yes"
    assert frr_text.edit_daemons(text, {"bgpd": "no"}) == 'bgpd="no"\nbgpd=no\n'


@pytest.mark.parametrize(
    ("value", "on"), [("yes", True), ("1", True), ("no", False), ("0", False), (None, False)]
)
def test_what_switches_a_daemon_on(value: str | None, on: bool) -> None:
    assert frr_text.is_on(value) == on


@pytest.mark.parametrize(
    ("printed", "answer"),
    [
        ("", ""),
        (
            "line 8: Failure to communicate[13] to bgpd, line:  neighbor h password by-hand\n"
            "line 9: Failure to communicate[13] to bgpd, line:  neighbor h password by-hand\n"
            "2026-11-23 08:30:50,123 \x1b[91mWARNING\x1b[0m: frr-reload.py failed due to\n"
            "vtysh (exec file) exited with status 13\n"
            "% Specify remote-as or peer-group commands first\n",
            "% Specify remote-as or peer-group commands first;"
            " Failure to communicate[13] to bgpd, line:  neighbor h password ********;"
            " frr-reload.py failed due to; vtysh (exec file) exited with status 13",
        ),
        (
            '2026-11-23 08:30:50,123 \x1b[91m  ERROR\x1b[0m: "router bgp 65000 -- no neighbor h'
            ' password s3cret" we failed to remove this command\n',
            '"router bgp 65000 -- no neighbor h password ********',
        ),
        (
            'Traceback (most recent call last):\n  File "x", line 1, in <module>\n    main()\n'
            "__main__.VtyshException: vtysh (show running-config) exited with status 1:\n",
            "__main__.VtyshException: vtysh (show running-config) exited with status 1:",
        ),
        ("1\n2\n3\n4\n5\n", "1; 2; 3; 4; 5"),
        ("1\n2\n3\n4\n5\n6\n", "1; 2; 3; 4; 5; …"),
    ],
)
def test_why_a_reload_failed_is_one_line_without_passwords(printed: str, answer: str) -> None:
    assert frr_text.reload_answer(printed, ["s3cret"]) == answer
