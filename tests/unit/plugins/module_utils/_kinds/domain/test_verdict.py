# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt is asked about a definition, how often, and what its answers are taken for."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.verdict import ALL, Told, Verdict, likeness
from ansible_collections.virtfleet.kvm.tests.unit.support import defined, plan_one


class Error(libvirt.libvirtError):
    def __init__(self, code: int, words: str, domain: int = 10) -> None:
        super().__init__(words)
        self.err = (code, domain, words, 2, None, None, None, -1, -1)


CAPABILITIES = """
<capabilities>
  <host><cpu><arch>x86_64</arch></cpu></host>
  <guest><os_type>hvm</os_type><arch name='i686'><wordsize>32</wordsize>
    <emulator>/usr/bin/qemu-system-i386</emulator><machine maxCpus='1'>isapc</machine></arch></guest>
  <guest><os_type>hvm</os_type><arch name='x86_64'><wordsize>64</wordsize>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <machine maxCpus='255'>pc-i440fx-11.1</machine><machine canonical='pc-i440fx-11.1' maxCpus='255'>pc</machine>
    <machine maxCpus='4096'>pc-q35-11.1</machine><machine canonical='pc-q35-11.1' maxCpus='4096'>q35</machine>
    <domain type='qemu'/><domain type='kvm'/></arch></guest>
</capabilities>
"""
"""Of Debian forky (libvirt 12.8, QEMU 11.1), with few of the machines."""


class Link:
    """A libvirt that notes what it is asked, and answers with an error where it has one."""

    version = 11_003_000

    def __init__(self, error: Error | None = None, uri: str = "qemu:///system", lost: bool = False) -> None:
        self.error, self.uri, self.asked, self.lost = error, uri, list[str](), lost

    def getCapabilities(self) -> str:  # noqa: N802 - libvirt's name
        if self.lost:
            raise Error(libvirt.VIR_ERR_RPC, "cannot write", libvirt.VIR_FROM_RPC)
        return CAPABILITIES

    def getURI(self) -> str:  # noqa: N802 - libvirt's name
        return self.uri

    def getLibVersion(self) -> int:  # noqa: N802 - libvirt's name
        return self.version

    def domainXMLToNative(self, form: str, text: str, flags: int) -> str:  # noqa: N802 - libvirt's name
        self.asked.append(text)
        if self.error is not None:
            raise self.error
        return ""


def definition(name: str = "a", memory: int = 1024, devices: str = "") -> ET.Element:
    return ET.fromstring(
        f"<domain type='qemu'><name>{name}</name><memory>{memory}</memory><devices>{devices}</devices></domain>"
    )


def verdict(error: Error | None = None, **options: Any) -> tuple[Verdict, Link]:
    link = Link(error, **options)
    return Verdict(link), link


def test_what_is_dangerous_to_ask_is_left_out() -> None:
    asked, link = verdict()
    devices = (
        "<interface type='network'><source network='lan'/></interface><interface type='hostdev'/>"
        "<hostdev mode='subsystem' type='usb'/><disk type='volume'><source pool='p' volume='v'/></disk>"
    )
    root = definition(devices=devices)
    before = ET.tostring(root)
    assert asked.of(root) is None
    # Of a libvirt that takes the mapping, the second question is not asked.
    assert [ET.fromstring(text).find("idmap") is not None for text in link.asked] == [False, True]
    for text in link.asked:
        assert "interface" not in text
        assert "hostdev" not in text
        assert "volume=" not in text
    assert 'type="file"' in link.asked[0]
    assert ET.tostring(root) == before


class Reader(Link):
    """A libvirt that checks the devices, and then the mapping of users."""

    root = "unsupported configuration: You must map the root user of container"

    def domainXMLToNative(self, form: str, text: str, flags: int) -> str:  # noqa: N802 - libvirt's name
        self.asked.append(text)
        asked = ET.fromstring(text)
        devices = asked.findall("devices/interface") + asked.findall("devices/hostdev")
        assert not devices or asked.find("idmap") is not None, "it would make a tap device"
        if self.error is not None and any(device.find("bad") is not None for device in devices):
            raise self.error
        if asked.find("idmap") is not None:
            raise Error(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, self.root)
        return ""


