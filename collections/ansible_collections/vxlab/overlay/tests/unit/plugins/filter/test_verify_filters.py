# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.vxlab.overlay.plugins.filter.reachability_table import (
    reachability_table,
)
from ansible_collections.vxlab.overlay.plugins.filter.verify_plan import verify_plan
from ansible_collections.vxlab.overlay.plugins.filter.verify_report import verify_report
from ansible_collections.vxlab.overlay.tests.unit.plugins.plugin_utils._verify.results import (
    healthy,
)
from ansible_collections.vxlab.overlay.tests.unit.plugins.plugin_utils._verify.sites import site

HOSTS = ["ubuntu1", "ubuntu2"]


def registered(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """hostvars after a healthy run."""
    hostvars: dict[str, dict[str, Any]] = {host: {} for host in plan["hosts"]}
    for name, by_host in healthy(plan).items():
        for host, result in by_host.items():
            hostvars[host][f"overlay_verify_{name}_result"] = result
    return hostvars


def test_each_plan_has_its_own_run_and_all_hosts_the_same() -> None:
    plans = [verify_plan(site(1, 1), HOSTS) for _run in range(2)]
    runs = [{host["l2"]["run"] for host in plan["hosts"].values()} for plan in plans]
    assert all(len(run) == 1 for run in runs)
    assert runs[0] != runs[1]


def test_values_from_the_command_line_are_text() -> None:
    text: Any = "9"
    plan = verify_plan(site(1, 1), HOSTS, timeout=text, pairs=text, port=text, size=text)
    assert (plan["timeout"], plan["complete"], plan["size"]) == (10, True, 9)


@pytest.mark.parametrize("plan", [{}, [], "overlay_site", {"site": {}}])
def test_what_is_no_site_plan_is_refused(plan: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="needs the site plan"):
        verify_plan(plan, HOSTS)


def test_outside_server_without_port_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="needs an address and a port"):
        verify_plan(site(1), HOSTS, outside={"address": "203.0.113.80"})


def test_report_reads_what_the_role_registers() -> None:
    plan = verify_plan(site(1, 1), HOSTS)
    hostvars = registered(plan)
    assert verify_report(plan, "l2", hostvars)["failures"] == []
    assert verify_report(plan, "all", hostvars)["summary"].startswith("all 7 checks passed")
    hostvars["ubuntu1"]["overlay_verify_l2_result"] = {"msg": "broken"}
    assert "ubuntu1: the probe failed: broken" in verify_report(plan, "l2", hostvars)["failures"]


def test_gateway_is_reported_before_the_pings_too() -> None:
    plan = verify_plan(site(1, 1), HOSTS)
    hostvars = registered(plan)
    for host in hostvars.values():
        del host["overlay_verify_gateway_after_result"]
    assert verify_report(plan, "gateway", hostvars)["summary"].endswith("before the pings")


def test_state_reads_what_the_roles_register() -> None:
    plan = verify_plan(site(1), HOSTS)
    roles = (
        *("peer_filter", "gateway", "vxlan", "bridge", "anti_spoof", "containers", "nat"),
        "persist",
    )
    host: dict[str, Any] = {f"overlay_{role}_result": {"differences": []} for role in roles}
    hostvars = {"ubuntu1": {**host, "overlay_verify_errors": []}}
    assert verify_report(plan, "state", hostvars)["failures"] == []
    hostvars["ubuntu1"]["overlay_verify_errors"] = ["Make the bridge: no"]
    assert "ubuntu1: Make the bridge: no" in verify_report(plan, "state", hostvars)["failures"]


def test_unknown_check_is_refused() -> None:
    for check in ("l4", "flood", "evpn"):
        with pytest.raises(AnsibleFilterError, match=f"no check '{check}' in mode multicast"):
            verify_report(verify_plan(site(1), HOSTS), check, {"ubuntu1": {}})


@pytest.mark.parametrize(("mode", "check"), [("static", "flood"), ("evpn", "evpn")])
def test_check_of_one_mode_reads_what_the_role_registers(mode: str, check: str) -> None:
    plan = verify_plan(site(1, 1, mode=mode), HOSTS)
    hostvars = registered(plan)
    assert verify_report(plan, check, hostvars)["failures"] == []
    assert verify_report(plan, "all", hostvars)["summary"].startswith("all 8 checks passed")


def test_table_takes_the_probes_results() -> None:
    lines = reachability_table([{"matrix": {"a": {"a/ns1": 0.5}}}, {"msg": "failed"}])
    assert [line.split()[-1] for line in lines] == ["a/ns1", "0.50"]
