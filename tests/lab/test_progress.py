# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long work on real hosts, reached by SSH: it shows how far it has come, and can be interrupted."""

from __future__ import annotations

import difflib
import json
import os
import re
import signal
import subprocess
import time
import typing as t

import pytest
from fleet import ENVIRONMENT, Fleet
from storage_fleet import HOSTS, IMAGES, STORAGE, disk_guest, hosts_with_storage, serve_hostile

pytestmark = pytest.mark.long

TOOLS = "/root/tools"
URL = "http://bob:hunter2@127.0.0.1:8081/steady.raw?token=hunter2"
VOLUME = [{"name": "big.qcow2", "image": URL}]
USER = """
command -v sudo >/dev/null || apt-get -qq install -y --no-install-recommends sudo >/dev/null
id admin >/dev/null 2>&1 || useradd --create-home --shell /bin/bash admin
mkdir -p /etc/sudoers.d ~admin/.ssh && cp /root/.ssh/authorized_keys ~admin/.ssh && chown -R admin ~admin/.ssh
echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin
"""
"""A user who may become root."""

LEFT = f"""
ls -A {IMAGES}
find /run/virtfleet/progress -type f 2>/dev/null
for process in /proc/[0-9]*; do
  ls -l $process/fd 2>/dev/null | grep virtfleet-[b]ig
done
true
"""
"""What is left of a run: temporary files, and who has them open."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_storage("progress", tmp_path_factory.mktemp("progress")) as made:
        for host in HOSTS:
            serve_hostile(made, host, TOOLS)
        yield made


def command(fleet: Fleet, module: str, config: list[dict[str, t.Any]], *options: str) -> list[str]:
    """The words that run a module on the hosts."""
    path = fleet.folder / "long.yml"
    tasks = [{f"virtfleet.kvm.{module}": {"config": config}}]
    path.write_text(json.dumps([{"hosts": "kvm_hosts", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    return ["ansible-playbook", "-i", "hosts.yml", "-e", "kvm_progress=1", *options, str(path)]


def run(fleet: Fleet, module: str, config: list[dict[str, t.Any]], *options: str) -> str:
    """What a run prints that ends well; its log file has the same, in whole lines."""
    log = fleet.folder / "log"
    log.unlink(missing_ok=True)
    done = subprocess.run(
        command(fleet, module, config, *options),
        cwd=fleet.folder,
        env={**ENVIRONMENT, "ANSIBLE_LOG_PATH": str(log)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    text = log.read_text(encoding="utf-8")
    assert "\r" not in text + done.stdout
    assert "hunter2" not in text + done.stdout
    told = [line.partition("| ")[2] for line in text.splitlines() if "| kvm0" in line]
    assert [line for line in done.stdout.splitlines() if re.match("kvm0[0-9]: [v0-9]", line)] == [
        line for line in told if re.match("kvm0[0-9]: [v0-9]", line)
    ]
    return done.stdout


def lines(output: str, host: str) -> list[str]:
    """What a run printed of the work on a host."""
    return re.findall(rf"^{host}: ((?:volume|[0-9]+ of) .*)$", output, re.MULTILINE)


def remove(fleet: Fleet) -> None:
    """Remove the volume."""
    run(fleet, "volumes", [{"name": "big.qcow2", "state": "absent"}])


@pytest.mark.parametrize("user", ["root", "admin"])
@pytest.mark.parametrize("pipelining", ["true", "false"], ids=["pipe", "file"])
def test_an_image_shows_how_far_it_has_come(fleet: Fleet, user: str, pipelining: str) -> None:
    options = ["-e", f"ansible_pipelining={pipelining}"]
    if user != "root":
        for host in HOSTS:
            fleet.sh(host, USER)
        options += ["-e", f"ansible_user={user}", "--become"]
    before = {host: fleet.sh(host, STORAGE) for host in HOSTS}
    assert lines(run(fleet, "volumes", VOLUME, "--check", *options), HOSTS[0]) == []
    assert {host: fleet.sh(host, STORAGE) for host in HOSTS} == before
    output = run(fleet, "volumes", VOLUME, *options)
    for host in HOSTS:
        told = lines(output, host)
        fetching = [line for line in told if "fetching" in line]
        assert len(fetching) >= 3, output
        shown = (
            r"volume default/big\.qcow2: fetching steady\.raw [0-9]{1,2} % of 4\.0 MiB, [0-9.]+ KiB/s, [0-9]+ s left"
        )
        assert [line for line in fetching[1:] if not re.fullmatch(shown, line)] == [], fetching
        assert fleet.sh(host, "ls -A /run/virtfleet/progress") == ""
    again = run(fleet, "volumes", VOLUME, *options)
    assert [lines(again, host) for host in HOSTS] == [[], []]
    remove(fleet)


def test_an_interrupted_run_leaves_nothing_and_the_next_goes_on(fleet: Fleet) -> None:
    before = {host: fleet.sh(host, STORAGE + LEFT) for host in HOSTS}
    process = subprocess.Popen(
        command(fleet, "volumes", VOLUME),
        cwd=fleet.folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        stream = t.cast("t.IO[str]", process.stdout)
        printed = ""
        while "fetching" not in printed:
            line = stream.readline()
            assert line, printed
            printed += line
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    for host in HOSTS:
        deadline = time.monotonic() + 30
        while (left := fleet.sh(host, STORAGE + LEFT)) != before[host] and time.monotonic() < deadline:
            time.sleep(1)
        assert left == before[host], "\n".join(difflib.unified_diff(before[host].splitlines(), left.splitlines(), n=0))
    output = run(fleet, "volumes", VOLUME)
    assert all(lines(output, host) for host in HOSTS)
    remove(fleet)


def test_guests_that_are_waited_for_are_named(fleet: Fleet) -> None:
    guests = [
        disk_guest(name, {"size": "1MiB"}, state="running", wait_for="address", wait_timeout=6)
        for name in ("web", "db")
    ]
    words = command(fleet, "domains", guests)
    done = subprocess.run(
        words, cwd=fleet.folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    for host in HOSTS:
        told = lines(done.stdout, host)
        assert (
            len([line for line in told if line.startswith("0 of 2 guests have an address; waiting for db, web (")]) > 2
        )
    gone = [{"name": name, "state": "absent"} for name in ("web", "db")]
    fleet.module("domains", config=gone, remove_storage=True, force_shutdown=True, shutdown_timeout=1)
