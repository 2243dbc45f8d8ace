# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Layer 2 of vxlan_link: what is in place, what is a recreate, what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List

import pytest

from ansible_collections.vxlab.overlay.plugins.module_utils._change import vxlan
from ansible_collections.vxlab.overlay.plugins.module_utils._change.change import ChangeError
from ansible_collections.vxlab.overlay.plugins.module_utils._change.ownership import Mark
from ansible_collections.vxlab.overlay.tests.unit.plugins.module_utils._change.captures import (
    IP_VERSIONS,
    MARK,
    VXLANS,
    lines,
    links,
)

every_version = pytest.mark.parametrize("version", IP_VERSIONS)
NEW = "link add name vxlan0 address 02:59:0a:e9:f0:0b mtu 1450 type vxlan"
SAME = "group 239.1.1.1 dev eth1 local 172.16.1.11 dstport 4789"
BACK_IN_PLACE = [
    'link set dev vxlan0 alias "vxlab.overlay:overlay"',
    "link set dev vxlan0 master br0",
    "link set dev vxlan0 type bridge_slave learning off neigh_suppress on",
    "link set dev vxlan0 up",
]


def plan(version: str, want: vxlan.Vxlan, purge: bool = False) -> Any:
    return vxlan.plan_present(want, links(version), MARK, purge)


def commands(change: Any) -> List[str]:
    return [step.line for step in change.steps]


@pytest.mark.parametrize("name", VXLANS)
def test_captures_were_made_by_the_plans_commands(name: str) -> None:
    bare = {"eth1": links("6.1")["eth1"]}
    made = vxlan.plan_present(VXLANS[name], bare, MARK, purge=False).commands
    about = (
        f"ip link add name {name} ",
        f"ip link set dev {name} alias",
        f"ip link set dev {name} up",
    )
    assert [line for line in lines("ip", "ours.sh") if line.startswith(about)] == made


@every_version
@pytest.mark.parametrize("name", VXLANS)
def test_device_as_wanted_needs_no_change(version: str, name: str) -> None:
    change = plan(version, VXLANS[name])
    assert (change.steps, change.differences) == ([], [])
    assert change.before == change.after


@pytest.mark.parametrize(
    "want, have",
    [("16", "0x10"), ("0", None), ("255", "0xff"), ("inherit", "0x1"), ("inherit", "inherit")],
)
def test_tos_is_compared_in_the_kernels_terms(want: str, have: Any) -> None:
    host = links("6.1")
    data = dict(host["vxlan0"].data)
    if have is not None:
        data["tos"] = have
    host["vxlan0"] = replace(host["vxlan0"], data=data)
    wanted = replace(VXLANS["vxlan0"], tos=want)
    assert vxlan.plan_present(wanted, host, MARK, purge=False).steps == []


def test_tos_is_written_so_that_ip_reads_the_same_number() -> None:
    # rtnl_dsfield_a2n() of iproute2 reads numbers as hexadecimal.
    line = commands(plan("6.1", replace(VXLANS["vxlan0"], tos="16")))[0]
    assert int(line.split(" tos ")[1], 16) == 16


IN_PLACE: Dict[str, Any] = {
    "ttl": ("64", "ttl 64", "ttl auto -> 64"),
    "df": ("set", "df set", "df unset -> set"),
    "learning": (False, "nolearning", "learning True -> False"),
    "ageing": (60, "ageing 60", "ageing 300 -> 60"),
    "local": ("172.16.1.99", "local 172.16.1.99", "local 172.16.1.11 -> 172.16.1.99"),
}


@every_version
@pytest.mark.parametrize("attribute", IN_PLACE)
def test_attribute_of_vxlan_changes_in_place(version: str, attribute: str) -> None:
    value, argument, told = IN_PLACE[attribute]
    change = plan(version, replace(VXLANS["vxlan0"], **{attribute: value}))
    assert commands(change) == [f"link change dev vxlan0 type vxlan id 42 {argument}"]
    assert change.differences == [f"vxlan0: {told}"]
    assert change.before["vxlan0"][attribute] != value
    assert change.after["vxlan0"] == dict(change.before["vxlan0"], **{attribute: value})


