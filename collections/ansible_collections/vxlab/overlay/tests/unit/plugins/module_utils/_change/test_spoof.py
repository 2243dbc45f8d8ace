# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What containers may send: the way from one list of them to another, in nft and in ebtables."""

from __future__ import annotations

import ipaddress
import shlex
from dataclasses import replace
from typing import Any, Dict, List, Optional, Sequence

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import iptables, nft, spoof
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.spoof import Filters, Sender
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    MARK,
    SENDERS,
    ruleset,
)

pytest.importorskip("hypothesis")

from hypothesis import given, settings
from hypothesis import strategies as st

FIRST, ROUTER = SENDERS
LOCAL = "fe80::58:aff:fee9:"
SAVE = """*filter
:INPUT ACCEPT
:FORWARD ACCEPT
:OUTPUT ACCEPT
-A FORWARD -s 02:00:00:00:00:01 -j DROP
"""


@pytest.mark.parametrize(
    "mac, address",
    [
        ("02:58:0a:e9:00:02", "fe80::58:aff:fee9:2"),
        ("00:00:5e:00:53:01", "fe80::200:5eff:fe00:5301"),
        ("34:56:78:9a:bc:de", "fe80::3656:78ff:fe9a:bcde"),  # RFC 4291, appendix A
    ],
)
def test_link_local_address_follows_from_the_mac(mac: str, address: str) -> None:
    assert spoof.link_local(mac) == address


# --- nft


def elements(senders: Sequence[Sender]) -> Dict[str, List[str]]:
    return {named.name: list(named.elements) for named in spoof.wanted_table(senders, MARK).sets}


def plan(senders: Sequence[Sender], have: Dict[str, List[str]]) -> Change:
    return spoof.plan_present(
        senders, "nft", Filters(ruleset("1.0.6", "ours.json"), elements=have), MARK
    )


def test_as_wanted_in_any_order_is_no_change() -> None:
    shuffled = {name: found[::-1] for name, found in elements(SENDERS).items()}
    assert plan(SENDERS, shuffled).steps == []


def without(senders: Sequence[Sender], **gone: str) -> Dict[str, List[str]]:
    return {
        name: [element for element in found if element != gone.get(name)]
        for name, found in elements(senders).items()
    }


@pytest.mark.parametrize(
    "name, element, command",
    [
        ("ports", "12", 'ports { "12" }'),
        ("macs", "12 . 02:58:0a:e9:00:03", 'macs { "12" . 02:58:0a:e9:00:03 }'),
        ("addresses", "veth-ns1 . 10.233.0.2", 'addresses { "veth-ns1" . 10.233.0.2 }'),
        ("addresses6", "12 . fd00:233::3", 'addresses6 { "12" . fd00:233::3 }'),
        ("addresses6", f"12 . {LOCAL}3", f'addresses6 {{ "12" . {LOCAL}3 }}'),
    ],
)
def test_element_that_is_missing_or_too_many_is_changed_in_place(
    name: str, element: str, command: str
) -> None:
    change = plan(SENDERS, without(SENDERS, **{name: element}))
    assert change.commands == [f"nft 'add element bridge vxlab_overlay.ports {command}'"]
    (told,) = change.differences
    assert told.startswith("anti-spoofing, ") and told.endswith(f": {element} missing")
    table = spoof.wanted_table(SENDERS, MARK)
    fewer = tuple(
        replace(
            named, elements=tuple(e for e in named.elements if (named.name, e) != (name, element))
        )
        for named in table.sets
    )
    change = Change()
    nft.plan_table(
        change, spoof.FAMILY, MARK.ports_table, replace(table, sets=fewer),
        ruleset("1.0.6", "ours.json"), elements(SENDERS),
    )  # fmt: skip
    assert change.commands == [f"nft 'delete element bridge vxlab_overlay.ports {command}'"]


def test_set_of_another_type_is_made_anew() -> None:
    have = ruleset("1.0.6", "ours.json")
    for named in nft.objects(have, "set"):
        if named["name"] == "macs":
            named["type"] = "ether_addr"  # type: ignore[index]
    change = spoof.plan_present(SENDERS, "nft", Filters(have, elements(SENDERS)), MARK)
    assert change.differences == ["anti-spoofing, MACs: missing"]
    assert change.commands[0] == "nft 'delete table bridge vxlab_overlay.ports'"


