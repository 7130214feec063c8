# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine: firmware, booting, features, clock, power (formatdomain.html, Operating system booting)."""

from __future__ import annotations

from ...._engine.converters import NATURAL, ON_OFF, PRESENCE, TEXT, UUID, VERBATIM, YES_NO, Choice, Integer
from ...._engine.converters.sizes import Size
from ...._engine.rows import Field, Group, Map, Struct, Values
from ...._engine.rows.variant import Variant
from ...shared import derive
from .common import BYTES, plain
from .source import storage

PFLASH = Choice("raw", "qcow2")

OS = (
    Field("type", "type", Choice("hvm", "xen", "xenpvh", "linux", "exe"), "The kind of guest.", default="hvm"),
    Field("firmware", "@firmware", Choice("bios", "efi"), "The firmware; libvirt finds the files."),
    Map(
        "firmware_features",
        "firmware/feature",
        YES_NO,
        "Features that the firmware must have, or must not have.",
        value="enabled",
        names_of=("enrolled-keys", "secure-boot"),
        filled=True,
    ),
    Struct(
        "loader",
        "loader",
        (
            Field("path", ".", TEXT, "The file.", filled=True),
            Field("readonly", "@readonly", YES_NO, "Whether the guest can only read it.", filled=True),
            Field("secure", "@secure", YES_NO, "Whether it checks signatures.", filled=True),
            Field("type", "@type", Choice("rom", "pflash"), "What the guest sees.", filled=True),
            Field("stateless", "@stateless", YES_NO, "Whether it keeps no variables.", filled=True),
            Field("format", "@format", PFLASH, "The format of the file.", filled=True),
        ),
        "The file with the firmware.",
    ),
    Struct(
        "nvram",
        "nvram",
        (
            Field("path", ".", TEXT, "The file.", filled=True),
            Field("template", "@template", TEXT, "The file that a new one is a copy of.", filled=True),
            Field("template_format", "@templateFormat", PFLASH, "The format of the template.", filled=True),
            Field("storage_format", "@format", PFLASH, "The format.", filled=True),
            storage(optional=True),
        ),
        "The firmware's variables.",
    ),
    Field("shim", "shim", TEXT, "A first boot loader that checks the kernel."),
    Field("dtb", "dtb", TEXT, "A device tree."),
    Field("root", "root", TEXT, "The root device, for Xen."),
    Struct(
        "bootmenu",
        "bootmenu",
        (
            Field("enable", "@enable", YES_NO, "Whether it is shown."),
            Field("timeout", "@timeout", NATURAL, "Milliseconds until it goes on."),
        ),
        "The menu of the firmware.",
    ),
    Field(
        "smbios", "smbios@mode", Choice("emulate", "host", "sysinfo"), "Where the guest's system information is from."
    ),
    Struct(
        "bios",
        "bios",
        (
            Field("useserial", "@useserial", YES_NO, "Whether it is seen on the serial port."),
            Field("reboot_timeout", "@rebootTimeout", Integer(-1, 65535), "Milliseconds until it tries again."),
        ),
        "The BIOS.",
    ),
    Group(
        "acpi_tables",
        "acpi/table",
        (
            Field("type", "@type", Choice("raw", "rawset", "slic", "msdm"), "The kind of table."),
            Field("path", ".", TEXT, "The file."),
        ),
        "ACPI tables that are added.",
        keys=("type",),
    ),
    Field("init", "init", TEXT, "The first program of a container."),
    Values("initargs", "initarg", VERBATIM, "Its arguments."),
    Map("initenv", "initenv", VERBATIM, "Its environment."),
    Field("initdir", "initdir", TEXT, "Its directory."),
    Field("inituser", "inituser", TEXT, "Its user."),
    Field("initgroup", "initgroup", TEXT, "Its group."),
)

