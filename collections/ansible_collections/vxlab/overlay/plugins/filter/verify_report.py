# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: verify_report
short_description: What a check found on all hosts
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Used by the role P(vxlab.overlay.verify#role) once its probes have run. It reads their results
    from C(hostvars) by the names under which the role registers them.
positional: check, hostvars
options:
  _input:
    description: What P(vxlab.overlay.verify_plan#filter) returned.
    type: dict
    required: true
  check:
    description: Which check. V(state) compares no packets but the roles' results in check mode.
      V(flood) is there in mode V(static) alone, V(evpn) in mode V(evpn) alone. V(all) gives one
      line over all checks that ran.
    type: str
    choices: [state, l2, l3, bridge, reach, mtu, gateway, nat, flood, evpn, all]
    required: true
  hostvars:
    description: The magic variable C(hostvars).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Check 1, L2 over the VXLAN devices
  ansible.builtin.assert:
    that: report.failures | length == 0
    fail_msg: "{{ report.failures }}"
    success_msg: "{{ report.summary }}"
  vars:
    report: "{{ overlay_verify_plan | vxlab.overlay.verify_report('l2', hostvars) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: C(failures) are the lines of a message, what was seen and what should have been, and
    where to look; none if the check passed. C(summary) is one line if it passed.
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify.findings import STATE_ROLES
from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify.report import (
    checks_of,
    report,
    summary,
)


def verify_report(
    plan: Mapping[str, Any], check: str, hostvars: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    if check == "state":
        return report(check, plan, _state_results(plan, hostvars))
    checks = checks_of(plan["site"]["mode"])
    names = {name for _title, needed in checks.values() for name in needed}
    results = {
        name: by_host
        for name in names
        if (by_host := _by_host(plan, hostvars, f"overlay_verify_{name}_result"))
    }
    if check == "all":
        return {"failures": [], "summary": summary(plan, results)}
    if check not in checks:
        raise AnsibleFilterError(
            f"no check {check!r} in mode {plan['site']['mode']}; there are state,"
            f" {', '.join(checks)}, all"
        )
    return report(check, plan, results)


def _state_results(
    plan: Mapping[str, Any], hostvars: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """By role and host, the role's result; under "errors", what failed instead."""
    roles = {role: _by_host(plan, hostvars, f"overlay_{role}_result") for role in STATE_ROLES}
    return {**roles, "errors": _by_host(plan, hostvars, "overlay_verify_errors")}


def _by_host(
    plan: Mapping[str, Any], hostvars: Mapping[str, Mapping[str, Any]], name: str
) -> dict[str, Any]:
    return {host: hostvars[host][name] for host in plan["hosts"] if name in hostvars[host]}


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"verify_report": verify_report}
