# Copyright: (c) 2026, vxlab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The probe modules with real packets, on the lesson's network made by hand.

Three hosts with a container each, made of namespaces that live and die with one process. Each
test that expects a finding breaks the network first: a probe that cannot fail proves nothing.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

COLLECTIONS = Path(__file__).resolve().parents[2] / "collections"
HOSTS = ("h1", "h2", "h3")
GATEWAY = "10.233.0.1"
RUN = "1f2e3d4c"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for its namespaces")

# Runs a module with its arguments on stdin, as Ansible would.
DRIVER = """
import importlib, json, sys
from ansible.module_utils.testing import patch_module_args
name = "ansible_collections.vxlab.overlay.plugins.modules." + sys.argv[1]
with patch_module_args(json.load(sys.stdin)):
    importlib.import_module(name).main()
"""

KEEPER = "mount -t tmpfs tmpfs /run && echo ready && exec sleep 600"

FABRIC = """
ip netns add fabric
ip -n fabric link add sw type bridge mcast_snooping 0
ip -n fabric link set sw up
"""

HOST = """
ip netns add h{n}
ip -n fabric link add h{n} type veth peer name eth1 netns h{n}
ip -n fabric link set h{n} master sw up
ip -n h{n} link set lo up
ip -n h{n} addr add 172.16.1.1{n}/24 dev eth1
ip -n h{n} link set eth1 up
ip -n h{n} link add vxlan0 type vxlan id 42 dstport 4789 group 239.1.1.1 dev eth1
ip -n h{n} link add br0 address 02:00:00:00:00:0{n} mtu 1450 type bridge
ip -n h{n} link set vxlan0 master br0 up
ip -n h{n} link set br0 up
ip -n h{n} addr add 10.233.0.1/16 dev br0
ip -n h{n} addr add 10.233.255.{n}/16 dev br0
ip -n h{n} route replace 10.233.0.0/16 dev br0 src 10.233.255.{n}
ip netns exec h{n} sysctl -qw net.ipv4.ip_forward=1
ip netns exec h{n} nft -f - <<END
table bridge lab {{
  chain out {{
    type filter hook output priority 0
    oifname vxlan0 arp daddr ip 10.233.0.1 drop
    oifname vxlan0 arp saddr ip 10.233.0.1 drop
  }}
  chain forward {{
    type filter hook forward priority 0
    oifname vxlan0 arp daddr ip 10.233.0.1 drop
  }}
}}
table ip lab {{
  chain post {{
    type nat hook postrouting priority srcnat
    ip saddr 10.233.0.0/16 ip daddr != 10.233.0.0/16 masquerade
  }}
}}
END
ip netns add c{n}
ip -n h{n} link add veth0 mtu 1450 type veth peer name eth0 netns c{n} mtu 1450
ip -n h{n} link set veth0 master br0 up
ip -n c{n} link set lo up
ip -n c{n} addr add 10.233.0.{c}/16 dev eth0
ip -n c{n} link set eth0 up
ip -n c{n} route add default via 10.233.0.1
"""


class Network:
    """The network; shell() runs in it, probe() runs a module on one of its hosts."""

    def __init__(self) -> None:
        self.keeper = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", KEEPER],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.keeper.stdout is not None
        self.enter = ["nsenter", "-t", str(self.keeper.pid), "--net", "--mount"]
        try:
            assert self.keeper.stdout.readline() == "ready\n"
            self.shell(FABRIC + "".join(HOST.format(n=n, c=n + 1) for n in (1, 2, 3)))
        except BaseException:
            self.close()
            raise

    def shell(self, script: str) -> str:
        done = subprocess.run(
            [*self.enter, "sh", "-ec", script], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, host: str, module: str, **args: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*self.enter, "ip", "netns", "exec", host, sys.executable, "-c", DRIVER, module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(COLLECTIONS)},
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(args))
        process.stdin.close()
        process.stdin = None
        return process

    def probe(self, host: str, module: str, **args: Any) -> dict[str, Any]:
        return self.finish(self.start(host, module, **args))

    def refusal(self, host: str, module: str, **args: Any) -> str:
        """The message of a module that has to fail."""
        process = self.start(host, module, **args)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 1 and "Traceback" not in out + err, out + err
        return str(json.loads(out)["msg"])

    @staticmethod
    def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, out + err
        result: dict[str, Any] = json.loads(out)
        assert result["changed"] is False
        return result

    def meet(self, *hosts: str, timeout: float = 2) -> dict[str, dict[str, Any]]:
        numbers = {host: int(host[1]) for host in HOSTS}
        running = {
            host: self.start(
                host,
                "l2_probe",
                run=RUN,
                number=numbers[host],
                peers={peer: numbers[peer] for peer in HOSTS if peer != host},
                timeout=timeout,
            )
            for host in hosts
        }
        return {host: self.finish(process) for host, process in running.items()}

    def close(self) -> None:
        self.keeper.kill()
        self.keeper.communicate(timeout=10)


