# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest leaves behind when its definition goes: its NVRAM, its TPM's state, a saved state, snapshots.

Each stays, or goes as the user says. The plan tells it; the action that undefines does it in the
same call, for libvirt wants to know then.
"""

from __future__ import annotations

import dataclasses
import typing as t
from xml.etree import ElementTree as ET

from .._engine.context import Change
from .._engine.plan import Observed, Plan
from .._errors import Invalid
from .connection import LibvirtError, lacks, libvirt
from .removal import Judge, because
from .users import Users


@dataclasses.dataclass(frozen=True)
class Belongings:
    """What of a guest goes with its definition.

    :param nvram: the variables of its firmware
    :param tpm: the state of its emulated TPM
    :param saved_state: the memory of a guest that was saved with ``managedsave``
    """

    nvram: bool = False
    tpm: bool = False
    saved_state: bool = False


def plan_departure(connection: t.Any, plan: Plan, have: Observed | None, going: Belongings) -> None:
    """Put into the plan of a guest that goes what goes with it.

    Raises Invalid where something would be lost that the user has not said may go.
    """
    if have is None or not any(step.action == "undefine" for step in plan.steps):
        return
    definition = have.definition
    domain = connection.lookupByName(plan.name)
    lost = loses(domain, definition, going)
    if lost:
        raise Invalid("state", lost)
    if domain.hasManagedSaveImage(0):
        plan.changes.append(Change("saved_state", True, None))
    nvram = definition.findtext("os/nvram") or (None if have.live is None else have.live.findtext("os/nvram"))
    if nvram and going.nvram:
        plan.changes.append(Change("nvram", nvram, None))
    if has_tpm_state(definition) and going.tpm:
        plan.changes.append(Change("tpm_state", True, None))
    snapshots = domain.snapshotListNames(0) if domain.snapshotNum(0) else []
    if snapshots:
        # Only what libvirt knows of them; what is in the disks stays there.
        plan.changes.append(Change("snapshots", sorted(snapshots), None))


def keep_nvram(plans: t.Sequence[Plan], users: Users, going: Belongings) -> None:
    """Keep the variables of the firmware of guests that go, where somebody else has the file, and say so."""
    judge = Judge(users, {plan.name for plan in plans if any(step.action == "undefine" for step in plan.steps)})
    for plan in plans:
        for change in [change for change in plan.changes if change.path == "nvram" and change.after is None]:
            holders, _after = judge.weigh(change.before, change.before)
            if not holders and not users.doubts:
                continue
            plan.changes.remove(change)
            plan.warnings.append(f"its NVRAM {change.before} stays: it {because(holders, users.doubts)}")
            kept = dataclasses.replace(going, nvram=False)
            plan.steps = [
                dataclasses.replace(step, value=kept) if step.action == "undefine" else step for step in plan.steps
            ]


def loses(domain: t.Any, definition: ET.Element, going: Belongings) -> str | None:
    """What would be lost with a guest's definition that the user has not said may go, and the ways out."""
    if not going.saved_state and domain.hasManagedSaveImage(0):
        return (
            "the guest is saved (managedsave), and its memory would be lost with the definition: start it, so that"
            " it can shut down, or allow remove_saved_state"
        )
    if not going.tpm and keep_tpm() is None and has_tpm_state(definition):
        return (
            "this libvirt, older than 8.9, removes the state of the guest's TPM with the definition:"
            " allow remove_tpm, or copy /var/lib/libvirt/swtpm and then allow it"
        )
    return None


def has_tpm_state(definition: ET.Element) -> bool:
    """Whether a guest has a TPM whose state is on the host, and goes with the definition unless it is kept."""
    backend = definition.find("devices/tpm/backend[@type='emulator']")
    return backend is not None and backend.get("persistent_state") != "yes"


def keep_tpm() -> int | None:
    """The flag that keeps a TPM's state, None where this libvirt has none."""
    return getattr(libvirt, "VIR_DOMAIN_UNDEFINE_KEEP_TPM", None)


def undefine(connection: t.Any, name: str, going: Belongings) -> None:
    """Forget a guest's definition, with what makes no sense without it and what the user says. Disks stay."""
    try:
        domain = connection.lookupByName(name)
    except LibvirtError as error:
        if lacks(error, "VIR_ERR_NO_DOMAIN"):
            return  # A transient domain goes with its shutdown.
        raise
    least = libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    least |= libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE if going.saved_state else 0
    more = getattr(libvirt, "VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA", 0)
    more |= libvirt.VIR_DOMAIN_UNDEFINE_NVRAM if going.nvram else libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM
    more |= getattr(libvirt, "VIR_DOMAIN_UNDEFINE_TPM", 0) if going.tpm else keep_tpm() or 0
    try:
        domain.undefineFlags(least | more)
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_INVALID_ARG"):
            raise
        domain.undefineFlags(least)  # Another driver, such as libvirt's own for tests, knows fewer.
