# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""As findings.py, for what one mode alone promises. Pure.

Private to the collection: may change without notice.
"""

from __future__ import annotations

from ansible_collections.vxlab.overlay.plugins.plugin_utils._site.site import listed
from ansible_collections.vxlab.overlay.plugins.plugin_utils._verify.findings import (
    Plan,
    Results,
    usable,
)

ESTABLISHED = "Established"
_LEAKS = {
    "arp_request": "an ARP request for {}",
    "unknown_unicast": "a frame to {}, a MAC that nobody has,",
}


def flood(plan: Plan, results: Results) -> list[str]:
    """Check 8 of mode static."""
    found: list[str] = []
    for host, result in usable(plan, results, "leaked", found):
        if result["error"]:
            found.append(f"{host}: {result['error']}")
            continue
        left: dict[tuple[str, str], list[str]] = {}
        for leak in result["leaked"]:
            left.setdefault((leak["kind"], leak["target"]), []).append(leak["destination"])
        for (kind, target), destinations in left.items():
            what = _LEAKS[kind].format(target)
            found.append(
                f"{host} let {what} leave to {listed(destinations)}; in mode static none should"
            )
        asked = plan["hosts"][host]["flood"]
        if asked["remotes"] and not result["control"]:
            macs = listed([remote["mac"] for remote in asked["remotes"]])
            found.append(
                f"{host} sent a frame to {macs}, but nothing could be captured on"
                f" {asked['underlay_dev']}; it should leave there in a VXLAN packet"
            )
    return found


def evpn(plan: Plan, results: Results) -> list[str]:
    """Check 8 of mode evpn."""
    found: list[str] = []
    for host, result in usable(plan, results, "sessions", found):
        wanted = plan["hosts"][host]["evpn"]
        own = [
            f"{host}: the BGP session with {name} ({address}) is"
            f" {result['sessions'].get(name, 'not configured')}; it should be {ESTABLISHED}"
            for name, address in wanted["neighbors"].items()
            if result["sessions"].get(name) != ESTABLISHED
        ]
        vteps = result["remote_vteps"]
        known = vteps if isinstance(vteps, int) else len(vteps)
        if known < wanted["vteps"]:
            own.append(
                f"{host} knows {known} of {wanted['vteps']} remote VTEPs of VNI"
                f" {plan['site']['vni']}; {wanted['vteps'] - known} missing"
            )
        learned = {mac.lower() for mac in result["extern_learn"]}
        missing = [
            f"{owner} ({mac})"
            for mac, owner in plan["macs"].items()
            if owner.split("/")[0] != host and mac not in learned
        ]
        if missing:
            own.append(
                f"{host} has no extern_learn entry on {plan['site']['vxlan_dev']} for"
                f" {listed(missing)}; BGP should have brought the MAC of every other host and"
                " container"
            )
        # What the probe itself complains of, should it be none of that.
        found += own or ([f"{host}: {result['msg']}"] if result.get("msg") else [])
    return found
