# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From untouched hosts to untouched hosts, in one mode."""

from __future__ import annotations

from tests.site.modes import FAULTS, Case, inflict
from tests.site.site import Site


def whole_life(site: Site, case: Case) -> None:
    """Build, verify, build again, break, mend, and take down."""
    before, frr = site.state(), _frr(site)
    told = site.play("site.yml", "--check", "--diff")
    assert not site.changes_since(before), site.changes_since(before)
    done = site.play("site.yml")
    assert told.commands == done.commands
    assert site.variables.get("overlay_bgp_password", "no secret") not in done.output + told.output
    run = site.play("playbooks/verify.yml")
    assert "checks passed" in run.output
    assert set(site.play("site.yml").changed.values()) == {0}
    # Of all faults the first three meet the underlay's addresses, which alone are others over IPv6.
    for faults in FAULTS[case.mode][: 1 if case.family == 6 else None]:
        broken = inflict(site, case, faults)
        run = site.play("playbooks/verify.yml", "--tags", "state", fails=True)
        lines = run.errors.splitlines()
        for host, (fault, told_of) in broken.items():
            assert any(f"{host}: " in line and told_of in line for line in lines), fault.name
        mend = site.play("site.yml")
        assert {host for host, _task in mend.commands} == set(broken)
        for (host, _task), commands in mend.commands.items():
            words = broken[host][0].mended
            assert all(any(word in line for word in words) for line in commands), commands
        site.play("playbooks/verify.yml", "--tags", "state,reach")
    if case.mode == "evpn":
        _renders_what_frr_runs(site)
    site.play("playbooks/teardown.yml")
    # FRR's files are given back with their text, mode and owner, but are new ones.
    left = [line for line in site.changes_since(before) if " /etc/frr/" not in line]
    assert not left, left
    assert _frr(site) == frr


def _renders_what_frr_runs(site: Site) -> None:
    folder = site.folder / "rendered"
    site.play("playbooks/render.yml", "--extra-vars", f"overlay_render_folder={folder}")
    for host in site.hosts:
        runs = site.run(host, "cat /etc/frr/frr.conf")
        runs = runs.replace(site.variables["overlay_bgp_password"], "********")
        assert runs.endswith((folder / f"{host}.frr.conf").read_text())


def _frr(site: Site) -> list[str]:
    """Text, mode and owner of FRR's files on each host."""
    command = "sha256sum /etc/frr/*; stat -c '%n %a %U %G' /etc/frr /etc/frr/*"
    return [site.run(host, command, check=False) for host in site.hosts]
