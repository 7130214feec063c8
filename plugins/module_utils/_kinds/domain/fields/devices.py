# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All other devices (formatdomain.html, Devices)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...._engine.converters import KIB, NATURAL, NUMBER, ON_OFF, PRESENCE, TEXT, UUID, YES_NO, Choice, Identifier, Size
from ...._engine.rows import Field, Group, Struct, Values
from ...._engine.rows.variant import Variant
from .chardev import chardev
from .common import ADDRESS, ALIAS, BOOT, BYTES, DEVICE, DRIVER, VIRTIO, VIRTIO_MODEL
from .disk import IOTHREADS

PORTS = Field("ports", "@ports", NATURAL, "The number of ports.", filled=True)

CONTROLLER = (
    Field(
        "type",
        "@type",
        Choice("pci", "usb", "scsi", "sata", "ide", "virtio-serial", "fdc", "ccid", "isa", "xenbus", "nvme"),
        "The kind of controller.",
    ),
    Field("index", "@index", NATURAL, "Its number among controllers of its kind.", filled=True),
    Field("model", "@model", TEXT, "The model, such as V(virtio-scsi) or V(pcie-root-port).", filled=True),
    Field("ports", "@ports", NATURAL, "The number of ports.", filled=True),
    Field("vectors", "@vectors", NATURAL, "Interrupts of a V(virtio-serial) controller."),
    Field("max_grant_frames", "@maxGrantFrames", NATURAL, "Grant frames on Xen."),
    Field("max_event_channels", "@maxEventChannels", NATURAL, "Event channels on Xen."),
    Field("serial", "serial", TEXT, "The serial number of an NVMe controller."),
    Field(
        "master",
        "master@startport",
        NATURAL,
        "The first port that a companion of a USB controller serves.",
        filled=True,
    ),
    Field("model_name", "model@name", TEXT, "The device of QEMU behind a PCI controller.", filled=True),
    Struct(
        "target",
        "target",
        (
            Field("chassis_nr", "@chassisNr", NATURAL, "The number of a bridge's chassis.", filled=True),
            Field("chassis", "@chassis", NATURAL, "The number of a port's chassis.", filled=True),
            Field("port", "@port", NUMBER, "The number of a port.", filled=True),
            Field("bus_nr", "@busNr", NATURAL, "The number of an expander's bus.", filled=True),
            Field("index", "@index", NATURAL, "The index of a host bridge on POWER.", filled=True),
            Field("hotplug", "@hotplug", ON_OFF, "Whether devices can come and go on it."),
            Field("mem_reserve", "@memReserve", NATURAL, "KiB of addresses that are kept for it."),
            Field("node", "node", NATURAL, "The guest's node that it belongs to."),
        ),
        "What the guest sees of a PCI controller.",
    ),
    Field("pcihole64", "pcihole64", KIB, "The size of the 64-bit hole of a root bus."),
    Struct(
        "driver",
        "driver",
        (
            Field("queues", "@queues", NATURAL, "The number of queues."),
            Field("cmd_per_lun", "@cmd_per_lun", NATURAL, "Commands that wait for one unit."),
            Field("max_sectors", "@max_sectors", NATURAL, "Sectors of one command."),
            Field("ioeventfd", "@ioeventfd", ON_OFF, "Whether it is served beside the virtual CPU's thread."),
            Field("iothread", "@iothread", NATURAL, "The one thread that serves it."),
            *VIRTIO,
            IOTHREADS,
        ),
        "How the host runs it.",
    ),
    *DEVICE,
)

IDS = (
    Field("start", "@start", NATURAL, "The first number in the guest."),
    Field("target", "@target", NATURAL, "The number on the host that it is."),
    Field("count", "@count", NATURAL, "How many."),
)
IDMAP = Struct(
    "idmap",
    "idmap",
    (
        Group("uids", "uid", IDS, "Users.", keys=("start",)),
        Group("gids", "gid", IDS, "Groups.", keys=("start",)),
    ),
    "Which users and groups of the host those of the guest are.",
)

READONLY = Field("readonly", "readonly", PRESENCE, "Whether the guest can only read it.", default=False)