@every_version
@pytest.mark.parametrize(
    "attribute, value, line, told",
    [
        (
            "mac",
            "02:59:00:00:00:01",
            "address 02:59:00:00:00:01",
            "mac 02:59:0a:e9:f0:0b -> 02:59:00:00:00:01",
        ),
        ("mtu", 1400, "mtu 1400", "mtu 1450 -> 1400"),
        ("up", False, "down", "up True -> False"),
    ],
)
def test_attribute_of_the_link_changes_in_place(
    version: str, attribute: str, value: Any, line: str, told: str
) -> None:
    change = plan(version, replace(VXLANS["vxlan0"], **{attribute: value}))
    assert commands(change) == [f"link set dev vxlan0 {line}"]
    assert change.differences == [f"vxlan0: {told}"]


@every_version
def test_new_group_is_joined_by_setting_the_device_up_again(version: str) -> None:
    change = plan(version, replace(VXLANS["vxlan0"], peer="239.1.1.2"))
    assert commands(change) == [
        "link set dev vxlan0 down",
        "link change dev vxlan0 type vxlan id 42 group 239.1.1.2 dev eth1",
        "link set dev vxlan0 up",
    ]
    assert change.differences == ["vxlan0: peer 239.1.1.1 -> 239.1.1.2"]


def test_new_group_of_a_device_that_should_be_down_leaves_it_down() -> None:
    change = plan("6.1", replace(VXLANS["vxlan0"], peer="239.1.1.2", up=False))
    assert commands(change) == [
        "link set dev vxlan0 down",
        "link change dev vxlan0 type vxlan id 42 group 239.1.1.2 dev eth1",
    ]


@every_version
def test_new_remote_needs_no_down(version: str) -> None:
    change = plan(version, replace(VXLANS["vxremote"], peer="172.16.1.13"))
    assert commands(change) == ["link change dev vxremote type vxlan id 102 remote 172.16.1.13"]


@every_version
def test_peer_can_be_given_to_a_device_without_one(version: str) -> None:
    change = plan(version, replace(VXLANS["vxplain"], peer="172.16.1.13"))
    assert commands(change) == ["link change dev vxplain type vxlan id 100 remote 172.16.1.13"]


RECREATE: Dict[str, Any] = {
    "vni": ({"vni": 43}, f"id 43 {SAME}", "vni 42 -> 43"),
    "port": ({"port": 4790}, f"id 42 {SAME[:-4]}4790", "port 4789 -> 4790"),
    "dev": ({"dev": "eth2"}, f"id 42 {SAME}".replace("eth1", "eth2"), "dev eth1 -> eth2"),
    "source ports": (
        {"src_port_min": 1000, "src_port_max": 2000},
        f"id 42 {SAME} srcport 1000 2000",
        "src_port_min 0 -> 1000, src_port_max 0 -> 2000",
    ),
    "limit": ({"max_addresses": 9}, f"id 42 {SAME} maxaddress 9", "max_addresses 0 -> 9"),
    "proxy": ({"proxy": True}, f"id 42 {SAME} proxy", "proxy False -> True"),
    "rsc": ({"rsc": True}, f"id 42 {SAME} rsc", "rsc False -> True"),
    "l2miss": ({"l2miss": True}, f"id 42 {SAME} l2miss", "l2miss False -> True"),
    "l3miss": ({"l3miss": True}, f"id 42 {SAME} l3miss", "l3miss False -> True"),
    "udp_csum": ({"udp_csum": False}, f"id 42 {SAME} noudpcsum", "udp_csum True -> False"),
    "zero csum tx": (
        {"udp6_zero_csum_tx": True},
        f"id 42 {SAME} udp6zerocsumtx",
        "udp6_zero_csum_tx False -> True",
    ),
    "zero csum rx": (
        {"udp6_zero_csum_rx": True},
        f"id 42 {SAME} udp6zerocsumrx",
        "udp6_zero_csum_rx False -> True",
    ),
    "no peer": (
        {"peer": None},
        "id 42 dev eth1 local 172.16.1.11 dstport 4789",
        "peer 239.1.1.1 -> none",
    ),
    "no local": (
        {"local": None},
        "id 42 group 239.1.1.1 dev eth1 dstport 4789",
        "local 172.16.1.11 -> none",
    ),
    "no dev": ({"dev": None}, f"id 42 {SAME.replace(' dev eth1', '')}", "dev eth1 -> none"),
    "family": (
        {"peer": "ff05::1", "local": "fd00:1::11"},
        "id 42 group ff05::1 dev eth1 local fd00:1::11 dstport 4789",
        "peer 239.1.1.1 -> ff05::1, local 172.16.1.11 -> fd00:1::11",
    ),
    "ttl inherit": ({"ttl": "inherit"}, f"id 42 {SAME} ttl inherit", "ttl auto -> inherit"),
}


