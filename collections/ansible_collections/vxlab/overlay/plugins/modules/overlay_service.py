#!/usr/bin/python
# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_service
short_description: Restore an overlay at boot, and by a timer
version_added: 1.0.0
author: vxlab contributors (@vxlab)
description:
  - Installs a systemd unit, C(vxlab-overlay-) and O(overlay_name), that restores at boot what the
    other modules made with C(persist=true), by the same code and without Ansible. It comes after
    the network and the services that load rules, and before C(network-online.target) and the SSH
    server.
  - The program is C(/usr/local/lib/vxlab.overlay/), O(overlay_name) and C(.pyz). Run by hand, it
    restores what is missing now and prints what that was; with C(--check) it only prints what
    differs, and exits with 1 if anything does.
  - Firewalls and Docker load rules when they start or reload, and some take away what others have
    loaded, or begin to refuse what they do not know. For each of C(docker), C(firewalld),
    C(netfilter-persistent), C(nftables) and C(ufw) that the host has, a drop-in of its systemd unit
    runs the program after that. It asks them for nothing, and does not start them.
  - Where nothing is missing, it reads the host and changes nothing, so traffic does not notice.
extends_documentation_fragment:
  - vxlab.overlay.common
options:
  state:
    description: V(absent) removes the units and the program; the overlay itself stays as it is.
    type: str
    choices: [present, absent]
    default: present
  wait:
    description:
      - Seconds for which the unit tries at boot, while the underlay is not there yet. The services
        that come after it wait with it. It goes on trying after that, but they do not wait for it
        any more; so it is where the underlay itself comes late, as a VPN does.
    type: int
    default: 30
  heal:
    description:
      - Seconds from one look at the overlay to the next; what is missing or altered is restored,
        and told in the journal of C(vxlab-overlay-), O(overlay_name) and C(-heal.service). With
        V(0) nobody looks after boot.
    type: int
    default: 0
seealso:
  - module: vxlab.overlay.vxlan_link
"""

EXAMPLES = r"""
- name: Restore the overlay at boot
  vxlab.overlay.overlay_service:

- name: Look after it every minute too
  vxlab.overlay.overlay_service:
    heal: 60

- name: Leave it to the next run of Ansible
  vxlab.overlay.overlay_service:
    state: absent
"""

RETURN = r"""
commands:
  description:
    - What was run, or in check mode would be run, in order; each line can be typed in a root shell.
    - Commands for one tool and one network namespace go to it as one batch.
  type: list
  elements: str
  returned: success
  sample: ["systemctl enable vxlab-overlay-overlay.service"]
differences:
  description: What differed from the wanted state, one short sentence each.
  type: list
  elements: str
  returned: success
  sample: ["vxlab-overlay-overlay.service: not enabled"]
cmd:
  description: The command that failed.
  type: str
  returned: when a command failed
  sample: systemctl daemon-reload
rc:
  description: Its return code.
  type: int
  returned: when a command failed
  sample: 1
stderr:
  description: What it printed.
  type: str
  returned: when a command failed
  sample: "Failed to reload daemon: Connection reset by peer"
"""

from ansible_collections.vxlab.overlay.plugins.module_utils._module import run_module
from ansible_collections.vxlab.overlay.plugins.module_utils._task import overlay_service

ARGUMENTS = dict(
    wait=dict(type="int", default=30),
    heal=dict(type="int", default=0),
)


def main() -> None:
    run_module(ARGUMENTS, overlay_service)


if __name__ == "__main__":
    main()
