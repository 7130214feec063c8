# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How tests run in a child of the judge: against a mutant until one fails, or to note what each of them calls."""

from __future__ import annotations

import json
import os
import types
from collections.abc import Iterable
from typing import Any, TextIO

import pytest
from choose import file_of

# How much longer than measured the tests of a mutant may take before the rest is left out. All times that are measured
# are those of the processor.
SLOWER = 3


def _spent() -> float:
    """The seconds of the processor that this process and those that it has started have used."""
    return sum(os.times()[:4])


class Loop:
    """Runs the tests that it is told, and says on a pipe which one it begins and which one failed."""

    def __init__(self, said: int, seconds: float) -> None:
        self.said = said
        self.ends = _spent() + SLOWER * seconds
        self.failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = self.failed or f"{report.when}: {report.longreprtext[-2000:]}"

    def run(self, items: list[pytest.Item]) -> None:
        for number, item in enumerate(items):
            if _spent() > self.ends:
                os.write(self.said, f"passed {number}\n".encode())
                return
            os.write(self.said, f"begin {item.nodeid}\n".encode())
            following = items[number + 1] if number + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                os.write(self.said, f"failed {item.nodeid}\n".encode())
                print(self.failed, flush=True)
                return
        os.write(self.said, f"passed {len(items)}\n".encode())


class Cold:
    """For a pytest of a mutant's own: the tests in the order of the list."""

    def __init__(self, said: int, seconds: float, tests: list[str]) -> None:
        self.loop = Loop(said, seconds)
        self.tests = tests

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        there = {item.nodeid: item for item in session.items}
        self.loop.run([there[test] for test in self.tests if test in there])
        return True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            os.write(self.loop.said, f"failed {report.nodeid}\n".encode())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.loop.pytest_runtest_logreport(report)


class Recorder(Loop):
    """Runs tests, and notes which functions of the collection each calls.

    A function gets code that notes the call, gives the function its own code back, and calls it. So only the first call
    of each test costs something.
    """

    STUB = compile("lambda *words, **named: __met__(0, words, named)", "stub", "eval").co_consts[0]

    def __init__(
        self, functions: Iterable[types.FunctionType], root: str, digests: dict[str, str], out: TextIO
    ) -> None:
        super().__init__(-1, 0)
        self.functions = [each for each in functions if each.__code__.co_filename.startswith(f"{root}/plugins/")]
        self.names = [name_of(each.__code__, root) for each in self.functions]
        self.codes = [each.__code__ for each in self.functions]
        self.digests, self.out = digests, out
        self.called: set[int] = set()
        for each in self.functions:
            each.__globals__["__met__"] = self.met

    def met(self, number: int, words: tuple[Any, ...], named: dict[str, Any]) -> Any:
        self.called.add(number)
        self.functions[number].__code__ = self.codes[number]
        return self.functions[number](*words, **named)

    def run(self, items: list[pytest.Item]) -> None:
        self.called = set(range(len(self.functions)))
        for number, item in enumerate(items):
            for each in self.called:
                code = self.codes[each]
                consts = tuple(each if const == 0 else const for const in self.STUB.co_consts)
                self.functions[each].__code__ = self.STUB.replace(co_consts=consts, co_freevars=code.co_freevars)
            self.called.clear()
            begun = _spent()
            following = items[number + 1] if number + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            calls = sorted({self.names[each] for each in self.called})
            said = {
                "test": item.nodeid,
                "digest": self.digests[file_of(item.nodeid)],
                "took": round(_spent() - begun, 3),
                "calls": calls,
            }
            print(json.dumps(said), file=self.out, flush=True)


def name_of(code: types.CodeType, root: str) -> str:
    """The file and the name of a function, of that around it where it is made in one."""
    return f"{code.co_filename.removeprefix(root + '/')}:{code.co_qualname.partition('.<locals>')[0]}"
