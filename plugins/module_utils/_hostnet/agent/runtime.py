# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial puts into /run, and what was there before: saved by second names, put back by renames alone."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import typing as t

from . import files

MADE = (
    ("/run/systemd/network", ("10-netplan-",)),
    ("/run/NetworkManager/system-connections", ("netplan-",)),
    ("/run/NetworkManager/conf.d", ("netplan.conf", "10-globally-managed-devices.conf")),
    ("/run/udev/rules.d", ("90-netplan", "99-netplan-")),
)
"""What netplan makes of its documents (src/networkd.c, src/nm.c): folders, and how the names begin."""


MADE_BY_TRIAL = "made.json"
"""The note of what netplan has made of a trial's documents."""


class Saved(t.NamedTuple):
    """What was saved of a file: the first of its two names, and the inodes of both. An earlier release noted none."""

    first: str
    inodes: list[int]


class SavedFileLost(FileNotFoundError):
    """What was saved of a file is gone; all the rest is put back."""


def generated_files() -> list[str]:
    """The files that netplan has made, those that a broken-off write left included."""
    found = []
    for folder, starts in MADE:
        for name in files.listed(folder):
            path = os.path.join(folder, name)
            if name.startswith(starts) and (os.path.islink(path) or not os.path.isdir(path)):
                found.append(path)
    return found


def save(folder: str, tried: t.Iterable[str]) -> None:
    """Save what is in force. Can be begun anew. Raises OSError.

    :param tried: the paths in /run that the trial uses
    """
    saved = os.path.join(folder, "saved")
    files.remove_folder(saved)
    os.mkdir(saved, 0o700)
    names: dict[str, Saved] = {}
    for index, path in enumerate([*generated_files(), *(path for path in tried if files.exists(path))]):
        first = os.path.join(saved, str(index))
        for saved_as in (first, f"{first}.again"):
            link_or_copy(path, saved_as)
        names[path] = Saved(first, [os.lstat(saved_as).st_ino for saved_as in (first, f"{first}.again")])
    noted = {path: [saved_as.first, *saved_as.inodes] for path, saved_as in names.items()}
    files.write(os.path.join(folder, "saved.json"), json.dumps(noted))


def link_or_copy(path: str, other: str) -> None:
    """Give a file a second name; a copy where it is on another filesystem. Raises OSError."""
    try:
        os.link(path, other, follow_symlinks=False)
    except OSError:
        if os.path.islink(path):
            os.symlink(os.readlink(path), other)
            return
        files.create(other, files.read(path), like=path)


def put(tried: t.Mapping[str, str | None]) -> None:
    """Put the trial's files into /run, where they hide those of /etc and /usr. Raises OSError.

    :param tried: their texts by path; None hides a file altogether
    """
    for path, text in tried.items():
        folder = os.path.dirname(path)
        files.make_folder(folder)
        if text is None and folder.endswith(".d"):
            # Only an empty file hides one that adds to another. At a link to /dev/null, networkd of systemd 262 gives
            # the whole network up ("Failed to open ...: File descriptor in bad state"): its device loses its addresses.
            files.write(path, "", 0o644)
        elif text is None:
            files.unlink(path)
            os.symlink("/dev/null", path)
        else:
            files.write(path, text, 0o600 if "/netplan/" in path else 0o644)


def restore(folder: str, tried: t.Iterable[str], again: bool = False) -> None:
    """Put back what was in force, needing no room and no netplan. Can be begun anew.

    Raises OSError; Lost, once all the rest is done, where what was saved is gone. It raises OSError, too, where others
    have had netplan make something else during the trial: what they wrote is not in force any more then.

    :param again: whether something else has written there since it was put back
    """
    tried = list(tried)
    names = saved_names(folder)
    noted = files.load(os.path.join(folder, MADE_BY_TRIAL))
    trials, edited = noted.get("paths"), [] if again else by_others(names or {}, noted.get("digests", {}))
    for path in [*(generated_files() if names is not None else []), *tried]:
        others = trials is not None and path not in trials and path not in tried
        if path not in (names or {}) and not others:
            files.unlink(path)
    lost = [path for path, saved in (names or {}).items() if not put_back(path, saved, again)]
    clear_parts(tried)
    if names is None:
        lost = [os.path.join(folder, "saved.json")]
    if lost:
        raise SavedFileLost(errno.ENOENT, "what was saved of it is gone", lost[0])
    if edited:
        reason = "somebody else had netplan make it anew during the trial, and it is as before that: run netplan apply"
        raise OSError(errno.ESTALE, reason, edited[0])


