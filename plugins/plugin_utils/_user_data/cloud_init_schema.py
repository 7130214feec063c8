# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cloud-init's own JSON schema, where its package is on the control node, and what it has against user data.

It is read from the package's files: cloud-init is not started, and nothing of it is loaded. The sentences are made of
what the schema says, never of the value: jsonschema's own quote it.
"""

from __future__ import annotations

import functools
import glob
import hashlib
import importlib
import importlib.util
import json
import os
import re
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item

from .cloud_config import SCALARS, DataPlace, Finding, is_of, not_of, unknown

FOLDERS = (
    "/usr/lib/python3/dist-packages/cloudinit",
    "/usr/lib/python3*/site-packages/cloudinit",
    "/usr/local/lib/python3*/site-packages/cloudinit",
)
"""Where distributions have it. A virtual environment does not see it there."""

CONFIG, NETWORK = "schema-cloud-config-v1.json", "schema-network-config-v2.json"

VERSION = re.compile(r"""(?m)^ *(?:__|UPSTREAM_)VERSION(?:__)? = ["']([0-9][0-9.]{0,20})""")
"""The release, as cloud-init's files have it."""

LARGEST = 8 * 1024**2
"""Bytes that a schema may have."""

BRANCHES, CHOICES = ("anyOf", "oneOf"), ("const", "enum")

JsonSchema = t.Any
"""The package jsonschema, its validators, and its errors. It has no types."""


class Schema:
    """The schemas of one release of cloud-init. Raises ImportError where jsonschema is not there.

    :ivar version: the release
    :ivar entries: the entries of a cloud-config that it knows
    """

    def __init__(self, folder: str) -> None:
        jsonschema: JsonSchema = importlib.import_module("jsonschema")
        self.version = version_in(folder)
        self.root = loaded(os.path.join(folder, "config", "schemas", CONFIG)) or {}
        self.known: dict[str, list[Finding]] = {}
        definitions = self.root.get("$defs") or {}
        draft4, draft7 = (with_bytes(jsonschema, name) for name in ("Draft4Validator", "Draft7Validator"))
        self.modules: dict[str, tuple[str, ...]] = {}
        self.checkers: dict[str, JsonSchema] = {}
        for part in self.root.get("allOf") or []:
            name = part["$ref"].rpartition("/")[2]
            for entry in definitions[name].get("properties") or {}:
                self.modules[entry] = (*self.modules.get(entry, ()), name)
            self.checkers[name] = draft4({"$defs": definitions, **part})
        self.entries = frozenset((*self.modules, *(self.root.get("properties") or {})))
        network = loaded(os.path.join(folder, "config", "schemas", NETWORK))
        self.network = None if network is None else draft7(network)

    def of_config(self, entries: t.Mapping[str, object]) -> list[Finding]:
        """What is wrong with a cloud-config. The parts that several have in the same words are looked at once."""
        given = {name: value for name, value in entries.items() if value is not None}
        found: list[Finding] = []
        for module in dict.fromkeys(module for name in given for module in self.modules.get(name, ())):
            part = {name: value for name, value in given.items() if module in self.modules.get(name, ())}
            found += self.once(module, part, self.checkers[module])
        return found

    def of_network(self, entries: t.Mapping[str, object]) -> list[Finding]:
        """What may be wrong with network-config: where the guest has netplan, it takes more than the schema knows."""
        if self.network is None:
            return []
        return [found._replace(sure=False) for found in self.once(NETWORK, entries, self.network) if found.sure]

    def once(self, name: str, value: t.Mapping[str, object], checker: JsonSchema) -> list[Finding]:
        """What one part of the schema has against a value."""
        try:
            key = hashlib.sha256(f"{name} {json.dumps(value, sort_keys=True)}".encode()).hexdigest()
        except (TypeError, ValueError, RecursionError):
            return findings(checker, value)
        if key not in self.known:
            self.known[key] = findings(checker, value)
        return self.known[key]


def with_bytes(jsonschema: JsonSchema, name: str) -> JsonSchema:
    """A kind of validator that takes bytes for a text, as cloud-init does: YAML makes them of ``!!binary``."""
    kind = getattr(jsonschema, name)
    texts = kind.TYPE_CHECKER.redefine("string", lambda _checker, value: isinstance(value, (str, bytes)))
    return jsonschema.validators.extend(kind, type_checker=texts)


def loaded(path: str) -> Item | None:
    """A schema; None where none can be read."""
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > LARGEST:
            return None
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
    except (OSError, ValueError, RecursionError):
        return None
    return schema if isinstance(schema, dict) else None


def version_in(folder: str) -> str:
    """The release of cloud-init in a folder; empty where it is not told."""
    for name in ("version.py", "meson_versions.py"):
        try:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found = VERSION.search(file.read(100_000))
        except (OSError, UnicodeError):
            continue
        if found:
            return found[1]
    return ""


def folders() -> t.Iterator[str]:
    """Where cloud-init may be: what Ansible's own Python sees first."""
    try:
        spec = importlib.util.find_spec("cloudinit")
        yield from (spec and spec.submodule_search_locations) or ()
    except (ImportError, ValueError):
        pass
    for pattern in FOLDERS:
        yield from sorted(glob.glob(pattern), reverse=True)


