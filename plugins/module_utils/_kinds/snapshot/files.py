# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the files of a guest as it is put back, or one of its snapshots is deleted.

libvirt looks at the guest alone. So it changes or removes files that other guests and images are laid over, or that
hold other snapshots.
"""

from __future__ import annotations

import os
import stat
import typing as t

from ..._errors import Invalid
from ..._host.image_format import Unfit
from ..._host.qcow2_snapshots import answer_of
from ..._printing import label, spelled_out
from ..._storage.survey_users import all_users
from ..._storage.users import is_local
from .guests import Disk, SnapshotGuest

if t.TYPE_CHECKING:
    from .plan import SnapshotOptions

Place = tuple[str, str]
"""The target of a disk, and the path of an image that it is or was on."""


def used_by_others(guest: SnapshotGuest, places: t.Collection[Place], options: SnapshotOptions) -> t.Iterator[Invalid]:
    """Who else uses images that change or go: another guest that got one since, an image that is laid over one.

    :param places: the targets of the disks, and the paths of the images
    """
    if not places or not is_local(str(guest.connection.getURI())):
        return
    if not options.walks:
        options.walks.append(all_users(guest.connection, forecast=options.forecast))
    users = options.walks[0]
    own = {path for one in guest.snapshots.values() for path in (*one.files.values(), *one.files_since.values())}
    own |= {disk.path for disk in guest.disks if disk.path is not None}
    for target, path in places:
        uses = users.uses_of(users.thing(path))
        others = sorted(
            {use.who for use in uses if use.guest != guest.name and not (use.guest is None and use.place in own)}
        )
        if others:
            yield Invalid(
                "state",
                f"the image {spelled_out(path)} of disk {label(target)} is also used by {', '.join(others[:5])}, which"
                " would lose what it has: take it away there first",
            )


def snapshots_inside(
    guest: SnapshotGuest, going: t.Iterable[Place], gone: t.Collection[str] = ()
) -> t.Iterator[Invalid]:
    """The snapshots inside of files that libvirt removes, and these with them.

    :param going: the targets of the disks, and the paths of the files
    :param gone: the snapshots of the guest that go before
    """
    if not is_local(str(guest.connection.getURI())):
        return
    for _target, path in going:
        try:
            names = [found.name for found in answer_of(path, lambda image: image.snapshots())]
        except (Unfit, OSError):
            continue
        names = [name for name in names if name not in gone]
        if names:
            yield Invalid(
                "state",
                f"the file {spelled_out(path)} would be removed, and holds the snapshots"
                f" {', '.join(map(label, names))}: delete those first",
            )


def missing(guest: SnapshotGuest, disk: Disk, option: str = "state") -> t.Iterator[Invalid]:
    """That the image of a disk is not there, or is none: QEMU finds out on the way.

    :param option: the option that it is said of
    """
    if disk.path is None or disk.type != "file" or not is_local(str(guest.connection.getURI())):
        return
    try:
        kind = os.stat(disk.path).st_mode
        if not stat.S_ISREG(kind):
            why = "" if stat.S_ISBLK(kind) else "it is no file"
        else:
            with open(disk.path, "rb") as file:
                why = "it is no qcow2" if disk.format == "qcow2" and file.read(4) != b"QFI\xfb" else ""
    except OSError as error:
        why = error.strerror or str(error)
    if why:
        yield Invalid(option, f"the image {spelled_out(disk.path)} of disk {label(disk.target)} is no use: {why}")
