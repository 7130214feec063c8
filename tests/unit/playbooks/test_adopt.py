# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook adopt on libvirt's test driver: what it writes, and that the roles then change nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _adopted
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._evaluate import HostTemplar
from ansible_collections.virtfleet.kvm.tests.unit.inventories import hostvars
from ansible_collections.virtfleet.kvm.tests.unit.playbooks.test_silence import LOCAL, play
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

HOST = """<node>
<network><name>lan</name><uuid>1c95ce2b-070d-504a-94b3-7872f2a3c2be</uuid><forward mode='nat'/><bridge name='virbr7'/>
<ip address='10.7.0.1' netmask='255.255.255.0'/></network>
<domain type='test'><name>web01</name><uuid>1c95ce2b-070d-504a-94b3-7872f2a3c2b1</uuid>
<memory unit='KiB'>65536</memory><os><type>hvm</type></os>
<features><acpi/><apic/></features>
<devices><disk type='file' device='disk'><source file='/srv/a.raw'/><target dev='vda' bus='virtio'/></disk>
<interface type='network'><mac address='52:54:00:00:00:01'/><source network='lan'/><model type='virtio'/>
<address type='pci' domain='0x0000' bus='0x00' slot='0x03' function='0x0'/></interface></devices></domain>
<domain type='test'><name>db01</name><uuid>1c95ce2b-070d-504a-94b3-7872f2a3c2b2</uuid>
<description>{{ not }} a template</description>
<memory unit='KiB'>65536</memory><os><type>hvm</type></os></domain>
<domain type='test'><name>-lead</name><uuid>1c95ce2b-070d-504a-94b3-7872f2a3c2b3</uuid>
<memory unit='KiB'>65536</memory><os><type>hvm</type></os></domain>
</node>"""
GROUPS = {"kvm_hosts": {"hosts": {"kvm01": LOCAL}}}
KEPT = {"refused": [], "persistent": True}


def run(folder: Path, playbook: str, *options: str, fails: bool = False, **variables: Any) -> str:
    """Run the plays of a playbook that ask libvirt, on the test driver; what it printed.

    :param variables: those of all hosts
    """
    (folder / "host.xml").write_text(HOST)
    plays = yaml.safe_load((ROOT / f"playbooks/{playbook}.yml").read_text(encoding="utf-8"))
    wanted = ("Adopt", "Make the hosts what they are declared to be")
    parts = [one for one in plays if one.get("name") in wanted]
    for part in parts:
        part["module_defaults"] = {"group/virtfleet.kvm.kvm": {"uri": f"test://{folder}/host.xml"}}
    (folder / "plays").mkdir(exist_ok=True)
    if not (folder / "plays/tasks").exists():
        (folder / "plays/tasks").symlink_to(ROOT / "playbooks/tasks")
    (folder / "plays/part.yml").write_text(yaml.safe_dump(parts))
    code, output = play(folder, "plays/part.yml", *options, groups=GROUPS, **variables)
    assert code == (2 if fails else 0), output
    return output


@pytest.mark.parametrize("options", [[], ["adopt_files=true"], ["adopt_full=true"]], ids=str)
def test_what_is_written_changes_nothing(tmp_path: Path, options: list[str]) -> None:
    said = run(tmp_path, "adopt", *(word for option in options for word in ("-e", option)))
    assert "is not a safe name" in said  # A guest that nobody can declare is left out, and named.
    folder = tmp_path / "host_vars/kvm01"
    main = (folder / "virtfleet.yml").read_text()
    assert main.startswith("---\n")
    files = sorted(path.name for path in folder.glob("guests/*"))
    assert files == (["db01.yml", "web01.yml"] if options == ["adopt_files=true"] else [])
    everything = main + "".join(path.read_text() for path in folder.glob("guests/*"))
    assert ("address:\n" in everything) is (options == ["adopt_full=true"])
    assert "-lead" not in everything
    assert "slot" not in everything or options == ["adopt_full=true"]
    output = run(tmp_path, "site", "--diff")
    assert "changed=0" in output, output


def test_defaults_of_the_fleet_change_nothing_of_what_is_adopted(tmp_path: Path) -> None:
    defaults = {"autostart": True, "title": "ours", "vcpus": 4, "disks": [{"size": "1GiB"}]}
    run(tmp_path, "adopt", kvm_guest_defaults_group=defaults)
    main = tmp_path / "host_vars/kvm01/virtfleet.yml"
    assert main.read_text().count("    host: kvm01\n    defaults: false\n") == 2
    output = run(tmp_path, "site", "--diff", kvm_guest_defaults_group=defaults)
    assert "changed=0" in output, output
    main.write_text(main.read_text().replace("defaults: false", "defaults: true"))
    output = run(tmp_path, "site", "--diff", "--check", kvm_guest_defaults_group=defaults)
    assert "title: ours" in output  # Without that, they would.


def test_a_file_that_says_something_else_is_kept_and_named(tmp_path: Path) -> None:
    run(tmp_path, "adopt", "-e", "adopt_files=true")
    path = tmp_path / "host_vars/kvm01/guests/db01.yml"
    path.write_text("---\nadopted_db01: {name: db01, host: kvm01}\n")
    output = run(tmp_path, "adopt", "-e", "adopt_files=true")
    assert f"{path} is kept: it differs" in output
    assert output.count("is kept: it differs") == 1
    kept: Any = yaml.safe_load(path.read_text())
    assert kept == {"adopted_db01": {"name": "db01", "host": "kvm01"}}


