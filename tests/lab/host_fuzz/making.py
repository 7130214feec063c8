# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a random world on a real libvirt: pools, files, guests, by the collection and by hand, and tells the model."""

from __future__ import annotations

import json
import os
import typing as t

import libvirt
from host_fuzz.model import File, Guest, Pool, World
from host_fuzz.modules import Modules, Result, said

GUEST = """<domain type='qemu'><name>{name}</name>{uuid}<memory unit='MiB'>16</memory>
<os><type arch='x86_64' machine='pc'>hvm</type>{booted}</os><features><acpi/></features>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>{devices}<memballoon model='none'/></devices></domain>"""

SNAPSHOT = """<domainsnapshot><name>{name}</name><state>shutoff</state><creationTime>1700000000</creationTime>
<memory snapshot='no'/>{domain}</domainsnapshot>"""

TARGETS = ("vda", "vdb", "vdc", "vdd")

BOOTED = (
    "<kernel>{}</kernel>",
    "<kernel>/boot/vmlinuz</kernel><initrd>{}</initrd>",
    "<loader readonly='yes' type='pflash'>{}</loader>",
    "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader><nvram>{}</nvram>",
)
"""What a guest boots with, beside its disks."""

SERIAL = "<serial type='file'><source path='{}'/><target port='0'/></serial>"


