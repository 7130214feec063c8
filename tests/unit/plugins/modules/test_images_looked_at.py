# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image on the host that is none is refused by check mode and by the run, in the same words, by its option."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.modules import domains, volumes
from ansible_collections.virtfleet.kvm.tests.unit import hostile_images, images
from ansible_collections.virtfleet.kvm.tests.unit.opened import lock

Run = Callable[..., dict[str, Any]]
URI = "test:///default"

BAD: dict[str, tuple[bytes | None, str]] = {
    "folder": (None, "is neither a file nor a block device"),
    "text": (b"a text\n", "is a text; give format: raw"),
    "vmdk": (b"KDMV" + b"\0" * 600, "is an image of VMware (VMDK); only raw and qcow2 are taken"),
    "large": (hostile_images.mbr() + b"\0" * 1024**2, "more than its capacity"),
    "names another": (images.qcow2("/etc/shadow"), "is not whole: it is laid over another file"),
    "cut off": (hostile_images.qcow2()[:100], "is"),
    "empty": (b"", "is empty"),
}


@pytest.fixture
def place(connection: Any, noted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an image is, on a host that is this machine."""
    monkeypatch.setattr(lacking, "FOREIGN", ())
    # The folder of the test driver's own pool is on no host.
    monkeypatch.setattr(
        lacking, "may_exist", lambda path, real=lacking.may_exist: path == "/default-pool" or real(path)
    )
    return tmp_path / "image"


def write(place: Path, content: bytes | None) -> None:
    if content is None:
        place.mkdir()
    else:
        place.write_bytes(content)


@pytest.mark.parametrize("scheme", ["", "file://"])
@pytest.mark.parametrize("module", [volumes, domains])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_image_is_refused_by_both(run_main: Run, place: Path, name: str, module: Any, scheme: str) -> None:
    content, words = BAD[name]
    write(place, content)
    image = {"image": f"{scheme}{place}", "pool": "default-pool"}
    if module is volumes:
        config: list[dict[str, Any]] = [{"name": "bad", "capacity": "1MiB", "format": "qcow2", **image}]
    else:
        disks = [{"size": "1MiB", "pool": "default-pool"}, {"size": "1MiB", **image}]
        config = [{"name": "bad", "memory": "64MiB", "disks": disks}]
    said = [run_main(module.main, config=config, uri=URI, check=check, fails=True) for check in (True, False)]
    assert said[0]["msg"] == said[1]["msg"]
    where = "bad: image: " if module is volumes else "domain bad: disks[1].image: "
    assert where in said[0]["msg"]
    assert words in said[0]["msg"]
    assert [one["changes"] for one in said] == [[], []]


def test_a_good_image_passes(run_main: Run, place: Path) -> None:
    place.write_bytes(hostile_images.mbr())
    config = [{"name": "good", "pool": "default-pool", "image": str(place), "capacity": "2MiB"}]
    assert run_main(volumes.main, config=config, uri=URI, check=True)["changed"]


@pytest.mark.parametrize("kind", ["gone later", "http"])
def test_what_is_still_to_come_is_left_to_the_run(run_main: Run, place: Path, kind: str) -> None:
    write(place, b"a text\n")
    image = "http://127.0.0.1:1/image"
    source = {"image": image, "capacity": "1MiB"} if kind == "http" else {"clone_from": "base"}
    known = {"volumes": {"default-pool/base": {}}} if kind != "http" else {}
    config = [{"name": "good", "pool": "default-pool", **source}]
    assert run_main(volumes.main, config=config, uri=URI, check=True, **{FORECAST: known})["changed"]


@pytest.mark.parametrize("module", [volumes, domains])
def test_an_image_that_a_guest_writes_to_is_refused(run_main: Run, place: Path, module: Any) -> None:
    """Unless a task before this one may have stopped the guest."""
    place.write_bytes(hostile_images.mbr())
    image = {"image": str(place), "pool": "default-pool"}
    config: list[dict[str, Any]] = [{"name": "new", "capacity": "2MiB", "format": "raw", **image}]
    if module is domains:
        config = [{"name": "new", "memory": "64MiB", "disks": [{"size": "2MiB", "format": "raw", **image}]}]
    told = f"image: the image {place} is in use by a running guest, which may write to it; stop the guest first"
    known = {"domains": {"other": {"uuid": "00000000-0000-4000-8000-000000000001", "gone": True}}}
    with place.open("rb") as opened:
        lock(opened.fileno(), 101)
        for check in (True, False):
            assert told in run_main(module.main, config=config, uri=URI, check=check, fails=True)["msg"]
        said = run_main(module.main, config=config, uri=URI, check=True, **{FORECAST: known})
        assert [line for line in said["warnings"] if told in line]
    assert run_main(module.main, config=config, uri=URI, check=True)["changed"]
