# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Layer 2 of netns_veth: containers made, mended and removed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, List

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import container
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.container import (
    Host,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.inside import (
    Container,
    Inside,
    Route,
)
from ansible_collections.vxlab.overlay.plugins.module_utils._change.link import Link
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    CONTAINERS,
    IP_VERSIONS,
    MARK,
    host,
    lines,
    links,
)

every_version = pytest.mark.parametrize("version", IP_VERSIONS)
NS1, JOINED = CONTAINERS
LO_DOWN = Link(1, "lo", None, up=False, mtu=65536, mac="")


def plan(have: Host, wanted: Any = None, purge: bool = True, bridge: str = "br0") -> Any:
    return container.plan_present(
        CONTAINERS if wanted is None else wanted, bridge, have, MARK, purge
    )


def empty_host() -> Host:
    return Host({}, namespaces=["theirs"], inside={"theirs": Inside({"lo": LO_DOWN})})


def test_captures_were_made_by_the_plans_commands() -> None:
    made = plan(empty_host()).commands
    assert lines("ip", "ours.sh")[-len(made) :] == made


@every_version
def test_containers_as_wanted_need_no_change(version: str) -> None:
    change = plan(host(version))
    assert (change.steps, change.differences) == ([], [])
    assert change.before == change.after


def test_all_commands_of_a_namespace_stand_together() -> None:
    """So that each is one batch: the host's own first, then one a container."""
    places = [getattr(step, "netns", None) for step in plan(empty_host()).steps]
    assert [p for i, p in enumerate(places) if i == 0 or places[i - 1] != p] == [
        None,
        "ns1",
        "theirs",
    ]


def test_namespace_is_noted_as_ours_before_it_is_made() -> None:
    told = plan(empty_host(), [NS1]).commands
    note = f"install -D -m 0644 /dev/null {MARK.journal}/ns1"
    assert told.index(note) < told.index("ip netns add ns1")


def test_new_container_tells_one_difference_a_part() -> None:
    assert plan(empty_host(), [NS1]).differences == [
        "ns1: namespace ns1 missing",
        "ns1: veth-ns1: missing",
    ]


def outer(have: Host, **values: Any) -> Host:
    """The host with other values of ns1's host end."""
    return replace(
        have, links=dict(have.links, **{"veth-ns1": replace(have.links["veth-ns1"], **values)})
    )


def inner(have: Host, name: str = "eth0", routes: Any = None, **values: Any) -> Host:
    """The host with other values of a link in ns1."""
    there = have.inside["ns1"]
    changed = Inside(
        dict(there.links, **{name: replace(there.links[name], **values)}),
        there.routes if routes is None else routes,
    )
    return replace(have, inside=dict(have.inside, ns1=changed))


IN_NS1 = "ip -n ns1"
ADDRESS = f"{IN_NS1} address replace 10.233.0.2/16 dev eth0"
DEFAULT = f"{IN_NS1} route replace default via 10.233.0.1 dev eth0 proto 86"
OTHER_DEFAULT = [
    {"dst": "default", "gateway": "10.233.9.9", "dev": "eth0", "protocol": "86", "flags": []}
]
FOREIGN_ROUTE = [
    {"dst": "198.18.0.0/15", "gateway": "10.233.9.9", "dev": "eth0", "protocol": "static"}
]
SABOTAGE: List[Any] = [
    (
        "host end down",
        lambda h: outer(h, up=False),
        ["ip link set dev veth-ns1 up"],
        ["ns1: veth-ns1: down"],
    ),
    (
        "host end out of the bridge",
        lambda h: outer(h, master=None),
        ["ip link set dev veth-ns1 master br0"],
        ["ns1: veth-ns1: not in br0"],
    ),
    (
        "host end's MTU",
        lambda h: outer(h, mtu=1500),
        ["ip link set dev veth-ns1 mtu 1450"],
        ["ns1: veth-ns1: mtu 1500 -> 1450"],
    ),
    (
        "lo down",
        lambda h: inner(h, "lo", up=False),
        [f"{IN_NS1} link set dev lo up"],
        ["ns1: lo: down"],
    ),
    (
        "MAC",
        lambda h: inner(h, mac="02:00:00:00:00:09"),
        [f"{IN_NS1} link set dev eth0 address 02:58:0a:e9:00:02"],
        ["ns1: eth0: mac 02:00:00:00:00:09 -> 02:58:0a:e9:00:02"],
    ),
    (
        "MTU",
        lambda h: inner(h, mtu=1500),
        [f"{IN_NS1} link set dev eth0 mtu 1450"],
        ["ns1: eth0: mtu 1500 -> 1450"],
    ),
    (
        "interface down",
        lambda h: inner(h, up=False, routes=[]),
        [f"{IN_NS1} link set dev eth0 up", DEFAULT],
        [
            "ns1: eth0: down",
            "ns1: default route missing or wrong, should be: default via 10.233.0.1",
        ],
    ),
    (
        "default route gone",
        lambda h: inner(h, routes=[]),
        [DEFAULT],
        ["ns1: default route missing or wrong, should be: default via 10.233.0.1"],
    ),
    (
        "default route elsewhere",
        lambda h: inner(h, routes=OTHER_DEFAULT),
        [f"{IN_NS1} route del default via 10.233.9.9 dev eth0", DEFAULT],
        [
            "ns1: route default via 10.233.9.9 should not be there",
            "ns1: default route missing or wrong, should be: default via 10.233.0.1",
        ],
    ),
    (
        "no address",
        lambda h: inner(h, addresses=[], routes=[]),
        [ADDRESS, DEFAULT],
        [
            "ns1: eth0: address 10.233.0.2/16 missing",
            "ns1: default route missing or wrong, should be: default via 10.233.0.1",
        ],
    ),
]


