# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual CPUs, and how the host serves them (formatdomain.html, CPU model and topology, CPU tuning)."""

from __future__ import annotations

from ...._engine.converters import CPUSET, KIB, NATURAL, ON_OFF, TEXT, YES_NO, Choice, Integer, Size
from ...._engine.live import VOLATILE
from ...._engine.rows import Field, Group, Map, Struct
from ...._engine.rows.variant import Variant
from ...shared import derive

CACHE_SIZE = Size("b", minimum=0)

CELL = (
    Field("id", "@id", NATURAL, "The number of the node.", filled=True),
    Field("cpus", "@cpus", CPUSET, "Its virtual CPUs, such as V(0-3,8).", filled=True),
    Field("memory", "@memory", KIB, "Its memory, such as V(2GiB)."),
    Field("mem_access", "@memAccess", Choice("shared", "private"), "Whether the host shares its memory."),
    Field("discard", "@discard", YES_NO, "Whether its memory is discarded when the guest stops."),
    Group(
        "distances",
        "distances/sibling",
        (
            Field("id", "@id", NATURAL, "The other node."),
            Field("value", "@value", Integer(10, 255), "The distance; 10 is a node from itself."),
        ),
        "Distances to the other nodes.",
        keys=("id",),
    ),
    Group(
        "caches",
        "cache",
        (
            Field("level", "@level", NATURAL, "The level."),
            Field("associativity", "@associativity", Choice("none", "direct", "full"), "The associativity."),
            Field("policy", "@policy", Choice("none", "writeback", "writethrough"), "The policy of writes."),
            Field("size", "size@value", CACHE_SIZE, "The size."),
            Field("line", "line@value", CACHE_SIZE, "The size of a line."),
        ),
        "Caches in front of its memory.",
        keys=("level",),
    ),
)

LINK = (
    Field("initiator", "@initiator", NATURAL, "The node that reads and writes."),
    Field("target", "@target", NATURAL, "The node with the memory."),
    Field("cache", "@cache", NATURAL, "The level of the target's cache that is meant.", filled=True),
    Field("type", "@type", Choice("access", "read", "write"), "What is measured."),
)

NUMA = Struct(
    "numa",
    "numa",
    (
        Group("cells", "cell", CELL, "The nodes.", keys=("id", "cpus")),
        Group(
            "latencies",
            "interconnects/latency",
            (*LINK, Field("value", "@value", NATURAL, "Nanoseconds.")),
            "How long it takes nodes to reach memory.",
        ),
        Group(
            "bandwidths",
            "interconnects/bandwidth",
            (*LINK, Field("value", "@value", Size("KiB", minimum=0), "The amount a second.")),
            "How much nodes reach of memory a second.",
        ),
    ),
    "The nodes of memory that the guest sees.",
)

NAMED = (
    Field("model", "model", TEXT, "The named model, such as V(EPYC).", filled=True, live=VOLATILE),
    Field(
        "fallback",
        "model@fallback",
        Choice("allow", "forbid"),
        "Whether a similar model will do.",
        filled=True,
        live=VOLATILE,
    ),
    Field("vendor_id", "model@vendor_id", TEXT, "The vendor that the guest reads, of twelve characters."),
)
MATCH = Field(
    "match", "@match", Choice("minimum", "exact", "strict"), "How the host's CPU must fit.", filled=True, live=VOLATILE
)
MIGRATABLE = Field(
    "migratable",
    "@migratable",
    ON_OFF,
    "Whether features that block migration are left out.",
    filled=True,
    live=VOLATILE,
)

