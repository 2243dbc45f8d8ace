# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a site's variables may stand: the plan sees what a play sets as the inventory's own."""

from __future__ import annotations

import json
from pathlib import Path

from tests.site.site import Site

PLAY = """
- hosts: overlay
  gather_facts: false
  vars:
    overlay_vni: "{{ number }}"
    overlay_underlay_dev: "{{ nic }}"
    overlay_anti_spoof: "{{ trusted is not defined }}"
    overlay_containers: "{{ containers[inventory_hostname] }}"
    containers:
      one: [{name: web, address: 10.233.0.2}]
      two: [{name: db, address: 10.233.0.3}, {name: cache, address: 10.233.0.4}]
  tasks:
    - vxlab.overlay.site_plan:
      run_once: true
      register: overlay_site
    - ansible.builtin.debug:
        msg: "{{ [overlay_site.site, overlay_site.hosts] | to_json }}"
      run_once: true
"""


def test_a_play_may_set_what_differs_between_hosts(tmp_path: Path) -> None:
    site = Site("none", tmp_path)
    site.variables = {"number": 77, "trusted": True}
    site.hosts = {
        "one": {"ansible_host": "192.0.2.1", "nic": "eth1"},
        "two": {"ansible_host": "192.0.2.2", "nic": "enp3s0"},
    }
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAY)
    run = site.play(str(playbook))
    shared, hosts = json.loads(run.results[-1]["msg"])
    assert (shared["vni"], shared["anti_spoof"]) == (77, False)
    names = {host: [c["name"] for c in planned["containers"]] for host, planned in hosts.items()}
    assert names == {"one": ["web"], "two": ["db", "cache"]}
    senders = {host: [s["port"] for s in planned["senders"]] for host, planned in hosts.items()}
    assert senders == {"one": ["veth-web"], "two": ["veth-db", "veth-cache"]}
    devices = {host: planned["underlay_dev"] for host, planned in hosts.items()}
    assert devices == {"one": "eth1", "two": "enp3s0"}
