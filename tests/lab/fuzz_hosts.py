# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the collection's modules and the programs of ``host_fuzz`` to a host, and runs these there."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ansible.module_utils
from fleet import Fleet
from virtfleet_lab import hosts as machines
from virtfleet_lab.state import Lab

HERE = Path(__file__).resolve().parent
PLUGINS = HERE.parents[1] / "plugins"
FOLDER = "/opt/fuzz"
"""Where all of it is on a host."""


def bundle() -> bytes:
    """All that is brought to a host: the modules, what they need of Ansible, and host_fuzz."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for source, place in (
            (Path(ansible.module_utils.__file__).parent, "ansible/module_utils"),
            (PLUGINS, "ansible_collections/virtfleet/kvm/plugins"),
            (HERE / "host_fuzz", "host_fuzz"),
        ):
            archive.add(source, place, filter=lambda info: None if info.name.endswith("__pycache__") else info)
    return content.getvalue()


def bring(fleet: Fleet, hosts: t.Iterable[str]) -> None:
    """Put it on the hosts, in place of what was there."""
    lab, whole = Lab(fleet.name), bundle()
    for host in hosts:
        script = f"rm -rf {FOLDER} && mkdir {FOLDER} && tar -C {FOLDER} -x && touch {FOLDER}/ansible/__init__.py"
        command = machines.entering(lab, lab.host(host), ["bash", "-c", script])
        subprocess.run(command, input=whole, check=True, timeout=120)


def run(fleet: Fleet, host: str, program: str, *words: str, timeout: float) -> list[dict[str, t.Any]]:
    """Run a program of host_fuzz on a host; it prints a line of JSON for each round.

    Fails the test where the program dies, with what it said last.
    """
    lab = Lab(fleet.name)
    command = ["env", f"PYTHONPATH={FOLDER}", "python3", f"{FOLDER}/host_fuzz/{program}", *words]
    done = subprocess.run(
        machines.entering(lab, lab.host(host), command),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    told = f"{host}: {program} {' '.join(words)}: {done.returncode}: {done.stderr[-3000:]}"
    assert done.returncode == 0, told
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def share(
    numbers: t.Sequence[int],
    hosts: t.Sequence[str],
    do: t.Callable[[str, list[int]], list[dict[str, t.Any]]],
    step: int,
) -> t.Iterator[dict[str, t.Any]]:
    """Share rounds among hosts, which work side by side; what came of each.

    :param do: runs some rounds on a host
    :param step: how many rounds go to a host at once
    """

    def all_of(host: str, mine: list[int]) -> list[dict[str, t.Any]]:
        parts = [mine[start : start + step] for start in range(0, len(mine), step)]
        return [result for part in parts for result in do(host, part)]

    with ThreadPoolExecutor(len(hosts)) as pool:
        shares = [list(numbers[place :: len(hosts)]) for place in range(len(hosts))]
        for results in pool.map(all_of, hosts[: len(numbers)], shares):
            yield from results