class Late(Reader):
    """A libvirt that refuses a definition as it reads it, or only as it prepares a start."""

    def __init__(self, error: Error, reading: bool) -> None:
        super().__init__(error)
        self.reading = reading

    def domainXMLToNative(self, form: str, text: str, flags: int) -> str:  # noqa: N802 - libvirt's name
        self.asked.append(text)
        asked = ET.fromstring(text)
        assert self.error is not None
        if self.reading and asked.find("devices") is not None:
            raise self.error
        if asked.find("idmap") is not None:
            raise Error(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, self.root)
        raise self.error


@pytest.mark.parametrize("reading", [True, False])
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (libvirt.VIR_ERR_INTERNAL_ERROR, "internal error: Missing source host attribute for char device"),
        (libvirt.VIR_ERR_INTERNAL_ERROR, "internal error: unsupported input bus xen"),
        (libvirt.VIR_ERR_INTERNAL_ERROR, "An error occurred, but the cause is unknown"),
        (libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "unsupported configuration: shmem is supported only with server option"),
        (libvirt.VIR_ERR_OPERATION_INVALID, "CPU mode 'maximum' for x on y is not supported by hypervisor"),
    ],
)
def test_what_libvirt_refuses_as_it_reads_it_would_not_define(code: int, words: str, reading: bool) -> None:
    """The words do not tell: each release has others, and so does the same code. What comes before the mapping does."""
    told = Verdict(Late(Error(code, words), reading)).of(definition())
    assert told == Told(words, reading)


def test_the_mapping_is_learned_from_a_definition_that_nothing_else_is_wrong_with() -> None:
    """It was learned from the first one that was asked about: a refusal of that counted as that of the mapping."""
    words = "unsupported configuration: 'interface' requires shared memory"
    link = Reader(Error(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, words))
    asked = Verdict(link)
    for _time in range(2):
        assert asked.of(definition(devices="<interface><bad/></interface>")) == Told(words, True)


@pytest.mark.parametrize("tag", ["interface", "hostdev"])
def test_what_libvirt_refuses_of_an_interface_or_device_of_the_host_is_told(tag: str) -> None:
    words = "unsupported configuration: 'interface' requires shared memory"
    link = Reader(Error(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, words))
    asked = Verdict(link)
    assert asked.of(definition(devices=f"<{tag}/>")) is None
    assert asked.of(definition(devices=f"<{tag}><bad/></{tag}>")) == Told(words, True)


def test_what_says_nothing_of_a_definition_is_no_verdict_on_a_device() -> None:
    link = Reader(Error(libvirt.VIR_ERR_NO_NETWORK, "Network not found: no network with matching name 'later'"))
    assert Verdict(link).of(definition(devices="<interface><bad/></interface>")) is None


def test_interfaces_that_differ_by_their_address_are_asked_about_once() -> None:
    link = Reader()
    asked = Verdict(link)
    for number in range(10, 90):
        mac = f"<interface type='network'><mac address='52:54:00:00:00:{number}'/></interface>"
        assert asked.of(definition(f"g{number}", devices=mac)) is None
    assert len(link.asked) == 3


def test_the_option_of_an_interface_that_libvirt_refuses_is_named() -> None:
    words = "unsupported configuration: Invalid attempt to set network interface guest-side IP route"

    class Routes(Reader):
        def domainXMLToNative(self, form: str, text: str, flags: int) -> str:  # noqa: N802 - libvirt's name
            if ET.fromstring(text).find("devices/interface/route") is not None:
                raise Error(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, words)
            return super().domainXMLToNative(form, text, flags)

    card = {"network": "default", "routes": [{"family": "ipv4", "address": "10.1.0.0", "gateway": "10.0.0.2"}]}
    config = {"name": "x", "memory": "64MiB", "interfaces": [{"network": "default"}, card]}
    (want,) = DOMAIN.parse([config])
    root = ET.fromstring(defined(plan_one(DOMAIN, None, config)))
    asked = Verdict(Routes())
    told = asked.of(root)
    assert told is not None
    assert asked.sentence(told, DOMAIN, want, root).startswith("interfaces[1].routes[0]: libvirt refuses this: ")


