# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine: firmware, booting, features, clock, power (formatdomain.html, Operating system booting)."""

from __future__ import annotations

from ...._engine.converters import ANY_BASE, NATURAL, ON_OFF, PRESENCE, TEXT, UUID, VERBATIM, YES_NO, Choice, Integer
from ...._engine.converters.sizes import Size
from ...._engine.rows import Field, Group, Map, Struct, Values
from ...._engine.rows.variant import Variant
from ...shared import derived_values
from .common import BYTES, plain
from .source import storage

PFLASH = Choice("raw", "qcow2")

OS = (
    Field(
        "type",
        "type",
        Choice("hvm", "xen", "xenpvh", "linux", "exe"),
        "Kind of guest (libvirt's os C(type)): V(hvm) for a full virtual machine, V(exe) for a container, V(xen),"
        " V(xenpvh) and V(linux) for paravirtualization on Xen.",
        default="hvm",
    ),
    Field(
        "firmware",
        "@firmware",
        Choice("bios", "efi"),
        "Kind of firmware (libvirt's C(firmware)): V(efi) for UEFI, or V(bios). libvirt picks the files that fit.",
    ),
    Map(
        "firmware_features",
        "firmware/feature",
        YES_NO,
        "Features that the firmware must have or must not have, by name (libvirt's firmware C(feature)), such as"
        " V(secure-boot).",
        value="enabled",
        names_of=("enrolled-keys", "secure-boot"),
        filled=True,
    ),
    Struct(
        "loader",
        "loader",
        (
            Field(
                "path",
                ".",
                TEXT,
                "Path of the firmware's file on the host (libvirt's C(loader)), often in C(/usr/share/OVMF).",
                filled=True,
            ),
            Field(
                "readonly",
                "@readonly",
                YES_NO,
                "Whether the guest can only read the firmware's file (libvirt's loader C(readonly)).",
                filled=True,
            ),
            Field(
                "secure",
                "@secure",
                YES_NO,
                "Whether the firmware supports Secure Boot (libvirt's loader C(secure)).",
                filled=True,
            ),
            Field(
                "type",
                "@type",
                Choice("rom", "pflash"),
                "How the guest sees the firmware's file (libvirt's loader C(type)): as V(rom), or as V(pflash), a"
                " flash memory.",
                filled=True,
            ),
            Field(
                "stateless",
                "@stateless",
                YES_NO,
                "Whether the firmware keeps no variables across boots (libvirt's loader C(stateless)).",
                filled=True,
            ),
            Field(
                "format",
                "@format",
                PFLASH,
                "Format of the firmware's file (libvirt's loader C(format)): V(raw) or V(qcow2).",
                filled=True,
            ),
        ),
        "File on the host that holds the firmware (libvirt's C(loader)). Leave it out to let libvirt pick one.",
    ),
    Struct(
        "nvram",
        "nvram",
        (
            Field(
                "path",
                ".",
                TEXT,
                "Path of the file on the host with the guest's UEFI variables (libvirt's C(nvram)).",
                filled=True,
            ),
            Field(
                "template",
                "@template",
                TEXT,
                "Path of the file that a new file of variables is copied from (libvirt's nvram C(template)).",
                filled=True,
            ),
            Field(
                "template_format",
                "@templateFormat",
                PFLASH,
                "Format of the file in O(config[].os.nvram.template) (libvirt's nvram C(templateFormat)).",
                filled=True,
            ),
            Field(
                "storage_format",
                "@format",
                PFLASH,
                "Format of the file of variables (libvirt's nvram C(format)): V(raw) or V(qcow2).",
                filled=True,
            ),
            storage(optional=True),
        ),
        "File with the guest's UEFI variables (libvirt's C(nvram)), such as its boot entries.",
    ),
    Field(
        "shim",
        "shim",
        TEXT,
        "Path of a first boot loader on the host, for direct kernel boot with Secure Boot (libvirt's C(shim)).",
    ),
    Field("dtb", "dtb", TEXT, "Path of a device tree file on the host (libvirt's C(dtb))."),
    Field("root", "root", TEXT, "Root device on the kernel's command line (libvirt's C(root)), for Xen."),
    Struct(
        "bootmenu",
        "bootmenu",
        (
            Field(
                "enable", "@enable", YES_NO, "Whether the firmware shows its boot menu (libvirt's bootmenu C(enable))."
            ),
            Field(
                "timeout",
                "@timeout",
                NATURAL,
                "Milliseconds that the boot menu waits for a key (libvirt's bootmenu C(timeout)), such as V(3000).",
            ),
        ),
        "Boot menu that the firmware shows at the start (libvirt's C(bootmenu)).",
    ),
    Field(
        "smbios",
        "smbios@mode",
        Choice("emulate", "host", "sysinfo"),
        "Where the guest's SMBIOS data comes from (libvirt's smbios C(mode)): V(emulate) from QEMU, V(host) from the"
        " host, V(sysinfo) from O(config[].sysinfo).",
    ),
    Struct(
        "bios",
        "bios",
        (
            Field(
                "useserial",
                "@useserial",
                YES_NO,
                "Whether the BIOS shows its messages on the first serial port (libvirt's C(useserial)).",
            ),
            Field(
                "reboot_timeout",
                "@rebootTimeout",
                Integer(-1, 65535),
                "Milliseconds until the BIOS boots again after a failed boot (libvirt's C(rebootTimeout)). V(-1) is"
                " never.",
            ),
        ),
        "Options of a guest's BIOS firmware (libvirt's C(bios)).",
    ),
    Group(
        "acpi_tables",
        "acpi/table",
        (
            Field(
                "type",
                "@type",
                Choice("raw", "rawset", "slic", "msdm"),
                "Kind of ACPI table (libvirt's table C(type)), such as V(slic) for a software licence.",
            ),
            Field("path", ".", TEXT, "Path of the file on the host with the ACPI table."),
        ),
        "ACPI tables that are added to those of the machine (libvirt's C(acpi table)).",
        keys=("type",),
    ),
    Field(
        "init", "init", TEXT, "Path of the first program to run in a container (libvirt's C(init)), such as V(/bin/sh)."
    ),
    Values("initargs", "initarg", VERBATIM, "Arguments of the container's first program (libvirt's C(initarg))."),
    Map(
        "initenv", "initenv", VERBATIM, "Environment variables of the container's first program (libvirt's C(initenv))."
    ),
    Field("initdir", "initdir", TEXT, "Working directory of the container's first program (libvirt's C(initdir))."),
    Field(
        "inituser",
        "inituser",
        TEXT,
        "User that the container's first program runs as (libvirt's C(inituser)): a name or a numeric id.",
    ),
    Field(
        "initgroup",
        "initgroup",
        TEXT,
        "Group that the container's first program runs as (libvirt's C(initgroup)): a name or a numeric id.",
    ),
)

