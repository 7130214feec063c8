# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirrors of the distributions' images, with indexes that have the form of the real ones."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable
from typing import Any

from .hostile_server import GOOD, Server, body

STREAM = "streams/v1/com.ubuntu.cloud:released:download.json"
OLD, NEW, NEWER = (GOOD + bytes([number]) * 512 for number in (1, 2, 3))


def product(release: str, codename: str, arch: str, versions: dict[str, bytes], folder: str) -> dict[str, Any]:
    """A product, as the index of Ubuntu has it."""
    return {
        "aliases": f"{release},{codename[0]},{codename}",
        "arch": arch,
        "os": "ubuntu",
        "release": codename,
        "release_codename": codename.title(),
        "release_title": f"{release} LTS",
        "support_eol": "2029-05-31",
        "supported": True,
        "version": release,
        "versions": {
            serial: {
                "items": {
                    "disk1.img": {
                        "ftype": "disk1.img",
                        "md5": hashlib.md5(content).hexdigest(),
                        "path": f"{folder}/release-{serial}/ubuntu-{release}-server-cloudimg-{arch}.img",
                        "sha256": hashlib.sha256(content).hexdigest(),
                        "size": len(content),
                    },
                    "manifest": {"ftype": "manifest", "path": f"{folder}/x.manifest", "sha256": "0" * 64, "size": 9},
                },
                "label": "release",
                "pubname": f"ubuntu-{codename}-{release}-{arch}-server-{serial}",
            }
            for serial, content in versions.items()
        },
    }


VERSIONS = {"20250115": OLD, "20250805": NEWER, "20250131.9": OLD, "20250131.10": NEW}


def streams(minimal: bool = False) -> dict[str, Any]:
    """The files of Ubuntu's mirror, by their paths."""
    prefix, folder = ("com.ubuntu.cloud.minimal", "minimal") if minimal else ("com.ubuntu.cloud", "server")
    products = {
        f"{prefix}:server:24.04:amd64": product("24.04", "noble", "amd64", VERSIONS, f"{folder}/releases/noble"),
        f"{prefix}:server:24.04:arm64": product("24.04", "noble", "arm64", VERSIONS, f"{folder}/releases/noble"),
        f"{prefix}:server:22.04:amd64": product("22.04", "jammy", "amd64", {"20250101": OLD}, f"{folder}/releases/j"),
    }
    products[f"{prefix}:server:22.04:amd64"]["versions"]["20250909"] = {"items": {}, "label": "release"}
    common = {"updated": "Tue, 05 Aug 2025 11:25:35 +0000"}
    index = {
        **common,
        "format": "index:1.0",
        "index": {
            "com.ubuntu.cloud:released:aws": {
                **common,
                "datatype": "image-ids",
                "format": "products:1.0",
                "path": "streams/v1/com.ubuntu.cloud:released:aws.json",
                "products": sorted(products),
            },
            "com.ubuntu.cloud:released:download": {
                **common,
                "datatype": "image-downloads",
                "format": "products:1.0",
                "path": STREAM,
                "products": sorted(products),
            },
        },
    }
    told = {"content_id": "com.ubuntu.cloud:released:download", "datatype": "image-downloads", "format": "products:1.0"}
    return {"streams/v1/index.json": index, STREAM: {**common, **told, "products": products}}


LATEST = "20250811-2201"
"""The serial that Debian's latest has."""


def build(variant: str, version: str = LATEST) -> dict[str, Any]:
    """What Debian's mirror says of an image, beside it."""
    info = {"arch": "amd64", "release": "trixie", "release_id": "13", "type": "official", "vendor": variant}
    items = [
        {"kind": "Build", "data": {"info": {**info, "version": version}, "packages": [{"name": "adduser"}]}},
        {"kind": "Upload", "data": {"provider": "cloud.debian.org", "ref": f"trixie/{version}/x.qcow2"}},
    ]
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [{"apiVersion": "cloud.debian.org/v1alpha1", **item} for item in items],
    }


class Mirror(Server):
    """Both mirrors: Ubuntu's below ``/ubuntu``, Debian's below ``/debian``.

    :ivar files: what is served instead, by path
    """

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        for root, minimal in (("ubuntu/releases", False), ("ubuntu/minimal/releases", True)):
            for path, content in streams(minimal).items():
                self.files[f"{root}/{path}"] = json.dumps(content).encode()
            folder = "minimal" if minimal else "server"
            for serial, image in VERSIONS.items():
                for arch in ("amd64", "arm64"):
                    name = f"ubuntu-24.04-server-cloudimg-{arch}.img"
                    self.files[f"{root}/{folder}/releases/noble/release-{serial}/{name}"] = image
        for name, serial, image in (
            ("latest", "", NEWER),
            (LATEST, f"-{LATEST}", NEWER),
            ("20250210-2019", "-20250210-2019", OLD),
        ):
            digests = ""
            for variant in ("generic", "genericcloud", "nocloud"):
                file = f"debian-13-{variant}-amd64{serial}.qcow2"
                self.files[f"debian/trixie/{name}/{file}"] = image + variant.encode().ljust(512)
                digest = hashlib.sha512(self.files[f"debian/trixie/{name}/{file}"]).hexdigest()
                digests += f"{digest}  {file}\n{'0' * 128}  {file.replace('qcow2', 'raw')}\n"
                told = file.replace("qcow2", "json")
                self.files[f"debian/trixie/{name}/{told}"] = json.dumps(build(variant)).encode()
            self.files[f"debian/trixie/{name}/SHA512SUMS"] = digests.encode()

    def content(self, path: str) -> bytes | Callable[[socket.socket], None]:
        return body(self.files[path]) if path in self.files else super().content(path)
