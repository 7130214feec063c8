# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guests of the host are looked at beside those that are declared, and with which disks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import outside_disks
from ansible_collections.virtfleet.kvm.plugins.module_utils._shell_words import ShellWord
from ansible_collections.virtfleet.kvm.tests.unit.libvirt_errors import Failed


def looked(
    monkeypatch: pytest.MonkeyPatch,
    guests: dict[str, Any],
    names: set[str] = frozenset(),  # type: ignore[assignment]
    saved: dict[str, Any] | None = None,
    foreseen: dict[str, bool] | None = None,
) -> dict[str, Any]:
    """What is seen of guests, by name.

    :param guests: for each its defined disks and those it runs with (None: it does not run), or an error
    :param saved: the disks of guests that are saved
    :param foreseen: the guests of an earlier task, and whether they would be gone
    """

    def definitions(domain: Any) -> Any:
        found = guests[domain.name()]
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(outside_disks, "definitions", definitions)
    monkeypatch.setattr(outside_disks, "saved_definitions", lambda _connection: saved or {})
    monkeypatch.setattr(outside_disks, "signs", lambda _site, disks: set(disks))
    monkeypatch.setattr(outside_disks, "opened", lambda _site, disks: [f"opens {one}" for one in disks])
    domains = [
        SimpleNamespace(name=lambda name=name: name, UUIDString=lambda name=name: f"u-{name}") for name in guests
    ]
    to_come = {f"u-{name}": SimpleNamespace(gone=gone) for name, gone in (foreseen or {}).items()}
    site: Any = SimpleNamespace(
        connection=SimpleNamespace(listAllDomains=lambda _flags: domains),
        forecast=SimpleNamespace(guest=lambda _name, uuid: to_come.get(uuid)),
    )
    return {one.name: one for one in outside_disks.guests_on_host(site, names)}


OFF, RUNS = ("ab", None), ("ab", "bc")


def test_a_guest_has_what_is_defined_and_what_it_runs_with(monkeypatch: pytest.MonkeyPatch) -> None:
    found = looked(monkeypatch, {"off": OFF, "runs": RUNS})
    assert (found["off"].now, found["off"].live, found["off"].opened) == ({"a", "b"}, frozenset(), ())
    assert (found["runs"].now, found["runs"].live) == ({"a", "b", "c"}, {"b", "c"})
    assert found["runs"].opened == ("opens b", "opens c")
    assert found["off"].of_saved == found["runs"].of_saved == frozenset()


def test_a_saved_guest_holds_the_disks_that_it_comes_back_with(monkeypatch: pytest.MonkeyPatch) -> None:
    found = looked(monkeypatch, {"saved": OFF, "other": OFF}, saved={"saved": "xy"})
    assert (found["saved"].of_saved, found["other"].of_saved) == ({"x", "y"}, frozenset())


def test_those_that_are_declared_or_gone_by_then_are_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    guests = {"declared": OFF, "gone": OFF, "comes": OFF, "other": OFF, "last": OFF}
    found = looked(monkeypatch, guests, {"declared"}, foreseen={"gone": True, "comes": False})
    assert sorted(found) == ["comes", "last", "other"]


def test_a_guest_that_ends_meanwhile_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sorted(looked(monkeypatch, {"ends": Failed(libvirt.VIR_ERR_NO_DOMAIN), "other": OFF})) == ["other"]
    with pytest.raises(Failed):
        looked(monkeypatch, {"broken": Failed(libvirt.VIR_ERR_INTERNAL_ERROR), "other": OFF})


def outside(name: str, now: str, live: str = "") -> Any:
    return outside_disks.Outside(name, frozenset(now), frozenset(live))


@pytest.mark.parametrize(
    ("saved", "starts", "defined", "declared", "others", "said"),
    [
        ("a", True, "", "", [outside("db", "a")], ["a db"]),
        # It does not come back, or has nothing to come back with.
        (None, True, "", "", [outside("db", "a")], []),
        ("a", False, "", "", [outside("db", "a")], []),
        (None, False, "", "", [outside("db", "a")], []),
        # One that it has still is another's matter only while that one runs.
        ("a", True, "a", "", [outside("db", "a")], []),
        ("a", True, "a", "", [outside("db", "a", "a")], ["a db"]),
        ("a", True, "a", "a", [outside("db", "a", "a")], []),
        ("a", True, "", "a", [outside("db", "a")], ["a db"]),
        ("a", True, None, "a", [outside("db", "a")], ["a db"]),
        ("a", True, None, "a", [outside("db", "b", "a")], []),
        # One guest is named of each disk, of all disks.
        ("ab", True, "a", "a", [outside("db", "ab", "ab")], ["b db"]),
        ("ab", True, "", "", [outside("db", "ab"), outside("dc", "ab")], ["a db", "b db"]),
        ("a", True, "a", "", [outside("db", "a"), outside("dc", "a", "a")], ["a dc"]),
        ("a", True, "", "", [outside("web", "a")], []),
        ("a", True, "", "", [], []),
    ],
)
def test_a_saved_guest_does_not_come_back_with_what_another_may_have_written_to(
    monkeypatch: pytest.MonkeyPatch,
    saved: str | None,
    starts: bool,
    defined: str | None,
    declared: str,
    others: list[Any],
    said: list[str],
) -> None:
    monkeypatch.setattr(outside_disks, "starts", lambda _plan: starts)
    monkeypatch.setattr(outside_disks, "signs", lambda _site, disks: set(disks))
    monkeypatch.setattr(outside_disks, "own_disks", lambda _site, disks: [(0, one, one) for one in disks])
    monkeypatch.setattr(outside_disks, "rivals", lambda sign: (sign,))
    guest: Any = SimpleNamespace(
        saved=saved,
        plan=SimpleNamespace(name="web"),
        have=None if defined is None else SimpleNamespace(definition=defined),
        new=[(0, one, one) for one in declared],
    )
    everyone = dict.fromkeys("ab", others)
    site: Any = SimpleNamespace()
    found = outside_disks.coming_back(site, guest, everyone)
    assert list(found) == [f"{one[0]} {outside_disks.GIVEN.format(one[2:], ShellWord('web'))}" for one in said]
