# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write schemas/inventory.json, the JSON schema by which editors complete and check an inventory.

It follows from the field tables and the argument specs of the roles. Run this after a change to one of them; a test
fails while the file differs. The schema is of draft 7 (https://json-schema.org/draft-07), which all editors know.

Most keywords of JSON schema say something of one type only. So a value that may be a template needs no ``anyOf``:
``pattern`` is for the template, ``properties`` is for the dictionary, and a mistake is told at its own place.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import schema_rules
import schema_variables
from schema_rows import item, layer
from schema_values import Schema
from tables import DOMAIN, IMAGES, LINK, NETWORK, POOL, ROOT, SECRET, SNAPSHOT, VOLUME, layers

PATH = ROOT / "schemas" / "inventory.json"

DRAFT = "http://json-schema.org/draft-07/schema#"


def kinds() -> dict[str, Schema]:
    """The schema of one item of each list."""
    return {
        "link": item(LINK, schema_rules.LINK, "link"),
        "guest": schema_variables.with_snapshots(
            schema_variables.with_address(
                item(DOMAIN, schema_rules.GUEST, "guest", schema_variables.HOST, schema_variables.in_common())
            ),
            item(SNAPSHOT, (), "snapshot"),
        ),
        "layer": schema_variables.with_snapshots(
            layer(DOMAIN, "guest", layers.OWN),
            item(SNAPSHOT, (), "snapshot"),
        ),
        "image": item(IMAGES, schema_rules.IMAGE, "image"),
        "network": item(NETWORK, schema_rules.NETWORK, "network"),
        "pool": item(POOL, (), "pool"),
        "secret": item(SECRET, schema_rules.SECRET, "secret"),
        "volume": item(VOLUME, schema_rules.VOLUME, "volume"),
    }


class Folded:
    """Schemas with what occurs several times written once, below ``definitions``.

    A part that may be shared has the key ``$name``, by which its definition is called.
    """

    def __init__(self, whole: Schema) -> None:
        self.counts: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self.definitions: dict[str, Schema] = {}
        self.taken: dict[str, Schema] = whole.get("definitions", {})
        self.count(whole)
        self.whole = self.fold(whole)

    def count(self, node: Any) -> None:
        """Count the parts; what is in one that occurs again is counted once."""
        if isinstance(node, dict) and "$name" in node:
            key = key_of(node)
            self.counts[key] = self.counts.get(key, 0) + 1
            if self.counts[key] > 1:
                return
        for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            self.count(inner)

    def fold(self, node: Any) -> Any:
        """A part, with references in place of what is shared."""
        if isinstance(node, list):
            return [self.fold(inner) for inner in node]
        if not isinstance(node, dict):
            return node
        notes = {name: node[name] for name in NOTES if name in node} if "$name" in node else {}
        core = {name: inner for name, inner in node.items() if name not in notes and name != "$name"}
        if "$name" not in node or self.counts[key := key_of(node)] == 1:
            return {**notes, **{name: self.fold(inner) for name, inner in core.items()}}
        if key not in self.names:
            self.names[key] = free(node["$name"], {**self.taken, **self.definitions})
            self.definitions[self.names[key]] = {}
            self.definitions[self.names[key]] = {name: self.fold(inner) for name, inner in core.items()}
        return {**notes, "$ref": f"#/definitions/{self.names[key]}"}


NOTES = ("description", "markdownDescription", "default")
"""What is said of an option beside its values. It stands next to a reference."""


def key_of(node: Schema) -> str:
    """What two parts have in common that may share a definition: all but their names and their own notes."""
    return json.dumps(unnamed({name: inner for name, inner in node.items() if name not in NOTES}), sort_keys=True)


def unnamed(node: Any) -> Any:
    """A schema without the names of parts."""
    if isinstance(node, dict):
        return {name: unnamed(inner) for name, inner in node.items() if name != "$name"}
    return [unnamed(inner) for inner in node] if isinstance(node, list) else node


def free(name: str, taken: dict[str, Schema]) -> str:
    """A name that no definition has yet."""
    number = 2
    found = name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def schema() -> Schema:
    """The whole schema."""
    made = schema_variables.document(kinds())
    folded = Folded(made)
    return {
        "$schema": DRAFT,
        "$comment": "Generated by tests/tools/inventory_schema.py. GPL-3.0-or-later, see LICENSE.",
        "description": "An inventory for virtfleet.kvm, or a file of variables of one.",
        **folded.whole,
        "definitions": {**folded.whole.get("definitions", {}), **dict(sorted(folded.definitions.items()))},
    }


@functools.cache
def text() -> str:
    """The file."""
    return written(schema()) + "\n"


WIDTH = 110
"""Up to how many characters a part is on one line."""


def written(node: Any, depth: int = 0) -> str:
    """JSON for people: a part that is short is on one line."""
    short = json.dumps(node, ensure_ascii=False)
    if len(short) <= WIDTH or not node or not isinstance(node, (dict, list)):
        return short
    inner = "\n" + " " * (depth + 1)
    if isinstance(node, list):
        return f"[{inner}" + f",{inner}".join(written(part, depth + 1) for part in node) + f"\n{' ' * depth}]"
    parts = (f"{json.dumps(name, ensure_ascii=False)}: {written(part, depth + 1)}" for name, part in node.items())
    return f"{{{inner}" + f",{inner}".join(parts) + f"\n{' ' * depth}}}"


def write(path: Path = PATH) -> None:
    """Write the file."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write()
