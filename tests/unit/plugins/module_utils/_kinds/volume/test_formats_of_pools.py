# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a new volume cannot have is said before it is made: it failed in the run, and the check had passed."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import readiness
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.table import VOLUME
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.new_volumes import Making
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool
from ansible_collections.virtfleet.kvm.tests.unit.support import plan_one

TOLD = """
<storagepoolCapabilities>
  <pool type='dir' supported='yes'><volOptions><defaultFormat type='raw'/><enum name='targetFormatType'>
    <value>none</value><value>raw</value><value>qcow2</value></enum></volOptions></pool>
  <pool type='disk' supported='yes'><volOptions><defaultFormat type='none'/><enum name='targetFormatType'>
    <value>none</value><value>linux</value></enum></volOptions></pool>
  <pool type='logical' supported='yes'/>
</storagepoolCapabilities>
"""


def said(pool: str, folder: Path, **item: Any) -> list[str]:
    """What is wrong with a volume to be made in a pool."""
    known: dict[str, Any] = {}
    site: Any = types.SimpleNamespace(
        pools={"p": ObservedPool(pool, str(folder), True)},
        local=True,
        once=lambda name, ask: known.setdefault(name, ask()),
        connection=types.SimpleNamespace(getStoragePoolCapabilities=lambda flags: TOLD),
    )
    return list(readiness.formats(site, Making({"name": "v", "pool": "p", **item}, "")))


@pytest.mark.parametrize(
    ("pool", "form", "words"),
    [
        ("dir", "fat16", "format: a pool of type dir has no volumes of format fat16: it takes raw, qcow2"),
        ("dir", "none", "format: a pool of type dir has no volumes of format none"),
        ("dir", "qcow2", None),
        ("dir", None, None),
        ("disk", "qcow2", "format: a pool of type disk has no volumes of format qcow2: it takes none, linux"),
        ("disk", "none", None),
        ("logical", "raw", None),
        ("rbd", "raw", None),
    ],
)
def test_formats(pool: str, form: str | None, words: str | None, tmp_path: Path) -> None:
    assert [line[: len(words or "")] for line in said(pool, tmp_path, format=form)] == (
        [] if words is None else [words]
    )


@pytest.mark.parametrize(("kind", "refused"), [("btrfs", False), ("ext4", True)])
@pytest.mark.parametrize("form", [None, "raw", "qcow2"])
def test_no_copy_on_write(
    kind: str, refused: bool, form: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libvirt asks the file system for it; qemu-img, which makes a qcow2, leaves it where there is none."""
    monkeypatch.setattr(readiness, "file_system", lambda path: kind)
    found = said("dir", tmp_path, format=form, nocow=True)
    assert [line.partition(":")[0] for line in found] == ["nocow"] * (refused and form != "qcow2")
    assert said("dir", tmp_path, format=form) == []


@pytest.mark.parametrize(
    ("code", "known"), [(libvirt.VIR_ERR_NO_SUPPORT, True), (libvirt.VIR_ERR_INTERNAL_ERROR, False)]
)
def test_a_libvirt_that_does_not_tell_the_formats_refuses_none(code: int, known: bool) -> None:
    def asked(flags: int) -> str:
        error = libvirt.libvirtError("not told")
        error.err = (code, 0, "not told", 2, None, None, None, -1, -1)
        raise error

    site: Any = types.SimpleNamespace(connection=types.SimpleNamespace(getStoragePoolCapabilities=asked))
    if known:
        assert readiness.formats_of(site) == {}
    else:
        with pytest.raises(libvirt.libvirtError):
            readiness.formats_of(site)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"compat": "x1"}, "compat: 'x1' must be one of 0.10, 1.1"),
        ({"compat": "1.1", "format": "raw"}, "compat: cannot be combined with 'format: raw'"),
        ({"cluster_size": "64KiB", "format": "vmdk"}, "cluster_size: cannot be combined with 'format: vmdk'"),
        ({"extended_l2": True, "format": "vmdk"}, "extended_l2: cannot be combined with 'format: vmdk', but with"),
        ({"lazy_refcounts": True, "name": "v.raw"}, "lazy_refcounts: cannot be combined with 'format: raw'"),
        ({"lazy_refcounts": False, "name": "v.raw"}, None),
        ({"compat": "1.1", "cluster_size": "64KiB", "extended_l2": True, "format": "qcow2"}, None),
    ],
)
def test_options_of_qcow2(options: dict[str, Any], words: str | None) -> None:
    volume = {"name": "v.qcow2", "pool": "p", "capacity": "1MiB", **options}
    if words is None:
        assert plan_one(VOLUME, None, volume).steps
        return
    with pytest.raises(VirtfleetError) as error:
        plan_one(VOLUME, None, volume)
    assert words in str(error.value)
