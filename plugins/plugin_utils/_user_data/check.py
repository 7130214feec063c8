# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the data that guests give cloud-init, before a host is touched.

It is held against cloud-init's own schema, where that is on the control node, else against its structure alone.
Scripts, templates and what is fetched elsewhere are not looked into. No value is ever shown.
"""

from __future__ import annotations

import email
import hashlib
import json
import typing as t

import yaml
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import HostProblem, merged, place_in, title
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import LayeredGuest
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.unique import word
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init.nocloud import user_data
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init.options import CLOUD_INIT, is_drive
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init.values import HEADS
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, unforeseen
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import ByHost, Variables

from .._settings import bearable
from .._templar import HostTemplar
from .._yaml_files import LOADER, why_unreadable
from . import cloud_config, cloud_init_schema
from .cloud_config import Finding, shown_place

SETTING = "kvm_cloud_init_schema"
"""The variable by which cloud-init's own schema is left out."""

FoundProblem = tuple[str, str, bool]
"""The path of an option below cloud_init, what is wrong with it, and whether it is for sure."""

CLOUD_CONFIG, ARCHIVE = "#cloud-config", "#cloud-config-archive"
ALONE = ("#cloud-config-jsonp", "## template:", "#include", "#!", "#cloud-boothook", "#part-handler", "#upstart-job")
"""What begins data that is not looked into."""

MESSAGE = ("content-type: multipart/", "mime-version:")
"""What a multi-part message begins with."""

BY_BEGINNING = ("text/plain", "text/x-not-multipart")
"""Types of parts of which cloud-init looks at the beginning."""

TOO_LARGE = "is too large to be checked"


