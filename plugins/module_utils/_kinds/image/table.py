# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of an image that is declared once, and that disks name."""

from __future__ import annotations

import typing as t

from ..._engine.converters import COUNT, NAME, PATH, TEXT, Choice
from ..._engine.rows.create_only import Aside
from ..._engine.rows.model import Item
from ..._engine.table import Table
from ..._errors import Invalid
from ..._printing import printable
from ..shared.storage_values import CHECKSUM, DEBIAN, DEBIAN_NAMES, IMAGE, UBUNTU
from ..volume.storage_rules import CHECKED, IN_TIME, TAKEN
from .products import ARCHES, SERIAL, VARIANTS

SOURCES = ("url", "path", "debian", "ubuntu")
"""Options of which each says where an image comes from."""

OF_PRODUCTS = ("arch", "variant", "mirror", "serial")
"""Options of images of a distribution."""

MODES = ("copy", "overlay")

WAYS = ("host", "control")
"""Who asks servers for an image."""

LONGEST = 200 - len("-123456789012.qcow2")
"""Bytes that the name of an image may have, as the name of its volume on a host is longer."""


def sources(image: Item) -> t.Iterator[Invalid]:
    """An image comes from one place."""
    given = [name for name in SOURCES if image.get(name) is not None]
    if len(given) != 1:
        yield Invalid("", f"give {'only one' if given else 'one'} of {', '.join(SOURCES)}")
    for name in ("url", "mirror"):
        url = image.get(name)
        if url is not None and not url.startswith(("http://", "https://")):
            more = "; write a file of the host as path" if name == "url" else ""
            yield Invalid(name, f"is no URL that starts with http:// or https://{more}")
    length = len(image["name"].encode("utf-8", "surrogateescape"))
    if length > LONGEST:
        yield Invalid("name", f"has {length} bytes; at most {LONGEST} are possible")
    path = image.get("path")
    if path is not None and not path.startswith("/"):
        yield Invalid("path", f"{printable(path)} is not a path from the root, such as /srv/images/debian.qcow2")
    keyring = image.get("keyring")
    if keyring is not None and not keyring.startswith("/"):
        yield Invalid("keyring", f"{printable(keyring)} is not a path from the root")
    has_index = any(image.get(name) is not None for name in VARIANTS) or "://" in (image.get("checksum") or "")
    if keyring is not None and not has_index:
        yield Invalid("keyring", "goes with debian, ubuntu, or a checksum that is the URL of a list")
    if image.get("image_timeout") is not None and image.get("path") is not None:
        yield Invalid("image_timeout", "goes with an image that is fetched")
    yield from products(image)


def products(image: Item) -> t.Iterator[Invalid]:
    """Images of a distribution are found by its own list, and have variants of their own."""
    system = next((name for name in VARIANTS if image.get(name) is not None), None)
    for name in OF_PRODUCTS if system is None else ("checksum",):
        if image.get(name) is not None:
            reason = (
                "goes with debian or ubuntu"
                if system is None
                else f"is told by the mirror, and stands not beside {system}"
            )
            yield Invalid(name, reason)
    if system is None:
        return
    if image.get("variant") is not None and image["variant"] not in VARIANTS[system]:
        yield Invalid("variant", f"{printable(image['variant'])} is none of {system}: {', '.join(VARIANTS[system])}")
    if system == "debian" and image["debian"] not in DEBIAN_NAMES:
        yield Invalid(
            "debian", f"{image['debian']} is not known here: {', '.join(map(str, DEBIAN_NAMES))}; write url instead"
        )
    if image.get("serial") is not None and not SERIAL.fullmatch(image["serial"]):
        yield Invalid("serial", f"{printable(image['serial'])} is no serial such as {EXAMPLES[system]}")
    mirror = image.get("mirror") or ""
    if "?" in mirror or "#" in mirror:
        yield Invalid("mirror", "is the beginning of URLs, and has no query or fragment")


