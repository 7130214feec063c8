# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the field tables against XML of other people, on a real libvirt. Runs on a test host.

    python3 measure.py --engine DIRECTORY --kind domain|network [--dump DIRECTORY] FILE...

``--engine`` is the folder that holds ``module_utils``. Resources are defined and undefined under
a throw-away name and never started. For each file that libvirt accepts:

adopt   the persistent XML read into config, given back as a user's input and planned against the
        same resource, is no change;
renew   config alone, planned as a new resource and defined, gives the same persistent XML.

What is not the same is reported by the path of the element, most frequent first.
"""

from __future__ import annotations

import argparse
import collections
import copy
import ipaddress
import json
import re
import sys
import time
import traceback
import typing as t
from pathlib import Path
from xml.etree import ElementTree as ET

import libvirt

NAME = "virtfleet-corpus"
BRIDGE = "vfcorpus0"
PROMISE = {"domain": 0.90, "network": 0.95}
"""The share that comes out the same when it is made anew."""

SORTED = frozenset(("controller", "feature", "timer", "capability", "add", "del"))
"""Tags of which libvirt does not care about the order, or makes its own."""

Counter = collections.Counter


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", type=Path, required=True)
    parser.add_argument("--kind", choices=("domain", "network"), required=True)
    parser.add_argument("--dump", type=Path, help="folder for the persistent XML of what libvirt accepts")
    parser.add_argument("--nulls", action="store_true", help="also give null for every option that is there")
    parser.add_argument("--require", action="store_true", help="exit 1 where less is reached than is promised")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("files", nargs="+", type=Path)
    return parser.parse_args()


class Domains:
    """Domains, as the tests need them."""

    def __init__(self, connection: t.Any) -> None:
        self.connection = connection

    def prepare(self, root: ET.Element) -> None:
        """Make what any host can define of an example."""
        if root.get("type") == "kvm":
            root.set("type", "qemu")

    def define(self, text: str, validate: bool) -> t.Any:
        return self.connection.defineXMLFlags(text, libvirt.VIR_DOMAIN_DEFINE_VALIDATE if validate else 0)

    def read(self, domain: t.Any) -> str:
        return str(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE))

    def undefine(self, domain: t.Any) -> None:
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_KEEP_TPM)


class Networks:
    """Networks, as the tests need them."""

    def __init__(self, connection: t.Any) -> None:
        self.connection = connection

    def prepare(self, root: ET.Element) -> None:
        """Make what any host can define of an example: a bridge that no other network of the host has."""
        forward, bridge = root.find("forward"), root.find("bridge")
        if bridge is not None and bridge.get("name") and (forward is None or forward.get("mode") != "bridge"):
            bridge.set("name", BRIDGE)

    def define(self, text: str, validate: bool) -> t.Any:
        return self.connection.networkDefineXMLFlags(text, libvirt.VIR_NETWORK_DEFINE_VALIDATE if validate else 0)

    def read(self, network: t.Any) -> str:
        return str(network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE))

    def undefine(self, network: t.Any) -> None:
        network.undefine()


def canonical(root: ET.Element, own: str) -> ET.Element:
    """A definition without what libvirt allots to each resource anew, and without the collection's mark."""
    root = copy.deepcopy(root)
    for node in root.findall("uuid"):
        root.remove(node)
    for metadata in root.findall("metadata"):
        for node in [node for node in metadata if node.tag.startswith(f"{{{own}}}")]:
            metadata.remove(node)
        if not len(metadata):
            root.remove(metadata)
    for node in root.iter():
        if node.tag in ("ip", "route") and node.get("address") and not node.get("prefix"):
            # A prefix, a mask and, with IPv4, neither are three spellings of one value.
            bits = node.attrib.pop("netmask", None)
            address = ipaddress.ip_interface(f"{node.get('address')}/{bits}") if bits else None
            node.set("prefix", str(address.network.prefixlen) if address else historical(str(node.get("address"))))
        node.text, node.tail = (node.text or "").strip() or None, None
    return root