def test_a_lun_of_a_pool_is_asked_about_as_a_device() -> None:
    asked, link = verdict()
    asked.of(definition(devices="<disk type='volume' device='lun'><source pool='p' volume='v'/></disk>"))
    disk = ET.fromstring(link.asked[0]).find("devices/disk")
    assert disk is not None
    assert disk.get("type") == "block"
    assert [source.attrib for source in disk] == [{"dev": "/p/v"}]


def test_guests_of_one_kind_are_asked_about_once() -> None:
    asked, link = verdict()
    for number in range(100):
        disk = f"<disk type='file'><source file='/images/g{number}.raw'/><target dev='vda'/></disk>"
        asked.of(definition(f"g{number}", devices=disk))
    assert len(link.asked) == 1
    asked.of(definition(memory=2048))
    assert len(link.asked) == 2


def test_a_title_of_two_lines_is_none_like_others() -> None:
    asked, link = verdict()
    for title in ("a", "b", "b\nc"):
        root = definition()
        ET.SubElement(root, "title").text = title
        asked.of(root)
    assert len(link.asked) == 2


def test_a_bad_one_is_asked_about_each_time() -> None:
    asked, link = verdict(Error(libvirt.VIR_ERR_XML_ERROR, "XML error: bad"))
    assert asked.of(definition("a")) == asked.of(definition("b")) == Told("XML error: bad", True)
    assert len(link.asked) == 2


@pytest.mark.parametrize(
    ("code", "words", "defining"),
    [
        (libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "unsupported configuration: 'virtiofs' requires shared memory", True),
        (libvirt.VIR_ERR_SYSTEM_ERROR, "Cannot check QEMU binary /nope: No such file or directory", True),
        (libvirt.VIR_ERR_INTERNAL_ERROR, "internal error: only a single watchdog device is supported", True),
        (libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "unsupported configuration: CPU mode 'host-passthrough' for x", False),
        (libvirt.VIR_ERR_XML_ERROR, "XML error: CPU vendor specified without CPU model", True),
        (libvirt.VIR_ERR_INTERNAL_ERROR, "internal error: missing 'timezone' attribute for clock", True),
        (
            libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
            "unsupported configuration: 'sev' launch security is not supported with this QEMU binary",
            True,
        ),
        (libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "unsupported configuration: Unknown CPU model Nope", False),
        (libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "unsupported configuration: NUMA node 1 is unavailable", False),
        (libvirt.VIR_ERR_NO_SECRET, "Secret not found: no secret with matching uuid 'x'", False),
        (libvirt.VIR_ERR_INTERNAL_ERROR, "two master hugepages detected: 1048576 and 2048", True),
        (libvirt.VIR_ERR_INTERNAL_ERROR, "internal error: No free USB ports", True),
        (libvirt.VIR_ERR_INVALID_ARG, "invalid argument: chardev reconnect source timeout cannot be '0'", True),
        (
            libvirt.VIR_ERR_XML_ERROR,
            "XML error: pcie-expander-bus with index 1 is configured for a NUMA node (0) not present in the domain's"
            " <cpu><numa> array (0)",
            True,
        ),
    ],
)
def test_what_is_refused_at_once_and_what_at_the_start(code: int, words: str, defining: bool) -> None:
    asked, _link = verdict(Error(code, words))
    told = asked.of(definition())
    assert told is not None
    assert told.defining is defining


NO_PCI = {
    "libvirt 9.0, 11.3": (libvirt.VIR_ERR_XML_ERROR, "XML error: No PCI buses available"),
    "libvirt 12.8": (
        libvirt.VIR_ERR_INTERNAL_ERROR,
        "internal error: Machine type 'q36' supports PCI but no PCI controller added",
    ),
}
"""What libvirt says of a machine type that QEMU does not have."""


def machine(kind: str, devices: str = "") -> ET.Element:
    root = definition(devices=devices)
    root.append(ET.fromstring(f"<os>{kind}</os>"))
    return root


@pytest.mark.parametrize("libvirts", NO_PCI)
@pytest.mark.parametrize("arch", ["", "arch='x86_64'"])
@pytest.mark.parametrize("devices", ["", "<emulator>/usr/bin/qemu-system-x86_64</emulator>"])
def test_a_machine_type_that_qemu_does_not_have_is_refused_by_its_option(
    libvirts: str, arch: str, devices: str
) -> None:
    asked, _link = verdict(Error(*NO_PCI[libvirts]))
    told = asked.of(machine(f"<type {arch} machine='q36'>hvm</type>", devices))
    assert told is not None
    assert told.defining
    assert told.sentence.startswith("machine: QEMU has no machine type 'q36' on this host; ")


