# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a guest: start, stop, define, undefine, and what changes while it runs."""

from __future__ import annotations

import time

from ..._engine.step import Step
from ..._errors import VirtfleetError
from ..._flow.kind import Action, Work
from ..._libvirt.connection import active, lacks, libvirt, stop
from ..._libvirt.objects import Connection, Domain
from ..image.bases import make_base
from ..volume.volume_actions import forget, guest_volume_delete, spare, volume_define, volume_delete, volume_grow
from . import clone_originals, undefine
from .cloud_init import seed_adoption, seed_fill
from .guest_options import GuestOptions
from .live import actions as live
from .saved_states import is_saved

REPEAT = 5.0
"""Seconds until a guest is asked again to shut down: one that still boots misses the first time."""


def domain_start(connection: Connection, name: str, step: Step, options: GuestOptions) -> None:
    """Start a guest. One that was saved while it was paused comes back paused."""
    domain = connection.lookupByName(name)
    was_saved = is_saved(domain)
    domain.create()
    if was_saved and domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
        domain.resume()


def domain_start_paused(connection: Connection, name: str, step: Step, options: GuestOptions) -> None:
    connection.lookupByName(name).createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)


def domain_resume(connection: Connection, name: str, step: Step, options: GuestOptions) -> None:
    connection.lookupByName(name).resume()


def domain_suspend(connection: Connection, name: str, step: Step, options: GuestOptions) -> None:
    connection.lookupByName(name).suspend()


def domain_autostart(connection: Connection, name: str, step: Step, options: GuestOptions) -> None:
    connection.lookupByName(name).setAutostart(step.value)


def domain_shutdown(connection: Connection, name: str, step: Step, options: GuestOptions) -> Work:
    """Ask the guest to shut down and wait, within bounds; switch it off only if told to."""
    domain = connection.lookupByName(name)
    deadline = time.monotonic() + options.shutdown_timeout
    asked: float | None = None
    while active(domain):
        now = time.monotonic()
        if now >= deadline and asked is not None:
            if not options.force_shutdown:
                raise VirtfleetError(
                    f"shutdown: the guest still runs {options.shutdown_timeout:g} s after it was asked to shut down;"
                    " give it longer with shutdown_timeout (guests_shutdown_timeout of the role), or allow"
                    " force_shutdown (guests_force_shutdown of the role)"
                )
            stop(domain, lambda: domain.destroyFlags(libvirt.VIR_DOMAIN_DESTROY_GRACEFUL))
            return
        if asked is None or now - asked >= REPEAT:
            ask(domain)
            asked = now
        yield


def ask(domain: Domain) -> None:
    """Request a shutdown; that the guest is gone already is what was asked for."""
    try:
        domain.shutdown()
    except libvirt.libvirtError as error:
        if not lacks(error, "VIR_ERR_OPERATION_INVALID", "VIR_ERR_NO_DOMAIN"):
            raise


def domain_undefine(connection: Connection, name: str, step: Step, options: GuestOptions) -> None:
    undefine.undefine(connection, name, step.value or options.belongings)


ACTIONS: dict[str, Action] = {
    "set_autostart": domain_autostart,
    "start": domain_start,
    "start_paused": domain_start_paused,
    "resume": domain_resume,
    "suspend": domain_suspend,
    "shutdown": domain_shutdown,
    "undefine": domain_undefine,
    "attach_device": live.attach_device,
    "detach_device": live.detach_device,
    "update_device": live.update_device,
    "set_memory": live.set_memory,
    "set_vcpus": live.set_vcpus,
    "set_metadata": live.set_metadata,
    "set_document": live.set_document,
    "set_iotune": live.set_iotune,
    "forget": forget,
    "spare": spare,
    clone_originals.CHECK: clone_originals.check_original,
    clone_originals.SETTLE: clone_originals.settle_copies,
    "make_base": make_base,
    "make_volume": volume_define,
    "grow_volume": volume_grow,
    "delete_volume": guest_volume_delete,
    "fill_seed": seed_fill.fill_seed,
    "adopt_seed": seed_adoption.adopt_seed,
    "settle_seed": seed_fill.settle_seed,
    "delete_seed": seed_fill.delete_seed(volume_delete),
}
"""All steps of guests but ``define`` (see define_batch)."""
