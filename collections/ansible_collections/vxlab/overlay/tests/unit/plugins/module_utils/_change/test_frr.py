# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What frr_config does on which host, as tables."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import frr, frr_text
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    ChangeError,
    Command,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.frr_host import (
    CONF,
    DAEMONS,
    File,
    Host,
    Note,
    Want,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.frr_captures import (
    OURS,
    PACKAGE,
    RUNNING,
)

MARK = Mark("overlay")
WANT = Want(OURS, ["bgpd"], ["s3cret"])
ALIVE = frozenset({"watchfrr", "zebra", "bgpd", "staticd"})
FRESH = Host(
    conf=File(PACKAGE, "640", "frr:frr"),
    daemons=File("bgpd=no\nbfdd=no\n", "640", "frr:frr"),
    missing=["/run/frr", "/var/tmp/frr"],
)
BEFORE = Note(FRESH.conf, FRESH.daemons.text, False, None, ["/run/frr", "/var/tmp/frr"])
DONE = Host(
    conf=File(frr_text.render(OURS, MARK), "640", "frr:frr"),
    daemons=File("bgpd=yes\nbfdd=no\n", "640", "frr:frr"),
    alive=ALIVE,
    watched=frozenset({"-d", "zebra", "bgpd", "staticd"}),
    running=RUNNING,
    note=BEFORE,
)
INIT = "/usr/lib/frr/frrinit.sh"


def last(host: Host, want: Want = WANT) -> str:
    return frr.plan_present(want, host, MARK).commands[-1]


def test_nothing_to_do() -> None:
    change = frr.plan_present(WANT, DONE, MARK)
    assert (change.changed, change.differences, change.before) == (False, [], {})


def test_a_fresh_host_is_noted_first_and_started_last() -> None:
    change = frr.plan_present(WANT, FRESH, MARK)
    assert change.differences == [
        f"{DAEMONS}: bgpd no -> yes",
        f"{CONF}: has other text",
        "FRR: not running",
    ]
    assert "/var/lib/vxlab.overlay/overlay/frr.json" in change.commands[0]
    assert change.commands[-1] == f"{INIT} start"


@pytest.mark.parametrize(
    ("changes", "command", "differences"),
    [
        ({"alive": frozenset(), "running": None}, f"{INIT} start", ["FRR: not running"]),
        (
            {"alive": ALIVE - {"bgpd"}, "running": None},
            "/usr/lib/frr/watchfrr.sh start bgpd",
            ["bgpd: not running"],
        ),
        (
            {"alive": ALIVE - {"bgpd", "watchfrr"}, "running": None},
            f"{INIT} start",
            ["watchfrr: not running", "bgpd: not running"],
        ),
        ({"alive": ALIVE - {"zebra"}}, f"{INIT} restart", ["zebra: not running"]),
        (
            {"alive": ALIVE - {"bgpd"}, "running": None, "enabled": True},
            "systemctl restart frr",
            ["bgpd: not running"],
        ),
        (
            {"watched": frozenset({"zebra"})},
            f"{INIT} restart",
            ["bgpd: watchfrr does not start it"],
        ),
        ({"enabled": False}, "systemctl enable frr", ["FRR: does not start at boot"]),
    ],
)
def test_the_least_that_serves(
    changes: dict[str, object], command: str, differences: list[str]
) -> None:
    change = frr.plan_present(WANT, replace(DONE, **changes), MARK)  # type: ignore[arg-type]
    assert change.commands[-1] == command
    assert change.differences == differences


def test_a_daemon_to_be_switched_on_restarts() -> None:
    assert last(DONE, Want(OURS, ["bgpd", "bfdd"])) == f"{INIT} restart"


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({}, "restart"),
        # A run was killed when it had changed the file, or in the midst of the restart.
        ({"daemons": DONE.daemons}, "restart"),
        ({"daemons": DONE.daemons, "alive": ALIVE - {"watchfrr"} | {"bfdd"}}, "restart"),
        # Whoever started it by hand may have it run.
        ({"daemons": DONE.daemons, "watched": DONE.watched}, None),
        ({"note": replace(BEFORE, daemons="bgpd=no\nbfdd=yes\n")}, None),
    ],
)
def test_a_daemon_that_only_we_had_switched_on_is_stopped(
    changes: dict[str, object], command: str | None
) -> None:
    running = replace(
        DONE,
        daemons=File("bgpd=yes\nbfdd=yes\n", "640", "frr:frr"),
        alive=ALIVE | {"bfdd"},
        watched=DONE.watched | {"bfdd"},
    )
    if "alive" in changes:
        changes = {**changes, "watched": frozenset()}
    change = frr.plan_present(WANT, replace(running, **changes), MARK)  # type: ignore[arg-type]
    assert change.commands[-1:] == ([f"{INIT} {command}"] if command else [])
    assert ("bfdd: should not run" in change.differences) == bool(command)


