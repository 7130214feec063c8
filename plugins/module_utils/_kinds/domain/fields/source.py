# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an image is: a file, a device, a volume, a server (formatdomain.html, Hard drives, source)."""

from __future__ import annotations

from ...._engine.converters import COOKIE_NAME, NATURAL, PATH, PORT, REMOTE_NAME, SERVER, TEXT, YES_NO, Choice
from ...._engine.rows import Field, Group, Map, Row, Struct
from ...._engine.rows.variant import Variant
from ...shared import derived_values
from .common import AUTH, BYTES, ENCRYPTION, FORMATS, LABELS, PCI, RECONNECT

STARTUP_POLICY = Field(
    "startup_policy",
    "@startupPolicy",
    Choice("mandatory", "requisite", "optional"),
    "What to do when the file or device is missing (libvirt's C(startupPolicy)). V(mandatory) refuses to start;"
    " V(requisite) refuses at a boot, but goes on without it after a migration or restore; V(optional) always goes on"
    " without it.",
)

COMMON = (
    Field(
        "index",
        "@index",
        NATURAL,
        "Position of the image in its backing chain (libvirt's C(index)), by which block jobs name it.",
        filled=True,
    ),
    Group(
        "slices",
        "slices/slice",
        (
            Field(
                "type",
                "@type",
                Choice("storage"),
                "Kind of slice (libvirt's C(type)), which is always V(storage).",
                new="storage",
                filled=True,
            ),
            Field(
                "offset",
                "@offset",
                NATURAL,
                "Bytes of the file or device that come before the image (libvirt's C(offset)).",
            ),
            Field("size", "@size", NATURAL, "Size of the image in the file or device, in bytes (libvirt's C(size))."),
        ),
        "Part of the file or device that the image takes up (libvirt's C(slices)).",
    ),
    ENCRYPTION,
)
"""What every source can have."""

HOSTS = Group(
    "hosts",
    "host",
    (
        Field(
            "name",
            "@name",
            SERVER,
            "Host name or address of the server (libvirt's C(name)), such as V(ceph1.example.com).",
        ),
        Field(
            "port",
            "@port",
            PORT,
            "Port of the server (libvirt's C(port)), such as V(6789) for a Ceph monitor.",
            filled=True,
        ),
        Field(
            "transport",
            "@transport",
            Choice("tcp", "rdma", "unix"),
            "How to reach the server (libvirt's C(transport)): V(tcp), V(rdma), or V(unix) for a socket on the host.",
        ),
        Field(
            "socket",
            "@socket",
            TEXT,
            "Path of the server's socket on the host (libvirt's C(socket)), with transport V(unix).",
        ),
    ),
    "Servers that the image is reached through (libvirt's C(host)).",
)

RESERVATIONS = Struct(
    "reservations",
    "reservations",
    (
        Field(
            "managed",
            "@managed",
            YES_NO,
            "Whether libvirt starts C(qemu-pr-helper) for the guest by itself (libvirt's C(managed)).",
        ),
        Field(
            "type",
            "source@type",
            Choice("unix"),
            "How to reach a C(qemu-pr-helper) that is already running (libvirt's C(type)): always V(unix), a socket.",
        ),
        Field(
            "path",
            "source@path",
            TEXT,
            "Path of the socket of C(qemu-pr-helper) (libvirt's C(path)), such as V(/run/qemu-pr-helper.sock).",
        ),
        Field(
            "mode",
            "source@mode",
            Choice("client", "server"),
            "Role of the guest at the socket (libvirt's C(mode)), which is V(client) for persistent reservations.",
        ),
        Struct(
            "reconnect",
            "source",
            (RECONNECT,),
            "What to do when the connection to C(qemu-pr-helper) is lost (libvirt's C(reconnect)).",
        ),
    ),
    "Persistent reservations of a SCSI device (libvirt's C(reservations)), by which the nodes of a cluster lock it.",
)

