# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running guest still has once it has given up devices; in doubt it keeps them."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.guests_to_come import guests_to_come
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.forecast import ToCome
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.guest_places import GuestPlace
from ansible_collections.virtfleet.kvm.tests.unit.support import plan_of


def disk(target: str, path: str, inner: str = "") -> str:
    return f"<disk><driver type='qcow2'/><source file='{path}'/>{inner}<target dev='{target}'/></disk>"


def interface(mac: str, **source: str) -> str:
    attributes = "".join(f" {name}='{value}'" for name, value in source.items())
    return f"<interface><mac address='{mac}'/><source{attributes}/></interface>"


def document(*devices: str, more: str = "") -> str:
    return f"<domain><name>g</name><uuid>u</uuid><devices>{''.join(devices)}</devices>{more}</domain>"


class Host:
    """A libvirt with one guest that runs."""

    def __init__(self, before: str, live: str | None) -> None:
        self.before, self.live = before, live

    def lookupByName(self, name: str) -> Host:  # noqa: N802
        return self

    def isActive(self) -> bool:  # noqa: N802
        return self.live is not None

    def UUIDString(self) -> str:  # noqa: N802
        return "u"

    def XMLDesc(self, flags: int) -> str:  # noqa: N802
        return self.before if flags else str(self.live)


BASE = "<backingStore><source file='/base'/></backingStore>"
VDA, VDB = disk("vda", "/a"), disk("vdb", "/b")
BEFORE = document(VDA, VDB, interface("52:54:00:00:00:0A", network="lan"))
LIVE = document(
    VDA,
    disk("vdb", "/b", BASE),
    disk("vdz", "/by-hand"),
    interface("52:54:00:00:00:0a", network="lan", bridge="virbr7"),
    "<filesystem><source dir='/shared'/></filesystem>",
)


def planned(after: str | None, *actions: str, **more: Any) -> Plan:
    steps = [] if after is None else [Step("define", after)]
    return plan_of("domain", "g", *steps, *(Step(action) for action in actions), **more)


def values(after: str | None, *actions: str, live: str | None = LIVE, **more: Any) -> tuple[set[str], set[Any]]:
    found = json.loads(json.dumps(guests_to_come(Host(BEFORE, live), [planned(after, *actions, **more)])))["g"]
    told = ToCome.of(found)
    assert (told.uuid, told.gone) == ("u", False)
    return {place.value for place in told.places}, set(told.interfaces)


LESS = document(VDA)
MOVED = document(VDA, disk("vdb", "/c"), interface("52:54:00:00:00:0a", network="new"))


def test_a_running_guest_gives_up_what_its_definition_loses() -> None:
    assert values(LESS, "detach_device") == ({"/a", "/by-hand", "/shared"}, set())
    assert values(MOVED, "update_device") == ({"/a", "/c", "/by-hand", "/shared"}, {("new", None)})


@pytest.mark.parametrize("how", ["waiting", "asked"])
def test_what_waits_is_kept_and_the_rest_is_not(how: str) -> None:
    path = "disks[1]"
    more: dict[str, Any] = {"waiting": {path: "later"}} if how == "waiting" else {"asked": [path]}
    assert values(LESS, "detach_device", **more) == ({"/a", "/b", "/base", "/by-hand", "/shared"}, set())


@pytest.mark.parametrize("actions", [("shutdown",), ("shutdown", "start")])
def test_a_guest_that_stops_has_only_what_it_is_defined_with(actions: tuple[str, ...]) -> None:
    assert values(LESS, *actions) == ({"/a"}, set())
    assert values(None, *actions) == ({"/a", "/b"}, {("lan", None)})


def test_a_guest_that_is_off_has_only_what_it_is_defined_with() -> None:
    assert values(MOVED, live=None) == ({"/a", "/c"}, {("new", None)})


def test_a_guest_that_goes_is_told_by_its_uuid() -> None:
    told = guests_to_come(Host(BEFORE, LIVE), [planned(None, "shutdown", "undefine")])
    assert ToCome.of(told["g"]) == ToCome("u", gone=True)


@pytest.mark.parametrize(
    "after",
    [
        document(disk("vda", "/a").replace("<source", "<source a='b'><slices><slice offset='9'/></slices></source><x")),
        document(VDA, more="<q:commandline xmlns:q='q'><q:arg value='/secret'/></q:commandline>"),
    ],
)
def test_of_a_guest_that_its_places_do_not_tell_nothing_is_told(after: str) -> None:
    assert guests_to_come(Host(BEFORE, LIVE), [planned(after)]) == {}


def test_of_a_guest_that_is_not_changed_nothing_is_told() -> None:
    assert guests_to_come(Host(BEFORE, LIVE), [planned(None)]) == {}


def test_places_come_back_as_they_were() -> None:
    told = ToCome("u", False, (GuestPlace("volume", "p/x", True), GuestPlace("path", "/y", raw=True)), (("lan", None),))
    again = ToCome.of({"uuid": "u", "places": [["volume", "p/x", True, False], ["path", "/y", False, True]],
                       "interfaces": [["lan", None]]})  # fmt: skip
    assert again == told
    assert ET.tostring(told.tree) == (
        b'<domain><devices><interface><source network="lan" /></interface></devices></domain>'
    )
