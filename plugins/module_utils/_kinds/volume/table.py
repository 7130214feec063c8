# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a storage volume (https://libvirt.org/formatstorage.html, Storage volume XML)."""

from __future__ import annotations

from ..._engine.converters import COUNT, NAME, PATH, PRESENCE, TEXT, UUID, Choice, Integer
from ..._engine.rows import Field, Fragment, Property, Struct
from ..._engine.rows.create_only import Aside
from ..._engine.table import Table
from ..shared.grammar import LIBVIRT
from ..shared.rows import IMAGE_FORMATS
from ..shared.storage_values import ALLOCATION, CAPACITY, CHECKSUM, CLUSTER, IMAGE, MODE, OWNER, PLACE
from .storage_rules import (
    CHECKED,
    IN_TIME,
    TAKEN,
    allocated,
    can_be_made,
    filling,
    qcow2,
    volume_format,
    volume_key,
)

PARTITIONS = ("extended", "fat16", "fat32", "linux", "linux-lvm", "linux-raid", "linux-swap", "none")
"""What the volumes of a pool of type ``disk`` are, which are partitions (virStorageVolFormatDisk)."""

PERMISSIONS = (
    Field("mode", "mode", MODE, "Mode of the volume's file in octal digits (libvirt's C(mode)), such as V('0600')."),
    Field(
        "owner",
        "owner",
        OWNER,
        "Numeric id of the user that owns the volume's file (libvirt's C(owner)), such as V(107).",
    ),
    Field(
        "group",
        "group",
        OWNER,
        "Numeric id of the group that owns the volume's file (libvirt's C(group)), such as V(107).",
    ),
    Field(
        "label",
        "label",
        TEXT,
        "Security label of the volume's file (libvirt's C(label)), such as V(system_u:object_r:virt_image_t:s0).",
    ),
)

BACKING = (
    Aside("volume", "", PLACE, "Name of the backing volume in the same pool, or C(POOL/VOLUME) in another one."),
    Field(
        "path", "path", PATH, "Path of a backing file or device that is in no pool (libvirt's backingStore C(path))."
    ),
    Field(
        "format",
        "format@type",
        Choice(*IMAGE_FORMATS),
        "Format of the backing image (libvirt's format C(type)), such as V(qcow2). Leave it out for a volume that was"
        " declared or that a guest has: it is known.",
    ),
    Struct(
        "permissions",
        "permissions",
        PERMISSIONS,
        "Owner and mode of the backing file, as libvirt reports them (libvirt's C(permissions)).",
    ),
)

ENCRYPTION = (
    Field(
        "format",
        "@format",
        Choice("default", "qcow", "luks", "luks2", "luks-any"),
        "Format of the encryption (libvirt's encryption C(format)), such as V(luks).",
    ),
    Field(
        "engine",
        "@engine",
        Choice("qemu", "librbd"),
        "Program that encrypts and decrypts (libvirt's encryption C(engine)), such as V(qemu).",
    ),
    Struct(
        "secret",
        "secret",
        (
            Field(
                "type",
                "@type",
                Choice("passphrase"),
                "Kind of the libvirt secret (libvirt's secret C(type)), which is always V(passphrase).",
                new="passphrase",
            ),
            Field("uuid", "@uuid", UUID, "UUID of the libvirt secret, as C(virsh secret-list) shows it."),
            Field(
                "usage", "@usage", TEXT, "Usage name of the libvirt secret (libvirt's C(usage)), in place of its UUID."
            ),
        ),
        "Libvirt secret that holds the passphrase (libvirt's C(secret)). The passphrase itself is in no definition.",
        bare=True,
    ),
    Struct(
        "cipher",
        "cipher",
        (
            Field("name", "@name", TEXT, "Algorithm of the cipher (libvirt's cipher C(name)), such as V(aes)."),
            Field("size", "@size", Integer(1), "Length of the key in bits (libvirt's cipher C(size)), such as V(256)."),
            Field("mode", "@mode", TEXT, "Mode of the cipher (libvirt's cipher C(mode)), such as V(xts)."),
            Field(
                "hash",
                "@hash",
                TEXT,
                "Hash algorithm for the master key (libvirt's cipher C(hash)), such as V(sha256).",
            ),
        ),
        "Cipher that encrypts the volume (libvirt's C(cipher)), where it is not the usual one.",
    ),
    Struct(
        "ivgen",
        "ivgen",
        (
            Field(
                "name",
                "@name",
                TEXT,
                "Algorithm that makes the initialization vectors (libvirt's ivgen C(name)), such as V(plain64).",
            ),
            Field(
                "hash", "@hash", TEXT, "Hash algorithm of the generator (libvirt's ivgen C(hash)), such as V(sha256)."
            ),
        ),
        "Generator of initialization vectors for the cipher (libvirt's C(ivgen)).",
    ),
)

