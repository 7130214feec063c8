# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plugin of pytest that runs tests against mutants, each in a process of its own.

pytest has imported and collected everything once. For a mutant it forks, and the child puts the mutant's functions in
the place of the original ones, wherever they have been imported to. So a mutant costs no start and no collection. One
that differs in what runs at an import (a table, a default) gets a new pytest instead. In both cases the file is changed
in the copy, too, for the programs that tests start.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
import types
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from choose import Imports, Measured, chosen, file_of, function_at
from loops import Cold, Loop, Recorder, name_of

# A test is hanging that takes so many seconds of the processor more than five times what it took, or ten times that by
# the clock: others may use the machine, too. One that nobody has measured gets more.
PATIENCE, MORE = 15, 60
# A mutant that fills the memory must not take the machine with it.
MEMORY = 8 << 30
# How many files of tests a new pytest collects at most: one takes a tenth of a second or more.
FILES = 25
Verdict = dict[str, Any]


class Judge:
    """Runs mutants through the tests that pytest has collected."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self.orders = orders
        self.root = Path(orders["stage"])
        self.plugins = f"{self.root}/plugins/"
        self.work = Path(orders["work"])
        self.measurements = Path(orders["measured"])
        self.measured = Measured(self.measurements)
        self.imports = Imports(self.root)
        self.items: dict[str, pytest.Item] = {}
        self.functions: list[types.FunctionType] = []
        self.by_name: dict[tuple[str, str], list[types.FunctionType]] = defaultdict(list)
        # A module is what it was when pytest imported it: what is called then needs an import with the mutant.
        self.imported = self.work / "at_import.json"
        self.at_import: set[str] = set()
        if self.imported.is_file():
            self.at_import = set(json.loads(self.imported.read_text(encoding="utf-8")))
        else:
            sys.setprofile(self._profile)
        self.sound: set[str] = set()
        self.broken: set[str] = set()
        self.loop: Loop | None = None
        self.stamp = int(time.time()) - 1_000_000

    def _profile(self, frame: types.FrameType, event: str, _arg: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(self.plugins):
            self.at_import.add(name_of(frame.f_code, str(self.root)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self.loop:
            self.loop.pytest_runtest_logreport(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        sys.setprofile(None)
        self.imported.write_text(json.dumps(sorted(self.at_import)), encoding="utf-8")
        self.items = {item.nodeid: item for item in session.items}
        # Objects that are frozen are not among those that the collector lists.
        gc.unfreeze()
        for each in gc.get_objects():
            if isinstance(each, types.FunctionType) and each.__code__.co_filename.startswith(str(self.root)):
                self.functions.append(each)
                self.by_name[each.__code__.co_filename, each.__code__.co_qualname].append(each)
        gc.collect()
        gc.freeze()
        self.measure()
        with open(self.orders["results"], "w", encoding="utf-8") as results:
            for number, mutant in enumerate(self.orders["mutants"], 1):
                verdict = self.judge(mutant)
                print(json.dumps(mutant | verdict), file=results, flush=True)
                print(
                    f"{number:4} {verdict['verdict']:9} {verdict['took']:5.1f} s  {mutant['file']}:{mutant['line']}"
                    f"  {mutant['operator']}  {verdict['by'] or verdict['ran']}",
                    flush=True,
                )
        return True

    def judge(self, mutant: dict[str, Any]) -> Verdict:
        """What becomes of a mutant: ``killed``, ``hangs`` (which counts as killed) or ``survived``, with the reason."""
        begun = time.monotonic()
        path = self.root / mutant["file"]
        original = path.read_bytes()
        text = original.decode()
        there = [test for test in self.items if test not in self.broken]
        tests = chosen(mutant["file"], mutant["line"], text, self.measured, self.imports, there)
        tests, left = self._in_time(tests)
        changed = self.patches(str(path), text, mutant["text"])
        verdict: Verdict = {"verdict": "survived", "by": ""}
        self._write(path, mutant["text"].encode())
        try:
            if changed is not None:
                verdict = self._forked(tests, changed)
            if verdict["verdict"] == "survived" and (
                changed is None or f"{mutant['file']}:{function_at(text, mutant['line'])}" in self.at_import
            ):
                verdict = self._anew(tests)
        finally:
            self._write(path, original)
        if verdict["verdict"] != "survived" and not self._is_sound(verdict["by"], tests):
            return self.judge(mutant)
        ran = f"{verdict.get('number', 0)} of {len(tests) + left} tests" if tests else "no test calls it"
        return verdict | {"ran": ran, "took": time.monotonic() - begun}

    def _in_time(self, tests: list[str]) -> tuple[list[str], int]:
        """The first tests, of the time that a mutant gets, and how many are left out."""
        total, taken = 0.0, []
        for test in tests:
            total += self.measured.seconds(test)
            if total > self.orders["seconds"] and taken:
                break
            taken.append(test)
        return taken, len(tests) - len(taken)

    def _is_sound(self, test: str, tests: list[str]) -> bool:
        """Whether a test passes without a mutant; one that does not is left out from then on."""
        if test not in self.items:  # the files of the tests could not even be imported
            verdict = self._anew(tests, only=1)
            if verdict["verdict"] == "survived":
                return True
            sys.exit(f"without a mutant, these tests cannot be imported: {verdict}")
        if test not in self.sound and test not in self.broken:
            verdict = self._forked([test], [])
            (self.sound if verdict["verdict"] == "survived" else self.broken).add(test)
            if test in self.broken:
                print(f"     left out, as it fails without a mutant: {test}\n{verdict.get('said', '')}", flush=True)
        return test in self.sound

    def _write(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        # Python tells a compiled file by the second and the size of its source: each gets a second of its own.
        self.stamp += 1
        os.utime(path, (self.stamp, self.stamp))

    # --- what the tests call ---

    def measure(self) -> None:
        """Note of each test what it calls, where that is not known of it as it is now."""
        digests = {
            file: hashlib.sha256((self.root / file).read_bytes()).hexdigest() for file in map(file_of, self.items)
        }
        new = [test for test in self.items if self.measured.digests.get(test) != digests[file_of(test)]]
        # Those of the modules go through everything, so they come first in case that this is broken off.
        new.sort(key=lambda test: not test.startswith("tests/unit/plugins/modules/"))
        if not new or not self.orders["measure"]:
            return
        print(f"measuring what {len(new)} tests call; what is done stays if this is broken off", flush=True)
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            try:
                self._alone()
                with self.measurements.open("a", encoding="utf-8") as out:
                    self.loop = Recorder(self.functions, str(self.root), digests, out)
                    self.loop.run([self.items[test] for test in new])
            except BaseException as error:
                print("measuring failed:", repr(error), flush=True)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        self._end_all()
        self.measured = Measured(self.measurements)
        left = sum(test not in self.measured.digests for test in self.items)
        if left:
            print(
                f"{left} tests could not be measured: {(self.work / 'child.log').read_text(encoding='utf-8')[-2000:]}",
                flush=True,
            )

    # --- the functions of a mutant ---

    def patches(self, path: str, text: str, mutant: str) -> list[tuple[types.FunctionType, types.CodeType]] | None:
        """The functions that a mutant has other code for, and that code; None where it differs at the import."""
        found: list[tuple[types.FunctionType, types.CodeType]] = []
        old = compile(text, path, "exec", dont_inherit=True)
        new = compile(mutant, path, "exec", dont_inherit=True)
        return found if self._compare(path, old, new, found) and found else None

    def _compare(self, path: str, old: types.CodeType, new: types.CodeType, found: list[Any]) -> bool:
        """Whether two codes differ within functions only; notes these functions."""
        is_function = bool(old.co_flags & 2)  # CO_NEWLOCALS: not of a module or a class
        if is_function and old != new:
            live = [each for each in self.by_name.get((path, old.co_qualname), ()) if each.__code__ == old]
            if any(len(each.__code__.co_freevars) != len(new.co_freevars) for each in live):
                return False
            found += [(each, new) for each in live]
        inner_old, inner_new = (
            [each for each in code.co_consts if isinstance(each, types.CodeType)] for code in (old, new)
        )
        if not is_function and (len(inner_old) != len(inner_new) or not _same_besides(old, new)):
            return False
        if len(inner_old) != len(inner_new):
            return True
        return all(self._compare(path, a, b, found) for a, b in zip(inner_old, inner_new, strict=True))

    # --- processes ---

    def _forked(self, tests: list[str], changed: list[tuple[types.FunctionType, types.CodeType]]) -> Verdict:
        if not tests:
            return {"verdict": "survived", "by": ""}
        read, write = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(read)
                self._alone()
                for function, code in changed:
                    function.__code__ = code
                self.loop = Loop(write, self.orders["seconds"])
                self.loop.run([self.items[test] for test in tests])
                status = 0
            except BaseException as error:  # the child must not go on as the parent does
                print("the judge failed:", repr(error), flush=True)
            finally:
                os._exit(status)
        os.close(write)
        return self._watched(child, read, tests)

    def _anew(self, tests: list[str], only: int | None = None) -> Verdict:
        if not tests:
            return {"verdict": "survived", "by": ""}
        files: dict[str, None] = {}
        kept = [
            test
            for test in tests
            if file_of(test) in files or (len(files) < FILES and not files.update({file_of(test): None}))
        ]
        listed = self.work / "tests.txt"
        listed.write_text("\n".join(kept), encoding="utf-8")
        read, write = os.pipe()
        os.set_inheritable(write, True)
        orders = json.dumps({"said": write, "seconds": self.orders["seconds"], "tests": kept[:only]})
        environment = {**os.environ, "MUTANTS_COLD": str(self.work / "cold.json")}
        (self.work / "cold.json").write_text(orders, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", *self.orders["options"], f"@{listed}"]
        with (self.work / "child.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                close_fds=False,
            )
        os.close(write)
        return self._watched(process.pid, read, kept)

    def _alone(self) -> None:
        """What a child does first."""
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        nothing = os.open(os.devnull, os.O_RDONLY)
        log = os.open(self.work / "child.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number, to in ((0, nothing), (1, log), (2, log)):
            os.dup2(to, number)
        gc.enable()

    def _watched(self, child: int, read: int, tests: list[str]) -> Verdict:
        """Waits for a child, as long as each of its tests may take."""
        verdict, current, rest = "", "", b""
        ran = 0
        limit = float(MORE)  # until the first test begins
        begun, used = time.monotonic(), 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(read, selectors.EVENT_READ)
            while not verdict:
                if not selector.select(1):
                    if _used(child) - used > limit or time.monotonic() - begun > 10 * limit:
                        verdict = "hangs"
                    continue
                got = os.read(read, 65536)
                if not got:
                    break
                *lines, rest = (rest + got).split(b"\n")
                for line in lines:
                    word, _space, test = line.decode().partition(" ")
                    if word == "begin":
                        current, begun, used = test, time.monotonic(), _used(child)
                        ran += 1
                        known = test in self.measured.durations
                        limit = (PATIENCE if known else MORE) + 5 * self.measured.seconds(test)
                    elif word == "failed":
                        verdict, current = "killed", test
                    else:
                        verdict = "survived"
        os.close(read)
        self._end_all()
        os.waitpid(child, 0)
        said = (self.work / "child.log").read_text(encoding="utf-8", errors="replace")[-3000:]
        if not verdict:  # It ended without a word: the mutant took the whole process down.
            verdict = "killed"
        by = "" if verdict == "survived" else current or "import"
        return {"verdict": verdict, "by": by, "said": said, "number": ran}

    def _end_all(self) -> None:
        """End what is left of a child: all processes here are ours, as they have a number space of their own."""
        spared = {os.getpid(), os.getppid(), 1}
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) not in spared:
                try:
                    os.kill(int(name), signal.SIGKILL)
                except ProcessLookupError:
                    pass


def _used(process: int) -> float:
    """The seconds that a process has used the processor (proc_pid_stat(5))."""
    try:
        words = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _same_besides(old: types.CodeType, new: types.CodeType) -> bool:
    """Whether two codes are the same besides the functions and classes in them."""
    if (old.co_code, old.co_names, old.co_varnames) != (new.co_code, new.co_names, new.co_varnames):
        return False
    pairs = zip(old.co_consts, new.co_consts, strict=False)
    return len(old.co_consts) == len(new.co_consts) and all(
        isinstance(a, types.CodeType) or (type(a) is type(b) and a == b) for a, b in pairs
    )


def pytest_configure(config: pytest.Config) -> None:
    cold, warm = os.environ.get("MUTANTS_COLD"), os.environ.get("MUTANTS")
    if cold:
        orders = json.loads(Path(cold).read_text(encoding="utf-8"))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        config.pluginmanager.register(Cold(**orders))
    elif warm:
        if not _in_a_space_of_its_own():
            raise pytest.UsageError("run this by ./runtests mutants")
        config.pluginmanager.register(Judge(json.loads(Path(warm).read_text(encoding="utf-8"))))


def _in_a_space_of_its_own() -> bool:
    """Whether no process of others can be ended here: the program that began this is the first one."""
    return b"mutants.py" in Path("/proc/1/cmdline").read_bytes()
