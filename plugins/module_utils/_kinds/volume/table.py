# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a storage volume (https://libvirt.org/formatstorage.html, Storage volume XML)."""

from __future__ import annotations

from ..._engine.converters import COUNT, NAME, PATH, PRESENCE, TEXT, UUID, Choice, Integer
from ..._engine.rows import Field, Fragment, Property, Struct
from ..._engine.rows.create_only import ALLOCATION, CAPACITY, CHECKSUM, CLUSTER, IMAGE, MODE, OWNER, PLACE, Aside
from ..._engine.table import Table
from ..shared.rows import IMAGE_FORMATS
from .storage_rules import CHECKED, IN_TIME, TAKEN, allocated, filling, volume_format, volume_key

PARTITIONS = ("extended", "fat16", "fat32", "linux", "linux-lvm", "linux-raid", "linux-swap", "none")
"""What the volumes of a pool of type ``disk`` are, which are partitions (virStorageVolFormatDisk)."""

PERMISSIONS = (
    Field("mode", "mode", MODE, "The mode in octal digits, such as V('0600')."),
    Field("owner", "owner", OWNER, "The numeric id of the user that owns it."),
    Field("group", "group", OWNER, "The numeric id of its group."),
    Field("label", "label", TEXT, "The security label."),
)

BACKING = (
    Aside("volume", "", PLACE, "The volume by its name in the same pool, or as C(POOL/VOLUME)."),
    Field("path", "path", PATH, "A file or device that is in no pool."),
    Field(
        "format",
        "format@type",
        Choice(*IMAGE_FORMATS),
        "Its format. That of a volume that was declared, or that a guest has, is known.",
    ),
    Struct("permissions", "permissions", PERMISSIONS, "Who may use it, as libvirt reports it."),
)

ENCRYPTION = (
    Field("format", "@format", Choice("default", "qcow", "luks", "luks2", "luks-any"), "The kind."),
    Field("engine", "@engine", Choice("qemu", "librbd"), "Who encrypts."),
    Struct(
        "secret",
        "secret",
        (
            Field("type", "@type", Choice("passphrase"), "What it is.", new="passphrase"),
            Field("uuid", "@uuid", UUID, "Its UUID."),
            Field("usage", "@usage", TEXT, "What it is for, by which libvirt finds it."),
        ),
        "The secret of libvirt's that holds the passphrase. The passphrase itself is in no definition.",
        bare=True,
    ),
    Struct(
        "cipher",
        "cipher",
        (
            Field("name", "@name", TEXT, "The cipher, such as V(aes)."),
            Field("size", "@size", Integer(1), "The bits of its key."),
            Field("mode", "@mode", TEXT, "Its mode, such as V(xts)."),
            Field("hash", "@hash", TEXT, "The hash of the passphrase."),
        ),
        "The cipher, where it is not the usual one.",
    ),
    Struct(
        "ivgen",
        "ivgen",
        (
            Field("name", "@name", TEXT, "The generator, such as V(plain64)."),
            Field("hash", "@hash", TEXT, "Its hash."),
        ),
        "How the initialization vectors are made.",
    ),
)

ROWS = (
    Field("name", "name", NAME, "The name in its pool. It has no C(/)."),
    Aside("pool", "", NAME, "The pool. Left out, it is V(default).", new="default"),
    Property(
        "state",
        "",
        Choice("present", "absent"),
        "Whether it is there. V(absent) deletes it with all its data, unless a guest or another volume uses it.",
    ),
    Field(
        "capacity",
        "capacity",
        CAPACITY,
        "The size that a guest sees, such as V(20GiB). One that exists grows in place; a smaller size is refused.",
    ),
    Field(
        "allocation",
        "allocation",
        ALLOCATION,
        "How much of it a new one takes from the pool at once. Left out, a raw one takes all of it.",
    ),
    Field(
        "format",
        "target/format@type",
        Choice(*IMAGE_FORMATS, *PARTITIONS),
        "The format. It cannot change. Left out, a new volume gets the one that the ending of its name tells, such as"
        " C(.qcow2), or else V(raw); one with O(config[].backing) is always V(qcow2). V(iso) is V(raw) with a CD in it."
        " Those from V(extended) on are partitions, in pools of type C(disk).",
        new=volume_format,
        filled=True,
        fixed=True,
    ),
    Struct(
        "backing",
        "backingStore",
        BACKING,
        "What a new one is laid over: it holds only what differs. It cannot change.",
    ),
    Aside(
        "clone_from",
        "",
        PLACE,
        "The volume that a new one is a full copy of, by its name in the same pool or as C(POOL/VOLUME).",
    ),
    Aside(
        "image",
        "",
        IMAGE,
        "The image that a new one is filled with: an URL, or the path of a file on the host. It is converted where"
        f" its format is another.{TAKEN}",
    ),
    Aside("checksum", "", CHECKSUM, CHECKED),
    Aside("image_timeout", "", COUNT, IN_TIME),
    Struct("permissions", "target/permissions", PERMISSIONS, "Who may use a new one."),
    Field("compat", "target/compat", TEXT, "The version of qcow2 that a new one has, V(0.10) or V(1.1)."),
    Field("nocow", "target/nocow", PRESENCE, "Whether a new one is kept from copy-on-write on btrfs.", default=False),
    Field("cluster_size", "target/clusterSize", CLUSTER, "The size of the clusters of a new qcow2."),
    Field(
        "lazy_refcounts",
        "target/features/lazy_refcounts",
        PRESENCE,
        "Whether a new qcow2 counts references late, which is quicker.",
        default=False,
    ),
    Field(
        "extended_l2",
        "target/features/extended_l2",
        PRESENCE,
        "Whether a new qcow2 has subclusters.",
        default=False,
    ),
    Struct("encryption", "target/encryption", ENCRYPTION, "How a new one is encrypted. It cannot change.", bare=True),
    Fragment("xml", "volume", "XML for what no option covers. It is merged into the definition of a new volume."),
)

VOLUME = Table(
    kind="volume",
    skeleton="<volume/>",
    state="present",
    initial="present",
    active=frozenset(),
    transitions={("present", "absent"): ("delete",)},
    rows=ROWS,
    rules=(filling,),
    cautions=(allocated,),
    identity=volume_key,
    reported=(
        *("@type", "key", "physical", "source"),
        *("target/path", "target/timestamps", "backingStore/timestamps", "backingStore/permissions"),
    ),
)