def test_a_new_text_is_reloaded_from_no_file_that_could_be_left() -> None:
    want = Want(OURS.replace("3 9", "1 3"), ["bgpd"], ["s3cret"])
    change = frr.plan_present(want, DONE, MARK)
    reload = change.steps[-1]
    assert isinstance(reload, Command)
    assert shlex.split(reload.line) == [
        "-c",
        "umask 077 && exec /usr/lib/frr/frr-reload.py --reload --stdout --log-level warning"
        " --daemon bgpd /proc/$$/fd/0",
    ]
    assert "password s3cret" in reload.stdin
    assert not any("/run/" in command for command in change.commands)
    assert "s3cret" not in str([change.commands, change.differences, change.before, change.after])


def test_a_comment_alone_is_not_reloaded() -> None:
    change = frr.plan_present(Want("! new\n" + OURS, ["bgpd"], ["s3cret"]), DONE, MARK)
    assert change.differences == [f"{CONF}: has other text"]
    assert not any("reload" in command for command in change.commands)


def test_a_lost_note_is_made_anew() -> None:
    change = frr.plan_present(WANT, replace(DONE, note=None), MARK)
    assert change.differences == ["/var/lib/vxlab.overlay/overlay/frr.json: missing"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"conf": File("router ospf\n", "640", "frr:frr")}, f"{CONF} is somebody else's"),
        (
            {"conf": File(frr_text.render(OURS, Mark("second")), "640", "frr:frr")},
            "that of the overlay 'second'",
        ),
        ({"others": {"/etc/frr/ospfd.conf": "router ospf\n"}}, "/etc/frr/ospfd.conf"),
        ({"integrated": False}, "no service integrated-vtysh-config"),
        ({"running": "router bgp 9\nexit\n"}, "bgpd runs 'router bgp 9'"),
    ],
)
def test_what_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ChangeError, match=words.replace("(", "")):
        frr.plan_present(WANT, replace(FRESH, **changes), MARK)  # type: ignore[arg-type]


def test_an_unknown_daemon_is_refused() -> None:
    with pytest.raises(ChangeError, match="daemons has 'ospfd'"):
        Want(OURS, ["ospfd"])


def test_absent_touches_only_what_was_ours() -> None:
    theirs = replace(FRESH, alive=ALIVE, conf=File("router ospf\n", "640", "frr:frr"))
    for host in (FRESH, theirs, replace(FRESH, installed=False)):
        assert not frr.plan_absent(host, MARK).changed


def test_absent_stops_gives_back_and_forgets_last() -> None:
    change = frr.plan_absent(DONE, MARK)
    assert change.differences == [
        "FRR: should not run",
        f"{CONF}: is ours",
        f"{DAEMONS}: bgpd yes -> no",
        "/var/lib/vxlab.overlay/overlay/frr.json: should not be there",
    ]
    assert change.commands[0] == f"{INIT} stop"
    assert any(PACKAGE in command for command in change.commands)
    assert "rm -rf /run/frr /var/tmp/frr" in change.commands
    assert change.commands[-2].startswith("rm -f")
    assert change.commands[-1].startswith("rmdir")
    assert "s3cret" not in str([change.commands, change.before, change.after])


def test_absent_lets_frr_run_where_it_ran() -> None:
    change = frr.plan_absent(replace(DONE, note=replace(BEFORE, running=True, made=[])), MARK)
    assert f"{INIT} restart" in change.commands
    assert f"{INIT} stop" not in change.commands


def test_absent_under_systemd_gives_back_that_it_did_not_start_at_boot() -> None:
    host = replace(DONE, enabled=True, note=replace(BEFORE, enabled=False))
    commands = frr.plan_absent(host, MARK).commands
    assert commands[0] == "systemctl stop frr"
    assert "systemctl disable frr" in commands


def test_a_note_reads_as_it_was_written() -> None:
    odd = replace(BEFORE, conf=File("caf\udce9 % \\n 'q'\n", "644", "root:123"))
    for note in (BEFORE, odd, replace(BEFORE, conf=None, enabled=True)):
        assert Note.parse(note.text) == note
