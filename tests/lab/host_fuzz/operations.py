# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random operations that take something away: what is called, and what somebody does in between."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import typing as t

import libvirt
from host_fuzz.making import GUEST, Maker
from host_fuzz.model import File, Guest

Config = list[dict[str, t.Any]]

MARK = "/run/fuzz-between"
"""There once what happens between plan and apply has happened."""


NOTES = "/var/lib/virtfleet/storage.json"

HARD = "its base may be hard to read"

Switches = dict[str, t.Any]


@dataclasses.dataclass
class Operation:
    """A call of a module that may take something away.

    :param goes: the guests that are to go
    :param volumes: the files that are to go by themselves
    :param needed: the files that items of the same call need
    :param guests: new guests of the call, as the model is to know them, with the files made for them
    :param refusable: why the call may be refused, or fail for one of its items
    :param between: what somebody does on the host between plan and apply
    :param happened: tells the model of that
    :param by_hand: the name that goes by that
    :param untouched: whether it must leave all files wholly as they are
    """

    module: str
    arguments: dict[str, t.Any]
    goes: list[Guest] = dataclasses.field(default_factory=list)
    volumes: list[File] = dataclasses.field(default_factory=list)
    needed: list[File] = dataclasses.field(default_factory=list)
    guests: list[tuple[Guest, list[File]]] = dataclasses.field(default_factory=list)
    refusable: list[str] = dataclasses.field(default_factory=list)
    between: t.Callable[[], None] | None = None
    happened: t.Callable[[], None] | None = None
    by_hand: str = ""
    untouched: bool = False

    @property
    def storage_goes(self) -> bool:
        """Whether guests may take their volumes along."""
        return bool(self.arguments.get("remove_storage"))

    @property
    def purges(self) -> bool:
        """Whether what is not declared goes."""
        return bool(self.arguments.get("purge"))

    def explicit(self, guest: Guest) -> bool:
        """Whether a guest is named as absent."""
        return any(item["name"] == guest.name and item.get("state") == "absent" for item in self.arguments["config"])


