# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""nat_masquerade with real packets: a container, its host, and an outside without a way back."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from .conftest import MakeHost
from .host import Host, join

CIDR = "10.233.0.0/16"
NAT = {"cidr": CIDR, "bridge": "br0"}
OUTSIDE = "203.0.113.80"
MARK = "vxlab.overlay:overlay"
FILE = "/etc/sysctl.d/90-vxlab-overlay.conf"
BACKENDS = ("nft", "iptables-nft", "iptables-legacy")
FORWARD = "/proc/sys/net/ipv4/ip_forward"
REDIRECTS = "/proc/sys/net/ipv4/conf/all/accept_redirects"

# Each answers with the client's address; runs until it has answered once.
SERVER = """
import socket, sys
server = socket.create_server((sys.argv[1], 8080))
print("ready", flush=True)
server.settimeout(10)
connection, address = server.accept()
connection.sendall(address[0].encode())
"""
CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], 8080), timeout=5) as connection:
    print(connection.recv(100).decode())
"""


@pytest.fixture
def net(make_host: MakeHost) -> tuple[Host, Host]:
    """A host with two containers on br0, and an outside that knows nothing of 10.233.0.0/16."""
    host, outside = make_host(), make_host()
    join(host, "eth1", outside, "eth1")
    outside.run(
        f"ip address add 172.16.1.1/24 dev eth1; ip address add {OUTSIDE}/32 dev lo;"
        " sysctl -qw net.ipv4.ip_forward=0"
    )
    host.run(
        """
        ip address add 172.16.1.11/24 dev eth1
        ip route add default via 172.16.1.1
        sysctl -qw net.ipv4.ip_forward=0
        sysctl -qw net.bridge.bridge-nf-call-iptables=1 2> /dev/null || true
        ip link add br0 type bridge
        ip address add 10.233.0.1/16 dev br0
        ip link set br0 up
        for n in 2 3; do
          ip netns add ns$n
          ip link add v$n type veth peer name eth0 netns ns$n
          ip link set v$n master br0 up
          ip -n ns$n link set lo up
          ip -n ns$n address add 10.233.0.$n/16 dev eth0
          ip -n ns$n link set eth0 up
          ip -n ns$n route add default via 10.233.0.1
        done
        """
    )
    return host, outside


def use(host: Host, backend: str) -> dict[str, Any]:
    """Arguments for a backend, on a host whose default iptables is the one that it names."""
    if backend == "iptables-legacy":
        host.run(
            "for tool in iptables iptables-save iptables-restore; do"
            " ln -sf /usr/sbin/$(echo $tool | sed s/iptables/iptables-legacy/)"
            " /etc/alternatives/$tool; done; iptables -V | grep -q legacy"
        )
    return {**NAT, "backend": backend.split("-")[0]}


def gets_out(host: Host, tries: int = 5) -> bool:
    """Whether an answer from the outside comes back to a container, in that many seconds."""
    for _ in range(tries):
        if host.attempt(f"ip netns exec ns2 ping -n -c 1 -W 1 {OUTSIDE}").returncode == 0:
            return True
    return False


def seen_as(server: Host, place: str, address: str, client: Host) -> str:
    """The address that a server sees when container ns2 connects to it."""
    python = sys.executable
    listening = server.start(f"exec {place} {python} -c '{SERVER}' {address}")
    try:
        assert listening.stdout is not None
        assert listening.stdout.readline() == "ready\n"
        return client.run(f"ip netns exec ns2 {python} -c '{CLIENT}' {address}").strip()
    finally:
        listening.kill()
        listening.communicate(timeout=10)


def saved(host: Host, tool: str = "iptables") -> list[str]:
    """iptables-save without what is ours, without counters and comments."""
    lines = host.run(f"{tool}-save").splitlines()
    return [line.split(" [")[0] for line in lines if MARK not in line and line[0] != "#"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_container_gets_out_as_its_host(net: tuple[Host, Host], backend: str) -> None:
    host, outside = net
    args = use(host, backend)
    assert not gets_out(host, tries=1), "without NAT nothing should come back"
    host.apply("nat_masquerade", args)
    assert gets_out(host)
    assert seen_as(outside, "", OUTSIDE, host) == "172.16.1.11"
    assert seen_as(host, "ip netns exec ns3", "10.233.0.3", host) == "10.233.0.2"
    host.apply("nat_masquerade", {"state": "absent"})
    assert not gets_out(host, tries=1)


EMPTY_NAT = """\
*nat
:PREROUTING ACCEPT
:INPUT ACCEPT
:OUTPUT ACCEPT
:POSTROUTING ACCEPT
COMMIT"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_removed_without_a_trace(host: Host, backend: str) -> None:
    args = use(host, backend)
    host.run(f"echo 0 > {FORWARD}")
    before = host.state()
    host.apply("nat_masquerade", args)
    host.apply("nat_masquerade", {"state": "absent"})
    after = host.state()
    if backend == "iptables-legacy":
        # Its kernel module makes the table at the first rule, and keeps it.
        left = [line.strip() for line in after.pop("iptables-legacy")]
        assert (before.pop("iptables-legacy"), left) == ([], EMPTY_NAT.splitlines())
    assert after == before


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_table_that_iptables_made_goes_with_the_last_overlay(host: Host, order: str) -> None:
    before = host.state()
    for name, number in (("a", 50), ("b", 60)):
        args = {**NAT, "cidr": f"10.{number}.0.0/16", "backend": "iptables", "overlay_name": name}
        host.apply("nat_masquerade", args)
    for name in order:
        assert "MASQUERADE" in host.run("iptables-save")
        host.apply("nat_masquerade", {"state": "absent", "overlay_name": name})
    assert host.state() == before


