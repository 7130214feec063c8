# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's programs with Ansible loaded once: to load it takes more CPU time than most plays of the tests.

Run as a program it waits at a socket; each connection is one run, in a fork of it, and is otherwise what
the command does. It ends with the one who started it. Loaded with it are the plugins of this collection, which
Ansible compiles anew in each process of a task. To pack a module takes longer still: packed modules and
compiled sources are kept for all runs, in the folder that ``VIRTFLEET_KEPT`` names for those of other processes as
well, else in one of its own.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

COLLECTION = "ansible_collections.virtfleet.kvm"
COMPILED_ONCE = Path(__file__).parent / "compiled_once"
KEPT = "VIRTFLEET_KEPT"
PROGRAMS = ("ansible-playbook", "ansible-inventory", "ansible-doc")


class LoadedAnsible:
    """One such process, for all runs of the process that makes it.

    :param environment: what it is started with; Ansible reads most of its settings once
    :param where: the folder it is started in, whose ansible.cfg counts; without, that of this process
    """

    def __init__(self, environment: t.Mapping[str, str], where: Path | None = None) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="loaded-ansible.")
        self.address = str(Path(self.folder.name) / "socket")
        self.process = subprocess.Popen(
            [sys.executable, __file__, self.address, os.environ.get(KEPT) or self.folder.name],
            env=dict(environment),
            cwd=where,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n", "Ansible could not be loaded"

    def run(
        self,
        arguments: t.Sequence[str],
        cwd: Path,
        environment: t.Mapping[str, str],
        timeout: float,
        started: t.Callable[[int], None] = lambda pid: None,
        program: str = "ansible-playbook",
        errors: t.IO[str] | None = None,
    ) -> tuple[int, str]:
        """Run one of Ansible's programs with these arguments; its exit code, and what it printed.

        :param started: is told the run's process, which may be killed; the exit code is -1 then
        :param program: one of ``PROGRAMS``
        :param errors: a file with a name, for what it prints to standard error; without, that is among the rest
        Raises TimeoutError, with the run ended, where it takes longer than ``timeout`` seconds.
        """
        with (
            tempfile.NamedTemporaryFile("r", dir=self.folder.name, encoding="utf-8", errors="replace") as output,
            socket.socket(socket.AF_UNIX) as connection,
        ):
            connection.settimeout(timeout)
            connection.connect(self.address)
            said = errors.name if errors else output.name
            request = [[program, *arguments], str(cwd), dict(environment), output.name, said]
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile() as answers:
                pid = int(answers.readline())
                started(pid)
                try:
                    code = answers.readline()
                except BaseException:  # Also where the tests are interrupted.
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(pid, signal.SIGKILL)
                    raise
            return int(code or -1), output.read()


def load() -> dict[str, t.Callable[[list[str]], None]]:
    """Load all that a run needs before it looks at its arguments; gives the programs, by name."""
    from ansible import cli
    from ansible.cli import doc, inventory, playbook
    from ansible.executor import playbook_executor, task_executor
    from ansible.plugins import loader
    from ansible.plugins.action import gather_facts, normal
    from ansible.plugins.callback import default
    from ansible.plugins.connection import local
    from ansible.plugins.shell import sh
    from ansible.plugins.strategy import linear

    del playbook_executor, task_executor, gather_facts, normal, default, local, sh, linear
    loader.init_plugin_loader()
    cli.init_plugin_loader = ready
    for folder in ("action", "connection", "filter", "inventory", "lookup"):
        for path in sorted((plugins() / folder).glob("[!_]*.py")):
            importlib.import_module(f"{COLLECTION}.plugins.{folder}.{path.stem}")
    gc.collect()
    gc.freeze()  # Else each process copies what it only looks through.
    return dict(zip(PROGRAMS, (playbook.main, inventory.main, doc.main), strict=True))


def plugins() -> Path:
    """The folder of the collection's plugins, as Ansible finds it."""
    return Path(next(iter(importlib.import_module(COLLECTION).__path__))) / "plugins"


def kept_of_this(kept: Path) -> Path:
    """The folder for what is kept of this very collection, Ansible and Python: of another it differs.

    :param kept: the folder that has it; those of others that nobody has used for a day are removed
    """
    import ansible.release

    files = sorted(path for path in plugins().rglob("*.py"))
    states = [(str(path), found.st_size, found.st_mtime_ns) for path in files for found in [path.stat()]]
    identity = repr((ansible.release.__version__, ansible.__file__, sys.version, states))
    mine = kept / f"kept-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
    for folder in (mine / "packed", mine / "compiled"):
        folder.mkdir(parents=True, exist_ok=True)
    os.utime(mine)
    for other in kept.glob("kept-*"):
        with contextlib.suppress(FileNotFoundError):
            if other.stat().st_mtime < time.time() - 86400:
                shutil.rmtree(other, ignore_errors=True)
    return mine


def ready(folders: t.Sequence[str] | None = None) -> None:
    """In place of what makes the loader of collections, which is there."""
    if folders:
        raise ValueError("say where collections are by ANSIBLE_COLLECTIONS_PATH, when Ansible is loaded")


def serve(address: str, kept: Path) -> None:
    """Fork for each connection, until standard input ends.

    :param kept: the folder for packed modules and compiled sources
    """
    programs = load()
    mine = kept_of_this(kept)
    runs = Runs(programs, mine / "packed", mine / "compiled")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        os.write(1, b"ready\n")
        while True:
            ready = select.select([server.fileno(), 0], [], [])[0]
            if 0 in ready:
                return
            connection, _peer = server.accept()
            if os.fork() == 0:
                server.close()
                carry_out(connection, runs)
            connection.close()


class Runs(t.NamedTuple):
    """What all runs share: the programs, by name, and the folders of packed modules and of compiled sources."""

    programs: dict[str, t.Callable[[list[str]], None]]
    packed: Path
    compiled: Path


def temporary_folder(packed: Path) -> str:
    """A folder of this run's own for what its tasks leave for later ones, but for packed modules."""
    from ansible import constants

    folder = tempfile.mkdtemp(prefix="run-", dir=constants.DEFAULT_LOCAL_TMP)
    os.symlink(packed, os.path.join(folder, "ansiballz_cache"))
    return folder


def carry_out(connection: socket.socket, runs: Runs) -> t.NoReturn:
    """One run; the process ends with it."""
    from ansible import constants

    code = 250
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        connection.sendall(b"%d\n" % os.getpid())
        with connection.makefile() as lines:
            words, cwd, environment, output, errors = json.loads(lines.readline())
        for stream, path in ((0, "/dev/null"), (1, output), (2, errors)):
            file = os.open(path, os.O_RDWR | os.O_APPEND)
            os.dup2(file, stream)
            os.close(file)
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environment)
        os.environ["VIRTFLEET_COMPILED"] = str(runs.compiled)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(COMPILED_ONCE), environment.get("PYTHONPATH")]))
        constants.DEFAULT_LOCAL_TMP = temporary_folder(runs.packed)
        runs.programs[words[0]](words)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        for printed in (sys.stdout, sys.stderr):
            printed.flush()
        connection.sendall(b"%d\n" % code)
        # What is to be cleaned up at exit is not this process's.
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]))
