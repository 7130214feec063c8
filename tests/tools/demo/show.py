# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure until every guest has said what it reached, then show it: show.py WORK OUTSIDE-LOG COMMAND...

WORK is quickstart's folder, with an inventory and an ansible.cfg; OUTSIDE-LOG is what the machine
outside wrote down about who called it; COMMAND runs a further command on that machine.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import measured

PATIENCE = 90  # seconds
HEAD = (
    *("guest", "host", "state", "on", "mode", "address"),
    *("reached outside", "its host", "other host", "reached from outside", "outside saw"),
)
HERE = Path(__file__).resolve().parent


def measure(work: Path) -> list[measured.Host]:
    """Run measure.yml once; returns what is true now."""
    out = work / "measured"
    out.mkdir(exist_ok=True)
    command = ["ansible-playbook", "-i", "inventory", "-e", f"out={out}", str(HERE / "measure.yml")]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}\n{done.stderr}\nmeasuring failed")
    return measured.hosts(out)


def wait_for_guests(work: Path) -> list[measured.Host]:
    """Measure again and again, until the guests have arrived or patience is at its end."""
    deadline = time.monotonic() + PATIENCE
    while True:
        hosts = measure(work)
        if time.monotonic() > deadline or all(guest.arrived for host in hosts for guest in host.guests):
            return hosts
        time.sleep(1)


def ping(outside: Sequence[str], address: str) -> bool | None:
    """Whether the machine outside reaches an address; None for a guest without one."""
    if not address:
        return None
    command = [*outside, "ping", "-c2", "-W2", "-q", address]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def yes_no(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "no answer"}[value]


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    first = "  ".join(cell.ljust(width) for cell, width in zip(head, widths, strict=True)).rstrip()
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([f"\n{title}\n", first, rule, *lines])


def host_table(hosts: Sequence[measured.Host]) -> str:
    rows = []
    for host in hosts:
        virtualization, hypervisor = host.facts["virtualization"]["kind"], host.facts["hypervisor"]["version"]
        rows.append((host.name, host.suite, host.address, virtualization, host.facts["libvirt"], hypervisor))
    return table("Hosts", ("host", "system", "address", "virtualization", "libvirt", "QEMU"), rows)


def guest_table(guests: Sequence[measured.Guest], callers: set[str]) -> str:
    rows = []
    for guest in guests:
        said = guest.console
        # The guest says what the outside answered it; the outside's own log must agree.
        seen = said.seen_as if said.seen_as in callers else f"{said.seen_as or 'not seen'}?"
        reached = [yes_no(guest.reached(who)) for who in ("outside", "host", "other host")]
        where = (guest.name, guest.host, guest.state, guest.source, guest.mode, said.address or "none")
        rows.append((*where, *reached, yes_no(guest.from_outside), seen))
    return table("Guests", HEAD, rows)


def main() -> None:
    work, log, outside = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    hosts = wait_for_guests(work)
    guests = [guest for host in hosts for guest in host.guests]
    for guest in guests:
        guest.from_outside = ping(outside, guest.console.address)
    callers = {line.split()[1] for line in log.read_text().splitlines()} if log.exists() else set()
    print(host_table(hosts))
    for host in hosts:
        missing = host.facts["virtualization"]["missing"]
        if missing:
            print(f"{host.name} has no hardware virtualization: {'; '.join(missing)}")
    print(guest_table(guests, callers))
    print(
        "\nNAT hides guests behind their host. MacVTap gives a guest an address of its own, but it does not reach its"
        "\nown host; on a bridge it does. docs/concepts.md says which to choose."
    )
    late = [guest.name for guest in guests if not guest.arrived]
    if late:
        sys.exit(f"\nnot everything was reached within {PATIENCE} s: {', '.join(late)}")


if __name__ == "__main__":
    main()
