# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell how many mistakes the unit tests would notice: mutants.py CHECKOUT WORK [OPTION...], for ./runtests mutants.

Makes mistakes in a copy of the collection, one after the other, and runs the tests that execute the changed line. Those
that no test notices are printed. See draw.py for the mistakes, choose.py for the tests, judge.py for how they run.

Everything happens in namespaces of its own. A mutant may do anything, as root, and tests are run by it: it has its own
network and its own processes, and of the machine's files it can write to those in WORK only.
"""

from __future__ import annotations

import argparse
import difflib
import fcntl
import hashlib
import json
import os
import pwd
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDERS = [f"plugins/module_utils/{name}" for name in ("_engine", "_kinds", "_hostnet")]
HERE = Path(__file__).resolve().parent
# Left out: what starts ansible-playbook or draws random numbers takes much time, and says little about a line.
LEFT_OUT = ["playbooks", "roles", "fuzz"]
TESTS = ["tests/unit", *(f"--ignore=tests/unit/{name}" for name in LEFT_OUT)]
OPTIONS = ["-q", "-s", "-p", "no:cacheprovider", "-m", "not long", "--tb", "short"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./runtests mutants --")
    parser.add_argument("checkout", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, default=300, help="how many mutants to draw (without: 300)")
    parser.add_argument("--seed", default=str(random.randrange(10**6)), help="which ones; printed at the start")
    parser.add_argument(
        "--seconds", type=float, default=20, help="of the processor that each mutant gets for its tests (without: 20)"
    )
    parser.add_argument(
        "--goal", type=float, default=85, help="the share in per cent that must be noticed (without: 85)"
    )
    parser.add_argument("--measure", action="store_true", help="measure anew what all tests call")
    parser.add_argument("--as-measured", action="store_true", help="do not even measure what new tests call")
    parser.add_argument("--survivors", action="store_true", help="only those that survived the last run")
    names = ("FILE", "OLD", "NEW")
    told = "only this: make NEW of the one OLD in FILE"
    parser.add_argument("--change", nargs=3, action="append", default=[], metavar=names, help=told)
    parser.add_argument("paths", nargs="*", default=FOLDERS, help=f"files and folders (without: {' '.join(FOLDERS)})")
    # Else the paths are taken to be none where they stand behind the options, and then nobody knows them.
    return parser.parse_intermixed_args()


def run(*command: str | Path, **options: Any) -> None:
    done = subprocess.run([str(word) for word in command], check=False, **options)
    if done.returncode:
        sys.exit(f"{' '.join(str(word) for word in command[:6])} ... failed with status {done.returncode}")


# --- a world of its own ---


def enter(work: Path) -> None:
    """Begin this program again, as the first process of namespaces of its own; one run at a time in a folder."""
    if os.getpid() != 1:
        if os.geteuid():
            sys.exit("mutants need root: they run in namespaces of their own, so that they can do no harm")
        lock = os.open(work / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
        os.set_inheritable(lock, True)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("mutants of this checkout are being tried already")
        words = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
        os.execvp("unshare", ["unshare", *words, sys.executable, *sys.argv])


def shut_in(work: Path, checkout: Path) -> None:
    """Make everything but a folder read-only, and /tmp and the home folders of its own."""
    if str(work).startswith("/tmp/"):
        sys.exit(f"{work} is in /tmp, which the mutants get one of their own of: set XDG_CACHE_HOME to another folder")
    for name in ("tmp", "home"):
        shutil.rmtree(work / name, ignore_errors=True)
        (work / name).mkdir(parents=True)
    (work / "tmp").chmod(0o1777)
    ansible = Path(pwd.getpwuid(0).pw_dir, ".ansible")  # whatever HOME says
    ansible.mkdir(exist_ok=True)
    run("mount", "--bind", work, work)
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        place = line.split()[1].encode().decode("unicode_escape")
        if place == "/" or (
            place.startswith(("/mnt", "/home", "/srv", "/media", "/var", "/root")) and place != str(work)
        ):
            run("mount", "-o", "remount,bind,ro", place)
    if str(checkout).startswith("/tmp/"):  # where its programs are still looked for
        seen = work / str(checkout)[1:]
        seen.mkdir(parents=True)
        run("mount", "--bind", checkout, seen)
        run("mount", "-o", "remount,bind,ro", seen)
    run("mount", "--rbind", work / "tmp", "/tmp")
    run("mount", "--bind", work / "home", ansible)
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    run("mount", "-t", "sysfs", "sysfs", "/sys")  # with the network of this namespace
    run("ip", "link", "set", "lo", "up")


# --- the report ---


def shown(mutant: dict[str, Any], stage: Path) -> str:
    """What a mutant has changed, as a diff."""
    old = (stage / mutant["file"]).read_text(encoding="utf-8").splitlines()
    lines = difflib.unified_diff(old, mutant["text"].splitlines(), lineterm="", n=1)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


def report(results: list[dict[str, Any]], stage: Path, goal: float) -> bool:
    """Print the survivors and the share of the others; whether that reaches the goal."""
    survivors = [each for each in results if each["verdict"] == "survived"]
    for each in survivors:
        print(f"\nsurvived: {each['file']}:{each['line']} ({each['operator']}; {each['ran']})\n{shown(each, stage)}")
    killed = len(results) - len(survivors)
    share = 100 * killed / len(results) if results else 0.0
    hanging = sum(each["verdict"] == "hangs" for each in results)
    unseen = sum(each["ran"] == "no test calls it" for each in survivors)
    print(f"\n{killed} of {len(results)} mutants killed ({hanging} of them hang): {share:.1f} %")
    print(f"{unseen} of the survivors are in what no unit test calls")
    return share >= goal


def main() -> None:
    options = arguments()
    checkout, work = options.checkout.resolve(), options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if os.getpid() != 1:
        print(f"seed {options.seed}", flush=True)
        sys.argv += ["--seed", options.seed]
    enter(work)
    # The first process of a space gets no signal that it has no function for; the rest ends with it.
    signal.signal(signal.SIGTERM, lambda *_told: sys.exit(143))
    collections = work / "collections"
    stage = collections / "ansible_collections/virtfleet/kvm"
    run(sys.executable, "-I", checkout / "tests/tools/stage.py", checkout, stage)
    shut_in(work, checkout)
    environment = os.environ | {
        "ANSIBLE_COLLECTIONS_PATH": str(collections), "PYTHONPATH": str(HERE), "TMPDIR": "/tmp",
        "MUTANTS": str(work / "orders.json"), "HYPOTHESIS_STORAGE_DIRECTORY": str(work / "tmp/hypothesis"),
    }  # fmt: skip
    measured = work / "measured.jsonl"
    if options.measure:
        for path in (measured, work / "at_import.json"):
            path.unlink(missing_ok=True)
    results = work / "results.jsonl"
    if options.survivors:
        left = [each for each in read(results) if each["verdict"] == "survived"]
        mutants = [each for each in left if each["of"] == digest((stage / each["file"]).read_bytes())]
        print(f"{len(mutants)} survivors; {len(left) - len(mutants)} are of files that have changed since", flush=True)
    elif options.change:
        mutants = [by_hand(stage / name, name, old, new) for name, old, new in options.change]
    else:
        python = work / "venv/bin/python"
        drawn = subprocess.run(
            [python, HERE / "draw.py", stage, str(options.number), options.seed, *options.paths],
            check=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        said = json.loads(drawn.stdout)
        mutants = said["mutants"]
        print(f"{len(mutants)} mutants, of {said['places']} places that can be changed", flush=True)
    words = [*OPTIONS, "-p", "judge"]
    orders = {
        "stage": str(stage), "work": str(work), "measured": str(measured), "results": str(work / "fresh.jsonl"),
        "measure": not options.as_measured, "seconds": options.seconds, "options": words, "mutants": mutants,
    }  # fmt: skip
    (work / "orders.json").write_text(json.dumps(orders), encoding="utf-8")
    run(sys.executable, "-m", "pytest", *words, *TESTS, cwd=stage, env=environment)
    (work / "fresh.jsonl").replace(results)
    sys.exit(not report(read(results), stage, options.goal))


def by_hand(path: Path, name: str, old: str, new: str) -> dict[str, Any]:
    """A mutant that somebody has written."""
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        sys.exit(f"{name}: {old!r} stands there {text.count(old)} times, not once")
    line = text[: text.index(old)].count("\n") + 1
    return {
        "file": name,
        "of": digest(text.encode()),
        "line": line,
        "operator": "by hand",
        "text": text.replace(old, new),
    }


def digest(content: bytes) -> str:
    """What tells one content of a file from another."""
    return hashlib.sha256(content).hexdigest()


def read(results: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