EXAMPLES = {"debian": "'20250814-2204'", "ubuntu": "'20250805'"}
"""Serials as the distributions write them."""

IMAGES = Table(
    kind="image",
    manual="ansible-doc virtfleet.kvm.domains has them all",
    skeleton="",
    state="present",
    initial="present",
    transitions={},
    active=frozenset(),
    rows=(
        Aside(
            "name",
            "",
            NAME,
            "Name of the image, by which disks and volumes refer to it (C(image)), such as V(debian-13).",
        ),
        Aside("url", "", IMAGE, f"URL that the image is fetched from, once for each host.{TAKEN}"),
        Aside(
            "path", "", PATH, "Path of the image on the host, in place of C(url), such as V(/srv/images/debian.qcow2)."
        ),
        Aside(
            "debian",
            "",
            DEBIAN,
            "Release of Debian, such as V(13) or V(trixie), in place of C(url): the host finds the newest image on the"
            " C(mirror).",
        ),
        Aside(
            "ubuntu",
            "",
            UBUNTU,
            "Release of Ubuntu, such as V('24.04') or V(noble), in place of C(url): the host finds the newest image in"
            " the index of the C(mirror).",
        ),
        Aside(
            "variant",
            "",
            Choice(*VARIANTS["debian"], *VARIANTS["ubuntu"]),
            "Variant of the distribution's image. For C(debian) it is V(genericcloud), if left out, V(generic) or"
            " V(nocloud); for C(ubuntu) it is V(server), if left out, or V(minimal).",
        ),
        Aside(
            "arch",
            "",
            Choice(*ARCHES.values()),
            "Architecture of the distribution's image. Left out, it is that of the host.",
        ),
        Aside(
            "mirror",
            "",
            IMAGE,
            "URL of a mirror of the distribution's images. Left out, it is V(https://cloud.debian.org/images/cloud) or"
            " V(https://cloud-images.ubuntu.com).",
        ),
        Aside(
            "serial",
            "",
            TEXT,
            "Version of the distribution's image, such as V('20250805'). Left out, it is the newest when a disk is"
            " made.",
        ),
        Aside("checksum", "", CHECKSUM, CHECKED),
        Aside(
            "keyring",
            "",
            PATH,
            "Keyring on the host, such as V(/etc/apt/keyrings/images.gpg). What tells of the image has to be signed"
            " with a key in it: the index of Ubuntu, the list of Debian, or the list that C(checksum) names. It is in"
            " the form that C(gpgv) reads. Left out, it is V(/usr/share/keyrings/ubuntu-cloudimage-keyring.gpg) for"
            " C(ubuntu), if the host has that file; for others nothing is verified.",
        ),
        Aside(
            "format",
            "",
            Choice("qcow2", "raw"),
            "Format that the host keeps the image in. Left out, it is V(qcow2). With V(raw), a file that is no disk is"
            " kept as it is.",
            new="qcow2",
        ),
        Aside(
            "pool",
            "",
            NAME,
            "Pool that the host keeps the image in, which has to be of files. Left out, it is V(default).",
            new="default",
        ),
        Aside(
            "mode",
            "",
            Choice(*MODES),
            "What a new disk of the image is: a full V(copy), or an V(overlay) that holds only what differs. Left out,"
            " it is V(copy).",
            new="copy",
        ),
        Aside("image_timeout", "", COUNT, IN_TIME),
        Aside(
            "via",
            "",
            Choice(*WAYS),
            "Who fetches the image, and the index or list that tells of it: the V(host), or the V(control) node, which"
            " fetches it once for all hosts and sends it to those that lack it. Left out, it is as O(images_via) says."
            " With C(path), the file is on the host, and only the list comes this way.",
        ),
    ),
    rules=(sources,),
)
"""Images. Nothing of one is compared: it is a volume for new disks, and the name of that tells what is in it."""
