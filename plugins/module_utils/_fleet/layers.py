# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests have in common: defaults of the fleet, of a group and of a host, and profiles. Laid under each guest.

Dictionaries are merged option by option, at every depth; all else, lists too, is replaced. The guest's own options
come first, then those of its profile, then those of the defaults.
"""

from __future__ import annotations

import re
import typing as t

from .._engine.rows.model import Item
from .._engine.rows.row_index import join
from .._engine.rows.short_forms import written_out
from .._engine.table import nested
from .._errors import Invalid
from .._kinds.domain import short_image
from .._kinds.domain.table import DOMAIN
from .._printing import named, unforeseen
from . import snapshots

DEFAULTS = ("kvm_guest_defaults", "kvm_guest_defaults_group", "kvm_guest_defaults_host")
"""The variables with the options of all guests: a later one goes before an earlier one."""

PROFILES = "kvm_guest_profiles"
"""The variable with the options of some guests, by the names of the profiles."""

PROFILE = "profile"
"""The option of a guest that names its profile."""

SWITCH = "defaults"
"""The option of a guest that keeps the defaults off it."""

CLONE = "clone_of"
"""The option of a guest that names the one that it begins as."""

OF_CLONES = ("state", "autostart", "wait_for", "wait_timeout", "cloud_init", snapshots.OPTION)
"""Options of the defaults that a clone gets, too: they say nothing of its definition and its disks."""

OF_ONE = "belongs to one guest, so it cannot stand here"
"""What to say of most of the options that guests cannot have in common."""

OWN = {
    **dict.fromkeys(("name", "host", "uuid"), OF_ONE),
    PROFILE: "a guest names its profile itself; it cannot stand here",
    SWITCH: "a guest says by itself whether it takes the defaults; it cannot stand here",
}
"""Options of a guest that guests cannot have in common, and what to say of each."""


class Layer:
    """Options that guests have in common.

    :param source: where they stand, as in ``kvm_guest_defaults`` or ``profile web``
    :ivar options: the options, with short forms written out
    :ivar problems: what is wrong with them by themselves
    """

    def __init__(self, source: str, options: Item) -> None:
        self.source = source
        self.problems = layer_problems(options, source)
        self.options = {} if nested(options) else without_ips(written_out(DOMAIN.rows, without(options, OWN)))

    def lines(self) -> list[str]:
        """What is wrong with them, a sentence each."""
        return [f"{self.source}: {problem}" for problem in self.problems]


class LayeredGuest(dict[str, object]):
    """A guest that is not all written at one place.

    :ivar sources: the layer of each option that is from one, by the option's path
    :ivar place: the file that the guest stands in; empty for a list of guests
    """

    def __init__(self, options: t.Mapping[str, object], place: str = "") -> None:
        super().__init__(options)
        self.sources: dict[str, Layer] = {}
        self.place = place

    def layer_of(self, where: str) -> Layer | None:
        """The layer that an option is from; None where the guest has it itself."""
        parts = re.split(r"(?=[.\[])", where)
        paths = ["".join(parts[:length]) for length in range(len(parts), 0, -1)]
        return next((self.sources[path] for path in paths if path in self.sources), None)

    def says(self, problem: Invalid, placed: bool = False) -> str | None:
        """What is wrong with an option, with the place that it is from; None where it was said of the layer itself.

        :param placed: whether the guest is called by its place already
        """
        layer = self.layer_of(problem.where)
        if layer is not None:
            is_known = any(problem.where == one.where and problem.problem == one.problem for one in layer.problems)
            return None if is_known else f"{problem} (from {layer.source})"
        other = self.layer_of("disks") if problem.where == short_image.OPTION else None
        if other is not None:  # The two do not go together.
            return f"{problem} (disks from {other.source})"
        return f"{problem} (in {self.place})" if self.place and not placed else str(problem)


def layer_problems(options: Item, source: str = "") -> list[Invalid]:
    """What is wrong with options that guests have in common, whatever guest they are for.

    :param source: where they stand
    """
    if nested(options):
        return [Invalid("", "has options nested too deep")]
    problems = [Invalid(name, reason) for name, reason in OWN.items() if name in options]
    if source in DEFAULTS and options.get(CLONE) is not None:
        problems.append(Invalid(CLONE, "a guest or its profile says what it begins as; it cannot stand here"))
    written = written_out(DOMAIN.rows, without(options, OWN))
    problems += [Invalid(where, OF_ONE) for where in reserved(written)]
    problems += short_image.fits(written)
    problems += snapshots.snapshot_problems(written)
    try:
        DOMAIN.parse_body(without(without_ips(written), (snapshots.OPTION,)), problems)
    except Exception as error:  # One bad value must not hide what else is wrong.
        problems.append(Invalid("", unforeseen(error)))
    return problems


def reserved(options: Item) -> list[str]:
    """The paths of the addresses that are reserved for a guest: ``ip`` of interfaces, which no two guests can have."""
    found = options.get("interfaces")
    cards = found if isinstance(found, (list, tuple)) else ()
    return [f"interfaces[{place}].ip" for place, card in enumerate(cards) if isinstance(card, dict) and "ip" in card]


def without_ips(options: Item) -> Item:
    """The options without the addresses that are reserved for a guest."""
    if not reserved(options):
        return options
    cards = [without(card, ("ip",)) if isinstance(card, dict) else card for card in options["interfaces"]]
    return {**options, "interfaces": cards}


def without(item: Item, names: t.Container[str]) -> Item:
    """The options but for some."""
    return {name: value for name, value in item.items() if name not in names}


def merged(guest: Item, layers: t.Sequence[Layer], place: str = "") -> Item:
    """A guest with the options of layers that it has not itself.

    Its own options come first, so that two guests are quickly told apart.

    :param layers: the weakest first
    :param place: the file that the guest stands in
    """
    own = without(guest, (PROFILE, SWITCH))
    if nested(own) or not (layers or place):
        return own
    found = LayeredGuest(written_out(DOMAIN.rows, own) if layers else own, place)
    for layer in reversed(layers):
        whole = layer.source not in DEFAULTS or found.get(CLONE) is None
        fill(found, layer.options if whole else for_clone(layer.options), layer, "", found.sources)
    settle_image(found, layers)
    return found


def for_clone(options: Item) -> Item:
    """Of defaults, those that a clone gets: its definition and its disks are those of the guest that it begins as."""
    return {name: value for name, value in options.items() if name in OF_CLONES}


def settle_image(guest: LayeredGuest, layers: t.Sequence[Layer]) -> None:
    """Have the stronger one of a guest's image and its disks count, where they are from different places."""
    if short_image.OPTION not in guest or "disks" not in guest:
        return
    sources = [guest.sources.get(name) for name in (short_image.OPTION, "disks")]
    image, disks = (len(layers) if source is None else layers.index(source) for source in sources)
    if image != disks:
        found = dict(short_image.settled(guest, image > disks))
        guest.clear()
        guest.update(found)


def fill(into: Item, options: Item, layer: Layer, where: str, sources: dict[str, Layer]) -> None:
    """Add options that are not there.

    :param where: the path of the dictionary that they belong into
    :param sources: gets the layer of each option that is added
    """
    for name, value in options.items():
        here = join(where, named(name))
        if name not in into:
            into[name] = value
            sources[here] = layer
        elif isinstance(into[name], dict) and isinstance(value, dict):
            into[name] = dict(into[name])  # It may be another layer's.
            fill(into[name], value, layer, here, sources)