def test_other_prefixes_behind_a_router_make_the_table_anew() -> None:
    moved = replace(ROUTER, routes_for=("198.51.100.0/24",))
    change = plan([FIRST, moved], elements(SENDERS))
    assert "anti-spoofing: rule for 198.51.100.0/24 behind 12: missing" in change.differences
    assert change.commands[0] == "nft 'delete table bridge vxlab_overlay.ports'"


MACS = st.integers(0, 3).map("02:58:0a:e9:00:0{}".format)
IPV4 = st.integers(1, 4).map("10.233.0.{}".format)
IPV6 = st.integers(1, 4).map("fd00::{}".format)
PREFIXES = st.sampled_from(["192.0.2.0/24", "192.0.2.9", "2001:db8::/32", "2001:db8::9"])
PORTS = st.sampled_from(["v1", "v2", "v3", "12"])
ALL = st.lists(
    st.builds(
        Sender,
        port=PORTS,
        mac=MACS,
        addresses=st.lists(IPV4 | IPV6, max_size=3, unique=True).map(tuple),
        routes_for=st.lists(PREFIXES, max_size=2, unique=True).map(tuple),
    ),
    max_size=4,
    unique_by=lambda sender: sender.port,
)


@given(ALL, ALL)
@settings(deadline=None)
def test_elements_of_any_list_become_those_of_any_other(
    before: List[Sender], after: List[Sender]
) -> None:
    """On a table that has the rules already: those do not depend on who the containers are."""
    before, after = ([replace(s, routes_for=()) for s in some] for some in (before, after))
    table = spoof.wanted_table(after, MARK)
    change = Change()
    nft._plan_elements(change, table, elements(before))
    sets = {name: set(found) for name, found in elements(before).items()}
    for step in change.steps:
        verb, _element, _family, _table, name, listed = getattr(step, "line", "").split(" ", 5)
        named = {element.replace('"', "") for element in listed.strip("{ }").split(", ")}
        assert named.isdisjoint(sets[name]) if verb == "add" else named <= sets[name]
        sets[name] = sets[name] | named if verb == "add" else sets[name] - named
    assert sets == {name: set(found) for name, found in elements(after).items()}


# --- ebtables


def ebtables(senders: Optional[Sequence[Sender]], save: str, made: Sequence[str] = ()) -> Change:
    have = Filters(ebtables=save, made_tables=made)
    if senders is None:
        return spoof.plan_absent(have, MARK)
    return spoof.plan_present(senders, "ebtables", have, MARK)


def replace_chain(tables: Dict[str, Dict[str, List[str]]], text: str) -> None:
    """ebtables-restore --noflush, with one chain."""
    start, chain, *rules = text.splitlines()
    chains = tables.setdefault(start[1:], {"PREROUTING": [], "INPUT": []})
    name = chain[1:].split()[0]
    chains[name] = [rule[len(f"-A {name} ") :] for rule in rules]


def saved(change: Change, save: str = SAVE) -> str:
    """What ebtables-save prints after a change."""
    tables: Dict[str, Dict[str, List[str]]] = {
        name: {chain: [shlex.join(r) for r in found.rules] for chain, found in chains.items()}
        for name, chains in iptables.parse(save).items()
    }
    for step in change.steps:
        if getattr(step, "line", "") == "--noflush":
            replace_chain(tables, getattr(step, "stdin", ""))
        if getattr(step, "tool", "") != "ebtables":
            continue
        _t, table, verb, chain, rule = (getattr(step, "line", "") + " ").split(" ", 4)
        chains = tables.setdefault(table, {"PREROUTING": [], "INPUT": []})
        if verb in ("-F", "-X"):
            assert verb == "-F" or not chains[chain]
            chains[chain].clear()
            if verb == "-X":
                del chains[chain]
        elif verb == "-D":
            chains[chain].remove(rule.strip())
        else:
            place, rule = rule.split(" ", 1)
            chains[chain].insert(int(place) - 1, rule.strip())
    return "".join(
        f"*{table}\n"
        + "".join(f":{chain} ACCEPT\n" for chain in chains)
        + "".join(f"-A {chain} {rule}\n" for chain, rules in chains.items() for rule in rules)
        for table, chains in tables.items()
    )


def restored(table: str, *rules: str) -> str:
    lines = [f"*{table}", ":vxp_overlay RETURN", *(f"-A vxp_overlay {rule}" for rule in rules)]
    text = "".join(f"{line}\n" for line in lines)
    return f"printf '{text}' | ebtables-restore --noflush"


