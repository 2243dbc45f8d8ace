# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flags of a bridge port: how the kernel reports them and how ip(8) sets them.

Source: ip-link(8), "bridge_slave"; bridge(8), "bridge link set".
Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping

# The kernel's defaults for a new port (net/bridge/br_if.c, new_nbp). The names are those of the
# module's options, of ip's JSON and of ip's command line alike.
DEFAULTS: Dict[str, bool] = {
    "learning": True,
    "flood": True,
    "mcast_flood": True,
    "bcast_flood": True,
    "neigh_suppress": False,
    "isolated": False,
    "guard": False,
    "root_block": False,
    "hairpin": False,
    "fastleave": False,
    "mcast_to_unicast": False,
    "proxy_arp": False,
    "locked": False,
}


def flags_of(port: Mapping[str, Any]) -> Dict[str, bool]:
    """Flags from IFLA_INFO_SLAVE_DATA; those that this kernel does not report have the default."""
    return {name: bool(port.get(name, default)) for name, default in DEFAULTS.items()}


def differing(have: Mapping[str, bool], want: Mapping[str, Any]) -> Dict[str, bool]:
    """The wanted flags (None: leave as it is) that differ from those there are."""
    return {
        name: value for name, value in want.items() if value is not None and have[name] != value
    }


def arguments(flags: Mapping[str, bool]) -> str:
    """As `ip link set dev X type bridge_slave` takes them."""
    return " ".join(f"{name} {'on' if value else 'off'}" for name, value in flags.items())
