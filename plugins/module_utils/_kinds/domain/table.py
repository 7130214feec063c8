# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a domain, a guest (https://libvirt.org/formatdomain.html), put together from its families."""

from __future__ import annotations

from ..._engine.converters import COUNT, MACHINE, NAME, PATH, TEXT, UUID, VERBATIM, YES_NO, Choice, Integer, Virt
from ..._engine.paths import NAMESPACES
from ..._engine.rows import Documents, Field, Fragment, Group, Property, Struct, Values
from ..._engine.rows.create_only import Unshown
from ..._engine.table import Table
from ..shared import derive
from ..shared.ownership_mark import sign
from ..shared.rows import MERGED
from ..volume.storage_rules import made_disks, shared_writers
from . import brief_form, cleanup
from .cloud_init.options import CLOUD_INIT, is_seed, seeds
from .fields import chardev, devices, display
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
from .live.strategies import STRATEGIES
from .normal_form import console, definition, filled, running

HEAD = (
    Field("name", "name", NAME, "The name, by which the guest is known.", fixed=True),
    Property(
        "state",
        "",
        Choice("present", "running", "stopped", "paused", "absent"),
        "What becomes of it. V(present) leaves its power as it is; V(absent) removes the definition; the disks stay,"
        " unless O(remove_storage) is set.",
    ),
    Property("autostart", "", YES_NO, "Whether it starts with the host.", default=False),
    Unshown(
        "wait_for",
        "",
        Choice("address", "agent"),
        "What to wait for once the guest runs: an V(address) that is no link-local one, from a DHCP lease, from the"
        " guest agent, or by ARP; or that its V(agent) is connected. All guests are waited for side by side.",
    ),
    Unshown("wait_timeout", "", COUNT, "How many seconds O(config[].wait_for) may take. Left out, 300."),
    Field(
        "uuid",
        "uuid",
        UUID,
        "The UUID. A new one follows from the name.",
        new=derive.derive_uuid,
        filled=True,
        fixed=True,
    ),
    GENID,
    Field("title", "title", VERBATIM, "A short title.", live="metadata"),
    Field("description", "description", VERBATIM, "What the guest is for.", live="metadata"),
    Documents("metadata", "metadata", NAMESPACES["virtfleet"], "What other programs keep: elements of XML, as text."),
    Field(
        "virt",
        "@type",
        Virt("auto", "kvm", "qemu", "hvf", "xen", "lxc", "bhyve", "vz", "vmware", "vbox", "hyperv", "openvz", "test"),
        "V(kvm) for hardware virtualization, V(qemu) for emulation. V(auto) is the best that the host truly has.",
        new="auto",
        filled=True,
        must=True,
    ),
)

BOOTING = (
    Field("arch", "os/type@arch", TEXT, "The architecture. Left out, the host's.", filled=True),
    Field(
        "machine",
        "os/type@machine",
        MACHINE,
        "The machine type. A new guest gets V(q35) where the host has it.",
        new=derive.machine,
        filled=True,
        vacant=True,
    ),
    Field("kernel", "os/kernel", PATH, "A kernel on the host to boot from directly."),
    Field("initrd", "os/initrd", PATH, "The initial ramdisk that goes with the kernel."),
    Field("cmdline", "os/cmdline", VERBATIM, "The command line of the kernel."),
    Values("boot", "os/boot@dev", Choice("hd", "cdrom", "network", "fd"), "What to boot from, in order.", filled=True),
    Field("bootloader", "bootloader", TEXT, "A program of the host that finds the kernel, for Xen."),
    Field("bootloader_args", "bootloader_args", TEXT, "Its arguments."),
    Struct("os", "os", OS, "Firmware, and what else there is to say of booting."),
    SYSINFO,
    CLOUD_INIT,
    Struct("clock", "clock", CLOCK, "The guest's clock."),
    Struct("features", "features", FEATURES, "What the machine can do."),
    *LIFECYCLE_ROWS,
)

