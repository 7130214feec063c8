# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written of a host: YAML that linters take, and that Ansible reads as what was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from ansible.errors import AnsibleError
from hypothesis import given, settings, strategies
from yamllint import linter
from yamllint.config import YamlLintConfig

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import FilterModule, fleet_problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.adopt import adopt
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._adopted import adopted_files, brief, text
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._evaluate import evaluate
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

DEFAULT = YamlLintConfig("extends: default")
INDENTED = YamlLintConfig("{extends: default, rules: {indentation: {spaces: 2, indent-sequences: true}}}")
GUESTS = [adopt(DOMAIN, node).config for node in ET.parse(ROOT / "tests/corpus/devices.xml").getroot().iter("domain")]
ODD: list[dict[str, Any]] = [
    {"name": "on", "description": "{{ nope }} {% if %} 'x' \"y\""},
    {"name": "0755", "description": "yes", "title": "a: b # c"},
    {"name": "a.b", "description": "two\n\nlines  \n"},
    {"name": "a-b", "description": "word " * 60, "title": "x" * 200},
    {"name": "\u00fc", "description": " \ttab: - ? {#", "title": ""},
]


def written(folder: Path, guests: list[dict[str, Any]], each: bool) -> dict[str, str]:
    """The files of the host kvm01, below its folder in host_vars."""
    mine = [{**guest, "host": "kvm01"} for guest in guests]
    files = {file["name"]: file["content"] for file in adopted_files({"kvm_pools": [], "kvm_guests": mine}, each)}
    assert set(files) - {"virtfleet.yml"} == {name for name in files if name.startswith("guests/")}
    return files


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("guests", [ODD, GUESTS], ids=["odd", "corpus"])
def test_linters_take_it_and_ansible_reads_what_was_meant(
    tmp_path: Path, guests: list[dict[str, Any]], each: bool
) -> None:
    files = written(tmp_path, guests, each)
    for one in files.values():
        for config in (DEFAULT, INDENTED):
            assert [str(problem) for problem in linter.run(one, config)] == []
    assert (len(files) == 1) is not each
    variables = hostvars(tmp_path, {f"host_vars/kvm01/{name}": text for name, text in files.items()})
    found = evaluate(HOSTS, variables)
    assert found.problems == []
    assert found.variables["kvm01"]["kvm_guests"] == [{**guest, "host": "kvm01"} for guest in guests]
    assert not [line for line in fleet_problems(HOSTS, variables) if "evaluated" in line or "undefined" in line]


class Reader(yaml.SafeLoader):
    """Reads YAML as Ansible does, as far as files of variables go."""


Reader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
TEXTS = strategies.text(strategies.sampled_from("ab\u00e9 \t\n\\\"'{%#}:-,&*!|>[]@`\x07\u2028 yno019.~="), max_size=300)


@settings(max_examples=300, deadline=None)
@given(strategies.lists(TEXTS, max_size=4), TEXTS)
def test_any_text_is_read_as_it_was(texts: list[str], name: str) -> None:
    variables = {"kvm_guests": [{"name": name, "description": one, "list": [one, [one]]} for one in texts]}
    written = text(variables)
    assert yaml.load(written, Reader) == variables
    assert [str(problem) for problem in linter.run(written, DEFAULT)] == []


def test_guests_whose_names_differ_only_in_signs_have_files_of_their_own(tmp_path: Path) -> None:
    guests = [{"name": name} for name in ("a-b", "a_b", "A.B", "../x")]
    names = list(written(tmp_path, guests, True))
    assert names == ["virtfleet.yml", "guests/a_b.yml", "guests/a_b_2.yml", "guests/A_B_3.yml", "guests/___x.yml"]


def test_the_filters_refuse_what_they_cannot_take() -> None:
    filters = FilterModule().filters()
    with pytest.raises(Exception, match="is no kind; it can be: domain, network, pool"):
        filters["brief"]({"name": "a"}, "guest")
    with pytest.raises(Exception, match="is not a dictionary of options"):
        filters["brief"](["a"], "domain")
    assert brief({"name": "a", "memory": "1GiB", "features": {"acpi": True}}, "domain") == {
        "name": "a",
        "memory": "1GiB",
    }


@pytest.mark.parametrize("each", [False, True])
def test_a_list_without_items_is_left_out(each: bool) -> None:
    files = adopted_files({"kvm_networks": [], "kvm_pools": [{"name": "p"}], "kvm_guests": []}, each)
    assert [(file["name"], yaml.safe_load(file["content"])) for file in files] == [
        ("virtfleet.yml", {"kvm_pools": [{"name": "p"}]})
    ]
    assert [yaml.safe_load(file["content"]) for file in adopted_files({"kvm_pools": []}, each)] == [{}]


def test_a_value_that_no_file_can_hold_is_named() -> None:
    from jinja2 import Undefined

    with pytest.raises(VirtfleetError, match="holds a value of type Undefined, which no file can hold: is a variable"):
        adopted_files({"kvm_guests": [{"name": "a", "memory": Undefined(name="nope")}]})


def deep(levels: int, width: int) -> list[Any]:
    """A list in lists, each of which holds the same one several times."""
    found: list[Any] = []
    for _level in range(levels):
        found = [found] * width
    return found


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (deep(5000, 1), "is nested too deep"),
        (deep(40, 2), "holds more than 20000 values"),
        (10**5000, "holds a number of thousands of digits"),
    ],
    ids=["deep", "wide", "long"],
)
def test_what_has_no_end_is_refused(each: bool, odd: Any, said: str) -> None:
    filters = FilterModule().filters()
    for name in ("a", odd):
        with pytest.raises(AnsibleError, match=f"adopted_files: .*{said}"):
            filters["adopted_files"]({"kvm_guests": [{"name": name, "memory": odd}]}, each)
    if not isinstance(odd, int):
        with pytest.raises(AnsibleError, match=f"brief: .*{said}"):
            filters["brief"]({"name": "a", "memory": odd}, "domain")
