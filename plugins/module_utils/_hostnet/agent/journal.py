# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of a change, on the disk: beside its place before the trial, in its place by renames alone.

Several files change together. The journal, one file in /var/lib, says by its name what a boot has to do:

``trial.json``   the change is tried; a boot clears it away (tmpfiles.d(5) is enough for that)
``keep.json``    the change is kept; a boot brings that to its end, by a unit of its own. Renaming trial.json to this
                 is the one moment that decides
``kept.json``    what was kept last; a boot has nothing to do
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import typing as t

from . import files, trial_leftovers
from .shapes import Journal, JournalEntry, State

DISK = "/var/lib/virtfleet/links"
BOOT = "/etc/systemd/system/virtfleet-links-boot.service"
WANTS = "/etc/systemd/system/sysinit.target.wants"
WANTED = WANTS + "/virtfleet-links-boot.service"
"""Has a boot run the unit. Not there during a trial: systemd would have loaded the unit by the next reload."""
UNWANTED = WANTS + "/.virtfleet-links-boot"
TMPFILES = "/etc/tmpfiles.d/virtfleet-links.conf"

TURNS = "1 2 3"
"""How often the boot begins what it has to do, each turn one word."""

BOOT_UNIT = """\
# Made by the Ansible collection virtfleet.kvm. It goes by itself when the change of links is over.
[Unit]
Description=End of a change to the network that a power cut broke off
DefaultDependencies=no
RequiresMountsFor={disk} /etc /usr/local
After=local-fs.target systemd-remount-fs.service
Before=systemd-tmpfiles-setup.service network-pre.target systemd-networkd.service NetworkManager.service shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
WorkingDirectory={disk}
# One that is killed is begun anew: the network must not be configured before it is done. In the end it removes itself.
ExecStart=+/bin/sh -c 'for turn in {turns}; do {python} -B -m agent.guard boot && exit 0; \\
    [ -e agent/guard.py ] || exit 0; done; exit 1'
TimeoutStartSec=90
"""


class FilesNotKept(Exception):
    """The files could not be put in their places; its text says why."""


class OldFileLost(OSError):
    """An old file cannot be put back: it is gone, or somebody wrote in its place. All the rest is done."""


def path_of(name: str) -> str:
    """The path of one of the journal's names: ``trial``, ``keep`` or ``kept``."""
    return os.path.join(DISK, f"{name}.json")


def prepare(state: State) -> None:
    """Write all that is to be kept beside its place, and have it on the disk. Can be begun anew.

    Raises OSError where that cannot be done; ``clear`` removes what was made until then.
    """
    entries: list[JournalEntry] = []
    folders: list[str] = []
    for index, file in enumerate(state["keep"]):
        path = os.path.realpath(file["path"]) if os.path.isfile(file["path"]) else file["path"]
        folder = os.path.dirname(path)
        folders += [each for each in files.missing_folders(folder) if each not in folders]
        stem = os.path.join(folder, trial_leftovers.stem(state["id"], index))
        found = files.exists(path)
        entries.append(
            {
                "path": path,
                "new": None if file["text"] is None else f"{stem}.new",
                "old": f"{stem}.old" if found else None,
                "stamp": stamp(path) if found else None,
                "digest": None if file["text"] is None else digest(file["text"]),
            }
        )
    files.make_folder(DISK, 0o700)
    journal: Journal = {"id": state["id"], "files": entries, "folders": folders, "netplan": state["netplan"]}
    files.write(path_of("trial"), json.dumps(journal))
    arm_boot(state["python"], journal)
    for entry, file in zip(entries, state["keep"], strict=True):
        folder = os.path.dirname(entry["path"])
        files.make_folder(folder)
        if entry["old"]:
            files.unlink(entry["old"])
            os.link(entry["path"], entry["old"], follow_symlinks=False)
        if entry["new"] and file["text"] is not None:
            if entry["old"] and stat.S_ISREG(os.lstat(entry["old"]).st_mode):
                files.create(entry["new"], file["text"], like=entry["old"])
            else:
                files.create(entry["new"], file["text"], file["mode"])
        files.sync(folder)


def stamp(path: str) -> list[int]:
    """What changes when somebody edits a file."""
    found = os.lstat(path)
    return [found.st_ino, found.st_size, found.st_mtime_ns]


def digest(text: str) -> str:
    """What tells a file's text from any other."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def is_as_before(entry: JournalEntry) -> bool:
    """Whether what has a file's name is still what had it before the trial, or still nothing."""
    return (stamp(entry["path"]) if files.exists(entry["path"]) else None) == entry["stamp"]


def is_new(entry: JournalEntry) -> bool:
    """Whether what has a file's name is the new file, which nobody has edited. Raises OSError."""
    path = entry["path"]
    if "digest" not in entry:  # The journal of an earlier version.
        return True
    return os.path.isfile(path) and not os.path.islink(path) and digest(files.read(path)) == entry["digest"]


