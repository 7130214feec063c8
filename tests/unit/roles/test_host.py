# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages the role asks for, by what a host has, and which answer it believes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

VARS = {
    name: trust_as_template(value) if isinstance(value, str) else value
    for name, value in yaml.safe_load((ROOT / "roles/host/vars/main.yml").read_text(encoding="utf-8")).items()
}
TASKS = {task["name"]: task for task in yaml.safe_load((ROOT / "roles/host/tasks/main.yml").read_text())}
BASE = VARS["host_packages"]


def render(template: str, **variables: Any) -> Any:
    return Templar(loader=DataLoader(), variables={**VARS, **variables}).template(trust_as_template(template))


def wanted(stack: str | None, *extra: str) -> list[str]:
    found: list[str] = render(
        VARS["host_packages_wanted"], host_found={"stack": stack}, host_extra_packages=list(extra)
    )
    return found


@pytest.mark.parametrize("stack", [None, "base"])
def test_the_base_stack(stack: str | None) -> None:
    assert wanted(stack, "zfsutils-linux") == [*BASE, "zfsutils-linux"]
    # In Ubuntu 26.04 this is no package any more, only a name that others provide.
    assert "qemu-kvm" not in BASE


def test_a_host_with_the_hardware_enablement_stack_is_asked_for_no_base_package() -> None:
    extra = ("libvirt-daemon-driver-storage-logical", "qemu-block-extra", "ovmf-hwe", "zfsutils-linux")
    assert sorted(wanted("hwe", *extra)) == sorted(
        [
            "qemu-system-x86-hwe",
            "qemu-utils-hwe",
            "libvirt-daemon-system-hwe",
            "libvirt-clients-hwe",
            "python3-libvirt",
            "dnsmasq-base",
            "mtools",
            "ovmf-hwe",
            "swtpm",
            "swtpm-tools",
            "libvirt-daemon-driver-storage-logical-hwe",
            "qemu-block-extra-hwe",
            "ovmf-hwe",
            "zfsutils-linux",
        ]
    )


@pytest.mark.parametrize("package", ["ubuntu-virt-hwe", "qemu-system-x86-hwe", "libvirt-daemon-system-hwe", "ovmf-hwe"])
def test_a_host_without_a_hypervisor_gets_the_stack_of_its_extra_packages(package: str) -> None:
    found = wanted(None, package, "zfsutils-linux")
    assert {package, "qemu-system-x86-hwe", "libvirt-daemon-system-hwe", "python3-libvirt", "zfsutils-linux"} <= set(
        found
    )
    assert not {"qemu-system-x86", "qemu-utils", "libvirt-daemon-system", "libvirt-clients", "ovmf"} & set(found)


@pytest.mark.parametrize("package", ["linux-generic-hwe-26.04", "ubuntu-helper-virt-hwe", "zfsutils-linux"])
def test_other_packages_choose_no_stack(package: str) -> None:
    assert wanted(None, package) == [*BASE, package]
    assert not refused("base", package)


def refused(stack: str | None, *extra: str) -> bool:
    task = TASKS["Check that the packages fit the host"]
    variables = {"host_found": {"stack": stack}, "host_extra_packages": list(extra)}
    others = trust_as_template(task["vars"]["others"])
    return bool(render(f"{{{{ {task['when']} }}}}", others=others, **variables))


@pytest.mark.parametrize(("stack", "refusal"), [("base", True), (None, False), ("hwe", False)])
def test_the_stack_that_a_host_has_is_kept(stack: str | None, refusal: bool) -> None:
    assert refused(stack, "zfsutils-linux", "ubuntu-virt-hwe") is refusal
    assert not refused(stack, "zfsutils-linux")
    names = list(TASKS)
    assert names.index("Check that the packages fit the host") < names.index("Install libvirt and QEMU")


def test_the_host_is_asked_before_anything_is_installed() -> None:
    modules = [name for task in TASKS.values() for name in task if name.count(".") == 2]
    assert modules.index("virtfleet.kvm.host_info") < modules.index("ansible.builtin.apt")


DEAD = {"problem": "libvirt does not answer", "virtualization": {"kind": "hardware"}, "daemon": {"model": "monolithic"}}
WELL = {**DEAD, "problem": None}


@pytest.mark.parametrize(
    ("found", "check", "installed", "services", "passes"),
    [
        (WELL, False, False, False, True),
        (DEAD, False, False, False, False),
        (DEAD, False, False, True, False),
        (DEAD, False, True, True, False),
        (DEAD, True, False, False, False),
        (DEAD, True, True, False, True),
        (DEAD, True, False, True, True),
    ],
)
def test_a_libvirt_that_does_not_answer_fails_unless_the_run_would_start_it(
    found: dict[str, Any], check: bool, installed: bool, services: bool, passes: bool
) -> None:
    """The answer is the newest: services that were changed are no excuse."""
    conditions = TASKS["Check that libvirt answers"]["when"]
    variables = {
        "host_found": found,
        "host_require_hardware": False,
        "ansible_check_mode": check,
        "host_installed": {"changed": installed},
        "host_services": {"changed": services},
    }
    assert all(render(f"{{{{ {condition} }}}}", **variables) for condition in conditions) is not passes


def test_the_answer_is_asked_for_anew_after_the_services_were_started() -> None:
    names = list(TASKS)
    assert names.index("Ask whether libvirt answers now") > names.index("Enable libvirt's services")
    assert names.index("Keep the newest answer") > names.index("Ask whether libvirt answers now")


KIM = {"name": "kim", "root": False}


@pytest.mark.parametrize(
    ("user", "problem", "model", "missing", "what"),
    [
        ({"name": "root", "root": True}, "libvirt does not answer", None, None, None),
        (KIM, None, "monolithic", "", None),
        (KIM, "libvirt does not answer", "monolithic", "", "manage libvirt"),
        (KIM, None, "monolithic", "1 newly installed\nInst swtpm (0.7)", "install packages"),
        (KIM, "libvirt is not installed", None, "", "install packages"),
    ],
)
def test_a_forgotten_become_is_named_before_anything_is_installed(
    user: dict[str, Any], problem: str | None, model: str | None, missing: str | None, what: str | None
) -> None:
    names = list(TASKS)
    task = TASKS["Check that Ansible may set up the host"]
    assert names.index(task["name"]) < names.index("Install libvirt and QEMU")
    variables = {
        "host_found": {"user": user, "problem": problem, "daemon": {"model": model}},
        "host_missing": {"skipped": True} if missing is None else {"stdout": missing},
        **{name: trust_as_template(value) for name, value in task["vars"].items()},
    }
    assert bool(render(f"{{{{ {task['when']} }}}}", **variables)) is (what is not None)
    told = render(task["ansible.builtin.fail"]["msg"], **variables)
    if what is not None:
        assert told.startswith(f"Ansible works on the host as kim, who may not {what}. Log in as root")
        assert "ansible_become: true" in told
