# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of the site did on all hosts, or in check mode would do, from the results that the roles have left."""

from __future__ import annotations

import collections
import json
import re
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.pending import resource, sentence
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.report import Result
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import nested
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import some
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.site_parts import results
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import masked, printable, readable, shortened
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import ByHost, Variables

from ._endless import is_endless
from ._installed import packages

RESULTS = results()
"""Where the roles leave the results of their tasks, in the order of the site: of all that may fail on a host."""

PLANNED = {"links_plan": "links_declared"}
"""A result that only says what the next one is to do, and that one."""

OTHERS = {
    "host_installed": "packages of the host",
    "host_stopped": "services of the host",
    "host_services": "services of the host",
}
"""Results of other modules: what it is that they change."""

SETTING = "setting"
"""The kind of what other modules change."""

NEW_VOLUME = re.compile(r"(?:disks\[\d+\]|cloud_init)\.volume")
"""The path of a change that is a new volume of a guest: of a disk, or with its seed."""

DOMAIN = "domain "
"""How the resource of a guest begins."""

GUEST = "guest "
"""How a guest is called in what people read."""

BESIDE = ("autostart", "state")
"""What a new resource has beside its definition: whether it comes up with its host, and whether it runs now."""

VOLUME = "volume "
"""How the path of a change begins that is about a volume of a guest."""

TIMED_OUT = re.compile(
    r"(?:.*\bTimed out after|.*\bThe \S+ action failed to execute in the expected time frame) \(?(?P<seconds>\d+)\b.*"
)
"""What ansible-core 2.19, or 2.18, says where the timeout of a task is over.

It is compared with whole lines only: looked for from each place on, it takes hours in a line of a megabyte.
"""

STOPPED = "stopped before the run was done here; the errors above say why"

NOTHING_DONE: dict[str, object] = {"changed": False, "changes": [], "pending_restart": []}
"""What a result says of changes that has none."""

PLANNED_ONLY = "site_planned_only"
"""The variable that the site sets for a host that was planned, and not reached any more before the run."""

LOOK = "site_looked"
"""Where the look at a host leaves its result, before any role has run."""

GUESTS = "guests_declared"
"""Where the role guests leaves its result."""

LEFT = {GUESTS: ("guest", "guests"), "networks_declared": ("network", "networks")}
"""Results that tell what is no longer declared, and what that is: one, and the role and several."""

MOST = 160
"""How many letters of a value are shown."""

HostResults = dict[str, t.Any]
"""What happened on a host: see of_host."""

FleetResults = dict[str, t.Any]
"""What happened on all hosts: see of_hosts."""

Results = t.Mapping[str, Result]
"""The results of a host's tasks, by the variables in which they are."""


def of_hosts(hosts: t.Iterable[str], variables: ByHost, going_on: t.Container[str] | None = None) -> FleetResults:
    """What happened on all hosts, or would happen, as plain data.

    :param hosts: the names of the hosts
    :param variables: ``hostvars``, or plain dictionaries by host
    :param going_on: the hosts that Ansible still runs tasks on; None where that is not known
    :returns: ``hosts``, for each host what ``of_host`` says, and ``totals``: how many hosts have each outcome, and how
        many resources of each kind are made, changed, removed, or wait for a restart
    """
    read = getattr(variables, "raw_get", None) or variables.__getitem__
    found = {host: of_host(read(host), going_on is None or host in going_on) for host in hosts}
    totals: dict[str, object] = {"hosts": dict(collections.Counter(each["outcome"] for each in found.values()))}
    for what in ("made", "changed", "removed", "waiting"):
        kinds = [name.split(" ", 1)[0] for each in found.values() for name in each[what]]
        totals[what] = dict(sorted(collections.Counter(kinds).items()))
    return {"hosts": found, "totals": totals}


