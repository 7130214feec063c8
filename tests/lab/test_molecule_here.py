# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example of a role, tested by molecule on guests of the machine itself, which is a host of the lab."""

from __future__ import annotations

import time
import typing as t

import molecule_there
import pytest
from fleet import Fleet
from molecule_there import There

pytestmark = pytest.mark.long

NAME = "moleculehere"
WEB = {"name": "web", "image": "debian-13", "memory": "512MiB", "groups": ["front"]}
HOSTS = ("kvm01", "kvm02")
SESSION = "qemu:///session"
OF_USER = ".local/share/libvirt/virtfleet-molecule"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    made = Fleet(NAME, tmp_path_factory.mktemp(NAME))
    made.lab("down")
    try:
        made.lab("up", "2", "--suite", "trixie", "--suite", "bookworm", "--with-kvm")
        for host in HOSTS:
            molecule_there.install(made, host)
            # Neither in the group libvirt nor in kvm, and no sudo; logged in for as long as the host is up.
            made.sh(host, "useradd --create-home --shell /bin/bash dev && systemctl start user@$(id -u dev)")
        yield made
    finally:
        made.lab("down")


def whole(there: There, uri: str) -> None:
    """All that a developer does, from the first command to the last."""
    said = there.done("test", "--destroy=never")
    for step in ("create", "prepare", "converge", "idempotence", "verify"):
        assert f"default > {step}: Executed: Successful" in said, step
    assert "web" in there.done("list").split()
    (name,) = there.virsh("list", "--name", uri=uri)
    assert name.startswith("web-")
    assert f"user=molecule host={name}" in there.login("web")
    put_back(there)
    there.done("destroy")
    assert there.virsh("list", "--all", "--name", uri=uri) == []
    assert there.files() == []


def put_back(there: There) -> None:
    """To a guest that is clean and has booted: without what the role has made, and without another boot."""
    boot = "cat /proc/sys/kernel/random/boot_id"
    before = there.ssh("web", f"{boot}; echo used >/tmp/used; ls /srv/web/index.html")
    there.done("prepare", "--force")
    after = there.ssh("web", f"{boot}; ls -d /tmp/used /srv/web 2>/dev/null; date +%s")
    assert before.splitlines()[0] == after.splitlines()[0]
    assert "/tmp/used" not in after
    assert "/srv/web" not in after
    assert abs(int(after.splitlines()[-1]) - time.time()) < 60


@pytest.mark.parametrize("host", HOSTS, ids=["trixie", "bookworm"])
def test_an_ordinary_user(fleet: Fleet, host: str) -> None:
    """Who is in no group and may not use sudo: that is noticed, and the libvirt of the system is not touched."""
    before = fleet.state(host)
    there = There(fleet, "dev", host=host)
    there.declare(WEB)
    whole(there, SESSION)
    left = there.sh(f"ls -A {there.home}/{OF_USER}").split()
    assert len(left) == 1
    assert left[0].startswith("debian-13-")
    assert there.sh("pgrep --euid dev --list-name qemu || true").split() == []
    assert there.sh("ls -A ~/.config/libvirt/qemu/{snapshot,save} 2>/dev/null | grep -v ':$' || true").split() == []
    assert fleet.state(host) == before
    assert fleet.sh(host, "ls /var/lib/libvirt/virtfleet-molecule 2>/dev/null || true").split() == []


def test_root(fleet: Fleet) -> None:
    """In the libvirt of the system, with its network, and no host named."""
    there = There(fleet)
    there.declare(WEB)
    whole(there, "qemu:///system")
    left = there.sh("ls -A /var/lib/libvirt/virtfleet-molecule").split()
    assert len(left) == 1
    assert left[0].startswith("debian-13-")