HYPERV = (
    *(
        plain(name, name, doc)
        for name, doc in (
            (
                "relaxed",
                (
                    "Whether Windows relaxes its checks of timers (Hyper-V C(relaxed)), so that a busy host makes it"
                    " no blue screen."
                ),
            ),
            ("vapic", "Whether the guest has a virtual interrupt controller that saves exits (Hyper-V C(vapic))."),
            ("vpindex", "Whether the guest can read the number of the virtual processor (Hyper-V C(vpindex))."),
            ("runtime", "Whether the guest can read the time that its processors ran (Hyper-V C(runtime))."),
            ("synic", "Whether the guest has the synthetic interrupt controller of Hyper-V (Hyper-V C(synic))."),
            ("reset", "Whether the guest can reset itself through the hypervisor (Hyper-V C(reset))."),
            (
                "frequencies",
                (
                    "Whether the guest can read the frequencies of its time counter and interrupt controller (Hyper-V"
                    " C(frequencies))."
                ),
            ),
            (
                "reenlightenment",
                (
                    "Whether the guest is told when its time counter changes at a migration (Hyper-V"
                    " C(reenlightenment)), for nested guests."
                ),
            ),
            (
                "ipi",
                "Whether the guest sends interrupts between processors by a call to the hypervisor (Hyper-V C(ipi)).",
            ),
            ("evmcs", "Whether Hyper-V in the guest runs nested guests faster on Intel processors (Hyper-V C(evmcs))."),
            ("avic", "Whether interrupts use the hardware, APICv or AVIC, together with C(synic) (Hyper-V C(avic))."),
            (
                "emsr_bitmap",
                "Whether nested guests avoid exits by a bitmap of changed registers (Hyper-V C(emsr_bitmap)).",
            ),
            (
                "xmm_input",
                "Whether calls to the hypervisor may pass their input in XMM registers (Hyper-V C(xmm_input)).",
            ),
        )
    ),
    Field(
        "mode",
        "@mode",
        Choice("custom", "passthrough"),
        "How Hyper-V features are chosen (libvirt's hyperv C(mode)): V(custom) has those that are listed,"
        " V(passthrough) all that the host supports.",
        filled=True,
    ),
    Struct(
        "spinlocks",
        "spinlocks",
        (
            Field(
                "state",
                "@state",
                ON_OFF,
                "Whether waiting for locks is reported to the hypervisor (libvirt's C(state)).",
            ),
            Field(
                "retries",
                "@retries",
                ANY_BASE,
                "Number of attempts at a lock before the guest tells the hypervisor (libvirt's spinlocks C(retries)),"
                " 4095 at least.",
            ),
        ),
        "Report of the guest when it waits long for a lock (Hyper-V C(spinlocks)).",
    ),
    Struct(
        "stimer",
        "stimer",
        (
            Field("state", "@state", ON_OFF, "Whether the guest has synthetic timers (libvirt's C(state))."),
            plain(
                "direct", "direct", "Whether synthetic timers raise interrupts directly (libvirt's stimer C(direct))."
            ),
        ),
        "Synthetic timers, which cost Windows less than other ones (Hyper-V C(stimer)).",
    ),
    Struct(
        "vendor_id",
        "vendor_id",
        (
            Field("state", "@state", ON_OFF, "Whether the vendor is set (libvirt's C(state))."),
            Field(
                "value",
                "@value",
                TEXT,
                "Vendor that the guest reads (libvirt's vendor_id C(value)), of up to 12 characters.",
            ),
        ),
        "Vendor of the hypervisor that the guest reads (Hyper-V C(vendor_id)).",
    ),
    Struct(
        "tlbflush",
        "tlbflush",
        (
            Field(
                "state",
                "@state",
                ON_OFF,
                "Whether the guest flushes address translations by a call to the hypervisor (libvirt's C(state)).",
            ),
            plain(
                "direct",
                "direct",
                "Whether a nested guest calls the hypervisor for flushes directly (libvirt's tlbflush C(direct)).",
            ),
            plain(
                "extended",
                "extended",
                "Whether one call can flush only some ranges of addresses (libvirt's tlbflush C(extended)).",
            ),
        ),
        "Flushes of address translations by the hypervisor (Hyper-V C(tlbflush)), which spare busy hosts work.",
    ),
)

