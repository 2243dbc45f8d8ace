# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans the whole site on the controller. Documented in plugins/modules/site_plan.py."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.plan import plan_site
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.site import SiteError
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.variables import VARIABLES

_MISSING = object()
# A variable, and by default the inventory group of this name.
REFLECTORS = "overlay_route_reflectors"


class ActionModule(ActionBase):
    """Reads the variables of all hosts of a group, and hands them to the site plan."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _validation, given = self.validate_argument_spec(
            argument_spec=dict(
                group=dict(type="str", default="overlay"),
                underlay=dict(type="str"),
            )
        )
        hosts = variables["groups"].get(given["group"], [])
        if not hosts:
            raise AnsibleActionFail(
                f"the inventory has no host in the group {given['group']}: put the hosts of the"
                " overlay there"
            )
        strangers = [host for host in variables["ansible_play_hosts"] if host not in hosts]
        if strangers:
            raise AnsibleActionFail(
                f"{', '.join(strangers)}: not in the group {given['group']}: put the hosts of the"
                " overlay there"
            )
        try:
            inventory = self._inventory(hosts, variables)
            result.update(plan_site(inventory, self._underlay(given, variables)))
        except SiteError as error:
            result.update(failed=True, msg=str(error), problems=error.problems)
        return result

    def _inventory(self, hosts: list[str], variables: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """By host, the variables that are set.

        What a play or a role sets is seen by the hosts of the play only, not in hostvars: such a
        value shows in that it differs from the present host's own, and holds for all hosts, each
        with its own variables in what it refers to.
        """
        names = [variable.name for variable in VARIABLES]
        own = variables["hostvars"][variables["inventory_hostname"]]
        of_the_play = {
            name: variables[name]
            for name in names
            if name in variables
            and self._templar.template(variables[name]) != own.get(name, _MISSING)
        }
        inventory = {}
        for host in hosts:
            hostvars = variables["hostvars"][host]
            seen = {name: hostvars[name] for name in [*names, "ansible_host"] if name in hostvars}
            if variables["groups"].get(REFLECTORS):
                seen.setdefault(REFLECTORS, variables["groups"][REFLECTORS])
            of_the_host = self._templar.copy_with_new_env(
                available_variables={**variables, **variables["hostvars"].raw_get(host)}
            )
            inventory[host] = seen | of_the_host.template(of_the_play)
        return inventory

    @staticmethod
    def _underlay(given: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """By host of the play, what vxlab.overlay.overlay_preflight registered there."""
        if not given["underlay"]:
            return {}
        found = {}
        for host in variables["ansible_play_hosts"]:
            registered = variables["hostvars"][host].get(given["underlay"]) or {}
            if "underlay" in registered:
                found[host] = {**registered["underlay"], "service": registered["service"]}
        return found
