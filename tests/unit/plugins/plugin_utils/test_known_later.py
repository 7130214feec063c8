# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a declaration is made of that is known only while the roles run."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _site_look
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._fleet_changes import RESULTS
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._known_later import Later


def name(raw: Any, **variables: Any) -> str | None:
    later = Later(variables)
    later.see(raw)
    return later.name


@pytest.mark.parametrize("result", RESULTS)
def test_each_result_of_a_role(result: str) -> None:
    assert name({"memory": [f"{{{{ {result}.x | default('1GiB') }}}}"]}) == result


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ hostvars['kvm02'].networks_declared | default({}) }}", "networks_declared"),
        ("{{ hostvars['kvm02']['host_found'] is defined }}", "host_found"),
        ("{% if ansible_play_name == 'x' %}a{% endif %}", "ansible_play_name"),
        ("{{ role_name | default('x') }}", "role_name"),
        ("{{ lookup('vars', 'networks_' ~ 'declared', default={}) }}", "vars"),
        ("{{ site_looked.unchanged | default(1) }}", "site_looked"),
    ],
)
def test_other_ways_to_it(text: str, said: str) -> None:
    assert name(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "networks_declared",  # No template.
        "{{ site_name }}.example",
        "{{ guests_declared_here }}",
        "{{ hostvars['kvm02'].ansible_host }}",
        "{{ ansible_facts.processor_vcpus | default(2) }}",
        "{{ groups['kvm_hosts'] | length }}",
    ],
)
def test_what_is_known_before(text: str) -> None:
    assert name(text) is None


def test_variables_are_followed() -> None:
    assert name("{{ a }}", a={"x": ["{{ b }}"]}, b="{{ host_found.arch }}") == "host_found"
    assert name("{{ a }}", a={"x": ["{{ b }}"]}, b="{{ a }}") is None


def test_what_holds_itself_has_an_end() -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert name(circle) is None


LATER = "{{ (host_found | default({})).memory | default('1GiB') }}"


@pytest.mark.parametrize(
    "variables",
    [
        {"kvm_guests": [{"name": "a", "host": "kvm01", "memory": LATER}]},
        {"kvm_guests": [{"name": "a", "host": "kvm01"}], "kvm_guest_defaults": {"memory": LATER}},
        {"kvm_guests": "{{ web + [] }}", "web": [{"name": "a", "host": "kvm01", "memory": LATER}]},
        {"kvm_guests": "{{ web | list }}", "web": [{"name": "a", "host": "kvm01", "memory": LATER}]},
        {"kvm_networks": [{"name": "a", "bridge": LATER}]},
        {"kvm_pools": "{{ mine }}", "mine": [{"name": "a", "target": LATER}]},
        {"guests_purge": "{{ guests_declared is defined }}"},
        {"host_extra_packages": ["{{ 'a' if host_installed is defined else 'b' }}"]},
        {"kvm_owner": LATER},
    ],
    ids=str,
)
def test_what_a_host_is_asked_is_not_told_then(variables: dict[str, Any]) -> None:
    known = {"inventory_hostname": "kvm01", "groups": {"all": ["kvm01"]}, "kvm_owner": "us", **variables}
    with pytest.raises(VirtfleetError, match="which is known only while the roles run"):
        _site_look.parts_of(_site_look.trusted(known), DataLoader(), _site_look.TAGS)


def test_guests_of_others_do_not_matter() -> None:
    guests = [{"name": "a", "host": "kvm02", "memory": LATER}]
    known = {
        "inventory_hostname": "kvm01",
        "groups": {"all": ["kvm01", "kvm02"]},
        "kvm_owner": "us",
        "kvm_guests": guests,
    }
    assert _site_look.parts_of(_site_look.trusted(known), DataLoader(), _site_look.TAGS)