FILESYSTEM = (
    Variant(
        "@type",
        {
            "mount": (
                Field("source", "source@dir", TEXT, "The directory of the host."),
                Field("socket", "source@socket", TEXT, "The socket of a virtiofs daemon of your own."),
                Struct(
                    "binary",
                    "binary",
                    (
                        Field("path", "@path", TEXT, "The program.", filled=True),
                        Field("xattr", "@xattr", ON_OFF, "Whether the guest sees extended attributes."),
                        Field("cache", "cache@mode", Choice("none", "always"), "What the guest caches."),
                        Field("sandbox", "sandbox@mode", Choice("namespace", "chroot"), "How it is locked in."),
                        Field("posix_lock", "lock@posix", ON_OFF, "Whether the guest sees POSIX locks."),
                        Field("flock", "lock@flock", ON_OFF, "Whether the guest sees BSD locks."),
                        Field("thread_pool", "thread_pool@size", NATURAL, "Threads."),
                        Field("openfiles", "openfiles@max", NATURAL, "Open files at most."),
                    ),
                    "The virtiofs daemon.",
                ),
                IDMAP,
            ),
            "template": (Field("source", "source@name", TEXT, "The template."),),
            "file": (Field("source", "source@file", TEXT, "The image file."),),
            "block": (Field("source", "source@dev", TEXT, "The block device of the host."),),
            "ram": (Field("usage", "source@usage", Size("KiB", minimum=0), "The size."),),
            "bind": (Field("source", "source@dir", TEXT, "The directory of the guest."),),
        },
        optional=True,
        type=Field(
            "type",
            "@type",
            Choice("mount", "template", "file", "block", "ram", "bind"),
            "What the guest gets.",
            default="mount",
        ),
    ),
    Field("target", "target@dir", TEXT, "The name, or the directory in a container, under which the guest finds it."),
    Field("model", "@model", VIRTIO_MODEL, "Which generation of virtio it speaks.", filled=True),
    Field(
        "accessmode", "@accessmode", Choice("passthrough", "mapped", "squash"), "Whose files are new ones.", filled=True
    ),
    Field("multidevs", "@multidevs", Choice("default", "remap", "forbid", "warn"), "What becomes of several devices."),
    Field("fmode", "@fmode", TEXT, "The mode of new files, in octal."),
    Field("dmode", "@dmode", TEXT, "The mode of new directories, in octal."),
    Struct(
        "driver",
        "driver",
        (
            Field(
                "type",
                "@type",
                Choice("path", "handle", "loop", "nbd", "ploop", "virtiofs", "mtp"),
                "How it is served; V(virtiofs) is the quick one.",
                filled=True,
            ),
            Field("format", "@format", TEXT, "The format of an image."),
            Field("wrpolicy", "@wrpolicy", Choice("immediate"), "When writes reach the host's disk."),
            Field("queue", "@queue", NATURAL, "Requests in the queue of virtiofs."),
            *VIRTIO,
        ),
        "How the host serves it.",
    ),
    READONLY,
    Field("space_hard_limit", "space_hard_limit", BYTES, "The most that a container may store."),
    Field("space_soft_limit", "space_soft_limit", BYTES, "The most that a container should store."),
    BOOT,
    *DEVICE,
)

INPUT = (
    Variant(
        "@type",
        {
            "tablet": (),
            "mouse": (),
            "keyboard": (),
            "passthrough": (Field("source", "source@evdev", TEXT, "The event device of the host."),),
            "evdev": (
                Field("source", "source@dev", TEXT, "The event device of the host."),
                Field("grab", "source@grab", Choice("all"), "Whether all devices switch together."),
                Field(
                    "grab_toggle",
                    "source@grabToggle",
                    Choice(
                        "ctrl-ctrl",
                        "alt-alt",
                        "shift-shift",
                        "meta-meta",
                        "scrolllock",
                        "ctrl-scrolllock",
                    ),
                    "The keys that switch between host and guest.",
                ),
                Field("repeat", "source@repeat", ON_OFF, "Whether keys repeat."),
            ),
        },
        type=Field(
            "type",
            "@type",
            Choice("tablet", "mouse", "keyboard", "passthrough", "evdev"),
            "The kind of device.",
        ),
    ),
    Field("bus", "@bus", Choice("ps2", "usb", "virtio", "xen"), "The bus.", filled=True),
    Field("model", "@model", VIRTIO_MODEL, "Which generation of virtio it speaks.", filled=True),
    DRIVER,
    *DEVICE,
)

RNG = (
    Field("model", "@model", VIRTIO_MODEL, "Which generation of virtio it speaks.", new="virtio", filled=True),
    Struct(
        "backend",
        "backend",
        (
            Variant(
                "@model",
                {
                    "random": (Field("device", ".", TEXT, "The device, such as V(/dev/urandom).", filled=True),),
                    "builtin": (),
                    "egd": chardev(),
                },
                type=Field(
                    "model",
                    "@model",
                    Choice("random", "builtin", "egd"),
                    "Where random numbers come from.",
                    new="random",
                    filled=True,
                ),
            ),
        ),
        "What is behind it on the host.",
        required=True,
    ),
    Struct(
        "rate",
        "rate",
        (
            Field("bytes", "@bytes", NATURAL, "Bytes.", required=True),
            Field("period", "@period", NATURAL, "Milliseconds.", filled=True),
        ),
        "How many the guest may take.",
    ),
    DRIVER,
    *DEVICE,
)

