#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_preflight
short_description: Look at a host before its overlay is changed
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Finds the underlay device and the VTEP address of a host, and everything that would make the
    other modules of this collection refuse to work there (tools that are missing, devices,
    namespaces and prefixes of other people's that are in the way).
  - Changes nothing. All that is wrong with the host is in one message.
extends_documentation_fragment:
  - vxlab.overlay.containers
options:
  host:
    description: Name of the host, for messages.
    type: str
    required: true
  overlay_name:
    description: Name of the overlay, part of the mark of everything that is ours.
    type: str
    default: overlay
  underlay_dev:
    description: The underlay device, if it is known.
    type: str
  vtep:
    description: The VTEP address, if it is known; the underlay device must have it.
    type: str
  candidate:
    description: The VTEP address if the underlay device has it.
    type: str
  family:
    description: Family of the outer packets.
    type: str
    choices: [ipv4, ipv6]
    default: ipv4
  cidr:
    description: The overlay's prefix, which must not overlap what the host reaches already.
    type: str
    required: true
  vxlan_dev:
    description: Name of the VXLAN device that is to be made.
    type: str
    required: true
  vni:
    description: Its VNI.
    type: int
    required: true
  port:
    description: Its UDP port.
    type: int
    required: true
  bridge:
    description: Name of the bridge that is to be made.
    type: str
    required: true
  frr:
    description:
      - Whether the overlay needs FRR (mode V(evpn)), configured by somebody else (V(external)) or
        by this collection (V(managed)), which must not find somebody else's configuration.
    type: str
    choices: [unused, external, managed]
    default: unused
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
  platform:
    description: Linux, with iproute2 5.10 or later and Python 3.8 or later.
    support: full
    platforms: linux
"""

EXAMPLES = r"""
- name: Look at the host
  vxlab.overlay.overlay_preflight:
    host: "{{ inventory_hostname }}"
    candidate: 172.16.1.11
    cidr: 10.233.0.0/16
    vxlan_dev: vxlan0
    vni: 42
    port: 4789
    bridge: br0
"""

RETURN = r"""
underlay:
  description: Where the host meets the underlay.
  type: dict
  returned: success
  contains:
    dev:
      description: Name of the underlay device.
      type: str
      sample: eth1
    mtu:
      description: Its MTU in bytes.
      type: int
      sample: 1500
    vtep:
      description: The address that peers reach this host by.
      type: str
      sample: 172.16.1.11
has_vxlan_dev:
  description: Whether the VXLAN device is there already.
  type: bool
  returned: success
service:
  description: What could restore the overlay at boot.
  type: dict
  returned: success
  contains:
    possible:
      description: Whether systemd started this host.
      type: bool
    ours:
      description: Whether it has a unit of this overlay.
      type: bool
frr:
  description: What there is of FRR.
  type: dict
  returned: success
  contains:
    installed:
      description: Whether all programs that mode V(evpn) needs are there.
      type: bool
    ours:
      description: Whether it has a configuration of this overlay, which is to go in another mode.
      type: bool
problems:
  description: All that is wrong with the host, one sentence each.
  type: list
  elements: str
  returned: failure
  sample: ["this host has neither nft nor iptables; install nftables"]
"""

from functools import partial
from typing import Any, Callable, Dict, List, Sequence, Tuple

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vxlab.overlay.plugins.module_utils._change import (
    bridge,
    container,
    frr_host,
    underlay,
    vxlan,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.plugins.module_utils._change.wanted.container import (
    ARGUMENT,
    containers_from_params,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import (
    frr,
    iproute,
    netfilter,
    service,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import (
    KernelError,
    require,
    require_root,
)

ARGUMENTS = dict(
    host=dict(type="str", required=True),
    overlay_name=dict(type="str", default="overlay"),
    underlay_dev=dict(type="str"),
    vtep=dict(type="str"),
    candidate=dict(type="str"),
    family=dict(type="str", default="ipv4", choices=["ipv4", "ipv6"]),
    cidr=dict(type="str", required=True),
    vxlan_dev=dict(type="str", required=True),
    vni=dict(type="int", required=True),
    port=dict(type="int", required=True),
    bridge=dict(type="str", required=True),
    containers=ARGUMENT,
    frr=dict(type="str", default="unused", choices=["unused", "external", "managed"]),
)


def look(params: Dict[str, Any]) -> Tuple[underlay.Underlay, bool]:
    """The underlay, and whether the VXLAN device is there.

    Raises ChangeError or KernelError with all that is wrong, a line each.
    """
    require_root()
    problems = [p for tool in ("ip", "nsenter") for p in _problem(partial(require, tool))]
    # Without nft, NAT stands in iptables and the gateway's ARP filter in ebtables.
    problems += _problem(lambda: netfilter.choose_backend("auto")) or _problem(
        lambda: netfilter.choose_backend("auto", instead="ebtables")
    )
    if problems:
        raise ChangeError("\n".join(problems))
    mark = Mark(params["overlay_name"])
    links, routes = iproute.read_usable_links(mark), iproute.read_routes()
    host = container.Host(
        links,
        iproute.read_namespaces(),
        iproute.read_journal(mark.journal),
        stale=iproute.read_stale(),
    )
    want = vxlan.Vxlan(params["vxlan_dev"], params["vni"], port=params["port"])
    port = bridge.Port(params["vxlan_dev"])
    checks: List[Callable[[], object]] = [
        partial(vxlan.require_no_conflict, want, links, mark),
        partial(bridge.require_no_conflict, bridge.Bridge(params["bridge"]), [port], links, mark),
        partial(_require_free_prefix, params["cidr"], links, routes, mark),
    ]
    try:
        wanted = containers_from_params(params["containers"])
    except ChangeError as error:
        wanted = []
        problems.append(str(error))
    for each in wanted:
        checks.append(partial(container.require_no_conflict, [each], params["bridge"], host, mark))
    if params["frr"] != "unused":
        checks.append(frr.require_obtainable)
    if params["frr"] == "managed":
        checks.append(lambda: frr_host.refuse_foreign(frr.read_host(mark), mark))
    problems += [problem for check in checks for problem in _problem(check)]
    version = 6 if params["family"] == "ipv6" else 4
    try:
        found = underlay.choose(
            links, routes, params["underlay_dev"], params["vtep"], params["candidate"], version
        )
    except ChangeError as error:
        problems.append(str(error))
    if problems:
        raise ChangeError("\n".join(problems))
    return found, want.name in links


def _require_free_prefix(
    cidr: str, links: underlay.Links, routes: Sequence[Dict[str, Any]], mark: Mark
) -> None:
    found = underlay.overlaps(cidr, links, routes, mark)
    if found:
        raise ChangeError(
            f"overlay_cidr {cidr} overlaps what this host reaches already"
            f" ({', '.join(found)}): choose another overlay_cidr"
        )


def _problem(check: Callable[[], object]) -> List[str]:
    try:
        check()
    except (ChangeError, KernelError) as error:
        return [str(error)]
    return []


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    host = module.params["host"]
    try:
        found, has_vxlan_dev = look(module.params)
        mark = Mark(module.params["overlay_name"])
        frr_is_ours = frr.read_is_ours(mark)
    except (ChangeError, KernelError) as error:
        problems = str(error).splitlines()
        module.fail_json(
            msg="\n".join(f"{host}: {problem}" for problem in problems), problems=problems
        )
    module.exit_json(
        changed=False,
        underlay=dict(dev=found.dev, mtu=found.mtu, vtep=found.vtep),
        has_vxlan_dev=has_vxlan_dev,
        service=dict(possible=service.is_systemd_running(), ours=service.read_is_ours(mark)),
        frr=dict(installed=frr.missing_program() is None, ours=frr_is_ours),
    )


if __name__ == "__main__":
    main()
