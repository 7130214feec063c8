# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form in which libvirt keeps definitions of storage pools: what it drops and rewrites (its storage_conf.c)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..._engine import paths
from ..domain.normal_form.device import sane, strip


def settle(root: ET.Element) -> None:
    """Bring a pool's definition into the form in which libvirt keeps it. It is changed in place."""
    for node in (*root.findall("target/path"), *root.findall("source/dir")):
        if node.tag == "path":
            node.text = sane((node.text or "").strip())
        elif node.get("path"):
            node.set("path", sane(node.get("path", "")))
    if root.get("type") == "logical":
        # Its volumes are where the volume group is (virStoragePoolDefParseXML).
        group = (root.findtext("source/name") or root.findtext("name") or "").strip()
        paths.ensure(root, ("target", "path")).text = f"/dev/{group}"
    permissions(root)


def permissions(root: ET.Element) -> None:
    """An owner that libvirt is to choose is not written."""
    for target in root.findall("target"):
        for node in target.findall("permissions"):
            for tag in ("owner", "group"):
                for child in node.findall(tag):
                    if (child.text or "").strip() in ("-1", "4294967295"):
                        node.remove(child)
        strip(target, "permissions")
