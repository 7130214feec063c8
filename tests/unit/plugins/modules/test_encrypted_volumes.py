# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encrypted volumes: made only with a secret that does, never changed by what libvirt forgets, and what can grow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.manifest import Manifest
from ansible_collections.virtfleet.kvm.plugins.modules import domains, secrets, volumes
from ansible_collections.virtfleet.kvm.tests.unit.secret_host import SecretHost

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
NAME = "/srv/x.key"
LUKS = {"format": "luks", "secret": {"usage": NAME}}
CIPHER = {"cipher": {"name": "aes", "size": 256, "mode": "xts"}}
VOLUME = {"name": "e.raw", "pool": "default-pool", "format": "raw", "capacity": "4MiB", "encryption": LUKS}
DISK = {"format": "luks", "secrets": [{"usage": NAME}]}


@pytest.fixture
def host(secret_host: SecretHost, run_main: Run, noted: Manifest) -> SecretHost:
    """A host with secrets."""
    config = [
        {"name": NAME, "usage": "volume", "value": "sup3r-s3cret"},
        {"name": "/srv/empty", "usage": "volume"},
        {"name": "a key", "usage": "tls", "value": "an0ther one"},
    ]
    run_main(secrets.main, uri=URI, config=config)
    return secret_host


@pytest.fixture
def pool(host: SecretHost) -> Any:
    """The pool of the test driver."""
    return host.storagePoolLookupByName("default-pool")


def both(run_main: Run, module: Any, *config: dict[str, Any], **args: Any) -> dict[str, Any]:
    """Declare in check mode, and for real, which say the same."""
    said, done = (run_main(module.main, uri=URI, config=list(config), check=check, **args) for check in (True, False))
    assert (said.get("changes"), said.get("msg")) == (done.get("changes"), done.get("msg"))
    return done


def forget(pool: Any, name: str = "e.raw", form: str = "raw") -> None:
    """Let libvirt tell a volume as it does once it has looked through the pool anew: without its secret."""
    pool.storageVolLookupByName(name).delete(0)
    pool.createXML(
        f"<volume><name>{name}</name><capacity>4194304</capacity><target><format type='{form}'/>"
        "<encryption format='luks'/></target></volume>",
        0,
    )


@pytest.mark.parametrize(
    ("encryption", "said"),
    [
        ({"secret": {"usage": "/nope"}}, "encryption.secret: refers to a secret that libvirt does not have"),
        ({"secret": {"usage": "/srv/empty"}}, "encryption.secret: refers to a secret that has no value yet"),
        (
            {"secret": {"usage": "a key"}},
            "encryption.secret: refers to a secret that is not for this: its usage is tls",
        ),
        ({}, "encryption.secret: give either its uuid or its usage"),
        ({"format": "luks2"}, "encryption.format: only luks is made by libvirt"),
        ({"engine": "librbd"}, "encryption.engine: 'librbd' is only for volumes of Ceph"),
        (
            {"cipher": {"name": "des", "size": 7}},
            "encryption.cipher: QEMU has no 'des' with a key of 7 bits: it has aes with 128, 192, 256;",
        ),
        ({"cipher": {"name": "aes", "size": 512}}, "encryption.cipher: QEMU has no 'aes' with a key of 512 bits"),
        ({"cipher": {"name": "aes"}}, "encryption.cipher: QEMU has no 'aes' without size"),
        (
            {"cipher": {"name": "aes", "size": 256, "mode": "gcm"}},
            "encryption.cipher.mode: QEMU has no 'gcm': it has ecb, cbc, xts, ctr",
        ),
        ({"cipher": {"name": "aes", "size": 256, "hash": "crc"}}, "encryption.cipher.hash: QEMU has no 'crc'"),
        ({"ivgen": {"name": "plain65"}}, "encryption.ivgen.name: QEMU has no 'plain65': it has plain, plain64, essiv"),
        ({"ivgen": {"name": "essiv", "hash": "x"}}, "encryption.ivgen.hash: QEMU has no 'x'"),
    ],
)
def test_what_cannot_be_made_is_refused_before(
    host: SecretHost, pool: Any, run_main: Run, encryption: dict[str, Any], said: str
) -> None:
    item = {**VOLUME, "encryption": {"format": "luks", **encryption}}
    assert said in both(run_main, volumes, item, fails=True)["msg"]
    assert "e.raw" not in pool.listVolumes()


def test_a_vmdk_is_not_encrypted(host: SecretHost, run_main: Run) -> None:
    told = both(run_main, volumes, {**VOLUME, "format": "vmdk"}, fails=True)["msg"]
    assert "encryption: libvirt makes no 'vmdk' that is encrypted: take raw or qcow2" in told


def test_a_secret_that_an_earlier_task_would_make(host: SecretHost, run_main: Run) -> None:
    for name in ("/nope", "/srv/empty"):
        item = {**VOLUME, "encryption": {"format": "luks", "secret": {"usage": name}}}
        run_main(volumes.main, uri=URI, config=[item], check=True, _forecast={"secrets": {name: {}}})


