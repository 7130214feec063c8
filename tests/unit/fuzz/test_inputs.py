# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile input into the check of the fleet, filters and modules.

No traceback, no hang, every message names its item, and a secret that was planted appears nowhere:
not in the result, on standard output or error, or in what Ansible writes to the host's journal.
"""

from __future__ import annotations

import contextlib
import gc
import random
import signal
import sys
import typing as t

import fuzzing
import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import VARIABLES
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import DEFAULTS, PROFILES
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow import apply
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import netplan_generate, observe, transaction
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice, NetplanFile, Route
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _host_guests, _settings, _templar
from ansible_collections.virtfleet.kvm.tests.unit.fuzz import into_filters
from ansible_collections.virtfleet.kvm.tests.unit.fuzz.hostile import VALUES, Hostile, Written
from ansible_collections.virtfleet.kvm.tests.unit.fuzz.into_filters import FILTERS
from ansible_collections.virtfleet.kvm.tests.unit.fuzz.into_modules import TABLES, Told, module, planted

DEFAULT = 1000
"""How many inputs are tried where VIRTFLEET_FUZZ_INPUTS does not say."""

LIMIT = 10
"""Seconds of the processor for one input; most take a hundredth."""

PATIENCE = 120
"""Seconds in all: for what waits and does nothing."""

BEGINS = ("guest", "profile ", "kvm_", "host ", "name ", "uuid ", "mac ", "address ", "disk ", "link ")
"""How a sentence of the check begins: with what it is about."""

HOST = Facts(
    devices={
        "eno1": HostDevice("eno1", index=2, mac="52:54:00:00:00:01", addresses=("192.0.2.10/24",)),
    },
    routes=(Route("0.0.0.0/0", "eno1", "192.0.2.1"), Route("192.0.2.0/24", "eno1")),
    netplan=(NetplanFile("/etc/netplan", "01.yaml", "network: {version: 2, ethernets: {eno1: {dhcp4: true}}}"),),
    has_netplan=True,
    networkd=True,
    login="192.0.2.10",
)


class Hang(BaseException):
    """An input took too long."""


@contextlib.contextmanager
def limited() -> t.Iterator[None]:
    """Break off what takes too long."""

    def stop(number: int, frame: t.Any) -> None:
        raise Hang(f"more than {LIMIT} s of the processor, or {PATIENCE} s in all")

    timers = ((signal.SIGPROF, signal.ITIMER_PROF, LIMIT), (signal.SIGALRM, signal.ITIMER_REAL, PATIENCE))
    before = [signal.signal(number, stop) for number, _timer, _seconds in timers]
    for _number, timer, seconds in timers:
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for (number, timer, _seconds), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


# The check of the fleet


def check(hostile: Hostile, chance: random.Random) -> Told:
    """The check of a fleet, of which one list is hostile."""
    variables: dict[str, t.Any] = {"kvm_guests": [{"name": "good", "host": "kvm01", "memory": "1GiB"}]}
    kind = chance.choice(tuple(TABLES))
    item: t.Any = hostile.item(TABLES[kind])
    planted(hostile, chance, TABLES[kind], item)
    if kind == "domain" and chance.random() < 0.9:
        item["host"] = "kvm01" if chance.random() < 0.9 else hostile.value()
    items: t.Any = [item, *([dict(item)] if chance.random() < 0.3 else ())]
    if chance.random() < 0.05:
        items = chance.choice((item, hostile.value(), [hostile.value()], {"a": item}, f"passwd={hostile.secret}"))
    variable = "kvm_guests" if kind == "domain" else f"kvm_{kind}s"
    if kind == "domain" and chance.random() < 0.3:
        in_common(chance, variables, items)
    else:
        variables[variable] = items
    lines = FILTERS["fleet_problems"](["kvm01", "kvm02"], {"kvm01": variables, "kvm02": {"kvm_guests": items}})
    wrong = [line for line in lines if not isinstance(line, str) or not line.startswith(BEGINS)]
    return Told("\n".join(map(str, lines)), f"{len(wrong)} sentences do not say what they are about" if wrong else "")


def in_common(chance: random.Random, variables: dict[str, t.Any], items: t.Any) -> None:
    """Make hostile options those that guests have in common."""
    options = items[0] if isinstance(items, list) and items else items
    if isinstance(options, dict) and chance.random() < 0.9:
        options = {name: value for name, value in options.items() if name not in ("name", "host", "uuid")}
    guest = variables["kvm_guests"][0]
    if chance.random() < 0.5:
        variables[chance.choice(DEFAULTS)] = options
    else:
        variables[PROFILES] = {"p": options} if chance.random() < 0.9 else options
        guest["profile"] = "p" if chance.random() < 0.9 else options


def written(hostile: Hostile, chance: random.Random) -> Told:
    """The check of a fleet whose variables are as they are written, and what a host makes of its guests."""
    variables: dict[t.Any, t.Any] = {}
    for _time in range(chance.randint(1, 4)):
        name = chance.choice(
            (
                *_settings.specs(),
                _settings.SERIAL,
                *VARIABLES,
                *DEFAULTS,
                PROFILES,
                "kvm_gests",
                "guest_purge",
                "kvm_links",
            )
        )
        variables[name] = hostile.sane() if chance.random() < 0.8 else [hostile.sane()]
    if chance.random() < 0.1:
        variables[hostile.key()] = hostile.sane()
    item = hostile.item(DOMAIN, 0.0, sane=True)
    if chance.random() < 0.3:
        planted(hostile, chance, DOMAIN, item)
        variables["kvm_guests"] = chance.choice(([item], "{{ own + own }}", "{{ own }}", "{{ nope }}", [["{{ own }}"]]))
        profile = {"profile": "p"} if PROFILES in variables else {}
        variables["own"] = chance.choice(([{**item, "host": "kvm01", **profile}], hostile.sane()))
    name = chance.choice((*_settings.specs(), _settings.SERIAL))
    hosts = Written({"kvm01": variables, "kvm02": {**variables, name: hostile.sane()}})
    lines = FILTERS["fleet_problems"](["kvm01", "kvm02"], hosts)
    begins = (*BEGINS, "hosts ", "variable ")
    wrong = [line for line in lines if not isinstance(line, str) or not line.startswith(begins)]
    try:
        _host_guests.guests_of("kvm01", _templar.HostTemplar.of(variables, hosts))
    except VirtfleetError as error:
        lines.append(str(error))
    return Told("\n".join(map(str, lines)), f"{len(wrong)} sentences do not say what they are about" if wrong else "")


# Filters


def filtered(hostile: Hostile, chance: random.Random) -> Told:
    """One filter."""
    name = chance.choice(tuple(FILTERS))
    return check(hostile, chance) if name == "fleet_problems" else into_filters.filtered(name, hostile, chance)


WAYS = (check, check, check, written, filtered, filtered, module, module, module, into_filters.scenario)


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[None]:
    """What the modules ask of this machine is made up, and nothing waits."""
    monkeypatch.setattr(apply, "POLL", 0.001)
    monkeypatch.setattr(connection, "PATIENCE", 0.0)
    monkeypatch.setattr(observe, "host", lambda login="": HOST)
    monkeypatch.setattr(transaction, "alone", contextlib.nullcontext)
    monkeypatch.setattr(netplan_generate, "validate", lambda plan: None)
    libvirt.registerErrorHandler(lambda context, error: None, None)
    yield
    gc.collect()


def problem(one: fuzzing.Round) -> str:
    """What is wrong with what comes of one input; nothing where all is well."""
    hostile = Hostile(one.random)
    way = one.random.choice(WAYS)
    try:
        with limited():
            told = way(hostile, one.random)
    except (Exception, Hang, SystemExit) as error:  # The traceback that nobody shall see.
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        where = "" if frame is None else f" at {frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}"
        return f"{way.__name__}: {type(error).__name__}: {error!s:.200}{where}"
    for part in (hostile.secret[:10], hostile.secret[-10:]):
        spot = told.text.find(part)
        if spot >= 0:
            return f"{way.__name__}: the secret shows: {told.text[max(spot - 150, 0) : spot + 40]!r}"
    return f"{way.__name__}: {told.wrong}: {told.text[:300]!r}" if told.wrong else ""


@pytest.mark.fuzz
def test_hostile_input(calm: None) -> None:
    recursion = sys.getrecursionlimit()
    found = []
    for one in fuzzing.rounds("INPUTS", DEFAULT):
        wrong = problem(one)
        if wrong:
            found.append(f"{one.name}: {wrong}")
    assert sys.getrecursionlimit() == recursion
    assert not found, "\n".join([f"{len(found)} inputs:", *found[:200]])


@pytest.mark.parametrize("name", [*_settings.specs(), _settings.SERIAL])
def test_hostile_values_of_the_roles_variables(name: str) -> None:
    """Each variable with each value, alone and in a list: refused by its name, or taken, and never raised."""
    refused = 0
    for make in VALUES:
        for value in (make(), [make()]):
            with limited():
                found = _settings.problems({"kvm01": {name: value}}, None)
            assert all(host == "kvm01" and line.startswith(f"{name}: ") and len(line) < 400 for host, line in found)
            refused += len(found)
    assert refused


def test_every_value_is_made() -> None:
    assert len([make() for make in VALUES]) == len(VALUES)
