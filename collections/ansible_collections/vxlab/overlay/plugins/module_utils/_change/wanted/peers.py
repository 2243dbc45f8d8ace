# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter of VTEPs, from options.

Private to the collection: may change without notice.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Mapping

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.peers import Peers
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.options import (
    checked,
    each,
)


def peers_from_params(params: Mapping[str, Any], backend: str) -> Peers:
    given = checked(params, {"vni": value.vni, "port": value.udp_port}, "")
    vteps = tuple(dict.fromkeys(each("vteps", given["vteps"], value.unicast)))
    versions = {ipaddress.ip_address(vtep).version for vtep in vteps}
    if len(versions) > 1:
        raise ChangeError(
            f"vteps is {', '.join(vteps)}: all must be IPv4, or all IPv6, as the VTEPs of a device"
            " are"
        )
    return Peers(given["vni"], given["port"], vteps, versions.pop() if versions else 4, backend)
