# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that nothing knows: of variables, of groups, of tags.

Ansible takes any name without a word. Each of these mistakes would end a run with status 0 and nothing done.
"""

from __future__ import annotations

import difflib
import functools
import os
import re
import typing as t

from ansible import context

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.close_names import near
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import VARIABLES, HostProblem, each_once
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import DEFAULTS, PROFILES
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.site_parts import site_parts
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label

from ._fleet_changes import RESULTS
from ._guests.reach import URI
from ._settings import COLLECTION, SERIAL, specs
from ._unevaluated import texts

if t.TYPE_CHECKING:
    from ansible.vars.hostvars import HostVars

LIKENESS = 0.8
"""How alike two names are, from 0 to 1 (difflib), for one to be a slip of the other."""

ALIKE = 0.9
"""The same for names that need not begin like the collection's own."""

GROUP = "kvm_hosts"
"""The inventory's group of virtualization hosts."""

TAGS = ("host", "links", "networks", "storage", "guests")
"""The tags of the playbooks; the check has always."""

ANSIBLES_TAGS = ("all", "always", "never", "tagged", "untagged")
"""Words that Ansible itself knows as tags."""

SYNONYMS = {
    "kvm_bridges": "kvm_links",
    "kvm_defaults": "kvm_guest_defaults",
    "kvm_domains": "kvm_guests",
    "kvm_machines": "kvm_guests",
    "kvm_profiles": "kvm_guest_profiles",
    "kvm_storage": "kvm_pools",
    "kvm_virtual_machines": "kvm_guests",
    "kvm_vms": "kvm_guests",
}
"""What else the lists might be called."""

OF_ROLES = {
    "guests_remove_disks": "guests_remove_storage",
    "guests_remove_volumes": "guests_remove_storage",
    **{f"{part.module}_purge": part.purge for part in site_parts() if part.purge not in ("", f"{part.module}_purge")},
}
"""What else variables of the roles might be called. Other collections may have one of the name, so it is warned of."""


WITHOUT = {
    "kvm_purge": "write guests_purge, networks_purge or storage_purge",
    "links_purge": "links are never purged: to remove one, declare it with state: absent",
}
"""Variables that the collection has for other things, but not for this; and what to do."""


WORDS = (re.compile(r"\w+"), re.compile(r"[\w-]+"))
"""What may be the name of a variable in a template: alone, and as in ``vars['kvm-web']``."""


ADOPTED = frozenset(("adopted_guests", "adopted_networks", "adopted_pools", "adopted_volumes"))
"""The lists that the playbook adopt writes where the inventory has such a list already."""


@functools.cache
def options() -> frozenset[str]:
    """The variables that the collection's roles and playbooks know."""
    return frozenset(
        {
            *VARIABLES,
            *specs(),
            SERIAL,
            URI,
            *DEFAULTS,
            PROFILES,
            "adopt_directory",
            "adopt_files",
            "adopt_full",
            "adopt_overwrite",
            "adopt_volumes",
            "images_lock_older",
            "images_lock_only",
            "images_lock_prune",
            "images_lock_unsigned",
            "kvm_cloud_init_schema",
            "kvm_look_first",
            "kvm_plan_only",
            "kvm_progress",
            "plan_file",
            "site_refuse",
        }
    )


@functools.cache
def nearest(name: str) -> str | None:
    """The option that a variable's name is a slip of; None where it is one, or like none."""
    if name in options() or name.startswith("ansible_"):
        return None
    plain = name.lower().replace("-", "_")
    if plain in SYNONYMS:
        return SYNONYMS[plain]
    if plain in OF_ROLES:
        return OF_ROLES[plain]
    likeness = LIKENESS if plain.startswith("kvm") else ALIKE
    found = difflib.get_close_matches(plain, sorted(options()), 1, likeness)
    shorter = [] if plain.startswith("kvm") else [one for one in sorted(options()) if is_short_for(plain, one)]
    return next(iter([*found, *shorter]), None)


