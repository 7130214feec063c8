# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a template cannot be evaluated: of no option is that quoted, as a template may be made of a secret anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import fleet_problems
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars

QUOTING = {
    "a key": "{{ {'a': 1}[tok] }}",
    "an attribute": "{{ {'a': 1}[tok].b }}",
    "a file": "{{ lookup('file', tok) }}",
    "a date": "{{ tok | to_datetime }}",
    "a variable": "{{ lookup('vars', tok) }}",
    "a filter": "{{ [1] | map(tok) | list }}",
    "a hint": "{{ undef(hint=tok) }}",
}
"""Templates whose errors quote a secret."""


def guest(**options: Any) -> dict[str, Any]:
    return {"name": "a", "host": "kvm01", "memory": "1GiB", **options}


@pytest.mark.parametrize("template", QUOTING.values(), ids=QUOTING)
@pytest.mark.parametrize(
    ("where", "declared"),
    [
        ("name: ", lambda value: {"kvm_guests": [guest(name=value)]}),
        ("host: ", lambda value: {"kvm_guests": [guest(host=value)]}),
        ("memory: ", lambda value: {"kvm_guests": [guest(memory=value)]}),
        ("name: ", lambda value: {"kvm_links": [{"name": value}]}),
        ("kvm_owner: ", lambda value: {"kvm_owner": value, "kvm_guests": []}),
        ("guests_purge: ", lambda value: {"guests_purge": value, "kvm_guests": []}),
        ("links_serial: ", lambda value: {"links_serial": value, "kvm_guests": []}),
        ("kvm_guests_dir: ", lambda value: {"kvm_guests_dir": value, "kvm_guests": []}),
    ],
)
def test_no_error_is_quoted(tmp_path: Path, where: str, declared: Any, template: str) -> None:
    files = {"group_vars/all.yml": {"tok": "hunter2", **declared(template)}}
    said = "\n".join(fleet_problems(HOSTS, hostvars(tmp_path, files)))
    assert where in said
    assert "what it says is not shown, as it may quote a secret); it is made of tok" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{{ nope }}", "'nope' is undefined"),
        ("{{ made }}", "'nope' is undefined (in made)"),
        ("{{ filterd }}", "'filterd' is undefined; did you mean 'filtered'?"),
        ("{{ tok | bogus }}", "No filter named 'bogus'"),
        ("{{ tok is bogus }}", "No test named 'bogus'"),
        ("{{ filtered }}", "No filter named 'bogus'"),
    ],
)
@pytest.mark.parametrize("name", ["guests_purge", "kvm_guests_dir", "kvm_owner"])
def test_what_the_user_wrote_is_told(tmp_path: Path, name: str, written: str, said: str) -> None:
    other = {"tok": "hunter2", "made": "{{ nope }}", "filtered": "{{ tok | bogus }}", "kvm_guests": []}
    found = fleet_problems(HOSTS, hostvars(tmp_path, {"group_vars/all.yml": {**other, name: written}}))
    assert any(line.endswith(f"{name}: {said}") for line in found), found


def test_the_words_of_the_message_itself_are_not_masked(tmp_path: Path) -> None:
    """Else ``may quote a (secret)`` would tell what the password is."""
    declared = {"kvm_guests": [guest(memory="{{ 1 // 0 }}")], "my_password": "secret"}
    (line,) = fleet_problems(HOSTS, hostvars(tmp_path, {"group_vars/all.yml": declared}))
    assert "as it may quote a secret)" in line
    assert "'ansible HOST -m debug -a var=kvm_guests' shows it" in line
