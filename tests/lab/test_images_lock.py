# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock file of images, on a real host: written by its playbook, and what the site then makes."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest
import yaml
from fleet import Fleet
from openpgp import made_keys

pytestmark = pytest.mark.long

HOST = "kvm01"
WEB = "http://127.0.0.1:8070"
LOCK = ".kvm_images.lock.yml"
FIRST, SECOND = "20250811-2201", "20250901-2222"

MIRROR = """
set -e
for serial in {first} {second}; do
  folder=/root/mirror/trixie/$serial
  mkdir -p $folder
  qemu-img create -q -f qcow2 $folder/x 16M
  qemu-io -c "write -P ${{serial##*-22}} 0 1M" $folder/x >/dev/null
  mv $folder/x $folder/debian-13-genericcloud-amd64-$serial.qcow2
  (cd $folder && sha512sum *.qcow2 >SHA512SUMS)
done
mkdir -p /root/mirror/trixie/latest
systemd-run -q --unit mirror python3 -u -m http.server -b 127.0.0.1 -d /root/mirror 8070
"""
"""Makes a mirror of Debian's images with two serials, and serves it."""


def newest(fleet: Fleet, serial: str) -> None:
    """Have the mirror say which serial is the newest."""
    info = {"arch": "amd64", "vendor": "genericcloud", "version": serial}
    told = json.dumps({"kind": "List", "items": [{"kind": "Build", "data": {"info": info}}]})
    folder = "/root/mirror/trixie"
    name = "debian-13-genericcloud-amd64"
    fleet.sh(
        HOST,
        f"echo '{told}' >{folder}/latest/{name}.json; cp {folder}/{serial}/{name}-{serial}.qcow2"
        f" {folder}/latest/{name}.qcow2; (cd {folder}/latest && sha512sum *.qcow2 >SHA512SUMS)",
    )


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    """A host with KVM that has the mirror; gone at the end."""
    fleet = Fleet("imageslock", tmp_path_factory.mktemp("imageslock"))
    fleet.lab("down")
    try:
        fleet.lab("up", "1", "--with-kvm")
        fleet.sh(HOST, MIRROR.format(first=FIRST, second=SECOND))
        newest(fleet, FIRST)
        yield fleet
    finally:
        fleet.lab("down")


IMAGE = {"name": "trixie", "debian": 13, "arch": "amd64", "mirror": WEB}


def declare(fleet: Fleet, *names: str, **more: t.Any) -> None:
    disks = [{"size": "32MiB", "image": "trixie"}]
    guests = [{"name": name, "host": HOST, "memory": "16MiB", "disks": disks} for name in names]
    fleet.declare({"kvm_guests": guests, "kvm_images": [{**IMAGE, **more}]})


def locked(fleet: Fleet) -> dict[str, t.Any]:
    """The one entry of the lock file."""
    ((name, (entry,)),) = yaml.safe_load((fleet.folder / LOCK).read_text(encoding="utf-8"))["images"].items()
    assert name == "trixie"
    return t.cast("dict[str, t.Any]", entry)


def bases(run: t.Any) -> list[tuple[str, str]]:
    """The base image of each disk that a run says it makes, and where that comes from."""
    (result,) = run.results("virtfleet.kvm.domains", HOST)
    made = [change["after"] for change in result["changes"] if change["path"] == "disks[0].volume"]
    return [(disk["clone_from"], disk["image"]) for disk in made]


def asked(fleet: Fleet) -> list[str]:
    """What the mirror was asked for since the last time."""
    log = "journalctl -q --no-pager -o cat _SYSTEMD_UNIT=mirror.service | grep -o 'GET [^ ]*' || true"
    lines = [line.removeprefix("GET ").rpartition("/")[2] for line in fleet.sh(HOST, log).splitlines()]
    before = ASKED.setdefault(fleet.name, 0)
    ASKED[fleet.name] = len(lines)
    return lines[before:]


ASKED: dict[str, int] = {}


