# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security labels that a host without AppArmor and SELinux does not keep."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._libvirt.objects import Connection


def unkept(root: ET.Element, labels: t.Callable[[], bool]) -> t.Iterator[str]:
    """A sentence for each label without a model of which libvirt makes one of type none.

    A label without a model is one of the host's first security driver (formatdomain.html, Security label).

    :param labels: tells whether the host's first security driver makes labels
    """
    for index, node in enumerate(root.findall("seclabel")):
        if node.get("model") is None and node.get("type", "dynamic") != "none" and not labels():
            yield (
                f"seclabels[{index}]: this host has neither AppArmor nor SELinux, so libvirt makes type: none of it:"
                " give it model: dac, or leave it out"
            )


def makes_labels(connection: Connection) -> bool:
    """Whether the first security driver of a host makes labels (formatcaps.html, secmodel); yes where none is told."""
    first = ET.fromstring(connection.getCapabilities()).findtext("host/secmodel/model")
    return first is None or first.strip() != "none"
