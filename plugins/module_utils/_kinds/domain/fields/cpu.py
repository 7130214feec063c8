# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual CPUs, and how the host serves them (formatdomain.html, CPU model and topology, CPU tuning)."""

from __future__ import annotations

from ...._engine.converters import CPUSET, KIB, NATURAL, ON_OFF, TEXT, YES_NO, Choice, Integer, Size
from ...._engine.rows import Field, Group, Map, Struct
from ...._engine.rows.variant import Variant
from ...shared import derived_values

LINE_SIZE = Size("b", minimum=0)

CELL = (
    Field(
        "id",
        "@id",
        NATURAL,
        "Number of the NUMA node in the guest (libvirt's cell C(id)). The first one is V(0).",
        filled=True,
    ),
    Field("cpus", "@cpus", CPUSET, "Virtual CPUs of the node (libvirt's cell C(cpus)), such as V(0-3,8).", filled=True),
    Field("memory", "@memory", KIB, "Memory of the node (libvirt's cell C(memory)), such as V(2GiB)."),
    Field(
        "mem_access",
        "@memAccess",
        Choice("shared", "private"),
        "Whether other programs on the host can share the node's memory (libvirt's C(memAccess)): V(shared) or"
        " V(private).",
    ),
    Field(
        "discard",
        "@discard",
        YES_NO,
        "Whether the content of the node's memory is thrown away when the guest stops (libvirt's C(discard)), not"
        " written back to its file.",
    ),
    Group(
        "distances",
        "distances/sibling",
        (
            Field("id", "@id", NATURAL, "Number of the other node in the guest (libvirt's sibling C(id))."),
            Field(
                "value",
                "@value",
                Integer(10, 255),
                "Distance to the other node (libvirt's sibling C(value)). A node is V(10) from itself; V(20) is twice"
                " as far.",
            ),
        ),
        "Distances of the node to the other nodes (libvirt's C(distances)).",
        keys=("id",),
    ),
    Group(
        "caches",
        "cache",
        (
            Field(
                "level",
                "@level",
                NATURAL,
                "Level of the cache in front of the memory (libvirt's cache C(level)), such as V(1).",
            ),
            Field(
                "associativity",
                "@associativity",
                Choice("none", "direct", "full"),
                "Associativity of the cache that the guest is told (libvirt's C(associativity)).",
            ),
            Field(
                "policy",
                "@policy",
                Choice("none", "writeback", "writethrough"),
                "How the cache handles writes (libvirt's cache C(policy)).",
            ),
            Field(
                "size",
                "size@value",
                Size("KiB", minimum=0),
                "Size of the cache that the guest is told (libvirt's cache C(size)), such as V(10KiB).",
            ),
            Field(
                "line",
                "line@value",
                LINE_SIZE,
                "Size of a line of the cache (libvirt's cache C(line)), such as V(8B).",
            ),
        ),
        "Caches in front of the node's memory that the guest is told (libvirt's C(cache)).",
        keys=("level",),
    ),
)

LINK = (
    Field("initiator", "@initiator", NATURAL, "Number of the node whose CPUs read and write (libvirt's C(initiator))."),
    Field("target", "@target", NATURAL, "Number of the node whose memory is read or written (libvirt's C(target))."),
    Field(
        "cache",
        "@cache",
        NATURAL,
        "Level of the target's cache that is measured, in place of its memory (libvirt's C(cache)).",
        filled=True,
    ),
    Field(
        "type",
        "@type",
        Choice("access", "read", "write"),
        "Kind of access that the figure is for (libvirt's C(type)): V(read), V(write), or V(access) for both.",
    ),
)

NUMA = Struct(
    "numa",
    "numa",
    (
        Group("cells", "cell", CELL, "NUMA nodes of the guest (libvirt's numa C(cell)).", keys=("id", "cpus")),
        Group(
            "latencies",
            "interconnects/latency",
            (
                *LINK,
                Field("value", "@value", NATURAL, "Latency of the access in nanoseconds (libvirt's latency C(value))."),
            ),
            "Latencies between nodes that the guest is told (libvirt's C(latency)).",
        ),
        Group(
            "bandwidths",
            "interconnects/bandwidth",
            (
                *LINK,
                Field(
                    "value",
                    "@value",
                    Size("KiB", minimum=0),
                    "Bandwidth of the access per second (libvirt's bandwidth C(value)), such as V(200GiB).",
                ),
            ),
            "Bandwidths between nodes that the guest is told (libvirt's C(bandwidth)).",
        ),
    ),
    "NUMA nodes that the guest sees (libvirt's cpu C(numa)): groups of CPUs and memory that are close to each other.",
)

