# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What anchors of YAML make: things that are in themselves, or that a few lines make larger than any disk."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import fleet_problems
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._endless import CIRCLE, ENDLESS, MOST, endless
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._evaluate import evaluate
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars

CIRCLES = {"lists": "&a [&b [*a, *b]]", "dictionaries": "&a {u: &b {x: *a, y: *b}}"}
BOMB = "[&l0 [1, 1], " + ", ".join(f"&l{level} [*l{level - 1}, *l{level - 1}]" for level in range(1, 90)) + "]"
GOOD = "{name: b, host: kvm01, memory: 64MiB, memroy: 1}"
SAID_OF_GOOD = "guest b: memroy: no such option; did you mean 'memory'?"
FLEET = "group_vars/all.yml"


class Late(BaseException):
    """The time is up. No exception that anybody would catch."""


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """Fail what would hang."""

    def late(*_args: Any) -> None:
        raise Late

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(10)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def circle() -> list[Any]:
    found: list[Any] = [1]
    found.append({"x": [found]})
    return found


def deep(levels: int, value: Any) -> Any:
    for _level in range(levels):
        value = [value]
    return value


def doubled(levels: int) -> Any:
    value: Any = [1]
    for _level in range(levels):
        value = [value, value]
    return value


TWICE: list[Any] = [1]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (circle(), CIRCLE),
        ({"a": 1, "b": {"c": circle()}}, CIRCLE),
        (deep(5000, circle()), CIRCLE),
        (doubled(200), ENDLESS),
        (doubled(14), ENDLESS),
        ([1] * MOST, ENDLESS),
        ([1] * (MOST - 1), None),
        (doubled(12), None),
        ([TWICE, {"a": TWICE}, TWICE], None),
        (deep(500, "x"), None),
        ("text", None),
    ],
)
def test_what_cannot_be_written_out(value: Any, said: str | None) -> None:
    assert endless(value) == said


def of_guests(options: str) -> str:
    return f"kvm_guests:\n  - {GOOD}\n  - {{name: a, host: kvm01, memory: 64MiB, {options}}}\n"


@pytest.mark.parametrize("kind", CIRCLES)
@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("x: CIRCLE", "guest a: x"),
        ("disks: CIRCLE", "guest a: disks"),
        ("cpu: {mode: CIRCLE}", "guest a: cpu"),
        ("profile: CIRCLE", "guest a: profile"),
    ],
)
def test_a_guest_in_a_circle_is_refused_by_name(tmp_path: Path, kind: str, written: str, named: str) -> None:
    text = of_guests(written.replace("CIRCLE", CIRCLES[kind]))
    assert fleet_problems(HOSTS, hostvars(tmp_path, {FLEET: text})) == [f"{named}: {CIRCLE}", SAID_OF_GOOD]


@pytest.mark.parametrize("kind", CIRCLES)
def test_so_is_one_in_a_file(tmp_path: Path, kind: str) -> None:
    guest = f"name: a\nhost: kvm01\nmemory: 64MiB\ndescription: {CIRCLES[kind]}\n"
    files = {FLEET: "kvm_guests_dir: guests\n", "guests/a.yml": guest, "guests/b.yml": GOOD}
    assert fleet_problems(HOSTS, hostvars(tmp_path, files)) == [
        f"guest a: description: {CIRCLE} (in guests/a.yml)",
        f"{SAID_OF_GOOD} (in guests/b.yml)",
    ]


@pytest.mark.parametrize("value", [*CIRCLES.values(), BOMB])
@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("kvm_guests: [{name: a, host: VALUE}]", "guest a: host"),
        ("kvm_guests: [{name: VALUE, host: kvm01}]", "kvm_guests[0]: name"),
        ("kvm_networks: [{name: n, x: VALUE}]", "network n: x"),
        ("kvm_links: [{name: n, x: VALUE}]", "link n: x"),
        ("kvm_volumes: {a: VALUE}", "kvm_volumes"),
        ("guests_purge: {a: VALUE}", "guests_purge"),
        ("kvm_owner: {a: VALUE}", "kvm_owner"),
        ("kvm_guests_dir: {a: VALUE}\nkvm_guests: []", "kvm_guests_dir"),
        ("kvm_guest_defaults: {x: VALUE}\nkvm_guests: [{name: a, host: kvm01}]", "kvm_guest_defaults"),
        ("kvm_guest_profiles: {p: {x: VALUE}}\nkvm_guests: [{name: a, host: kvm01, profile: p}]", "profile p"),
        ("kvm_guest_profiles: [VALUE]\nkvm_guests: [{name: a, host: kvm01, profile: p}]", "kvm_guest_profiles"),
    ],
)
def test_so_is_all_else_that_is_declared(tmp_path: Path, value: str, written: str, named: str) -> None:
    found = fleet_problems(HOSTS, hostvars(tmp_path, {FLEET: written.replace("VALUE", value)}))
    said = ENDLESS if value == BOMB else CIRCLE
    assert any(f"{named}: {said}" in line for line in found), found


@pytest.mark.parametrize("value", [*CIRCLES.values(), BOMB])
def test_lists_of_which_one_hides_the_other(tmp_path: Path, value: str) -> None:
    """They are compared."""
    text = of_guests(f"x: {value}") + "guests_purge: true\n"
    found = fleet_problems(HOSTS, hostvars(tmp_path, {FLEET: text, "host_vars/kvm01.yml": text}))
    assert found == [f"guest a: x: {ENDLESS if value == BOMB else CIRCLE}", SAID_OF_GOOD]


def test_what_is_evaluated_already() -> None:
    found = evaluate(["kvm01"], {"kvm01": {"kvm_guests": [{"name": "a", "host": "kvm01", "x": circle()}]}})
    assert found.problems == [(None, f"guest a: x: {CIRCLE}")]
    assert found.variables == {"kvm01": {"kvm_guests": []}}
