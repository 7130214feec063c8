# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a volume is laid over, or copied from, is looked at where it is there by now, and not where it is to come."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import image_look
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.connection import LibvirtError

KEY = "images/disk.img"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """What is noted of volumes. The format of each is raw, or the declared one; one called bad is refused."""
    noted: dict[str, dict[str, str]] = {}

    def form(_key: str, _root: Any, declared: str | None) -> str:
        if declared == "bad":
            raise VirtfleetError("it is no bad")
        return declared or "raw"

    formats = SimpleNamespace(of=form, noted=SimpleNamespace(entries=noted))
    monkeypatch.setattr(image_look, "formats", lambda _site: formats)
    monkeypatch.setattr(
        image_look, "base_file", lambda _site, option, path, item: f"{option}: {path} as {item.get('format')}"
    )
    monkeypatch.setattr(image_look, "volume_source", lambda _formats, _volume, _found: f"of {KEY}")
    return noted


def site(local: bool = True, new: Any = (), coming: Any = ()) -> Any:
    """A host with the one volume."""

    def lookup(name: str, found: Any) -> Any:
        if name not in KEY.split("/"):
            raise LibvirtError("no such thing")
        return found

    volume = SimpleNamespace(path=lambda: "/there", XMLDesc=lambda: "<volume/>")
    pool = SimpleNamespace(storageVolLookupByName=lambda name: lookup(name, volume))
    return SimpleNamespace(
        local=local,
        new_volumes=set(new),
        forecast=SimpleNamespace(volumes=dict.fromkeys(coming)),
        connection=SimpleNamespace(storagePoolLookupByName=lambda name: lookup(name, pool)),
    )


def making(**item: Any) -> Any:
    return SimpleNamespace(pool="images", item=item)


BELOW = "backing: /there as raw"


@pytest.mark.parametrize(
    ("backing", "host", "told"),
    [
        (None, site(), None),
        ({}, site(), None),
        ({"path": "/p", "format": "raw"}, site(), "backing.path: /p as raw"),
        ({"path": "/p"}, site(), "backing.path: /p as None"),
        ({"path": "/p", "format": "raw"}, site(local=False), None),
        ({"volume": "disk.img"}, site(), BELOW),
        ({"volume": KEY}, site(), BELOW),
        ({"volume": KEY, "format": "qcow2"}, site(), "backing: /there as qcow2"),
        ({"volume": KEY, "format": "bad"}, site(), "backing: it is no bad"),
        ({"volume": "other/disk.img"}, site(), None),
        ({"volume": "images/other"}, site(), None),
        ({"volume": "disk.img"}, site(local=False), None),
        ({"volume": "disk.img"}, site(new=[KEY]), None),
        ({"volume": KEY}, site(new=[KEY]), None),
        ({"volume": "disk.img"}, site(new=["disk.img", "other/disk.img"]), BELOW),
        ({"volume": "disk.img"}, site(coming=[KEY]), None),
        ({"volume": "disk.img"}, site(local=False, new=[KEY]), None),
        ({"volume": "disk.img"}, site(new=["images/x"], coming=["images/x"]), BELOW),
        ({"path": "/p"}, site(new=[KEY], coming=[KEY]), "backing.path: /p as None"),
    ],
)
def test_a_base_is_looked_at(known: Any, backing: dict[str, str] | None, host: Any, told: str | None) -> None:
    assert image_look.base_problem(host, making(backing=backing)) == told
    assert image_look.base_problem(host, making()) is None


@pytest.mark.parametrize(
    ("noted", "told"),
    [
        ({KEY: {"base": "noble"}}, "backing: it is larger than 5"),
        ({KEY: {"base": ""}}, "backing: it is larger than 5"),
        ({KEY: {"identity": "1"}}, BELOW),
        ({"images/other": {"base": "noble"}}, BELOW),
        ({}, BELOW),
    ],
)
def test_only_over_a_base_image_a_volume_has_to_be_as_large(
    monkeypatch: pytest.MonkeyPatch, known: dict[str, dict[str, str]], noted: dict[str, dict[str, str]], told: str
) -> None:
    def refuse(key: str, _root: Any, form: str, asked: int) -> None:
        assert (key, form) == (KEY, "raw")
        raise VirtfleetError(f"it is larger than {asked}")

    known.update(noted)
    monkeypatch.setattr(image_look, "refuse_shorter", refuse)
    assert image_look.base_problem(site(), making(backing={"volume": "disk.img"}, capacity=5)) == told


@pytest.mark.parametrize(
    ("place", "host", "looks"),
    [
        ("disk.img", site(), True),
        (KEY, site(), True),
        ("other/disk.img", site(), False),
        ("images/other", site(), False),
        ("disk.img", site(new=[KEY]), False),
        ("disk.img", site(coming=[KEY]), False),
        ("disk.img", site(new=["images/x"], coming=["images/y"]), True),
    ],
)
def test_the_original_of_a_copy_is_looked_at(known: Any, place: str, host: Any, looks: bool) -> None:
    assert image_look.of_volume(host, making(), place) == (f"of {KEY}" if looks else None)
