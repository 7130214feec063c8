# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong values of the roles' variables are named by the check, by the rules of the roles themselves."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import fleet_problems
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _evaluate, _settings
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

VALUES: list[Any] = [None, True, "yes", "no", "yes please", "later", "defer", 0, 1, 120, "120", "2 minutes", 1.5]
VALUES += ["", [], ["a"], [{}], [["a"]], {}, {"a": 1}, "restart", "always"]
LARGE = "a number of 13288 bits"
HOSTS_WANTED = "not a number of hosts; write one from 1, a share such as '20%', or a list of them"
NO_LABEL = (
    "is no label; write a text such as 'ops/fleet', or leave the variable out: the label is then the name of the git"
    " repository"
)
NO_PAUSE = "is not possible here; write true, false, or a number of seconds, such as 30"
NO_NAMES = "is no list of names of images: write a list, or a text in quotes with commas between the names"
KINDS = {"bool", "float", "int", "list", "str"}


def problems(folder: Path, every: dict[str, Any], first: dict[str, Any] | None = None) -> list[str]:
    files = {"group_vars/all.yml": every, "host_vars/kvm01.yml": first or {}}
    return fleet_problems(HOSTS, hostvars(folder, files))


def own_specs() -> dict[str, dict[str, Any]]:
    """What each role takes, read anew, besides the lists of what is declared."""
    found: dict[str, dict[str, Any]] = {}
    for path in ROOT.glob("roles/*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(path.read_text())["argument_specs"].values():
            found.update(entry.get("options") or {})
    return {name: spec for name, spec in found.items() if not name.startswith("kvm_") or name == "kvm_owner"}


@pytest.mark.parametrize("name", sorted(own_specs()))
def test_what_a_role_would_refuse_is_refused_before(tmp_path: Path, name: str) -> None:
    """Each value of each variable: the check says something where Ansible would, by its name and in one line."""
    spec = own_specs()[name]
    refused = 0
    for number, value in enumerate(VALUES):
        expected = bool(ArgumentSpecValidator({name: spec}).validate({name: value}).error_messages)
        expected |= name == "links_rollback_after" and str(value) == "0"
        expected |= spec["type"] == "list" and isinstance(
            value, (str, int, float)
        )  # The role adds it to a list of its own.
        expected |= name == "kvm_owner" and (value is True or value == "" or isinstance(value, (list, dict)))
        found = problems(tmp_path / str(number), {name: value})
        assert len(found) == expected, (value, found)
        assert all(line.startswith(f"hosts kvm01, kvm02: {name}: ") and "\n" not in line for line in found)
        refused += expected
    # Ansible makes a text of anything, so a text alone is never wrong.
    assert spec["type"] in KINDS
    assert (refused > 0) == (spec["type"] != "str" or "choices" in spec or name == "kvm_owner")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("guests_purge", "yes please", "a string is not possible here; write true or false"),
        ("guests_on_restart_needed", "later", "'later' is not one of defer, fail, restart"),
        ("guests_shutdown_timeout", "2 minutes", "a string is not possible here; write a number"),
        ("guests_shutdown_timeout", "hunter2", "a string is not possible here; write a number"),
        ("guests_shutdown_timeout", -1, "-1 is not possible here; write a number of seconds from 0"),
        ("guests_shutdown_timeout", "inf", "'inf' is not possible here; write a number of seconds from 0"),
        ("links_rollback_after", 0, "0 is not possible here; write a number of seconds from 1 to 3600"),
        ("links_rollback_after", 3601, "3601 is not possible here; write a number of seconds from 1 to 3600"),
        ("links_rollback_after", math.inf, "inf is not possible here; write a number of seconds from 1 to 3600"),
        ("links_rollback_after", math.nan, "nan is not possible here; write a number of seconds from 1 to 3600"),
        ("links_rollback_after", 10**4000, f"{LARGE} is not possible here; write a number of seconds from 1 to 3600"),
        ("guests_shutdown_timeout", 10**4000, f"{LARGE} is not possible here; write a number of seconds from 0"),
        ("guests_on_restart_needed", 10**4000, f"{LARGE} is not one of defer, fail, restart"),
        (
            "kvm_progress",
            10**4000,
            f"{LARGE} is not possible here; write true, false, or a number of seconds, such as 30",
        ),
        ("guests_purge", 10**4000, f"{LARGE} is not possible here; write true or false"),
        ("links_serial", 10**4000, f"{LARGE} is {HOSTS_WANTED}"),
        ("links_serial", "9" * 5000, f"'{'9' * 80}...' is {HOSTS_WANTED}"),
        ("links_serial", [1, "9" * 5000], f"a list is {HOSTS_WANTED}"),
        ("host_extra_packages", "htop", "a string is not a list of names"),
        ("kvm_owner", "", f"'' {NO_LABEL}"),
        ("kvm_owner", ["us"], f"a list {NO_LABEL}"),
        ("kvm_look_first", "ja", "a string is not possible here; write true or false"),
        ("kvm_plan_only", "perhaps", "a string is not possible here; write true or false"),
        ("images_lock_prune", "perhaps", "a string is not possible here; write true or false"),
        *(
            (name, value, f"{shown} {NO_NAMES}")
            for name in ("images_lock_only", "images_lock_older", "images_lock_unsigned")
            for value, shown in (
                (5, "5"),
                (True, "True"),
                ({"a": 1}, "a dictionary"),
                ([["noble"], "a"], "a list"),
                (["noble", 7], "a list"),
                ("noble,", "'noble,'"),  # As of -e images_lock_only=noble, trixie
                ("noble,,trixie", "'noble,,trixie'"),
            )
        ),
        ("kvm_progress", "often", f"'often' {NO_PAUSE}"),
        ("kvm_progress", -1, f"-1 {NO_PAUSE}"),
        ("kvm_progress", [30], f"a list {NO_PAUSE}"),
        ("host_extra_packages", {"a": 1}, "a dictionary is not a list of names"),
        ("networks_default", "default", "a string is not a list of dictionaries"),
        ("storage_purge", "{{ 'may' ~ 'be' }}", "a string is not possible here; write true or false"),
        ("storage_purge", "{{ nope }}", "'nope' is undefined"),
        (
            "links_serial",
            "all",
            "a string is not a number of hosts; write one from 1, a share such as '20%', or a list of them",
        ),
    ],
)
def test_a_wrong_value_is_told_in_the_readers_words(tmp_path: Path, name: str, value: Any, said: str) -> None:
    assert problems(tmp_path, {}, {name: value}) == [f"host kvm01: {name}: {said}"]
    if not isinstance(value, str) or "{" not in value:
        assert fleet_problems(["kvm01"], {"kvm01": {name: value}}) == [f"host kvm01: {name}: {said}"]


