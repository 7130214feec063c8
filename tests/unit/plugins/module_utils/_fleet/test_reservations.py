# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that networks keep for guests: what the network and the guest then have, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import FilterModule
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import check
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.reservations import mac_addresses, with_reservations
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK

MAC = "52:54:00:00:00:01"
RANGES = [{"start": "10.7.0.100", "end": "10.7.0.199"}]
LAN: dict[str, Any] = {
    "name": "lan",
    "bridge": "virbr7",
    "forward": "nat",
    "ips": ["fd00::1/64", {"address": "10.7.0.1/24", "dhcp": {"ranges": RANGES}}],
}
OTHER = {"name": "dmz", "bridge": "virbr8"}


def guest(name: str, *interfaces: Any, host: str = "kvm01", **options: Any) -> dict[str, Any]:
    return {"name": name, "host": host, "memory": "1GiB", "interfaces": list(interfaces), **options}


def problems(*guests: dict[str, Any], networks: Any = (LAN, OTHER)) -> list[str]:
    variables = {"kvm_guests": list(guests), "kvm_networks": list(networks)}
    return check.problems(["kvm01", "kvm02"], {"kvm01": variables, "kvm02": {**variables}})


def kept(*guests: dict[str, Any], network: dict[str, Any] | None = None) -> Any:
    """What the DHCP of the network has for hosts."""
    found = with_reservations([network or LAN, OTHER], list(guests), "kvm01")
    assert found[1] == OTHER
    NETWORK.parse(found)
    return found[0]["ips"][1]["dhcp"].get("hosts")


def test_an_address_is_kept_for_the_mac_address_of_the_interface() -> None:
    web = guest("web01", {"network": "dmz"}, {"network": "lan", "ip": "10.7.0.11", "mac": MAC})
    assert problems(web) == []
    assert kept(web) == [{"mac": MAC, "name": "web01", "ip": "10.7.0.11"}]
    (module,) = check.guests_on([web], "kvm01")
    assert module["interfaces"] == [{"network": "dmz"}, {"network": "lan", "mac": MAC}]
    assert LAN["ips"][1] == {"address": "10.7.0.1/24", "dhcp": {"ranges": RANGES}}


@pytest.mark.parametrize("before", [[], [{"network": "dmz"}], ["dmz", {"network": "dmz", "mac": MAC.upper()}]])
def test_without_a_mac_address_it_is_kept_for_that_of_a_new_guest(before: list[Any]) -> None:
    web = guest("web01", *before, {"network": "lan", "ip": "10.7.0.11"})
    plain = guest("web01", *before, {"network": "lan"})
    (made,) = plan(DOMAIN, {}, DOMAIN.parse(check.guests_on([plain], "kvm01")), Host())
    definition = next(step.value for step in made.steps if step.action == "define")
    (module,) = check.guests_on([web], "kvm01")
    for mac in (mac_addresses(web)[-1], kept(web)[0]["mac"], module["interfaces"][-1]["mac"]):
        assert f'<mac address="{mac}"' in definition


def test_what_the_network_has_itself_stays() -> None:
    hosts = [{"mac": "52:54:00:00:00:09", "ip": "10.7.0.9"}, {"mac": MAC, "ip": "10.7.0.11", "name": "www"}]
    network = {**LAN, "ips": [LAN["ips"][0], {"address": "10.7.0.1/24", "dhcp": {"hosts": hosts}}]}
    web = guest("web01", {"network": "lan", "ip": "10.7.0.11", "mac": MAC.upper()})
    assert problems(web, networks=[network, OTHER]) == []
    assert kept(web, network=network) == hosts


def test_only_guests_that_are_there_and_on_this_host() -> None:
    card = {"network": "lan", "ip": "10.7.0.11"}
    assert kept(guest("a", card, host="kvm02"), guest("b", card, state="absent"), guest("c", "lan")) is None
    assert kept(guest("under_score", card)) == [
        {"mac": mac_addresses(guest("under_score", card))[0], "ip": "10.7.0.11"}  # libvirt takes no such name.
    ]


def test_the_name_goes_with_the_first_address() -> None:
    both = guest("a", {"network": "lan", "ip": "10.7.0.11"}, {"network": "lan", "ip": "10.7.0.12"})
    assert [host.get("name") for host in kept(both)] == ["a", None]


