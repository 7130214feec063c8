# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""schemas/inventory.json follows from the tables, takes all that they take, and refuses what a schema can refuse."""

from __future__ import annotations

import datetime
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import fuzzing
import inventory_schema
import jsonschema
import pytest
import schema_rows
import schema_rules
import schema_values
import schema_variables
import tables
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import check
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import LISTS
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _settings, _unknown_names
from ansible_collections.virtfleet.kvm.tests.unit.exhaustive import exhaustive
from ansible_collections.virtfleet.kvm.tests.unit.fuzz.hostile import Hostile
from ansible_collections.virtfleet.kvm.tests.unit.samples import SAMPLES
from ansible_collections.virtfleet.kvm.tests.unit.support import TABLES

from .blocks import BLOCKS, ROOT, Block
from .schema_inputs import LENIENT, RIGHT, SETTINGS, VALUES, WRONG

SCHEMA = json.loads(inventory_schema.PATH.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)

VARIABLE = {"domain": "kvm_guests", **{table.kind: name for name, table in LISTS.items()}}
"""The variable that holds resources of a kind."""

KINDS = {"domain": TABLES["domain"], **{table.kind: table for table in LISTS.values()}}


def plain(value: Any) -> Any:
    """A value as JSON has it, as far as it can: a date is a text."""
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value


def refused(content: Any) -> list[str]:
    """The places that the schema refuses, as the collection writes them: ``kvm_guests[0].memory``.

    Of an alternative, only the place of the whole is told.
    """
    return sorted({place(error) for found in VALIDATOR.iter_errors(plain(content)) for error in inner(found)})


def inner(error: jsonschema.ValidationError) -> Iterator[jsonschema.ValidationError]:
    """An error, or what it consists of where it is of a condition."""
    if error.context and error.validator in ("if", "allOf"):
        for part in error.context:
            yield from inner(part)
    else:
        yield error


def place(error: jsonschema.ValidationError) -> str:
    """Where an error is, with the name of an option that there should not be or that is missing."""
    path: list[Any] = list(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.validator_value, bool):
        known = error.schema.get("properties", {})
        path.append(next(name for name in error.instance if name not in known))
    elif error.validator == "required":
        path.append(next(name for name in error.validator_value if name not in error.instance))
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def item_of(kind: str, item: dict[str, Any]) -> dict[str, Any]:
    """A file of variables with one resource."""
    return {VARIABLE[kind]: [{**item, "host": "kvm01"} if kind == "domain" else item]}


# --- the file ---


def test_file_is_the_tables() -> None:
    """Where this fails: .venv/bin/python tests/tools/inventory_schema.py writes the file."""
    assert inventory_schema.PATH.read_text(encoding="utf-8") == inventory_schema.text()


def test_file_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == jsonschema.Draft7Validator.META_SCHEMA["$schema"]


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """All dictionaries of the schema."""
    if isinstance(node, dict):
        yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(part)


def test_every_reference_leads_somewhere_and_every_definition_is_used() -> None:
    found = {node["$ref"] for node in nodes(SCHEMA) if isinstance(node.get("$ref"), str)}
    assert found == {f"#/definitions/{name}" for name in SCHEMA["definitions"]}


PATTERNS = {
    pattern
    for node in nodes(SCHEMA)
    for pattern in (node.get("pattern"), *(node.get("patternProperties") or ()))
    if isinstance(pattern, str)
}


def test_patterns_are_taken_by_python_and_by_javascript() -> None:
    """Both know the same of them but for flags, groups with names and escapes such as \\A and \\Z."""
    assert PATTERNS
    for pattern in PATTERNS:
        re.compile(pattern)
        assert not re.search(r"\(\?[a-zP#<]|\\[AZ%]", pattern)


def test_patterns_have_only_the_escapes_of_a_strict_reader() -> None:
    """check-jsonschema reads them with the flag u of ECMAScript, which refuses escapes that mean nothing."""
    for pattern in PATTERNS:
        escapes = re.findall(r"\\(u[0-9a-fA-F]{4}|.)", pattern)
        assert [one for one in escapes if not re.fullmatch(r"u.{4}|[\\^$.*+?()\[\]{}|/dDsSwWbBtnrfv]", one)] == []


def test_size() -> None:
    """An editor reads the file anew whenever it opens an inventory. Four tenths of it are what it shows of options."""
    assert len(inventory_schema.text()) < 1_100_000


def hovers(node: dict[str, Any]) -> dict[str, Any]:
    """The options in a schema, with references followed."""
    while "$ref" in node:
        node = {
            **SCHEMA["definitions"][node["$ref"].rpartition("/")[2]],
            **{k: v for k, v in node.items() if k != "$ref"},
        }
    return node