@every_version
@pytest.mark.parametrize(
    "broken, told, differences", [row[1:] for row in SABOTAGE], ids=[row[0] for row in SABOTAGE]
)
def test_one_thing_broken_is_mended_alone(
    version: str, broken: Callable[[Host], Host], told: List[str], differences: List[str]
) -> None:
    change = plan(broken(host(version)))
    assert change.commands == told
    assert change.differences == differences


@every_version
def test_readdressed_container_keeps_its_link(version: str) -> None:
    change = plan(host(version), [replace(NS1, addresses=["10.233.0.9/16"]), JOINED])
    assert change.commands == [
        f"{IN_NS1} address del 10.233.0.2/16 dev eth0",
        f"{IN_NS1} address replace 10.233.0.9/16 dev eth0",
        DEFAULT,
    ]


@every_version
def test_old_route_goes_before_the_address_that_takes_it_along(version: str) -> None:
    moved = replace(NS1, addresses=["10.50.0.2/24"], routes=[Route("default", "10.50.0.1")])
    assert plan(host(version), [moved, JOINED]).commands == [
        f"{IN_NS1} route del default via 10.233.0.1 dev eth0",
        f"{IN_NS1} address del 10.233.0.2/16 dev eth0",
        f"{IN_NS1} address replace 10.50.0.2/24 dev eth0",
        f"{IN_NS1} route replace default via 10.50.0.1 dev eth0 proto 86",
    ]


@every_version
def test_all_pairs_that_are_astray_go_before_any_is_made(version: str) -> None:
    """Crossed cables: the place of one pair is taken by the other's end."""
    have = host(version)
    crossed = inner(have, peer_index=have.links["veth-joined"].index)
    theirs = have.inside["theirs"]
    swapped = dict(
        theirs.links,
        net1=replace(theirs.links["net1"], peer_index=have.links["veth-ns1"].index),
    )
    told = plan(
        replace(crossed, inside=dict(crossed.inside, theirs=replace(theirs, links=swapped)))
    ).commands
    assert told[:2] == ["ip link del dev veth-ns1", "ip link del dev veth-joined"]
    assert told[2].startswith("ip link add name veth-ns1 ")


def test_place_that_a_killed_run_left_half_made_is_free() -> None:
    half = Link(9, "eth0", "veth", up=False, mtu=1500, mac="", peer_index=8)
    inside = {"ns1": Inside({"lo": LO_DOWN, "eth0": half})}
    have = Host({}, ["ns1"], ["ns1"], inside, left=[8])
    assert plan(have, [NS1]).commands[0].startswith("ip link add name veth-ns1 ")
    with pytest.raises(ChangeError, match="eth0 exists in namespace ns1 already"):
        plan(replace(have, left=[]), [NS1])


def with_default_by_net0(have: Host, gateway: str) -> Host:
    theirs = have.inside["theirs"]
    routes = [*theirs.routes, {"dst": "default", "gateway": gateway, "dev": "net0"}]
    return replace(have, inside=dict(have.inside, theirs=replace(theirs, routes=routes)))


@every_version
def test_default_route_of_a_joined_namespace_is_not_replaced(version: str) -> None:
    other = with_default_by_net0(host(version), "fe80::1")
    with pytest.raises(ChangeError, match=r"container joined: .* default route by net0 already"):
        plan(other)
    specific = [route for route in JOINED.routes if route.to != "default"]
    told = plan(other, [NS1, replace(JOINED, routes=specific)]).commands
    assert told == ["ip -n theirs route del default via fd00:233::1 dev net1"]


def test_default_route_of_the_other_family_is_in_nobodys_way() -> None:
    assert plan(with_default_by_net0(host("6.1"), "10.1.1.1")).steps == []