def test_a_machine_type_of_another_architecture_is_not_the_hosts() -> None:
    asked, _link = verdict(Error(*NO_PCI["libvirt 12.8"]))
    told = asked.of(machine("<type arch='i686' machine='q35'>hvm</type>"))
    assert told is not None
    assert told.option == "machine"


@pytest.mark.parametrize(
    ("kind", "devices"),
    [
        ("<type machine='q35'>hvm</type>", ""),
        ("<type machine='pc-q35-11.1'>hvm</type>", ""),
        ("<type>hvm</type>", ""),
        ("<type arch='s390x' machine='q36'>hvm</type>", ""),
        ("<type machine='q36'>hvm</type>", "<emulator>/opt/qemu</emulator>"),
    ],
)
def test_what_is_known_or_cannot_be_known_is_left_to_libvirt(kind: str, devices: str) -> None:
    asked, _link = verdict(Error(libvirt.VIR_ERR_XML_ERROR, "XML error: bad"))
    assert asked.of(machine(kind, devices)) == Told("XML error: bad", True)


def test_capabilities_that_cannot_be_had_leave_libvirts_words() -> None:
    asked, _link = verdict(Error(libvirt.VIR_ERR_XML_ERROR, "XML error: bad"), lost=True)
    told = asked.of(machine("<type machine='q36'>hvm</type>"))
    assert told is not None
    assert told.sentence == "define: XML error: bad"


@pytest.mark.parametrize("code", [libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_ACCESS_DENIED, libvirt.VIR_ERR_RPC])
def test_a_libvirt_that_cannot_be_asked_is_not_asked_again(code: int) -> None:
    asked, link = verdict(Error(code, "no", libvirt.VIR_FROM_RPC))
    assert asked.of(definition()) is None
    assert asked.of(definition(memory=1)) is None
    assert len(link.asked) == 1


def test_an_answer_that_is_too_large_is_one_guests_own() -> None:
    asked, link = verdict(Error(libvirt.VIR_ERR_RPC, "Unable to encode message payload", libvirt.VIR_FROM_RPC))
    assert asked.of(definition()) is None
    link.error = Error(libvirt.VIR_ERR_XML_ERROR, "XML error: bad")
    assert asked.of(definition(memory=1)) == Told("XML error: bad", True)


@pytest.mark.parametrize("uri", ["test:///default", "qemu+ssh://host/system", "lxc:///system"])
def test_only_qemu_on_this_host_is_asked(uri: str) -> None:
    asked, link = verdict(uri=uri)
    assert asked.of(definition()) is None
    assert link.asked == []


def test_a_secret_that_an_earlier_task_makes_is_not_missed() -> None:
    error = Error(libvirt.VIR_ERR_NO_SECRET, "Secret not found: no secret with matching usage 'a'")
    assert Verdict(Link(error)).of(definition()) is not None
    assert Verdict(Link(error), {"a": {}}).of(definition()) is None
    wrong = Error(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "unsupported configuration: no")
    assert Verdict(Link(wrong), {"a": {}}).of(definition()) is not None


@pytest.mark.parametrize(
    "words", ["Unable to find any firmware to satisfy 'bios'", "Unable to find 'bios' firmware that"]
)
def test_a_firmware_is_looked_for_as_a_guest_is_defined_since_libvirt_9_2(words: str) -> None:
    for version, defining in ((9_000_000, False), (9_002_000, True)):
        asked, link = verdict(Error(libvirt.VIR_ERR_OPERATION_FAILED, words))
        link.version = version
        assert asked.of(definition()) == Told(words, defining)


