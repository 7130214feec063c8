# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scenario of molecule declares becomes guests that no other scenario, checkout or machine can meet."""

from __future__ import annotations

import os
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.table import IMAGES
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule import scenario as molecule
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.scenario import (
    Checkout,
    Scenario,
    machine_of,
    place_of,
)

PLACE = Checkout("/home/kim/.ansible/tmp/molecule.x.default", "/home/kim/role", "default", "1" * 32)
KEY = "ssh-ed25519 AAAA molecule"
OTHERS = ["ssh-ed25519 AAAABBBB one", "ssh-ed25519 AAAACCCC two"]


def told(*guests: t.Any, **variables: t.Any) -> dict[str, t.Any]:
    return Scenario(PLACE, {"kvm_guests": list(guests), **variables}, KEY).for_playbooks()


def config(guest: dict[str, t.Any], **variables: t.Any) -> dict[str, t.Any]:
    """What the module domains makes of one guest."""
    (found,) = told(guest, **variables)["guests"]
    return t.cast(dict[str, t.Any], found["config"])


def refused(*guests: t.Any, **variables: t.Any) -> str:
    with pytest.raises(VirtfleetError) as error:
        told(*guests, **variables)
    return str(error.value)


WEB = {"name": "web", "image": "debian-13"}


def test_a_guest_of_one_line() -> None:
    (guest,) = told({**WEB, "memory": "2GiB", "groups": ["front"]})["guests"]
    name = f"web-{PLACE.digest}"
    assert (guest["name"], guest["domain"], guest["user"]) == ("web", name, "debian")
    assert guest["groups"] == ["molecule", "front"]
    assert guest["snapshot"] == {"name": "clean", "domain": name}
    assert guest["config"] == {
        "name": name,
        "memory": "2GiB",
        "interfaces": [{"network": "default", "mac": guest["config"]["interfaces"][0]["mac"]}],
        "description": "made by molecule for /home/kim/role, scenario default",
        "disks": [{"image": "debian-13", "pool": "virtfleet-molecule"}],
        "cloud_init": {"ssh_authorized_keys": [KEY]},
        "state": "running",
        "wait_for": "address",
        "wait_timeout": 600,
    }


@pytest.mark.parametrize(
    "guest",
    [
        WEB,
        {**WEB, "user": "root"},
        {**WEB, "disks": [{"size": "20GiB"}, {"size": "1GiB"}], "cloud_init": {"packages": ["vim"]}},
        {"name": "own", "disks": [{"size": "20GiB", "image": "debian-12"}], "user": "kim"},
    ],
)
def test_the_modules_take_what_is_made(guest: dict[str, t.Any]) -> None:
    found = told(guest)
    for one in found["guests"]:
        assert DOMAIN.parse_item(one["config"])[1] == []
    for image in found["images"]:
        assert IMAGES.parse_item(image)[1] == []


def test_only_images_that_guests_have_are_told() -> None:
    assert told(WEB)["images"] == [
        {"mode": "overlay", "pool": "virtfleet-molecule", "name": "debian-13", "debian": 13},
    ]
    mine = {"name": "debian-13", "path": "/srv/mine.qcow2", "mode": "copy"}
    found = told(WEB, kvm_images=[mine, {"name": "other", "path": "/srv/other"}])
    assert found["images"] == [{"pool": "virtfleet-molecule", **mine}]
    assert [guest["user"] for guest in found["guests"]] == ["molecule"]


def test_the_disks_of_a_guest_stay_and_the_new_ones_are_in_the_pool() -> None:
    made = config({**WEB, "disks": [{"size": "20GiB"}, {"file": "/srv/data"}, {"size": "1GiB", "pool": "fast"}]})
    assert made["disks"] == [
        {"size": "20GiB", "image": "debian-13", "pool": "virtfleet-molecule"},
        {"file": "/srv/data"},
        {"size": "1GiB", "pool": "fast"},
    ]
    assert "image" not in made


def test_defaults_and_profiles_are_laid_under_the_guests() -> None:
    variables = {
        "kvm_guest_defaults": {"memory": "3GiB", "vcpus": 2, "cloud_init": {"timezone": "UTC"}},
        "kvm_guest_profiles": {"large": {"memory": "8GiB"}},
    }
    made = config({**WEB, "profile": "large"}, **variables)
    assert (made["memory"], made["vcpus"], made["cloud_init"]["timezone"]) == ("8GiB", 2, "UTC")
    assert config({**WEB, "defaults": False}, **variables)["memory"] == "1GiB"
    assert "did you mean 'large'?" in refused({**WEB, "profile": "larg"}, **variables)
    assert "did you mean 'memory'?" in refused(WEB, kvm_guest_defaults={"memroy": "1GiB"})


