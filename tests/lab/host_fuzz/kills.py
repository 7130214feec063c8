# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed, on a host: kills.py SEED NUMBER...; prints a line of JSON for each.

A run makes 30 guests and 60 volumes, where some of them are there already, and takes some away. Somewhere on the way
it is killed. Then it is run again, and must come to the same as if nothing had happened; at last all is purged, which
shows whether the collection knows what it made, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import traceback
import typing as t
from pathlib import Path

import libvirt
from host_fuzz.modules import Modules, Result, said
from host_fuzz.traps import Trap, connected, quiet

ROOT = Path("/srv/kill")
POOL = ROOT / "pool"
IMAGE = ROOT / "image.qcow2"
NOTES = Path("/var/lib/virtfleet")
FOREIGN = ("foreign.raw", "foreign.qcow2", "v999.qcow2")

DOMAIN = """<domain type='qemu'><name>foreign</name><memory unit='MiB'>16</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices><disk type='file' device='disk'>
<driver name='qemu' type='qcow2'/><source file='{disk}'/><target dev='vda' bus='virtio'/></disk></devices></domain>"""

BROKEN_OFF = "/{} stays: a run that was broken off"
"""What is said of a disk that was about to go with its guest."""

Config = list[dict[str, t.Any]]


def sh(command: str) -> str:
    return subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True).stdout


def volumes(count: int, size: str) -> Config:
    """Volumes of all kinds: empty, filled with an image, laid over another, copied."""
    kinds: list[dict[str, t.Any]] = [
        {"capacity": size},
        {"capacity": size, "format": "raw"},
        {"image": str(IMAGE)},
        {"capacity": size, "backing": {"volume": "v002.qcow2"}},
        {"clone_from": "v002.qcow2"},
    ]
    config = []
    for index in range(count):
        kind = kinds[index % len(kinds)]
        form = str(kind.get("format", "qcow2"))
        config.append({"name": f"v{index:03}.{form}", "pool": "kill", **kind})
    return config


def guests(count: int) -> Config:
    """Guests with a disk each, of all kinds."""
    kinds: list[dict[str, t.Any]] = [
        {"size": "1MiB"},
        {"image": str(IMAGE), "format": "raw"},
        {"size": "8MiB", "backing": "v002.qcow2"},
        {"image": "v002.qcow2"},
    ]
    return [
        {
            "name": f"g{index:02}",
            "memory": "16MiB",
            "state": "stopped",
            "autostart": index % 3 == 0,
            "disks": [{"pool": "kill", **kinds[index % len(kinds)]}],
        }
        for index in range(count)
    ]


def gone(config: Config) -> Config:
    return [
        {"name": item["name"], "state": "absent", **({"pool": "kill"} if "pool" in item else {})} for item in config
    ]


FIRST: dict[str, Config] = {"volumes": volumes(12, "8MiB"), "domains": guests(10)}
"""What is there before the run that is killed."""

GOES: dict[str, Config] = {"volumes": gone(FIRST["volumes"][9:12]), "domains": gone(FIRST["domains"][7:10])}

SECOND: dict[str, Config] = {
    "volumes": [*GOES["volumes"], *volumes(9, "16MiB"), *volumes(33, "16MiB")[12:]],
    "domains": [*GOES["domains"], *guests(7), *guests(33)[10:]],
}
"""The run that is killed: 30 guests and 60 volumes, of which some are there and some grow, and a few go."""


