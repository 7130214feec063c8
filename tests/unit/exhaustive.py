# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations made from a table itself, which together use every option of it, none with its default.

They are for the way to XML and back; libvirt would refuse most of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import converters
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import (
    Documents,
    Field,
    Fragment,
    Group,
    Map,
    Property,
    Struct,
    Values,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.create_only import Apart
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.variant import Variant
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init import values

Item = dict[str, Any]


class Maker:
    """Makes values, each another than all before."""

    def __init__(self) -> None:
        self.numbers = itertools.count(2)

    def value(self, converter: converters.Converter, default: Any = None) -> Any:
        """A value that a converter takes and that is not the default."""
        number = next(self.numbers)
        if isinstance(converter, converters.Boolean):
            return default is not True
        if isinstance(converter, converters.Choice):
            return next(word for word in reversed(converter.words) if word != default)
        if isinstance(converter, converters.Identifier):
            return f"0x{number % 65536:0{converter.width}x}"
        if isinstance(converter, converters.Power):
            return 1 << number % 12
        if isinstance(converter, converters.Integer):
            least, most = converter.minimum or 0, converter.maximum or 2**31
            return next(value for value in (least + number % (most - least), most) if value != default)
        if isinstance(converter, converters.Size):
            return f"{number}MiB"
        if isinstance(converter, values.Data):
            return self.data(converter, number)
        for kind, made in (
            (values.HostName, f"host{number}"),
            (values.CryptHash, f"$6$salt$hash{number}"),
            (values.Permissions, f"0{number % 8}00"),
            (converters.CpuSet, f"{number}-{number + 2}"),
            (converters.Mac, f"52:54:00:00:{number // 256:02x}:{number % 256:02x}"),
            (converters.Uuid, f"0d9ae0a1-3f0c-4d53-9b3f-{number:012x}"),
            (converters.Address, f"10.8.{number // 256}.{number % 256}"),
            (converters.Interface, f"10.{number % 256}.0.1/24"),
            (converters.AbsolutePath, f"/a/{number}"),
            (converters.Device, f"eth{number}"),
            (converters.Moment, f"2030-01-02T{number // 60 % 24:02}:{number % 60:02}:00"),
            (converters.Converter, f"text{number}"),
        ):
            if isinstance(converter, kind):
                return made
        raise NotImplementedError(f"teach exhaustive.py the converter {converter!r}")

    def data(self, converter: values.Data, number: int) -> Any:
        """Data of others."""
        if isinstance(converter, values.NetworkData):
            return {"version": 2, "ethernets": {f"eth{number}": {"dhcp4": True}}}
        if isinstance(converter, values.Sudo):
            return f"ALL=(user{number}) ALL"
        return {f"name{number}": f"text{number}"} if "dict" in converter.kinds else [f"text{number}"]

    def row(self, row: Any) -> list[Item]:
        """What a user may write for one row, as so many alternatives as it takes to use all of it."""
        if isinstance(row, (Apart, Fragment)):
            return [{}]
        if isinstance(row, Variant):
            return list(self.kinds(row))
        if isinstance(row, Field):
            return [{row.name: self.value(row.type, row.default)}]
        if isinstance(row, Values):
            return [{row.name: [self.value(row.type), self.value(row.type)]}]
        if isinstance(row, Map):
            names = row.names_of or (str(next(self.numbers)), str(next(self.numbers)))
            return [{row.name: {name: self.value(row.type) for name in names}}]
        if isinstance(row, Documents):
            return [{row.name: ["<a:b xmlns:a='urn:a'><a:c/></a:b>", "<d xmlns='urn:d' e='1'>f</d>"]}]
        if isinstance(row, Struct):
            return [{row.name: inner} for inner in self.rows(row.fields)]
        if isinstance(row, Group):
            keys = {name for key in row.keys for name in ([key] if isinstance(key, str) else key)}
            return [{row.name: self.rows(row.fields, keys)}]
        raise NotImplementedError(f"teach exhaustive.py the row {row!r}")

    def kinds(self, row: Variant) -> Iterator[Item]:
        """Every kind, with all that goes with it."""
        for tag, rows in row.cases.items():
            said = row.type is not None and tag not in row.choosers and tag != row.type.default
            told = {row.type.name: tag} if row.type is not None and said else {}
            for options in self.rows(rows):
                yield {**told, **options}

    def rows(self, rows: Any, keys: Any = ()) -> list[Item]:
        """What a user may write for several rows, of which all have the keys."""
        parts = [(row, self.row(row)) for row in rows]
        many = max((len(part) for _row, part in parts), default=1)
        made: list[Item] = [{} for _index in range(many)]
        for row, part in parts:
            # What has been used whole is left out of the rest, but for what none can do without.
            always = isinstance(row, Variant) or row.required
            always = always or bool(set(row.names) & {key.partition(".")[0] for key in keys})
            for index in range(many if always else len(part)):
                made[index].update(part[index % len(part)])
        return made


def exhaustive(table: Table) -> list[Item]:
    """Declarations that together use every option of a table but those no definition holds."""
    rows = [row for row in table.rows if not isinstance(row, Property) and row.names != ("name",)]
    made = Maker().rows(rows)
    for item in made:
        if "current_memory" in item:
            item["memory"], item["current_memory"] = item["current_memory"], item["memory"]  # The first is the lesser.
        if "boot" in item:
            item["boot"] = item["boot"][:1]
    return [{"name": f"made{index}", "state": "present", **item} for index, item in enumerate(made)]


def told_apart(rows: Any) -> Iterator[str]:
    """The dotted paths of options that no definition holds."""
    for row in rows:
        inner = row.rows
        if isinstance(row, (Apart, Fragment)):
            yield row.name
        prefix = f"{row.name}." if row.name and inner else ""
        for path in told_apart(inner):
            yield prefix + path
