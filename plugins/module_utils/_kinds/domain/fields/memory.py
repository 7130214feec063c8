# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory and the block I/O that a guest gets (formatdomain.html, Memory Allocation, Backing, Tuning)."""

from __future__ import annotations

from ...._engine.converters import (
    CPUSET,
    KIB,
    MEMORY,
    NATURAL,
    NUMBER,
    ON_OFF,
    PRESENCE,
    TEXT,
    UUID,
    YES_NO,
    Choice,
    Integer,
)
from ...._engine.rows import Field, Group, Map, Struct
from .common import DEVICE

BACKING = (
    Struct(
        "hugepages",
        "hugepages",
        (
            Group(
                "pages",
                "page",
                (
                    Field("size", "@size", KIB, "The size of a page, such as V(2MiB)."),
                    Field("nodeset", "@nodeset", CPUSET, "The guest's nodes that have them."),
                ),
                "Sizes of pages, and who has them.",
                keys=("size",),
            ),
        ),
        "Huge pages; V({}) asks for the host's default size.",
        bare=True,
    ),
    Field("nosharepages", "nosharepages", PRESENCE, "Whether equal pages of guests are kept apart.", default=False),
    Field("locked", "locked", PRESENCE, "Whether the memory is never swapped out.", default=False),
    Field("source", "source@type", Choice("file", "anonymous", "memfd"), "Where the memory comes from."),
    Field("access", "access@mode", Choice("shared", "private"), "Whether other programs share it."),
    Field("allocation", "allocation@mode", Choice("immediate", "ondemand"), "When it is taken."),
    Field("allocation_threads", "allocation@threads", NATURAL, "Threads that take it."),
    Field("discard", "discard", PRESENCE, "Whether it is discarded when the guest stops.", default=False),
)

MODES = Choice("strict", "preferred", "interleave", "restrictive")

NUMATUNE = (
    Field("mode", "memory@mode", MODES, "How strictly.", filled=True),
    Field("placement", "memory@placement", Choice("static", "auto"), "Who picks the nodes.", filled=True),
    Field("nodeset", "memory@nodeset", CPUSET, "The nodes of the host."),
    Group(
        "memnodes",
        "memnode",
        (
            Field("cellid", "@cellid", NATURAL, "The guest's node."),
            Field("mode", "@mode", MODES, "How strictly.", filled=True),
            Field("nodeset", "@nodeset", CPUSET, "The nodes of the host."),
        ),
        "Nodes of the host for each node of the guest.",
        keys=("cellid",),
    ),
)

MEMTUNE = (
    Field("hard_limit", "hard_limit", KIB, "The most that the guest and its emulator may use."),
    Field("soft_limit", "soft_limit", KIB, "The most that they may use when memory is short."),
    Field("swap_hard_limit", "swap_hard_limit", KIB, "The most of memory and swap together."),
    Field("min_guarantee", "min_guarantee", KIB, "The least that they are given."),
)

WEIGHT = Integer(100, 1000)

BLKIOTUNE = (
    Field("weight", "weight", WEIGHT, "The weight among guests."),
    Group(
        "devices",
        "device",
        (
            Field("path", "path", TEXT, "The block device of the host."),
            Field("weight", "weight", WEIGHT, "The weight on it."),
            Field("read_iops_sec", "read_iops_sec", NATURAL, "Reads a second."),
            Field("write_iops_sec", "write_iops_sec", NATURAL, "Writes a second."),
            Field("read_bytes_sec", "read_bytes_sec", NATURAL, "Bytes a second read."),
            Field("write_bytes_sec", "write_bytes_sec", NATURAL, "Bytes a second written."),
        ),
        "The same for one device.",
        keys=("path",),
    ),
)