NAMED = (
    Field(
        "model",
        "model",
        TEXT,
        "Named model of the CPU (libvirt's cpu C(model)), such as V(EPYC), with mode V(custom).",
        filled=True,
        belongs=("mode",),
    ),
    Field(
        "fallback",
        "model@fallback",
        Choice("allow", "forbid"),
        "Whether libvirt may take a similar model where the host cannot provide this one (libvirt's C(fallback)):"
        " V(allow) or V(forbid).",
        filled=True,
        belongs=("mode",),
    ),
    Field(
        "vendor_id",
        "model@vendor_id",
        TEXT,
        "CPU vendor that the guest reads (libvirt's C(vendor_id)): exactly 12 characters, such as V(GenuineIntel).",
    ),
)
MATCH = Field(
    "match",
    "@match",
    Choice("minimum", "exact", "strict"),
    "How closely the host's CPU must fit (libvirt's cpu C(match)). V(minimum) gives the guest also what the host has"
    " more, V(exact) does not, V(strict) refuses a host that has more.",
    filled=True,
    belongs=("mode",),
)
MIGRATABLE = Field(
    "migratable",
    "@migratable",
    ON_OFF,
    "Whether features that block migration are left out (libvirt's C(migratable)), with mode V(host-passthrough) or"
    " V(maximum).",
    filled=True,
    belongs=("mode",),
)

CPU = (
    Variant(
        "@mode",
        {
            "custom": (
                *NAMED,
                MATCH,
                Field(
                    "vendor",
                    "vendor",
                    TEXT,
                    "CPU vendor that the host must have (libvirt's cpu C(vendor)), such as V(Intel) or V(AMD).",
                ),
            ),
            "host-model": (*NAMED, MATCH),
            "host-passthrough": (MIGRATABLE,),
            "maximum": (MIGRATABLE,),
        },
        optional=True,
        type=Field(
            "mode",
            "@mode",
            Choice("custom", "host-model", "host-passthrough", "maximum"),
            "How the guest's CPU is chosen (libvirt's cpu C(mode)). V(host-model) is close to the host's CPU,"
            " V(host-passthrough) the same, V(custom) the named model. With hardware virtualization a new guest gets"
            " V(host-model).",
            default="custom",
            new=derived_values.cpu_mode,
            filled=True,
        ),
    ),
    Field(
        "check",
        "@check",
        Choice("none", "partial", "full"),
        "How strictly libvirt checks at the start that the guest gets the CPU that was asked for (libvirt's cpu"
        " C(check)): V(none), V(partial) or V(full).",
        filled=True,
        belongs=("mode",),
    ),
    Field(
        "deprecated_features",
        "@deprecated_features",
        ON_OFF,
        "Whether deprecated features of the CPU model stay on (libvirt's C(deprecated_features)), on S390.",
    ),
    Struct(
        "topology",
        "topology",
        (
            Field(
                "sockets",
                "@sockets",
                NATURAL,
                "Number of CPU sockets (libvirt's topology C(sockets)). The product of the topology is the number of"
                " virtual CPUs.",
            ),
            Field("dies", "@dies", NATURAL, "Number of dies in each socket (libvirt's topology C(dies)).", default=1),
            Field(
                "clusters",
                "@clusters",
                NATURAL,
                "Number of clusters in each die (libvirt's topology C(clusters)).",
                default=1,
            ),
            Field("cores", "@cores", NATURAL, "Number of cores in each cluster (libvirt's topology C(cores))."),
            Field("threads", "@threads", NATURAL, "Number of threads in each core (libvirt's topology C(threads))."),
        ),
        "Layout of the virtual CPUs in sockets, cores and threads (libvirt's cpu C(topology)).",
    ),
    Map(
        "features",
        "feature",
        Choice("force", "require", "optional", "disable", "forbid"),
        "Features of the CPU by name (libvirt's cpu C(feature)), such as V(vmx).",
        value="policy",
    ),
    Struct(
        "cache",
        "cache",
        (
            Field(
                "level",
                "@level",
                Integer(1, 3),
                "Level of the cache to emulate (libvirt's cache C(level)), with mode V(emulate).",
            ),
            Field(
                "mode",
                "@mode",
                Choice("emulate", "passthrough", "disable"),
                "What the guest sees of the CPU cache (libvirt's cache C(mode)): V(emulate) a cache, V(passthrough)"
                " that of the host, V(disable) none.",
            ),
        ),
        "CPU cache that the guest sees (libvirt's cpu C(cache)).",
    ),
    Struct(
        "maxphysaddr",
        "maxphysaddr",
        (
            Field(
                "mode",
                "@mode",
                Choice("emulate", "passthrough"),
                "How the width is chosen (libvirt's maxphysaddr C(mode)): V(passthrough) the host's, V(emulate) the"
                " number in C(bits).",
            ),
            Field(
                "bits",
                "@bits",
                NATURAL,
                "Number of address bits that the guest sees (libvirt's maxphysaddr C(bits)), such as V(42).",
            ),
            Field(
                "limit",
                "@limit",
                NATURAL,
                "Largest number of address bits to take over from the host (libvirt's maxphysaddr C(limit)).",
            ),
        ),
        "Width of physical memory addresses in the guest (libvirt's cpu C(maxphysaddr)).",
    ),
    NUMA,
)