def test_ebtables_chain_that_changes_is_replaced_as_one_and_its_jumps_stay() -> None:
    save = saved(ebtables(SENDERS, SAVE))
    commands = ebtables([FIRST], save, ["ebtables nat"]).commands
    assert [c.partition(" | ")[2] for c in commands] == ["ebtables-restore --noflush"] * 2


def test_ebtables_has_a_chain_of_ours_before_the_bridge_learns_and_before_the_host() -> None:
    commands = ebtables([FIRST], SAVE).commands
    port, mac = "-i veth-ns1", "-s 02:58:0a:e9:00:02"
    arp, ipv4, ipv6 = (f"-p {kind} {mac} {port}" for kind in ("0x806", "0x800", "0x86dd"))
    assert commands == [
        "install -D -m 0644 /dev/stdin /run/vxlab.overlay/tables << 'EOF'\nebtables nat\nEOF",
        restored(
            "nat",
            f"-p 0x86dd {port} --ip6-proto 58 --ip6-icmp-type router-advertisement -j DROP",
            f"{arp} --arp-ip-src 10.233.0.2 --arp-mac-src 02:58:0a:e9:00:02 -j RETURN",
            f"{arp} --arp-ip-src 0.0.0.0 --arp-mac-src 02:58:0a:e9:00:02 -j RETURN",
            f"{ipv4} --ip-src 10.233.0.2 -j RETURN",
            f"{ipv4} --ip-src 0.0.0.0 -j RETURN",
            f"{ipv6} --ip6-src {LOCAL}2 -j RETURN",
            f"{ipv6} --ip6-src :: -j RETURN",
            f"{port} -j DROP",
        ),
        "ebtables -t nat -I PREROUTING 1 -j vxp_overlay",
        restored(
            "filter",
            f"{ipv4} -j RETURN",
            f"{arp} -j RETURN",
            f"{ipv6} -j RETURN",
            f"{port} -j DROP",
        ),
        "ebtables -t filter -I INPUT 1 -j vxp_overlay",
    ]


@given(ALL, ALL)
@settings(deadline=None)
def test_ebtables_rules_of_any_list_become_those_of_any_other(
    before: List[Sender], after: List[Sender]
) -> None:
    made = ["ebtables nat"]
    first = saved(ebtables(before, SAVE))
    assert ebtables(before, first, made).steps == []
    second = saved(ebtables(after, first, made), first)
    assert second == saved(ebtables(after, SAVE))
    assert "vxp_" not in saved(ebtables(None, second, made), second)


@pytest.mark.parametrize("printed", ["numbers", "names", "zeros"])
def test_ebtables_that_prints_rules_in_another_way_is_understood(printed: str) -> None:
    save = saved(ebtables(SENDERS, SAVE))
    if printed == "names":
        for number, name in (("0x800", "IPv4"), ("0x806", "ARP"), ("0x86dd", "IPv6")):
            save = save.replace(f"-p {number} ", f"-p {name} ")
        save = save.replace("--ip6-proto 58", "--ip6-proto ipv6-icmp")
    elif printed == "zeros":
        save = save.replace("02:58:0a:e9:00:0", "2:58:a:e9:0:")
    assert ebtables(SENDERS, save, ["ebtables nat"]).steps == []


def test_tables_that_were_made_for_us_are_given_back() -> None:
    save = saved(ebtables(SENDERS, ""), "")
    made = ["ebtables nat", "ebtables filter", "iptables nat"]
    notes = [c for c in ebtables(SENDERS, "").commands if c.startswith("install")]
    assert [note.splitlines()[1:-1] for note in notes] == [made[:1], made[:2]]
    commands = ebtables(None, save, made).commands
    assert [c for c in commands if "ebtables-restore" in c] == [
        "printf '*nat\n' | ebtables-restore",
        "printf '*filter\n' | ebtables-restore",
    ]
    assert commands[-1].endswith("<< 'EOF'\niptables nat\nEOF")


def test_table_that_another_filter_of_ours_uses_stays() -> None:
    shared = SAVE + "-A FORWARD -i vxlan0 -j vxl_overlay\n"
    save = saved(ebtables(SENDERS, shared), shared)
    commands = ebtables(None, save, ["ebtables nat", "ebtables filter"]).commands
    assert [c for c in commands if "ebtables-restore" in c] == [
        "printf '*nat\n' | ebtables-restore"
    ]


# --- both: a frame meets the same fate