def is_old(entry: JournalEntry) -> bool:
    """Whether what has a file's name is what was saved, or the same again. Raises OSError."""
    old, path = entry["old"], entry["path"]
    return old is not None and (files.is_same_file(old, path) or files.same_file(old, path))


def arm_boot(python: str, journal: Journal) -> None:
    """Have the next boot clear away the trial, and make ready what brings a confirmation to its end. Raises OSError."""
    copy = os.path.join(DISK, "agent")
    files.make_folder(copy, 0o700)
    source = os.path.dirname(os.path.abspath(__file__))
    for name in files.listed(source):
        if name.endswith(".py"):
            files.write(os.path.join(copy, name), files.read(os.path.join(source, name)))
    for path in (BOOT, TMPFILES, UNWANTED):
        files.make_folder(os.path.dirname(path))
    files.write(BOOT, BOOT_UNIT.format(disk=DISK, python=python, turns=TURNS), 0o644)
    files.unlink(UNWANTED)
    os.symlink(BOOT, UNWANTED)
    files.sync(WANTS)
    staged = [path for entry in journal["files"] for path in (entry["new"], entry["old"]) if path]
    folders = list(reversed(journal["folders"]))
    lines = [f"r! {quoted(path)}" for path in (*staged, *folders, UNWANTED, BOOT, path_of("trial"))]
    lines += [f"R! {copy}", f"R! {DISK}/open", f"r! {TMPFILES}"]
    text = "\n".join(["# Made by the Ansible collection virtfleet.kvm.", *lines, ""])
    files.write(TMPFILES, text, 0o644)


def quoted(path: str) -> str:
    """A path as tmpfiles.d(5) reads it: without specifiers and wildcards, as one word."""
    plain = "".join(f"\\{each}" if each in "*?[\\" else "%%" if each == "%" else each for each in path)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def disarm_boot() -> None:
    """Leave nothing for the next boot. Raises OSError."""
    parts = [os.path.join(os.path.dirname(path), files.PART) for path in (BOOT, TMPFILES, DISK + "/")]
    for path in (WANTED, UNWANTED, BOOT, TMPFILES, *parts):
        if files.exists(path):
            files.unlink(path)
            files.sync(os.path.dirname(path))
    files.remove_folder(os.path.join(DISK, "agent"))


def is_kept(trial: str) -> bool:
    """Whether the disk says of a trial that its change is kept."""
    return any(files.load(path_of(name)).get("id") == trial for name in ("keep", "kept"))


def keep(trial: str) -> None:
    """Put the new files in their places, on the disk. Can be begun anew, needs no room.

    Raises NotKept where that cannot be done. Then ``undo`` has to follow.
    """
    if files.load(path_of("kept")).get("id") == trial:
        return
    try:
        if not files.exists(path_of("keep")):
            journal = files.load(path_of("trial"))
            if journal.get("id") != trial:
                raise FilesNotKept(f"{path_of('trial')} is not that of this change any more")
            check(journal)
            if not files.exists(WANTED):
                os.rename(UNWANTED, WANTED)
            files.sync(WANTS)
            os.rename(path_of("trial"), path_of("keep"))
        files.sync(DISK)
        noted = entries("keep")
        for entry in noted:
            place(entry)
        for folder in sorted({os.path.dirname(entry["path"]) for entry in noted}):
            if files.exists(folder):
                files.sync(folder)
    except OSError as error:
        raise FilesNotKept(files.problem(error)) from None


def entries(name: str) -> list[JournalEntry]:
    """The files of a journal, none where it is not there. Raises Lost where it cannot be read."""
    path = path_of(name)
    found = files.load(path).get("files")
    if found is None and files.exists(path):
        raise OldFileLost(errno.EIO, "it is damaged, and does not tell any more which files change", path)
    return found or []


def check(journal: Journal) -> None:
    """Look whether every file can still be put in its place. Raises NotKept, OSError."""
    for entry in journal["files"]:
        folder = os.path.dirname(entry["path"])
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            raise FilesNotKept(f"{folder} cannot be written any more")
        if entry["new"] and not files.exists(entry["new"]):
            raise FilesNotKept(f"{entry['new']} is gone")
        refuse_changed(entry)


def place(entry: JournalEntry) -> None:
    """Put one file in its place, or remove it.

    One that was to go stays where somebody wrote it anew since that was decided. Raises OSError, and NotKept where
    somebody has removed the new file, or has changed what it is to replace.
    """
    path, new = entry["path"], entry["new"]
    if new is None:
        if is_as_before(entry):
            files.unlink(path)
    elif files.exists(new):
        if not files.is_same_file(new, path):
            refuse_changed(entry)
        os.rename(new, path)
    elif not files.exists(path) or (entry["old"] and files.is_same_file(entry["old"], path)):
        raise FilesNotKept(f"{new} is gone")


