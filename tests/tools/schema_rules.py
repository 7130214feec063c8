# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold between options beside what the rows say, as JSON schema (see inventory_schema).

Each repeats a rule of a table as far as a schema can say it; tests/docs/test_schema.py holds them against the tables.
A rule is the path to a dictionary, and what holds there. An option that is a template is let through.
"""

from __future__ import annotations

from typing import Any

from schema_rows import GIVEN, UNFIT, Rule, never
from schema_values import TEMPLATE, Schema
from tables import links, rules, storage_rules

THERE: Schema = {"type": ["array", "boolean", "number", "object", "string"]}
"""An option that is not null."""

STAYS: Schema = {"enum": ["present", None]}
"""The state of a link that is there."""


def when(name: str, *others: str) -> Schema:
    """The condition that an option is given; of several, one of them."""
    ways = [{"required": [one], "properties": {one: GIVEN}} for one in (name, *others)]
    return ways[0] if len(ways) == 1 else {"anyOf": ways}


def needs(*names: str) -> Schema:
    """Options that have to be there."""
    return {"required": list(names), "properties": dict.fromkeys(names, THERE)}


def without(*names: str) -> Schema:
    """Options that do not go with the others."""
    return {"properties": dict.fromkeys(names, UNFIT)}


def one_of(words: Any) -> Schema:
    """One of some words, null, or a template."""
    return {"anyOf": [{"enum": [*words, None]}, {"type": "string", "pattern": TEMPLATE}]}


def links_of(kind: str) -> Schema:
    """A link that is there has the options of its type, and those that the type cannot do without."""
    modes = links.BOND_MODES if kind == "bond" else links.MACVLAN_MODES
    every = set().union(*links.OPTIONS.values())
    none = never(f"A {kind} has no such option.")
    result: Schema = {"properties": dict.fromkeys(sorted(every - links.OPTIONS[kind]), none)}
    if "mode" in links.OPTIONS[kind]:
        result["properties"]["mode"] = one_of(modes)
    needed = (*links.NEEDS.get(kind, ()), *(("ports",) if kind == "bond" else ()))
    if needed:
        result["required"] = list(needed)
        result["properties"] |= dict.fromkeys(needed, THERE)
    if kind == "bond":
        result["properties"]["ports"] = {**THERE, "minItems": 1}
    return {"if": {"required": ["type"], "properties": {"type": {"const": kind}, "state": STAYS}}, "then": result}


STATIC = ("addresses", "gateway", "nameservers", "search", "routes")
"""Options of a link that go with static addressing only."""

LINK: tuple[Rule, ...] = (
    ((), {"if": {"properties": {"state": STAYS}}, "then": needs("type")}),
    *(((), links_of(kind)) for kind in links.OPTIONS),
    (
        (),
        {
            "if": {"properties": {"state": STAYS, "addressing": {"enum": ["inherit", "dhcp", "none", None]}}},
            "then": without(*STATIC),
        },
    ),
    (
        (),
        {
            "if": {"required": ["addressing"], "properties": {"addressing": {"const": "static"}}},
            "then": {"required": ["addresses"], "properties": {"addresses": {**THERE, "minItems": 1}}},
        },
    ),
    (
        (),
        {
            "if": {"required": ["type"], "properties": {"type": {"const": "vlan"}}},
            "then": {"properties": {"addressing": {"not": {"const": "inherit"}}}},
        },
    ),
    (
        (),
        {
            "if": {"required": ["stp"], "properties": {"stp": {"const": True}, "state": STAYS}},
            "then": {"properties": {"forward_delay": {"minimum": 2}}},
        },
    ),
)

MADE = ("size", "image", "backing")
"""Options of a disk that is made as a volume."""

GUEST: tuple[Rule, ...] = (
    (
        ("disks",),
        {
            "if": when(*MADE),
            "then": {"properties": {"file": UNFIT, "block": UNFIT, "device": {"not": {"enum": ["cdrom", "floppy"]}}}},
        },
    ),
    (("disks",), {"if": when("image"), "then": without("backing")}),
    (("disks",), {"if": when("checksum"), "then": needs("image")}),
    (("disks",), {"if": when("image_timeout"), "then": needs("image")}),
    (("disks",), {"properties": {"volume": {"pattern": f"^[^/]*$|{TEMPLATE}"}}}),
)


def mode(*modes: str, **others: Schema) -> Schema:
    """The condition that a network has one of these ways out.

    :param others: what holds for other options of ``forward``
    """
    way = {"type": "object", "required": ["mode"], "properties": {"mode": {"enum": list(modes)}, **others}}
    return {"required": ["forward"], "properties": {"forward": way}}


FULL: Schema = {"type": "array", "minItems": 1}

NETWORK: tuple[Rule, ...] = (
    (("ips",), needs("address")),
    (("ips", "dhcp", "ranges"), needs("start", "end")),
    (("ips", "dhcp", "hosts"), needs("ip")),
    ((), {"if": mode("bridge"), "then": without("ips")}),
    ((), {"if": mode("route", "open", *rules.MACVTAP, "hostdev"), "then": {"properties": {"forward": without("nat")}}}),
    ((), {"if": mode("bridge", interfaces={"type": ["array", "null"], "maxItems": 0}), "then": needs("bridge")}),
    (
        (),
        {
            "if": {
                "allOf": [
                    mode(*rules.MACVTAP, interfaces=FULL),
                    {"properties": {"forward": {"required": ["interfaces"]}}},
                ]
            },
            "then": without("bridge"),
        },
    ),
)

SECRET: tuple[Rule, ...] = (
    ((), {"properties": {name: {"not": {"type": "null"}} for name in ("value", "value_base64")}}),
    ((), {"if": when("value"), "then": without("value_base64")}),
    (
        (),
        {"if": {"required": ["usage"], "properties": {"usage": {"const": "ceph"}}}, "then": without("value")},
    ),
)

SOURCES = ("url", "path", "debian", "ubuntu")
"""Options of an image that say where it comes from."""

IMAGE: tuple[Rule, ...] = (
    *(((), {"if": when(name), "then": without(*SOURCES[place + 1 :])}) for place, name in enumerate(SOURCES[:-1])),
    ((), {"anyOf": [needs(name) for name in SOURCES]}),
    *(((), {"properties": {name: {"pattern": f"^https?://|{TEMPLATE}"}}}) for name in ("url", "mirror")),
    *(((), {"if": when(name), "then": without("arch", "variant", "mirror", "serial")}) for name in ("url", "path")),
    ((), {"if": when("debian", "ubuntu"), "then": without("checksum")}),
    ((), {"if": when("image_timeout"), "then": without("path")}),
)

VOLUME: tuple[Rule, ...] = (
    *(
        ((), {"if": when(name), "then": without(*storage_rules.FILLINGS[place + 1 :])})
        for place, name in enumerate(storage_rules.FILLINGS[:-1])
    ),
    ((), {"if": when("checksum"), "then": needs("image")}),
    ((), {"if": when("image_timeout"), "then": needs("image")}),
    ((), {"if": when("image"), "then": without("encryption")}),
    ((), {"properties": {"compat": one_of(storage_rules.COMPATS)}}),
    (
        (),
        {
            "if": {"required": ["format"], "properties": {"format": {"not": one_of(["qcow2"])}}},
            "then": {
                "properties": {
                    **dict.fromkeys(("compat", "cluster_size"), UNFIT),
                    **{name: {"not": {"const": True}} for name in ("lazy_refcounts", "extended_l2")},
                }
            },
        },
    ),
    (("backing",), {"if": when("volume"), "then": without("path")}),
    (("backing",), {"if": {"type": "object", "not": needs("path")}, "then": needs("volume")}),
)
