# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a value must be to make sense to the kernel.

Each function returns the value as ip(8) prints it, or raises ValueError with what would be right
("… must be …"); callers put the name of the option in front.
Private to the collection: may change without notice.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from typing import Any, Optional

MAC = re.compile(r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
DEVICE_NAME_BYTES = 15  # IFNAMSIZ - 1, <linux/if.h>
CONTAINER_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]*\Z")


def integer(value: Any, low: int, high: int) -> int:
    """A number, also as text (from -e on the command line)."""
    try:
        if isinstance(value, (bool, float)):
            raise ValueError
        number = int(value)
    except (TypeError, ValueError):
        raise ValueError(f"must be a whole number from {low} to {high}") from None
    if not low <= number <= high:
        raise ValueError(f"must be a whole number from {low} to {high}")
    return number


def vni(value: Any) -> int:
    """24 bits: RFC 7348, section 5."""
    return integer(value, 0, 2**24 - 1)


def udp_port(value: Any) -> int:
    return integer(value, 1, 65535)


def device_name(value: Any) -> str:
    """As net/core/dev.c, dev_valid_name, has it; and no character that a shell or nft minds."""
    text = str(value)
    if text in ("all", "default"):
        raise ValueError("must not be all or default, which /proc/sys/net has for other things")
    if not 0 < len(text.encode()) <= DEVICE_NAME_BYTES or not CONTAINER_NAME.match(text):
        raise ValueError(
            f"must be 1 to {DEVICE_NAME_BYTES} letters, digits, dots, dashes and underscores,"
            " the first a letter or a digit"
        )
    return text


def boolean(value: Any) -> bool:
    """Also as text (from -e on the command line)."""
    text = str(value).lower()
    if text in ("true", "yes", "on", "1"):
        return True
    if text in ("false", "no", "off", "0"):
        return False
    raise ValueError("must be true or false")


def namespace(value: Any) -> str:
    """A network namespace: a name in /run/netns, or an absolute path."""
    text = str(value)
    if text.startswith("/") and not any(c.isspace() for c in text):
        return text
    message = "must be the name of a network namespace (1 to 15 letters, digits, dots, dashes"
    return str(_or(text, device_name, f"{message} and underscores) or an absolute path"))


def address(value: Any) -> str:
    try:
        return str(ipaddress.ip_address(str(value)))
    except ValueError:
        raise ValueError("must be an IPv4 or IPv6 address") from None


def multicast_group(value: Any) -> str:
    message = "must be an IPv4 or IPv6 multicast address, such as 239.1.1.1 or ff05::1"
    text: str = _or(value, address, message)
    if not ipaddress.ip_address(text).is_multicast:
        raise ValueError(message)
    return text


def unicast(value: Any) -> str:
    text = address(value)
    parsed = ipaddress.ip_address(text)
    if parsed.is_multicast or parsed.is_unspecified:
        raise ValueError("must be a unicast address")
    return text


def ipv4(value: Any) -> str:
    """A unicast IPv4 address."""
    text: str = _or(value, unicast, "must be an IPv4 address")
    if ":" in text:
        raise ValueError("must be an IPv4 address")
    return text


def interface_address(value: Any) -> str:
    """An address with its prefix length, such as 10.233.0.2/16."""
    text = str(value)
    try:
        if "/" not in text:
            raise ValueError
        return str(ipaddress.ip_interface(text))
    except ValueError:
        raise ValueError(
            "must be an address with its prefix length, such as 10.233.0.2/16"
        ) from None


def prefix(value: Any) -> str:
    try:
        return str(ipaddress.ip_network(str(value)))
    except ValueError:
        raise ValueError("must be a prefix without host bits, such as 10.233.0.0/16") from None


def ipv4_prefix(value: Any) -> str:
    """With its length: an address alone is more likely a mistake than a /32."""
    message = "must be an IPv4 prefix without host bits, such as 10.233.0.0/16"
    text: str = _or(value, prefix, message)
    if "/" not in str(value) or ipaddress.ip_network(text).version != 4:
        raise ValueError(message)
    return text


def destination(value: Any) -> str:
    """Of a route, as ip(8) prints it: "default", a prefix, or an address alone."""
    text = str(value)
    if text in ("default", "0.0.0.0/0", "::/0"):
        return "default"
    network = ipaddress.ip_network(prefix(text))
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def route_version(to: str, via: Optional[str]) -> int:
    """The IP version of a route, as ip(8) takes it: a default route has that of its next hop."""
    known = via if to == "default" else to
    return 6 if known and ":" in known else 4


def next_hop(via: Optional[str]) -> str:
    """Of a route, in a message."""
    return f"via {via}" if via else "on the link"


def mac(value: Any) -> str:
    text = str(value).lower()
    if not MAC.match(text) or int(text[:2], 16) & 1 or text == "00:00:00:00:00:00":
        raise ValueError("must be the MAC address of one device, such as 02:58:0a:e9:00:02")
    return text


def mtu(value: Any) -> int:
    """From what IPv4 asks of every link (RFC 791) to what a VXLAN device takes."""
    return integer(value, 68, 65535)


def ttl(value: Any) -> str:
    text = str(value)
    if text in ("auto", "inherit"):
        return text
    return str(_or(text, lambda v: integer(v, 1, 255), "must be 1 to 255, auto or inherit"))


def tos(value: Any) -> str:
    text = str(value)
    if text == "inherit":
        return text
    message = "must be 0 to 255 but not 1 (which the kernel takes for inherit), or inherit"
    try:
        number = int(text, 0)
    except ValueError:
        raise ValueError(message) from None
    if not 0 <= number <= 255 or number == 1:
        raise ValueError(message)
    return str(number)


def host_end_name(container: str) -> str:
    """The default name of a container's veth end on the host: readable where it fits."""
    name = f"veth-{container}"
    if len(name.encode()) <= DEVICE_NAME_BYTES:
        return name
    return "veth" + hashlib.sha256(container.encode()).hexdigest()[: DEVICE_NAME_BYTES - 4]


def _or(value: Any, check: Any, message: str) -> Any:
    try:
        return check(value)
    except ValueError:
        raise ValueError(message) from None
