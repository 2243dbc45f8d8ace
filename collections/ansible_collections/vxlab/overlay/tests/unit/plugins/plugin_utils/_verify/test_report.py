# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify.report import (
    CHECKS,
    MODE_CHECKS,
    MOST,
    checks_of,
    report,
    summary,
)
from ansible_collections.vxlab.overlay.tests.unit.plugins.plugin_utils._verify.results import (
    healthy,
)
from ansible_collections.vxlab.overlay.tests.unit.plugins.plugin_utils._verify.sites import (
    planned,
    site,
)

Break = Callable[[dict[str, Any]], Any]


def no_answer(result: dict[str, Any], name: str, **change: Any) -> None:
    result["tcp"]["ubuntu1"]["clients"][name].update(change)


@pytest.mark.parametrize("check", CHECKS)
def test_healthy_site_passes(check: str) -> None:
    plan = planned(site(1, 2, 1))
    outcome = report(check, plan, healthy(plan))
    assert outcome["failures"] == []
    assert outcome["summary"].startswith(f"check {list(CHECKS).index(check) + 1}, ")


@pytest.mark.parametrize(
    ("check", "fault", "finding"),
    [
        (
            "l2",
            lambda r: r["l2"]["ubuntu2"]["vxlan"].update(captured=["ubuntu3"], missed=["ubuntu1"]),
            "ubuntu2 captured no ARP request on vxlan0 from ubuntu1 (but did from ubuntu3); every"
            " host should capture every other's",
        ),
        (
            "l2",
            lambda r: r["l2"]["ubuntu2"]["vxlan"].update(error="cannot listen on vxlan0: no"),
            "ubuntu2: cannot listen on vxlan0: no",
        ),
        (
            "l3",
            lambda r: r["l2"]["ubuntu1"]["layer3"].update(missed=["ubuntu2", "ubuntu3"]),
            "ubuntu1 got no answer over vxlan0 to ARP and ping from ubuntu2, ubuntu3; every other"
            " host should answer",
        ),
        (
            "bridge",
            lambda r: r["l2"]["ubuntu3"]["bridge"].update(
                captured=[], missed=["ubuntu1", "ubuntu2"]
            ),
            "ubuntu3 captured no ARP request on br0 from ubuntu1, ubuntu2 (but did from nobody);"
            " every host should capture every other's",
        ),
        (
            "reach",
            lambda r: r["ping"]["ubuntu1"]["matrix"]["ubuntu1/ns1"].update(
                {"ubuntu2/ns1": "no reply", "ubuntu3/ns1": "no reply"}
            ),
            "ubuntu1/ns1 (10.233.0.2) reached 1 of 3 targets, not ubuntu2/ns1 (10.233.0.3),"
            " ubuntu3/ns1 (10.233.0.4): no reply",
        ),
        (
            "reach",
            lambda r: r["ping"]["ubuntu1"]["matrix"]["ubuntu1"].update({"ubuntu2/ns1": "no reply"}),
            "ubuntu1 (the host itself) reached 2 of 3 targets, not ubuntu2/ns1 (10.233.0.3):"
            " no reply",
        ),
        (
            "mtu",
            lambda r: r["mtu"]["ubuntu1"]["containers"]["ubuntu1/ns1"].update(mtu=1500),
            "ubuntu1/ns1: eth0 has MTU 1500; it should be 1450",
        ),
        (
            "mtu",
            lambda r: r["mtu"]["ubuntu1"]["containers"]["ubuntu1/ns1"]["largest"].update(
                {"ubuntu2/ns1": "no reply"}
            ),
            "ubuntu1/ns1 to ubuntu2/ns1: a packet of 1450 bytes that must not be fragmented should"
            " pass: no reply",
        ),
        (
            "mtu",
            lambda r: r["mtu"]["ubuntu1"]["containers"]["ubuntu1/ns1"]["one_more"].update(
                {"ubuntu2/ns1": "passed"}
            ),
            "ubuntu1/ns1 to ubuntu2/ns1: a packet of 1451 bytes that must not be fragmented should"
            ' be refused by the sender ("message too long"), but: passed',
        ),
        (
            "mtu",
            lambda r: no_answer(r, "transfer ubuntu1/ns1", seen=None, error="no answer"),
            "ubuntu1/ns1 to ubuntu2/ns1: a TCP transfer of 4000000 bytes did not arrive: no answer",
        ),
        (
            "mtu",
            lambda r: no_answer(r, "transfer ubuntu1/ns1", whole=False),
            "ubuntu1/ns1 to ubuntu2/ns1: a TCP transfer of 4000000 bytes arrived damaged",
        ),
        (
            "mtu",
            lambda r: no_answer(r, "transfer ubuntu1/ns1", seen="172.16.1.11"),
            "ubuntu1/ns1 to ubuntu2/ns1: the server saw 172.16.1.11; between containers it should"
            " see the client's own address, 10.233.0.2 (is something translating?)",
        ),
        (
            "gateway",
            lambda r: r["gateway_before"]["ubuntu1"]["containers"]["ubuntu1/ns1"].update(
                macs=["02:00:0a:e9:ff:01", "02:00:0a:e9:ff:03"]
            ),
            "ubuntu1/ns1 asked for the gateway 10.233.0.1 before the pings and was answered by"
            " 02:00:0a:e9:ff:01 (ubuntu1), 02:00:0a:e9:ff:03 (ubuntu3); only ubuntu1's"
            " 02:00:0a:e9:ff:01 should answer",
        ),
        (
            "gateway",
            lambda r: r["gateway_after"]["ubuntu1"]["containers"]["ubuntu1/ns1"].update(
                neighbour="02:00:0a:e9:ff:02"
            ),
            "ubuntu1/ns1 has 02:00:0a:e9:ff:02 (ubuntu2) as the neighbour entry of the gateway"
            " 10.233.0.1 after the pings; it should be ubuntu1's 02:00:0a:e9:ff:01",
        ),
        (
            "gateway",
            lambda r: r["gateway_before"]["ubuntu1"]["containers"]["ubuntu1/ns1"].update(macs=[]),
            "ubuntu1/ns1 asked for the gateway 10.233.0.1 before the pings and was answered by"
            " nobody; only ubuntu1's 02:00:0a:e9:ff:01 should answer",
        ),
        (
            "nat",
            lambda r: no_answer(r, "nat ubuntu1/ns1", seen="10.233.0.2"),
            "ubuntu1/ns1 was seen as 10.233.0.2 by ubuntu2 (172.16.1.12 port 18472); it should be"
            " seen as ubuntu1's underlay address, 172.16.1.11",
        ),
        (
            "nat",
            lambda r: no_answer(r, "nat ubuntu1/ns1", seen=None, error="timed out"),
            "ubuntu1/ns1 could not reach ubuntu2 (172.16.1.12 port 18472): timed out",
        ),
        (
            "nat",
            lambda r: r["tcp"]["ubuntu1"].update(errors=["cannot listen on 172.16.1.11"]),
            "ubuntu1: cannot listen on 172.16.1.11",
        ),
    ],
)
def test_fault_is_named(check: str, fault: Break, finding: str) -> None:
    plan = planned(site(1, 1, 1))
    results = healthy(plan)
    fault(results)
    failures = report(check, plan, results)["failures"]
    assert failures[0] == finding
    assert failures[1].startswith(("Look", "ARP requests pass"))
    assert "failed" in summary(plan, results)


