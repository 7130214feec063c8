# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What declared images are now, and disks of the versions that a lock file has."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openpgp import made_keys

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image import products
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as binding
from ansible_collections.virtfleet.kvm.plugins.modules import domains, images_info, volumes
from ansible_collections.virtfleet.kvm.tests.unit.mirrors import LATEST, NEW, NEWER, OLD, STREAM, Mirror, build
from ansible_collections.virtfleet.kvm.tests.unit.returned import documented, returned

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
NOBLE = {"name": "noble", "ubuntu": "24.04", "arch": "amd64", "format": "raw", "pool": "p"}
TRIXIE = {"name": "trixie", "debian": 13, "arch": "amd64", "format": "raw", "pool": "p"}


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a host without the package."""
    monkeypatch.setattr(products, "UBUNTU_KEYRING", "/nowhere")


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    made.start()
    yield made
    made.listener.close()


def noble(mirror: Mirror, **more: Any) -> dict[str, Any]:
    return {**NOBLE, "mirror": f"{mirror.url}/ubuntu", **more}


def trixie(mirror: Mirror, **more: Any) -> dict[str, Any]:
    return {**TRIXIE, "mirror": f"{mirror.url}/debian", **more}


def info(run: Run, *images: dict[str, Any], fails: bool = False, **args: Any) -> Any:
    done = run(images_info.main, images=list(images), uri=URI, fails=fails, **args)
    return done["msg"] if fails else done["images"]


def lock_of(told: dict[str, Any]) -> dict[str, Any]:
    """An entry of a lock file, of what the module tells."""
    entry = {name: told[name] for name in ("declared", "arch", "serial", "url", "checksum", "signer")}
    return {told["name"]: [{name: value for name, value in entry.items() if value is not None}]}


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_what_images_are_now(run_main: Run, seed_folder: Path, mirror: Mirror) -> None:
    mirror.files["SHA256SUMS"] = f"{'a' * 64}  plain.img\n".encode()
    plain = {"name": "plain", "url": f"{mirror.url}/plain.img", "checksum": f"{mirror.url}/SHA256SUMS"}
    fixed = {"name": "fixed", "url": "https://h/x.img", "checksum": f"sha256:{'b' * 64}"}
    bare = {"name": "bare", "url": "https://user:PASS@h/x.img?sig=PASS"}
    done = run_main(images_info.main, images=[noble(mirror), trixie(mirror), plain, fixed, bare], uri=URI)
    assert not done["changed"]
    assert returned(images_info, done) <= documented(images_info)
    assert "PASS" not in repr(done)
    now = {one["name"]: one for one in done["images"]}
    folder = f"{mirror.url}/ubuntu/releases/server/releases/noble/release-20250805"
    assert now["noble"] == {
        "name": "noble",
        "declared": {"ubuntu": "24.04", "variant": "server", "arch": "amd64", "mirror": f"{mirror.url}/ubuntu"},
        "arch": "amd64",
        "serial": "20250805",
        "url": f"{folder}/ubuntu-24.04-server-cloudimg-amd64.img",
        "checksum": sha256(NEWER),
        "signer": None,
        "unverified": "the host has no keyring '/nowhere' (package ubuntu-cloudimage-keyring)",
        "problem": None,
        "locked": None,
        "lock_problem": None,
        "volumes": [],
    }
    assert now["trixie"]["serial"] == LATEST
    name = f"debian-13-genericcloud-amd64-{LATEST}.qcow2"
    assert now["trixie"]["url"] == f"{mirror.url}/debian/trixie/{LATEST}/{name}"
    assert now["trixie"]["checksum"].startswith("sha512:")
    assert now["plain"]["checksum"] == f"sha256:{'a' * 64}"
    assert now["plain"]["declared"] == {"url": plain["url"], "checksum": plain["checksum"]}
    assert (now["plain"]["arch"], now["plain"]["serial"]) == (None, None)
    assert [now[name]["declared"] for name in ("fixed", "bare")] == [{}, {}]
    assert [now[name]["unverified"] for name in ("trixie", "plain", "fixed", "bare")] == [
        "Debian signs no list of the checksums of these images",
        "no keyring is known for it",
        None,
        None,
    ]
    assert now["fixed"]["checksum"] == fixed["checksum"]
    assert now["bare"]["checksum"] is None


def test_what_cannot_be_found_out_is_told_of_each(run_main: Run, connection: Any, mirror: Mirror) -> None:
    gone = noble(mirror, name="gone", ubuntu="20.04")
    other = trixie(mirror, name="other", variant="generic")
    mirror.files["debian/trixie/latest/debian-13-generic-amd64.json"] = json.dumps(build("nocloud")).encode()
    silent = trixie(mirror, name="silent", variant="nocloud")
    del mirror.files["debian/trixie/latest/debian-13-nocloud-amd64.json"]
    found = info(run_main, gone, other, silent, noble(mirror), {"name": "any", "ubuntu": "24.04"})
    problems = [one["problem"] for one in found]
    assert "does not have the product com.ubuntu.cloud:server:20.04:amd64" in problems[0]
    assert "debian-13-generic-amd64.json is about another image; write serial in the image" in problems[1]
    assert "debian-13-nocloud-amd64.json cannot be fetched: the server answers 404" in problems[2]
    assert problems[3] is None
    assert "the architecture of this host, i686, has no known name there" in problems[4]
    assert [one["checksum"] is None for one in found] == [True, True, True, False, True]


def test_only_some(run_main: Run, connection: Any, mirror: Mirror) -> None:
    found = info(run_main, noble(mirror), trixie(mirror), names=["noble"])
    assert [one["name"] for one in found] == ["noble"]
    assert "debian" not in " ".join(mirror.asked)
    assert info(run_main, noble(mirror), names=["nobel"], fails=True) == "names: nobel is not among the images"
    assert "query is evaluated on the control node" in info(run_main, query="[0]", fails=True)


def test_a_host_without_libvirt(run_main: Run, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "libvirt", None)
    (found,) = info(run_main, noble(mirror))
    assert (found["serial"], found["volumes"]) == ("20250805", [])


@pytest.mark.parametrize("module", [domains, volumes])
def test_a_new_disk_is_of_the_locked_version(
    run_main: Run, seed_folder: Path, mirror: Mirror, noted: Any, module: Any
) -> None:
    """No server is asked what it has; check mode says which bytes they are."""
    image = noble(mirror)
    (old,) = info(run_main, {**image, "serial": "20250115"})
    lock = lock_of({**old, "declared": info(run_main, image)[0]["declared"]})
    mirror.asked.clear()
    disk = {"image": "noble", "pool": "p", "format": "raw"}
    config = [{"name": "a", "memory": "64MiB", "disks": [disk]}] if module is domains else [{"name": "a", **disk}]
    options = {"config": config, "images": [image], "images_lock": lock, "uri": URI}
    said = run_main(module.main, check=True, **options)
    assert mirror.asked == []
    done = run_main(module.main, **options)
    assert said["changes"] == done["changes"]
    path = "disks[0].volume" if module is domains else "definition"
    (made,) = (one["after"] for one in done["changes"] if one["path"] == path)
    digest = hashlib.sha256(OLD).hexdigest()
    assert made["clone_from"] == f"p/noble-{digest[:12]}.raw"
    assert made["image"] == f"noble from {old['url']}, as it is locked"
    assert [path.rpartition("/")[2] for path in mirror.asked] == ["ubuntu-24.04-server-cloudimg-amd64.img"]
    assert (seed_folder / f"noble-{digest[:12]}.raw").read_bytes() == OLD
    (now,) = info(run_main, image, images_lock=lock)
    assert now["serial"] == "20250805"
    assert now["locked"] == {name: old[name] for name in ("serial", "url", "checksum", "signer")}
    volume = {"volume": f"p/noble-{digest[:12]}.raw", "serial": "20250115", "checksum": sha256(OLD), "current": True}
    assert now["volumes"] == [volume]
    assert info(run_main, image)[0]["volumes"] == [{**volume, "current": False}]
    assert not run_main(module.main, **options)["changed"]


def test_a_lock_of_another_image_or_host(run_main: Run, seed_folder: Path, mirror: Mirror) -> None:
    image = noble(mirror)
    lock = lock_of(info(run_main, image)[0])
    changed = {**image, "serial": "20250115"}
    config = [{"name": "a", "pool": "p", "image": "noble", "format": "raw"}]
    for check in (True, False):
        done = run_main(
            volumes.main, config=config, images=[changed], images_lock=lock, uri=URI, check=check, fails=True
        )
        assert (
            "image: the image noble is locked as ubuntu: 24.04, variant: server, arch: amd64, mirror: " in done["msg"]
        )
        assert "and is now declared as ubuntu: 24.04" in done["msg"]
        assert "run virtfleet.kvm.images_lock with -e images_lock_only=noble" in done["msg"]
    (told,) = info(run_main, changed, images_lock=lock)
    assert told["locked"] is None
    assert told["lock_problem"].startswith("the image noble is locked as ")
    other = {"noble": [{**lock["noble"][0], "arch": "arm64"}]}
    done = run_main(volumes.main, config=config, images=[image], images_lock=other, uri=URI, fails=True)
    assert "the image noble is locked for arm64, and not for amd64, which this host needs" in done["msg"]
    # What exists stays, whatever the lock says.
    run_main(volumes.main, config=config, images=[image], images_lock=lock, uri=URI)
    asked = len(mirror.asked)
    for stale in (other, {"noble": [{**lock["noble"][0], "checksum": f"sha256:{'0' * 64}"}]}):
        assert not run_main(volumes.main, config=config, images=[image], images_lock=stale, uri=URI)["changed"]
    assert len(mirror.asked) == asked


def test_a_purge_leaves_the_locked_version(run_main: Run, seed_folder: Path, mirror: Mirror, noted: Any) -> None:
    image = noble(mirror)
    old, new = (lock_of({**info(run_main, {**image, "serial": one})[0]}) for one in ("20250115", "20250131.10"))
    declared = info(run_main, image)[0]["declared"]
    for lock in (old, new):
        lock["noble"][0]["declared"] = declared
    for name, lock in (("a", old), ("b", new)):
        config = [{"name": name, "pool": "p", "image": "noble", "format": "raw"}]
        run_main(volumes.main, config=config, images=[image], images_lock=lock, uri=URI)
    volume = {content: f"p/noble-{hashlib.sha256(content).hexdigest()[:12]}.raw" for content in (OLD, NEW)}
    gone = {}
    for kind, lock in (("none", {}), ("old", old), ("new", new)):
        options = {"config": [], "images": [image], "images_lock": lock, "uri": URI, "purge": True}
        said = run_main(volumes.main, check=True, **options)
        gone[kind] = {one["resource"].removeprefix("volume ") for one in said["changes"]} & set(volume.values())
    assert gone == {"none": {volume[OLD]}, "old": {volume[NEW]}, "new": {volume[OLD]}}


def test_what_is_signed_is_told_and_a_bad_signature_refused(
    run_main: Run, seed_folder: Path, mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keyring.gpg"
    with made_keys() as keys:
        ours = keys.make("ours")
        path.write_bytes(keys.keyring("ours"))
        for stem in ("ubuntu/releases/streams/v1/index", f"ubuntu/releases/{STREAM.removesuffix('.json')}"):
            mirror.files[f"{stem}.json.gpg"] = keys.beside(mirror.files[f"{stem}.json"], "ours")
        folder = "debian/trixie/20250210-2019/SHA512SUMS"
        mirror.files[f"{folder}.sign"] = keys.beside(mirror.files[folder], "ours")
    debian = trixie(mirror, serial="20250210-2019", keyring=str(path))
    # The keyring of the distribution is used where the host has it.
    monkeypatch.setattr(products, "UBUNTU_KEYRING", str(path))
    found = info(run_main, noble(mirror), debian)
    assert [(one["signer"], one["unverified"]) for one in found] == [(ours, None)] * 2
    config = [{"name": "a", "pool": "p", "image": "noble", "format": "raw"}]
    done = run_main(volumes.main, config=config, images=[noble(mirror)], uri=URI, check=True)
    assert done["changes"][0]["after"]["image"].endswith(f"cloudimg-amd64.img, signed with {ours[-16:]}")
    lock = lock_of(found[0])
    done = run_main(volumes.main, config=config, images=[noble(mirror)], images_lock=lock, uri=URI, check=True)
    assert done["changes"][0]["after"]["image"].endswith(", as it is locked")
    mirror.files[folder] += b"x"
    mirror.files["ubuntu/releases/streams/v1/index.json"] += b" "
    for check in (True, False):
        done = run_main(volumes.main, config=config, images=[noble(mirror)], uri=URI, check=check, fails=True)
        assert (
            "streams/v1/index.json has a signature that does not fit: it was changed, or it is damaged" in done["msg"]
        )
    assert list(seed_folder.iterdir()) == []
    problems = [one["problem"] for one in info(run_main, noble(mirror), debian)]
    assert ["has a signature that does not fit" in problem for problem in problems] == [True, True]
    (told,) = info(run_main, {**debian, "keyring": "/none"})
    assert told["problem"] == "keyring: the host has no keyring '/none'"


@pytest.mark.parametrize(
    "start",
    [
        "https://cloud-images.ubuntu.com",
        "http://cloud-images.ubuntu.com",
        "https://cloud-images.ubuntu.com:443",
        "http://cloud-images.ubuntu.com:8080",
        "HTTPS://Cloud-Images.Ubuntu.COM",
        "https://cloud-images.ubuntu.com.",
        "https://user:pw@cloud-images.ubuntu.com",
        "https://us@er:p@w@cloud-images.ubuntu.com.:443",
        "https://cloud%2Dimages.ubuntu%2ecom",
        "https://\uff43loud-images\u3002ubuntu.com",
    ],
)
def test_of_ubuntus_own_server_all_has_to_be_signed(start: str) -> None:
    for url in (start, f"{start}/noble/current/SHA256SUMS", f"{start}?x#y"):
        assert products.keyring_of(None, url) == ("/nowhere", True, products.UBUNTU_PACKAGE)
        assert products.keyring_of("/k", url) == ("/k", True, None)


@pytest.mark.parametrize(
    "url",
    [
        "https://cloud-images.ubuntu.com.example.com/x",
        "https://example.com/cloud-images.ubuntu.com/",
        "https://cloud-images.ubuntu.com@example.com/",
        "https://mycloud-images.ubuntu.com/",
        "https://ubuntu.com/",
        "https://[bad/",
        "https://a..b/",
        "https:///x",
        "/srv/x",
        "",
    ],
)
def test_other_servers_are_not_ubuntus(url: str) -> None:
    assert products.keyring_of(None, url) is None