def of_host(values: Variables, goes_on: bool = True) -> HostResults:
    """What happened on one host.

    :param values: the host's variables
    :param goes_on: whether Ansible still runs tasks on it
    :returns: ``outcome`` (``unchanged``, ``changed``, ``failed``, ``unreachable``, ``stopped`` where the run ended
        early and no result of this collection says why, or ``not asked`` where no role ran), ``made``, ``changed`` and
        ``removed`` (kind and name of each resource), ``waiting`` (kind and name of what waits for a restart),
        ``undeclared`` (kind and name of what is no longer declared and stays), ``left`` (a sentence for each thing that
        guests leave behind), ``changes`` and ``pending_restart`` as the modules return them, and ``problems``
    """
    results = {name: values[name] for name in RESULTS if ran(values.get(name))}
    if values.get(PLANNED_ONLY):
        # What it was to get is nothing that the run did; why it was not reached is told.
        lost = {name: result for name, result in results.items() if result.get("failed") or is_lost(result)}
        results = {name: {**result, **NOTHING_DONE} for name, result in lost.items()}
    if ran(values.get(LOOK)) and (values[LOOK].get("unreachable") or values[LOOK].get("failed")):
        results[LOOK] = values[LOOK]
    # What was done counts, and not what had been planned.
    for plan, done in PLANNED.items():
        if done in results:
            results.pop(plan, None)
    changes: list[t.Mapping[str, object]] = []
    pending: list[t.Mapping[str, object]] = []
    problems: list[str] = []
    for name, result in results.items():
        changes += result.get("changes") or []
        pending += result.get("pending_restart") or []
        if name in OTHERS and result.get("changed"):
            what = packages(result.get("stdout")) if name == "host_installed" else None
            changes.append({"resource": f"{SETTING} {OTHERS[name]}", "path": "new", "before": None, "after": what})
        if result.get("failed") and not result.get("unreachable"):
            problems += problems_of(result)
    made, changed, removed = sorted_out(changes)
    return {
        "outcome": outcome(results, problems, changes, goes_on),
        "made": made,
        "changed": changed,
        "removed": removed,
        "waiting": [resource(entry) for entry in pending],
        "undeclared": undeclared(results),
        "left": [text(line) for line in results.get(GUESTS, {}).get("left") or ()],
        "changes": changes,
        "pending_restart": pending,
        "problems": problems,
    }


def undeclared(results: Results) -> list[str]:
    """Kind and name of what is no longer declared and stays."""
    return [
        f"{kind} {name}"
        for task, (kind, _role) in LEFT.items()
        for name in results.get(task, {}).get("undeclared") or ()
    ]


def staying(found: HostResults) -> list[str]:
    """What stays though nobody declares it any more: of each host what guests left behind, and a line for each kind.

    :param found: what ``of_hosts`` returned
    """
    lines = []
    for host, each in found["hosts"].items():
        lines += [f"{host}: {line}" for line in each["left"]]
        for kind, role in LEFT.values():
            names = [name.partition(" ")[2] for name in each["undeclared"] if name.startswith(f"{kind} ")]
            if names:
                what, verb = (kind, "is") if len(names) == 1 else (f"{kind}s", "are")
                lines.append(
                    f"{host}: {what} {some(names)} {verb} no longer declared, and left alone; {role}_purge: true"
                    f" removes what was taken out of kvm_{role}"
                )
    return [readable(line) for line in lines]


def ran(result: object) -> bool:
    """Whether a task has left a result, and was not skipped."""
    return isinstance(result, dict) and not result.get("skipped")


def outcome(results: Results, problems: list[str], changes: t.Sequence[object], goes_on: bool) -> str:
    """How a host came out, in one word or two."""
    if any(map(is_lost, results.values())):
        return "unreachable"
    if problems:
        return "failed"
    if not goes_on:
        return "stopped"
    if not results:
        return "not asked"
    return "changed" if changes else "unchanged"


