# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret stays while something needs it: an encrypted volume, a snapshot, a saved guest; and where nobody knows."""

from __future__ import annotations

import base64
import functools
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.secret import digests, volume_users
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.manifest import Manifest
from ansible_collections.virtfleet.kvm.plugins.modules import domains, secrets, volumes
from ansible_collections.virtfleet.kvm.tests.unit.secret_host import SecretHost

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
NAME = "/srv/x.key"
KEY = {"name": NAME, "usage": "volume", "value": "sup3r-s3cret", "private": True}
OTHER = {"name": "a key", "usage": "tls", "value": "an0ther one"}
LUKS = {"format": "luks", "secret": {"usage": NAME}}
VOLUME = {"name": "e.raw", "pool": "default-pool", "format": "raw", "capacity": "4MiB", "encryption": LUKS}


@pytest.fixture
def host(secret_host: SecretHost) -> SecretHost:
    """A host with no secrets yet."""
    return secret_host


@pytest.fixture
def run(host: SecretHost, run_main: Run, noted: Manifest) -> Run:
    """Declare secrets, with two that are there already."""

    def called(*config: dict[str, Any], **args: Any) -> dict[str, Any]:
        return run_main(secrets.main, uri=URI, config=list(config), **args)

    called(KEY, OTHER)
    return called


def stays(run: Run, host: SecretHost, said: str, **args: Any) -> None:
    """The secret of volumes is kept from a purge and from a removal, in check mode and for real; the other one goes."""
    for check in (True, False):
        told = run({"name": NAME, "state": "absent"}, OTHER, check=check, fails=True, **args)["msg"]
        assert said in told
        assert "sup3r" not in told
    for check in (True, False):
        result = run(purge=True, check=check, fails=True, **args)
        assert "is no longer declared, but" in result["msg"]
        assert said in result["msg"]
        assert [change["resource"] for change in result["changes"]] == ["secret a key"]
    assert [one.usageID() for one in host.secrets.values()] == [NAME]


def goes(run: Run, host: SecretHost) -> None:
    """The secret of volumes is removed by a purge."""
    run(purge=True, check=True)
    run(purge=True)
    assert host.secrets == {}


def forgotten(connection: Any, name: str = "e.raw", form: str = "raw") -> Any:
    """Make an encrypted volume as libvirt tells one that it has looked at anew: without its secret."""
    pool = connection.storagePoolLookupByName("default-pool")
    return pool.createXML(
        f"<volume><name>{name}</name><capacity>4194304</capacity><target><format type='{form}'/>"
        "<encryption format='luks'/></target></volume>",
        0,
    )


@pytest.mark.parametrize("by", ["usage", "uuid"])
def test_one_that_a_volume_needs(run: Run, host: SecretHost, run_main: Run, by: str) -> None:
    secret = {by: {"usage": NAME, "uuid": host.named(NAME).UUIDString()}[by]}
    run_main(volumes.main, uri=URI, config=[{**VOLUME, "encryption": {"format": "luks", "secret": secret}}])
    stays(run, host, "used by volume default-pool/e.raw")
    run_main(volumes.main, uri=URI, config=[{**VOLUME, "state": "absent"}])
    goes(run, host)


def test_one_that_only_the_note_of_a_volume_names(run: Run, host: SecretHost, run_main: Run, noted: Manifest) -> None:
    run_main(volumes.main, uri=URI, config=[VOLUME])
    assert noted.entries("volumes")["default-pool/e.raw"]["secret"] == f"usage {NAME}"
    host.storagePoolLookupByName("default-pool").storageVolLookupByName("e.raw").delete(0)
    forgotten(host)
    stays(run, host, "used by volume default-pool/e.raw")


def test_one_that_a_volume_needs_in_a_pool_that_is_stopped(
    run: Run, host: SecretHost, run_main: Run, noted: Manifest
) -> None:
    run_main(volumes.main, uri=URI, config=[VOLUME])
    host.storagePoolLookupByName("default-pool").destroy()
    stays(run, host, "used by volume default-pool/e.raw (in a pool that is not active)")


def test_an_encrypted_volume_of_which_nobody_knows_the_secret(run: Run, host: SecretHost, run_main: Run) -> None:
    volume = forgotten(host)
    stays(run, host, "may be used: volume default-pool/e.raw is encrypted, and nobody knows with which secret")
    run(KEY)
    xml = (
        f"<devices><disk type='file' device='disk'><source file='{volume.path()}'>"
        "<encryption format='luks'><secret type='passphrase' usage='/srv/y.key'/></encryption></source>"
        "<target dev='vdx' bus='virtio'/></disk></devices>"
    )
    run_main(domains.main, uri=URI, config=[{"name": "web01", "memory": "64MiB", "state": "stopped", "xml": xml}])
    goes(run, host)  # The guest tells which secret the volume has: another one.


ANOTHER = {**KEY, "value": "an0ther value"}


def kept_value(run: Run, host: SecretHost, said: str, private: bool = True) -> None:
    """Another value is refused by check mode and run in the same words; the one that is there stays."""
    another = {**ANOTHER, "private": private}
    messages = [run(another, OTHER, check=check, fails=True)["msg"] for check in (True, False)]
    assert messages[0] == messages[1]
    assert "value: is another one than the secret has" in messages[0]
    assert said in messages[0]
    assert "an0ther" not in messages[0]
    assert host.named(NAME).kept == KEY["value"].encode()


