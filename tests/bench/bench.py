# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the collection takes, as ratios to what nothing can beat on the same machine (see README.md).

    bench.py [--quick] [--keep] [--output FOLDER]

Prints a table and writes it with a plot to the folder. The exit status says whether all could be
measured, never how quick it was: that depends on the machine, and is for people to judge.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lab")]

import control_node  # noqa: E402
import reset  # noqa: E402
import unchanged  # noqa: E402
from fleet import LAB, Fleet  # noqa: E402
from goals import SIZES, Measured, goals, table  # noqa: E402
from guests import documents, guests  # noqa: E402

HOST = "kvm01"
LOOPED = 50
"""How many guests the peer's loop is measured at: it takes the same time for each."""
ROUNDS, QUICK = 4, 2
"""How often all is measured."""
PATIENCE = 480
"""Seconds after which, on a busy machine, two rounds are enough."""
ON_HOST = "/root/bench/on_host.py"
PYTHON = "/root/bench/python"
PEER = "community.libvirt.virt"

Module = dict[str, t.Any]


class Unmeasured(Exception):
    """Something did not run, or not as it was meant to."""


class Operator(Fleet):
    """A fleet on which the command itself is run, from its start, as an operator does."""

    def ansible_playbook(self, arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("ansible-playbook")), *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


