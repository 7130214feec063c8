# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a lab keeps what, and its records of hosts; no processes and no network here."""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from .machine import LabError, run, say

RUN = Path("/run/virtfleet-lab")
DISKS = Path("/var/lib/virtfleet-lab")


def cache_folder() -> Path:
    """Return the folder of what all labs of this machine share (env VIRTFLEET_LAB_CACHE)."""
    return Path(os.environ.get("VIRTFLEET_LAB_CACHE", "/var/cache/virtfleet-lab"))


@dataclass(frozen=True)
class Host:
    """What a host was made as; the index gives its MAC addresses."""

    name: str
    index: int
    suite: str
    mirror: str
    ubuntu_like: bool = False
    with_kvm: bool = False
    nics: int = 1

    @property
    def flavour(self) -> str:
        """The suite and what was added to it, as shown to people."""
        extras = ["ubuntu-like"] * self.ubuntu_like + ["kvm"] * self.with_kvm
        return "+".join([self.suite, *extras])

    def mac(self, nic: int) -> str:
        """Return the MAC address of NIC 1, 2, ...; the same on every boot."""
        return f"52:54:00:c6:{self.index:02x}:{nic:02x}"


class Lab:
    """The folders, names and host records of one lab."""

    def __init__(self, name: str) -> None:
        """Take the lab's name; raise LabError when it can't serve in names of files and links."""
        if not re.fullmatch(r"[a-z][a-z0-9]{0,15}", name):
            raise LabError(f"A lab's name is 1 to 16 lower-case letters and digits, not {name!r}.")
        self.name = name
        self.run = RUN / name
        self.disks = DISKS / name

    @property
    def hosts_folder(self) -> Path:
        """The folder of the host records."""
        return self.run / "hosts"

    def host_run(self, name: str) -> Path:
        """Return the folder of a host's run-time files (console, mount point)."""
        return self.run / "machines" / name

    def host_disk(self, name: str) -> Path:
        """Return the folder that holds what a host wrote to its disk."""
        return self.disks / name

    def namespace(self, place: str) -> str:
        """Return the name of the network namespace of switch, outside or a host."""
        return f"virtfleet-{self.name}-{'switch' if place == 'router' else place}"

    def namespace_path(self, place: str) -> Path:
        """Return the file that stands for the network namespace of a place."""
        return Path("/run/netns") / self.namespace(place)

    @property
    def key(self) -> Path:
        """The private SSH key that every host of the lab accepts."""
        return self.run / "ssh_key"

    def known_hosts(self, name: str) -> Path:
        """Return the known_hosts file that holds a host's key under the host's name."""
        return self.host_run(name) / "known_hosts"

    @property
    def connector(self) -> Path:
        """The program that connects its stdin and stdout to ADDRESS PORT from the router."""
        return self.run / "connect"

    @property
    def leases(self) -> Path:
        """The lease file of the external network's DHCP server."""
        return self.run / "dnsmasq.leases"

    def make_folders(self) -> None:
        """Make the lab's folders; the state is for root's eyes only."""
        for folder in (RUN, self.run, self.hosts_folder, self.run / "machines"):
            folder.mkdir(parents=True, exist_ok=True)
        self.run.chmod(0o700)
        # qemu-like users inside the hosts must be able to walk through here.
        self.disks.mkdir(parents=True, exist_ok=True)

    def hosts(self) -> list[Host]:
        """Return the records of all hosts, sorted by name."""
        records = []
        for file in sorted(self.hosts_folder.glob("*.json")):
            records.append(Host(**json.loads(file.read_text())))
        return records

    def host(self, name: str) -> Host:
        """Return one host's record; raise LabError when there is no such host."""
        for host in self.hosts():
            if host.name == name:
                return host
        known = ", ".join(host.name for host in self.hosts()) or "none"
        raise LabError(f"There is no host {name!r} in lab {self.name!r} (hosts: {known}).")

    def save(self, host: Host) -> None:
        """Write a host's record, whole or not at all."""
        write_whole(self.hosts_folder / f"{host.name}.json", json.dumps(asdict(host)))

    def forget(self, name: str) -> None:
        """Remove a host's record."""
        (self.hosts_folder / f"{name}.json").unlink(missing_ok=True)

    @contextmanager
    def lock(self, timeout: float = 600) -> Iterator[None]:
        """Hold the lab for oneself: one command at a time changes it.

        The lock is the kernel's, so it ends with the process that held it, however that ended.
        Raises LabError when another command holds it for more than `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        told = False
        while (file := self._try_lock()) is None:
            if not told:
                say("another command is at work on this lab; waiting for it")
                told = True
            if time.monotonic() > deadline:
                raise LabError(f"Another command has held lab {self.name!r} for {timeout:.0f} s.")
            time.sleep(0.2)
        with file:
            try:
                yield
            finally:
                self._leave_no_empty_folders()

    @property
    def lock_file(self) -> Path:
        """The lock, beside the lab's folder: `down` removes that folder while it holds it."""
        return RUN / f".{self.name}.lock"

    def _leave_no_empty_folders(self) -> None:
        """Remove the lock when there is no lab to lock, and the labs' folders after the last lab."""
        if not self.run.exists() and not self.disks.exists():
            self.lock_file.unlink(missing_ok=True)
        for folder in (RUN, DISKS):
            with suppress(OSError):  # not there, or not empty
                folder.rmdir()

    def _try_lock(self) -> IO[str] | None:
        """Return the locked file, or None when another command holds it."""
        RUN.mkdir(parents=True, exist_ok=True)
        file = open(self.lock_file, "w")  # noqa: SIM115 - the caller closes it, which ends the lock
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # `down` removes the file: a lock on a removed file would guard nothing.
            if os.stat(self.lock_file).st_ino == os.fstat(file.fileno()).st_ino:
                return file
        except (BlockingIOError, FileNotFoundError):
            pass
        file.close()
        return None


def all_labs() -> list[Lab]:
    """Return every lab that has folders or records on this machine."""
    names = {
        folder.name
        for base in (RUN, DISKS)
        if base.is_dir()
        for folder in base.iterdir()
        if folder.is_dir() and not folder.name.startswith(".")
    }
    return [Lab(name) for name in sorted(names)]


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file under a temporary name and rename it, so that no half file is ever seen."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.chmod(mode)
    temporary.rename(path)


def remove_tree(path: Path) -> None:
    """Remove a folder with all that is in it; nothing happens when it is not there.

    What is mounted in it is unmounted first and never entered: it may be the machine's own.
    """
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in reversed(mounts):
        if mount.startswith(f"{path}/"):
            run(["umount", "--lazy", mount])
    if path.exists():
        run(["rm", "-rf", "--one-file-system", str(path)])
