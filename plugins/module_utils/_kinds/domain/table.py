# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a domain, a guest (https://libvirt.org/formatdomain.html), put together from its families."""

from __future__ import annotations

from ..._engine.converters import COUNT, NAME, PATH, TEXT, UUID, VERBATIM, YES_NO, Choice, Integer
from ..._engine.rows import Documents, Field, Fragment, Group, Property, Struct, Values
from ..._engine.rows.create_only import Aside, Unshown
from ..._engine.table import Table
from ..shared import derived_values
from ..shared.grammar import LIBVIRT
from ..shared.namespaces import OWN
from ..shared.ownership_mark import sign, unsign
from ..shared.rows import MERGED
from ..shared.storage_values import IMAGE
from ..shared.synonyms import OF_GUESTS
from ..volume.storage_rules import made_disks, shared_writers
from . import brief_form, cleanup, short_image
from .cloud_init.options import CLOUD_INIT, is_seed, seeds
from .converters import MACHINE, Virt
from .fields import chardev, devices, display, display_access, own_devices
from .fields.amounts import written
from .fields.common import DEVICE
from .fields.cpu import VCPU_ROWS
from .fields.disk import DISK, THROTTLE_GROUP
from .fields.hostdev import HOSTDEV
from .fields.interface import INTERFACE
from .fields.machine import CLOCK, FEATURES, GENID, LIFECYCLE_ROWS, OS, SYSINFO
from .fields.memory import MEMORY_DEVICE, MEMORY_ROWS
from .fields.pcie_ports import Slots, slots
from .fields.security import KEYWRAP, LAUNCH_SECURITY, QEMU, SECLABEL
from .host_remarks import emulation
from .impossible import impossible
from .live.started import compared
from .live.strategies import STRATEGIES
from .memory_total import fit
from .normal_form import console, cpu, definition, dropped, filled
from .other_forms import FORMS
from .rules import booting, cloned, listening, memory_in_use, one_uuid
from .synonyms import NOWHERE

HEAD = (
    Field("name", "name", NAME, "Name of the guest on its host (libvirt's C(name)), such as V(web).", fixed=True),
    Property(
        "state",
        "",
        Choice("present", "running", "stopped", "paused", "absent", meant=OF_GUESTS),
        "State that the guest shall be in. V(present) defines it and leaves it running or stopped as it is; V(absent)"
        " removes the definition and keeps the disks, unless O(remove_storage) is set.",
    ),
    Property(
        "autostart", "", YES_NO, "Whether the guest starts when the host does (libvirt's C(autostart)).", default=False
    ),
    Unshown(
        "wait_for",
        "",
        Choice("address", "agent", "ssh", "cloud_init"),
        "What to wait for once the guest runs. V(address) waits until it has an address that is not link-local, known"
        " from a DHCP lease, the guest agent or ARP; V(agent) until its guest agent is connected; V(ssh) until an SSH"
        " server answers its host at port 22 of such an address; V(cloud_init) until cloud-init has ended, as the guest"
        " agent tells. All guests are waited for at the same time.",
    ),
    Unshown("wait_timeout", "", COUNT, "Seconds that O(config[].wait_for) may take at most. Left out, 300."),
    Field(
        "uuid",
        "uuid",
        UUID,
        "UUID of the guest (libvirt's C(uuid)). That of a new guest follows from its name.",
        new=derived_values.derive_uuid,
        filled=True,
        fixed=True,
    ),
    GENID,
    Field(
        "title",
        "title",
        VERBATIM,
        "Short title of the guest (libvirt's C(title)), as viewers show it.",
        live="metadata",
    ),
    Field(
        "description",
        "description",
        VERBATIM,
        "Text that tells people what the guest is for (libvirt's C(description)).",
        live="metadata",
    ),
    Documents(
        "metadata",
        "metadata",
        OWN,
        "Data that other programs keep with the guest (libvirt's C(metadata)): elements of XML, as text.",
        live="documents",
    ),
    Field(
        "virt",
        "@type",
        Virt("auto", "kvm", "qemu", "hvf", "xen", "lxc", "bhyve", "vz", "vmware", "vbox", "hyperv", "openvz", "test"),
        "Kind of virtualization (libvirt's domain C(type)): V(kvm) by hardware, V(qemu) by emulation. V(auto) takes"
        " the best that the host has.",
        new="auto",
        filled=True,
        must=True,
    ),
)