class Round:
    """One run that is killed, and what comes after it.

    :param moment: when it is killed, from 0 to 1
    :param effects: how many effects the run has
    """

    def __init__(self, modules: Modules, draw: random.Random, moment: float, effects: int) -> None:
        self.modules = modules
        self.problems: list[str] = []
        victim = draw.choice(("module",) * 7 + ("libvirtd", "qemu-img"))
        delay = draw.choice((None, None, draw.uniform(0, 0.04)))
        self.trap = Trap(victim, int(moment * effects), delay)

    def declare(self, what: dict[str, Config], check: bool = False, trap: Trap | None = None) -> list[Result]:
        """Run the modules one after the other; one that fails is the last."""
        results: list[Result] = []
        for module, config in what.items():
            arguments: dict[str, t.Any] = {"config": config}
            arguments.update({"remove_storage": True} if module == "domains" else {})
            prepare = None if trap is None else trap.set
            before = look()
            results.append(self.modules.run(module, arguments, check=check, prepare=prepare))
            self.truthful(results[-1], look() != before)
            if results[-1].get("failed"):
                break
        return results

    def truthful(self, result: Result, differs: bool) -> None:
        """Whether a report says that something was changed, where it was."""
        if differs and "status" not in result and ("nothing was changed" in said(result) or not result.get("changed")):
            self.problems.append(f"said that nothing was changed: {said(result)[:1500]}")

    def must(self, what: str, results: list[Result]) -> None:
        """Note where something failed that has to work."""
        for result in results:
            if result.get("failed") or "crash" in result:
                self.problems.append(f"{what} failed: {said(result)[:1500]} {result.get('crash', '')[-1500:]}")

    def run(self) -> None:
        """All of the round. It stops at what was wrong first."""
        self.must("the first run", self.declare(FIRST))
        before = look()
        foreign = {name: before[name] for name in FOREIGN}
        kept = {name: before[name][0] for name in wanted() if name in before}
        killed = self.declare(SECOND, trap=self.trap)
        quiet()
        connected().close()
        if self.trap.victim == "module" and self.trap.sprung and not any(result.get("status") for result in killed):
            self.problems.append("the module was not killed")
        self.killed_told(killed)
        if self.problems:
            return
        after = self.declare(SECOND)
        self.must("the run after the kill", after)
        self.undoubted(after)
        told = " ".join(str(warning) for result in after for warning in result.get("warnings", ()))
        again = self.declare(SECOND, check=True)
        if any(result.get("changed") for result in again):
            self.problems.append(f"it did not converge: {[result.get('changes') for result in again]}")
        self.compare(look(), foreign, kept, told)
        self.purge(foreign, told)

    def undoubted(self, results: list[Result]) -> None:
        """Whether the run after the kill knew of all volumes whose they are."""
        for warning in (str(warning) for result in results for warning in result.get("warnings", ())):
            if "nothing tells" in warning or "is another one" in warning:
                self.problems.append(f"did not know what the killed run had made: {warning}")

    def killed_told(self, results: list[Result]) -> None:
        """A run whose helpers were killed ends with a report, and with no traceback."""
        for result in results:
            if "crash" in result and result.get("status") != -9:
                self.problems.append(f"traceback after the {self.trap.victim} was killed: {result['crash'][-1500:]}")

    def compare(self, after: Look, foreign: Look, kept: dict[str, int], told: str) -> None:
        """Whether all is there, nothing else, and what was there before is the same.

        :param told: the warnings of the run after the kill (see purge)
        """
        for name, state in foreign.items():
            if after.get(name) != state:
                self.problems.append(f"foreign {name} was touched")
        for name, inode in kept.items():
            if after.get(name, (0, ""))[0] != inode:
                self.problems.append(f"{name}, which was there before, is another file")
        for name in sorted(after.keys() - wanted() - foreign.keys()):
            if BROKEN_OFF.format(name) not in told:
                self.problems.append(f"stray file {name}")
        for name in sorted(wanted() - after.keys()):
            self.problems.append(f"missing {name}")
        names = sorted([*(item["name"] for item in SECOND["domains"] if item["state"] != "absent"), "foreign"])
        there = sorted(sh("virsh list --all --name").split())
        if there != names:
            self.problems.append(f"guests are {there}, not {names}")
        for name in filled():
            done = subprocess.run(
                ["qemu-img", "compare", "-U", str(IMAGE), str(POOL / name)], capture_output=True, text=True, check=False
            )
            if done.returncode:
                self.problems.append(f"{name} is not the image: {done.stdout}{done.stderr}")

    def purge(self, foreign: Look, told: str) -> None:
        """All that the collection made goes, and only that.

        :param told: the warnings of the run after the kill. The disk of a guest stays that libvirt had undefined when
            the run was killed, before that could be noted: it is said by name, and it is one for each process that
            removes any. What it is laid over stays with it.
        """
        used = ""
        for module in ("domains", "volumes"):
            arguments: dict[str, t.Any] = {"config": [], "purge": True}
            arguments.update({"remove_storage": True} if module == "domains" else {})
            result = self.modules.run(module, arguments)
            used = said(result) if "used by volume kill/" in said(result) else ""
            if not used:
                self.must(f"purge of {module}", [result])
        left = look()
        others = sorted(left.keys() - foreign.keys())
        doubtful = [name for name in others if BROKEN_OFF.format(name) in told]
        if len(doubtful) > 1:
            self.problems.append(f"several stay as nobody knows whose they are: {doubtful}")
        bases = [name for name in left for over in doubtful if f"kill/{name}" in used and f"kill/{over}" in used]
        if used and not bases:
            self.problems.append(f"purge of volumes failed: {used}")
        left = {name: state for name, state in left.items() if name not in (*doubtful, *bases)}
        if left != foreign:
            self.problems.append(f"left after all was purged: {sorted(set(left) - set(foreign))}")
        guests_left = sh("virsh list --all --name").split()
        if guests_left != ["foreign"]:
            self.problems.append(f"guests left after all was purged: {guests_left}")