@every_version
@pytest.mark.parametrize("attribute", RECREATE)
def test_what_the_kernel_cannot_change_is_a_recreate_that_keeps_the_port(
    version: str, attribute: str
) -> None:
    changes, arguments, told = RECREATE[attribute]
    host = links(version)
    host["eth1"] = replace(host["eth1"], mtu=1520)  # room for IPv6 headers too
    want = replace(VXLANS["vxlan0"], **changes)
    change = vxlan.plan_present(want, host, MARK, purge=False)
    assert commands(change) == ["link del dev vxlan0", f"{NEW} {arguments}", *BACK_IN_PLACE]
    assert change.differences == [f"vxlan0: recreate: {told}"]


@every_version
def test_recreate_tells_what_could_have_been_changed_in_place_apart(version: str) -> None:
    change = plan(version, replace(VXLANS["vxlan0"], vni=43, ageing=60))
    assert change.differences == ["vxlan0: ageing 300 -> 60", "vxlan0: recreate: vni 42 -> 43"]


@every_version
def test_recreate_outside_a_bridge_puts_it_in_none(version: str) -> None:
    change = plan(version, replace(VXLANS["vxremote"], vni=43))
    assert not [line for line in commands(change) if "master" in line or "bridge_slave" in line]


def test_recreate_gives_no_flags_that_are_the_kernels_defaults() -> None:
    host = links("6.1")
    host["vxlan0"] = replace(host["vxlan0"], port=host["veth-ns1"].port)
    change = vxlan.plan_present(replace(VXLANS["vxlan0"], vni=43), host, MARK, purge=False)
    assert "link set dev vxlan0 master br0" in commands(change)
    assert not [line for line in commands(change) if "bridge_slave" in line]


def test_recreate_pictures_the_mac_that_the_device_will_have() -> None:
    want = replace(VXLANS["vxplain"], vni=43)
    change = plan("6.1", want)
    (made,) = [line for line in commands(change) if line.startswith("link add")]
    mac = change.after["vxplain"]["mac"]
    assert mac is None or f"address {mac}" in made


@every_version
def test_mac_and_mtu_left_to_the_kernel_are_left_as_they_are(version: str) -> None:
    want = replace(VXLANS["vxlan0"], mac=None, mtu=None)
    change = plan(version, want)
    assert change.steps == []
    assert change.after["vxlan0"]["mtu"] == 1450


@every_version
def test_purge_removes_our_other_devices_first_and_only_those(version: str) -> None:
    change = plan(version, replace(VXLANS["vxlan0"], name="vxlan1"), purge=True)
    *removals, made, _alias, _up = commands(change)
    assert removals == [f"link del dev {name}" for name in VXLANS]
    assert made.startswith("link add name vxlan1 ")
    assert all(change.after[name] is None for name in VXLANS)


