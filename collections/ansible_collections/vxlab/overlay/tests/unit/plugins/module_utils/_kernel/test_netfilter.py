# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which firewall tools a host has, and which of them count."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Sequence, Tuple

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import netfilter
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import KernelError

NF_TABLES, LEGACY, OLD = (
    "iptables v1.8.9 (nf_tables)",
    "iptables v1.8.9 (legacy)",
    "iptables v1.6.1",
)


@pytest.fixture(name="host")
def fixture_host(monkeypatch: pytest.MonkeyPatch) -> Dict[str, str]:
    """The tools of a host, with what each prints for -V."""
    tools: Dict[str, str] = {}

    def run(arguments: Sequence[str], _intent: str) -> str:
        return tools[arguments[0]] if "-V" in arguments else f"rules of {arguments[0]}"

    monkeypatch.setattr(netfilter, "find", lambda tool: tool if tool in tools else None)
    monkeypatch.setattr(netfilter, "run", run)
    return tools


@pytest.mark.parametrize(
    "tools, found",
    [
        ({}, []),
        ({"iptables": NF_TABLES, "iptables-nft": NF_TABLES}, [("nf_tables", "iptables")]),
        (
            {"iptables": NF_TABLES, "iptables-nft": NF_TABLES, "iptables-legacy": LEGACY},
            [("nf_tables", "iptables"), ("legacy", "iptables-legacy")],
        ),
        (
            {"iptables": LEGACY, "iptables-nft": NF_TABLES, "iptables-legacy": LEGACY},
            [("legacy", "iptables"), ("nf_tables", "iptables-nft")],
        ),
        ({"iptables": OLD}, [("legacy", "iptables")]),
    ],
)
def test_each_variant_is_found_once_the_default_first(
    host: Dict[str, str], tools: Dict[str, str], found: List[Tuple[str, str]]
) -> None:
    host.update(tools)
    assert list(netfilter.find_iptables().items()) == found


@pytest.mark.usefixtures("host")
def test_saves_are_kept_by_tool() -> None:
    saves = netfilter.read_saves(["iptables", "iptables-legacy"])
    assert saves == {tool: f"rules of {tool}-save" for tool in ("iptables", "iptables-legacy")}


@pytest.mark.parametrize("warning", ["", "warning: stmt ops chain have no json callback\n"])
def test_warnings_before_the_ruleset_are_left_out(
    host: Dict[str, str], monkeypatch: pytest.MonkeyPatch, warning: str
) -> None:
    host["nft"] = ""
    monkeypatch.setattr(netfilter, "run", lambda *_: warning + '{"nftables": [{"table": {}}]}')
    assert netfilter.read_ruleset() == [{"table": {}}]


def test_nft_that_prints_nothing_has_an_empty_ruleset(
    host: Dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    host["nft"] = ""
    monkeypatch.setattr(netfilter, "run", lambda *_: "")
    assert netfilter.read_ruleset() == []


@pytest.mark.usefixtures("host")
def test_host_without_nft_has_an_empty_ruleset() -> None:
    assert netfilter.read_ruleset() == []


SETS: List[Dict[str, Dict[str, Any]]] = [
    {"set": {"family": "bridge", "table": "t", "name": "ports", "type": "ifname"}},
    {"set": {"family": "bridge", "table": "t", "name": "macs", "type": ["ifname", "ether_addr"]}},
]


def test_elements_are_read_by_set_and_concatenations_as_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = [
        {"table": {"family": "bridge", "name": "t"}},
        {"set": {**SETS[0]["set"], "elem": ["v1", "12"]}},
        {"set": {**SETS[1]["set"], "elem": [{"concat": ["v1", "02:00:00:00:00:01"]}]}},
        {"set": {**SETS[0]["set"], "name": "empty"}},
    ]
    monkeypatch.setattr(netfilter, "run", lambda *_: json.dumps({"nftables": listed}))
    assert netfilter.read_elements(SETS, "bridge", "t") == {
        "ports": ["v1", "12"],
        "macs": ["v1 . 02:00:00:00:00:01"],
        "empty": [],
    }


@pytest.mark.parametrize("place", [("bridge", "other"), ("inet", "t")])
def test_table_without_sets_is_not_asked_for_them(
    monkeypatch: pytest.MonkeyPatch, place: Tuple[str, str]
) -> None:
    monkeypatch.setattr(netfilter, "run", None)
    assert netfilter.read_elements(SETS, *place) == {}


@pytest.mark.parametrize(
    "tools, wanted, chosen",
    [
        (["nft", "iptables"], "auto", "nft"),
        (["iptables"], "auto", "iptables"),
        (["nft", "iptables"], "iptables", "iptables"),
    ],
)
def test_backend_is_nft_where_the_host_has_it(
    host: Dict[str, str], tools: List[str], wanted: str, chosen: str
) -> None:
    host.update(dict.fromkeys(tools, NF_TABLES))
    assert netfilter.choose_backend(wanted) == chosen


@pytest.mark.parametrize(
    "wanted, words", [("auto", "neither nft nor iptables"), ("iptables", "no iptables")]
)
@pytest.mark.usefixtures("host")
def test_host_without_a_firewall_tool_is_told_what_to_install(wanted: str, words: str) -> None:
    with pytest.raises(KernelError) as failed:
        netfilter.choose_backend(wanted)
    assert words in str(failed.value) and "install nftables" in str(failed.value)
