# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks (formatdomain.html, Hard drives, floppy disks, CDROMs)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...._engine.converters import NATURAL, ON_OFF, PRESENCE, TEXT, YES_NO, Choice
from ...._engine.rows import Chain, Field, Group, Struct, Values
from ...shared import derive
from ...volume.storage_rules import MADE_DISK
from .common import AUTH, BOOT, DEVICE, ENCRYPTION, VIRTIO, VIRTIO_MODEL
from .source import DATA_STORE, DISK_FORMAT, LAYER, METADATA_CACHE, storage

LIMITS = (
    ("total_bytes_sec", "Bytes a second in all."),
    ("read_bytes_sec", "Bytes a second read."),
    ("write_bytes_sec", "Bytes a second written."),
    ("total_iops_sec", "Operations a second in all."),
    ("read_iops_sec", "Reads a second."),
    ("write_iops_sec", "Writes a second."),
    ("total_bytes_sec_max", "Bytes a second in all, in a burst."),
    ("read_bytes_sec_max", "Bytes a second read, in a burst."),
    ("write_bytes_sec_max", "Bytes a second written, in a burst."),
    ("total_iops_sec_max", "Operations a second in all, in a burst."),
    ("read_iops_sec_max", "Reads a second, in a burst."),
    ("write_iops_sec_max", "Writes a second, in a burst."),
    ("size_iops_sec", "Bytes from which on an operation counts as several."),
    ("total_bytes_sec_max_length", "Seconds of a burst of bytes in all."),
    ("read_bytes_sec_max_length", "Seconds of a burst of bytes read."),
    ("write_bytes_sec_max_length", "Seconds of a burst of bytes written."),
    ("total_iops_sec_max_length", "Seconds of a burst of operations in all."),
    ("read_iops_sec_max_length", "Seconds of a burst of reads."),
    ("write_iops_sec_max_length", "Seconds of a burst of writes."),
)
"""Limits of a disk's traffic, each an element of that name."""

IOTUNE = (
    *(Field(name, name, NATURAL, doc, default=0, live="iotune") for name, doc in LIMITS),
    Field("group_name", "group_name", TEXT, "A name; disks with the same one share these limits.", live="iotune"),
)

THROTTLE_GROUP = (
    Field("group_name", "group_name", TEXT, "The name of the group."),
    *(Field(name, name, NATURAL, doc, default=0) for name, doc in LIMITS),
)

IOTHREADS = Group(
    "iothreads",
    "iothreads/iothread",
    (
        Field("id", "@id", NATURAL, "The number of the thread."),
        Values("queues", "queue@id", NATURAL, "The queues that it serves."),
    ),
    "The threads that serve the queues.",
    keys=("id",),
)

DISK_DRIVER = (
    Field("name", "@name", TEXT, "What runs the disk on the host.", filled=True),
    Field(
        "cache",
        "@cache",
        Choice("default", "none", "writeback", "writethrough", "directsync", "unsafe"),
        "How the host caches it.",
    ),
    Field(
        "error_policy",
        "@error_policy",
        Choice("stop", "report", "ignore", "enospace"),
        "What becomes of an error in writing.",
    ),
    Field(
        "rerror_policy", "@rerror_policy", Choice("stop", "report", "ignore"), "What becomes of an error in reading."
    ),
    Field("io", "@io", Choice("threads", "native", "io_uring"), "How the host reads and writes."),
    Field("ioeventfd", "@ioeventfd", ON_OFF, "Whether the disk is served beside the virtual CPU's thread."),
    Field("event_idx", "@event_idx", ON_OFF, "Whether events of a virtio disk are bundled."),
    Field("copy_on_read", "@copy_on_read", ON_OFF, "Whether what is read of a backing image is kept."),
    Field("discard", "@discard", Choice("unmap", "ignore"), "Whether space that the guest frees is given back."),
    Field("discard_no_unref", "@discard_no_unref", ON_OFF, "Whether freed space of a qcow2 image keeps its place."),
    Field("detect_zeroes", "@detect_zeroes", Choice("off", "on", "unmap"), "Whether writes of zeroes take no space."),
    Field("iothread", "@iothread", NATURAL, "The one thread that serves the disk."),
    Field("queues", "@queues", NATURAL, "The number of queues of a virtio disk."),
    Field("queue_size", "@queue_size", NATURAL, "Requests in a queue of a virtio disk."),
    *VIRTIO,
    METADATA_CACHE,
    IOTHREADS,
)


