# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the timer of pull mode starts on a host: fetch, verify, and only then run ansible-pull.

``pull.py prepare`` makes the folder with ansible-core, ``pull.py run`` does that and all else. A commit goes into a
bare copy of the repository, where nothing of it is executed. It becomes the branch ``accepted`` of that copy once it is
verified; ansible-pull has its files from there. So what is not accepted never is in a work tree.
"""

from __future__ import annotations

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

PROGRAM = Path("/opt/virtfleet-pull")
"""This program, the collection that was sent along, and ansible-core."""

SETTINGS = Path("/etc/virtfleet-pull")
"""The settings and the keys."""

STATE = Path("/var/lib/virtfleet-pull")
"""What the program itself makes: the copy of the repository, its files, the log."""

LOCK = Path("/run/virtfleet-pull.lock")
"""Locked by the process that works."""

MIRROR, CHECKOUT, UNPACKED, FETCHED = (STATE / name for name in ("mirror.git", "checkout", "collection", "fetched"))
LOG = STATE / "last.log"
ACCEPTED = "accepted"
"""The branch of the copy that ansible-pull takes."""

OLDEST = (3, 11)
"""The oldest Python that the oldest supported ansible-core runs on."""


class Refused(Exception):
    """Why nothing was run, for whoever reads the journal."""


def settings() -> dict[str, t.Any]:
    """What the role wrote: the variables ``pull_*`` without their prefix, and the host's name."""
    return t.cast("dict[str, t.Any]", json.loads((SETTINGS / "settings.json").read_text(encoding="utf-8")))


def say(text: str, stream: t.TextIO) -> None:
    """Write a line."""
    stream.write(f"{text}\n")
    stream.flush()