def undocumented(documented: dict[str, Any], node: dict[str, Any], where: str) -> Iterator[str]:
    """The options that the schema lacks, or says something else of."""
    node = hovers(node)
    node = hovers(node["items"]) if "items" in node else node
    for name, option in documented.items():
        said = node.get("properties", {}).get(name)
        if said is None or not said["description"].startswith(tables.as_text(tables.described(option))):
            yield f"{where}.{name}"
        elif "suboptions" in option:
            yield from undocumented(option["suboptions"], said, f"{where}.{name}")


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_has_its_documentation(kind: str) -> None:
    node = SCHEMA["definitions"]["guest" if kind == "domain" else kind]
    assert list(undocumented(KINDS[kind].document(), node, kind)) == []


def test_every_variable_has_its_documentation() -> None:
    known = SCHEMA["definitions"]["variables"]["properties"]
    assert known.keys() == _unknown_names.options()
    assert all(
        said["description"].endswith((".", "none")) or "Default:" in said["description"] for said in known.values()
    )
    specs = {**schema_variables.specs()}
    for name, spec in specs.items():
        assert known[name]["description"].startswith(tables.as_text(tables.described(spec)))
        if spec.get("default") not in (None, []):
            assert known[name]["default"] == spec["default"]


def test_variables_of_playbooks_are_described_in_the_readme() -> None:
    listed = re.findall(r"^\| `(adopt_\w+)` \|", (ROOT / "README.md").read_text(), re.M)
    assert set(listed) == {name for name in schema_variables.PLAYBOOKS if name.startswith("adopt_")}


# --- values ---


def converters() -> dict[Any, Any]:
    """All converters of all tables, of those that are alike one."""
    found: dict[Any, Any] = {}

    def look(rows: Any) -> None:
        for row in rows:
            for converter in (getattr(row, "type", None), getattr(row, "name_type", None)):
                if hasattr(converter, "parse") and not hasattr(converter, "path"):
                    found[type(converter), str(vars(converter))] = converter
            if getattr(row, "rows", ()):
                look(row.rows)

    for table in tables.TABLES.values():
        look(table.rows)
    return found


def takes(converter: Any, value: Any) -> bool:
    try:
        converter.parse(value)
    except ValueError:
        return False
    return True


