# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in memory with netplan, systemd-networkd and systemd, on which the real agent runs one trial."""

from __future__ import annotations

import errno
import json
import posixpath
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import (
    expected,
    files,
    guard,
    journal,
    network,
    restore_others,
    rollback,
    runtime,
    set_by_others,
    trial_backup,
    unit,
)
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.fake_host import FakeOs, Tree

NETPLAN, SHIM, IDENTITY = (
    "/etc/netplan/01-netcfg.yaml",
    "/usr/local/lib/systemd/network/50-virtfleet-shim0.network",
    "/usr/local/lib/systemd/network/10-netplan-br0.network.d/virtfleet-identity.conf",
)
OLD: dict[str, str] = {NETPLAN: "old", SHIM: "shim"}
NEW: dict[str, str] = {NETPLAN: "new", IDENTITY: "identity"}
"""The kept files before and after: one changes, one goes, one comes in a folder that is not there yet."""
UNITS = "/run/systemd/network"
LIMIT = 60.0
BY_HAND = {"local": "10.200.0.1", "prefixlen": 24}
"""An address that somebody has set on a card which the trial leaves as it is: networkd drops it with every change."""
LOCAL = {"type": "local", "dst": "192.0.2.10", "dev": "eno1", "table": "local", "protocol": "kernel"}
"""A route that the kernel has by itself."""
RULES = [("0", "from all lookup local"), ("500", "not from all fwmark 0xca6c lookup 51820")]
"""The policy rules of the host. The second is a VPN's, and networkd drops it when it configures a device anew."""


class Killed(BaseException):
    """The program ends here, at once."""


class Cut(BaseException):
    """The power fails."""


class SoftReboot(BaseException):
    """All programs end, and start anew; memory and kernel stay."""


