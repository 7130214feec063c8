from __future__ import annotations

import dataclasses
import typing as t

from .._engine.rows.model import OptionValue
from .._storage.forecast import Forecast
from .images_by_control import FromControl

KindOptions = t.Any
"""The Options of a kind, for what is the same of all kinds: the functions of a kind take the class of their own."""

T = t.TypeVar("T", bound="Options")


@dataclasses.dataclass(frozen=True)
class Options:
    """What the user says about how, not what. Kinds with options of their own have a class of their own.

    :param on_restart_needed: ``defer``, ``fail`` or ``restart`` (see plan)
    :param purge: whether what the collection made goes once it is no longer declared
    :param owner: the label of what is made, and of what is purged
    :param elsewhere: names that are declared for other hosts, and are not purged here
    :param forecast: what earlier tasks of a run in check mode would have made
    :param check: whether it is check mode
    :param images: the declared images, as the user wrote them
    :param images_lock: the versions of images that a lock file has
    :param images_via: who fetches images where they do not say so
    :param brought: what the control node has found out and sent of images
    :param declared_uses: what all that is declared for the host uses, by the user in words (see shared.declared_uses)
    """

    on_restart_needed: str = "defer"
    purge: bool = False
    elsewhere: t.Collection[str] = ()
    owner: str = ""
    forecast: Forecast = dataclasses.field(default_factory=Forecast)
    check: bool = False
    images: OptionValue = ()
    images_lock: OptionValue = None
    images_via: str = "host"
    brought: FromControl = dataclasses.field(default_factory=FromControl)
    declared_uses: t.Mapping[str, t.Mapping[str, t.Sequence[str]]] = dataclasses.field(default_factory=dict)

    def for_second_look(self: T) -> T:
        """The options by which is looked at what was made: what has to wait is no failure."""
        return dataclasses.replace(self, on_restart_needed="defer")
