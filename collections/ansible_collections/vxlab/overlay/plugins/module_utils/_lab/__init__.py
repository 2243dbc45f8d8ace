# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The embedded lab: hosts made of Linux namespaces, a router and an outside server.

Private to the collection: may change without notice.

  names      names of labs, hosts and ports (pure)
  underlay   the networks of the underlay, their addresses (pure)
  spec       what a lab is made of (pure)
  wiring     links: what is there, what should be, the commands (pure)
  addressing the same for addresses and routes (pure); switch: for what the bridges drop (pure)
  numbering  names and addresses of hosts and containers, from how many there are (pure)
  view       which mounts of the machine a host sees (pure)
  scripts    the text that a lab's long-lived processes run; host_view: that of a host
  state      where a lab's state is, its lock and its records
  process    processes by id and start time
  entering   the command that enters a host
  refusal    why a kernel refuses namespaces, and the remedy (pure)
  tools      the programs that a lab needs
  fabric     the only part that starts, enters and ends a lab's namespaces
  lab        present and absent
"""