def is_short_for(name: str, option: str) -> bool:
    """Whether a name is an option without its last words, or with the last one shortened, as ``hw`` is hardware."""
    words, whole = name.split("_"), option.split("_")
    if len(words) < len(whole):
        return len(words) > 1 and whole[: len(words)] == words
    letters = iter(whole[-1])
    return (
        len(words) == len(whole) > 2
        and words[:-1] == whole[:-1]
        and words[-1][:1] == whole[-1][:1]
        and all(letter in letters for letter in words[-1])
    )


@functools.cache
def suspicious(name: object) -> bool:
    """Whether a variable may be meant for the collection, and is not known to it."""
    if not isinstance(name, str) or name in options() or name in ADOPTED or name in RESULTS:
        return False
    return name.lower().startswith("kvm_") or name in WITHOUT or nearest(name) is not None


def is_of_inventory_plugin(name: str, value: object) -> bool:
    """Whether a variable is what the inventory plugin tells of a guest, which may be a virtualization host itself."""
    return name == "kvm_guest" and isinstance(value, dict) and "declared" in value


def variables(raw: t.Mapping[str, t.Mapping[str, object]]) -> tuple[list[str], list[str]]:
    """What is wrong with the names of variables, and what may be: refusals, and warnings.

    A variable that another one names in a template is the user's own: ``kvm_guests: "{{ kvm_web + kvm_db }}"``.

    :param raw: the variables of each host, as they are written
    """
    refused: list[HostProblem] = []
    warned: list[HostProblem] = []
    words: dict[int, frozenset[str]] = {}
    for host, values in raw.items():
        for name in (name for name in values if suspicious(name) and not is_of_inventory_plugin(name, values[name])):
            if is_named(name, values, words):
                continue
            like = nearest(name)
            line = f"{name} is not a variable of this collection"
            if name in WITHOUT:
                # One with the collection's own prefix is nobody else's.
                (refused if name.startswith("kvm_") else warned).append((host, f"{line}; {WITHOUT[name]}"))
                continue
            if like is not None:
                line += f"; did you mean '{like}'?"
            slip = like is not None and is_slip(name, like)
            (refused if slip else warned).append((host, line))
    return each_once(refused), each_once(warned)


def is_slip(name: str, like: str) -> bool:
    """Whether a variable is meant to be another one for sure: one slip away from it, or one of the collection's own
    prefix that is close to it. One that only begins like it may be the user's."""
    if name.startswith(f"{like}_"):
        return False
    return name.lower().startswith("kvm") or one_slip(name.lower().replace("-", "_"), like)


def one_slip(name: str, like: str) -> bool:
    """Whether a name has one letter more or less than another, another letter, or two exchanged."""
    start = next(
        (at for at, (one, two) in enumerate(zip(name, like, strict=False)) if one != two), min(len(name), len(like))
    )
    left, other = name[start:], like[start:]
    ways = ((left[1:], other), (left, other[1:]), (left[1:], other[1:]), (left[1::-1] + left[2:], other))
    return any(one == two for one, two in ways)


def is_named(name: str, values: t.Mapping[str, object], words: dict[int, frozenset[str]]) -> bool:
    """Whether a template in the variables of a host names one of them. What Ansible itself sets is left out.

    :param words: the words in templates by the identity of a value that was looked through; gets more
    """
    for other, value in values.items():
        if other in ("groups", "hostvars", "vars", "environment") or str(other).startswith("ansible_"):
            continue
        if id(value) not in words:
            words[id(value)] = frozenset(word for text in texts(value) for word in words_in(text))
        if name in words[id(value)]:
            return True
    return False


def words_in(template: str) -> list[str]:
    """All that may be names of variables in a template."""
    return [word for pattern in WORDS for word in pattern.findall(template)]


def started() -> t.Sequence[str]:
    """The playbooks that ansible-playbook was told to run."""
    return t.cast("t.Sequence[str]", context.CLIARGS.get("args") or ())


