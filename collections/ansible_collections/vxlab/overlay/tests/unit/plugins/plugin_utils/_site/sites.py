# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lesson's site, and what the plan says against a changed one."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.plan import plan_site
from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.site import SiteError


def inventory(hosts: int = 3) -> dict[str, dict[str, Any]]:
    """The lesson's hosts."""
    return {
        f"ubuntu{n}": {
            "ansible_host": f"172.16.1.{10 + n}",
            "overlay_containers": [{"name": "ns1", "address": f"10.233.0.{1 + n}"}],
        }
        for n in range(1, hosts + 1)
    }


def problems(site: dict[str, dict[str, Any]], underlay: Any = None) -> list[str]:
    with pytest.raises(SiteError) as refused:
        plan_site(site, underlay)
    assert str(refused.value) == "\n".join(refused.value.problems)
    return refused.value.problems


def one_problem(site: dict[str, dict[str, Any]], underlay: Any = None) -> str:
    (told,) = problems(site, underlay)
    return told