Frame = Dict[str, Any]
FRAMES = st.fixed_dictionaries(
    {
        "iifname": PORTS,
        "ether saddr": MACS,
        "ether type": st.sampled_from(["ip", "arp", "ip6", "8021q"]),
        "mac": MACS,
        "4": IPV4 | st.sampled_from(["0.0.0.0", "192.0.2.9", "192.0.2.7"]),
        "6": IPV6
        | MACS.map(spoof.link_local)
        | st.sampled_from(["::", "2001:db8::9", "2001:db8::7"]),
        "icmpv6 type": st.sampled_from(["nd-router-advert", "echo-request"]),
    }
)


def fields(frame: Frame) -> Frame:
    """Those that a frame of its type has."""
    found = {name: frame[name] for name in ("iifname", "ether saddr", "ether type")}
    kind = frame["ether type"]
    if kind == "arp":
        found.update({"arp saddr ether": frame["mac"], "arp saddr ip": frame["4"]})
    elif kind == "ip":
        found["ip saddr"] = frame["4"]
    elif kind == "ip6":
        found.update({"ip6 saddr": frame["6"], "icmpv6 type": frame["icmpv6 type"]})
    return found


def inside(address: str, prefix: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(prefix)


def matches(match: nft.Match, frame: Frame, table: nft.Table) -> bool:
    parts = match.left.split(nft.CONCATENATED)
    if not all(part in frame for part in parts):
        return False
    given, right = nft.CONCATENATED.join(frame[part] for part in parts), str(match.value)
    if right.startswith("@"):
        (found,) = (given in s.elements for s in table.sets if f"@{s.name}" == right)
    else:
        found = inside(given, right) if match.left.startswith("ip") else given == right
    return bool(found) != match.negated


def nft_drops(senders: Sequence[Sender], frame: Frame, hook: str) -> bool:
    table = spoof.wanted_table(senders, MARK)
    (chain,) = (chain for chain in table.chains if chain.hook == hook)
    for rule in chain.rules:
        if all(matches(match, fields(frame), table) for match in rule.matches):
            return rule.verdict == "drop"
    return False


def ebtables_drops(senders: Sequence[Sender], frame: Frame, table: str) -> bool:
    numbers = {"0x800": "ip", "0x806": "arp", "0x86dd": "ip6"}
    named = fields(frame)
    for rule in spoof._ebtables_rules(senders, table, "own")["own"]:
        words = dict(zip(rule[::2], rule[1::2]))
        checks = [
            words.get("-i") == frame["iifname"],
            "-p" not in words or numbers[words["-p"]] == frame["ether type"],
            words.get("-s") in (None, frame["ether saddr"]),
            words.get("--arp-mac-src") in (None, named.get("arp saddr ether")),
            "--ip6-icmp-type" not in words or named.get("icmpv6 type") == "nd-router-advert",
        ]
        for option, name in (
            ("--arp-ip-src", "arp saddr ip"),
            ("--ip-src", "ip saddr"),
            ("--ip6-src", "ip6 saddr"),
        ):
            if option in words:
                checks.append(name in named and inside(named[name], words[option]))
        if all(checks):
            return words["-j"] == "DROP"
    return False


def may_pass(senders: Sequence[Sender], frame: Frame) -> bool:
    """What the documentation says."""
    for sender in senders:
        if sender.port != frame["iifname"]:
            continue
        own = [*sender.own(4), *sender.own(6), "0.0.0.0", "::"]
        address = frame["6"] if frame["ether type"] == "ip6" else frame["4"]
        behind = any(inside(address, prefix) for prefix in sender.routes_for)
        return (
            frame["ether saddr"] == sender.mac
            and {
                "arp": frame["mac"] == sender.mac and address in own,
                "ip": address in own or behind,
                "ip6": (address in own or behind) and frame["icmpv6 type"] != "nd-router-advert",
                "8021q": False,
            }[frame["ether type"]]
        )
    return True


@given(ALL, FRAMES)
@settings(deadline=None, max_examples=600)
def test_frame_meets_the_fate_that_the_documentation_tells_in_both_backends(
    senders: List[Sender], frame: Frame
) -> None:
    dropped = not may_pass(senders, frame)
    assert nft_drops(senders, frame, "prerouting") == dropped
    assert ebtables_drops(senders, frame, "nat") == dropped
    # What ends at the bridge is judged by MAC and protocol alone.
    assert nft_drops(senders, frame, "input") == ebtables_drops(senders, frame, "filter")
    assert dropped or not nft_drops(senders, frame, "input")
