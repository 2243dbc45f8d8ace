# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading what ip prints, also several lists in one output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._kernel import iproute
from ansible_collections.vxlab.overlay.plugins.module_utils._kernel.run import KernelError
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    IP_VERSIONS,
    documents,
    inside,
    text,
)

every_version = pytest.mark.parametrize("version", IP_VERSIONS)


@pytest.fixture(name="output")
def fixture_output(monkeypatch: pytest.MonkeyPatch) -> List[str]:
    """What the next commands print, in their order."""
    outputs: List[str] = []

    def run(*_arguments: Any, **_named: Any) -> str:
        return outputs.pop(0)

    monkeypatch.setattr(iproute, "run", run)
    return outputs


@every_version
def test_namespace_is_read_by_one_batch(version: str, output: List[str]) -> None:
    links, routes, _routes6 = split(version, "ns1")
    output += [links + routes]
    have = iproute.read_inside("ns1")
    assert have.links == inside(version, "ns1").links
    assert [route["dst"] for route in have.routes] == ["default", "10.233.0.0/16"]


@every_version
def test_ipv6_routes_are_read_where_there_are_ipv6_addresses(
    version: str, output: List[str]
) -> None:
    links, routes, routes6 = split(version, "theirs")
    output += [links + routes, routes6]
    have = iproute.read_inside("theirs")
    assert have == inside(version, "theirs")
    assert [r.get("gateway") for r in have.routes if r["dst"] == "default"] == ["fd00:233::1"]


def split(version: str, netns: str) -> List[str]:
    """The three lists of a capture, each as text."""
    return [
        json.dumps(found) + "\n" for found in documents(text("ip", version, f"inside-{netns}.txt"))
    ]


@pytest.mark.parametrize(
    "printed, lists",
    [
        ("", []),
        ("\n", []),
        ("[]", [[]]),
        ("[{}]\n[ ]\n", [[{}], []]),
        ('[{"a":1}][{"b":2}]', [[{"a": 1}], [{"b": 2}]]),
    ],
)
def test_lists_stand_one_after_the_other(printed: str, lists: Any) -> None:
    assert iproute._documents(printed) == lists


@pytest.mark.parametrize("printed", ["[", "[] x", 'Object "x" is unknown'])
def test_what_is_no_json_is_a_kernel_error(printed: str) -> None:
    with pytest.raises(KernelError, match="cannot read what ip printed"):
        iproute._documents(printed)


def test_host_without_routes_has_none(output: List[str]) -> None:
    output += ["", "[ ]\n"]
    assert iproute.read_routes() == []


@every_version
def test_links_of_the_host_are_keyed_by_name(version: str, output: List[str]) -> None:
    output += [text("ip", version, "links.json")]
    have = iproute.read_links()
    assert {"vxlan0", "br0", "docker0", "veth-ns1"} <= have.keys()
    assert all(name == link.name for name, link in have.items())


def test_journal_and_namespaces_that_are_not_there_are_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iproute, "NETNS_DIRECTORY", str(tmp_path / "netns"))
    assert iproute.read_namespaces() == []
    assert iproute.read_journal(str(tmp_path / "journal")) == []


def test_file_that_no_namespace_is_mounted_on_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `ip netns add` leaves it that is killed before the mount; and a link to what is gone."""
    monkeypatch.setattr(iproute, "NETNS_DIRECTORY", str(tmp_path))
    (tmp_path / "plain").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "none")
    (tmp_path / "linked").symlink_to("/proc/self/ns/net")
    assert iproute.read_namespaces() == ["linked"]
    assert sorted(iproute.read_stale()) == ["dangling", "plain"]


def test_half_written_note_is_no_note(tmp_path: Path) -> None:
    (tmp_path / "ns1").touch()
    (tmp_path / ".ns2.vxlab-new").touch()
    assert iproute.read_journal(str(tmp_path)) == ["ns1"]


def test_namespace_exists_by_its_whole_name_or_path(tmp_path: Path) -> None:
    assert iproute.exists("red", ["red", "blue"])
    assert not iproute.exists("red", ["red2"])
    assert iproute.exists(str(tmp_path), [])
    assert not iproute.exists(str(tmp_path / "none"), [])
