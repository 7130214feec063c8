# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What steps of molecule have noted is read as it was written, and only if it is about this scenario."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.files import INVENTORY, NOTE, GuestFiles
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.notes import Noted, check, guests_in, noted
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.scenario import Checkout, Scenario

PLACE = Checkout("/cache/molecule", "/builds/role", "default", "1" * 32)
WEB = {"name": "web", "image": "debian-13"}
FOREIGN = r"is not as virtfleet\.kvm\.molecule_create writes it"


def made(place: Checkout) -> list[dict[str, t.Any]]:
    guests = Scenario(place, {"kvm_guests": [WEB]}, "ssh-ed25519 AAAA k").for_playbooks()["guests"]
    return t.cast(list[dict[str, t.Any]], guests)


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def inventory(place: Checkout) -> str:
    addresses = {guest["domain"]: ["192.0.2.5"] for guest in made(place)}
    more = {"where": "root@kvm01", "project": place.project, "mark": place.mark, "uri": "qemu:///session"}
    return GuestFiles(place.folder, made(place), addresses, None, **more).inventory()


def test_nothing_is_noted(tmp_path: Path) -> None:
    assert noted(str(tmp_path)) == Noted("", "", "", "")
    assert guests_in(str(tmp_path)) == []
    check(PLACE, Noted(), [])


def test_what_is_noted_is_read(tmp_path: Path) -> None:
    """Before the guests are made, by the note alone; and by the inventory, if only that is left."""
    note = Noted(PLACE.mark, "root@kvm01", PLACE.project, "qemu:///session")
    write(tmp_path, NOTE, note.text())
    assert noted(str(tmp_path)) == note
    (tmp_path / NOTE).unlink()
    write(tmp_path, INVENTORY, inventory(PLACE))
    assert noted(str(tmp_path)) == note
    (guest,) = guests_in(str(tmp_path))
    assert guest["domain"] == f"web-{PLACE.digest}"
    check(PLACE, note, [guest])


@pytest.mark.parametrize("uri", ["bogus", "test:///default", 7])
def test_a_libvirt_that_the_kit_does_not_know(tmp_path: Path, uri: object) -> None:
    note = {**Noted(PLACE.mark, "root@kvm01", PLACE.project)._asdict(), "uri": uri}
    write(tmp_path, NOTE, json.dumps(note))
    with pytest.raises(VirtfleetError, match=FOREIGN):
        noted(str(tmp_path))


def test_guests_of_another_machine(tmp_path: Path) -> None:
    """By the label that is noted, and by the names of the guests, which are what is put back."""
    write(tmp_path, INVENTORY, inventory(PLACE))
    there = PLACE._replace(machine="2" * 32)
    for note in (noted(str(tmp_path)), Noted(), Noted(there.mark)):
        with pytest.raises(VirtfleetError, match=r"The folder is a copy, .* delete /cache/molecule/kvm and "):
            check(there, note, guests_in(str(tmp_path)))
    with pytest.raises(VirtfleetError, match=f"has files about guests with the label {PLACE.mark}"):
        check(there, Noted(PLACE.mark), [])


@pytest.mark.parametrize(
    "guest",
    [
        {},
        {"name": "web"},
        {"snapshot": {"domain": "mine"}},
        {"domain": ["web"]},
        {"forward": "127.0.0.1"},
        {"forward": {"address": "127.0.0.1", "port": True}},
        {"forward": {"port": 2222}},
    ],
)
def test_guests_that_the_kit_has_not_written(tmp_path: Path, guest: dict[str, t.Any]) -> None:
    whole = json.loads(inventory(PLACE).partition("\n")[2])
    known = whole["all"]["hosts"]["web"]["molecule_guest"]
    whole["all"]["hosts"]["web"]["molecule_guest"] = {**known, **guest} if len(guest) and "name" not in guest else guest
    write(tmp_path, INVENTORY, json.dumps(whole))
    with pytest.raises(VirtfleetError, match=FOREIGN):
        guests_in(str(tmp_path))


@pytest.mark.parametrize("text", ["", "[]", "all:", "[" * 100000, '{"mark": 7}'])
def test_notes_that_the_kit_has_not_written(tmp_path: Path, text: str) -> None:
    write(tmp_path, NOTE, text)
    with pytest.raises(VirtfleetError, match=FOREIGN):
        noted(str(tmp_path))
