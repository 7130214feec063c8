# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New guests that begin as another one is: what they get of it, what is their own, and what is refused before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import clone_originals, clones
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.modules import domains
from ansible_collections.virtfleet.kvm.tests.unit import images
from ansible_collections.virtfleet.kvm.tests.unit.hostile_server import GOOD

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
UUID = "6f1d8a52-3c0e-4b7a-9e44-2a8f0c1b7d93"
MAC = "52:54:00:aa:00:01"
GOLD = """
<domain type='test'><name>gold</name><uuid>{uuid}</uuid><title>the golden one</title><memory unit='KiB'>131072</memory>
<vcpu>2</vcpu><os><type>hvm</type></os>
<sysinfo type='smbios'><system><entry name='uuid'>{uuid}</entry><entry name='serial'>abc</entry></system></sysinfo>
<devices>
<disk type='file' device='disk'><driver name='qemu' type='raw' cache='none'/><source file='{folder}/gold.raw'/>
<target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'><source file='{folder}/tools.iso'/><target dev='sda' bus='sata'/><readonly/></disk>
<interface type='network'><mac address='{mac}'/><source network='default'/><model type='virtio'/></interface>
<graphics type='vnc' port='5905' autoport='no'/>{more}
</devices></domain>
"""


@pytest.fixture
def gold(connection: Any, seed_folder: Path) -> Any:
    """The original."""
    return made(connection, seed_folder)


def made(connection: Any, seed_folder: Path) -> Any:
    """A guest that is off, with a disk in a pool and a CD-ROM."""
    for name in ("gold.raw", "tools.iso"):
        (seed_folder / name).write_bytes(GOOD)
        connection.storagePoolLookupByName("p").createXML(
            f"<volume><name>{name}</name><capacity>{len(GOOD)}</capacity></volume>"
        )
    return define(connection, seed_folder)


def define(connection: Any, folder: Path, more: str = "") -> Any:
    return connection.defineXML(GOLD.format(uuid=UUID, mac=MAC, folder=folder, more=more))


