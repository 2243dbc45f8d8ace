# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container may send: IPv4, IPv6 and ARP, from its own MAC and addresses.

All containers are on one Ethernet network, where whoever speaks as a neighbour, or as the gateway,
gets what is sent to that one: the bridge learns a frame's source MAC, and other containers believe
ARP. So frames are judged where they come out of a container's port, before the bridge learns.
Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Sequence, Tuple

from ansible_collections.vxlab.overlay.plugins.module_utils._change import iptables, nft
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark

FAMILY = "bridge"
WHAT = "anti-spoofing"
TABLES = ("nat", "filter")
"""Of ebtables: nat has the hook before the bridge learns, filter the one before the host itself."""
ANY = "0.0.0.0"
ANY6 = "::"
# EtherTypes of IPv4, ARP and IPv6.
TYPES = ("0x800", "0x806", "0x86dd")
ROUTER_ADVERTISEMENT = ["--ip6-proto", "58", "--ip6-icmp-type", "router-advertisement"]


@dataclass(frozen=True)
class Sender:
    """A container as its port sees it.

    port: the host end; addresses: its own, of both IP versions, without the link-local one that
    follows from its MAC; routes_for: prefixes whose packets it forwards.
    """

    port: str
    mac: str
    addresses: Tuple[str, ...]
    routes_for: Tuple[str, ...] = ()

    def own(self, version: int) -> List[str]:
        """Its addresses of an IP version, with the one that the kernel makes from the MAC."""
        made = [link_local(self.mac)] if version == 6 else []
        return list(dict.fromkeys([*of_version(self.addresses, version), *made]))


@dataclass(frozen=True)
class Filters:
    """What there is: nft's ruleset and our sets (empty without nft), and what ebtables-save prints.

    made_tables: the lines of the note on tables that were made for us.
    """

    ruleset: nft.Ruleset = ()
    elements: nft.Elements = field(default_factory=dict)
    ebtables: str = ""
    made_tables: Sequence[str] = ()


