# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tasks of a run in check mode would have made on a host, for the tasks that come after them.

In check mode nothing is made; yet a guest may be on a network that a task before would have made. So each declaring
module's result is noted in the temporary folder of this run of Ansible, which is gone with it, and handed to the next.
"""

from __future__ import annotations

import hashlib
import json
import os
import typing as t

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action.normal import ActionModule as NormalAction

from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.arguments import FORECAST

KINDS = {"network": "networks", "pool": "pools", "volume": "volumes"}
"""The lists of a forecast by the kind of resource (see Forecast)."""

FACTS = ("type", "target", "bridge", "forward", "state", "virtualport", "portgroups")
"""Options of which later tasks have to know."""

Known = dict[str, dict[str, t.Any]]


class DeclaringAction(NormalAction):
    """Run a declaring module; in check mode tell it what the tasks before it would have made."""

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        """The module's result."""
        if FORECAST in self._task.args:
            raise AnsibleActionFail(f"{FORECAST} is no parameter of this module")
        if not self._task.check_mode:
            return t.cast("dict[str, t.Any]", super().run(tmp, task_vars))
        place = place_of(self._task.delegate_to or (task_vars or {}).get("inventory_hostname") or "")
        known = read(place)
        if known:
            self._task.args = {**self._task.args, FORECAST: known}
        result = t.cast("dict[str, t.Any]", super().run(tmp, task_vars))
        write(place, learn(known, result.get("changes")))
        return result


def note_links(host: str, config: t.Any) -> None:
    """Note the links that a task in check mode would have made on a host."""
    place = place_of(host)
    known = read(place)
    for link in config if isinstance(config, list) else ():
        if isinstance(link, dict) and isinstance(link.get("name"), str):
            gone = link.get("state") == "absent"
            known.setdefault("links", {})[link["name"]] = None if gone else {"type": link.get("type")}
    write(place, known)


def learn(known: Known, changes: t.Any) -> Known:
    """A forecast with what a result in check mode says of changes."""
    for change in changes if isinstance(changes, list) else ():
        kind, _space, name = str(change.get("resource")).partition(" ")
        path, after = change.get("path"), change.get("after")
        if kind == "domain" and path == "definition":
            for disk in (after or {}).get("disks") or ():
                if isinstance(disk, dict) and disk.get("volume") and disk.get("pool"):
                    known.setdefault("volumes", {}).setdefault(f"{disk['pool']}/{disk['volume']}", {})
        if kind not in KINDS:
            continue
        entries = known.setdefault(KINDS[kind], {})
        if path == "state" and after == "absent":
            entries[name] = None
            continue
        entry = entries[name] = entries.get(name) or {}
        if path == "definition" and isinstance(after, dict):
            entry.update({fact: after[fact] for fact in FACTS if fact in after})
            entry.setdefault("state", "inactive")
        elif path in FACTS:
            entry[path] = after
    return known


def place_of(host: str) -> str:
    """The file with what is known of a host; this run of Ansible removes it at its end."""
    name = hashlib.sha256(host.encode("utf-8", "replace")).hexdigest()[:32]
    return os.path.join(constants.DEFAULT_LOCAL_TMP, f"virtfleet-{name}.json")


def read(place: str) -> Known:
    """What is known so far."""
    try:
        with open(place, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(place: str, known: Known) -> None:
    """Keep what is known, if it can be kept: without it a check only knows what is there."""
    if not known:
        return
    try:
        with open(place, "w", encoding="utf-8") as file:
            json.dump(known, file)
    except (OSError, TypeError, ValueError):
        return
