# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have Python compile each file of a module once. A module imports this first.

Ansible sends a module and all that it imports as a ZIP file. Python asks the importer for the name of each file before
it runs the file, and zipimport compiles it to find its name (zipimporter.get_filename, seen in Python 3.10 to 3.13).
"""

from __future__ import annotations

import sys
import zipimport


class CompilingOnce(zipimport.zipimporter):
    """Imports from a ZIP file, and tells the name of a file from its place there."""

    def get_filename(self, fullname: str) -> str:
        """The path of a module's file in the ZIP file.

        :param fullname: the module's name with dots. Raises ZipImportError if the file does not have it
        """
        ending = "/__init__.py" if self.is_package(fullname) else ".py"
        return f"{self.archive}/{self.prefix}{fullname.rpartition('.')[2]}{ending}"


def begin() -> None:
    """Use it for all that is imported from ZIP files from now on."""
    if CompilingOnce in sys.path_hooks:
        return
    sys.path_hooks.insert(0, CompilingOnce)
    for path, importer in list(sys.path_importer_cache.items()):
        if isinstance(importer, zipimport.zipimporter):
            del sys.path_importer_cache[path]


begin()
