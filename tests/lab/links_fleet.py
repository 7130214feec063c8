# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of links share: hosts with two NICs, their network as comparable data, and hosts cut off."""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from fleet import Fleet, Run
from suites import HOST_SUITES

HOSTS = HOST_SUITES
BRIDGE: dict[str, t.Any] = {"name": "br0", "type": "bridge", "ports": ["eno1"]}
GONE: dict[str, t.Any] = {"name": "br0", "state": "absent"}

LOOK = "ip -d -j link; echo; ip -j addr; echo; ip -j route; echo; ip -j -6 route"
VOLATILE = {
    "ifindex",
    "link_index",
    "valid_life_time",
    "preferred_life_time",
    "expires",
    "nhid",
    "metrics",
    "ageing_time",
    "topology_change",
    "topology_change_detected",
    "promiscuity",
    "cost",  # A bridge's port has it from its speed, and NetworkManager sets one of its own at times.
}
"""What of ``ip``'s output changes by itself."""


# At most a minute; before the controller can ask whether the trial is in force, and then connect anew to confirm it.
CUT_OFF = """
for turn in $(seq 1200); do
  for state in applying applied rolling-back; do
    if [ -e /run/virtfleet/links/trial/at.$state ]; then
      systemctl stop ssh; sleep {seconds}; exec systemctl start ssh
    fi
  done
  sleep 0.05
done
"""


