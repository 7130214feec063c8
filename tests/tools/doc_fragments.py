# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the documentation fragments that follow from the field tables.

DOCUMENTATION must be static text, and a field is declared once: in its table. Run this after a
change to a table; a unit test fails while the two differ.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tables
import yaml
from tables import ROOT, Table

TABLES = tuple(tables.TABLES.values())

NAMED: dict[str, dict[str, Any]] = {
    "image": {
        "images": {
            "description": [
                "The images that are declared, each a dictionary of its options.",
                "The host keeps each version of an image as one volume, C(NAME-DIGEST.FORMAT), which is only read."
                " It is made when the first disk is made from it, and is never changed. A new version of the image is"
                " another volume, for new disks; disks that exist stay as they are.",
                "Where C(checksum) is the URL of a list, that is fetched whenever a disk is to be made, also in check"
                " mode. Without a C(checksum), an image that has changed behind its URL is not noticed.",
            ],
            "type": "list",
            "elements": "dict",
            "default": [],
        },
        "images_lock": {
            "description": [
                "The versions of O(images) that a lock file has, by the names of the images. New disks are made of"
                " these versions, and no server is asked which one it has.",
                "The filter P(virtfleet.kvm.images_lock#filter) reads it from the file that the playbook"
                " C(virtfleet.kvm.images_lock) writes.",
                "An image of which it has nothing is used as if there was no lock. One that it has for hosts of other"
                " architectures only, or that was declared as another one then, is refused where a disk is to be made.",
            ],
            "type": "dict",
            "default": {},
        },
        "images_via": {
            "description": [
                "Who fetches O(images), and what tells of them: V(host), each host for itself, or V(control), the"
                " control node. An image can say otherwise (C(via)).",
                "With V(control), the hosts need no way to the servers. The control node fetches an image once, when"
                " the first of its hosts needs it, keeps it in C(virtfleet.kvm/images) of C(ANSIBLE_HOME), and"
                " sends it over Ansible's connection to each host that lacks it, into Ansible's temporary folder there"
                " (C(remote_tmp)). The host then verifies it as it does with what it fetches itself.",
                "Keyrings (C(keyring)) are then on the control node, which needs C(gpgv) or C(sqv) to use them.",
                "Images that a disk or volume names by a URL, without O(images), are always fetched by the host.",
            ],
            "type": "str",
            "choices": ["host", "control"],
            "default": "host",
        },
    }
}
"""The options of lists that are not C(config), by the kind of their table."""

HEAD = '''# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of {a} {kind}. Generated from its table by tests/tools/doc_fragments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
'''


def shorten(options: dict[str, Any], where: str, seen: dict[str, str]) -> None:
    """Describe the options of a dictionary once, and refer to that where the same come again."""
    for name, option in options.items():
        here = f"{where}.{name}"
        inner = option.get("suboptions")
        if inner is None:
            continue
        place = seen.setdefault(json.dumps(inner, sort_keys=True), here)
        if place != here and len(inner) > 2:
            said = option["description"]
            told = [said] if isinstance(said, str) else list(said)
            option["description"] = [*told, f"Its options are those of O({place})."]
            del option["suboptions"]
        else:
            shorten(inner, f"{here}[]" if option["type"] == "list" else here, seen)


def fragment(table: Table) -> str:
    """The text of the fragment's file."""
    suboptions = table.document()
    shorten(suboptions, "config[]", {})
    suboptions["name"]["required"] = True
    if "state" in suboptions:
        suboptions["state"]["default"] = table.state
    config = {
        "description": f"The {table.kind}s that are declared, each a dictionary of its options.",
        "type": "list",
        "elements": "dict",
        "required": True,
    }
    options = {name: dict(option) for name, option in NAMED.get(table.kind, {"config": config}).items()}
    for option in options.values():
        if option["type"] == "list":
            option["suboptions"] = suboptions
    body = yaml.safe_dump({"options": options}, sort_keys=False, width=90, allow_unicode=True)
    return HEAD.format(a="an" if table.kind[0] in "aeiou" else "a", kind=table.kind) + body + '"""\n'


def path(table: Table) -> Path:
    """Where the fragment belongs."""
    return ROOT / "plugins" / "doc_fragments" / f"{table.kind}.py"


if __name__ == "__main__":
    for each in TABLES:
        path(each).write_text(fragment(each), encoding="utf-8")