@pytest.mark.parametrize("form", ["raw", "qcow2"])
@pytest.mark.parametrize("by", ["usage", "uuid"])
def test_what_libvirt_forgets_is_no_change(host: SecretHost, pool: Any, run_main: Run, by: str, form: str) -> None:
    secret = {by: {"usage": NAME, "uuid": host.named(NAME).UUIDString()}[by]}
    item = {**VOLUME, "name": "e", "format": form, "encryption": {"format": "luks", "secret": secret, **CIPHER}}
    assert both(run_main, volumes, item)["changed"]
    forget(pool, "e", form)
    assert both(run_main, volumes, item)["changes"] == []
    other = {**item, "encryption": {"format": "luks", "secret": {"usage": "/srv/other"}}}
    told = both(run_main, volumes, other, fails=True)["msg"]
    assert "cannot become '/srv/other' in place" in told


def test_what_nobody_noted_is_no_change(host: SecretHost, pool: Any, run_main: Run, noted: Manifest) -> None:
    both(run_main, volumes, VOLUME)
    noted.drop("volumes", "default-pool/e.raw")
    forget(pool)
    assert both(run_main, volumes, VOLUME)["changes"] == []


@pytest.mark.parametrize("form", ["raw", "qcow2"])
def test_an_encrypted_volume_that_is_to_grow(host: SecretHost, pool: Any, run_main: Run, form: str) -> None:
    item = {**VOLUME, "name": "e", "format": form}
    both(run_main, volumes, item)
    for given in ({**item, "capacity": "8MiB"}, {"name": "e", "pool": "default-pool", "capacity": "8MiB"}):
        told = both(run_main, volumes, given, fails=True)["msg"]
        assert "capacity: it is encrypted, and libvirt makes such a volume larger only while a guest runs" in told
    assert pool.storageVolLookupByName("e").info()[1] == 4 * 1024**2
    disk = {"pool": "default-pool", "volume": "e", "format": form, "size": "8MiB", "encryption": DISK}
    guest = {"name": "web01", "memory": "64MiB", "state": "stopped", "disks": [disk]}
    told = both(run_main, domains, guest, fails=True)["msg"]
    assert "disks[0].size: it is encrypted" in told


def test_a_guest_that_encrypts_its_raw_disk_itself(host: SecretHost, pool: Any, run_main: Run) -> None:
    """libvirt tells the header that the guest has written, and the volume is raw all the same."""
    both(run_main, volumes, {**VOLUME, "encryption": None})
    forget(pool)
    disk = {"pool": "default-pool", "volume": "e.raw", "format": "raw"}
    both(run_main, domains, {"name": "web01", "memory": "64MiB", "state": "stopped", "disks": [disk]})
    given = {"name": "e.raw", "pool": "default-pool", "capacity": "8MiB"}
    assert run_main(volumes.main, uri=URI, config=[given], check=True)["changed"]  # The test driver grows none.


@pytest.mark.parametrize("place", ["disk", "source"])
def test_a_disk_that_is_made_encrypted(host: SecretHost, pool: Any, run_main: Run, place: str) -> None:
    disk = {"size": "4MiB", "pool": "default-pool", "format": "qcow2"}
    disk.update({"encryption": DISK} if place == "disk" else {"source": {"encryption": DISK}})
    result = both(run_main, domains, {"name": "web01", "memory": "64MiB", "state": "stopped", "disks": [disk]})
    made = result["changes"][0]["after"]
    assert made["encryption"] == {"format": "luks", "secret": {"type": "passphrase", "usage": NAME}}
    xml = pool.storageVolLookupByName("web01-vda.qcow2").XMLDesc()
    assert "<encryption format='luks'>" in xml
    assert NAME in xml


@pytest.mark.parametrize(
    ("disk", "said"),
    [
        ({"size": "4MiB", "encryption": {"format": "luks"}}, "only made encrypted with format luks and one secret"),
        ({"size": "4MiB", "encryption": {**DISK, "format": "luks2"}}, "only made encrypted with format luks"),
        ({"backing": "base.qcow2", "encryption": DISK}, "a disk that is made from backing is not encrypted"),
        ({"image": "base.qcow2", "encryption": DISK}, "a disk that is made from image is not encrypted"),
        ({"size": "4MiB", "encryption": {**DISK, "secrets": [{"usage": "/srv/empty"}]}}, "no value yet"),
    ],
)
def test_a_disk_that_cannot_be_made_encrypted(
    host: SecretHost, pool: Any, run_main: Run, disk: dict[str, Any], said: str
) -> None:
    guest = {"name": "web01", "memory": "64MiB", "state": "stopped", "disks": [{"pool": "default-pool", **disk}]}
    told = both(run_main, domains, guest, fails=True)["msg"]
    assert f"disks[0].encryption{'.secret' if 'value' in said else ''}: " in told
    assert said in told
    assert pool.listVolumes() == []


def test_a_copy_of_a_raw_image_stays_as_it_is(host: SecretHost, run_main: Run, tmp_path: Path) -> None:
    """An image that is encrypted already is copied with its header."""
    disk = {"pool": "default-pool", "image": "/srv/encrypted.raw", "format": "raw", "encryption": DISK}
    guest = {"name": "web01", "memory": "64MiB", "state": "stopped", "disks": [disk]}
    result = run_main(domains.main, uri=URI, config=[guest], check=True)
    assert "encryption" not in result["changes"][0]["after"]