HYPERV = (
    *(
        plain(name, name, doc)
        for name, doc in (
            ("relaxed", "Relaxed checks of timers."),
            ("vapic", "A virtual interrupt controller."),
            ("vpindex", "Numbers of virtual processors."),
            ("runtime", "Time spent in the guest and for it."),
            ("synic", "A synthetic interrupt controller."),
            ("reset", "A reset by the hypervisor."),
            ("frequencies", "Registers with frequencies."),
            ("reenlightenment", "A notice of migration."),
            ("ipi", "Interrupts between processors."),
            ("evmcs", "Quick nested virtualization on Intel."),
            ("avic", "Hardware interrupts with a synthetic controller."),
            ("emsr_bitmap", "A bitmap of registers in nested virtualization."),
            ("xmm_input", "Input of calls in registers."),
        )
    ),
    Field("mode", "@mode", Choice("custom", "passthrough"), "Whether all that the host can do is on.", filled=True),
    Struct(
        "spinlocks",
        "spinlocks",
        (
            Field("state", "@state", ON_OFF, "Whether it is on."),
            Field("retries", "@retries", NATURAL, "Attempts before the hypervisor is told."),
        ),
        "A notice of locks that take long.",
    ),
    Struct(
        "stimer",
        "stimer",
        (Field("state", "@state", ON_OFF, "Whether it is on."), plain("direct", "direct", "Direct interrupts.")),
        "Synthetic timers.",
    ),
    Struct(
        "vendor_id",
        "vendor_id",
        (
            Field("state", "@state", ON_OFF, "Whether it is on."),
            Field("value", "@value", TEXT, "The vendor, of up to twelve characters."),
        ),
        "The vendor of the hypervisor that the guest reads.",
    ),
    Struct(
        "tlbflush",
        "tlbflush",
        (
            Field("state", "@state", ON_OFF, "Whether it is on."),
            plain("direct", "direct", "Direct calls."),
            plain("extended", "extended", "Ranges of addresses."),
        ),
        "Flushes by the hypervisor.",
    ),
)

KVM = (
    plain("hidden", "hidden", "Whether KVM is hidden from the guest."),
    plain("hint_dedicated", "hint-dedicated", "Whether the guest is told that its CPUs are its own."),
    plain("poll_control", "poll-control", "Whether the guest may poll in place of the host."),
    plain("pv_ipi", "pv-ipi", "Whether interrupts between processors are calls of the host."),
    Struct(
        "dirty_ring",
        "dirty-ring",
        (
            Field("state", "@state", ON_OFF, "Whether it is on."),
            Field("size", "@size", NATURAL, "Entries of the ring."),
        ),
        "A ring of changed pages.",
    ),
)

CAPABILITIES = (
    "audit_control",
    "audit_write",
    "block_suspend",
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "ipc_lock",
    "ipc_owner",
    "kill",
    "lease",
    "linux_immutable",
    "mac_admin",
    "mac_override",
    "mknod",
    "net_admin",
    "net_bind_service",
    "net_broadcast",
    "net_raw",
    "setgid",
    "setfcap",
    "setpcap",
    "setuid",
    "sys_admin",
    "sys_boot",
    "sys_chroot",
    "sys_module",
    "sys_nice",
    "sys_pacct",
    "sys_ptrace",
    "sys_rawio",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "syslog",
    "wake_alarm",
)

