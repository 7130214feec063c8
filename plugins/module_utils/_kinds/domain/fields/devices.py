# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All other devices (formatdomain.html, Devices)."""

from __future__ import annotations

from ...._engine.converters import (
    ANY_BASE,
    KIB,
    NATURAL,
    NUMBER,
    ON_OFF,
    PRESENCE,
    TEXT,
    UUID,
    YES_NO,
    Choice,
    Identifier,
    Integer,
    Size,
)
from ...._engine.rows import Field, Group, Struct, Values
from ...._engine.rows.variant import Variant
from .chardev import chardev
from .common import BOOT, BYTES, DEVICE, DRIVER, VIRTIO, VIRTIO_MODEL
from .disk import IOTHREADS

PORTS = Field(
    "ports",
    "@ports",
    NATURAL,
    "Number of ports of the controller (libvirt's controller C(ports)), such as V(16).",
    filled=True,
    belongs=("model",),
)

CONTROLLER = (
    Field(
        "type",
        "@type",
        Choice("pci", "usb", "scsi", "sata", "ide", "virtio-serial", "fdc", "ccid", "isa", "xenbus", "nvme"),
        "Kind of controller (libvirt's controller C(type)), such as V(scsi).",
    ),
    Field(
        "index",
        "@index",
        NATURAL,
        "Number of the controller among those of its kind (libvirt's C(index)). Devices refer to it in their"
        " addresses; the first one is V(0).",
        filled=True,
    ),
    Field(
        "model",
        "@model",
        TEXT,
        "Model of the controller (libvirt's C(model)), such as V(virtio-scsi) or V(pcie-root-port).",
        filled=True,
    ),
    Field(
        "ports",
        "@ports",
        NATURAL,
        "Number of ports of the controller (libvirt's controller C(ports)), such as V(16).",
        filled=True,
        belongs=("model",),
    ),
    Field(
        "vectors",
        "@vectors",
        NATURAL,
        "Number of interrupts (MSI vectors) of a V(virtio-serial) controller (libvirt's C(vectors)).",
    ),
    Field(
        "max_grant_frames",
        "@maxGrantFrames",
        NATURAL,
        "Most grant frames that a V(xenbus) controller gives the guest for its memory (libvirt's C(maxGrantFrames)).",
    ),
    Field(
        "max_event_channels",
        "@maxEventChannels",
        NATURAL,
        "Most event channels of the guest on a V(xenbus) controller (libvirt's C(maxEventChannels)).",
    ),
    Field("serial", "serial", TEXT, "Serial number that the guest sees on an NVMe controller (libvirt's C(serial))."),
    Field(
        "master",
        "master@startport",
        NATURAL,
        "First port that a companion of a USB controller serves (libvirt's master C(startport)).",
        filled=True,
    ),
    Field(
        "model_name",
        "model@name",
        TEXT,
        "Device of QEMU behind a PCI controller (libvirt's C(model name)), such as V(pcie-root-port).",
        filled=True,
    ),
    Struct(
        "target",
        "target",
        (
            Field(
                "chassis_nr",
                "@chassisNr",
                ANY_BASE,
                "Chassis number of a PCI bridge (libvirt's C(chassisNr)).",
                filled=True,
            ),
            Field(
                "chassis", "@chassis", ANY_BASE, "Chassis number of a PCIe port (libvirt's C(chassis)).", filled=True
            ),
            Field(
                "port", "@port", NUMBER, "Port number of a PCIe port (libvirt's C(port)), such as V(0x10).", filled=True
            ),
            Field(
                "bus_nr",
                "@busNr",
                ANY_BASE,
                "Bus number of a PCI expander (libvirt's C(busNr)), such as V(254).",
                filled=True,
            ),
            Field(
                "index",
                "@index",
                ANY_BASE,
                "Index of a PCI host bridge on POWER (libvirt's target C(index)).",
                filled=True,
            ),
            Field(
                "hotplug",
                "@hotplug",
                ON_OFF,
                "Whether devices can be plugged in and out of the PCI controller while the guest runs (libvirt's"
                " C(hotplug)).",
            ),
            Field(
                "mem_reserve",
                "@memReserve",
                ANY_BASE,
                "KiB of memory addresses to reserve for devices behind the PCI controller (libvirt's C(memReserve)).",
            ),
            Field(
                "node",
                "node",
                NATURAL,
                "Number of the guest's NUMA node that the PCI controller belongs to (libvirt's C(node)).",
            ),
        ),
        "How the guest sees a PCI controller (libvirt's controller C(target)).",
    ),
    Field(
        "pcihole64",
        "pcihole64",
        KIB,
        "Size of the 64-bit hole for PCI addresses of a root bus (libvirt's C(pcihole64)), such as V(1GiB).",
    ),
    Struct(
        "driver",
        "driver",
        (
            Field(
                "queues",
                "@queues",
                NATURAL,
                "Number of queues of a virtio SCSI controller (libvirt's C(queues)), such as the number of virtual"
                " CPUs.",
            ),
            Field(
                "cmd_per_lun",
                "@cmd_per_lun",
                NATURAL,
                "Most commands that wait at the same time for one unit of the controller (libvirt's C(cmd_per_lun)).",
            ),
            Field(
                "max_sectors",
                "@max_sectors",
                NATURAL,
                "Most sectors of 512 bytes in one command (libvirt's C(max_sectors)).",
            ),
            Field(
                "ioeventfd",
                "@ioeventfd",
                ON_OFF,
                "Whether a separate thread handles the controller's I/O while the virtual CPU goes on (libvirt's"
                " C(ioeventfd)).",
            ),
            Field(
                "iothread",
                "@iothread",
                NATURAL,
                "Number of the IO thread that serves the controller (libvirt's C(iothread)), as in"
                " O(config[].iothreadids).",
            ),
            *VIRTIO,
            IOTHREADS,
        ),
        "Options of how the host runs the controller (libvirt's C(driver)).",
    ),
    *DEVICE,
)

