# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single values: what is taken, in which form it is returned, what is refused."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value


@pytest.mark.parametrize(
    "check, given, returned",
    [
        (value.vni, 0, 0),
        (value.vni, "42", 42),
        (value.vni, 2**24 - 1, 16777215),
        (value.udp_port, 1, 1),
        (value.udp_port, 65535, 65535),
        (value.device_name, "a" * 15, "a" * 15),
        (value.device_name, "eth0.42", "eth0.42"),
        (value.device_name, 7, "7"),
        (value.multicast_group, "239.1.1.1", "239.1.1.1"),
        (value.multicast_group, "FF05:0::1", "ff05::1"),
        (value.unicast, "172.16.1.11", "172.16.1.11"),
        (value.unicast, "FD00:1:0::11", "fd00:1::11"),
        (value.interface_address, "10.233.0.2/16", "10.233.0.2/16"),
        (value.prefix, "10.233.0.0/16", "10.233.0.0/16"),
        (value.ipv4_prefix, "10.0.0.0/8", "10.0.0.0/8"),
        (value.destination, "default", "default"),
        (value.destination, "0.0.0.0/0", "default"),
        (value.destination, "::/0", "default"),
        (value.destination, "192.0.2.0/24", "192.0.2.0/24"),
        (value.destination, "192.0.2.7", "192.0.2.7"),
        (value.destination, "192.0.2.7/32", "192.0.2.7"),
        (value.mac, "02:58:0A:E9:00:02", "02:58:0a:e9:00:02"),
        (value.mtu, 68, 68),
        (value.mtu, "65535", 65535),
        (value.ttl, "auto", "auto"),
        (value.ttl, "inherit", "inherit"),
        (value.ttl, 255, "255"),
        (value.tos, "0x10", "16"),
        (value.tos, 255, "255"),
        (value.tos, "inherit", "inherit"),
    ],
)
def test_value_is_returned_in_one_form(
    check: Callable[..., Any], given: Any, returned: Any
) -> None:
    assert check(given) == returned


@pytest.mark.parametrize(
    "check, given, right",
    [
        (value.vni, -1, "whole number from 0 to 16777215"),
        (value.vni, 2**24, "whole number from 0 to 16777215"),
        (value.vni, "abc", "whole number from 0 to 16777215"),
        (value.vni, 4.5, "whole number"),
        (value.vni, True, "whole number"),
        (value.vni, None, "whole number"),
        (value.vni, [], "whole number"),
        (value.udp_port, 0, "from 1 to 65535"),
        (value.udp_port, 65536, "from 1 to 65535"),
        (value.device_name, "", "1 to 15"),
        (value.device_name, "a" * 16, "1 to 15"),
        (value.device_name, "é" * 8, "1 to 15"),
        (value.device_name, "a/b", "letters, digits, dots, dashes"),
        (value.device_name, "a b", "letters"),
        (value.device_name, "..", "the first a letter or a digit"),
        (value.device_name, "-x", "the first a letter or a digit"),
        (value.device_name, 'x"', "letters"),
        (value.device_name, "x\n", "letters"),
        (value.multicast_group, "10.0.0.1", "multicast address"),
        (value.multicast_group, "x", "multicast address"),
        (value.unicast, "239.1.1.1", "unicast"),
        (value.unicast, "0.0.0.0", "unicast"),
        (value.unicast, "::", "unicast"),
        (value.unicast, "host", "IPv4 or IPv6 address"),
        (value.interface_address, "10.0.0.1", "with its prefix length"),
        (value.interface_address, "10.0.0.1/33", "with its prefix length"),
        (value.prefix, "10.233.0.1/16", "without host bits"),
        (value.ipv4_prefix, "fd00::/64", "IPv4 prefix"),
        (value.ipv4_prefix, "10.233.0.1/16", "without host bits"),
        (value.destination, "10.233.0.1/16", "without host bits"),
        (value.mac, "01:00:5e:00:00:01", "MAC address of one device"),
        (value.mac, "00:00:00:00:00:00", "MAC address of one device"),
        (value.mac, "02:58:0a:e9:00", "MAC address of one device"),
        (value.mac, "02-58-0a-e9-00-02", "such as 02:58"),
        (value.mac, "02:58:0a:e9:00:02\n", "MAC address"),
        (value.mtu, 67, "from 68"),
        (value.mtu, 65536, "to 65535"),
        (value.ttl, 0, "1 to 255, auto or inherit"),
        (value.ttl, 256, "1 to 255"),
        (value.tos, 1, "not 1"),
        (value.tos, 256, "0 to 255"),
        (value.tos, "x", "0 to 255"),
    ],
)
def test_refusal_says_what_would_be_right(
    check: Callable[..., Any], given: Any, right: str
) -> None:
    with pytest.raises(ValueError) as refused:
        check(given)
    assert str(refused.value).startswith("must be")
    assert right in str(refused.value)


@pytest.mark.parametrize(
    "name, end",
    [("ns1", "veth-ns1"), ("a" * 10, "veth-" + "a" * 10)],
)
def test_host_end_is_named_after_its_container_where_that_fits(name: str, end: str) -> None:
    assert value.host_end_name(name) == end


def test_host_ends_of_long_names_differ() -> None:
    ends = {value.host_end_name(f"container-{number:03}") for number in range(1000)}
    assert len(ends) == 1000
    assert max(map(len, ends)) <= 15
