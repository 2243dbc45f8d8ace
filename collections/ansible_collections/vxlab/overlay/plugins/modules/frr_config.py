#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: frr_config
short_description: Let FRR run the configuration of an overlay
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Writes C(/etc/frr/frr.conf), switches daemons on in C(/etc/frr/daemons), and lets FRR run that,
    with as little disturbance as it takes. What stood there before is noted, so that V(absent) can
    give it back.
  - FRR is started if it does not run, and restarted only if a daemon has to be switched on, or off
    again. Else it reads what is new by its own C(frr-reload.py), and sessions that did not change
    stay up. A daemon that died is started alone where there is no systemd, and with all of FRR
    where there is.
  - What bgpd runs is compared with the file at each run, so what somebody typed in vtysh is undone.
    Only bgpd's C(router bgp) blocks are compared and loaded; what zebra and other daemons run is
    left, and with it the host's IP forwarding, which a reload of everything would change.
  - A configuration that is neither ours nor the package's empty one is never overwritten. The
    module fails and says how to include ours in it.
  - The configuration is checked by C(vtysh -C) before anything is changed.
  - systemd is used where it runs (FRR is then also started at boot), else C(frrinit.sh).
extends_documentation_fragment:
  - vxlab.overlay.common
options:
  state:
    description:
      - V(absent) gives back C(frr.conf), the lines of C(daemons), and whether FRR ran and started
        at boot. Sessions end with it, and the entries that FRR had made in the kernel.
    type: str
    choices: [present, absent]
    default: present
  config:
    description:
      - Text of C(frr.conf), below our mark, which the module puts first. Required when
        O(state=present).
      - Sessions whose lines change are reset, others are not.
      - Write lines as C(show running-config) does, without defaults; else each run finds a
        difference.
    type: str
  daemons:
    description:
      - Daemons to switch on beside zebra and staticd, which always run; others are left as they
        are. One that has to be switched on restarts FRR, and all sessions with it; so does one
        that is not listed any more, if only this module had switched it on.
    type: list
    elements: str
    choices: [bgpd, bfdd]
    default: [bgpd]
  secrets:
    description:
      - The passwords in O(config). They are shown as C(********) in all that is returned and
        logged. A word of 1 to 80 ASCII characters each.
    type: list
    elements: str
    default: []
seealso:
  - module: vxlab.overlay.evpn_probe
requirements:
  - FRR with its reload script (Debian's and Ubuntu's packages frr and frr-pythontools)
"""

EXAMPLES = r"""
- name: Exchange MAC addresses with two hosts
  vxlab.overlay.frr_config:
    config: |
      router bgp 65000
       bgp router-id 172.16.1.11
       no bgp default ipv4-unicast
       neighbor 172.16.1.12 remote-as 65000
       neighbor 172.16.1.12 password {{ overlay_bgp_password }}
       !
       address-family l2vpn evpn
        neighbor 172.16.1.12 activate
        advertise-all-vni
       exit-address-family
      exit
    secrets: ["{{ overlay_bgp_password }}"]

- name: Give back what was there before
  vxlab.overlay.frr_config:
    state: absent
"""

RETURN = r"""
commands:
  description:
    - What was run, or in check mode would be run, in order; each line can be typed in a root shell,
      once the passwords stand where C(********) is.
  type: list
  elements: str
  returned: success
  sample: ["/usr/lib/frr/frrinit.sh start"]
differences:
  description: What differed from the wanted state, one short sentence each.
  type: list
  elements: str
  returned: success
  sample: ["bgpd: not running"]
cmd:
  description: The command that failed.
  type: str
  returned: when a command failed
  sample: /usr/lib/frr/frrinit.sh start
rc:
  description: Its return code.
  type: int
  returned: when a command failed
  sample: 1
stderr:
  description: What it printed.
  type: str
  returned: when a command failed
  sample: "Only users having EUID=0 can start/stop daemons"
"""

from ansible_collections.vxlab.overlay.plugins.module_utils._module import run_module
from ansible_collections.vxlab.overlay.plugins.module_utils._task import frr_config

ARGUMENTS = dict(
    config=dict(type="str"),
    daemons=dict(type="list", elements="str", choices=["bgpd", "bfdd"], default=["bgpd"]),
    secrets=dict(type="list", elements="str", default=[], no_log=True),
)


def main() -> None:
    run_module(ARGUMENTS, frr_config, required_if=[("state", "present", ["config"])])


if __name__ == "__main__":
    main()