IDS = (
    Field(
        "start", "@start", NATURAL, "First user or group id inside the container (libvirt's C(start)), such as V(0)."
    ),
    Field(
        "target",
        "@target",
        NATURAL,
        "Id on the host that the first one stands for (libvirt's C(target)), such as V(100000).",
    ),
    Field("count", "@count", NATURAL, "Number of ids from the first one on (libvirt's C(count)), such as V(65536)."),
)
IDMAP = Struct(
    "idmap",
    "idmap",
    (
        Group(
            "uids",
            "uid",
            IDS,
            "User ids inside the guest and those on the host that they stand for (libvirt's C(uid)).",
            keys=("start",),
        ),
        Group(
            "gids",
            "gid",
            IDS,
            "Group ids inside the guest and those on the host that they stand for (libvirt's C(gid)).",
            keys=("start",),
        ),
    ),
    "Users and groups of the host that those inside the guest stand for (libvirt's C(idmap)), for containers and"
    " virtiofs.",
)

READONLY = Field(
    "readonly",
    "readonly",
    PRESENCE,
    "Whether the guest can only read the file system (libvirt's C(readonly)).",
    default=False,
)

FILESYSTEM = (
    Variant(
        "@type",
        {
            "mount": (
                Field(
                    "source",
                    "source@dir",
                    TEXT,
                    "What the guest gets (libvirt's filesystem C(source)): by C(type), the path of a directory, image"
                    " or device on the host, the name of a template, or a directory of the guest itself.",
                ),
                Field(
                    "socket",
                    "source@socket",
                    TEXT,
                    "Path of the socket of a virtiofs daemon that you run yourself (libvirt's source C(socket)).",
                ),
                Struct(
                    "binary",
                    "binary",
                    (
                        Field(
                            "path",
                            "@path",
                            TEXT,
                            "Path of the virtiofs daemon on the host (libvirt's binary C(path)), such as"
                            " V(/usr/libexec/virtiofsd).",
                            filled=True,
                        ),
                        Field(
                            "xattr",
                            "@xattr",
                            ON_OFF,
                            "Whether the guest can use extended attributes of files (libvirt's C(xattr)).",
                        ),
                        Field(
                            "cache",
                            "cache@mode",
                            Choice("none", "always"),
                            "How much the guest caches (libvirt's cache C(mode)): V(always), or V(none) where others"
                            " change the files too.",
                        ),
                        Field(
                            "sandbox",
                            "sandbox@mode",
                            Choice("namespace", "chroot"),
                            "How the daemon is locked in (libvirt's sandbox C(mode)): V(namespace) in namespaces of"
                            " its own, or V(chroot).",
                        ),
                        Field(
                            "posix_lock",
                            "lock@posix",
                            ON_OFF,
                            "Whether POSIX locks of the guest reach the host (libvirt's lock C(posix)).",
                        ),
                        Field(
                            "flock",
                            "lock@flock",
                            ON_OFF,
                            "Whether BSD locks of the guest reach the host (libvirt's lock C(flock)).",
                        ),
                        Field(
                            "thread_pool",
                            "thread_pool@size",
                            NATURAL,
                            "Largest number of threads of the virtiofs daemon (libvirt's thread_pool C(size)).",
                        ),
                        Field(
                            "openfiles",
                            "openfiles@max",
                            NATURAL,
                            "Largest number of files that the virtiofs daemon can have open (libvirt's openfiles"
                            " C(max)).",
                        ),
                    ),
                    "Options of the virtiofs daemon (libvirt's C(binary)).",
                ),
                IDMAP,
            ),
            "template": (
                Field(
                    "source",
                    "source@name",
                    TEXT,
                    "Name of a template, for containers of OpenVZ (libvirt's source C(name)).",
                ),
            ),
            "file": (
                Field("source", "source@file", TEXT, "Path of an image file on the host (libvirt's source C(file))."),
            ),
            "block": (
                Field("source", "source@dev", TEXT, "Path of a block device on the host (libvirt's source C(dev))."),
            ),
            "ram": (
                Field(
                    "usage",
                    "source@usage",
                    Size("KiB", minimum=0),
                    "Most memory that the file system may take (libvirt's source C(usage)), such as V(512MiB), with"
                    " type V(ram).",
                ),
            ),
            "bind": (
                Field(
                    "source", "source@dir", TEXT, "Path of a directory of the guest itself (libvirt's source C(dir))."
                ),
            ),
        },
        optional=True,
        type=Field(
            "type",
            "@type",
            Choice("mount", "template", "file", "block", "ram", "bind"),
            "Kind of file system (libvirt's filesystem C(type)): V(mount) for a directory of the host; the others are"
            " for containers.",
            default="mount",
        ),
    ),
    Field(
        "target",
        "target@dir",
        TEXT,
        "Name by which the guest mounts it (libvirt's target C(dir)); in a container, the directory where it is"
        " mounted.",
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
        "accessmode",
        "@accessmode",
        Choice("passthrough", "mapped", "squash"),
        "Owner and mode of files that the guest makes (libvirt's C(accessmode)): V(passthrough) sets those of the"
        " guest on the host, V(mapped) keeps them in extended attributes, V(squash) goes on where they cannot be set.",
        filled=True,
    ),
    Field(
        "multidevs",
        "@multidevs",
        Choice("default", "remap", "forbid", "warn"),
        "What to do when a 9p directory spans several file systems of the host (libvirt's C(multidevs)): V(remap)"
        " gives files new numbers, V(forbid) hides other file systems, V(warn) only logs.",
    ),
    Field(
        "fmode",
        "@fmode",
        TEXT,
        "Mode of new files in octal digits (libvirt's C(fmode)), such as V('644'), with accessmode V(mapped).",
    ),
    Field(
        "dmode",
        "@dmode",
        TEXT,
        "Mode of new directories in octal digits (libvirt's C(dmode)), such as V('755'), with accessmode V(mapped).",
    ),
    Struct(
        "driver",
        "driver",
        (
            Field(
                "type",
                "@type",
                Choice("path", "handle", "loop", "nbd", "ploop", "virtiofs", "mtp"),
                "How the directory gets to the guest (libvirt's driver C(type)). V(virtiofs) is the quick one; V(path)"
                " is 9p.",
                filled=True,
            ),
            Field(
                "format",
                "@format",
                TEXT,
                "Format of an image (libvirt's driver C(format)), such as V(qcow2), with type V(nbd).",
            ),
            Field(
                "wrpolicy",
                "@wrpolicy",
                Choice("immediate"),
                "When writes reach the host's disk (libvirt's C(wrpolicy)): V(immediate) writes them out at once.",
            ),
            Field(
                "queue",
                "@queue",
                NATURAL,
                "Number of requests that fit in the queue of virtiofs (libvirt's driver C(queue)), such as V(1024).",
            ),
            *VIRTIO,
        ),
        "Options of how the host serves the directory (libvirt's filesystem C(driver)).",
    ),
    READONLY,
    Field(
        "space_hard_limit",
        "space_hard_limit",
        BYTES,
        "Most that a container may store (libvirt's C(space_hard_limit)), such as V(10GiB).",
    ),
    Field(
        "space_soft_limit",
        "space_soft_limit",
        BYTES,
        "Most that a container may store for long (libvirt's C(space_soft_limit)); it can go above for a while.",
    ),
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
            "passthrough": (
                Field(
                    "source",
                    "source@evdev",
                    TEXT,
                    "Path of the input device on the host that is passed on (libvirt's source), such as"
                    " V(/dev/input/event1).",
                ),
            ),
            "evdev": (
                Field(
                    "source",
                    "source@dev",
                    TEXT,
                    "Path of the input device on the host that is passed on (libvirt's source C(dev)), such as"
                    " V(/dev/input/event1).",
                ),
                Field(
                    "grab",
                    "source@grab",
                    Choice("all"),
                    "Whether all input devices switch between host and guest together (libvirt's C(grab)): V(all), on"
                    " a keyboard.",
                ),
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
                    "Keys that switch the input device between host and guest (libvirt's C(grabToggle)), such as"
                    " V(ctrl-ctrl) for both control keys.",
                ),
                Field(
                    "repeat", "source@repeat", ON_OFF, "Whether a key that is held down repeats (libvirt's C(repeat))."
                ),
            ),
        },
        type=Field(
            "type",
            "@type",
            Choice("tablet", "mouse", "keyboard", "passthrough", "evdev"),
            "Kind of input device (libvirt's input C(type)). A V(tablet) keeps the pointer in step with that of the"
            " viewer.",
        ),
    ),
    Field(
        "bus",
        "@bus",
        Choice("ps2", "usb", "virtio", "xen"),
        "Bus of the input device (libvirt's input C(bus)), such as V(usb).",
        filled=True,
    ),
    Field(
        "model",
        "@model",
        VIRTIO_MODEL,
        "Version of virtio that the device speaks (libvirt's C(model)). V(virtio-transitional) speaks 0.9 and 1.0,"
        " V(virtio-non-transitional) only 1.0.",
        filled=True,
    ),
    DRIVER,
    *DEVICE,
)

