# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What new pools and volumes get, and what must hold between their fields."""

from __future__ import annotations

import typing as t

from ..._engine.converters import COUNT, digits
from ..._engine.rows.create_only import Aside
from ..._engine.rows.model import Item, OptionValue, Scope
from ..._errors import Invalid
from ..._printing import UNSURE, printable
from ..shared.derived_values import image_format, unless_described
from ..shared.storage_values import CAPACITY, CHECKSUM, IMAGE, PLACE

IMAGES = "/var/lib/libvirt/images"
"""Where libvirt keeps images on every distribution, and its security drivers expect them."""

TARGETS = {"disk": "/dev", "iscsi": "/dev/disk/by-path", "scsi": "/dev/disk/by-path", "mpath": "/dev/mapper"}
"""Where the volumes of a pool appear that is made of devices (https://libvirt.org/storage.html)."""

NEEDS: dict[str, tuple[str, ...]] = {
    "dir": ("target",),
    "fs": ("source.devices", "target"),
    "netfs": ("source.hosts", "source.dir", "target"),
    "disk": ("source.devices",),
    "iscsi": ("source.hosts", "source.devices"),
    "iscsi-direct": ("source.hosts", "source.devices", "source.initiator"),
    "scsi": ("source.adapter",),
    "rbd": ("source.name", "source.hosts"),
    "gluster": ("source.name", "source.hosts"),
    "zfs": ("source.name",),
    "vstorage": ("source.name", "target"),
}
"""What libvirt's schema asks of each type (storagepool.rng)."""

MADE_DIRECTORIES = ("dir", "fs", "netfs", "vstorage")
"""Types whose volumes are in a directory that can be made where it is missing."""

FORMATS = ("qcow2", "raw", "qcow", "qed", "vmdk", "vdi", "vpc", "iso")
"""Formats that the ending of a volume's name tells."""

ENDINGS = {"raw": "raw", "img": "raw", "qcow2": "qcow2"}
"""What the ending of a name tells of the format of a guest's disk that is made."""

MADE = ("size", "image", "backing")
"""Options of a guest's disk that is made as a volume."""

FILLINGS = ("image", "clone_from", "backing")
"""What a new volume can be filled from."""

TAKEN = (
    " It is a qcow2 that names no other file, or a raw disk with a partition table, a boot sector or a file system, or"
    " an ISO 9660 image. It may be compressed with gzip, xz, bzip2 or zstd. Anything else is refused. Where C(format:"
    " raw) is written out, a file that is no disk is copied as it is; an ending of the name is not enough. The page"
    " C(docs/images.md) has the limits."
)
CHECKED = (
    "Checksum of the image before it is unpacked, such as V(sha256:...), or the URL of a list that has it, such as"
    " V(https://example.com/SHA256SUMS). In a list, the line of the name of the image's file counts. An image with"
    " another checksum is refused."
)
IN_TIME = "Seconds that the download of the image may take at most. Left out, an hour."

default_pool = unless_described("default", {"type": "dir", "target": IMAGES})


def describe_pool(item: Item) -> Item:
    """A new pool with what its name tells. Raises Invalid for what its type cannot do without."""
    item = default_pool(item)
    kind = str(item.get("type") or "dir")
    for need in NEEDS.get(kind, ()):
        value: OptionValue = item
        for name in need.split("."):
            value = (value or {}).get(name)
        if not value:
            raise Invalid(need, f"a new pool of type {printable(kind)} needs it")
    return item


def need_size(item: Item) -> None:
    """Raises Invalid for a new volume whose size nothing tells."""
    if item.get("capacity") is None and not any(item.get(name) is not None for name in FILLINGS):
        raise Invalid("capacity", "a new volume needs it, or image, clone_from or backing")


