# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sockets in other network namespaces, and the few kernel answers that the probes need.

A socket belongs for good to the namespace in which it was opened. So a probe steps into each
container's namespace only to open its sockets, and then serves them all in one loop: hundreds
of containers need neither a process nor a thread each.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import resource
import socket
import struct
from pathlib import Path
from typing import Iterator, Sequence, Tuple

CLONE_NEWNET = 0x40000000

# <linux/sockios.h>, <linux/if_arp.h>, <linux/in.h>, <linux/icmp.h>, <asm-generic/socket.h>
SIOCGIFMTU = 0x8921
SIOCGARP = 0x8954
ATF_COM = 0x02
SOL_RAW = 255
ICMP_FILTER = 1
IP_MTU_DISCOVER = 10
IP_PMTUDISC_DONT = 0
IP_PMTUDISC_DO = 2
IP_RECVERR = 11
SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
ETH_P_ALL = 3
PACKET_OUTGOING = 4

# Replies to a burst must wait in the socket until the loop comes round to it.
RECEIVE_BUFFER = 4 << 20

# One classic BPF instruction: code, jump if true, jump if false, constant (<linux/filter.h>).
Instruction = Tuple[int, int, int, int]


class ProbeError(Exception):
    """A probe could not even start; the message says on what, and what the kernel answered."""


def netns_path(netns: str) -> str:
    """Where a namespace is: ip-netns(8) keeps named ones in /run/netns; a path is itself."""
    return netns if netns.startswith("/") else f"/run/netns/{netns}"


def _setns(descriptor: int) -> None:
    if hasattr(os, "setns"):
        os.setns(descriptor, CLONE_NEWNET)
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


@contextlib.contextmanager
def inside(netns: str | None) -> Iterator[None]:
    """Run the block with this thread in another network namespace; None is the present one.

    Raises ProbeError if there is no such namespace, or it may not be entered.
    """
    if netns is None:
        yield
        return
    path = netns_path(netns)
    with Path("/proc/self/ns/net").open("rb") as home:
        try:
            with Path(path).open("rb") as there:
                _setns(there.fileno())
        except OSError as error:
            raise ProbeError(
                f"cannot enter the network namespace {path}: {error.strerror}"
            ) from error
        try:
            yield
        finally:
            _setns(home.fileno())


def allow_many_sockets() -> None:
    """Raise this process's limit of open files (often 1024) as far as it may."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def icmp_socket(dont_fragment: bool) -> socket.socket:
    """A raw ICMP socket that hands out echo replies only, and queues the errors to its packets.

    dont_fragment: packets larger than the MTU are refused with EMSGSIZE (ip(7)); else they leave
    in fragments.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    discover = IP_PMTUDISC_DO if dont_fragment else IP_PMTUDISC_DONT
    sock.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("=I", ~1 & 0xFFFFFFFF))
    sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, discover)
    # Without it the kernel hides ENOBUFS (a full neighbour table) from raw sockets.
    sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    _enlarge(sock)
    sock.setblocking(False)
    return sock


def _enlarge(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:  # an ordinary user's namespace: up to net.core.rmem_max then
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)


def queued_errors(sock: socket.socket) -> list[tuple[int, bytes]]:
    """Drain a socket's error queue: (errno, the packet that it is about), oldest first."""
    errors: list[tuple[int, bytes]] = []
    while True:
        try:
            packet, ancillary, _flags, _address = sock.recvmsg(2048, 512, socket.MSG_ERRQUEUE)
        except OSError:
            return errors
        code = errno.EIO
        for level, kind, block in ancillary:
            if level == socket.IPPROTO_IP and kind == IP_RECVERR:
                code = struct.unpack_from("=I", block)[0]
        errors.append((code, packet))


def packet_socket(
    device: str, program: Sequence[Instruction], kind: int = socket.SOCK_RAW
) -> socket.socket:
    """A packet socket on one device that receives the frames which the BPF program lets through.

    kind: SOCK_RAW for whole frames; SOCK_DGRAM for what is behind the link's header, whatever
    header that device has (packet(7)); the program's offsets count from there.

    ETH_P_ALL, since a device in a bridge hands its frames to the bridge before any receiver of
    a single protocol sees them. The filter is set before the socket is bound: nothing slips in.
    Raises ProbeError if there is no such device.
    """
    sock = socket.socket(socket.AF_PACKET, kind, 0)
    try:
        code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
        store = ctypes.create_string_buffer(code)
        fprog = struct.pack("HP", len(program), ctypes.addressof(store))
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, fprog)
        _enlarge(sock)
        sock.bind((device, ETH_P_ALL))
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise ProbeError(f"cannot listen on {device}: {error.strerror}") from error
    return sock


def sending_socket(device: str) -> socket.socket:
    """A packet socket that sends whole frames from one device, and receives none (protocol 0).

    Raises ProbeError if there is no such device.
    """
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        sock.bind((device, 0))
    except OSError as error:
        sock.close()
        raise ProbeError(f"cannot send from {device}: {error.strerror}") from error
    return sock


def device_mtu(device: str) -> int:
    """The MTU of a device in the present namespace; raises ProbeError if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16si", device.encode(), 0).ljust(40, b"\0")
        try:
            answer = fcntl.ioctl(sock, SIOCGIFMTU, request)
        except OSError as error:
            raise ProbeError(f"cannot read the MTU of {device}: {error.strerror}") from error
    return int(struct.unpack_from("i", answer, 16)[0])


def neighbour_mac(device: str, address: str) -> str | None:
    """The MAC in the present namespace's neighbour entry for an IPv4 address (arp(7)), if any."""
    target = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))
    request = (
        target + bytes(16) + struct.pack("=i", 0) + bytes(16) + device.encode().ljust(16, b"\0")
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            answer = fcntl.ioctl(sock, SIOCGARP, request)
        except OSError as error:
            if error.errno in (errno.ENXIO, errno.ENODEV):
                return None
            raise ProbeError(
                f"cannot read the neighbour entry of {address} on {device}: {error.strerror}"
            ) from error
    flags = struct.unpack_from("=i", answer, 32)[0]
    if not flags & ATF_COM:
        return None
    return ":".join(f"{octet:02x}" for octet in answer[18:24])