@pytest.mark.parametrize("check", CHECKS)
def test_probe_that_failed_or_left_nothing_is_a_finding(check: str) -> None:
    plan = planned(site(1, 1))
    results = healthy(plan)
    for by_host in results.values():
        by_host["ubuntu1"] = {"msg": "cannot open raw sockets"}
        del by_host["ubuntu2"]
    failures = report(check, plan, results)["failures"]
    assert "ubuntu1: the probe failed: cannot open raw sockets" in failures
    assert "ubuntu2: the probe failed: it left no result (was the host unreachable?)" in failures


def test_long_message_is_cut() -> None:
    plan = planned(site(*(1,) * 60))
    results = healthy(plan)
    for result in results["l2"].values():
        result["vxlan"]["missed"] = result["vxlan"]["captured"]
    failures = report("l2", plan, results)["failures"]
    assert len(failures) == MOST + 2
    assert failures[MOST] == "… and 20 more"
    assert "and 51 more" in failures[0]


def test_failed_pings_come_with_the_table() -> None:
    plan = planned(site(1, 1))
    results = healthy(plan)
    results["ping"]["ubuntu1"]["matrix"]["ubuntu1/ns1"]["ubuntu2/ns1"] = "no reply"
    failures = report("reach", plan, results)["failures"]
    assert failures[2].split() == [
        "from",
        "\\",
        "to",
        "(ms)",
        "ubuntu1/ns1",
        "ubuntu2/ns1",
        "gateway",
    ]
    assert failures[4].split() == ["ubuntu1/ns1", "-", "FAIL", "0.40"]


