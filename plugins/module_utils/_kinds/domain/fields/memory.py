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
    ON_OFF,
    PRESENCE,
    TEXT,
    UUID,
    YES_NO,
    Choice,
    Integer,
)
from ...._engine.rows import Field, Group, Map, Struct
from .common import HEXADECIMAL, device

BACKING = (
    Struct(
        "hugepages",
        "hugepages",
        (
            Group(
                "pages",
                "page",
                (
                    Field(
                        "size",
                        "@size",
                        KIB,
                        "Size of a huge page (libvirt's page C(size)), such as V(2MiB) or V(1GiB).",
                    ),
                    Field(
                        "nodeset",
                        "@nodeset",
                        CPUSET,
                        "NUMA nodes of the guest that use these pages (libvirt's page C(nodeset)), such as V(0,2).",
                    ),
                ),
                "Sizes of huge pages and the guest's nodes that use them (libvirt's C(page)).",
                keys=("size",),
            ),
        ),
        "Takes the guest's memory from the host's huge pages (libvirt's C(hugepages)). V({}) takes the host's default"
        " size.",
        bare=True,
    ),
    Field(
        "nosharepages",
        "nosharepages",
        PRESENCE,
        "Whether the host may not merge equal memory pages of guests (libvirt's C(nosharepages)).",
        default=False,
    ),
    Field(
        "locked",
        "locked",
        PRESENCE,
        "Whether the guest's memory is never swapped out on the host (libvirt's C(locked)).",
        default=False,
    ),
    Field(
        "source",
        "source@type",
        Choice("file", "anonymous", "memfd"),
        "Where the host takes the guest's memory from (libvirt's source C(type)): a V(file), V(anonymous) memory, or"
        " V(memfd).",
    ),
    Field(
        "access",
        "access@mode",
        Choice("shared", "private"),
        "Whether other programs on the host can share the guest's memory (libvirt's access C(mode)): V(shared), as"
        " virtiofs needs, or V(private).",
    ),
    Field(
        "allocation",
        "allocation@mode",
        Choice("immediate", "ondemand"),
        "When the host sets the guest's memory aside (libvirt's allocation C(mode)): V(immediate) at the start, or"
        " V(ondemand).",
    ),
    Field(
        "allocation_threads",
        "allocation@threads",
        NATURAL,
        "Number of threads that set the memory aside at the start (libvirt's allocation C(threads)).",
    ),
    Field(
        "discard",
        "discard",
        PRESENCE,
        "Whether the memory's content is thrown away when the guest stops (libvirt's C(discard)), not written back to"
        " its file.",
        default=False,
    ),
)

MODES = Choice("strict", "preferred", "interleave", "restrictive")

NUMATUNE = (
    Field(
        "mode",
        "memory@mode",
        MODES,
        "How strictly the memory comes from these nodes (libvirt's memory C(mode)): V(strict) fails rather than take"
        " others, V(preferred) takes others when they are full, V(interleave) spreads it over all.",
        filled=True,
    ),
    Field(
        "placement",
        "memory@placement",
        Choice("static", "auto"),
        "Who picks the host's nodes (libvirt's memory C(placement)): V(static) takes C(nodeset), V(auto) asks numad.",
        filled=True,
    ),
    Field(
        "nodeset",
        "memory@nodeset",
        CPUSET,
        "NUMA nodes of the host that the memory comes from (libvirt's memory C(nodeset)), such as V(0-1).",
    ),
    Group(
        "memnodes",
        "memnode",
        (
            Field("cellid", "@cellid", NATURAL, "Number of the guest's NUMA node (libvirt's memnode C(cellid))."),
            Field(
                "mode",
                "@mode",
                MODES,
                "How strictly the node's memory comes from these nodes (libvirt's memnode C(mode)): V(strict) fails"
                " rather than take others, V(preferred) takes others when they are full, V(interleave) spreads it over"
                " all.",
                filled=True,
            ),
            Field(
                "nodeset",
                "@nodeset",
                CPUSET,
                "NUMA nodes of the host that the node's memory comes from (libvirt's memnode C(nodeset)), such as"
                " V(0-1).",
            ),
        ),
        "Host nodes for the memory of each NUMA node of the guest (libvirt's C(memnode)).",
        keys=("cellid",),
    ),
)

