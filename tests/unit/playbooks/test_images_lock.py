# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook images_lock, as ansible-playbook runs it: what it writes beside the inventory, and what it leaves."""

from __future__ import annotations

import os
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


def test_a_link_and_the_mode_stay(tmp_path: Path, mirror: Mirror) -> None:
    real = tmp_path / "elsewhere/images.yml"
    real.parent.mkdir()
    real.write_text("images: {}\n", encoding="utf-8")
    real.chmod(0o600)
    (tmp_path / NAME).symlink_to(real)
    code, output = lock(tmp_path, mirror)
    assert code == 0, output
    assert (tmp_path / NAME).is_symlink()
    assert serials(tmp_path) == {"noble": ["20250805"], "trixie": [LATEST]}
    assert real.stat().st_mode & 0o777 == 0o600
    # A file that is new can be read by all, as others in a repository.
    (tmp_path / NAME).unlink()
    code, output = lock(tmp_path, mirror)
    assert code == 0, output
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o644


PLACES = {
    "nodir/x.yml": "there is no folder",
    "odd/": "is a folder",
    "pipe": "is no regular file",
    "/dev/null": "is no regular file",
    "hosts.yml": "is no file that virtfleet.kvm.images_lock has written, and stays as it is",
}


@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_place_for_the_file_is_refused_before_any_server_is_asked(
    tmp_path: Path, mirror: Mirror, place: str
) -> None:
    (tmp_path / "odd").mkdir()
    os.mkfifo(tmp_path / "pipe")
    mirror.asked.clear()
    code, output = lock(tmp_path, mirror, kvm_images_lock=place)
    assert code != 0, output
    assert PLACES[place] in output
    assert "no host was touched, the declaration is refused" in output
    assert mirror.asked == []
    assert "checksum" not in output


@pytest.mark.parametrize(
    "given",
    ['{"images_lock_only": 5}', '{"images_lock_only": {"a": 1}}', '{"images_lock_only": [["noble"], 7]}']
    + [f"images_lock_{name}=noble, trixie" for name in ("only", "older", "unsigned")]
    + ["images_lock_prune=perhaps"],
)
def test_what_is_no_list_of_names_is_refused_before_any_server_is_asked(
    tmp_path: Path, mirror: Mirror, given: str
) -> None:
    mirror.asked.clear()
    code, output = lock(tmp_path, mirror, "-e", given)
    assert code != 0, output
    assert "no host was touched, the declaration is refused" in output
    words = "write true or false" if "prune" in given else "is no list of names of images: write a list"
    assert words in output
    assert mirror.asked == []


def test_what_would_make_the_file_worse_ends_the_run(tmp_path: Path, mirror: Mirror) -> None:
    code, output = lock(tmp_path, mirror)
    assert code == 0, output
    good = (tmp_path / NAME).read_text(encoding="utf-8")
    newer = good.replace("20250805", "20991231")
    signed = good.replace("    serial: '20250805'\n", f"    serial: '20250805'\n    signer: {'A' * 40}\n")
    for before, words, allowed in (
        (newer, "it is locked as 20991231, and the newest that there is now is 20250805", "images_lock_older"),
        (signed, "no signature was verified of 20250805, which there is now", "images_lock_unsigned"),
    ):
        assert before != good
        (tmp_path / NAME).write_text(before, encoding="utf-8")
        for options in ((), ("--check",), ("-e", '{"images_lock_only": ["noble"]}')):
            code, output = lock(tmp_path, mirror, *options)
            assert code != 0, output
            assert words in output
            assert f"-e {allowed}=noble takes it all the same" in output
            assert (tmp_path / NAME).read_text(encoding="utf-8") == before
        code, output = lock(tmp_path, mirror, "-e", f"{allowed}=noble")
        assert code == 0, output
        assert (tmp_path / NAME).read_text(encoding="utf-8") == good


def test_images_of_another_inventory_stay_until_they_are_pruned(tmp_path: Path, mirror: Mirror) -> None:
    code, output = lock(tmp_path, mirror)
    assert code == 0, output
    mine = images(mirror)[1:2]
    code, output = lock(tmp_path, mirror, kvm_images=mine)
    assert code == 0, output
    assert "noble: stays, and is not in kvm_images here: -e images_lock_prune=true removes it" in output
    assert set(serials(tmp_path)) == {"noble", "trixie"}
    code, output = lock(tmp_path, mirror, "-e", "images_lock_prune=true", kvm_images=mine)
    assert code == 0, output
    assert set(serials(tmp_path)) == {"trixie"}