@every_version
def test_routes_that_somebody_else_set_stay(version: str) -> None:
    have = host(version)
    routes = [*have.inside["ns1"].routes, *FOREIGN_ROUTE]
    assert plan(inner(have, routes=routes)).steps == []


@every_version
def test_route_that_left_the_list_goes(version: str) -> None:
    fewer = replace(JOINED, routes=[r for r in JOINED.routes if r.to != "192.0.2.0/24"])
    assert plan(host(version), [NS1, fewer]).commands == [
        "ip -n theirs route del 192.0.2.0/24 via 10.233.0.1 dev net1"
    ]


@every_version
def test_deleted_namespace_is_made_with_all_that_was_in_it(version: str) -> None:
    have = host(version)
    gone = replace(
        have,
        links={name: link for name, link in have.links.items() if name != "veth-ns1"},
        namespaces=["theirs"],
        inside={"theirs": have.inside["theirs"]},
    )
    told = plan(gone).commands
    assert told == [
        line for line in lines("ip", "ours.sh") if "ns1" in line and "install" not in line
    ]


@every_version
def test_host_end_whose_other_end_is_elsewhere_is_made_anew(version: str) -> None:
    have = host(version)
    lost = replace(have, inside=dict(have.inside, ns1=Inside({"lo": LO_DOWN})))
    change = plan(lost)
    assert change.commands[0] == "ip link del dev veth-ns1"
    assert change.differences[0] == "ns1: veth-ns1: recreate: eth0 is not in namespace ns1"


@every_version
def test_cross_wired_pair_is_made_anew(version: str) -> None:
    change = plan(inner(host(version), peer_index=999), [NS1, JOINED])
    assert change.differences[0] == (
        "ns1: veth-ns1: recreate: eth0 in namespace ns1 is not its other end"
    )


@every_version
def test_interface_of_a_joined_namespace_leaves_its_lo_alone(version: str) -> None:
    assert not host(version).inside["theirs"].links["lo"].up
    assert plan(host(version), [JOINED], purge=False).steps == []


@every_version
def test_purge_removes_veth_namespace_and_note_of_what_left_the_list(version: str) -> None:
    assert plan(host(version), [JOINED]).commands == [
        "ip link del dev veth-ns1",
        "ip netns del ns1",
        "rm /run/vxlab.overlay/overlay/netns/ns1",
    ]


@every_version
def test_joined_namespace_is_left_when_its_container_goes(version: str) -> None:
    assert plan(host(version), [NS1]).commands == ["ip link del dev veth-joined"]


def test_without_purge_containers_that_are_not_listed_stay() -> None:
    assert plan(host("6.1"), [NS1], purge=False).steps == []


@every_version
def test_absent_removes_all_of_ours_and_nothing_else(version: str) -> None:
    told = container.plan_absent([], host(version), MARK, purge=True).commands
    assert told == [
        "ip link del dev veth-ns1",
        "ip link del dev veth-joined",
        "ip netns del ns1",
        "rm /run/vxlab.overlay/overlay/netns/ns1",
    ]
    one = container.plan_absent([JOINED], host(version), MARK, purge=False).commands
    assert one == ["ip link del dev veth-joined"]


def test_note_of_a_namespace_that_is_gone_is_removed_alone() -> None:
    have = Host({}, namespaces=[], journal=["old"])
    assert plan(have, []).commands == ["rm /run/vxlab.overlay/overlay/netns/old"]


def test_namespace_that_a_killed_run_noted_and_did_not_make_is_made() -> None:
    have = Host({}, namespaces=[], journal=["ns1"])
    told = plan(have, [NS1]).commands
    assert told[0] == "ip netns add ns1"


def test_namespace_that_a_killed_run_made_and_left_empty_is_filled() -> None:
    have = Host({}, ["ns1"], ["ns1"], {"ns1": Inside({"lo": LO_DOWN})})
    told = plan(have, [NS1]).commands
    assert "ip netns add ns1" not in told
    assert f"{IN_NS1} link set dev lo up" in told


@every_version
def test_namespace_that_is_only_joined_from_now_on_is_handed_over(version: str) -> None:
    change = plan(host(version), [replace(NS1, owned=False), JOINED])
    assert change.commands == ["rm /run/vxlab.overlay/overlay/netns/ns1"]
    assert change.differences == ["ns1: namespace should not be ours any more"]


@every_version
def test_namespace_that_another_container_joins_outlives_its_own(version: str) -> None:
    other = Container("other", "ns1", "veth-other", interface="eth1", owned=False)
    change = plan(host(version), [other, JOINED])
    assert change.commands[:1] == ["ip link del dev veth-ns1"]
    assert "rm /run/vxlab.overlay/overlay/netns/ns1" in change.commands
    assert not [line for line in change.commands if "netns del" in line]


