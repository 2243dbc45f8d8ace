# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""frr_config with real daemons: what it writes, starts, reloads, refuses and gives back."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from .frr import FrrHost, ended, needs_frr, needs_root
from .host import Host

pytestmark = [needs_frr, needs_root]

ABSENT = {"state": "absent"}
CONF = "/etc/frr/frr.conf"


@pytest.fixture
def frr(host: Host) -> Iterator[FrrHost]:
    """A host on which FRR was never started."""
    made = FrrHost(host, 11)
    with ended(made):
        yield made


def test_frr_runs_our_configuration_and_gives_everything_back(frr: FrrHost) -> None:
    before = frr.files()
    result = frr.apply(frr.args(12))
    assert result["differences"] == [
        "/etc/frr/daemons: bgpd no -> yes",
        f"{CONF}: has other text",
        "FRR: not running",
    ]
    assert set(frr.pids()) == {"watchfrr", "zebra", "bgpd", "staticd"}
    assert "advertise-all-vni" in frr.vtysh("show running-config")
    assert frr.host.run(f"stat -c '%a %U:%G' {CONF}") == "640 frr:frr\n"
    assert frr.apply(ABSENT)["changed"]
    assert frr.files() == before
    assert frr.pids() == {}


def test_preflight_tells_whether_there_is_something_to_give_back(frr: FrrHost) -> None:
    def ours() -> bool:
        args = {"host": "ubuntu1", "cidr": "10.233.0.0/16", "vni": 42, "port": 4789}
        names = {"vxlan_dev": "vxlan0", "bridge": "br0", "underlay_dev": "eth1"}
        result = frr.host.module("overlay_preflight", {**args, **names})
        assert result["frr"]["installed"]
        return bool(result["frr"]["ours"])

    assert not ours()
    frr.apply(frr.args(12))
    assert ours()
    note = "/var/lib/vxlab.overlay/overlay/frr.json"
    frr.host.run(f"mv {note} {note}.away")
    assert ours(), "frr.conf has our mark"
    frr.host.run(f"mv {note}.away {note}; rm {CONF}")
    assert ours(), "the note is there"
    frr.apply(ABSENT)
    assert not ours()


def test_forwarding_is_not_changed(frr: FrrHost) -> None:
    """A reload of all that FRR runs would turn it on (see _change/frr.py)."""
    forwarding = "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding"
    frr.host.run("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0")
    for args in (frr.args(12), frr.args(12, 13), ABSENT):
        frr.apply(args)
        assert frr.host.run(forwarding) == "0\n0\n"


def test_frr_that_ran_before_runs_after(frr: FrrHost) -> None:
    frr.host.run("/usr/lib/frr/frrinit.sh start")
    before = frr.files(), set(frr.pids())
    assert frr.apply(frr.args(12))["commands"][-1] == "/usr/lib/frr/frrinit.sh restart"
    frr.apply(ABSENT)
    assert (frr.files(), set(frr.pids())) == before


def test_other_daemons_lines_are_left(frr: FrrHost) -> None:
    frr.host.run(
        "sed -i s/^vrrpd=no/vrrpd=yes/ /etc/frr/daemons; echo '# mine' >> /etc/frr/daemons"
    )
    before = frr.host.run("cat /etc/frr/daemons")
    frr.apply(frr.args(12))
    assert frr.host.run("cat /etc/frr/daemons") == before.replace("bgpd=no", "bgpd=yes", 1)
    assert "vrrpd" in frr.pids()
    # What somebody changes meanwhile stays as well.
    frr.host.run("echo '# later' >> /etc/frr/daemons")
    frr.apply(ABSENT)
    assert frr.host.run("cat /etc/frr/daemons") == before + "# later\n"


