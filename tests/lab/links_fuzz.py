# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One round of the random test of links: a change, disturbed at a step, and what must hold afterwards.

The host has its address, its network is wholly the old or wholly the new one, nothing of the trial is left, what
the run reported is so, and the next run makes it as declared. The new network is the one that the next run gives.
"""

from __future__ import annotations

import difflib
import json
import os
import shlex
import signal
import subprocess
import threading
import time
import typing as t
from pathlib import Path

from disturbances import Disturbed, inside, leader
from fleet import ENVIRONMENT, Run, loaded_ansible
from links_changes import Case, Config
from links_fleet import Links
from virtfleet_lab import hosts as machines
from virtfleet_lab.state import Lab

BRIDGE = Path(__file__).parents[2] / "plugins/module_utils/_hostnet/bridge.py"

ROLLBACK_AFTER = 10
BOUND = 110.0
"""Seconds after the deadline by which a host has decided, whatever goes wrong (docs/host-networking.md)."""
REPAIRED = 60.0
"""Seconds after which all is over once nothing is wrong any more."""

OPEN = "/run/virtfleet/links/trial"
LEFT = r"""
find /etc /usr/local/lib /var/lib/virtfleet -xdev -name '.*virtfleet*' 2>/dev/null
find /run/systemd/system /run/systemd/transient /etc/systemd/system /etc/tmpfiles.d -name '*virtfleet*' 2>/dev/null
find /run/netplan /run/systemd/network \( -type f -o -type l \) 2>/dev/null | grep -v '/10-netplan-'
ls -d /run/virtfleet/links/* 2>/dev/null | grep -v '/\(lock\|last\|agent\)$'
ls -d /var/lib/virtfleet/links/* 2>/dev/null | grep -v '/kept.json$'
systemctl list-units --all --no-legend --plain 'virtfleet*' | grep -v ' loaded  *inactive  *dead '
pgrep -fa '^[^ ]*python[^ ]* .*agent.guard'
true
"""
"""Shows what a trial has left behind; nothing where nothing is left.

systemd keeps a unit of the boot in mind until it reads its files anew, also where the file is gone.
"""


ELECTED = ("root_id", "root_port", "root_path_cost", "bridge_id", "designated_cost", "designated_port", "forward_delay")
"""What bridges with a spanning tree agree on with those of the other hosts; once it is off, the last of it is shown."""
DELAYS = """
import json, os
names = [name for name in os.listdir("/sys/class/net") if os.path.isdir(f"/sys/class/net/{name}/bridge")]
print(json.dumps({name: forward_delay(name) for name in names}))
"""
"""Prints the forward delay that each bridge is set to itself."""


class Fault(Exception):
    """What did not hold. Its first word is the kind: ``address``, ``mixed``, ``left``, ``report`` or ``next``."""


class Outcome(t.NamedTuple):
    """How a round ended that found no fault.

    :param struck: how many of its disturbances came to be
    :param reported: ``confirmed``, ``rolled-back``, ``refused``, ``unknown``, ``failed`` or ``killed``
    :param network: ``old`` or ``new``
    :param seconds: how long it took
    """

    struck: int
    reported: str
    network: str
    seconds: float


class Controller(threading.Thread):
    """A run of the module on a host, which can be killed.

    :param fleet: in whose folder the run is
    """

    def __init__(self, fleet: Links, host: str, config: Config, rollback_after: int) -> None:
        super().__init__(daemon=True)
        self.fleet, self.host = fleet, host
        self.arguments = {"config": config, "rollback_after": rollback_after}
        self.pid = 0
        self.killed = False
        self.done = Run(-1, "", [])

    def run(self) -> None:
        """Carry it out."""
        folder = self.fleet.folder
        events = folder / "events.jsonl"
        events.unlink(missing_ok=True)
        play = {"hosts": self.host, "gather_facts": False, "tasks": [{"virtfleet.kvm.links": self.arguments}]}
        (folder / "fuzz.yml").write_text(json.dumps([play]), encoding="utf-8")
        environment = {**ENVIRONMENT, "VIRTFLEET_EVENTS": str(events)}
        words = ["-i", "hosts.yml", "fuzz.yml"]
        code, output = loaded_ansible().run(words, folder, environment, 400, self.began)
        lines = events.read_text(encoding="utf-8").splitlines() if events.exists() else []
        self.done = Run(code, output, [json.loads(line) for line in lines])

    def began(self, pid: int) -> None:
        """Note the process."""
        self.pid = pid

    def kill(self) -> None:
        """End it, with the processes that it started: Ansible's workers are in sessions of their own."""
        self.killed = True
        family = [self.pid]
        for process in family:
            for task in Path(f"/proc/{process}/task").glob("*/children"):
                family += [int(word) for word in task.read_text().split()]
        for process in family:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue

    @property
    def result(self) -> dict[str, t.Any]:
        """What the module reported, empty where it did not come to that."""
        found = self.done.results("virtfleet.kvm.links")
        return found[0] if found else {}

    def reported(self) -> str:
        """What the report comes to."""
        if self.killed:
            return "killed"
        result = self.result
        if self.done.code == 0:
            return "confirmed" if result.get("changed") else "unchanged"
        if "nothing was changed" in str(result.get("msg", "")):
            return "refused"
        return str(result.get("outcome") or "failed")