@pytest.mark.parametrize("theirs", ["-N THEIRS", "-A OUTPUT -d 192.0.2.1 -j ACCEPT"])
def test_table_that_others_came_to_use_stays(host: Host, theirs: str) -> None:
    host.apply("nat_masquerade", {**NAT, "backend": "iptables"})
    host.run(f"iptables -t nat {theirs}")
    host.apply("nat_masquerade", {"state": "absent"})
    name = theirs.split()[1]
    assert name in host.run("iptables-save -t nat")
    assert host.attempt("find /run/vxlab.overlay").stdout == ""


def test_table_that_was_there_before_stays(host: Host) -> None:
    host.run("iptables -t nat -A OUTPUT -j ACCEPT; iptables -t nat -D OUTPUT -j ACCEPT")
    before = saved(host)
    host.apply("nat_masquerade", {**NAT, "backend": "iptables"})
    host.apply("nat_masquerade", {"state": "absent"})
    assert saved(host) == before
    assert "*nat" in before


FIREWALLS = {
    "FORWARD policy DROP": "{tool} -P FORWARD DROP",
    "last rule DROP": "{tool} -A FORWARD -s 192.0.2.1 -j ACCEPT; {tool} -A FORWARD -j DROP",
    "last rule REJECT, as firewalld and RHEL had": (
        "{tool} -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT;"
        " {tool} -A FORWARD -j REJECT --reject-with icmp-host-prohibited"
    ),
    "Docker's": (
        "{tool} -P FORWARD DROP; {tool} -N DOCKER-USER; {tool} -A DOCKER-USER -j RETURN;"
        " {tool} -A FORWARD -j DOCKER-USER; {tool} -A FORWARD -o docker0 -j ACCEPT"
    ),
    "a rule behind the last one": (
        "{tool} -A FORWARD -j DROP; {tool} -A FORWARD -s 192.0.2.1 -j ACCEPT"
    ),
}


