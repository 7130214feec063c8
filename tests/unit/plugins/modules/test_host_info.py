# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""host_info answers everywhere: with a libvirt, with one that is silent, and without."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as binding
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.host import version
from ansible_collections.virtfleet.kvm.plugins.modules import host_info

Run = Callable[..., dict[str, Any]]


def test_with_a_libvirt(connection: Any, run_main: Run) -> None:
    result = run_main(host_info.main, uri="test:///default")
    assert not result["changed"]
    assert result["problem"] is None
    assert result["hypervisor"]["name"] == "TEST"
    assert result["libvirt"] == version(connection.getLibVersion())
    assert [check["check"] for check in result["virtualization"]["checks"]] == ["cpu", "device", "libvirt"]
    # The test driver offers no kvm, whatever the machine has.
    assert result["virtualization"]["kind"] == "emulation"
    assert result["virtualization"]["missing"] != []
    assert (result["cpus"], result["arch"]) == (os.cpu_count(), platform.machine())
    assert 2**20 < result["memory"] < 2**60


def test_a_silent_libvirt_is_a_fact(run_main: Run) -> None:
    result = run_main(host_info.main, uri="test:///no/such/file.xml")
    assert result["problem"].startswith("libvirt does not answer at test:///no/such/file.xml: ")
    assert (result["libvirt"], result["hypervisor"]) == (None, None)
    assert result["virtualization"]["checks"][2]["ok"] is None


@pytest.mark.parametrize("check", [False, True])
def test_a_host_without_libvirt(run_main: Run, monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    monkeypatch.setattr(binding, "libvirt", None)
    result = run_main(host_info.main, check=check)
    assert "install python3-libvirt" in result["problem"]
    assert result["virtualization"]["kind"] == "emulation"
    assert result["virtualization"]["checks"][2]["detail"] == "libvirt is not there to be asked"


@pytest.mark.parametrize(
    ("number", "text"), [(9000000, "9.0.0"), (11003000, "11.3.0"), (8002002, "8.2.2"), (10000012, "10.0.12")]
)
def test_version(number: int, text: str) -> None:
    assert version(number) == text


def test_all_that_is_returned_is_documented(run_main: Run) -> None:
    documented = yaml.safe_load(host_info.RETURN)
    returned = run_main(host_info.main, uri="test:///default")
    assert returned.keys() - {"changed", "invocation", "warnings"} == documented.keys()
    assert returned["virtualization"].keys() == documented["virtualization"]["contains"].keys()
    assert returned["daemon"].keys() == documented["daemon"]["contains"].keys()
