# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs that a lab needs."""

from __future__ import annotations

import shutil

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._lab import tools
from ansible_collections.vxlab.overlay.plugins.module_utils._lab.errors import LabError


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    monkeypatch.setattr(
        shutil, "which", lambda name, **_path: None if name in missing else f"/bin/{name}"
    )


def test_nft_is_asked_for_only_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch)
    assert tools.find_tools(nft=False)["nft"] == "/bin/nft"
    without(monkeypatch, "nft")
    assert "nft" not in tools.find_tools(nft=False)
    with pytest.raises(LabError, match=r"needs nft: not found; .* apt-get install nftables$"):
        tools.find_tools(nft=True)


def test_all_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "nft", "mount", "umount", "ip")
    with pytest.raises(LabError, match=r"ip, mount, umount: not found; .* install iproute2 mount$"):
        tools.find_tools(nft=False)