@pytest.mark.parametrize(
    ("firewall", "backend"),
    [
        *((name, "nft") for name in FIREWALLS),
        ("FORWARD policy DROP", "iptables-nft"),
        *((name, "iptables-legacy") for name in FIREWALLS if name.startswith("last rule")),
    ],
)
def test_forwarding_where_iptables_refuses(
    net: tuple[Host, Host], firewall: str, backend: str
) -> None:
    host, _ = net
    args = use(host, backend)
    host.run(f"iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE; echo 1 > {FORWARD}")
    host.run(FIREWALLS[firewall].format(tool="iptables"))
    theirs, before = saved(host), host.state()
    host.apply("nat_masquerade", args)
    assert gets_out(host)
    assert saved(host) == theirs
    assert host.run("iptables-save | grep -c -- '-A FORWARD.*vxlab'") == "2\n"
    host.apply("nat_masquerade", {"state": "absent"})
    assert host.state() == before


def test_refusal_in_the_iptables_that_is_not_the_default(net: tuple[Host, Host]) -> None:
    """Both variants' rules are in force, whichever iptables is."""
    host, _ = net
    host.run("iptables-legacy -P FORWARD DROP; iptables-nft -P FORWARD DROP")
    host.apply("nat_masquerade", NAT)
    assert gets_out(host)


NATIVE = {
    "policy drop": """
        chain forward { type filter hook forward priority 0; policy drop; ct state invalid drop; }
    """,
    "last rule reject": """
        chain forward {
            type filter hook forward priority 0; policy accept
            ip saddr 192.0.2.1 accept
            counter reject
        }
    """,
    "log, then drop": """
        chain forward { type filter hook forward priority 0; log prefix "no " drop; }
    """,
    "a statement without a form in JSON": """
        chain forward {
            type filter hook forward priority 0; policy drop
            tcp dport 22 jump { accept; }
        }
    """,
}


@pytest.mark.parametrize("family", ["ip", "inet"])
@pytest.mark.parametrize("chain", NATIVE)
def test_forwarding_where_a_native_chain_refuses(
    net: tuple[Host, Host], family: str, chain: str
) -> None:
    host, _ = net
    host.run("nft -f -", stdin=f"table {family} theirs {{ {NATIVE[chain]} }}")
    before = host.state()
    host.apply("nat_masquerade", NAT)
    assert gets_out(host)
    host.apply("nat_masquerade", {"state": "absent"})
    assert host.state() == before


@pytest.mark.parametrize(
    "theirs",
    [
        # firewalld: all is in chains that are jumped to, the last rule refuses.
        """table inet firewalld {
            chain ours { ip saddr 192.0.2.1 accept; }
            chain filter_FORWARD {
                type filter hook forward priority filter + 10; policy accept
                ct state { established, related } accept
                jump ours
                ct state { invalid } drop
                reject with icmpx type admin-prohibited
            }
        }""",
        # A table with iptables' names that iptables cannot read.
        """table ip filter {
            chain FORWARD {
                type filter hook forward priority 0; policy drop
                ip saddr { 192.0.2.1, 192.0.2.2 } accept
            }
        }""",
    ],
    ids=["firewalld", "native with iptables' names"],
)
def test_forwarding_where_real_firewalls_refuse(net: tuple[Host, Host], theirs: str) -> None:
    host, _ = net
    host.run("nft -f -", stdin=theirs)
    host.apply("nat_masquerade", NAT)
    assert gets_out(host)


