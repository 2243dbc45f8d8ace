# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""anti_spoof with real frames: a container that speaks as somebody else, and whom it could harm."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from . import frames
from .host import Host

BACKENDS = ("nft", "ebtables")
every_backend = pytest.mark.parametrize("backend", BACKENDS)
GATEWAY, GATEWAY_MAC = "10.233.0.1", "02:58:0a:e9:ff:0b"
NAMES = {"evil": 2, "good": 3, "asks": 4}
MACS = {name: f"02:58:0a:e9:00:{n:02x}" for name, n in NAMES.items()}
IPV4 = {name: f"10.233.0.{n}" for name, n in NAMES.items()}
IPV6 = {name: f"fd00::{n}" for name, n in NAMES.items()}
ABSENT = {"state": "absent"}
CONTAINERS: list[dict[str, Any]] = [
    {
        "port": f"veth-{name}",
        "mac": MACS[name],
        "addresses": [f"{IPV4[name]}/16", IPV6[name]],
        "routes_for": ["192.0.2.0/24", "2001:db8::/32"] if name == "evil" else [],
    }
    for name in NAMES
]


def args(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"containers": list(containers or CONTAINERS), **more}


@pytest.fixture(name="lan")
def _lan(host: Host) -> Host:
    """A bridge with the gateway's address, and three containers on it."""
    host.run(
        f"""
        ip link add br0 address {GATEWAY_MAC} type bridge mcast_snooping 0
        ip link set br0 up
        ip address add {GATEWAY}/16 dev br0
        """
    )
    for name in NAMES:
        host.run(
            f"""
            ip netns add {name}
            ip link add veth-{name} type veth peer name eth0 address {MACS[name]} netns {name}
            ip link set veth-{name} master br0 up
            ip -n {name} link set lo up
            ip -n {name} link set eth0 up
            ip -n {name} address add {IPV4[name]}/16 dev eth0
            ip -n {name} address add {IPV6[name]}/64 dev eth0 nodad
            """
        )
    return host


def dropped(host: Host, backend: str) -> int:
    """Frames that the filter has counted."""
    if backend == "nft":
        listed = host.run("nft list table bridge vxlab_overlay.ports")
        return sum(map(int, re.findall(r"packets (\d+) .* drop", listed)))
    listed = "".join(host.run(f"ebtables -t {table} -L --Lc") for table in ("nat", "filter"))
    return sum(map(int, re.findall(r"DROP , pcnt = (\d+)", listed)))


def home(host: Host, mac: str) -> set[str]:
    """Ports at which the bridge has learned a MAC."""
    entries = host.listed("bridge -j fdb show br br0")
    return {entry["ifname"] for entry in entries if entry["mac"] == mac} - {"br0"}


def believed(host: Host, address: str) -> str:
    """Whose MAC container asks has for an address, after it has asked."""
    host.attempt(f"ip netns exec asks ping -n -c 1 -W 1 {address}")
    (entry,) = host.listed(f"ip -n asks -j neighbour show to {address} dev eth0")
    return str(entry.get("lladdr"))


def everybody_is_well(host: Host) -> None:
    host.ping("asks", IPV4["good"], IPV6["good"], GATEWAY)
    host.ping("good", IPV4["asks"], IPV6["asks"], GATEWAY)


def heard(host: Host) -> set[str]:
    """Which of the frames that evil sends come to asks."""
    listener = host.start(f"exec ip netns exec asks {sys.executable} {frames.__file__} hear eth0")
    assert listener.stdout and listener.stdout.readline() == "listening\n"
    host.run(f"ip netns exec evil {sys.executable} {frames.__file__} send eth0")
    host.run(f"ip netns exec good {sys.executable} {frames.__file__} end eth0")
    output, _none = listener.communicate(timeout=20)
    return set(output.splitlines())


def test_without_the_filter_all_frames_are_heard(lan: Host) -> None:
    """So the test below can fail."""
    assert heard(lan) == set(frames.PASS) | set(frames.DROP)


