# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on a test host while its links are changed, at a step of the trial's programs, and how it ends.

Nothing here is pretended but the clock: file systems are full and read-only by mounts, networkd is stopped by a
signal, netplan is another program. The clock is the whole machine's, so only what the programs read is shifted.
"""

from __future__ import annotations

import json
import time
import typing as t
from pathlib import Path

from links_fleet import Links
from virtfleet_lab import hosts as machines
from virtfleet_lab.state import Lab

HOME = "/run/disturb"
BOOT_HOME = "/var/lib/disturb"
PACKAGES = "/usr/lib/python3/dist-packages"
CONFIGURATION = "/etc/netplan /etc/systemd/network /usr/local/lib/systemd/network"
DISK = f"{CONFIGURATION} /etc/systemd/system /var/lib/virtfleet"

# Over each folder a file system with what is in it and no more room, all at once; and back, with what became of it.
FULL = r"""
for folder in {folders}; do
  mkdir -p $folder
  small=$(mktemp -d /run/disturb/small.XXXX)
  size=$(($(du -sk --apparent-size $folder | cut -f1) + $(find $folder | wc -l) * 4 + 8))
  mount -t tmpfs -o size=${{size}}k,mode=755 small $small && cp -a $folder/. $small/
  head -c ${{size}}k /dev/zero > $small/.filler 2>/dev/null
  mount --bind $small $folder && umount -l $small
done; true
"""
ROOM = r"""
below=$(mktemp -d /run/disturb/below.XXXX); mount --bind / $below
for folder in {folders}; do
  while findmnt -n -t tmpfs --mountpoint $folder >/dev/null; do
    rm -f $folder/.filler
    (cd $below$folder && find . -mindepth 1 -depth) | while read -r path; do
      [ -e $folder/$path ] || [ -L $folder/$path ] || rm -rf $below$folder/$path
    done
    cp -a --remove-destination $folder/. $below$folder/
    umount -l $folder
  done
done
umount -l $below
"""
# Over the folder, as nothing with open files can be made read-only; with what is mounted below it.
READ_ONLY = r"""
for folder in {folders}; do
  mkdir -p $folder
  mount --rbind $folder $folder && mount --make-rprivate $folder && mount -o remount,bind,ro $folder
done; true
"""
WRITABLE = r"""
for folder in {folders}; do
  while findmnt -n -O ro --mountpoint $folder >/dev/null; do umount -l $folder || break; done
done; true
"""
NETPLAN = r"""
printf '#!/bin/sh\n%s\n' '{does}' > /run/disturb/netplan; chmod 755 /run/disturb/netplan
touch /run/disturb/real; mount --bind $(readlink -f /usr/sbin/netplan) /run/disturb/real
mount --bind /run/disturb/netplan $(readlink -f /usr/sbin/netplan)
"""
REPAIRED = "umount -l $(readlink -f /usr/sbin/netplan) 2>/dev/null; umount -l /run/disturb/real 2>/dev/null; true"


class Script(t.NamedTuple):
    """A disturbance that scripts make and end, run as root on the host."""

    begin: str
    end: str


SCRIPTS = {
    "/run full": Script(
        "mount -o remount,size=$(($(df -k --output=used /run | tail -1) + 4))k /run;"
        " head -c 64k /dev/zero > /run/.filler 2>/dev/null; true",
        "rm -f /run/.filler; mount -o remount,size=20% /run",
    ),
    "/run read-only": Script(READ_ONLY.format(folders="/run"), WRITABLE.format(folders="/run")),
    "/etc full": Script(FULL.format(folders=CONFIGURATION), ROOM.format(folders=CONFIGURATION)),
    "/etc read-only": Script(READ_ONLY.format(folders=CONFIGURATION), WRITABLE.format(folders=CONFIGURATION)),
    "/ full": Script(FULL.format(folders=DISK), ROOM.format(folders=DISK)),
    "/ read-only": Script(READ_ONLY.format(folders="/etc /usr /var"), WRITABLE.format(folders="/etc /usr /var")),
    "networkd hung": Script(
        "systemctl kill --kill-whom=main --signal=STOP systemd-networkd",
        "systemctl kill --kill-whom=main --signal=CONT systemd-networkd || systemctl restart systemd-networkd",
    ),
    "netplan fails": Script(NETPLAN.format(does="echo broken >&2; exit 1"), REPAIRED),
    "netplan hangs": Script(NETPLAN.format(does="exec sleep 600"), REPAIRED),
    "netplan slow": Script(NETPLAN.format(does='sleep 6; exec /usr/bin/python3 /run/disturb/real "$@"'), REPAIRED),
    "clock forth": Script(f"echo 86400 > {HOME}/clock", f"rm -f {HOME}/clock"),
    "clock back": Script(f"echo -86400 > {HOME}/clock", f"rm -f {HOME}/clock"),
}
BY_SIGNAL = ("agent stopped", "agent killed")
FROM_OUTSIDE = ("controller killed", "unplugged", "power cut")
ALL = (*BY_SIGNAL, *FROM_OUTSIDE, *SCRIPTS)
CUTS_OFF = ("unplugged", "power cut")
"""What takes the host's address away by itself."""


class Strike(t.NamedTuple):
    """A disturbance at a step.

    :param what: one of ``ALL``
    :param at: what the trial is at; see step_hook.py
    :param steps: the numbers of the steps there, from 1
    :param lasts: seconds; None for until the trial must be over
    """

    what: str
    at: str
    steps: tuple[int, ...]
    lasts: float | None

    def __str__(self) -> str:
        lasts = "" if self.lasts is None else f" for {self.lasts:.0f} s"
        return f"{self.what} at step {', '.join(map(str, self.steps))} of {self.at}{lasts}"


