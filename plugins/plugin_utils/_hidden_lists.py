# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of the inventory that another one of the same name hides.

Ansible takes one value of a variable: that of the host's own variables before that of a group, and that of
a group before that of the group ``all``. Lists are not joined
(https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_variables.html). A guest in a list that is
hidden would not be made; with ``guests_purge`` it would be removed.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible.inventory.host import Host

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import PURGES, HostProblem
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import DEFAULTS
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import named

from ._endless import is_endless
from ._guest_files import FOLDER
from ._host_guests import is_listed
from ._templar import HostTemplar
from ._unevaluated import entries

if t.TYPE_CHECKING:
    from ansible.vars.hostvars import HostVars

MOST = 1_000_000
"""How many values a list may hold to be compared with another one."""


@dataclasses.dataclass(frozen=True, eq=False)
class WrittenList:
    """A list as it is written.

    :param place: where it stands, in words
    :param hosts: the hosts that it is meant for
    :param raw: the list, its templates not evaluated
    :param shared: whether each of the hosts evaluates its templates, as it does those of its groups
    """

    place: str
    hosts: t.Collection[str]
    raw: object
    shared: bool = True

    @functools.cached_property
    def finite(self) -> bool:
        """Whether it can be compared with others: anchors of YAML make lists that are in themselves.

        It is asked of lists that differ only: all hosts have the same one, and to walk through it for each takes long.
        """
        return not is_endless(self.raw, MOST)

    def is_same(self, own: object) -> bool:
        """Whether it is the list that a host sees, or one with the very same in it."""
        return own is self.raw or (self.finite and bool(own == self.raw))


def hidden_guests(hosts: t.Sequence[str], hostvars: HostVars) -> list[str]:
    """A sentence for each guest that is declared for a host in a list that the host does not see.

    :param hosts: the virtualization hosts
    :param hostvars: Ansible's ``hostvars``
    """
    raw = {host: hostvars.raw_get(host) for host in hosts}
    sources = of_groups(hosts, hostvars, "kvm_guests")
    sources += [
        WrittenList(f"the variables of host {host}", hosts, raw[host]["kvm_guests"], shared=False)
        for host in hosts
        if "kvm_guests" in raw[host]
    ]
    seen: dict[tuple[str, str], list[str]] = {}
    for source in distinct(sources):
        for host in meant(source, hosts):
            own = raw[host].get("kvm_guests")
            if source.is_same(own):
                continue
            templar = HostTemplar.of(raw[host], hostvars)
            missing = names(source.raw, host, templar, wanted=True) - names(own, host, templar)
            for name in sorted(missing):
                seen.setdefault((name, host), []).append(source.place)
    return [
        f"guest {name} of host {host}: is declared in {places[0]}, but host {host} has a list kvm_guests of its own, or"
        " of another group, which hides that one;"
        " declare the guest in the list that counts (ansible-inventory --host shows it), or take it out of the other"
        for (name, host), places in seen.items()
    ]


def hidden_twins(hosts: t.Sequence[str], hostvars: HostVars) -> list[HostProblem]:
    """A sentence for each guest that a hidden list has, too, and in other words: what is changed there does nothing."""
    raw = {host: hostvars.raw_get(host) for host in hosts}
    out: list[HostProblem] = []
    for source in distinct(of_groups(hosts, hostvars, "kvm_guests")):
        for host in meant(source, hosts):
            own = raw[host].get("kvm_guests")
            if source.is_same(own):
                continue
            templar = HostTemplar.of(raw[host], hostvars)
            mine, hidden = (by_name(one, host, templar) for one in (own, source.raw))
            twins = sorted(name for name in mine.keys() & hidden.keys() if differ(mine[name], hidden[name]))
            if twins:
                out.append(
                    (
                        host,
                        f"kvm_guests of {source.place} is hidden by a list of the same name, and what it says of"
                        f" {', '.join(map(named, twins))} has no effect; keep each guest in one list",
                    )
                )
    return out


def differ(mine: object, hidden: object) -> bool:
    """Whether two guests are not the same; of one that cannot be written out nobody can tell."""
    return not is_endless(mine) and not is_endless(hidden) and bool(mine != hidden)


def by_name(raw: object, host: str, templar: HostTemplar) -> dict[str, object]:
    """The guests of a host in a list, by name, as they are written."""
    try:
        written = entries("kvm_guests", raw, templar.raw)
        found = list(templar.value(raw) or []) if written is None else [entry.raw for entry in written]
    except Exception:  # A template may hold any filter or lookup.
        return {}
    found = [item for item in found if isinstance(item, dict)]
    called = [(next(items([item], templar, ("name", "host")), {}), item) for item in found]
    return {str(fields.get("name")): item for fields, item in called if fields.get("host") == host}


def hidden_items(hosts: t.Sequence[str], hostvars: HostVars) -> list[HostProblem]:
    """What purging would remove of a host because a group's list with it is hidden, a sentence each."""
    out: list[HostProblem] = []
    for variable, purge in PURGES.items():
        for source in of_groups(hosts, hostvars, variable):
            for host in source.hosts:
                raw = hostvars.raw_get(host)
                own = raw.get(variable)
                if own is None or source.is_same(own) or not purge_is_on(raw, purge, hostvars):
                    continue
                templar = HostTemplar.of(raw, hostvars)
                missing = sorted(names(source.raw, None, templar) - names(own, None, templar))
                if missing:
                    out.append(
                        (
                            host,
                            f"{variable} of {source.place} is hidden by a list of the same name, and {purge} removes"
                            f" what was made of it: {', '.join(missing)}",
                        )
                    )
    return out


