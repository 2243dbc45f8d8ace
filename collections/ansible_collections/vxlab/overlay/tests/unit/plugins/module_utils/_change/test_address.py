# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of a device of ours: exactly those wanted, in one go."""

from __future__ import annotations

from typing import List

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change.address import plan_addresses
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import Change
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Address


@pytest.mark.parametrize(
    "have, want, commands",
    [
        ([], [], []),
        ([], ["10.0.0.1/8"], ["address replace 10.0.0.1/8 dev d"]),
        (["10.0.0.1/8"], ["10.0.0.1/8"], []),
        (["10.0.0.1/8"], [], ["address del 10.0.0.1/8 dev d"]),
        # Another prefix length is another address.
        (
            ["10.0.0.1/8"],
            ["10.0.0.1/16"],
            ["address del 10.0.0.1/8 dev d", "address replace 10.0.0.1/16 dev d"],
        ),
        # The kernel may remove secondaries together with their primary: they go before it, and
        # come back in the order that is wanted.
        (
            ["10.0.0.1/8", "2:10.0.0.2/8", "2:10.0.0.3/8"],
            ["10.0.0.2/8", "10.0.0.4/8"],
            [
                "address del 10.0.0.2/8 dev d",
                "address del 10.0.0.3/8 dev d",
                "address del 10.0.0.1/8 dev d",
                "address replace 10.0.0.2/8 dev d",
                "address replace 10.0.0.4/8 dev d",
            ],
        ),
        # The host speaks from the first address of a subnet, which is to be the first wanted.
        (
            ["10.0.0.1/8", "2:10.0.0.2/8"],
            ["10.0.0.2/8", "10.0.0.1/8"],
            [
                "address del 10.0.0.2/8 dev d",
                "address del 10.0.0.1/8 dev d",
                "address replace 10.0.0.2/8 dev d",
                "address replace 10.0.0.1/8 dev d",
            ],
        ),
        (
            ["10.0.0.2/8"],
            ["10.0.0.1/8", "10.0.0.2/8"],
            [
                "address del 10.0.0.2/8 dev d",
                "address replace 10.0.0.1/8 dev d",
                "address replace 10.0.0.2/8 dev d",
            ],
        ),
        # The order of the others says nothing.
        (
            ["10.0.0.1/8", "2:10.0.0.2/8", "2:10.0.0.3/8"],
            ["10.0.0.1/8", "10.0.0.3/8", "10.0.0.2/8"],
            [],
        ),
        # IPv6 has no secondaries: the others of a subnet stay.
        (["fd00::1/64", "fd00::2/64"], ["fd00::2/64"], ["address del fd00::1/64 dev d"]),
        # A secondary of another subnet stays.
        (
            ["10.0.0.1/8", "192.0.2.1/24", "2:192.0.2.2/24"],
            ["192.0.2.1/24", "192.0.2.2/24"],
            ["address del 10.0.0.1/8 dev d"],
        ),
    ],
)
def test_addresses_become_those_wanted(
    have: List[str], want: List[str], commands: List[str]
) -> None:
    change = Change()
    there = [Address(text.split("2:")[-1], text.startswith("2:")) for text in have]
    plan_addresses(change, "d", there, want, "d")
    assert [getattr(step, "line", "") for step in change.steps] == commands


def test_address_that_is_to_come_first_is_told_by_the_one_in_its_place() -> None:
    change = Change()
    there = [Address("10.0.0.1/8"), Address("10.0.0.2/8", secondary=True)]
    removed = plan_addresses(change, "d", there, ["10.0.0.2/8", "10.0.0.1/8"], "br0")
    assert removed
    assert change.differences == ["br0: address 10.0.0.1/8 should not be the first of its subnet"]