RNG = (
    Field(
        "model",
        "@model",
        VIRTIO_MODEL,
        "Version of virtio that the device speaks (libvirt's C(model)). V(virtio-transitional) speaks 0.9 and 1.0,"
        " V(virtio-non-transitional) only 1.0.",
        new="virtio",
        filled=True,
    ),
    Struct(
        "backend",
        "backend",
        (
            Variant(
                "@model",
                {
                    "random": (
                        Field(
                            "device",
                            ".",
                            TEXT,
                            "Path of the device on the host that gives random numbers (libvirt's C(backend)), such as"
                            " V(/dev/urandom).",
                            filled=True,
                        ),
                    ),
                    "builtin": (),
                    "egd": chardev(),
                },
                type=Field(
                    "model",
                    "@model",
                    Choice("random", "builtin", "egd"),
                    "Source of random numbers on the host (libvirt's backend C(model)): V(random) is a device,"
                    " V(builtin) the host's system call, V(egd) a daemon.",
                    new="random",
                    filled=True,
                ),
            ),
        ),
        "Source of random numbers on the host (libvirt's rng C(backend)).",
        required=True,
    ),
    Struct(
        "rate",
        "rate",
        (
            Field(
                "bytes",
                "@bytes",
                NATURAL,
                "Bytes that the guest may take in each period (libvirt's rate C(bytes)), such as V(1234).",
                required=True,
            ),
            Field(
                "period",
                "@period",
                NATURAL,
                "Length of the period in milliseconds (libvirt's rate C(period)), such as V(2000).",
                filled=True,
            ),
        ),
        "Limit of how many random numbers the guest may take (libvirt's C(rate)).",
    ),
    DRIVER,
    *DEVICE,
)