@pytest.fixture
def net() -> Iterator[Network]:
    network = Network()
    yield network
    network.close()


@pytest.fixture(scope="module")
def healthy() -> Iterator[Network]:
    """One network for all tests that leave it as it is."""
    network = Network()
    yield network
    network.close()


def container(number: int, **more: Any) -> dict[str, Any]:
    return {"name": f"c{number}", "netns": f"c{number}", **more}


def ask_gateway(net: Network, number: int) -> dict[str, Any]:
    asker = container(number, gateway=GATEWAY)
    found: dict[str, Any] = net.probe(f"h{number}", "gateway_probe", containers=[asker])
    answer: dict[str, Any] = found["containers"][f"c{number}"]
    return answer


def picture(net: Network) -> str:
    """All that a probe could leave behind on a host."""
    script = "".join(
        f"ip -n {ns} link; ip -n {ns} -4 addr; ip -n {ns} -4 route show table all;"
        for host in "123"
        for ns in (f"h{host}", f"c{host}")
    )
    # A frame's passage renews lifetimes and neighbour states, which are no change of ours.
    return re.sub(r"valid_lft.*|age \S+", "", net.shell(script + "ip netns list"))


# -- checks 1 to 3


def test_hosts_meet_on_vxlan_and_bridge_and_ping_each_other(healthy: Network) -> None:
    before = picture(healthy)
    results = healthy.meet(*HOSTS)
    assert picture(healthy) == before
    for host, result in results.items():
        others = [other for other in HOSTS if other != host]
        for channel in ("vxlan", "bridge"):
            assert result[channel] == {"captured": others, "missed": [], "error": None}
        assert sorted(result["layer3"]["answered"]) == others
        assert result["layer3"]["missed"] == []
        assert result["seconds"] < 5


def test_meeting_tolerates_a_late_host(healthy: Network) -> None:
    early = {
        host: healthy.start(
            host,
            "l2_probe",
            run=RUN,
            number=int(host[1]),
            peers={peer: int(peer[1]) for peer in HOSTS if peer != host},
            timeout=8,
        )
        for host in HOSTS[:2]
    }
    with pytest.raises(subprocess.TimeoutExpired):
        early["h1"].wait(timeout=2)
    late = healthy.meet("h3", timeout=8)["h3"]
    assert late["vxlan"]["missed"] == []
    for process in early.values():
        assert healthy.finish(process)["layer3"]["missed"] == []


def test_meeting_does_not_use_the_overlays_own_addresses(net: Network) -> None:
    """It works, and pings, where no device has an address and nothing is routed."""
    net.shell("for h in h1 h2 h3; do ip -n $h addr flush dev br0; done")
    assert net.meet(*HOSTS)["h1"]["layer3"]["missed"] == []


def test_absent_host_is_missed_by_all_others(healthy: Network) -> None:
    results = healthy.meet("h1", "h2", timeout=1)
    for host, other in (("h1", "h2"), ("h2", "h1")):
        assert results[host]["vxlan"]["captured"] == [other]
        assert results[host]["vxlan"]["missed"] == ["h3"]
        assert results[host]["bridge"]["missed"] == ["h3"]
        assert results[host]["layer3"]["missed"] == ["h3"]


def test_wrong_vni_cuts_a_host_off(net: Network) -> None:
    net.shell(
        "ip -n h3 link del vxlan0\n"
        "ip -n h3 link add vxlan0 type vxlan id 43 dstport 4789 group 239.1.1.1 dev eth1\n"
        "ip -n h3 link set vxlan0 master br0 up"
    )
    results = net.meet(*HOSTS, timeout=1)
    assert results["h1"]["vxlan"]["missed"] == ["h3"]
    assert results["h3"]["vxlan"]["missed"] == ["h1", "h2"]
    assert results["h2"]["layer3"]["missed"] == ["h3"]


def test_vxlan_outside_of_the_bridge_fails_the_bridge_alone(net: Network) -> None:
    net.shell("ip -n h2 link set vxlan0 nomaster")
    results = net.meet(*HOSTS, timeout=1)
    assert results["h2"]["vxlan"]["missed"] == []
    assert results["h2"]["bridge"]["missed"] == ["h1", "h3"]
    assert results["h1"]["bridge"]["missed"] == ["h2"]
    assert results["h1"]["layer3"]["missed"] == []


