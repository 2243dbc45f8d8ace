# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ansible_collections.vxlab.overlay.tests.unit.plugins.plugin_utils._verify.sites import (
    planned,
    site,
)

OUTSIDE = {"address": "203.0.113.80", "port": 8080}


def pairs(plan: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (source["name"], target)
        for host in plan["hosts"].values()
        for source in host["ping"]
        for target in source["targets"]
    }


def test_everybody_pings_everybody_at_a_small_site() -> None:
    plan = planned(site(2, 1, 0))
    containers = ["ubuntu1/ns1", "ubuntu1/ns2", "ubuntu2/ns1"]
    wanted = {
        (source, target) for source in containers for target in containers if source != target
    }
    wanted |= {(host, target) for host in site(2, 1, 0)["hosts"] for target in containers}
    wanted |= {(source, "gateway") for source in containers}
    assert plan["complete"]
    assert pairs(plan) == wanted


@pytest.mark.parametrize("counts", [(20,) * 30, (100, 1, 1), (40, 0, 40), (1,) * 100, (30,)])
def test_large_site_is_sampled_but_misses_nobody(counts: tuple[int, ...]) -> None:
    plan = planned(site(*counts))
    assert not plan["complete"]
    probed = pairs(plan)
    labels = set(plan["addresses"]) - {"gateway"}
    assert {(label, "gateway") for label in labels} <= probed
    assert {(label.split("/")[0], label) for label in labels} <= probed
    between = {(a, b) for a, b in probed if "/" in a and "/" in b}
    assert all(a != b for a, b in between)
    assert {source for source, _target in between} == labels
    # As little as promised, since every pair takes entries of the neighbour tables.
    assert max(Counter(source for source, _target in between).values()) <= 3
    elsewhere = Counter(b for a, b in probed if a.split("/")[0] != b.split("/")[0] != "gateway")
    assert (
        len(elsewhere) >= min(len(labels), sum(count > 0 for count in counts)) or len(counts) == 1
    )


def test_containers_of_a_host_take_turns_among_the_others() -> None:
    plan = planned(site(*(10,) * 10))
    reached = {b.split("/")[0] for a, b in pairs(plan) if a.startswith("ubuntu1/") and "/" in b}
    assert len(reached) == 10


def test_only_hosts_of_the_play_are_expected() -> None:
    plan = planned(site(1, 1, 1), ["ubuntu3", "ubuntu1"])
    assert list(plan["hosts"]) == ["ubuntu1", "ubuntu3"]
    assert plan["hosts"]["ubuntu3"]["l2"] == {
        "run": "1f2e3d4c",
        "number": 3,
        "peers": {"ubuntu1": 1},
    }
    assert "ubuntu2/ns1" not in plan["addresses"]
    assert plan["nat"]["ubuntu1/ns1"]["host"] == "ubuntu3"


def test_transfers_and_nat_go_round() -> None:
    plan = planned(site(1, 2, 1))
    assert plan["transfers"] == {
        "ubuntu1/ns1": {"server": "ubuntu2/ns2", "source": "10.233.0.2"},
        "ubuntu2/ns1": {"server": "ubuntu3/ns1", "source": "10.233.0.3"},
        "ubuntu3/ns1": {"server": "ubuntu1/ns1", "source": "10.233.0.5"},
    }
    ubuntu3 = plan["hosts"]["ubuntu3"]["tcp"]
    assert [(s["kind"], s["address"], s["clients"]) for s in ubuntu3["services"]] == [
        ("transfer", "10.233.0.5", 1),
        ("source", "172.16.1.13", 2),
    ]
    assert [(c["name"], c["address"], c["port"]) for c in ubuntu3["clients"]] == [
        ("transfer ubuntu3/ns1", "10.233.0.2", 18472),
        ("nat ubuntu3/ns1", "172.16.1.11", 18472),
    ]
    assert plan["nat"]["ubuntu3/ns1"]["source"] == "172.16.1.13"


def test_every_service_expects_as_many_clients_as_come() -> None:
    plan = planned(site(3, 0, 5, 1))
    expected = {
        (s["address"], s["port"]): s["clients"]
        for host in plan["hosts"].values()
        for s in host["tcp"]["services"]
    }
    coming = Counter(
        (c["address"], c["port"]) for host in plan["hosts"].values() for c in host["tcp"]["clients"]
    )
    assert expected == coming


def test_outside_server_takes_the_hosts_place() -> None:
    plan = planned(site(1, 1), outside=OUTSIDE)
    assert plan["nat"]["ubuntu1/ns1"] == {**OUTSIDE, "host": None, "source": "172.16.1.11"}
    kinds = [s["kind"] for host in plan["hosts"].values() for s in host["tcp"]["services"]]
    assert "source" not in kinds
    other = planned(site(1), outside={**OUTSIDE, "source": "10.0.2.15"})
    assert other["nat"]["ubuntu1/ns1"]["source"] == "10.0.2.15"
    assert "nat" not in other["skipped"]


@pytest.mark.parametrize(
    ("plan", "skipped"),
    [
        (site(1, 1), set()),
        (site(2), {"l2", "l3", "bridge", "nat"}),
        (site(0, 0), {"reach", "gateway", "mtu", "nat"}),
        (site(0), {"l2", "l3", "bridge", "reach", "gateway", "mtu", "nat"}),
        (site(1, 1, nat=False), {"nat"}),
    ],
)
def test_what_has_nothing_to_work_on_is_skipped_with_a_reason(
    plan: dict[str, Any], skipped: set[str]
) -> None:
    reasons = planned(plan)["skipped"]
    assert set(reasons) == skipped
    assert all(reasons.values())