EVENTS = (
    "cmt",
    "mbmt",
    "mbml",
    "cpu_cycles",
    "instructions",
    "cache_references",
    "cache_misses",
    "branch_instructions",
    "branch_misses",
    "bus_cycles",
    "stalled_cycles_frontend",
    "stalled_cycles_backend",
    "ref_cpu_cycles",
    "cpu_clock",
    "task_clock",
    "page_faults",
    "context_switches",
    "cpu_migrations",
    "page_faults_min",
    "page_faults_maj",
    "alignment_faults",
    "emulation_faults",
)

MEMORY_ROWS = (
    Field(
        "memory",
        "memory",
        MEMORY,
        "The memory, such as V(2GiB). A plain number counts bytes.",
        required=True,
        follower="currentMemory",
    ),
    Field("memory_dump_core", "memory@dumpCore", ON_OFF, "Whether a core dump of the emulator holds the memory."),
    Field(
        "current_memory",
        "currentMemory",
        MEMORY,
        "The memory that the balloon leaves the guest; all where it is left out.",
        like="memory",
        live="balloon",
    ),
    Struct(
        "max_memory",
        "maxMemory",
        (
            Field("size", ".", KIB, "The memory that it can grow to by memory devices."),
            Field("slots", "@slots", NATURAL, "Slots for memory devices."),
        ),
        "How far the memory can grow.",
    ),
    Struct("memory_backing", "memoryBacking", BACKING, "How the host holds the memory."),
    Struct("memtune", "memtune", MEMTUNE, "Limits of the host's memory."),
    Struct("numatune", "numatune", NUMATUNE, "Nodes of the host that the memory comes from."),
    Struct("blkiotune", "blkiotune", BLKIOTUNE, "Shares of the host's block devices."),
    Map("perf", "perf/event", YES_NO, "Events that are counted.", value="enabled", names_of=EVENTS),
    Struct(
        "resource",
        "resource",
        (
            Field("partition", "partition", TEXT, "The control group, such as V(/machine)."),
            Field("fibrechannel_appid", "fibrechannel@appid", TEXT, "The identity on the Fibre Channel fabric."),
        ),
        "Where the host accounts for the guest.",
    ),
)
"""The domain's rows."""

MEMORY_DEVICE = (
    Field(
        "model",
        "@model",
        Choice("dimm", "nvdimm", "virtio-pmem", "virtio-mem", "sgx-epc"),
        "What the guest sees.",
    ),
    Field("access", "@access", Choice("shared", "private"), "Whether other programs share it."),
    Field("discard", "@discard", YES_NO, "Whether it is discarded when the guest stops."),
    Field("uuid", "uuid", UUID, "The UUID of an NVDIMM.", filled=True),
    Struct(
        "source",
        "source",
        (
            Field("pagesize", "pagesize", KIB, "The size of the host's pages."),
            Field("nodemask", "nodemask", CPUSET, "The nodes of the host."),
            Field("path", "path", TEXT, "The file that is the memory."),
            Field("alignsize", "alignsize", KIB, "The alignment of the file in memory."),
            Field("pmem", "pmem", PRESENCE, "Whether the file is persistent memory.", default=False),
        ),
        "Where the memory comes from.",
    ),
    Struct(
        "target",
        "target",
        (
            Field("size", "size", KIB, "The size."),
            Field("node", "node", NATURAL, "The guest's node."),
            Field("block", "block", KIB, "The size of a block.", filled=True),
            Field("requested", "requested", KIB, "The size that the guest should have now.", default=0, live="update"),
            Field("current", "current", KIB, "The size that the guest has now.", filled=True),
            Field("label", "label/size", KIB, "The size of an NVDIMM's labels."),
            Field("readonly", "readonly", PRESENCE, "Whether the guest can only read it.", default=False),
            Field("base", "address@base", NUMBER, "The guest address at which it starts.", filled=True),
            Field("dynamic_memslots", "@dynamicMemslots", YES_NO, "Whether its slots are taken as they are needed."),
        ),
        "What the guest sees.",
    ),
    *DEVICE,
)
