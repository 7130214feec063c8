# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References to secrets of libvirt, and the secrets that a host declares."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host, Scope
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.doubts import doubts
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.incomplete import lacking
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.secrets import DeclaredSecrets, references
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.derived_values import derive_uuid

UUID = "6f1d8a52-3c0e-5b7a-9e44-2a8f0c1b7d91"
DERIVED = derive_uuid(Scope("secret", "tiger", Host()))
SECRETS = [
    {"name": "tiger", "usage": "ceph"},
    {"name": "old", "usage": "ceph", "state": "absent"},
    {"name": "login", "usage": "iscsi"},
    {"name": "/srv/a", "usage": "volume", "uuid": UUID},
    {"name": "state", "usage": "vtpm"},
]


def pool(**secret: str) -> dict[str, Any]:
    auth = {"type": "ceph", "username": "a", "secret": secret}
    source = {"name": "x", "hosts": [{"name": "ceph1"}], "auth": auth}
    return {"kvm_pools": [{"name": "p", "type": "rbd", "source": source}]}


def disk(**auth: str) -> dict[str, Any]:
    source = {"name": "x/y", "hosts": [{"name": "ceph1"}], "auth": {"username": "a", "type": "ceph", **auth}}
    return {"kvm_guests": [guest(disks=[{"protocol": "rbd", "source": source}])]}


def guest(**options: Any) -> dict[str, Any]:
    return {"name": "a", "host": "kvm01", "memory": "1GiB", **options}


def volume(**secret: str) -> dict[str, Any]:
    return {"kvm_volumes": [{"name": "v.raw", "capacity": "1GiB", "encryption": {"format": "luks", "secret": secret}}]}


def tpm(uuid: str) -> dict[str, Any]:
    return {"kvm_guests": [guest(tpms=[{"model": "tpm-crb", "backend": {"type": "emulator", "secret": uuid}}])]}


def said(given: dict[str, Any], secrets: Any = ...) -> tuple[list[str], list[str]]:
    """The warnings, and what can only be right where the host has it."""
    fleet: dict[str, Any] = {"kvm01": {**given, "kvm_secrets": SECRETS if secrets is ... else secrets}}
    assert problems(["kvm01"], fleet) == []
    return doubts(["kvm01"], fleet), lacking(["kvm01"], fleet)


ON = " The run goes on, for host kvm01 may have a secret of this name that nobody declares"
NO_NAME, NO_UUID = "no secret in kvm_secrets has this name", "no secret in kvm_secrets has this UUID"


@pytest.mark.parametrize(
    ("given", "where", "told", "like"),
    [
        (pool(usage="tigr"), "host kvm01: pool p: source.auth.secret.usage", NO_NAME, "tiger"),
        (pool(usage="other"), "host kvm01: pool p: source.auth.secret.usage", NO_NAME, None),
        (pool(uuid=UUID[:-1] + "2"), "host kvm01: pool p: source.auth.secret.uuid", NO_UUID, None),
        (
            pool(usage="old"),
            "host kvm01: pool p: source.auth.secret.usage",
            "the secret has state: absent in kvm_secrets",
            None,
        ),
        (
            pool(usage="login"),
            "host kvm01: pool p: source.auth.secret.usage",
            "the secret in kvm_secrets has usage iscsi, and this needs ceph",
            None,
        ),
        (disk(usage="tigr"), "guest a: disks[0].source.auth.usage", NO_NAME, "tiger"),
        (volume(usage="/srv/b"), "host kvm01: volume default/v.raw: encryption.secret.usage", NO_NAME, "/srv/a"),
        (
            volume(usage="tiger"),
            "host kvm01: volume default/v.raw: encryption.secret.usage",
            "the secret in kvm_secrets has usage ceph, and this needs volume",
            None,
        ),
        (tpm(UUID[:-1] + "2"), "guest a: tpms[0].backend.secret", NO_UUID, None),
        (
            tpm(UUID),
            "guest a: tpms[0].backend.secret",
            "the secret in kvm_secrets has usage volume, and this needs vtpm",
            None,
        ),
    ],
)
def test_a_secret_that_the_host_does_not_declare(
    given: dict[str, Any], where: str, told: str, like: str | None
) -> None:
    warned, lacks = said(given)
    assert lacks == ([] if like else [f"{where}: {told}"])  # It is told once.
    place = where.removeprefix("host kvm01: ")
    assert warned == ([f"{place}: is no name of a secret in kvm_secrets; did you mean {like!r}?{ON}"] if like else [])


@pytest.mark.parametrize(
    "given",
    [
        pool(usage="tiger"),
        pool(uuid=DERIVED.upper()),
        disk(usage="tiger"),
        disk(uuid=DERIVED),
        volume(usage="/srv/a"),
        volume(uuid=UUID),
        tpm(derive_uuid(Scope("secret", "state", Host()))),
    ],
)
def test_a_secret_that_is_declared(given: dict[str, Any]) -> None:
    assert said(given) == ([], [])


def test_a_host_that_declares_none_may_have_all_by_hand() -> None:
    assert said({**disk(usage="tigr"), **pool(usage="tigr")}, None) == ([], [])


def test_what_is_to_be_absent_refers_to_nothing() -> None:
    given = disk(usage="tigr")
    given["kvm_guests"][0]["state"] = "absent"
    assert said(given) == ([], [])


def test_a_part_that_stands_there_often_is_looked_at_once() -> None:
    """As anchors of YAML make it; one may also be in itself."""
    part: dict[str, Any] = {"auth": {"type": "ceph", "usage": "x"}}
    for _level in range(60):
        part = {"a": [part, part], "b": part}
    part["itself"] = part
    assert [found.value for found in references(part)] == ["x"]


def test_a_password_in_the_place_of_a_name_is_not_shown() -> None:
    warned, lacks = said({**disk(usage="hunter2"), **pool(usage="tigre")})
    assert len(warned) == len(lacks) == 1
    assert all(one not in line for line in (*warned, *lacks) for one in ("hunter2", "tigre"))


def test_a_name_that_is_no_text_does_not_end_the_check() -> None:
    """A half of a character of two, as JSON can have it; libvirt takes none, and it is refused as a name."""
    assert DeclaredSecrets.of({"kvm_secrets": [{"name": "a\ud800", "usage": "volume"}]}).names == {"a\ud800": "volume"}
