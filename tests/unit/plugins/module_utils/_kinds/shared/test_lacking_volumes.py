# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which volumes a host lacks: in pools that are there, that are to come, and of which an earlier task removes some."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.lacking import Site
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.forecast import Forecast
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool

LACKS = "there is no volume v in the pool p: declare it"
GONE = f"there is no volume v in the pool p {lacking.REMOVED}"
COMES: dict[str, Any] = {"state": "active"}


class Connection:
    """A host on which no pool can be listed."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def getURI(self) -> str:  # noqa: N802 - libvirt's name
        return self.uri

    def storagePoolLookupByName(self, name: str) -> Any:  # noqa: N802 - libvirt's name
        raise lacking.libvirt.libvirtError(name)


HERE, THERE = "qemu:///system", "qemu+ssh://other/system"


@pytest.mark.parametrize(
    ("uri", "kind", "pool", "volumes", "seen", "file", "told"),
    [
        (HERE, "dir", None, {}, True, False, None),
        (HERE, "dir", None, {}, False, True, None),
        (HERE, "dir", None, {}, False, False, LACKS),
        (HERE, "logical", None, {}, False, False, LACKS),
        (THERE, "dir", None, {}, False, True, LACKS),
        (THERE, "dir", None, {}, True, False, None),
        # The pool is still to come: what is in it is only seen in a folder of this host.
        (HERE, "dir", COMES, {}, False, False, LACKS),
        (HERE, "dir", COMES, {}, False, True, None),
        (HERE, "dir", COMES, {}, True, False, None),
        (HERE, "netfs", COMES, {}, False, False, None),
        (THERE, "dir", COMES, {}, False, False, None),
        (THERE, "netfs", COMES, {}, False, False, None),
        # An earlier task makes or removes the volume.
        (HERE, "dir", None, {"p/v": {}}, False, False, None),
        (HERE, "dir", None, {"p/v": {"a": 1}}, False, False, None),
        (HERE, "dir", None, {"p/v": None}, True, True, GONE),
        (HERE, "dir", None, {"p/v": None}, False, False, GONE),
        (HERE, "dir", COMES, {"p/v": None}, True, False, GONE),
        (HERE, "dir", None, {"p/x": {}}, False, False, LACKS),
    ],
)
def test_a_volume_that_is_not_there(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    uri: str,
    kind: str,
    pool: Any,
    volumes: dict[str, Any],
    seen: bool,
    file: bool,
    told: str | None,
) -> None:
    if file:
        (tmp_path / "v").touch()
    asked: list[Any] = []

    def look(_connection: Any, keys: set[str], expected: Any) -> dict[str, Any]:
        asked.append((keys, expected))
        return dict.fromkeys(keys) if seen else {}

    monkeypatch.setattr(lacking.storage_observe, "volumes", look)
    site = Site(Connection(uri), Forecast(pools={} if pool is None else {"p": pool}, volumes=volumes))  # type: ignore[arg-type]
    site.kept["pools"] = {"p": ObservedPool(kind, str(tmp_path), True)}
    said = site.volume("p/v")
    assert said is None if told is None else str(said).startswith(told)
    assert all(one == ({"p/v"}, ()) for one in asked)
    site.new_volumes.add("p/v")
    assert site.volume("p/v") is None


def test_a_folder_that_cannot_be_read_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "b").touch()
    (tmp_path / "a").mkdir()
    assert lacking.folder(str(tmp_path)) == ["a", "b"]
    assert lacking.folder(str(tmp_path / "gone")) == lacking.folder(str(tmp_path / "b")) == []


def test_a_host_without_usb_has_no_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lacking, "SYS", str(tmp_path))
    assert lacking.usb_devices() == set()
    device = tmp_path / "bus/usb/devices/1-1"
    device.mkdir(parents=True)
    for name, value in {"idVendor": "1d6b", "idProduct": "0002", "busnum": "1", "devnum": "4"}.items():
        (device / name).write_text(f"{value}\n")
    assert lacking.usb_devices() == {"1d6b:0002", "1.4"}


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("defalt", ["default", "x"], "did you mean 'default'?"),
        ("defalt", ["x"], "correct the name"),
        ("a", [], "correct the name"),
    ],
)
def test_the_way_out_of_a_name_that_is_not_known(name: str, known: list[str], said: str) -> None:
    assert lacking.hint(name, known) == said