def is_own_playbook(playbook: str) -> bool:
    """Whether a playbook, by its name or as a file, is the collection's own."""
    folder = os.path.realpath(os.path.join(COLLECTION, "playbooks"))
    return playbook.startswith("virtfleet.kvm.") or os.path.dirname(os.path.realpath(playbook)) == folder


def of_guests(groups: t.Mapping[str, t.Sequence[str]], hosts: t.Sequence[str]) -> str:
    """What to say where ``--limit`` names guests, which the inventory may have as hosts of Ansible."""
    guests = [host for host in hosts if host in (groups.get("kvm_guests") or ())]
    if not guests:
        return ""
    under = {f"kvm_host_{re.sub(r'[^A-Za-z0-9_]', '_', host)}": host for host in groups.get(GROUP) or ()}
    on = [host for group, host in under.items() if guests[0] in (groups.get(group) or ())]
    runs, limit = (f" of {on[0]}", on[0]) if len(on) == 1 else ("", "HOST")
    return (
        f": {label(guests[0])} is a guest{runs}, and guests are made on their host: write --limit {limit}. A run is for"
        " all guests of a host, and those that are as declared are left alone"
    )


def slips_of(values: t.Mapping[str, object], begin: str) -> list[str]:
    """A sentence for each variable that is a slip of one whose name begins so."""
    likes = {name: nearest(name) for name in values if isinstance(name, str) and name.startswith(begin[:-1])}
    return [
        f"{name} is not a variable of this collection; did you mean '{like}'?"
        for name, like in likes.items()
        if like is not None and like.startswith(begin)
    ]


def run_problems(
    groups: t.Mapping[str, t.Sequence[str]],
    hosts: t.Sequence[str],
    run_tags: t.Sequence[str],
    skip_tags: t.Sequence[str],
    playbook_tags: t.Sequence[str],
    variables: HostVars | None = None,
) -> list[str]:
    """Why a run would do nothing, or not what was meant, a sentence each.

    Tags and hosts are looked at only where the playbook is the collection's own: one of the user's may have
    other plays.

    :param groups: the inventory's groups
    :param hosts: the hosts that ``--limit`` leaves
    :param run_tags: the words of ``--tags``
    :param skip_tags: those of ``--skip-tags``
    :param playbook_tags: the tags that the playbook has
    :param variables: ``hostvars`` where nothing else looks at the names of variables
    """
    members = groups.get(GROUP) or []
    if not members and GROUP in groups:
        return [
            f"the group {GROUP} is there but has no hosts, so there is nothing to do: write each host below 'hosts:',"
            " as 'kvm01:' (not as '- kvm01')"
        ]
    if not members:
        like = [name for name in groups if name not in ("all", "ungrouped") and near(name, (GROUP,))]
        hint = f" (the group is called {GROUP}, not {like[0]})" if like else ""
        return [
            f"the inventory has no host in the group {GROUP}, so there is nothing to do:"
            f" put the virtualization hosts into it{hint}, and name the inventory with -i"
        ]
    if not all(map(is_own_playbook, started())):
        return []
    lines = [] if variables is None else slips_of(variables.raw_get(members[0]), "adopt_")
    if not set(members) & set(hosts):
        lines.append(
            f"--limit leaves no host of the group {GROUP}, so there is nothing to do{of_guests(groups, hosts)}"
        )
    known = [*playbook_tags, *ANSIBLES_TAGS]
    for option, tags in (("--tags", run_tags), ("--skip-tags", skip_tags)):
        for tag in tags:
            if tag not in known:
                like = near(tag, known)
                there = f"there are: {', '.join(playbook_tags)}" if playbook_tags else "it has none"
                hint = f"did you mean '{like[0]}'?" if like else there
                lines.append(f"{option} {label(tag)}: this playbook has no such tag; {hint}")
    return lines
