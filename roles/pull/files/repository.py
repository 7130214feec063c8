# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The copy of the repository that a host in pull mode keeps: what is fetched into it, and what of that is accepted."""

from __future__ import annotations

import os
import shutil
import subprocess
import typing as t
from pathlib import Path

SETTINGS = Path("/etc/virtfleet-pull")
"""The settings and the keys."""

STATE = Path("/var/lib/virtfleet-pull")
"""What the program itself makes: the copy of the repository, its files, the log."""

MIRROR = STATE / "mirror.git"
"""The copy."""

ACCEPTED = "accepted"
"""The branch of the copy that ansible-pull takes."""


class Refused(Exception):
    """Why nothing was run, for whoever reads the journal."""


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


def git_environment() -> dict[str, str]:
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
        # What goes on in the background is killed with the end of the service.
        *("[gc]", "\tautoDetach = false"),
        # Else a power cut may empty objects that were just fetched, and each later fetch fails. Lost packs are fetched.
        *("[core]", "\tfsync = all", "[fetch]", "\tunpackLimit = 1"),
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
        command = ["gpg", "--batch", "--quiet", "--no-autostart", "--import", str(keys)]
        called(command, "the keys in pull_gpg_keys could not be read", environment)


def git(*words: str | Path, what: str, environment: dict[str, str], check: bool = True) -> str:
    """What git prints in the copy of the repository; with ``check`` off, empty where it fails."""
    done = called(["git", "--git-dir", MIRROR, *words], what, environment, check)
    return done.stdout.strip() if not done.returncode else ""


def fetch(known: dict[str, t.Any], environment: dict[str, str]) -> str:
    """Fetch the branch or tag into the copy, and nowhere else. Returns the id of its commit."""
    # Also where it is there: an earlier run may have been cut off, and what it locked then is locked for ever.
    for lock in MIRROR.rglob("*.lock"):
        lock.unlink()
    # That branch is the one which a clone checks out, and which ansible-pull then verifies.
    command = ["git", "init", "--quiet", "--bare", "--initial-branch", ACCEPTED, str(MIRROR)]
    called(command, "the copy of the repository could not be made", environment)
    wanted = reference(known, environment)
    what = f"{wanted} of {known['repository']} could not be fetched"
    words = ("fetch", "--quiet", "--no-tags", "--force", "--", known["repository"], wanted)
    git(*words, what=what, environment=environment)
    return git("rev-parse", "FETCH_HEAD^{commit}", what=what, environment=environment)


def reference(known: dict[str, t.Any], environment: dict[str, str]) -> str:
    """The full name of the branch or tag. Where there are both, git would silently take the tag."""
    url, version = str(known["repository"]), str(known["version"])
    if version.startswith("refs/"):
        return version
    wanted = [f"refs/{kind}/{version}" for kind in ("heads", "tags")]
    what = f"the repository {url} could not be read"
    there = git("ls-remote", "--", url, *wanted, what=what, environment=environment).split()
    found = [name for name in wanted if name in there]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refused(f"pull_version: {url} has no branch or tag '{version}'")
    raise Refused(f"pull_version: {url} has a branch and a tag '{version}': write {' or '.join(found)}, or delete one")


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
    of = git("config", "virtfleet.source", what="", environment=environment, check=False)
    if not last or of != source(known) or is_ancestor(last, commit, environment):
        return
    raise Refused(
        f"commit {commit} does not follow {last}, which was run last: '{known['version']}' was set back, or its server"
        f" gives an old state. Nothing of it was run. If you did that yourself, remove {MIRROR} on the host"
    )


def source(known: dict[str, t.Any]) -> str:
    """Where commits come from that have to follow each other."""
    return f"{known['version']} of {known['repository']}"


def is_ancestor(older: str, newer: str, environment: dict[str, str]) -> bool:
    """Whether a commit is a forefather of another one, or the same."""
    command = ["git", "--git-dir", str(MIRROR), "merge-base", "--is-ancestor", older, newer]
    return called(command, "git does not run", environment, check=False).returncode == 0


def accept(known: dict[str, t.Any], environment: dict[str, str], commit: str) -> None:
    """Make a commit the one that ansible-pull takes."""
    words = ("ls-tree", "--name-only", commit, "--", known["inventory"])
    if not git(*words, what="", environment=environment, check=False):
        raise Refused(f"pull_inventory: commit {commit} has no '{known['inventory']}': nothing was run")
    what = "the commit could not be noted"
    git("update-ref", f"refs/heads/{ACCEPTED}", commit, what=what, environment=environment)
    git("config", "virtfleet.source", source(known), what=what, environment=environment)


def stand_in(known: dict[str, t.Any]) -> None:
    """Have git take the copy for the repository, whose address the files keep: the fleet's label is made of it."""
    quoted = known["repository"].replace("\\", "\\\\").replace('"', '\\"')
    with (STATE / "gitconfig").open("a", encoding="utf-8") as file:
        file.write(f'[url "{MIRROR}"]\n\tinsteadOf = "{quoted}"\n')