class Checker:
    """Looks at the options of guests. Options in the same words are looked at once.

    :param schema: cloud-init's own, where it is there and wanted
    """

    def __init__(self, schema: cloud_init_schema.Schema | None) -> None:
        self.schema = schema
        version = f" {schema.version}" if schema and schema.version else ""
        self.by_schema = f" (by the schema of cloud-init{version} on this machine)"
        self.known: dict[str, list[FoundProblem]] = {}

    def options(self, raw: t.Mapping[str, object]) -> list[FoundProblem]:
        """What is wrong with what the options of one guest make; nothing where one of them is refused by itself.

        :param raw: the options as they are written
        """
        own = {name: value for name, value in raw.items() if name not in ("hostname", "fqdn", "addresses")}
        try:
            key = hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()
        except (TypeError, ValueError, RecursionError):
            return []
        if key not in self.known:
            self.known[key] = self.parsed(own)
        return self.known[key]

    def parsed(self, raw: t.Mapping[str, object]) -> list[FoundProblem]:
        """The same for options that were not looked at yet."""
        item: dict[str, object] = {}
        problems: list[Invalid] = []
        CLOUD_INIT.parse({"cloud_init": raw}, item, "", problems)
        options = item.get("cloud_init")
        if problems or not isinstance(options, dict) or is_drive(options):  # cloudbase-init has no schema.
            return []
        found: list[FoundProblem] = []
        own = options.get("user_data")
        if isinstance(own, str):
            found += [("user_data", sentence, sure) for sentence, sure in self.text(own)]
        else:
            more = own if isinstance(own, dict) else {}
            config = t.cast("dict[str, object]", user_data(options, ""))
            entries = {name: value for name, value in config.items() if name != "hostname" or name in more}
            for one in self.entries(entries):
                within = ("user_data",) if one.place and one.place[0] in more else ()
                found.append((shown_place((*within, *one.place)), one.problem, one.sure))
        found += self.vendor(options.get("vendor_data"))
        network = options.get("network")
        if isinstance(network, dict):
            by_schema = self.schema.of_network(network) if self.schema else []
            findings = self.joined(list(cloud_config.of_network(network)), by_schema)
            found += [(shown_place(("network", *one.place)), one.problem, one.sure) for one in findings]
        return found

    def vendor(self, data: object) -> list[FoundProblem]:
        """What is wrong with vendor data."""
        if isinstance(data, str):
            return [("vendor_data", sentence, sure) for sentence, sure in self.text(data)]
        if not isinstance(data, dict):
            return []
        findings = self.entries(data)
        return [(shown_place(("vendor_data", *one.place)), one.problem, one.sure) for one in findings]

    def entries(self, entries: t.Mapping[str, object]) -> list[Finding]:
        """What is wrong with a cloud-config."""
        if not bearable(entries):
            return [Finding((), TOO_LARGE, False)]
        known = self.schema.entries if self.schema else ()
        by_schema = self.schema.of_config(entries) if self.schema else []
        counting = [cloud_config.counted(entries, one) for one in by_schema]
        return self.joined(list(cloud_config.of_config(entries, known)), [one for one in counting if one is not None])

    def joined(self, by_structure: list[Finding], by_schema: list[Finding]) -> list[Finding]:
        """What both have against one document, without what the second says of a place that the first one named."""
        named = {one.place for one in by_structure}
        more = [one for one in by_schema if not any(one.place[:size] in named for size in range(len(one.place) + 1))]
        return by_structure + [one._replace(problem=one.problem + self.by_schema) for one in more]

    def text(self, text: str, part: bool = False) -> list[tuple[str, bool]]:
        """What is wrong with data that is a text: a sentence, and whether it is for sure.

        :param part: whether it is a part of another one, whose own parts are not looked into
        """
        if text[:100].lower().startswith(MESSAGE):
            return [] if part else self.parts(text)
        begin = beginning(text)
        if begin.startswith(ALONE) or not begin.startswith(CLOUD_CONFIG):
            return []
        if begin.startswith(ARCHIVE):
            return [] if part else self.archive(text)
        return self.config_text(text)

    def config_text(self, text: str, head: bool = True) -> list[tuple[str, bool]]:
        """What is wrong with a cloud-config that is a text.

        :param head: whether it is called one; else it may be a text of another kind, which cloud-init leaves out
        """
        entries, wrong = yaml_of(text)
        if wrong is not None:
            return [(wrong, head)]
        if entries is None:
            return []
        if not bearable(entries):
            return [(TOO_LARGE, False)]
        if not isinstance(entries, dict):
            return [(f"is no dictionary of entries{' after its first line' if head else ''}", head)]
        return [(f"{shown_place(one.place)}: {one.problem}", one.sure) for one in self.entries(entries)]

    def archive(self, text: str) -> list[tuple[str, bool]]:
        """What is wrong with an archive, which is a list of data."""
        parts, wrong = yaml_of(text)
        if wrong is not None:
            return [(wrong, True)]
        if parts is None:
            return []
        if not isinstance(parts, list) or not bearable(parts):
            return [("is no list of parts after its first line", True)]
        found: list[tuple[str, bool]] = []
        for index, part in enumerate(parts):
            content = part.get("content") if isinstance(part, dict) else part
            kind = part.get("type") if isinstance(part, dict) else None
            if isinstance(content, str):
                called = f"part {index + 1}"
                if kind or beginning(content).startswith(HEADS):
                    found += self.part(content, kind or BY_BEGINNING[0], called)
                else:  # cloud-init takes it for a cloud-config.
                    found += [(f"{called}: {sentence}", sure) for sentence, sure in self.config_text(content, False)]
        return found

    def parts(self, text: str) -> list[tuple[str, bool]]:
        """What is wrong with the parts of a multi-part message, as cloud-init takes them."""
        try:
            message = email.message_from_string(text)
            inner = [part for part in message.walk() if not part.is_multipart()]
        except Exception:  # It raises many kinds for what is no message.
            return [("is no multi-part message that can be read", True)]
        if message.get_content_maintype() == "multipart" and not message.is_multipart():
            return [("is a multi-part message without parts: is its boundary the one that its head names?", True)]
        found: list[tuple[str, bool]] = []
        for index, part in enumerate(inner):
            content = part.get_payload(decode=True)
            name = part.get_filename()
            called = f"part {index + 1}" + (f" ({label(name)})" if name else "")
            if isinstance(content, bytes):
                found += self.part(content.decode(errors="replace"), part.get_content_type(), called)
        return found

    def part(self, content: str, kind: object, called: str) -> list[tuple[str, bool]]:
        """What is wrong with one part.

        :param kind: its MIME type
        """
        findings = self.text(content, True) if kind in BY_BEGINNING else []
        if kind == "text/cloud-config" and not beginning(content).startswith(ALONE):
            findings = self.config_text(content)
        return [(f"{called}: {sentence}", sure) for sentence, sure in findings]


