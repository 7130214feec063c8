# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New guests that begin as another guest of the host is (``clone_of``): what they get of it, and what is refused.

A clone is a new guest like any other: it is completed with what the other one has, and then planned as if all that had
been declared. A guest that is there is no clone any more, so nothing of this is done twice.
"""

from __future__ import annotations

import copy
import dataclasses
import os
import typing as t

from ..._engine.adopt import adopt
from ..._engine.close_names import near
from ..._engine.observed import Observed
from ..._engine.plan import Plan
from ..._engine.rows.model import Item
from ..._engine.step import Step, StepPlace
from ..._errors import Invalid, VirtfleetError
from ..._flow.kind import Have, Wants
from ..._host.files import backing
from ..._libvirt.objects import Connection
from ..._printing import label, printable, spelled_out
from ..._shell_words import ShellWord
from ..._storage.forecast import Forecast
from ..._storage.new_volumes import Making
from ..._storage.storage_observe import ObservedPool, source_place
from ..shared.lacking import Site
from .clone_disks import disks_of, says_itself
from .clone_new import from_declared
from .clone_originals import CHECK, MODE, NOT_YET, OPTION, SETTLE, STOP, Original, as_known
from .clone_parts import own_parts
from .cloud_init.seeds import is_here
from .disks.guest_disks import Needed
from .disks.outside_disks import guests_on_host
from .disks.shared_disks import own_disks, rivals
from .observe import domains
from .saved_states import is_saved
from .table import DOMAIN

IN_COMMON = (
    "is a copy of what guest {0} has on its disks, also of its /etc/machine-id, by which DHCP servers may know it, and"
    " of its SSH host keys: docs/clones.md says how to give it its own"
)

NO_SEED = "guest {0} has a seed of cloud-init, which its clones do not get: give this one cloud_init"


LEFTOVER = (
    "disks[{0}]: {1} is there already, and is no copy of what guest {2} has: delete it if nobody needs it (state:"
    " absent of the module virtfleet.kvm.volumes), or name another volume for the disk"
)


class Clones:
    """The clones of one call.

    :param connection: None for a host without libvirt
    :param pools: asks for the pools of the host
    :param wrong: clones that are refused already, each with the reason
    :ivar refused: why guests cannot be made, by name
    :ivar warnings: what is to be said of those that are made, by name
    :ivar originals: what they begin as, by name
    :ivar begin_as: the names of their originals, by name
    :ivar new: guests that are not there, by name
    :ivar unseen: in check mode, clones of what an earlier task would make, as they are declared, by name
    :ivar copied: the places of their disks that are made from those of the original, by name
    """

    def __init__(
        self,
        connection: Connection,
        forecast: Forecast,
        pools: t.Callable[[], t.Mapping[str, ObservedPool]],
        wrong: t.Mapping[str, str],
    ) -> None:
        self.connection, self.forecast, self.pools, self.wrong = connection, forecast, pools, wrong
        self.refused: dict[str, str] = {}
        self.warnings: dict[str, list[str]] = {}
        self.originals: dict[str, Original] = {}
        self.copied: dict[str, set[int]] = {}
        self.begin_as: dict[str, str] = {}
        self.new: dict[str, Item] = {}
        self.unseen: dict[str, Item] = {}

    def complete(self, wants: Wants, have: Have) -> list[Item]:
        """Guests, each new clone with what it gets of its original. Of one that is refused, the least that is planned.

        :param have: the guests that are there
        """
        wants = [with_disks_where_they_are(want) if want["name"] in have else want for want in wants]
        new = [want for want in wants if is_new_clone(want, have)]
        if not new:
            return wants
        self.begin_as = {str(want["name"]): str(want[OPTION]) for want in new}
        names = set(self.begin_as.values())
        there = {} if self.connection is None else domains(self.connection, names)
        states = {want["name"]: str(want["state"]) for want in wants}
        starting = {want["name"]: bool(want["autostart"]) for want in wants if want.get("autostart") is not None}
        self.new = {want["name"]: want for want in wants if want["name"] not in there and want["name"] not in have}
        return [self.completed(want, there, states, starting) if is_new_clone(want, have) else want for want in wants]

    def completed(self, want: Item, there: Have, states: t.Mapping[str, str], starting: t.Mapping[str, bool]) -> Item:
        """One new clone with what it gets of its original.

        :param there: the originals that are there
        :param states: the states that guests are declared to be in
        :param starting: whether guests are declared to start with the host
        """
        name, source = str(want["name"]), str(want[OPTION])
        least = {"name": name, "state": "present", "memory": want.get("memory") or 1024**3}
        if name in self.wrong:
            self.refused[name] = self.wrong[name]
            return least
        try:
            if self.is_made_too(source, there, states):
                return self.of_new(want, self.new[source])
            if source not in there and self.is_foreseen(source):
                self.unseen[name], self.warnings[name] = want, [NOT_YET.format(label(source))]
                return {**least, "state": want["state"]}
            self.refuse(source, there.get(source), states)
            if want.get(MODE) == "overlay":
                refuse_autostart(source, there[source], starting.get(source))
            config, sentences = self.begun(want, there[source])
        except VirtfleetError as error:
            where = "" if isinstance(error, Invalid) and error.where else f"{OPTION}: "
            self.refused[name] = f"{where}{error}"
            return least
        self.originals[name] = Original(
            source, str(there[source].definition.findtext("uuid")), self.files(there[source])
        )
        self.warnings[name] = sentences
        return config

    def is_made_too(self, source: str, there: Have, states: t.Mapping[str, str]) -> bool:
        """Whether an original is made in the same run, is to stay off, and is no clone itself."""
        declared = self.new.get(source)
        is_off = states.get(source) in ("present", "stopped")
        return declared is not None and source not in there and is_off and declared.get(OPTION) is None

    def is_foreseen(self, source: str) -> bool:
        """Whether an earlier task of the run would make an original. Raises VirtfleetError where it would run then."""
        foreseen = self.forecast.guests.get(source)
        if foreseen is None or foreseen.gone or foreseen.uuid is not None:
            return False
        if foreseen.runs:
            raise VirtfleetError(f"guest {label(source)} runs: {STOP.format(ShellWord(source))}")
        return True

    def of_new(self, want: Item, original: Item) -> Item:
        """A clone of a guest that is made in the same run. Raises VirtfleetError where it cannot be."""
        name = str(want["name"])
        item, disks, sentences = from_declared(want, original)
        whole = with_original(want, disks, item)
        if original.get("cloud_init") and not want.get("cloud_init"):
            sentences.append(NO_SEED.format(label(str(original["name"]))))
        self.copied[name] = copied(want.get("disks"), disks)
        self.warnings[name] = sentences
        return whole

    def refuse(self, name: str, there: Observed | None, states: t.Mapping[str, str]) -> None:
        """Raise VirtfleetError where a guest cannot be copied: it is not there, or it runs, or is to."""
        foreseen = self.forecast.guests.get(name)
        if there is None or (foreseen is not None and foreseen.gone):
            raise VirtfleetError(self.unknown(name, states))
        stop = STOP.format(ShellWord(name))
        if there.state != "stopped":
            raise VirtfleetError(f"guest {label(name)} {'is paused' if there.state == 'paused' else 'runs'}: {stop}")
        if is_saved(self.connection.lookupByName(name)):
            raise VirtfleetError(
                f"guest {label(name)} has a saved state, without which its disks are as after a power cut: start it,"
                " and shut it down"
            )
        if states.get(name) in ("running", "paused"):
            raise VirtfleetError(
                f"guest {label(name)} is to start in the same run: declare it as stopped until this one is made"
            )
        if states.get(name) == "absent":
            raise VirtfleetError(f"guest {label(name)} is to be absent in the same run: keep it until this one is made")

    def unknown(self, name: str, states: t.Mapping[str, str]) -> str:
        """What to say of an original that is not there."""
        ring = self.ring(name)
        if ring:
            shown = ", ".join(map(label, ring))
            return f"the guests {shown} begin as each other, so none can be the first: take {OPTION} from one of them"
        if states.get(name, "absent") != "absent":
            why = "is itself a clone" if name in self.begin_as else "is to start"
            return (
                f"guest {label(name)} is made in the same run, and {why}, so there is nothing to copy yet: run again"
                " without this one, stop it, and then add this one"
            )
        known = [] if self.connection is None else [found.name() for found in self.connection.listAllDomains(0)]
        like = near(name, known)
        hint = f"; did you mean {printable(like[0])}?" if like else f"; it has {', '.join(sorted(known)) or 'none'}"
        return f"the host has no guest {printable(name)}{hint}"

    def ring(self, name: str) -> list[str]:
        """The guests that begin as each other, from one of them on; none where it is in no such ring."""
        found = [name]
        while found[-1] in self.begin_as:
            found.append(self.begin_as[found[-1]])
            if found[-1] in found[:-1]:
                return found[:-1] if found[-1] == name else []
        return []

    def begun(self, want: Item, there: Observed) -> tuple[Item, list[str]]:
        """A new guest with what it has of its original, and what is to be said of that. Raises VirtfleetError."""
        source = str(want[OPTION])
        found = adopt(DOMAIN, there.definition, secrets=True)
        sentences: list[str] = []
        if found.uncovered:
            sentences.append(
                f"has nothing of what no option tells of guest {label(source)}: {', '.join(found.uncovered)}"
            )
        whole, left = own_parts(found.config, want)
        sentences += [f"{one} of guest {label(source)} {why}" for one, why in left.items()]
        item, problems = DOMAIN.parse_item({**whole, "name": want["name"]})
        if problems:
            shown = "; ".join(map(str, problems))
            raise VirtfleetError(f"guest {label(source)} cannot be declared as it is: {shown}")
        unfit = self.unfit(source, there, want.get(MODE) == "overlay")
        disks, seed = disks_of(want, item.pop("disks", None) or [], there, self.pools(), unfit)
        self.copied[str(want["name"])] = copied(want.get("disks"), disks)
        sentences[:0] = [IN_COMMON.format(label(source))] if self.copied[str(want["name"])] else []
        if seed and not want.get("cloud_init"):
            sentences.append(NO_SEED.format(label(source)))
        return with_original(want, disks, item), sentences

    def unfit(self, name: str, there: Observed, over: bool) -> dict[str, str]:
        """What disks of an original are on that cannot be copied now, each with the reason.

        The file is gone, or laid over another one, also where its pool does not know it yet, as after an external
        snapshot; or another guest runs with it.

        :param over: whether the clone is to be laid over it
        """
        site = Site(self.connection, self.forecast)
        others = guests_on_host(site, {name})
        nodes = there.definition.findall("devices/disk")
        found: dict[str, str] = {}
        for index, path, sign in own_disks(site, there.definition):
            place = source_place(nodes[index].find("source"))
            if place is None:
                continue
            if is_here(self.connection) and path.startswith("/") and not os.path.exists(path):
                found[place] = f"is on {spelled_out(path)}, which is not there: put it back"
            driver = nodes[index].find("driver[@type='qcow2']")
            if not over and is_here(self.connection) and driver is not None and backing(path) is not None:
                found[place] = (
                    f"is on {spelled_out(path)}, which is not whole: it is laid over another file: write"
                    f" {MODE}: overlay, make it whole with qemu-img convert"
                )
            for user in [label(other.name) for other in others if not other.live.isdisjoint(rivals(sign))][:1]:
                found[place] = f"is also a disk of guest {user}, which runs with it: stop {user} first"
        return found

    def files(self, there: Observed) -> tuple[str, ...]:
        """The files that the disks of an original are on, as far as they can be looked at."""
        if not is_here(self.connection):
            return ()
        site = Site(self.connection, self.forecast)
        return tuple(path for _index, path, _sign in own_disks(site, there.definition) if os.path.isfile(path))

    def mark(self, resolved: t.Iterable[tuple[Item, list[Needed]]]) -> list[tuple[Item, list[Needed]]]:
        """Guests with the volumes that they need, of which those are marked that are made from the original's."""
        return [
            (want, [dataclasses.replace(need, copied=self.is_copy(str(want["name"]), need)) for need in needed])
            for want, needed in resolved
        ]

    def is_copy(self, name: str, need: Needed) -> bool:
        """Whether a volume of a guest is made from one of the original."""
        return need.index in self.copied.get(name, ()) and not need.kept and "seed" not in need.item

    def refuse_leftovers(
        self,
        plans: t.Iterable[Plan],
        resolved: t.Iterable[tuple[Item, t.Sequence[Needed]]],
        volumes: t.Container[str],
        listed: t.Container[str],
    ) -> None:
        """Refuse clones where a volume, or a file, is at the place of a disk: it would be no copy of the original's.

        :param resolved: the guests with the volumes that their disks need, in the order of the plans
        :param volumes: those of the volumes that are there
        :param listed: the same with those that a killed run left half-made, which are made anew
        """
        here = is_here(self.connection)
        for entry, (_want, needed) in zip(plans, resolved, strict=True):
            for need in needed if entry.name in self.begin_as and entry.obstacle is None else ():
                if not need.copied:
                    continue
                pool = self.pools().get(need.item["pool"])
                file = "" if pool is None or not pool.target else os.path.join(pool.target, need.item["name"])
                unlisted = here and need.key not in listed and bool(file) and os.path.lexists(file)
                if need.key in volumes or unlisted:
                    what = f"the file {spelled_out(file)}" if unlisted else f"the volume {need.key}"
                    entry.obstacle = LEFTOVER.format(need.index, what, label(self.begin_as[entry.name]))
                    break

    def tell(self, plans: t.Iterable[Plan]) -> None:
        """Put into the plans what is to be said, and the looks at the original."""
        for entry in plans:
            if entry.name in self.refused:
                entry.obstacle = self.refused[entry.name]
                continue
            if entry.name in self.begin_as and entry.steps:
                entry.warnings += self.warnings[entry.name]
            if entry.name in self.unseen:
                entry.changes[:] = [as_known(self.unseen[entry.name], change) for change in entry.changes]
            if entry.name in self.originals and entry.steps:
                copies = [
                    step.value.key for step in entry.steps if isinstance(step.value, Making) and step.value.copied
                ]
                # Before the disks are copied, and once they are: what is defined is whole.
                for place in (StepPlace.FORGET, StepPlace.NEEDED):
                    entry.steps.add(place, Step(CHECK, self.originals[entry.name]))
                if copies:
                    entry.steps.add(StepPlace.LIVE, Step(SETTLE, copies))


