# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask all hosts for their guests, each within its time.

A call of libvirt that connects may never return, and no thread can be stopped. So a process of its own asks
(``program``), with a thread for each host; what it leaves behind, such as an ssh that hangs, ends with it.
"""

from __future__ import annotations

import contextlib
import glob
import importlib.util
import json
import math
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import typing as t

import ansible

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.interpreter import PYTHONS
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import masked, readable, shortened

from .reach import Reach, uri_of

GRACE = 15.0
"""Seconds that the process has to begin and to end, besides the time of the hosts."""

OLDEST = (3, 10)
"""The oldest Python that the process runs on."""

COLLECTIONS = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 5))
"""The folder ``ansible_collections`` that this collection is in."""

ANSIBLE = os.path.dirname(os.path.dirname(os.path.abspath(ansible.__file__)))
"""The folder that ansible-core is in."""

BEGIN = """
import sys, types
collections, ansible = sys.argv[1:]
sys.path[:] = [folder for folder in sys.path if folder] + [ansible]
package = types.ModuleType("ansible_collections")
package.__path__ = [collections]
sys.modules["ansible_collections"] = package
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests.program import main
main()
"""
"""The first lines of the process. Other collections that pip has installed must not hide this one."""

Answers = dict[str, dict[str, t.Any]]
"""By host, what the program tells."""


class Order(t.NamedTuple):
    """How hosts are asked.

    :param timeout: seconds for each
    :param forks: how many at once
    :param sources: where addresses come from, in order
    :param networks: patterns of networks, the wanted ones first
    """

    timeout: float
    forks: int
    sources: t.Sequence[str]
    networks: t.Sequence[str]


def python() -> str | None:
    """A Python of this machine that has libvirt's binding: the one that runs Ansible, or the distribution's."""
    if importlib.util.find_spec("libvirt") is not None:
        return sys.executable
    test = f"import sys, libvirt; sys.exit(sys.version_info < {OLDEST})"
    for path in (path for pattern in PYTHONS for path in sorted(glob.glob(pattern))):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            done = subprocess.run([path, "-c", test], capture_output=True, check=False, timeout=GRACE)
            if done.returncode == 0:
                return path
    return None


def ask(hosts: t.Mapping[str, Reach], order: Order, interpreter: str) -> Answers:
    """What the hosts answer. One that does not has a ``problem``, and maybe a part of its guests.

    :param interpreter: a Python with libvirt's binding
    """
    if not hosts:
        return {}
    rounds = math.ceil(len(hosts) / order.forks)
    with tempfile.TemporaryDirectory(prefix="virtfleet-") as folder:
        uris = [(host, uri(host, reach, folder, place)) for place, (host, reach) in enumerate(hosts.items())]
        words = json.dumps({**order._asdict(), "hosts": uris}, default=list)
        lines, problem = run([interpreter, "-c", BEGIN, COLLECTIONS, ANSIBLE], words, rounds * order.timeout + GRACE)
    found: Answers = {}
    for line in lines:
        with contextlib.suppress(ValueError):
            answer = json.loads(line)
            found[answer["host"]] = answer
    silent = {"guests": {}, "networks": {}, "problem": problem or "was not asked", "complete": False}
    return {host: found.get(host) or {**silent, "host": host} for host in hosts}


def uri(host: str, reach: Reach, folder: str, place: int) -> str:
    """The URI of a host's libvirt, which takes a key but no other arguments for ssh: these go into a small program.

    :param folder: where that one may be; nobody else may write there
    """
    ssh = reach.ssh
    if ssh is None or reach.uri != uri_of(ssh) or (not ssh.args and ssh.executable == "ssh"):
        return reach.uri
    path = os.path.join(folder, f"ssh-{place}")
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o700)) as file:
        file.write(f'#!/bin/sh\nexec {shlex.join([ssh.executable, *ssh.args])} "$@"\n')
    return uri_of(ssh, path)


def run(command: t.Sequence[str], words: str, seconds: float) -> tuple[list[str], str]:
    """The lines that a process writes, and why it ended before its work was done.

    It and all that it has started are gone at the end, also where this one is interrupted.

    :param words: what it reads
    :param seconds: how long it may take
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        given.write(words.encode())
        given.seek(0)
        process = subprocess.Popen(command, stdin=given, stdout=out, stderr=errors, start_new_session=True)
        problem = ""
        try:
            status = process.wait(timeout=seconds)
            if status != 0:
                problem = f"the process that asks has ended by itself (status {status})"
        except subprocess.TimeoutExpired:
            problem = "the process that asks did not end in time"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        out.seek(0)
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
        if problem and lines:
            problem += f": {shortened(readable(masked(lines[-1])), 300)}"
        return out.read().decode(errors="replace").splitlines(), problem


def interpreter_needed() -> VirtfleetError:
    """What is missing where no Python has libvirt's binding."""
    return VirtfleetError(
        "libvirt's Python binding is missing on the control node, so no host is asked and only what is declared is"
        " known: install python3-libvirt or 'pip install libvirt-python', or set 'ask: false' in the file of the plugin"
    )
