# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest of a scenario that nobody could reach is refused before anything is removed."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.scenario import Checkout, Scenario

PLACE = Checkout("/home/kim/.ansible/tmp/molecule.x.default", "/home/kim/role", "default", "1" * 32)
KEY = "ssh-ed25519 AAAA molecule"
WEB = {"name": "web", "image": "debian-13"}
MAC = "52:54:00:00:00:01"
BOTH: list[dict[str, t.Any] | None] = [None, {}]
"""The free ports: with the libvirt of the system, and with that of a user."""


def made(ports: dict[str, t.Any] | None = None, **options: t.Any) -> dict[str, t.Any]:
    (guest,) = Scenario(PLACE, {"kvm_guests": [{**WEB, **options}]}, KEY, ports=ports).for_playbooks()["guests"]
    return t.cast(dict[str, t.Any], guest)


@pytest.mark.parametrize("ports", BOTH)
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"interfaces": None}, "interfaces: a guest without a network card is not reached"),
        ({"interfaces": []}, "interfaces: a guest without a network card is not reached"),
        ({"interfaces": "default"}, "is not a list of network cards"),
        ({"interfaces": {"type": "user"}}, "is not a list of network cards"),
        ({"interfaces": [7]}, "is no network card"),
        ({"interfaces": [{"type": "user", "mac": "zz"}]}, "interfaces[0].mac: "),
        (
            {"interfaces": [{"type": "user", "mac": MAC}, {"type": "user", "mac": MAC.replace(":", "-")}]},
            "interfaces[1].mac: ",
        ),
        ({"interfaces": [{"type": "user"}, {"bridge": "br0", "ip": "192.0.2.21/24"}]}, "interfaces[1].ip: guests of a"),
        ({"interfaces": [{"type": "user", "gateway": "192.0.2.1"}]}, "interfaces[0].gateway: guests of a scenario get"),
        ({"interfaces": [{"type": "user", "nameservers": ["192.0.2.1"]}]}, "interfaces[0].nameservers: guests of a"),
        ({"cloud_init": {"user_data": {"users": [{"name": "x"}]}}}, "cloud_init.user_data.users: takes the place of"),
        ({"user": "kim", "cloud_init": {"user_data": {"users": ["default"]}}}, "cloud_init.user_data.users: takes the"),
        ({"cloud_init": {"user_data": {"user": {"name": "x"}}}}, "cloud_init.user_data.user: makes the image's own"),
        (
            {"cloud_init": {"user_data": {"system_info": {"default_user": {"name": "x"}}}}},
            "cloud_init.user_data.system_info: makes the image's own user another one",
        ),
        ({"disks": "20GiB"}, "disks: is no list of disks"),
        ({"memroy": "1GiB"}, "guest web: memroy"),
        ({"vcpus": "many"}, "guest web: vcpus"),
    ],
)
def test_what_is_refused_at_once(ports: dict[str, t.Any] | None, options: dict[str, t.Any], said: str) -> None:
    with pytest.raises(VirtfleetError) as error:
        made(ports, **options)
    assert said in str(error.value)


@pytest.mark.parametrize("user", ["debian", "root", "kim"])
def test_the_key_of_the_scenario_is_among_those_of_user_data(user: str) -> None:
    seed = made(user=user, cloud_init={"user_data": {"ssh_authorized_keys": ["ssh-rsa BBBB mine"], "locale": "C"}})[
        "config"
    ]
    data = seed["cloud_init"]["user_data"]
    assert data["ssh_authorized_keys"] == [KEY, "ssh-rsa BBBB mine"]
    assert data["locale"] == "C"


def test_users_of_user_data_beside_the_images_own() -> None:
    users = ["default", {"name": "x"}]
    seed = made(cloud_init={"user_data": {"users": users, "system_info": {}}})["config"]["cloud_init"]
    assert seed == {"user_data": {"users": users, "system_info": {}}, "ssh_authorized_keys": [KEY]}


def test_no_users_means_that_of_the_image() -> None:
    assert "users" not in made(cloud_init={"users": []})["config"]["cloud_init"]