def hidden_defaults(hosts: t.Sequence[str], hostvars: HostVars) -> list[HostProblem]:
    """What guests lack because a variable with defaults is hidden by another of the same name, a sentence each."""
    out: list[HostProblem] = []
    raw = {host: hostvars.raw_get(host) for host in hosts}
    for variable in DEFAULTS:
        having = [host for host in hosts if isinstance(raw[host].get(variable), dict)]
        for source in distinct(of_groups(having, hostvars, variable)) if having else ():
            for host in source.hosts:
                own = raw[host][variable]
                missing = sorted(map(named, set(source.raw) - set(own))) if isinstance(source.raw, dict) else []
                if missing:
                    out.append(
                        (
                            host,
                            f"another {variable} replaces that of {source.place}, so its {', '.join(missing)}"
                            f" {'is' if len(missing) == 1 else 'are'} lost. Write what is to be added as"
                            f" {' or '.join(DEFAULTS[1:])}",
                        )
                    )
    return out


def unlisted(hosts: t.Sequence[str], hostvars: HostVars) -> list[HostProblem]:
    """Why a purge of guests is refused: a missing list of guests is no list without guests, a sentence for each host.

    Without a folder of files, a purge does nothing where the list is left out.
    """
    out: list[HostProblem] = []
    for host in hosts:
        raw = hostvars.raw_get(host)
        in_files = raw.get(FOLDER) is not None and purge_is_on(raw, "guests_purge", hostvars)
        if in_files and not is_listed(HostTemplar.of(raw, hostvars)):
            out.append(
                (
                    host,
                    "kvm_guests is left out, or null, and guests_purge is on: it would remove all guests that have no"
                    f" file in {FOLDER}; if all guests stand in its files, write 'kvm_guests: []'",
                )
            )
    return out


def purge_is_on(raw: t.Mapping[str, object], purge: str, hostvars: object) -> bool:
    """Whether a host's variables have what is no longer declared removed."""
    try:
        return str(HostTemplar.of(raw, hostvars).value(raw.get(purge, False))).lower() in ("true", "yes", "on", "1")
    except Exception:  # A template may hold any filter or lookup; the role that uses it says so.
        return False


def of_groups(hosts: t.Sequence[str], hostvars: object, variable: str) -> list[WrittenList]:
    """The lists of one name that groups have, in inventory files and in group_vars."""
    inventory = getattr(hostvars, "_inventory", None)
    manager = getattr(hostvars, "_variable_manager", None)
    if inventory is None or manager is None:
        return []
    out = []
    for name, group in inventory.groups.items():
        # What a host in this group alone would get, were nothing said of the host itself.
        nobody = Host(f"virtfleet.kvm: group {name}")
        nobody.groups = [] if name == "all" else [group]
        raw = manager.get_vars(host=nobody, include_hostvars=False).get(variable)
        members = {member.name for member in group.get_hosts()}
        within = hosts if name == "all" else [host for host in hosts if host in members]
        if raw is not None and within:
            out.append(WrittenList(f"the variables of group {name}", within, raw))
    # A group that has no list of its own gets that of all.
    return sorted(out, key=lambda source: source.place != "the variables of group all")


def distinct(sources: t.Iterable[WrittenList]) -> list[WrittenList]:
    """Each list once: most hosts and groups share one."""
    out: list[WrittenList] = []
    known: set[int] = set()
    for source in sources:
        if id(source.raw) not in known:
            known.add(id(source.raw))
            out.append(source)
    return out


def meant(source: WrittenList, hosts: t.Sequence[str]) -> list[str]:
    """The hosts that a list may declare guests for."""
    if not isinstance(source.raw, (list, tuple)):
        return list(source.hosts) if source.shared else []
    named = {str(item["host"]) for item in source.raw if isinstance(item, dict) and isinstance(item.get("host"), str)}
    template = source.shared and any("{" in name for name in named)
    return [host for host in source.hosts if template or host in named]


def names(raw: object, host: str | None, templar: HostTemplar, wanted: bool = False) -> set[str]:
    """The names in a list. What cannot be evaluated is said elsewhere.

    :param host: the host whose guests are meant; None for things that are no guests
    :param wanted: whether those that are to be gone are left out
    """
    return {
        str(fields["name"])
        for fields in items(raw, templar, ("name", "host", "state"))
        if (host is None or fields["host"] == host) and not (wanted and fields["state"] == "absent")
    }


def items(raw: object, templar: HostTemplar, options: t.Sequence[str]) -> t.Iterator[dict[str, object]]:
    """Some options of the items of a list. What cannot be evaluated is left out, and said elsewhere."""
    try:
        written = entries("kvm_guests", raw, templar.raw)
        found = list(templar.value(raw) or []) if written is None else [entry.raw for entry in written]
    except Exception:  # A template may hold any filter or lookup.
        return
    for item in found:
        try:
            item = item if isinstance(item, dict) else templar.value(item)
            fields = {name: templar.value(item.get(name)) for name in options}
        except Exception:  # As above.
            continue
        yield fields