@every_version
def test_absent_removes_ours_by_name_or_with_purge_all(version: str) -> None:
    host = links(version)
    assert commands(vxlan.plan_absent("vxlan0", host, MARK, purge=False)) == ["link del dev vxlan0"]
    everything = commands(vxlan.plan_absent("vxlan0", host, MARK, purge=True))
    assert everything == [f"link del dev {name}" for name in VXLANS]


@pytest.mark.parametrize("name", ["flannel.1", "docker0", "br0", "missing"])
def test_absent_leaves_what_is_not_our_vxlan_device(name: str) -> None:
    assert vxlan.plan_absent(name, links("6.1"), MARK, purge=False).steps == []


def test_device_of_another_overlay_is_neither_purged_nor_removed() -> None:
    other = Mark("over")  # a prefix of the name of ours
    assert vxlan.plan_absent("vxlan0", links("6.1"), other, purge=True).steps == []


@pytest.mark.parametrize(
    "want, words",
    [
        (vxlan.Vxlan("flannel.1", 7), ["flannel.1", "not ours", "vxlan", "ip link del flannel.1"]),
        (vxlan.Vxlan("docker0", 7), ["docker0", "not ours", "a bridge device"]),
        (vxlan.Vxlan("eth1", 7), ["eth1", "not ours", "a veth device"]),
        (vxlan.Vxlan("br0", 7), ["br0", "is ours", "a bridge device", "vxlan device should be"]),
        (
            vxlan.Vxlan("vxnew", 1, port=8472),
            ["flannel.1", "not ours", "VNI 1", "port 8472", "ip link del flannel.1"],
        ),
    ],
)
@every_version
def test_what_is_not_ours_is_an_error(version: str, want: Any, words: List[str]) -> None:
    with pytest.raises(ChangeError) as refused:
        plan(version, want)
    assert [word for word in words if word not in str(refused.value)] == []


def test_same_vni_on_another_port_is_no_conflict() -> None:
    assert plan("6.1", vxlan.Vxlan("vxnew", 1, port=8473)).changed


# vxlan_config_apply() in drivers/net/vxlan/vxlan_core.c: the underlay's MTU less the headers
# VXLAN_HEADROOM and VXLAN6_HEADROOM; the kernel lowers what is more without a word.
MOST = [("239.1.1.1", None, 1450), ("ff05::1", None, 1430), (None, "fd00::1", 1430)]


@pytest.mark.parametrize("peer, local, most", [*MOST, (None, None, 1450)])
def test_mtu_has_to_leave_room_for_the_headers(peer: Any, local: Any, most: int) -> None:
    want = vxlan.Vxlan("vxnew", 7, dev="eth1", peer=peer, local=local, mtu=most)
    assert plan("6.1", want).changed
    with pytest.raises(ChangeError, match=f"mtu is {most + 1}: eth1 has MTU 1500.* most {most}$"):
        plan("6.1", replace(want, mtu=most + 1))


def test_mtu_without_an_underlay_device_is_free() -> None:
    assert plan("6.1", vxlan.Vxlan("vxnew", 7, mtu=9000)).changed


def test_missing_underlay_device_is_an_error() -> None:
    with pytest.raises(ChangeError, match="dev is eth9: this host has no such device"):
        plan("6.1", vxlan.Vxlan("vxnew", 7, dev="eth9"))


def test_our_other_device_with_the_same_vni_has_to_be_purged() -> None:
    want = replace(VXLANS["vxlan0"], name="vxlan1")
    with pytest.raises(ChangeError, match="our VXLAN device vxlan0 has VNI 42 on UDP port 4789"):
        plan("6.1", want)
    assert plan("6.1", want, purge=True).changed