def called(
    command: t.Sequence[str | Path], what: str, environment: dict[str, str] | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. Raises Refused with what it said where it fails and ``check`` is true.

    :param what: what could not be done then
    """
    try:
        done = subprocess.run(
            list(map(str, command)),
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise Refused(f"{what}: {error}") from error
    if check and done.returncode:
        raise Refused(f"{what}: {done.stderr.strip() or done.stdout.strip() or f'status {done.returncode}'}")
    return done


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
    offline = ["--no-index", "--find-links", PROGRAM / "wheels"] if wheels() else []
    command = [folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", *offline]
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
        packed.extractall(folder)
    noted.write_text(wanted)


# --- the repository ---


def git_environment(known: dict[str, t.Any]) -> dict[str, str]:
    """How git reaches the repository, and which keys it trusts. No other configuration of git counts."""
    ssh = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=15"]
    ssh += ["-o", "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={SETTINGS}/known_hosts"]
    if (SETTINGS / "deploy_key").exists():
        ssh += ["-i", str(SETTINGS / "deploy_key"), "-o", "IdentitiesOnly=yes"]
    lines = [
        *('[gpg "ssh"]', f"\tallowedSignersFile = {SETTINGS}/allowed_signers"),
        # Certificates of X.509 are checked against authorities that nobody has chosen here.
        *('[gpg "x509"]', "\tprogram = false"),
        *("[http]", "\tlowSpeedLimit = 1", "\tlowSpeedTime = 60"),
    ]
    config = STATE / "gitconfig"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_SSH_COMMAND": " ".join(ssh),
        "GIT_TERMINAL_PROMPT": "0",
        "GNUPGHOME": str(STATE / "gnupg"),
    }


def keyring(environment: dict[str, str]) -> None:
    """Make the keyring with the OpenPGP keys of the settings, and no others."""
    folder = STATE / "gnupg"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    keys = SETTINGS / "gpg_keys"
    if keys.exists() and keys.stat().st_size:
        command = ["gpg", "--batch", "--quiet", "--no-autostart", "--import", keys]
        called(command, "the keys in pull_gpg_keys could not be read", environment)


def git(*words: str | Path, what: str, environment: dict[str, str], check: bool = True) -> str:
    """What git prints in the copy of the repository; with ``check`` off, empty where it fails."""
    done = called(["git", "--git-dir", MIRROR, *words], what, environment, check)
    return done.stdout.strip() if not done.returncode else ""


def fetch(known: dict[str, t.Any], environment: dict[str, str]) -> str:
    """Fetch the branch or tag into the copy, and nowhere else. Returns the id of its commit."""
    url, version = known["repository"], known["version"]
    if not (MIRROR / "HEAD").exists():
        # That branch is the one which a clone checks out, and which ansible-pull then verifies.
        command = ["git", "init", "--quiet", "--bare", "--initial-branch", ACCEPTED, MIRROR]
        called(command, "the copy of the repository could not be made", environment)
    what = f"'{version}' of {without_password(url)} could not be fetched"
    try:
        git("fetch", "--quiet", "--no-tags", "--force", "--", url, version, what=what, environment=environment)
    except Refused as error:
        raise Refused(str(error).replace(url, without_password(url))) from None
    return git("rev-parse", "FETCH_HEAD^{commit}", what=what, environment=environment)


def without_password(url: str) -> str:
    """An address as it may be printed."""
    return re.sub(r"(?<=//)[^/@]*@", "", url)


def verify(known: dict[str, t.Any], environment: dict[str, str], commit: str) -> None:
    """Refuse a commit that no allowed key has signed, and one that does not follow the commit of the last run."""
    keyring(environment)
    done = called(["git", "--git-dir", MIRROR, "verify-commit", commit], "git does not run", environment, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split()) or "it has no signature"
        raise Refused(
            f"commit {commit} is not signed by a key of pull_allowed_signers or pull_gpg_keys ({said}): nothing of it"
            " was run. Sign it, or add the key"
        )
    last = git("rev-parse", "--verify", "--quiet", ACCEPTED, what="", environment=environment, check=False)
    of = git("config", "virtfleet.version", what="", environment=environment, check=False)
    if not last or of != known["version"] or is_ancestor(last, commit, environment):
        return
    raise Refused(
        f"commit {commit} does not follow {last}, which was run last: '{known['version']}' was set back, or its server"
        f" gives an old state. Nothing of it was run. If you did that yourself, remove {MIRROR} on the host"
    )


def is_ancestor(older: str, newer: str, environment: dict[str, str]) -> bool:
    """Whether a commit is a forefather of another one, or the same."""
    command = ["git", "--git-dir", MIRROR, "merge-base", "--is-ancestor", older, newer]
    return called(command, "git does not run", environment, check=False).returncode == 0


def accept(known: dict[str, t.Any], environment: dict[str, str], commit: str) -> None:
    """Make a commit the one that ansible-pull takes, and have git take the copy for the repository."""
    if not git(
        "ls-tree", "--name-only", commit, "--", known["inventory"], what="", environment=environment, check=False
    ):
        raise Refused(f"pull_inventory: commit {commit} has no '{known['inventory']}': nothing was run")
    what = "the commit could not be noted"
    git("update-ref", f"refs/heads/{ACCEPTED}", commit, what=what, environment=environment)
    git("config", "virtfleet.version", known["version"], what=what, environment=environment)
    with (STATE / "gitconfig").open("a", encoding="utf-8") as file:
        # So the files have the repository's own address, of which the label of the fleet is made.
        quoted = known["repository"].replace("\\", "\\\\").replace('"', '\\"')
        file.write(f'[url "{MIRROR}"]\n\tinsteadOf = "{quoted}"\n')


# --- the run ---


def playbook(name: str, environment: dict[str, str]) -> str:
    """The playbook as ansible-pull takes it: a file. One of a collection is looked for where Ansible would."""
    if name.count(".") != 2 or name.endswith((".yml", ".yaml")):
        return name
    namespace, collection, book = name.split(".")
    inside = Path("ansible_collections", namespace, collection, "playbooks", f"{book}.yml")
    # The files in the checkout are still those of the last run.
    if git("ls-tree", ACCEPTED, "--", f"collections/{inside}", what="", environment=environment, check=False):
        return str(CHECKOUT / "collections" / inside)
    for place in (FETCHED, UNPACKED):
        if (place / inside).exists():
            return str(place / inside)
    raise Refused(f"pull_playbook: there is no playbook {name}: its collection was not found")


def require(known: dict[str, t.Any], environment: dict[str, str]) -> None:
    """Install the collections that the repository asks for, where that file has changed."""
    if not known["requirements"]:
        return
    named = f"{ACCEPTED}:{known['requirements']}"
    what = f"pull_requirements: the repository has no '{known['requirements']}'"
    text = git("show", named, what=what, environment=environment)
    noted = STATE / "requirements.yml"
    if FETCHED.exists() and noted.exists() and noted.read_text(encoding="utf-8") == text:
        return
    new = STATE / "requirements.new.yml"
    new.write_text(text, encoding="utf-8")
    shutil.rmtree(FETCHED, ignore_errors=True)
    command = [programs(known) / "ansible-galaxy", "collection", "install", "-r", new, "-p", FETCHED]
    try:
        called(command, f"the collections of {known['requirements']} could not be installed", environment)
    except Refused:
        shutil.rmtree(FETCHED, ignore_errors=True)
        raise
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


def pulled(known: dict[str, t.Any], environment: dict[str, str]) -> tuple[int, str]:
    """Run ansible-pull, its output in the log. Returns its exit status and the line with the numbers of the host."""
    collections = ":".join(map(str, (CHECKOUT / "collections", FETCHED, UNPACKED)))
    work = STATE / "empty"
    work.mkdir(exist_ok=True)
    ours = {
        "ANSIBLE_COLLECTIONS_PATH": collections,
        "ANSIBLE_HOME": str(STATE / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
    }
    with LOG.open("w", encoding="utf-8") as log:
        done = subprocess.run(
            pull_command(known, environment),
            env={**os.environ, **environment, **ours},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Not in the files of the last run: their ansible.cfg has no say in what is checked out.
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
    environment = git_environment(known)
    commit = fetch(known, environment)
    if known["verify_commits"]:
        verify(known, environment, commit)
    accept(known, environment, commit)
    require(known, environment)
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
    lock = LOCK.open("w")
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
        say(f"virtfleet-pull: {error}", sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
