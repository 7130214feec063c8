# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters as Ansible finds and runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import FilterModule, fleet_checked, fleet_problems
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

GUESTS = [{"name": "a", "host": "kvm01", "memory": "1GiB"}, {"name": "b", "host": "kvm99", "memory": "1GiB"}]


def render(template: str, **variables: Any) -> Any:
    return Templar(loader=DataLoader(), variables=variables).template(trust_as_template(template))


def test_guests_on() -> None:
    assert render("{{ guests | virtfleet.kvm.guests_on('kvm01') }}", guests=GUESTS) == [{"name": "a", "memory": "1GiB"}]


def test_fleet_problems() -> None:
    found = render("{{ ['kvm01'] | virtfleet.kvm.fleet_problems(hosts) }}", hosts={"kvm01": {"kvm_guests": GUESTS}})
    assert found == ["guest b: host: 'kvm99' is not in the inventory's group kvm_hosts; there are: kvm01"]


@pytest.mark.parametrize(
    ("variables", "none"), [({}, True), ({"kvm_guests": []}, False), ({"kvm_guests": GUESTS[:1]}, False)]
)
def test_an_inventory_without_the_variable_of_guests_is_told(variables: Any, none: bool) -> None:
    """A file in group_vars may have a wrong name, which Ansible never says."""
    said = fleet_checked(["kvm01"], {"kvm01": variables})
    assert said.startswith("The declaration is in order: 1 host, ")
    assert ("no host has the variable kvm_guests" in said) is none


def test_no_sentence_holds_a_secret_or_what_a_terminal_acts_on() -> None:
    space = "https://user:hunter2@host/\u202e"
    guest = {
        "name": "a\x1b[31m",
        "host": "kvm01",
        "memory": "1GiB",
        "graphics": [{"type": "vnc", "passwd": "hunter2"}],
        "metadata": [f"<a:b xmlns:a='{space}'/>", f"<a:c xmlns:a='{space}'/>"],
    }
    found = fleet_problems(["kvm01"], {"kvm01": {"kvm_guests": [guest]}})
    assert any("comes twice" in line for line in found)
    assert all(line.isprintable() and "hunter2" not in line for line in found)


def test_a_guest_may_name_what_another_host_has(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("kvm_hosts: {hosts: {kvm01: {ansible_host: 192.0.2.1}, kvm02: {}}}")
    (tmp_path / "group_vars").mkdir()
    guest = {"name": "{{ 'a' ~ 1 }}", "host": "kvm02", "memory": "1GiB", "cmdline": "{{ hostvars.kvm01.ansible_host }}"}
    (tmp_path / "group_vars/all.yml").write_text(yaml.safe_dump({"kvm_guests": [guest, {**guest, "mtu": 1}]}))
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(tmp_path / "hosts.yml")])
    hostvars = HostVars(inventory, VariableManager(loader=loader, inventory=inventory), loader)
    found = fleet_problems(["kvm01", "kvm02"], hostvars)
    assert len(found) == 2
    assert found[0].startswith("guest a1: mtu: no such option")
    assert found[1].startswith("name a1: is declared more than once")


def test_what_adopting_leaves_out_is_told_in_sentences() -> None:
    found = {
        "networks": [{"name": "lan", "secrets": [], "uncovered": [], "refused": []}],
        "guests": [
            {"name": "old01", "secrets": ["graphics[0].passwd"], "uncovered": ["devices/foo"], "refused": []},
            {"name": "-x", "secrets": ["a", "b"], "uncovered": [], "refused": ["begins with a dash"]},
            {"name": "two", "secrets": ["a", "b"]},
        ],
    }
    assert FilterModule().filters()["left_out"](found) == [
        "guest old01: graphics[0].passwd is left out, as secrets are; the guest keeps it. Write it only if the guest is"
        " to be rebuilt from the inventory",
        "guest old01: no option holds devices/foo, which stays on the host as it is",
        "guest -x was not written: begins with a dash",
        "guest two: a, b are left out, as secrets are; the guest keeps them. Write them only if the guest is to be"
        " rebuilt from the inventory",
    ]


def test_what_is_transient_is_named_with_how_to_keep_it() -> None:
    found = {
        "networks": [{"name": "lan", "persistent": False}],
        "pools": [{"name": "p", "persistent": False}, {"name": "q", "persistent": True}],
        "guests": [{"name": "a b", "persistent": False, "secrets": ["x"], "uncovered": ["y"]}],
    }
    left_out = FilterModule().filters()["left_out"]
    way = (
        "was not written: it is transient, so it is gone once it stops. To keep it, declare it yourself, or make it"
        " persistent and adopt again: virsh"
    )
    assert left_out(found) == [
        f"network lan {way} net-dumpxml --inactive lan > network.xml && virsh net-define network.xml",
        f"pool p {way} pool-dumpxml --inactive p > pool.xml && virsh pool-define pool.xml",
        f"guest a b {way} dumpxml --inactive 'a b' > guest.xml && virsh define guest.xml",
    ]
    lists = {"kvm_guests": [{"name": "a b"}], "kvm_networks": [], "kvm_pools": [{"name": "q"}]}
    assert [line.split(" ")[0] for line in left_out(found, lists)] == ["guest"]


def test_nothing_is_left_out_of_what_the_inventory_declares_already() -> None:
    told = [{"name": "a", "secrets": ["x"], "uncovered": ["y"]}, {"name": "b", "secrets": ["x"]}]
    volumes = [{"name": "a", "pool": "p", "uncovered": ["z"]}, {"name": "a", "pool": "q", "uncovered": ["z"]}]
    found = {"guests": [*told, {"name": "-c", "refused": ["begins with a dash"]}], "volumes": volumes}
    lists = {"adopted_guests": [{"name": "b"}], "kvm_volumes": [{"name": "a", "pool": "q"}], "kvm_networks": []}
    lines = FilterModule().filters()["left_out"](found, lists)
    assert [line.split(":")[0] for line in lines] == ["guest b", "guest -c was not written", "volume a"]
    assert FilterModule().filters()["left_out"]({"guests": told}, {}) == []
    assert len(FilterModule().filters()["left_out"]({"guests": told})) == 3


@pytest.mark.parametrize("name", FilterModule().filters())
def test_every_filter_is_documented(name: str) -> None:
    document = yaml.safe_load((ROOT / f"plugins/filter/{name}.yml").read_text(encoding="utf-8"))
    assert document["DOCUMENTATION"]["name"] == name
    assert f"virtfleet.kvm.{name}" in document["EXAMPLES"]