def refuse_autostart(name: str, there: Observed, declared: bool | None) -> None:
    """Raise VirtfleetError where an original that must never start again is to start with the host."""
    if there.properties.get("autostart") if declared is None else declared:
        raise VirtfleetError(
            f"guest {label(name)} starts with the host, and must never start again once disks are laid over its own:"
            f" write autostart: false for it (virsh autostart --disable {ShellWord(name):sh}), or {MODE}: copy"
        )


def copied(declared: t.Sequence[Item] | None, disks: t.Sequence[Item]) -> set[int]:
    """The places of the disks of a clone that are made from those of its original.

    :param declared: the disks that are declared of it
    """
    return {
        place
        for place, disk in enumerate(disks)
        if (disk.get("image") is not None or disk.get("backing") is not None)
        and (declared is None or not says_itself(declared[place]))
    }


def refuse_cells(want: Item, original: Item) -> None:
    """Raise Invalid for another amount of memory or CPUs than NUMA cells of the original share among them."""
    cells = (original.get("cpu") or {}).get("numa") or {}
    declared = (want.get("cpu") or {}).get("numa") if "cpu" in want else None
    for amount in ("memory", "vcpus") if cells.get("cells") and declared is None else ():
        if want.get(amount) not in (None, original.get(amount)):
            raise Invalid(amount, "that of the original is shared out among its NUMA cells: declare cpu.numa, too")