MEMTUNE = (
    Field(
        "hard_limit",
        "hard_limit",
        KIB,
        "Most memory that the guest and QEMU may use together (libvirt's C(hard_limit)), such as V(5GiB). The kernel"
        " kills QEMU above it, so libvirt advises against it.",
    ),
    Field(
        "soft_limit",
        "soft_limit",
        KIB,
        "Most memory that the guest and QEMU may use while the host's memory is short (libvirt's C(soft_limit)).",
    ),
    Field(
        "swap_hard_limit",
        "swap_hard_limit",
        KIB,
        "Most memory and swap space that the guest may use together (libvirt's C(swap_hard_limit)).",
    ),
    Field(
        "min_guarantee",
        "min_guarantee",
        KIB,
        "Least memory that the guest is guaranteed (libvirt's C(min_guarantee)), on VMware.",
    ),
)

WEIGHT = Integer(100, 1000)

BLKIOTUNE = (
    Field(
        "weight",
        "weight",
        WEIGHT,
        "Weight of the guest among others on the host's block devices (libvirt's blkiotune C(weight)), from 100 to"
        " 1000.",
    ),
    Group(
        "devices",
        "device",
        (
            Field(
                "path",
                "path",
                TEXT,
                "Path of the block device on the host (libvirt's device C(path)), such as V(/dev/sda).",
            ),
            Field(
                "weight",
                "weight",
                WEIGHT,
                "Weight of the guest on this device (libvirt's device C(weight)), from 100 to 1000.",
            ),
            Field(
                "read_iops_sec",
                "read_iops_sec",
                NATURAL,
                "Most read operations per second on the device (libvirt's C(read_iops_sec)).",
            ),
            Field(
                "write_iops_sec",
                "write_iops_sec",
                NATURAL,
                "Most write operations per second on the device (libvirt's C(write_iops_sec)).",
            ),
            Field(
                "read_bytes_sec",
                "read_bytes_sec",
                NATURAL,
                "Most bytes per second to read from the device (libvirt's C(read_bytes_sec)).",
            ),
            Field(
                "write_bytes_sec",
                "write_bytes_sec",
                NATURAL,
                "Most bytes per second to write to the device (libvirt's C(write_bytes_sec)).",
            ),
        ),
        "Weight and limits on single block devices of the host (libvirt's blkiotune C(device)).",
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
        "Memory of the guest at the start (libvirt's C(memory)), such as V(2GiB). A plain number counts bytes.",
        required=True,
        live="memory",
        follower="currentMemory",
    ),
    Field(
        "memory_dump_core",
        "memory@dumpCore",
        ON_OFF,
        "Whether a core dump of QEMU includes the guest's memory (libvirt's C(dumpCore)).",
    ),
    Field(
        "current_memory",
        "currentMemory",
        MEMORY,
        "Memory that the balloon leaves the guest (libvirt's C(currentMemory)), such as V(1GiB). Left out, all of it.",
        like="memory",
        live="balloon",
    ),
    Struct(
        "max_memory",
        "maxMemory",
        (
            Field(
                "size",
                ".",
                KIB,
                "Most memory that the guest can grow to by memory devices (libvirt's C(maxMemory)), such as V(16GiB).",
            ),
            Field(
                "slots",
                "@slots",
                NATURAL,
                "Number of slots for memory devices (libvirt's maxMemory C(slots)), such as V(16).",
            ),
        ),
        "Most memory that the guest can have after memory devices are plugged in (libvirt's C(maxMemory)).",
    ),
    Struct(
        "memory_backing",
        "memoryBacking",
        BACKING,
        "How the host provides the guest's memory (libvirt's C(memoryBacking)), such as from huge pages.",
    ),
    Struct("memtune", "memtune", MEMTUNE, "Limits of the host's memory that the guest may use (libvirt's C(memtune))."),
    Struct(
        "numatune",
        "numatune",
        NUMATUNE,
        "NUMA nodes of the host that the guest's memory comes from (libvirt's C(numatune)).",
    ),
    Struct(
        "blkiotune",
        "blkiotune",
        BLKIOTUNE,
        "Weight and limits of the guest on the host's block devices (libvirt's C(blkiotune)).",
    ),
    Map(
        "perf",
        "perf/event",
        YES_NO,
        "Performance events that the host counts for the guest (libvirt's C(perf event)). C(virsh domstats --perf)"
        " shows them.",
        value="enabled",
        names_of=EVENTS,
    ),
    Struct(
        "resource",
        "resource",
        (
            Field(
                "partition",
                "partition",
                TEXT,
                "Control group that the guest is put into (libvirt's resource C(partition)), such as V(/machine).",
                default="/machine",
            ),
            Field(
                "fibrechannel_appid",
                "fibrechannel@appid",
                TEXT,
                "Identifier of the guest's traffic on a Fibre Channel fabric (libvirt's C(appid)), up to 128"
                " characters.",
            ),
        ),
        "Where the host accounts for the guest's resources (libvirt's C(resource)).",
    ),
)
"""The domain's rows."""

