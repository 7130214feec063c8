# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks (formatdomain.html, Hard drives, floppy disks, CDROMs)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...._engine import paths
from ...._engine.converters import NATURAL, ON_OFF, PRESENCE, TEXT, YES_NO, Choice, Integer
from ...._engine.rows import Chain, Field, Group, Struct, Values
from ...._engine.rows.model import Change, Item, Scope
from ...shared import derived_values
from ...volume.storage_rules import MADE_DISK
from .common import AUTH, BOOT, DEVICE, ENCRYPTION, VIRTIO, VIRTIO_MODEL
from .source import DATA_STORE, DISK_FORMAT, LAYER, METADATA_CACHE, storage

LIMITS = (
    (
        "total_bytes_sec",
        "Most bytes per second that the disk may read and write in all. Does not go with separate limits for the two.",
    ),
    ("read_bytes_sec", "Most bytes per second that the disk may read, such as V(10485760)."),
    ("write_bytes_sec", "Most bytes per second that the disk may write, such as V(10485760)."),
    (
        "total_iops_sec",
        (
            "Most I/O operations per second of the disk, reads and writes together. Does not go with separate limits"
            " for the two."
        ),
    ),
    ("read_iops_sec", "Most read operations per second of the disk, such as V(500)."),
    ("write_iops_sec", "Most write operations per second of the disk, such as V(500)."),
    ("total_bytes_sec_max", "Most bytes per second that the disk may read and write in all during a burst."),
    ("read_bytes_sec_max", "Most bytes per second that the disk may read during a burst."),
    ("write_bytes_sec_max", "Most bytes per second that the disk may write during a burst."),
    ("total_iops_sec_max", "Most I/O operations per second of the disk during a burst, reads and writes together."),
    ("read_iops_sec_max", "Most read operations per second of the disk during a burst."),
    ("write_iops_sec_max", "Most write operations per second of the disk during a burst."),
    ("size_iops_sec", "Size of an I/O operation in bytes: a larger one counts as several in the limits of operations."),
    ("total_bytes_sec_max_length", "Seconds that a burst at C(total_bytes_sec_max) may last."),
    ("read_bytes_sec_max_length", "Seconds that a burst at C(read_bytes_sec_max) may last."),
    ("write_bytes_sec_max_length", "Seconds that a burst at C(write_bytes_sec_max) may last."),
    ("total_iops_sec_max_length", "Seconds that a burst at C(total_iops_sec_max) may last."),
    ("read_iops_sec_max_length", "Seconds that a burst at C(read_iops_sec_max) may last."),
    ("write_iops_sec_max_length", "Seconds that a burst at C(write_iops_sec_max) may last."),
)
"""Limits of a disk's traffic, each an element of that name."""


class Limit(Field):
    """A limit, of which 0 is none. libvirt's schema takes none of all traffic beside one of reads, be it 0."""

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        super().edit(element, {**item, self.name: None} if item.get(self.name) == 0 else item, scope, where, changes)

    def clear(self, element: ET.Element, path: paths.Path) -> None:
        paths.remove(element, path)


IOTUNE = (
    *(Limit(name, name, NATURAL, doc, default=0, live="iotune") for name, doc in LIMITS),
    Field(
        "group_name",
        "group_name",
        TEXT,
        "Name of a group of disks of the guest that share these limits (libvirt's C(group_name)).",
        live="iotune",
    ),
)

THROTTLE_GROUP = (
    Field(
        "group_name",
        "group_name",
        TEXT,
        "Name of the throttle group (libvirt's C(group_name)), by which disks refer to it.",
    ),
    *(Limit(name, name, NATURAL, doc, default=0) for name, doc in LIMITS),
)

IOTHREADS = Group(
    "iothreads",
    "iothreads/iothread",
    (
        Field("id", "@id", NATURAL, "Number of the IO thread (libvirt's C(id)), as in O(config[].iothreadids)."),
        Values(
            "queues",
            "queue@id",
            NATURAL,
            "Numbers of the disk's queues that the IO thread serves (libvirt's C(queue)). The first queue is V(0).",
        ),
    ),
    "IO threads that serve the queues of a virtio disk (libvirt's C(iothreads)), in place of C(iothread).",
    keys=("id",),
)