def test_missing_and_dead_devices_are_named(net: Network) -> None:
    net.shell("ip -n h2 link del vxlan0; ip -n h3 link set vxlan0 down")
    results = net.meet(*HOSTS, timeout=1)
    assert results["h2"]["vxlan"]["error"] == "cannot listen on vxlan0: No such device"
    assert results["h3"]["vxlan"]["error"] == "cannot send on vxlan0: Network is down"
    assert results["h1"]["vxlan"]["error"] is None


# -- check 4


@pytest.mark.parametrize("number", ["x", 0, 1.5, None, [2]])
def test_a_peers_number_that_is_none_is_named(healthy: Network, number: Any) -> None:
    told = healthy.refusal("h1", "l2_probe", run=RUN, number=1, peers={"h2": number})
    assert told.startswith(f"peers.h2 is {number}: it must be a whole number from 1 to ")


@pytest.mark.parametrize("gateway", ["gw.example", "fd00::1", "10.233.0"])
def test_a_gateway_that_is_no_ipv4_address_is_named(healthy: Network, gateway: str) -> None:
    asker = {"name": "ns1", "netns": "ns1", "gateway": gateway}
    told = healthy.refusal("h1", "gateway_probe", containers=[asker])
    assert told == f"gateway of container ns1 is {gateway}: it must be an IPv4 address"


def test_ping_matrix(healthy: Network) -> None:
    addresses = {"c1": "10.233.0.2", "c2": "10.233.0.3", "c3": "10.233.0.4", "gateway": GATEWAY}
    result = healthy.probe(
        "h1",
        "ping_probe",
        sources=[
            {"name": "h1", "targets": ["c1", "c2", "c3"]},
            container(1, targets=["c2", "c3", "gateway"]),
        ],
        addresses=addresses,
    )
    matrix = result["matrix"]
    assert sorted(matrix["h1"]) == ["c1", "c2", "c3"]
    assert sorted(matrix["c1"]) == ["c2", "c3", "gateway"]
    for row in matrix.values():
        assert all(0 < cell < 1000 for cell in row.values()), row


def test_ping_names_what_does_not_answer(net: Network) -> None:
    net.shell(
        "ip -n c2 link set eth0 down; ip -n c3 route del default; ip -n h3 link set veth0 down"
    )
    result = net.probe(
        "h1",
        "ping_probe",
        sources=[
            container(1, targets=["c2", "outside", "gateway"]),
            {"name": "c9", "netns": "c9", "targets": ["gateway"]},
            {"name": "c3", "netns": "c3", "targets": ["outside"]},
        ],
        addresses={"c2": "10.233.0.3", "outside": "198.51.100.1", "gateway": GATEWAY},
        wait=0.2,
    )
    matrix = result["matrix"]
    assert str(matrix["c1"]["c2"]).startswith("no reply")
    assert str(matrix["c1"]["outside"]) == "no reply: Network is unreachable"
    assert matrix["c1"]["gateway"] > 0
    assert "/run/netns/c9: No such file" in matrix["c9"]["gateway"]
    assert matrix["c3"]["outside"] == "cannot send: Network is unreachable"


# -- check 5


def fit(net: Network, target: str = "c2", address: str = "10.233.0.3") -> dict[str, Any]:
    sender = container(1, mtu=1450, targets=[target])
    found = net.probe("h1", "mtu_probe", containers=[sender], addresses={target: address}, wait=0.3)
    result: dict[str, Any] = found["containers"]["c1"]
    return result


def test_exactly_the_mtu_passes(healthy: Network) -> None:
    result = fit(healthy)
    assert result["mtu"] == 1450
    assert result["largest"]["c2"] > 0
    assert result["one_more"] == {"c2": "message too long"}


def test_mtu_black_hole_of_the_lesson_is_seen(net: Network) -> None:
    """The lesson leaves 1500 in the container: what is too long is lost without a word."""
    net.shell("ip -n c1 link set eth0 mtu 1500; ip -n h1 link set veth0 mtu 1500")
    result = fit(net)
    assert result["mtu"] == 1500
    assert result["largest"]["c2"] > 0
    assert result["one_more"]["c2"].startswith("no reply")


def test_mtu_too_small_on_the_way_is_seen(net: Network) -> None:
    net.shell("ip -n h2 link set veth0 mtu 1400")
    assert str(fit(net)["largest"]["c2"]).startswith("no reply")