class Fuzzed:
    """A host of the random test.

    :param fleet: with a folder of its own
    """

    def __init__(self, fleet: Links, host: str) -> None:
        self.fleet, self.host = fleet, host
        self.address = fleet.address(host)
        self.booted = False

    def reachable(self, seconds: float) -> bool:
        """Whether the host answers a new connection to its address, within some time."""
        lab, end = Lab(self.fleet.name), time.monotonic() + seconds
        while True:
            words = ["socat", "-T2", "-", f"TCP:{self.address}:22,connect-timeout=2"]
            done = subprocess.run(
                machines.in_place(lab, "switch", words), capture_output=True, stdin=subprocess.DEVNULL, check=False
            )
            if done.stdout.startswith(b"SSH-"):
                return True
            if time.monotonic() > end:
                return False
            time.sleep(0.3)

    def make(self, config: Config) -> Controller:
        """Declare links, undisturbed."""
        self.drop_connections()
        run = Controller(self.fleet, self.host, config, 90)
        run.start()
        run.join()
        return run

    def drop_connections(self) -> None:
        """Have the next run connect anew: a connection of before may hang, as any operator's would."""
        for socket in (Lab(self.fleet.name).run / f"ssh-{self.host}").glob("*"):
            socket.unlink(missing_ok=True)

    def over(self, disturbed: Disturbed) -> bool:
        """Whether no trial is open, or none that anything works on: the next run ends what a killed module began."""
        first = leader(self.fleet, self.host)
        if not first:
            return False
        if Path(f"/proc/{first}/root{OPEN}").exists() and not disturbed.has("agent killed", "begin"):
            return False
        lines = self.fleet.sh(self.host, "systemctl list-units --no-legend --plain 'virtfleet-links*'")
        return not lines.strip()

    def play(self, case: Case) -> Outcome:
        """One round. Raises Fault for what does not hold; all that lasts is ended then, too."""
        started = time.monotonic()
        old = self.fleet.settled(self.host)
        self.drop_connections()
        run = Controller(self.fleet, self.host, case.config(f"{self.address}/24"), ROLLBACK_AFTER)
        disturbed = Disturbed(self.fleet, self.host, case.strikes, run.kill)
        disturbed.lay_out()
        try:
            run.start()
            self.wait(run, disturbed)
        finally:
            if leader(self.fleet, self.host):
                disturbed.clear()
        reported = run.reported()
        if not self.reachable(20):
            raise Fault(f"address: the host is not reached at {self.address} any more")
        self.judge_words(case, run, disturbed)
        self.judge_left(disturbed)
        if case.cut:
            machines.cut(Lab(self.fleet.name), Lab(self.fleet.name).host(self.host))
            self.fleet.lab("start", self.host)
        self.booted = case.cut or disturbed.has("power cut")
        now = self.steady(old if reported not in ("confirmed", "unchanged") else None)
        network = self.follow_up(case, old, now)
        self.judge(reported, network, run)
        return Outcome(len(disturbed.struck), reported, network, time.monotonic() - started)

    def wait(self, run: Controller, disturbed: Disturbed) -> None:
        """Until the run and the trial are over; what lasts goes on until then, and the host has its address."""
        end = time.monotonic() + ROLLBACK_AFTER + BOUND
        while (run.is_alive() or not self.over(disturbed)) and time.monotonic() < end:
            disturbed.watch()
            time.sleep(0.05 if run.is_alive() else 0.5)
        disturbed.watch()
        if not disturbed.cut_off and not self.reachable(10):
            raise Fault(f"address: after the host's deadline, and while it lasts: {disturbed.lasting}")
        for number in list(disturbed.lasting):
            disturbed.end(number)
        # What was stopped goes on now, and must not do anything any more.
        time.sleep(1)
        end = time.monotonic() + REPAIRED
        while run.is_alive() or not self.over(disturbed):
            disturbed.watch()
            if time.monotonic() > end:
                if run.is_alive():
                    run.kill()
                    raise Fault("report: the run does not end")
                reached = "reached" if self.reachable(5) else "not reached"
                raise Fault(f"left: the trial is still open, and the host {reached}: {self.left()}")
            time.sleep(0.5)

    def steady(self, wanted: dict[str, t.Any] | None) -> dict[str, t.Any]:
        """The host's network once it does not change; what a router announces takes its time."""
        found = self.fleet.settled(self.host)
        end = time.monotonic() + 12
        while wanted is not None and self.differ(found, wanted) and time.monotonic() < end:
            time.sleep(1.5)
            found = self.fleet.network(self.host)
        return found

    def follow_up(self, case: Case, old: dict[str, t.Any], now: dict[str, t.Any]) -> str:
        """The next run, undisturbed, makes what is declared; the network that there was before it: old or new."""
        if case.wrong:
            self.same(old, now, "mixed: the network is not what it was")
        run = self.make(case.after.config(f"{self.address}/24"))
        if run.done.code:
            raise Fault(f"next: the next run failed: {run.result.get('msg') or run.done.output[-1500:]}")
        new = self.fleet.settled(self.host)
        self.in_force(case.after.config(f"{self.address}/24"))
        left = self.left()
        if left:
            raise Fault(f"left: {left}")
        if not self.differ(now, old):
            if not run.result.get("changed"):
                raise Fault("next: the next run says that nothing is to change, and the network is the old one")
            return "old"
        end = time.monotonic() + 12
        while self.differ(now, new) and not run.result.get("changed") and time.monotonic() < end:
            time.sleep(1.5)
            now = new = self.fleet.network(self.host)
        if self.differ(now, new):
            raise Fault(f"mixed: against old:\n{difference(old, now)}\nmixed: against new:\n{difference(new, now)}")
        if run.result.get("changed"):
            raise Fault(f"next: the network is the new one, and the next run changes it: {run.result['changes']}")
        return "new"

    def in_force(self, config: Config) -> None:
        """Raise Fault where a link is not as declared: the report says nothing of what is wrong after every run."""
        found = {link["ifname"]: link for link in json.loads(self.fleet.sh(self.host, "ip -d -j link"))}
        delays = own_delays(self.fleet, self.host)
        for link in config:
            name = link["name"]
            if (name in found) != (link.get("state") != "absent"):
                raise Fault(f"next: {name} is {'there' if name in found else 'not there'} after the next run")
            data = found.get(name, {}).get("linkinfo", {}).get("info_data", {})
            have = {
                "mode": data.get("mode"),
                "stp": bool(data.get("stp_state")),
                "mtu": found.get(name, {}).get("mtu"),
                "ports": [port for port, device in found.items() if device.get("master") == name],
            }
            if name in delays:
                have["forward_delay"] = delays[name] // 100
            for option in sorted(link.keys() & have.keys()):
                if link[option] != have[option]:
                    raise Fault(f"next: {option} of {name} is {have[option]} after the next run, not {link[option]}")

    def differ(self, one: dict[str, t.Any], other: dict[str, t.Any]) -> bool:
        """Whether two networks differ.

        networkd leaves an address that becomes a static one the metric of its lease; a boot does not.
        """
        return without_metric(one) != without_metric(other) if self.booted else one != other

    def same(self, old: dict[str, t.Any], now: dict[str, t.Any], what: str) -> None:
        """Raise Fault where the network differs."""
        if self.differ(old, now):
            raise Fault(f"{what}:\n{difference(old, now)}")

    def left(self) -> str:
        """What a trial has left on the host."""
        return self.fleet.sh(self.host, LEFT).strip()

    def judge_left(self, disturbed: Disturbed) -> None:
        """Raise Fault for what is left, unless nobody could take it away: then the next run, or a boot, does."""
        struck = [disturbed.strikes[number] for number in disturbed.struck]
        if any(strike.what.startswith("/") or strike.what == "power cut" or strike.at == "begin" for strike in struck):
            return
        left = self.left()
        if left:
            raise Fault(f"left: when all is over: {left}")

    def judge_words(self, case: Case, run: Controller, disturbed: Disturbed) -> None:
        """Raise Fault for a report that is a crash, or cannot be true."""
        message = str(run.result.get("msg", ""))
        killed = disturbed.has("agent killed", "begin") or disturbed.has("agent killed", "settle")
        if not killed and ("Traceback" in message or "Module failed" in message or "MODULE FAILURE" in message):
            raise Fault(f"report: a crash: {message}")
        if case.wrong and run.done.code == 0:
            raise Fault("report: a change that cannot work is reported as made")

    def judge(self, reported: str, network: str, run: Controller) -> None:
        """Raise Fault where the report is not what the network says."""
        message = str(run.result.get("msg", ""))
        must = {"confirmed": "new", "unchanged": "new", "rolled-back": "old", "refused": "old"}.get(reported, network)
        if must != network:
            raise Fault(f"report: {reported}, and the network is the {network} one: {message}")
        if network == "new" and "takes the change back" in message:
            raise Fault(f"report: the change has stayed: {message}")


