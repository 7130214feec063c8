# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes with a guest's definition: its NVRAM and its TPM's state, only where they are known to be just that.

libvirt's test driver deletes no such file, so what the driver for QEMU does is done here: it deletes the file
that the definition names, whatever it is.
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import nvram
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import undefine as departures
from ansible_collections.virtfleet.kvm.plugins.modules import domains
from ansible_collections.virtfleet.kvm.tests.unit import images
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import GONE, URI, define, file, paths
from ansible_collections.virtfleet.kvm.tests.unit.support import KINDS

Run = Callable[..., dict[str, Any]]

FIRMWARE = bytes(40) + b"_FVH" + bytes(20)
"""The beginning of a firmware volume."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of libvirt's driver for QEMU, and what that does when it undefines."""
    folder = tmp_path / "qemu"
    (folder / "nvram").mkdir(parents=True)
    monkeypatch.setattr(nvram, "home", lambda uri: str(folder))
    real = libvirt.virDomain.undefineFlags
    known = libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA | libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE

    def undefine(domain: Any, flags: int = 0) -> int:
        if flags & libvirt.VIR_DOMAIN_UNDEFINE_NVRAM:
            path = ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)).findtext("os/nvram")
            if path and os.path.lexists(path):
                os.unlink(path)
        return int(real(domain, flags & known))

    monkeypatch.setattr(libvirt.virDomain, "undefineFlags", undefine)
    return folder


def with_variables(connection: Any, path: object, name: str = "old", more: str = "") -> None:
    """A guest whose firmware has its variables in a file."""
    xml = connection.lookupByName("test").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    text = re.sub("<uuid>.*</uuid>", "", xml).replace("<name>test<", f"<name>{name}<")
    loader = "<loader readonly='yes' type='pflash'>/fw.fd</loader>"
    text = text.replace("</os>", f"{loader}<nvram>{path}</nvram></os>").replace("</devices>", f"{more}</devices>")
    connection.defineXML(text)


def edit(connection: Any, old: str, new: str) -> None:
    """Somebody changes the guest's definition."""
    xml = connection.lookupByName("old").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    connection.defineXML(xml.replace(old, new))


def gone(run_main: Run, **options: Any) -> dict[str, Any]:
    """The guest goes; check mode says the same, and changes nothing."""
    call: dict[str, Any] = {"config": [GONE], "uri": URI, "remove_nvram": True, **options}
    said, done = (run_main(domains.main, check=check, **call) for check in (True, False))
    for part in ("changes", "warnings", "msg"):
        assert said.get(part) == done.get(part), part
    return done


def put(path: Path, content: bytes = FIRMWARE) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("where", "content"),
    [("qemu/nvram/old_VARS.fd", b"x" * 60), ("elsewhere.fd", FIRMWARE), ("elsewhere.fd", b"")],
)
def test_variables_of_a_firmware_go(
    connection: Any, run_main: Run, noted: Any, tmp_path: Path, where: str, content: bytes
) -> None:
    with_variables(connection, put(tmp_path / where, content))
    assert paths(gone(run_main)) == ["state", "nvram"]
    assert not (tmp_path / where).exists()


@pytest.mark.parametrize("content", [b"data" * 20, images.qcow2(), b"short", FIRMWARE[:40] + b"_fvh"])
def test_what_does_not_look_like_them_stays(
    connection: Any, run_main: Run, noted: Any, tmp_path: Path, content: bytes
) -> None:
    path = put(tmp_path / "data.img", content)
    with_variables(connection, path)
    done = gone(run_main)
    assert paths(done) == ["state"]
    assert any(f"its NVRAM {path} stays: it is not in libvirt's own folder" in text for text in done["warnings"])
    assert path.read_bytes() == content


