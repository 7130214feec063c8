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

from ..._engine.observed import Observed
from ..._engine.plan import Plan
from ..._engine.rows.model import Change
from ..._errors import Invalid, VirtfleetError
from ..._host.files import may_exist
from ..._libvirt.connection import LibvirtError, lacks, libvirt
from ..._libvirt.objects import Connection, Domain
from ..._storage import removal_notes
from ..._storage.removal import Going, NotRemoved
from ..._storage.users import StorageUsers
from . import nvram
from .nvram import FirmwareVariables

TPM = "devices/tpm/backend[@type='emulator']"


@dataclasses.dataclass(frozen=True)
class Belongings:
    """What of a guest goes with its definition.

    :param nvram: the variables of its firmware
    :param tpm: the state of its emulated TPM
    :param saved_state: the memory of a guest that was saved with ``managedsave``
    :param variables: the file of the first, once it is known that it may go
    :param uuid: that of the guest, once it is planned that it goes
    :param volumes: those that go after it
    """

    nvram: bool = False
    tpm: bool = False
    saved_state: bool = False
    variables: FirmwareVariables | None = None
    uuid: str | None = None
    volumes: tuple[Going, ...] = ()


def plan_departure(
    connection: Connection, plan: Plan, have: Observed | None, belongings: Belongings
) -> Belongings | None:
    """What goes with a guest that goes, and is put into its plan; None of one that stays.

    Raises Invalid where something would be lost that the user has not said may go.

    :param belongings: what the user says may go
    """
    if have is None or not any(step.action == "undefine" for step in plan.steps):
        return None
    definition = have.definition
    volumes = tuple(step.value for step in plan.steps if step.action == "delete_volume")
    belongings = dataclasses.replace(belongings, uuid=definition.findtext("uuid"), volumes=volumes)
    domain = connection.lookupByName(plan.name)
    lost = loses(domain, definition, belongings)
    if lost:
        raise Invalid("state", lost)
    if domain.hasManagedSaveImage(0):
        plan.changes.append(Change("saved_state", True, None))
    path = None
    if belongings.nvram and have.persistent:
        path = nvram.place(plan.name, connection.getURI(), definition, have.live)
    if path and may_exist(path, follow=False):
        plan.changes.append(Change("nvram", path, None))
    if belongings.tpm:
        belongings = plan_tpm(plan, definition, belongings)
    snapshots = domain.snapshotListNames(0) if domain.snapshotNum(0) else []
    if snapshots:
        # Only what libvirt knows of them; what is in the disks stays there.
        plan.changes.append(Change("snapshots", sorted(snapshots), None))
    checkpoints = checkpoint_names(domain)
    if checkpoints:
        plan.changes.append(Change("checkpoints", sorted(checkpoints), None))
    return belongings


def checkpoint_names(domain: Domain) -> list[str]:
    """The checkpoints of a guest; none where this libvirt, or its driver, knows of none."""
    try:
        return [found.getName() for found in domain.listAllCheckpoints(0)]
    except (LibvirtError, AttributeError) as error:
        if isinstance(error, LibvirtError) and not lacks(error, "VIR_ERR_NO_SUPPORT", "VIR_ERR_OPERATION_UNSUPPORTED"):
            raise
        return []


def plan_tpm(plan: Plan, definition: ET.Element, belongings: Belongings) -> Belongings:
    """What goes, with the state of a guest's TPM, but where the definition names a place of its own for it.

    Of such a place libvirt deletes all (qemuTPMEmulatorDeleteStorage in its src/qemu/qemu_tpm.c), whatever it holds.
    """
    path = tpm_place(definition)
    if path is not None:
        plan.warn_of_leftover(
            f"the state of its TPM in {path} stays: libvirt would delete all that is there; remove it by hand if"
            " nobody needs it"
        )
        return dataclasses.replace(belongings, tpm=False)
    if has_tpm_state(definition) or (keep_tpm() is not None and definition.find(TPM) is not None):
        plan.changes.append(Change("tpm_state", True, None))
    return belongings


