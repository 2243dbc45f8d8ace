# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packets to all kinds of addresses, and who hears them."""

from __future__ import annotations

import subprocess

from .lab import Lab

BROADCAST = ["255.255.255.255"]
# IPv6 groups whose scope is the link; then wider ones, and of IPv4 the link's too.
LINK_LOCAL = ["ff02::1", "ff02::1234"]
DROPPED = ["239.1.1.1", "224.0.0.251", "ff05::1234", "ff0e::1"]
ALL = BROADCAST + LINK_LOCAL + DROPPED
HEARD_WITHOUT_MULTICAST = BROADCAST + LINK_LOCAL

# A packet socket hears what arrives at the link, a member of the group or not. 4: PACKET_OUTGOING.
HEAR = """
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(('eth1', 0))
s.settimeout(10)
print('ready', flush=True)
heard = []
while 'end' not in heard:
    frame, sender = s.recvfrom(65535)
    if b'lab:' in frame and sender[2] != 4:
        heard.append(frame.partition(b'lab:')[2].decode())
print(' '.join(heard[:-1]))
"""
SAY = """
import socket, sys
index = socket.if_nametoindex('eth1')
four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
four.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
four.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'eth1')
four.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 8)
six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 8)
for to in sys.argv[2:]:
    if ':' in to:
        six.sendto(b'lab:' + to.encode(), (to, 5000, 0, index))
    else:
        four.sendto(b'lab:' + to.encode(), (to, 5000))
four.sendto(b'lab:end', (sys.argv[1], 5000))
"""


def heard(lab: Lab, address: str) -> list[str]:
    """Which of ALL, sent by ubuntu1, arrive at ubuntu2, which has this address.

    The last packet is to the address itself: when that one arrives, no other can.
    """
    command = [*lab.enter("ubuntu2"), "/usr/bin/python3", "-c", HEAR]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == "ready\n"
        lab.check("ubuntu1", f'python3 -c "{SAY}" {address} {" ".join(ALL)}')
        return listener.stdout.read().split()