@pytest.mark.parametrize("end", ["policy drop", "drop", ""])
def test_native_drop_by_a_set_in_iptables_chain_stays_in_force(
    net: tuple[Host, Host], end: str
) -> None:
    """iptables-save prints such a rule as if it dropped all."""
    host, outside = net
    outside.run("ip address add 203.0.113.81/32 dev lo")
    theirs = f"""table ip filter {{
        set blocked {{ type ipv4_addr; elements = {{ {OUTSIDE} }}; }}
        chain FORWARD {{
            type filter hook forward priority 0; {end if end.startswith("policy") else ""}
            ip daddr {{ 198.51.100.1, 203.0.113.81 }} drop
            ip daddr @blocked drop
            {end if end == "drop" else ""}
        }}
    }}"""
    host.run("nft -f -", stdin=theirs)
    assert host.run("iptables-save").count("-A FORWARD -j DROP") >= 2
    before = host.state()
    host.apply("nat_masquerade", NAT)
    for address in (OUTSIDE, "203.0.113.81"):
        assert host.attempt(f"ip netns exec ns2 ping -n -c 1 -W 1 {address}").returncode == 1
    host.run("nft flush set ip filter blocked")
    assert gets_out(host)
    assert (MARK in host.run("iptables-save")) == bool(end)
    host.run(f"nft add element ip filter blocked {{ {OUTSIDE} }}")
    host.apply("nat_masquerade", {"state": "absent"})
    assert host.state() == before


def test_native_chain_with_iptables_names_beside_iptables_legacy(net: tuple[Host, Host]) -> None:
    host, _ = net
    use(host, "iptables-legacy")
    host.hide("iptables-nft")
    host.run(
        "nft -f -",
        stdin="""table ip filter {
            chain FORWARD {
                type filter hook forward priority 0; policy drop
                ip saddr 192.0.2.1 accept
            }
        }""",
    )
    before = host.state()
    host.apply("nat_masquerade", NAT)
    assert gets_out(host)
    host.apply("nat_masquerade", {"state": "absent"})
    assert host.state() == before


def test_their_policy_that_comes_later_is_mended(net: tuple[Host, Host]) -> None:
    host, _ = net
    host.module("nat_masquerade", NAT)
    host.run("iptables -P FORWARD DROP")
    assert not gets_out(host, tries=1)
    host.apply("nat_masquerade", NAT)
    assert gets_out(host)
    host.run("iptables -P FORWARD ACCEPT")
    host.apply("nat_masquerade", NAT)
    assert MARK not in host.run("iptables-save")


SABOTAGE = {
    "nft": {
        "deleted": "nft delete table ip vxlab_overlay",
        "doubled": (
            "nft add rule ip vxlab_overlay postrouting"
            ' "$(nft -s list chain ip vxlab_overlay postrouting'
            ' | grep masquerade)"'
        ),
        "altered": "nft flush chain ip vxlab_overlay postrouting; nft add rule ip vxlab_overlay"
        " postrouting ip saddr 10.0.0.0/8 masquerade",
        "forwarding off": f"echo 0 > {FORWARD}",
        "file gone": f"rm {FILE}",
        "file altered": f"echo net.ipv4.ip_forward=0 >> {FILE}",
    },
    "iptables": {
        "deleted": "iptables -t nat -F",
        "doubled": "eval iptables -t nat $(iptables -t nat -S POSTROUTING | grep vxlab)",
        "altered": "iptables -t nat -F; iptables -t nat -A POSTROUTING -s 10.0.0.0/8"
        f" -m comment --comment {MARK} -j MASQUERADE",
        "accept rules doubled": "iptables -S FORWARD | grep vxlab | while read r; do"
        " eval iptables $r; done",
        "accept rules behind a new last rule": "iptables -I FORWARD -j DROP",
        "one accept rule gone": "iptables -D FORWARD 1",
    },
}


@pytest.mark.parametrize(
    ("backend", "sabotage"),
    [
        (backend, name)
        for backend in BACKENDS
        for name in SABOTAGE[backend.split("-")[0]]
        if backend != "iptables-legacy" or name == "doubled"
    ],
)
def test_mended_to_exactly_what_was_there(
    net: tuple[Host, Host], backend: str, sabotage: str
) -> None:
    host, _ = net
    args = use(host, backend)
    if backend != "nft":
        host.run("iptables -P FORWARD DROP")
    host.module("nat_masquerade", args)
    before, rules = host.state(), host.run("iptables-save | grep -- -A || true")
    host.run(SABOTAGE[backend.split("-")[0]][sabotage])
    assert host.state() != before
    result = host.apply("nat_masquerade", args)
    assert result["differences"]
    assert gets_out(host)
    # The values from before are gone with the file that noted them.
    if sabotage not in ("accept rules behind a new last rule", "file gone"):
        assert host.run("iptables-save | grep -- -A || true") == rules
        assert host.state() == before


