# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the timer of pull mode starts on a host: fetch, verify, and only then run ansible-pull.

``pull.py prepare`` makes the folder with ansible-core, ``pull.py run`` does that and all else. A commit goes into a
bare copy of the repository, where nothing of it is executed. It becomes the branch ``accepted`` of that copy once it is
verified; ansible-pull has its files from there. So what is not accepted never is in a work tree.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path

from repository import (
    ACCEPTED,
    SETTINGS,
    STATE,
    Refused,
    accept,
    called,
    fetch,
    git,
    git_environment,
    stand_in,
    verify,
)

PROGRAM = Path("/opt/virtfleet-pull")
"""This program, the collection that was sent along, and ansible-core."""

LOCK = Path("/run/virtfleet-pull.lock")
"""Locked by the process that works."""

CHECKOUT, UNPACKED, FETCHED = (STATE / name for name in ("checkout", "collection", "fetched"))
LOG = STATE / "last.log"

OLDEST = (3, 11)
"""The oldest Python that the oldest supported ansible-core runs on."""


def settings() -> dict[str, t.Any]:
    """What the role wrote: the variables ``pull_*`` without their prefix, and the host's name."""
    return t.cast("dict[str, t.Any]", json.loads((SETTINGS / "settings.json").read_text(encoding="utf-8")))


def say(text: str, stream: t.TextIO) -> None:
    """Write a line."""
    stream.write(f"{text}\n")
    stream.flush()


# --- what runs the playbook ---


def wheels() -> list[Path]:
    """The packages that were sent along, for a host that reaches no index."""
    return sorted((PROGRAM / "wheels").glob("*"))


def wanted_environment(known: dict[str, t.Any]) -> Path:
    """The folder of the virtual environment that these settings and this Python make.

    Another Python (after an upgrade of the host), requirement or set of packages is another folder.
    """
    script = "import sys; print(*sys.version_info[:2])"
    said = called([known["python"], "-I", "-c", script], f"pull_python {known['python']} does not run").stdout
    version = tuple(map(int, said.split()))
    if version < OLDEST:
        raise Refused(
            f"Python {version[0]}.{version[1]} ({known['python']}) is too old for ansible-core, which needs"
            f" {OLDEST[0]}.{OLDEST[1]}: install a newer one beside it, and name it in pull_python"
        )
    parts = [known["ansible_core"], said, *known["pip_arguments"], *(wheel.name for wheel in wheels())]
    return PROGRAM / f"venv-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]}"


def is_prepared(known: dict[str, t.Any]) -> bool:
    """Whether the ansible-core is there that the settings want."""
    folder = known["ansible_folder"]
    if not folder:
        return (wanted_environment(known) / "ready").exists()
    if not (Path(folder) / "ansible-pull").exists():
        raise Refused(f"pull_ansible_folder {folder} has no ansible-pull: install ansible-core there")
    return True


