# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: lab
short_description: Hosts of the embedded lab, as many as one likes
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Group C(overlay) with hosts C(ubuntu1), C(ubuntu2) and so on, their addresses on the underlay,
    their containers, and the connection plugin P(vxlab.overlay.lab#connection).
  - Addresses are consecutive. Where the underlay is too small for the hosts, it becomes a /16.
  - With O(routed), each host has a network of its own, and in it the place that O(first_address)
    has in its own. The network of host N is the one 9 + N further. So, by default,
    C(ubuntu1) is 172.16.11.11, C(ubuntu2) 172.16.12.11 and C(ubuntu100) 172.16.110.11, each in a
    /24 whose first address is the router's. All networks lie in one /16, which has room for 245.
options:
  plugin:
    description: Marks the file as one of this plugin.
    type: str
    required: true
    choices: [vxlab.overlay.lab]
  name:
    description:
      - Name of the lab. The environment variable E(OVERLAY_LAB_NAME) is stronger than the file.
    type: str
    default: lab
  hosts:
    description:
      - Number of hosts. The environment variable E(OVERLAY_LAB_HOSTS) is stronger than the file.
    type: int
    default: 3
  containers:
    description:
      - Number of containers on each host. The environment variable E(OVERLAY_LAB_CONTAINERS) is
        stronger than the file.
    type: int
    default: 1
  routed:
    description:
      - Whether each host has a network of its own, behind the router. Sets the addresses and
        C(overlay_lab_routed). The environment variable E(OVERLAY_LAB_ROUTED) is stronger than the
        file.
    type: bool
    default: false
  ipv6:
    description:
      - Whether the underlay has IPv6 addresses too. Sets C(overlay_lab_ipv6) and nothing else. The
        environment variable E(OVERLAY_LAB_IPV6) is stronger than the file.
    type: bool
    default: false
  multicast:
    description:
      - Whether the underlay carries multicast. Sets C(overlay_lab_multicast) and nothing else. The
        environment variable E(OVERLAY_LAB_MULTICAST) is stronger than the file.
    type: bool
    default: true
  first_address:
    description:
      - Address of the first host, with the underlay's prefix length. The underlay's first address
        is the router's.
    type: str
    default: 172.16.1.11/24
  first_container:
    description: Address of the first container, with the overlay's prefix length.
    type: str
    default: 10.233.0.2/16
"""

EXAMPLES = r"""
# lab.yml: three hosts with one container each
plugin: vxlab.overlay.lab
hosts: 3
# With these two, a router between each two hosts, and no multicast:
# routed: true
# multicast: false
"""

import os
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.inventory import BaseInventoryPlugin

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.names import check_lab_name
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.numbering import number
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.tools import host_python

GROUP = "overlay"
FLAGS = ("routed", "ipv6", "multicast")


class InventoryModule(BaseInventoryPlugin):
    """Makes group overlay from the number of hosts."""

    NAME = "vxlab.overlay.lab"

    def verify_file(self, path: str) -> bool:
        """Accept YAML files called lab."""
        return super().verify_file(path) and os.path.basename(path) in ("lab.yml", "lab.yaml")

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add the hosts to the inventory."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        try:
            name = check_lab_name(
                os.environ.get("OVERLAY_LAB_NAME") or str(self.get_option("name"))
            )
            flags = {
                option: self._flag(option, f"OVERLAY_LAB_{option.upper()}") for option in FLAGS
            }
            numbers = number(
                self._number("hosts", "OVERLAY_LAB_HOSTS"),
                self._number("containers", "OVERLAY_LAB_CONTAINERS"),
                str(self.get_option("first_address")),
                str(self.get_option("first_container")),
                flags["routed"],
            )
        except LabError as error:
            raise AnsibleParserError(f"{path}: {error}") from error
        inventory.add_group(GROUP)
        shared = {
            "ansible_connection": "vxlab.overlay.lab",
            "ansible_python_interpreter": host_python(),
            "overlay_lab_name": name,
            "overlay_lab_router": numbers.router,
            "overlay_underlay_dev": "eth1",
            **{f"overlay_lab_{option}": flag for option, flag in flags.items()},
        }
        for variable, value in shared.items():
            inventory.set_variable(GROUP, variable, value)
        for host, variables in numbers.hosts.items():
            inventory.add_host(host, group=GROUP)
            # For the connection plugin: unlike inventory_hostname, it is the delegate's own when a
            # task is delegated.
            inventory.set_variable(host, "overlay_lab_host", host)
            for variable, value in variables.items():
                inventory.set_variable(host, variable, value)

    def _flag(self, option: str, variable: str) -> bool:
        """An option, or the environment variable that is stronger than it."""
        text = os.environ.get(variable, "")
        if not text:
            return bool(self.get_option(option))
        try:
            return bool(boolean(text))
        except TypeError as error:
            raise LabError(
                f"environment variable {variable} is {text!r}: it must be true or false"
            ) from error

    def _number(self, option: str, variable: str) -> int:
        """An option, or the environment variable that is stronger than it."""
        text = os.environ.get(variable, "")
        if not text:
            return int(self.get_option(option))
        # Not int(): it would take "1_000" and "٣".
        if not (text.isascii() and text.isdigit()):
            raise LabError(f"environment variable {variable} is {text!r}: it must be a number")
        return int(text)