EVERY = [(mode, check) for mode, checks in MODE_CHECKS.items() for check in checks]
LEAK = {"kind": "arp_request", "target": "198.18.0.9", "destination": "172.16.1.13"}
UNKNOWN = {"kind": "unknown_unicast", "target": "0a:56:58:01:ff:ff", "destination": "172.16.1.13"}


@pytest.mark.parametrize(("mode", "check"), EVERY)
@pytest.mark.parametrize("hosts", [2, 3])
def test_check_of_one_mode_passes_and_counts(mode: str, check: str, hosts: int) -> None:
    plan = planned(site(*(1,) * hosts, mode=mode))
    results = healthy(plan)
    for name in checks_of(mode):
        assert report(name, plan, results)["failures"] == []
    assert report(check, plan, results)["summary"].startswith("check 8, ")
    assert summary(plan, results) == f"all 8 checks passed: {hosts} hosts, {hosts} containers"
    del results[check]
    assert summary(plan, results).endswith("; 8 not asked for")


@pytest.mark.parametrize(("mode", "check"), EVERY)
def test_probe_of_one_mode_that_failed_is_a_finding(mode: str, check: str) -> None:
    plan = planned(site(1, 1, mode=mode))
    results = healthy(plan)
    results[check] = {"ubuntu1": {"msg": "no"}}
    assert report(check, plan, results)["failures"][:2] == [
        "ubuntu1: the probe failed: no",
        "ubuntu2: the probe failed: it left no result (was the host unreachable?)",
    ]


