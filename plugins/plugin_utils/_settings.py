# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the roles besides the lists of what is declared: ``guests_purge``, ``storage_needed``.

Ansible looks at a role's variables when the role begins. In ``virtfleet.kvm.site`` other roles have changed the
host by then, so they are looked at here before, by the same rules: each role's ``meta/argument_specs.yml``.
"""

from __future__ import annotations

import functools
import math
import os
import re
import typing as t

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import VARIABLES, HostProblem
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LONGEST
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import printable
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import VariableValue

from ._endless import Endless
from ._progress import pause
from ._templar import HostTemplar

COLLECTION = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
"""The folder of this collection."""

BOUNDS = {"guests_shutdown_timeout": (0, math.inf), "links_rollback_after": (1, LONGEST)}
"""The least and the most that a number may be. ``argument_specs`` cannot say it."""

SERIAL = "links_serial"
"""Of no role: how many hosts the playbooks change the links of at once, as the keyword ``serial`` of a play."""

REFUSE = "site_refuse"
"""Of no role: whether a host that refuses stops the site for the fleet, or for itself alone."""

OF_FLEET = {REFUSE: ("fleet", "host")}
"""Variables of playbooks that are one for all hosts, and what they may be."""

PROGRESS = "kvm_progress"
"""Of no role either: how many seconds lie between two lines of a long task, or whether there are any."""

OWNER = "kvm_owner"
"""The label of what the roles make."""

SWITCHES = ("kvm_cloud_init_schema", "kvm_look_first", "kvm_plan_only", "images_lock_prune")
"""Of no role: what the playbooks take true or false for. They take any other word for false, without a word."""

IMAGE_NAMES = ("images_lock_only", "images_lock_older", "images_lock_unsigned")
"""Of no role either: names of images, for the playbook images_lock."""

LATER = re.compile(r"\bansible_\w+|\bplay_hosts\b|\brole_\w+|\bhost_found\b|\b(guests|links|networks|storage)_\w+")
"""What a template may name that is known only while the play runs: facts, and what roles find out."""

WANTED = {
    "bool": "write true or false",
    "float": "write a number",
    "int": "write a whole number",
    "str": "write a text",
}
"""What to write, by the type of a variable."""

NO_TEXT = ("bool", "dict", "float", "int", "list")
"""Types whose values are no texts."""

DEPTH = 3
"""How deep a list may be in others; no variable has one that is."""

MOST = 100_000
"""How many values a list may hold, with those in it."""

DIGITS = 18
"""How many digits a number of hosts may have."""

NAMED = {"dict": "dictionaries", "str": "names"}
"""What a list holds, by the type of its elements."""

BATCH = "is not a number of hosts; write one from 1, a share such as '20%', or a list of them"
"""What is wrong with a batch of hosts."""


RoleSpec = dict[str, t.Any]
"""An option, as the argument_specs of roles say what it takes."""


@functools.cache
def specs() -> dict[str, RoleSpec]:
    """The options of the roles by name, from ``meta/argument_specs.yml``, without the lists of what is declared."""
    found: dict[str, RoleSpec] = {}
    for content in of_roles("meta", "argument_specs.yml"):
        for entry in content["argument_specs"].values():
            found.update(entry.get("options") or {})
    return {name: spec for name, spec in found.items() if name not in VARIABLES}


@functools.cache
def defaults() -> dict[str, object]:
    """The defaults of the roles' variables, which templates of a user may name."""
    return {name: value for content in of_roles("defaults", "main.yml") for name, value in content.items()}


def of_roles(*path: str) -> t.Iterator[RoleSpec]:
    """What one file of each role holds; roles without it are left out.

    :param path: where it is in the role
    """
    roles = os.path.join(COLLECTION, "roles")
    for role in sorted(os.listdir(roles)):
        file = os.path.join(roles, role, *path)
        if os.path.isfile(file):
            with open(file, encoding="utf-8") as opened:
                yield yaml.safe_load(opened) or {}


