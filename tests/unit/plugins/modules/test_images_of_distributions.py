# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images by the release of a distribution, from mirrors in the form of the real ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.declared import declared
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.products import arch_of
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.table import IMAGES
from ansible_collections.virtfleet.kvm.plugins.modules import volumes
from ansible_collections.virtfleet.kvm.tests.unit.mirrors import NEW, NEWER, OLD, Mirror

Run = Callable[..., dict[str, Any]]
URI = "test:///default"


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    made.start()
    yield made
    made.listener.close()


def volume(run: Run, mirror: Mirror, fails: bool = False, **options: Any) -> dict[str, Any]:
    """Make a volume of an image."""
    system = "debian" if "debian" in options else "ubuntu"
    image = {"name": "image", "mirror": f"{mirror.url}/{system}", "format": "raw", "pool": "p", "arch": "amd64"}
    config = [{"name": "v.raw", "pool": "p", "image": "image"}]
    return run(volumes.main, config=config, images=[{**image, **options}], uri=URI, fails=fails)


@pytest.mark.parametrize(
    ("options", "content"),
    [
        ({"ubuntu": "24.04"}, NEWER),
        ({"ubuntu": "24.04", "variant": "minimal"}, NEWER),
        ({"ubuntu": "24.04", "arch": "arm64", "serial": "20250131.10"}, NEW),
        ({"debian": 13}, NEWER + b"genericcloud".ljust(512)),
        ({"debian": "13", "variant": "generic"}, NEWER + b"generic".ljust(512)),
        ({"debian": 13, "serial": "20250210-2019", "variant": "nocloud"}, OLD + b"nocloud".ljust(512)),
    ],
)
def test_the_image_of_a_release(
    run_main: Run, seed_folder: Path, mirror: Mirror, noted: Any, options: dict[str, Any], content: bytes
) -> None:
    done = volume(run_main, mirror, **options)
    assert (seed_folder / "v.raw").read_bytes() == content
    (base,) = [name for name in noted.entries("volumes") if name != "p/v.raw"]
    facts = noted.entries("volumes")[base]
    algorithm, _colon, digest = facts["content"].partition(":")
    assert digest == hashlib.new(algorithm, content).hexdigest()
    assert base == f"p/image-{digest[:12]}.raw"
    assert facts.get("serial") == options.get("serial", "20250805" if "ubuntu" in options else None)
    assert done["changes"][0]["after"]["clone_from"] == base
    assert "cloudimg" in done["changes"][0]["after"]["image"] or "debian-13" in done["changes"][0]["after"]["image"]
    asked = len(mirror.asked)
    assert not volume(run_main, mirror, **options)["changed"]
    assert len(mirror.asked) == asked


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ubuntu": "24.10"}, "does not have the product com.ubuntu.cloud:server:24.10:amd64"),
        ({"ubuntu": "24.04", "serial": "20240101"}, "with the serial 20240101; the newest are"),
        ({"debian": 12}, "/debian/bookworm/latest/SHA512SUMS cannot be fetched: the server answers 404"),
        ({"debian": 13, "arch": "riscv64"}, "SHA512SUMS does not list 'debian-13-genericcloud-riscv64.qcow2'"),
    ],
)
def test_what_a_mirror_does_not_have_is_told(
    run_main: Run, seed_folder: Path, mirror: Mirror, options: dict[str, Any], words: str
) -> None:
    assert words in volume(run_main, mirror, fails=True, **options)["msg"]
    assert list(seed_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ubuntu": 24.04}, "ubuntu: 24.04 is a number to YAML: write the release in quotes"),
        (
            {"ubuntu": "noblesse"},
            "ubuntu: 'noblesse' is not a release of Ubuntu; write it like '24.04', or",
        ),
        (
            {"debian": "sid"},
            "debian: 'sid' is not a release of Debian; write its number or its name: 11 (bullseye)",
        ),
        ({"debian": True}, "debian: True is not a release of Debian"),
        ({"debian": 9}, "debian: 9 is not known here: 11, 12, 13, 14"),
        ({"debian": 13, "ubuntu": "24.04"}, "give only one of url, path, debian, ubuntu"),
        ({"debian": 13, "variant": "minimal"}, "variant: 'minimal' is none of debian: genericcloud, generic, nocloud"),
        ({"ubuntu": "24.04", "variant": "generic"}, "variant: 'generic' is none of ubuntu: server, minimal"),
        ({"debian": 13, "arch": "x86_64"}, "arch: 'x86_64' is not one of amd64"),
        ({"debian": 13, "mirror": "/srv"}, "mirror: is no URL that starts with"),
        ({"debian": 13, "mirror": "https://h/?a=b"}, "mirror: is the beginning of URLs"),
        ({"debian": 13, "serial": "../x"}, "serial: '../x' is no serial such as"),
        ({"debian": 13, "checksum": f"sha256:{'0' * 64}"}, "checksum: is told by the mirror"),
        ({"path": "/x", "arch": "amd64"}, "arch: goes with debian or ubuntu"),
        ({"debian": 13, "keyring": "k.gpg"}, "keyring: 'k.gpg' is not a path from the root"),
        ({"path": "/x", "keyring": "/k.gpg"}, "keyring: goes with debian, ubuntu, or a checksum that is the URL of"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(VirtfleetError) as caught:
        declared([{"name": "image", **options}])
    assert f"image image: {words}" in str(caught.value)


def test_left_out_it_is_the_usual_variant_of_the_hosts_architecture() -> None:
    found = declared([{"name": "a", "debian": 13}, {"name": "b", "ubuntu": "22.04", "mirror": "https://m/x/"}])
    debian, ubuntu = found["a"].product, found["b"].product
    assert debian is not None
    assert ubuntu is not None
    assert (debian.variant, debian.mirror) == ("genericcloud", "https://cloud.debian.org/images/cloud")
    assert (ubuntu.variant, ubuntu.mirror) == ("server", "https://m/x")
    assert [arch_of(debian, arch) for arch in ("x86_64", "aarch64", "ppc64le")] == ["amd64", "arm64", "ppc64el"]
    with pytest.raises(VirtfleetError, match="write arch in the image"):
        arch_of(debian, "m68k")


@pytest.mark.parametrize(
    ("options", "means"),
    [
        ({"debian": "trixie"}, {"debian": 13}),
        ({"debian": " Bookworm "}, {"debian": 12}),
        ({"debian": "13"}, {"debian": 13}),
        ({"ubuntu": "noble"}, {"ubuntu": "24.04"}),
        ({"ubuntu": "Jammy"}, {"ubuntu": "22.04"}),
    ],
)
def test_a_release_has_a_name(options: dict[str, Any], means: dict[str, Any]) -> None:
    """So a lock file that was written for the number counts for the name."""
    assert IMAGES.parse([{"name": "a", **options}]) == IMAGES.parse([{"name": "a", **means}])
