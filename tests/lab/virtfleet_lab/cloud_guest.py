# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image like those of clouds: Debian with systemd, networkd, cloud-init, sshd, sudo and Python.

Nobody can log in before cloud-init has read a seed. It has no kernel of its own: it boots with that of the small test
guest, and an initrd that only loads drivers and finds the disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import agent_guest, guest_image, hosts, root_recipe, roots
from .machine import LabError, run, say
from .state import Host, Lab, cache_folder, remove_tree

FOLDER = "/var/lib/virtfleet-test/cloud"
"""Where a host has it: vmlinuz, initrd.img and disk.img, the image."""

CMDLINE = "console=ttyS0 quiet net.ifnames=0 mitigations=off apparmor=0 audit=0"
"""What its kernel is given."""

_PACKAGES = "systemd systemd-sysv udev dbus python3 sudo openssh-server cloud-init netbase iproute2".split()  # noqa: SIM905
_SPARE_MIB = 192
# The seed is a FAT file system.
_DRIVERS = ("fat", "vfat", "nls_cp437", "nls_ascii")

_FILES = {
    "etc/fstab": "/dev/vda / ext4 rw 0 0\n",
    "etc/hostname": "localhost\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    "etc/machine-id": "",
    "etc/resolv.conf": "nameserver 192.168.122.1\n",
    "etc/systemd/journald.conf.d/lab.conf": "[Journal]\nStorage=volatile\n",
    # As Debian's images have it. Without its own name in /etc/hosts, each sudo asks the DNS, and waits for it.
    "etc/cloud/cloud.cfg.d/01_debian_cloud.cfg": "manage_etc_hosts: true\n",
    # All that it does at the first boot, without what the lab has no use for: emulated, each module takes its time.
    "etc/cloud/cloud.cfg": (
        "users: [default]\ndisable_root: true\ndatasource_list: [NoCloud, None]\nssh_genkeytypes: [ed25519]\n"
        "cloud_init_modules: [write_files, set_hostname, update_hostname, update_etc_hosts,"
        " users_groups, ssh]\n"
        "cloud_config_modules: [runcmd]\ncloud_final_modules: [scripts_user]\n"
        "system_info:\n  distro: debian\n  default_user: {name: debian, lock_passwd: true, gecos: Debian,"
        " sudo: ['ALL=(ALL) NOPASSWD:ALL'], shell: /bin/bash}\n"
    ),
    "etc/ssh/sshd_config.d/lab.conf": "UseDNS no\n",
}

_MASKED = (
    *(unit for unit in root_recipe.MASKED if unit != "sys-fs-fuse-connections.mount"),
    "systemd-update-utmp.service",
    "systemd-tpm2-setup.service",
    "systemd-tpm2-setup-early.service",
    "systemd-pcrmachine.service",
    "systemd-hibernate-clear.service",
    "systemd-udev-load-credentials.service",
    "systemd-sysext.service",
    "systemd-confext.service",
    "cloud-init-hotplugd.socket",
    "systemd-networkd-persistent-storage.service",
    "systemd-journal-flush.service",
    "systemd-journal-catalog-update.service",
    "systemd-hwdb-update.service",
    "ldconfig.service",
    "dev-mqueue.mount",
    "modprobe@.service",
)


def folder(host: Host) -> Path:
    """Where the one of a host's suite is kept, built or not; named after the suite and the recipe."""
    recipe = hashlib.sha256()
    for part in (__file__, agent_guest.__file__, guest_image.__file__):
        recipe.update(Path(part).read_bytes())
    return cache_folder() / "cloud-guest" / f"{host.suite}-{recipe.hexdigest()[:10]}"


def build(lab: Lab, host: Host) -> Path:
    """Build it unless it is there; return the folder with its files.

    Needs a lab that is up, as packages come through its proxy. Raises LabError.
    """
    made = folder(host)
    made.parent.mkdir(parents=True, exist_ok=True)
    with open(made.parent / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            say("building the image with cloud-init (once; about two minutes)")
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
            raise LabError(f"{file.name} of the image with cloud-init could not be copied to {host.name}.")


def _build(lab: Lab, host: Host, work: Path) -> None:
    made, tree = work / "made", work / "tree"
    made.mkdir()
    kernel, _initrd = guest_image.build()
    shutil.copyfile(kernel, made / "vmlinuz")
    (made / "initrd.img").write_bytes(agent_guest.initrd(work, _DRIVERS))
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
    for key in (tree / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    units = tree / "etc/systemd/system"
    for unit in _MASKED:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    run(["chroot", str(tree), "systemctl", "enable", "systemd-networkd.service", "ssh.service"])
    for name in ("var/lib/apt/lists", "var/cache/apt"):
        shutil.rmtree(tree / name, ignore_errors=True)


__all__: Sequence[str] = ("CMDLINE", "FOLDER", "build", "folder", "push")
