# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forwarding and masquerading, from options.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.vxlab.overlay.plugins.module_utils._change import value
from ansible_collections.vxlab.overlay.plugins.module_utils._change.masquerade import Masquerade
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.options import checked


def masquerade_from_params(params: Mapping[str, Any], backend: str) -> Masquerade:
    given = checked(params, {"cidr": value.ipv4_prefix, "bridge": value.device_name}, "")
    return Masquerade(given["cidr"], backend, given["bridge"])
