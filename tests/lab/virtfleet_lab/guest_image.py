# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test guest: Debian's cloud kernel and an initramfs of busybox, made without root's tools.

The initramfs is written here byte by byte, so that the same inputs give the same image.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import re
import shutil
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .machine import APT, LabError, run, say
from .state import cache_folder, remove_tree

KERNEL_PACKAGE = "linux-image-cloud-amd64"
# In the order of need: the network first, for its lease takes longest.
MODULES = """
    virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover
    virtio_net evdev button virtio_blk virtio_scsi sd_mod virtio_console virtio-rng virtio_balloon
""".split()  # noqa: SIM905
_SOURCES = Path(__file__).parent / "guest"
_PROGRAMS = ("init", "lease")


def files() -> tuple[Path, Path]:
    """Return where the guest's kernel and initrd are kept, built or not.

    The folder is named after the recipe: our scripts and this file.
    """
    recipe = hashlib.sha256(Path(__file__).read_bytes())
    for name in _PROGRAMS:
        recipe.update((_SOURCES / name).read_bytes())
    folder = cache_folder() / "guest" / recipe.hexdigest()[:10]
    return folder / "vmlinuz", folder / "initrd.img"


def build(rebuild: bool = False) -> tuple[Path, Path]:
    """Build the guest image unless it is there; return its kernel and initrd.

    Raises LabError when the kernel package can't be had or lacks a module.
    """
    kernel, initrd = files()
    folder = kernel.parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists() and not rebuild:
            return kernel, initrd
        say("building the test guest (Debian's cloud kernel, busybox)")
        _remove_leftovers(folder.parent)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".tmp-") as work:
            package = kernel_package(Path(work))
            run(["dpkg-deb", "-x", str(package), f"{work}/tree"])
            made = Path(work) / "made"
            made.mkdir()
            vmlinuz = next(Path(work, "tree/boot").glob("vmlinuz-*"))
            shutil.copyfile(vmlinuz, made / "vmlinuz")
            (made / "initrd.img").write_bytes(_initramfs(Path(work, "tree")))
            versions = {"kernel": package.name, "busybox": _busybox_version()}
            (made / "versions.json").write_text(json.dumps(versions) + "\n")
            remove_tree(folder)
            made.rename(folder)
    return kernel, initrd


def remove_leftovers() -> None:
    """Remove what a killed build left, unless one is at work."""
    folder = files()[0].parent.parent
    if folder.exists():
        with open(folder / ".lock", "w") as lock, suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove_leftovers(folder)


def _remove_leftovers(folder: Path) -> None:
    for leftover in folder.glob(".tmp-*"):
        remove_tree(leftover)


def kernel_package(work: Path) -> Path:
    """Fetch the kernel's package into a folder, with this machine's apt as it is configured."""
    found = run(["apt-cache", "depends", "--important", KERNEL_PACKAGE], check=False).stdout
    if "linux-image-" not in found.partition("\n")[2]:
        say("apt-get update (this machine's package lists know no cloud kernel)")
        run([*APT, "update"])
        found = run(["apt-cache", "depends", "--important", KERNEL_PACKAGE], check=False).stdout
    names = re.findall(r"Depends: (linux-image-\S+)", found)
    if not names:
        raise LabError(
            f"This machine's apt knows no package {KERNEL_PACKAGE}; "
            "the test guest needs Debian's package source in /etc/apt."
        )
    # One attempt as root without apt's sandbox user, who may not write to our folder.
    command = ["apt-get", "-o", "APT::Sandbox::User=root", "download", names[0]]
    run(["env", "-C", str(work), *command], timeout=600)
    return next(work.glob("linux-image-*.deb"))


def _busybox() -> bytes:
    for path in ("/bin/busybox", "/usr/bin/busybox"):
        if Path(path).exists():
            return Path(path).read_bytes()
    raise LabError("busybox is missing; install the package busybox-static.")


def _busybox_version() -> str:
    return run(["busybox"]).stdout.splitlines()[0]


def modules(tree: Path, wanted: Sequence[str]) -> list[Path]:
    """Return the files of the wanted modules, each after what it depends on.

    :param tree: what is in the kernel's package
    """
    have = {file.stem.replace("-", "_"): file for file in tree.glob("lib/modules/**/*.ko")}
    ordered: list[Path] = []

    def add(name: str) -> None:
        if name not in have:
            raise LabError(f"The cloud kernel has no module {name}; the test guest needs it.")
        if have[name] in ordered:
            return
        depends = re.search(rb"\0depends=([^\0]*)\0", have[name].read_bytes())
        for needed in depends.group(1).decode().split(",") if depends else ():
            if needed:
                add(needed.replace("-", "_"))
        ordered.append(have[name])

    for name in wanted:
        add(name.replace("-", "_"))
    return ordered


def _initramfs(tree: Path) -> bytes:
    """Return the initramfs: busybox, the modules in their order, our scripts."""
    archive = Archive()
    for folder in ("bin", "dev", "etc", "modules", "proc", "run", "sys", "tmp"):
        archive.add(folder, stat.S_IFDIR | 0o755)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    add_busybox(archive)
    add_modules(archive, modules(tree, MODULES))
    for name in _PROGRAMS:
        archive.add(name, stat.S_IFREG | 0o755, (_SOURCES / name).read_bytes())
    return archive.finished()


def add_busybox(archive: Archive) -> None:
    """Add busybox and its commands to the folder bin of an archive."""
    archive.add("bin/busybox", stat.S_IFREG | 0o755, _busybox())
    for applet in sorted(run(["busybox", "--list"]).stdout.split()):
        if applet != "busybox":
            archive.add(f"bin/{applet}", stat.S_IFLNK | 0o777, b"busybox")


def add_modules(archive: Archive, files: Sequence[Path]) -> None:
    """Add kernel modules to the folder modules of an archive, with their order in a file."""
    for module in files:
        archive.add(f"modules/{module.name}", stat.S_IFREG | 0o644, module.read_bytes())
    order = "".join(f"{module.name}\n" for module in files)
    archive.add("modules/order", stat.S_IFREG | 0o644, order.encode())


class Archive:
    """A cpio archive in the kernel's "newc" format, owned by root, all times zero."""

    def __init__(self) -> None:
        """Begin an empty archive."""
        self._bytes = io.BytesIO()
        self._count = 0

    def add(self, name: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        """Add an entry; a link's content is its target."""
        self._count += 1
        path = name.encode() + b"\0"
        fields = (self._count, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(path), 0)
        self._write(b"070701" + b"".join(b"%08X" % field for field in fields) + path)
        self._write(content)

    def finished(self) -> bytes:
        """Return the archive with its end mark."""
        self.add("TRAILER!!!", 0)
        return self._bytes.getvalue()

    def _write(self, data: bytes) -> None:
        self._bytes.write(data)
        self._bytes.write(b"\0" * (-self._bytes.tell() % 4))