WATCHDOG = (
    Field(
        "model",
        "@model",
        Choice("i6300esb", "itco", "ib700", "diag288"),
        "Model of the watchdog (libvirt's C(model)), such as V(i6300esb).",
        required=True,
    ),
    Field(
        "action",
        "@action",
        Choice("reset", "shutdown", "poweroff", "pause", "none", "dump", "inject-nmi"),
        "What to do when the guest hangs (libvirt's watchdog C(action)): V(reset) restarts it, V(poweroff) stops it,"
        " V(dump) writes its memory to a file on the host, V(inject-nmi) sends it an interrupt.",
        default="reset",
    ),
    *DEVICE,
)

MEMBALLOON = (
    Field(
        "model",
        "@model",
        Choice("virtio", "virtio-transitional", "virtio-non-transitional", "xen", "none"),
        "Model of the balloon (libvirt's memballoon C(model)), such as V(virtio); V(none) for no balloon.",
        filled=True,
    ),
    Field(
        "autodeflate",
        "@autodeflate",
        ON_OFF,
        "Whether the guest gets memory back before it kills a process for want of it (libvirt's C(autodeflate)).",
    ),
    Field(
        "free_page_reporting",
        "@freePageReporting",
        ON_OFF,
        "Whether the guest tells the host which memory it does not use, so that the host can take it (libvirt's"
        " C(freePageReporting)).",
    ),
    Field(
        "stats_period",
        "stats@period",
        ANY_BASE,
        "Seconds between two statistics of the guest's memory (libvirt's stats C(period)), such as V(10).",
    ),
    DRIVER,
    *DEVICE,
)