PERIOD = Integer(1000, 1000000)
QUOTA = Integer(-1, 17592186044415)


def quota(prefix: str, what: str) -> tuple[Field, Field]:
    """The share of time of one kind of threads."""
    return (
        Field(
            f"{prefix}period",
            f"{prefix}period",
            PERIOD,
            f"Period in microseconds over which the time of {what} is limited (libvirt's C({prefix}period)).",
        ),
        Field(
            f"{prefix}quota",
            f"{prefix}quota",
            QUOTA,
            f"Time in microseconds that {what} may run in each period (libvirt's C({prefix}quota)). V(-1) is no limit.",
        ),
    )


PRIORITY = Field(
    "priority",
    "@priority",
    NATURAL,
    "Real-time priority of the threads (libvirt's C(priority)), such as V(1), with V(fifo) and V(rr).",
)
SCHEDULER = (
    Variant(
        "@scheduler",
        {"batch": (), "idle": (), "fifo": (PRIORITY,), "rr": (PRIORITY,)},
        optional=True,
        type=Field(
            "scheduler",
            "@scheduler",
            Choice("batch", "idle", "fifo", "rr"),
            "Scheduler of the host's kernel for these threads (libvirt's C(scheduler)). V(fifo) and V(rr) are real-time"
            " schedulers.",
        ),
    ),
)

