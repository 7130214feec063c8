# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook images_lock, as ansible-playbook runs it: what it writes beside the inventory, and what it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.tests.unit.mirrors import LATEST, Mirror
from ansible_collections.virtfleet.kvm.tests.unit.playbooks.test_silence import LOCAL, play
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

NAME = ".kvm_images.lock.yml"
GROUPS = {
    "kvm_hosts": {
        "hosts": dict.fromkeys(("kvm01", "kvm02"), LOCAL),
        "vars": {"ansible_become": False},
    }
}


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    made.start()
    yield made
    made.listener.close()


def images(mirror: Mirror) -> list[dict[str, Any]]:
    return [
        {"name": "noble", "ubuntu": "24.04", "arch": "amd64", "mirror": f"{mirror.url}/ubuntu"},
        {"name": "trixie", "debian": 13, "arch": "amd64", "mirror": f"{mirror.url}/debian"},
        {"name": "bare", "url": f"{mirror.url}/bare.img"},
    ]


def lock(folder: Path, mirror: Mirror, *options: str, **variables: Any) -> tuple[int, str]:
    """Run the playbook. Its hosts have the test driver for a libvirt."""
    check, locking = yaml.safe_load((ROOT / "playbooks/images_lock.yml").read_text(encoding="utf-8"))
    check["ansible.builtin.import_playbook"] = str(ROOT / "playbooks/check.yml")
    locking["module_defaults"] = {"group/virtfleet.kvm.kvm": {"uri": "test:///default"}}
    (folder / "plays.yml").write_text(yaml.safe_dump([check, locking]), encoding="utf-8")
    given = {"kvm_guests": [], "kvm_images": images(mirror), **variables}
    return play(folder, "plays.yml", *options, groups=GROUPS, **given)


def serials(folder: Path) -> dict[str, list[str]]:
    content = yaml.safe_load((folder / NAME).read_text(encoding="utf-8"))["images"]
    return {name: [entry["serial"] for entry in entries] for name, entries in content.items()}


def test_the_lock_file_of_a_fleet(tmp_path: Path, mirror: Mirror) -> None:
    code, output = lock(tmp_path, mirror, "--check", "--diff")
    assert code == 0, output
    assert f"+    serial: {LATEST}" in output
    assert "+    serial: '20250805'" in output
    assert not (tmp_path / NAME).exists()
    code, output = lock(tmp_path, mirror)
    assert code == 0, output
    assert serials(tmp_path) == {"noble": ["20250805"], "trixie": [LATEST]}
    assert f"{NAME}: noble (amd64): new, 20250805" in output
    assert f"{NAME}: bare: cannot be locked, as it has no checksum" in output
    before = (tmp_path / NAME).read_text(encoding="utf-8")
    old = before.replace("20250805", "20250115").replace(LATEST, "20250210-2019")
    (tmp_path / NAME).write_text(old, encoding="utf-8")
    code, output = lock(tmp_path, mirror, "-e", "images_lock_only=noble", "--limit", "kvm02")
    assert code == 0, output
    assert serials(tmp_path) == {"noble": ["20250805"], "trixie": ["20250210-2019"]}
    assert f"{NAME}: noble (amd64): 20250115 -> 20250805" in output


def test_what_cannot_be_found_out_writes_nothing(tmp_path: Path, mirror: Mirror) -> None:
    wrong = [{**images(mirror)[0], "ubuntu": "20.04"}]
    code, output = lock(tmp_path, mirror, kvm_images=wrong)
    assert code != 0
    assert "nothing was written:" in output
    assert "image noble: kvm01: the index" in output
    assert not (tmp_path / NAME).exists()
