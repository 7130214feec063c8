# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup that tells what a scenario is to have, as Ansible finds and runs it in a step of molecule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.virtfleet.kvm.tests.unit.inventories import hostvars

LOOKUP = "{{ lookup('virtfleet.kvm.molecule_scenario') }}"
PLACE = "{{ lookup('virtfleet.kvm.molecule_scenario', guests=false) }}"
WEB = {"name": "web", "image": "{{ release }}", "memory": "1GiB"}


@pytest.fixture(autouse=True)
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As molecule starts a step."""
    for name in ("scenario", "project", "inventory"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("MOLECULE_EPHEMERAL_DIRECTORY", str(tmp_path / "scenario"))
    monkeypatch.setenv("MOLECULE_PROJECT_DIRECTORY", str(tmp_path / "project"))
    monkeypatch.setenv("MOLECULE_SCENARIO_NAME", "default")
    monkeypatch.delenv("MOLECULE_KVM_HOST", raising=False)


def found(folder: Path, template: str = LOOKUP, **variables: Any) -> Any:
    """What a task gets."""
    every = hostvars(folder / "inventory", {"group_vars/all.yml": {"release": "debian-13", **variables}})
    values = {**every.raw_get("kvm01"), "hostvars": every}
    return Templar(loader=DataLoader(), variables=values).template(trust_as_template(template))


def refused(folder: Path, template: str = LOOKUP, **variables: Any) -> str:
    with pytest.raises(AnsibleError) as error:
        found(folder, template, **variables)
    return str(error.value)


def test_a_scenario(tmp_path: Path) -> None:
    (tmp_path / "scenario/kvm").mkdir()
    (tmp_path / "scenario/kvm/ssh_key.pub").write_text("ssh-ed25519 AAAA\n")
    kit = found(tmp_path, kvm_guests=[WEB], molecule_timeout=7)
    (guest,) = kit["guests"]
    assert guest["config"]["disks"][0]["image"] == "debian-13"
    assert guest["config"]["wait_timeout"] == 7
    assert guest["config"]["cloud_init"]["ssh_authorized_keys"] == ["ssh-ed25519 AAAA"]
    assert kit["key"] == str(tmp_path / "scenario/kvm/ssh_key")
    assert kit["mark"].startswith("molecule/project/")
    assert guest["domain"].endswith(kit["mark"].rpartition("/")[2])
    assert not kit["kvm"]["remote"]


def test_destroy_needs_no_guests(tmp_path: Path) -> None:
    place = found(tmp_path, PLACE, kvm_guests="{{ nowhere }}")
    assert "guests" not in place
    assert place["orphans"] == place["ending"] == []
    assert {image["name"] for image in place["kept_images"]} >= {"debian-12", "debian-13", "ubuntu-24.04"}
    assert place["mark"] == found(tmp_path, kvm_guests=[WEB])["mark"]


def test_what_tells_machines_apart(tmp_path: Path) -> None:
    marks = {found(tmp_path, PLACE, molecule_id=job)["mark"] for job in ("", "1", "2")}
    assert len(marks) == 3


def test_where_the_guests_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLECULE_KVM_HOST", "root@there")
    assert found(tmp_path, PLACE)["kvm"]["variables"]["ansible_host"] == "there"
    here = found(tmp_path, PLACE, molecule_kvm_host="kim@elsewhere")
    assert (here["kvm"]["variables"]["ansible_host"], here["kvm"]["wanted"]) == ("elsewhere", "kim@elsewhere")
    assert found(tmp_path, PLACE, molecule_kvm_host="kvm01")["kvm"]["known"]


def test_what_is_wrong_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "scenario default has no guests" in refused(tmp_path)
    assert "scenario default has no guests" in refused(tmp_path, kvm_guests=[])
    assert "kvm_guests: " in refused(tmp_path, kvm_guests="{{ nowhere }}")
    assert "takes no terms" in refused(tmp_path, "{{ lookup('virtfleet.kvm.molecule_scenario', 'x') }}")
    (tmp_path / "other").mkdir()
    assert "MOLECULE_EPHEMERAL_DIRECTORY" in refused(tmp_path, PLACE, molecule_project=str(tmp_path / "other"))
    monkeypatch.delenv("MOLECULE_SCENARIO_NAME")
    assert "molecule has not set MOLECULE_SCENARIO_NAME" in refused(tmp_path, PLACE)