NETWORK = (
    Field("name", "@name", REMOTE_NAME, "Name of the image on the server (libvirt's C(name)), such as V(pool/image)."),
    HOSTS,
    AUTH,
    *COMMON,
    Field("query", "@query", TEXT, "Query part of the URL, after the question mark (libvirt's C(query)).", secret=True),
    Field("tls", "@tls", YES_NO, "Whether the connection to the server is encrypted with TLS (libvirt's C(tls))."),
    Field(
        "tls_hostname",
        "@tlsHostname",
        TEXT,
        "Host name that the server's certificate must have (libvirt's C(tlsHostname)), where it is not the server's"
        " name.",
    ),
    Field(
        "ssl_verify",
        "ssl@verify",
        YES_NO,
        "Whether the certificate of an HTTPS or FTPS server is checked (libvirt's C(ssl verify)).",
    ),
    Map(
        "cookies",
        "cookies/cookie",
        TEXT,
        "Cookies to send to an HTTP or HTTPS server, by name (libvirt's C(cookies)).",
        secret=True,
        name_type=COOKIE_NAME,
    ),
    Field(
        "readahead",
        "readahead@size",
        NATURAL,
        "Size of the read-ahead buffer in bytes (libvirt's C(readahead)), for HTTP and FTP servers.",
    ),
    Field(
        "timeout",
        "timeout@seconds",
        NATURAL,
        "Seconds to wait for an answer of an HTTP or FTP server (libvirt's C(timeout)).",
    ),
    Field(
        "known_hosts",
        "knownHosts@path",
        TEXT,
        "Path of the file with the host keys of SSH servers (libvirt's C(knownHosts)).",
    ),
    Struct(
        "identity",
        "identity",
        (
            Field(
                "user",
                "@user",
                TEXT,
                "User on an NFS server (libvirt's C(user)): a name, or V(+1000) for a numeric id.",
            ),
            Field(
                "group",
                "@group",
                TEXT,
                "Group on an NFS server (libvirt's C(group)): a name, or V(+1000) for a numeric id.",
            ),
            Field("username", "@username", TEXT, "Name of the user on an SSH server (libvirt's C(username))."),
            Field(
                "keyfile",
                "@keyfile",
                TEXT,
                "Path of the private key for an SSH server (libvirt's C(keyfile)), on the host.",
            ),
            Field(
                "agentsock",
                "@agentsock",
                TEXT,
                "Path of the socket of an SSH agent on the host (libvirt's C(agentsock)).",
            ),
        ),
        "User that the host is on an NFS or SSH server (libvirt's C(identity)).",
    ),
    RECONNECT,
    Field(
        "snapshot",
        "snapshot@name",
        TEXT,
        "Name of the RBD snapshot to use in place of the image itself (libvirt's C(snapshot)).",
    ),
    Field(
        "config",
        "config@file",
        TEXT,
        "Path of the configuration file of the Ceph cluster (libvirt's C(config)), such as V(/etc/ceph/ceph.conf).",
    ),
    Field(
        "initiator",
        "initiator/iqn@name",
        TEXT,
        "Name of the host as an iSCSI initiator (libvirt's C(initiator iqn)), such as V(iqn.2026-01.com.example:kvm1).",
    ),
)

NVME = (
    STARTUP_POLICY,
    Field(
        "type",
        "@type",
        Choice("pci"),
        "Kind of address of the NVMe controller (libvirt's C(type)), which is always V(pci).",
        new="pci",
        filled=True,
    ),
    Field(
        "namespace",
        "@namespace",
        NATURAL,
        "Number of the namespace on the NVMe controller (libvirt's C(namespace)). The first one is V(1).",
    ),
    Field(
        "managed",
        "@managed",
        YES_NO,
        "Whether libvirt detaches the NVMe controller from the host when the guest starts, and gives it back later"
        " (libvirt's C(managed)).",
        filled=True,
    ),
    Struct(
        "address", "address", PCI, "PCI address of the NVMe controller on the host (libvirt's C(address)).", bare=True
    ),
    *COMMON,
)

VHOSTUSER = (
    Field(
        "type",
        "@type",
        Choice("unix"),
        "How to reach the vhost-user daemon (libvirt's C(type)): always V(unix), a socket.",
        new="unix",
        filled=True,
    ),
    Field(
        "path",
        "@path",
        TEXT,
        "Path of the socket of the vhost-user daemon (libvirt's C(path)), such as V(/run/vhost-blk.sock).",
    ),
    RECONNECT,
)

VOLUME_MODE = Field(
    "mode",
    "@mode",
    Choice("host", "direct"),
    "How to reach a volume of an iSCSI pool (libvirt's C(mode)). V(host) takes the host's block device; V(direct) lets"
    " QEMU speak iSCSI.",
)
FDGROUP = Field(
    "fdgroup",
    "@fdgroup",
    TEXT,
    "Name of a group of open files that a program passed to libvirt (libvirt's C(fdgroup)).",
)

