# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example of a role, tested by molecule on real guests of a remote host; and that nothing of it is left behind."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
import typing as t
from pathlib import Path

import pytest
from fleet import Fleet
from molecule_project import Project
from virtfleet_lab import cloud_guest
from virtfleet_lab.state import Lab

pytestmark = pytest.mark.long

NAME = "moleculekit"
POOL = "/var/lib/libvirt/virtfleet-molecule"

LEFT = f"""
virsh list --all --name
for name in $(virsh list --all --name); do virsh domuuid $name; done
ls -A {POOL} 2>/dev/null | grep -v -e '^debian-1[23]-[0-9a-f]*.qcow2$'
ls -A /var/lib/libvirt/qemu/snapshot /var/lib/libvirt/qemu/save 2>/dev/null | grep -v ':$'
true
"""
"""All that is there of guests, but for the images, which stay for the next ones."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    made = Fleet(NAME, tmp_path_factory.mktemp(NAME))
    made.lab("down")
    try:
        made.lab("up", "1", "--suite", "trixie", "--with-kvm")
        lab = Lab(NAME)
        cloud_guest.push(lab, lab.host("kvm01"))
        yield made
    finally:
        made.lab("down")


@pytest.fixture
def project(fleet: Fleet, tmp_path: Path) -> t.Iterator[Project]:
    """A checkout whose guests are on the lab's host, with the lab's image for those of the distributions."""
    made = Project(tmp_path / "web", tmp_path / "home", fleet.name)
    try:
        yield made
    finally:
        made.run("destroy")


def left(fleet: Fleet) -> list[str]:
    return fleet.sh("kvm01", LEFT).split()


def ssh(project: Project, name: str, command: str) -> str:
    """What a command prints in a guest."""
    (config,) = (project.home / "tmp").glob("molecule.*/kvm/ssh_config")
    words = ["ssh", "-F", str(config), "-o", "ConnectTimeout=60", name, command]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=300).stdout


def test_the_role_of_the_example(fleet: Fleet, project: Project) -> None:
    """As its README says, in one command; then all that a developer does in between.

    With one guest: emulated, two share the CPU and take twice as long.
    """
    project.declare([{"name": "web", "image": "debian-13", "memory": "512MiB", "groups": ["front"]}])
    said = project.done("test", "--destroy=never")
    for step in ("create", "prepare", "converge", "idempotence", "verify"):
        assert f"default > {step}: Executed: Successful" in said, step
    assert "web" in project.done("list").split()
    (key,) = (project.home / "tmp").glob("molecule.*/kvm/ssh_key")
    assert key.stat().st_mode & 0o777 == 0o600
    (name,) = fleet.sh("kvm01", "virsh list --name").split()
    assert name.startswith("web-")
    login(project)
    put_back(project)
    project.done("destroy")
    assert left(fleet) == []
    assert project.files() == []


def login(project: Project) -> None:
    """On a terminal, as molecule asks for one, and through the host."""
    command = shlex.join(project.command("login", "--host", "web"))
    done = subprocess.run(
        ["script", "--quiet", "--return", "--command", command, "/dev/null"],
        cwd=project.folder,
        env={**project.options["env"], "TERM": "dumb"},
        input="stty rows 24 cols 80; echo user=$(id -un) host=$(hostname); exit\n",
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert "user=molecule host=web-" in done.stdout, done.stdout + done.stderr


def put_back(project: Project) -> None:
    """To a guest that is clean and has booted: without what the role has made, and without another boot."""
    boot = "cat /proc/sys/kernel/random/boot_id"
    before = ssh(project, "web", f"{boot}; echo used >/tmp/used; ls /srv/web/index.html")
    started = time.monotonic()
    project.done("prepare", "--force")
    print(f"put back after {time.monotonic() - started:.1f} s")
    after = ssh(project, "web", f"{boot}; ls -d /tmp/used /srv/web 2>/dev/null; date +%s")
    assert before.splitlines()[0] == after.splitlines()[0]
    assert "/tmp/used" not in after
    assert "/srv/web" not in after
    assert abs(int(after.splitlines()[-1]) - time.time()) < 60


MINE = '<domain type="qemu"><name>mine</name><memory>1024</memory><os><type>hvm</type></os></domain>'

UNTIL = {
    "disk": f"ls {POOL}/*-vda.qcow2",
    "guest": "virsh list --name | grep -q web-",
}
"""What there is when create is broken off."""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
@pytest.mark.parametrize("until", UNTIL)
def test_a_create_that_was_broken_off(fleet: Fleet, project: Project, until: str, sent: signal.Signals) -> None:
    fleet.sh("kvm01", f"virsh -q define /dev/stdin <<<'{MINE}'")
    try:
        begun = project.begin("create")
        asked = f"{UNTIL[until]} >/dev/null 2>&1 && echo yes || true"
        fleet.wait(lambda: fleet.sh("kvm01", asked) == "yes\n", timeout=600)
        os.killpg(begun.pid, sent)
        begun.wait(300)
        assert project.files() != []
        project.done("destroy")
        assert left(fleet)[:1] == ["mine"]
        assert len(left(fleet)) == 2
        assert project.files() == []
    finally:
        fleet.sh("kvm01", "virsh -q undefine mine")


def test_a_scenario_without_guests_fails(fleet: Fleet, project: Project) -> None:
    project.declare([])
    code, said = project.run("test")
    assert code != 0, said
    assert "scenario default has no guests: write kvm_guests" in said
    (project.folder / "molecule/default/create.yml").unlink()
    code, said = project.run("prepare")
    assert code != 0, said
    assert "scenario default has no guests: create has not made any" in said
    assert left(fleet) == []