@pytest.mark.parametrize(
    ("mode", "fault", "found"),
    [
        (
            "static",
            lambda r: r["flood"]["ubuntu2"].update(leaked=[LEAK]),
            [
                "ubuntu2 let an ARP request for 198.18.0.9 leave to 172.16.1.13; in mode static"
                " none should"
            ],
        ),
        (
            "static",
            lambda r: r["flood"]["ubuntu2"].update(
                leaked=[LEAK, {**LEAK, "destination": "172.16.1.11"}, UNKNOWN]
            ),
            [
                "ubuntu2 let an ARP request for 198.18.0.9 leave to 172.16.1.13, 172.16.1.11; in"
                " mode static none should",
                "ubuntu2 let a frame to 0a:56:58:01:ff:ff, a MAC that nobody has, leave to"
                " 172.16.1.13; in mode static none should",
            ],
        ),
        (
            "static",
            lambda r: r["flood"]["ubuntu1"].update(control=False),
            [
                "ubuntu1 sent a frame to 02:00:0a:e9:ff:02, 02:00:0a:e9:ff:03, but nothing could be"
                " captured on eth1; it should leave there in a VXLAN packet"
            ],
        ),
        (
            "static",
            lambda r: r["flood"]["ubuntu1"].update(control=False, error="cannot send from br0: no"),
            ["ubuntu1: cannot send from br0: no"],
        ),
        (
            "evpn",
            lambda r: r["evpn"]["ubuntu1"]["sessions"].update(ubuntu3="Active"),
            [
                "ubuntu1: the BGP session with ubuntu3 (172.16.1.13) is Active; it should be"
                " Established"
            ],
        ),
        (
            "evpn",
            lambda r: r["evpn"]["ubuntu1"].update(sessions={}, msg="0 of 2 sessions"),
            [
                "ubuntu1: the BGP session with ubuntu2 (172.16.1.12) is not configured; it should"
                " be Established",
                "ubuntu1: the BGP session with ubuntu3 (172.16.1.13) is not configured; it should"
                " be Established",
            ],
        ),
        (
            "evpn",
            lambda r: r["evpn"]["ubuntu2"].update(remote_vteps=["172.16.1.11"]),
            ["ubuntu2 knows 1 of 2 remote VTEPs of VNI 42; 1 missing"],
        ),
        (
            "evpn",
            lambda r: r["evpn"]["ubuntu2"].update(remote_vteps=0),
            ["ubuntu2 knows 0 of 2 remote VTEPs of VNI 42; 2 missing"],
        ),
        (
            "evpn",
            lambda r: r["evpn"]["ubuntu2"].update(
                extern_learn=["02:00:0A:E9:FF:01", "02:00:0a:e9:00:04"]
            ),
            [
                "ubuntu2 has no extern_learn entry on vxlan0 for ubuntu1/ns1 (02:00:0a:e9:00:02),"
                " ubuntu3 (02:00:0a:e9:ff:03); BGP should have brought the MAC of every other host"
                " and container"
            ],
        ),
        (
            "evpn",
            lambda r: r["evpn"]["ubuntu2"].update(msg="vtysh is not there"),
            ["ubuntu2: vtysh is not there"],
        ),
    ],
)
def test_fault_of_one_mode_is_named(mode: str, fault: Break, found: list[str]) -> None:
    plan = planned(site(1, 1, 1, mode=mode))
    results = healthy(plan)
    fault(results)
    failures = report(next(iter(MODE_CHECKS[mode])), plan, results)["failures"]
    assert failures[:-1] == found
    assert failures[-1].startswith("Look at ")
    assert summary(plan, results).endswith("; 8 failed")


def test_numbers_of_vteps_will_do() -> None:
    plan = planned(site(1, 1, 1, mode="evpn"))
    results = healthy(plan)
    results["evpn"]["ubuntu1"]["remote_vteps"] = 2
    assert report("evpn", plan, results)["failures"] == []


def test_host_without_others_sends_nothing_that_could_be_captured() -> None:
    plan = planned(site(1, mode="static"))
    results = healthy(plan)
    results["flood"]["ubuntu1"]["control"] = False
    outcome = report("flood", plan, results)
    assert outcome["failures"] == []
    assert outcome["summary"] == "check 8, no floods: skipped, the site has only one host"


@pytest.mark.parametrize(
    ("mode", "hint"),
    [
        ("multicast", "whether the underlay carries 239.1.1.1 and UDP port 4789"),
        ("point_to_point", "at its remote"),
        ("unicast", "00:00:00:00:00:00"),
        ("static", "each other's MACs"),
        ("evpn", "00:00:00:00:00:00"),
    ],
)
def test_hint_knows_how_frames_are_carried(mode: str, hint: str) -> None:
    plan = planned(site(1, 1, mode=mode))
    results = healthy(plan)
    results["l2"]["ubuntu1"]["vxlan"]["error"] = "broken"
    assert hint in report("l2", plan, results)["failures"][-1]


def test_outside_of_an_ipv6_underlay_must_not_see_the_overlay() -> None:
    plan = site(1, 1, family="ipv6")
    for number, host in enumerate(plan["hosts"].values(), start=1):
        host["vtep"] = f"fd00::{number}"
    plan = planned(plan, outside={"address": "203.0.113.80", "port": 8080})
    results = healthy(plan)
    results["tcp"]["ubuntu1"]["clients"]["nat ubuntu1/ns1"]["seen"] = "172.16.1.11"
    results["tcp"]["ubuntu2"]["clients"]["nat ubuntu2/ns1"]["seen"] = "10.233.0.3"
    assert report("nat", plan, results)["failures"][:-1] == [
        "ubuntu2/ns1 was seen as 10.233.0.3 by the outside server (203.0.113.80 port 8080); it"
        " should be seen as an address of ubuntu2 outside of the overlay"
    ]


