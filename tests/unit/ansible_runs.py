# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's programs on a folder, without the user's settings; Ansible is loaded but once for all of them."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from loaded_ansible import LoadedAnsible

# Where links and the like are, Ansible finds this very collection.
COLLECTIONS = Path(__file__).parents[5]


class Done(NamedTuple):
    """What came of a run: its exit code, and what it printed."""

    code: int
    output: str
    errors: str


def environment() -> dict[str, str]:
    """What a run has around it. A run's own folder is in neither: Ansible is loaded before there is one."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    path = f"{Path(sys.executable).parent}:{kept.get('PATH', '')}"
    more = {"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_HOME": home(), "ANSIBLE_NOCOLOR": "1"}
    return {**kept, **more, "PATH": path}


@functools.cache
def folder_of_ansible() -> tempfile.TemporaryDirectory[str]:
    """The folder that is Ansible's, of all runs of this process."""
    return tempfile.TemporaryDirectory(prefix="ansible-home.")


def home() -> str:
    """Its path."""
    return folder_of_ansible().name


@functools.cache
def loaded() -> LoadedAnsible:
    """The one of this process. Where it starts there is no ansible.cfg."""
    return LoadedAnsible(environment(), Path(home()))


def ansible(folder: Path, program: str, *words: str, timeout: float = 300) -> Done:
    """Run a program, such as ``ansible-playbook``, in a folder; one that ``LoadedAnsible`` has.

    Settings of Ansible are those of ``environment``: neither the variables ``ANSIBLE_…`` of a test nor the
    folder's ansible.cfg count.
    """
    assert not (folder / "ansible.cfg").exists(), "Ansible would read this file only where it is loaded"
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace") as errors:
        code, output = loaded().run(words, folder, environment(), timeout, program=program, errors=errors)
        return Done(code, output, errors.read())
