# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be written for the rows of a table, as JSON schema (see inventory_schema)."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from schema_values import TEMPLATE, Schema, cookie_name, of_converter, or_null
from tables import Table, as_markdown, as_text, converters, described, rows, variant

GIVEN: Schema = {"not": {"$ref": "#/definitions/nothing"}}
"""An option that is given, whatever the run makes of it: neither null nor a template."""

UNFIT: Schema = {"$ref": "#/definitions/unfit"}
"""An option that does not go with another one."""


def never(said: str) -> Schema:
    """A value that there should not be, whatever it is. ``not`` would leave editors without words for it."""
    return {"const": said, "errorMessage": said}


SHARED: dict[str, Schema] = {
    "nothing": {"type": ["null", "string"], "pattern": TEMPLATE},
    "unfit": {
        "type": ["null", "string", "array", "object"],
        "pattern": TEMPLATE,
        "patternErrorMessage": "This option does not go with the others here.",
        "maxItems": 0,
        "maxProperties": 0,
    },
}
"""Definitions that conditions refer to."""


Rule = tuple[tuple[str, ...], Schema]
"""What must hold between options: the lists and dictionaries that lead to them, and a schema."""


def notes(description: str, default: Any = None) -> Schema:
    """What an editor shows of an option.

    :param description: in Ansible's markup
    :param default: what a new one gets where it is left out, or None
    """
    if default is not None:
        shown = str(default).lower() if isinstance(default, bool) else default
        description += f" Default: V({shown})."
    said: Schema = {"description": as_text(description)}
    if as_markdown(description) != said["description"]:
        said["markdownDescription"] = as_markdown(description)
    if default is not None:
        said["default"] = default
    return said


def dictionary(properties: Schema, conditions: Sequence[Schema], *null: str, short: str | None = None) -> Schema:
    """A dictionary of options, or a template.

    :param null: ``null``, where that may be written
    :param short: the option that a text in place of the dictionary stands for
    """
    made: Schema = {
        "type": ["object", "string", *null],
        "pattern": TEMPLATE,
        "patternErrorMessage": "Write a dictionary of options, or a template.",
        "properties": properties,
        "additionalProperties": False,
    }
    if short is not None:
        for keyword in ("pattern", "patternErrorMessage"):
            del made[keyword]
        made |= {"if": {"type": "string"}, "then": core(properties[short])}
    return {**made, "allOf": list(conditions)} if conditions else made


def array(items: Schema) -> Schema:
    """A list, null for an empty one, or a template."""
    return {
        "type": ["array", "string", "null"],
        "pattern": TEMPLATE,
        "patternErrorMessage": "Write a list ('- ' before each of its items), or a template.",
        "items": items,
    }


def default_of(row: rows.Field) -> Any:
    """The default of an option where it is one value, for people; else None."""
    value = row.default if row.new is rows.UNSET or row.new is None else row.new
    return None if value is None or callable(value) else row.type.show(value)


def title(converter: converters.Converter) -> str:
    """What the values of a converter are called among the definitions."""
    words = [type(converter).__name__.lower()]
    for bound in ("minimum", "maximum"):
        if getattr(converter, bound, None) is not None:
            words.append(f"{bound[:3]}{getattr(converter, bound)}")
    return "-".join(words)


def scalar(converter: converters.Converter, where: str, null: bool = True) -> Schema:
    """One value."""
    name = where if converter.choices else title(converter)
    schema = of_converter(converter)
    return {"$name": name, **or_null(schema)} if null else {"$name": f"{name}.value", **schema}


@functools.singledispatch
def values(row: rows.Row, where: str) -> Schema:
    """What may be written for a row.

    :param where: what the options around it are called, such as ``guest.disks``
    """
    raise NotImplementedError(f"teach schema_rows.py the row {row!r}")


@values.register
def _field(row: rows.Field, where: str) -> Schema:
    return scalar(row.type, where, null=not row.required)


@values.register
def _values(row: rows.Values, where: str) -> Schema:
    return {"$name": where, **array(scalar(row.type, where, null=False))}


@values.register
def _struct(row: rows.Struct, where: str) -> Schema:
    properties, conditions = options(row.fields, where)
    null = () if row.required else ("null",)
    return {"$name": where, **dictionary(properties, conditions, *null, short=row.short)}


@values.register
def _group(row: rows.Group, where: str) -> Schema:
    properties, conditions = options(row.fields, where)
    item = {"$name": f"{where}.item", **dictionary(properties, conditions, short=row.short)}
    return {"$name": where, **array(item)}


@values.register
def _map(row: rows.Map, where: str) -> Schema:
    value = scalar(row.type, f"{where}.value")
    made = dictionary(dict.fromkeys(row.names_of or (), value), (), "null")
    if row.names_of is None:
        made["additionalProperties"] = value
        if isinstance(row.name_type, converters.CookieName):
            made["propertyNames"] = cookie_name(row.name_type)
    return {"$name": where, **made}


