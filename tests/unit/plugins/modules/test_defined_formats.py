# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The format of a disk, wherever it is said, and by whatever name the disk is called: in check mode and in the run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import disk_formats
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import descriptor, qcow2

Run = Callable[..., dict[str, Any]]
GUEST: dict[str, Any] = {"name": "u", "memory": "64MiB"}
FORGED = qcow2(names="/srv/secret")


@pytest.fixture
def folder(noted: Any, connection: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Disks of all kinds, of which the first bytes are looked at. The path is short: messages cut long ones."""
    monkeypatch.setattr(disk_formats, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    made = Path(tempfile.mkdtemp(prefix="disks."))
    (made / "q.qcow2").write_bytes(qcow2())
    (made / "own.qcow2").write_bytes(qcow2())
    (made / "f.img").write_bytes(FORGED)
    (made / "blank.img").write_bytes(b"\0" * 4096)
    (made / "symbolic").symlink_to("q.qcow2")
    (made / "hard").hardlink_to(made / "q.qcow2")
    yield made
    shutil.rmtree(made)


def disk(source: str = "", form: str | None = None, kind: str = "file", more: str = "") -> str:
    """The option xml with one disk, vda."""
    driver = "" if form is None else f"<driver name='qemu' type='{form}'/>"
    return f"<devices><disk type='{kind}'>{driver}{source}{more}<target dev='vda'/></disk></devices>"


def on(path: Path) -> str:
    return f"<source file='{path}'/>"


def refused(run: Run, *config: dict[str, Any]) -> str:
    """Why guests are refused, which check mode and the run say alike."""
    said, done = (run(*config, check=check, fails=True) for check in (True, False))
    assert said["msg"] == done["msg"]
    return str(done["msg"])


def form_of(connection: Any) -> str | None:
    driver = ET.fromstring(connection.lookupByName("u").XMLDesc()).find("devices/disk/driver")
    return None if driver is None else driver.get("type")


@pytest.mark.parametrize(("there", "beside"), [(True, True), (True, False), (False, True)])
def test_xml_does_not_put_a_disk_on_another_in_its_old_format(
    folder: Path, run_domains: Run, connection: Any, there: bool, beside: bool
) -> None:
    """The format is that of the disk before; the header in the new one names a file of the host."""
    if there:
        run_domains({**GUEST, "disks": [{"file": f"{folder}/q.qcow2"}]})
    config = {**GUEST, "xml": disk(on(folder / "f.img")), "state": "running"}
    config.update({"disks": [{"file": f"{folder}/q.qcow2", "target": "vda"}]} if beside else {})
    told = f"domain u: xml: the format of the disk vda: is not known: nobody noted that of '{folder}/f.img', its name"
    assert told in refused(run_domains, config)
    run_domains({**GUEST, "name": "victim", "disks": [{"file": f"{folder}/f.img", "format": "raw"}]})
    told = f"'{folder}/f.img' is raw, and without a format in xml the guest would get it as qcow2: write <driver"
    assert told in refused(run_domains, config)
    run_domains({**config, "xml": disk(on(folder / "f.img"), "raw"), "state": "stopped"})
    assert form_of(connection) == "raw"


@pytest.mark.parametrize("disks", [{"file": "own.qcow2"}, {"file": "own.qcow2", "format": "qcow2"}, None])
@pytest.mark.parametrize("there", [True, False])
def test_xml_does_not_say_another_format_than_is_known(
    folder: Path, run_domains: Run, there: bool, disks: dict[str, Any] | None
) -> None:
    """With a target that is derived, with a format that the disk says as well, and without the option disks."""
    place = folder / "own.qcow2"
    run_domains({**GUEST, "name": "u" if there else "victim", "disks": [{"file": str(place)}]})
    config = {**GUEST, "xml": disk("" if disks else on(place), "raw")}
    config.update({"disks": [{**disks, "file": str(place)}]} if disks else {})
    told = refused(run_domains, config)
    assert f"'{place}' is qcow2, as " in told
    assert "and not raw" in told


def test_a_disk_that_is_raw_does_not_become_qcow2_by_xml(folder: Path, run_domains: Run, connection: Any) -> None:
    item = {**GUEST, "disks": [{"file": f"{folder}/f.img", "format": "raw", "target": "vda"}]}
    run_domains(item)
    told = f"'{folder}/f.img' is raw, as the guest has it, and not qcow2: its header"
    for more in (item, GUEST):
        assert told in refused(run_domains, {**more, "xml": disk("", "qcow2"), "state": "running"})
    assert form_of(connection) == "raw"


def test_a_new_disk_of_xml_has_a_format(folder: Path, run_domains: Run, connection: Any) -> None:
    """libvirt takes one without for raw."""
    told = f"'{folder}/own.qcow2' is qcow2, and without a format in xml the guest would get it as raw: write <driver"
    config = {**GUEST, "xml": disk(on(folder / "own.qcow2"))}
    assert told in refused(run_domains, config)
    config = {**GUEST, "xml": disk(on(folder / "own.qcow2"), "qcow2")}
    run_domains(config)
    assert form_of(connection) == "qcow2"
    assert not run_domains(config)["changed"]
    run_domains({**GUEST, "name": "blank", "xml": disk(on(folder / "blank.img"))})


@pytest.mark.parametrize("spelling", ["./q.qcow2", "symbolic", "hard", "/q.qcow2"])
@pytest.mark.parametrize("way", ["option", "xml"])
def test_a_disk_that_is_qcow2_does_not_become_raw_by_another_name(
    folder: Path, run_domains: Run, spelling: str, way: str
) -> None:
    run_domains({**GUEST, "disks": [{"file": f"{folder}/q.qcow2"}]})
    place = f"{folder}/{spelling}"
    options = {"disks": [{"file": place, "format": "raw"}]}
    xml = {"xml": disk(f"<source file='{place}'/>", "raw")}
    told = f"'{place}' is qcow2, as the guest has it and by its first bytes, and not raw"
    assert told in refused(run_domains, {**GUEST, **(options if way == "option" else xml)})
    same = {"disks": [{"file": place, "format": "qcow2"}]}
    run_domains({**GUEST, **same})
    assert not run_domains({**GUEST, **same})["changed"]


@pytest.mark.parametrize("way", ["option", "xml"])
def test_what_a_disk_is_laid_over_has_the_format_that_is_known(folder: Path, run_domains: Run, way: str) -> None:
    run_domains({**GUEST, "name": "victim", "disks": [{"file": f"{folder}/f.img", "format": "raw"}]})
    chain = [{"file": f"{folder}/f.img", "format": "qcow2"}, {}]
    below = f"<backingStore type='file'><format type='qcow2'/>{on(folder / 'f.img')}<backingStore/></backingStore>"
    options = {"disks": [{"file": f"{folder}/q.qcow2", "backing_chain": chain}]}
    xml = {"xml": disk(on(folder / "q.qcow2"), "qcow2", more=below)}
    told = refused(run_domains, {**GUEST, **(options if way == "option" else xml)})
    assert f"'{folder}/f.img' is raw, as guests have it, and not qcow2" in told
    assert ("disks[0].backing_chain: " in told) == (way == "option")


def test_xml_that_says_nothing_of_what_a_disk_is_on_is_taken(folder: Path, run_domains: Run, connection: Any) -> None:
    item = {**GUEST, "disks": [{"file": f"{folder}/q.qcow2"}], "xml": disk(more="<serial>x</serial>")}
    run_domains(item)
    assert form_of(connection) == "qcow2"
    assert not run_domains(item)["changed"]


@pytest.mark.parametrize("device", ["disk", "cdrom"])
@pytest.mark.parametrize("name", ["e.vmdk", "e.qed", "e.vdi", "e.vpc", "e.qcow"])
def test_a_name_alone_tells_no_format_that_can_name_files(
    folder: Path, run_domains: Run, connection: Any, name: str, device: str
) -> None:
    (folder / name).write_bytes(descriptor("/srv/secret"))
    item = {"file": f"{folder}/{name}", "device": device}
    form = name.partition(".")[2]
    told = refused(run_domains, {**GUEST, "disks": [item]})
    assert f"disks[0].format: is not known: nobody noted that of '{folder}/{name}', its name tells {form}, and" in told
    assert f"write format: {form} if that is right" in told
    run_domains({**GUEST, "disks": [{**item, "format": form}]})
    assert form_of(connection) == form
    assert not run_domains({**GUEST, "disks": [item]})["changed"]
    told = refused(run_domains, {**GUEST, "disks": [{**item, "format": "raw"}]})
    assert f"is {form}, as the guest has it and by its first bytes, and not raw" in told


@pytest.mark.parametrize(("content", "form"), [(FORGED, "qcow2"), (descriptor("/srv/secret"), "vmdk")])
def test_what_a_guest_has_written_into_a_raw_disk_is_no_format(
    folder: Path, run_domains: Run, content: bytes, form: str
) -> None:
    """The user cannot know that it was not the guest."""
    (folder / "d").write_bytes(content)
    run_domains({**GUEST, "disks": [{"file": f"{folder}/d", "format": "raw"}]})
    told = refused(run_domains, {**GUEST, "disks": [{"file": f"{folder}/d", "format": form}]})
    assert f"'{folder}/d' is raw, as the guest has it, and not {form}: " in told
    assert "which the guest may have written" in told


def test_what_a_saved_guest_has_a_disk_as_is_its_format(
    folder: Path, run_domains: Run, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its definition has another disk by now; libvirt's test driver does not tell what it saves."""
    disks = [{"file": f"{folder}/s.qcow2", "format": "raw"}]
    (folder / "s.qcow2").write_bytes(b"\0" * 4096)
    run_domains({**GUEST, "name": "saved", "disks": disks, "state": "running"})
    (folder / "s.qcow2").write_bytes(qcow2())
    text = connection.lookupByName("saved").XMLDesc(0)
    monkeypatch.setattr(libvirt.virDomain, "managedSaveGetXMLDesc", lambda self, flags=0: text)
    connection.lookupByName("saved").managedSave(0)
    run_domains({**GUEST, "name": "saved", "disks": []})
    run_domains({**GUEST, "disks": [{"file": f"{folder}/s.qcow2"}]})
    assert form_of(connection) == "raw"


@pytest.mark.parametrize("where", ["file", "xml"])
def test_a_qcow2_by_name_and_bytes_does_not_become_raw(
    folder: Path, run_domains: Run, connection: Any, where: str
) -> None:
    """Nobody noted it, and no guest has it; under another name, the user is believed."""
    (folder / "other").hardlink_to(folder / "q.qcow2")
    for name in ("q.qcow2", "other"):
        given = {"disks": [{"file": f"{folder}/{name}", "format": "raw"}]}
        config = {**GUEST, **(given if where == "file" else {"xml": disk(on(folder / name), "raw")})}
        if name == "other":
            run_domains(config)
            assert form_of(connection) == "raw"
        else:
            told = f"'{folder}/q.qcow2' is qcow2, by its name and its first bytes, and not raw: the guest would write"
            assert told in refused(run_domains, config)
