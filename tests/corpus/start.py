# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start definitions of guests paused, and plan them while they run. Runs on a test host.

    python3 start.py --engine DIRECTORY [--dump DIRECTORY] FILE...

``--engine`` is the folder that holds ``module_utils``. Each definition is made fit for any host:
emulation in place of KVM, small files in place of disks, networks of the lab. What libvirt then
accepts is started paused, and declared as ``domains_info`` would tell it. Nothing may be left to do
and nothing may wait for a restart: what libvirt writes into the XML of a running guest by itself is
no change. The device types and kinds of interfaces that no guest had are named.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import re
import sys
import time
import traceback
import typing as t
from pathlib import Path
from xml.etree import ElementTree as ET

import libvirt
from startable import Sources, startable

STRIPPED = "started without"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", type=Path, required=True)
    parser.add_argument("--dump", type=Path, help="folder for the inactive and the live XML of what starts")
    parser.add_argument("--least", type=int, default=0, help="exit 1 where fewer start")
    parser.add_argument("files", nargs="+", type=Path)
    return parser.parse_args()


class Start:
    """What came of the definitions."""

    def __init__(self, connection: t.Any, sources: Sources, dump: Path | None) -> None:
        from module_utils._engine import adopt, plan
        from module_utils._engine.observed import Observed
        from module_utils._kinds.domain.table import DOMAIN
        from module_utils._libvirt import host_model

        self.connection, self.sources, self.dump = connection, sources, dump
        self.adopt, self.plan, self.observed, self.table = adopt.adopt, plan.plan, Observed, DOMAIN
        self.host = host_model.host(connection)
        self.counts: collections.Counter[str] = collections.Counter()
        self.lines: dict[str, list[tuple[str, str]]] = collections.defaultdict(list)
        self.seen: collections.Counter[str] = collections.Counter()

    def note(self, report: str, line: str, file: Path) -> None:
        """Take note of a line of a report."""
        self.lines[report].append((line, file.name))

    def file(self, file: Path) -> None:
        """Start the definitions of one file, a document of one or of several, and plan them."""
        try:
            root = ET.fromstring(file.read_bytes())
        except (ET.ParseError, UnicodeDecodeError):
            return
        if root.tag == "domains":
            for node in root:
                self.definition(node, Path(f"{node.findtext('name')}.xml"))
        elif root.tag == "domain":
            self.definition(root, file)

    def definition(self, root: ET.Element, file: Path) -> None:
        """Start one definition, and plan it."""
        self.counts["files"] += 1
        startable(root, self.sources)
        try:
            domain = self.connection.defineXML(ET.tostring(root, encoding="unicode"))
        except libvirt.libvirtError as error:
            self.note("not accepted", short(error), file)
            return
        self.counts["accepted"] += 1
        try:
            domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        except libvirt.libvirtError as error:
            self.note("not started", short(error), file)
            self.again()
            self.forget(self.connection.lookupByName(root.findtext("name")))
            return
        self.counts["started"] += 1
        try:
            self.started(domain, file)
        except Exception:
            self.note("exceptions", traceback.format_exc()[-300:], file)
        finally:
            domain.destroy()
            self.forget(domain)

    def again(self) -> None:
        """Connect anew where the daemon has crashed."""
        for _try in range(20):
            if self.connection.isAlive():
                return
            time.sleep(1)
            with contextlib.suppress(libvirt.libvirtError):
                self.connection = libvirt.open("qemu:///system")

    def forget(self, domain: t.Any) -> None:
        """Undefine a guest with all that goes with it; one that hangs in its start is stopped first."""
        flags = libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_TPM
        with contextlib.suppress(libvirt.libvirtError):
            domain.destroy()
        for each in (flags, flags & ~libvirt.VIR_DOMAIN_UNDEFINE_NVRAM):
            with contextlib.suppress(libvirt.libvirtError):
                domain.undefineFlags(each)
                return

    def started(self, domain: t.Any, file: Path) -> None:
        """Plan a guest that runs as it is told."""
        secure = libvirt.VIR_DOMAIN_XML_SECURE
        kept = domain.XMLDesc(secure | libvirt.VIR_DOMAIN_XML_INACTIVE)
        live = domain.XMLDesc(secure)
        if self.dump:
            (self.dump / f"{file.stem}.inactive.xml").write_text(kept, encoding="utf-8")
            (self.dump / f"{file.stem}.live.xml").write_text(live, encoding="utf-8")
        definition, runs = ET.fromstring(kept), ET.fromstring(live)
        config = json.loads(json.dumps(self.adopt(self.table, definition, secrets=True).config))
        wants = self.table.parse([{**config, "state": "paused"}])
        have = {config["name"]: self.observed(definition, runs, "paused", {"autostart": False})}
        planned = self.plan(self.table, have, wants, self.host)[0]
        for change in planned.changes:
            self.note("changes", f"{wide(change.path)}: {change.before!r} -> {change.after!r}", file)
        for path in planned.pending:
            self.note("pending", wide(path), file)
        if planned.changes or planned.pending:
            self.counts["not at rest"] += 1
        else:
            self.counts["at rest"] += 1
        self.seen.update(kinds(definition))

    def report(self, seconds: float) -> None:
        """Print the figures, and what is not at rest."""
        say(f"guests: {dict(self.counts)}, {seconds:.0f} s")
        for title, lines in self.lines.items():
            say(f"{title}: {len(lines)}")
            for line, number in collections.Counter(line for line, _name in lines).most_common(300):
                say(f"  {number:5} {line[:200]} ({next(name for text, name in lines if text == line)})")
        say(f"device types and kinds: {' '.join(f'{name}={number}' for name, number in sorted(self.seen.items()))}")


def kinds(definition: ET.Element) -> set[str]:
    """The device types that a definition has, and the kinds of its interfaces."""
    found = {node.tag for node in definition.findall("devices/*")}
    return found | {f"interface.{node.get('type')}" for node in definition.findall("devices/interface")}


def wide(path: str) -> str:
    """A path for all items of its lists."""
    return re.sub(r"\[[0-9]+\]", "[]", path)


def short(error: Exception) -> str:
    """An error without what is different each time."""
    return re.sub(r"'[^']*'|[0-9T:.-]{10,}Z|pid=[0-9]+", "'...'", " ".join(str(error).split()))[-180:]


def say(line: str) -> None:
    """One line of the report."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    options = arguments()
    sys.path.insert(0, str(options.engine))
    if options.dump:
        options.dump.mkdir(parents=True, exist_ok=True)
    libvirt.registerErrorHandler(lambda context, error: None, None)
    sources = Sources()
    start = Start(libvirt.open("qemu:///system"), sources, options.dump)
    began = time.monotonic()
    for file in options.files:
        start.file(file)
    start.report(time.monotonic() - began)
    if start.counts["not at rest"] or start.lines["exceptions"] or start.counts["started"] < max(options.least, 1):
        sys.exit(1)


if __name__ == "__main__":
    main()
