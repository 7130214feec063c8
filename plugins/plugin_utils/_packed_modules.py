# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have Ansible pack a module once, and not anew in every run.

Before Ansible sends a module, it parses all the files that the module imports, to find what they import in turn. That
takes up to 2 s of CPU time for each module of this collection. Ansible keeps the packed module in the temporary folder
of the run (``ansible.executor.module_common``), which is gone with it. Here that file is kept in the user's own folder,
and laid back where the next run of the same Ansible looks for it. Its content is Ansible's: it is not read here. See
the decision record 0021.

What was packed counts as long as no file that can be in it has changed. A file that was changed in the last minute may
have changed while it was packed, so nothing is kept then. Any failure means that Ansible packs the module, as ever.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import sys
import tempfile
import time
import typing as t

import ansible
from ansible import constants
from ansible.executor import module_common
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import module_utils_loader

RUN = "ansiballz_cache"
"""The folder with packed modules in the temporary folder of a run."""

KEPT = ("virtfleet.kvm", "packed")
"""The folder with those that are kept, in the folder that Ansible has for the user (``ANSIBLE_HOME``)."""

HALVES = (".lock", "-part")
"""Endings of files beside a packed module that are none."""

UNFINISHED = "virtfleet-"
"""How the names of files begin that are not whole yet."""

HOUR, MONTH = 3600.0, 30 * 86400.0
"""Seconds after which what was not finished goes, and what was kept."""

MARGIN = 60.0
"""Seconds that no file may have changed for. Packing a module takes less."""

DIGEST = hashlib.sha256

ANSIBLE = os.path.dirname(ansible.__file__)
PLUGINS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class PackedAction(ActionBase):
    """An action whose module is packed once."""

    def _execute_module(self, *args: object, **kwargs: object) -> t.Any:
        """What the module returns. The parameters are those of Ansible's ActionBase."""
        name = kwargs.get("module_name") or (args[0] if args else None) or self._task.action
        with packed_once(str(name).rpartition(".")[2]):
            return super()._execute_module(*args, **kwargs)


@contextlib.contextmanager
def packed_once(name: str) -> t.Iterator[None]:
    """Lay back what was packed of a module, or keep what is packed meanwhile.

    :param name: the module's name without that of the collection; nothing is done for one of others
    """
    module = os.path.join(PLUGINS, "modules", f"{name}.py")
    run = os.path.join(constants.DEFAULT_LOCAL_TMP, RUN)
    before = None
    with contextlib.suppress(OSError, ValueError):
        if os.path.isfile(module) and not packed(run, name):
            before = sources(module)
            if lay_back(run, name, before.digest):
                before = None
    yield
    if before is None or sys.dont_write_bytecode or time.time() - before.changed < MARGIN:
        return
    with contextlib.suppress(OSError, ValueError):
        if sources(module).digest == before.digest:
            for place in packed(run, name):
                keep(place, before.digest)


class PackedOf(t.NamedTuple):
    """All files that a packed module can be made of.

    :param digest: changes whenever one of them does, or this Ansible
    :param changed: when the last one did, in seconds since 1970, by the clock of its file system
    """

    digest: bytes
    changed: float