class Links(Fleet):
    """A fleet whose hosts' own network is changed."""

    @classmethod
    @contextlib.contextmanager
    def up(cls, name: str, folder: Path, *options: str) -> t.Iterator[Links]:
        """Fresh hosts, one of each suite, with two NICs; gone at the end."""
        fleet = cls(name, folder)
        fleet.lab("down")
        try:
            suites = [word for suite in HOSTS.values() for word in ("--suite", suite)]
            fleet.lab("up", str(len(HOSTS)), *suites, "--nics", "2", *options)
            fleet.declare({})
            yield fleet
        finally:
            fleet.lab("down")

    def links(self, host: str, *config: dict[str, t.Any], check: bool = False, **options: t.Any) -> Run:
        """Declare links on one host."""
        return self.module("links", *["--check"] * check, hosts=host, config=list(config), **options)

    def made(self, host: str, *config: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
        """Declare links, which must succeed; the result."""
        run = self.links(host, *config, **options)
        assert run.code == 0, run.output
        return run.results("virtfleet.kvm.links", host)[0]

    def refused(self, host: str, *config: dict[str, t.Any], **options: t.Any) -> str:
        """Declare links, which must be refused with nothing changed; what was said."""
        before = self.settled(host)
        run = self.links(host, *config, **options)
        assert run.code != 0
        message = run.results("virtfleet.kvm.links", host)[0]["msg"]
        assert "nothing was changed" in message
        self.back(host, before, 10)
        return str(message)

    def settled(self, host: str, seconds: float = 20) -> dict[str, t.Any]:
        """A host's network once it does not change any more: addresses take a moment to be there."""
        end = time.monotonic() + seconds
        found = self.network(host)
        while time.monotonic() < end:
            time.sleep(1.5)
            before, found = found, self.network(host)
            # One that is still looked for on the network is followed by others.
            if before == found and "tentative" not in json.dumps(found["kernel"]):
                break
        return found

    def network(self, host: str) -> dict[str, t.Any]:
        """A host's links, addresses, routes and network configuration, without what changes by itself."""
        kernel = [stable(json.loads(line)) for line in self.sh(host, LOOK).splitlines() if line.strip()]
        folders = "/etc/netplan /run/netplan /etc/systemd/network /usr/local/lib/systemd/network /etc/cloud/cloud.cfg.d"
        files = self.sh(host, f"find {folders} -type f -exec sha256sum {{}} + 2>/dev/null | sort; true")
        return {"kernel": kernel, "files": files.splitlines()}

    def back(self, host: str, before: dict[str, t.Any], seconds: float = 30) -> None:
        """Wait until a host's network is as it was; what the router announces takes its time."""
        end = time.monotonic() + seconds
        while self.network(host) != before and time.monotonic() < end:
            time.sleep(1)
        found = self.network(host)
        old, new = (json.dumps(each, indent=1).splitlines() for each in (before, found))
        assert found == before, "\n".join(difflib.unified_diff(old, new, "before", "after", n=3))

    def address(self, host: str) -> str:
        """The address of a host on the external network."""
        rows = [line.split() for line in self.lab("list").splitlines()]
        return next(row[-1] for row in rows if row[0] == host)

    def cut_off(self, host: str, seconds: int) -> None:
        """Let no new connection in for some time from when the next trial is applied; those that are there stay.

        The host itself looks for that: a run that comes late would not reach it to begin.
        """
        path = self.folder / "ping.yml"
        path.write_text(json.dumps([{"hosts": host, "gather_facts": False, "tasks": [{"ansible.builtin.ping": {}}]}]))
        assert self.play(str(path)).code == 0
        self.sh(host, f"systemd-run --quiet --collect sh -c {shlex.quote(CUT_OFF.format(seconds=seconds))}")

    @contextlib.contextmanager
    def trying(
        self, host: str, *config: dict[str, t.Any], after: int = 12, cut_off: bool = True, wait: bool = True
    ) -> t.Iterator[subprocess.Popen[str]]:
        """A run whose trial is in force; it cannot be confirmed where the host is cut off.

        :param wait: whether the links are waited for
        """
        if cut_off:
            self.cut_off(host, after + 8)
        play = [
            {
                "hosts": host,
                "gather_facts": False,
                "tasks": [{"virtfleet.kvm.links": {"config": list(config), "rollback_after": after}}],
            }
        ]
        path = self.folder / f"trial-{host}.yml"
        path.write_text(json.dumps(play))
        program = Path(sys.executable).with_name("ansible-playbook")
        command = [str(program), "-i", str(self.folder / "hosts.yml"), str(path)]
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        ) as process:
            for name in [link["name"] for link in config if wait]:
                try:
                    self.wait_for_link(host, name, run=process)
                except AssertionError as error:
                    os.killpg(process.pid, signal.SIGKILL)
                    raise AssertionError(f"{error}; the run said: {process.communicate()[0]}") from None
            yield process

    def wait_for_link(
        self,
        host: str,
        name: str,
        there: bool = True,
        seconds: float = 90,
        run: subprocess.Popen[str] | None = None,
    ) -> None:
        """Wait for a link to come or go, seen from the host's network: SSH may be out of order.

        :param run: what is to bring it about; once that has ended there is nothing to wait for
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            over = run is not None and run.poll() is not None
            names = [link["ifname"] for link in json.loads(self.exec(host, "ip", "-j", "link"))]
            if (name in names) == there:
                return
            if over:
                break
            time.sleep(0.1)
        raise AssertionError(f"{name} on {host}: waited in vain")

    def wait_for_ssh(self, host: str, seconds: float = 60) -> None:
        """Wait until a host lets new connections in."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            done = subprocess.run(
                [str(Path(__file__).with_name("lab")), "--name", self.name, "-q", "shell", host, "--", "true"],
                capture_output=True,
                check=False,
            )
            if done.returncode == 0:
                return
            time.sleep(0.5)
        raise AssertionError(f"{host} does not answer SSH")

    def outcome(self, host: str) -> dict[str, t.Any]:
        """How the last trial on a host ended."""
        return t.cast("dict[str, t.Any]", json.loads(self.sh(host, "cat /run/virtfleet/links/last/outcome.json")))


def volatile(key: str) -> bool:
    """Whether what has that name changes by itself."""
    return key in VOLATILE or key.endswith("_timer") or key.startswith("fdb_n")


def stable(value: t.Any) -> t.Any:
    """Data of ``ip`` without what changes by itself, in an order of its own."""
    if isinstance(value, dict):
        return {key: stable(inner) for key, inner in value.items() if not volatile(key)}
    if isinstance(value, list):
        # A router's announcements come and go with its own clock.
        lasting = [inner for inner in value if not (isinstance(inner, dict) and inner.get("protocol") == "ra")]
        return sorted((stable(inner) for inner in lasting), key=json.dumps)
    return value