class Maker:
    """Makes things in a world.

    :param world: what is told of them
    :param modules: the collection
    :param connection: to libvirt, for what is done by hand
    """

    def __init__(self, world: World, modules: Modules, connection: t.Any) -> None:
        self.world = world
        self.draw = world.draw
        self.modules = modules
        self.connection = connection

    def build(self) -> None:
        """A whole random world."""
        self.pools()
        self.volumes()
        for _time in range(self.draw.randint(1, 3)):
            self.file_by_hand()
        self.guests_declared(self.draw.randint(1, 3))
        for _time in range(self.draw.randint(0, 2)):
            self.file_by_hand()
        for _time in range(self.draw.randint(1, 3)):
            self.guest_by_hand()
        for _time in range(self.draw.randint(0, 2)):
            self.twist()
        self.fall_asleep()

    def declared(self, module: str, config: list[dict[str, t.Any]], **options: t.Any) -> Result:
        """Declare what must work. Raises RuntimeError where it does not."""
        self.world.log.append(f"{module}: {json.dumps({'config': config, **options})}")
        result = self.modules.run(module, {"config": config, **options})
        if result.get("failed") or "crash" in result:
            raise RuntimeError(f"{module} {config}: {result.get('crash') or said(result)}")
        return result

    def pools(self) -> None:
        """Pools on a folder, on one inside of it, on a third, and perhaps a second one by a link to the first."""
        world = self.world
        places = {name: world.folder(name) for name in ("default", "default/inner", "side", "asleep")}
        links = world.folder("links")
        ours = [("default", places["default"]), ("asleep", places["asleep"])]
        if self.draw.random() < 0.7:
            ours.append(("inner", places["default/inner"]))
        self.declared("pools", [{"name": name, "target": target} for name, target in ours])
        world.pools += [Pool(name, target, target, True) for name, target in ours]
        by_hand = [("side", places["side"], places["side"])]
        if self.draw.random() < 0.5:
            world.sh(f"ln -s {places['default']} {links}/again")
            by_hand.append(("again", f"{links}/again", places["default"]))
        for name, target, place in by_hand:
            world.log.append(f"virsh pool-create by hand: {name} on {target}")
            xml = f"<pool type='dir'><name>{name}</name><target><path>{target}</path></target></pool>"
            self.connection.storagePoolDefineXML(xml).create()
            world.pools.append(Pool(name, target, place, False))

    def volumes(self) -> None:
        """Volumes by the collection: empty, laid over each other, copied."""
        pools = [pool for pool in self.world.pools if pool.ours]
        config: list[dict[str, t.Any]] = []
        made: list[File] = []
        for index in range(self.draw.randint(2, 4)):
            pool = self.draw.choice(pools)
            form = self.draw.choice(("qcow2", "qcow2", "raw"))
            item: dict[str, t.Any] = {"name": f"v{index}.{form}", "pool": pool.name, "capacity": "1MiB"}
            base = None
            if made and form == "qcow2" and self.draw.random() < 0.6:
                spot = self.draw.randrange(len(made))
                base = made[spot]
                item["backing"] = {"volume": f"{config[spot]['pool']}/{base.name}"}
            elif whole := [spot for spot, file in enumerate(made) if file.base is None and self.draw.random() < 0.3]:
                spot = whole[0]
                item["clone_from"] = f"{config[spot]['pool']}/{made[spot].name}"
            config.append(item)
            made.append(File([f"{pool.place}/{item['name']}"], True, base=base, form=form, pool=pool.name))
        self.declared("volumes", config)
        self.world.files += made

    def file_by_hand(self, base: File | None = None) -> File:
        """A file that somebody makes, in a pool's folder or elsewhere, empty or laid over another."""
        world = self.world
        places = [pool.place for pool in world.pools if pool.active] + [world.folder("hand")]
        folder = self.draw.choice(places)
        if base is None and world.files and self.draw.random() < 0.6:
            base = self.draw.choice(world.files)
        stem = f"{folder}/{world.fresh('h')}"
        if base is None:
            form = self.draw.choice(("qcow2", "raw"))
            world.sh(f"qemu-img create -q -f {form} {stem}.{form} 1M")
            file = File([f"{stem}.{form}"], False, form=form)
        elif self.draw.random() < 0.1:
            world.sh(f"ln -s {self.draw.choice((base.path, os.path.relpath(base.path, folder)))} {stem}.{base.form}")
            file = File([f"{stem}.{base.form}"], False, base=base, form=base.form, link=True)
            file.doubtful = base.doubtful = "a link is not the file"
        else:
            file = self.laid_over(base, stem, folder)
        world.files.append(file)
        return file

    def laid_over(self, base: File, stem: str, folder: str) -> File:
        """An image that needs another file: as its base, or for its data."""
        if base.form == "raw" and not base.link and self.draw.random() < 0.15:
            option = f"data_file={self.world.spelled(base)},data_file_raw=on"
            self.world.sh(f"qemu-img create -q -f qcow2 -o {option} {stem}.qcow2 1M")
            return File([f"{stem}.qcow2"], False, base=base)
        form = self.draw.choice(("qcow2",) * 8 + ("qed", "qcow"))
        name = self.named_base(base, folder)
        self.world.sh(f"cd {folder} && qemu-img create -q -u -f {form} -F {base.form} -b '{name}' {stem}.{form} 1M")
        relative = not name.startswith(("/", "file:")) and '"/' not in name
        return File([f"{stem}.{form}"], False, base=base, form=form, relative=relative)

    def named_base(self, base: File, folder: str) -> str:
        """What a header says of the base: a path of some spelling, relative, with a prefix, or JSON."""
        path = self.world.spelled(base)
        way = self.draw.choice(("path", "relative", "file", "json", "dotted", "json relative"))
        if "relative" in way:
            path = self.world.spelled(base, links=False)
        if way == "relative":
            return os.path.relpath(path, os.path.realpath(folder))
        if way == "file":
            return f"file:{path}"
        if way.startswith("json"):
            name = os.path.relpath(path, os.path.realpath(folder)) if way.endswith("relative") else path
            inner = {"driver": base.form, "file": {"driver": "file", "filename": name}}
            return f"json:{json.dumps(inner)}"
        if way == "dotted":
            return f"json:{json.dumps({'driver': base.form, 'file.driver': 'file', 'file.filename': path})}"
        return path

    def guests_declared(self, count: int) -> None:
        """Guests by the collection, with disks made for them and disks on what is there."""
        config: list[dict[str, t.Any]] = []
        guests: list[Guest] = []
        files: list[File] = []
        for _time in range(count):
            name = self.world.fresh("g")
            guest = Guest(name, True)
            disks: list[dict[str, t.Any]] = []
            for target in TARGETS[: self.draw.randint(1, 2)]:
                disk, file = self.disk_made(name, target)
                disks.append(disk)
                guest.disks.append(file)
                files.append(file)
            if self.draw.random() < 0.4:
                disks.append(self.disk_there(guest))
            config.append({"name": name, "memory": "16MiB", "state": "stopped", "disks": disks})
            guests.append(guest)
        self.declared("domains", config)
        self.world.files += files
        self.world.guests += guests

    def disk_made(self, guest: str, target: str) -> tuple[dict[str, t.Any], File]:
        """A disk given by its size, perhaps laid over a volume, and the file that is made for it."""
        pool = self.draw.choice([pool for pool in self.world.pools if pool.ours])
        disk: dict[str, t.Any] = {"size": "1MiB", "target": target, "pool": pool.name}
        bases = [file for file in self.world.files if pool in self.world.pools_of(file) and file.ours]
        file = File([f"{pool.place}/{guest}-{target}.qcow2"], True, made_for=guest, pool=pool.name)
        if bases and self.draw.random() < 0.4:
            file.base = self.draw.choice(bases)
            disk["backing"] = file.base.name
        return disk, file

    def kind(self, file: File) -> str:
        """How a guest has a file. libvirt shares only what is raw."""
        kinds = ("disk", "disk", "disk", "readonly", "cdrom", "shareable" if file.form == "raw" else "disk")
        return self.draw.choice(kinds)

    def disk_there(self, guest: Guest) -> dict[str, t.Any]:
        """A disk on a file that is there. Two guests that both write to one are refused, so it only reads."""
        file = self.draw.choice(self.world.files)
        reads = self.draw.choice(({"readonly": True}, {"device": "cdrom"}))
        guest.others.append(file)
        return {"file": self.world.spelled(file), "format": file.form, **reads}

    def guest_by_hand(self, file: File | None = None) -> Guest:
        """A guest that somebody defines, on files that are there, by some of their names."""
        guest = Guest(self.world.fresh("m"), False)
        devices, booted = "", ""
        for target in TARGETS[: self.draw.randint(1, 2)]:
            used = file or self.draw.choice(self.world.files)
            file = None
            way = self.draw.random()
            if way < 0.15 and not booted:
                booted = self.draw.choice(BOOTED).format(self.world.spelled(used))
                guest.others.append(used)
            elif way < 0.2 and "<serial" not in devices:
                devices += SERIAL.format(self.world.spelled(used))
                guest.others.append(used)
            else:
                devices += self.device(guest, used, target)
        self.define(GUEST.format(name=guest.name, uuid="", booted=booted, devices=devices))
        self.world.guests.append(guest)
        return guest

    def device(self, guest: Guest, file: File, target: str) -> str:
        """The XML of a disk on a file: by its path, as a volume of a pool, or by a loop device."""
        kind = self.kind(file)
        (guest.disks if kind == "disk" else guest.others).append(file)
        target, bus = (f"sd{target[-1]}", "sata") if kind == "cdrom" else (target, "virtio")
        flag = f"<{kind}/>" if kind in ("readonly", "shareable") else ""
        device = "cdrom" if kind == "cdrom" else "disk"
        pools = [pool for pool in self.world.pools_of(file) if pool.active]
        way = self.draw.random()
        loop = self.world.loop(file) if way > 0.95 else None
        if loop is not None:
            where, source = "block", f"dev='{loop}'"
        elif way < 0.2 and pools:
            where, source = "volume", f"pool='{self.draw.choice(pools).name}' volume='{file.name}'"
        else:
            where, source = "file", f"file='{self.world.spelled(file)}'"
        form = "raw" if loop is not None else file.form
        source = f"<source {source}/>{self.backing_told(guest) if form == 'qcow2' and kind == 'disk' else ''}"
        return (
            f"<disk type='{where}' device='{device}'><driver name='qemu' type='{form}'/>{source}"
            f"<target dev='{target}' bus='{bus}'/>{flag}</disk>"
        )

    def backing_told(self, guest: Guest) -> str:
        """Now and then, what a disk is laid over as the definition tells it, and no header."""
        if self.draw.random() > 0.1:
            return ""
        under = self.draw.choice(self.world.files)
        guest.others.append(under)
        path = self.world.spelled(under)
        inner = f"<format type='{under.form}'/><source file='{path}'/><backingStore/>"
        return f"<backingStore type='file'>{inner}</backingStore>"

    def define(self, xml: str) -> t.Any:
        """Define a guest by hand."""
        self.world.log.append(f"virsh define: {' '.join(xml.split())}")
        return self.connection.defineXML(xml)

    def twist(self) -> None:
        """Something that people do with guests and files that are there."""
        ways = (self.rename, self.clone, self.snapshot, self.running, self.hard_link, self.snapshot_disks, self.export)
        self.draw.choice(ways)()

    def rename(self) -> None:
        """A guest gets another name by hand; it stays the same guest."""
        guest = self.draw.choice([guest for guest in self.world.guests if not guest.running])
        name = f"{guest.name}-by-hand"
        self.world.sh(f"virsh -q domrename {guest.name} {name}", check=False)
        if any(domain.name() == name for domain in self.connection.listAllDomains()):
            guest.name, guest.renamed = name, True

    def clone(self) -> None:
        """A guest made from the definition of another one, metadata and all, on the same disks."""
        guest = self.draw.choice(self.world.guests)
        name = self.world.fresh("c")
        here = f"virsh dumpxml --inactive {guest.name} | sed -e '/<uuid>/d' -e 's#<name>.*#<name>{name}</name>#'"
        self.world.sh(f"{here} >/run/clone.xml && virsh -q define /run/clone.xml")
        copied = Guest(name, False) if guest.is_bare else Guest(name, False, list(guest.disks), list(guest.others))
        self.world.guests.append(copied)

    def snapshot(self) -> None:
        """A snapshot of a time when a guest had one disk more."""
        guest = self.draw.choice(self.world.guests)
        used = self.draw.choice(self.world.files)
        domain = self.connection.lookupByName(guest.name)
        uuid = f"<uuid>{domain.UUIDString()}</uuid>"
        probe = Guest("probe", False)
        devices = self.device(probe, used, "vda")
        whole = GUEST.format(name=guest.name, uuid=uuid, booted="", devices=devices)
        xml = SNAPSHOT.format(name=self.world.fresh("s"), domain=whole)
        self.world.log.append(f"snapshot-create --redefine {guest.name}: {' '.join(xml.split())}")
        try:
            domain.snapshotCreateXML(xml, libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE)
        except libvirt.libvirtError as error:
            self.world.log.append(f"# failed: {error}")
            return
        guest.others += probe.disks + probe.others

    def snapshot_disks(self) -> None:
        """An external snapshot: what the guest writes from now on goes into files of libvirt's making."""
        guests = [guest for guest in self.world.guests if not guest.running and not guest.others and guest.disks]
        if not guests:
            return
        guest = self.draw.choice(guests)
        before = list(guest.disks)
        sources = disk_files(self.xml(guest))
        self.world.sh(f"virsh -q snapshot-create-as {guest.name} {self.world.fresh('x')} --disk-only", check=False)
        now = disk_files(self.xml(guest))
        if now == sources or len(now) != len(before):
            return
        guest.disks = [File([self.world.plain(new)], False, base=file) for file, new in zip(before, now, strict=True)]
        guest.others += before
        self.world.files += guest.disks

    def xml(self, guest: Guest) -> str:
        """The definition of a guest."""
        return t.cast(str, self.connection.lookupByName(guest.name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))

    def running(self) -> None:
        """A guest that runs, or was saved, with a file that its definition no longer names."""
        used = self.draw.choice(self.world.files)
        name = self.world.fresh("r")
        guest = Guest(name, False, running=True)
        disk = self.device(guest, used, "vda")
        if self.draw.random() < 0.3:
            self.transient(guest, disk)
            return
        domain = self.define(GUEST.format(name=name, uuid="", booted="", devices=disk))
        saved = self.draw.random() < 0.5
        self.world.sh(
            f"virsh -q start --paused {name}{f' && virsh -q managedsave {name}' if saved else ''}", check=False
        )
        if not (domain.hasManagedSaveImage(0) if saved else domain.isActive()):
            if domain.isActive():
                domain.destroy()
            domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)
            return
        guest.stays = "saved" if saved else ""
        self.define(GUEST.format(name=name, uuid=f"<uuid>{domain.UUIDString()}</uuid>", booted="", devices=""))
        guest.is_bare = True
        self.world.guests.append(guest)

    def transient(self, guest: Guest, disk: str) -> None:
        """A guest that is nowhere but in memory."""
        xml = GUEST.format(name=guest.name, uuid="", booted="", devices=disk)
        self.world.log.append(f"virsh create --paused: {' '.join(xml.split())}")
        try:
            self.connection.createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED)
        except libvirt.libvirtError as error:
            self.world.log.append(f"# failed: {error}")
            return
        self.world.guests.append(guest)

    def hard_link(self) -> None:
        """A second name, of which nobody knows."""
        file = self.draw.choice([file for file in self.world.files if not file.link])
        self.world.linked(file, file.folder, file.name, "hard link")

    def export(self) -> None:
        """Somebody has a file open with QEMU's own tool, of which libvirt knows nothing."""
        self.world.export(self.draw.choice([file for file in self.world.files if not file.link]))

    def fall_asleep(self) -> None:
        """The pool for that is stopped, with what is in it."""
        pool = next(pool for pool in self.world.pools if pool.name == "asleep")
        if self.draw.random() < 0.7:
            self.world.log.append("virsh pool-destroy asleep")
            self.connection.storagePoolLookupByName("asleep").destroy()
            pool.active = False


def disk_files(xml: str) -> list[str]:
    """What the disks of a definition are on, in order; not those on volumes and devices."""
    return [part.split("'")[1] for part in xml.split("<source ")[1:] if part.startswith("file='")]
