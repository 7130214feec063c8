# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed while they make a pool, a network or a secret: definitions.py; prints a line of JSON for each.

Each is killed once at each of its effects. Then it is run again, and must come to the same as if nothing had happened;
at last all is purged, which shows whether the collection knows what it made.
"""

from __future__ import annotations

import json
import sys
import typing as t

import libvirt
from host_fuzz.kills import clean, sh
from host_fuzz.modules import Modules, Result, said
from host_fuzz.traps import Trap, connected, quiet

NAME = "killed"
ITEMS: dict[str, dict[str, t.Any]] = {
    "pools": {"name": NAME, "target": f"/srv/kill/{NAME}"},
    "networks": {"name": NAME, "ips": [{"address": "198.18.77.1/24"}]},
    "secrets": {"name": NAME, "usage": "tls", "private": True, "value": "sup3r-s3cret"},
}
LISTED = {"pools": "pool-list", "networks": "net-list", "secrets": "secret-list"}


def declare(modules: Modules, kind: str, check: bool = False, trap: Trap | None = None) -> Result:
    prepare = None if trap is None else trap.set
    return modules.run(kind, {"config": [ITEMS[kind]]}, check=check, prepare=prepare)


def purge(modules: Modules, kind: str) -> Result:
    return modules.run(kind, {"config": [], "purge": True})


def is_whole(kind: str) -> bool:
    """Whether it is there, as a new one is."""
    connection = connected()
    try:
        if kind == "secrets":
            (found,) = [one for one in connection.listAllSecrets(0) if one.usageID() == NAME]
            return bool(found.UUIDString())
        lookup = connection.storagePoolLookupByName if kind == "pools" else connection.networkLookupByName
        found = lookup(NAME)
        return (found.isActive(), found.autostart()) == (1, 1)
    finally:
        connection.close()


def problems(modules: Modules, kind: str, trap: Trap) -> t.Iterator[str]:
    """What is wrong after one run was killed."""
    killed = declare(modules, kind, trap=trap)
    quiet()
    if trap.sprung and killed.get("status") != -9:
        yield f"it was not killed: {said(killed)}"
    foretold = declare(modules, kind, check=True)
    done = declare(modules, kind)
    if foretold.get("changes") != done.get("changes"):
        yield f"check mode said {foretold.get('changes')}, the run {done.get('changes')}"
    for result in (foretold, done):
        if result.get("failed") or "crash" in result:
            yield f"failed: {said(result)} {result.get('crash', '')}"
    if not is_whole(kind):
        yield "it lacks what a new one gets"
    if declare(modules, kind).get("changed"):
        yield "it did not converge"
    gone = purge(modules, kind)
    if gone.get("failed") or NAME in sh(f"virsh {LISTED[kind]} {'' if kind == 'secrets' else '--all'}"):
        yield f"it was not purged: {said(gone)}"


def main() -> None:
    libvirt.registerErrorHandler(lambda *_details: None, None)
    modules = Modules()
    clean()
    for kind in ITEMS:
        number, sprung = 0, True
        while sprung:
            trap = Trap("module", number, None)
            found = list(problems(modules, kind, trap))
            sprung = trap.sprung
            told = f"{kind} killed at effect {number}"
            print(
                json.dumps({"number": number, "kind": kind, "problems": found, "log": [told], "broken": ""}), flush=True
            )
            number += 1
    clean()


if __name__ == "__main__":
    main(*sys.argv[1:])
