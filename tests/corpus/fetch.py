# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch libvirt's source package of a Debian suite, for the XML in its tests. Prints the folder.

    python3 fetch.py [--suite trixie] [--mirror URL] [--cache DIRECTORY]

apt fetches it with sources, state and cache of its own: the machine's apt is not touched. Where
the mirror lacks one of the small files that go with the tarball (the .dsc, or the signature of the
tarball), the tarball alone is fetched by its name in the package index, and held against the
checksum there.
"""

from __future__ import annotations

import argparse
import hashlib
import lzma
import os
import re
import subprocess
import sys
import tarfile
import urllib.request
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "virtfleet-corpus"
MIRROR = "http://deb.debian.org/debian"
PARTS = ("/tests/", "/src/conf/schemas/")
"""What is unpacked of the source."""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", default="trixie")
    parser.add_argument("--mirror", default=os.environ.get("VIRTFLEET_MIRROR", MIRROR))
    parser.add_argument("--cache", type=Path, default=CACHE)
    return parser.parse_args()


def by_apt(suite: str, mirror: str, folder: Path) -> bool:
    """Fetch by ``apt-get source``. Returns whether all of it came."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    sources.write_text(f"deb-src {mirror} {suite} main\n", encoding="utf-8")
    options = [
        f"Dir::Etc::SourceList={sources}",
        "Dir::Etc::SourceParts=/dev/null",
        f"Dir::State={folder}/state",
        f"Dir::Cache={folder}/cache",
        "APT::Sandbox::User=root",
    ]
    flags = [part for option in options for part in ("-o", option)]
    for command in (["update"], ["source", "--download-only", "libvirt"]):
        try:
            done = subprocess.run(["apt-get", "-q", *flags, *command], cwd=folder, stdout=sys.stderr, check=False)
        except FileNotFoundError:
            return False
        if done.returncode:
            return False
    return bool(list(folder.glob("libvirt_*.orig.tar.xz")))


def by_index(suite: str, mirror: str, folder: Path) -> None:
    """Fetch the tarball alone, as the suite's index of sources names it."""
    with urllib.request.urlopen(f"{mirror}/dists/{suite}/main/source/Sources.xz", timeout=120) as answer:
        index = lzma.decompress(answer.read()).decode()
    stanza = next(part for part in index.split("\n\n") if re.search(r"^Package: libvirt$", part, re.MULTILINE))
    where = re.search(r"^Directory: (\S+)$", stanza, re.MULTILINE)
    found = re.search(r"^ ([0-9a-f]{64}) [0-9]+ (libvirt_\S+\.orig\.tar\.xz)$", stanza, re.MULTILINE)
    if where is None or found is None:
        raise SystemExit(f"the index of {suite} does not tell where the tarball of libvirt is")
    with urllib.request.urlopen(f"{mirror}/{where[1]}/{found[2]}", timeout=600) as answer:
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != found[1]:
        raise SystemExit(f"{found[2]} is not what the index of {suite} says")
    (folder / found[2]).write_bytes(content)


def main() -> None:
    options = arguments()
    folder = options.cache / options.suite
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob("libvirt_*.orig.tar.xz")) and not by_apt(options.suite, options.mirror, folder):
        by_index(options.suite, options.mirror, folder)
    source = next(iter(sorted(folder.glob("libvirt-*/tests"))), None)
    if source is None:
        with tarfile.open(next(iter(sorted(folder.glob("libvirt_*.orig.tar.xz"))))) as tarball:
            wanted = [member for member in tarball if any(part in f"{member.name}/" for part in PARTS)]
            # Debian 12's Python has no filters; later ones warn of a call without.
            filtered = {"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}
            tarball.extractall(folder, members=wanted, **filtered)
        source = next(iter(sorted(folder.glob("libvirt-*/tests"))))
    sys.stdout.write(f"{source}\n")


if __name__ == "__main__":
    main()