def beginning(text: str) -> str:
    """What a text begins with. cloud-init leaves out blank lines before it."""
    return text.lstrip()[:100].lower()


def yaml_of(text: str) -> tuple[object, str | None]:
    """What a text holds as YAML, and why it holds nothing."""
    try:
        return yaml.load(text, LOADER), None
    except Exception as error:  # YAML raises many kinds, and quotes lines of the text.
        return None, why_unreadable(error)


def problems(
    raw: t.Mapping[str, Variables], variables: ByHost, evaluated: t.Mapping[str, Variables]
) -> tuple[list[HostProblem], list[HostProblem]]:
    """What is wrong with the data for cloud-init in a fleet, and what may be: a sentence for each.

    :param raw: the variables of each host, as they are written
    :param variables: ``hostvars``, or plain dictionaries by host
    :param evaluated: the evaluated lists of each host
    """
    guests = merged([evaluated[host].get("kvm_guests") for host in raw])
    checkers: dict[bool, Checker] = {}
    wanted: dict[str, bool] = {}
    refused: dict[str, None] = {}
    warned: dict[str, None] = {}
    for place, guest in () if isinstance(guests, str) else guests.placed():
        if not isinstance(guest, dict) or not isinstance(guest.get("cloud_init"), dict):
            continue
        host = word(guest, "host")
        if word(guest, "state") == "absent":
            continue
        if host not in wanted:
            wanted[host] = host not in raw or is_wanted(raw[host], variables)
        if wanted[host] not in checkers:
            checkers[wanted[host]] = Checker(cloud_init_schema.installed() if wanted[host] else None)
        called = title("guest", guest.get("name"), place_in("kvm_guests", place))
        for line, sure in of_guest(guest, called, checkers[wanted[host]]):
            (refused if sure else warned)[line] = None
    return [(None, line) for line in refused], [(None, f"{line}. {GOES_ON}") for line in warned]


def of_guest(guest: Item, called: str, checker: Checker) -> t.Iterator[tuple[str, bool]]:
    """What is wrong with the data of one guest: a sentence, and whether it is for sure. What stands in options that
    guests have in common is a sentence about those.

    :param called: what the guest is called
    """
    try:
        found = checker.options(guest["cloud_init"])
    except Exception as error:  # One guest must not hide what is wrong with the others.
        found = [("", unforeseen(error), True)]
    for path, sentence, sure in found:
        problem = Invalid(f"cloud_init.{path}" if path else "cloud_init", sentence)
        if not isinstance(guest, LayeredGuest):
            yield f"{called}: {problem}", sure
            continue
        layer = guest.layer_of(problem.where)
        whole = guest.says(problem, called.startswith("kvm_guests["))
        yield f"{called}: {whole}" if layer is None else f"{layer.source}: {problem}", sure


GOES_ON = "The run goes on, for the guest's cloud-init may know it"


def is_wanted(raw: Variables, variables: ByHost) -> bool:
    """Whether cloud-init's own schema is to be asked for the guests of a host. Yes where it cannot be evaluated.

    :param raw: the variables of the host, as they are written
    :param variables: ``hostvars``, or plain dictionaries by host
    """
    written = raw.get(SETTING)
    if isinstance(written, str) and hasattr(variables, "raw_get"):
        try:
            written = HostTemplar.of(raw, variables).value(written)
        except Exception:  # A template may hold any filter or lookup.
            return True
    return written is None or boolean(written, strict=False)