class Machine:
    """A host, its controller and its faults.

    :param kills: at which steps of the agent, counted over all of its lives, it is killed
    :param cut: at which step the power fails
    :param soft: at which step the host is soft-rebooted
    :param lost: at which step somebody removes the trial's folder in /run
    :param late: at which step the deadline passes
    :param confirm: whether the controller asks for confirmation once the trial is in force
    :param full: folders in which from step ``fault`` on nothing new can be written
    :param read_only: folders in which from step ``fault`` on nothing can be changed
    :param broken: commands that fail from step ``fault`` on, such as ``netplan`` or ``networkctl``
    :param heals: after how many lives that ended in an error a fault goes away
    :param written: which folders' names a disk has got to by itself when the power fails
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **faults: Any) -> None:
        self.kills: set[int] = set(faults.get("kills", ()))
        self.cut_at, self.late = faults.get("cut"), faults.get("late")
        self.soft_at, self.lost_at = faults.get("soft"), faults.get("lost")
        self.confirm, self.fault = faults.get("confirm", True), faults.get("fault", 0)
        self.full, self.read_only = faults.get("full", ()), faults.get("read_only", ())
        self.broken: tuple[str, ...] = faults.get("broken", ())
        self.written: Callable[[str], bool] = faults.get("written", lambda folder: False)
        self.heals, self.failed = faults.get("heals", 0), 0
        self.time, self.count, self.decided = 1000.0, 0, ""
        self.rules, self.by_hand, self.rebooted = [*RULES], [BY_HAND], False
        self.tree = Tree()
        for folder in ("/run/netplan", UNITS, "/run/virtfleet/links", "/run/systemd/system", "/var/lib", "/agent"):
            self.tree.add(folder)
        for folder in ("/etc/systemd/system", "/etc/tmpfiles.d", "/sys/class/net", "/usr/local/lib/systemd/network"):
            self.tree.add(folder)
        for path, text in OLD.items():
            self.tree.add(path, text)
        self.tree.add("/agent/guard.py", "code")
        self.os = FakeOs(self.tree, self.before_step)
        self.generate(steps=False)
        self.network = self.effective()
        for module in (
            expected,
            files,
            restore_others,
            guard,
            journal,
            network,
            trial_backup,
            set_by_others,
            runtime,
            unit,
            rollback,
        ):
            monkeypatch.setattr(module, "os", self.os)
        monkeypatch.setattr(journal, "__file__", "/agent/journal.py")
        monkeypatch.setattr(network, "run", self.run_command)
        for module in (expected, network, rollback):
            monkeypatch.setattr(module, "clock", lambda: self.time)
        monkeypatch.setattr(guard.time, "sleep", self.sleep)
        monkeypatch.setattr(guard, "keep_watch", lambda: None)

    # --- what happens beside the agent ---

    def before_step(self, name: str, path: str) -> None:
        """One more step is about to be done: who dies, what fails, what time it is."""
        if name != "statvfs":
            self.count += 1
            self.time += 0.001
            if self.late is not None and self.count >= self.late:
                self.time = max(self.time, 1000 + LIMIT + 1)
            if self.count == self.lost_at:
                self.tree.now = {at: node for at, node in self.tree.now.items() if not at.startswith("/run/virtfleet")}
                if path.startswith("/run/virtfleet"):
                    raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
            if self.count == self.cut_at:
                raise Cut
            if self.count == self.soft_at:
                raise SoftReboot
            if self.count in self.kills:
                raise Killed
        if self.count >= self.fault:
            changes = name not in ("command", "fsync")
            if changes and self.read_only and path.startswith(tuple(self.read_only)):
                raise OSError(errno.EROFS, "Read-only file system", path)
            needs_room = name in ("create", "write", "mkdir", "symlink", "link")
            if needs_room and self.full and path.startswith(tuple(self.full)):
                raise OSError(errno.ENOSPC, "No space left on device", path)
        self.watch(name, path)

    def watch(self, name: str, path: str) -> None:
        """No step of the trial comes after the verdict."""
        state = guard.state_of(files.TRIAL)
        if state in ("rolling-back", "confirming"):
            self.decided = self.decided or state
        writes = name in ("create", "write", "symlink") and path.startswith(("/run/netplan/", UNITS + "/"))
        # Where what was saved is gone, netplan makes it anew.
        generates = name == "command" and path.startswith("netplan") and self.lost_at is None
        assert not (self.decided and (writes or generates)), f"{name} {path} after {self.decided}"

    def sleep(self, seconds: float) -> None:
        """Time passes, and the controller looks at the host."""
        self.time += max(seconds, 0.1)
        if guard.state_of(files.TRIAL) == "applied" and self.confirm and self.os.path.exists(f"{files.TRIAL}/ask.none"):
            # The controller's own step: no step of the agent's.
            self.tree.now[f"{files.TRIAL}/ask.confirm"] = self.tree.now.pop(f"{files.TRIAL}/ask.none")

    def effective(self) -> dict[str, str]:
        """What networkd reads: a file in /run hides its namesakes."""
        found = {}
        for folder in ("/usr/local/lib/systemd/network", UNITS):
            for path, node in self.tree.now.items():
                if path.startswith(folder + "/") and node.kind != "dir" and "/." not in path:
                    found[path[len(folder) + 1 :]] = node.data.decode() if node.kind == "file" else ""
        return {name: text for name, text in found.items() if text}

    def generate(self, steps: bool = True) -> None:
        """netplan writes networkd's units anew: it may be killed in the middle."""
        texts = {}
        for folder in ("/etc/netplan", "/run/netplan"):
            for path in self.tree.children(folder):
                if path.endswith(".yaml"):
                    texts[posixpath.basename(path)] = self.tree.now[path].data.decode()
        for path in [path for path in self.tree.children(UNITS) if "/10-netplan-" in path]:
            if self.tree.now[path].kind != "dir":
                if steps:
                    self.before_step("command", "netplan: removes a unit")
                del self.tree.now[path]
        for name in ("eno1", "eno2"):
            if steps:
                self.before_step("command", "netplan: writes a unit")
            self.tree.add(
                f"{UNITS}/10-netplan-{name}.network",
                f"{name}: {'; '.join(texts.values())}"[: 200 if name == "eno1" else 4],
            )

    def run_command(self, command: list[str], seconds: float) -> tuple[int, str, str]:
        """What the commands of the host do."""
        words = " ".join(command)
        if words.startswith("ip -details -json"):
            held = "192.0.2.10" if self.network.get("10-netplan-eno1.network", "").endswith("old") else "192.0.2.99"
            eno1 = {"ifname": "eno1", "addr_info": [{"local": held, "prefixlen": 24}]}
            return 0, json.dumps([eno1, {"ifname": "eno2", "addr_info": self.by_hand}]), ""
        if words == "ip -json -4 route show table all":
            return 0, json.dumps([LOCAL]), ""
        if words == "ip -4 rule show":
            return 0, "".join(f"{priority}:\t{rest}\n" for priority, rest in self.rules), ""
        if words.startswith(("ip -json", "ip -6 rule show")):
            return 0, "", ""
        self.before_step("command", words)
        if words == "ip address replace 10.200.0.1/24 dev eno2":
            self.by_hand = [BY_HAND]
            return 0, "", ""
        if words.startswith("ip -4 rule add pref "):
            self.rules.append((command[5], " ".join(command[6:])))
            return 0, "", ""
        if self.count >= self.fault and words.startswith(tuple(self.broken)) and self.broken:
            return 1, "", "it is broken"
        if words == "netplan generate":
            self.generate()
        elif words.startswith(("networkctl reload", "systemctl restart systemd-networkd")):
            self.network = self.effective()
            self.rules, self.by_hand = [rule for rule in self.rules if rule[0] == "0"], []
        return 0, "", ""

    # --- one trial ---

    def state(self, name: str = "one") -> dict[str, Any]:
        """What the module hands to the agent."""
        state: dict[str, Any] = {
            "id": name,
            "python": "/usr/bin/python3",
            "seconds": LIMIT,
            "deadline": self.time + LIMIT,
        }
        state["trial"] = {
            "/run/netplan/01-netcfg.yaml": NEW[NETPLAN],
            f"{UNITS}/50-virtfleet-shim0.network": None,
            f"{UNITS}/10-netplan-br0.network.d/virtfleet-identity.conf": NEW[IDENTITY],
        }
        state["keep"] = [{"path": path, "text": NEW.get(path), "mode": 0o600} for path in (IDENTITY, SHIM, NETPLAN)]
        state.update(generate=[["netplan", "generate"]], apply=[["networkctl", "reload"]], netplan=True)
        state.update(network_manager=False, addresses={"eno1": ["192.0.2.10/24"]})
        state.update(by_hand={"eno2": ["10.200.0.1/24"]}, configured=[])
        state.update({key: [] for key in ("commands", "undo", "new", "gone", "reconfigure", "routes", "secrets")})
        state.update({key: {} for key in ("ports", "masters", "again", "modes")})
        wanted = {"devices": ["eno1"], "addresses": ["192.0.2.99/24"], "late": [], "routes": []}
        state["expected"] = [{**wanted, "leased": True, "carrier": True}]
        return state

    def begin(self, name: str = "one") -> None:
        """What the module does before it starts the unit; its own faults are another matter."""
        counted, self.count = self.count, -(10**9)
        self.os.makedirs(files.BASE)
        self.tree.add(files.UNIT, "unit")
        guard.lay_out(files.TRIAL, self.state(name))
        self.count = counted

    def live(self, limit: int = 50) -> None:
        """The unit runs; systemd starts it again when it dies. A power cut ends it, and the host boots."""
        for _life in range(limit):
            try:
                guard.main([])
                return
            except Killed:
                self.os.open_files.clear()
                self.stopped()
            except OSError:
                self.os.open_files.clear()
                self.stopped()
                self.time += 0.2
                self.failed += 1
                if self.failed == self.heals:
                    self.fault = 10**9
            except Cut:
                self.power_cut()
                return
            except SoftReboot:
                try:
                    self.soft_reboot()
                except Cut:
                    self.power_cut()
                    return
                if files.WANTED not in self.tree.now or files.UNIT not in self.tree.now:
                    return
        raise AssertionError(f"it did not come to an end in {limit} lives")

    def power_cut(self) -> None:
        """Off and on again: what was not synced is lost, then tmpfiles.d and the boot unit do their part."""
        self.os.open_files.clear()
        self.tree.cut(self.written)
        self.os.tree = self.tree
        for folder in ("/run/netplan", UNITS, "/run/virtfleet", "/run/systemd/system", "/sys/class/net"):
            self.tree.add(folder)
        self.cut_at, self.soft_at, self.decided = None, None, ""
        self.rebooted = True
        self.generate(steps=False)
        self.boot()
        self.tmpfiles()
        self.network = self.effective()

    def stopped(self) -> None:
        """The unit has ended (ExecStopPost)."""
        if files.TRIAL in self.tree.now:
            self.tree.add(files.WANTED, target=files.UNIT)

    def soft_reboot(self) -> None:
        """All but the kernel is begun anew: what is in /run stays, and yet tmpfiles.d does as at a boot."""
        self.os.open_files.clear()
        self.soft_at = None
        self.rebooted = True
        self.stopped()
        self.generate(steps=False)
        self.boot()
        self.tmpfiles()
        self.network = self.effective()

    def boot(self) -> None:
        """The boot unit, where it is wanted: it is begun anew where it is killed, a limited number of times."""
        if journal.WANTED not in self.tree.now or journal.BOOT not in self.tree.now:
            return
        for attempt in range(len(journal.TURNS.split())):
            if journal.DISK + "/agent/guard.py" not in self.tree.now:
                return
            if attempt == 2:
                self.kills = set()
            try:
                guard.main(["boot"])
                return
            except Killed:
                self.os.open_files.clear()

    def tmpfiles(self) -> None:
        """systemd-tmpfiles --boot, as far as it is told to remove."""
        if journal.TMPFILES not in self.tree.now:
            return
        for line in self.tree.now[journal.TMPFILES].data.decode().splitlines():
            if line[:2] not in ("r!", "R!"):
                continue
            path = line[3:].strip().strip('"')
            inner = [each for each in self.tree.now if each.startswith(path + "/")]
            if line[0] == "R" or not inner:
                for each in [path, *inner]:
                    self.tree.now.pop(each, None)

    # --- what is found afterwards ---

    def outcome(self) -> dict[str, Any]:
        """How the trial ended."""
        node = self.tree.now.get(f"{files.LAST}/outcome.json")
        return {} if node is None else dict(json.loads(node.data.decode()))

    def kept(self) -> dict[str, str]:
        """The files that survive a reboot."""
        return {path: self.tree.now[path].data.decode() for path in (NETPLAN, SHIM, IDENTITY) if path in self.tree.now}

    def leftovers(self) -> list[str]:
        """What a trial must not leave."""
        known = {
            files.BASE,
            files.LAST,
            f"{files.LAST}/outcome.json",
            journal.DISK,
            journal.path_of("kept"),
            "/var/lib/virtfleet",
            "/run/virtfleet",
            IDENTITY,
            SHIM,
        }
        return sorted(
            path
            for path in self.tree.now
            if ("virtfleet" in path and path not in known) or (path.startswith("/run/netplan/"))
        )