def test_without_purge_a_namespace_is_not_handed_over() -> None:
    assert plan(host("6.1"), [replace(NS1, owned=False)], purge=False).steps == []


SHARING = Container("other", "ns1", "veth-other", interface="eth1")


@pytest.mark.parametrize("wanted", [[NS1, SHARING], [SHARING, NS1]])
def test_namespace_that_containers_share_is_made_once(wanted: List[Container]) -> None:
    change = plan(Host({}), wanted)
    for line in (
        "ip netns add ns1",
        f"{IN_NS1} link set dev lo up",
        f"install -D -m 0644 /dev/null {MARK.journal}/ns1",
    ):
        assert change.commands.count(line) == 1
    assert change.differences.count(f"{wanted[0].name}: namespace ns1 missing") == 1
    assert len([text for text in change.differences if "namespace" in text]) == 1


def test_namespace_is_made_for_one_that_joins_it_before_its_owner_is_listed() -> None:
    told = plan(Host({}), [replace(SHARING, owned=False), NS1]).commands
    assert told.count("ip netns add ns1") == told.count(f"{IN_NS1} link set dev lo up") == 1
    assert told.index("ip netns add ns1") < told.index(
        "ip link add name veth-other type veth peer name eth1 netns ns1"
    )


def test_absent_removes_a_shared_namespace_once() -> None:
    told = container.plan_absent([NS1, SHARING], host("6.1"), MARK, purge=False).commands
    assert told == [
        "ip link del dev veth-ns1",
        "ip netns del ns1",
        "rm /run/vxlab.overlay/overlay/netns/ns1",
    ]


def test_place_of_a_namespace_that_ip_was_killed_in_is_cleared() -> None:
    have = Host({}, journal=["ns1"], stale=["ns1"])
    assert plan(have, [NS1]).commands[:2] == ["ip netns del ns1", "ip netns add ns1"]
    assert plan(have, []).commands == [
        "ip netns del ns1",
        "rm /run/vxlab.overlay/overlay/netns/ns1",
    ]


@pytest.mark.parametrize("owned", [True, False])
def test_file_in_the_place_of_a_namespace_that_is_not_ours_is_an_error(owned: bool) -> None:
    with pytest.raises(ChangeError, match=r"/run/netns/ns1 .* ip netns del ns1"):
        plan(Host({}, stale=["ns1"]), [replace(NS1, owned=owned)])
    assert plan(Host({}, stale=["ns1"]), []).steps == []


@every_version
def test_host_end_can_be_renamed(version: str) -> None:
    told = plan(host(version), [replace(NS1, veth="web0"), JOINED]).commands
    assert told[0] == "ip link del dev veth-ns1"
    assert "ip link set dev web0 master br0" in told


def test_namespace_by_path_is_entered_by_path() -> None:
    want = Container("c1", "/proc/77/ns/net", "veth-c1", owned=False, addresses=["10.0.0.9/8"])
    have = Host({}, inside={want.netns: Inside({"lo": LO_DOWN})})
    told = plan(have, [want]).commands
    assert "ip netns add /proc/77/ns/net" not in told
    assert "nsenter --net=/proc/77/ns/net ip address replace 10.0.0.9/8 dev eth0" in told


@pytest.mark.parametrize(
    "want, have, words",
    [
        (
            replace(NS1, netns="theirs"),
            host("6.1"),
            ["network namespace theirs exists and is not ours", "ip netns del theirs"],
        ),
        (
            replace(NS1, veth="vethd0"),
            host("6.1"),
            ["vethd0 exists and is not ours", "ip link del vethd0"],
        ),
        (replace(NS1, veth="vxlan0"), host("6.1"), ["vxlan0 is ours, but a vxlan device"]),
        (
            replace(JOINED, netns="gone"),
            host("6.1"),
            ["container joined", "gone does not exist", "owned: false"],
        ),
        (
            replace(NS1, netns="theirs", owned=False, interface="net1", veth="veth-new"),
            replace(host("6.1"), links=links("6.1")),
            ["container ns1", "net1 exists in namespace theirs"],
        ),
        (
            NS1,
            outer(host("6.1"), master="docker0"),
            ["cannot attach veth-ns1 to br0", "docker0", "not ours"],
        ),
    ],
)
def test_what_is_not_ours_is_an_error(want: Any, have: Host, words: List[str]) -> None:
    with pytest.raises(ChangeError) as refused:
        plan(have, [want], purge=False)
    assert [word for word in words if word not in str(refused.value)] == []


def test_route_without_next_hop_is_by_the_link() -> None:
    want = replace(NS1, routes=[Route("198.18.0.0/15")])
    told = plan(empty_host(), [want]).commands
    assert told[-1] == f"{IN_NS1} route replace 198.18.0.0/15 dev eth0 proto 86"