ROWS = (
    Field(
        "name",
        "name",
        NAME,
        "Name of the volume in its pool (libvirt's C(name)), such as V(web.qcow2). It has no C(/).",
    ),
    Aside("pool", "", NAME, "Name of the pool that the volume is in. Left out, it is V(default).", new="default"),
    Property(
        "state",
        "",
        Choice("present", "absent"),
        "State that the volume shall be in. V(present) makes it where it is missing; V(absent) deletes it with all its"
        " data, unless a guest or another volume uses it.",
    ),
    Field(
        "capacity",
        "capacity",
        CAPACITY,
        "Size that a guest sees (libvirt's C(capacity)), such as V(20GiB). A volume that exists grows in place; a"
        " smaller size is refused.",
    ),
    Field(
        "allocation",
        "allocation",
        ALLOCATION,
        "Space that a new volume takes from the pool at once (libvirt's C(allocation)), such as V(1GiB). Left out, a"
        " raw one takes all of its size.",
    ),
    Field(
        "format",
        "target/format@type",
        Choice(*IMAGE_FORMATS, *PARTITIONS),
        "Format of the volume (libvirt's format C(type)). It cannot change. Left out, a new volume gets the one that"
        " the ending of its name tells, such as C(.qcow2), or else V(raw); one with O(config[].backing) is always"
        " V(qcow2). V(iso) is V(raw) with a CD in it. Those from V(extended) on are partitions, in pools of type"
        " C(disk).",
        new=volume_format,
        filled=True,
        fixed=True,
    ),
    Struct(
        "backing",
        "backingStore",
        BACKING,
        "Backing image that a new volume is laid over (libvirt's C(backingStore)): the volume holds only what differs."
        " It cannot change.",
    ),
    Aside(
        "clone_from",
        "",
        PLACE,
        "Volume that a new one is a full copy of, by its name in the same pool or as C(POOL/VOLUME).",
    ),
    Aside(
        "image",
        "",
        IMAGE,
        "Image that a new volume is filled with: an URL, the path of a file on the host, or the name of one of"
        f" O(images). It is converted where its format is another.{TAKEN}",
    ),
    Aside("checksum", "", CHECKSUM, CHECKED),
    Aside("image_timeout", "", COUNT, IN_TIME),
    Struct(
        "permissions",
        "target/permissions",
        PERMISSIONS,
        "Owner and mode of a new volume's file (libvirt's target C(permissions)).",
    ),
    Field(
        "compat",
        "target/compat",
        TEXT,
        "Version of qcow2 that a new volume has (libvirt's C(compat)): V(0.10) or V(1.1).",
    ),
    Field(
        "nocow",
        "target/nocow",
        PRESENCE,
        "Whether a new volume on btrfs does without copy-on-write (libvirt's C(nocow)), which makes it quicker.",
        default=False,
    ),
    Field(
        "cluster_size",
        "target/clusterSize",
        CLUSTER,
        "Size of the clusters of a new qcow2 volume (libvirt's C(clusterSize)), such as V(64KiB).",
    ),
    Field(
        "lazy_refcounts",
        "target/features/lazy_refcounts",
        PRESENCE,
        "Whether a new qcow2 volume writes its reference counts late (libvirt's C(lazy_refcounts)), which is quicker.",
        default=False,
    ),
    Field(
        "extended_l2",
        "target/features/extended_l2",
        PRESENCE,
        "Whether a new qcow2 volume has subclusters (libvirt's C(extended_l2)), which make small writes over a backing"
        " image quicker.",
        default=False,
    ),
    Struct(
        "encryption",
        "target/encryption",
        ENCRYPTION,
        "Encryption of a new volume (libvirt's C(encryption)). It cannot change.",
        bare=True,
    ),
    Fragment(
        "xml",
        "volume",
        "XML for what no option covers. It is merged into the definition of a new volume.",
        grammar=LIBVIRT,
    ),
)

VOLUME = Table(
    kind="volume",
    manual="ansible-doc virtfleet.kvm.volumes has them all",
    skeleton="<volume/>",
    state="present",
    initial="present",
    active=frozenset(),
    transitions={("present", "absent"): ("delete",)},
    rows=ROWS,
    rules=(filling,),
    cautions=(can_be_made, allocated, qcow2),
    identity=volume_key,
    reported=(
        *("@type", "key", "physical", "source"),
        *("target/path", "target/timestamps", "backingStore/timestamps", "backingStore/permissions"),
    ),
)