BOOTING = (
    Field(
        "arch",
        "os/type@arch",
        TEXT,
        "Architecture of the guest's CPU (libvirt's type C(arch)), such as V(x86_64). Left out, that of the host.",
        filled=True,
    ),
    Field(
        "machine",
        "os/type@machine",
        MACHINE,
        "Machine type that QEMU emulates (libvirt's type C(machine)), such as V(q35). A new guest gets V(q35) where"
        " the host has it.",
        new=derived_values.machine,
        filled=True,
        vacant=True,
    ),
    Field(
        "kernel",
        "os/kernel",
        PATH,
        "Path of a kernel on the host to boot directly (libvirt's C(kernel)), without a boot loader.",
    ),
    Field(
        "initrd",
        "os/initrd",
        PATH,
        "Path of the initial ramdisk on the host that goes with the kernel (libvirt's C(initrd)).",
    ),
    Field(
        "cmdline",
        "os/cmdline",
        VERBATIM,
        "Command line of the kernel (libvirt's C(cmdline)), such as V(console=ttyS0 root=/dev/vda1).",
    ),
    Values(
        "boot",
        "os/boot@dev",
        Choice("hd", "cdrom", "network", "fd"),
        "Kinds of devices to boot from, in order (libvirt's os C(boot dev)): V(hd) is a disk, V(fd) a floppy disk."
        " C(boot) of a device is more exact.",
        filled=True,
    ),
    Field(
        "bootloader",
        "bootloader",
        TEXT,
        "Program on the host that finds the guest's kernel (libvirt's C(bootloader)), for Xen, such as"
        " V(/usr/bin/pygrub).",
    ),
    Field(
        "bootloader_args",
        "bootloader_args",
        TEXT,
        "Arguments of the boot loader on the host (libvirt's C(bootloader_args)).",
    ),
    Struct("os", "os", OS, "Firmware and other options of booting (libvirt's C(os))."),
    SYSINFO,
    CLOUD_INIT,
    Struct("clock", "clock", CLOCK, "Clock of the guest and its timers (libvirt's C(clock))."),
    Struct(
        "features",
        "features",
        FEATURES,
        "Features of the virtual machine to switch on or off (libvirt's C(features)), such as ACPI.",
    ),
    *LIFECYCLE_ROWS,
)

