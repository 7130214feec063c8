# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt takes of a guest's definition and never keeps as it is declared."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.rows.model import Item
from ..._errors import Invalid


def impossible(root: ET.Element, want: Item) -> t.Iterator[Invalid]:
    """What a definition to come cannot be, as libvirt adds something to it again.

    :param root: the definition
    :param want: what is declared
    """
    shown = root.find("devices/graphics") is not None
    if shown and want.get("videos") == [] and root.find("devices/video") is None:
        # virDomainDefAddImplicitVideo
        yield Invalid(
            "videos",
            "cannot be empty: with graphics, libvirt adds a video card; write - {model: {type: none}} for none",
        )