@pytest.mark.parametrize(
    ("guest", "user", "users"),
    [
        (WEB, "debian", None),
        ({**WEB, "image": "ubuntu-24.04"}, "ubuntu", None),
        ({**WEB, "user": "debian"}, "debian", None),
        ({**WEB, "image": "https://example.com/x.qcow2"}, "molecule", ["default", "molecule"]),
        ({**WEB, "cloud_init": {"users": [{"name": "kim"}]}}, "molecule", ["kim", "molecule"]),
        ({**WEB, "user": "kim", "cloud_init": {"users": [{"name": "kim", "uid": 7}]}}, "kim", ["kim"]),
        ({**WEB, "user": "root"}, "root", ["default", "root"]),
    ],
)
def test_who_logs_in(guest: dict[str, t.Any], user: str, users: list[str] | None) -> None:
    (found,) = told(guest)["guests"]
    seed = found["config"]["cloud_init"]
    assert found["user"] == user
    made = [one if isinstance(one, str) else one["name"] for one in seed["users"]] if users else None
    assert made == users
    if users:
        assert KEY in seed["users"][-1]["ssh_authorized_keys"]
    assert (seed.get("user_data") == {"disable_root": False}) == (user == "root")


def test_options_of_a_user_and_keys_of_others_stay() -> None:
    seed = {"users": [{"name": "kim", "uid": 7, "ssh_authorized_keys": [OTHERS[1]]}], "ssh_authorized_keys": OTHERS[:1]}
    made = config({**WEB, "user": "kim", "cloud_init": seed})["cloud_init"]
    assert made["ssh_authorized_keys"] == [KEY, OTHERS[0]]
    assert (made["users"][0]["uid"], made["users"][0]["ssh_authorized_keys"]) == (7, [KEY, OTHERS[1]])
    assert config(WEB, molecule_user="ops")["cloud_init"]["users"][1]["name"] == "ops"


def test_a_guest_made_anew_has_no_lease_of_the_old_one() -> None:
    """Not even if it is on several networks; but what is declared stays."""
    cards = ["default", {"network": "lan", "mac": "52:54:00:aa:00:01"}, "default"]
    first, again = (
        Scenario(PLACE, {"kvm_guests": [{**WEB, "interfaces": cards}, {**WEB, "name": "db"}]}, key).for_playbooks()[
            "guests"
        ]
        for key in OTHERS
    )
    macs = [[card["mac"] for guest in guests for card in guest["config"]["interfaces"]] for guests in (first, again)]
    assert macs[0][1] == macs[1][1] == "52:54:00:aa:00:01"
    assert len({*macs[0], *macs[1]}) == 7
    assert all(re.fullmatch("52:54:00(:[0-9a-f]{2}){3}", mac) for mac in (*macs[0], *macs[1]))


def test_a_network_of_its_own_is_not_started() -> None:
    assert told(WEB)["networks"] == [{"name": "default", "state": "active"}]
    assert told({**WEB, "interfaces": ["lan"]})["networks"] == []
    assert told({**WEB, "interfaces": ["default", {"network": "lan"}]})["networks"] != []


@pytest.mark.parametrize(
    ("guests", "words"),
    [
        ([], "scenario default has no guests: write kvm_guests"),
        ([WEB, WEB], "guest web: is declared twice"),
        ([{"name": "a b", "image": "debian-13"}], "use letters, digits and hyphens"),
        ([{"name": "web"}], "image: write one of debian-12, debian-13"),
        ([{**WEB, "host": "kvm01"}], "are all on the host of molecule_kvm_host"),
        ([{**WEB, "state": "stopped"}], "the guests of a scenario run"),
        ([{**WEB, "clone_of": "a"}], "guests of a scenario begin as images"),
        ([{**WEB, "groups": "front"}], "is not a list of names of groups"),
        ([{**WEB, "groups": ["a-b"]}], "use letters, digits and _"),
        ([{**WEB, "cloud_init": None}], "so it has to be a dictionary"),
        (
            [{**WEB, "cloud_init": {"user_data": "#!/bin/sh"}}],
            "or its user, comes by it; write a dictionary",
        ),
        ([{**WEB, "disks": [{"file": "/srv/a"}]}], "says what that is on"),
        (
            [{"name": "web", "image": "debain-13"}],
            "disks[0].image: 'debain-13' is in neither kvm_images nor",
        ),
        ([{"name": "web", "image": "debain-13"}], "did you mean 'debian-13'?"),
        ([{"name": "web", "disks": [{"file": "/srv/a"}, {"size": "1GiB", "image": "x"}]}], "disks[1].image: 'x' is in"),
        ([{"name": "web", "disks": [{"size": "1GiB"}]}], "nothing boots: write image: debian-12 beside disks"),
    ],
)
def test_what_cannot_be_a_scenario_is_said(guests: list[t.Any], words: str) -> None:
    assert words in refused(*guests)


def test_lists_that_are_none() -> None:
    with pytest.raises(VirtfleetError, match=r"kvm_guests: .* is not a list of guests"):
        Scenario(PLACE, {"kvm_guests": "web"}).for_playbooks()
    assert "kvm_images: a string is not a list of images" in refused(WEB, kvm_images="x")
    assert "is not a dictionary of options" in refused(WEB, kvm_guest_defaults=["x"])