Look = dict[str, tuple[int, str]]


def look() -> Look:
    """What is in the pool's folder, and in that of the notes: inodes and content."""
    found = {}
    for path in POOL.iterdir():
        found[path.name] = (path.stat().st_ino, hashlib.sha256(path.read_bytes()).hexdigest())
    for path in NOTES.iterdir():
        if path.name not in ("storage.json", ".lock"):
            found[str(path)] = (path.stat().st_ino, "")
    return found


def wanted() -> set[str]:
    """The files that the second run declares."""
    made = {item["name"] for item in SECOND["volumes"] if item.get("state") != "absent"}
    for item in SECOND["domains"]:
        if item["state"] != "absent":
            made.add(f"{item['name']}-vda.{item['disks'][0].get('format', 'qcow2')}")
    return made


def filled() -> list[str]:
    """The files that hold the image."""
    names = [item["name"] for item in SECOND["volumes"] if "image" in item or "clone_from" in item]
    for item in SECOND["domains"]:
        disk = item["disks"][0] if "disks" in item else {}
        if "image" in disk:
            names.append(f"{item['name']}-vda.{disk.get('format', 'qcow2')}")
    return names


def clean() -> None:
    """A host as before all rounds, with what others have in the pool."""
    connection = connected()
    for domain in connection.listAllDomains(0):
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA)
    for pool in connection.listAllStoragePools(0):
        if pool.isActive():
            pool.destroy()
        pool.undefine()
    sh(f"rm -rf {ROOT} {NOTES}; mkdir -p {POOL}; cd {POOL}; qemu-img create -q -f raw foreign.raw 1M")
    sh(f"cd {POOL}; qemu-img create -q -f qcow2 foreign.qcow2 1M; qemu-img create -q -f qcow2 v999.qcow2 1M")
    sh(f"qemu-img create -q -f qcow2 {IMAGE} 8M; qemu-io -c 'write -P 7 0 300k' {IMAGE}")
    connection.defineXML(DOMAIN.format(disk=POOL / "foreign.qcow2"))
    connection.close()


def pool(modules: Modules) -> None:
    result = modules.run("pools", {"config": [{"name": "kill", "target": str(POOL)}]})
    if result.get("failed"):
        raise RuntimeError(said(result) or result.get("crash"))


def one(seed: int, number: int, modules: Modules, effects: int) -> dict[str, t.Any]:
    """One round, and what was wrong."""
    clean()
    pool(modules)
    # Spread evenly however many rounds there are: multiples of the golden ratio, from a random start.
    moment = (random.Random(f"{seed} KILLS").random() + number * 0.6180339887498949) % 1
    this = Round(modules, random.Random(f"{seed} KILLS {number}"), moment, effects)
    broken = ""
    try:
        this.run()
    except Exception:
        broken = traceback.format_exc()
    trap = this.trap
    told = f"{trap.victim} killed at effect {trap.number} of {effects}, delay {trap.delay}, sprung {trap.sprung}"
    return {"number": number, "problems": this.problems, "broken": broken, "log": [told], "sprung": trap.sprung}


def effects(modules: Modules) -> int:
    """How many effects the run has that is to be killed, where nobody kills it. Raises RuntimeError where it fails."""
    clean()
    pool(modules)
    this = Round(modules, random.Random(0), 0, 1)
    this.must("the first run", this.declare(FIRST))
    this.trap = Trap("", 0, None)
    this.must("the second run", this.declare(SECOND, trap=this.trap))
    if this.problems:
        raise RuntimeError("; ".join(this.problems))
    return this.trap.count


def main(seed: str, *numbers: str) -> None:
    libvirt.registerErrorHandler(lambda *_details: None, None)
    modules = Modules()
    total = effects(modules)
    print(json.dumps({"effects": total}), flush=True)
    for number in numbers:
        print(json.dumps(one(int(seed), int(number), modules, total)), flush=True)
    clean()
    sh(f"rm -rf {ROOT}")


if __name__ == "__main__":
    main(*sys.argv[1:])
