# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of images, held against what each host declares."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import check, doubts, uses

IMAGE = {"name": "debian-13", "url": "https://example.com/debian.qcow2"}
OVERLAY = {"name": "ubuntu", "path": "/srv/u.qcow2", "mode": "overlay"}


def problems(
    disk: dict[str, Any], images: Any = (IMAGE, OVERLAY), volumes: Any = (), guest: dict[str, Any] | None = None
) -> list[str]:
    guests = [{"name": "web", "host": "kvm01", "memory": "1GiB", "disks": [disk], **(guest or {})}]
    values = {"kvm_guests": guests, "kvm_images": None if images is None else list(images)}
    return check.problems(["kvm01"], {"kvm01": {**values, "kvm_volumes": list(volumes)}})


@pytest.mark.parametrize(
    "disk",
    [
        {"size": "1GiB", "image": "debian-13"},
        {"image": "ubuntu", "format": "qcow2"},
        {"image": "old", "pool": "p"},
        {"image": "default/debain-13"},
        {"image": "https://example.com/x"},
        {"image": "/srv/x"},
        {"size": "1GiB"},
    ],
)
def test_what_is_declared_is_right(disk: dict[str, Any]) -> None:
    assert problems(disk, volumes=[{"name": "old", "pool": "p", "capacity": "1GiB"}]) == []


def test_without_images_a_name_is_that_of_a_volume() -> None:
    assert problems({"image": "debian-13"}, images=None) == []
    assert problems({"image": "debain-13"}, guest={"state": "absent"}) == []


@pytest.mark.parametrize(
    ("disk", "words"),
    [
        (
            {"image": "debain-13"},
            "disks[0].image: 'debain-13' is in neither kvm_images nor kvm_volumes; did you mean 'debian-13'? A volume"
            " that nobody declares is written as default/debain-13",
        ),
        (
            {"image": 5},
            "disks[0].image: '5' is in neither kvm_images nor kvm_volumes; there are: debian-13, ubuntu. A volume that"
            " nobody declares is written as default/5",
        ),
        (
            {"image": "fedora", "pool": "p"},
            "disks[0].image: 'fedora' is in neither kvm_images nor kvm_volumes; there are: debian-13, ubuntu. A volume"
            " that nobody declares is written as p/fedora",
        ),
        (
            {"image": "ubuntu", "format": "raw"},
            "disks[0].format: only a qcow2 can be laid over the image ubuntu (mode: overlay): leave it out",
        ),
        ({"image": "debian-13", "checksum": f"sha256:{'0' * 64}"}, "disks[0].checksum: goes with an image that is an"),
    ],
)
def test_a_disk_of_another_image_is_refused(disk: dict[str, Any], words: str) -> None:
    (told,) = problems(disk)
    assert told.startswith(f"guest web: {words}")


