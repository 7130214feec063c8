# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a storage pool (https://libvirt.org/formatstorage.html)."""

from __future__ import annotations

from ..._engine.converters import NAME, PATH, REMOTE_NAME, SERVER, TEXT, UUID, YES_NO, Choice, Integer, Number
from ..._engine.rows import Field, Fragment, Group, Property, Struct, Values
from ..._engine.rows.create_only import Aside
from ..._engine.table import Table
from ..shared import derived_values
from ..shared.grammar import LIBVIRT
from ..shared.rows import MERGED
from ..shared.storage_values import MODE, OWNER
from ..shared.synonyms import OF_OTHERS, OF_POOLS
from ..volume.storage_rules import describe_pool, pool_target
from . import normal_form
from .other_forms import FORMS

PERMISSIONS = (
    Field(
        "mode",
        "mode",
        MODE,
        "Mode of the directory in octal digits (libvirt's C(mode)), such as V('0711').",
        filled=True,
    ),
    Field(
        "owner",
        "owner",
        OWNER,
        "Numeric id of the user that owns the directory (libvirt's C(owner)), such as V(107).",
        filled=True,
    ),
    Field(
        "group",
        "group",
        OWNER,
        "Numeric id of the group that owns the directory (libvirt's C(group)), such as V(107).",
        filled=True,
    ),
    Field(
        "label",
        "label",
        TEXT,
        "Security label of the directory (libvirt's C(label)), such as V(system_u:object_r:virt_image_t:s0).",
        filled=True,
    ),
)

HOST = (
    Field(
        "name", "@name", SERVER, "Name or address of the server (libvirt's host C(name)), such as V(nfs.example.com)."
    ),
    Field(
        "port",
        "@port",
        Integer(0, 65535),
        "Port of the server (libvirt's host C(port)), where it is not the usual one.",
    ),
)

ADDRESS = (
    Field("domain", "@domain", Number(4), "Number of the PCI domain (libvirt's C(domain)), such as V(0x0000)."),
    Field("bus", "@bus", Number(2), "Number of the PCI bus (libvirt's C(bus)), such as V(0x00)."),
    Field("slot", "@slot", Number(2), "Number of the slot on the PCI bus (libvirt's C(slot)), such as V(0x1f)."),
    Field(
        "function",
        "@function",
        Number(),
        "Number of the function in the PCI slot (libvirt's C(function)), such as V(0x2).",
    ),
)

ADAPTER = (
    Field(
        "type",
        "@type",
        Choice("scsi_host", "fc_host"),
        "Kind of adapter (libvirt's adapter C(type)): V(scsi_host) is known by its name or place, V(fc_host) is for"
        " Fibre Channel.",
        filled=True,
    ),
    Field("name", "@name", TEXT, "Name of the adapter on the host (libvirt's adapter C(name)), such as V(scsi_host1)."),
    Field(
        "parent",
        "@parent",
        TEXT,
        "Adapter that a virtual one is made on (libvirt's adapter C(parent)), such as V(scsi_host3).",
    ),
    Field(
        "managed",
        "@managed",
        YES_NO,
        "Whether the virtual adapter is removed when the pool stops (libvirt's adapter C(managed)).",
    ),
    Field("wwnn", "@wwnn", TEXT, "World wide name of the adapter's node (libvirt's C(wwnn)): 16 hexadecimal digits."),
    Field("wwpn", "@wwpn", TEXT, "World wide name of the adapter's port (libvirt's C(wwpn)): 16 hexadecimal digits."),
    Struct(
        "parentaddr",
        "parentaddr",
        (
            Field(
                "unique_id",
                "@unique_id",
                Integer(0),
                "Number of the port, where the device has several (libvirt's C(unique_id)).",
            ),
            Struct("address", "address", ADDRESS, "PCI address of the adapter on the host (libvirt's C(address))."),
        ),
        "Adapter by its PCI address, which stays the same after a restart (libvirt's C(parentaddr)).",
    ),
)

AUTH = (
    Field(
        "type",
        "@type",
        Choice("chap", "ceph"),
        "Kind of login (libvirt's auth C(type)): V(chap) for iSCSI, V(ceph) for RBD.",
    ),
    Field("username", "@username", TEXT, "Name of the user to log in with (libvirt's auth C(username))."),
    Struct(
        "secret",
        "secret",
        (
            Field("uuid", "@uuid", UUID, "UUID of the libvirt secret, as C(virsh secret-list) shows it."),
            Field(
                "usage", "@usage", TEXT, "Usage name of the libvirt secret (libvirt's C(usage)), in place of its UUID."
            ),
        ),
        "Libvirt secret that holds the password (libvirt's auth C(secret)). The password itself is in no definition.",
    ),
)

