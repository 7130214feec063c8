# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What QEMU does not open for two guests at a time is what check mode refuses, no more and no less."""

from __future__ import annotations

import concurrent.futures
import itertools
import os
import typing as t

import pytest
from fleet import Fleet

pytestmark = pytest.mark.long

HOSTS = ("kvm01", "kvm02")
FOLDER = "/srv/locks"
MODES: dict[str, dict[str, t.Any]] = {
    "writes": {},
    "shares": {"shareable": True},
    "reads": {"readonly": True},
    "looks-on": {"readonly": True, "shareable": True},
    "cdrom": {"device": "cdrom"},
    "laid": {},
}
SOME = (
    ("writes", "reads"),
    ("shares", "laid"),
    ("reads", "shares"),
    ("shares", "shares"),
    ("reads", "reads"),
    ("writes", "looks-on"),
    ("cdrom", "writes"),
    ("cdrom", "cdrom"),
)
PAIRS = list(itertools.product(MODES, MODES)) if os.environ.get("VIRTFLEET_ALL_SUITES") else list(SOME)
"""All of them in ./runtests fuzz."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with Fleet.two("locks", tmp_path_factory.mktemp("locks")) as made:
        yield made


def guest(name: str, place: str, mode: str, state: str) -> dict[str, t.Any]:
    """A guest with one disk, or one that is laid over it."""
    disk = {"file": f"{FOLDER}/{place}.raw", "format": "raw", **MODES[mode]}
    if mode == "laid":
        disk = {"file": f"{FOLDER}/{name}.qcow2", "format": "qcow2"}
    return {"name": name, "memory": "16MiB", "virt": "qemu", "state": state, "disks": [disk]}


def test_what_is_refused_is_what_qemu_refuses(fleet: Fleet) -> None:
    """For each pair, the first guest runs, and the second one starts: by hand, and by a declaration in check mode."""
    ones, twos = [], []
    for first, second in PAIRS:
        pair = f"{first}-{second}"
        ones.append(guest(f"one-{pair}", pair, first, "paused"))
        twos.append(guest(f"two-{pair}", pair, second, "paused"))
    images = "; ".join(
        f"truncate -s 1M {FOLDER}/{first}-{second}.raw; for name in one two; do qemu-img create -q -f qcow2 -F raw"
        f" -b {FOLDER}/{first}-{second}.raw {FOLDER}/$name-{first}-{second}.qcow2; done"
        for first, second in PAIRS
    )
    for host in HOSTS:
        fleet.sh(host, f"mkdir -p {FOLDER}; {images}; chown -R libvirt-qemu: {FOLDER}")
    for guests in (ones, twos):
        run = fleet.module("domains", config=[{**one, "state": "stopped"} for one in guests])
        assert run.code == 0, run.output
    with concurrent.futures.ThreadPoolExecutor(len(HOSTS)) as pool:
        list(pool.map(lambda host: fleet.sh(host, starting(ones)), HOSTS))
        check = fleet.module("domains", "--check", config=twos)
        found = list(pool.map(lambda host: fleet.sh(host, starting(twos)).split(), HOSTS))
    for host, started in zip(HOSTS, found, strict=True):
        (result,) = check.results("virtfleet.kvm.domains", host)
        refused = {failure["domain"] for failure in result.get("failures", [])}
        names = {two["name"] for two in twos}
        # Of an overlay that was made before, only QEMU knows what it is laid over.
        laid = {name for name in names if name.endswith("-laid")}
        assert refused - laid == names - set(started) - laid
        assert not refused & set(started)
        assert started
        assert len(started) < len(names)


def starting(guests: list[dict[str, t.Any]]) -> str:
    """A script that starts guests, and prints the names of those that QEMU starts."""
    names = [guest["name"] for guest in guests]
    return "; ".join(f"virsh -q start --paused {name} >/dev/null 2>&1 && echo {name}" for name in names) + "; true"
