# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an image is: a file, a device, a volume, a server (formatdomain.html, Hard drives, source)."""

from __future__ import annotations

from ...._engine.converters import COOKIE_NAME, NATURAL, PATH, PORT, REMOTE_NAME, SERVER, TEXT, YES_NO, Choice
from ...._engine.rows import Field, Group, Map, Row, Struct
from ...._engine.rows.variant import Variant
from ...shared import derive
from .common import AUTH, BYTES, ENCRYPTION, FORMATS, LABELS, PCI, RECONNECT

STARTUP_POLICY = Field(
    "startup_policy",
    "@startupPolicy",
    Choice("mandatory", "requisite", "optional"),
    "Whether the guest starts without it.",
)

COMMON = (
    Field("index", "@index", NATURAL, "The index of the image in its chain.", filled=True),
    Group(
        "slices",
        "slices/slice",
        (
            Field("type", "@type", Choice("storage"), "The kind of slice.", new="storage", filled=True),
            Field("offset", "@offset", NATURAL, "Bytes before it."),
            Field("size", "@size", NATURAL, "Bytes in it."),
        ),
        "The part of the file or device that is the image.",
    ),
    ENCRYPTION,
)
"""What every source can have."""

HOSTS = Group(
    "hosts",
    "host",
    (
        Field("name", "@name", SERVER, "The name or address of the server."),
        Field("port", "@port", PORT, "The port.", filled=True),
        Field("transport", "@transport", Choice("tcp", "rdma", "unix"), "How it is reached."),
        Field("socket", "@socket", TEXT, "The socket, with transport V(unix)."),
    ),
    "The servers.",
)

RESERVATIONS = Struct(
    "reservations",
    "reservations",
    (
        Field("managed", "@managed", YES_NO, "Whether libvirt runs the helper."),
        Field("type", "source@type", Choice("unix"), "How the helper is reached."),
        Field("path", "source@path", TEXT, "The socket of the helper."),
        Field("mode", "source@mode", Choice("client", "server"), "Which end of the socket the guest is."),
        Struct("reconnect", "source", (RECONNECT,), "What happens when the connection is lost."),
    ),
    "Persistent reservations of a SCSI device.",
)

NETWORK = (
    Field("name", "@name", REMOTE_NAME, "The image on the server, such as V(pool/image)."),
    HOSTS,
    AUTH,
    *COMMON,
    Field("query", "@query", TEXT, "The query of a URL.", secret=True),
    Field("tls", "@tls", YES_NO, "Whether the connection is encrypted."),
    Field("tls_hostname", "@tlsHostname", TEXT, "The name that the server's certificate must have."),
    Field("ssl_verify", "ssl@verify", YES_NO, "Whether the server's certificate is checked."),
    Map("cookies", "cookies/cookie", TEXT, "Cookies for the server.", secret=True, name_type=COOKIE_NAME),
    Field("readahead", "readahead@size", NATURAL, "Bytes to read ahead."),
    Field("timeout", "timeout@seconds", NATURAL, "Seconds to wait for the server."),
    Field("known_hosts", "knownHosts@path", TEXT, "The file with the host keys of SSH servers."),
    Struct(
        "identity",
        "identity",
        (
            Field("user", "@user", TEXT, "The user on an NFS server."),
            Field("group", "@group", TEXT, "The group on an NFS server."),
            Field("username", "@username", TEXT, "The user on an SSH server."),
            Field("keyfile", "@keyfile", TEXT, "The file with the private key for an SSH server."),
            Field("agentsock", "@agentsock", TEXT, "The socket of an SSH agent."),
        ),
        "Who the host is on the server.",
    ),
    RECONNECT,
    Field("snapshot", "snapshot@name", TEXT, "The snapshot of an RBD image."),
    Field("config", "config@file", TEXT, "The configuration file of the Ceph cluster."),
    Field("initiator", "initiator/iqn@name", TEXT, "The name of the host as an iSCSI initiator."),
)

NVME = (
    STARTUP_POLICY,
    Field("type", "@type", Choice("pci"), "How the controller is found.", new="pci", filled=True),
    Field("namespace", "@namespace", NATURAL, "The namespace of the controller."),
    Field("managed", "@managed", YES_NO, "Whether libvirt takes the controller from the host.", filled=True),
    Struct("address", "address", PCI, "The PCI address of the controller.", bare=True),
    *COMMON,
)

VHOSTUSER = (
    Field("type", "@type", Choice("unix"), "How the daemon is reached.", new="unix", filled=True),
    Field("path", "@path", TEXT, "The socket of the daemon."),
    RECONNECT,
)

VOLUME_MODE = Field("mode", "@mode", Choice("host", "direct"), "How an iSCSI volume is reached.")
FDGROUP = Field("fdgroup", "@fdgroup", TEXT, "The name of file descriptors that were handed to libvirt.")

FILE = Field("file", "source@file", PATH, "The image file.", live="media")
BLOCK = Field("block", "source@dev", PATH, "The block device of the host.", live="media")
VOLUME = Field(
    "volume",
    "source@volume",
    TEXT,
    "The name of a storage volume in its pool. Another pool is named in C(pool), and not here as C(POOL/VOLUME).",
    live="media",
)
POOL = Field(
    "pool", "source@pool", TEXT, "The pool of the volume. Left out, it is V(default).", new="default", live="media"
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
    "The protocol of the server that has the image.",
    live="media",
)
DIRECTORY = Field("dir", "source@dir", PATH, "The directory that the guest sees as a FAT disk.", live="media")
TYPE = Field(
    "type",
    "@type",
    Choice("file", "block", "dir", "network", "volume", "nvme", "vhostuser", "vhostvdpa"),
    "Where the image is; it need not be said where another option tells, such as C(file).",
    default="file",
)
SOURCE_DOC = "What else there is to say of the source."


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
    "metadata_cache", "metadata_cache/max_size", BYTES, "The most memory that caches qcow2 metadata."
)

LAYER_FORMAT = (
    Field("format", "format@type", FORMATS, "The format of the image."),
    Struct("format_options", "format", (METADATA_CACHE,), "What else there is to say of the format."),
)

DATA_STORE = Struct(
    "data_store",
    "dataStore",
    (storage(optional=True), *LAYER_FORMAT),
    "The file that holds the data of a qcow2 image, where it does not itself.",
)

LAYER = (
    storage(DATA_STORE, optional=True),
    Field("index", "@index", NATURAL, "Its index.", filled=True),
    *LAYER_FORMAT,
)
"""One image of a backing chain."""

DISK_FORMAT = Field(
    "format",
    "driver@type",
    FORMATS,
    "The format of the image. Left out, a disk that stays on what it is on keeps its format. A disk that is made"
    " (C(size), C(image) or C(backing)) is what the ending of its O(config[].disks[].volume) tells, V(raw) for C(.raw)"
    " and C(.img), else V(qcow2); in a pool of devices it is V(raw), and with O(config[].disks[].backing) always"
    " V(qcow2). Another new disk, and one that is put on something else, is what was noted when its volume was made, or"
    " what other guests have it as; where nobody said anything, what the ending of its file or volume tells, else"
    " V(raw). Where the first bytes of the file say something else than the ending, it has to be given: a guest may"
    " have written them. A format that contradicts what was noted is refused.",
    new=derive.disk_format,
    filled=True,
    vacant=True,
)
