# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan secrets: the definition as all others, and the value beside it."""

from __future__ import annotations

import collections
import typing as t

from ..._engine import paths
from ..._engine import plan as engine
from ..._engine.observed import Observed
from ..._engine.plan import Plan
from ..._engine.rows.model import Change, Host, Item
from ..._engine.step import Step, StepPlace
from ..._flow.kind import Have, Wants
from ..._flow.options import Options
from ..._flow.undo import planned_uuid
from ..._libvirt.objects import Connection, Secret
from ..._printing import SECRET as HIDDEN
from ..._printing import label
from ..._shell_words import ShellWord
from ..shared.renames import refuse_same, way_out_of_rename
from . import digests
from .needed_values import refuse_lost
from .observe import DEFINITION, Named, all_named
from .table import SECRET, name_fits_usage
from .users import refuse_used
from .values import value_of


def plan_secrets(connection: Connection, have: Have, wants: Wants, host: Host, options: Options) -> list[Plan]:
    """Plan secrets. Who uses them is only asked where one is to go."""
    found = [] if connection is None else all_named(connection)
    there = {one.name(): one for one in found}
    twins = {name for name, count in collections.Counter(one.name() for one in found).items() if count > 1}
    known = [want for want in wants if want["name"] not in twins]
    planned = iter(engine.plan(SECRET, have, known, host, options.on_restart_needed))
    plans = [twin(want["name"]) if want["name"] in twins else next(planned) for want in wants]
    uri = "" if connection is None else str(connection.getURI())
    for entry, want in zip(plans, wants, strict=True):
        if entry.problem is None:
            plan_value(uri, entry, want, have, there)
            refuse_opened(entry)
            refuse_misnamed(entry, have)
    if connection is not None:
        refuse_used(connection, plans, there, options)
        refuse_lost(connection, plans, there, options)
        refuse_same(DEFINITION, plans, have)
        refuse_known(plans, have, connection.listAllSecrets(0), options.forecast.gone("secret"))
    return plans


def plan_value(uri: str, entry: Plan, want: Item, have: Have, there: t.Mapping[str, Named]) -> None:
    """Plan the value of a secret that is declared with one.

    :param uri: the connection's
    :param there: the secrets of the host by name
    """
    wanted = value_of(want)
    known = have.get(entry.name)
    if want["state"] == "absent" or (wanted is None and known is not None):
        return
    if wanted is None:
        entry.warnings.append("is defined without a value, and of no use until it has one")
        return
    before = digests.private(known.definition) if known is not None else False
    after = bool(want["private"]) if "private" in want else before
    if known is None or not digests.is_set(uri, there[entry.name], before, wanted):
        is_there = known is not None and digests.has_value(uri, there[entry.name]) is not False
        entry.changes.append(Change("value", HIDDEN if is_there else None, HIDDEN))
        entry.steps.add(StepPlace.BESIDE, Step("set_value", wanted))
    elif after and known is not None and ephemeral(entry, want, known):
        entry.warnings.append(
            "is private and ephemeral, so nobody can tell which value it has: one that somebody else set would stay"
        )
    elif after and any(change.path in ("private", "ephemeral") for change in entry.changes):
        entry.steps.add(StepPlace.AFTER, Step("note_value", wanted))


def refuse_misnamed(entry: Plan, have: Have) -> None:
    """Refuse to change a secret whose name libvirt only took because nobody asked for its schema."""
    text = next((step.value for step in entry.steps if step.action == "define"), None)
    if text is not None and entry.name in have:
        usage = paths.document(text).find("usage")
        problem = next(
            name_fits_usage({"name": entry.name, "usage": None if usage is None else usage.get("type")}), None
        )
        if problem is not None:
            entry.refuse(
                f"{problem}: libvirt changes nothing of such a one; remove it, and declare one with another name"
            )


def ephemeral(entry: Plan, want: Item, known: Observed) -> bool:
    """Whether a secret that stays as it is is kept in memory only."""
    if any(change.path in ("private", "ephemeral") for change in entry.changes):
        return False
    return bool(want["ephemeral"]) if "ephemeral" in want else known.definition.get("ephemeral") == "yes"


def refuse_opened(entry: Plan) -> None:
    """Refuse what libvirt does not take back: that a secret is private, or was on disk.

    It refuses the first (virSecretObjListAdd). Of one that becomes ephemeral it leaves the definition on disk, which
    is there again once the daemon has started anew, without a value (secretDefineXML in its secret_driver.c).
    """
    if any(change.path == "ephemeral" and change.after for change in entry.changes):
        entry.refuse(
            "ephemeral: libvirt leaves the definition of this secret on disk, so it comes back without a value once the"
            " daemon starts anew; remove the secret first and declare it anew, or leave this out"
        )
    if any(change.path == "private" and change.before for change in entry.changes):
        entry.refuse(
            "private: libvirt does not take it back; leave it out, or remove the secret first and declare it anew"
        )


def twin(name: str) -> Plan:
    """The plan of what cannot be told apart: two secrets of one name, with different usages."""
    entry = Plan("secret", name)
    entry.refuse(
        "name: the host has several secrets of this name, for different usages, of which none is touched: give each a"
        " name of its own"
    )
    return entry


NAMELESS = (
    "define: its UUID is that of a secret without a usage, which somebody made by hand: give {0} another uuid, or"
    " remove that one (virsh secret-undefine {1:sh})"
)


def refuse_known(plans: t.Sequence[Plan], have: Have, found: t.Iterable[Secret], gone: t.Container[str]) -> None:
    """Refuse a new secret whose UUID one of another name has, or one without a name.

    One that goes earlier in the same call gives its UUID up.

    :param found: all secrets of the host, as libvirt has them
    :param gone: names of what an earlier task of a run in check mode would have removed
    """
    uuids = {one.UUIDString().lower(): str(one.usageID() or "") for one in found}
    leaving: set[str] = set()
    for entry in plans:
        uuid = planned_uuid(entry) if entry.name not in have else None
        other = None if uuid is None else uuids.get(uuid)
        if any(step.action == "undefine" for step in entry.steps):
            leaving.add(entry.name)
        elif other == "":
            entry.refuse(NAMELESS.format(label(entry.name), ShellWord(str(uuid))))
        elif other is not None and other != entry.name and other not in gone and other not in leaving:
            entry.refuse(way_out_of_rename(DEFINITION, entry, other))
