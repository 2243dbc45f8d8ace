# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sites in each mode, each on an underlay that needs it; and what can break there."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

from tests.site.site import Run, Site

MakeSite = Callable[["Case"], Site]
ALL = ("multicast", "point_to_point", "unicast", "static", "evpn")
PASSWORD = "S3cret-of-the-test"


@dataclass(frozen=True)
class Case:
    """routed: each host in a subnet of its own; multicast: whether the switch carries it."""

    mode: str
    family: int = 4
    hosts: int = 3
    routed: bool = False
    multicast: bool = False

    def __str__(self) -> str:
        return f"{self.mode} over IPv{self.family}"


def cases(family: int) -> list[Case]:
    """Every mode that there is over an underlay of this family."""
    found = [
        Case("multicast", family, multicast=True),
        Case("point_to_point", family, hosts=2),
        Case("unicast", family, routed=True),
        Case("static", family, routed=True),
    ]
    return [*found, Case("evpn", family, routed=True)] if family == 4 else found


def make_site(name: str, folder: Path, case: Case) -> Site:
    """A site of untouched hosts; the caller ends its lab, unless it could not be started."""
    site = Site(name, folder, case.hosts)
    for number, host in enumerate(site.hosts.values(), start=1):
        vtep(host, number, case)
    site.variables |= mode_variables(case)
    site.keep()
    lab = {"overlay_lab_routed": case.routed, "overlay_lab_multicast": case.multicast}
    with contextlib.ExitStack() as half_made:
        half_made.callback(site.play, "playbooks/lab_down.yml")
        site.play("playbooks/lab_up.yml", "-e", json.dumps({**lab, "overlay_lab_ipv6": True}))
        half_made.pop_all()
    return site


def vtep(host: dict[str, Any], number: int, case: Case) -> None:
    """Give a host its address on the underlay, as the lab makes it."""
    subnet, last = (10 + number, 11) if case.routed else (1, 10 + number)
    host["ansible_host"] = f"172.16.{subnet}.{last}"
    if case.family == 6:
        host["overlay_vtep_address"] = f"fd00:172:16:{subnet}::{last}"


def mode_variables(case: Case) -> dict[str, Any]:
    variables: dict[str, Any] = {"overlay_mode": case.mode}
    if case.family == 6:
        variables["overlay_group"] = "ff05::42"
    if case.mode == "evpn":
        variables["overlay_bgp_password"] = PASSWORD
    return variables


@dataclass(frozen=True)
class Fault:
    """do: a command on the host, with PEER and OTHER for the VTEPs of the other hosts;
    told: words of verify's message; mended: words of which every command of the mend has one.
    """

    name: str
    do: str
    told: str
    mended: tuple[str, ...]


ZERO = "00:00:00:00:00:00"
GONE = {4: "172.16.99.99", 6: "fd00:172:16:99::99"}
FDB = ("dev vxlan0",)
NEIGHBOUR = ("dev br0",)
# In threes: each alone on a host of its own. PEER's container is ns1 with MAC and ADDRESS.
FAULTS: dict[str, list[list[Fault]]] = {
    "multicast": [],
    "point_to_point": [
        [Fault("another remote", "ip link change vxlan0 type vxlan id 42 remote GONE", "GONE", FDB)]
    ],
    "unicast": [
        [
            Fault(
                "a flood entry deleted",
                f"bridge fdb del {ZERO} dev vxlan0 dst PEER",
                "flood entry to PEER: missing",
                FDB,
            ),
            Fault(
                "a flood entry altered",
                f"bridge fdb del {ZERO} dev vxlan0 dst PEER;"
                f" bridge fdb append {ZERO} dev vxlan0 dst GONE",
                "flood entry to GONE: should not be there",
                FDB,
            ),
            Fault(
                "a flood entry for a host that is gone",
                f"bridge fdb append {ZERO} dev vxlan0 dst GONE",
                "flood entry to GONE: should not be there",
                FDB,
            ),
        ]
    ],
    "static": [
        [
            Fault("a MAC entry deleted", "bridge fdb del MAC dev vxlan0 self", "MAC MAC", FDB),
            Fault(
                "a MAC entry at another VTEP",
                "bridge fdb replace MAC dev vxlan0 dst OTHER self static",
                "MAC MAC",
                FDB,
            ),
            Fault(
                "an entry for a MAC that is gone",
                "bridge fdb add 02:58:0a:e9:09:09 dev vxlan0 dst GONE self static",
                "02:58:0a:e9:09:09",
                FDB,
            ),
        ],
        [
            Fault(
                "a neighbour deleted",
                "ip neigh del ADDRESS dev br0",
                "neighbour ADDRESS: missing",
                NEIGHBOUR,
            ),
            Fault(
                "a neighbour altered",
                "ip neigh replace ADDRESS lladdr 02:58:0a:e9:09:09 dev br0 nud permanent",
                "neighbour ADDRESS",
                NEIGHBOUR,
            ),
            Fault(
                "a neighbour that is gone",
                "ip neigh add 10.233.9.9 lladdr 02:58:0a:e9:09:09 dev br0 nud permanent",
                "10.233.9.9",
                NEIGHBOUR,
            ),
        ],
    ],
    "evpn": [
        [
            Fault(
                "bgpd killed, and who would start it again",
                "kill -KILL $(cat /run/frr/watchfrr.pid) $(cat /run/frr/bgpd.pid)",
                "bgpd: not running",
                ("frr", "bgpd.conf"),
            ),
            Fault(
                "a wrong password",
                "vtysh -c 'configure terminal' -c 'router bgp 64512' -c 'neighbor PEER password x'",
                "PEER",
                ("frr", "bgpd.conf"),
            ),
        ]
    ],
}


def inflict(site: Site, case: Case, faults: list[Fault]) -> dict[str, tuple[Fault, str]]:
    """Do each fault to a host of its own; returns by host the fault, and what verify should say."""
    done = {}
    names = list(site.hosts)
    for number, fault in enumerate(faults):
        host, peer, other = (names[(number + n) % len(names)] for n in range(3))
        place = names.index(peer) + 2
        words = {
            "PEER": _vtep_of(site, peer),
            "OTHER": _vtep_of(site, other),
            "GONE": GONE[case.family],
            "ADDRESS": f"10.233.0.{place}",
        }
        site.run(host, _fill(fault.do, words | {"MAC": f"02:58:0a:e9:00:{place:02x}"}))
        told = fault.told.replace("MAC MAC", f"MAC 02:58:0a:e9:00:{place:02x}")
        done[host] = (fault, _fill(told, words))
    return done


def _fill(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _vtep_of(site: Site, host: str) -> str:
    variables = site.hosts[host]
    return str(variables.get("overlay_vtep_address", variables["ansible_host"]))


def switch(site: Site, mode: str) -> Run:
    """Change the mode of a running site."""
    site.variables["overlay_mode"] = mode
    return site.play("site.yml")


def walk() -> list[tuple[str, str]]:
    """Every pair of modes once, each beginning where the last one ended (an Eulerian circuit)."""
    left = {mode: [other for other in ALL if other != mode] for mode in ALL}
    path, circuit = [ALL[0]], []
    while path:
        if left[path[-1]]:
            path.append(left[path[-1]].pop())
        else:
            circuit.append(path.pop())
    circuit.reverse()
    pairs = list(pairwise(circuit))
    assert sorted(pairs) == sorted(permutations(ALL, 2))
    return pairs