def problems_of(result: Result) -> list[str]:
    """What a failed task says, a line for each problem. Of a loop, that is what its items say."""
    items = result.get("results")
    failed: list[Result] = [item for item in items or () if isinstance(item, dict) and item.get("failed")]
    lines = []
    for item in failed or [result]:
        where = f"{text(item['item'])}: " if isinstance(item.get("item"), str) else ""
        lines += [f"{where}{in_short(line)}" for line in text(item.get("msg") or "").splitlines() if line.strip()]
        lines[-1:] = [f"{line}{stderr_of(item)}" for line in lines[-1:]]
    return lines or ["failed"]


def in_short(line: str) -> str:
    """A line of a failed task; that of a timeout in our words."""
    found = TIMED_OUT.fullmatch(line)
    if found is None:
        return line
    why = "it is off or hangs, or its libvirt does (systemctl restart libvirtd)"
    return f"did not answer within {found['seconds']} s: {why}"


def stderr_of(result: t.Mapping[str, object]) -> str:
    """What the host said where a module did not start, such as that there is no sudo; Ansible's message lacks it."""
    if not re.match("MODULE FAILURE|Module result deserialization failed", text(result.get("msg") or "")):
        return ""
    errors = [line for line in text(result.get("module_stderr") or "").splitlines() if line.strip()]
    return f" ({shortened(masked(errors[-1].strip()), MOST)})" if errors else ""


def is_lost(result: t.Mapping[str, object]) -> bool:
    """Whether a task was not answered by its host."""
    return bool(result.get("unreachable")) or TIMED_OUT.fullmatch(text(result.get("msg") or "")) is not None


def sorted_out(changes: t.Iterable[t.Mapping[str, object]]) -> tuple[list[str], list[str], list[str]]:
    """The resources that are made, those that only change, and those that are removed; each once.

    The volumes that are made for the disks of a guest, or go with it, count by themselves.
    """
    kinds: dict[str, str] = {}
    for change in changes:
        name, path, after = text(change["resource"]), text(change["path"]), change.get("after")
        if path == "definition":
            kinds[name] = "made" if change.get("before") is None else "removed"
        elif path == "state" and after == "absent":
            kinds[name] = "removed"
        elif path.startswith(VOLUME) and after == "absent":
            kinds[path] = "removed"
        else:
            kinds.setdefault(name, "changed")
            if NEW_VOLUME.fullmatch(path) and isinstance(after, dict) and after.get("name"):
                kinds[volume_of(after)] = "made"
    of = {each: [name for name, kind in kinds.items() if kind == each] for each in ("made", "changed", "removed")}
    return of["made"], of["changed"], of["removed"]


def volume_of(disk: t.Mapping[str, object]) -> str:
    """Kind and name of a new volume of a guest."""
    return f"{VOLUME}{disk.get('pool') or 'default'}/{disk.get('name')}"


def as_guest(name: str) -> str:
    """Kind and name of a resource as the user of a playbook calls it: guests are libvirt's domains."""
    return GUEST + name[len(DOMAIN) :] if name.startswith(DOMAIN) else name


def lines(found: FleetResults, detailed: bool = False) -> list[str]:
    """What happened on all hosts, for people: the summary, and in detail.

    :param found: what ``of_hosts`` returned
    """
    return summary(found) + staying(found) + (details(found) if detailed else waiting(found))