@every_backend
def test_only_what_is_the_containers_own_is_heard(lan: Host, backend: str) -> None:
    before = lan.state()
    lan.apply("anti_spoof", args(backend=backend))
    assert heard(lan) == set(frames.PASS)
    assert dropped(lan, backend) >= len(frames.DROP)
    everybody_is_well(lan)
    lan.ping("evil", IPV4["good"], IPV6["good"], GATEWAY)
    lan.apply("anti_spoof", ABSENT)
    assert lan.state() == before
    assert set(frames.DROP) < heard(lan)


@pytest.mark.parametrize("target", ["ff:ff:ff:ff:ff:ff", "01:80:c2:00:00:02"])
@pytest.mark.parametrize("backend", [None, *BACKENDS])
def test_neighbours_mac_stays_at_the_neighbours_port(
    lan: Host, backend: str | None, target: str
) -> None:
    """The second target's frames end at the bridge, which learns from them all the same."""
    if backend:
        lan.module("anti_spoof", args(backend=backend))
    lan.ping("good", IPV4["asks"])
    assert home(lan, MACS["good"]) == {"veth-good"}
    steal = f"{sys.executable} {frames.__file__} steal eth0 {MACS['good']} {target}"
    homes = set()
    for _attempt in range(5):  # the neighbour may speak in between, as IPv6 does by itself
        lan.run(f"ip netns exec evil {steal}")
        homes |= home(lan, MACS["good"])
    assert ("veth-evil" in homes) == (backend is None)


@every_backend
def test_container_that_takes_its_neighbours_mac_is_cut_off(lan: Host, backend: str) -> None:
    lan.module("anti_spoof", args(backend=backend))
    everybody_is_well(lan)
    before = dropped(lan, backend)
    lan.run(f"ip -n evil link set eth0 address {MACS['good']}")
    assert lan.attempt(f"ip netns exec evil ping -c 1 -W 1 {IPV4['asks']}").returncode
    assert dropped(lan, backend) > before
    everybody_is_well(lan)
    lan.run(f"ip -n evil link set eth0 address {MACS['evil']}")
    lan.ping("evil", IPV4["asks"])


# An address, and whose MAC it belongs to.
TAKEN = {
    "neighbour": (IPV4["good"], MACS["good"]),
    "gateway": (GATEWAY, GATEWAY_MAC),
    "IPv6 neighbour": (IPV6["good"], MACS["good"]),
}


@pytest.mark.parametrize("who", TAKEN)
@pytest.mark.parametrize("backend", [None, *BACKENDS])
def test_container_that_takes_an_address_is_not_believed(
    lan: Host, backend: str | None, who: str
) -> None:
    address, mac = TAKEN[who]
    if backend:
        lan.module("anti_spoof", args(backend=backend))
    before = dropped(lan, backend) if backend else 0
    everybody_is_well(lan)
    length = 128 if ":" in address else 32
    nodad = "nodad" if ":" in address else ""
    lan.run(f"ip -n evil address add {address}/{length} dev eth0 {nodad}")
    if ":" in address:
        lan.run(
            f"ip netns exec evil {sys.executable} {frames.__file__} advertise eth0"
            f" {address} {address}"
        )
    else:
        for kind in "UA":
            lan.run(f"ip netns exec evil arping -q -{kind} -c 1 -I eth0 {address}")
    assert (believed(lan, address) == mac) == bool(backend)
    if backend:
        assert dropped(lan, backend) > before
        target = (IPV6 if ":" in address else IPV4)["asks"]
        assert lan.attempt(f"ip netns exec evil ping -c 1 -W 1 -I {address} {target}").returncode
        everybody_is_well(lan)
        lan.run(f"ip -n evil address del {address}/{length} dev eth0")
        lan.ping("evil", IPV4["asks"], IPV6["asks"])


def test_made_and_removed_without_a_trace(host: Host) -> None:
    host.run("nft add table bridge vxlab_overlay; nft add table bridge vxlab_overlay_ports")
    before = host.state()
    result = host.apply("anti_spoof", args())
    assert result["differences"][0] == "anti-spoofing, ports: missing"
    host.apply("anti_spoof", ABSENT)
    assert host.state() == before
    host.unchanged("anti_spoof", ABSENT)