@functools.cache
def installed() -> Schema | None:
    """The schemas on this machine; None where there are none, or nothing that could use them."""
    for folder in folders():
        if loaded(os.path.join(folder, "config", "schemas", CONFIG)) is not None:
            try:
                return Schema(folder)
            except Exception:  # jsonschema is not there, or the schema is written otherwise than all so far.
                return None
    return None


def findings(checker: JsonSchema, value: object) -> list[Finding]:
    """What a schema has against a value; nothing of one that it cannot be held against."""
    try:
        wrong = [found for error in checker.iter_errors(value) for found in findings_of(error)]
    except Exception:  # Recursion, or a pattern that Python does not take.
        return []
    return list(dict.fromkeys(wrong))


def findings_of(error: JsonSchema) -> t.Iterator[Finding]:
    """An error as sentences; none for what is no mistake here."""
    place, kind, value = tuple(error.absolute_path), error.validator, error.instance
    if kind in BRANCHES:
        yield from of_branches(error, place)
    elif kind == "type":
        kinds = [error.validator_value] if isinstance(error.validator_value, str) else list(error.validator_value)
        yield from of_type(value, kinds, place)
    elif kind == "additionalProperties" and isinstance(value, dict):
        yield from strangers(error, place)
    elif kind == "required" and isinstance(value, dict):
        yield from (Finding((*place, name), "is missing") for name in error.validator_value if name not in value)
    else:
        problem = in_words(kind, error.validator_value, value)
        if problem is not None:
            yield Finding(place, problem, kind != "uniqueItems", "enum" if kind == "enum" else "")


def of_type(value: object, kinds: list[str], place: DataPlace) -> t.Iterator[Finding]:
    """What is wrong with the type of a value. cloud-init leaves out what is null, and makes texts of numbers."""
    wrong = None if value is None else not_of(value, kinds)
    if wrong is not None:
        yield Finding(place, wrong, not ("string" in kinds and isinstance(value, SCALARS)), "type")


def strangers(error: JsonSchema, place: DataPlace) -> t.Iterator[Finding]:
    """The entries that a schema does not know. cloud-init's releases differ in ``-`` and ``_``: that is no slip."""
    known = error.schema.get("properties") or {}
    patterns = list(error.schema.get("patternProperties") or {})
    for name in error.instance:
        if name not in known and not any(re.search(pattern, str(name)) for pattern in patterns):
            problem, sure = unknown(name, list(known))
            same = str(name).replace("-", "_") in [one.replace("-", "_") for one in known]
            yield Finding((*place, name), problem, sure and not same, "name")


def in_words(kind: str, wanted: JsonSchema, value: object) -> str | None:
    """What is wrong with a value by a simple rule; None where nothing is.

    An empty list or dictionary does nothing, so it may be there.
    """
    if kind == "enum":
        if isinstance(value, str) and any(isinstance(one, bool) for one in wanted) and is_of(value, "boolean"):
            return None
        choices = [str(one).lower() if isinstance(one, bool) else str(one) for one in wanted if one is not None]
        return f"is not one of {', '.join(dict.fromkeys(choices))}"
    if kind in ("minItems", "minProperties"):
        return f"has too few entries: at least {wanted}" if value else None
    simple = {
        "maxItems": "has too many entries: at most {}",
        "maximum": "is too large: at most {}",
        "maxLength": "is too long: at most {} characters",
        "minimum": "is too small: at least {}",
        "minLength": "is too short: at least {} characters",
        "pattern": "does not have the form {}",
        "uniqueItems": "has an entry twice",
    }
    return simple[kind].format(wanted) if kind in simple else "is not as cloud-init takes it"


def of_branches(error: JsonSchema, place: DataPlace) -> t.Iterator[Finding]:
    """What is wrong with a value that has to be as one of several schemas says.

    The one that is meant is that of the value's own type with the fewest mistakes.
    """
    branches: dict[object, list[JsonSchema]] = {}
    for one in error.context or ():
        branches.setdefault(one.schema_path[0], []).append(one)
    if not branches:
        return  # It is as more than one says, and so as one does.
    fitting = [
        errors for errors in branches.values() if not any(one.validator == "type" and not one.path for one in errors)
    ]
    if fitting:
        inner = [errors for errors in fitting if not any(one.validator in CHOICES and not one.path for one in errors)]
        branched = inner if inner and isinstance(error.instance, (dict, list)) else fitting
        alike = [[found for one in errors for found in findings_of(one)] for errors in branched]
        yield from min(alike, key=weight)
        return
    kinds: list[str] = []
    for errors in branches.values():
        for one in errors:
            if one.validator == "type" and not one.path:
                wanted = one.validator_value
                kinds += [wanted] if isinstance(wanted, str) else wanted
    yield from of_type(error.instance, list(dict.fromkeys(kinds)), place)


def weight(found: list[Finding]) -> tuple[bool, int, int]:
    """How far a value is from what a schema says. A value of a list is chosen on purpose, and tells what is meant."""
    return any(one.sure for one in found), sum(one.rule == "enum" for one in found), len(found)