def refuse_changed(entry: JournalEntry) -> None:
    """Raises NotKept where somebody has changed a file since the trial began."""
    if not is_as_before(entry):
        raise FilesNotKept(f"{entry['path']} was changed by somebody else in the meantime")


def undo() -> None:
    """Put the old files back, whatever was done of the new ones. Can be begun anew, needs no room.

    One that cannot be put back keeps no other from it. Raises OSError, and the journal stays then; Lost, once all the
    rest is done and cleared away, where an old file is gone: trying again would not bring it. Where somebody wrote in
    the place of a file since it was changed, that stays, what was saved stays beside it, and Lost names both.
    """
    if files.exists(path_of("keep")):
        os.rename(path_of("keep"), path_of("trial"))
        files.sync(DISK)
    problems: list[OSError] = []
    lost: list[OldFileLost] = []
    spared: list[str | None] = []
    try:
        noted = entries("trial")
    except OldFileLost as error:
        noted = []
        lost.append(error)
    for entry in noted:
        try:
            put_back(entry)
        except OldFileLost as error:
            lost.append(error)
            spared.append(entry["old"])
        except OSError as error:
            problems.append(error)
    if problems:
        raise problems[0]
    clear("trial", spared)
    if lost:
        raise lost[0]


def put_back(entry: JournalEntry) -> None:
    """Put one old file back. Raises OSError; Lost where it is gone, or somebody wrote in its place."""
    path, new, old = entry["path"], entry["new"], entry["old"]
    saved = old is not None and files.exists(old)
    if new is None and saved and files.exists(path) and not is_old(entry):
        # It was removed, and written anew.
        raise written_anew(entry)
    if files.exists(new or path):
        # The new file is still beside its place, or what was to go is still there: nothing was done.
        for staged in (old, new):
            if staged:
                files.unlink(staged)
    elif old and not saved:
        if not is_as_before(entry):
            raise OldFileLost(errno.ENOENT, "what was saved of it is gone", path)
    elif files.exists(path) and not is_new(entry) and not (old and is_old(entry)):
        raise written_anew(entry)
    elif old:
        files.move_back(old, path)
    elif new:
        files.unlink(path)


def written_anew(entry: JournalEntry) -> OldFileLost:
    """The error for a file that is neither the old nor the new one."""
    before = f"what was there before is {entry['old']}" if entry["old"] else "there was none before"
    return OldFileLost(errno.EEXIST, f"somebody wrote it anew in the meantime, so it stays; {before}", entry["path"])


def done() -> None:
    """Clear away after the new files were put in their places, and note that. Can be begun anew. Raises OSError."""
    clear("keep")


def clear(name: str, spared: t.Collection[str | None] = ()) -> None:
    """Remove what stands beside the files, then the journal itself. Raises OSError.

    :param name: what the journal is called, ``trial`` or ``keep``
    :param spared: what stays beside the files
    """
    journal = files.load(path_of(name))
    for entry in journal.get("files") or []:
        for staged in (entry["new"], entry["old"]):
            if staged and staged not in spared:
                files.unlink(staged)
        folder = os.path.dirname(entry["path"])
        if folder.endswith(".d") and entry["new"] is None:
            remove_empty(folder)
        if files.exists(folder):
            files.sync(folder)
    if name == "trial":
        for folder in reversed(journal.get("folders", [])):
            remove_empty(folder)
    disarm_boot()
    if name == "trial":
        files.unlink(path_of("trial"))
    elif files.exists(path_of("keep")):
        os.rename(path_of("keep"), path_of("kept"))
    if files.exists(DISK):
        files.sync(DISK)


def remove_empty(folder: str) -> None:
    """Remove a folder, unless something is in it."""
    try:
        os.rmdir(folder)
    except OSError:
        return


def finish(in_place: t.Callable[[], None] = lambda: None) -> tuple[str, str, str]:
    """Bring to its end what was broken off, at boot or before the next change.

    Returns the trial's id, its verdict, and what could not be put back. The verdict is ``confirmed``, ``rolled-back``,
    or empty where there was nothing to do. Raises OSError.

    :param in_place: what is to be done once the new files are in their places, before nothing tells of it any more
    """
    name = next((name for name in ("keep", "trial") if files.exists(path_of(name))), "")
    files.remove_folder(os.path.join(DISK, "open"))
    if not name:
        trial_leftovers.clear()
        disarm_boot()
        return "", "", ""
    trial, lost = str(files.load(path_of(name)).get("id", "")), ""
    if name == "keep":
        try:
            keep(trial)
        except FilesNotKept:
            pass
        else:
            in_place()
            done()
            return trial, "confirmed", ""
    try:
        undo()
    except OldFileLost as error:
        lost = files.problem(error)
    return trial, "rolled-back", lost
