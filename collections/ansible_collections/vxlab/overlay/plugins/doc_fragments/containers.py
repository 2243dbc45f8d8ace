# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the option containers."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  containers:
    description: The containers.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the container, and of its network namespace unless O(containers[].netns) is
            given.
        type: str
        required: true
      netns:
        description:
          - Network namespace to use, a name in C(/run/netns) or an absolute path such as
            C(/proc/4321/ns/net).
          - Another value makes the veth pair anew.
        type: str
      owned:
        description:
          - Whether the namespace is ours to make and to remove. V(false) joins one that somebody
            else made, and touches nothing in it but our interface and its routes.
          - V(false) for a namespace that we made, with C(purge), hands it over; it stays, with what
            others have in it, and is no longer ours to remove.
          - Containers may share a namespace, each with an interface of its own; it is ours if one
            of them owns it.
          - A namespace given as a path is never owned.
        type: bool
        default: true
      veth:
        description:
          - Name of the host end, 15 bytes at most. By default C(veth-) and the container's name,
            or a hash of it where that is too long. Another value makes the pair anew.
        type: str
      interface:
        description: Name of the end in the container. Another value makes the pair anew.
        type: str
        default: eth0
      mac:
        description: MAC address of the end in the container. Without it the kernel chooses.
        type: str
      mtu:
        description: MTU of both ends, in bytes. It must not be larger than the VXLAN device's.
        type: int
      addresses:
        description: The exact list of addresses of the interface, with prefix lengths.
        type: list
        elements: str
        default: []
      gateway:
        description:
          - Next hop of the default route; none without it.
          - A namespace takes one route to a destination, so this and O(containers[].routes) of all
            containers in it must have different destinations.
        type: str
      routes:
        description:
          - Further routes by this interface. Routes that we made and that are not listed are
            removed, other people's are left.
        type: list
        elements: dict
        default: []
        suboptions:
          to:
            description: Destination prefix.
            type: str
            required: true
          via:
            description: Next hop; without it the destination is on the link.
            type: str
"""