DEVICES = (
    Field(
        "emulator",
        "devices/emulator",
        PATH,
        "Path of the program on the host that runs the guest (libvirt's C(emulator)), such as"
        " V(/usr/bin/qemu-system-x86_64).",
        filled=True,
    ),
    Aside(
        "clone_of",
        "",
        NAME,
        "Guest of the same host, by its name, that a new guest begins as: with its options and with copies of its"
        " disks. It has to be switched off meanwhile. What is declared of the new guest counts before what the other"
        " one has. UUID and MAC addresses are new, and so are the seed, the variables of a UEFI and the state of a TPM."
        " A guest that is there is never cloned again. The page C(docs/clones.md) says what a copy has in common with"
        " the other guest.",
    ),
    Aside(
        "clone_mode",
        "",
        Choice("copy", "overlay"),
        "What the disks of a clone are: a full V(copy), or an V(overlay) over that of the other guest, which must never"
        " be started again then. Left out, it is V(copy).",
    ),
    Aside(
        short_image.OPTION,
        "",
        IMAGE,
        "Image that the first disk of the guest is made from, short for O(config[].disks[].image) there. Without"
        " O(config[].disks), a new guest gets one disk of it, which is as large as the image, and a guest that is there"
        " keeps the disks that it has.",
    ),
    Group(
        "disks",
        "devices/disk",
        DISK,
        "Disks, CD-ROM and floppy drives of the guest (libvirt's C(disk)).",
        keys=("target", "file", "block", "volume"),
        alike=(("device", "bus"), ("device", "-bus"), "bus"),
        rekey=False,
        live="hotplug",
        apart=is_seed,
    ),
    Group(
        "controllers",
        "devices/controller",
        devices.CONTROLLER,
        "Controllers that other devices are attached to (libvirt's C(controller)). Those that are left out stay, for"
        " libvirt adds what devices need.",
        keys=(("type", "index", "model"), ("type", "index"), ("type", "model", "-index"), "type"),
        whole=False,
        live="hotplug",
        chosen=brief_form.chosen_controller,
    ),
    Slots(
        "hotplug_slots",
        "",
        Integer(0, 32),
        "Number of devices that a new guest with machine V(q35) can be given while it runs, in addition to those that"
        " it has. Left out, 4, unless PCI controllers are declared.",
        new=slots,
    ),
    Group(
        "filesystems",
        "devices/filesystem",
        devices.FILESYSTEM,
        "Directories of the host that the guest can mount (libvirt's C(filesystem)), as with virtiofs.",
        keys=("target",),
        live="hotplug",
    ),
    Group(
        "interfaces",
        "devices/interface",
        INTERFACE,
        "Network interfaces of the guest (libvirt's C(interface)).",
        keys=("mac", "network", "bridge", "direct"),
        live="hotplug",
        short="network",
    ),
    Group(
        "smartcards",
        "devices/smartcard",
        devices.SMARTCARD,
        "Smart card readers of the guest (libvirt's C(smartcard)).",
    ),
    Group(
        "serials",
        "devices/serial",
        chardev.SERIAL,
        "Serial ports of the guest (libvirt's C(serial)). A new guest gets one, for its console.",
        new=derived_values.serials,
    ),
    Group("parallels", "devices/parallel", chardev.PARALLEL, "Parallel ports of the guest (libvirt's C(parallel))."),
    Group(
        "consoles",
        "devices/console",
        chardev.CONSOLE,
        "Text consoles of the guest (libvirt's C(console)), but for the one that libvirt shows for the first serial"
        " port.",
        own=chardev.console_of_serial,
        stands=console.is_of_serial,
    ),
    Group(
        "channels",
        "devices/channel",
        chardev.CHANNELS,
        "Channels between the host and programs in the guest (libvirt's C(channel)), such as the guest agent.",
        keys=("target.name",),
        live="hotplug",
    ),
    Group(
        "inputs",
        "devices/input",
        devices.INPUT,
        "Keyboards, mice and other input devices (libvirt's C(input)), but for the PS/2 ones that every PC has.",
        own=own_devices.own_input,
        order=own_devices.input_order,
        keys=(("type", "bus"), ("type", "-bus")),
        live="hotplug",
    ),
    Group("tpms", "devices/tpm", devices.TPM, "Trusted Platform Modules of the guest (libvirt's C(tpm))."),
    Group(
        "graphics",
        "devices/graphics",
        display.GRAPHICS,
        "Displays by which the guest's screen can be seen (libvirt's C(graphics)), such as VNC.",
        keys=("type",),
    ),
    Group("sounds", "devices/sound", display.SOUND, "Sound cards of the guest (libvirt's C(sound)).", keys=("model",)),
    Group(
        "audios",
        "devices/audio",
        display.AUDIO,
        "Audio backends: where the guest's sound goes on the host (libvirt's C(audio)).",
        keys=("id",),
        own=own_devices.own_audio,
    ),
    Group("videos", "devices/video", display.VIDEO, "Graphics cards of the guest (libvirt's C(video))."),
    Group(
        "hostdevs",
        "devices/hostdev",
        HOSTDEV,
        "Devices of the host that are handed to the guest (libvirt's C(hostdev)), such as PCI cards.",
        live="hotplug",
    ),
    Group(
        "redirdevs",
        "devices/redirdev",
        chardev.REDIRDEV,
        "USB devices that a viewer passes to the guest over the network (libvirt's C(redirdev)).",
        live="hotplug",
    ),
    devices.REDIRFILTER,
    Group("hubs", "devices/hub", devices.HUB, "USB hubs of the guest (libvirt's C(hub))."),
    Group(
        "watchdogs",
        "devices/watchdog",
        devices.WATCHDOG,
        "Watchdogs that act when the guest hangs (libvirt's C(watchdog)), but for the one in the chip set of Q35.",
        keys=("model",),
        own=own_devices.own_watchdog,
        live="hotplug",
    ),
    Struct(
        "memballoon",
        "devices/memballoon",
        devices.MEMBALLOON,
        "Memory balloon, by which the host takes memory from the guest and gives it back (libvirt's C(memballoon)).",
        filled=True,
    ),
    Group(
        "rngs", "devices/rng", devices.RNG, "Random number generators of the guest (libvirt's C(rng)).", live="hotplug"
    ),
    Struct("nvram", "devices/nvram", DEVICE, "NVRAM device of a guest on POWER (libvirt's C(nvram) device)."),
    Group(
        "panics",
        "devices/panic",
        devices.PANIC,
        "Devices by which the guest reports a crash to the host (libvirt's C(panic)), but for the one that every guest"
        " on POWER or IBM Z has.",
        keys=("model",),
        own=own_devices.own_panic,
    ),
    Group(
        "shmems",
        "devices/shmem",
        devices.SHMEM,
        "Memory that is shared with other guests or programs on the host (libvirt's C(shmem)).",
        keys=("name",),
        live="hotplug",
    ),
    Group(
        "memory_devices",
        "devices/memory",
        MEMORY_DEVICE,
        "Memory devices that can be plugged in and out (libvirt's C(memory) device).",
        live="hotplug",
    ),
    Group(
        "iommus",
        "devices/iommu",
        devices.IOMMU,
        "IOMMUs that the guest sees (libvirt's C(iommu)), which protect its memory from its devices.",
    ),
    Struct(
        "vsock",
        "devices/vsock",
        devices.VSOCK,
        "Sockets between the host and the guest without a network (libvirt's C(vsock)).",
        bare=True,
    ),
    Group(
        "cryptos", "devices/crypto", devices.CRYPTO, "Cryptographic accelerators of the guest (libvirt's C(crypto))."
    ),
    Struct(
        "pstore",
        "devices/pstore",
        devices.PSTORE,
        "Storage in which the guest keeps the messages of a crash (libvirt's C(pstore)).",
        bare=True,
    ),
    Group(
        "leases",
        "devices/lease",
        devices.LEASE,
        "Leases of a lock manager that the guest must hold to run (libvirt's C(lease)).",
        keys=(("lockspace", "key"),),
        live="hotplug",
    ),
)