def test_each_resource_is_shortened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plays: Any = yaml.safe_load((ROOT / "playbooks/adopt.yml").read_text(encoding="utf-8"))
    (adopting,) = [one for one in plays if one["name"] == "Adopt"]
    names = [f"g{number}" for number in range(20)]
    read = {
        "adopt_networks_info": {"networks": [{"config": {"name": "lan", "bridge": "virbr7"}, **KEPT}]},
        "adopt_pools_info": {"pools": [{"config": {"name": "p", "target": "/srv/p"}, **KEPT}]},
        "adopt_domains_info": {"domains": [{"config": {"name": name, "memory": "1GiB"}, **KEPT} for name in names]},
        "adopt_volumes_info": {},
    }
    asked: list[str] = []
    real = _adopted.engine.brief

    def counted(table: Any, config: Any, host: Any) -> Any:
        asked.append(config["name"])
        assert {type(config), *map(type, config.values())} <= {dict, str}
        return real(table, config, host)

    monkeypatch.setattr(_adopted.engine, "brief", counted)
    variables = hostvars(tmp_path, {"group_vars/all.yml": {**adopting["vars"], **read}})
    raw = variables.raw_get("kvm01")
    found = HostTemplar.of(raw, variables).value(raw["adopt_config"])
    assert [guest["host"] for guest in found["kvm_guests"]] == ["kvm01"] * 20
    assert sorted(asked) == sorted([*names, "lan", "p"])


@pytest.mark.parametrize("full", [False, True])
def test_what_is_transient_is_not_written(tmp_path: Path, full: bool) -> None:
    """Not of the test driver, whose transient guests end with the module that asks it."""
    plays: Any = yaml.safe_load((ROOT / "playbooks/adopt.yml").read_text(encoding="utf-8"))
    (adopting,) = [one for one in plays if one["name"] == "Adopt"]
    (said,) = [task for task in adopting["tasks"] if task["name"] == "Print what was left out"]
    entries = [
        {"name": name, "config": {"name": name}, "refused": [], "persistent": name == "stays"}
        for name in ("goes", "stays", "declared")
    ]
    read = {
        "adopt_networks_info": {"networks": entries},
        "adopt_pools_info": {"pools": entries},
        "adopt_domains_info": {"domains": entries},
        "adopt_volumes_info": {},
        "adopt_full": full,
        "inventory_dir": str(tmp_path),
        "inventory_hostname": "kvm01",
        "adopt_said": said["vars"]["said"],
    }
    ours = {"group_vars/kvm_hosts.yml": {"kvm_guests": [{"name": "declared", "host": "kvm01"}]}}
    variables = hostvars(tmp_path, {"group_vars/all.yml": {**adopting["vars"], **read}, **ours})
    raw = {**variables.raw_get("kvm01"), "hostvars": variables}
    templar = HostTemplar.of(raw, variables)
    for lists in ("adopt_config", "adopt_listed"):
        found = templar.value(raw[lists])
        named = {variable: [item["name"] for item in items] for variable, items in found.items()}
        assert named == {"kvm_networks": ["stays"], "kvm_pools": ["stays"], "kvm_guests": ["stays"]}
    told = sorted(line.partition(" was not written: it is transient,")[0] for line in templar.value(raw["adopt_said"]))
    assert told == ["guest goes", "network declared", "network goes", "pool declared", "pool goes"]


def test_what_the_inventory_declares_already_stays_as_it_is_there(tmp_path: Path) -> None:
    ours = {"kvm_guests": [{"name": "db01", "host": "kvm01", "memory": "64MiB"}], "kvm_networks": [{"name": "lan"}]}
    output = run(tmp_path, "adopt", **ours)
    config: Any = yaml.safe_load((tmp_path / "host_vars/kvm01/virtfleet.yml").read_text().replace("!unsafe", ""))
    assert config.keys() == {"adopted_guests"}
    assert [guest["name"] for guest in config["adopted_guests"]] == ["web01"]
    assert "kvm_guests: the inventory declares these already, so they are left out: db01" in output
    output = run(tmp_path, "site", "--diff", **ours)
    assert "changed=0" in output, output


def test_a_relative_folder_is_one_from_where_the_user_stands(tmp_path: Path) -> None:
    """Not from that of the playbook, which is in the installed collection."""
    for _again in range(2):  # The second time, the file that is there is compared.
        run(tmp_path, "adopt", "-e", "adopt_directory=out")
    assert (tmp_path / "out/host_vars/kvm01/virtfleet.yml").is_file()


def test_a_file_that_the_new_folder_would_hide_is_named_before(tmp_path: Path) -> None:
    """Ansible reads a folder or a file of a host's name."""
    own = tmp_path / "host_vars/kvm01.yml"
    own.parent.mkdir()
    own.write_text("---\nkvm_links: []\n")
    output = " ".join(run(tmp_path, "adopt", fails=True).split())
    assert f"{own}: Ansible does not read this file any more once there is a folder of its name: move it" in output
    assert [path.name for path in own.parent.iterdir()] == ["kvm01.yml"]
    (tmp_path / "host_vars/kvm01").mkdir()
    own.rename(tmp_path / "host_vars/kvm01/main.yml")
    run(tmp_path, "adopt")
    assert "changed=0" in run(tmp_path, "site", "--diff")


def test_no_file_is_written_where_all_is_declared(tmp_path: Path) -> None:
    ours = {"kvm_guests": [{"name": name, "host": "kvm01"} for name in ("web01", "db01")]}
    run(tmp_path, "adopt", kvm_networks=[{"name": "lan"}], **ours)
    assert not (tmp_path / "host_vars").exists()
