# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of labs, hosts and ports: which can be, and which are the lab's own. Pure."""

from __future__ import annotations

import hashlib
import re

from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError

FABRIC = "fabric"
WORLD = "world"
ROUTER = "router"
OUTSIDE = "outside"
ROUTER_WORLD = "router-world"
RESERVED = (FABRIC, WORLD, ROUTER, OUTSIDE, ROUTER_WORLD, "lo", "all", "default")

LAB_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


def check_lab_name(name: str) -> str:
    """Return the name of a lab, which is also a file's; raise LabError if it cannot be one."""
    if not LAB_NAME.fullmatch(name):
        raise LabError(
            f"the lab's name is {name!r}: it must have 1 to 32 lower-case letters, digits,"
            " underscores and hyphens, and start with a letter or digit"
        )
    return name


def check_host_name(name: str) -> str:
    """Return the name of a host, which is also a file's; raise LabError if it cannot be one."""
    if not HOST_NAME.fullmatch(name):
        raise LabError(
            f"host {name!r}: a name must have 1 to 63 letters, digits, underscores, dots and"
            " hyphens, and start with a letter or digit"
        )
    return name


def port_name(host: str) -> str:
    """Name of a host's port on the fabric: the host's, shortened if longer than 15 bytes."""
    if len(host) <= 15:
        return host
    return f"{host[:6]}-{hashlib.sha256(host.encode()).hexdigest()[:8]}"
