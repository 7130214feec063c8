# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of a guest is that of its first disk: the short form is the long one, or it is refused with the reason."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import short_image
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN

SHORT: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    ({}, [{"image": "noble"}]),
    ({"disks": [{"size": "20GiB"}]}, [{"size": "20GiB", "image": "noble"}]),
    ({"disks": [{}]}, [{"image": "noble"}]),
    ({"disks": [{"bus": "scsi"}, {"size": "1GiB"}]}, [{"bus": "scsi", "image": "noble"}, {"size": "1GiB"}]),
    ({"disks": [{"volume": "root", "size": "1GiB"}]}, [{"volume": "root", "size": "1GiB", "image": "noble"}]),
    ({"disks": [{"image": "noble"}]}, [{"image": "noble"}]),
    ({"disks": [{"volume": "root", "image": "noble"}]}, [{"volume": "root", "image": "noble"}]),
    (
        {"disks": [{"device": "cdrom", "file": "/x.iso"}, {"size": "1GiB"}]},
        [{"device": "cdrom", "file": "/x.iso"}, {"size": "1GiB", "image": "noble"}],
    ),
]


@pytest.mark.parametrize(("given", "disks"), SHORT)
def test_the_short_form_is_the_long_one(given: dict[str, Any], disks: list[dict[str, Any]]) -> None:
    guest = {"name": "web", "memory": "1GiB"}
    short, long = {**guest, "image": "noble", **given}, {**guest, "disks": disks}
    before = copy.deepcopy(short)
    assert short_image.for_new_only(DOMAIN.parse([short]), ()) == DOMAIN.parse([long])
    assert DOMAIN.written_out(short) == long
    assert short == before


def test_without_disks_it_is_for_a_new_guest_only() -> None:
    short = DOMAIN.parse([{"name": "web", "image": "noble"}, {"name": "db", "image": "noble", "disks": [{}]}])
    told = short_image.for_new_only(short, ("web", "db"))
    assert told == DOMAIN.parse([{"name": "web"}, {"name": "db", "disks": [{"image": "noble"}]}])
    assert short_image.beside_disks({"name": "web", "image": "noble"}) == {"name": "web", "image": "noble"}
    assert short_image.beside_disks({"image": "noble", "disks": [{}]}) == {"disks": [{"image": "noble"}]}


@pytest.mark.parametrize("disks", [None, [{"size": "1GiB"}]])
def test_null_is_no_image(disks: Any) -> None:
    given = {"name": "web", "image": None, "disks": disks}
    assert DOMAIN.parse([given]) == DOMAIN.parse([{"name": "web", "disks": disks}])
    assert DOMAIN.written_out(given) == {"name": "web", "disks": disks}


@pytest.mark.parametrize(
    ("disks", "why"),
    [
        (None, "is for the first disk, and disks is empty: add a disk with its size, or leave disks out"),
        ([], "is for the first disk, and disks is empty: add a disk with its size, or leave disks out"),
        (
            [{"device": "cdrom", "file": "/x.iso"}],
            "is for the first disk, and disks has drives for CD-ROMs and floppy disks only: add a disk with its size,"
            " or leave disks out",
        ),
        (
            [{"image": "trixie"}],
            "is for the first disk, and disks[0] has another image: write one of the two",
        ),
        *(
            (
                [{option: "x" if option == "backing" else "/x"}, {"size": "1GiB"}],
                f"is for the first disk, and disks[0].{option} says what that is on: leave image out, or put the new"
                " disk first",
            )
            for option in ("file", "block", "dir", "backing")
        ),
        (
            [{"device": "cdrom", "file": "/x.iso"}, {"volume": "old"}],
            "is for the first disk, and disks[1].volume says what that is on: leave image out, or put the new disk"
            " first",
        ),
    ],
)
def test_an_image_that_is_for_no_disk_is_refused(disks: list[dict[str, Any]] | None, why: str) -> None:
    given = {"name": "web", "image": "noble", "disks": disks}
    _item, problems = DOMAIN.parse_item(given)
    assert f"image: {why}" in [str(problem) for problem in problems]
    assert DOMAIN.written_out(given) == given


@pytest.mark.parametrize("image", ["", ["noble"], {"name": "noble"}])
def test_what_is_no_image_is_said_of_the_option(image: Any) -> None:
    _item, problems = DOMAIN.parse_item({"name": "web", "image": image})
    assert [problem.where for problem in problems] == ["image"]


@pytest.mark.parametrize("disks", ["vda", {"size": "1GiB"}, ["vda"], [["x"]]])
def test_what_are_no_disks_is_said_of_the_disks(disks: Any) -> None:
    _item, problems = DOMAIN.parse_item({"name": "web", "image": "noble", "disks": disks})
    assert problems
    assert all(problem.where.startswith("disks") for problem in problems)
    DOMAIN.written_out({"name": "web", "image": "noble", "disks": disks})