def summary(found: FleetResults) -> list[str]:
    """What fits a screen: how many hosts and resources, and the hosts on which something is wrong.

    :param found: what ``of_hosts`` returned
    """
    hosts = found["hosts"]
    outcomes = ", ".join(f"{number} {name}" for name, number in sorted(found["totals"]["hosts"].items()))
    lines = [f"{counted(len(hosts), 'host')}: {outcomes}"]
    for what, heading in (
        ("made", "made"),
        ("changed", "changed"),
        ("removed", "removed"),
        ("waiting", "wait for a restart"),
    ):
        kinds = {as_guest(f"{kind} ").strip(): number for kind, number in found["totals"][what].items()}
        counts = [counted(number, kind) for kind, number in kinds.items() if kind != SETTING]
        counts += sorted({name.partition(" ")[2] for each in hosts.values() for name in each[what] if is_setting(name)})
        if sum(found["totals"][what].values()) == 1:
            heading = heading.replace("wait ", "waits ")
        lines += [f"{heading}: {', '.join(counts)}"] if counts else []
    for host, each in hosts.items():
        if each["outcome"] == "unreachable" and not each["problems"]:
            lines.append(f"{host}: unreachable")
        if each["outcome"] == "stopped":
            lines.append(f"{host}: {STOPPED}")
        lines += [f"{host}: {problem}" for problem in each["problems"]]
    return [readable(line) for line in lines]


def is_setting(name: str) -> bool:
    """Whether a change is of what other modules see to, such as the packages of the host."""
    return name.startswith(f"{SETTING} ")


def counted(number: int, what: str) -> str:
    """How many there are of something."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def details(found: FleetResults) -> list[str]:
    """Host by host and field by field what changes; hosts on which nothing does are left out.

    :param found: what ``of_hosts`` returned
    """
    lines: list[str] = []
    for host, each in found["hosts"].items():
        for name in each["made"]:
            lines.append(f"{host}: {as_guest(name)}: made")
            lines += [f"{host}: {as_guest(name)}: {field}" for field in fields_of(name, each["changes"])]
        for change in each["changes"]:
            if change["resource"] in each["changed"]:
                lines.append(f"{host}: {one_change(change)}")
        for name in each["removed"]:
            lines.append(f"{host}: {as_guest(name)}: removed")
    return [*map(readable, lines), *waiting(found)]


def waiting(found: FleetResults) -> list[str]:
    """What runs as it was before, until it is started anew."""
    hosts = found["hosts"].items()
    return [
        readable(f"{host}: {as_guest(sentence(entry))}") for host, each in hosts for entry in each["pending_restart"]
    ]


def fields_of(name: str, changes: t.Iterable[t.Mapping[str, object]]) -> list[str]:
    """What a new resource has, a line for each option but its name, and how it ends up; of a volume of a guest's disk,
    its size."""
    found = [(change["path"], change.get("after")) for change in changes if change["resource"] == name]
    disks = [change.get("after") for change in changes if NEW_VOLUME.fullmatch(text(change["path"]))]
    sizes = [disk.get("capacity") for disk in disks if isinstance(disk, dict) and volume_of(disk) == name]
    options = [one for path, one in found if path == "definition" and isinstance(one, dict) and not endless(one)]
    fields = [pair for one in options for pair in one.items() if pair[0] != "name"]
    fields += [pair for pair in found if pair[0] in BESIDE] + [("capacity", size) for size in sizes if size is not None]
    return [f"{option}: {shown(value)}" for option, value in fields]


def one_change(change: t.Mapping[str, object]) -> str:
    """A change of one field in a line."""
    if is_setting(text(change["resource"])):
        value = "" if change.get("after") is None else f": {shown(change['after'])}"
        return text(change["resource"]).removeprefix(f"{SETTING} ") + value
    name = as_guest(text(change["resource"]))
    return f"{name}: {change['path']}: {shown(change.get('before'))} -> {shown(change.get('after'))}"


def shown(value: object) -> str:
    """A value as it stands in YAML, in one line and cut to a bearable length."""
    if isinstance(value, str):
        return shortened(value, MOST)
    return printable(value) if endless(value) else shortened(json.dumps(value, ensure_ascii=False), MOST)


def text(value: object) -> str:
    """What has to be a text, in words where it is none: whatever stands in a variable is no traceback, and no hang."""
    return value if isinstance(value, str) else printable(value)


def endless(value: object) -> bool:
    """Whether a value cannot be written out."""
    return nested(value) or is_endless(value)