def historical(address: str) -> str:
    """The prefix of an address that comes without one, as libvirt takes it."""
    if ":" in address:
        return "64"
    first = int(address.partition(".")[0])
    return "8" if first < 128 else "16" if first < 192 else "24"


def without_addresses(root: ET.Element) -> ET.Element:
    """A definition without the addresses on the guest's buses and without aliases."""
    root = copy.deepcopy(root)
    for device in root.findall("devices/*"):
        for node in [*device.findall("address"), *device.findall("alias")]:
            device.remove(node)
    return root


def flat(node: ET.Element, path: str, place: tuple[t.Any, ...], out: Counter) -> None:
    """All attributes, texts and empty elements of a definition, each with its place.

    Elements of different tags have no order among each other, as libvirt has it; elements of one
    tag have, but for those in SORTED.
    """
    for name, value in node.attrib.items():
        out[place, f"{path}@{name}", value] += 1
    if node.text:
        out[place, path, node.text] += 1
    if not len(node) and not node.attrib and not node.text:
        out[place, f"{path} (empty)", ""] += 1
    seen: Counter = Counter()
    for child in sorted(node, key=lambda child: ET.tostring(child) if child.tag in SORTED else b""):
        seen[child.tag] += 1
        here = f"{path}/{child.tag}" if path else child.tag
        flat(child, here, (*place, child.tag, seen[child.tag]), out)


def differences(before: ET.Element, after: ET.Element) -> list[str]:
    """What one definition has and the other has not, by path; a minus is lost, a plus came."""
    had: Counter = Counter()
    has: Counter = Counter()
    flat(before, "", (), had)
    flat(after, "", (), has)
    lost = {f"- {path}" for _place, path, _value in had - has}
    return sorted(lost | {f"+ {path}" for _place, path, _value in has - had})


