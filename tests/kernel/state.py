# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A picture of all that the modules may touch on a host, to be compared with another one.

Left out is what changes by itself: timers, lifetimes, counters, the carrier and what follows
from it, IPv6 link-local addresses, and what the tools themselves leave under /run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

State = dict[str, Any]
Run = Callable[[str], str]

MARK = "@@@"
READ = f"""
part() {{ echo "{MARK}$1"; }}
part links; ip -d -j link show
part addresses; ip -d -j address show
part routes4; ip -4 -d -j route show table all
part routes6; ip -6 -d -j route show table all
part rules; ip -j rule show
part ports; bridge -d -j link show
"""
FIREWALL = {
    "nft": "part nft; nft -s list ruleset",
    "iptables-nft": "part iptables; iptables-nft-save; part ebtables; ebtables-save",
    "iptables-legacy": "part iptables-legacy; iptables-legacy-save",
}
FILES = """
part sysctls; grep -rs . /proc/sys/net/ipv4/conf /proc/sys/net/ipv4/ip_forward /proc/sys/net/bridge
part etc; grep -rs '' /etc/sysctl.d /etc/vxlab.overlay || true
part run; find /run -printf '%p %y %m\\n'
part namespaces; ls /run/netns 2> /dev/null || true
part mounted; find /run/netns -mindepth 1 -fstype nsfs -printf '%f\\n' 2> /dev/null || true
"""
BY_ITSELF = re.compile(
    r".*timer$|.*life_time$|operstate|link_netnsid|topology_change.*|.*_pkts|tentative|dadfailed"
    r"|[gt]s?[sr]o_max_.*|gro_max_.*|state|bridge_id|designated_root|root_id|pref|expires|linkflags|port_state"
)
OF_THE_CARRIER = {"NO-CARRIER", "LOWER_UP", "M-DOWN", "RUNNING", "linkdown", "LOWERLAYERDOWN"}
# iptables-legacy's lock; the directory that `ip netns` makes at its first use.
OF_THE_TOOLS = re.compile(r"^/run(/xtables\.lock|/netns)? ")


def read(run: Run, hidden: Iterable[str] = ()) -> State:
    """The picture; hidden: tools that the host does not have."""
    if "ip" in hidden:
        return {"files": sorted(run("find /run /etc/sysctl.d").splitlines())}
    # One program is behind all of iptables-nft, ip6tables-nft and ebtables.
    gone = {"iptables-nft" if tool.startswith("ebtables") else tool for tool in hidden}
    firewall = "".join(text + "\n" for tool, text in FIREWALL.items() if tool not in gone)
    parts = _parts(run(READ + firewall + FILES))
    picture = _picture(parts)
    names = parts["mounted"].split()
    if names:
        inner = run("".join(f"echo '{MARK}{MARK}'\n{_inside(name)}\n" for name in names))
        texts = inner.split(MARK + MARK)[1:]
        picture["inside"] = {
            name: _picture(_parts(text)) for name, text in zip(names, texts, strict=True)
        }
    return picture


def _inside(name: str) -> str:
    return f"nsenter --net=/run/netns/{name} sh -c '{READ}'"


def _parts(text: str) -> dict[str, str]:
    parts = {}
    for part in text.split(MARK)[1:]:
        name, _, content = part.partition("\n")
        parts[name.strip()] = content
    return parts


def _picture(parts: dict[str, str]) -> State:
    picture: State = {}
    for name, text in parts.items():
        if text.startswith(("[", "{")):
            picture[name] = _steady(json.loads(text))
        else:
            lines = [re.sub(r"\[\d+:\d+\]", "", line) for line in text.splitlines()]
            picture[name] = [
                line for line in lines if not line.startswith("#") and not OF_THE_TOOLS.match(line)
            ]
    for name in ("sysctls", "etc", "run", "namespaces", "mounted"):
        if name in picture:
            picture[name].sort()
    return picture


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(entry) for key, entry in value.items() if not BY_ITSELF.fullmatch(key)}
    if isinstance(value, list):
        return [_steady(entry) for entry in value if entry and not _comes_and_goes(entry)]
    return value


def _comes_and_goes(entry: Any) -> bool:
    if isinstance(entry, str):
        return entry in OF_THE_CARRIER
    if not isinstance(entry, dict):
        return False
    shown = str(entry.get("dst", entry.get("local", "")))
    return shown.startswith(("fe80", "ff00"))