def test_all_that_is_wrong_is_said_at_once() -> None:
    said = refused({"name": "web"}, {"name": "db", "image": "debian-13", "host": "kvm01"})
    assert [line.split(":")[0] for line in said.splitlines()] == ["guest web", "guest db"]


def test_another_checkout_machine_or_folder_has_other_names() -> None:
    places = [
        PLACE,
        PLACE._replace(project="/home/kim/other/role"),
        PLACE._replace(folder="/home/kim/.ansible/tmp/molecule.x.second"),
        PLACE._replace(machine="2" * 32),
    ]
    assert len({place.digest for place in places}) == len(places)
    assert len({place.mark for place in places}) == len(places)


def test_scenarios_that_share_their_state_share_their_guests() -> None:
    assert PLACE._replace(scenario="second").digest == PLACE.digest


def test_a_link_to_the_checkout_is_the_checkout(tmp_path: Path) -> None:
    (tmp_path / "role").mkdir()
    (tmp_path / "link").symlink_to("role")
    there, linked = (PLACE._replace(project=str(tmp_path / name)) for name in ("role", "link"))
    assert there.digest == linked.digest


def test_a_mark_is_a_label() -> None:
    place = PLACE._replace(project="/home/kim/" + "x" * 90 + " of kim")
    assert place.mark.startswith("molecule/xxx")
    assert place.mark.endswith(f"x-of-kim/{place.digest}")
    assert len(place.mark) <= 64


def test_molecule_has_to_run_the_playbook() -> None:
    environment = {molecule.FOLDER: "/f", molecule.SCENARIO: "default", molecule.PROJECT: "/p"}
    assert place_of(environment, "job 7") == Checkout("/f", "/p", "default", "job 7")
    assert place_of(environment).machine == machine_of()
    for name in environment:
        with pytest.raises(VirtfleetError, match=f"molecule has not set {name}"):
            place_of({**environment, name: ""})


def test_a_container_has_no_machine_id(tmp_path: Path) -> None:
    path = tmp_path / "machine-id"
    assert machine_of(str(path)) == os.uname().nodename
    for text in ("", "uninitialized\n"):
        path.write_text(text, encoding="utf-8")
        assert machine_of(str(path)) == os.uname().nodename


def test_machines_of_one_image_have_one_machine_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "machine-id"
    path.write_text("5b1f6c0d2a9e4c64a7d5f0c1a2b3c4d5\n", encoding="utf-8")
    assert machine_of(str(path)) == f"5b1f6c0d2a9e4c64a7d5f0c1a2b3c4d5 {os.uname().nodename}"
    there = os.uname_result(("Linux", "elsewhere", "6.1", "#1", "x86_64"))
    monkeypatch.setattr(os, "uname", lambda: there)
    assert machine_of(str(path)) == "5b1f6c0d2a9e4c64a7d5f0c1a2b3c4d5 elsewhere"


def test_one_key_need_not_be_a_list() -> None:
    assert config({**WEB, "cloud_init": {"ssh_authorized_keys": "ssh-rsa AAAABBBB"}})["cloud_init"] == {
        "ssh_authorized_keys": [KEY, "ssh-rsa AAAABBBB"]
    }


@pytest.mark.parametrize("user", ["a\n  ProxyCommand touch /tmp/x", "a b", "-l", 7, ["kim"], "x" * 33])
def test_a_user_is_a_name(user: t.Any) -> None:
    assert "user: " in refused({**WEB, "user": user})
    assert "is no name of a user, such as debian" in refused(WEB, molecule_user=user)


@pytest.mark.parametrize("seconds", ["soon", -1, "1.5", {"a": 1}, pytest.param(10**5000, id="long")])
def test_a_time_is_a_number_of_seconds(seconds: t.Any) -> None:
    assert "is no number of seconds" in refused(WEB, molecule_timeout=seconds)
    assert config(WEB, molecule_timeout="90")["wait_timeout"] == 90


def test_an_image_that_is_named_like_a_number_is_made() -> None:
    images = [{"name": "24.04", "ubuntu": "24.04"}, {"name": 12, "debian": "12"}]
    for image, user in ((24.04, "ubuntu"), ("24.04", "ubuntu"), (12, "debian")):
        found = told({"name": "web", "image": image}, kvm_images=images)
        assert [one["name"] for one in found["images"]] == [str(image)]
        assert [one["user"] for one in found["guests"]] == [user]


def test_a_disk_laid_over_a_volume_has_something_to_boot() -> None:
    assert config({"name": "web", "disks": [{"backing": "default/golden.qcow2"}]})["disks"]


def test_an_image_without_a_name_is_refused() -> None:
    assert "kvm_images[1]: write a name" in refused(WEB, kvm_images=[{"name": "a", "path": "/a"}, {"path": "/b"}])
