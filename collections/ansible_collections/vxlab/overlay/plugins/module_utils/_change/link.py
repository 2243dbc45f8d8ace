# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links as `ip -j -d address show` prints them (iproute2 5.4 and later).

Private to the collection: may change without notice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, List, Mapping, Optional

from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark


@dataclass(frozen=True)
class Address:
    """An address of a link: with its prefix length, as in 10.233.0.2/16."""

    text: str
    secondary: bool = False


@dataclass(frozen=True)
class Link:
    """A link; data is of its kind (IFLA_INFO_DATA), port of its master's (IFLA_INFO_SLAVE_DATA).

    addresses: those that somebody set; leased: from DHCP or router advertisements, which come and
    go by themselves. Neither has link-local ones.
    """

    index: int
    name: str
    kind: Optional[str]
    up: bool
    mtu: int
    mac: str
    alias: Optional[str] = None
    master: Optional[str] = None
    peer_index: Optional[int] = None
    data: Mapping[str, Any] = field(default_factory=dict)
    port: Mapping[str, Any] = field(default_factory=dict)
    addresses: List[Address] = field(default_factory=list)
    leased: List[Address] = field(default_factory=list)

    @property
    def what(self) -> str:
        """What it is, for a message: "a vxlan device"."""
        return f"a {self.kind} device" if self.kind else "a device that is not virtual"


def parse_links(entries: Iterable[Mapping[str, Any]]) -> Dict[str, Link]:
    """From the list that `ip -j -d address show` (or `link show`) prints; keyed by name."""
    links = {}
    for entry in entries:
        if not entry.get("ifname"):
            continue  # iproute2 leaves an empty object where a link vanished while it listed
        info = entry.get("linkinfo") or {}
        lasting = [a for a in entry.get("addr_info", ()) if _is_lasting(a)]
        links[entry["ifname"]] = Link(
            index=entry["ifindex"],
            name=entry["ifname"],
            kind=info.get("info_kind"),
            up="UP" in entry.get("flags", ()),
            mtu=entry.get("mtu", 0),
            mac=entry.get("address", ""),
            alias=entry.get("ifalias"),
            master=entry.get("master"),
            peer_index=entry.get("link_index"),
            data=info.get("info_data") or {},
            port=info.get("info_slave_data") or {},
            addresses=[_address(a) for a in lasting if not a.get("dynamic")],
            leased=[_address(a) for a in lasting if a.get("dynamic")],
        )
    return links


def _address(entry: Mapping[str, Any]) -> Address:
    return Address(f"{entry['local']}/{entry['prefixlen']}", bool(entry.get("secondary")))


def _is_lasting(entry: Mapping[str, Any]) -> bool:
    """Neither link-local nor one of IPv6's temporary addresses (RFC 8981), which change daily."""
    is_global = bool(entry.get("local")) and entry.get("scope") == "global"
    return is_global and not entry.get("temporary")


def require_ours(link: Link, kind: str, mark: Mark) -> None:
    """Raise ChangeError unless the link is of this kind and carries our mark."""
    if not mark.owns(link.alias):
        raise ChangeError(
            f"{link.name} exists and is not ours ({link.what}, alias {link.alias or 'none'});"
            f" choose another name, or remove it: ip link del {link.name}"
        )
    if link.kind != kind:
        raise ChangeError(
            f"{link.name} is ours, but {link.what} where a {kind} device should be;"
            " run teardown.yml before names are exchanged"
        )


def require_free_port(link: Link, bridge: str, links: Mapping[str, Link], mark: Mark) -> None:
    """Raise ChangeError when the link is a port of a master that is not ours."""
    if link.master is None or link.master == bridge:
        return
    master = links.get(link.master)
    if master is None or not mark.owns(master.alias):
        raise ChangeError(
            f"cannot attach {link.name} to {bridge}: it is a port of {link.master}, which is not"
            f" ours; release it first: ip link set {link.name} nomaster"
        )
