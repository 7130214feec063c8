# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's own verdict about a definition, without a trace.

libvirt has no call that only validates. But its conversion of a definition to the command line of QEMU
(virConnectDomainXMLToNative) reads the definition as a define does, with the same errors in the same words, and then
prepares it as a start does; it makes no file and no guest. Of libvirt's own tests, what a define refused this refused
too, in the same words, but for the devices that are taken out of the question:

- interfaces: libvirt makes a tap device for each to ask QEMU, and with one of type hostdev libvirt 9.0 crashes
- devices of the host: they are not looked up, so all of them would be refused

About those it is asked in a second question, with a mapping of users that no guest can have. libvirt looks at that
once it has checked all devices, and while it still reads the definition (virDomainDefIdMapValidate): where it speaks
of the mapping, it has nothing against the devices, and it has gone no further. So the same question tells of what it
refuses whether it does so as it reads: where it says the same of a definition with the mapping, a define fails as well.
"""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.close_names import near
from ..._engine.rows.model import Item
from ..._engine.table import Table
from ..._flow.blame import Blame
from ..._libvirt.connection import LibvirtError, cut, lacks, message_of
from ..._libvirt.objects import Connection, Error
from ..._printing import printable

UNASKED = ("interface", "hostdev")
"""Devices that are left out of the question."""

ROOTLESS = "<idmap><uid start='1' target='1' count='1'/><gid start='1' target='1' count='1'/></idmap>"
"""A mapping of users that libvirt takes from no guest, for it has none for root."""

DEFINE = re.compile(
    r"Cannot check QEMU binary|only a single \w+ device|without CPU model|Missing CPU model|missing '[\w-]+' attribute"
    r"|rotation rate is only valid|Invalid bus type '\w+' for disk|Missing source path attribute|add a new PCI bus"
    r"|launch security is not supported with this QEMU|get launch security|chardev reconnect source timeout"
    r"|No free USB ports|two master hugepages|not present in the domain's <cpu>|Wrong or no <model> 'type' attribute"
)
"""Words of libvirt about what it refuses to define, with codes that say nothing, or like those of a start."""

FIRMWARE = re.compile(r"Unable to find (?:any firmware|'[^']*' firmware)")
"""Words of libvirt about a firmware that the host does not have."""

FIRMWARE_AT_DEFINE = 9_002_000
"""The first libvirt that looks for the firmware as it defines a guest (its NEWS of 9.2.0, firmware selection)."""

START = re.compile(
    r"CPU mode|NUMA node|protocol is not supported with this QEMU|TSC frequency|is supported only with|multiple listens"
    r"|overflowed after alignment|launch security|vhost-vsock|hugepage"
)
"""Words of libvirt about what is only held against the host when a guest starts, with the codes of a define."""


TOO_LARGE = "Unable to encode message"
"""Words of libvirt about a command line that is too long for an answer, as of a guest with 100,000 IO threads."""

FEW = 4
"""More options than that are not named: then it cannot be told."""

MOST, ALL = 60, 300
"""How often libvirt is asked about options of one guest, and of all."""


class Complaint(t.NamedTuple):
    """What libvirt has against a definition.

    :param reason: in libvirt's words
    :param defining: whether it would refuse to define it; else only to start it
    :param option: the option that it is about, where that is known
    """

    reason: str
    defining: bool
    option: str = ""

    @property
    def sentence(self) -> str:
        """The reason, after the option or what fails."""
        return f"{self.option or ('define' if self.defining else 'start')}: {self.reason}"


class Verdict:
    """Asks libvirt, once for each kind of definition.

    :param connection: to libvirt; only QEMU's driver on this host is asked
    :param secrets: those that an earlier task of a run in check mode would have changed. libvirt looks secrets up, and
        what it misses is told elsewhere (see secret.readiness)
    """

    def __init__(self, connection: Connection, secrets: t.Collection[str] = ()) -> None:
        self.secrets = secrets
        self.connection: Connection | None = connection if str(connection.getURI()).startswith("qemu:///") else None
        self.right: set[str] = set()
        self.ends: str | None = None
        """What libvirt says of the mapping; empty where it takes it: then there is no second question."""
        self.left = ALL

    def of(self, root: ET.Element) -> Complaint | None:
        """What libvirt has against a definition; None where it has nothing, or cannot be asked."""
        complaint = self.of_rest(root)
        if complaint is not None and (complaint.defining or self.is_read(root, complaint)):
            return complaint._replace(defining=True)
        return self.of_devices(root) or complaint

    def is_read(self, root: ET.Element, complaint: Complaint) -> bool:
        """Whether libvirt refuses something as it reads a definition, and not only as it prepares a start."""
        if self.connection is None or complaint.option or not self.mapping(root):
            return False
        reason = self.refusal(paths.text(rootless(question(root))))[0]
        return reason == complaint.reason and reason != self.ends

    def mapping(self, root: ET.Element) -> str:
        """What libvirt says of the mapping; empty where it takes it, or cannot be asked."""
        if self.ends is None:
            bare = ET.Element("domain", root.attrib)
            bare.extend([node for tag in ("name", "memory", "os") for node in root.findall(tag)])
            self.ends = self.refusal(paths.text(rootless(bare)))[0]
        return self.ends

    def of_rest(self, root: ET.Element) -> Complaint | None:
        """What libvirt has against a definition without interfaces and devices of the host."""
        if self.connection is None:
            return None
        text = paths.text(question(root))
        form = likeness(text)
        if form in self.right:
            return None
        try:
            self.connection.domainXMLToNative("qemu-argv", text, 0)
        except LibvirtError as error:
            complaint = self.complaint_of(error)
            return None if complaint is None else self.machine(root) or complaint
        self.right.add(form)
        return None

    def of_devices(self, root: ET.Element) -> Complaint | None:
        """What libvirt has against interfaces and devices of the host, which it would refuse to define."""
        if self.connection is None or all(root.find(f"devices/{tag}") is None for tag in UNASKED):
            return None
        text = paths.text(rootless(root))
        form = likeness(text)
        if form in self.right:
            return None
        reason, complaint = self.refusal(text) if self.mapping(root) else ("", None)
        if complaint is not None and reason != self.ends:
            return Complaint(complaint.reason, True)
        self.right.add(form)
        return None

    def refusal(self, text: str) -> tuple[str, Complaint | None]:
        """What libvirt says against a definition, and what that says to us."""
        if self.connection is None:
            return "", None
        try:
            self.connection.domainXMLToNative("qemu-argv", text, 0)
        except LibvirtError as error:
            complaint = self.complaint_of(error)
            known = lacks(error, "VIR_ERR_CONFIG_UNSUPPORTED", "VIR_ERR_XML_ERROR", "VIR_ERR_XML_DETAIL")
            return message_of(error), complaint if known or (complaint is not None and complaint.defining) else None
        return "", None

    def machine(self, root: ET.Element) -> Complaint | None:
        """That QEMU lacks the machine type, where libvirt has refused a definition for that.

        It speaks of PCI then, and each release in other words.
        """
        kind, emulator = root.find("os/type"), root.findtext("devices/emulator")
        wanted = "" if kind is None else kind.get("machine", "")
        if kind is None or not wanted or self.connection is None:
            return None
        try:
            capabilities = ET.fromstring(self.connection.getCapabilities())
        except LibvirtError:
            return None
        arch = kind.get("arch") or capabilities.findtext("host/cpu/arch")
        for node in capabilities.findall("guest/arch"):
            known = [str(machine.text) for machine in node.iter("machine")]
            asked = node.get("name") == arch and emulator in (None, node.findtext("emulator"))
            if asked and known and wanted not in known:
                like = near(wanted, known)
                way = f"did you mean {printable(like[0])}?" if like else "virsh capabilities lists those that it has"
                return Complaint(f"QEMU has no machine type {printable(wanted)} on this host; {way}", True, "machine")
        return None

    def complaint_of(self, error: Error) -> Complaint | None:
        """What an answer says."""
        if TOO_LARGE in str(error):
            return None  # The connection lives on, and others can be asked about.
        if cut(error) or lacks(error, "VIR_ERR_NO_SUPPORT", "VIR_ERR_ACCESS_DENIED", "VIR_ERR_AUTH_FAILED"):
            self.connection = None
            return None
        if self.secrets and lacks(error, "VIR_ERR_NO_SECRET"):
            return None
        reason = message_of(error)
        refused = lacks(error, "VIR_ERR_CONFIG_UNSUPPORTED", "VIR_ERR_XML_ERROR", "VIR_ERR_XML_DETAIL")
        asked = self.connection if FIRMWARE.search(reason) is not None else None
        early = asked is not None and asked.getLibVersion() >= FIRMWARE_AT_DEFINE
        surely = early or DEFINE.search(reason) is not None
        return Complaint(reason, surely or (refused and START.search(reason) is None))

    def sentence(self, complaint: Complaint, table: Table, want: Item, root: ET.Element) -> str:
        """What libvirt has against a definition, with the options of the user's that it is about.

        They are looked for by taking them out, one after the other.

        :param complaint: that
        :param table: of guests
        :param want: what is declared
        :param root: the definition
        """
        if not complaint.defining or complaint.option or self.left <= 0:
            return complaint.sentence
        blamed = self.blamed(table, want, root, self.takes)
        if blamed and all(path.endswith("]") for path in blamed):
            # Without a part, it may have been refused for what is missing then: good enough to tell of which part.
            parts = self.blamed(table, want, root, self.reads)
            blamed = parts if parts and all(path.startswith(tuple(blamed)) for path in parts) else blamed
        if not blamed or len(blamed) > FEW or self.connection is None:
            return complaint.sentence
        return f"{', '.join(blamed)}: libvirt refuses this: {complaint.reason}"

    def blamed(self, table: Table, want: Item, root: ET.Element, right: t.Callable[[str], bool]) -> list[str]:
        """The options to blame, as far as libvirt may be asked.

        :param right: tells whether a definition without some of them is right
        """
        blame = Blame(table, want, paths.text(root), right, min(self.left, MOST))
        before, found = blame.left, blame.found()
        self.left -= before - blame.left
        return found

    def reads(self, text: str) -> bool:
        """Whether libvirt has nothing against it, or something that a define would not find."""
        complaint = self.of(ET.fromstring(text))
        return complaint is None or not complaint.defining

    def takes(self, text: str) -> bool:
        """Whether libvirt would define it."""
        complaint = self.of(ET.fromstring(text))
        # Another complaint than one about the host says that it was not even read that far.
        return complaint is None or (not complaint.defining and START.search(complaint.reason) is not None)


def question(root: ET.Element) -> ET.Element:
    """A definition as libvirt is asked about it. What only names storage that may be made first names a file.

    Of a LUN it names a device: libvirt takes none in a file.
    """
    asked = paths.clone(root)
    for devices in asked.findall("devices"):
        for device in [found for found in devices if found.tag in UNASKED]:
            devices.remove(device)
    for disk in asked.findall("devices/disk[@type='volume']"):
        source = disk.find("source")
        lun = disk.get("device") == "lun"
        if source is not None:
            place = f"/{source.get('pool')}/{source.get('volume')}"
            source.attrib.clear()
            source.set("dev" if lun else "file", place)
        disk.set("type", "block" if lun else "file")
    return asked


def rootless(root: ET.Element) -> ET.Element:
    """A definition with the mapping of users that ends the second question."""
    asked = paths.clone(root)
    for mapping in asked.findall("idmap"):
        asked.remove(mapping)
    asked.append(ET.fromstring(ROOTLESS))
    return asked


FREE = re.compile(
    r"""
    (<metadata>) .*? (?=</metadata>)
    | (<(?:name|uuid|description|kernel|initrd|cmdline|nvram)\b[^>]*>/?) [^<]*
    | (<mac\ address=["'])[^"']*
    | (<title>) [^<\n]*
    | (<(?:source|log)\b[^>]*?\s(?:file|path|dir|dev)="/?) [^"]*
    | (<serial>) [A-Za-z0-9_-]{1,20} (?=</serial>)
    """,
    re.VERBOSE | re.DOTALL,
)
"""Values that make no difference to the verdict: names and places, but not numbers."""


def likeness(text: str) -> str:
    """A definition without what makes no difference. Of serial numbers of disks, it does whether two are the same."""
    serials: dict[str, int] = {}

    def free(found: re.Match[str]) -> str:
        kept = t.cast(str, found[found.lastindex or 0])
        return f"{kept}{serials.setdefault(found[0], len(serials))}" if kept == "<serial>" else kept

    return FREE.sub(free, text)