KVM = (
    plain(
        "hidden",
        "hidden",
        "Whether the guest cannot see that it runs on KVM (libvirt's kvm C(hidden)). Some drivers refuse to work where"
        " they see it.",
    ),
    plain(
        "hint_dedicated",
        "hint-dedicated",
        "Whether the guest is told that its virtual CPUs have host CPUs of their own (libvirt's C(hint-dedicated)).",
    ),
    plain(
        "poll_control",
        "poll-control",
        "Whether the guest may poll for work before it halts, and stop the host from polling for it (libvirt's"
        " C(poll-control)).",
    ),
    plain(
        "pv_ipi",
        "pv-ipi",
        "Whether the guest sends interrupts between processors by a call to the host (libvirt's C(pv-ipi)).",
    ),
    Struct(
        "dirty_ring",
        "dirty-ring",
        (
            Field("state", "@state", ON_OFF, "Whether KVM keeps a ring of changed pages (libvirt's C(state))."),
            Field(
                "size",
                "@size",
                ANY_BASE,
                "Number of entries in the ring (libvirt's dirty-ring C(size)): a power of two from V(1024) to"
                " V(65536).",
            ),
        ),
        "Ring in which KVM notes changed pages of memory, which helps migration (libvirt's C(dirty-ring)).",
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
        "Whether the guest has ACPI, through which it is asked to shut down (libvirt's C(acpi)). New guests on x86"
        " have it.",
        default=False,
        new=derived_values.acpi,
    ),
    Field(
        "apic",
        "apic",
        PRESENCE,
        "Whether the guest has an APIC, the interrupt controller for several CPUs (libvirt's C(apic)). New guests on"
        " x86 have it.",
        default=False,
        new=derived_values.acpi,
    ),
    Field(
        "apic_eoi",
        "apic@eoi",
        ON_OFF,
        "Whether the guest can signal the end of an interrupt without an exit to the host (libvirt's apic C(eoi)).",
        bare=True,
    ),
    Field(
        "pae",
        "pae",
        PRESENCE,
        "Whether a 32-bit guest can use more than 4 GiB of memory (libvirt's C(pae)).",
        default=False,
    ),
    Field(
        "privnet",
        "privnet",
        PRESENCE,
        "Whether a container has a network namespace of its own (libvirt's C(privnet)).",
        default=False,
    ),
    Field(
        "viridian",
        "viridian",
        PRESENCE,
        "Whether a guest on Xen sees the features of Hyper-V (libvirt's C(viridian)).",
        default=False,
    ),
    plain("hap", "hap", "Whether the hardware translates the guest's memory addresses on Xen (libvirt's C(hap))."),
    Struct("hyperv", "hyperv", HYPERV, "Features of Hyper-V that make Windows run better (libvirt's C(hyperv))."),
    Struct("kvm", "kvm", KVM, "Features of KVM that the guest sees (libvirt's C(kvm))."),
    Struct(
        "xen",
        "xen",
        (
            plain(
                "e820_host", "e820_host", "Whether a guest on Xen sees the host's memory map (libvirt's C(e820_host))."
            ),
            Struct(
                "passthrough",
                "passthrough",
                (
                    Field(
                        "state",
                        "@state",
                        ON_OFF,
                        "Whether host devices can be passed to the guest on Xen (libvirt's C(state)).",
                    ),
                    Field(
                        "mode",
                        "@mode",
                        Choice("sync_pt", "share_pt"),
                        "How the tables of translations for host devices are kept (libvirt's passthrough C(mode)):"
                        " V(sync_pt) apart from those of the CPU, V(share_pt) together.",
                    ),
                ),
                "Passing of host PCI devices to the guest on Xen (libvirt's C(passthrough)).",
            ),
        ),
        "Features of Xen for the guest (libvirt's C(xen)).",
    ),
    plain(
        "pvspinlock",
        "pvspinlock",
        "Whether the guest tells the host when it waits long for a lock (libvirt's C(pvspinlock)).",
    ),
    plain("pmu", "pmu", "Whether the guest has performance counters of the CPU (libvirt's C(pmu))."),
    plain("vmport", "vmport", "Whether the guest has the I/O port of VMware's tools (libvirt's C(vmport))."),
    plain(
        "vmcoreinfo",
        "vmcoreinfo",
        "Whether the guest can leave debug data for memory dumps with the host (libvirt's C(vmcoreinfo)).",
    ),
    plain("htm", "htm", "Whether a guest on POWER has hardware transactional memory (libvirt's C(htm))."),
    plain("nested_hv", "nested-hv", "Whether a guest on POWER can run guests of its own (libvirt's C(nested-hv))."),
    plain(
        "ccf_assist",
        "ccf-assist",
        "Whether the host helps a guest on POWER to flush the count cache (libvirt's C(ccf-assist)).",
    ),
    plain("ras", "ras", "Whether memory errors of the host are reported to a guest on ARM (libvirt's C(ras))."),
    plain("ps2", "ps2", "Whether the guest has a PS/2 controller with keyboard and mouse (libvirt's C(ps2))."),
    Field(
        "gic",
        "gic@version",
        Choice("host", "2", "3", "4"),
        "Version of the interrupt controller on ARM (libvirt's gic C(version)), such as V(3).",
        filled=True,
    ),
    Field(
        "aia",
        "aia@value",
        Choice("none", "aplic", "aplic-imsic"),
        "Kind of the interrupt controller on RISC-V (libvirt's C(aia value)).",
    ),
    Struct(
        "smm",
        "smm",
        (
            Field(
                "state",
                "@state",
                ON_OFF,
                "Whether the guest has the system management mode (libvirt's C(state)).",
                filled=True,
            ),
            Field(
                "tseg",
                "tseg",
                Size("MiB", minimum=0),
                "Memory that is reserved for the system management mode (libvirt's C(tseg)), such as V(48MiB).",
            ),
        ),
        "System Management Mode of x86 (libvirt's C(smm)), which Secure Boot needs.",
    ),
    Field(
        "ioapic",
        "ioapic@driver",
        Choice("qemu", "kvm"),
        "Program that runs the I/O APIC (libvirt's ioapic C(driver)): V(kvm) in the kernel, or V(qemu).",
        filled=True,
    ),
    Struct(
        "hpt",
        "hpt",
        (
            Field(
                "resizing",
                "@resizing",
                Choice("enabled", "disabled", "required"),
                "Whether the guest may resize the table (libvirt's hpt C(resizing)).",
            ),
            Field(
                "maxpagesize",
                "maxpagesize",
                BYTES,
                "Size of the largest page that the guest may use (libvirt's C(maxpagesize)), such as V(16MiB).",
            ),
        ),
        "Hash table of memory pages of a guest on POWER (libvirt's C(hpt)).",
    ),
    Field(
        "msrs",
        "msrs@unknown",
        Choice("ignore", "fault"),
        "What happens when the guest uses an unknown CPU register (libvirt's msrs C(unknown)): V(ignore) goes on,"
        " V(fault) raises an error in the guest.",
    ),
    Field(
        "cfpc",
        "cfpc@value",
        Choice("broken", "workaround", "fixed"),
        "Protection of the cache on privilege change, on POWER (libvirt's C(cfpc)).",
    ),
    Field(
        "sbbc",
        "sbbc@value",
        Choice("broken", "workaround", "fixed"),
        "Protection against speculation past bounds checks, on POWER (libvirt's C(sbbc)).",
    ),
    Field(
        "ibs",
        "ibs@value",
        Choice("broken", "workaround", "fixed-ibs", "fixed-ccd", "fixed-na"),
        "Protection against speculation at indirect branches, on POWER (libvirt's C(ibs)).",
    ),
    Field(
        "tcg_tb_cache",
        "tcg/tb-cache",
        BYTES,
        "Size of the cache for translated code under emulation (libvirt's C(tb-cache)), such as V(128MiB).",
    ),
    Field(
        "async_teardown",
        "async-teardown@enabled",
        YES_NO,
        "Whether QEMU frees the guest's memory in the background when it ends (libvirt's C(async-teardown)).",
    ),
    Field(
        "capabilities_policy",
        "capabilities@policy",
        Choice("default", "allow", "deny"),
        "Capabilities of the kernel that a container has by default (libvirt's capabilities C(policy)): V(default) a"
        " safe selection, V(allow) all, V(deny) none.",
        filled=True,
    ),
    Struct(
        "capabilities",
        "capabilities",
        tuple(
            plain(name, name, f"Whether the container has the capability C(CAP_{name.upper()}).")
            for name in CAPABILITIES
        ),
        "Capabilities of the kernel that are given to a container or kept from it, one by one (libvirt's"
        " C(capabilities)).",
    ),
)