FEATURES = (
    Field(
        "acpi",
        "acpi",
        PRESENCE,
        "Power management, by which a guest is asked to shut down. New guests on x86 have it.",
        default=False,
        new=derive.acpi,
    ),
    Field(
        "apic",
        "apic",
        PRESENCE,
        "Interrupts for many CPUs. New guests on x86 have it.",
        default=False,
        new=derive.acpi,
    ),
    Field("apic_eoi", "apic@eoi", ON_OFF, "Whether the end of an interrupt is told without a trap.", bare=True),
    Field("pae", "pae", PRESENCE, "Addresses of more than 32 bits.", default=False),
    Field("privnet", "privnet", PRESENCE, "A network namespace of its own, for containers.", default=False),
    Field("viridian", "viridian", PRESENCE, "Hyper-V features on Xen.", default=False),
    plain("hap", "hap", "Whether the hardware translates the guest's memory."),
    Struct("hyperv", "hyperv", HYPERV, "Features that Windows knows from Hyper-V."),
    Struct("kvm", "kvm", KVM, "Features of KVM."),
    Struct(
        "xen",
        "xen",
        (
            plain("e820_host", "e820_host", "Whether the guest sees the host's memory map."),
            Struct(
                "passthrough",
                "passthrough",
                (
                    Field("state", "@state", ON_OFF, "Whether it is on."),
                    Field("mode", "@mode", Choice("sync_pt", "share_pt"), "How translations are kept."),
                ),
                "Host devices.",
            ),
        ),
        "Features of Xen.",
    ),
    plain("pvspinlock", "pvspinlock", "Locks that tell the host when they take long."),
    plain("pmu", "pmu", "Counters of the CPU's events."),
    plain("vmport", "vmport", "The port by which VMware's tools talk."),
    plain("vmcoreinfo", "vmcoreinfo", "A note for crash dumps."),
    plain("htm", "htm", "Transactional memory on POWER."),
    plain("nested_hv", "nested-hv", "Nested guests on POWER."),
    plain("ccf_assist", "ccf-assist", "Help with flushing the count cache on POWER."),
    plain("ras", "ras", "Reports of memory errors on ARM."),
    plain("ps2", "ps2", "The PS/2 controller."),
    Field("gic", "gic@version", Choice("host", "2", "3", "4"), "The interrupt controller on ARM.", filled=True),
    Field("aia", "aia@value", Choice("none", "aplic", "aplic-imsic"), "The interrupt controller on RISC-V."),
    Struct(
        "smm",
        "smm",
        (
            Field("state", "@state", ON_OFF, "Whether it is on.", filled=True),
            Field("tseg", "tseg", Size("MiB", minimum=0), "The memory that is kept for it."),
        ),
        "The system management mode.",
    ),
    Field(
        "ioapic", "ioapic@driver", Choice("qemu", "kvm"), "Who has the interrupt controller of devices.", filled=True
    ),
    Struct(
        "hpt",
        "hpt",
        (
            Field("resizing", "@resizing", Choice("enabled", "disabled", "required"), "Whether it may be resized."),
            Field("maxpagesize", "maxpagesize", BYTES, "The largest page."),
        ),
        "The table of hashed pages on POWER.",
    ),
    Field("msrs", "msrs@unknown", Choice("ignore", "fault"), "What becomes of access to unknown registers."),
    Field("cfpc", "cfpc@value", Choice("broken", "workaround", "fixed"), "Flushing of the cache on POWER."),
    Field("sbbc", "sbbc@value", Choice("broken", "workaround", "fixed"), "Speculation past bounds on POWER."),
    Field(
        "ibs",
        "ibs@value",
        Choice("broken", "workaround", "fixed-ibs", "fixed-ccd", "fixed-na"),
        "Speculation of branches on POWER.",
    ),
    Field("tcg_tb_cache", "tcg/tb-cache", BYTES, "The memory for translated code, under emulation."),
    Field("async_teardown", "async-teardown@enabled", YES_NO, "Whether memory is given back in the background."),
    Field(
        "capabilities_policy",
        "capabilities@policy",
        Choice("default", "allow", "deny"),
        "What a container may do.",
        filled=True,
    ),
    Struct(
        "capabilities",
        "capabilities",
        tuple(plain(name, name, f"Whether a container may do what needs {name}.") for name in CAPABILITIES),
        "What a container may do, one by one.",
    ),
)

ADJUSTMENT = Field("adjustment", "@adjustment", TEXT, "Seconds beside it, or V(reset).", filled=True)

