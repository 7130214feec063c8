# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no file can take the place of is said by check mode as well."""

from __future__ import annotations

import os
import pathlib

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import fixed_files
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import journal


@pytest.fixture
def file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    for name in ("DISK", "BOOT", "TMPFILES"):
        monkeypatch.setattr(journal, name, str(tmp_path / name))
    monkeypatch.setattr(fixed_files, "MOUNTS", str(tmp_path / "mountinfo"))
    found = tmp_path / "net plan/01.yaml"
    found.parent.mkdir()
    found.write_text("network: {}")
    return found


def refused(path: pathlib.Path) -> str:
    with pytest.raises(VirtfleetError, match="nothing was changed, files of the host stand in the way") as caught:
        fixed_files.refuse([str(path)])
    return str(caught.value)


def test_what_can_be_replaced_is_let_through(file: pathlib.Path) -> None:
    fixed_files.refuse([str(file), str(file.parent / "new/new.yaml")])


@pytest.mark.parametrize("link", [True, False])
def test_a_mounted_file_is_refused(file: pathlib.Path, link: bool) -> None:
    mounted = str(file).replace(" ", "\\040")
    (file.parent.parent / "mountinfo").write_text(f"36 35 98:0 /n.yaml {mounted} rw,noatime - ext4 /dev/vda rw\n")
    named = file
    if link:
        named = file.parent / "link.yaml"
        named.symlink_to(file)
    assert f"{file}: something is mounted on it, so no other file can take its place: umount {file}" in refused(named)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_is_immutable_is_refused(file: pathlib.Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    bad = file if what == "file" else file.parent
    inode = bad.stat().st_ino
    monkeypatch.setattr(fixed_files, "frozen", lambda handle: os.fstat(handle).st_ino == inode)
    assert f"{bad}: it is immutable or append-only: look with lsattr, then chattr -ia {bad}" in refused(file)


def test_a_read_only_folder_is_refused(file: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs

    def statvfs(path: str) -> object:
        found = real(path)
        return os.statvfs_result([*found[:8], os.ST_RDONLY, found[9]]) if path == str(file.parent) else found

    monkeypatch.setattr(fixed_files.os, "statvfs", statvfs)
    assert f"{file.parent}: its filesystem is read-only: mount it writable" in refused(file)


@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_what_is_no_folder_on_the_way_is_refused(file: pathlib.Path, kind: str) -> None:
    bad = file.parent / "links"
    if kind == "file":
        bad.touch()
    else:
        bad.symlink_to("nowhere")
    told = f"{bad if kind == 'file' else file.parent / 'nowhere'}: it is no folder"
    if kind == "file":
        assert told in refused(bad / "below/trial.json")
    else:
        # It is followed, and what it leads to can be made.
        fixed_files.refuse([str(bad / "below/trial.json")])
        assert f"{bad}: it is no folder" in fixed_files.problem(str(bad / "trial.json"), ())


@pytest.mark.parametrize("unit", ["virtfleet-links.service", "virtfleet-links-thaw.timer"])
def test_a_unit_that_stands_before_the_one_that_takes_back_is_refused(
    file: pathlib.Path, monkeypatch: pytest.MonkeyPatch, unit: str
) -> None:
    monkeypatch.setattr(fixed_files, "BEFORE", (str(file.parent / "none"), str(file.parent)))
    bad = file.parent / unit
    bad.symlink_to("/dev/null")  # systemctl mask
    assert f"{bad}: systemd takes it for the unit that takes a change back: rm {bad}, systemctl daemon-reload" in (
        refused(file)
    )