TAIL = (
    Group(
        "throttle_groups",
        "throttlegroups/throttlegroup",
        THROTTLE_GROUP,
        "Limits that several disks of the guest share (libvirt's C(throttlegroup)).",
        keys=("group_name",),
    ),
    devices.IDMAP,
    Group(
        "seclabels",
        "seclabel",
        SECLABEL,
        "Security labels of the guest, by security driver (libvirt's C(seclabel)).",
        keys=("model",),
    ),
    KEYWRAP,
    LAUNCH_SECURITY,
    QEMU,
    Fragment(
        "xml",
        "domain",
        MERGED,
        written,
        LIBVIRT,
    ),
)

ORDER = (
    *("name", "uuid", "genid", "title", "description", "metadata"),
    *("maxMemory", "memory", "currentMemory", "blkiotune", "memtune", "memoryBacking"),
    *("vcpu", "vcpus", "iothreads", "iothreadids", "defaultiothread", "cputune", "numatune", "resource"),
    *("sysinfo", "bootloader", "bootloader_args", "os", "idmap", "features", "cpu", "clock"),
    *("on_poweroff", "on_reboot", "on_crash", "on_lockfailure", "pm", "perf", "throttlegroups"),
    *("devices", "seclabel", "keywrap", "launchSecurity"),
)
"""The elements of a definition as libvirt writes them (virDomainDefFormatInternalSetRootName).

libxml2 does not find all of those that its schema lets come in any order.
"""

DOMAIN = Table(
    kind="domain",
    forms=FORMS,
    skeleton="<domain><os><type>hvm</type></os></domain>",
    state="present",
    initial="stopped",
    active=frozenset(("running", "paused")),
    transitions={
        ("stopped", "running"): ("start",),
        ("stopped", "paused"): ("start_paused",),
        ("stopped", "absent"): ("undefine",),
        ("running", "stopped"): ("shutdown",),
        ("running", "paused"): ("suspend",),
        ("running", "absent"): ("shutdown", "undefine"),
        ("paused", "running"): ("resume",),
        ("paused", "stopped"): ("resume", "shutdown"),
        ("paused", "absent"): ("resume", "shutdown", "undefine"),
    },
    restart=("shutdown", "start"),
    rules=(
        cloned,
        short_image.fits,
        made_disks,
        seeds,
        display_access.private,
        display_access.passwords,
        memory_in_use,
        one_uuid,
        listening,
    ),
    manual="docs/options.md has those that you need first, and ansible-doc virtfleet.kvm.domains has them all",
    elsewhere={
        **NOWHERE,
        "host": "is an option of kvm_guests, from which a role gives each host its guests; the module declares what it"
        " gets on the host that it runs on, so leave it out here",
        "snapshots": "is an option of kvm_guests; the module virtfleet.kvm.snapshots takes and deletes snapshots",
        **dict.fromkeys(
            ("profile", "defaults"),
            "is an option of kvm_guests; the lookup virtfleet.kvm.host_guests gives the guests with what it stands for",
        ),
    },
    cautions=(shared_writers, booting),
    order=ORDER,
    fit=fit,
    tidy=cleanup.tidy,
    impossible=impossible,
    sign=sign,
    unsign=unsign,
    remarks=emulation,
    combine=definition.combine,
    spread=short_image.spread,
    dropped=dropped.without_dropped,
    normal=definition.settle,
    joined=cpu.schedulers,
    filled=filled.fill,
    started=compared,
    alike=brief_form.without_version,
    strategies=STRATEGIES,
    rows=(*HEAD, *MEMORY_ROWS, *VCPU_ROWS, *BOOTING, *DEVICES, *TAIL),
)