def describe_volume(item: Item, kind: str | None) -> Item:
    """A new volume with the format that it gets where the user names none.

    :param kind: the type of its pool; None where nobody knows, and it is taken to be of files

    Raises Invalid where it is laid over something whose format is not given.
    """
    if kind is not None and kind not in (*MADE_DIRECTORIES, "gluster"):
        return {"format": None, **item}  # A device has no format, or the pool knows it.
    backing = item.get("backing")
    if not backing:
        return item
    if backing.get("path") is not None and backing.get("format") is None:
        raise Invalid(
            "backing.format", "is needed with backing.path, as a guest may have written another format into it"
        )
    if item.get("format") is None and not item["name"].endswith(".qcow2"):
        return {**item, "format": "qcow2"}
    return item


def format_of_name(name: str) -> str | None:
    """The format that the ending of a file's name tells; None where it tells none."""
    return ENDINGS.get(name.rpartition(".")[2].lower())


def odd_name(name: str, form: str) -> str | None:
    """What to say of a new volume whose name tells another format than it gets; None where it does not."""
    if format_of_name(name) in (None, form):
        return None
    return (
        f"its name ends like that of a {format_of_name(name)} disk, and what is laid over another is {form}:"
        f" write format: {form} to say that this is meant, or give it another name"
    )


def pool_target(scope: Scope) -> str | None:
    """Where the devices of a new pool appear; None for a type that has no such place, or one the user names."""
    return TARGETS.get(scope.item.get("type") or "dir")


def volume_format(scope: Scope) -> str | None:
    """The format that the ending of a volume's name tells, else raw; a file system in a volume has none."""
    return format_by_name(scope.name)


def format_by_name(name: str) -> str:
    """The format that the ending of a name tells, else raw."""
    ending = name.rpartition(".")[2].lower()
    return ending if ending in FORMATS else "raw"


def volume_key(item: Item) -> str | None:
    """What tells a volume from all others of the host: its pool and name; None where it has no name.

    :param item: also one as it is written, with anything in it
    """
    name = item.get("name")
    return None if name is None else f"{as_text(item.get('pool')) or 'default'}/{as_text(name)}"


def as_text(value: object) -> str:
    """A text as it is, and a number as text; nothing for all else."""
    return value if isinstance(value, str) else digits(value)


def filling(volume: Item) -> t.Iterator[Invalid]:
    """A volume is filled from one place, and a checksum is for what comes from outside."""
    given = [name for name in FILLINGS if volume.get(name) is not None]
    if len(given) > 1:
        yield Invalid("", f"give only one of {', '.join(given)}")
    image = volume.get("image") or ""
    if volume.get("checksum") is not None and "/" not in image:
        yield Invalid("checksum", f"goes with image{OF_DECLARED if image else ''}")
    if volume.get("image_timeout") is not None and "://" not in image:
        yield Invalid("image_timeout", "goes with an image that is an URL")
    if image and "/" in image and "://" not in image and not image.startswith("/"):
        yield Invalid(
            "image",
            f"{printable(image, bool(UNSURE.search(image)))} is neither an URL nor a path from the root, nor the name"
            " of a declared image; a volume is named in clone_from",
        )
    backing = volume.get("backing") or {}
    if backing.get("volume") is not None and backing.get("path") is not None:
        yield Invalid("backing", "give only one of volume, path")
    if volume.get("backing") is not None and backing.get("volume") is None and backing.get("path") is None:
        yield Invalid("backing", "give volume or path")
    if backing and volume.get("format", "qcow2") == "raw":
        yield Invalid("backing", "needs format qcow2; a raw volume cannot have one")
    if volume.get("encryption") and image:
        yield Invalid("encryption", "does not go with image; make an empty encrypted volume and fill it by hand")


OF_DECLARED = " that is an URL or a file; that of a declared image stands in kvm_images"
"""What is said of a checksum beside the name of an image."""

NEVER_MADE = ("bochs", "cloop", "cow", "dir", "dmg", "fat", "ploop", "vhd")
"""Formats that libvirt knows, and in which neither it nor qemu-img makes an image."""


