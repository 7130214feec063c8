# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes with the definition of a guest, what keeps the guest because it would be lost, and what stays."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import Observed
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step, StepPlace
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import undefine
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.undefine import Belongings
from ansible_collections.virtfleet.kvm.tests.unit.libvirt_errors import Failed

TPM = "<tpm><backend type='emulator'/></tpm>"
KEPT_TPM = "<tpm><backend type='emulator' persistent_state='yes'/></tpm>"
PLACED_TPM = "<tpm><backend type='emulator'><source type='file' path='/srv/tpm'/></backend></tpm>"


def definition(*devices: str) -> ET.Element:
    return ET.fromstring(f"<domain><name>web</name><uuid>u</uuid><devices>{''.join(devices)}</devices></domain>")


class Guest:
    """A domain as libvirt tells of it."""

    def __init__(self, saved: bool = False, snapshots: tuple[str, ...] = (), checkpoints: Any = ()) -> None:
        self.saved, self.snapshots, self.checkpoints = saved, list(snapshots), checkpoints

    def hasManagedSaveImage(self, flags: int) -> bool:  # noqa: N802 (libvirt's name)
        return self.saved

    def snapshotNum(self, flags: int) -> int:  # noqa: N802 (libvirt's name)
        return len(self.snapshots)

    def snapshotListNames(self, flags: int) -> list[str]:  # noqa: N802 (libvirt's name)
        return self.snapshots

    def listAllCheckpoints(self, flags: int) -> list[Any]:  # noqa: N802 (libvirt's name)
        return [SimpleNamespace(getName=lambda name=name: name) for name in self.checkpoints]


def departure(guest: Guest, going: Belongings, *devices: str, action: str = "undefine") -> tuple[Plan, Any]:
    connection: Any = SimpleNamespace(lookupByName=lambda _name: guest, getURI=lambda: "test:///default")
    plan = Plan("domain", "web")
    plan.steps.add(StepPlace.STATE, Step(action))
    plan.steps.add(StepPlace.AFTER, Step("delete_volume", "a volume"))
    have = Observed(definition(*devices), None, "stopped", {})
    return plan, undefine.plan_departure(connection, plan, have, going)


def told(plan: Plan) -> dict[str, Any]:
    return {change.path: change.before for change in plan.changes}


@pytest.fixture(params=[None, 64], ids=["old libvirt", "new libvirt"])
def keep_tpm(request: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A libvirt that cannot keep the state of a TPM, and one that can."""
    monkeypatch.setattr(undefine, "keep_tpm", lambda: request.param)
    return request.param


def test_nothing_of_a_guest_may_go_unless_the_user_says_so() -> None:
    assert Belongings() == Belongings(False, False, False, None, None, ())


def test_a_saved_guest_stays_unless_its_memory_may_go(keep_tpm: Any) -> None:
    with pytest.raises(Invalid, match=r"the guest is saved \(managedsave\), and its memory would be lost"):
        departure(Guest(saved=True), Belongings())
    plan, _going = departure(Guest(saved=True), Belongings(saved_state=True))
    assert told(plan) == {"saved_state": True}
    plan, _going = departure(Guest(), Belongings())
    assert told(plan) == {}


@pytest.mark.parametrize(
    ("device", "allowed", "old", "new"),
    [
        ("", False, {}, {}),
        ("", True, {}, {}),
        (TPM, False, None, {}),
        (TPM, True, {"tpm_state": True}, {"tpm_state": True}),
        (KEPT_TPM, False, {}, {}),
        (KEPT_TPM, True, {}, {"tpm_state": True}),
    ],
)
def test_the_state_of_a_tpm_goes_where_that_is_allowed(
    keep_tpm: Any, device: str, allowed: bool, old: Any, new: Any
) -> None:
    expected = old if keep_tpm is None else new
    if expected is None:
        with pytest.raises(Invalid, match="removes the state of the guest's TPM with the definition"):
            departure(Guest(), Belongings(tpm=allowed), device)
        return
    plan, going = departure(Guest(), Belongings(tpm=allowed), device)
    assert told(plan) == expected
    assert going.tpm is allowed
    assert plan.warnings == []


def test_a_place_of_its_own_for_a_tpm_is_left_as_it_is(keep_tpm: Any) -> None:
    plan, going = departure(Guest(), Belongings(tpm=True), PLACED_TPM)
    assert (told(plan), going.tpm) == ({}, False)
    assert plan.warnings == plan.left
    assert plan.left[0].startswith("the state of its TPM in /srv/tpm stays")


def test_what_libvirt_knows_of_snapshots_and_checkpoints_goes(keep_tpm: Any) -> None:
    plan, going = departure(Guest(snapshots=("b", "a"), checkpoints=("d", "c")), Belongings())
    assert told(plan) == {"snapshots": ["a", "b"], "checkpoints": ["c", "d"]}
    assert all(change.after is None for change in plan.changes)
    assert (going.uuid, going.volumes) == ("u", ("a volume",))


def test_of_a_guest_that_stays_nothing_goes() -> None:
    plan, going = departure(Guest(saved=True), Belongings(), action="shutdown")
    assert (told(plan), going) == ({}, None)


@pytest.mark.parametrize("code", [libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_OPERATION_UNSUPPORTED])
def test_a_driver_that_knows_of_no_checkpoints_has_none(code: int) -> None:
    def refuse(_flags: int) -> Any:
        raise Failed(code)

    assert undefine.checkpoint_names(SimpleNamespace(listAllCheckpoints=refuse)) == []  # type: ignore[arg-type]
    assert undefine.checkpoint_names(SimpleNamespace()) == []  # type: ignore[arg-type]


def test_another_error_about_checkpoints_is_none_of_ours_to_hide() -> None:
    def refuse(_flags: int) -> Any:
        raise Failed(libvirt.VIR_ERR_NO_DOMAIN)

    with pytest.raises(Failed):
        undefine.checkpoint_names(SimpleNamespace(listAllCheckpoints=refuse))  # type: ignore[arg-type]