class Disturbed:
    """The strikes of one round on one host: laid out, watched, and ended.

    :param kill_controller: ends the run, and all its processes
    """

    def __init__(
        self, fleet: Links, host: str, strikes: t.Sequence[Strike], kill_controller: t.Callable[[], None]
    ) -> None:
        self.fleet, self.host, self.strikes, self.kill_controller = fleet, host, strikes, kill_controller
        self.lab = Lab(fleet.name)
        self.struck: dict[int, dict[str, t.Any]] = {}
        self.lasting: dict[int, float] = {}
        self.seen = 0

    def lay_out(self) -> None:
        """Put the plan on the host, and what carries it out."""
        hook = Path(__file__).with_name("step_hook.py").read_text(encoding="utf-8")
        self.sh(
            f"cat > {PACKAGES}/virtfleet_steps.py <<'END'\n{hook}\nEND\n"
            f"echo 'import virtfleet_steps' > {PACKAGES}/virtfleet_steps.pth\n"
            # A file system of its own: it has room, and can be written, whatever is done to /run.
            f"mkdir -p {HOME}; umount -l {HOME} 2>/dev/null; mount -t tmpfs -o mode=700 disturb {HOME}\n"
            f"echo '{self.plan()}' > {HOME}/plan.json"
        )

    def plan(self) -> str:
        """The plan for step_hook.py."""
        actions = {"agent stopped": "stop", "agent killed": "kill"}
        return json.dumps(
            [
                {"at": strike.at, "steps": strike.steps, "action": actions.get(strike.what, "wait")}
                for strike in self.strikes
            ]
        )

    def prepare_boot(self) -> None:
        """Put the plan on the disk of the host, which is off, where it is for its boot as well."""
        if any(strike.at == "boot" for strike in self.strikes):
            folder = self.lab.host_disk(self.host) / "upper/var/lib/disturb"
            folder.mkdir(exist_ok=True)
            (folder / "plan.json").write_text(self.plan(), encoding="utf-8")

    def clear(self) -> None:
        """End all that lasts, and leave the host as it was."""
        for number in list(self.lasting):
            self.end(number)
        self.sh(
            f"rm -f {PACKAGES}/virtfleet_steps.py {PACKAGES}/virtfleet_steps.pth;"
            f" umount -l {HOME} 2>/dev/null; rmdir {HOME} 2>/dev/null; true"
        )

    def watch(self) -> None:
        """Do what is due: call it often."""
        for told in self.news():
            number = told["strike"]
            if number not in self.struck:
                self.struck[number] = told
                self.begin(number)
        for number, end in list(self.lasting.items()):
            if time.monotonic() > end:
                self.end(number)

    def news(self) -> list[dict[str, t.Any]]:
        """What has struck since the last look."""
        lines = inside(self.fleet, self.host, f"{HOME}/struck").splitlines()
        fresh, self.seen = lines[self.seen :], max(self.seen, len(lines))
        return [json.loads(line) for line in fresh]

    def begin(self, number: int) -> None:
        """Let the disturbance of a strike come, and the program that waits for it go on."""
        strike = self.strikes[number]
        self.lasting[number] = time.monotonic() + (strike.lasts if strike.lasts is not None else 1e9)
        if strike.what in BY_SIGNAL:
            return
        if strike.what == "controller killed":
            self.kill_controller()
        elif strike.what == "unplugged":
            self.fleet.lab("unplug", self.host)
        elif strike.what == "power cut":
            # Not by the command line: that would wait for the start of another host.
            machines.cut(self.lab, self.lab.host(self.host))
            return
        else:
            self.sh(SCRIPTS[strike.what].begin)
        self.sh(f"touch {HOME}/go-{number}")

    def end(self, number: int) -> None:
        """Let a disturbance go away."""
        strike = self.strikes[number]
        del self.lasting[number]
        if strike.what == "agent stopped":
            self.sh(f"kill -CONT {self.struck[number]['pid']} 2>/dev/null; true")
        elif strike.what == "unplugged":
            self.fleet.lab("plug", self.host)
        elif strike.what == "power cut":
            self.prepare_boot()
            self.fleet.lab("start", self.host)
            self.seen = 0
            for line in inside(self.fleet, self.host, f"{BOOT_HOME}/struck").splitlines():
                told = json.loads(line)
                self.struck[told["strike"]] = told
            self.sh(f"rm -rf {BOOT_HOME}")
        elif strike.what in SCRIPTS:
            self.sh(SCRIPTS[strike.what].end)

    def sh(self, script: str) -> None:
        """Run a script on the host."""
        self.fleet.sh(self.host, script)

    def has(self, what: str, at: str = "") -> bool:
        """Whether a disturbance has come, at one place or any."""
        struck = [self.strikes[number] for number in self.struck]
        return any(strike.what == what and at in ("", strike.at) for strike in struck)

    @property
    def cut_off(self) -> bool:
        """Whether the host is without address by what was done to it."""
        return any(self.strikes[number].what in CUTS_OFF for number in self.lasting)


def leader(fleet: Links, host: str) -> str:
    """The host's process 1, as a process of this machine; empty where the host is off."""
    lab = Lab(fleet.name)
    members = machines.group(lab, lab.host(host)) / "machine/payload/init.scope/cgroup.procs"
    try:
        return (members.read_text().split() or [""])[0]
    except OSError:
        return ""


def inside(fleet: Links, host: str, path: str) -> str:
    """A file of a host, empty where there is none; without a process on the host."""
    first = leader(fleet, host)
    try:
        return Path(f"/proc/{first}/root{path}").read_text(encoding="utf-8") if first else ""
    except OSError:
        return ""
