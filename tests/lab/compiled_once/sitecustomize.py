# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For modules that Ansible starts on this machine: a source that was compiled once is not compiled again.

A module comes as a zip file of sources, of which Python keeps nothing. To compile them takes longer than
most modules of the tests. Python imports this file by itself where its folder is in PYTHONPATH;
``VIRTFLEET_COMPILED`` is the folder for what was compiled.
"""

from __future__ import annotations

import _imp
import contextlib
import hashlib
import marshal
import os
import sys
import typing as t
import zipimport

FOLDER = os.environ.get("VIRTFLEET_COMPILED", "")
compile_source = zipimport._compile_source  # type: ignore[attr-defined]


def kept_source(path: str, source: bytes) -> t.Any:
    """What zipimport makes of a source, with the path of this time."""
    kept = os.path.join(FOLDER, f"{hashlib.sha256(source).hexdigest()}.{sys.implementation.cache_tag}")
    with contextlib.suppress(OSError, EOFError, ValueError, TypeError), open(kept, "rb") as file:
        code = marshal.loads(file.read())
        _imp._fix_co_filename(code, path)  # type: ignore[attr-defined]
        return code
    code = compile_source(path, source)
    with contextlib.suppress(OSError):
        new = f"{kept}.{os.getpid()}"
        with open(new, "wb") as file:
            file.write(marshal.dumps(code))
        os.replace(new, kept)
    return code


if FOLDER:
    zipimport._compile_source = kept_source  # type: ignore[attr-defined]