@pytest.mark.parametrize("first", BACKENDS[:2])
def test_backend_switch_leaves_one_rule(net: tuple[Host, Host], first: str) -> None:
    host, _ = net
    for backend in (first, BACKENDS[1 - BACKENDS.index(first)], first):
        host.apply("nat_masquerade", use(host, backend))
        assert gets_out(host)
        assert host.run("nft list ruleset").count("masquerade") == 1


def test_host_without_nft_uses_iptables(net: tuple[Host, Host]) -> None:
    host, _ = net
    host.hide("nft")
    result = host.apply("nat_masquerade", NAT)
    assert any(command.startswith("iptables ") for command in result["commands"])
    assert gets_out(host)


def test_host_without_iptables_uses_nft(net: tuple[Host, Host]) -> None:
    host, _ = net
    host.hide("iptables-nft", "iptables-legacy")
    host.apply("nat_masquerade", NAT)
    assert gets_out(host)
    host.apply("nat_masquerade", {"state": "absent"})


def test_host_with_neither_is_told_the_package(host: Host) -> None:
    host.hide("nft", "iptables-nft", "iptables-legacy")
    message = host.refusal("nat_masquerade", NAT)
    assert "neither nft nor iptables" in message
    assert "package nftables" in message


@pytest.mark.parametrize("forward", ["0", "1"])
@pytest.mark.parametrize("redirects", ["0", "1"])
def test_kernel_parameters_are_given_back(host: Host, forward: str, redirects: str) -> None:
    host.run(f"echo {forward} > {FORWARD}; echo {redirects} > {REDIRECTS}")
    before = host.state()
    host.apply("nat_masquerade", NAT)
    assert host.run(f"cat {FORWARD}") == "1\n"
    assert "net.ipv4.ip_forward = 1" in host.run(f"cat {FILE}").splitlines()
    host.apply("nat_masquerade", {"state": "absent"})
    assert host.state() == before


@pytest.mark.parametrize("forward", ["0", "1"])
def test_kernel_parameters_of_each_device_are_given_back(host: Host, forward: str) -> None:
    """Setting ip_forward sets forwarding of every device, and takes it back from every one."""
    host.run(
        f"""
        ip link add wire.10 type veth peer name end
        echo {forward} > {FORWARD}
        for device in default wire wire.10
        do echo {1 - int(forward)} > /proc/sys/net/ipv4/conf/$device/forwarding
        done
        """
    )
    before = host.state()
    host.apply("nat_masquerade", NAT)
    host.run(f"echo 0 > {FORWARD}")
    host.apply("nat_masquerade", NAT)
    host.apply("nat_masquerade", {"state": "absent"})
    assert host.state() == before


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_two_overlays_on_one_host_leave_in_either_order(host: Host, order: str) -> None:
    host.run(f"iptables -P FORWARD DROP; echo 0 > {FORWARD}")
    before = host.state()
    for name, number in (("a", 50), ("b", 60)):
        args = {"cidr": f"10.{number}.0.0/16", "bridge": f"br{name}", "overlay_name": name}
        host.apply("nat_masquerade", args)
    host.apply("nat_masquerade", {"state": "absent", "overlay_name": order[0]})
    assert host.run(f"cat {FORWARD}") == "1\n"
    rules = host.run("iptables-save; nft list ruleset")
    assert f"vxlab.overlay:{order[1]}" in rules
    assert f"vxlab.overlay:{order[0]}" not in rules
    host.apply("nat_masquerade", {"state": "absent", "overlay_name": order[1]})
    assert host.state() == before


