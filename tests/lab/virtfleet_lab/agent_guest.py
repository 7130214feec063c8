# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that is a whole system: Debian with systemd, Python, sudo and the QEMU guest agent, and nothing more.

Its kernel is that of the small test guest; the initrd here only finds the disk. So it needs no boot loader.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import guest_image, hosts, root_recipe, roots
from .machine import LabError, run, say
from .state import Host, Lab, cache_folder, remove_tree

FOLDER = "/var/lib/virtfleet-test/agent"
"""Where a host has it: vmlinuz, initrd.img and disk.img, the only disk."""

USER, PASSWORD = "kim", "pass-of-kim"
"""A user who may do everything with sudo, by password."""

_PACKAGES = "systemd systemd-sysv udev dbus python3 sudo qemu-guest-agent iproute2".split()  # noqa: SIM905
_SPARE_MIB = 128

_INIT = """#!/bin/sh
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mount -t proc proc /proc
mount -t sysfs sysfs /sys
while read -r module; do insmod "/modules/$module"; done </modules/order
until mount -t ext4 /dev/vda /root; do sleep 0.1; done
umount /proc /sys
exec switch_root /root /sbin/init
"""

_FILES = {
    "etc/fstab": "/dev/vda / ext4 rw 0 0\n",
    "etc/hostname": "agent\n",
    "etc/hosts": "127.0.0.1 localhost agent\n",
    "etc/machine-id": "5b1f6c0d2a9e4c64a7d5f0c1a2b3c4d5\n",
    "etc/systemd/journald.conf.d/lab.conf": "[Journal]\nStorage=volatile\n",
    f"etc/sudoers.d/{USER}": f"{USER} ALL=(ALL:ALL) ALL\n",
}

_MASKED = (
    *(unit for unit in root_recipe.MASKED if unit != "sys-fs-fuse-connections.mount"),
    "systemd-update-utmp.service",
    "systemd-journal-flush.service",
    "systemd-journal-catalog-update.service",
    "systemd-hwdb-update.service",
    "systemd-networkd.service",
    "systemd-networkd.socket",
    "ldconfig.service",
    "dev-mqueue.mount",
    "modprobe@.service",
)


def folder(host: Host) -> Path:
    """Where the one of a host's suite is kept, built or not; named after the suite and the recipe."""
    recipe = hashlib.sha256(Path(__file__).read_bytes() + Path(guest_image.__file__).read_bytes())
    return cache_folder() / "agent-guest" / f"{host.suite}-{recipe.hexdigest()[:10]}"


def build(lab: Lab, host: Host) -> Path:
    """Build it unless it is there; return the folder with its files.

    Needs a lab that is up, as packages come through its proxy. Raises LabError.
    """
    made = folder(host)
    made.parent.mkdir(parents=True, exist_ok=True)
    with open(made.parent / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            say("building the guest with an agent (once; about a minute)")
            for leftover in made.parent.glob(".tmp-*"):
                remove_tree(leftover)
            with tempfile.TemporaryDirectory(dir=made.parent, prefix=".tmp-") as work:
                _build(lab, host, Path(work))
                (Path(work) / "made").rename(made)
            for old in made.parent.glob(f"{host.suite}-*"):
                if old != made:
                    remove_tree(old)
    return made


def push(lab: Lab, host: Host) -> None:
    """Put its files on a host that is up."""
    for file in sorted(build(lab, host).iterdir()):
        script = f"mkdir -p -m 755 {FOLDER} && cp --sparse=always /dev/stdin {FOLDER}/{file.name}"
        with open(file, "rb") as content:
            code = subprocess.call(hosts.entering(lab, host, ["sh", "-c", script]), stdin=content)
        if code:
            raise LabError(f"{file.name} of the guest with an agent could not be copied to {host.name}.")


def _build(lab: Lab, host: Host, work: Path) -> None:
    made, tree = work / "made", work / "tree"
    made.mkdir()
    kernel, _initrd = guest_image.build()
    shutil.copyfile(kernel, made / "vmlinuz")
    (made / "initrd.img").write_bytes(initrd(work))
    run(roots.mmdebstrap(lab, host, tree, _PACKAGES), timeout=1800)
    _finish(tree)
    size = int(run(["du", "-sm", str(tree)]).stdout.split()[0]) + _SPARE_MIB
    options = ["-q", "-t", "ext4", "-O", "^metadata_csum,^64bit", "-E", "root_owner=0:0"]
    run(["mke2fs", *options, "-d", str(tree), str(made / "disk.img"), f"{size}M"], timeout=600)
    remove_tree(tree)


def _finish(tree: Path) -> None:
    for name, text in _FILES.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text)
    units = tree / "etc/systemd/system"
    for unit in _MASKED:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    _in(tree, "useradd", "--create-home", "--shell", "/bin/bash", USER)
    run(["chroot", str(tree), "chpasswd"], text=f"{USER}:{PASSWORD}\n")
    for name in ("var/lib/apt/lists", "var/cache/apt"):
        shutil.rmtree(tree / name, ignore_errors=True)


def _in(tree: Path, *command: str) -> None:
    run(["chroot", str(tree), *command])


def initrd(work: Path, more: Sequence[str] = ()) -> bytes:
    """Return an initrd that loads the drivers and hands over to the first disk.

    :param work: a folder for the kernel's package
    :param more: drivers that the system needs later and does not have itself
    """
    package = guest_image.kernel_package(work)
    run(["dpkg-deb", "-x", str(package), f"{work}/kernel"])
    modules = guest_image.modules(work / "kernel", [*guest_image.MODULES, *more])
    archive = guest_image.Archive()
    for name in ("bin", "dev", "modules", "proc", "sys"):
        archive.add(name, stat.S_IFDIR | 0o755)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    guest_image.add_busybox(archive)
    guest_image.add_modules(archive, modules)
    archive.add("init", stat.S_IFREG | 0o755, _INIT.encode())
    return archive.finished()


__all__: Sequence[str] = ("FOLDER", "PASSWORD", "USER", "build", "folder", "initrd", "push")
