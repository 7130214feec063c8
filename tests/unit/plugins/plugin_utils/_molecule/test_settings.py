# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A misspelt variable of a scenario is told, and one of somebody else is not."""

from __future__ import annotations

import re

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule import settings
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

OF_MOLECULE = (
    "molecule_yml", "molecule_file", "molecule_instance_config", "molecule_no_log", "molecule_ephemeral_directory",
    "molecule_scenario_directory", "molecule_scenario_name", "molecule_project_directory",
)  # fmt: skip
"""The variables that molecule itself hands to its steps."""


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("molecule_kvm_hots", "molecule_kvm_host"),
        ("molecule_kvm-host", "molecule_kvm_host"),
        ("molecule_kvm_hosts", "molecule_kvm_host"),
        ("molecule_timout", "molecule_timeout"),
        ("molecule_wait_fro", "molecule_wait_for"),
        ("kvm_image", "kvm_images"),
        ("kvm_guest", "kvm_guests"),
        ("kvm_vms", "kvm_guests"),
        ("kvm_guest_default", "kvm_guest_defaults"),
        ("kvm_network", None),
        ("kvm_mine", None),
        ("molecule_web_port", None),
        ("web_kvm_guests", None),
        *((name, None) for name in (*settings.SETTINGS, *settings.DECLARING, "kvm_links", "site_refuse")),
        *((name, None) for name in OF_MOLECULE),
    ],
)
def test_what_a_name_may_mean(name: str, meant: str | None) -> None:
    if meant is None:
        settings.check_names(["other", name])
        return
    with pytest.raises(VirtfleetError, match=rf"^'{name}' is not a variable of a scenario; did you mean {meant}\?$"):
        settings.check_names(["other", name])


def test_all_slips_are_told_at_once() -> None:
    with pytest.raises(VirtfleetError) as caught:
        settings.check_names({"molecule_timout": 1, "kvm_image": 2, "molecule_user": 3})
    assert [line.split()[0] for line in str(caught.value).splitlines()] == ["'kvm_image'", "'molecule_timout'"]


def test_no_variable_of_the_steps_is_a_slip() -> None:
    """Those that the playbooks set, register or are given."""
    found: set[str] = set()
    for path in (ROOT / "playbooks").rglob("*molecule*"):
        for file in [path] if path.is_file() else path.glob("*.yml"):
            found |= set(re.findall(r"\bmolecule_[a-z_]+", file.read_text(encoding="utf-8")))
    assert {"molecule_place", "molecule_kit", "molecule_removed"} <= found
    settings.check_names(found)


def test_the_page_has_all_settings() -> None:
    page = (ROOT / "docs/molecule.md").read_text(encoding="utf-8")
    table = page[page.index("## Variables") : page.index("## Limits")]
    assert set(re.findall(r"`(molecule_[a-z_]+)`", table)) == set(settings.SETTINGS)
