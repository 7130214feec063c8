# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tasks of a run in check mode would have made on a host, for the tasks that come after them.

In check mode nothing is made; yet a guest may be on a network that a task before would have made. So each declaring
module's result is noted in the temporary folder of this run of Ansible, which is gone with it, and handed to the next.
Each libvirt of a host has a file of its own, and so have the links of a host.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import typing as t

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.plugins.callback import CallbackBase
from ansible.utils.display import Display

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import ReadOnlyItem
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import (
    ASKED,
    BROUGHT,
    FORECAST,
    HOST,
    PLANS,
    PROGRESS,
    ROLE,
    URI,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.forecast_lists import list_of
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables

from ._packed_modules import PackedAction
from ._progress import DATA, watching
from ._repeated_changes import DISK_VOLUME, TOLD, note, resource_of, without_repeats

if t.TYPE_CHECKING:  # Ansible compiles each file of a collection anew in every run: what only types need is left out.
    from ansible.playbook.task import Task

    from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.report import Entry, Result
    from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item

FACTS = (
    *("type", "target", "bridge", "forward", "state", "virtualport", "portgroups", "format", "encryption"),
    "autostart",
)
"""Options of which later tasks have to know."""

PARTS = ("forward.mode", "forward.interfaces", "forward.dev", "virtualport.type")
"""What they have to know of options that change in part."""

PLANNING = "site_planning"
"""The variable that is true in the play which plans all hosts before the run."""

WOULD_CHANGE = "would_change"
"""What a result in that play has in place of ``changed``, which Ansible's recap counts: nothing was changed."""

INSTALLED = "host_installed"
"""The variable in which the role host has what became of its packages."""

Known = dict[str, dict[str, t.Any]]
"""What is foretold of a host, by kind and name: what a later task has to know of each (see forecast)."""


class DeclaringAction(PackedAction, NormalAction):
    """Run a declaring module; in check mode tell it what the tasks before it would have made."""

    def run(self, tmp: object = None, task_vars: Variables | None = None) -> Result:
        """The module's result. Where one item fails, the diff of the others is shown."""
        task_vars = task_vars or {}
        result = planned_only(self.run_module(tmp, task_vars), self._task, task_vars)
        show_diff(self._task, task_vars, result)
        return result

    def run_module(self, tmp: object, task_vars: Variables) -> dict[str, object]:
        """The module's result."""
        args = self._task.args
        for name in (BROUGHT, FORECAST, PROGRESS, ROLE):
            if name in args:
                raise AnsibleActionFail(f"{name} is no parameter of this module")
        host, uri = host_of(self._task, task_vars), str(args.get("uri", URI["uri"]["default"]))
        names = declared(self._task.action.rpartition(".")[2], args.get("config"))
        if is_of_role(self._task):
            self._task.args = {**args, ROLE: True}
        try:
            return self.run_there(host, uri, names, tmp, task_vars)
        finally:
            self._task.args = args  # The next attempt of a task with `until` begins with them.

    def run_there(
        self, host: str, uri: str, names: DeclaredItems, tmp: object, task_vars: Variables
    ) -> dict[str, object]:
        """The module's result, for one libvirt of a host; in check mode with what was foretold for it."""
        args = self._task.args
        if not self._task.check_mode:
            return self.run_for_real(place_of(host, uri), names, tmp, task_vars)
        play = planning(self._task, task_vars)
        forecast: dict[str, object] = {**foreseen(host, uri, play), **new_packages(self._task, task_vars), HOST: host}
        forecast.update({PLANS: True} if play else {})
        self._task.args = {**args, FORECAST: forecast}
        try:
            result = self.called(tmp, task_vars)
        finally:
            self._task.args = args
        guests = result.pop(FORECAST, None)
        if isinstance(result.get("changes"), list):
            failed = {name for failure in result.get("failures") or () for name in failure.values()}
            names = [(kind, name, item) for kind, name, item in names if name not in failed]
            changes, before = result["changes"], dict[str, object]()

            def noted(known: Known) -> Known:
                before.update(known.get(TOLD, {}))
                known = learn_guests(learn(settle(known, names), changes), guests)
                return note(known, [resource_of(kind, name) for kind, name, _item in names], changes)

            revise(place_of(host, uri, play), noted)
            without_repeats(result, before)
        return result

    def called(self, tmp: object, task_vars: Variables) -> Result:
        """The module's result, with what it asks the control node for on the way."""
        if self._task.async_val and by_control(self._task.args):
            raise AnsibleActionFail(
                "images that the control node sends (images_via, or via of an image) do not go with async: it has to"
                " wait for the module"
            )
        call = super().run
        result = t.cast("Result", call(tmp, task_vars))
        if ASKED not in result:
            return result
        from ._images.by_control import answered

        host = host_of(self._task, task_vars)
        return answered(self, host, result, lambda: t.cast("Result", call(tmp, task_vars)), task_vars)

    def run_for_real(self, place: str, names: DeclaredItems, tmp: object, task_vars: Variables) -> dict[str, object]:
        """The module's result. What it declares is there to be seen from now on, so it is forecast no more."""
        result: Result = {}
        args = self._task.args
        try:
            with watching(self, host_of(self._task, task_vars), task_vars) as watcher:
                self._task.args = args if watcher is None else {**args, PROGRESS: watcher.token}
                result = self.called(tmp, task_vars)
        finally:
            self._task.args = args
            if os.path.exists(place):
                done = learn({}, result.get("changes"))
                done_names = [(kind, name) for kind, entries in done.items() for name in entries]
                done_names += [("domains", name) for name in touched(result.get("changes"))]
                done_names += [(kind, name) for kind, name, _item in names]
                done_names += [(TOLD, resource_of(kind, name)) for kind, name in done_names]
                revise(place, lambda old: forget(old, done_names))
        return result


def by_control(args: ReadOnlyItem) -> bool:
    """Whether some of the declared images come by way of the control node."""
    images = args.get("images")
    ways = [image.get("via") for image in images if isinstance(image, dict)] if isinstance(images, list) else []
    return "control" in ways or (bool(ways) and args.get("images_via") == "control")


def show_diff(task: Task, task_vars: Variables, result: Result) -> None:
    """Show the diff of a task that failed with some items: of such a one, Ansible itself shows none.

    See v2_on_file_diff in ansible.plugins.strategy, which is only called for a task that did not fail.
    """
    if not (result.get("failed") and result.get("diff") and task.diff) or task.no_log:
        return
    if str(constants.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2] in DATA:
        return  # A program reads it, and has the diff in the result.
    with contextlib.suppress(Exception):  # It is for people; the result has it all the same.
        text = CallbackBase()._get_diff([dict(one) for one in result["diff"]])
        what = "would still be changed" if task.check_mode else "was still changed"
        Display().display(f"[{host_of(task, task_vars)}]: {what}, though others failed:\n{text}")


INSIDE = {"volumes": ("pool", "default"), "snapshots": ("domain", "")}
"""Kinds whose names are told apart only by what they are in: the option that names that, and what it is where that is
left out."""

DeclaredItems: t.TypeAlias = "list[tuple[str, str, Item]]"
"""Declared items with their kind, in the plural, and what tells them from others of it."""


def is_of_role(task: object) -> bool:
    """Whether a task is one of a role of this collection, whose users write variables and no parameters."""
    role = getattr(task, "_role", None)
    return role is not None and str(role.get_name()).startswith("virtfleet.kvm.")


def host_of(task: Task, task_vars: Variables) -> str:
    """The host that a task is for."""
    return str(task.delegate_to or (task_vars or {}).get("inventory_hostname") or "")


def declared(kind: str, config: object) -> DeclaredItems:
    """The items of a parameter ``config`` that is not known to be right."""
    found = []
    for item in config if isinstance(config, list) else ():
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            name = str(item["name"])
            if kind in INSIDE:
                option, left_out = INSIDE[kind]
                name = f"{item.get(option) or left_out}/{name}"
            found.append((kind, name, item))
    return found


def new_packages(task: Task, task_vars: Variables) -> Known:
    """A forecast with the packages that the role host would have installed on the host of a task."""
    installed = (task_vars or {}).get(INSTALLED)
    would = isinstance(installed, dict) and bool(installed.get("changed")) and not task.delegate_to
    return {"packages": {INSTALLED: {}}} if would else {}


def note_links(task: Task, task_vars: Variables, changes: t.Sequence[Entry] | None) -> None:
    """Note the links that a task in check mode would have changed on a host, or forget those it has declared for real.

    :param changes: the result's; None where the task failed
    """
    place = place_of(host_of(task, task_vars), play=planning(task, task_vars))
    links = declared("links", task.args.get("config"))
    if not task.check_mode:
        if os.path.exists(place):
            revise(place, lambda old: forget(old, [(kind, name) for kind, name, _item in links]))
        return
    if not isinstance(changes, list):
        return
    changed = {str(change.get("resource")) for change in changes}

    def noted(known: Known) -> Known:
        known = settle(known, links)
        for kind, name, item in links:
            if f"link {name}" in changed:
                gone = item.get("state") == "absent"
                known.setdefault(kind, {})[name] = None if gone else link_facts(item)
        return known

    revise(place, noted)


def link_facts(item: Item) -> dict[str, object]:
    """What later tasks have to know of a link: its type, and the ports that it is declared to have."""
    ports = item.get("ports")
    return {"type": item.get("type"), **({"ports": ports} if isinstance(ports, list) else {})}


def settle(known: Known, names: DeclaredItems) -> Known:
    """A forecast in which nothing stands against what a task declares: a difference to the host is in its changes."""
    for kind, name, item in names:
        entries = known.get(kind, {})
        if name not in entries:
            continue
        if kind == "domains":
            del entries[name]  # The module has looked at the host, and tells how the guest will differ from that.
        elif item.get("state") == "absent":
            entries[name] = None
        elif entries[name] is None or kind == "links":
            del entries[name]
        else:
            left = {fact: value for fact, value in entries[name].items() if fact != "state" and fact not in item}
            entries[name] = left
            if not left and kind != "volumes":
                del entries[name]
    return known


def forget(known: Known, names: t.Iterable[tuple[str, str]]) -> Known:
    """A forecast without some entries, each given by its kind in the plural and its name."""
    for kind, name in names:
        known.get(kind, {}).pop(name, None)
    return known


def learn(known: Known, changes: object) -> Known:
    """A forecast with what a result in check mode says of changes."""
    for change in changes if isinstance(changes, list) else ():
        kind, _space, name = str(change.get("resource")).partition(" ")
        path, after = str(change.get("path")), change.get("after")
        if kind == "domain":
            learn_disk(known, path, after)
        list_name = list_of(kind)
        if list_name is None:
            continue
        entries = known.setdefault(list_name, {})
        if path == "state" and after == "absent":
            entries[name] = None
            continue
        entry = entries[name] = entries.get(name) or {}
        if path == "definition" and isinstance(after, dict):
            entry.update({fact: after[fact] for fact in FACTS if fact in after})
            entry.setdefault("state", "inactive")
        elif path in FACTS:
            entry[path] = {} if path == "forward" and after is None else after
        elif path in PARTS:
            option, _dot, part = path.partition(".")
            old = entry.get(option)
            entry[option] = {**(old if isinstance(old, dict) else {}), part: after}
    return known


def learn_disk(known: Known, path: str, after: object) -> None:
    """Add to a forecast the volume that is made for a guest's disk, or goes with its guest."""
    if DISK_VOLUME.fullmatch(path) and isinstance(after, dict) and after.get("name"):
        facts = {fact: after[fact] for fact in ("format", "encryption") if after.get(fact)}
        known.setdefault("volumes", {})[f"{after.get('pool') or 'default'}/{after['name']}"] = facts
    elif path.startswith("volume ") and after == "absent":
        known.setdefault("volumes", {})[path[len("volume ") :]] = None


def learn_guests(known: Known, guests: object) -> Known:
    """A forecast with what the module tells of the guests that its plans change (guests_to_come)."""
    if isinstance(guests, dict):
        known.setdefault("domains", {}).update(guests)
    return known


def touched(changes: object) -> set[str]:
    """The guests that a result tells changes of."""
    resources = [str(change.get("resource")) for change in changes] if isinstance(changes, list) else []
    return {name.partition(" ")[2] for name in resources if name.startswith("domain ")}


def planning(task: Task, task_vars: Variables) -> str:
    """The play of a task that plans all hosts before the run, else empty. What it foretells does not count after it."""
    if not task.check_mode or not (task_vars or {}).get(PLANNING):
        return ""
    return str(getattr(task.play, "_uuid", None) or PLANNING)


def planned_only(result: Result, task: object, task_vars: Variables) -> dict[str, object]:
    """The result of a task, which in the play that plans all hosts has changed nothing, but would."""
    if not (result.get("changed") and planning(task, task_vars)):
        return result
    return {**result, "changed": False, WOULD_CHANGE: True}


def place_of(host: str, uri: str = "", play: str = "") -> str:
    """The file with what is known of a host; this run of Ansible removes it at its end.

    :param uri: the libvirt there; empty for what all of them share
    :param play: what ``planning`` says
    """
    name = hashlib.sha256(json.dumps([host, uri, *([play] if play else [])]).encode()).hexdigest()[:32]
    return os.path.join(constants.DEFAULT_LOCAL_TMP, f"virtfleet-{name}.json")


def foreseen(host: str, uri: str, play: str = "") -> Known:
    """All that is known so far of a host and one libvirt there.

    :param play: what ``planning`` says
    """
    found = {**read(place_of(host, uri, play)), **read(place_of(host, play=play))}
    return {kind: entries for kind, entries in found.items() if entries and kind != TOLD}


def revise(place: str, change: t.Callable[[Known], Known]) -> None:
    """Change what is known. Tasks for other hosts may run at the same time, and be delegated to the same one."""
    with contextlib.suppress(OSError):
        descriptor = os.open(f"{place}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            write(place, change(read(place)))
        finally:
            os.close(descriptor)


def read(place: str) -> Known:
    """What is known so far."""
    try:
        with open(place, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {kind: entries for kind, entries in found.items() if isinstance(entries, dict)}


def write(place: str, known: Known) -> None:
    """Keep what is known, if it can be kept: without it a check only knows what is there."""
    known = {kind: entries for kind, entries in known.items() if entries}
    try:
        text = json.dumps(known)
        if not known and not os.path.exists(place):
            return
        descriptor = os.open(f"{place}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(f"{place}.new", place)
    except (OSError, TypeError, ValueError):
        return
