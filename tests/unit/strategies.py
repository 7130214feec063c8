# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations made up by hypothesis, from the tables themselves: a new row is tried as it is added.

Only a row with a converter that is not listed in BY_CONVERTER needs a line here.
"""

from __future__ import annotations

import functools
from typing import Any

from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import converters
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import (
    Chain,
    Documents,
    Field,
    Fragment,
    Group,
    Map,
    Struct,
    Values,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.create_only import Apart
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.variant import Variant
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import converters as domain_values
from ansible_collections.virtfleet.kvm.tests.unit.support import TABLES

OWN_WORDS = (Chain, Documents, Fragment, Map)
"""Rows of names and texts of the user's own; they have tests, and words that fit them, of their own."""

WORD = st.sampled_from(["a", "b", "x1", "ä & <b>", "two words"])
DEVICES = st.sampled_from(["eth0", "eth1", "br0", "eno1.5"])

BY_CONVERTER: dict[type[converters.Converter], Any] = {
    converters.Converter: lambda converter: WORD,
    converters.Integer: lambda converter: st.integers(
        converter.minimum or 0, 99999 if converter.maximum is None else converter.maximum
    ),
    converters.Power: lambda converter: st.integers(0, 12).map(lambda bit: 1 << bit),
    converters.Boolean: lambda converter: st.booleans(),
    converters.Presence: lambda converter: st.booleans(),
    converters.Number: lambda converter: st.integers(0, 255),
    converters.Identifier: lambda converter: st.sampled_from(["0x046d", "0x08b2"]).map(
        lambda text: f"0x{int(text, 16) % 256:0{converter.width}x}"
    ),
    converters.CpuSet: lambda converter: st.sampled_from(["0-3", "1,3", "0-7,^2"]),
    converters.Choice: lambda converter: st.sampled_from(converter.choices),
    domain_values.Virt: lambda converter: st.sampled_from(converter.choices),
    domain_values.Machine: lambda converter: st.sampled_from(["q35", "pc", "pc-q35-9.2", "pc-q35-8.0", "unheard-of"]),
    converters.Size: lambda converter: st.integers(1, 4096).map(lambda count: f"{count}MiB"),
    converters.Name: lambda converter: WORD,
    converters.Device: lambda converter: DEVICES,
    converters.AbsolutePath: lambda converter: st.sampled_from(["/a", "/b c", "/images/x.qcow2"]),
    converters.Mac: lambda converter: st.sampled_from([f"52:54:00:00:00:0{digit}" for digit in range(6)]),
    converters.Uuid: lambda converter: st.uuids().map(str),
    converters.Address: lambda converter: st.sampled_from(["10.0.0.7", "10.0.0.8"]),
    converters.Interface: lambda converter: st.sampled_from(["10.0.0.1/24", "10.1.0.1/16", "fd00::1/64"]),
}


def value(converter: converters.Converter) -> st.SearchStrategy[Any]:
    """A value that a converter takes."""
    kind = next(kind for kind in type(converter).__mro__ if kind in BY_CONVERTER)
    made = BY_CONVERTER[kind](converter)
    # One that has no line of its own may be narrower than the converter it is built on.
    return made if kind is type(converter) else made.filter(lambda written: taken(converter, written))


def taken(converter: converters.Converter, written: Any) -> bool:
    """Whether a converter takes what is written."""
    try:
        converter.parse(written)
    except ValueError:
        return False
    return True


def row_options(row: Any) -> st.SearchStrategy[dict[str, Any]]:
    """What a user may write for one row; often nothing."""
    if isinstance(row, Variant):
        return variant_options(row)
    if isinstance(row, OWN_WORDS):
        return st.just({})
    inner = row_value(row)
    if not (isinstance(row, (Field, Struct)) and (row.required or row.filled)):
        inner = st.none() | inner
    if isinstance(row, Field) and row.required:
        return st.fixed_dictionaries({row.name: inner})
    return st.fixed_dictionaries({}, optional={row.name: inner})


def row_value(row: Any) -> st.SearchStrategy[Any]:
    """What a user may write for one row, but null."""
    if isinstance(row, Field):
        return value(row.type)
    if isinstance(row, Values):
        return st.lists(value(row.type), max_size=3, unique=True)
    if isinstance(row, Map):
        names = st.sampled_from(row.names_of) if row.names_of else st.sampled_from(["n1", "n2", "n3"])
        return st.dictionaries(names, value(row.type), max_size=2)
    if isinstance(row, Documents):
        return st.lists(st.sampled_from(["<a xmlns='urn:a'/>", "<b xmlns='urn:b' c='1'>d</b>"]), unique=True)
    if isinstance(row, Chain):
        return st.just([])
    if isinstance(row, Struct):
        return options(row.fields)
    if isinstance(row, Group):
        return st.lists(options(row.fields), max_size=3)
    raise NotImplementedError(f"teach strategies.py the row {row!r}")


