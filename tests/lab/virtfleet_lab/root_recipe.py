# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's root tree holds, as data; a change in this file rebuilds every cached tree."""

from __future__ import annotations

import os
from pathlib import Path

DEBIAN_MIRROR = "http://deb.debian.org/debian"
DEBIAN_SECURITY = "http://deb.debian.org/debian-security"
DEBIAN_SUITES = ("bookworm", "trixie")
UBUNTU_SUITES = ("jammy", "noble")

PACKAGES = """
    apt ca-certificates dbus iproute2 iputils-ping kmod netbase netplan.io openssh-server procps
    python3 python3-apt systemd systemd-sysv udev
""".split()  # noqa: SIM905
UBUNTU_LIKE_PACKAGES = ["cloud-init", "systemd-resolved"]
KVM_PACKAGES = """
    qemu-system-x86 qemu-utils libvirt-daemon-system libvirt-clients python3-libvirt dnsmasq-base mtools ovmf swtpm
    swtpm-tools
""".split()  # noqa: SIM905

# Units that a test host doesn't need and that cost boot time, run at odd moments, or would
# reach past the host into the kernel that it shares with the machine.
MASKED = (
    "systemd-networkd-wait-online.service",
    "getty.target",
    "console-getty.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "man-db.timer",
    "motd-news.timer",
    "logrotate.timer",
    "systemd-tmpfiles-clean.timer",
    "systemd-pstore.service",
    "systemd-binfmt.service",
    "systemd-firstboot.service",
    "systemd-random-seed.service",
    "systemd-timesyncd.service",
    "systemd-modules-load.service",
    "proc-sys-fs-binfmt_misc.automount",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "dev-hugepages.mount",
)

FILES = {
    # sysctls other than the network's belong to the whole machine: they are not a host's to set.
    "etc/systemd/system/systemd-sysctl.service.d/lab.conf": (
        "[Service]\nExecStart=\nExecStart={sysctl} --prefix=/net\n"
    ),
    # The kernel makes no device nodes inside a host, so udev must.
    "etc/udev/rules.d/50-lab-macvtap.rules": (
        'SUBSYSTEM=="macvtap", ACTION=="add", RUN+="/bin/mknod -m 0600 /dev/%k c %M %m"\n'
    ),
    "etc/apt/apt.conf.d/90lab": (
        'Acquire::Languages "none";\n'
        'Acquire::http::Proxy "http://198.18.0.1:3128";\n'
        'Acquire::https::Proxy "http://198.18.0.1:3128";\n'
    ),
    "etc/ssh/sshd_config.d/lab.conf": "MaxStartups 100\nMaxSessions 100\n",
    "etc/resolv.conf": "nameserver 198.18.0.1\nsearch lab.test\n",
    "etc/hostname": "localhost\n",
}

# Own nodes, not the machine's: udev in a host changes their owner and mode.
DEVICES = {"kvm": "c! /dev/kvm 0660 root kvm - 10:232", "tun": "c! /dev/net/tun 0666 - - - 10:200"}


def is_ubuntu(suite: str) -> bool:
    """Say whether a suite is Ubuntu's; every other suite is taken as Debian's."""
    return suite in UBUNTU_SUITES


def sources(suite: str, mirror: str) -> list[str]:
    """Return the apt source lines of a suite on a mirror."""
    if is_ubuntu(suite):
        return [f"deb {mirror} {suite}{pocket} main universe" for pocket in ("", "-updates", "-security")]
    security = DEBIAN_SECURITY if mirror == DEBIAN_MIRROR else f"{mirror.rstrip('/')}-security"
    return [
        f"deb {mirror} {suite} main",
        f"deb {mirror} {suite}-updates main",
        f"deb {security} {suite}-security main",
    ]


def packages(suite: str, ubuntu_like: bool, with_kvm: bool) -> list[str]:
    """Return the packages of a root tree."""
    wanted = [
        *PACKAGES,
        *(UBUNTU_LIKE_PACKAGES if ubuntu_like else ()),
        *(KVM_PACKAGES if with_kvm else ()),
    ]
    if suite == "jammy":  # there it is a part of the package systemd
        wanted = [package for package in wanted if package != "systemd-resolved"]
    return wanted


def finish(root: Path, ubuntu_like: bool) -> None:
    """Turn the packages' bare tree into a test host's."""
    units = root / "etc/systemd/system"
    for unit in MASKED:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    helper = "/usr/lib/systemd/systemd-sysctl"
    if not (root / helper.lstrip("/")).exists():
        helper = "/lib/systemd/systemd-sysctl"
    for name, text in FILES.items():
        path = root / name
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(sysctl=helper) if "{sysctl}" in text else text)
    tmpfiles = root / "etc/tmpfiles.d/lab-devices.conf"
    tmpfiles.write_text("".join(line + "\n" for line in DEVICES.values()))
    if ubuntu_like:
        (root / "etc/resolv.conf").unlink()
        (root / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    # Each host gets its own, when it is made.
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "etc/machine-id").write_text("")
    # "Everything in /usr is known": spares the first boot a rebuild of hwdb and catalogues.
    newest = max(os.stat(root / "usr").st_mtime, os.stat(root).st_mtime) + 1
    for name in ("etc/.updated", "var/.updated"):
        (root / name).touch()
        os.utime(root / name, (newest, newest))