def test_bfdd_is_switched_on_and_off(frr: FrrHost) -> None:
    before = frr.files()
    frr.apply(frr.args(12))
    result = frr.apply(frr.args(12, daemons=["bgpd", "bfdd"]))
    assert "/etc/frr/daemons: bfdd no -> yes" in result["differences"]
    assert {"bgpd", "bfdd"} <= set(frr.pids())
    result = frr.apply(frr.args(12))
    assert "bfdd: should not run" in result["differences"]
    assert "bfdd" not in frr.pids()
    frr.apply(ABSENT)
    assert frr.files() == before


def test_new_text_is_reloaded_without_a_restart(frr: FrrHost) -> None:
    frr.apply(frr.args(12))
    pids = frr.pids()
    result = frr.apply(frr.args(12, 13))
    assert frr.pids() == pids
    assert any("frr-reload.py" in command for command in result["commands"])
    assert "neighbor 172.16.1.13 remote-as" in frr.vtysh("show running-config")
    assert frr.host.attempt("ls /run/vxlab.overlay").returncode != 0
    frr.apply(frr.args(13))
    assert "172.16.1.12" not in frr.vtysh("show running-config")
    assert frr.pids() == pids


def test_bfdd_that_somebody_else_switched_on_is_left(frr: FrrHost) -> None:
    frr.host.run("sed -i s/^bfdd=no/bfdd=yes/ /etc/frr/daemons; /usr/lib/frr/frrinit.sh start")
    frr.apply(frr.args(12, daemons=["bgpd", "bfdd"]))
    pids = frr.pids()
    frr.apply(frr.args(12))
    assert frr.pids() == pids


def test_a_failed_reload_says_why_and_leaves_no_password(frr: FrrHost) -> None:
    """bgpd takes no neighbor that is the host itself; `vtysh -C` does not know that."""
    frr.apply(frr.args(12))
    # A password that is nobody's of this run, and stands in what is to be removed.
    frr.vtysh("configure terminal", "router bgp 65000", "neighbor 172.16.1.12 password by-hand")
    args = frr.args(11, 12)
    for _again in range(2):
        result = frr.host.fails("frr_config", args)
        assert result["msg"].startswith("cannot let bgpd run the new configuration: ")
        assert "% Can not configure the local system as neighbor" in result["msg"]
        assert "neighbor 172.16.1.11 remote-as 65000" in result["msg"]
        assert "\n" not in result["msg"]
        assert args["secrets"][0] not in str({**result, "invocation": None})
        left = frr.host.run("grep -rlF 's3cret' /etc /run /var/log /var/lib /var/tmp")
        assert left.split() == [CONF]
    frr.apply(frr.args(12))


def test_a_reload_that_is_killed_leaves_no_copy_of_the_configuration(frr: FrrHost) -> None:
    frr.apply(frr.args(12))
    frr.host.run(
        "echo '#!/bin/sh' > /run/dead; echo 'kill -KILL $PPID $$' >> /run/dead\n"
        "chmod 755 /run/dead\n"
        "mount --bind /run/dead /usr/lib/frr/frr-reload.py"
    )
    given = {"ANSIBLE_MODULE_ARGS": frr.args(13)}
    assert frr.host.runner(frr.host.pid, "frr_config", given)["rc"] == -signal.SIGKILL
    frr.host.run("umount /usr/lib/frr/frr-reload.py")
    assert frr.host.attempt("ls /run/vxlab.overlay").returncode != 0
    frr.apply(frr.args(13))


@pytest.mark.parametrize("name", ["bgpd", "zebra", "watchfrr"])
def test_a_killed_daemon_is_named_and_mended(frr: FrrHost, name: str) -> None:
    frr.apply(frr.args(12))
    pids = frr.pids()
    # Together with watchfrr, else that may be faster than the run.
    frr.kill("watchfrr", *({name} - {"watchfrr"}))
    result = frr.apply(frr.args(12))
    assert f"{name}: not running" in result["differences"]
    assert set(frr.pids()) == set(pids)
    if name == "bgpd":
        assert frr.pids()["zebra"] == pids["zebra"]
    assert "advertise-all-vni" in frr.vtysh("show running-config")


