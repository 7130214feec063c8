# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A config as a person would write it: without what a new resource gets anyway.

An option goes if the definition that a new resource gets is the same without it, and an existing resource does not
change either. What libvirt allots goes before: addresses on buses, and controllers that devices need.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from .._errors import VirtfleetError
from . import paths, xml_merge
from .observed import Observed
from .plan import plan
from .rows.fields import UNSET
from .rows.model import Host, Item, OptionValue
from .rows.parts import without_places
from .table import Table

OptionPath = tuple[t.Union[str, int], ...]  # noqa: UP007 - sanity tests import it with older Pythons
"""The way to an option in a config, such as ``("disks", 0, "target")``."""

KEPT = ("name", "state", "autostart", "uuid")
"""What a config always has: what it is, and what it is to be doing; ``autostart`` where a new one has it otherwise."""

FEW = 8
"""Up to how many options that differ only in the items of a list are tried one by one."""


def brief(table: Table, config: Item, host: Host) -> Item:
    """A config without what a new resource gets anyway; as it is where nothing can be told of a new one.

    :param config: the options as an info module tells them
    :param host: the host that a new one is thought to be made on
    """
    known = Brief(table, host)
    bare = without_places(table.rows, copied(config))
    bare = {name: value for name, value in bare.items() if name != "autostart" or value != known.autostart}
    wanted = known.definition(bare)
    if wanted is None:
        return without_the_odd_one(known, config)
    for careful in (False, True):
        short = known.shortened(bare, wanted, careful)
        if known.is_no_change(config, short):
            return short
    return config


def without_the_odd_one(known: Brief, config: Item) -> Item:
    """A config that no new resource could have because of one option, such as one whose secret is left out.

    That option stays as it is, and the others are made brief without it.
    """
    for odd in config:
        rest = {name: value for name, value in config.items() if name != odd}
        if odd not in KEPT and known.definition(without_places(known.table.rows, copied(rest))) is not None:
            short = brief(known.table, rest, known.host)
            return {name: config[name] if name == odd else short[name] for name in config if name in (odd, *short)}
    return config


class Brief:
    """What new resources of a kind get.

    :ivar autostart: whether a new one starts with the host
    """

    def __init__(self, table: Table, host: Host) -> None:
        self.table, self.host = table, host
        row = table.properties.get("autostart")
        self.autostart = None if row is None else row.default if row.new is UNSET else row.new

    def new_definition(self, config: Item) -> ET.Element | None:
        """The definition that a new resource gets; None where it would be refused."""
        try:
            items = self.table.parse([{**config, "state": self.table.initial}])
            (done,) = plan(self.table, {}, items, self.host)
        except VirtfleetError:
            return None
        text = next((str(step.value) for step in done.steps if step.action == "define"), None)
        return None if text is None else paths.document(text)

    def definition(self, config: Item) -> str | None:
        """The definition that a new resource gets as libvirt keeps it; None where it would be refused."""
        root = self.new_definition(config)
        if root is None:
            return None
        if self.table.filled is not None:
            self.table.filled(root, self.host)
        if self.table.normal is not None:
            self.table.normal(root)
        if self.table.alike is not None:
            self.table.alike(root)
        return xml_merge.canonical(ordered(root))

    def shortened(self, config: Item, wanted: str, careful: bool) -> Item:
        """The config without each option that makes no difference, from the outermost on.

        :param careful: whether it is tried for each option that the existing resource does not change
        """
        out = copied(config)
        for batch in batches(config):
            if batch[0][0] not in KEPT:
                out = Trial(self, config, wanted, careful).without(out, batch)
        return out

    def is_no_change(self, config: Item, short: Item) -> bool:
        """Whether a short config changes nothing about the resource that the long one tells of."""
        root = self.new_definition(config)
        if root is None:
            return False
        have = Observed(root, None, self.table.initial, {})
        try:
            items = self.table.parse([{**short, "state": self.table.initial}])
            (done,) = plan(self.table, {items[0]["name"]: have}, items, self.host)
        except VirtfleetError:
            return False
        return all(change.path in KEPT for change in done.changes)


