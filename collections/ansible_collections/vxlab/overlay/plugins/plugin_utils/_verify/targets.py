# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who probes whom: all pairs at small sites, a sample that misses nobody at large ones. Pure.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# How many containers on other hosts a source probes, where there are too many for all pairs.
SAMPLE = 2


@dataclass(frozen=True)
class Container:
    """A container as the probes see it; label is unique at the site ("ubuntu1/ns1")."""

    label: str
    host: str
    netns: str
    interface: str
    address: str
    mtu: int
    gateway: str | None


@dataclass(frozen=True)
class Roster:
    """The hosts that take part, in a fixed order, and their containers."""

    hosts: Sequence[str]
    containers: Mapping[str, Sequence[Container]]

    @property
    def everybody(self) -> list[Container]:
        return [container for host in self.hosts for container in self.containers[host]]

    def ring(self, host: str) -> list[str]:
        """The other hosts that have containers, starting with the one after this host."""
        at = self.hosts.index(host)
        turned = [*self.hosts[at + 1 :], *self.hosts[:at]]
        return [other for other in turned if self.containers[other]]


def roster(site: Mapping[str, Any], play_hosts: Sequence[str]) -> Roster:
    """site: the site plan; play_hosts: only they take part, and only if they are in the plan."""
    hosts = [host for host in site["hosts"] if host in set(play_hosts)]
    return Roster(
        hosts,
        {
            host: [
                Container(
                    f"{host}/{given['name']}",
                    host,
                    given["netns"],
                    given["interface"],
                    given["addresses"][0].split("/")[0],
                    given["mtu"],
                    given.get("gateway"),
                )
                for given in site["hosts"][host]["containers"]
            ]
            for host in hosts
        },
    )


def all_pairs(who: Roster, most: int) -> bool:
    """Whether everybody can probe everybody, and the gateway, with no more pairs than that."""
    containers = len(who.everybody)
    return containers * (containers + len(who.hosts)) <= most


def host_targets(who: Roster, host: str, complete: bool) -> list[Container]:
    """Whom a host probes: everybody, or its own containers and a few on other hosts."""
    if complete:
        return who.everybody
    return [*who.containers[host], *_sample(who, host, 0)]


def container_targets(who: Roster, source: Container, complete: bool) -> list[Container]:
    """Whom a container probes: all others, or a neighbour on its host and a few on other hosts.

    So every container probes and is probed, and the containers of a host take turns among the
    other hosts. (That each host reaches each other is checked on layer 2 already.)
    """
    if complete:
        return [other for other in who.everybody if other != source]
    own = who.containers[source.host]
    place = own.index(source)
    neighbour = [own[(place + 1) % len(own)]] if len(own) > 1 else []
    return neighbour + _sample(who, source.host, place)


def _sample(who: Roster, host: str, place: int) -> list[Container]:
    ring = who.ring(host)
    turn = place + who.hosts.index(host)
    hosts = [ring[(place * SAMPLE + step) % len(ring)] for step in range(min(SAMPLE, len(ring)))]
    return [who.containers[other][turn % len(who.containers[other])] for other in hosts]


def mtu_targets(who: Roster, source: Container, complete: bool) -> list[Container]:
    """A container on each other host (or on one, of a sample) that takes as much."""
    own = who.containers[source.host]
    place = own.index(source)
    if not complete:
        candidates = [[target] for target in _sample(who, source.host, place)[:1]]
    elif who.ring(source.host):
        turn = place + who.hosts.index(source.host)
        candidates = [_turned(who.containers[host], turn) for host in who.ring(source.host)]
    else:
        candidates = [_turned(own, place + 1)]
    fitting = [
        next((c for c in line if c != source and c.mtu >= source.mtu), None) for line in candidates
    ]
    return [target for target in fitting if target is not None]


def _turned(line: Sequence[Container], index: int) -> list[Container]:
    at = index % len(line)
    return [*line[at:], *line[:at]]