def prepare(known: dict[str, t.Any]) -> bool:
    """Make the virtual environment with ansible-core where there is none. Whether it was made."""
    if is_prepared(known):
        return False
    folder = wanted_environment(known)
    shutil.rmtree(folder, ignore_errors=True)
    called([known["python"], "-m", "venv", folder], "the virtual environment could not be made")
    offline = ["--no-index", "--find-links", str(PROGRAM / "wheels")] if wheels() else []
    command = [str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "--no-input", *offline]
    called([*command, *known["pip_arguments"], known["ansible_core"]], "ansible-core could not be installed")
    (folder / "ready").touch()
    for other in PROGRAM.glob("venv-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return True


def programs(known: dict[str, t.Any]) -> Path:
    """The folder with ansible-pull and its like."""
    return Path(known["ansible_folder"]) if known["ansible_folder"] else wanted_environment(known) / "bin"


def unpack() -> None:
    """Put the collection that was sent along where Ansible finds it; another one replaces the old one as a whole."""
    archive = PROGRAM / "collection.tar.gz"
    wanted = hashlib.sha256(archive.read_bytes()).hexdigest()
    noted = UNPACKED / "sha256"
    if noted.exists() and noted.read_text() == wanted:
        return
    shutil.rmtree(UNPACKED, ignore_errors=True)
    folder = UNPACKED / "ansible_collections/virtfleet/kvm"
    folder.mkdir(parents=True)
    with tarfile.open(archive) as packed:
        if hasattr(tarfile, "data_filter"):  # Of the older ones, some Pythons have it, and some do not (PEP 706).
            packed.extractall(folder, filter="data")
        else:
            packed.extractall(folder)
    noted.write_text(wanted)


# --- the run ---


def playbook(name: str, environment: dict[str, str]) -> str:
    """The playbook as ansible-pull takes it: a file. One of a collection is looked for where Ansible would."""
    if name.count(".") != 2 or name.endswith((".yml", ".yaml")):
        return name
    namespace, collection, book = name.split(".")
    inside = Path("ansible_collections", namespace, collection, "playbooks", f"{book}.yml")
    if git("ls-tree", ACCEPTED, "--", f"collections/{inside}", what="", environment=environment, check=False):
        return str(CHECKOUT / "collections" / inside)
    for place in (FETCHED, UNPACKED):
        if (place / inside).exists():
            return str(place / inside)
    raise Refused(f"pull_playbook: there is no playbook {name}: its collection was not found")


def require(known: dict[str, t.Any], environment: dict[str, str]) -> None:
    """Have the collections there that the repository asks for, and no others; new ones once that file has changed."""
    noted, new, text = STATE / "requirements.yml", STATE / "requirements.new.yml", ""
    if known["requirements"]:
        what = f"pull_requirements: the repository has no '{known['requirements']}'"
        text = git("show", f"{ACCEPTED}:{known['requirements']}", what=what, environment=environment)
        if noted.exists() and noted.read_text(encoding="utf-8") == text:
            return
    noted.unlink(missing_ok=True)
    shutil.rmtree(FETCHED, ignore_errors=True)
    if not text:
        return
    new.write_text(text, encoding="utf-8")
    command = [str(programs(known) / "ansible-galaxy"), "collection", "install", "-r", str(new), "-p", str(FETCHED)]
    called(command, f"the collections of {known['requirements']} could not be installed", environment)
    new.replace(noted)


def pull_command(known: dict[str, t.Any], environment: dict[str, str]) -> list[str]:
    """The command line of ansible-pull."""
    command = [str(programs(known) / "ansible-pull"), "--url", known["repository"], "--checkout", ACCEPTED]
    command += ["--directory", str(CHECKOUT), "--full", "--clean", "--inventory", known["inventory"]]
    command += ["--limit", known["name"]]
    # Whatever the inventory says of how to reach the host: it is this one, and this is root.
    command += ["--extra-vars", "ansible_connection=local", "--extra-vars", "ansible_user=root"]
    if known["verify_commits"]:
        command.append("--verify-commit")
    if (SETTINGS / "vault_password").exists():
        command += ["--vault-password-file", str(SETTINGS / "vault_password")]
    for option, tags in (("--tags", known["tags"]), ("--skip-tags", known["skip_tags"])):
        if tags:
            command += [option, ",".join(tags)]
    return [*command, playbook(known["playbook"], environment)]


def ansible_environment() -> dict[str, str]:
    """Where Ansible finds collections, and where it writes."""
    return {
        "ANSIBLE_COLLECTIONS_PATH": ":".join(map(str, (CHECKOUT / "collections", FETCHED, UNPACKED))),
        "ANSIBLE_HOME": str(STATE / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
    }


def pulled(known: dict[str, t.Any], environment: dict[str, str]) -> tuple[int, str]:
    """Run ansible-pull, its output in the log. Returns its exit status and the line with the numbers of the host."""
    work = STATE / "empty"
    work.mkdir(exist_ok=True)
    # A run that was cut off may have left it half made, or locked.
    shutil.rmtree(CHECKOUT, ignore_errors=True)
    with LOG.open("w", encoding="utf-8") as log:
        done = subprocess.run(
            pull_command(known, environment),
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Not in the files of the repository: their ansible.cfg has no say in what is checked out.
            cwd=work,
            check=False,
        )
    text = LOG.read_text(encoding="utf-8", errors="replace")
    recap = re.findall(rf"^{re.escape(known['name'])}\s+: (ok=.*)$", text, re.MULTILINE)
    return done.returncode, " ".join(recap[-1].split()) if recap else ""


def run(known: dict[str, t.Any]) -> int:
    """All of it. Returns the exit status; says on standard error why it is not 0."""
    STATE.mkdir(mode=0o700, exist_ok=True)
    prepare(known)
    unpack()
    environment = git_environment()
    commit = fetch(known, environment)
    if known["verify_commits"]:
        verify(known, environment, commit)
    accept(known, environment, commit)
    environment |= ansible_environment()
    require(known, environment)
    stand_in(known)
    code, recap = pulled(known, environment)
    if not code and not recap:
        # Ansible calls it a success where no play has the host.
        code, recap = 1, f"no play of {known['playbook']} has the host {known['name']}"
    if code:
        sys.stderr.write(LOG.read_text(encoding="utf-8", errors="replace"))
    told = f"commit {commit}: {'failed' if code else 'done'}{': ' if recap else ''}{recap}"
    say(told, sys.stderr if code else sys.stdout)
    return min(code, 125) if code > 0 else bool(code)


def locked(wait: bool) -> t.IO[str]:
    """Have the host for this process alone, until the file is closed. Raises Refused where another one has it.

    :param wait: whether to wait for that one
    """
    # Whoever may read it may lock it.
    lock = os.fdopen(os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o600), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        lock.close()
        raise Refused("another run of pull mode is at work on this host: wait for its end") from None
    return lock


def main(words: t.Sequence[str]) -> int:
    """Do what the first argument says: ``prepare``, or all."""
    os.umask(0o022)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        known = settings()
        if words == ["prepare"]:
            made = False
            if not is_prepared(known):
                with locked(wait=True):
                    made = prepare(known)
            say("made" if made else "unchanged", sys.stdout)
            return 0
        with locked(wait=False):
            return run(known)
    except (Refused, OSError, ValueError, tarfile.TarError) as error:
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        say(f"virtfleet-pull: {error}{f': make room in {STATE} and {PROGRAM}' if full else ''}", sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
