# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the field tables against XML of other people, on a real libvirt. Runs on a test host.

    python3 measure.py --engine DIRECTORY --kind domain|network|pool|volume [--dump DIRECTORY] FILE...

``--engine`` is the folder that holds ``module_utils``. Domains, networks and pools are defined and
undefined under a throw-away name and never started; volumes are made in a throw-away folder. For
each file that libvirt accepts:

adopt   the persistent XML read into config, given back as a user's input and planned against the
        same resource, is no change;
renew   config alone, planned as a new resource and defined, gives the same persistent XML.

Few volumes of others can be made on any host, so for all of them, by the tables alone: the
definition read into config is no change, and config gives the same definition.

What is not the same is reported by the path of the element, most frequent first.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import copy
import json
import re
import sys
import time
import traceback
import typing as t
from pathlib import Path
from xml.etree import ElementTree as ET

import libvirt
from compare import Counter, as_libvirt_reads, canonical, differences, without_addresses

NAME = "virtfleet-corpus"
MADE = "the same when made anew"
REFUSED = 0.1
"""The largest share of what libvirt accepts that may be refused, rather than made anew."""
OFFLINE = ("adopted without a change, by the tables alone", "the same again, by the tables alone")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", type=Path, required=True)
    parser.add_argument("--kind", choices=("domain", "network", "pool", "volume"), required=True)
    parser.add_argument("--dump", type=Path, help="folder for the persistent XML of what libvirt accepts")
    parser.add_argument("--nulls", action="store_true", help="also give null for every option that is there")
    parser.add_argument("--require", action="store_true", help="exit 1 where less is reached than is promised")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("files", nargs="+", type=Path)
    return parser.parse_args()


