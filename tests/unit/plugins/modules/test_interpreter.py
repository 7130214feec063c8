# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules under a Python without libvirt's binding: the distribution's is found, and no host passes for a fresh one."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as binding
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import interpreter
from ansible_collections.virtfleet.kvm.plugins.modules import domains, domains_info, host_info, networks, pools, volumes

Run = Callable[..., dict[str, Any]]


class Respawned(BaseException):
    """The module was started under another Python, which ends this process."""


@pytest.fixture(autouse=True)
def no_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python that runs has no libvirt; starting another one is only noted."""

    def respawn(path: str) -> None:
        raise Respawned(path)

    monkeypatch.setattr(binding, "libvirt", None)
    # As Ansible marks a module that it starts.
    monkeypatch.setattr(sys.modules["__main__"], "_module_fqn", "a module", raising=False)
    monkeypatch.setattr(interpreter, "PYTHONS", ())
    monkeypatch.setattr(interpreter, "respawn_module", respawn)


def python(path: Path, with_libvirt: bool) -> Path:
    """A program that answers to what probes ask as a Python does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {0 if with_libvirt else 1}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return path


@pytest.mark.parametrize("module", [domains, networks, pools, volumes])
@pytest.mark.parametrize("check", [False, True])
def test_declaring_modules_start_under_the_python_that_has_it(
    run_main: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: Any, check: bool
) -> None:
    python(tmp_path / "python3", False)
    better = python(tmp_path / "python3.10", True)
    monkeypatch.setattr(interpreter, "PYTHONS", (str(tmp_path / "python3"), str(tmp_path / "python3.[0-9]*[0-9]")))
    with pytest.raises(Respawned, match=str(better)):
        run_main(module.main, check=check, config=[])


@pytest.mark.parametrize("module", [domains_info, host_info])
def test_reading_modules_too(run_main: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: Any) -> None:
    better = python(tmp_path / "python3", True)
    monkeypatch.setattr(interpreter, "PYTHONS", (str(better),))
    with pytest.raises(Respawned, match=str(better)):
        run_main(module.main)


def test_it_is_started_anew_once_only(run_main: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(interpreter, "PYTHONS", (str(python(tmp_path / "python3", True)),))
    monkeypatch.setattr(interpreter, "has_respawned", lambda: True)
    assert "install python3-libvirt" in run_main(host_info.main)["problem"]


@pytest.mark.parametrize("folder", ["etc/libvirt/qemu", "run/libvirt/qemu", "etc/libvirt/storage"])
@pytest.mark.parametrize("check", [False, True])
def test_a_host_with_definitions_is_not_planned_as_a_fresh_one(
    run_main: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: str, check: bool
) -> None:
    made = tmp_path / folder / "web01.xml"
    made.parent.mkdir(parents=True)
    made.touch()
    monkeypatch.setattr(interpreter, "DEFINITIONS", (os.path.join(str(tmp_path / folder), "*.xml"),))
    result = run_main(domains.main, check=check, fails=True, config=[{"name": "a", "memory": "1GiB"}])
    assert "install python3-libvirt" in result["msg"]
    assert str(made) in result["msg"]
    assert "fresh from installation" not in str(result)


def test_a_fresh_host_is_planned_in_check_mode(run_main: Run) -> None:
    result = run_main(domains.main, check=True, config=[{"name": "a", "memory": "1GiB"}])
    assert result["changed"]
    assert any("planned as for a host fresh from installation" in warning for warning in result["warnings"])