def test_values_are_those_of_the_converters() -> None:
    """The schema is never stricter than a converter. Where it lets more pass is written down."""
    stricter, laxer = [], {}
    for converter in converters().values():
        validator = jsonschema.Draft7Validator(schema_values.of_converter(converter))
        kind = type(converter).__name__
        for value in (*VALUES, *(converter.choices or ())):
            right, passed = takes(converter, value), validator.is_valid(plain(value))
            if right and not passed:
                stricter.append((kind, value))
            elif passed and not right:
                laxer.setdefault(kind, set()).add(repr(value))
    assert stricter == []
    assert laxer == {kind: set(map(repr, values)) for kind, values in LENIENT.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_may_stand_for_any_value(kind: str) -> None:
    table = KINDS[kind]
    for template in ("{{ x }}", "a{% if b %}c{% endif %}", "{{ omit }}"):
        for name in (name for row in table.rows for name in row.names):
            assert refused(item_of(kind, {"name": "x", name: template, **needed(kind, name)})) == []
    assert refused({VARIABLE[kind]: "{{ x }}"}) == []
    assert refused({VARIABLE[kind]: ["{{ x }}"]}) == []


def needed(kind: str, name: str) -> dict[str, Any]:
    """What a link or an image cannot do without, and what it has to be for an option."""
    if kind == "image":
        place = {"debian": 13} if name in ("arch", "variant", "mirror", "serial") else {"url": "https://h/x"}
        return {} if name in schema_rules.SOURCES else place
    return {"state": "absent"} if kind == "link" and name != "state" else {"type": "{{ y }}"} if kind == "link" else {}


@pytest.mark.parametrize(("name", "right", "wrong"), SETTINGS, ids=lambda value: str(value)[:30])
def test_settings_are_those_of_the_check(name: str, right: list[Any], wrong: list[Any]) -> None:
    for value in right:
        assert _settings.problem(name, value) is None, value
        assert refused({name: value}) == [], value
    for value in wrong:
        assert _settings.problem(name, value) is not None, value
        found = refused({name: value})
        assert found, value
        assert all(where.startswith(name) for where in found)


def test_settings_are_all_tried() -> None:
    assert {name for name, _right, _wrong in SETTINGS} == {*_settings.specs(), _settings.SERIAL}
    assert schema_variables.BOUNDS == _settings.BOUNDS
    assert schema_variables.SYNONYMS == _unknown_names.SYNONYMS


def slips(name: str) -> set[str]:
    """A name with a letter too few, too many, swapped or replaced."""
    found = set()
    for place_, letter in enumerate(name):
        head, tail = name[:place_], name[place_ + 1 :]
        found |= {head + tail, f"{head}x{tail}", f"{head}x{letter}{tail}", head + tail[:1] + letter + tail[1:]}
    return found | {f"{name}x", name.upper(), name.replace("_", "-"), f"{name}s"}


def test_slips_of_variables() -> None:
    """The schema refuses slips behind ``kvm`` that the check refuses, and nothing that the check takes."""
    names = [name for name in _unknown_names.options() if name.startswith("kvm_")]
    missed = []
    for slip in {slip for name in names for slip in slips(name)} - _unknown_names.options() | {
        *_unknown_names.SYNONYMS
    }:
        lines, _warned = _unknown_names.variables({"kvm01": {slip: []}})
        assert not (refused({slip: []}) and not lines), slip
        if lines and slip.lower().startswith("kvm") and not refused({slip: []}):
            missed.append(slip)
    assert missed == []


def test_names_of_ones_own_are_taken() -> None:
    own = [
        "kvm_web",
        "kvm_guests_web",
        "kvm_guests2",
        "kvm_hosts",
        "legacy_guests",
        "guests",
        "ansible_user",
        "kvm_dns",
    ]
    assert refused({name: [{"name": 1}] for name in own}) == []


# --- items ---


@pytest.mark.parametrize("kind", SAMPLES)
def test_samples_are_taken(kind: str) -> None:
    table = TABLES[kind]
    samples = [*SAMPLES[kind], *(exhaustive(table) if kind == "domain" else ())]
    assert {sample["name"]: found for sample in samples if (found := refused(item_of(kind, sample)))} == {}


def problems(kind: str, item: dict[str, Any]) -> set[str]:
    """The places that the collection's check refuses in an item."""
    here = f"{VARIABLE[kind]}[0]"
    return {f"{here}.{problem.where}".rstrip(".") for problem in check.item_problems(KINDS[kind], item)}


def sayable(value: Any) -> bool:
    """Whether a value can stand in a file of a sensible size, and has no template."""
    left, count = [value], 0
    while left:
        part = left.pop()
        count += 1
        if isinstance(part, dict):
            left += [*part, *part.values()]
        elif isinstance(part, list):
            left += part
        elif isinstance(part, str):
            if len(part) > 1000 or "{{" in part or not part.isprintable():
                return False
        elif (part is not None and not isinstance(part, (bool, int, float))) or (
            isinstance(part, (int, float)) and not abs(part) < 2**70
        ):
            return False
        if count + len(left) > 1000:
            return False
    return all(isinstance(name, str) for name in value)


def test_random_items_that_the_check_takes_are_taken() -> None:
    """The schema is never stricter than the check. What the check refuses, it mostly refuses at the same place."""
    chance = random.Random(fuzzing.seed())
    tried = wrong = found = placed = 0
    while tried < 1000:
        kind = chance.choice(sorted(KINDS))
        item = Hostile(chance).item(KINDS[kind], 0.1 if chance.random() < 0.5 else 0)
        if not sayable(item) or "host" in item or not item.get("metadata", True):
            continue
        tried += 1
        expected, said = problems(kind, item), refused(item_of(kind, item))
        assert expected or not said, (kind, item, said)
        if expected:
            wrong += 1
            found += bool(said)
            placed += bool(expected & set(said))
    assert wrong > 100
    assert found / wrong > 0.92
    assert placed / wrong > 0.8


# --- files ---


# The guests of a molecule scenario name no host: the schema is that of a fleet.
OF_FLEETS = [block for block in BLOCKS if block.language == "yaml" and not str(block).startswith("docs/molecule.md")]


@pytest.mark.parametrize("block", OF_FLEETS, ids=str)
def test_documentation(block: Block) -> None:
    """Every inventory and all variables of the pages are taken, unless the page says that they are wrong."""
    content = yaml.safe_load(block.text)
    if isinstance(content, dict):
        assert bool(refused(content)) == (block.rule == "refused")


def test_the_line_that_names_the_schema() -> None:
    """In docs/editors.md it is the way from a file of group_vars to the schema of the installed collection."""
    (line,) = re.findall(r"^# yaml-language-server: \$schema=(.*)$", (ROOT / "docs/editors.md").read_text(), re.M)
    assert line == "../../collections/ansible_collections/virtfleet/kvm/schemas/inventory.json"
    assert line.endswith(str(inventory_schema.PATH.relative_to(ROOT)))


@pytest.mark.parametrize(("name", "text"), RIGHT.items(), ids=list(RIGHT))
def test_right(name: str, text: str) -> None:
    assert refused(yaml.safe_load(text)) == []


@pytest.mark.parametrize(("text", "where"), WRONG, ids=[text.strip()[:60] for text, _where in WRONG])
def test_wrong(text: str, where: str) -> None:
    assert where in refused(yaml.safe_load(text))


def test_many_are_wrong() -> None:
    assert len({where for _text, where in WRONG}) >= 40


def test_a_converter_without_an_entry_is_no_text() -> None:
    class New(type(next(iter(converters().values())))):
        pass

    with pytest.raises(KeyError):
        schema_values.of_converter(New())
    with pytest.raises(NotImplementedError):
        schema_rows.values(object(), "x")