CLOCK = (
    Variant(
        "@offset",
        {
            "utc": (ADJUSTMENT,),
            "localtime": (ADJUSTMENT,),
            "timezone": (Field("timezone", "@timezone", TEXT, "The time zone, such as V(Europe/Berlin)."),),
            "variable": (
                ADJUSTMENT,
                Field("basis", "@basis", Choice("utc", "localtime"), "What it is beside of.", default="utc"),
            ),
            "absolute": (Field("start", "@start", NATURAL, "Seconds since 1970 at the start."),),
        },
        optional=True,
        type=Field(
            "offset",
            "@offset",
            Choice("utc", "localtime", "timezone", "variable", "absolute"),
            "What the guest's clock shows at the start.",
            default="utc",
            must=True,
        ),
    ),
    Group(
        "timers",
        "timer",
        (
            Field(
                "name",
                "@name",
                Choice("platform", "rtc", "tsc", "hpet", "pit", "kvmclock", "hypervclock", "armvtimer"),
                "The timer.",
            ),
            Field("present", "@present", YES_NO, "Whether the guest has it."),
            Field("track", "@track", Choice("boot", "guest", "wall", "realtime"), "What it follows."),
            Field(
                "tickpolicy",
                "@tickpolicy",
                Choice("delay", "catchup", "merge", "discard"),
                "What becomes of ticks that are missed.",
            ),
            Field("frequency", "@frequency", NATURAL, "Ticks a second."),
            Field("mode", "@mode", Choice("auto", "native", "emulate", "paravirt", "smpsafe"), "Who runs it."),
            Struct(
                "catchup",
                "catchup",
                (
                    Field("threshold", "@threshold", NATURAL, "Nanoseconds behind from which on it catches up."),
                    Field("slew", "@slew", NATURAL, "How quickly it catches up."),
                    Field("limit", "@limit", NATURAL, "Nanoseconds behind from which on it gives up."),
                ),
                "How ticks that are missed are caught up.",
            ),
        ),
        "Timers.",
        keys=("name",),
    ),
)

ACTIONS = Choice("destroy", "restart", "preserve", "rename-restart")

LIFECYCLE_ROWS = (
    Field("on_poweroff", "on_poweroff", ACTIONS, "What becomes of a guest that shuts down.", default="destroy"),
    Field("on_reboot", "on_reboot", ACTIONS, "What becomes of a guest that reboots.", default="restart"),
    Field(
        "on_crash",
        "on_crash",
        Choice("destroy", "restart", "preserve", "rename-restart", "coredump-destroy", "coredump-restart"),
        "What becomes of a guest that crashes.",
        default="destroy",
    ),
    Field(
        "on_lockfailure",
        "on_lockfailure",
        Choice("poweroff", "restart", "pause", "ignore"),
        "What becomes of a guest that loses its lease.",
    ),
    Struct(
        "pm",
        "pm",
        (
            Field("suspend_to_mem", "suspend-to-mem@enabled", YES_NO, "Sleep."),
            Field("suspend_to_disk", "suspend-to-disk@enabled", YES_NO, "Hibernation."),
        ),
        "What the firmware offers to the guest.",
    ),
)

ENTRIES = {
    "bios": ("vendor", "version", "date", "release"),
    "system": ("manufacturer", "product", "version", "serial", "uuid", "sku", "family"),
    "baseBoard": ("manufacturer", "product", "version", "serial", "asset", "location"),
    "chassis": ("manufacturer", "version", "serial", "asset", "sku"),
}

SYSINFO = Group(
    "sysinfo",
    "sysinfo",
    (
        Variant(
            "@type",
            {
                "smbios": (
                    Map("bios", "bios/entry", VERBATIM, "The BIOS.", names_of=ENTRIES["bios"]),
                    Map("system", "system/entry", VERBATIM, "The system.", names_of=ENTRIES["system"]),
                    Group(
                        "base_boards",
                        "baseBoard",
                        (Map("entries", "entry", VERBATIM, "What it says.", names_of=ENTRIES["baseBoard"]),),
                        "The boards.",
                    ),
                    Map("chassis", "chassis/entry", VERBATIM, "The chassis.", names_of=ENTRIES["chassis"]),
                    Values("oem_strings", "oemStrings/entry", VERBATIM, "Strings of your own, such as for systemd."),
                ),
                "fwcfg": (
                    Group(
                        "entries",
                        "entry",
                        (
                            Field("name", "@name", TEXT, "The name, such as V(opt/org.example/name)."),
                            Field("value", ".", VERBATIM, "The text.", secret=True),
                            Field("file", "@file", TEXT, "A file that holds it."),
                        ),
                        "Entries of the firmware's configuration.",
                        keys=("name",),
                    ),
                ),
            },
            type=Field("type", "@type", Choice("smbios", "fwcfg"), "Where the guest reads it."),
        ),
    ),
    "What the guest reads of its system.",
    keys=("type",),
)

GENID = Field(
    "genid", "genid", UUID, "An identity that changes when the guest is copied or goes back in time.", filled=True
)
