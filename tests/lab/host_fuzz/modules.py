# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs modules of the collection on the host itself, each call in a fork of one process that has loaded all.

A round of a random test makes some ten calls, and to bring each over the network by a playbook would take
longer than what it does. What is called is the module's own ``main``, with the parameters that Ansible would
bring it; what comes back is the JSON that the module prints.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import traceback
import typing as t

PLUGINS = "ansible_collections.virtfleet.kvm.plugins"
NAMES = ("domains", "networks", "volumes", "pools", "secrets", "volumes_info")

Result = dict[str, t.Any]
Prepare = t.Callable[[], None]


class Modules:
    """The collection's modules, loaded once."""

    def __init__(self) -> None:
        self.basic: t.Any = importlib.import_module("ansible.module_utils.basic")
        self.flow: t.Any = importlib.import_module(f"{PLUGINS}.module_utils._flow.apply")
        self.mains = {name: importlib.import_module(f"{PLUGINS}.modules.{name}").main for name in NAMES}

    def run(
        self, name: str, arguments: dict[str, t.Any], check: bool = False, prepare: Prepare | None = None
    ) -> Result:
        """The result of a module.

        :param check: whether it only says what it would do
        :param prepare: is called first in the process that the module is, such as to put something in its way
        """
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as printed:
            pid = os.fork()
            if pid == 0:
                self.child(name, arguments, check, prepare, printed.fileno())
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            printed.seek(0)
            text = printed.read()
        return parsed(text, status)

    def child(
        self, name: str, arguments: dict[str, t.Any], check: bool, prepare: Prepare | None, output: int
    ) -> t.NoReturn:
        """One call, in a process that ends with it."""
        code = 99
        try:
            os.dup2(output, 1)
            os.dup2(output, 2)
            sys.stdout = sys.stderr = open(1, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
            options = {"_ansible_check_mode": check, "_ansible_diff": True, "_ansible_remote_tmp": "/tmp"}
            params = {"ANSIBLE_MODULE_ARGS": {**arguments, **options}}
            self.basic._ANSIBLE_ARGS = json.dumps(params).encode()
            self.basic._ANSIBLE_PROFILE = "legacy"
            if prepare is not None:
                prepare()
            self.mains[name]()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)

    def interpose(self, between: Prepare) -> None:
        """Let something happen when the plan is about to be carried out, once. To be called by ``prepare``."""
        apply = self.flow.apply
        todo = [between]

        def wrapped(*positional: t.Any, **named: t.Any) -> t.Any:
            while todo:
                todo.pop()()
            return apply(*positional, **named)

        self.flow.apply = wrapped


def parsed(text: str, status: int) -> Result:
    """What a module printed. ``crash`` holds all of it where that is not the result of a module."""
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            try:
                result = json.loads(line)
            except ValueError:
                break
            if "Traceback" in text:
                result["crash"] = text
            return t.cast(Result, result)
    return {"failed": True, "msg": "", "status": status, "crash": text or f"it ended with {status}, and said nothing"}


def said(result: Result) -> str:
    """All that a result says in words. A warning is text, or in newer versions of Ansible a structure around it."""
    warnings = result.get("warnings") or []
    texts = [item if isinstance(item, str) else str(item["event"]["msg"]) for item in warnings]
    return "\n".join([str(result.get("msg") or ""), *texts])