TPM = (
    Field(
        "model",
        "@model",
        Choice("tpm-crb", "tpm-tis", "tpm-spapr", "spapr-tpm-proxy"),
        "Model of the TPM (libvirt's tpm C(model)): V(tpm-crb) is for TPM 2.0, V(tpm-tis) for both versions.",
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
                        Field(
                            "secret",
                            "encryption@secret",
                            UUID,
                            "UUID of the libvirt secret that encrypts the TPM's state (libvirt's encryption"
                            " C(secret)).",
                        ),
                        Field(
                            "persistent_state",
                            "@persistent_state",
                            YES_NO,
                            "Whether the TPM's state stays on the host when the definition of a transient guest goes"
                            " (libvirt's C(persistent_state)).",
                        ),
                        Field(
                            "debug",
                            "@debug",
                            NATURAL,
                            "How much swtpm logs (libvirt's backend C(debug)): a higher number logs more.",
                        ),
                        *(
                            Field(
                                bank,
                                f"active_pcr_banks/{bank}",
                                PRESENCE,
                                f"Whether the TPM has registers with hashes of {bank} (libvirt's C(active_pcr_banks)).",
                                default=False,
                            )
                            for bank in ("sha1", "sha256", "sha384", "sha512")
                        ),
                        Field(
                            "source_type",
                            "source@type",
                            Choice("file", "dir"),
                            "Whether the TPM's state is in a V(file) or a directory, V(dir) (libvirt's source"
                            " C(type)).",
                        ),
                        Field(
                            "source",
                            "source@path",
                            TEXT,
                            "Path of the file or directory with the TPM's state, or of an external TPM's socket"
                            " (libvirt's source C(path)).",
                        ),
                        Struct(
                            "profile",
                            "profile",
                            (
                                Field(
                                    "source",
                                    "@source",
                                    TEXT,
                                    "Name of the profile of algorithms to start the TPM with (libvirt's profile"
                                    " C(source)), such as V(local:restricted).",
                                ),
                                Field(
                                    "name",
                                    "@name",
                                    TEXT,
                                    "Name of the profile that the TPM was made with (libvirt's profile C(name))."
                                    " libvirt sets it.",
                                    filled=True,
                                ),
                                Field(
                                    "remove_disabled",
                                    "@removeDisabled",
                                    Choice("check", "fips-host"),
                                    "What to do with algorithms of the profile that the host does not allow (libvirt's"
                                    " C(removeDisabled)).",
                                ),
                            ),
                            "Profile of algorithms that the TPM offers (libvirt's C(profile)), set when it is made.",
                        ),
                    ),
                    "passthrough": (
                        Field(
                            "device",
                            "device@path",
                            TEXT,
                            "Path of the TPM on the host that is passed on (libvirt's device C(path)), such as"
                            " V(/dev/tpm0).",
                            filled=True,
                        ),
                    ),
                    "external": (
                        Field(
                            "source_type",
                            "source@type",
                            Choice("unix"),
                            "Kind of the source: V(unix) is the socket of an external TPM (libvirt's source C(type)).",
                            filled=True,
                        ),
                        Field(
                            "source",
                            "source@path",
                            TEXT,
                            "Path of the socket of an external TPM (libvirt's source C(path)).",
                        ),
                        Field(
                            "source_mode",
                            "source@mode",
                            Choice("connect"),
                            "Role of the guest at the socket (libvirt's source C(mode)), which is always V(connect).",
                            filled=True,
                        ),
                    ),
                },
                type=Field(
                    "type",
                    "@type",
                    Choice("emulator", "passthrough", "external"),
                    "What provides the TPM on the host (libvirt's backend C(type)): V(emulator) is swtpm,"
                    " V(passthrough) the host's own TPM, V(external) a swtpm of your own.",
                    new="emulator",
                    filled=True,
                ),
            ),
            Field(
                "version",
                "@version",
                Choice("1.2", "2.0"),
                "Version of the TPM (libvirt's backend C(version)), such as V(2.0).",
                filled=True,
            ),
        ),
        "What provides the TPM on the host (libvirt's tpm C(backend)).",
    ),
    *DEVICE,
)

