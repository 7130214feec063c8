# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declare definitions of other people as they are written. Runs on a test host.

    python3 raw.py --engine DIRECTORY --kind domain|network|pool|volume FILE...

``--engine`` is the folder that holds ``module_utils``. Each file that libvirt accepts goes through
the filter ``*_from_xml`` as it is, only under a throw-away name and with emulation in place of KVM,
and is declared as a new resource. Then it

passes   where libvirt takes it, and the second plan has nothing to do;
refused  where the tables or libvirt refuse it by name of the option.

Anything else is a fault: what libvirt keeps in another form than the tables expect, what libvirt
refuses though it accepts the file, and exceptions. It exits 1 where there is one.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import sys
import traceback
import typing as t
from pathlib import Path
from xml.etree import ElementTree as ET

import libvirt

NAME = "virtfleet-corpus"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", type=Path, required=True)
    parser.add_argument("--kind", choices=("domain", "network", "pool", "volume"), required=True)
    parser.add_argument("files", nargs="+", type=Path)
    return parser.parse_args()


def named(text: str) -> ET.Element:
    """The definition under the throw-away name. Raises ParseError for what is no XML."""
    root = ET.fromstring(text)
    for node in root.findall("name"):
        node.text = NAME
    return root


class Raw:
    """What came of the files of one kind of resource."""

    def __init__(self, kind: t.Any, kind_name: str) -> None:
        from module_utils import _errors, _xml_conversion
        from module_utils._libvirt import host_model

        self.error = _errors.VirtfleetError
        self.from_xml = _xml_conversion.from_xml
        self.host = host_model.host(kind.connection)
        self.kind, self.name = kind, kind_name
        self.counts: collections.Counter[str] = collections.Counter()
        self.lines: dict[str, list[tuple[str, str]]] = collections.defaultdict(list)

    def file(self, file: Path) -> None:
        """Declare one file."""
        try:
            root = named(file.read_text(encoding="utf-8"))
        except (ET.ParseError, UnicodeDecodeError):
            return
        if root.tag != self.name:
            return
        self.counts["files"] += 1
        self.kind.prepare(root)
        text = ET.tostring(root, encoding="unicode")
        try:
            self.kind.keep(text)
        except libvirt.libvirtError:
            return
        self.counts["accepted by libvirt"] += 1
        try:
            verdict, told = self.declare(text)
        except Exception:
            verdict, told = "exceptions", [traceback.format_exc()[-300:]]
        self.counts[verdict] += 1
        for line in told:
            self.lines[verdict].append((file.name, re.sub(r"\[[0-9]+\]", "[]", line)[:160]))

    def declare(self, text: str) -> tuple[str, list[str]]:
        """What becomes of a definition that is declared on a new resource: a verdict, and its details."""
        try:
            config = json.loads(json.dumps(self.from_xml(self.kind.table, text, True)))
            planned = self.kind.plan(config, None, self.host)
        except self.error as error:
            return "refused", [" ".join(str(error).split())]
        try:
            kept = self.kind.keep(self.kind.defined(planned), validate=True)
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_XML_INVALID_SCHEMA:
                return "refused", ["libvirt's own schema does not know it"]  # The modules name the option.
            return "refused by libvirt", [" ".join(str(error).split())]
        again = self.kind.plan(config, kept, self.host)
        if again.changes:
            return "kept otherwise", [f"{each.path}: {each.before!r} -> {each.after!r}" for each in again.changes]
        return "passes", []

    def report(self) -> None:
        """Print the figures, and each fault with its file."""
        sys.stdout.write(f"{self.name}s: {dict(self.counts)}\n")
        for verdict, lines in self.lines.items():
            sys.stdout.write(f"{verdict}:\n")
            examples: dict[str, str] = {}
            for name, line in lines:
                examples.setdefault(line, name)
            for line, number in collections.Counter(line for _name, line in lines).most_common(200):
                sys.stdout.write(f"  {number:5} {line} ({examples[line]})\n")

    @property
    def sound(self) -> bool:
        """Whether every file passed, or was refused by the tables."""
        return self.counts["accepted by libvirt"] > 0 and self.counts["accepted by libvirt"] == sum(
            self.counts[verdict] for verdict in ("passes", "refused")
        )


def main() -> None:
    options = arguments()
    sys.path.insert(0, str(options.engine))
    from kinds import KINDS

    libvirt.registerErrorHandler(lambda context, error: None, None)
    kind = KINDS[options.kind](libvirt.open("qemu:///system"))
    raw = Raw(kind, options.kind)
    try:
        for file in options.files:
            raw.file(file)
    finally:
        kind.close()
    raw.report()
    if not raw.sound:
        sys.exit(1)


if __name__ == "__main__":
    main()
