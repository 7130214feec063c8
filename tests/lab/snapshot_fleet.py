# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of snapshots share: guests whose consoles can be talked to, and declaring snapshots."""

from __future__ import annotations

import contextlib
import json
import typing as t
from pathlib import Path

from fleet import Fleet, Run
from storage_fleet import HOSTS, IMAGES, disk_guest, hosts_with_storage

ASK = r"""
import os, sys, time, tty
handle = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
tty.setraw(handle)
os.write(handle, b"\necho BEGIN$((1 + 1)); " + sys.argv[2].encode() + b"; echo END$((1 + 1))\n")
said, deadline = b"", time.monotonic() + 60
while b"END2" not in said and time.monotonic() < deadline:
    try:
        said += os.read(handle, 65536)
    except BlockingIOError:
        time.sleep(0.05)
text = said.decode(errors="replace").replace("\r", "")
sys.stdout.write(text.split("BEGIN2\n")[-1].split("END2")[0])
"""
"""Says something to the shell on a guest's console, and prints what it answers."""

NEW, OLD = "kvm02", "kvm01"
"""Hosts whose libvirt can and cannot put a guest back to an external snapshot."""


@contextlib.contextmanager
def hosts_with_consoles(name: str, folder: Path) -> t.Iterator[Fleet]:
    """Hosts with a pool, on which the consoles of guests can be talked to; gone at the end."""
    with hosts_with_storage(name, folder) as made:
        for host in HOSTS:
            made.sh(host, f"cat >/root/ask.py <<'END'\n{ASK}\nEND")
        yield made


def guest(name: str, *disks: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
    """A test guest of 128 MiB, with a console that can be talked to."""
    return disk_guest(name, *(disks or ({"size": "64MiB"},)), memory="128MiB", serials=[{"type": "pty"}], **options)


def make(fleet: Fleet, *guests: dict[str, t.Any]) -> None:
    """Make guests anew, and wait until the shells on their consoles answer."""
    remove(fleet, *(one["name"] for one in guests))
    run = fleet.module("domains", config=list(guests))
    assert run.code == 0, run.output
    for host in HOSTS:
        for one in guests:
            if one["state"] == "running":
                fleet.wait(lambda host=host, name=one["name"]: "7" in ask(fleet, host, name, "echo $((3 + 4))"))


def remove(fleet: Fleet, *names: str) -> None:
    """Remove guests with all that belongs to them."""
    for host in HOSTS:
        for name in names:
            fleet.sh(
                host,
                f"virsh destroy {name}; for one in $(virsh snapshot-list {name} --name); do"
                f" virsh snapshot-delete {name} $one --metadata; done; virsh undefine {name} --nvram --managed-save;"
                f" rm -f {IMAGES}/{name}* /srv/{name}*; virsh pool-refresh default; true",
            )


def ask(fleet: Fleet, host: str, name: str, command: str) -> str:
    """What the shell of a guest answers."""
    return fleet.sh(host, f"python3 /root/ask.py $(virsh ttyconsole {name}) '{command}'").strip()


def uptime(fleet: Fleet, host: str, name: str) -> float:
    """The seconds that a guest has been up, by its own clock."""
    return float(ask(fleet, host, name, "cat /proc/uptime").split()[0])


def on_disk(fleet: Fleet, host: str, name: str) -> str:
    """The first bytes of a guest's disk."""
    return ask(fleet, host, name, "dd if=/dev/vda bs=512 count=1 iflag=direct 2>/dev/null | head -c 4")


def write(fleet: Fleet, name: str, text: str) -> None:
    """Have a guest write to its disk and into its memory."""
    for host in HOSTS:
        command = (
            f"echo {text} >/run/mark; printf %-512s {text} | dd of=/dev/vda bs=512 count=1 oflag=direct conv=fsync"
        )
        ask(fleet, host, name, command)
        assert on_disk(fleet, host, name) == text


def faultless(fleet: Fleet, host: str, name: str) -> bool:
    """Stop a guest, and say whether its image has no fault and no cluster that nobody needs.

    While it runs, QEMU writes some of its tables late.
    """
    fleet.sh(host, f"virsh destroy {name} || true")
    found = json.loads(fleet.sh(host, f"qemu-img check --output=json {IMAGES}/{name}-vda.qcow2 || true"))
    return not {"leaks", "corruptions"} & found.keys() and found["check-errors"] == 0


def snapshots(fleet: Fleet, *items: dict[str, t.Any], check: bool = False) -> Run:
    """Declare snapshots once."""
    return fleet.module("snapshots", *(["--check"] if check else []), config=list(items))


def done(run: Run) -> Run:
    """A run that went well."""
    assert run.code == 0, run.output
    assert "Traceback" not in run.output
    return run


def told(run: Run, host: str) -> list[dict[str, t.Any]]:
    """The changes that a run tells of a host."""
    (result,) = run.results("virtfleet.kvm.snapshots", host)
    return t.cast("list[dict[str, t.Any]]", result["changes"])


BACK = {"state": "reverted", "discard_changes": True}