SHMEM = (
    Field(
        "name",
        "@name",
        TEXT,
        "Name of the shared memory on the host (libvirt's shmem C(name)), which all that share it use.",
        required=True,
    ),
    Field(
        "role",
        "@role",
        Choice("master", "peer"),
        "Role of the guest at a migration (libvirt's shmem C(role)): a V(master) takes the memory along, a V(peer)"
        " does not.",
    ),
    Field(
        "model",
        "model@type",
        Choice("ivshmem-plain", "ivshmem-doorbell", "ivshmem"),
        "Kind of shared memory device (libvirt's model C(type)): V(ivshmem-doorbell) also has interrupts by a server.",
        filled=True,
    ),
    Field(
        "size",
        "size",
        Size("b", minimum=0),
        "Size of the shared memory (libvirt's shmem C(size)), such as V(4MiB). It is a power of two.",
        filled=True,
    ),
    Struct(
        "server",
        "server",
        (Field("path", "@path", TEXT, "Path of the server's socket on the host (libvirt's server C(path))."),),
        "Server that hands out the memory and interrupts (libvirt's shmem C(server)), for V(ivshmem-doorbell).",
        bare=True,
    ),
    Struct(
        "msi",
        "msi",
        (
            Field(
                "vectors",
                "@vectors",
                ANY_BASE,
                "Number of interrupts (MSI vectors) of the shared memory (libvirt's msi C(vectors)).",
            ),
            Field(
                "ioeventfd",
                "@ioeventfd",
                ON_OFF,
                "Whether a separate thread handles the device's I/O while the virtual CPU goes on (libvirt's"
                " C(ioeventfd)).",
                filled=True,
            ),
        ),
        "Interrupts by which guests call each other (libvirt's shmem C(msi)).",
        bare=True,
    ),
    *DEVICE,
)