FILE = Field(
    "file",
    "source@file",
    PATH,
    "Path of the image file on the host (libvirt's source C(file)), such as V(/var/lib/libvirt/images/web.qcow2).",
    live="media",
)
BLOCK = Field(
    "block",
    "source@dev",
    PATH,
    "Path of the block device on the host (libvirt's source C(dev)), such as V(/dev/vg0/web).",
    live="media",
)
VOLUME = Field(
    "volume",
    "source@volume",
    TEXT,
    "Name of a storage volume in its pool (libvirt's source C(volume)). Name another pool in C(pool), and not here as"
    " C(POOL/VOLUME).",
    live="media",
)
POOL = Field(
    "pool",
    "source@pool",
    TEXT,
    "Name of the pool that the volume is in (libvirt's source C(pool)). Left out, it is V(default).",
    new="default",
    live="media",
)
PROTOCOL = Field(
    "protocol",
    "source@protocol",
    Choice(
        "rbd",
        "iscsi",
        "nbd",
        "gluster",
        "http",
        "https",
        "ftp",
        "ftps",
        "tftp",
        "ssh",
        "nfs",
        "sheepdog",
        "vxhs",
    ),
    "Protocol of the server that has the image (libvirt's source C(protocol)), such as V(rbd) for Ceph.",
    live="media",
)
DIRECTORY = Field(
    "dir",
    "source@dir",
    PATH,
    "Path of a directory on the host that the guest sees as a disk with a FAT file system (libvirt's source C(dir)).",
    live="media",
)
TYPE = Field(
    "type",
    "@type",
    Choice("file", "block", "dir", "network", "volume", "nvme", "vhostuser", "vhostvdpa"),
    "Kind of source that the image is on (libvirt's disk C(type)). Leave it out where another option tells it, such as"
    " C(file).",
    default="file",
)
SOURCE_DOC = "Further options of where the image is (libvirt's C(source))."


def source(*fields: Row) -> Struct:
    """The options of one kind of source."""
    return Struct("source", "source", fields, SOURCE_DOC)


def storage(*extra: Row, optional: bool) -> Variant:
    """Where an image is.

    :param extra: options of the source of every local image, beside the common ones
    :param optional: whether there may be none, such as in a drive for removable media
    """
    local = source(STARTUP_POLICY, *COMMON, LABELS, *extra)
    return Variant(
        "@type",
        {
            "file": (FILE, source(STARTUP_POLICY, FDGROUP, *COMMON, LABELS, *extra)),
            "block": (BLOCK, source(STARTUP_POLICY, *COMMON, LABELS, RESERVATIONS, *extra)),
            "dir": (DIRECTORY, local),
            "volume": (VOLUME, POOL, source(STARTUP_POLICY, VOLUME_MODE, *COMMON, LABELS, *extra)),
            "network": (PROTOCOL, source(*NETWORK, *extra)),
            "nvme": (source(*NVME),),
            "vhostuser": (source(*VHOSTUSER),),
            "vhostvdpa": (BLOCK,),
        },
        optional=optional,
        type=TYPE,
        choosers=("file", "block", "dir", "volume", "network"),
    )


METADATA_CACHE = Field(
    "metadata_cache",
    "metadata_cache/max_size",
    BYTES,
    "Largest cache for metadata of a qcow2 image (libvirt's C(metadata_cache)), such as V(8MiB).",
)

LAYER_FORMAT = (
    Field("format", "format@type", FORMATS, "Format of the image (libvirt's format C(type)), such as V(qcow2)."),
    Struct(
        "format_options", "format", (METADATA_CACHE,), "Further options of the image's format (libvirt's C(format))."
    ),
)

DATA_STORE = Struct(
    "data_store",
    "dataStore",
    (storage(optional=True), *LAYER_FORMAT),
    "File that holds the data of a qcow2 image that has only the metadata itself (libvirt's C(dataStore)).",
)

LAYER = (
    storage(DATA_STORE, optional=True),
    Field("index", "@index", NATURAL, "Position of the image in the backing chain (libvirt's C(index)).", filled=True),
    *LAYER_FORMAT,
)
"""One image of a backing chain."""

DISK_FORMAT = Field(
    "format",
    "driver@type",
    FORMATS,
    "Format of the image (libvirt's driver C(type)). Left out, a disk that stays where it is keeps its format. A disk"
    " that is made (C(size), C(image) or C(backing)) gets the format that the ending of its"
    " O(config[].disks[].volume) tells, V(raw) for C(.raw) and C(.img), else V(qcow2); in a pool of devices it is"
    " V(raw), and with O(config[].disks[].backing) always V(qcow2). Any other new disk, and one that moves to another"
    " file or volume, gets the format that was noted when its volume was made, or that other guests give for it;"
    " where there is none, the one that the ending of its file or volume tells, else V(raw). Where the first bytes of"
    " the file tell another format than the ending, give it: a guest may have written them. A format that contradicts"
    " what was noted is refused.",
    new=derived_values.disk_format,
    filled=True,
    vacant=True,
    live="format",
)
