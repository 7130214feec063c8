# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers and defaults on the pages are those of the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host, Scope
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import DEFAULTS, PROFILES
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import (
    download,
    image_format,
    private_file,
    qemu_img,
    sandbox,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.sparse_copy import Room
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.fields.pcie_ports import SPARE
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.derived_values import derive_mac

from .blocks import ROOT

ROLES = sorted(path.parent for path in ROOT.glob("roles/*/README.md"))
INNER = re.compile(r"(networks|storage)_(default|going|needed)")
"""Variables of roles that are for the roles themselves."""


def rows(text: str) -> list[list[str]]:
    """The rows of all tables of a page, cell by cell."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def options(role: Path) -> dict[str, Any]:
    """The variables of a role that are the user's, with their defaults."""
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    known = {name: defaults.get(name, spec.get("default")) for name, spec in specs.items() if not INNER.fullmatch(name)}
    # No options: Ansible would evaluate the guests of all hosts to check them.
    others = dict.fromkeys(("kvm_guests", *DEFAULTS, PROFILES)) if role.name == "guests" else {}
    return {**known, **others}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_variables_of_a_role_and_their_defaults(role: Path) -> None:
    shown = {
        name: row[1]
        for row in rows((role / "README.md").read_text())
        for name in re.findall(r"`(\w+)`", row[0])
        if len(row) == 3
    }
    known = options(role)
    assert shown.keys() == known.keys()
    for name, default in shown.items():
        if default.startswith("`"):
            assert yaml.safe_load(default.strip("`")) == known[name], name
        else:
            assert known[name] is None, name


def test_the_limits_of_images() -> None:
    table = {row[0]: row[1] for row in rows((ROOT / "docs/images.md").read_text())}
    tebi, gibi, mebi, kibi = 1024**4, 1024**3, 1024**2, 1024
    assert table["size of the image, and of the disk in it"] == f"at most {image_format.LARGEST // tebi} TiB"
    assert (
        f"except {100 // Room.SHARE} % of the file system or {Room.RESERVE // gibi} GiB" in (table["space in the pool"])
    )
    assert qemu_img.with_tables(100 * mebi) == 102 * mebi + qemu_img.SLACK
    assert f"that plus 2 % plus {qemu_img.SLACK // mebi} MiB" in table["size of an image once it is unpacked"]
    assert table["time for a download"].startswith("an hour,")
    assert download.TIMEOUT / 3600 == 1
    assert table["time until its first byte"] == f"{download.WINDOW:g} s"
    assert f"{download.SLOWEST // kibi} KiB/s on average over each minute" in table["speed of a download"]
    assert table["redirects"].startswith(f"{download.REDIRECTS}, ")
    assert table["a tool that works on the image"] == (
        f"{sandbox.PATIENCE // 60} minutes plus a second for each MiB of the image,"
        f" and {sandbox.MEMORY // gibi} GiB of address space"
    )
    assert sandbox.RATE / mebi == 1


def test_the_free_ports_of_a_new_guest() -> None:
    table = {row[0]: row[1] for row in rows((ROOT / "docs/concepts.md").read_text())}
    assert table["`hotplug_slots`"].startswith(f"{SPARE} free PCIe ports")


def test_the_wait_for_the_manifest() -> None:
    text = " ".join((ROOT / "docs/architecture.md").read_text().split())
    assert f"under a lock that is waited for {private_file.WAIT:g} seconds" in text


def test_how_often_two_guests_share_an_address() -> None:
    """The birthday problem: the pairs of a fleet, each alike once in as many as there are addresses."""
    pairs = 1000 * 999 / 2
    text = " ".join((ROOT / "docs/architecture.md").read_text().split())
    assert f"would share an address in {100 * pairs / 2**24:.0f} of 100 fleets" in text
    assert f"With 32 bits it is one fleet in some {round(2**32 / pairs, -2):,.0f}." in text
    mac = derive_mac(Scope("domain", "web01", Host(), 0, {}, ()))
    assert re.fullmatch(r"52:54(:[0-9a-f]{2}){4}", mac)


def test_the_versions_of_ansible() -> None:
    (row,) = [row for row in rows((ROOT / "README.md").read_text()) if row[0] == "control node"]
    needed = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"]
    pinned = re.search(r"^ansible-core==(\d+\.\d+)", (ROOT / "requirements/control.txt").read_text(), re.M)
    assert pinned
    assert needed == f">={re.findall(r'[0-9]+[.][0-9]+', row[1])[0]}.0"
    assert row[2].startswith(f"ansible-core {pinned[1]}")


def test_every_supported_ansible_has_its_run() -> None:
    (row,) = [row for row in rows((ROOT / "README.md").read_text()) if row[0] == "control node"]
    tried = re.search(r"^VERSIONS = \((.*)\)", (ROOT / "tests/lab/test_control.py").read_text(), re.M)
    assert tried
    versions = re.findall(r"2\.\d+", tried[1])
    assert row[1] == f"ansible-core {versions[0]} to {versions[-1]}"
    first, last = (int(version[2:]) for version in (versions[0], versions[-1]))
    assert versions == [f"2.{minor}" for minor in range(first, last + 1)]


def test_the_supported_releases_are_the_same_everywhere() -> None:
    (row,) = [row for row in rows((ROOT / "README.md").read_text()) if row[0] == "hosts"]

    def releases(text: str) -> list[str]:
        return re.findall(r"\d\d\.04|Debian 12|, 13\b|forky", text)

    supported = ["22.04", "24.04", "26.04", "Debian 12", ", 13", "forky"]
    assert releases(row[1]) == supported
    (step,) = [row for row in rows((ROOT / "roles/host/README.md").read_text()) if row[0] == "install"]
    assert releases(step[1]) == supported
    (line,) = [line for line in (ROOT / "roles/host/vars/main.yml").read_text().splitlines() if "share." in line]
    assert releases(line) == supported
