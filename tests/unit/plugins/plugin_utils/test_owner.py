# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The label of a fleet is the same for all who work on it, wherever they have it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._owner import fleet_owner


def git(folder: Path, *words: str) -> None:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with an inventory in it."""
    root = tmp_path / "checkout"
    (root / "inventories/production").mkdir(parents=True)
    git(root, "init", "-q")
    return root


@pytest.mark.parametrize(
    "url",
    [
        "git@git.example.com:ops/fleet.git",
        "https://git.example.com/ops/fleet",
        "https://user:token@git.example.com/group/ops/fleet.git/",
        "ssh://git@git.example.com:2222/ops/fleet.git",
    ],
)
def test_the_last_two_names_of_the_remote(repository: Path, url: str) -> None:
    git(repository, "remote", "add", "origin", url)
    assert fleet_owner(str(repository / "inventories/production")) == "ops/fleet"


def test_a_worktree_has_the_label_of_its_repository(repository: Path, tmp_path: Path) -> None:
    git(repository, "remote", "add", "origin", "git@git.example.com:ops/fleet.git")
    git(repository, "commit", "-q", "--allow-empty", "-m", "x")
    git(repository, "worktree", "add", "-q", str(tmp_path / "other"))
    assert fleet_owner(str(tmp_path / "other")) == "ops/fleet"


def test_a_repository_without_a_remote(repository: Path) -> None:
    assert fleet_owner(str(repository / "inventories/production")) == "checkout"
    (repository / ".git/config").write_text('[remote "origin\n broken')
    assert fleet_owner(str(repository)) == "checkout"


def test_no_repository(tmp_path: Path) -> None:
    (tmp_path / "my fleet/inventory").mkdir(parents=True)
    assert fleet_owner(str(tmp_path / "my fleet/inventory")) == "my-fleet"
    assert fleet_owner(str(tmp_path / "my fleet")) == "my-fleet"
    assert fleet_owner("/srv/fleet/inventory") == "fleet"
    assert fleet_owner("") == ""
