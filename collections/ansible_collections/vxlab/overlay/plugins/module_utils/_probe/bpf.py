# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Classic BPF programs (Linux: Documentation/networking/filter.rst) for the packet sockets.

They keep a busy device's other traffic out of Python. Offsets count from the Ethernet header, or,
where the docstring says so, from the IP header.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import socket
import struct

from ansible_collections.vxlab.overlay.plugins.module_utils._probe.packets import (
    ARP_REPLY,
    ETH_P_ARP,
    ETH_P_IP,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._probe.sockets import Instruction

_LOAD_BYTE, _LOAD_HALF, _LOAD_WORD = 0x30, 0x28, 0x20
_AND = 0x54
_JUMP_IF_EQUAL = 0x15
_RETURN = 0x06

_ETHERTYPE = 12
_ARP_OPERATION, _ARP_SENDER_IP, _ARP_TARGET_IP = 20, 28, 38
_IP_PROTOCOL, _IP_TARGET = 23, 30
_WHOLE_FRAME = 0xFFFF

# In a VXLAN packet, from the outer IP header: RFC 791, RFC 8200, and RFC 7348, section 5. The
# kernel writes no IP options there.
_IPV4_NO_OPTIONS, _IPV6_VERSION = 0x45, 0x60
_OUTER_PROTOCOL = {4: 9, 6: 6}
_OUTER_UDP_PORT = {4: 22, 6: 42}
_OUTER_VNI = {4: 32, 6: 52}
INNER_FRAME = {4: 36, 6: 56}


def _number(address: str) -> int:
    return int(struct.unpack("!I", socket.inet_aton(address))[0])


def arp_or_icmp_for(*, beacon: str, own: str) -> list[Instruction]:
    """Let through: ARP whose target is the beacon or one's own address, ICMP to one's own."""
    return [
        (_LOAD_HALF, 0, 0, _ETHERTYPE),
        (_JUMP_IF_EQUAL, 0, 3, ETH_P_ARP),
        (_LOAD_WORD, 0, 0, _ARP_TARGET_IP),
        (_JUMP_IF_EQUAL, 6, 0, _number(beacon)),
        (_JUMP_IF_EQUAL, 5, 6, _number(own)),
        (_JUMP_IF_EQUAL, 0, 5, ETH_P_IP),
        (_LOAD_BYTE, 0, 0, _IP_PROTOCOL),
        (_JUMP_IF_EQUAL, 0, 3, socket.IPPROTO_ICMP),
        (_LOAD_WORD, 0, 0, _IP_TARGET),
        (_JUMP_IF_EQUAL, 0, 1, _number(own)),
        (_RETURN, 0, 0, _WHOLE_FRAME),
        (_RETURN, 0, 0, 0),
    ]


def arp_replies_from(sender: str) -> list[Instruction]:
    """Let through: ARP replies that speak for one address."""
    return [
        (_LOAD_HALF, 0, 0, _ETHERTYPE),
        (_JUMP_IF_EQUAL, 0, 5, ETH_P_ARP),
        (_LOAD_HALF, 0, 0, _ARP_OPERATION),
        (_JUMP_IF_EQUAL, 0, 3, ARP_REPLY),
        (_LOAD_WORD, 0, 0, _ARP_SENDER_IP),
        (_JUMP_IF_EQUAL, 0, 1, _number(sender)),
        (_RETURN, 0, 0, _WHOLE_FRAME),
        (_RETURN, 0, 0, 0),
    ]


def arp_in_vxlan(*, port: int, vni: int) -> list[Instruction]:
    """Let through: ARP in VXLAN packets of one VNI to one UDP port, over IPv4 or IPv6.

    Offsets count from the outer IP header, as a SOCK_DGRAM socket has it.
    """
    over_ipv4, over_ipv6 = _arp_behind(4, port, vni), _arp_behind(6, port, vni)
    return [
        (_LOAD_BYTE, 0, 0, 0),
        (_JUMP_IF_EQUAL, 2, 0, _IPV4_NO_OPTIONS),
        (_AND, 0, 0, 0xF0),
        (_JUMP_IF_EQUAL, len(over_ipv4), len(over_ipv4) + len(over_ipv6) - 1, _IPV6_VERSION),
        *over_ipv4,
        *over_ipv6,
    ]


def _arp_behind(version: int, port: int, vni: int) -> list[Instruction]:
    return [
        (_LOAD_BYTE, 0, 0, _OUTER_PROTOCOL[version]),
        (_JUMP_IF_EQUAL, 0, 7, socket.IPPROTO_UDP),
        (_LOAD_HALF, 0, 0, _OUTER_UDP_PORT[version]),
        (_JUMP_IF_EQUAL, 0, 5, port),
        (_LOAD_WORD, 0, 0, _OUTER_VNI[version]),
        (_JUMP_IF_EQUAL, 0, 3, vni << 8),
        (_LOAD_HALF, 0, 0, INNER_FRAME[version] + _ETHERTYPE),
        (_JUMP_IF_EQUAL, 0, 1, ETH_P_ARP),
        (_RETURN, 0, 0, _WHOLE_FRAME),
        (_RETURN, 0, 0, 0),
    ]
