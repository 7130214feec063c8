# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have Python compile each file of a module once, and on a host that root runs it on only if it is new there.

A module imports this first. Ansible sends a module and all that it imports as a ZIP file. Python keeps nothing of what
it compiles there, and compiling takes a third of the time of a module that has nothing to do. Besides, Python asks the
importer for the name of each file before it runs the file, and zipimport compiles it to find its name
(zipimporter.get_filename, seen in Python 3.10 to 3.13).

What is compiled is kept in FOLDER, as Python keeps that of its own files beside them (PEP 3147): see the decision
record 0020. No failure there matters: the file is compiled then, as ever.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import marshal
import os
import stat
import sys
import types
import zipimport

FOLDER = "/var/cache/virtfleet.kvm"
"""What was compiled on this host. Anybody may remove it at any time."""

DIGEST = hashlib.sha256


class CompilingOnce(zipimport.zipimporter):
    """Imports from a ZIP file, and tells the name of a file from its place there."""

    def get_filename(self, fullname: str) -> str:
        """The path of a module's file in the ZIP file.

        :param fullname: the module's name with dots. Raises ZipImportError if the file does not have it
        """
        ending = "/__init__.py" if self.is_package(fullname) else ".py"
        return f"{self.archive}/{self.prefix}{fullname.rpartition('.')[2]}{ending}"

    def get_code(self, fullname: str) -> types.CodeType:
        """A module's code, compiled now or earlier on this host.

        :param fullname: the module's name with dots. Raises ZipImportError if the file does not have it
        """
        path = self.get_filename(fullname)
        with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
            return compiled(fullname, self.get_data(path), path)
        return super().get_code(fullname)


def compiled(name: str, source: bytes, path: str) -> types.CodeType:
    """What Python compiles a file to, kept for the next time.

    :param name: the module's name with dots
    :param source: all of the file
    :param path: what the code is told to be from when it is compiled now
    """
    folder = kept_in()
    if folder is None:
        return compile(source, path, "exec", dont_inherit=True)
    place, digest = os.path.join(folder, name), DIGEST(source).digest()
    with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
        return kept(place, digest)
    # Not where it is from: that is another temporary folder each time.
    code = compile(source, f"{name.replace('.', '/')}.py", "exec", dont_inherit=True)
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError, ValueError):
            keep(place, digest, code)
    return code


def kept_in() -> str | None:
    """The folder with what this very Python has compiled; None where there is none that root alone can write to."""
    tag = sys.implementation.cache_tag
    if os.geteuid() != 0 or tag is None:
        return None
    folder = os.path.join(FOLDER, f"{tag}-{importlib.util.MAGIC_NUMBER.hex()}-{sys.flags.optimize}")
    try:
        if not os.path.isdir(folder) and not sys.dont_write_bytecode:
            for one in (FOLDER, folder):
                with contextlib.suppress(FileExistsError):
                    os.mkdir(one, 0o755)
        trusted = all(is_of_root(os.lstat(one), stat.S_IFDIR) for one in (FOLDER, folder))
    except OSError:
        return None
    return folder if trusted else None


def is_of_root(found: os.stat_result, kind: int) -> bool:
    """Whether a file is of this kind (``stat.S_IFDIR``, ``S_IFREG``), and only root can write to it."""
    return stat.S_IFMT(found.st_mode) == kind and found.st_uid == 0 and not found.st_mode & 0o022


def kept(place: str, digest: bytes) -> types.CodeType:
    """What was compiled of a source. Raises OSError where nothing is kept, ValueError where it is not of this source.

    :param digest: that of the source
    """
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as opened:
        if not is_of_root(os.fstat(descriptor), stat.S_IFREG):
            raise ValueError(place)
        found = opened.read()
    size = len(digest)
    # Of a file that was not written to its end, or by two at once, the second digest is wrong.
    if found[:size] != digest or found[size : 2 * size] != DIGEST(found[2 * size :]).digest():
        raise ValueError(place)
    code = marshal.loads(found[2 * size :])
    if not isinstance(code, types.CodeType):
        raise ValueError(place)
    return code


def keep(place: str, digest: bytes, code: types.CodeType) -> None:
    """Keep what was compiled. Raises OSError."""
    data = marshal.dumps(code)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(place, flags, 0o644), "wb") as opened:
        opened.write(digest + DIGEST(data).digest() + data)


def begin() -> None:
    """Use it for all that is imported from ZIP files from now on."""
    if CompilingOnce in sys.path_hooks:
        return
    sys.path_hooks.insert(0, CompilingOnce)
    for path, importer in list(sys.path_importer_cache.items()):
        if isinstance(importer, zipimport.zipimporter):
            del sys.path_importer_cache[path]


begin()
