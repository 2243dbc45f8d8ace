# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify.report import (
    CHECKS,
    MOST,
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
    assert failures[1].startswith(("Look", "Broadcasts"))
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
    roles = ("gateway", "vxlan", "bridge", "containers", "nat")
    hosts = ("ubuntu1", "ubuntu2")
    results: dict[str, Any] = {r: {h: {"differences": []} for h in hosts} for r in roles}
    return {**results, "errors": {host: [] for host in hosts}}


def test_state_lists_every_difference_of_every_host() -> None:
    plan, results = planned(site(1, 1)), state_results()
    assert report("state", plan, results) == {"failures": [], "summary": "2 hosts as planned"}
    results["vxlan"]["ubuntu2"]["differences"] = ["vxlan0: missing"]
    results["bridge"]["ubuntu2"]["differences"] = ["br0: port vxlan0 missing"]
    results["nat"]["ubuntu1"]["differences"] = ["ip_forward: 0 -> 1"]
    assert report("state", plan, results)["failures"] == [
        "ubuntu1: ip_forward: 0 -> 1",
        "ubuntu2: vxlan0: missing",
        "ubuntu2: br0: port vxlan0 missing",
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