DISK_DRIVER = (
    Field(
        "name",
        "@name",
        TEXT,
        "Driver on the host that serves the disk (libvirt's driver C(name)), such as V(qemu).",
        filled=True,
    ),
    Field(
        "cache",
        "@cache",
        Choice("default", "none", "writeback", "writethrough", "directsync", "unsafe"),
        "How the host caches the disk (libvirt's C(cache)). V(none) and V(directsync) go past the host's page cache;"
        " V(writethrough) and V(directsync) wait until each write is on the device; V(unsafe) ignores the guest's"
        " requests to flush.",
    ),
    Field(
        "error_policy",
        "@error_policy",
        Choice("stop", "report", "ignore", "enospace"),
        "What to do at an error in writing (libvirt's C(error_policy)): V(stop) pauses the guest, V(report) tells the"
        " guest, V(enospace) pauses it only where space ran out. It holds for reading too, unless C(rerror_policy) is"
        " given.",
    ),
    Field(
        "rerror_policy",
        "@rerror_policy",
        Choice("stop", "report", "ignore"),
        "What to do at an error in reading (libvirt's C(rerror_policy)): V(stop) pauses the guest, V(report) tells the"
        " guest.",
    ),
    Field(
        "io",
        "@io",
        Choice("threads", "native", "io_uring"),
        "How QEMU reads and writes the image (libvirt's C(io)): by V(threads), by V(native) Linux AIO, or by"
        " V(io_uring).",
    ),
    Field(
        "ioeventfd",
        "@ioeventfd",
        ON_OFF,
        "Whether a separate thread handles the disk's I/O while the virtual CPU goes on (libvirt's C(ioeventfd)).",
    ),
    Field(
        "event_idx",
        "@event_idx",
        ON_OFF,
        "Whether a virtio disk saves interrupts by bundling its events (libvirt's C(event_idx)).",
    ),
    Field(
        "copy_on_read",
        "@copy_on_read",
        ON_OFF,
        "Whether data that is read from a backing image is copied into the image (libvirt's C(copy_on_read)).",
    ),
    Field(
        "discard",
        "@discard",
        Choice("unmap", "ignore"),
        "What to do with blocks that the guest frees, as by C(fstrim) (libvirt's C(discard)). V(unmap) gives the space"
        " back to the host; V(ignore) keeps it.",
    ),
    Field(
        "discard_no_unref",
        "@discard_no_unref",
        ON_OFF,
        "Whether blocks that the guest frees stay allocated in a qcow2 image (libvirt's C(discard_no_unref)), which"
        " avoids fragmentation.",
    ),
    Field(
        "detect_zeroes",
        "@detect_zeroes",
        Choice("off", "on", "unmap"),
        "Whether QEMU detects writes of zeroes and saves their space or time (libvirt's C(detect_zeroes)). V(unmap)"
        " also frees the space, where C(discard) allows it.",
    ),
    Field(
        "iothread",
        "@iothread",
        NATURAL,
        "Number of the IO thread that serves the whole disk (libvirt's C(iothread)), as in O(config[].iothreadids).",
    ),
    Field("queues", "@queues", NATURAL, "Number of queues of a virtio disk (libvirt's C(queues)), such as V(4)."),
    Field(
        "queue_size",
        "@queue_size",
        NATURAL,
        "Number of requests that fit in each queue of a virtio disk (libvirt's C(queue_size)), such as V(256).",
    ),
    *VIRTIO,
    METADATA_CACHE,
    IOTHREADS,
)


def is_cdrom(disk: ET.Element) -> bool:
    """Whether a disk is a CD-ROM, which libvirt makes read-only by itself."""
    return disk.get("device") == "cdrom"