DEVICES = (
    Field("emulator", "devices/emulator", PATH, "The program that runs the guest.", filled=True),
    Group(
        "disks",
        "devices/disk",
        DISK,
        "The disks.",
        keys=("target", "file", "block", "volume"),
        rekey=False,
        live="hotplug",
        apart=is_seed,
    ),
    Group(
        "controllers",
        "devices/controller",
        devices.CONTROLLER,
        "Controllers. Those that are left out stay, for libvirt adds what devices need.",
        keys=(("type", "index", "model"), ("type", "index"), ("type", "model", "-index"), "type"),
        whole=False,
        live="hotplug",
        chosen=brief_form.chosen_controller,
    ),
    Slots(
        "hotplug_slots",
        "",
        Integer(0, 32),
        "How many devices a new guest with machine V(q35) can be given while it runs, in addition to those that it has."
        " Left out, 4, unless PCI controllers are declared.",
        new=slots,
    ),
    Group(
        "filesystems",
        "devices/filesystem",
        devices.FILESYSTEM,
        "Directories of the host.",
        keys=("target",),
        live="hotplug",
    ),
    Group(
        "interfaces",
        "devices/interface",
        INTERFACE,
        "The network interfaces.",
        keys=("mac", "network", "bridge", "direct"),
        live="hotplug",
        short="network",
    ),
    Group("smartcards", "devices/smartcard", devices.SMARTCARD, "Smart cards."),
    Group(
        "serials",
        "devices/serial",
        chardev.SERIAL,
        "The serial ports. A new guest gets one, for its console.",
        new=derive.serials,
    ),
    Group("parallels", "devices/parallel", chardev.PARALLEL, "The parallel ports."),
    Group(
        "consoles",
        "devices/console",
        chardev.CONSOLE,
        "Consoles, but for the one that libvirt shows for the first serial port.",
        own=chardev.console_of_serial,
        stands=console.is_of_serial,
    ),
    Group(
        "channels",
        "devices/channel",
        chardev.CHANNELS,
        "Channels to programs in the guest, such as the guest agent.",
        keys=("target.name",),
        live="hotplug",
    ),
    Group(
        "inputs",
        "devices/input",
        devices.INPUT,
        "Input devices, but for the PS/2 ones that every PC has.",
        own=devices.own_input,
        order=devices.input_order,
        keys=(("type", "bus"), ("type", "-bus")),
        live="hotplug",
    ),
    Group("tpms", "devices/tpm", devices.TPM, "Trusted platform modules."),
    Group("graphics", "devices/graphics", display.GRAPHICS, "Displays.", keys=("type",)),
    Group("sounds", "devices/sound", display.SOUND, "Sound cards.", keys=("model",)),
    Group(
        "audios", "devices/audio", display.AUDIO, "Where sound goes on the host.", keys=("id",), own=devices.own_audio
    ),
    Group("videos", "devices/video", display.VIDEO, "Graphics cards."),
    Group("hostdevs", "devices/hostdev", HOSTDEV, "Devices of the host.", live="hotplug"),
    Group("redirdevs", "devices/redirdev", chardev.REDIRDEV, "USB devices of the viewer.", live="hotplug"),
    devices.REDIRFILTER,
    Group("hubs", "devices/hub", devices.HUB, "USB hubs."),
    Group(
        "watchdogs",
        "devices/watchdog",
        devices.WATCHDOG,
        "Watchdogs, but for the one in the chip set of Q35.",
        keys=("model",),
        own=devices.own_watchdog,
        live="hotplug",
    ),
    Struct("memballoon", "devices/memballoon", devices.MEMBALLOON, "The memory balloon.", filled=True),
    Group("rngs", "devices/rng", devices.RNG, "Random number generators.", live="hotplug"),
    Struct("nvram", "devices/nvram", DEVICE, "The NVRAM device on POWER."),
    Group("panics", "devices/panic", devices.PANIC, "Devices that tell of a crash.", keys=("model",)),
    Group("shmems", "devices/shmem", devices.SHMEM, "Memory shared with other guests.", keys=("name",), live="hotplug"),
    Group("memory_devices", "devices/memory", MEMORY_DEVICE, "Memory that can be plugged.", live="hotplug"),
    Group("iommus", "devices/iommu", devices.IOMMU, "IOMMUs."),
    Struct("vsock", "devices/vsock", devices.VSOCK, "Sockets between host and guest.", bare=True),
    Group("cryptos", "devices/crypto", devices.CRYPTO, "Cryptographic devices."),
    Struct("pstore", "devices/pstore", devices.PSTORE, "What survives a crash of the guest.", bare=True),
    Group(
        "leases",
        "devices/lease",
        devices.LEASE,
        "Leases of a lock manager.",
        keys=(("lockspace", "key"),),
        live="hotplug",
    ),
)

TAIL = (
    Group(
        "throttle_groups",
        "throttlegroups/throttlegroup",
        THROTTLE_GROUP,
        "Limits that disks share.",
        keys=("group_name",),
    ),
    devices.IDMAP,
    Group("seclabels", "seclabel", SECLABEL, "How security drivers label the guest.", keys=("model",)),
    KEYWRAP,
    LAUNCH_SECURITY,
    QEMU,
    Fragment(
        "xml",
        "domain",
        MERGED,
        written,
    ),
)

DOMAIN = Table(
    kind="domain",
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
    rules=(made_disks, seeds, display.private, display.passwords),
    elsewhere={
        "host": "is an option of kvm_guests, from which a role gives each host its guests; the module declares what it"
        " gets on the host that it runs on, so leave it out here",
        **dict.fromkeys(
            ("profile", "defaults"),
            "is an option of kvm_guests; the lookup virtfleet.kvm.host_guests gives the guests with what it stands for",
        ),
    },
    cautions=(shared_writers,),
    tidy=cleanup.tidy,
    sign=sign,
    combine=definition.combine,
    normal=definition.settle,
    filled=filled.fill,
    started=running.as_kept,
    alike=brief_form.without_version,
    strategies=STRATEGIES,
    rows=(*HEAD, *MEMORY_ROWS, *VCPU_ROWS, *BOOTING, *DEVICES, *TAIL),
)