def variant_options(row: Variant) -> st.SearchStrategy[dict[str, Any]]:
    """One kind: the option that chooses it, and maybe those that go with it."""
    kinds = []
    for tag, rows in row.cases.items():
        if row.type is None or tag in row.choosers:
            first, *others = rows
            chosen = st.fixed_dictionaries({first.name: row_value(first)})
        else:
            others = list(rows)
            chosen = st.fixed_dictionaries({row.type.name: st.just(tag)})
        kinds.append(merged([chosen, options(others)]))
    return st.one_of([st.just({}), *kinds] if row.optional else kinds)


FEW = 6
"""Rows of which a declaration uses all; of more it uses a few, or making one up takes for ever."""


def options(rows: Any) -> st.SearchStrategy[dict[str, Any]]:
    """What a user may write for several rows."""
    rows = [row for row in rows if not isinstance(row, (Apart, Fragment))]
    if len(rows) <= FEW:
        return merged([row_options(row) for row in rows])
    always = [row for row in rows if isinstance(row, Variant) and not row.optional]
    some = st.lists(st.sampled_from(range(len(rows))), max_size=FEW, unique=True)
    return some.flatmap(
        lambda picked: merged([row_options(row) for index, row in enumerate(rows) if row in always or index in picked])
    )


def merged(parts: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Several dictionaries as one."""
    return st.tuples(*parts).map(lambda dictionaries: {name: it[name] for it in dictionaries for name in it})


@functools.cache
def configs(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Declarations that a table takes, all of one resource: x, whose UUID is left to the collection."""
    table = TABLES[kind]
    narrow = NARROW.get(kind, {name for row in table.rows for name in row.names})
    rows = [row for row in table.rows if narrow.issuperset(row.names)]
    rows = [row for row in rows if row.names != ("name",) and row.names != ("uuid",) and row.names != ("state",)]
    states = sorted({"present"} | {want for _have, want in table.transitions} - {"absent"})
    required = {row.name: row_value(row) for row in rows if isinstance(row, Field) and row.required}
    whole = merged(
        [options(rows), st.fixed_dictionaries({**required, "name": st.just("x"), "state": st.sampled_from(states)})]
    )
    return whole.map(FITTING.get(kind, lambda config: config))


NARROW = {
    "domain": {
        *("name", "state", "autostart", "title", "description", "memory", "current_memory", "vcpus", "current_vcpus"),
        *("machine", "boot", "events", "features", "interfaces", "inputs", "rngs", "on_poweroff", "on_crash", "pm"),
    }
}
"""Of a table too wide to try in every mixture, the options that are mixed; exhaustive.py tries each."""


def fitting_network(config: dict[str, Any]) -> dict[str, Any]:
    """A network that keeps the rules between its options: addresses in their subnets, one way out."""
    ips = [entry for entry in config.get("ips") or [] if entry.get("address")]
    config = {**config, "ips": list({entry["address"]: {**entry, "dhcp": None} for entry in ips}.values())}
    for entry in config["ips"]:
        if entry["address"] == "10.0.0.1/24":
            entry["dhcp"] = {"ranges": [{"start": "10.0.0.50", "end": "10.0.0.60"}], "hosts": [{"ip": "10.0.0.7"}]}
    forward = config.get("forward") or {}
    if forward.get("mode") == "bridge":
        config.pop("ips")
    if forward.get("interfaces"):
        config.pop("bridge", None)
    elif forward.get("mode") == "bridge":
        config["bridge"] = config.get("bridge") or "br9"
    return config


def fitting_domain(config: dict[str, Any]) -> dict[str, Any]:
    """A guest that keeps the rules between its options: memory in use, and settings of features that are on."""
    config = dict(config)
    used = config.get("current_memory")
    if used is not None and int(used[:-3]) > int(config["memory"][:-3]):
        config["current_memory"] = config["memory"]
    for family in ("hyperv", "kvm", "xen"):
        for feature in ((config.get("features") or {}).get(family) or {}).values():
            if isinstance(feature, dict) and feature.keys() - {"state"}:
                feature["state"] = True
    return config


FITTING = {"domain": fitting_domain, "network": fitting_network}