class Trial:
    """Takes options out of a config where they make no difference.

    :param config: the config with all options
    :param wanted: the definition that it must lead to
    :param careful: whether the existing resource must not change either, for each option
    """

    def __init__(self, known: Brief, config: Item, wanted: str, careful: bool) -> None:
        self.known, self.config, self.wanted, self.careful = known, config, wanted, careful

    def without(self, out: Item, batch: t.Sequence[OptionPath]) -> Item:
        """A config without those of some options that make no difference.

        It is tried for all at once, as devices are mostly alike; then for each, or for halves where there are many.
        """
        batch = [path for path in batch if can_go(out, path)]
        if not batch:
            return out
        tried = copied(out)
        for path in batch:
            remove(tried, path)
        if self.is_same(tried):
            return tried
        if len(batch) == 1:
            return out
        if len(batch) > FEW and isinstance(batch[0][1], int):
            batch = [path for path in batch if not self.is_needed_alone(out, path)]
        size = len(batch) // 2 if len(batch) > FEW else 1
        for start in range(0, len(batch), size):
            out = self.without(out, batch[start : start + size])
        return out

    def is_same(self, tried: Item) -> bool:
        """Whether a config leads to the same definition, and changes nothing about the existing resource."""
        same = self.known.definition(tried) == self.wanted
        return same and (not self.careful or self.known.is_no_change(self.config, tried))

    def is_needed_alone(self, out: Item, path: OptionPath) -> bool:
        """Whether an item of a list would be another one without an option if it were the only device.

        This costs the same however many there are.
        """
        name, place, *rest = path
        alone = {one: value for one, value in out.items() if not isinstance(value, list)}
        alone[str(name)] = [out[str(name)][place]]
        tried = copied(alone)
        remove(tried, (name, 0, *rest))
        wanted = self.known.definition(alone)
        return wanted is not None and self.known.definition(tried) != wanted


def copied(value: object) -> OptionValue:
    """A copy of dictionaries and lists as plain ones.

    Those that Ansible gives to filters hold all variables of the fleet, which copy.deepcopy copies with each of them.
    """
    if isinstance(value, dict):
        return {name: copied(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [copied(inner) for inner in value]
    return value


def batches(config: Item) -> list[list[OptionPath]]:
    """The ways to all options of a config, with those together that differ only in the items of a list."""
    found: dict[tuple[str, ...], list[OptionPath]] = {}
    for path in options(config, ()):
        found.setdefault(tuple("" if isinstance(name, int) else name for name in path), []).append(path)
    return list(found.values())


def ordered(root: ET.Element) -> ET.Element:
    """A definition with elements of one name together: only their order among each other says anything."""
    for node in root.iter():
        node[:] = sorted(node, key=lambda child: child.tag)
    return root


def options(value: object, where: OptionPath) -> t.Iterator[OptionPath]:
    """The ways to all options of a config, those around others first. Items of lists are none."""
    inner: t.Iterable[tuple[t.Union[str, int], object]] = ()  # noqa: UP007 - as above
    if isinstance(value, dict):
        # What takes several lines goes first: of two ways to say the same the shorter one stays.
        inner = sorted(value.items(), key=lambda item: not isinstance(item[1], (dict, list)))
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        inner = enumerate(value)
    for name, one in inner:
        if isinstance(name, str):
            yield (*where, name)
        yield from options(one, (*where, name))


def holds(config: OptionValue, path: OptionPath) -> bool:
    """Whether a config has the option at the end of a way."""
    for name in path:
        if isinstance(config, dict) and name not in config:
            return False
        config = config[name]  # Items of lists are never taken out.
    return True


def can_go(config: OptionValue, path: OptionPath) -> bool:
    """Whether an option is there and may go.

    An item of a list keeps its last option: an empty one would puzzle the reader.
    """
    if not holds(config, path):
        return False
    around = [config]
    for name in path[:-1]:
        around.append(around[-1][name])
    for place in range(len(around) - 1, 0, -1):
        if len(around[place]) > 1:
            return True
        if not isinstance(path[place - 1], str):
            return False
    return True


def remove(config: OptionValue, path: OptionPath) -> None:
    """Take an option out of a config, and what is then empty around it."""
    around = [config]
    for name in path[:-1]:
        around.append(around[-1][name])
    del around[-1][path[-1]]
    for place in range(len(around) - 1, 0, -1):
        if around[place]:
            break
        del around[place - 1][path[place - 1]]
