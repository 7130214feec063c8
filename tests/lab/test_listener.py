# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is interrupted at the control node breaks itself off on the hosts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import typing as t

import pytest
from fleet import ENVIRONMENT, Fleet
from storage_fleet import HOSTS, IMAGES, STORAGE, declare, disk_guest, hosts_with_storage

pytestmark = pytest.mark.long

MODULES = """
for process in /proc/[0-9]*; do
  words=$(tr '\\0' ' ' 2>/dev/null <$process/cmdline)
  case $words in
    *Ansi[b]allZ_domains*) echo "${process#/proc/} $words" ;;
    *python3\\ ) echo "${process#/proc/} $words" ;;
  esac
done
ls -l /proc/[0-9]*/fd 2>/dev/null | grep virtfleet-[w]ww
true
"""
"""What of a module runs on a host: its process (a bare python3, where Ansible pipes it), and what has its file open."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_storage("listener", tmp_path_factory.mktemp("listener")) as made:
        yield made


def config(image: str) -> list[dict[str, t.Any]]:
    """A guest whose second disk is an image, and one that would come after it."""
    disks = ({"size": "3MiB"}, {"image": f"http://127.0.0.1:8080/{image}"})
    return [disk_guest("www1", *disks, state="running"), disk_guest("www2", {"size": "3MiB"}, *disks[1:])]


@pytest.mark.parametrize("whole_group", [True, False], ids=["all of a terminal", "ansible-playbook alone"])
@pytest.mark.parametrize("pipelining", ["true", "false"], ids=["pipe", "terminal"])
def test_an_interrupted_run_breaks_itself_off(fleet: Fleet, whole_group: bool, pipelining: str) -> None:
    before = {host: fleet.sh(host, STORAGE) for host in HOSTS}
    play = [
        {"hosts": "kvm_hosts", "gather_facts": False, "tasks": [{"virtfleet.kvm.domains": {"config": config("slow")}}]}
    ]
    path = fleet.folder / "slow.yml"
    path.write_text(json.dumps(play), encoding="utf-8")
    run = subprocess.Popen(
        ["ansible-playbook", "-i", "hosts.yml", "-e", f"ansible_pipelining={pipelining}", str(path)],
        cwd=fleet.folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        for host in HOSTS:
            fleet.wait(lambda host=host: ".virtfleet-www" in fleet.sh(host, f"ls -A {IMAGES}"))
            assert fleet.sh(host, MODULES) != ""
        said = fleet.module("domains", "--check", config=config("image"))
        assert said.code != 0
        for host in HOSTS:
            (result,) = said.results("virtfleet.kvm.domains", host)
            assert "is making the volume default/www" in result["msg"]
        (os.killpg if whole_group else os.kill)(run.pid, signal.SIGINT)
        run.communicate(timeout=60)
        for host in HOSTS:
            fleet.wait(lambda host=host: fleet.sh(host, MODULES) == "", timeout=30)
            assert fleet.sh(host, STORAGE) == before[host]
            assert "so it broke itself off" in fleet.sh(host, "journalctl -q --since=-2min")
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
    declare(fleet, "domains", config=config("image"))
    for host in HOSTS:
        assert fleet.sh(host, "virsh -q domstate www1").split() == ["running"]
    gone = [{"name": name, "state": "absent"} for name in ("www1", "www2")]
    declare(fleet, "domains", config=gone, remove_storage=True, force_shutdown=True, shutdown_timeout=1)
