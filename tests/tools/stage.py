# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the checkout's files to a folder where Ansible finds the collection: stage.py CHECKOUT STAGE.

Ansible wants a real `.../ansible_collections/virtfleet/kvm`, and ansible-test refuses a symlink. What git
tracks, and what it neither tracks nor ignores, is copied; only what differs is touched, so a stage in use
by another run stays whole.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

# What tests leave in the stage; not ours to remove.
LEFT_BY_TESTS = (
    "tests/output/",
    ".ansible/",
    ".mypy_cache/",
    ".pytest_cache/",
    ".hypothesis/",
    "extensions/molecule/inventory/lab.yml",
)


def wanted_files(checkout: Path) -> set[str]:
    """Names of the files that belong to the collection, relative to the checkout."""
    # The checkout may be another user's, as under sudo.
    command = ["git", "-c", f"safe.directory={checkout}", "-C", str(checkout), "ls-files", "-z"]
    command += ["--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"git cannot list the files of {checkout}; is it a clone of the repository?")
    listing = done.stdout.decode()
    return {name for name in listing.split("\0") if name and (checkout / name).is_file()}


def same(source: Path, target: Path) -> bool:
    """Whether target is source's copy already (copy2 keeps the time)."""
    if not target.is_file() or target.is_symlink() != source.is_symlink():
        return False
    a, b = source.stat(), target.stat()
    return (a.st_size, a.st_mtime_ns, a.st_mode) == (b.st_size, b.st_mtime_ns, b.st_mode)


def copy(source: Path, target: Path) -> None:
    """Copy by way of a new name: who reads the old file meanwhile reads it whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.staging")
    shutil.copy2(source, temporary, follow_symlinks=False)
    temporary.replace(target)


def remove_others(stage: Path, wanted: set[str]) -> None:
    """Remove files of the stage that the checkout no longer has, and folders left empty."""
    for folder, folders, files in os.walk(stage, topdown=False):
        relative = "" if Path(folder) == stage else f"{Path(folder).relative_to(stage)}/"
        for name in files:
            if (relative + name).startswith(LEFT_BY_TESTS):
                continue
            if relative + name not in wanted and "__pycache__" not in relative:
                (Path(folder) / name).unlink()
        for name in folders:
            inner = Path(folder) / name
            if f"{relative}{name}/".startswith(LEFT_BY_TESTS):
                continue
            if name == "__pycache__" and not any(inner.parent.glob("*.py")):
                shutil.rmtree(inner)
            elif not any(inner.iterdir()):
                inner.rmdir()


def main() -> None:
    checkout, stage = Path(sys.argv[1]), Path(sys.argv[2])
    stage.mkdir(parents=True, exist_ok=True)
    with (stage.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = wanted_files(checkout)
        for name in sorted(wanted):
            try:
                if not same(checkout / name, stage / name):
                    copy(checkout / name, stage / name)
            except FileNotFoundError:
                # An editor took it away meanwhile.
                wanted.discard(name)
        remove_others(stage, wanted)


if __name__ == "__main__":
    main()