PANIC = (
    Field(
        "model",
        "@model",
        Choice("isa", "pseries", "hyperv", "s390", "pvpanic"),
        "Model of the panic device (libvirt's panic C(model)): V(isa) or V(pvpanic) on x86, V(hyperv) for Windows.",
        filled=True,
    ),
    *DEVICE,
)

VSOCK = (
    Field(
        "model",
        "@model",
        VIRTIO_MODEL,
        "Version of virtio that the device speaks (libvirt's C(model)). V(virtio-transitional) speaks 0.9 and 1.0,"
        " V(virtio-non-transitional) only 1.0.",
        filled=True,
    ),
    Struct(
        "cid",
        "cid",
        (
            Field(
                "auto", "@auto", YES_NO, "Whether libvirt picks a free context id (libvirt's cid C(auto)).", filled=True
            ),
            Field(
                "address",
                "@address",
                Integer(3, 2**32 - 1),
                "Context id of the guest (libvirt's cid C(address)): V(3) or more, and none that another guest of the"
                " host has.",
                filled=True,
            ),
        ),
        "Context id, by which the host addresses the guest (libvirt's vsock C(cid)).",
    ),
    DRIVER,
    *DEVICE,
)

IOMMU = (
    Field(
        "model",
        "@model",
        Choice("intel", "smmuv3", "virtio"),
        "Model of the IOMMU (libvirt's iommu C(model)): V(intel) on x86, V(smmuv3) on ARM, or V(virtio).",
        required=True,
    ),
    Struct(
        "driver",
        "driver",
        (
            Field(
                "intremap",
                "@intremap",
                ON_OFF,
                "Whether the IOMMU remaps interrupts (libvirt's C(intremap)).",
                filled=True,
            ),
            Field(
                "caching_mode",
                "@caching_mode",
                ON_OFF,
                "Whether the guest tells the IOMMU of new entries too (libvirt's C(caching_mode)), which VFIO devices"
                " need.",
            ),
            Field(
                "eim",
                "@eim",
                ON_OFF,
                "Whether more than 255 virtual CPUs can get interrupts (extended interrupt mode, libvirt's C(eim)).",
                filled=True,
            ),
            Field(
                "iotlb",
                "@iotlb",
                ON_OFF,
                "Whether devices may cache translations of addresses (device IOTLB, libvirt's C(iotlb)).",
            ),
            Field(
                "aw_bits",
                "@aw_bits",
                NATURAL,
                "Number of address bits of the IOMMU (libvirt's C(aw_bits)), such as V(48).",
            ),
            Field(
                "dma_translation",
                "@dma_translation",
                ON_OFF,
                "Whether the IOMMU translates addresses of devices (libvirt's C(dma_translation)).",
            ),
        ),
        "Options of the IOMMU's work (libvirt's iommu C(driver)).",
    ),
    *DEVICE,
)

SMARTCARD = (
    Variant(
        "@mode",
        {
            "host": (),
            "host-certificates": (
                Values(
                    "certificates",
                    "certificate",
                    TEXT,
                    "Names of three certificates in the database that stand in for a card (libvirt's C(certificate)).",
                ),
                Field(
                    "database",
                    "database",
                    TEXT,
                    "Path of the directory with the database of certificates (libvirt's C(database)), such as"
                    " V(/etc/pki/nssdb).",
                    filled=True,
                ),
            ),
            "passthrough": (
                Struct(
                    "backend",
                    ".",
                    chardev(new="spicevmc"),
                    "Connection to the card's reader (libvirt's smartcard C(type)), as of a serial port.",
                ),
            ),
        },
        type=Field(
            "mode",
            "@mode",
            Choice("host", "host-certificates", "passthrough"),
            "Where the card is (libvirt's smartcard C(mode)): in a reader of the V(host), made of"
            " V(host-certificates), or at the viewer with V(passthrough).",
        ),
    ),
    *DEVICE,
)