class Measure:
    """The figures of one kind of resource."""

    def __init__(self, options: argparse.Namespace) -> None:
        sys.path.insert(0, str(options.engine))
        from module_utils._engine import adopt, context, paths, plan
        from module_utils._tables import domain, network

        self.engine, self.adopt = plan, adopt
        self.host = context.Host()
        self.own = paths.NAMESPACES["virtfleet"]
        connection = libvirt.open("qemu:///system")
        kinds: dict[str, tuple[t.Any, t.Any]] = {
            "domain": (domain.DOMAIN, Domains(connection)),
            "network": (network.NETWORK, Networks(connection)),
        }
        self.table, self.kind = kinds[options.kind]
        self.options = options
        self.counts: Counter = Counter()
        self.reports: dict[str, Counter] = collections.defaultdict(Counter)
        self.examples: dict[tuple[str, str], str] = {}

    def note(self, report: str, line: str, file: Path) -> None:
        """Count a line of a report, with the first file that it is about."""
        self.reports[report][line] += 1
        self.examples.setdefault((report, line), file.name)

    def persistent(self, text: str, validate: bool = False) -> ET.Element:
        """What libvirt keeps of a definition."""
        resource = self.kind.define(text, validate)
        try:
            return ET.fromstring(self.kind.read(resource))
        finally:
            self.kind.undefine(resource)

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
        for node in root.findall("uuid"):
            root.remove(node)
        name = root.find("name")
        if name is not None:
            name.text = NAME
        self.kind.prepare(root)
        try:
            kept = self.persistent(ET.tostring(root, encoding="unicode"))
        except libvirt.libvirtError as error:
            self.note("refused by libvirt", re.sub(r"'[^']*'", "'...'", str(error))[:100], file)
            return
        self.counts["accepted"] += 1
        if self.options.dump:
            (self.options.dump / file.name).write_text(ET.tostring(kept, encoding="unicode"), encoding="utf-8")
        try:
            self.accepted(kept, file)
        except (self.engine.VirtfleetError, libvirt.libvirtError) as error:
            self.note("refusals", " ".join(str(error).split())[-200:], file)
        except Exception:
            self.note("exceptions", traceback.format_exc()[-400:], file)

    def accepted(self, kept: ET.Element, file: Path) -> None:
        """Measure what libvirt accepted."""
        adopted = self.adopt.adopt(self.table, kept)
        if "xml" not in adopted.config and not adopted.uncovered:
            self.counts["covered by options"] += 1
        for path in [*adopted.uncovered, *(["xml"] if "xml" in adopted.config else [])]:
            self.note("not covered by options", path, file)
        plan = self.planned(adopted.config, kept)
        if plan.changes:
            for change in plan.changes:
                path = re.sub(r"\[[0-9]+\]", "[]", change.path)
                self.note("changes after adopting", f"{path}: {change.before!r} -> {change.after!r}"[:160], file)
        else:
            self.counts["adopted without a change"] += 1
        if self.options.nulls:
            self.nulls(adopted.config, kept, file)
        whole = self.adopt.adopt(self.table, kept, secrets=True).config
        new = self.persistent(self.defined(self.planned(whole, None)), validate=True)
        before, after = canonical(kept, self.own), canonical(new, self.own)
        if not differences(before, after):
            self.counts["the same when made anew, with addresses"] += 1
        rest = differences(without_addresses(before), without_addresses(after))
        if not rest:
            self.counts["the same when made anew"] += 1
        for path in rest:
            self.note("left over when made anew", path, file)

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
                new = self.persistent(self.defined(plan))
            except (self.engine.VirtfleetError, libvirt.libvirtError):
                continue  # Without it the resource is none; that is for the user to be told.
            again = self.planned(item, new)
            for change in again.changes:
                self.note(
                    "null that does not last", f"{shown}: {change.path} {change.before!r} -> {change.after!r}", file
                )

    def planned(self, config: dict[str, t.Any], have: ET.Element | None) -> t.Any:
        """The plan for a config as a user hands it over."""
        config = json.loads(json.dumps(config))
        want = self.table.parse([{**config, "state": "present"}])
        there = {}
        if have is not None:
            there[NAME] = self.engine.Observed(have, None, self.table.initial, {"autostart": False})
            config.pop("autostart", None)
        return self.engine.plan(self.table, there, want, self.host)[0]

    def defined(self, plan: t.Any) -> str:
        """The XML that a plan defines."""
        return next(str(step.value) for step in plan.steps if step.action == "define")

    def kept_promise(self) -> bool:
        """Whether as much is reached as the project promises: all adopted, most made anew the same."""
        accepted = self.counts["accepted"]
        most = PROMISE[self.table.kind] * accepted
        adopted, anew = self.counts["adopted without a change"], self.counts["the same when made anew"]
        return 0 < accepted == adopted and anew >= most

    def report(self, seconds: float) -> None:
        """Print the figures."""
        accepted = self.counts["accepted"]
        say(f"{self.table.kind}s: {self.counts['files']} files, {accepted} accepted by libvirt, {seconds:.0f} s")
        for name in (
            "covered by options",
            "adopted without a change",
            "the same when made anew",
            "the same when made anew, with addresses",
        ):
            say(f"  {name}: {self.counts[name]} of {accepted}, {100 * self.counts[name] / max(accepted, 1):.2f} %")
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
    if options.dump:
        options.dump.mkdir(parents=True, exist_ok=True)
    libvirt.registerErrorHandler(lambda context, error: None, None)
    measure = Measure(options)
    start = time.monotonic()
    for file in options.files:
        measure.file(file)
    measure.report(time.monotonic() - start)
    if options.require and not measure.kept_promise():
        sys.exit(1)
    if options.json:
        options.json.write_text(json.dumps(measure.counts), encoding="utf-8")


if __name__ == "__main__":
    main()
