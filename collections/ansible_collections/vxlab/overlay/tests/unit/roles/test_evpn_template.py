# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration that the role evpn renders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest

ROLE = Path(__file__).resolve().parents[3] / "roles" / "evpn"
PEERS = [
    {"name": "ubuntu2", "address": "172.16.1.12", "reflector_client": False},
    {"name": "ubuntu3", "address": "172.16.1.13", "reflector_client": True},
]
HOST = {
    "asn": 65000,
    "router_id": "172.16.1.11",
    "source": "172.16.1.11",
    "neighbors": PEERS,
    "vteps": 2,
}
HEAD = """\
frr defaults traditional
log syslog informational
service integrated-vtysh-config
ip nht resolve-via-default
!
router bgp 65000
 bgp router-id 172.16.1.11
 no bgp default ipv4-unicast
 timers bgp 3 9
"""
FULL = (
    HEAD
    + """\
 neighbor 172.16.1.12 remote-as 65000
 neighbor 172.16.1.12 description ubuntu2 vxlab.overlay:overlay
 neighbor 172.16.1.12 bfd
 neighbor 172.16.1.12 password s3cret
 neighbor 172.16.1.12 update-source 172.16.1.11
 neighbor 172.16.1.12 timers connect 3
 neighbor 172.16.1.13 remote-as 65000
 neighbor 172.16.1.13 description ubuntu3 vxlab.overlay:overlay
 neighbor 172.16.1.13 bfd
 neighbor 172.16.1.13 password s3cret
 neighbor 172.16.1.13 update-source 172.16.1.11
 neighbor 172.16.1.13 timers connect 3
 !
 address-family l2vpn evpn
  neighbor 172.16.1.12 activate
  neighbor 172.16.1.13 activate
  neighbor 172.16.1.13 route-reflector-client
  advertise-all-vni
  advertise-svi-ip
 exit-address-family
exit
!
"""
)
ALONE = (
    HEAD
    + """\
 !
 address-family l2vpn evpn
  advertise-all-vni
  advertise-svi-ip
 exit-address-family
exit
!
"""
)


def render(want: dict[str, Any], **variables: Any) -> str:
    """As Ansible does: its block trimming, and a last newline."""
    environment = jinja2.Environment(
        trim_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["bool"] = bool
    template = environment.from_string((ROLE / "templates" / "frr.conf.j2").read_text())
    site = {"site": {"name": "overlay"}}
    given = {"overlay_site": site, "overlay_bfd": False, "password": "", **variables}
    return template.render(want=want, **given)


def test_with_all_options() -> None:
    assert render(HOST, overlay_bfd=True, password="s3cret") == FULL


def test_without_options() -> None:
    lines = [line for line in FULL.splitlines() if "password" not in line and "bfd" not in line]
    assert render(HOST).splitlines() == lines


def test_a_host_alone() -> None:
    assert render({**HOST, "neighbors": []}) == ALONE


@pytest.mark.parametrize("key", ["asn", "router_id", "source", "neighbors"])
def test_what_the_plan_does_not_say_is_an_error(key: str) -> None:
    with pytest.raises(jinja2.UndefinedError):
        render({name: value for name, value in HOST.items() if name != key})
