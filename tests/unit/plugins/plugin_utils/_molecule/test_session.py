# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests of an ordinary user have a network of that user, and a port by which they are reached."""

from __future__ import annotations

import ipaddress
import typing as t
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule import session
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.scenario import Checkout, Scenario
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.session import loopback, may_sudo, pool_of, uri_of

PLACE = Checkout("/home/kim/.ansible/tmp/molecule.x.default", "/home/kim/role", "default", "1" * 32)
KEY = "ssh-ed25519 AAAA molecule"
WEB = {"name": "web", "image": "debian-13"}
SYSTEM, SESSION = "qemu:///system", "qemu:///session"


def made(ports: dict[str, t.Any] | None = None, **options: t.Any) -> dict[str, t.Any]:
    """What the kit makes of one guest."""
    told = Scenario(PLACE, {"kvm_guests": [{**WEB, **options}]}, KEY, ports=ports or {}).for_playbooks()
    (guest,) = told["guests"]
    assert told["networks"] == []
    assert told["forwards"] == [guest["forward"]["address"]]
    assert DOMAIN.parse_item(guest["config"])[1] == []
    return t.cast(dict[str, t.Any], guest)


def refused(ports: dict[str, t.Any] | None = None, **options: t.Any) -> str:
    with pytest.raises(VirtfleetError) as error:
        made(ports, **options)
    return str(error.value)


def sudo(folder: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    (folder / "sudo").write_text(f"#!/bin/sh\n[ \"$*\" = '--non-interactive true' ] && exit {code}\nexit 9\n")
    (folder / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_the_libvirt_of_a_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sudo(tmp_path, monkeypatch, 1)
    assert uri_of(None, remote=False, root=False) == SESSION
    assert uri_of(None, remote=True, root=False) == SYSTEM
    assert uri_of("", remote=False, root=True) == SYSTEM
    assert uri_of(SYSTEM, remote=False, root=False) == SYSTEM
    assert uri_of(SESSION, remote=True, root=True) == SESSION
    sudo(tmp_path, monkeypatch, 0)
    assert uri_of(None, remote=False, root=False) == SYSTEM
    with pytest.raises(VirtfleetError, match="molecule_kvm_uri: 'test:///default' is neither qemu:///system nor"):
        uri_of("test:///default", remote=False, root=True)


def test_sudo_that_is_not_there_or_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not may_sudo()

    def hangs(*_words: object, **_options: object) -> t.NoReturn:
        raise session.subprocess.TimeoutExpired("sudo", 20)

    monkeypatch.setattr(session.subprocess, "run", hangs)
    assert not may_sudo()


def test_each_guest_has_an_address_of_its_own() -> None:
    found = {loopback(f"{name}-{place:08x}") for name in ("web", "db") for place in range(500)}
    assert len(found) == 1000
    for address in map(ipaddress.ip_address, found):
        assert address.is_loopback
        assert address not in (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("127.0.0.53"))


def test_a_guest_of_one_line() -> None:
    """QEMU itself runs its card, with no program and no newer libvirt; and nobody can wait for a lease."""
    guest = made()
    config = guest["config"]
    assert config["interfaces"] == []
    assert "wait_for" not in config
    assert "wait_timeout" not in config
    netdev, device = config["qemu"]["args"][1::2]
    assert netdev == f"user,id=molecule,hostfwd=tcp:{guest['forward']['address']}:2222-:22"
    card = config["cloud_init"]["network"]["ethernets"]["eth0"]
    assert device == f"virtio-net-pci,netdev=molecule,mac={card['match']['macaddress']},addr=0x1e"
    assert card["dhcp4"]


def test_the_port_that_was_free() -> None:
    address = made()["forward"]["address"]
    guest = made({address: 2225})
    assert guest["forward"] == {"address": address, "port": 2225}
    assert f"{address}:2225-:22" in guest["config"]["qemu"]["args"][1]
    for ports in ({"127.0.0.1": 2222}, {address: "x"}, {address: True}, {address: 70000}):
        assert "guest web: there is no free port at 127." in refused(ports)


def test_a_card_by_passt() -> None:
    card = {
        "type": "user",
        "backend": {"type": "passt"},
        "port_forwards": [{"proto": "tcp", "ranges": [{"start": 80}]}],
    }
    guest = made(interfaces=[card])
    (found,) = guest["config"]["interfaces"]
    mine = {"address": guest["forward"]["address"], "proto": "tcp", "ranges": [{"start": 2222, "to": 22}]}
    assert found["port_forwards"] == [*card["port_forwards"], mine]
    assert "qemu" not in guest["config"]


def test_cards_beside_that_of_the_user() -> None:
    cards = [{"type": "bridge", "bridge": "br0", "mac": "52:54:00:00:00:01"}, {"type": "user", "model": "e1000e"}]
    guest = made(interfaces=cards, qemu={"args": ["-no-shutdown"]})
    assert [card["type"] for card in guest["config"]["interfaces"]] == ["bridge"]
    args = guest["config"]["qemu"]["args"]
    assert (args[0], args[4].partition(",")[0]) == ("-no-shutdown", "e1000e")
    seed = guest["config"]["cloud_init"]["network"]["ethernets"]
    assert seed["eth1"]["match"]["macaddress"] == "52:54:00:00:00:01"


def test_a_card_whose_address_is_null_gets_one() -> None:
    args = made(interfaces=[{"type": "user", "mac": None, "backend": {"type": "default"}}])["config"]["qemu"]["args"]
    assert "mac=52:54:00:" in args[3]


def test_the_network_that_somebody_has_declared_for_cloud_init() -> None:
    mine = {"version": 2, "ethernets": {"eth0": {"dhcp6": True}}}
    assert made(cloud_init={"network": mine})["config"]["cloud_init"]["network"] == mine


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"interfaces": [{"network": "default"}]}, "interfaces: with qemu:///session, guests are reached by a card of"),
        ({"interfaces": [{"type": "user", "mac": "zz"}]}, "interfaces[0].mac: "),
        (
            {"interfaces": [{"type": "user", "backend": "passt"}]},
            "is none for a card of the type user; write {type",
        ),
        ({"interfaces": [{"type": "user", "backend": {"type": "vhost"}}]}, "write {type: passt}, or leave it out"),
        (
            {
                "interfaces": [{"type": "user"}, {"bridge": "br0", "mac": "52:54:00:00:00:01"}],
                "cloud_init": {"addresses": [{"mac": "52:54:00:00:00:01", "address": "192.0.2.21/24"}]},
            },
            "cloud_init.addresses: with qemu:///session, they go with a card that passt runs",
        ),
        ({"interfaces": [{"type": "user", "mtu": 1400}]}, "takes mac and model, and not mtu, unless passt runs it"),
        ({"interfaces": [{"type": "user", "model": "virtio,x"}]}, "interfaces: model: "),
        ({"interfaces": [{"type": "user", "mac": "a,b"}]}, "interfaces[0].mac: "),
        ({"qemu": {"args": "-x"}}, "qemu: is no dictionary of options, with args as a list"),
    ],
)
def test_what_cannot_be_had(options: dict[str, t.Any], said: str) -> None:
    assert said in refused(**options)


def test_the_folder_of_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pool_of("/home/kim") == "/home/kim/.local/share/libvirt/virtfleet-molecule"
    monkeypatch.setenv("HOME", "/home/ann")
    assert pool_of("") == "/home/ann/.local/share/libvirt/virtfleet-molecule"