@pytest.mark.skipif(
    os.geteuid() != 0, reason="tcpdump wants to set groups, which a user's namespace may not"
)
def test_inside_keeps_its_addresses_though_bridged_packets_pass_netfilter(
    net: tuple[Host, Host],
) -> None:
    host, _ = net
    if host.attempt("test -e /proc/sys/net/bridge/bridge-nf-call-iptables").returncode:
        pytest.skip("no br_netfilter")
    host.run("sysctl -qw net.bridge.bridge-nf-call-iptables=1; iptables -P FORWARD DROP")
    assert host.attempt("ip netns exec ns2 ping -c 1 -W 1 10.233.0.3").returncode, "not refused"
    for backend in ("nft", "iptables"):
        host.module("nat_masquerade", {**NAT, "backend": backend})
        assert seen_as(host, "ip netns exec ns3", "10.233.0.3", host) == "10.233.0.2"
        assert multicast_source(host) == "10.233.0.2"


def multicast_source(host: Host) -> str:
    """The source address of a multicast packet from ns2, as ns3 gets it."""
    capture = host.start(
        "exec timeout 10 ip netns exec ns3 tcpdump -lnn -c 1 -i eth0 udp port 7777 2>&1"
    )
    assert capture.stdout is not None
    text = ""
    for line in capture.stdout:
        text += line
        if "listening" in line:
            host.run(
                "ip netns exec ns2 "
                + sys.executable
                + " -c 'import socket; s = socket.socket(type=socket.SOCK_DGRAM);"
                ' s.sendto(b"x", ("239.7.7.7", 7777))\''
            )
    capture.wait(timeout=10)
    return ".".join(text.split(" > 239.7.7.7")[0].split()[-1].split(".")[:4])


def test_other_cidr_or_bridge_replaces_the_rules(host: Host) -> None:
    host.run("iptables -P FORWARD DROP")
    host.module("nat_masquerade", NAT)
    host.apply("nat_masquerade", {"cidr": "10.50.0.0/16", "bridge": "br7"})
    rules = host.run("iptables-save; nft list ruleset")
    assert "10.233" not in rules
    assert "br0" not in rules
    host.apply("nat_masquerade", {"cidr": "10.50.0.0/16"})
    assert "br7" not in host.run("iptables-save; nft list ruleset")


def test_commands_can_be_typed(host: Host) -> None:
    host.run(f"iptables -P FORWARD DROP; echo 0 > {FORWARD}")
    for backend in ("nft", "iptables"):
        for command in host.module("nat_masquerade", {**NAT, "backend": backend}, check=True)[
            "commands"
        ]:
            host.run(command)
        host.unchanged("nat_masquerade", {**NAT, "backend": backend})
    for command in host.module("nat_masquerade", {"state": "absent"}, check=True)["commands"]:
        host.run(command)
    host.unchanged("nat_masquerade", {"state": "absent"})


@pytest.mark.parametrize(
    "cidr",
    [
        *("", "10.233.0.1/16", "fd00::/64", "10.0.0.0/8; x"),
        pytest.param(
            "10.233.0.0",
        ),
    ],
)
def test_cidr_that_is_none_is_refused_by_name(host: Host, cidr: str) -> None:
    assert host.refusal("nat_masquerade", {"cidr": cidr}).startswith("cidr is ")


def test_bridge_name_that_is_none_is_refused_by_name(host: Host) -> None:
    assert host.refusal("nat_masquerade", {**NAT, "bridge": 'x" ; y'}).startswith("bridge is ")


def test_absent_leaves_a_host_with_nothing_as_it_is(host: Host) -> None:
    host.unchanged("nat_masquerade", {"state": "absent"})


def test_ordinary_user_is_told_to_become_root(host: Host) -> None:
    assert "root" in host.as_user("nat_masquerade", NAT)