DISK = (
    storage(DATA_STORE, optional=False),
    Field(
        "device",
        "@device",
        Choice("disk", "cdrom", "floppy", "lun"),
        "Kind of drive that the guest sees (libvirt's disk C(device)): V(disk), V(cdrom) or V(floppy); V(lun) also"
        " passes SCSI commands through to the device.",
        default="disk",
    ),
    Field(
        "model",
        "@model",
        VIRTIO_MODEL,
        "Version of virtio that the device speaks (libvirt's C(model)). V(virtio-transitional) speaks 0.9 and 1.0,"
        " V(virtio-non-transitional) only 1.0.",
        filled=True,
    ),
    Field(
        "bus",
        "target@bus",
        Choice("virtio", "scsi", "sata", "ide", "usb", "fdc", "sd", "nvme", "xen", "uml"),
        "Bus that the disk is attached to (libvirt's target C(bus)), such as V(virtio), V(scsi), V(sata) or V(usb). A"
        " new disk is on V(virtio), a new CD-ROM on V(sata).",
        new=derived_values.disk_bus,
        filled=True,
    ),
    Field(
        "target",
        "target@dev",
        TEXT,
        "Name that orders the disks of a bus (libvirt's target C(dev)), such as V(vda). The guest may call the disk"
        " something else. A new disk takes the next free name.",
        new=derived_values.derive_target,
        filled=True,
    ),
    DISK_FORMAT,
    Struct(
        "driver",
        "driver",
        DISK_DRIVER,
        "Options of how the host serves the disk (libvirt's C(driver)), such as caching.",
    ),
    Field(
        "readonly",
        "readonly",
        PRESENCE,
        "Whether the guest can only read the disk (libvirt's C(readonly)). A CD-ROM is always so.",
        default=is_cdrom,
    ),
    Field(
        "shareable",
        "shareable",
        PRESENCE,
        "Whether several guests may write to the disk (libvirt's C(shareable)). Its image has to be raw (C(format:"
        " raw)).",
        default=False,
    ),
    Struct(
        "transient",
        "transient",
        (
            Field(
                "share_backing",
                "@shareBacking",
                YES_NO,
                "Whether several guests may use the image at once, each with its own changes (libvirt's"
                " C(shareBacking)).",
            ),
        ),
        "Throws the guest's changes to the disk away when it stops (libvirt's C(transient)). V({}) asks for it.",
        bare=True,
    ),
    Field(
        "serial",
        "serial",
        TEXT,
        "Serial number that the guest sees on the disk (libvirt's C(serial)), such as V(WD-WMAP9A966149).",
    ),
    Field(
        "wwn", "wwn", TEXT, "World Wide Name that the guest sees on the disk (libvirt's C(wwn)): 16 hexadecimal digits."
    ),
    Field(
        "vendor", "vendor", TEXT, "Vendor that the guest sees on a SCSI disk (libvirt's C(vendor)), up to 8 characters."
    ),
    Field(
        "product",
        "product",
        TEXT,
        "Product name that the guest sees on a SCSI disk (libvirt's C(product)), up to 16 characters.",
    ),
    Field(
        "tray",
        "target@tray",
        Choice("open", "closed"),
        "State of the tray of a CD-ROM or floppy drive (libvirt's C(tray)): V(open) or V(closed). libvirt only keeps"
        " it: QEMU starts with the tray closed all the same, and then the guest opens and closes it.",
        default="closed",
        live="tray",
    ),
    Field(
        "removable",
        "target@removable",
        ON_OFF,
        "Whether the guest takes a USB disk for a removable one (libvirt's C(removable)).",
    ),
    Field(
        "rotation_rate",
        "target@rotation_rate",
        NATURAL,
        "Rotations per minute that the guest sees (libvirt's C(rotation_rate)), such as V(7200). V(1) stands for a"
        " solid state disk.",
    ),
    Field(
        "rawio",
        "@rawio",
        YES_NO,
        "Whether a disk with C(device: lun) gets the privilege to send raw SCSI commands (libvirt's C(rawio)).",
    ),
    Field(
        "sgio",
        "@sgio",
        Choice("filtered", "unfiltered"),
        "Whether the kernel filters the SCSI commands of a disk with C(device: lun) (libvirt's C(sgio)).",
    ),
    Field(
        "snapshot",
        "@snapshot",
        Choice("no", "internal", "external", "manual"),
        "How snapshots of the guest include the disk by default (libvirt's C(snapshot)): V(internal) in the image"
        " itself, V(external) in a new file, V(manual) by other means, V(no) not at all.",
        filled=True,
    ),
    Struct(
        "iotune",
        "iotune",
        IOTUNE,
        "Limits of the disk's throughput and I/O operations (libvirt's C(iotune)). V(0) is no limit.",
    ),
    Values(
        "throttle_filters",
        "throttlefilters/throttlefilter@group",
        TEXT,
        "Names of the throttle groups that limit the disk (libvirt's C(throttlefilters)), out of"
        " O(config[].throttle_groups).",
    ),
    Struct(
        "blockio",
        "blockio",
        (
            Field(
                "logical_block_size",
                "@logical_block_size",
                Integer(1),
                "Size in bytes of a logical block, the smallest unit that the guest reads and writes (libvirt's"
                " C(logical_block_size)), such as V(512).",
            ),
            Field(
                "physical_block_size",
                "@physical_block_size",
                Integer(1),
                "Size in bytes of a physical block that the guest is told (libvirt's C(physical_block_size)), such as"
                " V(4096).",
            ),
            Field(
                "discard_granularity",
                "@discard_granularity",
                NATURAL,
                "Smallest number of bytes that the guest can free at once (libvirt's C(discard_granularity)).",
            ),
        ),
        "Sizes of blocks that the guest sees on the disk (libvirt's C(blockio)).",
    ),
    Struct(
        "geometry",
        "geometry",
        (
            Field(
                "cyls",
                "@cyls",
                Integer(1),
                "Number of cylinders that the guest sees (libvirt's C(cyls)).",
                required=True,
            ),
            Field(
                "heads",
                "@heads",
                Integer(1),
                "Number of heads that the guest sees (libvirt's C(heads)).",
                required=True,
            ),
            Field(
                "secs",
                "@secs",
                Integer(1),
                "Number of sectors in a track that the guest sees (libvirt's C(secs)).",
                required=True,
            ),
            Field(
                "trans",
                "@trans",
                Choice("auto", "none", "lba"),
                "How the BIOS translates the geometry (libvirt's C(trans)): V(none), V(lba) or V(auto).",
            ),
        ),
        "Geometry that the guest sees on the disk (libvirt's C(geometry)).",
    ),
    AUTH,
    ENCRYPTION,
    Chain(
        "backing_chain",
        "backingStore",
        LAYER,
        "Backing images below the disk's image, topmost first (libvirt's C(backingStore)). An empty dictionary ends"
        " the chain. Left out, libvirt reads the chain from the images.",
    ),
    Field(
        "backend_domain",
        "backenddomain@name",
        TEXT,
        "Name of the Xen domain that serves the disk (libvirt's C(backenddomain)).",
    ),
    *MADE_DISK,
    BOOT,
    *DEVICE,
)
