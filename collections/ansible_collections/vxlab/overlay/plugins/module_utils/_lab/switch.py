# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the fabric's bridges do not carry: an nft table that makes them drop multicast.

Pure: parsed JSON of nft(8) in; what differs, and text for `nft -f`, out.

Like a switch that has none for its users: broadcast passes, which ARP needs, and IPv6's link-local
groups, which neighbour discovery needs (RFC 4861). Not a port's mcast_flood: that drops these too.
"""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence, Tuple

Json = Mapping[str, Any]

TABLE = "vxlab_lab"
CHAIN = "forward"
# Of family bridge (NF_BR_PRI_FILTER_BRIDGED): the number, as old versions of nft know no name.
HOOK = {"type": "filter", "hook": "forward", "prio": -200, "policy": "accept"}
# Matches, verdict, comment. A rule is known by its verdict and comment: each version of nft shows
# the matches in words of its own.
RULES = (
    ("ether daddr ff:ff:ff:ff:ff:ff", "accept", "broadcast"),
    ("ip6 daddr ff02::/16", "accept", "link-local IPv6"),
    # The group bit of IEEE 802.
    ("ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00", "drop", "multicast"),
)


def list_command() -> str:
    """Arguments of the nft that shows the table."""
    return f"-j list table bridge {TABLE}"


def plan_switch(multicast: bool, have: Sequence[Json]) -> Tuple[List[str], str]:
    """Differences, and the text that mends them.

    have: the items of what list_command shows; none if there is no table.
    """
    wanted = not multicast
    if not have:
        return (["fabric: multicast on -> off"], _make()) if wanted else ([], "")
    if not wanted:
        return ["fabric: multicast off -> on"], f"delete table bridge {TABLE}\n"
    if _is_good(have):
        return [], ""
    # One transaction: between the two, nothing passes that should not.
    return (
        ["fabric: multicast: filter is not as it should be"],
        f"delete table bridge {TABLE}\n{_make()}",
    )


def _make() -> str:
    hook = "type {type} hook {hook} priority {prio}; policy {policy};".format(**HOOK)
    rules = "".join(
        f'add rule bridge {TABLE} {CHAIN} {matches} counter {verdict} comment "{comment}"\n'
        for matches, verdict, comment in RULES
    )
    return f"add table bridge {TABLE}\nadd chain bridge {TABLE} {CHAIN} {{ {hook} }}\n{rules}"


def _is_good(have: Sequence[Json]) -> bool:
    chains = [item["chain"] for item in have if "chain" in item]
    rules = [item["rule"] for item in have if "rule" in item]
    hooks = [{key: chain.get(key) for key in HOOK} for chain in chains]
    seen = [
        (verdict, rule.get("comment"))
        for rule in rules
        for statement in rule["expr"][-1:]
        for verdict in statement
    ]
    return hooks == [HOOK] and seen == [(verdict, comment) for _matches, verdict, comment in RULES]