KEPT: dict[str, tuple[Callable[[Any, Path, Path], object], str]] = {
    "another guest by a link": (
        lambda c, f, t: ((t / "link.fd").symlink_to(f), with_variables(c, t / "link.fd", "theirs")),
        "it is used by guest theirs",
    ),
    "a guest has it as a disk": (lambda c, f, t: define(c, file(f), form="raw"), "it is used by guest theirs"),
    "a hard link": (lambda c, f, t: os.link(f, t / "other"), "another name of the same file (a hard link)"),
    "its own disk": (
        lambda c, f, t: edit(
            c, "</devices>", f"<disk type='file'><source file='{f}'/><target dev='vdx' bus='virtio'/></disk></devices>"
        ),
        "the guest's definition names it in another place",
    ),
    "a link in its place": (
        lambda c, f, t: (f.rename(t / "moved"), f.symlink_to(t / "moved")),
        "it is no regular file",
    ),
    "a folder": (lambda c, f, t: (f.unlink(), f.mkdir()), "it is no regular file"),
    "a pipe": (lambda c, f, t: (f.unlink(), os.mkfifo(f)), "it is no regular file"),
}


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("where", ["qemu/nvram/old_VARS.fd", "elsewhere.fd"])
def test_what_may_be_somebody_elses_stays(
    connection: Any, run_main: Run, noted: Any, tmp_path: Path, name: str, where: str
) -> None:
    path = put(tmp_path / where)
    with_variables(connection, path)
    what, words = KEPT[name]
    what(connection, path, tmp_path)
    done = gone(run_main)
    assert paths(done) == ["state"]
    assert any(f"its NVRAM {path} stays: " in text and words in text for text in done["warnings"]), done["warnings"]
    assert os.path.lexists(path)


def test_the_variables_that_two_guests_share_stay_where_both_go(
    connection: Any, run_main: Run, noted: Any, tmp_path: Path
) -> None:
    path = put(tmp_path / "vars.fd")
    for name in ("old", "theirs"):
        with_variables(connection, path, name)
    done = gone(run_main, config=[GONE, {"name": "theirs", "state": "absent"}])
    assert paths(done) == ["state", "state"]
    assert path.exists()


def test_what_a_declared_guest_has_stays(connection: Any, run_main: Run, noted: Any, tmp_path: Path) -> None:
    path = put(tmp_path / "vars.fd")
    with_variables(connection, path)
    new = {"name": "new", "memory": "64MiB", "disks": [{"file": str(path), "format": "raw"}]}
    done = gone(run_main, config=[GONE, new])
    assert "nvram" not in paths(done)
    assert path.exists()


def test_a_file_of_the_distribution_stays() -> None:
    """The template of a distribution looks like what is made of it."""
    assert nvram.unlike("/usr/share/OVMF/OVMF_VARS_4M.fd", "qemu:///system") is not None


def test_a_file_that_is_not_there_is_no_change(connection: Any, run_main: Run, noted: Any, tmp_path: Path) -> None:
    with_variables(connection, tmp_path / "none.fd")
    assert paths(gone(run_main)) == ["state"]


MEANWHILE: dict[str, tuple[Callable[[Any, Path, Path], object], str]] = {
    "another file": (lambda c, f, t: (f.unlink(), put(f)), "somebody made it anew meanwhile"),
    "another guest": (lambda c, f, t: define(c, file(f), form="raw"), "it is used by guest theirs"),
    "another path": (
        lambda c, f, t: edit(c, str(f), str(put(t / "theirs.fd", b"precious data"))),
        "the guest's definition names",
    ),
}


