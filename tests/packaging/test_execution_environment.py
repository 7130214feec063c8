# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-builder takes the definition, and finds what the collection needs. To build an image would need an engine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from .conftest import SOURCE, Installed

DEFINITION = SOURCE / "docs/execution-environment"


def builder(*words: str | Path, folder: Path) -> str:
    """What ansible-builder prints."""
    command = [sys.executable, "-m", "ansible_builder", *map(str, words)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_context_of_an_image(tarball: Path, tmp_path: Path) -> None:
    folder = tmp_path / "definition"
    shutil.copytree(DEFINITION, folder)
    shutil.copy(tarball, folder)
    builder("create", "--file", "execution-environment.yml", "--context", "context", folder=folder)
    build = folder / "context/_build"
    (wanted,) = yaml.safe_load((build / "requirements.yml").read_text())["collections"]
    assert (build / wanted["name"]).read_bytes() == tarball.read_bytes()
    # The name depends on which engine the machine has.
    (recipe,) = (path for path in (folder / "context").iterdir() if path.suffix == "" and path.is_file())
    assert "ansible-galaxy collection install" in recipe.read_text()


def test_what_the_collection_needs_is_found(installed: Installed, tmp_path: Path) -> None:
    found = yaml.safe_load(builder("introspect", installed.collections, folder=tmp_path))
    needed = [line.split("#")[0].strip() for kind in ("python", "system") for line in found[kind]]
    assert needed == ["jmespath", "openssh-clients [platform:rpm]", "openssh-client [platform:dpkg]"]
