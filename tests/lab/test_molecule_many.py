# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several guests, checkouts and scenarios of molecule on one host, and steps that are broken off."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import typing as t

import molecule_there
import pytest
from fleet import Fleet
from molecule_there import HOST, There

pytestmark = pytest.mark.long

NAME = "moleculemany"
POOL = "/var/lib/libvirt/virtfleet-molecule"
WEB, DB = (
    {"name": name, "image": image, "memory": "512MiB"} for name, image in (("web", "debian-13"), ("db", "debian-12"))
)

LEFT = f"""
virsh list --all --name
ls -A {POOL} 2>/dev/null | grep -v -e '^debian-1[23]-[0-9a-f]*.qcow2$'
ls -A /var/lib/libvirt/qemu/snapshot /var/lib/libvirt/qemu/save 2>/dev/null | grep -v ':$'
true
"""
"""All that is there of guests, but for the images, which stay for the next ones."""

NO_POOL = "virsh pool-destroy virtfleet-molecule; virsh pool-undefine virtfleet-molecule"
"""As docs/molecule.md says."""

USE = "test ! -e /tmp/used && touch /tmp/used"
"""Fails in a guest that somebody has used before."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    made = Fleet(NAME, tmp_path_factory.mktemp(NAME))
    made.lab("down")
    try:
        made.lab("up", "1", "--suite", "trixie", "--with-kvm")
        molecule_there.install(made)
        yield made
    finally:
        made.lab("down")


@pytest.fixture
def checkout(fleet: Fleet) -> t.Iterator[t.Callable[..., There]]:
    """Makes checkouts, whose guests are gone in the end."""
    made: list[There] = []

    def make(folder: str, *guests: dict[str, t.Any], **settings: t.Any) -> There:
        there = There(fleet, folder=folder, **settings)
        made.append(there)
        there.declare(*guests)
        there.write("molecule/default/converge.yml", play("molecule", USE))
        there.write("molecule/default/cleanup.yml", step("cleanup"))
        return there

    yield make
    for there in made:
        there.run("destroy")


def play(hosts: str, script: str) -> list[dict[str, t.Any]]:
    """A play that runs a script in the guests."""
    tasks = [{"name": "Run a script", "ansible.builtin.raw": script}]
    return [{"name": "Use the guests", "hosts": hosts, "gather_facts": False, "tasks": tasks}]


def step(name: str) -> list[dict[str, str]]:
    """A step of a scenario that is one of the kit."""
    return [{"name": "A step of the kit", "ansible.builtin.import_playbook": f"virtfleet.kvm.molecule_{name}"}]


def left(fleet: Fleet) -> list[str]:
    return fleet.sh(HOST, LEFT).split()


def boots(there: There) -> list[str]:
    """Which boot of each guest it is that runs."""
    return [there.ssh(name, "cat /proc/sys/kernel/random/boot_id") for name in ("web", "db")]


def test_two_guests_are_put_back_in_each_way(fleet: Fleet, checkout: t.Callable[..., There]) -> None:
    there = checkout("pair", WEB, {**DB, "groups": ["databases"]}, molecule_wait_for="ssh")
    there.done("converge")
    assert there.run("converge")[0] != 0
    before = boots(there)
    assert before[0] != before[1]
    there.done("cleanup")
    assert boots(there) == before
    there.done("converge")
    there.set(molecule_reset="recreate")
    there.done("prepare", "--force")
    after = boots(there)
    assert not set(after) & set(before)
    there.done("converge")
    there.done("destroy")
    assert left(fleet) == []
    assert there.files() == []


def test_two_checkouts_at_once(fleet: Fleet, checkout: t.Callable[..., There]) -> None:
    """Of one role, with guests of one name, on a host that has no pool and no image yet. Neither meets the other."""
    fleet.sh(HOST, f"{NO_POOL}; rm -rf {POOL}")
    both = [checkout(folder, WEB) for folder in ("first", "second")]
    with concurrent.futures.ThreadPoolExecutor(2) as workers:
        for said in workers.map(lambda there: there.done("create"), both):
            assert "default > create: Executed: Successful" in said
        list(workers.map(lambda there: there.done("converge"), both))
    names = fleet.sh(HOST, "virsh list --name").split()
    assert len(names) == len(set(names)) == 2
    first, second = both
    first.done("destroy")
    (name,) = fleet.sh(HOST, "virsh list --all --name").split()
    assert second.ssh("web", "hostname").strip() == name
    second.done("prepare", "--force")
    second.done("converge")
    second.done("destroy")
    assert left(fleet) == []
    assert first.files() == second.files() == []


SHARED = "shared_state: true\nprerun: false\n"
GALAXY = "namespace: my\nname: own\nversion: 1.0.0\nreadme: README.md\nauthors: [kim]\n"
BESIDE = "touch /tmp/{0}; for try in $(seq 60); do test -e /tmp/{1} && exit 0; sleep 1; done; exit 1"
"""Ends well if the guest is the one that the other scenario uses meanwhile, and nobody puts it back."""


@pytest.mark.parametrize("verbose", [(), ("-v",)], ids=["quiet", "verbose"])
def test_scenarios_share_guests(fleet: Fleet, checkout: t.Callable[..., There], verbose: tuple[str, ...]) -> None:
    """One after the other, each begins with clean guests. At the same time, nobody puts back the guests of others."""
    there = checkout("collection")
    there.write("galaxy.yml", GALAXY)
    above = "extensions/molecule"
    config = there.sh("cat molecule/default/molecule.yml") + SHARED
    for scenario in ("default", "second"):
        there.write(f"{above}/{scenario}/molecule.yml", config)
        there.write(f"{above}/{scenario}/prepare.yml", step("prepare"))
        there.write(f"{above}/{scenario}/converge.yml", play("molecule", USE))
        variables = {**there.settings, "kvm_guests": [WEB]}
        there.write(f"{above}/{scenario}/inventory/hosts.yml", {"all": {"vars": variables}})
    for name in ("create", "destroy"):
        there.write(f"{above}/default/{name}.yml", step(name))
    there.sh("rm -r molecule")
    # Without provisioner.inventory: what is there, molecule writes for each scenario into the folder that all share.
    there.write("base.yml", {"scenario": {"test_sequence": ["create", "prepare", "converge", "destroy"]}})
    if not verbose:
        there.done("test", "--all")
        assert left(fleet) == []
    for scenario, other in (("default", "second"), ("second", "default")):
        there.write(f"{above}/{scenario}/converge.yml", play("molecule", BESIDE.format(scenario, other)))
    there.done(*verbose, "test", "--all", "--workers", "2")
    assert left(fleet) == []
    assert there.files() == []


BUSY = "touch /tmp/busy; sleep 300"
SENT = {"interrupted": signal.SIGINT, "killed": signal.SIGKILL}


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_steps_that_are_broken_off(fleet: Fleet, checkout: t.Callable[..., There], sent: signal.Signals) -> None:
    """After each, the next step does what it should, and destroy leaves nothing."""
    there = checkout("broken", WEB)
    there.done("create")
    there.write("molecule/default/converge.yml", play("molecule", BUSY))

    def broken(*words: str, when: str) -> None:
        # Looked at on the host itself: what is waited for may be there for less than a second.
        look = f"until {{ {when}; }} >/dev/null 2>&1; do test $SECONDS -lt 300 || exit 1; sleep 0.1; done"
        begun = there.begin(*words)
        try:
            fleet.sh(HOST, look)
        finally:
            os.killpg(begun.pid, sent)
        begun.wait(300)

    broken("converge", when="pgrep --full 'ssh .*[t]ouch /tmp/busy'")
    broken(
        "prepare",
        "--force",
        when="virsh list --name --state-paused | grep web- || pgrep --full 'AnsiballZ_[s]napshots'",
    )
    there.write("molecule/default/converge.yml", play("molecule", USE))
    there.done("prepare", "--force")
    there.done("converge")
    broken("destroy", when="! virsh list --name | grep web-")
    there.done("destroy")
    assert left(fleet) == []
    assert there.files() == []
    assert fleet.sh(HOST, "pgrep --full '[a]nsible-playbook' || true").split() == []
