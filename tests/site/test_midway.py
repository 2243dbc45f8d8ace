# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that fails in the middle of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.site.site import Site

# In the place of ip(8): a batch with WORDS in it fails as when the kernel refuses.
BREAK = r"""
set -e
real=$(readlink -f $(command -v ip))
cp $real /run/ip
cat > /run/broken << 'EOF'
#!/bin/sh
case " $* " in *" -batch "*) ;; *) exec /run/ip "$@" ;; esac
lines=$(cat)
case $lines in *"WORDS"*) echo "RTNETLINK answers: made to fail" >&2; exit 2 ;; esac
echo "$lines" | /run/ip "$@"
EOF
chmod +x /run/broken
mount --bind /run/broken $real
"""
MEND = "umount $(readlink -f $(command -v ip)); rm /run/broken /run/ip"


@contextmanager
def broken(site: Site, host: str, words: str) -> Iterator[None]:
    site.run(host, BREAK.replace("WORDS", words))
    try:
        yield
    finally:
        site.run(host, MEND)


def test_the_others_agree_with_each_other_and_the_next_run_mends(lab: Site) -> None:
    with broken(lab, "ubuntu2", "type bridge"):
        run = lab.play("site.yml", fails=True)
    _only_ubuntu2_failed(lab, run.output)
    lab.run("ubuntu2", "! ip link show br0 && ! ip netns | grep ns1")
    mend = lab.play("site.yml")
    assert {host for host, changed in mend.changed.items() if changed} == {"ubuntu2"}
    assert "run site.yml again" not in mend.output
    lab.play("playbooks/verify.yml")


def test_a_change_that_one_host_fails_to_make_is_made_by_the_others(lab: Site) -> None:
    lab.variables["overlay_vni"] = 43
    with broken(lab, "ubuntu2", "type vxlan"):
        run = lab.play("site.yml", fails=True)
    _only_ubuntu2_failed(lab, run.output)
    lab.run("ubuntu1", "ip -d link show vxlan0 | grep 'vxlan id 43'")
    lab.play("site.yml")
    lab.play("playbooks/verify.yml")


def _only_ubuntu2_failed(site: Site, output: str) -> None:
    assert "made to fail" in output
    assert " ".join(
        (
            "ubuntu2 failed, as told above, and is not as planned. The other hosts are, and agree",
            "with each other. Once that is mended, run site.yml again, on all hosts.",
        )
    ) in " ".join(output.split())
    for here, there in (("ubuntu1", "10.233.0.4"), ("ubuntu3", "10.233.0.2")):
        site.run(here, f"ip netns exec ns1 ping -c 1 -W 2 {there}")
