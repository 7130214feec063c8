# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may read a file is its owner's to say, also by an access control list, and a change leaves it so."""

from __future__ import annotations

import errno
import os
import pathlib
import struct

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import files
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.agent_host import Host, make_host

ACL, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
NOBODY = 0xFFFFFFFF


def acl(group: int, mask: int) -> bytes:
    """An access control list that lets one more user read: tag, permission and id of each entry (acl(5))."""
    entries = [(1, 6, NOBODY), (2, 4, 65534), (4, group, NOBODY), (0x10, mask, NOBODY), (0x20, 0, NOBODY)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def give(path: pathlib.Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            pytest.skip(f"no {name} on this filesystem")
        raise


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return make_host(tmp_path, monkeypatch)


@pytest.mark.parametrize("asking", ["confirm", "give-up"])
def test_a_file_keeps_its_access_control_list(host: Host, asking: str) -> None:
    host.kept.chmod(0o600)
    give(host.kept, ACL, acl(group=0, mask=4))
    give(host.kept, "user.note", b"mine")
    mode = host.kept.stat().st_mode
    host.asking = asking
    host.begin()
    host.work()
    assert host.outcome()["outcome"] == {"confirm": "confirmed", "give-up": "rolled-back"}[asking]
    assert host.kept.read_text() == ("new" if asking == "confirm" else "old")
    assert os.getxattr(host.kept, ACL) == acl(group=0, mask=4)
    assert os.getxattr(host.kept, "user.note") == b"mine"
    assert host.kept.stat().st_mode == mode


def test_a_folder_gives_a_file_none_that_it_did_not_have(host: Host) -> None:
    host.kept.chmod(0o640)
    give(host.kept.parent, DEFAULT, acl(group=4, mask=4))
    host.begin()
    host.work()
    assert host.kept.read_text() == "new"
    assert ACL not in os.listxattr(host.kept)
    assert host.kept.stat().st_mode & 0o7777 == 0o640


def test_what_cannot_be_kept_is_refused(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    give(host.kept, "user.note", b"mine")

    def refuse(*words: object, **more: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(files.os, "setxattr", refuse)
    host.begin()
    host.work()
    said = host.outcome()
    assert (said["outcome"], said["restored"]) == ("refused", True)
    assert (
        "cannot have the extended attribute user.note as the old one has it (Operation not permitted)" in said["reason"]
    )
    assert host.kept.read_text() == "old"
    assert host.files() == ["etc/kept.yaml", "last/outcome.json"]


def test_files_of_which_others_may_read_one_are_not_the_same(tmp_path: pathlib.Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for path in (one, other):
        path.write_text("text")
        path.chmod(0o640)
    assert files.same_file(str(one), str(other))
    give(one, ACL, acl(group=4, mask=4))
    assert one.stat().st_mode == other.stat().st_mode
    assert not files.same_file(str(one), str(other))


def test_a_sum_of_the_text_is_not_copied(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.os, "listxattr", lambda path, follow_symlinks: ["security.ima", "user.note"])
    monkeypatch.setattr(files.os, "getxattr", lambda path, name, follow_symlinks: b"1")
    assert files.attributes(str(tmp_path)) == {"user.note": b"1"}