CPUTUNE = (
    Field(
        "shares",
        "shares",
        NATURAL,
        "Weight of the guest among others when CPU time is short (libvirt's C(shares)). Twice the number gets twice"
        " the time.",
    ),
    *quota("", "each virtual CPU"),
    *quota("global_", "the whole guest"),
    *quota("emulator_", "the emulator"),
    *quota("iothread_", "each IO thread"),
    Map(
        "vcpupin",
        "vcpupin",
        CPUSET,
        "Host CPUs that each virtual CPU may run on (libvirt's C(vcpupin)), by the number of the virtual CPU, such as"
        " V(0-3).",
        value="cpuset",
        key="vcpu",
    ),
    Field(
        "emulatorpin",
        "emulatorpin@cpuset",
        CPUSET,
        "Host CPUs that QEMU's other threads may run on (libvirt's C(emulatorpin)), such as V(0-3).",
    ),
    Map(
        "iothreadpin",
        "iothreadpin",
        CPUSET,
        "Host CPUs that each IO thread may run on (libvirt's C(iothreadpin)), by the number of the IO thread.",
        value="cpuset",
        key="iothread",
    ),
    Group(
        "vcpusched",
        "vcpusched",
        (
            Field(
                "vcpus",
                "@vcpus",
                CPUSET,
                "Virtual CPUs that the scheduler is for (libvirt's C(vcpus)), such as V(0-3,8).",
            ),
            *SCHEDULER,
        ),
        "Schedulers of the threads of virtual CPUs (libvirt's C(vcpusched)).",
        keys=("vcpus",),
    ),
    Group(
        "iothreadsched",
        "iothreadsched",
        (
            Field(
                "iothreads",
                "@iothreads",
                CPUSET,
                "IO threads that the scheduler is for (libvirt's C(iothreads)), such as V(1-2).",
            ),
            *SCHEDULER,
        ),
        "Schedulers of the guest's IO threads (libvirt's C(iothreadsched)).",
        keys=("iothreads",),
    ),
    Struct(
        "emulatorsched", "emulatorsched", SCHEDULER, "Scheduler of QEMU's other threads (libvirt's C(emulatorsched))."
    ),
    Group(
        "cachetune",
        "cachetune",
        (
            Field(
                "vcpus", "@vcpus", CPUSET, "Virtual CPUs that get the shares (libvirt's C(vcpus)), such as V(0-3,8)."
            ),
            Group(
                "caches",
                "cache",
                (
                    Field(
                        "id",
                        "@id",
                        NATURAL,
                        "Number of the host's cache (libvirt's cache C(id)), as C(virsh capabilities) shows it.",
                    ),
                    Field(
                        "level",
                        "@level",
                        NATURAL,
                        "Level of the host's cache (libvirt's cache C(level)), such as V(3).",
                    ),
                    Field(
                        "type",
                        "@type",
                        Choice("both", "code", "data"),
                        "What the share is for (libvirt's cache C(type)): V(code), V(data), or V(both).",
                    ),
                    Field(
                        "size",
                        "@size",
                        Size("KiB", minimum=0),
                        "Size of the share (libvirt's cache C(size)), such as V(3MiB).",
                    ),
                ),
                "Shares of the host's caches for these virtual CPUs (libvirt's C(cache)).",
            ),
            Group(
                "monitors",
                "monitor",
                (
                    Field(
                        "level",
                        "@level",
                        NATURAL,
                        "Level of the cache that is measured (libvirt's monitor C(level)), such as V(3).",
                    ),
                    Field(
                        "vcpus",
                        "@vcpus",
                        CPUSET,
                        "Virtual CPUs that are measured together (libvirt's monitor C(vcpus)), such as V(0-3).",
                    ),
                ),
                "Measurements of how much of the cache virtual CPUs use (libvirt's C(monitor)).",
            ),
        ),
        "Shares of the host's CPU caches that virtual CPUs get (libvirt's C(cachetune)).",
        keys=("vcpus",),
    ),
    Group(
        "memorytune",
        "memorytune",
        (
            Field(
                "vcpus", "@vcpus", CPUSET, "Virtual CPUs that get the shares (libvirt's C(vcpus)), such as V(0-3,8)."
            ),
            Group(
                "nodes",
                "node",
                (
                    Field("id", "@id", NATURAL, "Number of the host's NUMA node (libvirt's node C(id))."),
                    Field(
                        "bandwidth",
                        "@bandwidth",
                        NATURAL,
                        "Percent of the node's memory bandwidth (libvirt's node C(bandwidth)), such as V(60).",
                    ),
                ),
                "Shares of the memory bandwidth by node of the host (libvirt's C(node)).",
                keys=("id",),
            ),
            Group(
                "monitors",
                "monitor",
                (
                    Field(
                        "vcpus",
                        "@vcpus",
                        CPUSET,
                        "Virtual CPUs that are measured together (libvirt's monitor C(vcpus)), such as V(0-3).",
                    ),
                ),
                "Measurements of how much memory bandwidth virtual CPUs use (libvirt's C(monitor)).",
            ),
        ),
        "Shares of the host's memory bandwidth that virtual CPUs get (libvirt's C(memorytune)).",
        keys=("vcpus",),
    ),
)