CPU = (
    Variant(
        "@mode",
        {
            "custom": (*NAMED, MATCH, Field("vendor", "vendor", TEXT, "The vendor that the host must have.")),
            "host-model": (*NAMED, MATCH),
            "host-passthrough": (MIGRATABLE,),
            "maximum": (MIGRATABLE,),
        },
        optional=True,
        type=Field(
            "mode",
            "@mode",
            Choice("custom", "host-model", "host-passthrough", "maximum"),
            "Which CPU the guest sees. With hardware virtualization a new guest gets V(host-model).",
            default="custom",
            new=derive.cpu_mode,
            filled=True,
            live=VOLATILE,
        ),
    ),
    Field(
        "check",
        "@check",
        Choice("none", "partial", "full"),
        "How libvirt checks the CPU at the start.",
        filled=True,
        live=VOLATILE,
    ),
    Field("deprecated_features", "@deprecated_features", ON_OFF, "Whether features that go out of use are left on."),
    Struct(
        "topology",
        "topology",
        (
            Field("sockets", "@sockets", NATURAL, "Sockets."),
            Field("dies", "@dies", NATURAL, "Dies of a socket.", default=1),
            Field("clusters", "@clusters", NATURAL, "Clusters of a die.", default=1),
            Field("cores", "@cores", NATURAL, "Cores of a cluster."),
            Field("threads", "@threads", NATURAL, "Threads of a core."),
        ),
        "How the virtual CPUs are laid out.",
    ),
    Map(
        "features",
        "feature",
        Choice("force", "require", "optional", "disable", "forbid"),
        "Features of the CPU by name, such as V(vmx).",
        value="policy",
    ),
    Struct(
        "cache",
        "cache",
        (
            Field("level", "@level", Integer(1, 3), "The level that is meant."),
            Field("mode", "@mode", Choice("emulate", "passthrough", "disable"), "What the guest sees."),
        ),
        "The cache that the guest sees.",
    ),
    Struct(
        "maxphysaddr",
        "maxphysaddr",
        (
            Field("mode", "@mode", Choice("emulate", "passthrough"), "Whether the width is the host's."),
            Field("bits", "@bits", NATURAL, "The width that the guest sees."),
            Field("limit", "@limit", NATURAL, "The most of the host's width that it sees."),
        ),
        "The width of physical addresses.",
    ),
    NUMA,
)

PERIOD = Integer(1000, 1000000)
QUOTA = Integer(-1, 17592186044415)


def quota(prefix: str, what: str) -> tuple[Field, Field]:
    """The share of time of one kind of threads."""
    return (
        Field(f"{prefix}period", f"{prefix}period", PERIOD, f"Microseconds over which the time of {what} counts."),
        Field(f"{prefix}quota", f"{prefix}quota", QUOTA, f"Microseconds that {what} may run in a period."),
    )


SCHEDULER = (
    Field("scheduler", "@scheduler", Choice("batch", "idle", "fifo", "rr"), "The scheduler."),
    Field("priority", "@priority", NATURAL, "The priority, with V(fifo) and V(rr)."),
)

