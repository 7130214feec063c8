# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets of libvirt that guests, pools and volumes refer to, and those that their host declares.

A host may have others that nobody declares. So what is told of a reference is either a warning, where a declared name
is close to it, or what can only be right where the host has it already. A message has no name that was written as a
reference: where a password is expected, one may have been written.
"""

from __future__ import annotations

import typing as t

from .._engine.close_names import near
from .._engine.converters import UUID
from .._engine.rows.model import Host, Item, Scope
from .._engine.table import nested
from .._kinds.pool.table import POOL
from .._kinds.secret.references import USAGES
from .._kinds.shared.derived_values import derive_uuid
from .._kinds.volume.storage_rules import volume_key
from .._kinds.volume.table import VOLUME
from .._printing import label, named, printable
from .unique import entries, normal, word

VARIABLE = "kvm_secrets"


class SecretOption(t.NamedTuple):
    """An option that refers to a secret.

    :param path: where it stands, as the path of an option
    :param by: ``uuid`` or ``usage``
    :param value: the UUID, or the name
    :param usage: what the secret has to be for; None where that is not told
    """

    path: str
    by: str
    value: str
    usage: str | None


class DeclaredSecrets(t.NamedTuple):
    """The secrets that a host declares.

    :param names: those that are to be there, by name, with what each is for
    :param uuids: the same by UUID
    :param uuid_of: the UUID of each, by name
    :param going: names and UUIDs of those that are to be absent
    """

    names: dict[str, str]
    uuids: dict[str, str]
    uuid_of: dict[str, str]
    going: set[str]

    @classmethod
    def of(cls, variables: t.Mapping[str, object]) -> DeclaredSecrets:
        """Those of a host, by its variables."""
        found = cls({}, {}, {}, set())
        for secret in entries(variables, VARIABLE):
            name = word(secret, "name")
            given = normal(UUID, secret.get("uuid"))
            # What is no text for libvirt is refused elsewhere.
            text = name.encode(errors="replace").decode()
            uuid = given if isinstance(given, str) else derive_uuid(Scope("secret", text, Host()))
            if word(secret, "state") == "absent":
                found.going.update((name, uuid))
            elif name:
                found.names[name] = found.uuids[uuid] = word(secret, "usage")
                found.uuid_of[name] = uuid
        return found

    def slip(self, reference: SecretOption) -> str | None:
        """What to say of a name that is close to a declared one, and is none; None where it is not."""
        if reference.by != "usage" or reference.value in self.names:
            return None
        fitting = [name for name, usage in self.names.items() if fits(usage, reference)]
        like = near(reference.value, fitting)
        return f"is no name of a secret in {VARIABLE}; did you mean {printable(like[0])}?" if like else None

    def lacks(self, reference: SecretOption) -> str | None:
        """Why what refers to a secret can only be right where the host has another one; None where it is declared."""
        known = self.names if reference.by == "usage" else self.uuids
        if reference.value in known:
            usage = known[reference.value]
            if fits(usage, reference):
                return None
            return f"the secret in {VARIABLE} has usage {label(usage)}, and this needs {reference.usage}"
        if reference.value in self.going:
            return f"the secret has state: absent in {VARIABLE}"
        return f"no secret in {VARIABLE} has this {'name' if reference.by == 'usage' else 'UUID'}"


def fits(usage: str, reference: SecretOption) -> bool:
    """Whether a secret with a usage is for what refers to it; also where one of both is not told."""
    return not usage or reference.usage in (None, usage)


def references(value: object, path: str = "", seen: set[int] | None = None) -> t.Iterator[SecretOption]:
    """The references to secrets in an item as it is written, its short forms written out.

    :param path: where the value stands
    :param seen: what was looked at, by identity: by anchors of YAML, one part can stand there a billion times
    """
    seen = set() if seen is None else seen
    if not isinstance(value, dict) or id(value) in seen:
        return
    seen.add(id(value))
    for name, inner in value.items():
        here = f"{path}.{named(name)}" if path else named(name)
        if name == "auth" and isinstance(inner, dict):
            yield from by_options(inner, here, word(inner, "type"))
            yield from by_options(inner.get("secret"), f"{here}.secret", word(inner, "type"))
        elif name == "encryption" and isinstance(inner, dict):
            for place, one in enumerate(entries(inner, "secrets")):
                yield from by_options(one, f"{here}.secrets[{place}]", "passphrase")
            yield from by_options(inner.get("secret"), f"{here}.secret", "passphrase")
        elif name == "secret" and isinstance(inner, str) and inner:
            yield SecretOption(here, "uuid", as_uuid(inner), "vtpm")
        elif isinstance(inner, dict):
            yield from references(inner, here, seen)
        elif isinstance(inner, (list, tuple)) and id(inner) not in seen:
            seen.add(id(inner))
            for place, one in enumerate(inner):
                yield from references(one, f"{here}[{place}]", seen)


def by_options(given: object, path: str, kind: str) -> t.Iterator[SecretOption]:
    """The reference in the options that name a secret.

    :param kind: the kind of reference, as libvirt calls it; empty where it is not told
    """
    if not isinstance(given, dict):
        return
    if word(given, "uuid"):
        yield SecretOption(f"{path}.uuid", "uuid", as_uuid(word(given, "uuid")), USAGES.get(kind))
    elif word(given, "usage"):
        yield SecretOption(f"{path}.usage", "usage", word(given, "usage"), USAGES.get(kind))


def as_uuid(text: str) -> str:
    """A UUID in normal form; what is none as it is."""
    found = normal(UUID, text)
    return found if isinstance(found, str) else text


def of_host(guests: t.Iterable[Item], variables: t.Mapping[str, object]) -> t.Iterator[tuple[str, SecretOption]]:
    """All references of a host that declares secrets, each with what refers, in words.

    :param guests: the guests of the host, with their short forms written out
    :param variables: its variables
    """
    if not entries(variables, VARIABLE):
        return
    items = [(f"guest {label(word(guest, 'name'))}", guest) for guest in guests]
    for variable, table in (("kvm_pools", POOL), ("kvm_volumes", VOLUME)):
        for item in entries(variables, variable):
            called = volume_key(item) if table is VOLUME else word(item, "name")
            items += [] if nested(item) else [(f"{table.kind} {label(called)}", table.written_out(item))]
    for called, item in items:
        if word(item, "state") != "absent":
            yield from ((called, reference) for reference in references(item))


def slips(guests: t.Iterable[Item], host: str, variables: t.Mapping[str, object]) -> t.Iterator[str]:
    """A warning for each reference that is close to the name of a declared secret. For the parameters see of_host."""
    declared = DeclaredSecrets.of(variables)
    for called, reference in of_host(guests, variables):
        problem = declared.slip(reference)
        if problem is not None:
            yield (
                f"{called}: {reference.path}: {problem} The run goes on, for host {host} may have a secret of this name"
                " that nobody declares"
            )


def lacking(guests: t.Iterable[Item], variables: t.Mapping[str, object]) -> t.Iterator[str]:
    """A sentence for each reference to no secret that is declared, and that slips has not told.

    For the parameters see of_host.
    """
    declared = DeclaredSecrets.of(variables)
    for called, reference in of_host(guests, variables):
        problem = declared.lacks(reference)
        if problem is not None and declared.slip(reference) is None:
            yield f"{called}: {reference.path}: {problem}"
