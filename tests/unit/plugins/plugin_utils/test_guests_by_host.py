# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet's guests by host: each is looked at by its own host, so the work grows with the fleet, not its square."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _guests_by_host
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._evaluate import evaluate
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._templar import HostTemplar
from ansible_collections.virtfleet.kvm.tests.unit.inventories import hostvars


def fleet(folder: Path, count: int, guests: list[dict[str, Any]] | str, **variables: Any) -> tuple[list[str], Any]:
    """An inventory of many hosts, and the variables of all."""
    hosts = [f"kvm{number:03}" for number in range(count)]
    inventory = "kvm_hosts:\n  hosts:\n" + "".join(f"    {host}:\n" for host in hosts)
    files = {"hosts.yml": inventory, "group_vars/all.yml": {"kvm_guests": guests, **variables}}
    return hosts, hostvars(folder, files)


def guests(count: int, **options: Any) -> list[dict[str, Any]]:
    """Two guests for each host."""
    return [
        {"name": f"web{number:03}-{nth}", "host": f"kvm{number:03}", "memory": "1GiB", **options}
        for number in range(count)
        for nth in (1, 2)
    ]


def test_a_host_looks_at_its_own_guests_and_at_those_of_no_host() -> None:
    items = [
        {"host": "a"},
        {"host": "b"},
        {"host": "{{ c }}"},
        "{{ d }}",
        {"host": "gone"},
        {"name": "x"},
        {"host": "a"},
    ]
    found = _guests_by_host.Sorted(items)
    hosts = frozenset(("a", "b"))
    assert found.of("a", hosts) == [0, 2, 3, 4, 5, 6]
    assert found.of("b", hosts) == [1, 2, 3, 4, 5]


def test_a_host_keeps_the_places_that_its_guests_have_in_the_whole_list(tmp_path: Path) -> None:
    hosts, variables = fleet(tmp_path, 3, "{{ front + back }}", front=guests(2), back=guests(3)[4:])
    found = evaluate(hosts, variables)
    assert found.problems == []
    assert [found.variables[host]["kvm_guests"].places for host in hosts] == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("options", [{}, {"description": "{{ inventory_hostname }}"}])
def test_each_guest_is_evaluated_once_however_many_hosts_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    asked: list[Any] = []
    value = HostTemplar.value

    def counted(self: HostTemplar, raw: Any) -> Any:
        asked.append(raw)
        return value(self, raw)

    monkeypatch.setattr(HostTemplar, "value", counted)
    hosts, variables = fleet(tmp_path, 20, guests(20, **options))
    found = evaluate(hosts, variables)
    assert sum(len(found.variables[host]["kvm_guests"]) for host in hosts) == 40
    # Each guest, and the folder of files for each host.
    assert len(asked) <= 40 + 20


def test_a_template_that_all_hosts_share_is_not_evaluated_on_each_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    value = HostTemplar.value

    def counted(self: HostTemplar, raw: Any) -> Any:
        asked.append(raw)
        return value(self, raw)

    monkeypatch.setattr(HostTemplar, "value", counted)
    shared = [{**one, "host": f"{{{{ groups['kvm_hosts'][{place // 2}] }}}}"} for place, one in enumerate(guests(20))]
    hosts, variables = fleet(tmp_path, 20, shared)
    found = evaluate(hosts, variables)
    assert [len(found.variables[host]["kvm_guests"]) for host in hosts] == [2] * 20
    # Each template once, and once more for each guest on its own host.
    assert len([one for one in asked if isinstance(one, str)]) == 20 + 40


@pytest.mark.parametrize(
    ("template", "shared"),
    [
        ("{{ groups['kvm_hosts'][0] }}", True),
        ("{{ first }}", True),
        ("{{ groups['kvm_hosts'] | sort | first }}", True),
        ("kvm{{ '%03d' % number }}", True),
        ("{{ leading }}", True),
        ("{{ inventory_hostname }}", False),
        ("{{ own }}", False),
        ("{{ through }}", False),
        ("{{ groups['kvm_hosts'] | random }}", False),
        ("{{ lookup('pipe', 'hostname') }}", False),
        ("{{ hostvars['kvm000'].own }}", False),
        ("{{ nope }}", False),
        ("{{ ansible_host }}", False),
        ("{{ not closed", False),
    ],
)
def test_what_may_differ_by_host_is_evaluated_on_each(template: str, shared: bool) -> None:
    common = {"first": "kvm000", "number": 1, "leading": "{{ first }}", "through": "{{ own }}"}
    raw = {host: {**common, "own": f"its{host}", "ansible_host": common["first"]} for host in ("kvm000", "kvm001")}
    template = trusted(template)
    for variables in raw.values():
        variables.update({name: trusted(value) for name, value in variables.items() if "{" in str(value)})
    raw["kvm001"].update({name: raw["kvm000"][name] for name in common})
    assert _guests_by_host.HostNames(raw).is_shared(template) is shared


def trusted(text: str) -> str:
    """A text that Ansible takes for a template."""
    try:
        from ansible.template import trust_as_template  # since ansible-core 2.19
    except ImportError:
        return text
    return trust_as_template(text)