class Choosy(Link):
    """A libvirt that refuses what has a certain word in it."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def domainXMLToNative(self, form: str, text: str, flags: int) -> str:  # noqa: N802 - libvirt's name
        self.asked.append(text)
        if self.word in text:
            raise Error(libvirt.VIR_ERR_XML_ERROR, f"XML error: {self.word}")
        return ""


def test_what_is_not_read_any_further_is_not_to_blame() -> None:
    # Without a disk's file libvirt has another complaint, and does not come to the card.
    class Earlier(Choosy):
        def domainXMLToNative(self, form: str, text: str, flags: int) -> str:  # noqa: N802 - libvirt's name
            if "/a.raw" not in text:
                raise Error(libvirt.VIR_ERR_INTERNAL_ERROR, "internal error: no file")
            return super().domainXMLToNative(form, text, flags)

    want = {"disks": [{"file": "/a.raw", "target": "vda"}], "videos": [{"model": {"type": "qxl"}}]}
    said = sentence(Earlier("qxl"), want)
    assert (said.startswith("videos[0]"), "disks" in said) == (True, False)


def sentence(link: Choosy, want: dict[str, Any], asked: Verdict | None = None) -> str:
    """What is said of a new guest."""
    (item,) = DOMAIN.parse([{"name": "n", "memory": "64MiB", "virt": "qemu", **want}])
    root = ET.fromstring(defined(plan_one(DOMAIN, None, {"name": "n", "memory": "64MiB", "virt": "qemu", **want})))
    asked = Verdict(link) if asked is None else asked
    told = asked.of(root)
    assert told is not None
    return asked.sentence(told, DOMAIN, item, root)


@pytest.mark.parametrize(
    ("word", "want", "option"),
    [
        ("topology", {"cpu": {"topology": {"sockets": 1, "cores": 2, "threads": 1}}}, "cpu.topology"),
        ("VARS.fd", {"os": {"firmware": "efi", "nvram": {"template": "VARS.fd"}}}, "os.nvram.template"),
        ("variable", {"clock": {"offset": "variable"}, "title": "x"}, "clock"),
        ('type="qemu"', {}, "define"),
    ],
)
def test_the_option_that_libvirt_refuses_is_named(word: str, want: dict[str, Any], option: str) -> None:
    told = sentence(Choosy(word), want)
    assert told.startswith("define: XML error" if option == "define" else f"{option}: libvirt refuses this: XML error")


def test_of_a_thousand_bad_guests_libvirt_is_not_asked_for_ever() -> None:
    link = Choosy("topology")
    asked = Verdict(link)
    for _guest in range(200):
        sentence(link, {"cpu": {"topology": {"sockets": 1, "cores": 2, "threads": 1}}, "title": "x"}, asked)
    assert len(link.asked) <= 200 + ALL


def with_serials(*serials: str) -> str:
    disks = "".join(f"<disk><source file='/i'/><serial>{serial}</serial></disk>" for serial in serials)
    return f"<domain><devices>{disks}</devices></domain>"


def test_guests_that_differ_in_serial_numbers_are_asked_about_once() -> None:
    assert likeness(with_serials("disk0001", "x-2")) == likeness(with_serials("a", "disk0002"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("same", "same"), ("one", "two")),
        (("a b",), ("a",)),
        (("a" * 21,), ("a",)),
        (("",), ("a",)),
        (("a&amp;b",), ("a",)),
        (("a",), ("a", "b")),
    ],
)
def test_serial_numbers_that_libvirt_may_refuse_are_asked_about(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert likeness(with_serials(*one)) != likeness(with_serials(*other))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("<name>a</name>", "<name>b</name>", True),
        ("<mac address='52:54:00:00:00:01'/>", "<mac address='52:54:00:00:00:02'/>", True),
        ('<source file="/a"/>', '<source file="/b"/>', True),
        ('<source file="/a"/>', '<source dir="/a"/>', False),
        ("<memory>1</memory>", "<memory>2</memory>", False),
        ("<metadata><a/></metadata><vcpu>1</vcpu>", "<metadata><b/></metadata><vcpu>1</vcpu>", True),
        ("<metadata><a/></metadata><vcpu>1</vcpu>", "<metadata><a/></metadata><vcpu>2</vcpu>", False),
        ("<title>a</title>", "<title>b</title>", True),
        ("<name>a</name>", "<title>a</title>", False),
        ("nothing", "nothing", True),
    ],
)
def test_names_and_places_make_no_difference(one: str, other: str, alike: bool) -> None:
    assert (likeness(one) == likeness(other)) is alike