@pytest.mark.parametrize("network", [LAN, {**LAN, "forward": None}])
def test_each_guest_needs_an_address_of_its_own(network: dict[str, Any]) -> None:
    card = {"network": "lan", "ip": "10.7.0.11"}
    assert problems(guest("a", card), guest("b", card, host="kvm02"), networks=[network]) == []
    assert problems(guest("a", card), guest("b", card), networks=[network]) == [
        "address 10.7.0.11 in network lan of kvm01: is declared more than once: a on kvm01, b on kvm01;"
        " each guest needs its own"
    ]


WITH_HOST = {"name": "lan", "ips": [{"address": "10.7.0.1/24", "dhcp": {"hosts": [{"mac": MAC, "ip": "10.7.0.11"}]}}]}


@pytest.mark.parametrize(
    ("card", "networks", "said"),
    [
        ({"network": "lan", "ip": "here"}, [LAN], "'here' is not an IP address"),
        ({"network": "lan", "ip": ["10.7.0.11"]}, [LAN], "a list is not"),
        (
            {"bridge": "br0", "ip": "10.7.0.11"},
            [LAN],
            "only a libvirt network can reserve an address. On a bridge,",
        ),
        ({"network": "lam", "ip": "10.7.0.11"}, [LAN], "network 'lam' is not in kvm_networks of the host"),
        ({"network": "lan", "ip": "10.8.0.11"}, [LAN], "10.8.0.11 is outside of network 'lan' ("),
        ({"network": "lan", "ip": "fd00::2"}, [LAN], "network 'lan' has no dhcp for fd00::2, which keeps it"),
        ({"network": "lan", "ip": "10.7.0.1"}, [LAN], "10.7.0.1 is the address of the host itself in network 'lan'"),
        ({"network": "lan", "ip": "10.7.0.0"}, [LAN], "10.7.0.0 is the first address of 10.7.0.0/24, which stands for"),
        ({"network": "lan", "ip": "10.7.0.255"}, [LAN], "10.7.0.255 is the broadcast address of 10.7.0.0/24, and no"),
        ({"network": "lan", "ip": "10.7.0.11"}, [WITH_HOST], "network 'lan' itself keeps 10.7.0.11 otherwise"),
        ({"network": "lan", "ip": "10.7.0.12", "mac": MAC}, [WITH_HOST], f"network 'lan' itself keeps {MAC} otherwise"),
    ],
)
def test_an_address_that_cannot_be_kept(card: Any, networks: list[Any], said: str) -> None:
    web = guest("web01", card)
    (line,) = problems(web, networks=networks)
    assert line.startswith(f"guest web01: interfaces[0].ip: {said}")
    with pytest.raises(check.VirtfleetError) as caught:
        with_reservations(networks, [web], "kvm01")
    assert str(caught.value) == line


def test_null_is_no_address() -> None:
    web = guest("web01", {"network": "lan", "ip": None})
    assert problems(web) == []
    assert kept(web) is None
    assert check.guests_on([web], "kvm01")[0]["interfaces"] == [{"network": "lan"}]


def test_a_wrong_mac_address_is_still_refused() -> None:
    (line,) = problems(guest("web01", {"network": "lan", "ip": "10.7.0.11", "mac": "banana"}))
    assert line.startswith("guest web01: interfaces[0].mac: 'banana' is not")


@pytest.mark.parametrize("odd", [None, 7, "lan", {}])
def test_what_is_no_list_of_networks(odd: Any) -> None:
    filtered = FilterModule().filters()["with_reservations"]
    with pytest.raises(AnsibleError, match=r"with_reservations: .* is not a list of networks"):
        filtered(odd, [], "kvm01")


@pytest.mark.parametrize("ips", [7, "10.7.0.1/24", [7, "x", {"address": 7}], [{"address": "10.7.0.1/24", "dhcp": 7}]])
def test_networks_that_are_wrong_themselves(ips: Any) -> None:
    """The check says what is wrong with the network, too."""
    lines = problems(guest("web01", {"network": "lan", "ip": "10.7.0.11"}), networks=[{"name": "lan", "ips": ips}])
    assert any("network lan: ips" in line for line in lines)


FIXED = {"bridge": "br0", "ip": "192.0.2.21/24", "gateway": "192.0.2.1", "nameservers": ["192.0.2.2"]}