ADJUSTMENT = Field(
    "adjustment",
    "@adjustment",
    TEXT,
    "Seconds that the clock is ahead of C(basis) at the start (libvirt's C(adjustment)), or V(reset).",
    filled=True,
)

CLOCK = (
    Variant(
        "@offset",
        {
            "utc": (ADJUSTMENT,),
            "localtime": (ADJUSTMENT,),
            "timezone": (
                Field(
                    "timezone",
                    "@timezone",
                    TEXT,
                    "Time zone of the clock (libvirt's C(timezone)), such as V(Europe/Berlin).",
                ),
            ),
            "variable": (
                ADJUSTMENT,
                Field(
                    "basis",
                    "@basis",
                    Choice("utc", "localtime"),
                    "Time that the adjustment is added to (libvirt's C(basis)): V(utc), or V(localtime) of the host.",
                    default="utc",
                ),
            ),
            "absolute": (
                Field(
                    "start",
                    "@start",
                    NATURAL,
                    "Time that the clock shows at each start, in seconds since 1970 (libvirt's C(start)).",
                ),
            ),
        },
        optional=True,
        type=Field(
            "offset",
            "@offset",
            Choice("utc", "localtime", "timezone", "variable", "absolute"),
            "Time that the guest's clock shows at the start (libvirt's clock C(offset)). Linux expects V(utc), Windows"
            " V(localtime).",
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
                "Name of the timer (libvirt's C(name)), such as V(rtc) or V(hpet).",
            ),
            Field("present", "@present", YES_NO, "Whether the guest has this timer (libvirt's C(present))."),
            Field(
                "track",
                "@track",
                Choice("boot", "guest", "wall", "realtime"),
                "Time that the timer follows (libvirt's C(track)): V(boot), V(guest), or V(wall) for the host's clock.",
            ),
            Field(
                "tickpolicy",
                "@tickpolicy",
                Choice("delay", "catchup", "merge", "discard"),
                "What to do with ticks that the guest missed (libvirt's C(tickpolicy)): V(delay) delivers them late,"
                " V(catchup) faster than usual, V(merge) as one, V(discard) not at all.",
            ),
            Field(
                "frequency",
                "@frequency",
                NATURAL,
                "Frequency of the C(tsc) timer, in hertz (libvirt's C(frequency)).",
                default=0,
            ),
            Field(
                "mode",
                "@mode",
                Choice("auto", "native", "emulate", "paravirt", "smpsafe"),
                "How the C(tsc) timer is provided (libvirt's C(mode)): V(native) by the CPU, V(emulate) by the host.",
            ),
            Struct(
                "catchup",
                "catchup",
                (
                    Field(
                        "threshold",
                        "@threshold",
                        NATURAL,
                        "Nanoseconds that the timer may be late before catching up begins (libvirt's C(threshold)).",
                        default=0,
                    ),
                    Field(
                        "slew",
                        "@slew",
                        NATURAL,
                        "Rate at which missed ticks are delivered (libvirt's C(slew)).",
                        default=0,
                    ),
                    Field(
                        "limit",
                        "@limit",
                        NATURAL,
                        "Nanoseconds that the timer may be late before catching up is given up (libvirt's C(limit)).",
                        default=0,
                    ),
                ),
                "Limits for catching up with missed ticks (libvirt's C(catchup)), with tickpolicy V(catchup).",
            ),
        ),
        "Timers of the guest, each by its name (libvirt's C(timer)).",
        keys=("name",),
    ),
)