def test_containers_come_and_go_without_a_gap(host: Host) -> None:
    first, second, third = CONTAINERS
    host.apply("anti_spoof", args(first, second))
    result = host.apply("anti_spoof", args(first, third))
    table = "bridge vxlab_overlay.ports"
    expected = []
    for verb, name in (("add", "asks"), ("delete", "good")):
        local = f"fe80::58:aff:fee9:{NAMES[name]}"
        v6 = [f'"veth-{name}" . {address}' for address in (IPV6[name], local)]
        expected += [
            f"nft '{verb} element {table} ports {{ \"veth-{name}\" }}'",
            f"nft '{verb} element {table} macs {{ \"veth-{name}\" . {MACS[name]} }}'",
            f"nft '{verb} element {table} addresses {{ \"veth-{name}\" . {IPV4[name]} }}'",
            f"nft '{verb} element {table} addresses6 {{ {', '.join(v6)} }}'",
        ]
    assert sorted(result["commands"]) == sorted(expected)
    assert "anti-spoofing, MACs: veth-asks . 02:58:0a:e9:00:04 missing" in result["differences"]


def test_without_containers_none_is_guarded(lan: Host) -> None:
    lan.module("anti_spoof", args())
    for backend in BACKENDS:
        lan.apply("anti_spoof", {"containers": [], "backend": backend})
    assert heard(lan) == set(frames.PASS) | set(frames.DROP)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("nft delete table bridge vxlab_overlay.ports", "anti-spoofing, MACs: missing"),
        ("nft flush chain bridge vxlab_overlay.ports prerouting", "rule for addresses in ARP in"),
        ("nft flush chain bridge vxlab_overlay.ports input", "rule for MACs in input: missing"),
        ("nft flush set bridge vxlab_overlay.ports macs", "veth-evil . 02:58:0a:e9:00:02 missing"),
        (
            'nft add element bridge vxlab_overlay.ports addresses { \\"veth-evil\\" . 10.233.0.1 }',
            "IPv4 addresses: veth-evil . 10.233.0.1 should not be there",
        ),
        (
            "nft insert rule bridge vxlab_overlay.ports prerouting accept",
            "a rule that should not be there",
        ),
    ],
)
def test_what_is_amiss_is_told_and_mended(host: Host, harm: str, told: str) -> None:
    host.apply("anti_spoof", args())
    before = host.state()
    host.run(harm)
    result = host.apply("anti_spoof", args())
    assert any(told in difference for difference in result["differences"]), result["differences"]
    assert host.state() == before


@every_backend
def test_changed_options_replace_what_was(host: Host, backend: str) -> None:
    first, second, third = CONTAINERS
    host.apply("anti_spoof", args(backend=backend))
    changed = {**first, "mac": "02:66:66:66:66:66", "routes_for": ["198.51.100.0/24"]}
    host.apply("anti_spoof", args(changed, second, third, backend=backend))
    shown = host.run("nft list ruleset" if backend == "nft" else "ebtables-save")
    assert "02:66:66:66:66:66" in shown and "198.51.100.0/24" in shown
    assert MACS["evil"] not in shown and "192.0.2.0/24" not in shown


@every_backend
def test_prefixes_of_all_lengths_are_known_again(host: Host, backend: str) -> None:
    prefixes = ["0.0.0.0/0", "192.0.2.0/25", "192.0.2.9", "::/0", "2001:db8::/33", "2001:db8::9"]
    host.apply("anti_spoof", args({**CONTAINERS[0], "routes_for": prefixes}, backend=backend))


