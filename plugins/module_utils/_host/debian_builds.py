# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which serial an image of Debian has: what its mirror says of it, in the JSON file beside the image.

That file is a list of things in the form of debian-cloud-images (``cloud.debian.org/v1alpha1``), one of which is the
build (kind ``Build``), with its version in ``data.info``.
"""

from __future__ import annotations

from .._errors import VirtfleetError
from .._printing import masked_url
from .image_format import Unfit
from .simplestreams import SERIAL, fetched


def serial_of(url: str, variant: str, arch: str, seconds: float | None = None) -> str:
    """The serial of an image, by the file at an URL.

    :param variant: the variant that the image has to be of
    :param arch: its architecture
    :param seconds: that the image may take to come, where the user says so

    Raises VirtfleetError where the file cannot be had, or does not tell.
    """
    try:
        return version(fetched(url, seconds), variant, arch)
    except Unfit as error:
        raise VirtfleetError(
            f"which serial the newest image has cannot be found out: {masked_url(url)} {error}; write serial in the"
            " image"
        ) from None


def version(content: dict[str, object], variant: str, arch: str) -> str:
    """The version of the build that a file is about. Raises Unfit where it does not tell."""
    items = content.get("items")
    for item in items if isinstance(items, list) else ():
        data = item.get("data") if isinstance(item, dict) and item.get("kind") == "Build" else None
        info = data.get("info") if isinstance(data, dict) else None
        if not isinstance(info, dict):
            continue
        if (info.get("vendor"), info.get("arch")) != (variant, arch):
            raise Unfit("is about another image")
        serial = info.get("version")
        if isinstance(serial, str) and SERIAL.fullmatch(serial):
            return serial
    raise Unfit("has no build with a version")