@values.register
def _documents(row: rows.Documents, where: str) -> Schema:
    return {"$name": "elements", **array({"type": "string"})}


@values.register
def _fragment(row: rows.Fragment, where: str) -> Schema:
    pattern = rf"^\s*(?:<(?!!DOCTYPE)[\s\S]*>\s*)?$|{TEMPLATE}"
    return {"type": ["string", "null"], "pattern": pattern, "patternErrorMessage": "Write elements of XML."}


def option(row: rows.Row, where: str) -> Schema:
    """A row with what an editor shows of it."""
    said = described(row.document()[row.name])
    default = default_of(row) if isinstance(row, rows.Field) else None
    return {**notes(said, default), **values(row, f"{where}.{row.name}")}


def options(body: rows.Rows, where: str) -> tuple[Schema, list[Schema]]:
    """The options of rows by name, and the conditions between them."""
    properties: Schema = {}
    conditions: list[Schema] = []
    for row in body:
        found, between = kinds(row, where) if isinstance(row, variant.Variant) else ({row.name: option(row, where)}, [])
        for name, schema in found.items():
            properties[name] = merged(properties[name], schema) if name in properties else schema
        conditions += between
    return properties, conditions


def merged(one: Schema, other: Schema) -> Schema:
    """What takes all that either of two options of one name takes, as they stand in several kinds."""
    if core(one) == core(other):
        return one
    if "properties" in one and "properties" in other:
        both = dict(one["properties"])
        for name, schema in other["properties"].items():
            both[name] = merged(both[name], schema) if name in both else schema
        between = [condition for condition in one.get("allOf", ()) if condition in other.get("allOf", ())]
        return {**{name: part for name, part in one.items() if name != "allOf"}, **dictionary(both, between, "null")}
    if "items" in one and "items" in other:
        return {**one, "items": merged(one["items"], other["items"])}
    return {**notes_of(one), "anyOf": [core(one), core(other)]}


def notes_of(schema: Schema) -> Schema:
    """What an editor shows of an option, alone."""
    return {name: schema[name] for name in ("description", "markdownDescription", "default") if name in schema}


def core(schema: Schema) -> Schema:
    """An option without what an editor shows of it."""
    return {name: part for name, part in schema.items() if name not in notes_of(schema)}


def kinds(row: variant.Variant, where: str) -> tuple[Schema, list[Schema]]:
    """The options of all kinds by name, and for each kind which of them it has."""
    cases = {tag: options(body, where) for tag, body in row.cases.items()}
    every: Schema = {} if row.type is None else {row.type.name: option(row.type, where)}
    for properties, _between in cases.values():
        for name, schema in properties.items():
            every[name] = merged(every[name], schema) if name in every else schema
    conditions = []
    for tag, (properties, between) in cases.items():
        then: Schema = {}
        for name, schema in every.items():
            if name not in properties:
                if row.type is None or name != row.type.name:
                    then[name] = UNFIT
            elif core(schema) != core(properties[name]):
                then[name] = core(properties[name])
        result = {**({"properties": then} if then else {}), **({"allOf": between} if between else {})}
        chosen = choices(row, tag)
        if result and chosen:
            conditions.append({"if": chosen[0] if len(chosen) == 1 else {"anyOf": chosen}, "then": result})
    return every, conditions


def choices(row: variant.Variant, tag: str) -> list[Schema]:
    """How a kind is chosen: by its tag, or by its first option."""
    ways: list[Schema] = []
    if row.type is not None:
        ways.append({"required": [row.type.name], "properties": {row.type.name: {"const": tag}}})
    for name in (name for name, chosen in row.selectors.items() if chosen == tag):
        other = {} if row.type is None else {row.type.name: {"enum": [tag, None]}}
        ways.append({"required": [name], "properties": {**other, name: GIVEN}})
    return ways


def item(
    table: Table, rules: Iterable[Rule], kind: str, more: Schema | None = None, beside: Schema | None = None
) -> Schema:
    """One item of a list of resources.

    :param rules: what must hold between options, beside what the rows say
    :param kind: what its definitions are called after
    :param more: options that it has beside those of its table; they are required
    :param beside: further ones, which are not
    """
    properties, conditions = options(table.rows, kind)
    first = {**notes_of(properties["name"]), **scalar(table.rows[0].type, kind, null=False)}
    properties = {"name": first, **(more or {}), **{name: it for name, it in properties.items() if name != "name"}}
    properties |= beside or {}
    made = {**dictionary(properties, conditions), "required": ["name", *(more or {})]}
    for path, rule in rules:
        place = made
        for name in path:
            place = place["properties"][name]
            place = place.get("items", place)
        place["allOf"] = [*place.get("allOf", ()), rule]
    return made


def layer(table: Table, kind: str, own: Iterable[str]) -> Schema:
    """Options that several items have in common. What must hold between them is seen where all are together.

    :param kind: what its definitions are called after
    :param own: options that each item has for itself
    """
    properties, conditions = options(table.rows, kind)
    return dictionary({name: it for name, it in properties.items() if name not in own}, conditions, "null")