def test_ipv6_underlay_needs_an_outside_server() -> None:
    plan = site(1, 1)
    for number, host in enumerate(plan["hosts"].values()):
        host["vtep"] = f"fd00::{number}"
    assert planned(plan)["skipped"] == {"nat": "the underlay is IPv6; set overlay_verify_outside"}


def test_outside_server_of_an_ipv6_underlay_sees_an_address_that_is_not_known() -> None:
    plan = site(1, 1)
    for number, host in enumerate(plan["hosts"].values()):
        host["vtep"] = f"fd00::{number}"
    assert planned(plan, outside=OUTSIDE)["nat"]["ubuntu1/ns1"]["source"] is None
    told = planned(plan, outside={**OUTSIDE, "source": "172.16.1.11"})
    assert told["nat"]["ubuntu1/ns1"]["source"] == "172.16.1.11"


@pytest.mark.parametrize("mode", ["multicast", "point_to_point", "unicast", "static", "evpn"])
def test_two_hosts_check_each_other_in_every_mode(mode: str) -> None:
    plan = planned(site(1, 1, mode=mode))
    assert plan["skipped"] == {}
    assert plan["hosts"]["ubuntu1"]["l2"]["peers"] == {"ubuntu2": 2}
    assert ("ubuntu1/ns1", "ubuntu2/ns1") in pairs(plan)
    assert plan["transfers"]["ubuntu2/ns1"]["server"] == "ubuntu1/ns1"
    assert plan["nat"]["ubuntu2/ns1"]["host"] == "ubuntu1"
    assert ("flood" in plan["hosts"]["ubuntu1"]) == (mode == "static")
    assert ("evpn" in plan["hosts"]["ubuntu1"]) == (mode == "evpn")
    assert ("macs" in plan["hosts"]["ubuntu1"]["l2"]) == (mode == "static")


def test_static_site_meets_by_the_bridges_macs_of_the_run() -> None:
    plan = planned(site(1, 1, 1, mode="static"), ["ubuntu1", "ubuntu3"])
    meeting = plan["hosts"]["ubuntu1"]["l2"]
    assert meeting["mac"] == "02:00:0a:e9:ff:01"
    assert meeting["macs"] == {"ubuntu3": "02:00:0a:e9:ff:03"}


def test_flood_probe_sends_to_the_runs_hosts_first_and_not_to_many() -> None:
    plan = planned(site(*(1,) * 6, mode="static"), ["ubuntu2", "ubuntu5"])
    probe = plan["hosts"]["ubuntu5"]["flood"]
    assert probe["underlay_dev"] == "eth1"
    assert [remote["mac"][-2:] for remote in probe["remotes"]] == ["02", "01", "03"]
    assert probe["remotes"][0]["address"] == "10.233.255.2"


def test_flood_probe_works_for_one_host_of_a_site_but_not_for_a_site_of_one() -> None:
    plan = planned(site(1, 1, mode="static"), ["ubuntu1"])
    assert "flood" not in plan["skipped"]
    assert plan["hosts"]["ubuntu1"]["flood"]["remotes"][0]["address"] == "10.233.255.2"
    alone = planned(site(1, mode="static"))
    assert alone["skipped"]["flood"] == "the site has only one host"
    assert planned(site(1, mode="evpn"))["skipped"]["evpn"] == "the site has only one host"


def test_flood_probe_leaves_out_hosts_whose_mac_is_not_known() -> None:
    plan = site(1, 1, 1, mode="static")
    plan["hosts"]["ubuntu2"].update(mac=None, address=None)
    remotes = planned(plan, ["ubuntu1"])["hosts"]["ubuntu1"]["flood"]["remotes"]
    assert [remote["address"] for remote in remotes] == ["10.233.255.3"]


def test_bgp_has_to_bring_bridges_and_containers_of_the_run() -> None:
    plan = planned(site(1, 1, 2, mode="evpn"), ["ubuntu1", "ubuntu3"])
    assert plan["hosts"]["ubuntu1"]["evpn"] == {
        "neighbors": {"ubuntu2": "172.16.1.12", "ubuntu3": "172.16.1.13"},
        "vteps": 2,
    }
    assert plan["macs"] == {
        "02:00:0a:e9:ff:01": "ubuntu1",
        "02:00:0a:e9:00:02": "ubuntu1/ns1",
        "02:00:0a:e9:ff:03": "ubuntu3",
        "02:00:0a:e9:00:04": "ubuntu3/ns1",
        "02:00:0a:e9:00:05": "ubuntu3/ns2",
    }


def test_mtu_is_checked_towards_every_host_that_takes_as_much() -> None:
    plan = site(1, 2, 1)
    plan["hosts"]["ubuntu2"]["containers"][0]["mtu"] = 1400
    checks = {
        sender["name"]: (sender["mtu"], sender["targets"])
        for host in planned(plan)["hosts"].values()
        for sender in host["mtu"]
    }
    assert checks["ubuntu1/ns1"] == (1450, ["ubuntu2/ns2", "ubuntu3/ns1"])
    assert checks["ubuntu2/ns1"] == (1400, ["ubuntu3/ns1", "ubuntu1/ns1"])


def test_lone_container_checks_its_mtu_towards_the_gateway() -> None:
    assert planned(site(1))["hosts"]["ubuntu1"]["mtu"][0]["targets"] == ["gateway"]


def test_timeout_grows_with_the_hosts() -> None:
    assert planned(site(1, 1))["timeout"] == 11
    assert planned(site(*(1,) * 30))["timeout"] == 25
