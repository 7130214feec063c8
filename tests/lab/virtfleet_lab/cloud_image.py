# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image as clouds have them: a qcow2 that boots by itself, with systemd, cloud-init, sshd and the guest agent.

Its kernel is that of the small test guest. The initrd loads all drivers that it needs and finds the disk, as the image
has no modules of its own. Only a folder is filled: neither a loop device nor a mount is needed.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import stat
import struct
import tempfile
from pathlib import Path

from . import guest_image, root_recipe, roots
from .machine import run, say
from .state import Host, Lab, cache_folder, remove_tree

NAME = "debian-13-lab-amd64.qcow2"
"""What the image is called."""

USER = "debian"
"""The image's own user."""

_PACKAGES = """
    systemd systemd-sysv udev dbus python3 sudo openssh-server cloud-init qemu-guest-agent netplan.io netbase iproute2
    grub-common grub-pc-bin
""".split()  # noqa: SIM905
# The file system of the disk is in the kernel. The seed is a FAT file system.
_DRIVERS = (*guest_image.MODULES, "fat", "vfat", "nls_cp437", "nls_ascii")

_SPARE_MIB = 192
_START = 2048
"""The sector at which the only partition begins."""

_INIT = """#!/bin/sh
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mount -t proc proc /proc
mount -t sysfs sysfs /sys
while read -r module; do insmod "/modules/$module"; done </modules/order
until mount -t ext4 "$(findfs LABEL=cloudimg-rootfs)" /root 2>/dev/null; do sleep 0.1; done
umount /proc /sys
exec switch_root /root /sbin/init
"""

_GRUB = """set root=(hd0,msdos1)
linux /boot/vmlinuz console=ttyS0 quiet net.ifnames=0
initrd /boot/initrd.img
boot
"""

_FILES = {
    "boot/grub/grub.cfg": _GRUB,
    "etc/fstab": "LABEL=cloudimg-rootfs / ext4 rw 0 0\n",
    "etc/hostname": "localhost\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    "etc/machine-id": "",
    "etc/resolv.conf": "",
    "etc/systemd/journald.conf.d/lab.conf": "[Journal]\nStorage=volatile\n",
    # For all services: on a busy machine, an emulated guest is too slow for their own limits.
    "etc/systemd/system/service.d/lab.conf": "[Service]\nTimeoutStartSec=infinity\nWatchdogSec=0\n",
    "etc/ssh/sshd_config.d/lab.conf": "UseDNS no\n",
    "etc/cloud/cloud.cfg.d/90-lab.cfg": (
        "datasource_list: [NoCloud, None]\napt: {preserve_sources_list: true}\nssh_genkeytypes: [ed25519]\n"
        "growpart: {mode: 'off'}\nresize_rootfs: false\n"
    ),
}

_MASKED = (
    *(unit for unit in root_recipe.MASKED if unit != "sys-fs-fuse-connections.mount"),
    "systemd-update-utmp.service",
    "systemd-journal-flush.service",
    "systemd-journal-catalog-update.service",
    "systemd-hwdb-update.service",
    "ldconfig.service",
    "dev-mqueue.mount",
    "modprobe@.service",
)


def build(lab: Lab, host: Host) -> Path:
    """Build it unless it is there; return the folder with the image and its SHA256SUMS.

    Needs a lab that is up, as packages of the host's suite come through its proxy. Raises LabError.
    """
    recipe = hashlib.sha256(Path(__file__).read_bytes() + Path(guest_image.__file__).read_bytes())
    made = cache_folder() / "cloud-image" / f"{host.suite}-{recipe.hexdigest()[:10]}"
    made.parent.mkdir(parents=True, exist_ok=True)
    with open(made.parent / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            say("building the image that boots with cloud-init (once; about two minutes)")
            for leftover in made.parent.glob(".tmp-*"):
                remove_tree(leftover)
            with tempfile.TemporaryDirectory(dir=made.parent, prefix=".tmp-") as work:
                _build(lab, host, Path(work))
                (Path(work) / "made").rename(made)
            for old in made.parent.glob(f"{host.suite}-*"):
                if old != made:
                    remove_tree(old)
    return made


def _build(lab: Lab, host: Host, work: Path) -> None:
    made, tree, disk = work / "made", work / "tree", work / "disk.raw"
    made.mkdir()
    kernel, _initrd = guest_image.build()
    initrd = _initrd_of(work)
    run(roots.mmdebstrap(lab, host, tree, _PACKAGES), timeout=1800)
    shutil.copyfile(kernel, tree / "boot/vmlinuz")
    (tree / "boot/initrd.img").write_bytes(initrd)
    _finish(tree)
    boot = (tree / "usr/lib/grub/i386-pc/boot.img").read_bytes()
    modules = ["biosdisk", "part_msdos", "ext2", "linux", "normal"]
    options = ["-O", "i386-pc", "-p", "(hd0,msdos1)/boot/grub", "-o", "/boot/core.img"]
    run(["chroot", str(tree), "grub-mkimage", *options, *modules])
    core = (tree / "boot/core.img").read_bytes()
    size = int(run(["du", "-sm", str(tree)]).stdout.split()[0]) + _SPARE_MIB
    options = ["-q", "-t", "ext4", "-O", "^metadata_csum,^64bit", "-L", "cloudimg-rootfs"]
    options += ["-E", f"offset={_START * 512},root_owner=0:0", "-d", str(tree)]
    run(["mke2fs", *options, str(disk), f"{size}M"], timeout=600)
    with open(disk, "r+b") as file:
        # One partition of Linux (83h), from its first sector to the end of the file system.
        entry = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", _START, size * 2048)
        file.write(boot[:440] + bytes(6) + entry + bytes(48) + b"\x55\xaa" + core)
        file.truncate((_START + size * 2048) * 512)
    run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(disk), str(made / NAME)], timeout=600)
    (made / "SHA256SUMS").write_text(run(["env", "-C", str(made), "sha256sum", NAME]).stdout)
    remove_tree(tree)


def _finish(tree: Path) -> None:
    for name, text in _FILES.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text)
    for key in (tree / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    units = tree / "etc/systemd/system"
    for unit in _MASKED:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    for unit in ("systemd-networkd.service", "ssh.service"):
        run(["chroot", str(tree), "systemctl", "enable", unit])
    for name in ("var/lib/apt/lists", "var/cache/apt"):
        shutil.rmtree(tree / name, ignore_errors=True)


def _initrd_of(work: Path) -> bytes:
    package = guest_image.kernel_package(work)
    run(["dpkg-deb", "-x", str(package), f"{work}/kernel"])
    archive = guest_image.Archive()
    for name in ("bin", "dev", "modules", "proc", "root", "sys"):
        archive.add(name, stat.S_IFDIR | 0o755)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    guest_image.add_busybox(archive)
    guest_image.add_modules(archive, guest_image.modules(work / "kernel", _DRIVERS))
    archive.add("init", stat.S_IFREG | 0o755, _INIT.encode())
    return archive.finished()
