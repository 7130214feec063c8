# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole lab: up with what is missing, down with all that is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from . import cgroups, external, guest_image, hosts, ownership, prerequisites, root_recipe, roots
from .machine import LabError, in_parallel, say
from .state import Host, Lab, all_labs, cache_folder, remove_tree


@dataclass(frozen=True)
class Wish:
    """What `lab up` was asked for; None or empty where nothing was said."""

    suites: Sequence[str] | None = None
    mirror: str | None = None
    ubuntu_like: bool = False
    with_kvm: bool = False
    nics: int | None = None


def wanted_hosts(lab: Lab, count: int, wish: Wish) -> list[Host]:
    """Return the hosts that shall be up; those that exist as they are.

    Raises LabError for a wish that can't be had, before anything is made.
    """
    if not 1 <= count <= 90:
        raise LabError(f"A lab has 1 to 90 hosts, not {count}.")
    if not 1 <= (wish.nics or 1) <= 8:
        raise LabError(f"A host has 1 to 8 NICs, not {wish.nics}.")
    suites = wish.suites or root_recipe.DEBIAN_SUITES
    existing = {host.name: host for host in lab.hosts()}
    hosts_wanted = []
    for index in range(1, count + 1):
        suite = suites[(index - 1) % len(suites)]
        if root_recipe.is_ubuntu(suite) and not wish.mirror:
            raise LabError(f"{suite} is Ubuntu's: say where its packages are with --mirror URL.")
        host = Host(
            name=f"kvm{index:02}",
            index=index,
            suite=suite,
            mirror=wish.mirror or root_recipe.DEBIAN_MIRROR,
            ubuntu_like=wish.ubuntu_like or root_recipe.is_ubuntu(suite),
            with_kvm=wish.with_kvm,
            nics=wish.nics or 1,
        )
        there = existing.get(host.name)
        if there and (
            (wish.suites and there.suite != host.suite)
            or (wish.nics and there.nics != host.nics)
            or (wish.ubuntu_like and not there.ubuntu_like)
            or (wish.with_kvm and not there.with_kvm)
        ):
            raise LabError(
                f"{host.name} exists as {there.flavour} with {there.nics} NIC(s), which is not "
                f"what you ask for; `lab destroy {host.name}` first."
            )
        hosts_wanted.append(there or host)
    return hosts_wanted


def up(lab: Lab, count: int, wish: Wish) -> None:
    """Make the hosts that are missing and wait until all of them let us in."""
    with lab.lock():
        wanted = wanted_hosts(lab, count, wish)
        proxy = prerequisites.upstream_proxy()
        if proxy:
            os.environ.setdefault("http_proxy", proxy)
        ownership.refuse_others(lab)
        to_build = [host for host in wanted if not roots.root_tree(host).exists()]
        for suite, mirror in sorted({(host.suite, host.mirror) for host in to_build}):
            roots.check_mirror(suite, mirror)
        prerequisites.require()
        # From here on every process belongs to the lab's group, so that `lab down` finds it
        # whenever this program is killed.
        lab.make_folders()
        ownership.take(lab)
        cgroups.join(cgroups.lab_group(lab.name) / "commands")
        hosts.make_key(lab)
        external.up(lab, proxy)
        missing = [host for host in wanted if not hosts.is_running(lab, host)]
        trees = {roots.root_tree(host): host for host in missing}
        jobs: dict[str, Callable[[], object]] = {
            host.flavour: partial(roots.build, lab, host) for host in trees.values()
        }
        jobs["test guest"] = guest_image.build
        in_parallel(jobs)
        for host in missing:
            lab.save(host)
        start(lab, wanted)


def start(lab: Lab, wanted: Sequence[Host]) -> None:
    """Switch hosts on, side by side, and wait until each lets us in by SSH."""
    external.require_up(lab)
    cgroups.join(cgroups.lab_group(lab.name) / "commands")

    def one(host: Host) -> None:
        if hosts.is_running(lab, host):
            verb = "is there"
        else:
            say(f"{host.name} ({host.flavour}) is booting")
            hosts.start(lab, host)
            verb = "is up"
        say(f"{host.name} {verb}: {hosts.wait_for(lab, host)}")

    in_parallel({host.name: partial(one, host) for host in wanted})


def down(lab: Lab, purge: bool) -> None:
    """End everything that the lab started and remove everything that it made.

    Works also on what a killed command left half-made, and when there is nothing at all.
    """
    with lab.lock():
        ownership.refuse_others(lab)
        there = lab.run.exists() or lab.disks.exists() or cgroups.lab_group(lab.name).exists()
        cgroups.remove(cgroups.lab_group(lab.name))
        external.remove_all_namespaces(lab)
        remove_tree(lab.run)
        remove_tree(lab.disks)
        roots.remove_leftovers()
        guest_image.remove_leftovers()
        if purge:
            others = [other.name for other in all_labs() if other.name != lab.name]
            if others:
                raise LabError(f"Lab {lab.name!r} is down, but the caches stay: in use by {', '.join(others)}.")
            remove_tree(cache_folder())
    say(f"lab {lab.name!r} is down" if there else f"there was no lab {lab.name!r}")