POOL = (
    Field(
        "thread_pool_min",
        "@thread_pool_min",
        NATURAL,
        "Smallest number of worker threads to keep (libvirt's C(thread_pool_min)).",
    ),
    Field(
        "thread_pool_max",
        "@thread_pool_max",
        NATURAL,
        "Largest number of worker threads to start (libvirt's C(thread_pool_max)).",
    ),
)

VCPU_ROWS = (
    Field(
        "vcpus",
        "vcpu",
        Integer(1, 4096),
        "Number of virtual CPUs of the guest (libvirt's C(vcpu)). It is the most that it can have while it runs.",
        default=1,
        must=True,
    ),
    Field(
        "current_vcpus",
        "vcpu@current",
        Integer(1, 4096),
        "Number of virtual CPUs that are plugged in at the start (libvirt's vcpu C(current)). Left out, all of them"
        " are.",
        like="vcpu",
        live="vcpus",
    ),
    Field(
        "vcpu_placement",
        "vcpu@placement",
        Choice("static", "auto"),
        "Who picks the host CPUs for the guest (libvirt's vcpu C(placement)): V(static) takes C(cpuset), V(auto) asks"
        " numad.",
        default="static",
    ),
    Field(
        "cpuset",
        "vcpu@cpuset",
        CPUSET,
        "Host CPUs that the virtual CPUs may run on (libvirt's vcpu C(cpuset)), such as V(0-3,8).",
    ),
    Group(
        "vcpu_states",
        "vcpus/vcpu",
        (
            Field("id", "@id", NATURAL, "Number of the virtual CPU (libvirt's vcpu C(id)). The first one is V(0)."),
            Field("enabled", "@enabled", YES_NO, "Whether the virtual CPU is plugged in (libvirt's vcpu C(enabled))."),
            Field(
                "hotpluggable",
                "@hotpluggable",
                YES_NO,
                "Whether the virtual CPU can be plugged in and out while the guest runs (libvirt's vcpu"
                " C(hotpluggable)).",
                filled=True,
            ),
            Field(
                "order",
                "@order",
                NATURAL,
                "Position of the virtual CPU in the order of plugging in (libvirt's vcpu C(order)).",
                filled=True,
            ),
        ),
        "State of each virtual CPU, where C(current_vcpus) is not enough (libvirt's C(vcpus)).",
        keys=("id",),
        whole=False,
    ),
    Field(
        "iothreads",
        "iothreads",
        NATURAL,
        "Number of IO threads, which serve disks apart from the virtual CPUs (libvirt's C(iothreads)).",
        default=0,
    ),
    Group(
        "iothreadids",
        "iothreadids/iothread",
        (
            Field("id", "@id", NATURAL, "Number of the IO thread (libvirt's iothread C(id)). The first one is V(1)."),
            *POOL,
            Struct(
                "poll",
                "poll",
                (
                    Field(
                        "max",
                        "@max",
                        NATURAL,
                        "Longest time that the thread polls, in nanoseconds (libvirt's poll C(max)).",
                    ),
                    Field(
                        "grow",
                        "@grow",
                        NATURAL,
                        "Factor by which the time of polling grows when it is too short (libvirt's poll C(grow)).",
                    ),
                    Field(
                        "shrink",
                        "@shrink",
                        NATURAL,
                        "Divisor by which the time of polling shrinks when it is too long (libvirt's poll C(shrink)).",
                    ),
                ),
                "How long the thread polls for work before it sleeps (libvirt's C(poll)).",
            ),
        ),
        "IO threads by their numbers (libvirt's C(iothreadids)), where they need numbers or options of their own.",
        keys=("id",),
    ),
    Struct(
        "defaultiothread",
        "defaultiothread",
        POOL,
        "Threads of QEMU's main loop, which serve what no IO thread does (libvirt's C(defaultiothread)).",
    ),
    Struct(
        "cpu", "cpu", CPU, "CPU that the guest sees (libvirt's C(cpu)): its model, features and topology.", short="mode"
    ),
    Struct(
        "cputune", "cputune", CPUTUNE, "How the host schedules the guest's CPUs and threads (libvirt's C(cputune))."
    ),
)
"""The domain's rows."""