WATCHDOG = (
    Field("model", "@model", Choice("i6300esb", "itco", "ib700", "diag288"), "What the guest sees."),
    Field(
        "action",
        "@action",
        Choice("reset", "shutdown", "poweroff", "pause", "none", "dump", "inject-nmi"),
        "What becomes of a guest that hangs.",
        default="reset",
    ),
    *DEVICE,
)

MEMBALLOON = (
    Field(
        "model",
        "@model",
        Choice("virtio", "virtio-transitional", "virtio-non-transitional", "xen", "none"),
        "What the guest sees; V(none) for no balloon.",
        filled=True,
    ),
    Field("autodeflate", "@autodeflate", ON_OFF, "Whether the guest gets memory back when it runs out."),
    Field("free_page_reporting", "@freePageReporting", ON_OFF, "Whether the guest gives back what it does not use."),
    Field("stats_period", "stats@period", NATURAL, "Seconds between two counts."),
    DRIVER,
    *DEVICE,
)

TPM = (
    Field(
        "model",
        "@model",
        Choice("tpm-crb", "tpm-tis", "tpm-spapr", "spapr-tpm-proxy"),
        "What the guest sees.",
        filled=True,
    ),
    Struct(
        "backend",
        "backend",
        (
            Variant(
                "@type",
                {
                    "emulator": (
                        Field("secret", "encryption@secret", UUID, "The UUID of the libvirt secret that encrypts it."),
                        Field(
                            "persistent_state", "@persistent_state", YES_NO, "Whether its state stays with the host."
                        ),
                        Field("debug", "@debug", NATURAL, "How much it logs."),
                        *(
                            Field(
                                bank,
                                f"active_pcr_banks/{bank}",
                                PRESENCE,
                                f"Whether registers of {bank} are on.",
                                default=False,
                            )
                            for bank in ("sha1", "sha256", "sha384", "sha512")
                        ),
                        Field("source_type", "source@type", Choice("file", "dir"), "Where its state is kept."),
                        Field("source", "source@path", TEXT, "The file or directory with its state."),
                        Struct(
                            "profile",
                            "profile",
                            (
                                Field("source", "@source", TEXT, "The profile to take."),
                                Field("name", "@name", TEXT, "The profile that was taken.", filled=True),
                                Field(
                                    "remove_disabled",
                                    "@removeDisabled",
                                    Choice("check", "fips-host"),
                                    "What becomes of algorithms that the host forbids.",
                                ),
                            ),
                            "What it can do.",
                        ),
                    ),
                    "passthrough": (Field("device", "device@path", TEXT, "The device of the host.", filled=True),),
                    "external": (
                        Field("source_type", "source@type", Choice("unix"), "How it is reached.", filled=True),
                        Field("source", "source@path", TEXT, "The socket of a TPM of your own."),
                        Field("source_mode", "source@mode", Choice("connect"), "Whether to connect.", filled=True),
                    ),
                },
                type=Field(
                    "type",
                    "@type",
                    Choice("emulator", "passthrough", "external"),
                    "What is behind it on the host.",
                    new="emulator",
                    filled=True,
                ),
            ),
            Field("version", "@version", Choice("1.2", "2.0"), "The version.", filled=True),
        ),
        "What is behind it on the host.",
    ),
    *DEVICE,
)

SHMEM = (
    Field("name", "@name", TEXT, "The name of the memory on the host."),
    Field("role", "@role", Choice("master", "peer"), "Whether it stays when the guest migrates."),
    Field(
        "model",
        "model@type",
        Choice("ivshmem-plain", "ivshmem-doorbell", "ivshmem"),
        "What the guest sees.",
        filled=True,
    ),
    Field("size", "size", Size("b", minimum=0), "The size, a power of two.", filled=True),
    Struct("server", "server", (Field("path", "@path", TEXT, "The socket."),), "The server of the memory.", bare=True),
    Struct(
        "msi",
        "msi",
        (
            Field("vectors", "@vectors", NATURAL, "Interrupts."),
            Field(
                "ioeventfd", "@ioeventfd", ON_OFF, "Whether it is served beside the virtual CPU's thread.", filled=True
            ),
        ),
        "Interrupts.",
        bare=True,
    ),
    *DEVICE,
)

PANIC = (
    Field(
        "model", "@model", Choice("isa", "pseries", "hyperv", "s390", "pvpanic"), "What the guest sees.", filled=True
    ),
    *DEVICE,
)

VSOCK = (
    Field("model", "@model", VIRTIO_MODEL, "Which generation of virtio it speaks.", filled=True),
    Struct(
        "cid",
        "cid",
        (
            Field("auto", "@auto", YES_NO, "Whether libvirt picks the address.", filled=True),
            Field("address", "@address", NATURAL, "The address.", filled=True),
        ),
        "The guest's address.",
    ),
    DRIVER,
    *DEVICE,
)