class Host(Links):
    """A host whose network is compared without what other hosts have a part in, and without files of no effect."""

    def network(self, host: str) -> dict[str, t.Any]:
        found = t.cast("dict[str, t.Any]", without(super().network(host)))
        found["forward_delay"] = own_delays(self, host)
        # What is to be kept stands beside its place; whether that goes in time is another question (see left).
        found["files"] = [line for line in found["files"] if "/.virtfleet-" not in line]
        return found


def own_delays(fleet: Links, host: str) -> dict[str, int]:
    """The forward delays that the bridges of a host are set to, in hundredths of a second, by name."""
    program = BRIDGE.read_text(encoding="utf-8") + DELAYS
    return t.cast("dict[str, int]", json.loads(fleet.sh(host, f"python3 -c {shlex.quote(program)}")))


def without(value: t.Any) -> t.Any:
    """Data without what is elected."""
    if isinstance(value, dict):
        return {key: without(inner) for key, inner in value.items() if key not in ELECTED}
    return [without(inner) for inner in value] if isinstance(value, list) else value


def without_metric(value: t.Any) -> t.Any:
    """Data without the metric of addresses, and of the routes that the kernel makes of them."""
    if isinstance(value, dict):
        of_address = "local" in value or value.get("protocol") == "kernel"
        return {key: without_metric(inner) for key, inner in value.items() if not (of_address and key == "metric")}
    return [without_metric(inner) for inner in value] if isinstance(value, list) else value


def difference(one: dict[str, t.Any], other: dict[str, t.Any]) -> str:
    """Two networks as a diff, not too long."""
    old, new = (json.dumps(each, indent=1).splitlines() for each in (one, other))
    return "\n".join(list(difflib.unified_diff(old, new, n=2))[:60])


def steps_seen(fleet: Links, host: str, kinds: t.Iterable[str]) -> dict[str, int]:
    """How many steps of each kind the programs of a host made in the round that is on."""
    return {kind: len(inside(fleet, host, f"/run/disturb/{kind}.steps").splitlines()) for kind in kinds}