def is_cdrom(disk: ET.Element) -> bool:
    """Whether a disk is a CD-ROM, which libvirt makes read-only by itself."""
    return disk.get("device") == "cdrom"


DISK = (
    storage(DATA_STORE, optional=False),
    Field("device", "@device", Choice("disk", "cdrom", "floppy", "lun"), "What the guest sees.", default="disk"),
    Field("model", "@model", VIRTIO_MODEL, "Which generation of virtio it speaks.", filled=True),
    Field(
        "bus",
        "target@bus",
        TEXT,
        "The bus. A new disk is on V(virtio), a new CD-ROM on V(sata).",
        new=derive.disk_bus,
        filled=True,
    ),
    Field(
        "target",
        "target@dev",
        TEXT,
        "The name that orders the disks of a bus. A new disk takes the next free one.",
        new=derive.derive_target,
        filled=True,
    ),
    DISK_FORMAT,
    Struct("driver", "driver", DISK_DRIVER, "How the host runs the disk."),
    Field(
        "readonly",
        "readonly",
        PRESENCE,
        "Whether the guest can only read it. A CD-ROM it always can.",
        default=is_cdrom,
    ),
    Field(
        "shareable",
        "shareable",
        PRESENCE,
        "Whether several guests may write to it. It has to be raw (C(format: raw)).",
        default=False,
    ),
    Struct(
        "transient",
        "transient",
        (Field("share_backing", "@shareBacking", YES_NO, "Whether several guests share the image below."),),
        "Changes that are thrown away when the guest stops; V({}) asks for it.",
        bare=True,
    ),
    Field("serial", "serial", TEXT, "The serial number that the guest sees."),
    Field("wwn", "wwn", TEXT, "The world wide name that the guest sees."),
    Field("vendor", "vendor", TEXT, "The vendor that the guest sees on a SCSI disk."),
    Field("product", "product", TEXT, "The product that the guest sees on a SCSI disk."),
    Field(
        "tray", "target@tray", Choice("open", "closed"), "The tray of a drive for removable media.", default="closed"
    ),
    Field("removable", "target@removable", ON_OFF, "Whether the guest sees a removable USB disk."),
    Field(
        "rotation_rate",
        "target@rotation_rate",
        NATURAL,
        "Turns a minute that the guest sees; V(1) is a solid state disk.",
    ),
    Field("rawio", "@rawio", YES_NO, "Whether a LUN may use raw SCSI commands."),
    Field("sgio", "@sgio", Choice("filtered", "unfiltered"), "Whether raw SCSI commands are filtered."),
    Field(
        "snapshot",
        "@snapshot",
        Choice("no", "internal", "external", "manual"),
        "How snapshots of the guest take this disk.",
        filled=True,
    ),
    Struct("iotune", "iotune", IOTUNE, "Limits of the disk's traffic. A zero is no limit."),
    Values(
        "throttle_filters", "throttlefilters/throttlefilter@group", TEXT, "The domain's throttle groups that it is in."
    ),
    Struct(
        "blockio",
        "blockio",
        (
            Field("logical_block_size", "@logical_block_size", NATURAL, "Bytes of a block as the guest sees it."),
            Field("physical_block_size", "@physical_block_size", NATURAL, "Bytes of a block as the device has it."),
            Field("discard_granularity", "@discard_granularity", NATURAL, "The fewest bytes that are freed at once."),
        ),
        "The sizes of blocks.",
    ),
    Struct(
        "geometry",
        "geometry",
        (
            Field("cyls", "@cyls", NATURAL, "Cylinders.", required=True),
            Field("heads", "@heads", NATURAL, "Heads.", required=True),
            Field("secs", "@secs", NATURAL, "Sectors of a track.", required=True),
            Field("trans", "@trans", Choice("auto", "none", "lba"), "How the BIOS translates them."),
        ),
        "The geometry that the guest sees.",
    ),
    AUTH,
    ENCRYPTION,
    Chain(
        "backing_chain",
        "backingStore",
        LAYER,
        "The images below, topmost first; an empty dictionary ends the chain. Without it, the images tell.",
    ),
    Field("backend_domain", "backenddomain@name", TEXT, "The Xen domain that has the disk."),
    *MADE_DISK,
    BOOT,
    *DEVICE,
)