HUB = (
    Field(
        "type",
        "@type",
        Choice("usb"),
        "Bus of the hub (libvirt's hub C(type)), which is always V(usb).",
        new="usb",
        filled=True,
    ),
    *DEVICE,
)

REDIRFILTER = Group(
    "redirfilter",
    "devices/redirfilter/usbdev",
    (
        Field(
            "allow",
            "@allow",
            YES_NO,
            "Whether devices that fit may be passed to the guest (libvirt's usbdev C(allow)).",
        ),
        Field(
            "class",
            "@class",
            Identifier(2, anything=True),
            "USB class of the device (libvirt's C(class)), such as V(0x08) for storage; V(-1) is any.",
        ),
        Field(
            "vendor",
            "@vendor",
            Identifier(4, anything=True),
            "Vendor id of the device (libvirt's C(vendor)), such as V(0x046d); V(-1) is any.",
        ),
        Field(
            "product",
            "@product",
            Identifier(4, anything=True),
            "Product id of the device (libvirt's C(product)), such as V(0x08b2); V(-1) is any.",
        ),
        Field(
            "version", "@version", TEXT, "Version of the device (libvirt's C(version)), such as V(2.00); V(-1) is any."
        ),
    ),
    "Rules for the USB devices that a viewer may pass to the guest (libvirt's C(redirfilter)). The first rule that"
    " fits decides.",
)

LEASE = (
    Field("lockspace", "lockspace", TEXT, "Name of the lock space that the lease is in (libvirt's C(lockspace))."),
    Field("key", "key", TEXT, "Name of the lease in its lock space (libvirt's C(key))."),
    Field("path", "target@path", TEXT, "Path of the file with the lease on the host (libvirt's target C(path))."),
    Field(
        "offset",
        "target@offset",
        NATURAL,
        "Position of the lease in the file, in bytes (libvirt's target C(offset)).",
        filled=True,
    ),
)

CRYPTO = (
    Field(
        "model",
        "@model",
        Choice("virtio"),
        "Model of the cryptographic device (libvirt's crypto C(model)), which is always V(virtio).",
        new="virtio",
        filled=True,
    ),
    Field(
        "type",
        "@type",
        Choice("qemu"),
        "Program that runs the cryptographic device (libvirt's crypto C(type)), which is always V(qemu).",
        new="qemu",
        filled=True,
    ),
    Struct(
        "backend",
        "backend",
        (
            Field(
                "model",
                "@model",
                Choice("builtin", "lkcf"),
                "What does the computing on the host (libvirt's backend C(model)): V(builtin) in QEMU, V(lkcf) in the"
                " kernel.",
                new="builtin",
                filled=True,
            ),
            Field(
                "queues",
                "@queues",
                NATURAL,
                "Number of queues of the cryptographic device (libvirt's backend C(queues)).",
            ),
        ),
        "What does the computing on the host (libvirt's crypto C(backend)).",
    ),
    DRIVER,
    *DEVICE,
)

PSTORE = (
    Field(
        "backend",
        "@backend",
        Choice("acpi-erst"),
        "Kind of storage that the guest sees (libvirt's pstore C(backend)), which is always V(acpi-erst).",
    ),
    Field(
        "path",
        "path",
        TEXT,
        "Path of the file on the host that keeps the content (libvirt's pstore C(path)).",
        filled=True,
    ),
    Field("size", "size", KIB, "Size of the storage (libvirt's pstore C(size)), such as V(8KiB)."),
    *DEVICE,
)