CPUTUNE = (
    Field("shares", "shares", NATURAL, "The weight among guests."),
    *quota("", "each virtual CPU"),
    *quota("global_", "the whole guest"),
    *quota("emulator_", "the emulator"),
    *quota("iothread_", "each IO thread"),
    Map("vcpupin", "vcpupin", CPUSET, "Host CPUs by virtual CPU.", value="cpuset", key="vcpu"),
    Field("emulatorpin", "emulatorpin@cpuset", CPUSET, "Host CPUs for the emulator."),
    Map("iothreadpin", "iothreadpin", CPUSET, "Host CPUs by IO thread.", value="cpuset", key="iothread"),
    Group(
        "vcpusched",
        "vcpusched",
        (Field("vcpus", "@vcpus", CPUSET, "The virtual CPUs."), *SCHEDULER),
        "Schedulers of virtual CPUs.",
        keys=("vcpus",),
    ),
    Group(
        "iothreadsched",
        "iothreadsched",
        (Field("iothreads", "@iothreads", CPUSET, "The IO threads."), *SCHEDULER),
        "Schedulers of IO threads.",
        keys=("iothreads",),
    ),
    Struct("emulatorsched", "emulatorsched", SCHEDULER, "The scheduler of the emulator."),
    Group(
        "cachetune",
        "cachetune",
        (
            Field("vcpus", "@vcpus", CPUSET, "The virtual CPUs."),
            Group(
                "caches",
                "cache",
                (
                    Field("id", "@id", NATURAL, "The cache of the host."),
                    Field("level", "@level", NATURAL, "Its level."),
                    Field("type", "@type", Choice("both", "code", "data"), "What it holds."),
                    Field("size", "@size", Size("b", minimum=0), "The share of it."),
                ),
                "Shares of caches.",
            ),
            Group(
                "monitors",
                "monitor",
                (
                    Field("level", "@level", NATURAL, "The level of the cache."),
                    Field("vcpus", "@vcpus", CPUSET, "The virtual CPUs."),
                ),
                "What is measured.",
            ),
        ),
        "Shares of the host's caches.",
        keys=("vcpus",),
    ),
    Group(
        "memorytune",
        "memorytune",
        (
            Field("vcpus", "@vcpus", CPUSET, "The virtual CPUs."),
            Group(
                "nodes",
                "node",
                (
                    Field("id", "@id", NATURAL, "The node of the host."),
                    Field("bandwidth", "@bandwidth", NATURAL, "Percent of its bandwidth."),
                ),
                "Shares of nodes.",
                keys=("id",),
            ),
            Group(
                "monitors",
                "monitor",
                (Field("vcpus", "@vcpus", CPUSET, "The virtual CPUs."),),
                "What is measured.",
            ),
        ),
        "Shares of the bandwidth of the host's memory.",
        keys=("vcpus",),
    ),
)

POOL = (
    Field("thread_pool_min", "@thread_pool_min", NATURAL, "Threads that are kept."),
    Field("thread_pool_max", "@thread_pool_max", NATURAL, "Threads at most."),
)

VCPU_ROWS = (
    Field("vcpus", "vcpu", Integer(1, 4096), "The number of virtual CPUs.", default=1, must=True),
    Field(
        "current_vcpus",
        "vcpu@current",
        Integer(1, 4096),
        "The virtual CPUs that are plugged in; all where it is left out.",
        like="vcpu",
        live="vcpus",
    ),
    Field(
        "vcpu_placement", "vcpu@placement", Choice("static", "auto"), "Who picks host CPUs for them.", default="static"
    ),
    Field("cpuset", "vcpu@cpuset", CPUSET, "Host CPUs for all of them, such as V(0-3,8)."),
    Group(
        "vcpu_states",
        "vcpus/vcpu",
        (
            Field("id", "@id", NATURAL, "The number of the virtual CPU."),
            Field("enabled", "@enabled", YES_NO, "Whether it is plugged in."),
            Field("hotpluggable", "@hotpluggable", YES_NO, "Whether it can be plugged.", filled=True),
            Field("order", "@order", NATURAL, "Its place in the order of plugging.", filled=True),
        ),
        "Which virtual CPUs are plugged in, one by one.",
        keys=("id",),
        whole=False,
    ),
    Field("iothreads", "iothreads", NATURAL, "The number of IO threads.", default=0),
    Group(
        "iothreadids",
        "iothreadids/iothread",
        (
            Field("id", "@id", NATURAL, "The number of the IO thread."),
            *POOL,
            Struct(
                "poll",
                "poll",
                (
                    Field("max", "@max", NATURAL, "Nanoseconds to poll at most."),
                    Field("grow", "@grow", NATURAL, "The factor by which polling grows."),
                    Field("shrink", "@shrink", NATURAL, "The divisor by which polling shrinks."),
                ),
                "How long it polls before it sleeps.",
            ),
        ),
        "The IO threads one by one.",
        keys=("id",),
    ),
    Struct("defaultiothread", "defaultiothread", POOL, "The thread that serves what no IO thread does."),
    Struct("cpu", "cpu", CPU, "The CPU that the guest sees.", short="mode"),
    Struct("cputune", "cputune", CPUTUNE, "How the host schedules the guest."),
)
"""The domain's rows."""
