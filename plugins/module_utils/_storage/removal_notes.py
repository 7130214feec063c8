# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run notes of volumes that are about to go with a guest, so that the next one can end what it began.

Between the guest's end and that of its volume a run may be killed. Then nothing but this note says that the volume was
to go, and somebody else may have had it since. Three things show that nobody did:

- It is the volume that was made (see storage_observe.another).
- Nobody has written to its file, given it to another user, or linked it: the time of its last change is that of the
  note (ctime, inode(7)). libvirt gives the file to QEMU as a guest starts.
- Nobody has had it in a definition: none was written or removed on the host since this guest's own was. One that came
  and went leaves no other trace than the time at which libvirt's folder of definitions was last changed, since each is
  written under another name and then renamed (virFileRewrite in libvirt's src/util/virfile.c). Nobody can set that time
  back, and neither a restart of libvirt nor one of the host changes it.

Where one of them cannot be shown, the volume stays: also where the run was killed before it could note the last one,
and with a libvirt that keeps no such folder.
"""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t

from .._errors import VirtfleetError
from .._host.files import may_exist
from .._libvirt.objects import Connection
from .._libvirt.process import own_process
from .manifest import Manifest
from .removal import Going
from .users import is_local

SYSTEM = "/etc/libvirt/qemu"
"""The definitions of guests (virQEMUDriverConfigNew in libvirt's src/qemu/qemu_conf.c)."""

NO_MORE = "no more"
"""Noted in place of the time of a volume that somebody else had once: it stays for good."""

DELETE = "where nobody needs it, delete the volume with state: absent of the module virtfleet.kvm.volumes"
LEFT = f"it was made for this guest, which does not have it any more; {DELETE}"
USED = f"a run was about to delete it with this guest, and somebody used it then; {DELETE}"
BROKEN_OFF = (
    "a run that was broken off was about to delete it with this guest, and somebody else may have had it since: its"
    f" file, or the definition of a guest of this host, was changed; {DELETE}"
)


def note(connection: Connection, guest: str, volumes: t.Collection[Going]) -> t.Callable[[], None]:
    """Note of volumes, right before a guest's definition goes, that they go after it.

    Returns what is to be called right after that: it notes by what the next run knows that nothing happened since.
    """
    manifest, uri = Manifest(connection.getURI()), connection.getURI()
    noted = []
    for plan in volumes:
        changed = changed_at(plan.path)
        if changed is not None:
            noted.append(plan.note or plan.key)
            manifest.add("volumes", noted[-1], leaving=changed, since=own_process())
    file = os.path.join(folder(uri) or "", f"{guest}.xml")
    was_there = bool(noted) and folder(uri) is not None and may_exist(file, follow=False)

    def gone() -> None:
        state = definitions(uri) if was_there and not may_exist(file, follow=False) else None
        if state is None:
            return
        with contextlib.suppress(VirtfleetError):  # It is only needed where this run does not come to its end.
            for key in noted:
                manifest.add("volumes", key, since=state)

    return gone


def spare(connection: Connection, key: str) -> None:
    """Note of a volume that somebody else had it: no later run is to take it for one that was about to go.

    :param key: the name under which it is noted as made
    """
    Manifest(connection.getURI()).add("volumes", key, leaving=NO_MORE)


def is_leaving(path: str | None, facts: t.Mapping[str, str], state: str | None) -> bool:
    """Whether a run that was broken off was about to delete a volume with its guest, and nobody has had it since.

    :param facts: what is noted of it (see manifest.FACTS)
    :param state: that of the definitions of the host's guests; None where it cannot be known
    """
    changed = changed_at(path)
    if changed is None or facts.get("leaving") != changed:
        return False
    return facts.get("since") in {own_process(), state} - {None}


def reason(facts: t.Mapping[str, str]) -> str:
    """Why a volume stays that was made for a guest which does not have it, and that nobody uses."""
    if facts.get("leaving") is None:
        return LEFT
    return USED if facts["leaving"] == NO_MORE else BROKEN_OFF


def changed_at(path: str | None) -> str | None:
    """When a file was last changed or given to another (st_ctime_ns), as text; None for what is no file."""
    try:
        state = os.lstat(path or "")
    except (OSError, ValueError):
        return None
    return str(state.st_ctime_ns) if stat.S_ISREG(state.st_mode) else None


def definitions(uri: str) -> str | None:
    """The state of the folder with the definitions of guests: another one after each that is written or removed.

    None where nobody can tell.
    """
    try:
        state = os.stat(folder(uri) or "")
    except OSError:
        return None
    return f"definitions {state.st_ino} {state.st_ctime_ns}"


def folder(uri: str) -> str | None:
    """The folder in which libvirt keeps the definitions of guests, by the connection's URI; None where it has none."""
    kind, _colon, _rest = uri.partition(":")
    if kind.partition("+")[0] != "qemu" or not is_local(uri):
        return None
    if uri.endswith("/system"):
        return SYSTEM
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(home, "libvirt/qemu") if uri.endswith("/session") else None
