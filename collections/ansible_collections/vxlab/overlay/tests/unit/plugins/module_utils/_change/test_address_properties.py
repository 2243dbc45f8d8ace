# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses: one run is enough, whatever was there. A model of the kernel applies the commands."""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, List, Sequence

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change.address import plan_addresses
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import (
    Change,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Address

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Other tests may keep the machine busy meanwhile.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

POOL = [f"{a}/{n}" for a in ("10.0.0.1", "10.0.0.2", "10.0.1.1", "10.1.0.1") for n in (8, 16, 24)]
POOL += ["fd00::1/64", "fd00::2/64"]


class Device:
    """net/ipv4/devinet.c: the first address of a subnet is primary, the others secondary."""

    def __init__(self, promote: bool) -> None:
        self.promote = promote
        self.addresses: List[Address] = []

    def add(self, text: str) -> None:
        if text in [a.text for a in self.addresses]:
            return
        network = ipaddress.ip_interface(text).network
        secondary = network.version == 4 and any(
            not a.secondary and ipaddress.ip_interface(a.text).network == network
            for a in self.addresses
        )
        self.addresses.append(Address(text, secondary))

    def delete(self, text: str) -> None:
        (gone,) = [a for a in self.addresses if a.text == text]
        self.addresses.remove(gone)
        network = ipaddress.ip_interface(text).network
        mates = [
            a
            for a in self.addresses
            if a.secondary and ipaddress.ip_interface(a.text).network == network
        ]
        if gone.secondary or not mates:
            return
        if self.promote:
            self.addresses[self.addresses.index(mates[0])] = Address(mates[0].text)
        else:
            self.addresses = [a for a in self.addresses if a not in mates]

    @property
    def primaries(self) -> Dict[Any, str]:
        """By IPv4 subnet, the address from which the host speaks there."""
        return first_of_subnets([a.text for a in self.addresses if not a.secondary])

    def plan(self, want: Sequence[str]) -> Change:
        change = Change()
        plan_addresses(change, "d", self.addresses, want, "d")
        return change

    def apply(self, change: Change) -> None:
        for step in change.steps:
            _address, verb, text, _dev, _d = getattr(step, "line", "").split()
            if verb == "del":
                # "Error: ipv4: Address not found", and the batch ends there.
                if text not in [a.text for a in self.addresses]:
                    raise LookupError(text)
                self.delete(text)
            else:
                self.add(text)


def first_of_subnets(addresses: Sequence[str]) -> Dict[Any, str]:
    networks = [(ipaddress.ip_interface(text).network, text) for text in addresses]
    return {network: text for network, text in reversed(networks) if network.version == 4}


@pytest.mark.parametrize("promote", [True, False])
@settings(PATIENT, derandomize=True)
@given(
    have=st.lists(st.sampled_from(POOL), unique=True, max_size=6),
    want=st.lists(st.sampled_from(POOL), unique=True, max_size=6),
)
def test_addresses_are_exactly_those_wanted_after_one_run(
    promote: bool, have: List[str], want: List[str]
) -> None:
    device = Device(promote)
    for text in have:
        device.add(text)
    change = device.plan(want)
    wrong = set(have) != set(want) or device.primaries != first_of_subnets(want)
    assert bool(change.steps) == bool(change.differences) == wrong
    device.apply(change)
    assert {a.text for a in device.addresses} == set(want)
    assert device.primaries == first_of_subnets(want)
    assert device.plan(want).steps == []