def link_local(mac: str) -> str:
    """The IPv6 address that an interface with this MAC gives itself (RFC 4291, appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    interface = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + interface))


def of_version(texts: Sequence[str], version: int) -> List[str]:
    """The addresses or prefixes of an IP version."""
    return [text for text in texts if (":" in text) == (version == 6)]


def wanted_table(senders: Sequence[Sender], mark: Mark) -> nft.Table:
    """Hooks: input sees frames to 01:80:c2:00:00:0x, whose source the bridge learns too, and which
    it does not show to prerouting (net/bridge/br_input.c, br_handle_frame).
    """

    def rule(what: str, hook: str, *matches: nft.Match, verdict: str = "drop") -> nft.Rule:
        return nft.Rule(matches, verdict, mark.text, f"{WHAT}: rule for {what} in {hook}")

    def foreign(field: str, named: str, zero: Optional[str] = None) -> List[nft.Match]:
        stranger = nft.Match(f"iifname . {field}", f"@{named}", negated=True)
        return [nft.Match(field, zero, negated=True), stranger] if zero else [stranger]

    def frames(hook: str) -> List[nft.Rule]:
        # A frame in a VLAN tag has the tag's type, and could hide anything: with VLAN 0 whoever
        # receives it takes it for one without a tag.
        others = (nft.Match("ether type", name, negated=True) for name in ("ip", "arp", "ip6"))
        elsewhere = nft.Match("iifname", "@ports", negated=True)
        return [
            rule("other ports", hook, elsewhere, verdict="accept"),
            rule("MACs", hook, *foreign("ether saddr", "macs")),
            rule("other protocols", hook, *others),
        ]

    hook = "prerouting"
    advertised = nft.Match("icmpv6 type", "nd-router-advert")
    packets = [
        rule("MACs in ARP", hook, *foreign("arp saddr ether", "macs")),
        rule("addresses in ARP", hook, *foreign("arp saddr ip", "addresses", ANY)),
        rule("IPv6 router advertisements", hook, advertised),
        *_routed(senders, mark),
        rule("IPv4 addresses", hook, *foreign("ip saddr", "addresses", ANY)),
        rule("IPv6 addresses", hook, *foreign("ip6 saddr", "addresses6", ANY6)),
    ]
    return nft.Table(
        FAMILY,
        mark.ports_table,
        (
            nft.Chain(hook, "filter", hook, -300, (*frames(hook), *packets)),
            nft.Chain("input", "filter", "input", -300, tuple(frames("input"))),
        ),
        _wanted_sets(senders),
    )


def _routed(senders: Sequence[Sender], mark: Mark) -> List[nft.Rule]:
    return [
        nft.Rule(
            (
                nft.Match("iifname", sender.port),
                nft.Match("ip6 saddr" if ":" in prefix else "ip saddr", prefix),
            ),
            "accept",
            mark.text,
            f"{WHAT}: rule for {prefix} behind {sender.port}",
        )
        for sender in senders
        for prefix in sender.routes_for
    ]


def _wanted_sets(senders: Sequence[Sender]) -> Tuple[nft.NamedSet, ...]:
    def own(version: int) -> Tuple[str, ...]:
        pairs = ((sender.port, address) for sender in senders for address in sender.own(version))
        return tuple(map(nft.CONCATENATED.join, pairs))

    macs = tuple(nft.CONCATENATED.join((sender.port, sender.mac)) for sender in senders)
    return (
        nft.NamedSet("ports", "ifname", tuple(s.port for s in senders), f"{WHAT}, ports"),
        nft.NamedSet("macs", "ifname . ether_addr", macs, f"{WHAT}, MACs"),
        nft.NamedSet("addresses", "ifname . ipv4_addr", own(4), f"{WHAT}, IPv4 addresses"),
        nft.NamedSet("addresses6", "ifname . ipv6_addr", own(6), f"{WHAT}, IPv6 addresses"),
    )


def plan_present(senders: Sequence[Sender], backend: str, have: Filters, mark: Mark) -> Change:
    """backend: "nft", or "ebtables" where the host has no nft."""
    change = Change()
    uses_nft = backend == "nft"
    table = wanted_table(senders, mark) if uses_nft else None
    nft.plan_table(change, FAMILY, mark.ports_table, table, have.ruleset, have.elements)
    _plan_ebtables(change, None if uses_nft else senders, have, mark)
    return change


def plan_absent(have: Filters, mark: Mark) -> Change:
    change = Change()
    nft.plan_table(change, FAMILY, mark.ports_table, None, have.ruleset)
    _plan_ebtables(change, None, have, mark)
    return change


def _plan_ebtables(
    change: Change, senders: Optional[Sequence[Sender]], have: Filters, mark: Mark
) -> None:
    """A chain of our own in each table, with what is allowed and, behind it, what is not."""
    tables = iptables.parse(have.ebtables)
    own = mark.ports_chain
    made = have.made_tables
    for table in TABLES:
        ours = iptables.ours_in_ebtables(tables.get(table, {}), own)
        label = f"{WHAT} in ebtables' {table}"
        if senders is None:
            iptables.plan_own_chain(change, "ebtables", own, ours, {}, label, table=table)
            made = iptables.give_table_back(change, "ebtables", table, tables, made, own)
        else:
            wanted = _ebtables_rules(senders, table, own)
            made = iptables.note_table(change, "ebtables", table, tables, made)
            iptables.plan_whole_ebtables_chain(change, table, own, ours, wanted, label)


def _ebtables_rules(senders: Sequence[Sender], table: str, own: str) -> Dict[str, iptables.Rules]:
    rules = _packets if table == "nat" else _frames
    chain = [rule for sender in senders for rule in rules(sender)]
    return {own: chain, "PREROUTING" if table == "nat" else "INPUT": [["-j", own]]}


def _frames(sender: Sender) -> iptables.Rules:
    """See wanted_table on the hook input."""
    port = ["-i", sender.port]
    allowed = [["-p", kind, "-s", sender.mac, *port, "-j", "RETURN"] for kind in TYPES]
    return [*allowed, [*port, "-j", "DROP"]]


def _packets(sender: Sender) -> iptables.Rules:
    """In the order of words in which ebtables-save prints them."""
    ipv4, arp, ipv6 = (["-p", kind, "-s", sender.mac, "-i", sender.port] for kind in TYPES)
    spoken = [
        [*arp, "--arp-ip-src", address, "--arp-mac-src", sender.mac]
        for address in [*sender.own(4), ANY]
    ]
    for version, start in ((4, [*ipv4, "--ip-src"]), (6, [*ipv6, "--ip6-src"])):
        any_address = ANY6 if version == 6 else ANY
        behind = of_version(sender.routes_for, version)
        spoken += [[*start, a] for a in [*sender.own(version), any_address, *behind]]
    return [
        ["-p", TYPES[2], "-i", sender.port, *ROUTER_ADVERTISEMENT, "-j", "DROP"],
        *([*words, "-j", "RETURN"] for words in spoken),
        ["-i", sender.port, "-j", "DROP"],
    ]