def test_bgpd_alone_is_started_where_watchfrr_runs(frr: FrrHost) -> None:
    frr.apply(frr.args(12))
    pids = frr.pids()
    # A stopped watchfrr cannot be faster than the run.
    frr.host.run(f"kill -STOP {pids['watchfrr']}")
    frr.kill("bgpd")
    result = frr.apply(frr.args(12))
    frr.host.run(f"kill -CONT {pids['watchfrr']}")
    assert result["commands"] == ["/usr/lib/frr/watchfrr.sh start bgpd"]
    assert {**frr.pids(), "bgpd": 0} == {**pids, "bgpd": 0}


def test_what_was_typed_in_vtysh_is_undone(frr: FrrHost) -> None:
    frr.apply(frr.args(12))
    typed = ("neighbor 172.16.1.12 password typed-by-hand", "neighbor 172.16.1.99 remote-as 65000")
    frr.vtysh("configure terminal", "router bgp 65000", *typed)
    result = frr.apply(frr.args(12))
    assert result["differences"] == [
        "bgpd: does not run 'router bgp 65000: neighbor 172.16.1.12 password ********'",
        "bgpd: should not run 'router bgp 65000: neighbor 172.16.1.12 password ********'",
        "bgpd: should not run 'router bgp 65000: neighbor 172.16.1.99 remote-as 65000'",
    ]
    assert "typed-by-hand" not in str(result)
    assert "typed-by-hand" not in frr.vtysh("show running-config")


def test_what_vtysh_wrote_is_still_ours(frr: FrrHost) -> None:
    """Its "write" drops comments, and so our mark, from the file."""
    before = frr.files()
    frr.apply(frr.args(12))
    frr.vtysh("write memory")
    assert "! vxlab" not in frr.host.run(f"cat {CONF}")
    assert frr.apply(frr.args(12))["differences"] == [f"{CONF}: has other text"]
    frr.vtysh("write memory")
    frr.host.run(f"rm -f {CONF}.sav")
    frr.apply(ABSENT)
    assert frr.files() == before


def test_what_others_configured_in_bgpd_is_left(frr: FrrHost) -> None:
    frr.apply(frr.args(12))
    frr.vtysh("configure terminal", "ip prefix-list mine seq 5 permit 192.0.2.0/24")
    frr.unchanged(frr.args(12))
    frr.apply(frr.args(12, 13))
    assert "ip prefix-list mine" in frr.vtysh("show running-config")


def test_file_mode_and_owner_are_ours(frr: FrrHost) -> None:
    frr.apply(frr.args(12))
    frr.host.run(f"chmod 644 {CONF}; chown root:root {CONF}")
    result = frr.apply(frr.args(12))
    assert result["differences"] == [f"{CONF}: mode 644 root:root -> 640 frr:frr"]
    assert frr.host.run(f"stat -c '%a %U:%G' {CONF}") == "640 frr:frr\n"


def test_a_missing_file_is_made_and_removed(frr: FrrHost) -> None:
    frr.host.run(f"rm {CONF}")
    before = frr.files()
    frr.apply(frr.args(12))
    frr.apply(ABSENT)
    assert frr.files() == before


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (CONF, "router ospf\n ospf router-id 192.0.2.1\n"),
        (CONF, "router bgp 65000\n neighbor 192.0.2.1 remote-as 65001\n"),
        ("/etc/frr/bgpd.conf", "router bgp 65001\n"),
        ("/etc/frr/vtysh.conf", "no service integrated-vtysh-config\n"),
    ],
)
def test_what_is_somebody_elses_is_refused(frr: FrrHost, path: str, text: str) -> None:
    frr.host.run(f"cat > {path}", stdin=text)
    message = frr.refusal(frr.args(12))
    assert path in message
    assert "overlay_frr_manage: false" in message


def test_what_somebody_else_runs_in_no_file_is_refused(frr: FrrHost) -> None:
    frr.host.run("sed -i s/^bgpd=no/bgpd=yes/ /etc/frr/daemons; /usr/lib/frr/frrinit.sh start")
    frr.vtysh("configure terminal", "router bgp 65009")
    assert "bgpd runs 'router bgp 65009'" in frr.refusal(frr.args(12))


