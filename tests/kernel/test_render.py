# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules render makes the same by hand as they make themselves."""

from __future__ import annotations

from .host import Host
from .test_restore import TASKS


def rendered(host: Host) -> str:
    return "".join(host.module(m, {**args, "render": True})["script"] for m, args in TASKS.items())


def test_script_makes_all_of_it(host: Host) -> None:
    script = rendered(host)
    host.run("sh -eu", stdin=script)
    for module, args in TASKS.items():
        host.unchanged(module, args)
    host.ping("ns1", "10.233.0.1", "10.233.0.3")


def test_rendering_neither_reads_nor_changes(host: Host) -> None:
    empty = rendered(host)
    for module, args in TASKS.items():
        host.module(module, args)
    before = host.state()
    assert rendered(host) == empty
    assert host.state() == before


def test_commands_stand_in_batches(host: Host) -> None:
    lines = rendered(host).splitlines()
    assert lines.count("ip -batch - << 'EOF'") <= 4
    assert lines.count("ip -n ns1 -batch - << 'EOF'") == 1
    assert "bridge -batch - << 'EOF'" in lines