class Operations:
    """Makes up operations in a world."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker
        self.world = maker.world
        self.draw = maker.draw

    def any(self) -> Operation:
        """One of all."""
        ways = [self.domains] * 5 + [self.volumes_absent] * 2 + [self.volumes_purged] * 2 + [self.pools, self.half_made]
        return self.draw.choice(ways)()

    def domains(self) -> Operation:
        """Guests go, by name or because they are not declared; others are declared in the same call."""
        world = self.world
        purge = self.draw.random() < 0.4
        names = self.draw.sample(world.guests, min(len(world.guests), self.draw.randint(0 if purge else 1, 2)))
        config: Config = [{"name": guest.name, "state": "absent"} for guest in names]
        kept = [guest for guest in world.guests if guest not in names and guest.ours]
        kept = [guest for guest in kept if self.draw.random() < 0.5]
        config += [{"name": guest.name} for guest in kept]
        goes = list(names)
        if purge:
            goes += [guest for guest in world.guests if guest.ours and guest not in names and guest not in kept]
        options: Switches = {"remove_storage": self.draw.random() < 0.85, "purge": purge}
        options |= {"shutdown_timeout": 1, "force_shutdown": True}
        operation = Operation("domains", {"config": config, **options}, goes)
        operation.refusable += [f"{guest.name} is saved" for guest in goes if guest.stays]
        if self.draw.random() < 0.5:
            self.declare_guest(operation)
        if self.draw.random() < 0.1:
            self.declare_renamed(operation)
        there = {name for guest in world.guests for name in (guest.name, guest.first_name)}
        formerly = sorted({file.made_for for file in world.files if file.made_for} - there)
        if formerly and self.draw.random() < 0.4:
            config.append({"name": self.draw.choice(formerly), "state": "absent"})
        self.draw.shuffle(config)
        own = [file for guest in goes for file in guest.disks if file.ours]
        if own and self.draw.random() < 0.3:
            self.between(operation, self.draw.choice(own))
        return operation

    def declare_guest(self, operation: Operation) -> None:
        """A new guest, on or from a disk of one that goes where there is one."""
        world = self.world
        files = [file for guest in operation.goes for file in guest.disks] or world.files
        file = self.draw.choice(files)
        guest = Guest(world.fresh("n"), True)
        way = self.draw.choice(("file", "file", "volume", "backing", "clone", "boot", "cdrom", "xml"))
        disks, more, made = self.declared_on(file, way, guest.name)
        if made:
            operation.refusable.append(HARD)
        operation.needed.append(file)
        (guest.others if way in ("boot", "cdrom") else guest.disks).extend(made or [file])
        operation.guests.append((guest, made))
        item = {
            "name": guest.name,
            "memory": "16MiB",
            "state": "stopped",
            **({"disks": disks} if disks else {}),
            **more,
        }
        operation.arguments["config"].append(item)

    def declared_on(self, file: File, way: str, guest: str) -> tuple[Config, dict[str, t.Any], list[File]]:
        """The disks of a new guest that needs a file, its other options, and the files that are made for it."""
        path = self.world.spelled(file)
        pools = [pool for pool in self.world.pools_of(file) if pool.active]
        if way == "boot":
            return [], {"kernel": path} if self.draw.random() < 0.5 else {"kernel": "/boot/k", "initrd": path}, []
        if way == "xml":
            told = f"<driver name='qemu' type='{file.form}'/><source file='{path}'/><target dev='vdx' bus='virtio'/>"
            return [], {"xml": f"<devices><disk type='file' device='disk'>{told}</disk></devices>"}, []
        if way == "volume" and pools:
            return [{"volume": file.name, "pool": self.draw.choice(pools).name, "format": file.form}], {}, []
        if way in ("backing", "clone") and pools and (way == "backing" or file.base is None):
            pool = self.draw.choice(pools)
            base = file if way == "backing" else None
            made = File([f"{pool.place}/{guest}-vda.qcow2"], True, made_for=guest, base=base, pool=pool.name)
            option = "backing" if way == "backing" else "image"
            return [{"size": "1MiB", "pool": pool.name, option: file.name}], {}, [made]
        return [{"file": path, "format": file.form, **({"device": "cdrom"} if way == "cdrom" else {})}], {}, []

    def declare_renamed(self, operation: Operation) -> None:
        """A guest under the name that it had before somebody renamed it by hand."""
        renamed = [guest for guest in self.world.guests if guest.renamed and guest.ours]
        if renamed:
            guest = self.draw.choice(renamed)
            item = {"name": guest.first_name, "memory": "16MiB", "disks": [{"size": "1MiB"}], "state": "stopped"}
            operation.arguments["config"].append(item)
            operation.refusable.append(f"{guest.first_name} is {guest.name} by now")
            operation.needed += guest.disks

    def between(self, operation: Operation, file: File) -> None:
        """Let somebody use, replace or delete a file that may go, or rename a guest, while the module works."""
        world = self.world
        ways = ["guest", "overlay", "replace", "delete"]
        inactive = [guest for guest in operation.goes if not guest.running and file in guest.disks]
        way = self.draw.choice([*ways, "rename"] if inactive else ways)
        operation.refusable.append(f"in between: {way} {file.path}")
        command = ""
        if way == "guest":
            guest = Guest(world.fresh("b"), False)
            devices = self.maker.device(guest, file, "vda")
            xml = GUEST.format(name=guest.name, uuid="", booted="", devices=devices)
            operation.happened = lambda: world.guests.append(guest)
            operation.between = happening(world.log, way, lambda: define(xml), xml)
            return
        if way == "overlay":
            over = File([f"{file.folder}/{world.fresh('o')}.qcow2"], False, base=file)
            command = f"qemu-img create -q -u -f qcow2 -F {file.form} -b {file.path} {over.path} 1M"
            operation.happened = lambda: world.files.append(over)
        elif way == "replace":
            command = f"rm {file.path}; truncate -s 1M {file.path}"
            operation.happened = lambda: replaced(file)
        elif way == "delete":
            command = f"rm {file.path}"
            operation.happened = lambda: world.deleted(file)
            operation.by_hand = file.path
        elif way == "rename":
            guest = self.draw.choice(inactive)
            command = f"virsh -q domrename {guest.name} {guest.name}-between"
            operation.happened = lambda: renamed_between(guest)
        operation.between = happening(world.log, way, lambda: shell(command), command)

    def volumes_absent(self) -> Operation:
        """Volumes go by name, by whichever pool they are in."""
        config: Config = []
        files: list[File] = []
        for file in self.draw.sample(self.world.files, min(len(self.world.files), self.draw.randint(1, 3))):
            keys = self.world.keys(file)
            if keys:
                pool, _slash, name = self.draw.choice(keys).partition("/")
                config.append({"name": name, "pool": pool, "state": "absent"})
                files.append(file)
        operation = Operation("volumes", {"config": config}, volumes=files)
        operation.refusable += [f"{item['name']} cannot be seen" for item in config if item["pool"] in self.asleep()]
        # Some versions of libvirt list them, and cannot describe them.
        operation.refusable += [f"{file.path} is odd" for file in files if file.form in ("qed", "qcow")]
        operation.refusable += [f"{file.path} may be used" for file in files if self.world.used(file) or file.doubtful]
        if files and self.draw.random() < 0.25:
            self.between(operation, self.draw.choice(files))
        return operation

    def volumes_purged(self) -> Operation:
        """Volumes that are not declared go; those that are declared may need them."""
        ours = [file for file in self.world.files if file.ours and file.made_for is None]
        config: Config = []
        operation = Operation("volumes", {"config": config, "purge": True})
        seen = [file for file in ours if any(pool.active and pool.ours for pool in self.world.pools_of(file))]
        for file in ours:
            if file in seen and self.draw.random() < 0.3:
                config.append({"name": file.name, "pool": self.made_in(file)})
            else:
                operation.volumes.append(file)
        if seen and self.draw.random() < 0.4:
            base = self.draw.choice(seen)
            name = f"{self.world.fresh('w')}.qcow2"
            over = File([f"{base.folder}/{name}"], True, base=base, pool=self.made_in(base))
            config.append(
                {"name": name, "pool": self.made_in(base), "capacity": "1MiB", "backing": {"volume": base.name}}
            )
            operation.needed.append(base)
            operation.guests.append((Guest(f"volume {name}", True), [over]))
            operation.refusable.append(HARD)
        for file in operation.volumes:
            if self.world.used(file) or file in operation.needed or file.doubtful:
                operation.refusable.append(f"{file.path} is used")
            if file.pool in self.asleep():
                operation.refusable.append(f"{file.path} cannot be seen")
        if operation.purges and self.asleep():
            operation.refusable.append("what is noted in a pool that is stopped cannot be seen")
        if operation.volumes and self.draw.random() < 0.25:
            self.between(operation, self.draw.choice(operation.volumes))
        return operation

    def half_made(self) -> Operation:
        """A volume is declared that a killed run is noted to have left half-made, and that is somebody's by now."""
        taken = [file for file in self.world.files if self.world.users(file) or not file.ours]
        seen = [(pool.name, file) for file in taken for pool in self.world.pools_of(file) if pool.active]
        if not seen:
            return self.domains()
        pool, taken_file = self.draw.choice(seen)
        name, key = taken_file.name, f"{pool}/{taken_file.name}"
        taken_file.disputed = True
        with open(NOTES, encoding="utf-8") as file:
            notes = json.load(file)
        entry = notes["qemu:///system"]["volumes"].setdefault(key, {})
        entry["making"] = "process 99999 12345 00000000-0000-0000-0000-000000000000"
        if self.draw.random() < 0.5:
            entry.pop("identity", None)
        with open(NOTES, "w", encoding="utf-8") as file:
            json.dump(notes, file)
        self.world.log.append(f"# {NOTES}: volumes: {key}: {json.dumps(entry)}")
        config = [{"name": name, "pool": pool, "capacity": "1MiB"}]
        refusable = ["it is not half-made", "end that, and run again"]
        return Operation("volumes", {"config": config}, refusable=refusable, untouched=True)

    def asleep(self) -> set[str]:
        """The pools that are stopped, by name: the collection tells of what may be in them that it cannot see it."""
        return {pool.name for pool in self.world.pools if not pool.active}

    def made_in(self, file: File) -> str:
        """The collection's own pool that a file is in."""
        return next(pool.name for pool in self.world.pools_of(file) if pool.ours)

    def pools(self) -> Operation:
        """Pools go, by name or because they are not declared. Files never go with them."""
        ours = [pool for pool in self.world.pools if pool.ours and self.draw.random() < 0.6]
        config: Config = [{"name": pool.name, "target": pool.folder} for pool in ours if pool.active]
        if self.draw.random() < 0.5:
            return Operation("pools", {"config": config, "purge": True}, refusable=["it may be used"])
        pool = self.draw.choice(self.world.pools)
        return Operation("pools", {"config": [{"name": pool.name, "state": "absent"}]}, refusable=["it may be used"])


def happening(log: list[str], way: str, do: t.Callable[[], None], told: str) -> t.Callable[[], None]:
    """What happens in between, noted in the log; it leaves a mark."""
    log.append(f"# between plan and apply: {way}: {' '.join(told.split())}")

    def happens() -> None:
        do()
        with open(MARK, "w", encoding="utf-8"):
            pass

    return happens


def shell(command: str) -> None:
    subprocess.run(["bash", "-c", command], check=True, capture_output=True)


def define(xml: str) -> None:
    connection = libvirt.open("qemu:///system")
    connection.defineXML(xml)
    connection.close()


def replaced(file: File) -> None:
    """The file is now somebody else's, laid over nothing; libvirt tells of its old bases until it looks again."""
    for base in file.chain():
        base.disputed = base.disputed or base is not file
    file.ours, file.made_for, file.base, file.form, file.opened = False, None, None, "raw", False
    file.names = [file.path]


def renamed_between(guest: Guest) -> None:
    guest.name, guest.renamed = f"{guest.name}-between", True
