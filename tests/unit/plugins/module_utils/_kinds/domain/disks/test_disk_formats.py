# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The format of a disk that is new, or is put on something else: as it was made, and never that of the disk before."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import fuzzing
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import Observed
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Refused
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import clones
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import plan as guest_plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import disk_formats
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks.disk_bytes import FirstBytes
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks.disk_formats import DiskFormats
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.guest_options import GuestOptions
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.forecast import Forecast
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import mbr, qcow2
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._kinds.domain.disks.formats_host import (
    FORGED,
    Connection,
    Guest,
    new_host,
)
from ansible_collections.virtfleet.kvm.tests.unit.support import KVM_HOST, observed

NAMES = ("data", "x.raw", "x.img", "x.qcow2", "x.vmdk")
BYTES = {"nothing": b"\0" * 4096, "raw": mbr(), "qcow2": qcow2()}
REFUSED = "refused"
FORMS = (None, "raw", "qcow2")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connection:
    return new_host(tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def nobody_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has a volume already is the matter of test_taken_volumes."""
    monkeypatch.setattr(guest_plan, "refuse_taken", lambda *given: None)


def guest(*disks: str, name: str = "web01") -> dict[str, Observed]:
    """A guest that is there, with these disks."""
    xml = f"<domain><name>{name}</name><memory>65536</memory><devices>{''.join(disks)}</devices></domain>"
    return {name: observed(xml)}


def disk(source: str, form: str | None = "raw", more: str = "", kind: str = "file", target: str = "vda") -> str:
    """A disk of a guest."""
    driver = "" if form is None else f"<driver name='qemu' type='{form}'/>"
    return f"<disk type='{kind}' device='disk'>{driver}{source}{more}<target dev='{target}' bus='virtio'/></disk>"


def planned(
    host: Connection | None, *disks: dict[str, Any], have: dict[str, Observed] | None = None, told: Any = None
) -> Plan:
    """The plan of a guest with these disks."""
    return planned_all(host, [{"name": "web01", "memory": "64MiB", "disks": list(disks)}], have, told)[0]


def planned_all(
    host: Connection | None, config: list[dict[str, Any]], have: dict[str, Observed] | None = None, told: Any = None
) -> list[Plan]:
    options = GuestOptions(forecast=Forecast.of(told))
    forms = DiskFormats(host, options.forecast)
    copies = clones.Clones(host, options.forecast, lambda: forms.pools, {})
    plans, _settled = guest_plan.plans_with_disks(forms, have or {}, DOMAIN.parse(config), KVM_HOST, options, copies)
    forms.warn(plans)
    return plans


def definition(plan: Plan) -> ET.Element:
    """The definition that a plan brings."""
    (text,) = [step.value for step in plan.steps if step.action == "define"]
    return ET.fromstring(text)


def forms_of(plan: Plan) -> list[str | None]:
    """The formats of the disks in the definition that a plan brings."""
    found = definition(plan).findall("devices/disk")
    return [None if one.find("driver") is None else one.find("driver").get("type") for one in found]  # type: ignore[union-attr]


def changes(plan: Plan) -> dict[str, tuple[Any, Any]]:
    return {change.path: (change.before, change.after) for change in plan.changes}


def outcome(host: Connection, given: dict[str, Any], have: dict[str, Observed] | None) -> str | None:
    """The format that a disk gets, or that it is refused, by the option."""
    try:
        plan = planned(host, given, have=have)
        return REFUSED if "disks[0].format: " in str(plan.obstacle) else forms_of(plan)[0]
    except Refused as error:
        return REFUSED if "disks[0].format: " in str(error) else str(error)


# --- a model of what is right ---


def known(noted: str | None, told: str | None) -> str | None:
    """What is known of a volume: what was noted, else what a guest has it as."""
    return noted or told


def right(how: str, name: str, content: str, noted: str | None, told: str | None, declared: str | None) -> str:
    """The format that a disk has to get, or that it has to be refused."""
    sure = known(noted, told)
    by_bytes = "qcow2" if content == "qcow2" else "raw"
    if (noted, told) == ("qcow2", "raw"):
        return declared if declared == by_bytes else REFUSED  # Nobody can tell.
    if declared is not None:
        if sure is None and declared == "raw" and content == "qcow2" and name == "x.qcow2":
            return REFUSED
        if how == "size" and sure is None and declared == "qcow2" != by_bytes:
            return REFUSED
        return REFUSED if sure not in (None, declared) else declared
    if sure is not None:
        return sure
    if how == "size":
        return "qcow2" if content == "qcow2" else "raw"
    ending = name.rpartition(".")[2]
    if ending == "vmdk":
        return REFUSED  # Such an image can name others, so that its name alone does not do.
    form = ending if ending == "qcow2" else "raw"
    if content == "qcow2" and form != "qcow2":
        return REFUSED
    return REFUSED if form == "qcow2" and content != "qcow2" else form


@pytest.mark.fuzz
@pytest.mark.parametrize(
    ("how", "new"), [("file", True), ("file", False), ("volume", True), ("volume", False), ("size", True)]
)
@pytest.mark.parametrize("old", ["raw", "qcow2"])
def test_every_way_to_get_a_disk(
    how: str, new: bool, old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By all names, bytes, notes, guests that have it, and declared formats, against the model."""
    wrong = []
    ways = list(itertools.product(NAMES, BYTES, FORMS, FORMS, FORMS))
    for number, (name, content, noted, told, declared) in enumerate(fuzzing.share(ways, 7)):
        host = new_host(tmp_path / str(number), monkeypatch)
        there = host.add(name, BYTES[content], "qcow2" if content == "qcow2" else "raw", noted)
        host.guests = [] if told is None else [Guest((str(there.place), told))]
        given: dict[str, Any] = {"file": str(there.place)} if how == "file" else {"volume": name}
        given.update({"size": "1TiB"} if how == "size" else {})
        given.update({} if declared is None else {"format": declared})
        have = None if new else guest(disk("<source file='/old'/>", old))
        got = outcome(host, given, have)
        expected = right(how, name, content, noted, told, declared)
        if got != expected:
            wrong.append((name, content, noted, told, declared, got, expected))
    assert wrong == []


# --- what is exchanged ---


@pytest.mark.parametrize("target", [{}, {"target": "vda"}])
@pytest.mark.parametrize("null", [{}, {"format": None}])
@pytest.mark.parametrize("how", ["file", "volume"])
@pytest.mark.parametrize(("old", "form"), [("raw", "qcow2"), ("qcow2", "raw")])
def test_a_disk_that_is_exchanged_gets_the_format_of_the_new_one(
    host: Connection, old: str, form: str, how: str, null: dict[str, Any], target: dict[str, Any]
) -> None:
    there = host.add("b", BYTES["nothing"], "raw", noted=form)
    given = {"file": str(there.place)} if how == "file" else {"volume": "b"}
    plan = planned(host, {**given, **null, **target}, have=guest(disk("<source file='/old'/>", old)))
    assert forms_of(plan) == [form]
    assert changes(plan)["disks[0].format"] == (old, form)
    again = guest(ET.tostring(definition(plan).find("devices/disk"), encoding="unicode"))  # type: ignore[arg-type]
    assert planned(host, {**given, **null, **target}, have=again).steps == []


def test_two_disks_change_places(host: Connection) -> None:
    """Only the guest itself tells what they are."""
    one, two = host.add("one", BYTES["nothing"], "raw"), host.add("two", BYTES["nothing"], "raw")
    host.guests = [Guest((str(one.place), "raw"), (str(two.place), "qcow2"), name="web01")]
    disks = [disk(f"<source file='{one.place}'/>"), disk(f"<source file='{two.place}'/>", "qcow2", target="vdb")]
    swapped = ({"target": "vda", "file": str(two.place)}, {"target": "vdb", "file": str(one.place)})
    plan = planned(host, *swapped, have=guest(*disks))
    assert forms_of(plan) == ["qcow2", "raw"]


SECRET = "<encryption format='luks'><secret type='passphrase' usage='x'/></encryption>"
OLD = {
    "slices": "<source file='/old'><slices><slice type='storage' offset='512' size='512'/></slices></source>",
    "encryption": f"<source file='/old'>{SECRET}</source>",
    "data_store": "<source file='/old'><dataStore type='file'><format type='raw'/><source file='/d'/></dataStore>"
    "</source>",
    "fdgroup": "<source file='/old' fdgroup='x'/>",
}


@pytest.mark.parametrize("old", OLD)
def test_what_is_of_the_old_source_goes_with_it(host: Connection, old: str) -> None:
    there = host.add("b.raw", BYTES["nothing"], "raw")
    have = guest(disk(OLD[old]))
    plan = planned(host, {"file": str(there.place)}, have=have)
    source = definition(plan).find("devices/disk/source")
    assert source is not None
    assert source.attrib == {"file": str(there.place)}
    assert len(source) == 0
    assert any(path.startswith(f"disks[0].source.{old}") for path in changes(plan))
    assert planned(host, {"file": "/old"}, have=have).steps == []


def test_what_is_of_the_old_disk_goes_with_it(host: Connection) -> None:
    there = host.add("b.raw", BYTES["nothing"], "raw")
    base = "<backingStore type='file'><format type='raw'/><source file='/base'/><backingStore/></backingStore>"
    have = guest(disk("<source file='/old'/>", "qcow2", more=f"{base}{SECRET}"))
    plan = planned(host, {"file": str(there.place)}, have=have)
    (node,) = definition(plan).findall("devices/disk")
    assert [child.tag for child in node] == ["driver", "source", "target"]
    declared = {"backing_chain": [{"file": "/base2", "format": "raw"}, {}], "format": "qcow2"}
    plan = planned(host, {"file": str(there.place), **declared}, have=have)
    (node,) = definition(plan).findall("devices/disk")
    assert [one.get("file") for one in node.iterfind("backingStore/source")] == ["/base2"]


def test_a_disk_of_another_format_does_not_go_to_a_server_unasked(host: Connection) -> None:
    given = {"type": "network", "protocol": "nbd", "source": {"name": "x", "hosts": [{"name": "a"}]}}
    assert re.search(
        r"disks\[0\].format: is qcow2 for what the disk was on",
        str(planned(host, given, have=guest(disk("<source file='/old'/>", "qcow2"))).obstacle),
    )
    assert forms_of(planned(host, {**given, "format": "raw"}, have=guest(disk("<source file='/old'/>", "qcow2")))) == [
        "raw"
    ]
    assert forms_of(planned(host, given, have=guest(disk("<source file='/old'/>")))) == ["raw"]


def test_other_servers_of_the_same_image_change_no_format(host: Connection) -> None:
    old = disk("<source protocol='nbd' name='x'><host name='a'/></source>", "qcow2", kind="network")
    given = {"type": "network", "protocol": "nbd", "source": {"name": "x", "hosts": [{"name": "b"}]}}
    plan = planned(host, given, have=guest(old))
    assert forms_of(plan) == ["qcow2"]


def test_a_drive_that_is_emptied_and_filled(host: Connection) -> None:
    """A drive has no format of its own, and none is told of it where nothing is wrong with the old one."""
    there = host.add("b.iso", BYTES["nothing"], "raw")
    full = disk(f"<source file='{there.place}'/>", None).replace("device='disk'", "device='cdrom'")
    plan = planned(host, {"device": "cdrom", "file": None}, have=guest(full))
    assert list(changes(plan)) == ["disks[0].file"]
    empty = disk("", None).replace("device='disk'", "device='cdrom'")
    plan = planned(host, {"device": "cdrom", "file": str(there.place)}, have=guest(empty))
    assert list(changes(plan)) == ["disks[0].file"]


# --- a disk that stays ---


def test_a_disk_that_stays_keeps_its_format_and_the_user_hears_of_it(host: Connection) -> None:
    there = host.add("b", BYTES["qcow2"], "qcow2", noted="qcow2")
    have = guest(disk(f"<source file='{there.place}'/>", "raw"))
    host.guests = [Guest((str(there.place), "raw"), name="web01")]
    plan = planned(host, {"file": str(there.place)}, have=have)
    assert plan.steps == []
    assert plan.warnings == [
        f"disks[0]: '{there.place}' was made as qcow2, and the guest has it as raw: write format: qcow2 to correct that"
    ]
    for given in ({"file": str(there.place)}, {"target": "vda"}, {"target": "vda", "size": "1TiB"}):
        assert forms_of(planned(host, {**given, "format": "qcow2"}, have=have)) == ["qcow2"]


def test_a_disk_that_was_made_raw_never_becomes_another(host: Connection) -> None:
    there = host.add("b", FORGED, "qcow2", noted="raw")
    have = guest(disk(f"<source file='{there.place}'/>", "raw"))
    assert re.search(
        r"disks\[0\].format: .* is raw, as it was made, and not qcow2",
        str(planned(host, {"file": str(there.place), "format": "qcow2"}, have=have).obstacle),
    )


def test_what_a_guest_alone_has_is_corrected_by_a_format(host: Connection) -> None:
    there = host.add("b", BYTES["qcow2"], "qcow2")
    have = guest(disk(f"<source file='{there.place}'/>", "raw"))
    host.guests = [Guest((str(there.place), "raw"), name="web01")]
    assert forms_of(planned(host, {"file": str(there.place), "format": "qcow2"}, have=have)) == ["qcow2"]
    host.guests.append(Guest((str(there.place), "raw"), name="another"))
    assert re.search(
        r"is raw, as guests have it, and not qcow2",
        str(planned(host, {"file": str(there.place), "format": "qcow2"}, have=have).obstacle),
    )


@pytest.mark.parametrize("how", ["file", "volume", "size"])
def test_a_guest_whose_disk_is_in_doubt_stops_no_other(host: Connection, how: str) -> None:
    """A guest that is gone may have written the header."""
    there = host.add("b", FORGED, "qcow2")
    given: dict[str, Any] = {"file": str(there.place)} if how == "file" else {"volume": "b", "pool": "default"}
    given.update({"size": "1TiB"} if how == "size" else {})
    config = [
        {"name": "web01", "memory": "64MiB", "disks": [given]},
        {"name": "other", "memory": "64MiB", "disks": [{"size": "1MiB"}]},
    ]
    doubtful, other = planned_all(host, config)
    assert str(doubtful.obstacle).startswith("disks[0].format: ")
    assert other.obstacle is None
    assert "make_volume" in [step.action for step in other.steps]


# --- what is to come ---


@pytest.mark.parametrize("how", ["file", "volume"])
@pytest.mark.parametrize("form", ["raw", "qcow2"])
def test_volumes_that_tasks_before_would_have_made(host: Connection, form: str, how: str) -> None:
    there = host.add("other", b"", "raw")
    given = {"file": str(there.place.parent / "data")} if how == "file" else {"volume": "data"}
    told = {"volumes": {"default/data": {"format": form}}}
    assert forms_of(planned(host, given, told=told)) == [form]
    assert forms_of(planned(host, given)) == ["raw"]


def test_volumes_that_another_guest_of_the_call_gets(host: Connection) -> None:
    host.add("other", b"", "raw")
    config = [
        {"name": "b", "memory": "64MiB", "disks": [{"volume": "x.qcow2", "shareable": True}]},
        {"name": "a", "memory": "64MiB", "disks": [{"size": "3MiB", "volume": "x.qcow2", "format": "raw"}]},
    ]
    assert forms_of(planned_all(host, config)[0]) == ["raw"]


def test_a_guest_that_would_be_gone_by_now_tells_nothing(host: Connection) -> None:
    there = host.add("x.qcow2", BYTES["qcow2"], "qcow2")
    host.guests = [Guest((str(there.place), "raw"))]
    assert forms_of(planned(host, {"file": str(there.place)})) == ["raw"]
    told = {"domains": {"other": {"uuid": "u", "gone": True}}}
    assert forms_of(planned(host, {"file": str(there.place)}, told=told)) == ["qcow2"]


def test_a_header_that_names_a_file_of_the_host_is_not_believed(host: Connection) -> None:
    host.add("c-vda.raw", FORGED, "qcow2")
    given = {"size": "1TiB", "volume": "c-vda.raw"}
    assert re.search(
        r"disks\[0\].format: nobody noted the format .* write format: qcow2 if", str(planned(host, given).obstacle)
    )
    assert forms_of(planned(host, {**given, "format": "raw"})) == ["raw"]


def test_guests_are_asked_only_where_a_disk_is_new(host: Connection) -> None:
    there = host.add("b.raw", BYTES["nothing"], "raw")
    config = [{"name": f"g{n}", "memory": "64MiB", "disks": [{"file": str(there.place)}]} for n in range(20)]
    have = {}
    for n in range(20):
        have.update(guest(disk(f"<source file='{there.place}'/>"), name=f"g{n}"))
    planned_all(host, config, have)
    assert host.listed == 0
    planned_all(host, config)
    assert host.listed == 1


def test_a_host_without_libvirt(tmp_path: Path) -> None:
    assert forms_of(planned(None, {"file": "/x.qcow2"}, {"file": "/x"})) == ["qcow2", "raw"]


@pytest.mark.parametrize("name", ["x.raw", "x.qcow2"])
def test_who_may_share_a_disk_is_not_told_by_its_name(host: Connection, name: str) -> None:
    """A raw one may be written to by several guests."""
    there = host.add(name, BYTES["nothing"], "raw", noted="raw")
    given = {"file": str(there.place), "shareable": True}
    assert forms_of(planned(host, given)) == ["raw"]
    assert forms_of(planned(host, given, have=guest(disk("<source file='/old'/>", "qcow2")))) == ["raw"]
    assert forms_of(planned(host, given, have=guest(disk(f"<source file='{there.place}'/>")))) == ["raw"]
    with pytest.raises(Refused, match="this one is qcow2"):
        planned(host, given, have=guest(disk(f"<source file='{there.place}'/>", "qcow2")))


@pytest.mark.parametrize(("kind", "form"), [("logical", "raw"), ("rbd", "raw"), ("netfs", "qcow2")])
def test_a_volume_of_a_pool_of_devices_is_raw_whatever_its_name(host: Connection, kind: str, form: str) -> None:
    told = {"pools": {"other": {"type": kind, "target": "/nowhere", "state": "active"}}}
    given = {"pool": "other", "volume": "x.qcow2"}
    assert forms_of(planned(host, given, told=told)) == [form]


def test_a_device_is_raw_unless_its_first_bytes_say_another_format(
    host: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_formats, "first_bytes", lambda path: FirstBytes(str(path)[5:], "what it is"))
    have = guest(disk("<source file='/old'/>", "qcow2"))
    assert forms_of(planned(host, {"block": "/dev/raw"}, have=have)) == ["raw"]
    assert re.search(
        r"disks\[0\].format: is not known", str(planned(host, {"block": "/dev/qcow2"}, have=have).obstacle)
    )
