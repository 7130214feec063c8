# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds of the storage fuzz, run on a host: rounds.py SEED NUMBER...; prints a line of JSON for each."""

from __future__ import annotations

import json
import random
import sys
import traceback
import typing as t

import libvirt
from host_fuzz.judge import Judge, clean
from host_fuzz.making import Maker
from host_fuzz.model import World
from host_fuzz.modules import Modules
from host_fuzz.operations import Operations

STEPS = 4
"""How many operations are done in one world."""


def one(seed: int, number: int, modules: Modules, connection: t.Any) -> dict[str, t.Any]:
    """One round: a world, some operations in it, and what was wrong."""
    world = World(number, random.Random(f"{seed} STORAGE {number}"))
    judge = Judge(world, modules, connection)
    broken, steps = "", 0
    clean(connection, world)
    world.log.clear()
    try:
        maker = Maker(world, modules, connection)
        maker.build()
        operations = Operations(maker)
        for _step in range(STEPS):
            if world.files and world.guests and any(pool.active for pool in world.pools):
                judge.run(operations.any())
                steps += 1
            if judge.problems:
                break
    except Exception:
        broken = traceback.format_exc()
    log = list(world.log)
    clean(connection, world)
    return {
        "number": number,
        "steps": steps,
        "problems": judge.problems,
        "deleted": judge.deleted,
        "kept": judge.kept,
        "broken": broken,
        "log": log if judge.problems or broken else [],
    }


def main(seed: str, *numbers: str) -> None:
    libvirt.registerErrorHandler(lambda *_details: None, None)
    modules = Modules()
    connection = libvirt.open("qemu:///system")
    for number in numbers:
        print(json.dumps(one(int(seed), int(number), modules, connection)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