IOMMU = (
    Field("model", "@model", Choice("intel", "smmuv3", "virtio"), "What the guest sees."),
    Struct(
        "driver",
        "driver",
        (
            Field("intremap", "@intremap", ON_OFF, "Whether interrupts are remapped.", filled=True),
            Field("caching_mode", "@caching_mode", ON_OFF, "Whether the guest tells of new entries."),
            Field("eim", "@eim", ON_OFF, "Whether interrupts reach all of many CPUs.", filled=True),
            Field("iotlb", "@iotlb", ON_OFF, "Whether devices cache translations."),
            Field("aw_bits", "@aw_bits", NATURAL, "The width of addresses."),
            Field("dma_translation", "@dma_translation", ON_OFF, "Whether addresses of devices are translated."),
        ),
        "What it can do.",
    ),
    *DEVICE,
)

SMARTCARD = (
    Variant(
        "@mode",
        {
            "host": (),
            "host-certificates": (
                Values("certificates", "certificate", TEXT, "Three names of certificates."),
                Field("database", "database", TEXT, "The directory with the certificates.", filled=True),
            ),
            "passthrough": (Struct("backend", ".", chardev(new="spicevmc"), "Where it leads on the host."),),
        },
        type=Field("mode", "@mode", Choice("host", "host-certificates", "passthrough"), "Where the card is."),
    ),
    *DEVICE,
)

HUB = (Field("type", "@type", Choice("usb"), "The bus.", new="usb", filled=True), *DEVICE)

REDIRFILTER = Group(
    "redirfilter",
    "devices/redirfilter/usbdev",
    (
        Field("allow", "@allow", YES_NO, "Whether it may be redirected."),
        Field("class", "@class", Identifier(2, anything=True), "The USB class, such as V(0x08); V(-1) is any."),
        Field("vendor", "@vendor", Identifier(4, anything=True), "The vendor, such as V(0x046d); V(-1) is any."),
        Field("product", "@product", Identifier(4, anything=True), "The product, such as V(0x08b2); V(-1) is any."),
        Field("version", "@version", TEXT, "The version, such as V(2.00); V(-1) is any."),
    ),
    "Which USB devices may be redirected; the first that fits holds.",
)

LEASE = (
    Field("lockspace", "lockspace", TEXT, "The lock space."),
    Field("key", "key", TEXT, "The name of the lease."),
    Field("path", "target@path", TEXT, "The file with the lease."),
    Field("offset", "target@offset", NATURAL, "Where in the file it is.", filled=True),
)

CRYPTO = (
    Field("model", "@model", Choice("virtio"), "What the guest sees.", new="virtio", filled=True),
    Field("type", "@type", Choice("qemu"), "What runs it.", new="qemu", filled=True),
    Struct(
        "backend",
        "backend",
        (
            Field("model", "@model", Choice("builtin", "lkcf"), "What computes.", new="builtin", filled=True),
            Field("queues", "@queues", NATURAL, "The number of queues."),
        ),
        "What is behind it on the host.",
    ),
    DRIVER,
    *DEVICE,
)

PSTORE = (
    Field("backend", "@backend", Choice("acpi-erst"), "What the guest sees."),
    Field("path", "path", TEXT, "The file that keeps it.", filled=True),
    Field("size", "size", KIB, "The size."),
    *DEVICE,
)

NVRAM_DEVICE = (ADDRESS, ALIAS)


def own_input(root: ET.Element, node: ET.Element) -> bool:
    """Whether an input device is one that every PC has (virDomainDefMaybeAddInput in domain_conf.c)."""
    return node.get("bus") in ("ps2", "xen") and node.get("type") in ("mouse", "keyboard") and not len(node)


def input_order(node: ET.Element) -> int:
    """The order in which libvirt adds the input devices of a PC (virDomainDefMaybeAddInput's callers)."""
    return ("mouse", "keyboard").index(str(node.get("type")))


def own_watchdog(root: ET.Element, node: ET.Element) -> bool:
    """Whether a watchdog is the one in the chip set of Q35 (qemuDomainDefAddDefaultDevices)."""
    if node.get("model") != "itco" or len(node):
        return False
    # All watchdogs of a guest have one action; that which libvirt adds takes it over.
    others = {each.get("action", "reset") for each in root.findall("devices/watchdog") if each is not node}
    return node.get("action", "reset") in {"reset", *others}


def own_audio(root: ET.Element, node: ET.Element) -> bool:
    """Whether an audio backend is the one that libvirt adds (qemuDomainDefAddDefaultAudioBackend)."""
    if node.get("id") != "1" or len(node) or set(node.attrib) != {"id", "type"}:
        return False
    graphics = [display.get("type") for display in root.findall("devices/graphics")]
    default = "spice" if "spice" in graphics else "none"
    return node.get("type") == default and len(root.findall("devices/audio")) == 1
