# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings a lab up or takes it down, without Ansible: what an ordinary user's Python can run too.

Usage: drive.py COLLECTIONS up|down|enter NAME OPTIONS (as JSON). Prints the outcome as JSON.
"""

from __future__ import annotations

import json
import sys

sys.path.insert(0, sys.argv[1])

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.entering import enter
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.lab import (
    absent,
    present,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.scripts import (
    server_command,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.spec import plan_lab
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.state import State
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.tools import (
    host_python,
)


def main(action: str, name: str, options: dict[str, object]) -> dict[str, object]:
    state = State(name)
    if action == "enter":
        return {"prefix": enter(name, str(options["host"]))}
    check = bool(options.pop("check", False))
    if action == "down":
        outcome = absent(state, check)
    else:
        hosts = options.pop("hosts", {"ubuntu1": "172.16.1.11"})
        assert isinstance(hosts, dict)
        arguments = {
            "router": "172.16.1.1/24",
            "outside": "203.0.113.80/24",
            "outside_port": 8080,
            "mtu": 1500,
            "multicast": True,
            **options,
        }
        listed = [{"name": host, "address": address} for host, address in hosts.items()]
        lab = plan_lab(hosts=listed, serve=server_command(host_python()), **arguments)  # type: ignore[arg-type]
        outcome = present(state, lab, [sys.prefix, sys.base_prefix], check)
    return {
        "changed": outcome.changed,
        "differences": outcome.differences,
        "hosts": outcome.hosts,
        "folder": str(state.folder),
    }


if __name__ == "__main__":
    try:
        print(json.dumps(main(sys.argv[2], sys.argv[3], json.loads(sys.argv[4]))))
    except LabError as error:
        sys.exit(f"LabError: {error}")