@pytest.mark.parametrize("name", MEANWHILE)
def test_the_file_is_looked_at_once_more(
    connection: Any, run_main: Run, noted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Between the plan and the delete something happens: the guest goes, the file stays, and the run says so."""
    path = put(tmp_path / "qemu/nvram/old_VARS.fd")
    with_variables(connection, path)
    what, words = MEANWHILE[name]
    real = nvram.last_look
    todo = [lambda: what(connection, path, tmp_path)]

    def look(*args: Any) -> Any:
        while todo:
            todo.pop()()
        return real(*args)

    monkeypatch.setattr(nvram, "last_look", look)
    done = run_main(domains.main, config=[GONE], uri=URI, remove_nvram=True, fails=True)
    assert f"domain old: undefine: its NVRAM {path} stays: {words}" in done["msg"]
    assert paths(done) == ["state"]
    assert path.exists()
    assert name != "another path" or (tmp_path / "theirs.fd").read_bytes() == b"precious data"
    assert "old" not in [domain.name() for domain in connection.listAllDomains()]


def test_another_guest_of_that_name_stays(
    connection: Any, run_main: Run, noted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody makes it between the plan and the run."""
    with_variables(connection, "/none.fd")
    real = KINDS["domain"].actions["undefine"]

    def first(*args: Any) -> Any:
        connection.lookupByName("old").undefine()
        with_variables(connection, "/other.fd")
        return real(*args)

    monkeypatch.setitem(KINDS["domain"].actions, "undefine", first)
    done = run_main(domains.main, config=[GONE], uri=URI, fails=True)
    assert "domain old: undefine: the guest that is called old by now is another one, so it stays" in done["msg"]
    assert "/other.fd" in connection.lookupByName("old").XMLDesc()


def test_disks_go_also_where_the_variables_stay(
    connection: Any, run_main: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "qemu/nvram/old_VARS.fd")
    xml = connection.lookupByName("old").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    loader = "<loader readonly='yes' type='pflash'>/fw.fd</loader>"
    connection.defineXML(xml.replace("</os>", f"{loader}<nvram>{path}</nvram></os>"))
    monkeypatch.setattr(nvram, "last_look", lambda *args: "somebody made it anew meanwhile")
    done = run_main(domains.main, config=[GONE], uri=URI, remove_nvram=True, remove_storage=True, fails=True)
    assert paths(done) == ["state", "volume p/old-vda.qcow2"]
    assert path.exists()


@pytest.mark.parametrize(
    ("told", "there", "chosen"),
    [
        ("<nvram>/a/b.fd</nvram>", "", "/a/b.fd"),
        ("<nvram type='file'><source file='/a/b.fd'/></nvram>", "", "/a/b.fd"),
        ("<nvram type='block'><source dev='/dev/vg/x'/></nvram>", "", "/dev/vg/x"),
        ("<nvram>b.fd</nvram>", "", "/b.fd"),
        ("<varstore template='/t' path='/a/b.json'/>", "", "/a/b.json"),
        ("", "<nvram>/live.fd</nvram>", "/live.fd"),
        ("", "", "/var/lib/libvirt/qemu/nvram/web_VARS.fd"),
        ("<loader stateless='yes'/>", "", None),
    ],
)
def test_where_the_variables_are(told: str, there: str, chosen: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    trees = [ET.fromstring(f"<domain><os firmware='efi'>{text}</os></domain>") for text in (told, there)]
    assert nvram.place("web", "qemu:///system", *trees) == chosen


def test_a_guest_with_a_bios_has_none() -> None:
    assert nvram.place("web", "qemu:///system", ET.fromstring("<domain><os/></domain>"), None) is None


TPM = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'{persistent}/></tpm>"
BACKEND = re.compile("(<backend type='emulator'[^>]*)/>")


@pytest.mark.parametrize("persistent", ["", " persistent_state='yes'"])
@pytest.mark.parametrize("source", ["", "<source type='dir' path='/srv/precious'/>"])
def test_the_state_of_a_tpm(connection: Any, run_main: Run, noted: Any, source: str, persistent: str) -> None:
    """libvirt, from 10.10 on, deletes all of a folder that the definition names."""
    flags: list[int] = []
    real, undefine = libvirt.virDomain.XMLDesc, libvirt.virDomain.undefineFlags
    with_variables(connection, "/none.fd", more=TPM.format(persistent=persistent))
    with pytest.MonkeyPatch.context() as context:
        context.setattr(libvirt.virDomain, "undefineFlags", lambda *args: (flags.append(args[1]), undefine(*args))[1])
        context.setattr(libvirt.virDomain, "XMLDesc", lambda *args: BACKEND.sub(rf"\1>{source}</backend>", real(*args)))
        done = gone(run_main, remove_nvram=False, remove_tpm=True)
    assert paths(done) == (["state"] if source else ["state", "tpm_state"])
    assert bool(flags[0] & libvirt.VIR_DOMAIN_UNDEFINE_TPM) == (not source)
    assert bool(flags[0] & libvirt.VIR_DOMAIN_UNDEFINE_KEEP_TPM) == bool(source)
    assert any("the state of its TPM in /srv/precious stays" in text for text in done["warnings"]) == bool(source)


def test_a_tpm_that_gets_a_place_of_its_own_meanwhile(
    connection: Any, run_main: Run, noted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_variables(connection, "/none.fd", more=TPM.format(persistent=""))
    monkeypatch.setattr(departures, "plan_tpm", lambda plan, definition, going: going)
    monkeypatch.setattr(departures, "tpm_place", lambda definition: "/srv/precious")
    done = run_main(domains.main, config=[GONE], uri=URI, remove_tpm=True, fails=True)
    assert "undefine: its definition names /srv/precious for the state of its TPM by now" in done["msg"]
    assert "old" in [domain.name() for domain in connection.listAllDomains()]


def test_checkpoints_that_go_are_told(connection: Any, run_domains: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As snapshots are. The test driver has none."""

    class Checkpoint:
        def getName(self) -> str:  # noqa: N802 - as libvirt has it
            return "c1"

    monkeypatch.setattr(libvirt.virDomain, "listAllCheckpoints", lambda domain, flags=0: [Checkpoint()])
    result = run_domains({"name": "test", "state": "absent"}, check=True)
    assert {"path": "checkpoints", "before": ["c1"], "after": None} in [
        {name: change[name] for name in ("path", "before", "after")} for change in result["changes"]
    ]