SOURCE = (
    Values(
        "devices",
        "device@path",
        TEXT,
        "Devices of the host, such as V(/dev/sdb), or, for iSCSI, the name of the target (libvirt's device C(path)).",
    ),
    Field(
        "part_separator",
        "device@part_separator",
        YES_NO,
        "Whether names of partitions have a V(p) before their number (libvirt's C(part_separator)), as multipath"
        " devices do.",
    ),
    Field(
        "dir",
        "dir@path",
        REMOTE_NAME,
        "Directory on the server, as the server names it (libvirt's dir C(path)), such as V(/srv/images).",
    ),
    Group("hosts", "host", HOST, "Servers that have the storage (libvirt's C(host)).", keys=("name", "port")),
    Struct("adapter", "adapter", ADAPTER, "SCSI adapter of the host that has the storage (libvirt's C(adapter))."),
    Field(
        "name",
        "name",
        REMOTE_NAME,
        "Name of the volume group, of the RBD or ZFS pool, or of the Gluster volume (libvirt's source C(name)).",
        filled=True,
    ),
    Field(
        "format",
        "format@type",
        TEXT,
        "Kind of file system, partition table or network share (libvirt's format C(type)), such as V(ext4), V(gpt) or"
        " V(nfs).",
        filled=True,
    ),
    Field(
        "protocol_version",
        "protocol@ver",
        TEXT,
        "Version of the NFS protocol to mount with (libvirt's protocol C(ver)), such as V(4.2).",
    ),
    Field(
        "initiator",
        "initiator/iqn@name",
        TEXT,
        "Name by which the host presents itself to the iSCSI target (libvirt's C(initiator iqn)), such as"
        " V(iqn.2026-01.com.example:kvm1).",
    ),
    Struct("auth", "auth", AUTH, "Login of the host at the storage (libvirt's source C(auth))."),
    Field("vendor", "vendor@name", TEXT, "Name of the vendor of the storage, as a note (libvirt's C(vendor))."),
    Field(
        "product", "product@name", TEXT, "Name of the product that the storage is, as a note (libvirt's C(product))."
    ),
)

ROWS = (
    Field(
        "name",
        "name",
        NAME,
        "Name of the pool (libvirt's C(name)), by which guests and volumes refer to it, such as V(default).",
        fixed=True,
    ),
    Property(
        "state",
        "",
        Choice("active", "inactive", "present", "absent", meant=OF_OTHERS),
        "State that the pool shall be in. V(present) defines it and leaves it active or inactive as it is; V(absent)"
        " stops it and removes the definition, never any data.",
    ),
    Property(
        "autostart",
        "",
        YES_NO,
        "Whether the pool starts when the host does (libvirt's C(autostart)). A new one does.",
        default=False,
        new=True,
    ),
    Field(
        "uuid",
        "uuid",
        UUID,
        "UUID of the pool (libvirt's C(uuid)). That of a new pool follows from its name.",
        new=derived_values.derive_uuid,
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
            meant=OF_POOLS,
        ),
        "Kind of storage that the pool's volumes are on (libvirt's pool C(type)): V(dir) for files in a directory,"
        " V(fs) on a file system of its own, V(netfs) on a server, V(logical) for LVM, V(disk) for partitions, and so"
        " on. A new one is V(dir).",
        new="dir",
        filled=True,
        fixed=True,
    ),
    Struct(
        "source",
        "source",
        SOURCE,
        "Where the pool's storage comes from (libvirt's C(source)): devices, servers, or names.",
    ),
    Field(
        "target",
        "target/path",
        PATH,
        "Directory on the host where the volumes are (libvirt's target C(path)), such as V(/var/lib/libvirt/images).",
        new=pool_target,
        filled=True,
    ),
    Struct(
        "permissions",
        "target/permissions",
        PERMISSIONS,
        "Owner and mode of the pool's directory (libvirt's target C(permissions)). A new one gets them.",
    ),
    Field(
        "cow",
        "features/cow@state",
        YES_NO,
        "Whether the file system copies on write, where it can be told to (libvirt's C(cow)), as btrfs can.",
    ),
    Field(
        "refresh_allocation",
        "refresh/volume@allocation",
        Choice("default", "capacity"),
        "How an RBD pool finds how much its volumes take (libvirt's refresh C(allocation)). V(capacity) is quick, and"
        " gives their size instead.",
    ),
    Values(
        "mount_options",
        "fs:mount_opts/fs:option@name",
        TEXT,
        "Options to mount the file system with (libvirt's C(fs:mount_opts)), for types V(fs) and V(netfs), such as"
        " V(sync).",
    ),
    Group(
        "config_options",
        "rbd:config_opts/rbd:option",
        (
            Field(
                "name",
                "@name",
                TEXT,
                "Name of the option of RBD (libvirt's option C(name)), such as V(client_mount_timeout).",
            ),
            Field("value", "@value", TEXT, "Value of the option of RBD (libvirt's option C(value)), such as V(45)."),
        ),
        "Options for the client of RBD (libvirt's C(rbd:config_opts)).",
        keys=("name",),
    ),
    Aside(
        "build",
        "",
        Choice("directory", "format", "never"),
        "What to make where it is missing when the pool starts. V(directory), which is what V(null) means, makes the"
        " target directory; V(format) makes also a file system, partition table or volume group, on blank devices"
        " only; V(never) makes nothing.",
    ),
    Fragment(
        "xml",
        "pool",
        MERGED,
        grammar=LIBVIRT,
    ),
)

POOL = Table(
    kind="pool",
    forms=FORMS,
    manual="ansible-doc virtfleet.kvm.pools has them all",
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
    elsewhere={"path": "no such option; the folder or device of a pool is its 'target'"},
    rows=ROWS,
    base=describe_pool,
    normal=normal_form.settle,
    reported=("capacity", "allocation", "available", "source/device/freeExtent"),
)