class Measure:
    """The figures of one kind of resource."""

    def __init__(self, options: argparse.Namespace, kind: t.Any) -> None:
        from module_utils import _errors
        from module_utils._engine import adopt
        from module_utils._kinds.shared import namespaces

        self.errors = (_errors.VirtfleetError, libvirt.libvirtError)
        self.adopt = adopt.adopt
        self.own = namespaces.OWN
        self.kind, self.table = kind, kind.table
        self.options = options
        self.counts: Counter = Counter()
        self.reports: dict[str, Counter] = collections.defaultdict(Counter)
        self.examples: dict[tuple[str, str], str] = {}

    def note(self, report: str, line: str, file: Path) -> None:
        """Count a line of a report, with the first file that it is about."""
        self.reports[report][line] += 1
        self.examples.setdefault((report, line), file.name)

    def file(self, file: Path) -> None:
        """Measure one file."""
        self.counts["files"] += 1
        try:
            root = ET.fromstring(file.read_text(encoding="utf-8"))
        except (ET.ParseError, UnicodeDecodeError) as error:
            self.note("not XML", str(error), file)
            return
        if root.tag != self.table.kind:
            return
        self.counts["of the kind"] += 1
        for node in root.findall("uuid"):
            root.remove(node)
        name = root.find("name")
        if name is not None:
            name.text = NAME
        if self.table.kind == "volume":
            self.guarded(self.offline, root, file)
        self.kind.prepare(root)
        try:
            kept = self.kind.keep(ET.tostring(root, encoding="unicode"))
        except libvirt.libvirtError as error:
            self.note("refused by libvirt", re.sub(r"'[^']*'", "'...'", str(error))[:100], file)
            return
        self.counts["accepted"] += 1
        if self.options.dump:
            (self.options.dump / file.name).write_text(ET.tostring(kept, encoding="unicode"), encoding="utf-8")
        self.guarded(self.accepted, kept, file)

    def guarded(self, measure: t.Callable[[ET.Element, Path], None], root: ET.Element, file: Path) -> None:
        """Measure, and take note of what goes wrong."""
        try:
            measure(root, file)
        except self.errors as error:
            self.note("refusals", " ".join(str(error).split())[-200:], file)
        except Exception:
            self.note("exceptions", traceback.format_exc()[-400:], file)

    def offline(self, root: ET.Element, file: Path) -> None:
        """Measure a volume's definition by the tables alone."""
        kind = self.kind.pool_type(root)
        definition = self.table.declared(copy.deepcopy(root))
        config = json.loads(json.dumps(self.adopt(self.table, definition).config))
        if self.changes(self.kind.plan(config, definition, kind=kind), OFFLINE[0], file):
            self.counts[OFFLINE[0]] += 1
        if kind == "dir" and definition.find("target/format") is None:
            # As libvirt reads it.
            target = definition.find("target")
            ET.SubElement(ET.SubElement(definition, "target") if target is None else target, "format", type="raw")
        with self.refused(OFFLINE[1]):
            again = self.kind.offline(config, kind)
        before, after = (canonical(as_libvirt_reads(one), self.own) for one in (definition, again))
        rest = differences(before, after)
        if not rest:
            self.counts[OFFLINE[1]] += 1
        for path in rest:
            self.note(f"not {OFFLINE[1]}", path, file)

    def changes(self, plan: t.Any, what: str, file: Path) -> bool:
        """Whether a plan changes nothing; else what it changes is noted."""
        for change in plan.changes:
            path = re.sub(r"\[[0-9]+\]", "[]", change.path)
            self.note(f"not {what}", f"{path}: {change.before!r} -> {change.after!r}"[:160], file)
        return not plan.changes

    def accepted(self, kept: ET.Element, file: Path) -> None:
        """Measure what libvirt accepted."""
        adopted = self.adopt(self.table, kept)
        if "xml" not in adopted.config and not adopted.uncovered:
            self.counts["covered by options"] += 1
        for path in [*adopted.uncovered, *(["xml"] if "xml" in adopted.config else [])]:
            self.note("not covered by options", path, file)
        if self.changes(self.planned(adopted.config, kept), "adopted without a change", file):
            self.counts["adopted without a change"] += 1
        if self.options.nulls:
            self.nulls(adopted.config, kept, file)
        whole = self.adopt(self.table, kept, secrets=True).config
        with self.refused(MADE):
            planned = self.planned(whole, None)
        new = self.kind.keep(self.kind.defined(planned), validate=True)
        before, after = (canonical(self.kind.told(one), self.own) for one in (kept, new))
        if not differences(before, after):
            self.counts["the same when made anew, with addresses"] += 1
        rest = differences(without_addresses(before), without_addresses(after))
        if not rest:
            self.counts[MADE] += 1
        for path in rest:
            self.note("left over when made anew", path, file)

    @contextlib.contextmanager
    def refused(self, what: str) -> t.Iterator[None]:
        """Take what the tables refuse to make, such as a volume of no size, out of those of which a figure is taken."""
        try:
            yield
        except self.errors:
            self.counts[f"refused: {what}"] += 1
            raise

    def nulls(self, config: dict[str, t.Any], kept: ET.Element, file: Path) -> None:
        """Give null for each option, one by one: what libvirt then keeps must need no further change."""
        for path in options_in(config, ()):
            wide = tuple("[]" if isinstance(step, int) else step for step in path)
            if wide in self.examples:
                continue
            self.examples[wide] = file.name  # type: ignore[index]
            item = nulled(kept, config, path)
            shown = ".".join(map(str, wide))
            try:
                plan = self.planned(item, kept)
                if not plan.changes:
                    continue
                new = self.kind.keep(self.kind.defined(plan))
            except self.errors:
                continue  # Without it the resource is none; that is for the user to be told.
            again = self.planned(item, new)
            for change in again.changes:
                self.note(
                    "null that does not last", f"{shown}: {change.path} {change.before!r} -> {change.after!r}", file
                )

    def planned(self, config: dict[str, t.Any], have: ET.Element | None) -> t.Any:
        """The plan for a config as a user hands it over."""
        return self.kind.plan(json.loads(json.dumps(config)), have)

    def shares(self) -> t.Iterator[tuple[str, int, int]]:
        """What is counted, how often it is so, and of how many."""
        for name in (
            "covered by options",
            "adopted without a change",
            "the same when made anew",
            "the same when made anew, with addresses",
        ):
            if name != "the same when made anew, with addresses" or self.table.kind == "domain":
                yield name, self.counts[name], self.counts["accepted"] - self.counts[f"refused: {name}"]
        if self.table.kind == "volume":
            for name in OFFLINE:
                yield name, self.counts[name], self.counts["of the kind"] - self.counts[f"refused: {name}"]

    def kept_promise(self) -> bool:
        """Whether as much is reached as the project promises: all adopted, most made anew the same."""
        promised = {
            "adopted without a change": 1.0,
            MADE: self.kind.promise,
            OFFLINE[0]: 1.0,
            OFFLINE[1]: self.kind.promise,
        }
        shares = list(self.shares())
        measured = any(total for _name, _number, total in shares)
        if self.counts[f"refused: {MADE}"] > REFUSED * self.counts["accepted"]:
            return False
        return measured and all(number >= promised.get(name, 0) * total for name, number, total in shares)

    def report(self, seconds: float) -> None:
        """Print the figures."""
        accepted = self.counts["accepted"]
        say(f"{self.table.kind}s: {self.counts['files']} files, {accepted} accepted by libvirt, {seconds:.0f} s")
        for name, number, total in self.shares():
            say(f"  {name}: {number} of {total}, {100 * number / max(total, 1):.2f} %")
        for title, lines in self.reports.items():
            say(f"{title}: {sum(lines.values())}")
            for line, number in lines.most_common(25 if title.startswith("refused by") else 200):
                say(f"  {number:5} {line} ({self.examples[title, line]})")


def say(line: str) -> None:
    """One line of the report."""
    sys.stdout.write(f"{line}\n")


def options_in(value: t.Any, path: tuple[t.Any, ...]) -> t.Iterator[tuple[t.Any, ...]]:
    """The paths of all plain values of a config."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from options_in(inner, (*path, name))
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for index, inner in enumerate(value):
            yield from options_in(inner, (*path, index))
    elif path not in (("name",), ("uuid",), ("xml",)):
        yield path


def nulled(kept: ET.Element, config: dict[str, t.Any], path: tuple[t.Any, ...]) -> dict[str, t.Any]:
    """A config that gives null for one option, and all of the lists that it is in."""
    config = copy.deepcopy(config)
    target: t.Any = config
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = None
    return {"name": config["name"], path[0]: config[path[0]]}


def main() -> None:
    options = arguments()
    sys.path.insert(0, str(options.engine))
    from kinds import KINDS

    if options.dump:
        options.dump.mkdir(parents=True, exist_ok=True)
    libvirt.registerErrorHandler(lambda context, error: None, None)
    kind = KINDS[options.kind](libvirt.open("qemu:///system"))
    measure = Measure(options, kind)
    start = time.monotonic()
    try:
        for file in options.files:
            measure.file(file)
    finally:
        kind.close()
    measure.report(time.monotonic() - start)
    if options.json:
        options.json.write_text(json.dumps(measure.counts), encoding="utf-8")
    if options.require and not measure.kept_promise():
        sys.exit(1)


if __name__ == "__main__":
    main()
