# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook with Ansible loaded once: to load it takes more CPU time than most plays of the tests.

Run as a program it waits at a socket; each connection is one run, in a fork of it, and is otherwise what
the command does. It ends with the one who started it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path


class LoadedAnsible:
    """One such process, for all runs of the process that makes it.

    :param environment: what it is started with; Ansible reads most of its settings once
    """

    def __init__(self, environment: t.Mapping[str, str]) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="loaded-ansible.")
        self.address = str(Path(self.folder.name) / "socket")
        self.process = subprocess.Popen(
            [sys.executable, __file__, self.address],
            env=dict(environment),
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
    ) -> tuple[int, str]:
        """Run ansible-playbook with these arguments; its exit code, and what it printed.

        :param started: is told the run's process, which may be killed; the exit code is -1 then
        Raises TimeoutError, with the run ended, where it takes longer than ``timeout`` seconds.
        """
        with (
            tempfile.NamedTemporaryFile("r", dir=self.folder.name, encoding="utf-8", errors="replace") as output,
            socket.socket(socket.AF_UNIX) as connection,
        ):
            connection.settimeout(timeout)
            connection.connect(self.address)
            request = [list(arguments), str(cwd), dict(environment), output.name]
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


def serve(address: str) -> None:
    """Fork for each connection, until standard input ends."""
    # All that a run needs before it looks at its arguments.
    from ansible.cli.playbook import main
    from ansible.executor import playbook_executor, task_executor
    from ansible.plugins.strategy import linear

    del playbook_executor, task_executor, linear
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
                carry_out(connection, main)
            connection.close()


def carry_out(connection: socket.socket, main: t.Callable[[list[str]], None]) -> t.NoReturn:
    """One run; the process ends with it."""
    from ansible import constants

    code = 250
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        connection.sendall(b"%d\n" % os.getpid())
        with connection.makefile() as lines:
            arguments, cwd, environment, output = json.loads(lines.readline())
        for stream, path in ((0, "/dev/null"), (1, output), (2, output)):
            file = os.open(path, os.O_RDWR | os.O_APPEND)
            os.dup2(file, stream)
            os.close(file)
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environment)
        # Each run has a folder of its own for what tasks leave for later ones.
        constants.DEFAULT_LOCAL_TMP = tempfile.mkdtemp(prefix="run-", dir=constants.DEFAULT_LOCAL_TMP)
        main(["ansible-playbook", *arguments])
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
    serve(sys.argv[1])