def test_new_disks_are_of_the_locked_version_until_it_is_locked_anew(fleet: Fleet) -> None:
    declare(fleet, "a")
    said = fleet.play("virtfleet.kvm.images_lock", "--check", "--diff")
    assert said.code == 0, said.output
    assert f"serial: {FIRST}" in said.output
    assert not (fleet.folder / LOCK).exists()
    done = fleet.play("virtfleet.kvm.images_lock")
    assert done.code == 0, done.output
    entry = locked(fleet)
    digest = fleet.sh(HOST, f"cut -d' ' -f1 /root/mirror/trixie/{FIRST}/SHA512SUMS").strip()
    assert entry == {
        "declared": {"debian": "13", "variant": "genericcloud", "arch": "amd64", "mirror": WEB},
        "arch": "amd64",
        "serial": FIRST,
        "url": f"{WEB}/trixie/{FIRST}/debian-13-genericcloud-amd64-{FIRST}.qcow2",
        "checksum": f"sha512:{digest}",
    }
    newest(fleet, SECOND)
    asked(fleet)
    plan = fleet.play("virtfleet.kvm.plan")
    assert plan.code == 0, plan.output
    assert asked(fleet) == []
    done = fleet.play("virtfleet.kvm.site")
    assert done.code == 0, done.output
    assert asked(fleet) == [f"debian-13-genericcloud-amd64-{FIRST}.qcow2"]
    base = f"default/trixie-{digest[:12]}.qcow2"
    assert bases(plan) == bases(done) == [(base, f"trixie from {entry['url']}, as it is locked")]
    again = fleet.play("virtfleet.kvm.site")
    assert "changed=0" in again.output
    # Locked anew, it is the newer one; what exists stays.
    changed = fleet.play("virtfleet.kvm.images_lock", "-e", "images_lock_only=trixie")
    assert changed.code == 0, changed.output
    assert f"trixie (amd64): {FIRST} -> {SECOND}" in changed.output
    assert locked(fleet)["serial"] == SECOND
    declare(fleet, "a", "b")
    done = fleet.play("virtfleet.kvm.site")
    assert done.code == 0, done.output
    ((newer, _place),) = bases(done)
    assert newer != base
    (found,) = fleet.module("images_info", images=[IMAGE]).results("virtfleet.kvm.images_info", HOST)
    volumes = {one["volume"]: one["current"] for one in found["images"][0]["volumes"]}
    assert volumes == {base: False, newer: True}


def test_what_is_declared_otherwise_is_refused_before_any_host_is_asked(fleet: Fleet) -> None:
    declare(fleet, "a", "b", "c", serial=FIRST)
    refused = fleet.play("virtfleet.kvm.site")
    assert refused.code != 0
    assert "kvm_images_lock: the image trixie is locked as debian: 13" in refused.output
    assert "run virtfleet.kvm.images_lock with -e images_lock_only=trixie" in refused.output
    assert refused.executed(HOST) == 0
    locking = fleet.play("virtfleet.kvm.images_lock")
    assert locking.code == 0, locking.output
    done = fleet.play("virtfleet.kvm.site")
    assert done.code == 0, done.output


def test_a_mirror_that_is_gone_changes_nothing(fleet: Fleet) -> None:
    before = (fleet.folder / LOCK).read_text(encoding="utf-8")
    fleet.sh(HOST, "systemctl stop mirror")
    failed = fleet.play("virtfleet.kvm.images_lock")
    assert failed.code != 0
    assert "nothing was written:" in failed.output
    assert "image trixie: kvm01: the list of checksums" in failed.output
    assert (fleet.folder / LOCK).read_text(encoding="utf-8") == before


def test_a_list_with_a_bad_signature_is_refused(fleet: Fleet) -> None:
    """By the gpgv of the host, and a key that is made here."""
    fleet.sh(HOST, "systemd-run -q --unit mirror python3 -u -m http.server -b 127.0.0.1 -d /root/mirror 8070")
    folder = f"/root/mirror/trixie/{SECOND}"
    with made_keys() as keys:
        signer = keys.make("ours")
        listed = fleet.sh(HOST, f"cat {folder}/SHA512SUMS").encode()
        put(fleet, "/root/keyring.gpg", keys.keyring("ours"))
        put(fleet, f"{folder}/SHA512SUMS.sign", keys.beside(listed, "ours"))
    declare(fleet, "a", keyring="/root/keyring.gpg", serial=SECOND)
    locking = fleet.play("virtfleet.kvm.images_lock")
    assert locking.code == 0, locking.output
    assert f"trixie (amd64): new, {SECOND}, signed with {signer[-16:]}" in locking.output
    assert locked(fleet)["signer"] == signer
    fleet.sh(HOST, f"echo >>{folder}/SHA512SUMS")
    failed = fleet.play("virtfleet.kvm.images_lock")
    assert failed.code != 0
    assert "has a signature that does not fit: it was changed, or it is damaged" in failed.output
    assert locked(fleet)["signer"] == signer


def put(fleet: Fleet, path: str, content: bytes) -> None:
    """Write a file on the host."""
    fleet.sh(HOST, f"base64 -d >{path} <<'END'\n{base64.b64encode(content).decode()}\nEND")