MEMORY_DEVICE = (
    Field(
        "model",
        "@model",
        Choice("dimm", "nvdimm", "virtio-pmem", "virtio-mem", "sgx-epc"),
        "Kind of memory device (libvirt's memory C(model)): V(dimm) and V(virtio-mem) are memory, V(nvdimm) and"
        " V(virtio-pmem) are persistent, V(sgx-epc) is for SGX.",
        required=True,
    ),
    Field(
        "access",
        "@access",
        Choice("shared", "private"),
        "Whether other programs on the host can share the device's memory (libvirt's C(access)): V(shared) or"
        " V(private).",
    ),
    Field(
        "discard",
        "@discard",
        YES_NO,
        "Whether the content of the device's memory is thrown away when the guest stops (libvirt's C(discard)).",
    ),
    Field("uuid", "uuid", UUID, "UUID of an NVDIMM (libvirt's memory C(uuid)), for guests on POWER.", filled=True),
    Struct(
        "source",
        "source",
        (
            Field(
                "pagesize",
                "pagesize",
                KIB,
                "Size of the host's memory pages to take (libvirt's C(pagesize)), such as V(2MiB).",
            ),
            Field(
                "nodemask",
                "nodemask",
                CPUSET,
                "NUMA nodes of the host that the memory comes from (libvirt's C(nodemask)), such as V(0-1).",
            ),
            Field(
                "path",
                "path",
                TEXT,
                "Path of the file or device on the host that is the memory (libvirt's source C(path)), for an NVDIMM"
                " or V(virtio-pmem).",
            ),
            Field(
                "alignsize",
                "alignsize",
                KIB,
                "Alignment of the file in QEMU's memory (libvirt's C(alignsize)), such as V(2MiB), for an NVDIMM.",
            ),
            Field(
                "pmem",
                "pmem",
                PRESENCE,
                "Whether the file is on real persistent memory (libvirt's C(pmem)), for an NVDIMM.",
                default=False,
            ),
        ),
        "Where the device's memory comes from on the host (libvirt's memory C(source)).",
    ),
    Struct(
        "target",
        "target",
        (
            Field("size", "size", KIB, "Size of the memory device (libvirt's target C(size)), such as V(1GiB)."),
            Field(
                "node",
                "node",
                NATURAL,
                "Number of the guest's NUMA node that the memory is added to (libvirt's target C(node)).",
            ),
            Field(
                "block",
                "block",
                KIB,
                "Size of the blocks in which V(virtio-mem) adds and removes memory (libvirt's target C(block)), such"
                " as V(2MiB).",
                filled=True,
            ),
            Field(
                "requested",
                "requested",
                KIB,
                "Amount of V(virtio-mem) memory that the guest should have now (libvirt's C(requested)), such as"
                " V(512MiB).",
                default=0,
                live="update",
            ),
            Field(
                "current",
                "current",
                KIB,
                "Amount of V(virtio-mem) memory that the guest has now (libvirt's C(current)). libvirt reports it.",
                filled=True,
            ),
            Field(
                "label",
                "label/size",
                KIB,
                "Size of the area for labels at the end of an NVDIMM (libvirt's label C(size)), such as V(128KiB).",
            ),
            Field(
                "readonly",
                "readonly",
                PRESENCE,
                "Whether the guest can only read an NVDIMM (libvirt's target C(readonly)).",
                default=False,
            ),
            Field(
                "base",
                "address@base",
                HEXADECIMAL,
                "Address in the guest's memory where V(virtio-mem) or V(virtio-pmem) starts (libvirt's address"
                " C(base)).",
                filled=True,
            ),
            Field(
                "dynamic_memslots",
                "@dynamicMemslots",
                YES_NO,
                "Whether QEMU maps the memory of V(virtio-mem) in pieces as it is needed (libvirt's"
                " C(dynamicMemslots)).",
            ),
        ),
        "Size and place of the memory device in the guest (libvirt's memory C(target)).",
    ),
    *device("model"),
)
