# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a storage pool (https://libvirt.org/formatstorage.html)."""

from __future__ import annotations

from ..._engine.converters import NAME, PATH, REMOTE_NAME, SERVER, TEXT, UUID, YES_NO, Choice, Integer
from ..._engine.rows import Field, Fragment, Group, Property, Struct, Values
from ..._engine.rows.create_only import MODE, OWNER, Aside
from ..._engine.table import Table
from ..shared import derive
from ..shared.rows import MERGED
from ..volume.storage_rules import describe_pool, pool_target
from . import normal_form

PERMISSIONS = (
    Field("mode", "mode", MODE, "The mode in octal digits, such as V('0711').", filled=True),
    Field("owner", "owner", OWNER, "The numeric id of the user that owns it.", filled=True),
    Field("group", "group", OWNER, "The numeric id of its group.", filled=True),
    Field("label", "label", TEXT, "The security label.", filled=True),
)

HOST = (
    Field("name", "@name", SERVER, "Its name or address."),
    Field("port", "@port", Integer(0, 65535), "Its port, where it is not the usual one."),
)

ADDRESS = (
    Field("domain", "@domain", TEXT, "The PCI domain."),
    Field("bus", "@bus", TEXT, "The PCI bus."),
    Field("slot", "@slot", TEXT, "The PCI slot."),
    Field("function", "@function", TEXT, "The PCI function."),
)

ADAPTER = (
    Field(
        "type",
        "@type",
        Choice("scsi_host", "fc_host"),
        "The kind: V(scsi_host) is known by its name or place, V(fc_host) is for Fibre Channel.",
        filled=True,
    ),
    Field("name", "@name", TEXT, "The name, such as V(scsi_host1)."),
    Field("parent", "@parent", TEXT, "The adapter that a virtual one is made on."),
    Field("managed", "@managed", YES_NO, "Whether the virtual adapter goes when the pool stops."),
    Field("wwnn", "@wwnn", TEXT, "The node's world wide name."),
    Field("wwpn", "@wwpn", TEXT, "The port's world wide name."),
    Struct(
        "parentaddr",
        "parentaddr",
        (
            Field("unique_id", "@unique_id", Integer(0), "Which port of the device."),
            Struct("address", "address", ADDRESS, "The device's place on the PCI bus."),
        ),
        "The adapter by its place, which stays the same after a restart.",
    ),
)

AUTH = (
    Field("type", "@type", Choice("chap", "ceph"), "How to prove it: V(chap) for iSCSI, V(ceph) for RBD."),
    Field("username", "@username", TEXT, "The user."),
    Struct(
        "secret",
        "secret",
        (
            Field("uuid", "@uuid", UUID, "Its UUID."),
            Field("usage", "@usage", TEXT, "What it is for, by which libvirt finds it."),
        ),
        "The secret of libvirt's that holds the password. The password itself is in no definition.",
    ),
)

SOURCE = (
    Values("devices", "device@path", TEXT, "Devices or, for iSCSI, the name of the target."),
    Field("part_separator", "device@part_separator", YES_NO, "Whether partitions are named with a V(p) in between."),
    Field("dir", "dir@path", REMOTE_NAME, "The directory, as the server names it."),
    Group("hosts", "host", HOST, "The servers.", keys=("name", "port")),
    Struct("adapter", "adapter", ADAPTER, "The SCSI adapter."),
    Field(
        "name", "name", REMOTE_NAME, "The name of the volume group, RBD or ZFS pool, or Gluster volume.", filled=True
    ),
    Field("format", "format@type", TEXT, "The kind of file system, partition table or share.", filled=True),
    Field("protocol_version", "protocol@ver", TEXT, "The version of NFS."),
    Field("initiator", "initiator/iqn@name", TEXT, "The name that the host shows to the iSCSI target."),
    Struct("auth", "auth", AUTH, "How the host proves who it is."),
    Field("vendor", "vendor@name", TEXT, "Who made the storage."),
    Field("product", "product@name", TEXT, "What the storage is."),
)

ROWS = (
    Field("name", "name", NAME, "The name, by which guests and volumes refer to the pool.", fixed=True),
    Property(
        "state",
        "",
        Choice("active", "inactive", "present", "absent"),
        "What becomes of it. V(present) leaves it active or inactive as it is; V(absent) stops it and removes the"
        " definition, never any data.",
    ),
    Property("autostart", "", YES_NO, "Whether it starts with the host. A new one does.", default=False, new=True),
    Field(
        "uuid",
        "uuid",
        UUID,
        "The UUID. A new one follows from the name.",
        new=derive.derive_uuid,
        filled=True,
        fixed=True,
    ),
    Field(
        "type",
        "@type",
        Choice(
            "dir",
            "fs",
            "netfs",
            "logical",
            "disk",
            "iscsi",
            "iscsi-direct",
            "scsi",
            "mpath",
            "rbd",
            "gluster",
            "zfs",
            "vstorage",
        ),
        "What the volumes are: files in a directory, on a file system of its own or of a server, logical volumes,"
        " partitions, and so on. A new one is V(dir).",
        new="dir",
        filled=True,
        fixed=True,
    ),
    Struct("source", "source", SOURCE, "Where the storage comes from."),
    Field(
        "target",
        "target/path",
        PATH,
        "Where the volumes are on the host, such as V(/var/lib/libvirt/images).",
        new=pool_target,
        filled=True,
    ),
    Struct("permissions", "target/permissions", PERMISSIONS, "Who may use the directory. A new one gets them."),
    Field("cow", "features/cow@state", YES_NO, "Whether the file system copies on write, where it can tell."),
    Field(
        "refresh_allocation",
        "refresh/volume@allocation",
        Choice("default", "capacity"),
        "How an RBD pool counts what its volumes take. V(capacity) is quick, and says their size.",
    ),
    Values("mount_options", "fs:mount_opts/fs:option@name", TEXT, "Options to mount with, for V(fs) and V(netfs)."),
    Group(
        "config_options",
        "rbd:config_opts/rbd:option",
        (
            Field("name", "@name", TEXT, "Its name, such as V(client_mount_timeout)."),
            Field("value", "@value", TEXT, "Its value."),
        ),
        "Options of RBD.",
        keys=("name",),
    ),
    Aside(
        "build",
        "",
        Choice("directory", "format", "never"),
        "What is made where it is missing when the pool starts. V(directory), which is what V(null) means, makes the"
        " target directory; V(format) makes also a file system, partition table or volume group, on blank devices"
        " only; V(never) makes nothing.",
    ),
    Fragment(
        "xml",
        "pool",
        MERGED,
    ),
)

POOL = Table(
    kind="pool",
    skeleton="<pool/>",
    state="active",
    initial="inactive",
    active=frozenset(("active",)),
    transitions={
        ("inactive", "active"): ("start",),
        ("inactive", "absent"): ("undefine",),
        ("active", "inactive"): ("stop",),
        ("active", "absent"): ("stop", "undefine"),
    },
    restart=("stop", "start"),
    rows=ROWS,
    base=describe_pool,
    normal=normal_form.settle,
    reported=("capacity", "allocation", "available", "source/device/freeExtent"),
)