def test_an_address_with_its_subnet_is_set_by_cloud_init() -> None:
    web = {**guest("web01", FIXED, {"network": "lan", "ip": "10.7.0.11"}), "cloud_init": {"timezone": "UTC"}}
    assert problems(web) == []
    (told,) = check.guests_on([web], "kvm01")
    first, second = told["interfaces"]
    assert first == {"bridge": "br0", "mac": first["mac"]}
    assert second == {"network": "lan", "mac": second["mac"]}
    rest = {name: FIXED[name] for name in ("gateway", "nameservers")}
    assert told["cloud_init"] == {
        "timezone": "UTC",
        "addresses": [{"mac": first["mac"], "address": "192.0.2.21/24", **rest}],
    }
    assert kept(web) == [{"mac": second["mac"], "name": "web01", "ip": "10.7.0.11"}]


@pytest.mark.parametrize(
    ("card", "cloud", "said"),
    [
        (FIXED, None, "ip: with its subnet is set by cloud-init: give cloud_init, with network: auto"),
        (FIXED, {"network": "none"}, "ip: with its subnet is set by cloud-init: give cloud_init, with network: auto"),
        ({**FIXED, "ip": "192.0.2.300/24"}, {}, "ip: '192.0.2.300/24' is not"),
        ({**FIXED, "ip": "192.0.2.255/24"}, {}, "ip: '192.0.2.255/24' is not a host of 192.0.2.0/24"),
        ({"network": "lan", "ip": "10.7.0.11/24"}, {}, "ip: network 'lan' has DHCP for it: write 10.7.0.11, without"),
        ({"bridge": "br0", "gateway": "192.0.2.1"}, {}, "gateway: goes with an ip that has its subnet"),
        ({"network": "lan", "ip": "10.7.0.11", "nameservers": []}, {}, "nameservers: goes with an ip"),
    ],
)
def test_an_address_that_cloud_init_cannot_set(card: dict[str, Any], cloud: Any, said: str) -> None:
    (line,) = problems({**guest("web01", card), **({} if cloud is None else {"cloud_init": cloud})})
    assert line.startswith(f"guest web01: interfaces[0].{said}")


@pytest.mark.parametrize(
    ("ip", "gateway", "said"),
    [
        ("192.0.2.21/24", "192.0.2.1", None),
        ("192.0.2.21/24", "192.0.3.1", "192.0.3.1 is outside of 192.0.2.0/24, the subnet of ip, so the guest"),
        (
            "192.0.2.21/32",
            "192.0.2.1",
            "192.0.2.1 is outside of 192.0.2.21/32, the subnet of ip, so the guest does not reach it: see both; where"
            " it is meant so, take ip and gateway out of the interface, and write cloud_init.network as a dictionary",
        ),
        ("192.0.2.21/24", "192.0.2.21", "192.0.2.21 is the address of the guest itself: write that of its router"),
        ("192.0.2.21/24", "fe80::1", "fe80::1 is outside of 192.0.2.0/24, the subnet of ip"),
        ("2001:db8::21/64", "fe80::1", None),
        ("2001:db8::21/64", "fe80::1%eth0", "'fe80::1%eth0' has a zone, which names a device: write the address"),
        ("2001:db8::21/64", "2001:db8::", None),
        ("192.0.2.21/24", "192.0.2.0", "192.0.2.0 is the first address of 192.0.2.0/24, which stands for the subnet"),
        ("192.0.2.21/24", "192.0.2.255", "192.0.2.255 is the broadcast address of 192.0.2.0/24, and no router can"),
        ("192.0.2.20/31", "192.0.2.21", None),
        ("2001:db8::21/64", "2001:db8:1::1", "2001:db8:1::1 is outside of 2001:db8::/64, the subnet of ip"),
    ],
)
def test_the_gateway_of_an_address(ip: str, gateway: str, said: str | None) -> None:
    found = problems({**guest("web01", {"bridge": "br0", "ip": ip, "gateway": gateway}), "cloud_init": {}})
    assert len(found) == (said is not None)
    assert all(line.startswith(f"guest web01: interfaces[0].gateway: {said}") for line in found)


def test_a_gateway_that_is_none_is_told_once() -> None:
    (line,) = problems({**guest("web01", {**FIXED, "gateway": "192.0.2"}), "cloud_init": {}})
    assert line == "guest web01: cloud_init.addresses[0].gateway: a string is not an IP address"