ACTIONS = Choice("destroy", "restart", "preserve", "rename-restart")

LIFECYCLE_ROWS = (
    Field(
        "on_poweroff",
        "on_poweroff",
        ACTIONS,
        "What happens when the guest shuts down (libvirt's C(on_poweroff)): V(destroy) ends it, V(restart) starts it"
        " again, V(preserve) keeps it for analysis.",
        default="destroy",
    ),
    Field(
        "on_reboot",
        "on_reboot",
        ACTIONS,
        "What happens when the guest reboots (libvirt's C(on_reboot)): V(restart) starts it again, V(destroy) ends it.",
        default="restart",
    ),
    Field(
        "on_crash",
        "on_crash",
        Choice("destroy", "restart", "preserve", "rename-restart", "coredump-destroy", "coredump-restart"),
        "What happens when the guest crashes (libvirt's C(on_crash)). V(coredump-destroy) and V(coredump-restart)"
        " first write its memory to a file on the host.",
        default="destroy",
    ),
    Field(
        "on_lockfailure",
        "on_lockfailure",
        Choice("poweroff", "restart", "pause", "ignore"),
        "What happens when the guest loses a lease of the lock manager (libvirt's C(on_lockfailure)).",
    ),
    Struct(
        "pm",
        "pm",
        (
            Field(
                "suspend_to_mem",
                "suspend-to-mem@enabled",
                YES_NO,
                "Whether the guest can sleep (ACPI S3, libvirt's C(suspend-to-mem)).",
            ),
            Field(
                "suspend_to_disk",
                "suspend-to-disk@enabled",
                YES_NO,
                "Whether the guest can hibernate (ACPI S4, libvirt's C(suspend-to-disk)).",
            ),
        ),
        "Sleep states that the firmware offers to the guest (libvirt's C(pm)).",
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
                    Map(
                        "bios",
                        "bios/entry",
                        VERBATIM,
                        "BIOS fields that the guest reads from SMBIOS (libvirt's sysinfo C(bios)).",
                        names_of=ENTRIES["bios"],
                    ),
                    Map(
                        "system",
                        "system/entry",
                        VERBATIM,
                        "System fields that the guest reads from SMBIOS (libvirt's sysinfo C(system)), such as the"
                        " serial number.",
                        names_of=ENTRIES["system"],
                    ),
                    Group(
                        "base_boards",
                        "baseBoard",
                        (
                            Map(
                                "entries",
                                "entry",
                                VERBATIM,
                                "Fields of the board, by name (libvirt's C(entry)).",
                                names_of=ENTRIES["baseBoard"],
                            ),
                        ),
                        "Base boards that the guest reads from SMBIOS (libvirt's sysinfo C(baseBoard)).",
                    ),
                    Map(
                        "chassis",
                        "chassis/entry",
                        VERBATIM,
                        "Chassis fields that the guest reads from SMBIOS (libvirt's sysinfo C(chassis)).",
                        names_of=ENTRIES["chassis"],
                    ),
                    Values(
                        "oem_strings",
                        "oemStrings/entry",
                        VERBATIM,
                        "Strings of your own that the guest reads from SMBIOS (libvirt's sysinfo C(oemStrings)), as"
                        " systemd does for credentials.",
                    ),
                ),
                "fwcfg": (
                    Group(
                        "entries",
                        "entry",
                        (
                            Field(
                                "name",
                                "@name",
                                TEXT,
                                "Name of the entry (libvirt's entry C(name)), such as V(opt/org.example/name).",
                            ),
                            Field(
                                "value",
                                ".",
                                VERBATIM,
                                "Text that the entry holds; give either this or C(file).",
                                secret=True,
                            ),
                            Field(
                                "file",
                                "@file",
                                TEXT,
                                "Path of a file on the host whose content the entry holds (libvirt's entry C(file)).",
                            ),
                        ),
                        "Entries of QEMU's firmware configuration that the guest reads (libvirt's C(fwcfg)).",
                        keys=("name",),
                    ),
                ),
            },
            type=Field(
                "type",
                "@type",
                Choice("smbios", "fwcfg"),
                "Where the guest reads the data (libvirt's sysinfo C(type)): V(smbios) tables, or V(fwcfg), QEMU's"
                " firmware configuration.",
            ),
        ),
    ),
    "Data about its system that the guest reads from the firmware (libvirt's C(sysinfo)).",
    keys=("type",),
)

GENID = Field(
    "genid",
    "genid",
    UUID,
    "Identifier that changes when the guest is copied or goes back in time (libvirt's C(genid)), so that Windows"
    " notices.",
    filled=True,
)
