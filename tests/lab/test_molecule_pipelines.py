# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipelines of the example, on a machine that has no KVM yet and a user who may use sudo, as runners have."""

from __future__ import annotations

import os
import signal
import typing as t

import molecule_there
import pytest
import yaml
from fleet import Fleet
from molecule_there import EXAMPLE, HOST, ROOT, There

pytestmark = pytest.mark.long

NAME = "moleculepipes"
WEB = {"name": "web", "image": "debian-13", "memory": "512MiB"}
GITHUB = yaml.safe_load((ROOT / EXAMPLE / ".github/workflows/molecule.yml").read_text())["jobs"]["molecule"]["steps"]
GITLAB = yaml.safe_load((ROOT / EXAMPLE / ".gitlab-ci.yml").read_text())["molecule"]
SUDO = "runner ALL=(ALL) NOPASSWD: ALL"


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[There]:
    """A checkout of the example on a machine where the first steps of GitHub's pipeline were run.

    molecule itself is put there by the lab, as its hosts reach no index of Python's packages.
    """
    made = Fleet(NAME, tmp_path_factory.mktemp(NAME))
    made.lab("down")
    try:
        made.lab("up", "1", "--suite", "trixie")
        made.sh(HOST, "apt-get install --yes --no-install-recommends sudo")
        made.sh(HOST, f"useradd --create-home --shell /bin/bash runner && echo '{SUDO}' >/etc/sudoers.d/runner")
        molecule_there.install(made)
        there = There(made, "runner")
        install = [step["run"] for step in GITHUB if step.get("name") == "Install libvirt and QEMU"]
        print(there.sh(install[0], timeout=1200))
        there.declare(WEB)
        yield there
    finally:
        made.lab("down")


def of_molecule(script: str) -> str:
    """The command of molecule that a line of a pipeline ends with."""
    words = script.split()
    assert words[-2] == "molecule", script
    return words[-1]


def left(runner: There) -> list[str]:
    """What there is of guests."""
    return runner.sh(
        "sudo virsh list --all --name; sudo ls -A /var/lib/libvirt/virtfleet-molecule | grep -v '^debian-13-'; true"
    ).split()


def test_the_pipeline_of_github(runner: There) -> None:
    """The guest is in the libvirt of the system, as its user may use sudo, and it is gone in the end."""
    said = runner.done(of_molecule(GITHUB[-1]["run"]))
    for step in ("create", "prepare", "converge", "idempotence", "verify", "destroy"):
        assert f"default > {step}: Executed: Successful" in said, step
    assert left(runner) == []
    assert runner.files() == []


def test_a_job_of_gitlab_that_is_cancelled(runner: There) -> None:
    """Its script is ended, and the next one, for which a shell begins anew, leaves nothing."""
    test, after = (of_molecule(GITLAB[part][-1]) for part in ("script", "after_script"))
    begun = runner.begin(test)
    try:
        there = "virsh list --name | grep -q web- && echo yes || true"
        runner.fleet.wait(lambda: runner.fleet.sh(HOST, there) == "yes\n", timeout=900)
    finally:
        os.killpg(begun.pid, signal.SIGTERM)
    begun.wait(300)
    assert left(runner) != []
    runner.done(after)
    assert left(runner) == []
    assert runner.files() == []