def by_others(names: t.Mapping[str, Saved], digests: t.Mapping[str, str]) -> list[str]:
    """The files that are neither what the trial has made of them nor what was saved. Raises OSError.

    :param names: what was saved, by its path
    :param digests: what the trial has made, by its path
    """
    found = []
    for path, (first, inodes) in names.items():
        if path not in digests or path.startswith("/run/NetworkManager/") or is_back(path, inodes or [0]):
            continue
        saved = next((name for name in (first, f"{first}.again") if files.exists(name)), "")
        if digest(path) not in (digests[path], digest(saved)):
            found.append(path)
    return found


def digest(path: str) -> str:
    """What tells a file's text, or where a symbolic link leads; empty where it is not there. Raises OSError."""
    if not path or not files.exists(path):
        return ""
    text = os.readlink(path) if os.path.islink(path) else files.read(path)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def saved_names(folder: str) -> dict[str, Saved] | None:
    """What was saved, by its path; None where that is gone."""
    found = files.load(os.path.join(folder, "saved.json"))
    if not found and not files.exists(os.path.join(folder, "saved.json")):
        return None
    # An earlier release noted the name alone.
    return {
        path: Saved(saved, []) if isinstance(saved, str) else Saved(saved[0], saved[1:])
        for path, saved in found.items()
    }


def put_back(path: str, saved: Saved, again: bool) -> bool:
    """Give a file its old name again. Returns whether it has it. Raises OSError."""
    first, second = saved.first, f"{saved.first}.again"
    for name in (second, first) if again else (first, second):
        if files.exists(name):
            files.move_back(name, path)
            return True
        if is_back(path, saved.inodes):
            return True
    return False


def is_back(path: str, inodes: list[int]) -> bool:
    """Whether a file whose saved name is gone was put back before. NetworkManager writes its own anew."""
    if not files.exists(path):
        return False
    return not inodes or path.startswith("/run/NetworkManager/") or os.lstat(path).st_ino in inodes


def keep_unchanged(folder: str) -> None:
    """Take note of netplan's files, and leave those that came out as they were the same files. Raises OSError.

    netplan writes them all anew, and networkd would configure every link anew, not just those that change: it goes
    by inode and time (stats_by_path_equal in systemd).
    """
    # What netplan makes later is of what others have written meanwhile, and stays where the trial is taken back.
    texts = {path: digest(path) for path in generated_files()}
    files.write(os.path.join(folder, MADE_BY_TRIAL), json.dumps({"paths": list(texts), "digests": texts}))
    for path, (saved, _inodes) in (saved_names(folder) or {}).items():
        there = files.exists(path) and files.exists(saved)
        if there and not files.is_same_file(path, saved) and files.same_file(path, saved):
            files.link_over(saved, path)


def drop(tried: t.Iterable[str]) -> None:
    """Remove the trial's own files: what they hide says the same now. Can be begun anew. Raises OSError."""
    tried = list(tried)
    for path in tried:
        files.unlink(path)
    clear_parts(tried)


def clear_parts(tried: t.Iterable[str]) -> None:
    """Remove what a broken-off write has left, and folders that are empty now. Raises OSError."""
    for folder in {os.path.dirname(path) for path in tried} | {folder for folder, _starts in MADE}:
        files.unlink(os.path.join(folder, files.PART))
        if folder.endswith(".d") and "/systemd/network/" in folder:
            try:
                os.rmdir(folder)
            except OSError:
                continue
