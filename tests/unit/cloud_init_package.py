# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cloud-init's own files for tests: those of this machine, or out of the distribution's package."""

from __future__ import annotations

import functools
import glob
import os
import shutil
import subprocess
import tempfile

import pytest

INSTALLED = "/usr/lib/python3/dist-packages/cloudinit"
"""Where Debian and Ubuntu have it."""

FOLDER = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with


@functools.cache
def fetched() -> str | None:
    """The folder ``cloudinit`` of the package that apt knows; None where none can be fetched."""
    if os.path.isdir(INSTALLED):
        return INSTALLED
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return None
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", "cloud-init"]
    try:
        subprocess.run(command, cwd=FOLDER.name, check=False, timeout=120, capture_output=True)
        for package in glob.glob(f"{FOLDER.name}/cloud-init_*.deb"):
            subprocess.run(["dpkg", "-x", package, FOLDER.name], check=True, timeout=120)
    except (OSError, subprocess.SubprocessError):
        return None
    found = FOLDER.name + INSTALLED
    return found if os.path.isdir(found) else None


def folder() -> str:
    """That folder; the test is skipped where there is none."""
    found = fetched()
    if found is None:
        pytest.skip("the package cloud-init is not there, and cannot be fetched")
    return found
