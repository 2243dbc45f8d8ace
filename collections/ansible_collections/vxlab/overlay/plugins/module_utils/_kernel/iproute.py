# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading links, addresses, routes, neighbours and namespaces through ip(8) and bridge(8).

Private to the collection: may change without notice.
"""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import NewLink
from ansible_collections.vxlab.overlay.plugins.module_utils._change.inside import (
    Inside,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Link, parse_links
from ansible_collections.vxlab.overlay.plugins.module_utils._change.making import (
    half_made,
    parse_note,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._documents import documents
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import KernelError, run

NETNS_DIRECTORY = "/run/netns"


def read_links(netns: Optional[str] = None) -> Dict[str, Link]:
    """All links with their addresses, by name."""
    return parse_links(_listed(["-d", "address", "show"], "list links", netns))


def read_noted(mark: Mark) -> Optional[List[NewLink]]:
    """Links that a run noted as being made and did not come to mark; None without a note."""
    try:
        with open(mark.making, encoding="utf-8") as source:
            return parse_note(source.read())
    except FileNotFoundError:
        return None


def read_usable_links(mark: Mark) -> Dict[str, Link]:
    """All links of the host but those that a killed run left half-made, which are to go first."""
    links = read_links()
    left = half_made(read_noted(mark) or (), links)
    return {name: link for name, link in links.items() if link not in left}


def read_left(mark: Mark) -> List[Link]:
    """The links that a killed run left half-made."""
    noted = read_noted(mark)
    return half_made(noted, read_links()) if noted else []


def read_routes() -> List[Dict[str, Any]]:
    """The routes of the main table as ip prints them, with their IP version."""
    return [
        dict(route, version=version)
        for version in (4, 6)
        for route in _listed([f"-{version}", "route", "show"], f"list IPv{version} routes")
    ]


def read_fdb(dev: str) -> List[Dict[str, Any]]:
    """The forwarding entries of a device, and those of its bridge that lead to it."""
    return _listed(["fdb", "show", "dev", dev], f"list forwarding entries of {dev}", tool="bridge")


def read_neighbours(dev: str) -> List[Dict[str, Any]]:
    """The permanent neighbour entries of a device, of both IP versions."""
    arguments = ["neighbour", "show", "dev", dev, "nud", "permanent"]
    return _listed(arguments, f"list neighbour entries of {dev}")


def read_inside(netns: str) -> Inside:
    """What is in a network namespace, by one process (two where it has IPv6 addresses)."""
    output = run(
        ["ip", "-j", "-d", "-batch", "-"],
        f"read network namespace {netns}",
        stdin="address show\nroute show\n",
        netns=netns,
    )
    links, routes = _documents(output)
    parsed = parse_links(links)
    if any(":" in a.text for link in parsed.values() for a in link.addresses):
        routes = routes + _listed(["-6", "-d", "route", "show"], "list IPv6 routes", netns)
    return Inside(links=parsed, routes=routes)


def read_namespaces() -> List[str]:
    """Names of the network namespaces in /run/netns, in no order."""
    return [name for name in _names(NETNS_DIRECTORY) if not _is_stale(name)]


def read_stale() -> List[str]:
    """Names in /run/netns that are taken and are no namespace, in no order.

    ip-netns(8) makes a plain file and mounts the namespace on it; killed in between, it leaves
    the file, and a later `ip netns add` of the name fails.
    """
    return [name for name in _names(NETNS_DIRECTORY) if _is_stale(name)]


def _is_stale(name: str) -> bool:
    """Whether a name in /run/netns leads to nothing, or to a file of the directory's own system."""
    try:
        found = os.stat(os.path.join(NETNS_DIRECTORY, name))
    except OSError:
        return True
    return found.st_dev == os.stat(NETNS_DIRECTORY).st_dev


def read_journal(directory: str) -> List[str]:
    """Names of the namespaces that we made (see ownership.Mark.journal)."""
    return [name for name in _names(directory) if not name.startswith(".")]


def _names(directory: str) -> List[str]:
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []


def exists(netns: str, namespaces: List[str]) -> bool:
    """Whether there is such a namespace: a name among those given, or a path."""
    return os.path.exists(netns) if netns.startswith("/") else netns in namespaces


def _listed(
    arguments: List[str], intent: str, netns: Optional[str] = None, tool: str = "ip"
) -> List[Dict[str, Any]]:
    lists = _documents(run([tool, "-j", *arguments], intent, netns=netns), tool)
    return lists[0] if lists else []


def _documents(output: str, tool: str = "ip") -> List[List[Dict[str, Any]]]:
    """The JSON lists in what a tool printed: one for each command of a batch."""
    try:
        return list(documents(output))
    except ValueError as error:
        raise KernelError(f"cannot read what {tool} printed: {error}") from error