def test_another_overlay_is_named(frr: FrrHost) -> None:
    frr.apply(frr.args(12))
    assert "that of the overlay 'overlay'" in frr.refusal(frr.args(12, overlay_name="second"))


def test_a_file_that_became_somebody_elses_is_left_by_teardown(frr: FrrHost) -> None:
    frr.apply(frr.args(12))
    frr.host.run(f"cat > {CONF}", stdin="router ospf\n")
    result = frr.apply(ABSENT)
    assert f"{CONF}: is not ours any more, and left as it is" in result["differences"]
    assert frr.host.run(f"cat {CONF}") == "router ospf\n"
    assert "bgpd" in frr.pids()


def test_a_text_that_frr_cannot_read_changes_nothing(frr: FrrHost) -> None:
    args = frr.args(12)
    args["config"] = args["config"].replace("remote-as", "remote-ass")
    message = frr.refusal(args)
    assert "Unknown command" in message
    assert "remote-ass" in message
    bad = {**frr.args(12), "config": "neighbour x password hidden word\n", "secrets": []}
    assert "hidden" not in frr.refusal(bad)


@pytest.mark.parametrize("password", ["", "two words", "x" * 81, "line\nbreak", "pässword"])
def test_a_password_that_cannot_be_one_is_refused_unseen(frr: FrrHost, password: str) -> None:
    message = frr.refusal({**frr.args(12), "secrets": [password]})
    assert message.startswith("password 1 cannot be used")
    assert not password or password not in message


def test_a_host_without_frr_says_which_packages(frr: FrrHost) -> None:
    frr.host.run("mount -t tmpfs tmpfs /usr/lib/frr")
    assert "install the packages frr and frr-pythontools" in frr.refusal(frr.args(12))
    frr.unchanged(ABSENT)


def test_a_run_that_was_killed_is_finished_by_the_next(frr: FrrHost) -> None:
    """After each of its steps, and then taken back."""
    before = frr.files()
    commands = frr.host.module("frr_config", frr.args(12), check=True)["commands"]
    for count in range(1, len(commands)):
        hidden = frr.args(12)["secrets"][0]
        for command in commands[:count]:
            frr.host.run(command.replace("********", hidden))
        if count % 2:
            frr.apply(frr.args(12))
        frr.host.module("frr_config", ABSENT)
        assert frr.files() == before, count
        assert frr.pids() == {}


def test_no_secret_is_shown_or_left(frr: FrrHost) -> None:
    args = frr.args(12)
    secret = args["secrets"][0]
    frr.apply(args)
    result = frr.apply(frr.args(12, password="another!1"))
    assert "another!1" not in str(result)
    assert secret not in str(result)
    assert "********" in str(result["diff"])
    left = frr.host.run("grep -rlF -e another!1 -e 's3cret' /etc /run /var/log /var/lib /var/tmp")
    assert left.split() == [CONF]
    readable = frr.host.run(f"find {CONF} /etc/frr -perm /o=r")
    assert readable == ""


def test_a_second_run_asks_each_daemon_once(frr: FrrHost) -> None:
    """It starts no other program: frr-reload.py --test alone takes half a second."""
    frr.apply(frr.args(12))
    frr.host.run(
        """
        printf '#!/bin/sh\necho "$@" >> /run/asked\nexec /run/vtysh "$@"\n' > /run/wrapped
        chmod 755 /run/wrapped && cp /usr/bin/vtysh /run/vtysh
        mount --bind /run/wrapped /usr/bin/vtysh
        """
    )
    frr.host.module("frr_config", frr.args(12))
    asked = frr.host.run("cat /run/asked").splitlines()
    assert asked == [
        "-d bgpd -c show running-config bgpd no-header",
        "-d zebra -c show running-config zebra no-header",
    ]
