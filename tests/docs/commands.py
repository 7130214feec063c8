# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that the documentation tells a reader to type: program, subcommand and options exist.

What can be run without an effect is run; the others are parsed by the very program that would run them.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import yaml

from .ansible_runs import NAMESPACE, check_syntax, run
from .blocks import ROOT


def of(text: str) -> list[list[str]]:
    """The commands of a block, each as a list of words."""
    lines = text.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def check(command: list[str], folder: Path) -> None:
    """Fail for a command that cannot be run as it is written.

    :param folder: with the files of the page
    """
    program, *arguments = command
    assert program in PROGRAMS, f"no rule checks {program!r}"
    PROGRAMS[program](arguments, folder)


def script(name: str) -> Callable[[list[str], Path], None]:
    """A script of ours: an option is one that its help has; a word is a part that it knows."""

    def known(arguments: list[str], folder: Path) -> None:
        assert os.access(ROOT / name, os.X_OK)
        said = run(folder, str(ROOT / name), "--help")
        parts = re.search(r"^ALL_PARTS=\((.*)\)", (ROOT / name).read_text(), re.M)
        for argument in arguments:
            if argument == "--":
                break
            if argument.startswith("-"):
                assert argument == "--help" or re.search(rf"^  {argument} ", said, re.M), f"{name} has no {argument}"
            else:
                assert argument in (parts[1].split() if parts else ()), f"{name} has no part {argument!r}"

    return known


def lab(arguments: list[str], folder: Path) -> None:
    """The lab's own parser takes it."""
    parse = "import sys; from virtfleet_lab import cli; cli._parser().parse_args(sys.argv[1:])"
    run(ROOT / "tests/lab", sys.executable, "-c", parse, *arguments)


def playbook(arguments: list[str], folder: Path) -> None:
    """It loads, from a file of the page or from the collection."""
    names = [word for word in arguments if word.startswith(f"{NAMESPACE}.") or word.endswith(".yml")]
    assert names, "no playbook is named"
    for name in names:
        assert (folder / name).exists() or (ROOT / "playbooks" / f"{name.removeprefix(NAMESPACE + '.')}.yml").exists()
        check_syntax(folder, name, *[word for word in arguments if word not in names])


def galaxy(arguments: list[str], folder: Path) -> None:
    """Its own parser takes it, and a tarball is called as galaxy.yml says."""
    parse = "import sys; from ansible.cli.galaxy import GalaxyCLI; GalaxyCLI(sys.argv).parse()"
    run(folder, sys.executable, "-c", parse, *arguments)
    meta = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    tarball = f"{meta['namespace']}-{meta['name']}-{meta['version']}.tar.gz"
    for word in arguments:
        assert not word.endswith(".gz") or word == tarball, f"the tarball is called {tarball}"
        assert not word.startswith(meta["namespace"] + ".") or word == NAMESPACE


def inventory(arguments: list[str], folder: Path) -> None:
    """It runs, on the inventory of the page."""
    run(folder, "ansible-inventory", *arguments)


def ansible_doc(arguments: list[str], folder: Path) -> None:
    """What it is asked for is there. It says nothing, and is content, where it is not."""
    assert arguments[-1].upper().replace(".", "") in run(folder, "ansible-doc", *arguments).upper().replace(".", "")


def python(arguments: list[str], folder: Path) -> None:
    """A program of the checkout that is there."""
    assert (ROOT / arguments[0]).is_file()


PROGRAMS: dict[str, Callable[[list[str], Path], None]] = {
    "./quickstart": script("quickstart"),
    "./runtests": script("runtests"),
    "tests/lab/lab": lab,
    "ansible-playbook": playbook,
    "ansible-galaxy": galaxy,
    "ansible-doc": ansible_doc,
    "ansible-inventory": inventory,
    "python": python,
}