def test_mtu_too_small_in_the_container_is_seen(net: Network) -> None:
    net.shell("ip -n c1 link set eth0 mtu 1400")
    result = fit(net)
    assert result["mtu"] == 1400
    assert result["largest"]["c2"] == "cannot send: Message too long"


# -- check 6


def test_only_the_own_host_answers_for_the_gateway(healthy: Network) -> None:
    for number in (1, 2, 3):
        answer = ask_gateway(healthy, number)
        assert answer["macs"] == [f"02:00:00:00:00:0{number}"]
        assert answer["error"] is None


def test_neighbour_entry_is_read_before_it_is_refreshed(net: Network) -> None:
    assert ask_gateway(net, 1)["neighbour"] is None
    net.shell(f"ip -n c1 neigh replace {GATEWAY} lladdr 02:00:00:00:00:03 dev eth0 nud stale")
    answer = ask_gateway(net, 1)
    assert answer["neighbour"] == "02:00:00:00:00:03"
    assert answer["macs"] == ["02:00:00:00:00:01"]


def test_gateway_answered_by_every_host_is_seen(net: Network) -> None:
    net.shell("for h in h1 h2 h3; do ip netns exec $h nft delete table bridge lab; done")
    assert sorted(ask_gateway(net, 1)["macs"]) == [f"02:00:00:00:00:0{n}" for n in (1, 2, 3)]


def test_silent_gateway_and_dead_container_are_seen(net: Network) -> None:
    net.shell(f"ip -n h1 addr del {GATEWAY}/16 dev br0; ip -n c2 link set eth0 down")
    assert ask_gateway(net, 1)["macs"] == []
    assert ask_gateway(net, 2)["error"] == "cannot send from eth0: Network is down"


# -- checks 5 (transfer) and 7


def trade(net: Network, timeout: float = 5) -> tuple[dict[str, Any], dict[str, Any]]:
    """A transfer from c1 to c2, and c1 asks h2 which address it sees: h1's and h2's results."""
    serving = net.start(
        "h2",
        "tcp_probe",
        services=[
            {
                "kind": "transfer",
                "netns": "c2",
                "address": "10.233.0.3",
                "port": 18472,
                "clients": 1,
            },
            {"kind": "source", "address": "172.16.1.12", "port": 18472, "clients": 1},
        ],
        timeout=timeout,
    )
    clients = [
        {**container(1, address="10.233.0.3", port=18472, size=4_000_000), "name": "transfer"},
        {**container(1, address="172.16.1.12", port=18472), "name": "nat"},
    ]
    asked = net.probe("h1", "tcp_probe", clients=clients, timeout=timeout)
    return asked, net.finish(serving)


def test_transfer_keeps_its_address_and_the_outside_sees_the_hosts(healthy: Network) -> None:
    asked, served = trade(healthy)
    assert served["errors"] == [] and served["missing"] == 0
    assert asked["clients"]["transfer"]["seen"] == "10.233.0.2"
    assert asked["clients"]["transfer"]["whole"] is True
    assert asked["clients"]["nat"]["seen"] == "172.16.1.11"


def test_nat_inside_the_overlay_is_seen(net: Network) -> None:
    net.shell(
        """
        ip -n c1 addr add 10.233.0.77/16 dev eth0
        ip netns exec c1 nft -f - <<END
        table ip lab {
          chain post {
            type nat hook postrouting priority srcnat
            ip daddr 10.233.0.3 snat to 10.233.0.77
          }
        }
END
        """
    )
    asked, _served = trade(net)
    assert asked["clients"]["transfer"]["seen"] == "10.233.0.77"


def test_missing_nat_is_seen(net: Network) -> None:
    """h2 then sees the container's own address (and answers through the overlay), or nobody."""
    net.shell("ip netns exec h1 nft delete table ip lab")
    asked, served = trade(net, timeout=2)
    answer = asked["clients"]["nat"]
    assert answer["seen"] != "172.16.1.11"
    assert answer["seen"] == "10.233.0.2" or (answer["error"] and served["missing"] == 1)


def test_nobody_listening_is_named(healthy: Network) -> None:
    client = container(1, address="10.233.0.3", port=18473)
    result = healthy.probe("h1", "tcp_probe", clients=[client], timeout=1)
    assert result["clients"]["c1"]["error"] == "10.233.0.3 port 18473: Connection refused"


def test_address_to_listen_on_that_is_not_there_is_named(healthy: Network) -> None:
    service = {"kind": "source", "address": "172.16.1.99", "port": 18472, "clients": 1}
    result = healthy.probe("h1", "tcp_probe", services=[service], timeout=1)
    assert result["errors"] == [
        "cannot listen on 172.16.1.99 port 18472: Cannot assign requested address"
    ]
