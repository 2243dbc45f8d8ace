# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""FRR's files, and what FRR 8.4.4 (Debian 12) shows as its configuration."""

from __future__ import annotations

PACKAGE = "# default to using syslog. /etc/rsyslog.d/45-frr.conf\n#\nlog syslog informational\n"
OURS = """\
frr defaults traditional
log syslog informational
service integrated-vtysh-config
ip nht resolve-via-default
!
router bgp 65000
 bgp router-id 172.16.1.11
 no bgp default ipv4-unicast
 timers bgp 3 9
 neighbor 172.16.1.12 remote-as 65000
 neighbor 172.16.1.12 description h2 vxlab.overlay:overlay
 neighbor 172.16.1.12 password s3cret
 neighbor 172.16.1.12 update-source 172.16.1.11
 neighbor 172.16.1.12 timers connect 3
 !
 address-family l2vpn evpn
  neighbor 172.16.1.12 activate
  advertise-all-vni
  advertise-svi-ip
 exit-address-family
exit
!
"""
# show running-config bgpd no-header: its own order, and lines that are not ours.
RUNNING = """\
frr version 8.4.4
frr defaults traditional
hostname h1
log syslog informational
service integrated-vtysh-config
!
router bgp 65000
 bgp router-id 172.16.1.11
 no bgp default ipv4-unicast
 timers bgp 3 9
 neighbor 172.16.1.12 remote-as 65000
 neighbor 172.16.1.12 description h2 vxlab.overlay:overlay
 neighbor 172.16.1.12 password s3cret
 neighbor 172.16.1.12 timers connect 3
 neighbor 172.16.1.12 update-source 172.16.1.11
 !
 address-family l2vpn evpn
  neighbor 172.16.1.12 activate
  advertise-all-vni
  advertise-svi-ip
 exit-address-family
exit
!
ip prefix-list mine seq 5 permit 192.0.2.0/24
!
end
"""
# What vtysh's "write" leaves of our file.
WRITTEN = RUNNING.replace("ip prefix-list mine seq 5 permit 192.0.2.0/24\n!\n", "").replace(
    "log syslog", "no ip forwarding\nno ipv6 forwarding\nlog syslog"
)
# FRR 7.5 ends no block with "exit".
OLD = "router bgp 65000\n bgp router-id 1.2.3.4\n!\nline vty\n!\n"
