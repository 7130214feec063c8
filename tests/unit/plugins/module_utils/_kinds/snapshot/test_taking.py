# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt is told of a new snapshot, and the files that it makes (https://libvirt.org/formatsnapshot.html)."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import taking
from ansible_collections.virtfleet.kvm.tests.unit.support import canonical

GUEST: Any = SimpleNamespace(
    disks=[SimpleNamespace(target=f"vd{letter}", path=f"/srv/{letter}.qcow2") for letter in "abc"]
)


def whole(**more: Any) -> dict[str, Any]:
    return {"name": "s", "type": "internal", "memory": False, "disks": ["vda", "vdc"], **more}


INSIDE = "<disk name='vda' snapshot='internal'/><disk name='vdc' snapshot='internal'/>"
OUTSIDE = (
    "<disk name='vda' snapshot='external'><source file='/srv/a.s'/></disk><disk name='vdb' snapshot='no'/>"
    "<disk name='vdc' snapshot='external'><source file='/srv/c.s'/></disk>"
)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (whole(), f"<memory snapshot='no'/><disks>{INSIDE}</disks>"),
        (whole(memory=True), f"<memory snapshot='internal'/><disks>{INSIDE}</disks>"),
        (whole(description="d"), f"<description>d</description><memory snapshot='no'/><disks>{INSIDE}</disks>"),
        (whole(type="external"), f"<memory snapshot='no'/><disks>{OUTSIDE}</disks>"),
        (
            whole(type="external", memory=True, memory_file="/srv/m"),
            f"<memory snapshot='external' file='/srv/m'/><disks>{OUTSIDE}</disks>",
        ),
        (whole(disks=["vdb"]), "<memory snapshot='no'/><disks><disk name='vdb' snapshot='internal'/></disks>"),
    ],
)
def test_what_libvirt_is_told(declared: dict[str, Any], expected: str) -> None:
    wanted = f"<domainsnapshot><name>s</name>{expected}</domainsnapshot>"
    assert canonical(taking.document(GUEST, declared)) == canonical(wanted)


@pytest.mark.parametrize(
    ("declared", "files"),
    [
        (whole(), []),
        (whole(memory=True), []),
        (whole(type="external"), ["/srv/a.s", "/srv/c.s"]),
        (whole(type="external", memory=True, memory_file="/srv/m"), ["/srv/a.s", "/srv/c.s", "/srv/m"]),
        (whole(type="external", disks=["vdx", "vdb"]), ["/srv/b.s"]),
    ],
)
def test_the_files_that_a_snapshot_makes(declared: dict[str, Any], files: list[str]) -> None:
    assert taking.new_files(GUEST, declared) == files


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/srv/a.qcow2", "/srv/a.s"),
        ("/srv/a", "/srv/a.s"),
        ("/srv.d/a", "/srv.d/a.s"),
        ("/srv/a.b.img", "/srv/a.b.s"),
        ("/srv/.img", "/srv/.s"),
    ],
)
def test_a_file_is_called_like_its_image(path: str, file: str) -> None:
    """As virDomainSnapshotAlignDisks does it, in libvirt's src/conf/snapshot_conf.c."""
    assert taking.overlay(SimpleNamespace(path=path), "s") == file  # type: ignore[arg-type]


LOCAL, OTHER = "qemu:///system", "qemu+ssh://other/system"
FULL, READ_ONLY = "disks: /srv is full, where", "disks: /srv is read-only, where"
LONG, COMMA = "name: the file that is laid over disk", "name: libvirt would make another file than"


@pytest.mark.parametrize(
    ("path", "active", "uri", "blocks", "flags", "told"),
    [
        ("/srv/a.s", False, LOCAL, taking.SMALLEST, 0, []),
        ("/srv/a.s", False, LOCAL, taking.SMALLEST // 8, 0, []),
        ("/srv/a.s", False, LOCAL, taking.SMALLEST // 8 - 1, 0, [FULL]),
        ("/srv/a.s", False, LOCAL, 0, 0, [FULL]),
        ("/srv/a.s", False, LOCAL, taking.SMALLEST, os.ST_RDONLY | os.ST_NOSUID, [READ_ONLY]),
        ("/srv/a.s", False, LOCAL, taking.SMALLEST, os.ST_NOSUID, []),
        ("/srv/a.s", False, LOCAL, 0, os.ST_RDONLY, [READ_ONLY]),
        ("/srv/a.s", False, LOCAL, None, 0, []),
        ("/srv/a.s", False, OTHER, 0, os.ST_RDONLY, []),
        ("/srv/" + "a" * 255, False, LOCAL, taking.SMALLEST, 0, []),
        ("/srv/" + "a" * 256, False, LOCAL, taking.SMALLEST, 0, [LONG]),
        ("/srv/" + "ä" * 128, True, LOCAL, taking.SMALLEST, 0, [LONG]),
        ("/srv/" + "," * 256, False, LOCAL, 0, 0, [LONG, FULL]),
        ("/srv/a,s", False, LOCAL, taking.SMALLEST, 0, [COMMA]),
        ("/srv/a,s", True, LOCAL, taking.SMALLEST, 0, []),
        ("/srv/a,s", False, OTHER, 0, 0, [COMMA]),
    ],
)
def test_a_file_that_is_laid_over_an_image_has_a_place(
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    active: bool,
    uri: str,
    blocks: int | None,
    flags: int,
    told: list[str],
) -> None:
    """In blocks of 8 bytes: as many blocks as a file has bytes are plenty."""

    def statvfs(folder: str) -> Any:
        if blocks is None or folder != "/srv":
            raise FileNotFoundError(folder)
        return SimpleNamespace(f_flag=flags, f_bavail=blocks, f_frsize=8)

    monkeypatch.setattr(taking.os, "statvfs", statvfs)
    guest: Any = SimpleNamespace(active=active, connection=SimpleNamespace(getURI=lambda: uri))
    disk: Any = SimpleNamespace(target="vda")
    found = [f"{one.where}: {one.problem}" for one in taking.of_overlay(guest, disk, path)]
    assert len(found) == len(told)
    assert all(each.startswith(words) for each, words in zip(found, told, strict=True))


def test_what_is_there_is_only_known_of_this_host(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    for uri, there in ((LOCAL, True), (OTHER, False)):
        guest: Any = SimpleNamespace(connection=SimpleNamespace(getURI=lambda uri=uri: uri))
        assert [taking.exists(guest, str(tmp_path / name)) for name in ("file", "link", "gone")] == [
            there,
            there,
            False,
        ]