class Bench:
    """One benchmark on the hosts of a lab.

    :param fleet: the lab, with a folder for playbooks
    :param measured: what was measured so far
    """

    def __init__(self, fleet: Fleet, measured: Measured) -> None:
        self.fleet, self.measured = fleet, measured

    def prepare(self) -> None:
        """Bring up hosts, and put on the first what runs there."""
        self.fleet.lab("down")
        self.fleet.lab("up", "2", "--suite", "trixie", "--suite", "trixie", "--with-kvm")
        self.fleet.declare({})
        self.put(ON_HOST, (HERE / "on_host.py").read_text(encoding="utf-8"))
        command = f"exec /usr/bin/python3 {ON_HOST} measure /root/bench/usage /usr/bin/python3"
        self.put(PYTHON, f'#!/bin/sh\n{command} "$@"\n')
        self.fleet.sh(HOST, f"chmod +x {PYTHON}; virsh net-start default 2>&1 || true")
        self.fleet.sh(HOST, "apt-get -qq install python3-lxml >/dev/null 2>&1; python3 -c 'import lxml'")
        machines = json.loads(self.raw("machines"))
        for size in SIZES:
            wants = guests(size)
            self.write(f"guests-{size}.json", {"guests": wants})
            self.put(f"/root/bench/{size}.json", json.dumps(documents(wants, machines)))
        self.write("loop.json", {"documents": documents(guests(LOOPED), machines)})
        self.write("none.json", {"guests": []})
        self.play("none", {"floor": {"config": "{{ guests }}"}})  # The first brings up SSH.

    def put(self, path: str, text: str) -> None:
        """Write a file on the host."""
        shell = [str(LAB), "--name", self.fleet.name, "-q", "shell", HOST, "--"]
        command = f"mkdir -p {os.path.dirname(path)}; cat >{path}"
        subprocess.run([*shell, command], input=text, text=True, check=True, timeout=60)

    def write(self, name: str, content: t.Any) -> None:
        """Write a file for the playbooks: JSON is YAML, and read in a fifth of the time."""
        (self.fleet.folder / name).write_text(json.dumps(content), encoding="utf-8")

    def raw(self, *arguments: str) -> str:
        """What the host's own program prints."""
        return self.fleet.sh(HOST, f"python3 {ON_HOST} {' '.join(arguments)}")

    def play(self, guests: str, task: Module, changed: bool = False, watched: bool = True) -> dict[str, float]:
        """Run a play of one task. Returns its seconds, and what its module took on the host.

        :param guests: the file of variables
        :param changed: whether the task is to change something
        :param watched: whether the module's process is watched, which itself takes 0.03 s
        """
        play = {"hosts": HOST, "gather_facts": False, "vars_files": [f"{guests}.json"], "tasks": [task]}
        self.write("play.yml", [play])
        options = ["-e", f"ansible_python_interpreter={PYTHON}"] if watched else []
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LIBRARY": str(HERE / "library")}
        started = time.monotonic()
        code, output = self.fleet.ansible_playbook(["-i", "hosts.yml", "play.yml", *options], environment)
        seconds = time.monotonic() - started
        if code or f"changed={int(changed)} " not in output:
            raise Unmeasured(f"{task}: {output[-4000:]}")
        usage = json.loads(self.fleet.sh(HOST, "cat /root/bench/usage")) if watched else {}
        return {"seconds": seconds, **usage}

    def rounds(self, count: int) -> None:
        """Measure all, again and again: what else the machine does changes from one minute to the next."""
        started = time.monotonic()
        for number in range(count):
            if number >= QUICK and time.monotonic() - started > PATIENCE:
                break
            self.loop()
            # The larger takes its time: every second round will do.
            for size in SIZES if number % 2 == 0 else SIZES[:1]:
                self.cycle(size)
                print(f"{size} guests: {self.measured.latest(size)}", flush=True)

    def cycle(self, size: int) -> None:
        """Measure everything of one size once: side by side, so that noise is the same for all."""
        floor: Module = {"floor": {"config": "{{ guests }}"}}
        domains: Module = {"virtfleet.kvm.domains": {"config": "{{ guests }}"}}
        file = f"guests-{size}"
        self.raw("remove")
        self.measured.add("floor", size, self.play(file, floor))
        self.measured.add("new", size, self.play(file, domains, changed=True))
        self.measured.add("same", size, self.play(file, domains))
        self.measured.add("read", size, {"seconds": float(self.raw("read"))})
        self.raw("remove")
        self.measured.add("write", size, {"seconds": float(self.raw("write", f"/root/bench/{size}.json"))})

    def loop(self) -> None:
        """The peer: one call of a module for each guest. All exist, and are defined anew as they are."""
        self.raw("remove")
        self.raw("write", f"/root/bench/{SIZES[0]}.json")
        task: Module = {
            PEER: {"command": "define", "xml": "{{ item }}"},
            "loop": "{{ documents }}",
            "loop_control": {"label": "one"},
        }
        empty = self.play("none", {"floor": {"config": "{{ guests }}"}}, watched=False)
        looped = self.play("loop", task, watched=False)
        self.measured.add("loop", 1, {"seconds": (looped["seconds"] - empty["seconds"]) / LOOPED})

    def site(self) -> None:
        """The whole site on two hosts where nothing is to be done, and a play that only gathers facts there."""
        self.raw("remove")
        declared = [
            {**options, "name": f"{options['name']}-{host}", "host": host}
            for host in (HOST, "kvm02")
            for options in guests(10)
        ]
        self.fleet.declare({"kvm_guests": declared})
        for _run in range(2):
            started = time.monotonic()
            run = self.fleet.play("virtfleet.kvm.site")
            seconds = time.monotonic() - started
            if run.code:
                raise Unmeasured(run.output[-4000:])
        if run.changed:
            raise Unmeasured(f"the second run of the site changed something: {run.output[-4000:]}")
        self.measured.add("site", 2, {"seconds": seconds, "tasks": run.executed(HOST)})
        self.write("facts.yml", [{"hosts": "kvm_hosts", "gather_facts": True, "tasks": []}])
        started = time.monotonic()
        if self.fleet.play("facts.yml").code:
            raise Unmeasured("gather_facts failed")
        self.measured.add("facts", 2, {"seconds": time.monotonic() - started})


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    parser.add_argument("--keep", action="store_true", help="leave the lab up")
    parser.add_argument("--output", type=Path, default=Path("build"), help="where the table and the plot go")
    arguments = parser.parse_args()
    measured = Measured()
    with tempfile.TemporaryDirectory(prefix="virtfleet-bench.") as folder:
        fleet = Operator("bench", Path(folder))
        bench = Bench(fleet, measured)
        try:
            control_node.measure(Path(folder), measured.add)
            with tempfile.TemporaryDirectory(prefix="virtfleet-bench.") as empty:
                unchanged.measure(Path(empty), measured.add)
            bench.prepare()
            bench.rounds(QUICK if arguments.quick else ROUNDS)
            bench.site()
            reset.measure(fleet.name, QUICK, measured.add)
        except (Unmeasured, ValueError) as error:
            print(f"could not be measured: {error}", file=sys.stderr)
            return 1
        finally:
            if not arguments.keep:
                fleet.lab("down")
    lines = table(measured)
    print("", *lines, sep="\n")
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "bench.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = {"runs": measured.runs, "goals": [goal._asdict() for goal in goals(measured)]}
    (arguments.output / "bench.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
