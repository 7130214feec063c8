# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long work as ansible-playbook shows it: on libvirt's test driver, with real files and a slow server."""

from __future__ import annotations

import datetime
import itertools
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.tests.unit.hostile_server import STEADY, Server
from ansible_collections.virtfleet.kvm.tests.unit.inventories import write
from ansible_collections.virtfleet.kvm.tests.unit.playbooks.test_silence import GROUPS
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

LINE = re.compile(r"^(\S+ \S+) .*\| (kvm01: volume p/web\.raw: .*)$", re.MULTILINE)
"""A line of the log file, with its time."""

FETCHED = re.compile(
    r"kvm01: volume p/web\.raw: fetching steady\.raw [0-9]{1,2} % of 4\.0 MiB, [0-9.]+ KiB/s, [0-9]+ s left"
)

WHOLE = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:,]+ p=[0-9]+ u=\S+ n=ansible \S+\| ")
"""How a message in a log file begins."""


@pytest.fixture
def server() -> Server:
    """A server whose image takes six seconds."""
    made = Server()
    made.start()
    return made


@pytest.fixture
def image(server: Server) -> str:
    """The URL of an image, with what may be secret."""
    return f"{server.url.replace('//', '//bob:hunter2@')}/steady.raw?token=hunter2"


def command(folder: Path, module: str, config: list[dict[str, Any]], *options: str, **variables: Any) -> Any:
    """The words and the settings to run a module on a host with a pool."""
    (folder / "pool").mkdir(exist_ok=True)
    pool = f"<pool type='dir'><name>p</name><target><path>{folder}/pool</path></target></pool>"
    (folder / "host.xml").write_text(f"<node>{pool}</node>")
    write(folder, {"group_vars/all.yml": {"kvm_progress": 1, **variables}}, GROUPS)
    tasks = [{f"virtfleet.kvm.{module}": {"config": config, "uri": f"test://{folder}/host.xml"}}]
    (folder / "play.yml").write_text(
        yaml.safe_dump([{"hosts": "kvm_hosts", "gather_facts": False, "tasks": tasks}]), encoding="utf-8"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "PYTHONUNB"))}
    environment |= {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]),
        "ANSIBLE_HOME": str(folder / ".ansible"),
        "ANSIBLE_LOG_PATH": str(folder / "log"),
        "ANSIBLE_NOCOLOR": "1",
    }
    program = str(Path(sys.executable).parent / "ansible-playbook")
    words = [program, "-i", "hosts.yml", "play.yml", *options]
    how = {"cwd": folder, "env": environment, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "text": True}
    return words, {**how, "stdout": subprocess.PIPE}


def run(folder: Path, module: str, config: list[dict[str, Any]], *options: str, **variables: Any) -> str:
    """What a run prints, and its log file has as well."""
    words, how = command(folder, module, config, *options, **variables)
    done = subprocess.run(words, check=False, timeout=120, **how)
    log = (folder / "log").read_text(encoding="utf-8")
    for line in done.stdout.splitlines():
        assert line.strip() in log
    return str(done.stdout)


def volume(image: str) -> list[dict[str, Any]]:
    """A volume with an image."""
    return [{"name": "web.raw", "pool": "p", "format": "raw", "image": image}]


def test_an_image_shows_how_far_it_has_come(tmp_path: Path, image: str) -> None:
    output = run(tmp_path, "volumes", volume(image))
    log = (tmp_path / "log").read_text(encoding="utf-8")
    seen = LINE.findall(log)
    assert len([text for _at, text in seen if FETCHED.fullmatch(text)]) >= 3, log
    times = [datetime.datetime.strptime(at, "%Y-%m-%d %H:%M:%S,%f") for at, _text in seen]
    gaps = [(after - before).total_seconds() for before, after in itertools.pairwise(times)]
    # One second apart, where this machine is not too busy.
    assert min(gaps) > 0.5, gaps
    assert sum(gaps) / len(gaps) < 1.5, gaps
    assert "\r" not in output + log
    assert "hunter2" not in output + log
    told = [line for line in log.splitlines() if "kvm01: volume" in line and "fetching" in line]
    assert all(WHOLE.match(line) for line in told)
    assert (tmp_path / "pool" / "web.raw").read_bytes() == STEADY


@pytest.mark.parametrize(
    ("options", "variables"), [(["--check"], {}), ([], {"kvm_progress": False})], ids=["check mode", "switched off"]
)
def test_there_may_be_no_lines(tmp_path: Path, image: str, options: list[str], variables: dict[str, Any]) -> None:
    assert "kvm01: volume" not in run(tmp_path, "volumes", volume(image), *options, **variables)


def test_guests_that_are_waited_for_are_named(tmp_path: Path) -> None:
    guests = [
        {
            "name": name,
            "memory": "64MiB",
            "state": "running",
            "interfaces": [],
            "wait_for": "address",
            "wait_timeout": 5,
        }
        for name in ("web", "db")
    ]
    output = run(tmp_path, "domains", guests)
    told = re.findall(
        r"^kvm01: 0 of 2 guests have an address; waiting for db, web \([0-9] s of 5 s\)$", output, re.MULTILINE
    )
    assert len(told) >= 2, output


def wait_for_a_line(process: Any) -> None:
    """Wait until a line comes out of the pipe, which it has to do at once."""
    printed = ""
    while "fetching" not in printed:
        line = process.stdout.readline()
        assert line, printed
        printed += line
    assert process.poll() is None


def test_the_lines_come_through_a_pipe_at_once(tmp_path: Path, image: str) -> None:
    words, how = command(tmp_path, "volumes", volume(image))
    with subprocess.Popen(words, **how) as process:
        wait_for_a_line(process)
        assert not (tmp_path / "pool" / "web.raw").exists()
        process.communicate(timeout=60)


def test_an_interrupted_run_leaves_nothing(tmp_path: Path, image: str) -> None:
    words, how = command(tmp_path, "volumes", volume(image))
    process = subprocess.Popen(words, start_new_session=True, **how)
    try:
        wait_for_a_line(process)
        process.send_signal(signal.SIGINT)
        output, _none = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert process.returncode != 0
    deadline = time.monotonic() + 20
    while users(tmp_path / "pool"):
        assert time.monotonic() < deadline, users(tmp_path / "pool")
        time.sleep(0.1)
    whole = tmp_path / "pool" / "web.raw"
    if whole.exists() and whole.read_bytes() == STEADY:
        pytest.skip("this machine was so busy that the image was there before a line was")
    assert os.listdir(tmp_path / "pool") == []
    assert "Traceback" not in output
    assert FETCHED.search(run(tmp_path, "volumes", volume(image)))
    assert (tmp_path / "pool" / "web.raw").read_bytes() == STEADY


def users(folder: Path) -> list[str]:
    """The processes that have a file of a folder open, by the links that tell so."""
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link).startswith(str(folder)):
                found.append(str(link))
        except OSError:
            continue
    return found