def can_be_made(volume: Item) -> t.Iterator[Invalid]:
    """A new volume has a size, and a format in which images are made."""
    if volume.get("capacity") == 0:
        yield Invalid("capacity", "is 0, which is no size of a disk: give one, such as 20GiB")
    if volume.get("format") in NEVER_MADE:
        form = str(volume["format"])
        what = "means a folder, and no image" if form == "dir" else "is only read"
        yield Invalid("format", f"{printable(form)} {what}: make a new volume as qcow2 or raw")


COMPATS = ("0.10", "1.1")
"""Versions of qcow2 (qemu-img(1), compat)."""

OF_QCOW2 = ("compat", "cluster_size", "lazy_refcounts", "extended_l2")
"""Options of new volumes that qcow2 alone has. libvirt refuses them beside another format, or leaves them out."""


CLUSTERS = 64 * 1024
"""The size of the clusters of a qcow2 where none is told (qemu-img(1), cluster_size)."""

MOST_ENTRIES = 32 * 1024**2 // 8
"""The most entries of the first table of a qcow2 (QCOW_MAX_L1_SIZE of QEMU, in entries of 8 bytes)."""


def most_of_qcow2(cluster: int = CLUSTERS, subclusters: bool = False) -> int:
    """The most bytes that the disk in a qcow2 can have: each entry of its first table leads to a cluster of entries.

    :param cluster: the bytes of a cluster
    :param subclusters: whether it has subclusters, with which an entry takes twice the room
    """
    return MOST_ENTRIES * (cluster // (16 if subclusters else 8)) * cluster


def no_qcow2(size: int, most: int) -> str:
    """What is wrong with a size that no qcow2 can have."""
    return f"{CAPACITY.show(size)} is more than a qcow2 can hold, {CAPACITY.show(most)}: is the unit right?"


def qcow2(volume: Item) -> t.Iterator[Invalid]:
    """The options of qcow2 go with that format, and its versions are two."""
    if volume.get("compat") not in (None, *COMPATS):
        yield Invalid("compat", f"{printable(volume['compat'])} must be one of {', '.join(COMPATS)}")
    form = format_of(volume)
    most = most_of_qcow2(volume.get("cluster_size") or CLUSTERS, bool(volume.get("extended_l2")))
    if form == "qcow2" and (volume.get("capacity") or 0) > most:
        yield Invalid("capacity", no_qcow2(volume["capacity"], most))
    for name in OF_QCOW2:
        if volume.get(name) not in (None, False) and form != "qcow2":
            yield Invalid(name, f"cannot be combined with 'format: {form}', but with format: qcow2")


def format_of(volume: Item) -> str:
    """The format of a new volume: the one that is declared, or that its name tells."""
    return str(volume.get("format") or format_by_name(str(volume.get("name"))))


def allocated(volume: Item) -> t.Iterator[Invalid]:
    """A new raw volume has as many bytes as libvirt allocates, if that is more than its capacity."""
    capacity, allocation = volume.get("capacity"), volume.get("allocation")
    if (
        capacity is not None
        and allocation is not None
        and allocation > capacity
        and format_of(volume) in ("raw", "iso")
    ):
        yield Invalid(
            "allocation",
            f"{CAPACITY.show(allocation)} is more than the capacity, {CAPACITY.show(capacity)}, and would make the"
            " volume as large as that: give at most the capacity",
        )


MADE_DISK = (
    Aside(
        "size",
        "",
        CAPACITY,
        "Size of a disk that is made for the guest, such as V(20GiB). It is the volume C(NAME-TARGET.FORMAT) of the"
        " pool V(default), unless O(config[].disks[].volume) or O(config[].disks[].pool) name another. One that exists"
        " keeps its format and grows, also while the guest runs; a smaller size is refused.",
    ),
    Aside(
        "image",
        "",
        IMAGE,
        "Image that a disk made for the guest is made from: the name of one of O(images), an URL, the path of a file on"
        " the host, or a volume as C(POOL/VOLUME). A name that is not in O(images) is that of a volume in the same"
        f" pool.{TAKEN} A CD-ROM is not made so: M(virtfleet.kvm.volumes)"
        " puts an ISO image into a volume, which O(config[].disks[].volume) then names.",
    ),
    Aside("checksum", "", CHECKSUM, CHECKED),
    Aside("image_timeout", "", COUNT, IN_TIME),
    Aside(
        "backing",
        "",
        PLACE,
        "Volume that a disk made for the guest is laid over, by its name in the same pool or as C(POOL/VOLUME). The"
        " disk holds only what differs.",
    ),
)
"""The options of a guest's disk that is made as a volume."""


def made_disks(domain: Item) -> t.Iterator[Invalid]:
    """A disk that is made is a volume, and is filled from one place."""
    for index, disk in enumerate(domain.get("disks") or []):
        here = f"disks[{index}]"
        given = [name for name in MADE if disk.get(name) is not None]
        volume = str(disk.get("volume") or "")
        if "/" in volume or volume in (".", ".."):
            yield Invalid(
                f"{here}.volume",
                f"{printable(volume)} is no name of a volume; write pool: POOL and volume: NAME",
            )
        if given and (disk.get("file") is not None or disk.get("block") is not None):
            yield Invalid(
                f"{here}.{given[0]}",
                "makes a new disk; leave it out to use the existing "
                + ("file" if disk.get("file") is not None else "device"),
            )
        if disk.get("image") is not None and disk.get("backing") is not None:
            yield Invalid(here, "give only one of image, backing")
        if disk.get("backing") is not None and disk.get("format") == "raw":
            yield Invalid(f"{here}.format", "a raw disk cannot be laid over another: write qcow2, or leave it out")
        yield from sized(disk, f"{here}.size")
        image = disk.get("image") or ""
        if disk.get("checksum") is not None and not ("://" in image or image.startswith("/")):
            yield Invalid(f"{here}.checksum", "goes with an image that is an URL or a file")
        if disk.get("image_timeout") is not None and "://" not in image:
            yield Invalid(f"{here}.image_timeout", "goes with an image that is an URL")
        if given and disk.get("device") in ("cdrom", "floppy"):
            yield Invalid(
                f"{here}.{given[0]}",
                f"makes a disk, and does not go with device {printable(disk['device'])}; put the image on the host or"
                " into a volume (the module virtfleet.kvm.volumes), and name it by file, or by pool and volume",
            )


def sized(disk: Item, where: str) -> t.Iterator[Invalid]:
    """The size of a disk that is made is one that its format can have.

    :param where: the path of the option
    """
    size = disk.get("size")
    if size == 0:
        yield Invalid(where, "is 0, which is no size of a disk: give one, such as 20GiB")
    if size and (disk.get("format") or made_format(disk)) == "qcow2" and size > most_of_qcow2():
        yield Invalid(where, no_qcow2(size, most_of_qcow2()))


def shared_writers(domain: Item) -> t.Iterator[Invalid]:
    """A disk that several guests write to is raw (libvirt's qemuBlockStorageSourceSupportsConcurrentAccess)."""
    for index, disk in enumerate(domain.get("disks") or []):
        if not disk.get("shareable") or disk.get("readonly") or disk.get("device") in ("cdrom", "floppy"):
            continue
        is_made = any(disk.get(name) is not None for name in MADE)
        form = disk.get("format") or (made_format(disk) if is_made else image_format(disk))
        if form != "raw":
            yield Invalid(
                f"disks[{index}].shareable",
                f"only a raw disk can be written to by several guests, and this one is {form}:"
                " write format: raw (and convert an image that is there), or readonly: true where nobody writes",
            )


def made_format(disk: Item) -> str:
    """The format of a disk that is made, as far as its declaration tells: in another pool it may be a device."""
    if disk.get("backing") is not None:
        return "qcow2"
    return format_of_name(str(disk.get("volume") or "")) or (
        "qcow2" if disk.get("pool") in (None, "default") else "raw"
    )