@pytest.mark.parametrize("private", [False, True])
def test_the_value_stays_that_a_volume_is_encrypted_with(
    run: Run, host: SecretHost, run_main: Run, private: bool
) -> None:
    run({"name": NAME, "state": "absent"})
    run({**KEY, "private": private})
    run_main(volumes.main, uri=URI, config=[VOLUME])
    kept_value(run, host, "which volume default-pool/e.raw needs", private)
    assert run({**KEY, "private": private})["changes"] == []
    run_main(volumes.main, uri=URI, config=[{**VOLUME, "state": "absent"}])
    assert [change["path"] for change in run({**ANOTHER, "private": private})["changes"]] == ["value"]


def test_a_value_that_somebody_replaced_comes_back(
    run: Run, host: SecretHost, run_main: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_main(volumes.main, uri=URI, config=[VOLUME])
    host.named(NAME).setValue(b"by hand")
    monkeypatch.setattr(digests, "stamp", lambda uri, secret: "another")
    assert [change["path"] for change in run(KEY)["changes"]] == ["value"]
    assert host.named(NAME).kept == KEY["value"].encode()


def test_a_private_value_that_was_changed_by_hand_can_be_declared(
    run: Run, host: SecretHost, run_main: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run_main(volumes.main, uri=URI, config=[VOLUME])
    monkeypatch.setattr(digests, "FOLDER", str(tmp_path))
    monkeypatch.setattr(digests, "is_kept", functools.partial(kept_in_file, digests.is_kept))
    file = tmp_path / f"{host.named(NAME).UUIDString()}.base64"
    file.write_bytes(base64.b64encode(b"a third one"))
    kept_value(run, host, "needs")
    file.write_bytes(base64.b64encode(str(ANOTHER["value"]).encode()))
    assert [change["path"] for change in run(ANOTHER)["changes"]] == ["value"]


def kept_in_file(is_kept: Callable[..., bool], uri: str, *given: Any) -> bool:
    """As for the libvirt of this host."""
    return is_kept("qemu:///system", *given)


def test_a_value_that_a_volume_may_need_is_told_of(run: Run, host: SecretHost) -> None:
    forgotten(host)
    for check in (True, False):
        told = [line for line in run(ANOTHER, check=check)["warnings"] if "opens with no other" in line]
        assert len(told) == 1
        assert "volume default-pool/e.raw is encrypted, and nobody knows with which secret" in told[0]
    assert [line for line in run({**OTHER, "value": "a third one"})["warnings"] if "opens with" in line] == []


TPM = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'><encryption secret='{}'/></backend></tpm>"


@pytest.mark.parametrize("kind", ["snapshot", "checkpoint"])
def test_one_that_only_a_past_state_of_a_guest_names(
    run: Run, host: SecretHost, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    (domain,) = host.listAllDomains(0)
    text = (
        f"<domain{kind}><domain><devices>{TPM.format(host.named(NAME).UUIDString())}</devices></domain></domain{kind}>"
    )

    class Past:
        def getName(self) -> str:  # noqa: N802 - as libvirt calls it
            return "s1"

        def getXMLDesc(self, flags: int = 0) -> str:  # noqa: N802 - as libvirt calls it
            return text

    class Guest:
        def __getattr__(self, name: str) -> Any:
            return getattr(domain, name)

        def listAllSnapshots(self, flags: int = 0) -> list[Past]:  # noqa: N802 - as libvirt calls it
            return [Past()]

        listAllCheckpoints = listAllSnapshots  # noqa: N815 - as libvirt calls it

    flag = getattr(libvirt, f"VIR_CONNECT_LIST_DOMAINS_HAS_{kind.upper()}")
    monkeypatch.setattr(host, "listAllDomains", lambda flags=0: [Guest()] if flags in (0, flag) else [], raising=False)
    stays(run, host, f"used by guest {domain.name()} ({kind} s1)")


def test_a_guest_that_cannot_be_read_keeps_all(run: Run, host: SecretHost, monkeypatch: pytest.MonkeyPatch) -> None:
    (domain,) = host.listAllDomains(0)

    class Guest:
        def __getattr__(self, name: str) -> Any:
            return getattr(domain, name)

        def XMLDesc(self, flags: int = 0) -> str:  # noqa: N802 - as libvirt calls it
            return "<domain"

    monkeypatch.setattr(host, "listAllDomains", lambda flags=0: [Guest()] if flags == 0 else [], raising=False)
    told = run(purge=True, fails=True)["msg"]
    assert f"may be used: guest {domain.name()}: the definition cannot be read" in told
    assert len(host.secrets) == 2


def test_a_volume_that_an_earlier_task_would_make_or_delete(run: Run, host: SecretHost, run_main: Run) -> None:
    coming = {"default-pool/new.raw": {"format": "raw", "encryption": LUKS}}
    told = run(purge=True, check=True, fails=True, _forecast={"volumes": coming})["msg"]
    assert "used by volume default-pool/new.raw" in told
    run_main(volumes.main, uri=URI, config=[VOLUME])
    run(purge=True, check=True, fails=True)
    run(purge=True, check=True, _forecast={"volumes": {"default-pool/e.raw": None}})


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"LUKS\xba\xbe\0\1", True),
        (b"QFI\xfb" + struct.pack(">28xI", 2) + bytes(64), True),
        (b"QFI\xfb" + struct.pack(">28xI", 0) + bytes(64), False),
        (b"QFI\xfb", False),
        (b"", False),
    ],
)
def test_what_first_bytes_tell(tmp_path: Path, content: bytes, found: bool) -> None:
    (tmp_path / "x").write_bytes(content)
    assert volume_users.has_encrypted_header(str(tmp_path / "x")) is found
    assert volume_users.has_encrypted_header(str(tmp_path / "none")) is False