def problems(raw: t.Mapping[str, t.Mapping[str, object]], hostvars: object) -> list[HostProblem]:
    """What is wrong with the values of the roles' variables: the host, and a sentence for each.

    A value is looked at once, however many hosts share it; a template once for each host.

    :param raw: the variables of each host, as they are written
    :param hostvars: Ansible's ``hostvars``, which templates may name; None where nothing is left to be evaluated
    """
    found: list[HostProblem] = []
    looked_at: dict[tuple[str, int], str | None] = {}
    names = [*specs(), SERIAL, PROGRESS, *OF_FLEET, *SWITCHES, *IMAGE_NAMES]
    for host, values in raw.items():
        templar: HostTemplar | None = None
        for name in names:
            if name not in values:
                continue
            value = values[name]
            if hostvars is None or constant(value):
                key = (name, id(value))
                if key not in looked_at:
                    looked_at[key] = problem(name, value)
                reason = looked_at[key]
            else:
                templar = templar or HostTemplar.of({**defaults(), **values}, hostvars)
                reason = evaluated_problem(name, value, templar)
            if reason is not None:
                found.append((host, f"{name}: {reason}"))
    return found + differing(raw)


def differing(raw: t.Mapping[str, t.Mapping[str, object]]) -> list[HostProblem]:
    """That a variable which is one for all hosts is not the same on one as on the first.

    :param raw: the variables of each host, as they are written
    """
    found: list[HostProblem] = []
    for name in OF_FLEET:
        values = {host: printable(variables.get(name)) for host, variables in raw.items()}
        first = next(iter(values), "")
        reason = f"{name}: differs from that of {first}, and is one for all hosts: write it in group_vars/all.yml"
        found += [(host, reason) for host, value in values.items() if value != values[first]][:1]
    return found


def constant(value: object, depth: int = 0) -> bool:
    """Whether nothing in a value has to be evaluated, or it is nested too deeply to be right, whatever is in it."""
    if isinstance(value, str):
        return "{" not in value
    if isinstance(value, list):
        return depth == DEPTH or all(constant(inner, depth + 1) for inner in value)
    return value is None or isinstance(value, (bool, int, float))


def evaluated_problem(name: str, raw: object, templar: HostTemplar) -> str | None:
    """What is wrong with a value that may have templates; None where nothing is, or a play knows more."""
    try:
        value = templar.value(raw)
    except Exception as error:  # A template may hold any filter or lookup.
        return None if not isinstance(error, Endless) and is_later(raw) else templar.why(raw, error)
    return problem(name, value, hidden=True)


def is_later(raw: object) -> bool:
    """Whether a template may name what is known only while the play runs."""
    try:
        return LATER.search(str(raw)) is not None
    except Exception:  # It is nested so deeply that it has no text.
        return False


def problem(name: str, value: object, hidden: bool = False) -> str | None:
    """What is wrong with the value of one variable, and what to write; None where nothing is.

    :param hidden: whether the value is made of other variables, which may be secret, and is not to be shown
    """
    spec = {"type": "bool"} if name in SWITCHES else specs().get(name, {})
    kind = spec.get("type", "str")
    hidden = bool(hidden or spec.get("no_log"))
    shown = printable(value, hidden or ((name == SERIAL or kind in NO_TEXT) and is_words(value)))
    if name == SERIAL:
        return None if all(map(is_batch, value if isinstance(value, list) else [value])) else f"{shown} {BATCH}"
    if name in OWN:
        possible, rule = OWN[name]
        return None if value is None or possible(value) else f"{shown} {rule}"
    if name in OF_FLEET:
        choices = OF_FLEET[name]
        return None if value is None or value in choices else f"{shown} is not one of {', '.join(choices)}"
    if is_taken(name, spec, value):
        return out_of_bounds(name, value, shown)
    if name in BOUNDS and is_boundless(value):
        return seconds(name, shown)
    if kind == "list":
        return f"{shown} is not a list of {NAMED.get(spec.get('elements', ''), 'values')}"
    if "choices" in spec:
        return f"{shown} is not one of {', '.join(map(str, spec['choices']))}"
    return f"{shown} is not possible here; {WANTED.get(kind, f'its type is {kind}')}"


