# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as a user gets it: built, then installed into an empty folder, without network."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]

# What lies about in a checkout that somebody works in, and must not reach a user.
LITTER = (
    ".ansible/tmp/x",
    ".git/config",
    ".hypothesis/x",
    ".mypy_cache/x",
    ".pytest_cache/x",
    ".ruff_cache/x",
    ".venv/bin/python",
    "build/virtfleet-kvm-0.0.1.tar.gz",
    "plugins/modules/__pycache__/x.pyc",
    "tests/output/x",
    "virtfleet-kvm-0.0.1.tar.gz",
)


@dataclass(frozen=True)
class Installed:
    """An installed collection, and a way to run Ansible's programs on it from an unrelated folder."""

    collections: Path
    elsewhere: Path

    @property
    def root(self) -> Path:
        return self.collections / "ansible_collections" / "virtfleet" / "kvm"

    def run(self, *command: str) -> str:
        """Run a command with nothing of the user's settings; returns what it printed."""
        return run(*command, cwd=self.elsewhere, ANSIBLE_COLLECTIONS_PATH=str(self.collections))


def run(*command: str, cwd: Path, **settings: str) -> str:
    env = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    env |= {"ANSIBLE_HOME": str(cwd / ".ansible"), "ANSIBLE_NOCOLOR": "1", **settings}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tarball of `ansible-galaxy collection build`, made from a littered copy of the sources."""
    copy = tmp_path_factory.mktemp("source") / "kvm"
    shutil.copytree(SOURCE, copy, symlinks=True)
    for name in LITTER:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("litter")
    out = tmp_path_factory.mktemp("built")
    run("ansible-galaxy", "collection", "build", str(copy), "--output-path", str(out), cwd=out)
    built = list(out.glob("*.tar.gz"))
    assert len(built) == 1
    return built[0]


@pytest.fixture(scope="session")
def names(tarball: Path) -> list[str]:
    """Every path in the tarball."""
    with tarfile.open(tarball) as archive:
        return archive.getnames()


@pytest.fixture(scope="session")
def installed(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The tarball installed with `--offline`: no server is asked for anything."""
    where = Installed(tmp_path_factory.mktemp("collections"), tmp_path_factory.mktemp("elsewhere"))
    where.run("ansible-galaxy", "collection", "install", "--offline", "-p", str(where.collections), str(tarball))
    return where
