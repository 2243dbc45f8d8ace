# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gateway's filter, from options.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.module_utils._change.gateway import Gateway
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.options import checked


def gateway_from_params(params: Mapping[str, Any], backend: str) -> Gateway:
    given = checked(params, {"gateway": value.ipv4, "vxlan_dev": value.device_name}, "")
    return Gateway(given["gateway"], given["vxlan_dev"], backend)