def is_words(value: object) -> bool:
    """Whether a value is a text that is no number: where none is wanted, it may be anything, such as a secret."""
    return isinstance(value, str) and re.fullmatch(r"[-+]?([0-9][0-9.]*%?|inf|nan)", value.strip()) is None


def out_of_bounds(name: str, value: VariableValue, shown: str) -> str | None:
    """What is wrong with a value of the right type, where it is a number; None where nothing is."""
    if name not in BOUNDS or value is None:
        return None
    least, most = BOUNDS[name]
    number = float(value)
    return None if least <= number <= most and number < math.inf else seconds(name, shown)


def seconds(name: str, shown: str) -> str:
    """What to write in place of a value that is no number of seconds."""
    least, most = BOUNDS[name]
    until = "" if most == math.inf else f" to {most}"
    return f"{shown} is not possible here; write a number of seconds from {least}{until}"


def is_boundless(value: object) -> bool:
    """Whether a value is a number that no clock can count to."""
    try:
        return isinstance(value, (int, float)) and not math.isfinite(value)
    except OverflowError:  # A whole number that is larger than any float.
        return True


def is_taken(name: str, spec: RoleSpec, value: VariableValue) -> bool:
    """Whether Ansible takes a value for an option of a role."""
    try:
        if name in BOUNDS and value is not None:
            float(value)  # Ansible itself takes a whole number of any size.
        if spec.get("type") == "list" and isinstance(value, (str, int, float)):
            return False  # Ansible makes a list of it to look at, but the role gets it as it is.
        return bearable(value) and not ArgumentSpecValidator({name: spec}).validate({name: value}).error_messages
    except Exception:  # It raises for numbers that are too large, among other things.
        return False


def bearable(value: object) -> bool:
    """Whether a value is of a size that can be looked at: anchors of YAML make a few lines endless."""
    left, count = [value], 0
    while left:
        part = left.pop()
        if isinstance(part, (list, tuple, dict)):
            count += len(part)
            if count > MOST:
                return False
            left += part.values() if isinstance(part, dict) else part
    return True


def is_pause(value: object) -> bool:
    """Whether a value says how many seconds lie between two lines, or whether there are any."""
    try:
        pause(value)
    except ValueError:
        return False
    return True


def is_label(value: object) -> bool:
    """Whether a value is a label for what is made. Of an empty one the roles make the name of the repository."""
    return isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != ""


def is_names(value: object) -> bool:
    """Whether a value names things: a list of texts, or a text with commas between the names."""
    names = value.split(",") if isinstance(value, str) else value
    return isinstance(names, (list, tuple)) and all(isinstance(name, str) and name.strip() for name in names)


OWN: dict[str, tuple[t.Callable[[object], bool], str]] = {
    PROGRESS: (is_pause, "is not possible here; write true, false, or a number of seconds, such as 30"),
    OWNER: (
        is_label,
        "is no label; write a text such as 'ops/fleet', or leave the variable out: the label is then the name of the"
        " git repository",
    ),
    **dict.fromkeys(
        IMAGE_NAMES,
        (
            lambda value: value in ("", []) or is_names(value),
            "is no list of names of images: write a list, or a text in quotes with commas between the names",
        ),
    ),
}
"""Values that Ansible would take for anything: what is possible, and what to say of another one."""


def is_batch(value: object) -> bool:
    """Whether a value says how many hosts a play takes at once. Ansible takes zero for all hosts, so it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return False
    if isinstance(value, int):
        return 0 < value < 10**DIGITS
    number = value.removesuffix("%")
    return number.isascii() and number.isdecimal() and len(number) <= DIGITS and int(number) > 0