def with_disks_where_they_are(want: Item) -> Item:
    """A guest that was cloned, with its disks where they are: the pool of a disk says where a copy is made."""
    if want.get(OPTION) is None or not any(is_copied(disk) for disk in want.get("disks") or ()):
        return want
    bare = [
        {name: value for name, value in disk.items() if name != "pool"} if is_copied(disk) else disk
        for disk in want["disks"]
    ]
    return {**want, "disks": bare}


def is_copied(disk: Item) -> bool:
    """Whether only a clone has what a disk is on, which says where that is to be made."""
    return disk.get("pool") is not None and disk.get("size") is None and not says_itself(disk)


def is_new_clone(want: Item, have: Have) -> bool:
    """Whether a guest is to be made as another one is."""
    return want.get(OPTION) is not None and want["state"] != "absent" and want["name"] not in have


def with_original(want: Item, disks: t.Sequence[Item], original: Item) -> Item:
    """A clone with its disks, and what it has of its original. Raises VirtfleetError for what no guest can be."""
    refuse_cells(want, original)
    whole = laid_under({**want, "disks": disks}, original)
    wrong = [problem for rule in DOMAIN.rules for problem in rule(whole)]
    if wrong:
        raise VirtfleetError("; ".join(map(str, wrong)))
    return whole


def laid_under(want: Item, original: Item) -> Item:
    """A guest with the options of another one that it does not have itself: dictionaries option by option."""
    whole = dict(want)
    for name, value in original.items():
        if name not in whole:
            whole[name] = copy.deepcopy(value)
        elif isinstance(whole[name], dict) and isinstance(value, dict):
            whole[name] = laid_under(whole[name], value)
    return whole
