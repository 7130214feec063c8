# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of an image that is declared once, and that disks name."""

from __future__ import annotations

import typing as t

from ..._engine.converters import COUNT, NAME, PATH, Choice
from ..._engine.rows.create_only import Aside
from ..._engine.rows.model import Item
from ..._engine.table import Table
from ..._errors import Invalid
from ..shared.storage_values import CHECKSUM, IMAGE
from ..volume.storage_rules import CHECKED, IN_TIME, TAKEN

SOURCES = ("url", "path")
"""Options of which each says where an image comes from."""

MODES = ("copy", "overlay")


def sources(image: Item) -> t.Iterator[Invalid]:
    """An image comes from one place."""
    given = [name for name in SOURCES if image.get(name) is not None]
    if len(given) != 1:
        yield Invalid("", f"give {'only one' if given else 'one'} of {', '.join(SOURCES)}")
    url = image.get("url")
    if url is not None and not url.startswith(("http://", "https://")):
        yield Invalid("url", "is no URL that starts with http:// or https://; write a file of the host as path")
    if image.get("image_timeout") is not None and image.get("path") is not None:
        yield Invalid("image_timeout", "goes with an image that is fetched")


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
        Aside("checksum", "", CHECKSUM, CHECKED),
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
    ),
    rules=(sources,),
)
"""Images. Nothing of one is compared: it is a volume for new disks, and the name of that tells what is in it."""