@pytest.mark.parametrize(
    "values",
    [
        {"links_serial": 1},
        *({"kvm_progress": value} for value in (True, "no", "off", 0, 30, "30", 0.5, None)),
        {"images_lock_only": "noble, trixie", "images_lock_older": ["a b", "c"], "images_lock_unsigned": ""},
        {"images_lock_only": None, "images_lock_older": [], "images_lock_prune": "yes"},
        {"kvm_look_first": "yes", "kvm_plan_only": None, "kvm_owner": 7},
        {"links_serial": "20%"},
        {"links_serial": [1, "50%"]},
        {"guests_purge": "{{ storage_purge }}", "storage_purge": "{{ networks_purge | bool }}"},
        {"guests_shutdown_timeout": "{{ guests_shutdown_timeout_of_site | default(guests_purge) }}"},
        {"storage_needed": "{{ inventory_hostname in groups['kvm_hosts'] }}"},
        {"guests_purge": "{{ not ansible_check_mode }}"},
        {"host_require_hardware": "{{ ansible_facts.processor_vcpus > 4 }}"},
        {"guests_purge": "{{ host_found.virtualization.kind == 'kvm' }}"},
    ],
)
def test_what_a_play_can_evaluate_is_not_refused(tmp_path: Path, values: dict[str, Any]) -> None:
    """Defaults of the roles are known; what only a play finds out is left to it."""
    assert problems(tmp_path, values) == []


def test_a_value_that_another_variable_gives_is_not_shown(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, {"vault_x": "hunter2-secret", "guests_on_restart_needed": "{{ vault_x }}"})
    assert line == "hosts kvm01, kvm02: guests_on_restart_needed: a string is not one of defer, fail, restart"


def test_all_wrong_values_are_named_at_once_with_what_is_wrong_in_the_lists(tmp_path: Path) -> None:
    guest = {"name": "a", "host": "kvm01", "memroy": "1GiB", "memory": "1GiB"}
    found = problems(tmp_path, {"guests_purge": "maybe", "storage_purge": 7, "kvm_guests": [guest]})
    assert len(found) == 3


def test_the_cost_for_many_hosts_that_share_their_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that is no template is looked at once for all of them; a template once for each host."""
    looked_at: list[str] = []
    evaluated: list[Any] = []
    problem, value = _settings.problem, _evaluate.HostTemplar.value
    monkeypatch.setattr(
        _settings, "problem", lambda name, *args, **kwargs: looked_at.append(name) or problem(name, *args, **kwargs)
    )
    monkeypatch.setattr(_evaluate.HostTemplar, "value", lambda self, raw: evaluated.append(raw) or value(self, raw))
    names = [f"kvm{number:03}" for number in range(200)]
    groups = {"kvm_hosts": {"hosts": {name: {} for name in names}}}
    values = {"guests_purge": True, "host_extra_packages": ["a"], "storage_purge": "{{ guests_purge }}"}
    variables = hostvars(tmp_path, {"group_vars/all.yml": values}, groups)
    assert _settings.problems({name: variables.raw_get(name) for name in names}, variables) == []
    assert sorted(set(looked_at)) == ["guests_purge", "host_extra_packages", "storage_purge"]
    assert looked_at.count("storage_purge") == len(evaluated) == len(names)
    assert looked_at.count("guests_purge") == looked_at.count("host_extra_packages") == 1


def test_a_list_that_says_nothing_is_taken_by_every_role() -> None:
    """``kvm_guests:`` with nothing behind it is null; the check takes it, so a role may not refuse it later.

    Of a choice, the check refuses null as well.
    """
    for path in ROOT.glob("roles/*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(path.read_text())["argument_specs"].values():
            options = (entry.get("options") or {}).items()
            lists = {name: spec for name, spec in options if name.startswith("kvm_") and "choices" not in spec}
            assert ArgumentSpecValidator(lists).validate(dict.fromkeys(lists)).error_messages == []


def test_every_number_with_bounds_is_an_option_of_a_role() -> None:
    specs = own_specs()
    assert {specs[name]["type"] for name in _settings.BOUNDS} <= {"int", "float"}
    assert set(itertools.chain(*_settings.specs().values())) <= {
        "description",
        "type",
        "choices",
        "default",
        "elements",
        "no_log",
    }