@pytest.fixture
def declare(run_main: Run) -> Run:
    """Declare in check mode and for real, which say the same; and once more, which has nothing to do."""

    def call(*config: dict[str, Any], fails: bool = False) -> dict[str, Any]:
        options = {"config": list(config), "uri": URI}
        said = run_main(domains.main, check=True, fails=fails, **options)
        done = run_main(domains.main, fails=fails, **options)
        assert [said.get(part) for part in ("changes", "failures", "warnings")] == [
            done.get(part) for part in ("changes", "failures", "warnings")
        ]
        if not fails:
            assert not run_main(domains.main, **options)["changed"]
        return done

    return call


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def root_of(connection: Any, name: str) -> ET.Element:
    return ET.fromstring(connection.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


def test_a_clone_has_what_the_original_has_and_is_another_guest(
    connection: Any, gold: Any, declare: Run, seed_folder: Path, noted: Any
) -> None:
    done = declare({"name": "web", "clone_of": "gold"})
    root = root_of(connection, "web")
    assert (root.findtext("memory"), root.findtext("vcpu"), root.findtext("title")) == ("131072", "2", "the golden one")
    assert root.findtext("uuid") not in (None, UUID)
    assert root.find("sysinfo/system/entry[@name='uuid']") is None
    assert root.findtext("sysinfo/system/entry[@name='serial']") == "abc"
    assert [mac.get("address") != MAC for mac in root.findall("devices/interface/mac")] == [True]
    assert [one.get("network") for one in root.findall("devices/interface/source")] == ["default"]
    assert root.find("devices/graphics[@port='5905']") is None
    assert [one.get("file") for one in root.findall("devices/disk/source")] == [
        f"{seed_folder}/web-vda.raw",
        f"{seed_folder}/tools.iso",
    ]
    assert [one.get("cache") for one in root.findall("devices/disk/driver")][:1] == ["none"]
    assert (seed_folder / "web-vda.raw").read_bytes() == GOOD
    assert noted.entries("volumes")["p/web-vda.raw"]["guest"] == "web"
    (made,) = (change["after"] for change in done["changes"] if change["path"] == "disks[0].volume")
    assert made["clone_from"] == "p/gold.raw"
    (whole,) = (change["after"] for change in done["changes"] if change["path"] == "definition")
    assert (whole["clone_of"], whole["memory"]) == ("gold", "128MiB")
    assert any("also of its /etc/machine-id" in line for line in done["warnings"])
    assert not any("put the old name back" in line for line in done["warnings"])
    # The original is as it was, and may run again.
    assert root_of(connection, "gold").findtext("uuid") == UUID
    assert (seed_folder / "gold.raw").read_bytes() == GOOD


def test_what_is_declared_counts_before(connection: Any, gold: Any, declare: Run, seed_folder: Path) -> None:
    declare(
        {
            "name": "web",
            "clone_of": "gold",
            "memory": "64MiB",
            "title": None,
            "disks": [{"size": "1MiB"}, {"size": "1MiB", "pool": "p", "format": "raw"}],
            "interfaces": [],
        }
    )
    root = root_of(connection, "web")
    assert (root.findtext("memory"), root.findtext("vcpu"), root.findtext("title")) == ("65536", "2", None)
    assert root.findall("devices/interface") == []
    assert [one.get("file") for one in root.findall("devices/disk/source")] == [
        f"{seed_folder}/web-vda.raw",
        f"{seed_folder}/web-vdb.raw",
    ]
    content = (seed_folder / "web-vda.raw").read_bytes()
    assert (content[: len(GOOD)], len(content)) == (GOOD, 1024**2)


def test_a_guest_that_is_there_is_never_cloned(connection: Any, gold: Any, declare: Run, seed_folder: Path) -> None:
    connection.defineXML("<domain type='test'><name>web</name><memory>65536</memory><os><type>hvm</type></os></domain>")
    gold.create()
    done = declare({"name": "web", "clone_of": "gold", "title": "mine"})
    assert [change["path"] for change in done["changes"]] == ["title"]
    assert not done["warnings"]
    gold.destroy()
    gold.undefine()
    assert not declare({"name": "web", "clone_of": "gold", "title": "mine"})["changed"]
    assert names(seed_folder) == ["gold.raw", "tools.iso"]


@pytest.mark.parametrize(
    ("others", "source", "why"),
    [
        ([], "gold", "clone_of: guest gold runs: stop it first (virsh shutdown gold)"),
        ([], "gould", "clone_of: the host has no guest 'gould'; did you mean 'gold'?"),
        ([], "x", "clone_of: the host has no guest 'x'; it has gold, test"),
        ([{"name": "new", "memory": "64MiB"}], "new", "clone_of: guest new is made in the same run"),
        ([{"name": "gold", "state": "running"}], "gold", "clone_of: guest gold is to start in the same run"),
        ([{"name": "gold", "state": "absent"}], "gold", "clone_of: guest gold is to be absent in the same run"),
    ],
)
def test_what_cannot_be_cloned_is_refused_and_no_other_guest(
    connection: Any, gold: Any, run_main: Run, seed_folder: Path, others: Any, source: str, why: str
) -> None:
    if " runs" in why:
        gold.create()
    wanted = [*others, {"name": "web", "clone_of": source}, {"name": "other", "memory": "64MiB"}]
    for check in (True, False):
        done = run_main(domains.main, config=wanted, uri=URI, check=check, fails=True)
        assert [failure["domain"] for failure in done["failures"]] == ["web"]
        assert why in done["msg"]
    assert "web" not in [found.name() for found in connection.listAllDomains()]
    assert "other" in [found.name() for found in connection.listAllDomains()]
    assert names(seed_folder) == ["gold.raw", "tools.iso"]


def test_an_overlay_is_laid_over_the_disk(connection: Any, gold: Any, run_main: Run) -> None:
    wanted = {"name": "web", "clone_of": "gold", "clone_mode": "overlay"}
    done = run_main(domains.main, config=[wanted], uri=URI, check=True)
    (made,) = (change["after"] for change in done["changes"] if change["path"] == "disks[0].volume")
    assert (made["name"], made["format"], made["backing"]) == ("web-vda.qcow2", "qcow2", {"volume": "p/gold.raw"})


def test_a_disk_in_no_pool_is_copied_and_not_laid_under(
    connection: Any, gold: Any, run_main: Run, seed_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "away.raw").write_bytes(GOOD)
    define(
        connection,
        seed_folder,
        f"<disk type='file' device='disk'><driver type='raw'/><source file='{tmp_path}/away.raw'/>"
        "<target dev='vdb' bus='virtio'/></disk>",
    )
    wanted = {"name": "web", "clone_of": "gold", "clone_mode": "overlay"}
    done = run_main(domains.main, config=[wanted], uri=URI, check=True, fails=True)
    assert f"disks[1]: that of the original is on {tmp_path}/away.raw, which is in no pool" in done["msg"]
    disks = [{"target": "vdb", "pool": "p"}]
    done = run_main(domains.main, config=[{"name": "web", "clone_of": "gold", "disks": disks}], uri=URI)
    assert (seed_folder / "web-vdb.raw").read_bytes() == GOOD
    assert names(seed_folder) == ["gold.raw", "tools.iso", "web-vdb.raw"]


def test_what_one_guest_alone_can_have_is_left_out(
    connection: Any, gold: Any, run_main: Run, seed_folder: Path
) -> None:
    define(
        connection,
        seed_folder,
        "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/><product id='0x2'/></source></hostdev>",
    )
    done = run_main(domains.main, config=[{"name": "web", "clone_of": "gold"}], uri=URI, check=True)
    (whole,) = (change["after"] for change in done["changes"] if change["path"] == "definition")
    assert "hostdevs" not in whole
    assert any("hostdevs of guest gold are devices of the host" in line for line in done["warnings"])


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_original_that_starts_meanwhile_leaves_nothing_half_made(
    connection: Any, gold: Any, run_main: Run, seed_folder: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    looks: list[str] = []

    def look(given: Any, name: str, step: Any, options: Any) -> None:
        looks.append(step.value.name)
        if len(looks) == (1 if when == "before" else 2):
            gold.create()
        clone_originals.check_original(given, name, step, options)

    from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import domain_actions

    monkeypatch.setitem(domain_actions.ACTIONS, clone_originals.CHECK, look)
    done = run_main(domains.main, config=[{"name": "web", "clone_of": "gold", "state": "running"}], uri=URI, fails=True)
    assert "clone_of: guest gold was started since the plan was made: run again" in done["msg"]
    assert len(looks) == (1 if when == "before" else 2)
    # The test driver deletes no file.
    assert sorted(connection.storagePoolLookupByName("p").listVolumes()) == ["gold.raw", "tools.iso"]
    assert "web" not in [found.name() for found in connection.listAllDomains()]
    assert done["changes"] == []


KEY = "<secret type='passphrase' uuid='6dd3e4a5-1d76-44ce-961f-f119f5aad935'/>"


@pytest.mark.parametrize(
    ("inside", "option"),
    [
        ("<slices><slice type='storage' offset='512' size='512'/></slices>", "slices"),
        (f"<encryption format='luks'>{KEY}</encryption>", "encryption"),
    ],
)
@pytest.mark.parametrize("mode", ["copy", "overlay"])
def test_a_disk_of_which_only_a_part_is_read_is_not_copied(
    connection: Any, gold: Any, declare: Run, seed_folder: Path, inside: str, option: str, mode: str
) -> None:
    define(
        connection,
        seed_folder,
        f"<disk type='file' device='disk'><driver type='raw'/><source file='{seed_folder}/gold.raw'>{inside}</source>"
        "<target dev='vdb' bus='virtio'/></disk>",
    )
    done = declare({"name": "web", "clone_of": "gold", "clone_mode": mode}, fails=True)
    assert f"disks[1]: that of the original has source.{option}, which a copy would not keep" in done["msg"]
    assert names(seed_folder) == ["gold.raw", "tools.iso"]


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("disks", [None, [{"size": "1MiB"}]])
def test_what_is_left_at_the_place_of_a_disk_is_no_copy(
    connection: Any,
    gold: Any,
    declare: Run,
    seed_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    listed: bool,
    disks: Any,
) -> None:
    monkeypatch.setattr(clones, "is_here", lambda connection: True)
    foreign = b"FOREIGN" + GOOD[7:]
    (seed_folder / "web-vda.raw").write_bytes(foreign)
    if listed:
        connection.storagePoolLookupByName("p").createXML(
            f"<volume><name>web-vda.raw</name><capacity>{len(GOOD)}</capacity></volume>"
        )
    want = {"name": "web", "clone_of": "gold", "state": "running", **({} if disks is None else {"disks": disks})}
    done = declare(want, fails=True)
    what = "the volume p/web-vda.raw" if listed else f"the file {seed_folder}/web-vda.raw"
    assert f"disks[0]: {what} is there already, and is no copy of what guest gold has: delete it" in done["msg"]
    assert (seed_folder / "web-vda.raw").read_bytes() == foreign
    assert "web" not in [found.name() for found in connection.listAllDomains()]


def test_a_disk_that_another_guest_runs_with_is_not_copied(
    connection: Any, gold: Any, declare: Run, seed_folder: Path
) -> None:
    text = GOLD.format(uuid=f"{UUID[:-1]}4", mac=f"{MAC[:-1]}2", folder=seed_folder, more="")
    other = connection.defineXML(text.replace("<name>gold", "<name>other"))
    other.create()
    done = declare({"name": "web", "clone_of": "gold"}, fails=True)
    assert "disks[0]: that of the original is also a disk of guest other, which runs with it: stop other" in done["msg"]
    other.destroy()
    declare({"name": "web", "clone_of": "gold"})


NUMA = "<cpu><numa><cell id='0' cpus='0' memory='65536'/><cell id='1' cpus='1' memory='65536'/></numa></cpu>"


@pytest.mark.parametrize(
    ("want", "why"),
    [
        ({"memory": "64MiB"}, "memory: that of the original is shared out among its NUMA cells: declare cpu.numa, too"),
        ({"vcpus": 1}, "vcpus: that of the original is shared out among its NUMA cells: declare cpu.numa, too"),
        ({"cpu": {"numa": {"cells": [{"memory": "1MiB", "cpus": "0"}]}}}, "cpu.numa.cells"),
    ],
)
def test_a_clone_that_does_not_fit_its_original_stops_no_other_guest(
    connection: Any, gold: Any, run_main: Run, seed_folder: Path, want: dict[str, Any], why: str
) -> None:
    text = gold.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    connection.defineXML(text.replace("<devices>", f"{NUMA}<devices>"))
    wanted = [{"name": "web", "clone_of": "gold", **want}, {"name": "other", "memory": "64MiB"}]
    for check in (True, False):
        done = run_main(domains.main, config=wanted, uri=URI, check=check, fails=True)
        assert [failure["domain"] for failure in done["failures"]] == ["web"]
        assert why in done["msg"]
    assert "other" in [found.name() for found in connection.listAllDomains()]
    assert names(seed_folder) == ["gold.raw", "tools.iso"]


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host is this machine, so what is on its files can be looked at."""
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    monkeypatch.setattr(clones, "is_here", lambda connection: True)
    monkeypatch.setattr(
        lacking, "may_exist", lambda path, real=lacking.may_exist: path == "/default-pool" or real(path)
    )


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("gone", "disks[0]: that of the original is on {0}/gold.raw, which is not there: put it back, or declare"),
        ("smaller", "disks[0].image: the image has a disk of 1MiB, more than its capacity, 1KiB"),
        ("laid over", "is not whole: it is laid over another file"),
    ],
)
def test_check_mode_says_what_cannot_be_copied(
    connection: Any, gold: Any, declare: Run, seed_folder: Path, case: str, why: str
) -> None:
    want: dict[str, Any] = {"name": "web", "clone_of": "gold"}
    if case == "gone":
        (seed_folder / "gold.raw").unlink()
    elif case == "smaller":
        want["disks"] = [{"size": "1KiB"}]
    else:
        (seed_folder / "over.qcow2").write_bytes(images.qcow2(str(seed_folder / "gold.raw")))
        connection.storagePoolLookupByName("p").createXML(
            "<volume><name>over.qcow2</name><capacity>1048576</capacity><target><format type='qcow2'/></target>"
            "</volume>"
        )
        text = gold.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        connection.defineXML(text.replace("gold.raw", "over.qcow2").replace("type='raw'", "type='qcow2'", 1))
    done = declare(want, fails=True)
    assert why.format(seed_folder) in done["msg"]
    assert "web" not in [found.name() for found in connection.listAllDomains()]
    assert not [name for name in names(seed_folder) if name.startswith("web")]


@pytest.mark.parametrize(
    ("disks", "said"), [([], False), ([{"device": "cdrom", "target": "sda"}], False), ([{"size": "1MiB"}], True)]
)
def test_what_disks_have_in_common_is_said_of_copies_only(
    connection: Any, gold: Any, run_main: Run, disks: Any, said: bool
) -> None:
    config = [{"name": "web", "clone_of": "gold", "disks": disks}]
    done = run_main(domains.main, config=config, uri=URI, check=True)
    assert any("is a copy of what guest gold has on its disks" in line for line in done["warnings"]) is said


def test_guests_that_begin_as_each_other_are_told_so(connection: Any, gold: Any, declare: Run, run_main: Run) -> None:
    ring = [{"name": one, "clone_of": other} for one, other in ("ab", "bc", "ca")]
    done = declare(*ring, fails=True)
    assert "domain a: clone_of: the guests b, c, a begin as each other, so none can be the first" in done["msg"]
    assert "run again without this one" not in done["msg"]
    row = [{"name": "a", "clone_of": "b"}, {"name": "b", "clone_of": "gold"}]
    done = run_main(domains.main, config=row, uri=URI, check=True, fails=True)
    assert "domain a: clone_of: guest b is made in the same run" in done["msg"]