def sources(module: str) -> PackedOf:
    """What a module can be made of now.

    :param module: the module's own file. Raises OSError where a file cannot be looked at, ValueError where
        files may be added by others than Ansible and this collection (DEFAULT_MODULE_UTILS_PATH)
    """
    own = os.path.join(ANSIBLE, "module_utils")
    for folder in module_utils_loader.print_paths().split(os.pathsep):
        if os.path.realpath(folder) != os.path.realpath(own) and os.path.isdir(folder) and os.listdir(folder):
            raise ValueError(folder)
    digest, changed = DIGEST(json.dumps([ansible.__version__, sys.version, PLUGINS, ANSIBLE]).encode()), 0.0
    runtime = os.path.join(os.path.dirname(PLUGINS), "meta", "runtime.yml")
    for path in (
        *(module, runtime, str(module_common.__file__)),
        *files(own),
        *files(os.path.join(PLUGINS, "module_utils")),
    ):
        found = os.stat(path)
        facts = [path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
        digest.update(json.dumps(facts).encode())
        changed = max(changed, found.st_ctime)
    return PackedOf(digest.digest(), changed)


def files(folder: str) -> t.Iterator[str]:
    """The paths of all Python files in a folder and those below it, in an order that stays.

    Raises OSError where a folder cannot be read, and ValueError where one is a link.
    """
    for place, folders, names in os.walk(folder, onerror=raised):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in folders:
            if os.path.islink(os.path.join(place, name)):
                raise ValueError(name)  # What is behind it is not looked at.
        yield from (os.path.join(place, name) for name in sorted(names) if name.endswith(".py"))


def raised(error: OSError) -> None:
    """Raise an error that a look into a folder came to."""
    raise error


def packed(folder: str, name: str) -> list[str]:
    """The paths of the files in a folder that Ansible packed of a module."""
    if not os.path.isdir(folder):
        return []
    beginning = f"ansible_collections.virtfleet.kvm.plugins.modules.{name}-"
    found = (one for one in os.listdir(folder) if one.startswith(beginning) and not one.endswith(HALVES))
    return [os.path.join(folder, one) for one in found]


def lay_back(run: str, name: str, digest: bytes) -> bool:
    """Lay what is kept of a module where a run looks for it. Returns whether there was anything. Raises OSError.

    :param run: the folder with packed modules of the run
    :param digest: that of what the module is made of
    """
    folder = kept_in()
    done = False
    for place in packed(folder, name) if folder else ():
        with contextlib.suppress(ValueError):
            content = read(place, digest)
            os.makedirs(run, exist_ok=True)
            write(os.path.join(run, os.path.basename(place)), content)
            done = True
    return done


def keep(place: str, digest: bytes) -> None:
    """Keep a packed module. Raises OSError.

    :param place: its path in the folder of the run
    :param digest: that of what it is made of
    """
    above, *own = folders()
    for folder in own if os.stat(above).st_uid == os.geteuid() else ():
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)
    kept = kept_in()
    if kept is not None:
        remove_old(kept)
        with open(place, "rb") as opened:
            content = opened.read()
        write(os.path.join(kept, os.path.basename(place)), digest + DIGEST(content).digest() + content)


def remove_old(folder: str) -> None:
    """Remove what a run that was killed left behind, and what was kept long ago. Raises OSError."""
    for found in os.scandir(folder):
        age = time.time() - found.stat(follow_symlinks=False).st_mtime
        if age > (HOUR if found.name.startswith(UNFINISHED) else MONTH) and not found.is_dir(follow_symlinks=False):
            os.unlink(found.path)


def read(place: str, digest: bytes) -> bytes:
    """A packed module that is kept. Raises OSError, and ValueError where it was made of something else.

    :param digest: that of what the module is made of now
    """
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as opened:
        if not is_own(os.fstat(descriptor), stat.S_IFREG):
            raise ValueError(place)
        found = opened.read()
    size = len(digest)
    content = found[2 * size :]
    if found[:size] != digest or found[size : 2 * size] != DIGEST(content).digest():
        raise ValueError(place)
    return content


def write(place: str, content: bytes) -> None:
    """Write a file that others see only when it is whole. Raises OSError."""
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(place), prefix=UNFINISHED)
    try:
        with open(descriptor, "wb") as opened:
            opened.write(content)
        os.rename(temporary, place)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def folders() -> list[str]:
    """Ansible's folder, and those in it down to the one with packed modules that are kept."""
    home = os.path.expanduser(str(constants.ANSIBLE_HOME))
    return [os.path.join(home, *KEPT[:count]) for count in range(len(KEPT) + 1)]


def kept_in() -> str | None:
    """The folder with packed modules that are kept; None where there is none that only this user can write to.

    Ansible's folder need only be this user's: others may write to it where the umask is 002. They can put nothing in
    the place of ours that is this user's own.
    """
    above, *own = folders()
    try:
        trusted = os.stat(above).st_uid == os.geteuid() and all(is_own(os.lstat(one), stat.S_IFDIR) for one in own)
    except OSError:
        return None
    return folders()[-1] if trusted else None


def is_own(found: os.stat_result, kind: int) -> bool:
    """Whether a file is of this kind (``stat.S_IFDIR``, ``S_IFREG``), and only this user can write to it."""
    return stat.S_IFMT(found.st_mode) == kind and found.st_uid == os.geteuid() and not found.st_mode & 0o022
