# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab needs of the machine: checked first, said clearly, packages installed by apt."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
from pathlib import Path

from . import cgroups
from .machine import APT, LabError, run, say
from .state import DISKS, cache_folder

# A file that proves the package is there.
_PACKAGES = {
    "iproute2": "ip",
    "util-linux": "nsenter",
    "mount": "mount",
    "mmdebstrap": "mmdebstrap",
    "systemd-container": "systemd-nspawn",
    "dnsmasq-base": "dnsmasq",
    "socat": "socat",
    "busybox-static": "busybox",
    "openssh-client": "ssh-keygen",
    "iputils-ping": "ping",
    "debian-archive-keyring": "/usr/share/keyrings/debian-archive-keyring.gpg",
}
_NEEDED_GIB = 4
_NEEDED_WATCHES = 16
"""inotify instances that root has on two hosts: systemd, udev, libvirtd, dnsmasq and others each hold some."""


def problems() -> list[str]:
    """Return what this machine lacks and a package can't give, one sentence each."""
    found = []
    if os.geteuid() != 0:
        return ["The lab must run as root: it makes network namespaces and mounts."]
    if shutil.which("apt-get") is None:
        found.append("apt-get is missing: the lab runs on Debian and Ubuntu machines.")
    made = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "true"], capture_output=True, check=False)
    if made.returncode:
        found.append(
            "Network, mount and process namespaces can't be made here "
            f"({made.stderr.decode().strip()}); the lab needs a machine or VM of its own, "
            "not an unprivileged container."
        )
    elif _overlay_fails():
        found.append(
            "overlayfs can't be mounted under /var/lib; load it with `modprobe overlay`, or use "
            "a kernel and a disk that have it."
        )
    try:
        if not os.access(cgroups.hierarchy() / "cgroup.procs", os.W_OK):
            found.append("The cgroup2 hierarchy is read-only; the lab makes groups in it.")
    except LabError as error:
        found.append(str(error))
    for folder in (cache_folder(), DISKS):
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free / 2**30
        if free < _NEEDED_GIB:
            found.append(f"Only {free:.1f} GiB are free under {folder}; the lab needs {_NEEDED_GIB} GiB.")
    return found


def used_up() -> list[str]:
    """Return what other labs have left too little of, one sentence each. It is there again once they are down."""
    left = _inotify_left(_NEEDED_WATCHES)
    if left == _NEEDED_WATCHES:
        return []
    limit = Path("/proc/sys/fs/inotify/max_user_instances").read_text(encoding="ascii").strip()
    return [
        f"Of the {limit} inotify instances that this machine allows root, {left} are left, and a lab needs"
        f" {_NEEDED_WATCHES}: dnsmasq and libvirtd would fail on its hosts. Take other labs down, or raise the"
        " limit with `sysctl -w fs.inotify.max_user_instances=1024`."
    ]


def _inotify_left(most: int) -> int:
    """How many inotify instances can be had (inotify(7)), at most so many. Those of the trial go again."""
    libc = ctypes.CDLL(None, use_errno=True)
    held: list[int] = []
    while len(held) < most:
        descriptor = libc.inotify_init1(os.O_CLOEXEC)
        if descriptor < 0:
            break
        held.append(descriptor)
    for descriptor in held:
        os.close(descriptor)
    return len(held)


def _overlay_fails() -> bool:
    """Try a mount of the kind the hosts have, in a mount namespace that goes with the trial."""
    DISKS.parent.mkdir(parents=True, exist_ok=True)
    trial = (
        "d=$(mktemp -d /var/lib/virtfleet-lab-check.XXXXXX) && mkdir $d/l $d/u $d/w $d/m && "
        "mount -t overlay overlay -o lowerdir=$d/l,upperdir=$d/u,workdir=$d/w $d/m; code=$?; "
        "umount $d/m 2>/dev/null; rm -rf $d; exit $code"
    )
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", trial]
    return run(command, check=False).returncode != 0


def missing_packages() -> list[str]:
    """Return the packages that this machine lacks for the lab."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin"
    return [
        package
        for package, proof in _PACKAGES.items()
        if not shutil.which(proof, path=path) and not (proof.startswith("/") and Path(proof).exists())
    ]


def require() -> None:
    """Make sure that the machine can carry a lab, installing packages that it lacks.

    Raises LabError naming everything that is in the way.
    """
    found = [*problems(), *used_up()]
    if found:
        raise LabError(" ".join(found))
    missing = missing_packages()
    if missing:
        say(f"installing on this machine: {' '.join(missing)}")
        install = [*APT, "install", "-y", "--no-install-recommends", *missing]
        if run(install, check=False).returncode:
            run([*APT, "update"], check=False)
            run(install)
    _static_busybox()


def _static_busybox() -> None:
    """Raise LabError when busybox is not the static one: the guest has no libraries for it."""
    path = shutil.which("busybox")
    if path and re.search(rb"\0/lib64/ld-linux", Path(path).read_bytes()[:4096]):
        raise LabError("busybox is not the static one; `apt-get install busybox-static`.")


def upstream_proxy() -> str:
    """Return the HTTP proxy through which this machine's apt reaches its mirrors, or ""."""
    said = run(["apt-config", "shell", "proxy", "Acquire::http::Proxy"], check=False).stdout
    found = re.search(r"proxy='([^']*)'", said)
    proxy = found.group(1) if found else os.environ.get("http_proxy", "")
    return "" if proxy in ("", "DIRECT") else proxy