@every_backend
def test_forged_advertisement_about_a_neighbour_is_believed(lan: Host, backend: str) -> None:
    """The limit that the documentation tells: it is judged by the address that it comes from."""
    lan.module("anti_spoof", args(backend=backend))
    everybody_is_well(lan)
    lan.run(
        f"ip netns exec evil {sys.executable} {frames.__file__} advertise eth0"
        f" {IPV6['evil']} {IPV6['good']}"
    )
    (entry,) = lan.listed(f"ip -n asks -j neighbour show to {IPV6['good']} dev eth0")
    assert entry["lladdr"] == MACS["evil"]


def test_another_backend_takes_over(host: Host) -> None:
    before = host.state()
    for backend in (*BACKENDS, "nft"):
        host.apply("anti_spoof", args(backend=backend))
    host.apply("anti_spoof", ABSENT)
    assert host.state() == before


@pytest.mark.parametrize("last", ["anti_spoof", "gateway_filter"])
def test_filters_share_tables_of_ebtables(host: Host, last: str) -> None:
    host.hide("nft")
    before = host.state()
    gateway = {"gateway": GATEWAY}
    host.apply("gateway_filter", gateway)
    host.apply("anti_spoof", args())
    host.unchanged("gateway_filter", gateway)
    first = {"anti_spoof": "gateway_filter", "gateway_filter": "anti_spoof"}[last]
    host.apply(first, ABSENT)
    host.unchanged(last, gateway if last == "gateway_filter" else args())
    host.apply(last, ABSENT)
    assert host.state() == before


@pytest.mark.parametrize("names", [("prod", "Prod"), ("x" * 24, "X" * 24), ("a", "a_ports")])
@every_backend
def test_two_overlays_do_not_touch_each_other(
    host: Host, names: tuple[str, str], backend: str
) -> None:
    one, other = ({"overlay_name": name, "backend": backend} for name in names)
    host.run("ebtables -t nat -A PREROUTING -i eth9 -j DROP; ebtables -A INPUT -i eth9 -j DROP")
    host.module("anti_spoof", args(**one))
    before = host.state()
    host.apply("anti_spoof", args(CONTAINERS[1], **other))
    host.unchanged("anti_spoof", args(**one))
    host.apply("anti_spoof", {**ABSENT, **other})
    assert host.state() == before


@every_backend
def test_commands_can_be_typed(host: Host, backend: str) -> None:
    want = args({**CONTAINERS[0], "port": "12"}, backend=backend)
    for command in host.module("anti_spoof", want, check=True)["commands"]:
        host.run(command)
    host.unchanged("anti_spoof", want)


def test_a_host_without_nft_gets_the_filter_by_ebtables(host: Host) -> None:
    host.hide("nft")
    result = host.apply("anti_spoof", args())
    assert all("ebtables" in command for command in result["commands"])
    host.apply("anti_spoof", ABSENT)
    assert "vxp_" not in host.run("ebtables-save")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"mac": "01:00:5e:00:00:01"}, "container at veth-evil: mac is '01:00:5e:00:00:01'"),
        ({"port": "x y"}, "port of a container is 'x y'"),
        ({"addresses": ["10.233.0"]}, "container at veth-evil: addresses[0] is '10.233.0'"),
        ({"addresses": ["10.233.0.2/40"]}, "addresses[0] is '10.233.0.2/40'"),
        ({"addresses": ["224.0.0.1"]}, "addresses[0] is '224.0.0.1': it must be a unicast"),
        ({"routes_for": ["192.0.2.1/24"]}, "routes_for[0] is '192.0.2.1/24'"),
    ],
)
def test_bad_input_is_named(host: Host, given: dict[str, Any], told: str) -> None:
    assert told in host.refusal("anti_spoof", args({**CONTAINERS[0], **given}))


def test_port_that_is_listed_twice_is_refused(host: Host) -> None:
    message = host.refusal("anti_spoof", args(CONTAINERS[0], CONTAINERS[0]))
    assert message == "port veth-evil is in containers more than once: list it once"


def test_host_without_nft_and_ebtables_is_told_the_package(host: Host) -> None:
    host.hide("nft", "ebtables", "ebtables-save")
    assert "package nftables" in host.refusal("anti_spoof", args())
    host.unchanged("anti_spoof", ABSENT)