def test_a_name_means_one_thing() -> None:
    (told,) = problems({"image": "ubuntu"}, volumes=[{"name": "ubuntu", "capacity": "1GiB"}])
    assert "is both in kvm_images and in kvm_volumes: write default/ubuntu for the volume" in told


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        ({"image": "debain-13"}, "image: 'debain-13' is not in kvm_images, and no URL or path from the root; did you"),
        ({"image": "x"}, "there are: debian-13, ubuntu; a volume is named in clone_from"),
        ({"image": "debian-13", "checksum": f"sha256:{'0' * 64}"}, "checksum: goes with image that is an URL"),
        ({"image": "debian-13", "encryption": {"format": "luks"}}, "encryption: does not go with image"),
        ({"image": "ubuntu", "format": "raw"}, "format: only a qcow2 can be laid over the image"),
    ],
)
def test_a_volume_of_another_image_is_refused(volume: dict[str, Any], words: str) -> None:
    told = problems({"size": "1GiB"}, volumes=[{"name": "v", **volume}])
    assert words in told[0]


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ({"name": "a"}, "give one of url, path, debian, ubuntu"),
        ({"name": "a", "url": "https://h/x", "path": "/x"}, "give only one of url, path, debian, ubuntu"),
        ({"name": "a", "url": "/x"}, "url: is no URL that starts with http:// or https://"),
        ({"name": "a", "url": "file:///x"}, "url: is no URL that starts with http:// or https://"),
        ({"name": "a", "path": "x"}, "path: "),
        ({"name": "a", "path": "/x", "image_timeout": 5}, "image_timeout: goes with an image that is fetched"),
        ({"name": "a", "path": "/x", "mode": "link"}, "mode: "),
        ({"name": "a", "path": "/x", "state": "absent"}, "state: no such option"),
        ({"name": "a/b", "path": "/x"}, "is not a safe name"),
        ({"name": "a", "path": "/x", "checksum": "md5:1"}, "is not a checksum"),
        ({"path": "/x", "format": "raw"}, "name: is missing"),
        ("debian", "is not a dictionary of options"),
        (5, "is not a dictionary of options"),
        (None, "is not a dictionary of options"),
    ],
)
def test_a_wrong_image_is_refused_by_its_option(image: Any, words: str) -> None:
    told = problems({"size": "1GiB"}, images=[image])
    assert words in told[0]
    assert "host kvm01: image" in told[0] or "host kvm01: kvm_images[0]" in told[0]


def test_an_image_without_a_name_is_not_among_those_that_there_are() -> None:
    told = problems({"image": "x"}, images=[IMAGE, {"path": "/x", "format": "raw"}])
    assert "there are: debian-13. A volume" in told[1]


def test_the_list_is_a_list() -> None:
    for wrong in ("debian", {"name": "a"}, 7):
        values = {"kvm_guests": [{"name": "web", "host": "kvm01", "disks": [{"image": "debian"}]}], "kvm_images": wrong}
        (told,) = check.problems(["kvm01"], {"kvm01": values})
        assert "kvm_images: " in told
        assert "is not a list" in told
    (told,) = problems({"size": "1GiB"}, images=[IMAGE, IMAGE])
    assert "image debian-13: is declared more than once" in told


def test_a_declared_image_is_no_slip_of_a_volume() -> None:
    guests = [{"name": "web", "host": "kvm01", "disks": [{"image": "debian-13"}]}]
    values = {"kvm_guests": guests, "kvm_volumes": [{"name": "debian-13a"}], "kvm_images": [IMAGE]}
    assert doubts.doubts(["kvm01"], {"kvm01": values}) == []
    assert len(doubts.doubts(["kvm01"], {"kvm01": {**values, "kvm_images": None}})) == 1


def test_the_short_form_is_looked_at_as_the_long_one() -> None:
    short = {"name": "web", "host": "kvm01", "memory": "1GiB", "image": "debain-13"}
    variables = {"kvm01": {"kvm_guests": [short], "kvm_images": [IMAGE]}}
    (told,) = check.problems(["kvm01"], variables)
    assert told.startswith(
        "guest web: disks[0].image: 'debain-13' is in neither kvm_images nor kvm_volumes; did you mean 'debian-13'?"
    )
    short["image"] = "debian-13"
    assert check.problems(["kvm01"], variables) == []


def test_a_volume_that_the_short_form_names_is_used() -> None:
    guest = {"name": "web", "host": "kvm01", "image": "golden.qcow2"}
    assert "default/golden.qcow2" in uses.declared_uses([guest], "kvm01")["guest web"]["volumes"]


def test_a_role_sees_that_a_guest_of_an_image_needs_storage() -> None:
    guest = {"name": "web", "host": "kvm01", "image": "debian-13"}
    assert check.guests_on([guest], "kvm01") == [{"name": "web", "image": "debian-13"}]
    sized = {**guest, "disks": [{"size": "1GiB"}]}
    assert check.guests_on([sized], "kvm01") == [{"name": "web", "disks": [{"size": "1GiB", "image": "debian-13"}]}]
