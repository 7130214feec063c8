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

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.files import GuestFiles
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
    monkeypatch.setenv("MOLECULE_KVM_URI", "qemu:///system")


def write_inventory(folder: Path, guests: list[Any]) -> None:
    """The kit's inventory, of guests that were made."""
    path = folder / "scenario/inventory/molecule_guests.yml"
    path.parent.mkdir()
    addresses = {guest["domain"]: ["192.0.2.5"] for guest in guests}
    path.write_text(GuestFiles(str(folder / "scenario"), guests, addresses).inventory())


def found(folder: Path, template: str = LOOKUP, groups: Any = None, **variables: Any) -> Any:
    """What a task gets."""
    every = hostvars(folder / "inventory", {"group_vars/all.yml": {"release": "debian-13", **variables}})
    values = {**every.raw_get("kvm01"), "hostvars": every}
    values["groups"] = {**values["groups"], **(groups or {})}
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


def test_a_host_of_the_inventory_is_no_guest(tmp_path: Path) -> None:
    """The role would run there. What an earlier create has written does not count."""
    said = refused(tmp_path, kvm_guests=[{**WEB, "name": "kvm01"}, {**WEB, "groups": ["kvm01"]}])
    assert "guest kvm01: name: the scenario has a host of this name" in said
    assert "guest web: groups: kvm01: is a host of the scenario" in said
    kit = found(tmp_path, kvm_guests=[WEB])
    write_inventory(tmp_path, kit["guests"])
    groups = {"all": ["kvm01", "web"], "molecule": ["web"]}
    assert found(tmp_path, groups=groups, kvm_guests=[WEB])["guests"]
    # While guests are made anew, the inventory that the kit has written is gone.
    (tmp_path / "scenario/inventory/molecule_guests.yml").unlink()
    known = "{{ lookup('virtfleet.kvm.molecule_scenario', known=['web']) }}"
    assert found(tmp_path, known, groups=groups, kvm_guests=[WEB])["guests"]
    with pytest.raises(AnsibleError, match="guest web: name: the scenario has a host"):
        found(tmp_path, groups=groups, kvm_guests=[WEB])
    with pytest.raises(AnsibleError, match="guest db: name: the scenario has a host"):
        found(tmp_path, groups={"all": ["web", "db"]}, kvm_guests=[{**WEB, "name": "db"}])


def test_an_inventory_that_somebody_else_has_written(tmp_path: Path) -> None:
    (tmp_path / "scenario/inventory").mkdir()
    (tmp_path / "scenario/inventory/molecule_guests.yml").write_text("all: {hosts: {web: {}}}")
    assert "is not as virtfleet.kvm.molecule_create writes it" in refused(tmp_path, PLACE)


def write_note(folder: Path, note: dict[str, str]) -> None:
    path = Path(note["path"])
    path.parent.mkdir(exist_ok=True)
    path.write_text(note["content"])


def test_the_guests_stay_where_they_were_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here or there, whatever is set by now, until what create has noted is gone."""
    monkeypatch.setenv("MOLECULE_KVM_HOST", "root@there")
    write_note(tmp_path, found(tmp_path, PLACE)["note"])
    monkeypatch.setenv("MOLECULE_KVM_HOST", "root@elsewhere")
    for more in ({}, {"molecule_kvm_host": "kvm01"}, {"molecule_kvm_host": "{{ nowhere }}"}):
        assert found(tmp_path, PLACE, **more)["kvm"]["wanted"] == "root@there"
    (tmp_path / "scenario/kvm/where_the_guests_are").unlink()
    monkeypatch.delenv("MOLECULE_KVM_HOST")
    write_note(tmp_path, found(tmp_path, PLACE)["note"])
    monkeypatch.setenv("MOLECULE_KVM_HOST", "root@elsewhere")
    assert not found(tmp_path, PLACE)["kvm"]["remote"]
    (tmp_path / "scenario/kvm/where_the_guests_are").unlink()
    assert found(tmp_path, PLACE)["kvm"]["wanted"] == "root@elsewhere"


def test_the_libvirt_of_an_ordinary_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the guests are destroyed, they are in the libvirt in which they were made."""
    place = found(tmp_path, PLACE)
    assert (place["uri"], place["session"]) == ("qemu:///system", False)
    assert place["pool"]["target"] == "/var/lib/libvirt/virtfleet-molecule"
    monkeypatch.setenv("MOLECULE_KVM_URI", "qemu:///session")
    kit = found(tmp_path, "{{ lookup('virtfleet.kvm.molecule_scenario', home='/home/kim') }}", kvm_guests=[WEB])
    assert (kit["uri"], kit["session"]) == ("qemu:///session", True)
    assert kit["pool"]["target"] == "/home/kim/.local/share/libvirt/virtfleet-molecule"
    assert kit["kvm"]["variables"]["ansible_become"] is False
    (guest,) = kit["guests"]
    (address,) = kit["forwards"]
    assert guest["forward"] == {"address": address, "port": kit["first_port"]}
    assert Path(kit["port_finder"]).parts[-2:] == ("_molecule", "ports.py")
    ports = f"{{{{ lookup('virtfleet.kvm.molecule_scenario', ports={{'{address}': 2230}}) }}}}"
    kit = found(tmp_path, ports, kvm_guests=[WEB])
    assert kit["guests"][0]["forward"]["port"] == 2230
    write_note(tmp_path, kit["note"])
    monkeypatch.setenv("MOLECULE_KVM_URI", "qemu:///system")
    assert found(tmp_path, PLACE, molecule_kvm_uri="qemu:///system")["uri"] == "qemu:///session"
    write_inventory(tmp_path, kit["guests"])
    assert found(tmp_path, PLACE)["made"][0]["forward"] == {"address": address, "port": 2230}


def test_become_is_for_the_libvirt_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for user, uri, becomes in ((1000, "qemu:///system", True), (1000, "qemu:///session", False), (0, "", False)):
        monkeypatch.setattr("os.getuid", lambda user=user: user)
        monkeypatch.setenv("MOLECULE_KVM_URI", uri)
        assert found(tmp_path, PLACE)["kvm"]["variables"]["ansible_become"] is becomes
    assert "neither qemu:///system nor qemu:///session" in refused(tmp_path, PLACE, molecule_kvm_uri="lxc:///")


def test_files_of_another_scenario(tmp_path: Path) -> None:
    """A copy of the folder, or another molecule_id: nobody puts back, destroys or forgets the guests of these."""
    kit = found(tmp_path, kvm_guests=[WEB], molecule_id="1")
    write_inventory(tmp_path, kit["guests"])
    assert found(tmp_path, PLACE, molecule_id="1")["made"] == [
        {name: kit["guests"][0][name] for name in ("name", "domain", "user", "groups", "snapshot")}
    ]
    assert "has files about the guest web-" in refused(tmp_path, PLACE, molecule_id="2")
    write_note(tmp_path, kit["note"])
    said = refused(tmp_path, PLACE, molecule_id="2")
    assert f"has files about guests with the label {kit['mark']}, but" in said
    (tmp_path / "scenario/inventory/molecule_guests.yml").unlink()
    assert said == refused(tmp_path, PLACE, molecule_id="2")
    assert "guests with the label" in refused(tmp_path, kvm_guests=[WEB], molecule_id="2")
