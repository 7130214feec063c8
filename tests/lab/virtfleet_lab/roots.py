# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cached root trees: built once by mmdebstrap, then the lower layer of every host's disk."""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from . import cgroups, external, root_recipe, ubuntu_key
from .machine import LabError, run, say
from .state import Host, Lab, all_labs, cache_folder, remove_tree

_DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


TESTING = "forky"
"""Debian's testing. It has only what a mirror holds of it, which may be a copy of some weeks ago."""

EXPIRED = 'Acquire::Check-Valid-Until "false"'
"""Have apt take a Release file whose time is over."""


def root_tree(host: Host) -> Path:
    """Return where the root tree for a host is kept, built or not.

    The name carries a hash of the recipe, so that another recipe is another tree.
    """
    recipe = hashlib.sha256(Path(root_recipe.__file__).read_bytes())
    recipe.update(host.mirror.encode())
    return cache_folder() / "roots" / f"{host.flavour}-{recipe.hexdigest()[:10]}"


def check_mirror(suite: str, mirror: str) -> None:
    """Raise LabError when the mirror doesn't answer for the suite."""
    url = f"{mirror.rstrip('/')}/dists/{suite}/InRelease"
    try:
        with urllib.request.urlopen(url, timeout=20):
            pass
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise LabError(
            f"The mirror {mirror} can't be reached for {suite} ({reason}); "
            "name another one with --mirror, or leave this suite out."
        ) from None


def build(lab: Lab, host: Host) -> None:
    """Build the root tree for a host unless it is there; two labs never build the same at once.

    Needs the external network (packages come through its proxy). Raises LabError when the
    mirror or a package fails.
    """
    tree = root_tree(host)
    if tree.exists():
        return
    tree.parent.mkdir(parents=True, exist_ok=True)
    with open(tree.parent / f".{tree.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if tree.exists():
            return
        started = time.monotonic()
        say(f"building the root tree {host.flavour} (once; about 30 s)")
        remove_leftovers(f"{tree.name}.")
        temporary = tree.parent / f".{tree.name}.{lab.name}.tmp"
        wanted = root_recipe.packages(host.suite, host.ubuntu_like, host.with_kvm)
        run(mmdebstrap(lab, host, temporary, wanted), timeout=1800)
        for options in ("etc/apt/apt.conf.d/99mmdebstrap", "etc/dpkg/dpkg.cfg.d/99mmdebstrap"):
            (temporary / options).unlink(missing_ok=True)
        root_recipe.finish(temporary, host.ubuntu_like)
        if host.suite == TESTING:
            (temporary / "etc/apt/apt.conf.d/91lab-expired").write_text(f"{EXPIRED};\n")
        temporary.rename(tree)
        say(f"root tree {host.flavour} is built ({time.monotonic() - started:.0f} s)")
    _remove_outdated(tree, host)


def mmdebstrap(lab: Lab, host: Host, target: Path, packages: Sequence[str]) -> Sequence[str]:
    """Return the command that builds a bare tree of the host's suite, from the host's mirror."""
    proxy = f"http://{external.ROUTER}:{external.PROXY_PORT}"
    # Within the lab's own folders, so that `lab down` removes what a killed one leaves.
    temporary_folder = lab.disks / "tmp"
    temporary_folder.mkdir(exist_ok=True)
    keyring = ubuntu_key.keyring(host.suite, host.mirror) if root_recipe.is_ubuntu(host.suite) else _DEBIAN_KEYRING
    command = [
        # It mounts /proc and the like into the tree. They go with this mount namespace when it is
        # killed, and nobody ever walks into them.
        *("unshare", "--mount", "--propagation", "private"),
        *("env", f"TMPDIR={temporary_folder}"),
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        # A real host has them; without them apt finds no packages in check mode.
        "--skip=cleanup/apt/lists",
        f'--aptopt=Acquire::http::Proxy "{proxy}"',
        f'--aptopt=Acquire::https::Proxy "{proxy}"',
        # Nobody needs a half-built tree after a power cut, so dpkg needs no syncs.
        "--dpkgopt=force-unsafe-io",
        f"--keyring={keyring}",
        *([f"--aptopt={EXPIRED}"] if host.suite == TESTING else []),
        "--include=" + ",".join(packages),
        host.suite,
        str(target),
        *root_recipe.sources(host.suite, host.mirror),
    ]
    return cgroups.joined(cgroups.lab_group(lab.name) / "commands", external.inside(lab, "switch", command))


def remove_leftovers(prefix: str = "") -> None:
    """Remove half-built trees whose names begin with the prefix (all without one).

    A tree that is being built right now is left alone: its builder holds the lock.
    """
    for temporary in (cache_folder() / "roots").glob(f".{prefix}*.tmp"):
        name = temporary.name[1:].rsplit(".", 2)[0]
        if prefix:
            remove_tree(temporary)
            continue
        with open(temporary.parent / f".{name}.lock", "w") as lock, suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove_tree(temporary)


def _remove_outdated(tree: Path, host: Host) -> None:
    """Remove trees of the same flavour from older recipes that no host of any lab stands on."""
    used = {json.loads(file.read_text())["root"] for lab in all_labs() for file in lab.run.glob("machines/*/boot.json")}
    for old in tree.parent.glob(f"{host.flavour}-*"):
        if old != tree and str(old) not in used:
            say(f"removing the outdated root tree {old.name}")
            remove_tree(old)