def test_summary_counts_truthfully() -> None:
    plan = planned(site(1, 2, 1))
    results = healthy(plan)
    assert summary(plan, results) == "all 7 checks passed: 3 hosts, 4 containers"
    del results["mtu"]
    assert summary(plan, results) == "6 of 7 checks passed: 3 hosts, 4 containers; 5 not asked for"
    lone = planned(site(1))
    assert summary(lone, healthy(lone)) == (
        "3 of 7 checks passed: 1 host, 1 container; 1, 2, 3 skipped: there is only one host in this"
        " run; 7 skipped: there is only one host in this run; set overlay_verify_outside"
    )


def test_sample_says_that_it_is_one() -> None:
    plan = planned(site(20, 20))
    assert "a sample" in report("reach", plan, healthy(plan))["summary"]


def state_results() -> dict[str, Any]:
    roles = (
        *("peer_filter", "gateway", "vxlan", "bridge", "anti_spoof", "containers", "nat"),
        "persist",
    )
    hosts = ("ubuntu1", "ubuntu2")
    results: dict[str, Any] = {r: {h: {"differences": []} for h in hosts} for r in roles}
    return {**results, "evpn": {}, "fdb": {}, "errors": {host: [] for host in hosts}}


def test_state_lists_every_difference_of_every_host() -> None:
    plan, results = planned(site(1, 1)), state_results()
    assert report("state", plan, results) == {"failures": [], "summary": "2 hosts as planned"}
    results["vxlan"]["ubuntu2"]["differences"] = ["vxlan0: missing"]
    results["bridge"]["ubuntu2"]["differences"] = ["br0: port vxlan0 missing"]
    results["fdb"]["ubuntu2"] = {"differences": ["flood entry 172.16.1.19: present"]}
    results["nat"]["ubuntu1"]["differences"] = ["ip_forward: 0 -> 1"]
    assert report("state", plan, results)["failures"] == [
        "ubuntu1: ip_forward: 0 -> 1",
        "ubuntu2: vxlan0: missing",
        "ubuntu2: br0: port vxlan0 missing",
        "ubuntu2: flood entry 172.16.1.19: present",
        "Run site.yml to mend it.",
    ]


def test_state_names_what_could_not_be_compared() -> None:
    plan, results = planned(site(1, 1)), state_results()
    results["errors"]["ubuntu1"] = ["Make the bridge: br0 is not ours"]
    del results["bridge"]["ubuntu1"]
    del results["nat"]["ubuntu2"]
    assert report("state", plan, results)["failures"][:2] == [
        "ubuntu1: Make the bridge: br0 is not ours",
        "ubuntu2: role nat was not compared: it left no result (was the host unreachable?)",
    ]


@pytest.mark.parametrize(
    ("mode", "missing"),
    [
        ("multicast", []),
        ("point_to_point", []),
        ("unicast", ["fdb"]),
        ("static", ["fdb"]),
        ("evpn", ["evpn"]),
    ],
)
def test_state_misses_only_roles_that_make_something_in_this_mode(
    mode: str, missing: list[str]
) -> None:
    plan, results = planned(site(1, 1, mode=mode)), state_results()
    found = [
        f"{host}: role {role} was not compared: it left no result (was the host unreachable?)"
        for host in ("ubuntu1", "ubuntu2")
        for role in missing
    ]
    assert report("state", plan, results)["failures"][:-1] == found


def test_state_takes_a_role_that_was_skipped_as_compared() -> None:
    """Role evpn skips its task where it does not manage FRR."""
    plan, results = planned(site(1, 1, mode="evpn")), state_results()
    results["evpn"] = {host: {"skipped": True, "changed": False} for host in plan["hosts"]}
    assert report("state", plan, results)["failures"] == []