def plan_nvram(
    connection: Connection,
    plans: t.Sequence[Plan],
    have: t.Mapping[str, Observed],
    users: StorageUsers,
    belongings: dict[str, Belongings],
) -> None:
    """Keep the variables of the firmware of guests that go, where the file may be somebody else's, and say so.

    :param belongings: what goes with each, by its name; gets the variables that go
    """
    for plan in plans:
        for change in [change for change in plan.changes if change.path == "nvram" and change.after is None]:
            path = change.before
            found = have[plan.name]
            live = found.live is not None
            reason = nvram.why_it_stays(path, plan.name, connection.getURI(), found.definition, users, live)
            if reason is None:
                variables = FirmwareVariables(path, nvram.identity(path))
                belongings[plan.name] = dataclasses.replace(belongings[plan.name], variables=variables)
            else:
                plan.changes.remove(change)
                plan.warn_of_leftover(f"its NVRAM {path} stays: {reason}")


def loses(domain: Domain, definition: ET.Element, belongings: Belongings) -> str | None:
    """What would be lost with a guest's definition that the user has not said may go, and the ways out."""
    if not belongings.saved_state and domain.hasManagedSaveImage(0):
        return (
            "the guest is saved (managedsave), and its memory would be lost with the definition: start it, so that"
            " it can shut down, or allow remove_saved_state (guests_remove_saved_state of the role)"
        )
    if not belongings.tpm and keep_tpm() is None and has_tpm_state(definition):
        return (
            "this libvirt, older than 8.9, removes the state of the guest's TPM with the definition:"
            " allow remove_tpm (guests_remove_tpm of the role), or copy /var/lib/libvirt/swtpm and then allow it"
        )
    return None


def has_tpm_state(definition: ET.Element) -> bool:
    """Whether a guest has a TPM whose state is on the host, and goes with the definition unless it is kept."""
    backend = definition.find(TPM)
    return backend is not None and backend.get("persistent_state") != "yes"


def tpm_place(definition: ET.Element) -> str | None:
    """The file or folder that a definition names for the state of a TPM; None where libvirt chooses it itself."""
    source = definition.find(f"{TPM}/source")
    return None if source is None else source.get("path", "")


def keep_tpm() -> int | None:
    """The flag that keeps a TPM's state, None where this libvirt has none."""
    return getattr(libvirt, "VIR_DOMAIN_UNDEFINE_KEEP_TPM", None)


def undefine(connection: Connection, name: str, belongings: Belongings) -> None:
    """Forget a guest's definition, with what makes no sense without it and what the user says. Disks stay.

    Raises Kept, with the definition gone, where its NVRAM was to go and is not what it was.
    """
    try:
        domain = connection.lookupByName(name)
    except LibvirtError as error:
        if lacks(error, "VIR_ERR_NO_DOMAIN"):
            return  # A transient domain goes with its shutdown.
        raise
    if belongings.uuid is not None and belongings.uuid != domain.UUIDString():
        raise VirtfleetError(f"undefine: the guest that is called {name} by now is another one, so it stays; run again")
    if domain.isActive():
        raise VirtfleetError("undefine: somebody started it meanwhile, so it stays; run again")
    path = tpm_place(ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))) if belongings.tpm else None
    if path is not None:
        raise VirtfleetError(f"undefine: its definition names {path} for the state of its TPM by now; run again")
    file = belongings.variables
    kept = None if file is None else nvram.last_look(connection, domain, file)
    least, more = flags(belongings, file is not None and kept is None)
    gone = removal_notes.note(connection, name, belongings.volumes)
    try:
        domain.undefineFlags(least | more)
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_INVALID_ARG"):
            raise
        domain.undefineFlags(least)  # Another driver, such as libvirt's own for tests, knows fewer.
        file = None
    gone()
    if file is None:
        return
    if kept is None and may_exist(file.path, follow=False):
        kept = "libvirt did not delete it"
    if kept is not None:
        raise NotRemoved("nvram", f"undefine: its NVRAM {file.path} stays: {kept}", last=False)


def flags(belongings: Belongings, variables: bool) -> tuple[int, int]:
    """What libvirt is told about what goes with a definition: what all its drivers know, and what that of QEMU knows.

    :param variables: whether the file of the firmware's variables goes
    """
    least = libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    least |= libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE if belongings.saved_state else 0
    more = getattr(libvirt, "VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA", 0)
    more |= libvirt.VIR_DOMAIN_UNDEFINE_NVRAM if variables else libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM
    more |= getattr(libvirt, "VIR_DOMAIN_UNDEFINE_TPM", 0) if belongings.tpm else keep_tpm() or 0
    return least, more
