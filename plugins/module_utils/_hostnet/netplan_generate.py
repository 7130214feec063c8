# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What netplan itself makes of its documents: whether it takes them, and what of them is in force."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import typing as t

from .._errors import VirtfleetError
from . import netplan_yaml
from .agent import files, network
from .facts import Facts
from .links_plan import LinksPlan
from .netplan_reader import GENERATORS, reader

UNITS, BY_NETPLAN, KINDS = "/run/systemd/network", "10-netplan-", (".network", ".netdev", ".link")
"""Where netplan writes networkd's units, how their names begin, and end."""


def validate(plan: LinksPlan) -> None:
    """Have netplan read the documents as they will be.

    Raises VirtfleetError with what netplan says is wrong.
    """
    if not plan.netplan or not any("/netplan/" in file.path for file in plan.files):
        return
    try:
        with read_by_netplan(plan.documents) as (_root, status, errors):
            message = without_content(errors, secrets(plan))
    except subprocess.TimeoutExpired:
        raise VirtfleetError("nothing was changed: netplan did not end within 60 s") from None
    except OSError as error:
        raise VirtfleetError(f"nothing was changed: netplan cannot be asked: {files.problem(error)}") from None
    if status:
        raise VirtfleetError(f"nothing was changed, netplan refuses what would come out: {message}")


@contextlib.contextmanager
def read_by_netplan(documents: t.Mapping[str, str]) -> t.Iterator[tuple[str, int, str]]:
    """netplan's documents read in a folder of their own: the folder, the status and what netplan says is wrong.

    Raises OSError, and subprocess.TimeoutExpired.
    """
    with tempfile.TemporaryDirectory(prefix="virtfleet-") as root:
        os.makedirs(os.path.join(root, "etc/netplan"))
        for name, text in documents.items():
            files.create(os.path.join(root, "etc/netplan", name), text)
        status, _output, errors = network.run([*reader(), "--root-dir", root], 60)
        yield root, status, errors.replace(root, "")


def unapplied(plan: LinksPlan, facts: Facts) -> list[str]:
    """Warnings of what somebody has written into netplan's files and not applied: it comes into force with a change."""
    if not plan.netplan or not plan.changes or reader()[0] not in GENERATORS:
        return []
    try:
        with read_by_netplan({file.name: file.text for file in facts.netplan}) as (root, status, _errors):
            generated = {} if status else units_in(root + UNITS)
            there = units_in(UNITS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    names = sorted(name for name in {*generated, *there} if generated.get(name) != there.get(name)) if generated else []
    devices = dict.fromkeys(name[len(BY_NETPLAN) :].rpartition(".")[0] for name in names)
    return [
        f"what netplan's files say of {device} is not in force yet, and comes into force with this change: look at it,"
        " and run netplan apply before"
        for device in devices
    ]


def units_in(folder: str) -> dict[str, str]:
    """networkd's units in a folder that netplan makes, with their texts. Raises OSError."""
    names = [name for name in files.listed(folder) if name.startswith(BY_NETPLAN) and name.endswith(KINDS)]
    return {
        name: files.read(os.path.join(folder, name)) for name in names if os.path.isfile(os.path.join(folder, name))
    }


def without_content(errors: str, hidden: t.Sequence[str]) -> str:
    """What netplan says is wrong, without the lines of the file that it shows: these can hold passwords."""
    lines = errors.splitlines()
    shown = [index - 1 for index, line in enumerate(lines) if line.strip() == "^"]
    kept = [
        line for index, line in enumerate(lines) if index not in shown and line.strip() != "^" and "WARNING" not in line
    ]
    message = " ".join(" ".join(kept).split())
    for secret in hidden:
        message = message.replace(secret, "***")
    return message


def secrets(plan: LinksPlan) -> list[str]:
    """The secrets in netplan's documents, before and after; the longest first."""
    texts = [*plan.documents.values(), *(file.before or "" for file in plan.files if "/netplan/" in file.path)]
    found: set[str] = set()
    for text in texts:
        found |= netplan_yaml.secrets(netplan_yaml.load("netplan", text)) if text else set()
    return sorted(found, key=len, reverse=True)
