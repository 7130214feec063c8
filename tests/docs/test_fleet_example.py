# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The repository in examples/fleet, in a folder of its own, with the programs that its README and its CI call."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.filter.xml import network_to_xml
from ansible_collections.virtfleet.kvm.tests.unit.guest_inventories import guest, host, network

from .ansible_runs import run
from .blocks import ROOT

EXAMPLE = ROOT / "examples/fleet"
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")
PIPELINES = (".github/workflows/fleet.yml", ".gitlab-ci.yml")

INSTALL = "ansible-galaxy collection install -r collections/requirements.yml"
OF_ROLES = f"{INSTALL} -p ~/.ansible/collections"

SHOWN = "web01 web02 web03 db01 build01"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with the password that the README tells, whose hosts answer by libvirt's test driver."""
    folder = tmp_path_factory.mktemp("examples") / "fleet"
    shutil.copytree(EXAMPLE, folder)
    (folder / ".vault-password").write_text("example\n", encoding="utf-8")
    # The collection under test is found where the tests have it.
    config = (folder / "ansible.cfg").read_text(encoding="utf-8")
    assert "collections_path = collections\n" in config
    (folder / "ansible.cfg").write_text(config.replace("collections_path = collections\n", ""), encoding="utf-8")
    uri = host(folder / "host.xml", network("default"), guest("web03"))
    hosts = yaml.safe_load((folder / "inventory/hosts.yml").read_text(encoding="utf-8"))
    hosts["kvm_hosts"]["vars"]["kvm_inventory_uri"] = uri
    (folder / "inventory/hosts.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    return folder


def commands(text: str) -> set[str]:
    """The lines of a text that call a program of Ansible."""
    found = re.findall(r"^\s*(?:- )?(?:run: )?(ansible-(?:playbook|lint|galaxy)\b.*)$", text, re.MULTILINE)
    return {line.strip() for line in found}


def test_the_declaration_is_in_order(fleet: Path) -> None:
    """Also without the plugin, as CI and the README look at it: no host is asked."""
    for words in ((), ("-i", "inventory/hosts.yml")):
        said = run(fleet, "ansible-playbook", *words, "virtfleet.kvm.check")
        assert "The declaration is in order: 3 hosts, 5 guests" in said
    for pipeline in PIPELINES:
        assert "ANSIBLE_INVENTORY: inventory/hosts.yml\n" in (EXAMPLE / pipeline).read_text(encoding="utf-8")


def test_the_password_of_the_vault_comes_from_the_environment(fleet: Path) -> None:
    script = str(EXAMPLE / "ci/vault-password")
    told = subprocess.run([script], env={"VAULT_PASSWORD": "a b"}, capture_output=True, text=True, check=True).stdout
    assert told == "a b"
    assert subprocess.run([script], env={}, capture_output=True, check=False).returncode != 0


def test_what_is_waited_for_is_there(fleet: Path) -> None:
    """cloud-init is asked about by the agent, and guests on NAT get addresses by DHCP."""
    shown = yaml.safe_load((EXAMPLE / "inventory/group_vars/all/guests.yml").read_text(encoding="utf-8"))
    defaults = shown["kvm_guest_defaults"]
    assert defaults["wait_for"] == "cloud_init"
    assert defaults["channels"][0]["target"]["name"] == "org.qemu.guest_agent.0"
    assert "qemu-guest-agent" in defaults["cloud_init"]["packages"]
    (ghent,) = yaml.safe_load((EXAMPLE / "inventory/group_vars/ghent.yml").read_text(encoding="utf-8"))["kvm_networks"]
    assert "<dhcp>" in network_to_xml(ghent)


def test_the_guests_are_hosts(fleet: Path) -> None:
    listed = json.loads(run(fleet, "ansible-inventory", "--list"))
    assert sorted(listed["_meta"]["hostvars"]) == sorted([*SHOWN.split(), "delft01", "delft02", "ghent01"])
    groups = {name: group.get("hosts", []) for name, group in listed.items() if name.startswith("kvm_")}
    assert groups["kvm_network_site"] == ["web01", "db01", "web02"]
    # Of one that is there, the host tells its networks.
    assert groups["kvm_network_default"] == ["build01"]
    assert groups["kvm_state_running"] == ["web03"]
    reached = listed["_meta"]["hostvars"]["web03"]
    assert reached["ansible_user"] == "debian"
    # What a host tells is marked as unsafe, so the value is not a plain text.
    assert "-o StrictHostKeyChecking=accept-new" in json.dumps(reached["ansible_ssh_common_args"])


def test_only_guests_that_run_are_set_up(fleet: Path) -> None:
    said = run(fleet, "ansible-playbook", "playbooks/site.yml", "--list-hosts")
    play = said.partition("Set up the guests")[2]
    assert [line.strip() for line in play.splitlines()[3:] if line.strip()] == ["web03"]


def test_the_vault_is_encrypted_with_the_password_of_the_readme(fleet: Path) -> None:
    path = "inventory/group_vars/all/vault.yml"
    assert (EXAMPLE / path).read_text(encoding="utf-8").startswith("$ANSIBLE_VAULT;1.")
    assert "The password of this example is `example`." in README.replace("\n", " ")
    told = yaml.safe_load(run(fleet, "ansible-vault", "view", path))
    assert re.fullmatch(r"\$6\$\S+", told["vault_console_password_hash"])


@pytest.mark.parametrize("name", ["README.md", *PIPELINES])
def test_each_command_is_one_that_ansible_takes(fleet: Path, name: str) -> None:
    found = commands((EXAMPLE / name).read_text(encoding="utf-8"))
    assert found
    for line in sorted(found):
        program, *words = shlex.split(line)
        if program == "ansible-playbook":
            run(fleet, program, *words, "--syntax-check")
        else:
            assert line in ("ansible-lint --offline", INSTALL, OF_ROLES)


def jobs(pipeline: str) -> dict[str, Any]:
    """The commands of each job."""
    read = yaml.safe_load((EXAMPLE / pipeline).read_text(encoding="utf-8"))
    if "jobs" in read:
        return {name: [step.get("run", "") for step in job["steps"]] for name, job in read["jobs"].items()}
    return {name: job["script"] for name, job in read.items() if "script" in job}


def test_both_pipelines_do_the_same() -> None:
    github, gitlab = ({name: commands("\n".join(lines)) for name, lines in jobs(one).items()} for one in PIPELINES)
    assert {name: lines - {INSTALL, OF_ROLES} for name, lines in github.items()} == gitlab
    assert gitlab["plan"] == {"ansible-playbook playbooks/site.yml --check --diff"}
    assert set(gitlab) == {"check", "roles", "plan", "apply"}
    for pipeline in PIPELINES:
        assert any("molecule test" in line for line in jobs(pipeline)["roles"])


def test_each_place_is_in_the_readme() -> None:
    told = set(re.findall(r"`([^`]+)`", "\n".join(line for line in README.splitlines() if line.startswith("| `"))))
    assert {path for path in told if not (EXAMPLE / path).exists()} == {"ghent.yml", "ansible-vault", "kvm_guests"}


def test_the_scenario_of_the_role_has_the_steps_of_the_kit(fleet: Path) -> None:
    scenario = "roles/guest_base/molecule/default"
    for step in ("create", "converge", "verify", "destroy"):
        run(fleet, "ansible-playbook", f"{scenario}/{step}.yml", "-i", f"{scenario}/inventory", "--syntax-check")


def test_the_vault_password_is_not_in_git() -> None:
    assert ".vault-password\n" in (EXAMPLE / ".gitignore").read_text(encoding="utf-8")
    assert not (EXAMPLE / ".vault-password").exists()


def test_the_style_is_that_of_production(fleet: Path) -> None:
    run(fleet, "ansible-lint", "--offline", "--strict", "--profile", "production")
