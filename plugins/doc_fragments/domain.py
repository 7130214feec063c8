# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a domain. Generated from its table by tests/tools/doc_fragments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  config:
    description: The domains that are declared, each a dictionary of its options.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the guest on its host (libvirt's C(name)), such as V(web).
        type: str
        required: true
      state:
        description: State that the guest shall be in. V(present) defines it and leaves it running
          or stopped as it is; V(absent) removes the definition and keeps the disks, unless
          O(remove_storage) is set.
        type: str
        choices:
        - present
        - running
        - stopped
        - paused
        - absent
        default: present
      autostart:
        description: Whether the guest starts when the host does (libvirt's C(autostart)).
        type: bool
      wait_for:
        description: What to wait for once the guest runs. V(address) waits until it has an
          address that is not link-local, known from a DHCP lease, the guest agent or ARP; V(agent)
          until its guest agent is connected; V(ssh) until an SSH server answers its host at
          port 22 of such an address; V(cloud_init) until cloud-init has ended, as the guest
          agent tells. All guests are waited for at the same time.
        type: str
        choices:
        - address
        - agent
        - ssh
        - cloud_init
      wait_timeout:
        description: Seconds that O(config[].wait_for) may take at most. Left out, 300.
        type: int
      uuid:
        description: UUID of the guest (libvirt's C(uuid)). That of a new guest follows from
          its name.
        type: str
      genid:
        description:
        - Identifier that changes when the guest is copied or goes back in time (libvirt's C(genid)),
          so that Windows notices.
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: str
      title:
        description: Short title of the guest (libvirt's C(title)), as viewers show it.
        type: str
      description:
        description: Text that tells people what the guest is for (libvirt's C(description)).
        type: str
      metadata:
        description: 'Data that other programs keep with the guest (libvirt''s C(metadata)):
          elements of XML, as text.'
        type: list
        elements: str
      virt:
        description:
        - 'Kind of virtualization (libvirt''s domain C(type)): V(kvm) by hardware, V(qemu) by
          emulation. V(auto) takes the best that the host has.'
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: str
        choices:
        - auto
        - kvm
        - qemu
        - hvf
        - xen
        - lxc
        - bhyve
        - vz
        - vmware
        - vbox
        - hyperv
        - openvz
        - test
      memory:
        description: Memory of the guest at the start (libvirt's C(memory)), such as V(2GiB).
          A plain number counts bytes.
        type: str
      memory_dump_core:
        description: Whether a core dump of QEMU includes the guest's memory (libvirt's C(dumpCore)).
        type: bool
      current_memory:
        description: Memory that the balloon leaves the guest (libvirt's C(currentMemory)),
          such as V(1GiB). Left out, all of it.
        type: str
      max_memory:
        description: Most memory that the guest can have after memory devices are plugged in
          (libvirt's C(maxMemory)).
        type: dict
        suboptions:
          size:
            description: Most memory that the guest can grow to by memory devices (libvirt's
              C(maxMemory)), such as V(16GiB).
            type: str
          slots:
            description: Number of slots for memory devices (libvirt's maxMemory C(slots)),
              such as V(16).
            type: int
      memory_backing:
        description: How the host provides the guest's memory (libvirt's C(memoryBacking)),
          such as from huge pages.
        type: dict
        suboptions:
          hugepages:
            description: Takes the guest's memory from the host's huge pages (libvirt's C(hugepages)).
              V({}) takes the host's default size.
            type: dict
            suboptions:
              pages:
                description: Sizes of huge pages and the guest's nodes that use them (libvirt's
                  C(page)).
                type: list
                elements: dict
                suboptions:
                  size:
                    description: Size of a huge page (libvirt's page C(size)), such as V(2MiB)
                      or V(1GiB).
                    type: str
                  nodeset:
                    description: NUMA nodes of the guest that use these pages (libvirt's page
                      C(nodeset)), such as V(0,2).
                    type: str
          nosharepages:
            description: Whether the host may not merge equal memory pages of guests (libvirt's
              C(nosharepages)).
            type: bool
          locked:
            description: Whether the guest's memory is never swapped out on the host (libvirt's
              C(locked)).
            type: bool
          source:
            description: 'Where the host takes the guest''s memory from (libvirt''s source C(type)):
              a V(file), V(anonymous) memory, or V(memfd).'
            type: str
            choices:
            - file
            - anonymous
            - memfd
          access:
            description: 'Whether other programs on the host can share the guest''s memory (libvirt''s
              access C(mode)): V(shared), as virtiofs needs, or V(private).'
            type: str
            choices:
            - shared
            - private
          allocation:
            description: 'When the host sets the guest''s memory aside (libvirt''s allocation
              C(mode)): V(immediate) at the start, or V(ondemand).'
            type: str
            choices:
            - immediate
            - ondemand
          allocation_threads:
            description: Number of threads that set the memory aside at the start (libvirt's
              allocation C(threads)).
            type: int
          discard:
            description: Whether the memory's content is thrown away when the guest stops (libvirt's
              C(discard)), not written back to its file.
            type: bool
      memtune:
        description: Limits of the host's memory that the guest may use (libvirt's C(memtune)).
        type: dict
        suboptions:
          hard_limit:
            description: Most memory that the guest and QEMU may use together (libvirt's C(hard_limit)),
              such as V(5GiB). The kernel kills QEMU above it, so libvirt advises against it.
            type: str
          soft_limit:
            description: Most memory that the guest and QEMU may use while the host's memory
              is short (libvirt's C(soft_limit)).
            type: str
          swap_hard_limit:
            description: Most memory and swap space that the guest may use together (libvirt's
              C(swap_hard_limit)).
            type: str
          min_guarantee:
            description: Least memory that the guest is guaranteed (libvirt's C(min_guarantee)),
              on VMware.
            type: str
      numatune:
        description: NUMA nodes of the host that the guest's memory comes from (libvirt's C(numatune)).
        type: dict
        suboptions:
          mode:
            description:
            - 'How strictly the memory comes from these nodes (libvirt''s memory C(mode)): V(strict)
              fails rather than take others, V(preferred) takes others when they are full, V(interleave)
              spreads it over all.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - strict
            - preferred
            - interleave
            - restrictive
          placement:
            description:
            - 'Who picks the host''s nodes (libvirt''s memory C(placement)): V(static) takes
              C(nodeset), V(auto) asks numad.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - static
            - auto
          nodeset:
            description: NUMA nodes of the host that the memory comes from (libvirt's memory
              C(nodeset)), such as V(0-1).
            type: str
          memnodes:
            description: Host nodes for the memory of each NUMA node of the guest (libvirt's
              C(memnode)).
            type: list
            elements: dict
            suboptions:
              cellid:
                description: Number of the guest's NUMA node (libvirt's memnode C(cellid)).
                type: int
              mode:
                description:
                - 'How strictly the node''s memory comes from these nodes (libvirt''s memnode
                  C(mode)): V(strict) fails rather than take others, V(preferred) takes others
                  when they are full, V(interleave) spreads it over all.'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - strict
                - preferred
                - interleave
                - restrictive
              nodeset:
                description: NUMA nodes of the host that the node's memory comes from (libvirt's
                  memnode C(nodeset)), such as V(0-1).
                type: str
      blkiotune:
        description: Weight and limits of the guest on the host's block devices (libvirt's C(blkiotune)).
        type: dict
        suboptions:
          weight:
            description: Weight of the guest among others on the host's block devices (libvirt's
              blkiotune C(weight)), from 100 to 1000.
            type: int
          devices:
            description: Weight and limits on single block devices of the host (libvirt's blkiotune
              C(device)).
            type: list
            elements: dict
            suboptions:
              path:
                description: Path of the block device on the host (libvirt's device C(path)),
                  such as V(/dev/sda).
                type: str
              weight:
                description: Weight of the guest on this device (libvirt's device C(weight)),
                  from 100 to 1000.
                type: int
              read_iops_sec:
                description: Most read operations per second on the device (libvirt's C(read_iops_sec)).
                type: int
              write_iops_sec:
                description: Most write operations per second on the device (libvirt's C(write_iops_sec)).
                type: int
              read_bytes_sec:
                description: Most bytes per second to read from the device (libvirt's C(read_bytes_sec)).
                type: int
              write_bytes_sec:
                description: Most bytes per second to write to the device (libvirt's C(write_bytes_sec)).
                type: int
      perf:
        description:
        - Performance events that the host counts for the guest (libvirt's C(perf event)). C(virsh
          domstats --perf) shows them.
        - A name that is left out stays as it is; V(null) takes a name away.
        - Names are V(cmt), V(mbmt), V(mbml), V(cpu_cycles), V(instructions), V(cache_references),
          V(cache_misses), V(branch_instructions), V(branch_misses), V(bus_cycles), V(stalled_cycles_frontend),
          V(stalled_cycles_backend), V(ref_cpu_cycles), V(cpu_clock), V(task_clock), V(page_faults),
          V(context_switches), V(cpu_migrations), V(page_faults_min), V(page_faults_maj), V(alignment_faults),
          V(emulation_faults).
        type: dict
      resource:
        description: Where the host accounts for the guest's resources (libvirt's C(resource)).
        type: dict
        suboptions:
          partition:
            description: Control group that the guest is put into (libvirt's resource C(partition)),
              such as V(/machine).
            type: str
          fibrechannel_appid:
            description: Identifier of the guest's traffic on a Fibre Channel fabric (libvirt's
              C(appid)), up to 128 characters.
            type: str
      vcpus:
        description: Number of virtual CPUs of the guest (libvirt's C(vcpu)). It is the most
          that it can have while it runs.
        type: int
      current_vcpus:
        description: Number of virtual CPUs that are plugged in at the start (libvirt's vcpu
          C(current)). Left out, all of them are.
        type: int
      vcpu_placement:
        description: 'Who picks the host CPUs for the guest (libvirt''s vcpu C(placement)):
          V(static) takes C(cpuset), V(auto) asks numad.'
        type: str
        choices:
        - static
        - auto
      cpuset:
        description: Host CPUs that the virtual CPUs may run on (libvirt's vcpu C(cpuset)),
          such as V(0-3,8).
        type: str
      vcpu_states:
        description: State of each virtual CPU, where C(current_vcpus) is not enough (libvirt's
          C(vcpus)).
        type: list
        elements: dict
        suboptions:
          id:
            description: Number of the virtual CPU (libvirt's vcpu C(id)). The first one is
              V(0).
            type: int
          enabled:
            description: Whether the virtual CPU is plugged in (libvirt's vcpu C(enabled)).
            type: bool
          hotpluggable:
            description:
            - Whether the virtual CPU can be plugged in and out while the guest runs (libvirt's
              vcpu C(hotpluggable)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: bool
          order:
            description:
            - Position of the virtual CPU in the order of plugging in (libvirt's vcpu C(order)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
      iothreads:
        description: Number of IO threads, which serve disks apart from the virtual CPUs (libvirt's
          C(iothreads)).
        type: int
      iothreadids:
        description: IO threads by their numbers (libvirt's C(iothreadids)), where they need
          numbers or options of their own.
        type: list
        elements: dict
        suboptions:
          id:
            description: Number of the IO thread (libvirt's iothread C(id)). The first one is
              V(1).
            type: int
          thread_pool_min:
            description: Smallest number of worker threads to keep (libvirt's C(thread_pool_min)).
            type: int
          thread_pool_max:
            description: Largest number of worker threads to start (libvirt's C(thread_pool_max)).
            type: int
          poll:
            description: How long the thread polls for work before it sleeps (libvirt's C(poll)).
            type: dict
            suboptions:
              max:
                description: Longest time that the thread polls, in nanoseconds (libvirt's poll
                  C(max)).
                type: int
              grow:
                description: Factor by which the time of polling grows when it is too short
                  (libvirt's poll C(grow)).
                type: int
              shrink:
                description: Divisor by which the time of polling shrinks when it is too long
                  (libvirt's poll C(shrink)).
                type: int
      defaultiothread:
        description: Threads of QEMU's main loop, which serve what no IO thread does (libvirt's
          C(defaultiothread)).
        type: dict
        suboptions:
          thread_pool_min:
            description: Smallest number of worker threads to keep (libvirt's C(thread_pool_min)).
            type: int
          thread_pool_max:
            description: Largest number of worker threads to start (libvirt's C(thread_pool_max)).
            type: int
      cpu:
        description:
        - 'CPU that the guest sees (libvirt''s C(cpu)): its model, features and topology.'
        - You can write the C(mode) alone, as a text, in place of the dictionary.
        type: dict
        suboptions:
          mode:
            description: How the guest's CPU is chosen (libvirt's cpu C(mode)). V(host-model)
              is close to the host's CPU, V(host-passthrough) the same, V(custom) the named
              model. With hardware virtualization a new guest gets V(host-model).
            type: str
            choices:
            - custom
            - host-model
            - host-passthrough
            - maximum
          model:
            description:
            - Named model of the CPU (libvirt's cpu C(model)), such as V(EPYC), with mode V(custom).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          fallback:
            description:
            - 'Whether libvirt may take a similar model where the host cannot provide this one
              (libvirt''s C(fallback)): V(allow) or V(forbid).'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - allow
            - forbid
          vendor_id:
            description: 'CPU vendor that the guest reads (libvirt''s C(vendor_id)): exactly
              12 characters, such as V(GenuineIntel).'
            type: str
          match:
            description:
            - How closely the host's CPU must fit (libvirt's cpu C(match)). V(minimum) gives
              the guest also what the host has more, V(exact) does not, V(strict) refuses a
              host that has more.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - minimum
            - exact
            - strict
          vendor:
            description: CPU vendor that the host must have (libvirt's cpu C(vendor)), such
              as V(Intel) or V(AMD).
            type: str
          migratable:
            description:
            - Whether features that block migration are left out (libvirt's C(migratable)),
              with mode V(host-passthrough) or V(maximum).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: bool
          check:
            description:
            - 'How strictly libvirt checks at the start that the guest gets the CPU that was
              asked for (libvirt''s cpu C(check)): V(none), V(partial) or V(full).'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - none
            - partial
            - full
          deprecated_features:
            description: Whether deprecated features of the CPU model stay on (libvirt's C(deprecated_features)),
              on S390.
            type: bool
          topology:
            description: Layout of the virtual CPUs in sockets, cores and threads (libvirt's
              cpu C(topology)).
            type: dict
            suboptions:
              sockets:
                description: Number of CPU sockets (libvirt's topology C(sockets)). The product
                  of the topology is the number of virtual CPUs.
                type: int
              dies:
                description: Number of dies in each socket (libvirt's topology C(dies)).
                type: int
              clusters:
                description: Number of clusters in each die (libvirt's topology C(clusters)).
                type: int
              cores:
                description: Number of cores in each cluster (libvirt's topology C(cores)).
                type: int
              threads:
                description: Number of threads in each core (libvirt's topology C(threads)).
                type: int
          features:
            description:
            - Features of the CPU by name (libvirt's cpu C(feature)), such as V(vmx).
            - A name that is left out stays as it is; V(null) takes a name away.
            - Values are V(force), V(require), V(optional), V(disable), V(forbid).
            type: dict
          cache:
            description: CPU cache that the guest sees (libvirt's cpu C(cache)).
            type: dict
            suboptions:
              level:
                description: Level of the cache to emulate (libvirt's cache C(level)), with
                  mode V(emulate).
                type: int
              mode:
                description: 'What the guest sees of the CPU cache (libvirt''s cache C(mode)):
                  V(emulate) a cache, V(passthrough) that of the host, V(disable) none.'
                type: str
                choices:
                - emulate
                - passthrough
                - disable
          maxphysaddr:
            description: Width of physical memory addresses in the guest (libvirt's cpu C(maxphysaddr)).
            type: dict
            suboptions:
              mode:
                description: 'How the width is chosen (libvirt''s maxphysaddr C(mode)): V(passthrough)
                  the host''s, V(emulate) the number in C(bits).'
                type: str
                choices:
                - emulate
                - passthrough
              bits:
                description: Number of address bits that the guest sees (libvirt's maxphysaddr
                  C(bits)), such as V(42).
                type: int
              limit:
                description: Largest number of address bits to take over from the host (libvirt's
                  maxphysaddr C(limit)).
                type: int
          numa:
            description: 'NUMA nodes that the guest sees (libvirt''s cpu C(numa)): groups of
              CPUs and memory that are close to each other.'
            type: dict
            suboptions:
              cells:
                description: NUMA nodes of the guest (libvirt's numa C(cell)).
                type: list
                elements: dict
                suboptions:
                  id:
                    description:
                    - Number of the NUMA node in the guest (libvirt's cell C(id)). The first
                      one is V(0).
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: int
                  cpus:
                    description:
                    - Virtual CPUs of the node (libvirt's cell C(cpus)), such as V(0-3,8).
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: str
                  memory:
                    description: Memory of the node (libvirt's cell C(memory)), such as V(2GiB).
                    type: str
                  mem_access:
                    description: 'Whether other programs on the host can share the node''s memory
                      (libvirt''s C(memAccess)): V(shared) or V(private).'
                    type: str
                    choices:
                    - shared
                    - private
                  discard:
                    description: Whether the content of the node's memory is thrown away when
                      the guest stops (libvirt's C(discard)), not written back to its file.
                    type: bool
                  distances:
                    description: Distances of the node to the other nodes (libvirt's C(distances)).
                    type: list
                    elements: dict
                    suboptions:
                      id:
                        description: Number of the other node in the guest (libvirt's sibling
                          C(id)).
                        type: int
                      value:
                        description: Distance to the other node (libvirt's sibling C(value)).
                          A node is V(10) from itself; V(20) is twice as far.
                        type: int
                  caches:
                    description: Caches in front of the node's memory that the guest is told
                      (libvirt's C(cache)).
                    type: list
                    elements: dict
                    suboptions:
                      level:
                        description: Level of the cache in front of the memory (libvirt's cache
                          C(level)), such as V(1).
                        type: int
                      associativity:
                        description: Associativity of the cache that the guest is told (libvirt's
                          C(associativity)).
                        type: str
                        choices:
                        - none
                        - direct
                        - full
                      policy:
                        description: How the cache handles writes (libvirt's cache C(policy)).
                        type: str
                        choices:
                        - none
                        - writeback
                        - writethrough
                      size:
                        description: Size of the cache that the guest is told (libvirt's cache
                          C(size)), such as V(10KiB).
                        type: str
                      line:
                        description: Size of a line of the cache (libvirt's cache C(line)),
                          such as V(8B).
                        type: str
              latencies:
                description: Latencies between nodes that the guest is told (libvirt's C(latency)).
                type: list
                elements: dict
                suboptions:
                  initiator:
                    description: Number of the node whose CPUs read and write (libvirt's C(initiator)).
                    type: int
                  target:
                    description: Number of the node whose memory is read or written (libvirt's
                      C(target)).
                    type: int
                  cache:
                    description:
                    - Level of the target's cache that is measured, in place of its memory (libvirt's
                      C(cache)).
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: int
                  type:
                    description: 'Kind of access that the figure is for (libvirt''s C(type)):
                      V(read), V(write), or V(access) for both.'
                    type: str
                    choices:
                    - access
                    - read
                    - write
                  value:
                    description: Latency of the access in nanoseconds (libvirt's latency C(value)).
                    type: int
              bandwidths:
                description: Bandwidths between nodes that the guest is told (libvirt's C(bandwidth)).
                type: list
                elements: dict
                suboptions:
                  initiator:
                    description: Number of the node whose CPUs read and write (libvirt's C(initiator)).
                    type: int
                  target:
                    description: Number of the node whose memory is read or written (libvirt's
                      C(target)).
                    type: int
                  cache:
                    description:
                    - Level of the target's cache that is measured, in place of its memory (libvirt's
                      C(cache)).
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: int
                  type:
                    description: 'Kind of access that the figure is for (libvirt''s C(type)):
                      V(read), V(write), or V(access) for both.'
                    type: str
                    choices:
                    - access
                    - read
                    - write
                  value:
                    description: Bandwidth of the access per second (libvirt's bandwidth C(value)),
                      such as V(200GiB).
                    type: str
      cputune:
        description: How the host schedules the guest's CPUs and threads (libvirt's C(cputune)).
        type: dict
        suboptions:
          shares:
            description: Weight of the guest among others when CPU time is short (libvirt's
              C(shares)). Twice the number gets twice the time.
            type: int
          period:
            description: Period in microseconds over which the time of each virtual CPU is limited
              (libvirt's C(period)).
            type: int
          quota:
            description: Time in microseconds that each virtual CPU may run in each period (libvirt's
              C(quota)). V(-1) is no limit.
            type: int
          global_period:
            description: Period in microseconds over which the time of the whole guest is limited
              (libvirt's C(global_period)).
            type: int
          global_quota:
            description: Time in microseconds that the whole guest may run in each period (libvirt's
              C(global_quota)). V(-1) is no limit.
            type: int
          emulator_period:
            description: Period in microseconds over which the time of the emulator is limited
              (libvirt's C(emulator_period)).
            type: int
          emulator_quota:
            description: Time in microseconds that the emulator may run in each period (libvirt's
              C(emulator_quota)). V(-1) is no limit.
            type: int
          iothread_period:
            description: Period in microseconds over which the time of each IO thread is limited
              (libvirt's C(iothread_period)).
            type: int
          iothread_quota:
            description: Time in microseconds that each IO thread may run in each period (libvirt's
              C(iothread_quota)). V(-1) is no limit.
            type: int
          vcpupin:
            description:
            - Host CPUs that each virtual CPU may run on (libvirt's C(vcpupin)), by the number
              of the virtual CPU, such as V(0-3).
            - A name that is left out stays as it is; V(null) takes a name away.
            type: dict
          emulatorpin:
            description: Host CPUs that QEMU's other threads may run on (libvirt's C(emulatorpin)),
              such as V(0-3).
            type: str
          iothreadpin:
            description:
            - Host CPUs that each IO thread may run on (libvirt's C(iothreadpin)), by the number
              of the IO thread.
            - A name that is left out stays as it is; V(null) takes a name away.
            type: dict
          vcpusched:
            description: Schedulers of the threads of virtual CPUs (libvirt's C(vcpusched)).
            type: list
            elements: dict
            suboptions:
              vcpus:
                description: Virtual CPUs that the scheduler is for (libvirt's C(vcpus)), such
                  as V(0-3,8).
                type: str
              scheduler:
                description: Scheduler of the host's kernel for these threads (libvirt's C(scheduler)).
                  V(fifo) and V(rr) are real-time schedulers.
                type: str
                choices:
                - batch
                - idle
                - fifo
                - rr
              priority:
                description: Real-time priority of the threads (libvirt's C(priority)), such
                  as V(1), with V(fifo) and V(rr).
                type: int
          iothreadsched:
            description: Schedulers of the guest's IO threads (libvirt's C(iothreadsched)).
            type: list
            elements: dict
            suboptions:
              iothreads:
                description: IO threads that the scheduler is for (libvirt's C(iothreads)),
                  such as V(1-2).
                type: str
              scheduler:
                description: Scheduler of the host's kernel for these threads (libvirt's C(scheduler)).
                  V(fifo) and V(rr) are real-time schedulers.
                type: str
                choices:
                - batch
                - idle
                - fifo
                - rr
              priority:
                description: Real-time priority of the threads (libvirt's C(priority)), such
                  as V(1), with V(fifo) and V(rr).
                type: int
          emulatorsched:
            description: Scheduler of QEMU's other threads (libvirt's C(emulatorsched)).
            type: dict
            suboptions:
              scheduler:
                description: Scheduler of the host's kernel for these threads (libvirt's C(scheduler)).
                  V(fifo) and V(rr) are real-time schedulers.
                type: str
                choices:
                - batch
                - idle
                - fifo
                - rr
              priority:
                description: Real-time priority of the threads (libvirt's C(priority)), such
                  as V(1), with V(fifo) and V(rr).
                type: int
          cachetune:
            description: Shares of the host's CPU caches that virtual CPUs get (libvirt's C(cachetune)).
            type: list
            elements: dict
            suboptions:
              vcpus:
                description: Virtual CPUs that get the shares (libvirt's C(vcpus)), such as
                  V(0-3,8).
                type: str
              caches:
                description: Shares of the host's caches for these virtual CPUs (libvirt's C(cache)).
                type: list
                elements: dict
                suboptions:
                  id:
                    description: Number of the host's cache (libvirt's cache C(id)), as C(virsh
                      capabilities) shows it.
                    type: int
                  level:
                    description: Level of the host's cache (libvirt's cache C(level)), such
                      as V(3).
                    type: int
                  type:
                    description: 'What the share is for (libvirt''s cache C(type)): V(code),
                      V(data), or V(both).'
                    type: str
                    choices:
                    - both
                    - code
                    - data
                  size:
                    description: Size of the share (libvirt's cache C(size)), such as V(3MiB).
                    type: str
              monitors:
                description: Measurements of how much of the cache virtual CPUs use (libvirt's
                  C(monitor)).
                type: list
                elements: dict
                suboptions:
                  level:
                    description: Level of the cache that is measured (libvirt's monitor C(level)),
                      such as V(3).
                    type: int
                  vcpus:
                    description: Virtual CPUs that are measured together (libvirt's monitor
                      C(vcpus)), such as V(0-3).
                    type: str
          memorytune:
            description: Shares of the host's memory bandwidth that virtual CPUs get (libvirt's
              C(memorytune)).
            type: list
            elements: dict
            suboptions:
              vcpus:
                description: Virtual CPUs that get the shares (libvirt's C(vcpus)), such as
                  V(0-3,8).
                type: str
              nodes:
                description: Shares of the memory bandwidth by node of the host (libvirt's C(node)).
                type: list
                elements: dict
                suboptions:
                  id:
                    description: Number of the host's NUMA node (libvirt's node C(id)).
                    type: int
                  bandwidth:
                    description: Percent of the node's memory bandwidth (libvirt's node C(bandwidth)),
                      such as V(60).
                    type: int
              monitors:
                description: Measurements of how much memory bandwidth virtual CPUs use (libvirt's
                  C(monitor)).
                type: list
                elements: dict
                suboptions:
                  vcpus:
                    description: Virtual CPUs that are measured together (libvirt's monitor
                      C(vcpus)), such as V(0-3).
                    type: str
      arch:
        description:
        - Architecture of the guest's CPU (libvirt's type C(arch)), such as V(x86_64). Left
          out, that of the host.
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: str
      machine:
        description:
        - Machine type that QEMU emulates (libvirt's type C(machine)), such as V(q35). A new
          guest gets V(q35) where the host has it.
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: str
      kernel:
        description: Path of a kernel on the host to boot directly (libvirt's C(kernel)), without
          a boot loader.
        type: str
      initrd:
        description: Path of the initial ramdisk on the host that goes with the kernel (libvirt's
          C(initrd)).
        type: str
      cmdline:
        description: Command line of the kernel (libvirt's C(cmdline)), such as V(console=ttyS0
          root=/dev/vda1).
        type: str
      boot:
        description:
        - 'Kinds of devices to boot from, in order (libvirt''s os C(boot dev)): V(hd) is a disk,
          V(fd) a floppy disk. C(boot) of a device is more exact.'
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: list
        elements: str
        choices:
        - hd
        - cdrom
        - network
        - fd
      bootloader:
        description: Program on the host that finds the guest's kernel (libvirt's C(bootloader)),
          for Xen, such as V(/usr/bin/pygrub).
        type: str
      bootloader_args:
        description: Arguments of the boot loader on the host (libvirt's C(bootloader_args)).
        type: str
      os:
        description: Firmware and other options of booting (libvirt's C(os)).
        type: dict
        suboptions:
          type:
            description: 'Kind of guest (libvirt''s os C(type)): V(hvm) for a full virtual machine,
              V(exe) for a container, V(xen), V(xenpvh) and V(linux) for paravirtualization
              on Xen.'
            type: str
            choices:
            - hvm
            - xen
            - xenpvh
            - linux
            - exe
          firmware:
            description: 'Kind of firmware (libvirt''s C(firmware)): V(efi) for UEFI, or V(bios).
              libvirt picks the files that fit.'
            type: str
            choices:
            - bios
            - efi
          firmware_features:
            description:
            - Features that the firmware must have or must not have, by name (libvirt's firmware
              C(feature)), such as V(secure-boot).
            - libvirt fills names in by itself, so a name that is V(null) stays as it is, like
              one that is left out.
            - Names are V(enrolled-keys), V(secure-boot).
            type: dict
          loader:
            description: File on the host that holds the firmware (libvirt's C(loader)). Leave
              it out to let libvirt pick one.
            type: dict
            suboptions:
              path:
                description:
                - Path of the firmware's file on the host (libvirt's C(loader)), often in C(/usr/share/OVMF).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              readonly:
                description:
                - Whether the guest can only read the firmware's file (libvirt's loader C(readonly)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              secure:
                description:
                - Whether the firmware supports Secure Boot (libvirt's loader C(secure)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              type:
                description:
                - 'How the guest sees the firmware''s file (libvirt''s loader C(type)): as V(rom),
                  or as V(pflash), a flash memory.'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - rom
                - pflash
              stateless:
                description:
                - Whether the firmware keeps no variables across boots (libvirt's loader C(stateless)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              format:
                description:
                - 'Format of the firmware''s file (libvirt''s loader C(format)): V(raw) or V(qcow2).'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - raw
                - qcow2
          nvram:
            description: File with the guest's UEFI variables (libvirt's C(nvram)), such as
              its boot entries.
            type: dict
            suboptions:
              path:
                description:
                - Path of the file on the host with the guest's UEFI variables (libvirt's C(nvram)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              template:
                description:
                - Path of the file that a new file of variables is copied from (libvirt's nvram
                  C(template)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              template_format:
                description:
                - Format of the file in O(config[].os.nvram.template) (libvirt's nvram C(templateFormat)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - raw
                - qcow2
              storage_format:
                description:
                - 'Format of the file of variables (libvirt''s nvram C(format)): V(raw) or V(qcow2).'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - raw
                - qcow2
              type:
                description: Kind of source that the image is on (libvirt's disk C(type)). Leave
                  it out where another option tells it, such as C(file).
                type: str
                choices:
                - file
                - block
                - dir
                - network
                - volume
                - nvme
                - vhostuser
                - vhostvdpa
              file:
                description: Path of the image file on the host (libvirt's source C(file)),
                  such as V(/var/lib/libvirt/images/web.qcow2).
                type: str
              source:
                description: Further options of where the image is (libvirt's C(source)).
                type: dict
                suboptions:
                  startup_policy:
                    description: What to do when the file or device is missing (libvirt's C(startupPolicy)).
                      V(mandatory) refuses to start; V(requisite) refuses at a boot, but goes
                      on without it after a migration or restore; V(optional) always goes on
                      without it.
                    type: str
                    choices:
                    - mandatory
                    - requisite
                    - optional
                  fdgroup:
                    description: Name of a group of open files that a program passed to libvirt
                      (libvirt's C(fdgroup)).
                    type: str
                  index:
                    description:
                    - Position of the image in its backing chain (libvirt's C(index)), by which
                      block jobs name it.
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: int
                  slices:
                    description: Part of the file or device that the image takes up (libvirt's
                      C(slices)).
                    type: list
                    elements: dict
                    suboptions:
                      type:
                        description:
                        - Kind of slice (libvirt's C(type)), which is always V(storage).
                        - libvirt fills it in by itself, so V(null) leaves it as it is.
                        type: str
                        choices:
                        - storage
                      offset:
                        description: Bytes of the file or device that come before the image
                          (libvirt's C(offset)).
                        type: int
                      size:
                        description: Size of the image in the file or device, in bytes (libvirt's
                          C(size)).
                        type: int
                  encryption:
                    description: Encryption of the image and its passphrase (libvirt's C(encryption)).
                    type: dict
                    suboptions:
                      format:
                        description: Format of the encryption (libvirt's C(format)), such as
                          V(luks).
                        type: str
                        choices:
                        - default
                        - qcow
                        - luks
                        - luks2
                        - luks-any
                      engine:
                        description:
                        - 'Program that encrypts and decrypts the image (libvirt''s C(engine)):
                          V(qemu), or V(librbd) for an image in Ceph.'
                        - libvirt fills it in by itself, so V(null) leaves it as it is.
                        type: str
                        choices:
                        - qemu
                        - librbd
                      secrets:
                        description: Libvirt secrets that hold the passphrase of the image (libvirt's
                          C(secret)).
                        type: list
                        elements: dict
                        suboptions:
                          type:
                            description:
                            - Kind of the libvirt secret (libvirt's C(type)), which is always
                              V(passphrase).
                            - libvirt fills it in by itself, so V(null) leaves it as it is.
                            type: str
                            choices:
                            - passphrase
                          uuid:
                            description: UUID of the libvirt secret that holds the passphrase.
                              C(virsh secret-list) shows it.
                            type: str
                          usage:
                            description: Usage name of the libvirt secret that holds the passphrase
                              (libvirt's C(usage)), in place of its UUID.
                            type: str
                      cipher:
                        description: Cipher that encrypts the image (libvirt's C(cipher)).
                        type: dict
                        suboptions:
                          name:
                            description: Algorithm of the cipher (libvirt's C(name)), such as
                              V(aes).
                            type: str
                          size:
                            description: Length of the key in bits (libvirt's C(size)), such
                              as V(256).
                            type: int
                          mode:
                            description: Mode of the cipher (libvirt's C(mode)), such as V(xts).
                            type: str
                          hash:
                            description: Hash algorithm for the master key (libvirt's C(hash)),
                              such as V(sha256).
                            type: str
                      ivgen:
                        description: Generator of initialization vectors for the cipher (libvirt's
                          C(ivgen)).
                        type: dict
                        suboptions:
                          name:
                            description: Algorithm that makes the initialization vectors (libvirt's
                              C(name)), such as V(plain64).
                            type: str
                          hash:
                            description: Hash algorithm of the generator (libvirt's C(hash)),
                              such as V(sha256).
                            type: str
                  seclabels:
                    description: Security labels of what the device uses on the host, where
                      they differ from those of the guest (libvirt's C(seclabel)).
                    type: list
                    elements: dict
                    suboptions:
                      model:
                        description: Security driver that the label is for (libvirt's C(model)),
                          such as V(selinux), V(apparmor) or V(dac).
                        type: str
                      relabel:
                        description:
                        - Whether libvirt labels the file so that the guest may use it (libvirt's
                          C(relabel)).
                        - libvirt fills it in by itself, so V(null) leaves it as it is.
                        type: bool
                      labelskip:
                        description: Whether libvirt skipped the label because the file system
                          takes none (libvirt's C(labelskip)). libvirt notes this itself.
                        type: bool
                      label:
                        description: Security label to give the file (libvirt's C(label)), such
                          as V(system_u:object_r:svirt_image_t:s0).
                        type: str
              block:
                description: Path of the block device on the host (libvirt's source C(dev)),
                  such as V(/dev/vg0/web).
                type: str
              dir:
                description: Path of a directory on the host that the guest sees as a disk with
                  a FAT file system (libvirt's source C(dir)).
                type: str
              volume:
                description: Name of a storage volume in its pool (libvirt's source C(volume)).
                  Name another pool in C(pool), and not here as C(POOL/VOLUME).
                type: str
              pool:
                description: Name of the pool that the volume is in (libvirt's source C(pool)).
                  Left out, it is V(default).
                type: str
              protocol:
                description: Protocol of the server that has the image (libvirt's source C(protocol)),
                  such as V(rbd) for Ceph.
                type: str
                choices:
                - rbd
                - iscsi
                - nbd
                - gluster
                - http
                - https
                - ftp
                - ftps
                - tftp
                - ssh
                - nfs
                - sheepdog
                - vxhs
          shim:
            description: Path of a first boot loader on the host, for direct kernel boot with
              Secure Boot (libvirt's C(shim)).
            type: str
          dtb:
            description: Path of a device tree file on the host (libvirt's C(dtb)).
            type: str
          root:
            description: Root device on the kernel's command line (libvirt's C(root)), for Xen.
            type: str
          bootmenu:
            description: Boot menu that the firmware shows at the start (libvirt's C(bootmenu)).
            type: dict
            suboptions:
              enable:
                description: Whether the firmware shows its boot menu (libvirt's bootmenu C(enable)).
                type: bool
              timeout:
                description: Milliseconds that the boot menu waits for a key (libvirt's bootmenu
                  C(timeout)), such as V(3000).
                type: int
          smbios:
            description: 'Where the guest''s SMBIOS data comes from (libvirt''s smbios C(mode)):
              V(emulate) from QEMU, V(host) from the host, V(sysinfo) from O(config[].sysinfo).'
            type: str
            choices:
            - emulate
            - host
            - sysinfo
          bios:
            description: Options of a guest's BIOS firmware (libvirt's C(bios)).
            type: dict
            suboptions:
              useserial:
                description: Whether the BIOS shows its messages on the first serial port (libvirt's
                  C(useserial)).
                type: bool
              reboot_timeout:
                description: Milliseconds until the BIOS boots again after a failed boot (libvirt's
                  C(rebootTimeout)). V(-1) is never.
                type: int
          acpi_tables:
            description: ACPI tables that are added to those of the machine (libvirt's C(acpi
              table)).
            type: list
            elements: dict
            suboptions:
              type:
                description: Kind of ACPI table (libvirt's table C(type)), such as V(slic) for
                  a software licence.
                type: str
                choices:
                - raw
                - rawset
                - slic
                - msdm
              path:
                description: Path of the file on the host with the ACPI table.
                type: str
          init:
            description: Path of the first program to run in a container (libvirt's C(init)),
              such as V(/bin/sh).
            type: str
          initargs:
            description: Arguments of the container's first program (libvirt's C(initarg)).
            type: list
            elements: str
          initenv:
            description:
            - Environment variables of the container's first program (libvirt's C(initenv)).
            - A name that is left out stays as it is; V(null) takes a name away.
            type: dict
          initdir:
            description: Working directory of the container's first program (libvirt's C(initdir)).
            type: str
          inituser:
            description: 'User that the container''s first program runs as (libvirt''s C(inituser)):
              a name or a numeric id.'
            type: str
          initgroup:
            description: 'Group that the container''s first program runs as (libvirt''s C(initgroup)):
              a name or a numeric id.'
            type: str
      sysinfo:
        description: Data about its system that the guest reads from the firmware (libvirt's
          C(sysinfo)).
        type: list
        elements: dict
        suboptions:
          type:
            description: 'Where the guest reads the data (libvirt''s sysinfo C(type)): V(smbios)
              tables, or V(fwcfg), QEMU''s firmware configuration.'
            type: str
            choices:
            - smbios
            - fwcfg
          bios:
            description:
            - BIOS fields that the guest reads from SMBIOS (libvirt's sysinfo C(bios)).
            - A name that is left out stays as it is; V(null) takes a name away.
            - Names are V(vendor), V(version), V(date), V(release).
            type: dict
          system:
            description:
            - System fields that the guest reads from SMBIOS (libvirt's sysinfo C(system)),
              such as the serial number.
            - A name that is left out stays as it is; V(null) takes a name away.
            - Names are V(manufacturer), V(product), V(version), V(serial), V(uuid), V(sku),
              V(family).
            type: dict
          base_boards:
            description: Base boards that the guest reads from SMBIOS (libvirt's sysinfo C(baseBoard)).
            type: list
            elements: dict
            suboptions:
              entries:
                description:
                - Fields of the board, by name (libvirt's C(entry)).
                - A name that is left out stays as it is; V(null) takes a name away.
                - Names are V(manufacturer), V(product), V(version), V(serial), V(asset), V(location).
                type: dict
          chassis:
            description:
            - Chassis fields that the guest reads from SMBIOS (libvirt's sysinfo C(chassis)).
            - A name that is left out stays as it is; V(null) takes a name away.
            - Names are V(manufacturer), V(version), V(serial), V(asset), V(sku).
            type: dict
          oem_strings:
            description: Strings of your own that the guest reads from SMBIOS (libvirt's sysinfo
              C(oemStrings)), as systemd does for credentials.
            type: list
            elements: str
          entries:
            description: Entries of QEMU's firmware configuration that the guest reads (libvirt's
              C(fwcfg)).
            type: list
            elements: dict
            suboptions:
              name:
                description: Name of the entry (libvirt's entry C(name)), such as V(opt/org.example/name).
                type: str
              value:
                description: Text that the entry holds; give either this or C(file).
                type: str
              file:
                description: Path of a file on the host whose content the entry holds (libvirt's
                  entry C(file)).
                type: str
      cloud_init:
        description: 'Options of cloud-init, which sets the guest up at its first boot. They
          are kept in a volume, the seed, which the guest has as a read-only disk: see the page
          C(docs/cloud-init.md). V(null) takes the seed away.'
        type: dict
        suboptions:
          datasource:
            description: 'What reads the seed in the guest. V(nocloud), the default, is cloud-init''s
              data source NoCloud. V(configdrive) is for cloudbase-init in Windows: the seed
              is a config drive of OpenStack on a USB disk, and options that make no sense there
              are refused.'
            type: str
            choices:
            - nocloud
            - configdrive
          hostname:
            description: Host name that the guest gives itself. Left out, it is the name of
              the guest.
            type: str
          fqdn:
            description: Host name with its domain, such as V(web.example.com) (cloud-init's
              C(fqdn)).
            type: str
          users:
            description:
            - Users to create in the guest. Left out, the image makes the one that it has; in
              a list, that one is called V(default).
            - You can write the C(name) alone, as a text, in place of an item.
            type: list
            elements: dict
            suboptions:
              name:
                description: Name of the user. V(default) stands for the user that the image
                  has.
                type: str
              gecos:
                description: Full name of the user, as in C(/etc/passwd) (cloud-init's C(gecos)).
                type: str
              groups:
                description: Groups that the user is in, besides the primary one.
                type: list
                elements: str
              primary_group:
                description: Primary group of the user. Left out, a group with the name of the
                  user is made.
                type: str
              sudo:
                description: Rule of sudo for the user, such as V(ALL=(ALL\) NOPASSWD:ALL);
                  V(false) for none.
                type: raw
              shell:
                description: Login shell of the user, such as V(/bin/bash).
                type: str
              homedir:
                description: Home directory of the user, such as V(/home/ada).
                type: str
              uid:
                description: Numeric id of the user, such as V(1001).
                type: int
              system:
                description: Whether the user is a system user, which has no home directory.
                type: bool
              no_create_home:
                description: Whether the user gets no home directory (cloud-init's C(no_create_home)).
                type: bool
              no_user_group:
                description: Whether the user gets no group of the same name (cloud-init's C(no_user_group)).
                type: bool
              lock_passwd:
                description: Whether the user cannot log in with a password. Left out, cloud-init
                  locks the password.
                type: bool
              passwd:
                description: Hash of the user's password, such as C(openssl passwd -6) makes.
                type: str
              ssh_authorized_keys:
                description: Public SSH keys that may log in as the user, each as a line of
                  C(authorized_keys).
                type: list
                elements: str
              ssh_import_id:
                description: Where cloud-init gets public SSH keys for the user, such as V(gh:NAME)
                  for GitHub.
                type: list
                elements: str
              expiredate:
                description: Date on which the account ends, such as V('2030-01-31').
                type: str
              inactive:
                description: Days after the end of the password until the account is closed.
                type: int
          ssh_authorized_keys:
            description: Public SSH keys that may log in as the user that the image has.
            type: list
            elements: str
          password:
            description: Hash of the password of the user that the image has, such as C(openssl
              passwd -6) makes. The password itself is refused.
            type: str
          packages:
            description: Names of packages to install at the first boot.
            type: list
            elements: str
          runcmd:
            description: 'Commands to run once, at the end of the first boot: each a line for
              the shell, or a list of words.'
            type: raw
          write_files:
            description: Files to write into the guest at the first boot.
            type: list
            elements: dict
            suboptions:
              path:
                description: Path of the file in the guest, such as V(/etc/motd); in Windows,
                  such as V(C:/ProgramData/motd).
                type: str
              content:
                description: Content that is written into the file.
                type: str
              encoding:
                description: Encoding in which C(content) is given here. Left out, it is plain
                  text.
                type: str
                choices:
                - text/plain
                - b64
                - gzip
                - gz+b64
              owner:
                description: Owner and group of the file, as V(USER:GROUP). Left out, V(root:root).
                type: str
              permissions:
                description: Mode of the file in octal digits, in quotes, such as V('0600').
                  Left out, V('0644').
                type: str
              append:
                description: Whether the content is added to a file that exists already.
                type: bool
              defer:
                description: Whether the file is written at the end, once users and packages
                  are there (cloud-init's C(defer)).
                type: bool
          timezone:
            description: Time zone of the guest, such as V(Europe/Vienna).
            type: str
          user_data:
            description: More entries of the cloud-config, which win over those of the other
              options; or, as a text, the whole user data.
            type: raw
          vendor_data:
            description: Vendor data for cloud-init. Where user data says something else, that
              wins.
            type: raw
          meta_data:
            description: More entries of cloud-init's meta-data, such as V(public-keys).
            type: raw
          network:
            description: 'Network configuration of the guest. V(auto), the default, sets up
              each interface by its MAC address: with the address that O(config[].cloud_init.addresses)
              has for it, else by DHCP. V(none) leaves it to the image. A dictionary is network-config
              of version 2.'
            type: raw
          addresses:
            description: 'Fixed IP addresses of interfaces, with C(network: auto).'
            type: list
            elements: dict
            suboptions:
              mac:
                description: MAC address of the guest's interface that gets the address.
                type: str
              address:
                description: IP address with its prefix, such as V(192.0.2.21/24).
                type: str
              gateway:
                description: Address of the router to all other networks (the default gateway).
                type: str
              nameservers:
                description: Addresses of the name servers that the guest asks.
                type: list
                elements: str
          instance_id:
            description: What to do with a guest that has booted with the seed before it changed.
              V(keep), the default, leaves it the same instance, in which cloud-init does no
              more than at each boot. V(renew) makes it a new one, in which cloud-init does
              everything again.
            type: str
            choices:
            - keep
            - renew
      clock:
        description: Clock of the guest and its timers (libvirt's C(clock)).
        type: dict
        suboptions:
          offset:
            description: Time that the guest's clock shows at the start (libvirt's clock C(offset)).
              Linux expects V(utc), Windows V(localtime).
            type: str
            choices:
            - utc
            - localtime
            - timezone
            - variable
            - absolute
          adjustment:
            description:
            - Seconds that the clock is ahead of C(basis) at the start (libvirt's C(adjustment)),
              or V(reset).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          timezone:
            description: Time zone of the clock (libvirt's C(timezone)), such as V(Europe/Berlin).
            type: str
          basis:
            description: 'Time that the adjustment is added to (libvirt''s C(basis)): V(utc),
              or V(localtime) of the host.'
            type: str
            choices:
            - utc
            - localtime
          start:
            description: Time that the clock shows at each start, in seconds since 1970 (libvirt's
              C(start)).
            type: int
          timers:
            description: Timers of the guest, each by its name (libvirt's C(timer)).
            type: list
            elements: dict
            suboptions:
              name:
                description: Name of the timer (libvirt's C(name)), such as V(rtc) or V(hpet).
                type: str
                choices:
                - platform
                - rtc
                - tsc
                - hpet
                - pit
                - kvmclock
                - hypervclock
                - armvtimer
              present:
                description: Whether the guest has this timer (libvirt's C(present)).
                type: bool
              track:
                description: 'Time that the timer follows (libvirt''s C(track)): V(boot), V(guest),
                  or V(wall) for the host''s clock.'
                type: str
                choices:
                - boot
                - guest
                - wall
                - realtime
              tickpolicy:
                description: 'What to do with ticks that the guest missed (libvirt''s C(tickpolicy)):
                  V(delay) delivers them late, V(catchup) faster than usual, V(merge) as one,
                  V(discard) not at all.'
                type: str
                choices:
                - delay
                - catchup
                - merge
                - discard
              frequency:
                description: Frequency of the C(tsc) timer, in hertz (libvirt's C(frequency)).
                type: int
              mode:
                description: 'How the C(tsc) timer is provided (libvirt''s C(mode)): V(native)
                  by the CPU, V(emulate) by the host.'
                type: str
                choices:
                - auto
                - native
                - emulate
                - paravirt
                - smpsafe
              catchup:
                description: Limits for catching up with missed ticks (libvirt's C(catchup)),
                  with tickpolicy V(catchup).
                type: dict
                suboptions:
                  threshold:
                    description: Nanoseconds that the timer may be late before catching up begins
                      (libvirt's C(threshold)).
                    type: int
                  slew:
                    description: Rate at which missed ticks are delivered (libvirt's C(slew)).
                    type: int
                  limit:
                    description: Nanoseconds that the timer may be late before catching up is
                      given up (libvirt's C(limit)).
                    type: int
      features:
        description: Features of the virtual machine to switch on or off (libvirt's C(features)),
          such as ACPI.
        type: dict
        suboptions:
          acpi:
            description: Whether the guest has ACPI, through which it is asked to shut down
              (libvirt's C(acpi)). New guests on x86 have it.
            type: bool
          apic:
            description: Whether the guest has an APIC, the interrupt controller for several
              CPUs (libvirt's C(apic)). New guests on x86 have it.
            type: bool
          apic_eoi:
            description: Whether the guest can signal the end of an interrupt without an exit
              to the host (libvirt's apic C(eoi)).
            type: bool
          pae:
            description: Whether a 32-bit guest can use more than 4 GiB of memory (libvirt's
              C(pae)).
            type: bool
          privnet:
            description: Whether a container has a network namespace of its own (libvirt's C(privnet)).
            type: bool
          viridian:
            description: Whether a guest on Xen sees the features of Hyper-V (libvirt's C(viridian)).
            type: bool
          hap:
            description: Whether the hardware translates the guest's memory addresses on Xen
              (libvirt's C(hap)).
            type: bool
          hyperv:
            description: Features of Hyper-V that make Windows run better (libvirt's C(hyperv)).
            type: dict
            suboptions:
              relaxed:
                description: Whether Windows relaxes its checks of timers (Hyper-V C(relaxed)),
                  so that a busy host makes it no blue screen.
                type: bool
              vapic:
                description: Whether the guest has a virtual interrupt controller that saves
                  exits (Hyper-V C(vapic)).
                type: bool
              vpindex:
                description: Whether the guest can read the number of the virtual processor
                  (Hyper-V C(vpindex)).
                type: bool
              runtime:
                description: Whether the guest can read the time that its processors ran (Hyper-V
                  C(runtime)).
                type: bool
              synic:
                description: Whether the guest has the synthetic interrupt controller of Hyper-V
                  (Hyper-V C(synic)).
                type: bool
              reset:
                description: Whether the guest can reset itself through the hypervisor (Hyper-V
                  C(reset)).
                type: bool
              frequencies:
                description: Whether the guest can read the frequencies of its time counter
                  and interrupt controller (Hyper-V C(frequencies)).
                type: bool
              reenlightenment:
                description: Whether the guest is told when its time counter changes at a migration
                  (Hyper-V C(reenlightenment)), for nested guests.
                type: bool
              ipi:
                description: Whether the guest sends interrupts between processors by a call
                  to the hypervisor (Hyper-V C(ipi)).
                type: bool
              evmcs:
                description: Whether Hyper-V in the guest runs nested guests faster on Intel
                  processors (Hyper-V C(evmcs)).
                type: bool
              avic:
                description: Whether interrupts use the hardware, APICv or AVIC, together with
                  C(synic) (Hyper-V C(avic)).
                type: bool
              emsr_bitmap:
                description: Whether nested guests avoid exits by a bitmap of changed registers
                  (Hyper-V C(emsr_bitmap)).
                type: bool
              xmm_input:
                description: Whether calls to the hypervisor may pass their input in XMM registers
                  (Hyper-V C(xmm_input)).
                type: bool
              mode:
                description:
                - 'How Hyper-V features are chosen (libvirt''s hyperv C(mode)): V(custom) has
                  those that are listed, V(passthrough) all that the host supports.'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - custom
                - passthrough
              spinlocks:
                description: Report of the guest when it waits long for a lock (Hyper-V C(spinlocks)).
                type: dict
                suboptions:
                  state:
                    description: Whether waiting for locks is reported to the hypervisor (libvirt's
                      C(state)).
                    type: bool
                  retries:
                    description: Number of attempts at a lock before the guest tells the hypervisor
                      (libvirt's spinlocks C(retries)), 4095 at least.
                    type: int
              stimer:
                description: Synthetic timers, which cost Windows less than other ones (Hyper-V
                  C(stimer)).
                type: dict
                suboptions:
                  state:
                    description: Whether the guest has synthetic timers (libvirt's C(state)).
                    type: bool
                  direct:
                    description: Whether synthetic timers raise interrupts directly (libvirt's
                      stimer C(direct)).
                    type: bool
              vendor_id:
                description: Vendor of the hypervisor that the guest reads (Hyper-V C(vendor_id)).
                type: dict
                suboptions:
                  state:
                    description: Whether the vendor is set (libvirt's C(state)).
                    type: bool
                  value:
                    description: Vendor that the guest reads (libvirt's vendor_id C(value)),
                      of up to 12 characters.
                    type: str
              tlbflush:
                description: Flushes of address translations by the hypervisor (Hyper-V C(tlbflush)),
                  which spare busy hosts work.
                type: dict
                suboptions:
                  state:
                    description: Whether the guest flushes address translations by a call to
                      the hypervisor (libvirt's C(state)).
                    type: bool
                  direct:
                    description: Whether a nested guest calls the hypervisor for flushes directly
                      (libvirt's tlbflush C(direct)).
                    type: bool
                  extended:
                    description: Whether one call can flush only some ranges of addresses (libvirt's
                      tlbflush C(extended)).
                    type: bool
          kvm:
            description: Features of KVM that the guest sees (libvirt's C(kvm)).
            type: dict
            suboptions:
              hidden:
                description: Whether the guest cannot see that it runs on KVM (libvirt's kvm
                  C(hidden)). Some drivers refuse to work where they see it.
                type: bool
              hint_dedicated:
                description: Whether the guest is told that its virtual CPUs have host CPUs
                  of their own (libvirt's C(hint-dedicated)).
                type: bool
              poll_control:
                description: Whether the guest may poll for work before it halts, and stop the
                  host from polling for it (libvirt's C(poll-control)).
                type: bool
              pv_ipi:
                description: Whether the guest sends interrupts between processors by a call
                  to the host (libvirt's C(pv-ipi)).
                type: bool
              dirty_ring:
                description: Ring in which KVM notes changed pages of memory, which helps migration
                  (libvirt's C(dirty-ring)).
                type: dict
                suboptions:
                  state:
                    description: Whether KVM keeps a ring of changed pages (libvirt's C(state)).
                    type: bool
                  size:
                    description: 'Number of entries in the ring (libvirt''s dirty-ring C(size)):
                      a power of two from V(1024) to V(65536).'
                    type: int
          xen:
            description: Features of Xen for the guest (libvirt's C(xen)).
            type: dict
            suboptions:
              e820_host:
                description: Whether a guest on Xen sees the host's memory map (libvirt's C(e820_host)).
                type: bool
              passthrough:
                description: Passing of host PCI devices to the guest on Xen (libvirt's C(passthrough)).
                type: dict
                suboptions:
                  state:
                    description: Whether host devices can be passed to the guest on Xen (libvirt's
                      C(state)).
                    type: bool
                  mode:
                    description: 'How the tables of translations for host devices are kept (libvirt''s
                      passthrough C(mode)): V(sync_pt) apart from those of the CPU, V(share_pt)
                      together.'
                    type: str
                    choices:
                    - sync_pt
                    - share_pt
          pvspinlock:
            description: Whether the guest tells the host when it waits long for a lock (libvirt's
              C(pvspinlock)).
            type: bool
          pmu:
            description: Whether the guest has performance counters of the CPU (libvirt's C(pmu)).
            type: bool
          vmport:
            description: Whether the guest has the I/O port of VMware's tools (libvirt's C(vmport)).
            type: bool
          vmcoreinfo:
            description: Whether the guest can leave debug data for memory dumps with the host
              (libvirt's C(vmcoreinfo)).
            type: bool
          htm:
            description: Whether a guest on POWER has hardware transactional memory (libvirt's
              C(htm)).
            type: bool
          nested_hv:
            description: Whether a guest on POWER can run guests of its own (libvirt's C(nested-hv)).
            type: bool
          ccf_assist:
            description: Whether the host helps a guest on POWER to flush the count cache (libvirt's
              C(ccf-assist)).
            type: bool
          ras:
            description: Whether memory errors of the host are reported to a guest on ARM (libvirt's
              C(ras)).
            type: bool
          ps2:
            description: Whether the guest has a PS/2 controller with keyboard and mouse (libvirt's
              C(ps2)).
            type: bool
          gic:
            description:
            - Version of the interrupt controller on ARM (libvirt's gic C(version)), such as
              V(3).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - host
            - '2'
            - '3'
            - '4'
          aia:
            description: Kind of the interrupt controller on RISC-V (libvirt's C(aia value)).
            type: str
            choices:
            - none
            - aplic
            - aplic-imsic
          smm:
            description: System Management Mode of x86 (libvirt's C(smm)), which Secure Boot
              needs.
            type: dict
            suboptions:
              state:
                description:
                - Whether the guest has the system management mode (libvirt's C(state)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              tseg:
                description: Memory that is reserved for the system management mode (libvirt's
                  C(tseg)), such as V(48MiB).
                type: str
          ioapic:
            description:
            - 'Program that runs the I/O APIC (libvirt''s ioapic C(driver)): V(kvm) in the kernel,
              or V(qemu).'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - qemu
            - kvm
          hpt:
            description: Hash table of memory pages of a guest on POWER (libvirt's C(hpt)).
            type: dict
            suboptions:
              resizing:
                description: Whether the guest may resize the table (libvirt's hpt C(resizing)).
                type: str
                choices:
                - enabled
                - disabled
                - required
              maxpagesize:
                description: Size of the largest page that the guest may use (libvirt's C(maxpagesize)),
                  such as V(16MiB).
                type: str
          msrs:
            description: 'What happens when the guest uses an unknown CPU register (libvirt''s
              msrs C(unknown)): V(ignore) goes on, V(fault) raises an error in the guest.'
            type: str
            choices:
            - ignore
            - fault
          cfpc:
            description: Protection of the cache on privilege change, on POWER (libvirt's C(cfpc)).
            type: str
            choices:
            - broken
            - workaround
            - fixed
          sbbc:
            description: Protection against speculation past bounds checks, on POWER (libvirt's
              C(sbbc)).
            type: str
            choices:
            - broken
            - workaround
            - fixed
          ibs:
            description: Protection against speculation at indirect branches, on POWER (libvirt's
              C(ibs)).
            type: str
            choices:
            - broken
            - workaround
            - fixed-ibs
            - fixed-ccd
            - fixed-na
          tcg_tb_cache:
            description: Size of the cache for translated code under emulation (libvirt's C(tb-cache)),
              such as V(128MiB).
            type: str
          async_teardown:
            description: Whether QEMU frees the guest's memory in the background when it ends
              (libvirt's C(async-teardown)).
            type: bool
          capabilities_policy:
            description:
            - 'Capabilities of the kernel that a container has by default (libvirt''s capabilities
              C(policy)): V(default) a safe selection, V(allow) all, V(deny) none.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - default
            - allow
            - deny
          capabilities:
            description: Capabilities of the kernel that are given to a container or kept from
              it, one by one (libvirt's C(capabilities)).
            type: dict
            suboptions:
              audit_control:
                description: Whether the container has the capability C(CAP_AUDIT_CONTROL).
                type: bool
              audit_write:
                description: Whether the container has the capability C(CAP_AUDIT_WRITE).
                type: bool
              block_suspend:
                description: Whether the container has the capability C(CAP_BLOCK_SUSPEND).
                type: bool
              chown:
                description: Whether the container has the capability C(CAP_CHOWN).
                type: bool
              dac_override:
                description: Whether the container has the capability C(CAP_DAC_OVERRIDE).
                type: bool
              dac_read_search:
                description: Whether the container has the capability C(CAP_DAC_READ_SEARCH).
                type: bool
              fowner:
                description: Whether the container has the capability C(CAP_FOWNER).
                type: bool
              fsetid:
                description: Whether the container has the capability C(CAP_FSETID).
                type: bool
              ipc_lock:
                description: Whether the container has the capability C(CAP_IPC_LOCK).
                type: bool
              ipc_owner:
                description: Whether the container has the capability C(CAP_IPC_OWNER).
                type: bool
              kill:
                description: Whether the container has the capability C(CAP_KILL).
                type: bool
              lease:
                description: Whether the container has the capability C(CAP_LEASE).
                type: bool
              linux_immutable:
                description: Whether the container has the capability C(CAP_LINUX_IMMUTABLE).
                type: bool
              mac_admin:
                description: Whether the container has the capability C(CAP_MAC_ADMIN).
                type: bool
              mac_override:
                description: Whether the container has the capability C(CAP_MAC_OVERRIDE).
                type: bool
              mknod:
                description: Whether the container has the capability C(CAP_MKNOD).
                type: bool
              net_admin:
                description: Whether the container has the capability C(CAP_NET_ADMIN).
                type: bool
              net_bind_service:
                description: Whether the container has the capability C(CAP_NET_BIND_SERVICE).
                type: bool
              net_broadcast:
                description: Whether the container has the capability C(CAP_NET_BROADCAST).
                type: bool
              net_raw:
                description: Whether the container has the capability C(CAP_NET_RAW).
                type: bool
              setgid:
                description: Whether the container has the capability C(CAP_SETGID).
                type: bool
              setfcap:
                description: Whether the container has the capability C(CAP_SETFCAP).
                type: bool
              setpcap:
                description: Whether the container has the capability C(CAP_SETPCAP).
                type: bool
              setuid:
                description: Whether the container has the capability C(CAP_SETUID).
                type: bool
              sys_admin:
                description: Whether the container has the capability C(CAP_SYS_ADMIN).
                type: bool
              sys_boot:
                description: Whether the container has the capability C(CAP_SYS_BOOT).
                type: bool
              sys_chroot:
                description: Whether the container has the capability C(CAP_SYS_CHROOT).
                type: bool
              sys_module:
                description: Whether the container has the capability C(CAP_SYS_MODULE).
                type: bool
              sys_nice:
                description: Whether the container has the capability C(CAP_SYS_NICE).
                type: bool
              sys_pacct:
                description: Whether the container has the capability C(CAP_SYS_PACCT).
                type: bool
              sys_ptrace:
                description: Whether the container has the capability C(CAP_SYS_PTRACE).
                type: bool
              sys_rawio:
                description: Whether the container has the capability C(CAP_SYS_RAWIO).
                type: bool
              sys_resource:
                description: Whether the container has the capability C(CAP_SYS_RESOURCE).
                type: bool
              sys_time:
                description: Whether the container has the capability C(CAP_SYS_TIME).
                type: bool
              sys_tty_config:
                description: Whether the container has the capability C(CAP_SYS_TTY_CONFIG).
                type: bool
              syslog:
                description: Whether the container has the capability C(CAP_SYSLOG).
                type: bool
              wake_alarm:
                description: Whether the container has the capability C(CAP_WAKE_ALARM).
                type: bool
      on_poweroff:
        description: 'What happens when the guest shuts down (libvirt''s C(on_poweroff)): V(destroy)
          ends it, V(restart) starts it again, V(preserve) keeps it for analysis.'
        type: str
        choices:
        - destroy
        - restart
        - preserve
        - rename-restart
      on_reboot:
        description: 'What happens when the guest reboots (libvirt''s C(on_reboot)): V(restart)
          starts it again, V(destroy) ends it.'
        type: str
        choices:
        - destroy
        - restart
        - preserve
        - rename-restart
      on_crash:
        description: What happens when the guest crashes (libvirt's C(on_crash)). V(coredump-destroy)
          and V(coredump-restart) first write its memory to a file on the host.
        type: str
        choices:
        - destroy
        - restart
        - preserve
        - rename-restart
        - coredump-destroy
        - coredump-restart
      on_lockfailure:
        description: What happens when the guest loses a lease of the lock manager (libvirt's
          C(on_lockfailure)).
        type: str
        choices:
        - poweroff
        - restart
        - pause
        - ignore
      pm:
        description: Sleep states that the firmware offers to the guest (libvirt's C(pm)).
        type: dict
        suboptions:
          suspend_to_mem:
            description: Whether the guest can sleep (ACPI S3, libvirt's C(suspend-to-mem)).
            type: bool
          suspend_to_disk:
            description: Whether the guest can hibernate (ACPI S4, libvirt's C(suspend-to-disk)).
            type: bool
      emulator:
        description:
        - Path of the program on the host that runs the guest (libvirt's C(emulator)), such
          as V(/usr/bin/qemu-system-x86_64).
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: str
      clone_of:
        description: 'Guest of the same host, by its name, that a new guest begins as: with
          its options and with copies of its disks. It has to be switched off meanwhile. What
          is declared of the new guest counts before what the other one has. UUID and MAC addresses
          are new, and so are the seed, the variables of a UEFI and the state of a TPM. A guest
          that is there is never cloned again. The page C(docs/clones.md) says what a copy has
          in common with the other guest.'
        type: str
      clone_mode:
        description: 'What the disks of a clone are: a full V(copy), or an V(overlay) over that
          of the other guest, which must never be started again then. Left out, it is V(copy).'
        type: str
        choices:
        - copy
        - overlay
      image:
        description: Image that the first disk of the guest is made from, short for O(config[].disks[].image)
          there. Without O(config[].disks), a new guest gets one disk of it, which is as large
          as the image, and a guest that is there keeps the disks that it has.
        type: str
      disks:
        description: Disks, CD-ROM and floppy drives of the guest (libvirt's C(disk)).
        type: list
        elements: dict
        suboptions:
          type:
            description: Kind of source that the image is on (libvirt's disk C(type)). Leave
              it out where another option tells it, such as C(file).
            type: str
            choices:
            - file
            - block
            - dir
            - network
            - volume
            - nvme
            - vhostuser
            - vhostvdpa
          file:
            description: Path of the image file on the host (libvirt's source C(file)), such
              as V(/var/lib/libvirt/images/web.qcow2).
            type: str
          source:
            description: Further options of where the image is (libvirt's C(source)).
            type: dict
            suboptions:
              startup_policy:
                description: What to do when the file or device is missing (libvirt's C(startupPolicy)).
                  V(mandatory) refuses to start; V(requisite) refuses at a boot, but goes on
                  without it after a migration or restore; V(optional) always goes on without
                  it.
                type: str
                choices:
                - mandatory
                - requisite
                - optional
              fdgroup:
                description: Name of a group of open files that a program passed to libvirt
                  (libvirt's C(fdgroup)).
                type: str
              index:
                description:
                - Position of the image in its backing chain (libvirt's C(index)), by which
                  block jobs name it.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              slices:
                description:
                - Part of the file or device that the image takes up (libvirt's C(slices)).
                - Its options are those of O(config[].os.nvram.source.slices).
                type: list
                elements: dict
              encryption:
                description:
                - Encryption of the image and its passphrase (libvirt's C(encryption)).
                - Its options are those of O(config[].os.nvram.source.encryption).
                type: dict
              seclabels:
                description:
                - Security labels of what the device uses on the host, where they differ from
                  those of the guest (libvirt's C(seclabel)).
                - Its options are those of O(config[].os.nvram.source.seclabels).
                type: list
                elements: dict
              data_store:
                description: File that holds the data of a qcow2 image that has only the metadata
                  itself (libvirt's C(dataStore)).
                type: dict
                suboptions:
                  type:
                    description: Kind of source that the image is on (libvirt's disk C(type)).
                      Leave it out where another option tells it, such as C(file).
                    type: str
                    choices:
                    - file
                    - block
                    - dir
                    - network
                    - volume
                    - nvme
                    - vhostuser
                    - vhostvdpa
                  file:
                    description: Path of the image file on the host (libvirt's source C(file)),
                      such as V(/var/lib/libvirt/images/web.qcow2).
                    type: str
                  source:
                    description:
                    - Further options of where the image is (libvirt's C(source)).
                    - Its options are those of O(config[].os.nvram.source).
                    type: dict
                  block:
                    description: Path of the block device on the host (libvirt's source C(dev)),
                      such as V(/dev/vg0/web).
                    type: str
                  dir:
                    description: Path of a directory on the host that the guest sees as a disk
                      with a FAT file system (libvirt's source C(dir)).
                    type: str
                  volume:
                    description: Name of a storage volume in its pool (libvirt's source C(volume)).
                      Name another pool in C(pool), and not here as C(POOL/VOLUME).
                    type: str
                  pool:
                    description: Name of the pool that the volume is in (libvirt's source C(pool)).
                      Left out, it is V(default).
                    type: str
                  protocol:
                    description: Protocol of the server that has the image (libvirt's source
                      C(protocol)), such as V(rbd) for Ceph.
                    type: str
                    choices:
                    - rbd
                    - iscsi
                    - nbd
                    - gluster
                    - http
                    - https
                    - ftp
                    - ftps
                    - tftp
                    - ssh
                    - nfs
                    - sheepdog
                    - vxhs
                  format:
                    description: Format of the image (libvirt's format C(type)), such as V(qcow2).
                    type: str
                    choices:
                    - raw
                    - qcow2
                    - bochs
                    - cloop
                    - cow
                    - dir
                    - dmg
                    - fat
                    - iso
                    - ploop
                    - qcow
                    - qed
                    - vdi
                    - vhd
                    - vmdk
                    - vpc
                  format_options:
                    description: Further options of the image's format (libvirt's C(format)).
                    type: dict
                    suboptions:
                      metadata_cache:
                        description: Largest cache for metadata of a qcow2 image (libvirt's
                          C(metadata_cache)), such as V(8MiB).
                        type: str
          block:
            description: Path of the block device on the host (libvirt's source C(dev)), such
              as V(/dev/vg0/web).
            type: str
          dir:
            description: Path of a directory on the host that the guest sees as a disk with
              a FAT file system (libvirt's source C(dir)).
            type: str
          volume:
            description: Name of a storage volume in its pool (libvirt's source C(volume)).
              Name another pool in C(pool), and not here as C(POOL/VOLUME).
            type: str
          pool:
            description: Name of the pool that the volume is in (libvirt's source C(pool)).
              Left out, it is V(default).
            type: str
          protocol:
            description: Protocol of the server that has the image (libvirt's source C(protocol)),
              such as V(rbd) for Ceph.
            type: str
            choices:
            - rbd
            - iscsi
            - nbd
            - gluster
            - http
            - https
            - ftp
            - ftps
            - tftp
            - ssh
            - nfs
            - sheepdog
            - vxhs
          device:
            description: 'Kind of drive that the guest sees (libvirt''s disk C(device)): V(disk),
              V(cdrom) or V(floppy); V(lun) also passes SCSI commands through to the device.'
            type: str
            choices:
            - disk
            - cdrom
            - floppy
            - lun
          model:
            description:
            - Version of virtio that the device speaks (libvirt's C(model)). V(virtio-transitional)
              speaks 0.9 and 1.0, V(virtio-non-transitional) only 1.0.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - virtio
            - virtio-transitional
            - virtio-non-transitional
          bus:
            description:
            - Bus that the disk is attached to (libvirt's target C(bus)), such as V(virtio),
              V(scsi), V(sata) or V(usb). A new disk is on V(virtio), a new CD-ROM on V(sata).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - virtio
            - scsi
            - sata
            - ide
            - usb
            - fdc
            - sd
            - nvme
            - xen
            - uml
          target:
            description:
            - Name that orders the disks of a bus (libvirt's target C(dev)), such as V(vda).
              The guest may call the disk something else. A new disk takes the next free name.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          format:
            description:
            - 'Format of the image (libvirt''s driver C(type)). Left out, a disk that stays
              where it is keeps its format. A disk that is made (C(size), C(image) or C(backing))
              gets the format that the ending of its O(config[].disks[].volume) tells, V(raw)
              for C(.raw) and C(.img), else V(qcow2); in a pool of devices it is V(raw), and
              with O(config[].disks[].backing) always V(qcow2). Any other new disk, and one
              that moves to another file or volume, gets the format that was noted when its
              volume was made, or that other guests give for it; where there is none, the one
              that the ending of its file or volume tells, else V(raw). Where the first bytes
              of the file tell another format than the ending, give it: a guest may have written
              them. A format that contradicts what was noted is refused.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - raw
            - qcow2
            - bochs
            - cloop
            - cow
            - dir
            - dmg
            - fat
            - iso
            - ploop
            - qcow
            - qed
            - vdi
            - vhd
            - vmdk
            - vpc
          driver:
            description: Options of how the host serves the disk (libvirt's C(driver)), such
              as caching.
            type: dict
            suboptions:
              name:
                description:
                - Driver on the host that serves the disk (libvirt's driver C(name)), such as
                  V(qemu).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              cache:
                description: How the host caches the disk (libvirt's C(cache)). V(none) and
                  V(directsync) go past the host's page cache; V(writethrough) and V(directsync)
                  wait until each write is on the device; V(unsafe) ignores the guest's requests
                  to flush.
                type: str
                choices:
                - default
                - none
                - writeback
                - writethrough
                - directsync
                - unsafe
              error_policy:
                description: 'What to do at an error in writing (libvirt''s C(error_policy)):
                  V(stop) pauses the guest, V(report) tells the guest, V(enospace) pauses it
                  only where space ran out. It holds for reading too, unless C(rerror_policy)
                  is given.'
                type: str
                choices:
                - stop
                - report
                - ignore
                - enospace
              rerror_policy:
                description: 'What to do at an error in reading (libvirt''s C(rerror_policy)):
                  V(stop) pauses the guest, V(report) tells the guest.'
                type: str
                choices:
                - stop
                - report
                - ignore
              io:
                description: 'How QEMU reads and writes the image (libvirt''s C(io)): by V(threads),
                  by V(native) Linux AIO, or by V(io_uring).'
                type: str
                choices:
                - threads
                - native
                - io_uring
              ioeventfd:
                description: Whether a separate thread handles the disk's I/O while the virtual
                  CPU goes on (libvirt's C(ioeventfd)).
                type: bool
              event_idx:
                description: Whether a virtio disk saves interrupts by bundling its events (libvirt's
                  C(event_idx)).
                type: bool
              copy_on_read:
                description: Whether data that is read from a backing image is copied into the
                  image (libvirt's C(copy_on_read)).
                type: bool
              discard:
                description: What to do with blocks that the guest frees, as by C(fstrim) (libvirt's
                  C(discard)). V(unmap) gives the space back to the host; V(ignore) keeps it.
                type: str
                choices:
                - unmap
                - ignore
              discard_no_unref:
                description: Whether blocks that the guest frees stay allocated in a qcow2 image
                  (libvirt's C(discard_no_unref)), which avoids fragmentation.
                type: bool
              detect_zeroes:
                description: Whether QEMU detects writes of zeroes and saves their space or
                  time (libvirt's C(detect_zeroes)). V(unmap) also frees the space, where C(discard)
                  allows it.
                type: str
                choices:
                - 'off'
                - 'on'
                - unmap
              iothread:
                description: Number of the IO thread that serves the whole disk (libvirt's C(iothread)),
                  as in O(config[].iothreadids).
                type: int
              queues:
                description: Number of queues of a virtio disk (libvirt's C(queues)), such as
                  V(4).
                type: int
              queue_size:
                description: Number of requests that fit in each queue of a virtio disk (libvirt's
                  C(queue_size)), such as V(256).
                type: int
              iommu:
                description: Whether a virtio device uses the guest's virtual IOMMU (libvirt's
                  driver C(iommu)).
                type: bool
              ats:
                description: Whether a virtio device supports Address Translation Service on
                  PCIe (libvirt's driver C(ats)).
                type: bool
              packed:
                description: Whether a virtio device may use packed virtqueues (libvirt's driver
                  C(packed)).
                type: bool
              page_per_vq:
                description: Whether each queue of a virtio device has a memory page of its
                  own for notifications (libvirt's driver C(page_per_vq)). It is meant for vDPA.
                type: bool
              metadata_cache:
                description: Largest cache for metadata of a qcow2 image (libvirt's C(metadata_cache)),
                  such as V(8MiB).
                type: str
              iothreads:
                description: IO threads that serve the queues of a virtio disk (libvirt's C(iothreads)),
                  in place of C(iothread).
                type: list
                elements: dict
                suboptions:
                  id:
                    description: Number of the IO thread (libvirt's C(id)), as in O(config[].iothreadids).
                    type: int
                  queues:
                    description: Numbers of the disk's queues that the IO thread serves (libvirt's
                      C(queue)). The first queue is V(0).
                    type: list
                    elements: int
          readonly:
            description: Whether the guest can only read the disk (libvirt's C(readonly)). A
              CD-ROM is always so.
            type: bool
          shareable:
            description: 'Whether several guests may write to the disk (libvirt''s C(shareable)).
              Its image has to be raw (C(format: raw)).'
            type: bool
          transient:
            description: Throws the guest's changes to the disk away when it stops (libvirt's
              C(transient)). V({}) asks for it.
            type: dict
            suboptions:
              share_backing:
                description: Whether several guests may use the image at once, each with its
                  own changes (libvirt's C(shareBacking)).
                type: bool
          serial:
            description: Serial number that the guest sees on the disk (libvirt's C(serial)),
              such as V(WD-WMAP9A966149).
            type: str
          wwn:
            description: 'World Wide Name that the guest sees on the disk (libvirt''s C(wwn)):
              16 hexadecimal digits.'
            type: str
          vendor:
            description: Vendor that the guest sees on a SCSI disk (libvirt's C(vendor)), up
              to 8 characters.
            type: str
          product:
            description: Product name that the guest sees on a SCSI disk (libvirt's C(product)),
              up to 16 characters.
            type: str
          tray:
            description: 'State of the tray of a CD-ROM or floppy drive (libvirt''s C(tray)):
              V(open) or V(closed). libvirt only keeps it: QEMU starts with the tray closed
              all the same, and then the guest opens and closes it.'
            type: str
            choices:
            - open
            - closed
          removable:
            description: Whether the guest takes a USB disk for a removable one (libvirt's C(removable)).
            type: bool
          rotation_rate:
            description: Rotations per minute that the guest sees (libvirt's C(rotation_rate)),
              such as V(7200). V(1) stands for a solid state disk.
            type: int
          rawio:
            description: 'Whether a disk with C(device: lun) gets the privilege to send raw
              SCSI commands (libvirt''s C(rawio)).'
            type: bool
          sgio:
            description: 'Whether the kernel filters the SCSI commands of a disk with C(device:
              lun) (libvirt''s C(sgio)).'
            type: str
            choices:
            - filtered
            - unfiltered
          snapshot:
            description:
            - 'How snapshots of the guest include the disk by default (libvirt''s C(snapshot)):
              V(internal) in the image itself, V(external) in a new file, V(manual) by other
              means, V(no) not at all.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - 'no'
            - internal
            - external
            - manual
          iotune:
            description: Limits of the disk's throughput and I/O operations (libvirt's C(iotune)).
              V(0) is no limit.
            type: dict
            suboptions:
              total_bytes_sec:
                description: Most bytes per second that the disk may read and write in all.
                  Does not go with separate limits for the two.
                type: int
              read_bytes_sec:
                description: Most bytes per second that the disk may read, such as V(10485760).
                type: int
              write_bytes_sec:
                description: Most bytes per second that the disk may write, such as V(10485760).
                type: int
              total_iops_sec:
                description: Most I/O operations per second of the disk, reads and writes together.
                  Does not go with separate limits for the two.
                type: int
              read_iops_sec:
                description: Most read operations per second of the disk, such as V(500).
                type: int
              write_iops_sec:
                description: Most write operations per second of the disk, such as V(500).
                type: int
              total_bytes_sec_max:
                description: Most bytes per second that the disk may read and write in all during
                  a burst.
                type: int
              read_bytes_sec_max:
                description: Most bytes per second that the disk may read during a burst.
                type: int
              write_bytes_sec_max:
                description: Most bytes per second that the disk may write during a burst.
                type: int
              total_iops_sec_max:
                description: Most I/O operations per second of the disk during a burst, reads
                  and writes together.
                type: int
              read_iops_sec_max:
                description: Most read operations per second of the disk during a burst.
                type: int
              write_iops_sec_max:
                description: Most write operations per second of the disk during a burst.
                type: int
              size_iops_sec:
                description: 'Size of an I/O operation in bytes: a larger one counts as several
                  in the limits of operations.'
                type: int
              total_bytes_sec_max_length:
                description: Seconds that a burst at C(total_bytes_sec_max) may last.
                type: int
              read_bytes_sec_max_length:
                description: Seconds that a burst at C(read_bytes_sec_max) may last.
                type: int
              write_bytes_sec_max_length:
                description: Seconds that a burst at C(write_bytes_sec_max) may last.
                type: int
              total_iops_sec_max_length:
                description: Seconds that a burst at C(total_iops_sec_max) may last.
                type: int
              read_iops_sec_max_length:
                description: Seconds that a burst at C(read_iops_sec_max) may last.
                type: int
              write_iops_sec_max_length:
                description: Seconds that a burst at C(write_iops_sec_max) may last.
                type: int
              group_name:
                description: Name of a group of disks of the guest that share these limits (libvirt's
                  C(group_name)).
                type: str
          throttle_filters:
            description: Names of the throttle groups that limit the disk (libvirt's C(throttlefilters)),
              out of O(config[].throttle_groups).
            type: list
            elements: str
          blockio:
            description: Sizes of blocks that the guest sees on the disk (libvirt's C(blockio)).
            type: dict
            suboptions:
              logical_block_size:
                description: Size in bytes of a logical block, the smallest unit that the guest
                  reads and writes (libvirt's C(logical_block_size)), such as V(512).
                type: int
              physical_block_size:
                description: Size in bytes of a physical block that the guest is told (libvirt's
                  C(physical_block_size)), such as V(4096).
                type: int
              discard_granularity:
                description: Smallest number of bytes that the guest can free at once (libvirt's
                  C(discard_granularity)).
                type: int
          geometry:
            description: Geometry that the guest sees on the disk (libvirt's C(geometry)).
            type: dict
            suboptions:
              cyls:
                description: Number of cylinders that the guest sees (libvirt's C(cyls)).
                type: int
              heads:
                description: Number of heads that the guest sees (libvirt's C(heads)).
                type: int
              secs:
                description: Number of sectors in a track that the guest sees (libvirt's C(secs)).
                type: int
              trans:
                description: 'How the BIOS translates the geometry (libvirt''s C(trans)): V(none),
                  V(lba) or V(auto).'
                type: str
                choices:
                - auto
                - none
                - lba
          auth:
            description: Login of the host at the storage server (libvirt's C(auth)). The password
              is in a libvirt secret.
            type: dict
            suboptions:
              username:
                description: User name to log in to the server with (libvirt's C(username)).
                type: str
              type:
                description: Kind of the libvirt secret that holds the password (libvirt's C(type)),
                  such as V(ceph) or V(iscsi).
                type: str
              uuid:
                description: UUID of the libvirt secret that holds the password. C(virsh secret-list)
                  shows it.
                type: str
              usage:
                description: Usage name of the libvirt secret that holds the password (libvirt's
                  C(usage)), in place of its UUID.
                type: str
          encryption:
            description:
            - Encryption of the image and its passphrase (libvirt's C(encryption)).
            - Its options are those of O(config[].os.nvram.source.encryption).
            type: dict
          backing_chain:
            description: Backing images below the disk's image, topmost first (libvirt's C(backingStore)).
              An empty dictionary ends the chain. Left out, libvirt reads the chain from the
              images.
            type: list
            elements: dict
            suboptions:
              type:
                description: Kind of source that the image is on (libvirt's disk C(type)). Leave
                  it out where another option tells it, such as C(file).
                type: str
                choices:
                - file
                - block
                - dir
                - network
                - volume
                - nvme
                - vhostuser
                - vhostvdpa
              file:
                description: Path of the image file on the host (libvirt's source C(file)),
                  such as V(/var/lib/libvirt/images/web.qcow2).
                type: str
              source:
                description:
                - Further options of where the image is (libvirt's C(source)).
                - Its options are those of O(config[].disks[].source).
                type: dict
              block:
                description: Path of the block device on the host (libvirt's source C(dev)),
                  such as V(/dev/vg0/web).
                type: str
              dir:
                description: Path of a directory on the host that the guest sees as a disk with
                  a FAT file system (libvirt's source C(dir)).
                type: str
              volume:
                description: Name of a storage volume in its pool (libvirt's source C(volume)).
                  Name another pool in C(pool), and not here as C(POOL/VOLUME).
                type: str
              pool:
                description: Name of the pool that the volume is in (libvirt's source C(pool)).
                  Left out, it is V(default).
                type: str
              protocol:
                description: Protocol of the server that has the image (libvirt's source C(protocol)),
                  such as V(rbd) for Ceph.
                type: str
                choices:
                - rbd
                - iscsi
                - nbd
                - gluster
                - http
                - https
                - ftp
                - ftps
                - tftp
                - ssh
                - nfs
                - sheepdog
                - vxhs
              index:
                description:
                - Position of the image in the backing chain (libvirt's C(index)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              format:
                description: Format of the image (libvirt's format C(type)), such as V(qcow2).
                type: str
                choices:
                - raw
                - qcow2
                - bochs
                - cloop
                - cow
                - dir
                - dmg
                - fat
                - iso
                - ploop
                - qcow
                - qed
                - vdi
                - vhd
                - vmdk
                - vpc
              format_options:
                description: Further options of the image's format (libvirt's C(format)).
                type: dict
                suboptions:
                  metadata_cache:
                    description: Largest cache for metadata of a qcow2 image (libvirt's C(metadata_cache)),
                      such as V(8MiB).
                    type: str
          backend_domain:
            description: Name of the Xen domain that serves the disk (libvirt's C(backenddomain)).
            type: str
          size:
            description: Size of a disk that is made for the guest, such as V(20GiB). It is
              the volume C(NAME-TARGET.FORMAT) of the pool V(default), unless O(config[].disks[].volume)
              or O(config[].disks[].pool) name another. One that exists keeps its format and
              grows, also while the guest runs; a smaller size is refused.
            type: str
          image:
            description: 'Image that a disk made for the guest is made from: the name of one
              of O(images), an URL, the path of a file on the host, or a volume as C(POOL/VOLUME).
              A name that is not in O(images) is that of a volume in the same pool. It is a
              qcow2 that names no other file, or a raw disk with a partition table, a boot sector
              or a file system, or an ISO 9660 image. It may be compressed with gzip, xz, bzip2
              or zstd. Anything else is refused. Where C(format: raw) is written out, a file
              that is no disk is copied as it is; an ending of the name is not enough. The page
              C(docs/images.md) has the limits. A CD-ROM is not made so: M(virtfleet.kvm.volumes)
              puts an ISO image into a volume, which O(config[].disks[].volume) then names.'
            type: str
          checksum:
            description: Checksum of the image before it is unpacked, such as V(sha256:...),
              or the URL of a list that has it, such as V(https://example.com/SHA256SUMS). In
              a list, the line of the name of the image's file counts. An image with another
              checksum is refused.
            type: str
          image_timeout:
            description: Seconds that the download of the image may take at most. Left out,
              an hour.
            type: int
          backing:
            description: Volume that a disk made for the guest is laid over, by its name in
              the same pool or as C(POOL/VOLUME). The disk holds only what differs.
            type: str
          boot:
            description: Makes the guest boot from this device (libvirt's C(boot) of a device).
              Use it in place of O(config[].boot), not together with it.
            type: dict
            suboptions:
              order:
                description: Position of the device in the boot order (libvirt's C(boot order)).
                  The firmware tries V(1) first.
                type: int
              loadparm:
                description: Boot entry to load on S390 (libvirt's C(loadparm)), up to eight
                  characters, such as V(2).
                type: str
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: dict
            suboptions:
              type:
                description:
                - Kind of bus that the address is on (libvirt's address C(type)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - pci
                - drive
                - virtio-serial
                - ccid
                - usb
                - spapr-vio
                - ccw
                - isa
                - dimm
                - virtio-mmio
                - virtio-s390
                - unassigned
              domain:
                description: Number of the PCI domain (libvirt's C(domain)), such as V(0x0000).
                type: int
              bus:
                description:
                - Number of the bus (libvirt's C(bus)). For a PCI or USB device of the guest
                  it is the index of its controller; for a device of the host, the bus that
                  C(lspci) or C(lsusb) shows.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              slot:
                description:
                - Number of the slot on the bus (libvirt's C(slot)). PCI has V(0x00) to V(0x1f).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              function:
                description: Number of the function in a PCI slot (libvirt's C(function)), from
                  V(0x0) to V(0x7).
                type: int
              multifunction:
                description:
                - Whether the PCI slot holds several functions (libvirt's C(multifunction)).
                  Set it at function 0 where other functions of the slot are used.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              zpci:
                description: Identifiers of a PCI device in a guest on S390 (libvirt's C(zpci)).
                type: dict
                suboptions:
                  uid:
                    description:
                    - User-defined identifier of a PCI device on S390 (libvirt's C(uid)), such
                      as V(0x0001).
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: int
                  fid:
                    description:
                    - Function identifier of a PCI device on S390 (libvirt's C(fid)), such as
                      V(0x00000001).
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: int
              controller:
                description: Index of the controller that the device is attached to (libvirt's
                  C(controller)). The first one is V(0).
                type: int
              target:
                description: Number of the SCSI target on the bus (libvirt's C(target)), most
                  often V(0).
                type: int
              unit:
                description: Number of the logical unit (LUN), or the position on the bus (libvirt's
                  C(unit)).
                type: int
              port:
                description:
                - Number of the port at the controller (libvirt's C(port)), such as V(1). A
                  USB port behind a hub is V(1.2).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              reg:
                description:
                - Register address of a virtual device on POWER (libvirt's C(reg)), such as
                  V(0x1000).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              cssid:
                description:
                - Number of the channel subsystem on S390 (libvirt's C(cssid)). Virtual devices
                  have V(0xfe).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              ssid:
                description:
                - Number of the subchannel set on S390 (libvirt's C(ssid)), from V(0x0) to V(0x3).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              devno:
                description:
                - Device number on S390 (libvirt's C(devno)), such as V(0x0001).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              iobase:
                description:
                - First I/O port of an ISA device (libvirt's C(iobase)), such as V(0x3f8).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              irq:
                description:
                - Interrupt number of an ISA device (libvirt's C(irq)), such as V(0x4).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              base:
                description:
                - Address in the guest's memory where a memory device starts (libvirt's C(base)),
                  such as V(0x100000000).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
      controllers:
        description: Controllers that other devices are attached to (libvirt's C(controller)).
          Those that are left out stay, for libvirt adds what devices need.
        type: list
        elements: dict
        suboptions:
          type:
            description: Kind of controller (libvirt's controller C(type)), such as V(scsi).
            type: str
            choices:
            - pci
            - usb
            - scsi
            - sata
            - ide
            - virtio-serial
            - fdc
            - ccid
            - isa
            - xenbus
            - nvme
          index:
            description:
            - Number of the controller among those of its kind (libvirt's C(index)). Devices
              refer to it in their addresses; the first one is V(0).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          model:
            description:
            - Model of the controller (libvirt's C(model)), such as V(virtio-scsi) or V(pcie-root-port).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          ports:
            description:
            - Number of ports of the controller (libvirt's controller C(ports)), such as V(16).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          vectors:
            description: Number of interrupts (MSI vectors) of a V(virtio-serial) controller
              (libvirt's C(vectors)).
            type: int
          max_grant_frames:
            description: Most grant frames that a V(xenbus) controller gives the guest for its
              memory (libvirt's C(maxGrantFrames)).
            type: int
          max_event_channels:
            description: Most event channels of the guest on a V(xenbus) controller (libvirt's
              C(maxEventChannels)).
            type: int
          serial:
            description: Serial number that the guest sees on an NVMe controller (libvirt's
              C(serial)).
            type: str
          master:
            description:
            - First port that a companion of a USB controller serves (libvirt's master C(startport)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          model_name:
            description:
            - Device of QEMU behind a PCI controller (libvirt's C(model name)), such as V(pcie-root-port).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          target:
            description: How the guest sees a PCI controller (libvirt's controller C(target)).
            type: dict
            suboptions:
              chassis_nr:
                description:
                - Chassis number of a PCI bridge (libvirt's C(chassisNr)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              chassis:
                description:
                - Chassis number of a PCIe port (libvirt's C(chassis)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              port:
                description:
                - Port number of a PCIe port (libvirt's C(port)), such as V(0x10).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              bus_nr:
                description:
                - Bus number of a PCI expander (libvirt's C(busNr)), such as V(254).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              index:
                description:
                - Index of a PCI host bridge on POWER (libvirt's target C(index)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              hotplug:
                description: Whether devices can be plugged in and out of the PCI controller
                  while the guest runs (libvirt's C(hotplug)).
                type: bool
              mem_reserve:
                description: KiB of memory addresses to reserve for devices behind the PCI controller
                  (libvirt's C(memReserve)).
                type: int
              node:
                description: Number of the guest's NUMA node that the PCI controller belongs
                  to (libvirt's C(node)).
                type: int
          pcihole64:
            description: Size of the 64-bit hole for PCI addresses of a root bus (libvirt's
              C(pcihole64)), such as V(1GiB).
            type: str
          driver:
            description: Options of how the host runs the controller (libvirt's C(driver)).
            type: dict
            suboptions:
              queues:
                description: Number of queues of a virtio SCSI controller (libvirt's C(queues)),
                  such as the number of virtual CPUs.
                type: int
              cmd_per_lun:
                description: Most commands that wait at the same time for one unit of the controller
                  (libvirt's C(cmd_per_lun)).
                type: int
              max_sectors:
                description: Most sectors of 512 bytes in one command (libvirt's C(max_sectors)).
                type: int
              ioeventfd:
                description: Whether a separate thread handles the controller's I/O while the
                  virtual CPU goes on (libvirt's C(ioeventfd)).
                type: bool
              iothread:
                description: Number of the IO thread that serves the controller (libvirt's C(iothread)),
                  as in O(config[].iothreadids).
                type: int
              iommu:
                description: Whether a virtio device uses the guest's virtual IOMMU (libvirt's
                  driver C(iommu)).
                type: bool
              ats:
                description: Whether a virtio device supports Address Translation Service on
                  PCIe (libvirt's driver C(ats)).
                type: bool
              packed:
                description: Whether a virtio device may use packed virtqueues (libvirt's driver
                  C(packed)).
                type: bool
              page_per_vq:
                description: Whether each queue of a virtio device has a memory page of its
                  own for notifications (libvirt's driver C(page_per_vq)). It is meant for vDPA.
                type: bool
              iothreads:
                description: IO threads that serve the queues of a virtio disk (libvirt's C(iothreads)),
                  in place of C(iothread).
                type: list
                elements: dict
                suboptions:
                  id:
                    description: Number of the IO thread (libvirt's C(id)), as in O(config[].iothreadids).
                    type: int
                  queues:
                    description: Numbers of the disk's queues that the IO thread serves (libvirt's
                      C(queue)). The first queue is V(0).
                    type: list
                    elements: int
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      hotplug_slots:
        description: Number of devices that a new guest with machine V(q35) can be given while
          it runs, in addition to those that it has. Left out, 4, unless PCI controllers are
          declared.
        type: int
      filesystems:
        description: Directories of the host that the guest can mount (libvirt's C(filesystem)),
          as with virtiofs.
        type: list
        elements: dict
        suboptions:
          type:
            description: 'Kind of file system (libvirt''s filesystem C(type)): V(mount) for
              a directory of the host; the others are for containers.'
            type: str
            choices:
            - mount
            - template
            - file
            - block
            - ram
            - bind
          source:
            description: 'What the guest gets (libvirt''s filesystem C(source)): by C(type),
              the path of a directory, image or device on the host, the name of a template,
              or a directory of the guest itself.'
            type: str
          socket:
            description: Path of the socket of a virtiofs daemon that you run yourself (libvirt's
              source C(socket)).
            type: str
          binary:
            description: Options of the virtiofs daemon (libvirt's C(binary)).
            type: dict
            suboptions:
              path:
                description:
                - Path of the virtiofs daemon on the host (libvirt's binary C(path)), such as
                  V(/usr/libexec/virtiofsd).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              xattr:
                description: Whether the guest can use extended attributes of files (libvirt's
                  C(xattr)).
                type: bool
              cache:
                description: 'How much the guest caches (libvirt''s cache C(mode)): V(always),
                  or V(none) where others change the files too.'
                type: str
                choices:
                - none
                - always
              sandbox:
                description: 'How the daemon is locked in (libvirt''s sandbox C(mode)): V(namespace)
                  in namespaces of its own, or V(chroot).'
                type: str
                choices:
                - namespace
                - chroot
              posix_lock:
                description: Whether POSIX locks of the guest reach the host (libvirt's lock
                  C(posix)).
                type: bool
              flock:
                description: Whether BSD locks of the guest reach the host (libvirt's lock C(flock)).
                type: bool
              thread_pool:
                description: Largest number of threads of the virtiofs daemon (libvirt's thread_pool
                  C(size)).
                type: int
              openfiles:
                description: Largest number of files that the virtiofs daemon can have open
                  (libvirt's openfiles C(max)).
                type: int
          idmap:
            description: Users and groups of the host that those inside the guest stand for
              (libvirt's C(idmap)), for containers and virtiofs.
            type: dict
            suboptions:
              uids:
                description: User ids inside the guest and those on the host that they stand
                  for (libvirt's C(uid)).
                type: list
                elements: dict
                suboptions:
                  start:
                    description: First user or group id inside the container (libvirt's C(start)),
                      such as V(0).
                    type: int
                  target:
                    description: Id on the host that the first one stands for (libvirt's C(target)),
                      such as V(100000).
                    type: int
                  count:
                    description: Number of ids from the first one on (libvirt's C(count)), such
                      as V(65536).
                    type: int
              gids:
                description:
                - Group ids inside the guest and those on the host that they stand for (libvirt's
                  C(gid)).
                - Its options are those of O(config[].filesystems[].idmap.uids).
                type: list
                elements: dict
          usage:
            description: Most memory that the file system may take (libvirt's source C(usage)),
              such as V(512MiB), with type V(ram).
            type: str
          target:
            description: Name by which the guest mounts it (libvirt's target C(dir)); in a container,
              the directory where it is mounted.
            type: str
          model:
            description:
            - Version of virtio that the device speaks (libvirt's C(model)). V(virtio-transitional)
              speaks 0.9 and 1.0, V(virtio-non-transitional) only 1.0.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - virtio
            - virtio-transitional
            - virtio-non-transitional
          accessmode:
            description:
            - 'Owner and mode of files that the guest makes (libvirt''s C(accessmode)): V(passthrough)
              sets those of the guest on the host, V(mapped) keeps them in extended attributes,
              V(squash) goes on where they cannot be set.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - passthrough
            - mapped
            - squash
          multidevs:
            description: 'What to do when a 9p directory spans several file systems of the host
              (libvirt''s C(multidevs)): V(remap) gives files new numbers, V(forbid) hides other
              file systems, V(warn) only logs.'
            type: str
            choices:
            - default
            - remap
            - forbid
            - warn
          fmode:
            description: Mode of new files in octal digits (libvirt's C(fmode)), such as V('644'),
              with accessmode V(mapped).
            type: str
          dmode:
            description: Mode of new directories in octal digits (libvirt's C(dmode)), such
              as V('755'), with accessmode V(mapped).
            type: str
          driver:
            description: Options of how the host serves the directory (libvirt's filesystem
              C(driver)).
            type: dict
            suboptions:
              type:
                description:
                - How the directory gets to the guest (libvirt's driver C(type)). V(virtiofs)
                  is the quick one; V(path) is 9p.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - path
                - handle
                - loop
                - nbd
                - ploop
                - virtiofs
                - mtp
              format:
                description: Format of an image (libvirt's driver C(format)), such as V(qcow2),
                  with type V(nbd).
                type: str
              wrpolicy:
                description: 'When writes reach the host''s disk (libvirt''s C(wrpolicy)): V(immediate)
                  writes them out at once.'
                type: str
                choices:
                - immediate
              queue:
                description: Number of requests that fit in the queue of virtiofs (libvirt's
                  driver C(queue)), such as V(1024).
                type: int
              iommu:
                description: Whether a virtio device uses the guest's virtual IOMMU (libvirt's
                  driver C(iommu)).
                type: bool
              ats:
                description: Whether a virtio device supports Address Translation Service on
                  PCIe (libvirt's driver C(ats)).
                type: bool
              packed:
                description: Whether a virtio device may use packed virtqueues (libvirt's driver
                  C(packed)).
                type: bool
              page_per_vq:
                description: Whether each queue of a virtio device has a memory page of its
                  own for notifications (libvirt's driver C(page_per_vq)). It is meant for vDPA.
                type: bool
          readonly:
            description: Whether the guest can only read the file system (libvirt's C(readonly)).
            type: bool
          space_hard_limit:
            description: Most that a container may store (libvirt's C(space_hard_limit)), such
              as V(10GiB).
            type: str
          space_soft_limit:
            description: Most that a container may store for long (libvirt's C(space_soft_limit));
              it can go above for a while.
            type: str
          boot:
            description: Makes the guest boot from this device (libvirt's C(boot) of a device).
              Use it in place of O(config[].boot), not together with it.
            type: dict
            suboptions:
              order:
                description: Position of the device in the boot order (libvirt's C(boot order)).
                  The firmware tries V(1) first.
                type: int
              loadparm:
                description: Boot entry to load on S390 (libvirt's C(loadparm)), up to eight
                  characters, such as V(2).
                type: str
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      interfaces:
        description:
        - Network interfaces of the guest (libvirt's C(interface)).
        - You can write the C(network) alone, as a text, in place of an item.
        type: list
        elements: dict
        suboptions:
          type:
            description: 'Kind of network connection (libvirt''s interface C(type)). Leave it
              out for V(network), V(bridge) and V(direct): the option of that name tells it.'
            type: str
            choices:
            - network
            - bridge
            - direct
            - user
            - ethernet
            - vhostuser
            - internal
            - mcast
            - client
            - server
            - udp
            - hostdev
            - vdpa
            - 'null'
            - vds
          network:
            description: Name of the libvirt network that the interface is on (libvirt's source
              C(network)), such as V(default).
            type: str
          portgroup:
            description: Name of the port group in the libvirt network (libvirt's C(portgroup)),
              which sets limits and VLANs.
            type: str
          portid:
            description:
            - UUID of the interface's port in the network (libvirt's C(portid)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          virtualport:
            description: Port of a switch that is managed from outside (libvirt's C(virtualport)),
              such as Open vSwitch.
            type: dict
            suboptions:
              type:
                description: Kind of virtual port (libvirt's C(type)), such as V(openvswitch).
                type: str
                choices:
                - 802.1Qbg
                - 802.1Qbh
                - openvswitch
                - midonet
              managerid:
                description: Identifier of the database of VSI types (libvirt's C(managerid)),
                  for V(802.1Qbg).
                type: int
              typeid:
                description: Identifier of the VSI type (libvirt's C(typeid)), for V(802.1Qbg).
                type: int
              typeidversion:
                description: Version of the VSI type (libvirt's C(typeidversion)), for V(802.1Qbg).
                type: int
              instanceid:
                description:
                - UUID of the VSI instance (libvirt's C(instanceid)), for V(802.1Qbg).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              profileid:
                description: Name of the port profile (libvirt's C(profileid)), for V(802.1Qbh)
                  and V(openvswitch).
                type: str
              interfaceid:
                description:
                - UUID of the interface on the virtual switch (libvirt's C(interfaceid)), for
                  V(openvswitch) and V(midonet).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
          bridge:
            description: Name of the host's bridge that the interface is on (libvirt's source
              C(bridge)), such as V(br0).
            type: str
          mac_table_manager:
            description: Who keeps the bridge's table of MAC addresses (libvirt's C(macTableManager)).
              V(kernel) learns them from traffic; V(libvirt) enters those of the guests and
              turns learning off.
            type: str
            choices:
            - kernel
            - libvirt
          direct:
            description: Name of the host's network device that the interface is linked to by
              MacVTap (libvirt's source C(dev)), such as V(eth0).
            type: str
          mode:
            description:
            - How MacVTap links on one device reach each other (libvirt's source C(mode)). V(bridge)
              connects them directly, V(vepa) by way of the outside switch, V(private) not at
              all; V(passthrough) gives the device to one guest alone.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - bridge
            - vepa
            - private
            - passthrough
          dev:
            description: Device or file on the host that the interface uses (libvirt's source
              C(dev)), such as V(/dev/vhost-vdpa-0).
            type: str
          source:
            description: IP addresses and routes on the host's side of the connection (libvirt's
              C(source)).
            type: dict
            suboptions:
              ips:
                description: IP addresses on this side of the connection (libvirt's C(ip)).
                type: list
                elements: dict
                suboptions:
                  address:
                    description: IP address on the interface (libvirt's ip C(address)), such
                      as V(192.0.2.5).
                    type: str
                  family:
                    description:
                    - 'Address family of the address (libvirt''s C(family)): V(ipv4) or V(ipv6).'
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: str
                    choices:
                    - ipv4
                    - ipv6
                  prefix:
                    description:
                    - Length of the network's prefix in bits (libvirt's C(prefix)), such as
                      V(24).
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: int
                  peer:
                    description: Address of the other end of a point-to-point link (libvirt's
                      C(peer)).
                    type: str
              routes:
                description: Static routes to further networks (libvirt's C(route)).
                type: list
                elements: dict
                suboptions:
                  address:
                    description: Address of the network that the route leads to (libvirt's C(address)),
                      such as V(192.0.2.0).
                    type: str
                  family:
                    description:
                    - 'Address family of the route (libvirt''s C(family)): V(ipv4) or V(ipv6).'
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: str
                    choices:
                    - ipv4
                    - ipv6
                  prefix:
                    description:
                    - Length of the network's prefix in bits (libvirt's C(prefix)), such as
                      V(24).
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: int
                  netmask:
                    description: Mask of the network (libvirt's C(netmask)), in place of the
                      prefix, such as V(255.255.255.0).
                    type: str
                  gateway:
                    description: Address of the router that the route goes through (libvirt's
                      C(gateway)).
                    type: str
                  metric:
                    description: Metric of the route (libvirt's C(metric)). Of several routes,
                      the lowest metric wins.
                    type: int
          socket_type:
            description:
            - 'How to reach the vhost-user switch (libvirt''s source C(type)): always V(unix),
              a socket.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - unix
          path:
            description: Path of the vhost-user socket on the host (libvirt's source C(path)),
              such as V(/run/openvswitch/vhu0).
            type: str
          name:
            description: Name of an internal network of the hypervisor (libvirt's source C(name)).
            type: str
          managed:
            description: Whether libvirt detaches the device from the host when the guest starts,
              and gives it back later (libvirt's C(managed)).
            type: bool
          switchid:
            description: Identifier of the distributed switch on VMware (libvirt's C(switchid)).
            type: str
          portgroupid:
            description: Identifier of the port group on VMware's distributed switch (libvirt's
              C(portgroupid)).
            type: str
          connectionid:
            description:
            - Identifier of the connection to VMware's distributed switch (libvirt's C(connectionid)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          mac:
            description:
            - MAC address of the card (libvirt's C(mac address)), such as V(52:54:00:12:34:56).
              Left out, it stays as it is; a new one follows from the guest's name.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          mac_type:
            description: Where VMware takes the MAC address from (libvirt's mac C(type)).
            type: str
            choices:
            - generated
            - static
          mac_check:
            description: Whether VMware checks that the MAC address is in its own range (libvirt's
              mac C(check)).
            type: bool
          model:
            description:
            - Model of the network card (libvirt's model C(type)), such as V(virtio), V(e1000e)
              or V(rtl8139). A new one is V(virtio).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          link:
            description: 'Whether the virtual cable is plugged in (libvirt''s C(link state)):
              V(up) or V(down).'
            type: str
            choices:
            - up
            - down
          mtu:
            description: Size of the largest packet in bytes (libvirt's C(mtu)), such as V(1500).
            type: int
          target:
            description: Name of the network device on the host's side (libvirt's target C(dev)),
              such as V(web-lan). libvirt replaces names that start with C(vnet).
            type: str
          target_managed:
            description: Whether libvirt creates the device on the host's side (libvirt's target
              C(managed)). V(false) uses one that you made.
            type: bool
          trust_guest_rx_filters:
            description: Whether the host takes over changes that the guest makes to its MAC
              address and receive filters (libvirt's C(trustGuestRxFilters)).
            type: bool
          driver:
            description: Options of how the host runs the card (libvirt's C(driver)).
            type: dict
            suboptions:
              name:
                description: 'Driver that runs the card on the host (libvirt''s driver C(name)):
                  V(vhost) in the kernel, V(qemu) in QEMU itself, V(vfio) for a host device.'
                type: str
                choices:
                - qemu
                - vhost
                - vfio
                - kvm
                - xen
              model:
                description: Kernel driver that a host device is bound to (libvirt's driver
                  C(model)), such as V(mlx5_vfio_pci).
                type: str
              queues:
                description: Number of queues of a virtio card (libvirt's C(queues)), such as
                  V(4). More let several virtual CPUs work at once.
                type: int
              rx_queue_size:
                description: 'Number of packets that fit in a receive queue of a virtio card
                  (libvirt''s C(rx_queue_size)): a power of two, such as V(1024).'
                type: int
              tx_queue_size:
                description: 'Number of packets that fit in a send queue of a virtio card (libvirt''s
                  C(tx_queue_size)): a power of two, such as V(1024).'
                type: int
              txmode:
                description: 'How packets are sent when the send buffer is full (libvirt''s
                  C(txmode)): by an V(iothread), or on a V(timer). Seldom needed.'
                type: str
                choices:
                - iothread
                - timer
              ioeventfd:
                description: Whether a separate thread handles the card's I/O while the virtual
                  CPU goes on (libvirt's C(ioeventfd)).
                type: bool
              event_idx:
                description: Whether a virtio card saves interrupts by bundling its events (libvirt's
                  C(event_idx)).
                type: bool
              rss:
                description: Whether received packets are spread over the queues by their hash,
                  in QEMU or by eBPF (libvirt's C(rss)).
                type: bool
              rss_hash_report:
                description: Whether the guest is told the hash of each received packet (libvirt's
                  C(rss_hash_report)).
                type: bool
              iommu:
                description: Whether a virtio device uses the guest's virtual IOMMU (libvirt's
                  driver C(iommu)).
                type: bool
              ats:
                description: Whether a virtio device supports Address Translation Service on
                  PCIe (libvirt's driver C(ats)).
                type: bool
              packed:
                description: Whether a virtio device may use packed virtqueues (libvirt's driver
                  C(packed)).
                type: bool
              page_per_vq:
                description: Whether each queue of a virtio device has a memory page of its
                  own for notifications (libvirt's driver C(page_per_vq)). It is meant for vDPA.
                type: bool
              host:
                description: Offloads of a virtio card on the host's side (libvirt's driver
                  C(host)).
                type: dict
                suboptions:
                  csum:
                    description: Whether the guest may leave checksums of packets to the host
                      (libvirt's C(csum)).
                    type: bool
                  tso4:
                    description: Whether the guest may leave splitting TCP over IPv4 into packets
                      to the host (libvirt's C(tso4)).
                    type: bool
                  tso6:
                    description: Whether the guest may leave splitting TCP over IPv6 into packets
                      to the host (libvirt's C(tso6)).
                    type: bool
                  ecn:
                    description: Whether the guest may leave marks of congestion (ECN) in TCP
                      to the host (libvirt's C(ecn)).
                    type: bool
                  ufo:
                    description: Whether the guest may leave splitting UDP into fragments to
                      the host (libvirt's C(ufo)).
                    type: bool
                  gso:
                    description: Whether the guest may leave splitting into packets for any
                      protocol to the host (libvirt's C(gso)).
                    type: bool
                  mrg_rxbuf:
                    description: Whether the guest may leave merging buffers of received packets
                      to the host (libvirt's C(mrg_rxbuf)).
                    type: bool
              guest:
                description: Offloads of a virtio card on the guest's side (libvirt's driver
                  C(guest)).
                type: dict
                suboptions:
                  csum:
                    description: Whether the host may leave checksums of packets to the guest
                      (libvirt's C(csum)).
                    type: bool
                  tso4:
                    description: Whether the host may leave splitting TCP over IPv4 into packets
                      to the guest (libvirt's C(tso4)).
                    type: bool
                  tso6:
                    description: Whether the host may leave splitting TCP over IPv6 into packets
                      to the guest (libvirt's C(tso6)).
                    type: bool
                  ecn:
                    description: Whether the host may leave marks of congestion (ECN) in TCP
                      to the guest (libvirt's C(ecn)).
                    type: bool
                  ufo:
                    description: Whether the host may leave splitting UDP into fragments to
                      the guest (libvirt's C(ufo)).
                    type: bool
          backend:
            description: Program or devices on the host that carry the card's traffic (libvirt's
              C(backend)).
            type: dict
            suboptions:
              type:
                description:
                - Program that runs a network of type V(user) (libvirt's backend C(type)), such
                  as V(passt).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - default
                - passt
              tap:
                description: Path of the host's device file for TAP (libvirt's backend C(tap)),
                  such as V(/dev/net/tun).
                type: str
              vhost:
                description: Path of the host's device file for vhost (libvirt's backend C(vhost)),
                  such as V(/dev/vhost-net).
                type: str
              log_file:
                description: Path of the file on the host that passt logs to (libvirt's backend
                  C(logFile)).
                type: str
              hostname:
                description: Host name that passt tells the guest by DHCP (libvirt's backend
                  C(hostname)).
                type: str
              fqdn:
                description: Full host name that passt tells the guest by DHCP (libvirt's backend
                  C(fqdn)), such as V(web.example.com).
                type: str
          ips:
            description:
            - IP addresses on this side of the connection (libvirt's C(ip)).
            - Its options are those of O(config[].interfaces[].source.ips).
            type: list
            elements: dict
          routes:
            description:
            - Static routes to further networks (libvirt's C(route)).
            - Its options are those of O(config[].interfaces[].source.routes).
            type: list
            elements: dict
          port_forwards:
            description: Ports of the host that passt forwards to the guest (libvirt's C(portForward)).
            type: list
            elements: dict
            suboptions:
              proto:
                description: 'Protocol of the forwarded ports (libvirt''s C(proto)): V(tcp)
                  or V(udp).'
                type: str
                choices:
                - tcp
                - udp
              address:
                description: Address of the host to listen on for the ports (libvirt's C(address)).
                type: str
              dev:
                description: Network device of the host to listen on for the ports (libvirt's
                  C(dev)), such as V(eth0).
                type: str
              ranges:
                description: Ranges of ports to forward or leave out (libvirt's C(range)).
                type: list
                elements: dict
                suboptions:
                  start:
                    description: First port of the range on the host (libvirt's C(start)), such
                      as V(2022).
                    type: int
                  end:
                    description: Last port of the range on the host (libvirt's C(end)).
                    type: int
                  to:
                    description: Port of the guest that the first port of the range leads to
                      (libvirt's C(to)), such as V(22).
                    type: int
                  exclude:
                    description: Whether the ports of the range are left out of the forwarding
                      (libvirt's C(exclude)).
                    type: bool
          script:
            description: Path of a program on the host that connects the device on the host's
              side (libvirt's C(script)).
            type: str
          downscript:
            description: Path of a program on the host that takes the device on the host's side
              down (libvirt's C(downscript)).
            type: str
          guest_device:
            description: Name of the network device inside a container (libvirt's guest C(dev)),
              such as V(eth0).
            type: str
          backend_domain:
            description: Name of the Xen domain that has the other end of the connection (libvirt's
              C(backenddomain)).
            type: str
          bandwidth:
            description: Limits of the network traffic, as the guest sees it (libvirt's C(bandwidth)).
            type: dict
            suboptions:
              inbound:
                description: Limits of the traffic that the guest receives (libvirt's C(inbound)).
                type: dict
                suboptions:
                  average:
                    description: Average rate in kilobytes per second (libvirt's C(average)),
                      such as V(1000).
                    type: int
                  peak:
                    description: Highest rate in kilobytes per second (libvirt's C(peak)), which
                      bursts may reach.
                    type: int
                  burst:
                    description: KiB that may be sent in one burst at the peak rate (libvirt's
                      C(burst)).
                    type: int
                  floor:
                    description: Rate in kilobytes per second that the interface is guaranteed
                      (libvirt's C(floor)).
                    type: int
              outbound:
                description: Limits of the traffic that the guest sends (libvirt's C(outbound)).
                type: dict
                suboptions:
                  average:
                    description: Average rate in kilobytes per second (libvirt's C(average)),
                      such as V(1000).
                    type: int
                  peak:
                    description: Highest rate in kilobytes per second (libvirt's C(peak)), which
                      bursts may reach.
                    type: int
                  burst:
                    description: KiB that may be sent in one burst at the peak rate (libvirt's
                      C(burst)).
                    type: int
          vlan:
            description: VLAN tags of the traffic (libvirt's C(vlan)), where the switch on the
              host can set them, as Open vSwitch can.
            type: dict
            suboptions:
              trunk:
                description:
                - Whether traffic with several VLAN tags is let through (libvirt's C(trunk)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              tags:
                description: VLAN tags that the traffic carries (libvirt's C(tag)).
                type: list
                elements: dict
                suboptions:
                  id:
                    description: Number of the VLAN (libvirt's tag C(id)), from V(0) to V(4095).
                    type: int
                  native_mode:
                    description: 'How packets of the native VLAN go out (libvirt''s C(nativeMode)):
                      V(tagged) or V(untagged).'
                    type: str
                    choices:
                    - tagged
                    - untagged
          isolated:
            description: 'Whether to isolate the port: isolated ports cannot reach each other
              (libvirt''s port C(isolated)).'
            type: bool
          filterref:
            description: Network filter that checks the guest's traffic (libvirt's C(filterref)),
              as C(virsh nwfilter-list) shows them.
            type: dict
            suboptions:
              filter:
                description: Name of the network filter (libvirt's C(filter)), such as V(clean-traffic).
                type: str
              parameters:
                description: Values for the variables of the network filter (libvirt's C(parameter)).
                type: list
                elements: dict
                suboptions:
                  name:
                    description: Name of the filter's variable (libvirt's C(name)), such as
                      V(IP).
                    type: str
                  value:
                    description: Value of the variable (libvirt's C(value)). Give a variable
                      with several values once for each.
                    type: str
          sndbuf:
            description: Size of the send buffer on the host's side, in bytes (libvirt's C(sndbuf)).
            type: int
          coalesce:
            description: Number of packets to receive before the host is interrupted (libvirt's
              C(coalesce rx frames)).
            type: int
          teaming:
            description: Pairs two network devices, which the guest takes for one, so that it
              can migrate with a host device (libvirt's C(teaming)).
            type: dict
            suboptions:
              type:
                description: 'Part of the device in the pair (libvirt''s teaming C(type)): V(persistent)
                  stays at a migration, V(transient) is unplugged for it.'
                type: str
                choices:
                - persistent
                - transient
              persistent:
                description: Alias of the persistent device of the pair (libvirt's teaming C(persistent)),
                  such as V(ua-backup0).
                type: str
          rom:
            description: Boot ROM of a PCI device (libvirt's C(rom)), such as the PXE code of
              a network card.
            type: dict
            suboptions:
              enabled:
                description: Whether the guest sees a boot ROM (libvirt's rom C(enabled)).
                type: bool
              bar:
                description: Whether the boot ROM shows in the guest's memory map (libvirt's
                  rom C(bar)).
                type: bool
              file:
                description: Path of a file on the host that holds the boot ROM (libvirt's rom
                  C(file)), such as V(/etc/fake/boot.bin).
                type: str
          boot:
            description: Makes the guest boot from this device (libvirt's C(boot) of a device).
              Use it in place of O(config[].boot), not together with it.
            type: dict
            suboptions:
              order:
                description: Position of the device in the boot order (libvirt's C(boot order)).
                  The firmware tries V(1) first.
                type: int
              loadparm:
                description: Boot entry to load on S390 (libvirt's C(loadparm)), up to eight
                  characters, such as V(2).
                type: str
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      smartcards:
        description: Smart card readers of the guest (libvirt's C(smartcard)).
        type: list
        elements: dict
        suboptions:
          mode:
            description: 'Where the card is (libvirt''s smartcard C(mode)): in a reader of the
              V(host), made of V(host-certificates), or at the viewer with V(passthrough).'
            type: str
            choices:
            - host
            - host-certificates
            - passthrough
          certificates:
            description: Names of three certificates in the database that stand in for a card
              (libvirt's C(certificate)).
            type: list
            elements: str
          database:
            description:
            - Path of the directory with the database of certificates (libvirt's C(database)),
              such as V(/etc/pki/nssdb).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          backend:
            description: Connection to the card's reader (libvirt's smartcard C(type)), as of
              a serial port.
            type: dict
            suboptions:
              type:
                description:
                - What the device leads to on the host (libvirt's C(type)), such as V(pty),
                  V(unix) for a socket, V(tcp) or V(file).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - pty
                - file
                - 'null'
                - stdio
                - dev
                - pipe
                - unix
                - tcp
                - udp
                - vc
                - spicevmc
                - spiceport
                - nmdm
                - qemu-vdagent
                - dbus
              path:
                description: Path of the file, device or socket on the host (libvirt's source
                  C(path)), such as V(/var/log/web.log).
                type: str
              source:
                description: Further options of the file or device on the host (libvirt's C(source)).
                type: dict
                suboptions:
                  seclabels:
                    description:
                    - Security labels of what the device uses on the host, where they differ
                      from those of the guest (libvirt's C(seclabel)).
                    - Its options are those of O(config[].os.nvram.source.seclabels).
                    type: list
                    elements: dict
              append:
                description: Whether new output is added to the file, and what it holds is kept
                  when the guest starts (libvirt's C(append)).
                type: bool
              mode:
                description:
                - 'Role at the socket (libvirt''s source C(mode)): V(bind) listens, V(connect)
                  connects to one that listens.'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - connect
                - bind
              tls:
                description: Whether the connection is encrypted with TLS (libvirt's C(tls)).
                type: bool
              host:
                description: Host name or address to connect to or listen on (libvirt's source
                  C(host)), such as V(127.0.0.1).
                type: str
              service:
                description: Port to connect to or listen on (libvirt's source C(service)),
                  such as V(2445).
                type: str
              protocol:
                description:
                - Protocol on the connection (libvirt's protocol C(type)), such as V(raw) or
                  V(telnet).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - raw
                - telnet
                - telnets
                - tls
              bind_host:
                description: Address of the host to send from and listen on (libvirt's source
                  C(host), mode C(bind)).
                type: str
              bind_service:
                description: Port of the host to send from and listen on (libvirt's source C(service),
                  mode C(bind)).
                type: str
              channel:
                description:
                - Name of the channel in the viewer or on D-Bus (libvirt's source C(channel)),
                  such as V(org.qemu.console.serial.0).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              master:
                description: Path of the guest's end of a null modem on the host (libvirt's
                  C(master)), such as V(/dev/nmdm0A), on bhyve.
                type: str
              slave:
                description: Path of the other end of a null modem on the host (libvirt's C(slave)),
                  such as V(/dev/nmdm0B), on bhyve.
                type: str
              clipboard:
                description: Whether the guest shares its clipboard with the viewer (libvirt's
                  clipboard C(copypaste)).
                type: bool
              mouse:
                description: 'Who draws the mouse pointer (libvirt''s mouse C(mode)): the V(server)
                  or the V(client), the viewer.'
                type: str
                choices:
                - server
                - client
              log:
                description: File on the host that gets a copy of all that the guest writes
                  (libvirt's C(log)).
                type: dict
                suboptions:
                  file:
                    description: Path of the log file on the host (libvirt's log C(file)), such
                      as V(/var/log/web-console.log).
                    type: str
                  append:
                    description: Whether new output is added to the log file, and what it holds
                      is kept when the guest starts (libvirt's log C(append)).
                    type: bool
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      serials:
        description: Serial ports of the guest (libvirt's C(serial)). A new guest gets one,
          for its console.
        type: list
        elements: dict
        suboptions:
          type:
            description:
            - What the device leads to on the host (libvirt's C(type)), such as V(pty), V(unix)
              for a socket, V(tcp) or V(file).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - pty
            - file
            - 'null'
            - stdio
            - dev
            - pipe
            - unix
            - tcp
            - udp
            - vc
            - spicevmc
            - spiceport
            - nmdm
            - qemu-vdagent
            - dbus
          path:
            description: Path of the file, device or socket on the host (libvirt's source C(path)),
              such as V(/var/log/web.log).
            type: str
          source:
            description: Further options of the file or device on the host (libvirt's C(source)).
            type: dict
            suboptions:
              seclabels:
                description:
                - Security labels of what the device uses on the host, where they differ from
                  those of the guest (libvirt's C(seclabel)).
                - Its options are those of O(config[].os.nvram.source.seclabels).
                type: list
                elements: dict
          append:
            description: Whether new output is added to the file, and what it holds is kept
              when the guest starts (libvirt's C(append)).
            type: bool
          mode:
            description:
            - 'Role at the socket (libvirt''s source C(mode)): V(bind) listens, V(connect) connects
              to one that listens.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - connect
            - bind
          tls:
            description: Whether the connection is encrypted with TLS (libvirt's C(tls)).
            type: bool
          host:
            description: Host name or address to connect to or listen on (libvirt's source C(host)),
              such as V(127.0.0.1).
            type: str
          service:
            description: Port to connect to or listen on (libvirt's source C(service)), such
              as V(2445).
            type: str
          protocol:
            description:
            - Protocol on the connection (libvirt's protocol C(type)), such as V(raw) or V(telnet).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - raw
            - telnet
            - telnets
            - tls
          bind_host:
            description: Address of the host to send from and listen on (libvirt's source C(host),
              mode C(bind)).
            type: str
          bind_service:
            description: Port of the host to send from and listen on (libvirt's source C(service),
              mode C(bind)).
            type: str
          channel:
            description:
            - Name of the channel in the viewer or on D-Bus (libvirt's source C(channel)), such
              as V(org.qemu.console.serial.0).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          master:
            description: Path of the guest's end of a null modem on the host (libvirt's C(master)),
              such as V(/dev/nmdm0A), on bhyve.
            type: str
          slave:
            description: Path of the other end of a null modem on the host (libvirt's C(slave)),
              such as V(/dev/nmdm0B), on bhyve.
            type: str
          clipboard:
            description: Whether the guest shares its clipboard with the viewer (libvirt's clipboard
              C(copypaste)).
            type: bool
          mouse:
            description: 'Who draws the mouse pointer (libvirt''s mouse C(mode)): the V(server)
              or the V(client), the viewer.'
            type: str
            choices:
            - server
            - client
          log:
            description: File on the host that gets a copy of all that the guest writes (libvirt's
              C(log)).
            type: dict
            suboptions:
              file:
                description: Path of the log file on the host (libvirt's log C(file)), such
                  as V(/var/log/web-console.log).
                type: str
              append:
                description: Whether new output is added to the log file, and what it holds
                  is kept when the guest starts (libvirt's log C(append)).
                type: bool
          target:
            description: Port that the guest sees (libvirt's C(target)).
            type: dict
            suboptions:
              type:
                description:
                - Kind of port that the guest sees (libvirt's target C(type)), such as V(isa-serial)
                  for a serial port.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - isa-serial
                - usb-serial
                - pci-serial
                - spapr-vio-serial
                - system-serial
                - sclp-serial
                - isa-debug
              port:
                description:
                - Number of the port that the guest sees (libvirt's target C(port)). The first
                  one is V(0).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              model:
                description:
                - Model of the port that the guest sees (libvirt's target C(model)), such as
                  V(isa-serial).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - isa-serial
                - usb-serial
                - pci-serial
                - spapr-vty
                - pl011
                - 16550a
                - sclpconsole
                - sclplmconsole
                - isa-debugcon
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      parallels:
        description: Parallel ports of the guest (libvirt's C(parallel)).
        type: list
        elements: dict
        suboptions:
          type:
            description:
            - What the device leads to on the host (libvirt's C(type)), such as V(pty), V(unix)
              for a socket, V(tcp) or V(file).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - pty
            - file
            - 'null'
            - stdio
            - dev
            - pipe
            - unix
            - tcp
            - udp
            - vc
            - spicevmc
            - spiceport
            - nmdm
            - qemu-vdagent
            - dbus
          path:
            description: Path of the file, device or socket on the host (libvirt's source C(path)),
              such as V(/var/log/web.log).
            type: str
          source:
            description: Further options of the file or device on the host (libvirt's C(source)).
            type: dict
            suboptions:
              seclabels:
                description:
                - Security labels of what the device uses on the host, where they differ from
                  those of the guest (libvirt's C(seclabel)).
                - Its options are those of O(config[].os.nvram.source.seclabels).
                type: list
                elements: dict
          append:
            description: Whether new output is added to the file, and what it holds is kept
              when the guest starts (libvirt's C(append)).
            type: bool
          mode:
            description:
            - 'Role at the socket (libvirt''s source C(mode)): V(bind) listens, V(connect) connects
              to one that listens.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - connect
            - bind
          tls:
            description: Whether the connection is encrypted with TLS (libvirt's C(tls)).
            type: bool
          host:
            description: Host name or address to connect to or listen on (libvirt's source C(host)),
              such as V(127.0.0.1).
            type: str
          service:
            description: Port to connect to or listen on (libvirt's source C(service)), such
              as V(2445).
            type: str
          protocol:
            description:
            - Protocol on the connection (libvirt's protocol C(type)), such as V(raw) or V(telnet).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - raw
            - telnet
            - telnets
            - tls
          bind_host:
            description: Address of the host to send from and listen on (libvirt's source C(host),
              mode C(bind)).
            type: str
          bind_service:
            description: Port of the host to send from and listen on (libvirt's source C(service),
              mode C(bind)).
            type: str
          channel:
            description:
            - Name of the channel in the viewer or on D-Bus (libvirt's source C(channel)), such
              as V(org.qemu.console.serial.0).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          master:
            description: Path of the guest's end of a null modem on the host (libvirt's C(master)),
              such as V(/dev/nmdm0A), on bhyve.
            type: str
          slave:
            description: Path of the other end of a null modem on the host (libvirt's C(slave)),
              such as V(/dev/nmdm0B), on bhyve.
            type: str
          clipboard:
            description: Whether the guest shares its clipboard with the viewer (libvirt's clipboard
              C(copypaste)).
            type: bool
          mouse:
            description: 'Who draws the mouse pointer (libvirt''s mouse C(mode)): the V(server)
              or the V(client), the viewer.'
            type: str
            choices:
            - server
            - client
          log:
            description: File on the host that gets a copy of all that the guest writes (libvirt's
              C(log)).
            type: dict
            suboptions:
              file:
                description: Path of the log file on the host (libvirt's log C(file)), such
                  as V(/var/log/web-console.log).
                type: str
              append:
                description: Whether new output is added to the log file, and what it holds
                  is kept when the guest starts (libvirt's log C(append)).
                type: bool
          target:
            description: Port that the guest sees (libvirt's C(target)).
            type: dict
            suboptions:
              port:
                description:
                - Number of the port that the guest sees (libvirt's target C(port)). The first
                  one is V(0).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      consoles:
        description: Text consoles of the guest (libvirt's C(console)), but for the one that
          libvirt shows for the first serial port.
        type: list
        elements: dict
        suboptions:
          type:
            description:
            - What the device leads to on the host (libvirt's C(type)), such as V(pty), V(unix)
              for a socket, V(tcp) or V(file).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - pty
            - file
            - 'null'
            - stdio
            - dev
            - pipe
            - unix
            - tcp
            - udp
            - vc
            - spicevmc
            - spiceport
            - nmdm
            - qemu-vdagent
            - dbus
          path:
            description: Path of the file, device or socket on the host (libvirt's source C(path)),
              such as V(/var/log/web.log).
            type: str
          source:
            description: Further options of the file or device on the host (libvirt's C(source)).
            type: dict
            suboptions:
              seclabels:
                description:
                - Security labels of what the device uses on the host, where they differ from
                  those of the guest (libvirt's C(seclabel)).
                - Its options are those of O(config[].os.nvram.source.seclabels).
                type: list
                elements: dict
          append:
            description: Whether new output is added to the file, and what it holds is kept
              when the guest starts (libvirt's C(append)).
            type: bool
          mode:
            description:
            - 'Role at the socket (libvirt''s source C(mode)): V(bind) listens, V(connect) connects
              to one that listens.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - connect
            - bind
          tls:
            description: Whether the connection is encrypted with TLS (libvirt's C(tls)).
            type: bool
          host:
            description: Host name or address to connect to or listen on (libvirt's source C(host)),
              such as V(127.0.0.1).
            type: str
          service:
            description: Port to connect to or listen on (libvirt's source C(service)), such
              as V(2445).
            type: str
          protocol:
            description:
            - Protocol on the connection (libvirt's protocol C(type)), such as V(raw) or V(telnet).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - raw
            - telnet
            - telnets
            - tls
          bind_host:
            description: Address of the host to send from and listen on (libvirt's source C(host),
              mode C(bind)).
            type: str
          bind_service:
            description: Port of the host to send from and listen on (libvirt's source C(service),
              mode C(bind)).
            type: str
          channel:
            description:
            - Name of the channel in the viewer or on D-Bus (libvirt's source C(channel)), such
              as V(org.qemu.console.serial.0).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          master:
            description: Path of the guest's end of a null modem on the host (libvirt's C(master)),
              such as V(/dev/nmdm0A), on bhyve.
            type: str
          slave:
            description: Path of the other end of a null modem on the host (libvirt's C(slave)),
              such as V(/dev/nmdm0B), on bhyve.
            type: str
          clipboard:
            description: Whether the guest shares its clipboard with the viewer (libvirt's clipboard
              C(copypaste)).
            type: bool
          mouse:
            description: 'Who draws the mouse pointer (libvirt''s mouse C(mode)): the V(server)
              or the V(client), the viewer.'
            type: str
            choices:
            - server
            - client
          log:
            description: File on the host that gets a copy of all that the guest writes (libvirt's
              C(log)).
            type: dict
            suboptions:
              file:
                description: Path of the log file on the host (libvirt's log C(file)), such
                  as V(/var/log/web-console.log).
                type: str
              append:
                description: Whether new output is added to the log file, and what it holds
                  is kept when the guest starts (libvirt's log C(append)).
                type: bool
          target:
            description: Port that the guest sees (libvirt's C(target)).
            type: dict
            suboptions:
              type:
                description:
                - Kind of port that the guest sees (libvirt's target C(type)), such as V(isa-serial)
                  for a serial port.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - serial
                - virtio
                - xen
                - uml
                - lxc
                - openvz
                - sclp
                - sclplm
              port:
                description:
                - Number of the port that the guest sees (libvirt's target C(port)). The first
                  one is V(0).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      channels:
        description: Channels between the host and programs in the guest (libvirt's C(channel)),
          such as the guest agent.
        type: list
        elements: dict
        suboptions:
          type:
            description:
            - What the device leads to on the host (libvirt's C(type)), such as V(pty), V(unix)
              for a socket, V(tcp) or V(file).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - pty
            - file
            - 'null'
            - stdio
            - dev
            - pipe
            - unix
            - tcp
            - udp
            - vc
            - spicevmc
            - spiceport
            - nmdm
            - qemu-vdagent
            - dbus
          path:
            description: Path of the file, device or socket on the host (libvirt's source C(path)),
              such as V(/var/log/web.log).
            type: str
          source:
            description: Further options of the file or device on the host (libvirt's C(source)).
            type: dict
            suboptions:
              seclabels:
                description:
                - Security labels of what the device uses on the host, where they differ from
                  those of the guest (libvirt's C(seclabel)).
                - Its options are those of O(config[].os.nvram.source.seclabels).
                type: list
                elements: dict
          append:
            description: Whether new output is added to the file, and what it holds is kept
              when the guest starts (libvirt's C(append)).
            type: bool
          mode:
            description:
            - 'Role at the socket (libvirt''s source C(mode)): V(bind) listens, V(connect) connects
              to one that listens.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - connect
            - bind
          tls:
            description: Whether the connection is encrypted with TLS (libvirt's C(tls)).
            type: bool
          host:
            description: Host name or address to connect to or listen on (libvirt's source C(host)),
              such as V(127.0.0.1).
            type: str
          service:
            description: Port to connect to or listen on (libvirt's source C(service)), such
              as V(2445).
            type: str
          protocol:
            description:
            - Protocol on the connection (libvirt's protocol C(type)), such as V(raw) or V(telnet).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - raw
            - telnet
            - telnets
            - tls
          bind_host:
            description: Address of the host to send from and listen on (libvirt's source C(host),
              mode C(bind)).
            type: str
          bind_service:
            description: Port of the host to send from and listen on (libvirt's source C(service),
              mode C(bind)).
            type: str
          channel:
            description:
            - Name of the channel in the viewer or on D-Bus (libvirt's source C(channel)), such
              as V(org.qemu.console.serial.0).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          master:
            description: Path of the guest's end of a null modem on the host (libvirt's C(master)),
              such as V(/dev/nmdm0A), on bhyve.
            type: str
          slave:
            description: Path of the other end of a null modem on the host (libvirt's C(slave)),
              such as V(/dev/nmdm0B), on bhyve.
            type: str
          clipboard:
            description: Whether the guest shares its clipboard with the viewer (libvirt's clipboard
              C(copypaste)).
            type: bool
          mouse:
            description: 'Who draws the mouse pointer (libvirt''s mouse C(mode)): the V(server)
              or the V(client), the viewer.'
            type: str
            choices:
            - server
            - client
          log:
            description: File on the host that gets a copy of all that the guest writes (libvirt's
              C(log)).
            type: dict
            suboptions:
              file:
                description: Path of the log file on the host (libvirt's log C(file)), such
                  as V(/var/log/web-console.log).
                type: str
              append:
                description: Whether new output is added to the log file, and what it holds
                  is kept when the guest starts (libvirt's log C(append)).
                type: bool
          target:
            description: Channel that the guest sees (libvirt's C(target)).
            type: dict
            suboptions:
              type:
                description:
                - Kind of channel that the guest sees (libvirt's target C(type)), such as V(virtio).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - virtio
                - guestfwd
                - xen
              name:
                description: Name by which the guest finds the channel (libvirt's target C(name)),
                  such as V(org.qemu.guest_agent.0).
                type: str
              state:
                description:
                - Whether a program in the guest has opened the channel (libvirt's target C(state)).
                  libvirt reports it.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - connected
                - disconnected
              address:
                description: Address that programs in the guest connect to (libvirt's target
                  C(address)), such as V(10.0.2.1).
                type: str
              port:
                description: Port that programs in the guest connect to (libvirt's target C(port)),
                  such as V(4600).
                type: int
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      inputs:
        description: Keyboards, mice and other input devices (libvirt's C(input)), but for the
          PS/2 ones that every PC has.
        type: list
        elements: dict
        suboptions:
          type:
            description: Kind of input device (libvirt's input C(type)). A V(tablet) keeps the
              pointer in step with that of the viewer.
            type: str
            choices:
            - tablet
            - mouse
            - keyboard
            - passthrough
            - evdev
          source:
            description: Path of the input device on the host that is passed on (libvirt's source),
              such as V(/dev/input/event1).
            type: str
          grab:
            description: 'Whether all input devices switch between host and guest together (libvirt''s
              C(grab)): V(all), on a keyboard.'
            type: str
            choices:
            - all
          grab_toggle:
            description: Keys that switch the input device between host and guest (libvirt's
              C(grabToggle)), such as V(ctrl-ctrl) for both control keys.
            type: str
            choices:
            - ctrl-ctrl
            - alt-alt
            - shift-shift
            - meta-meta
            - scrolllock
            - ctrl-scrolllock
          repeat:
            description: Whether a key that is held down repeats (libvirt's C(repeat)).
            type: bool
          bus:
            description:
            - Bus of the input device (libvirt's input C(bus)), such as V(usb).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - ps2
            - usb
            - virtio
            - xen
          model:
            description:
            - Version of virtio that the device speaks (libvirt's C(model)). V(virtio-transitional)
              speaks 0.9 and 1.0, V(virtio-non-transitional) only 1.0.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - virtio
            - virtio-transitional
            - virtio-non-transitional
          driver:
            description: Options of virtio for the device (libvirt's C(driver)).
            type: dict
            suboptions:
              iommu:
                description: Whether a virtio device uses the guest's virtual IOMMU (libvirt's
                  driver C(iommu)).
                type: bool
              ats:
                description: Whether a virtio device supports Address Translation Service on
                  PCIe (libvirt's driver C(ats)).
                type: bool
              packed:
                description: Whether a virtio device may use packed virtqueues (libvirt's driver
                  C(packed)).
                type: bool
              page_per_vq:
                description: Whether each queue of a virtio device has a memory page of its
                  own for notifications (libvirt's driver C(page_per_vq)). It is meant for vDPA.
                type: bool
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      tpms:
        description: Trusted Platform Modules of the guest (libvirt's C(tpm)).
        type: list
        elements: dict
        suboptions:
          model:
            description:
            - 'Model of the TPM (libvirt''s tpm C(model)): V(tpm-crb) is for TPM 2.0, V(tpm-tis)
              for both versions.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - tpm-crb
            - tpm-tis
            - tpm-spapr
            - spapr-tpm-proxy
          backend:
            description: What provides the TPM on the host (libvirt's tpm C(backend)).
            type: dict
            suboptions:
              type:
                description:
                - 'What provides the TPM on the host (libvirt''s backend C(type)): V(emulator)
                  is swtpm, V(passthrough) the host''s own TPM, V(external) a swtpm of your
                  own.'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - emulator
                - passthrough
                - external
              secret:
                description: UUID of the libvirt secret that encrypts the TPM's state (libvirt's
                  encryption C(secret)).
                type: str
              persistent_state:
                description: Whether the TPM's state stays on the host when the definition of
                  a transient guest goes (libvirt's C(persistent_state)).
                type: bool
              debug:
                description: 'How much swtpm logs (libvirt''s backend C(debug)): a higher number
                  logs more.'
                type: int
              sha1:
                description: Whether the TPM has registers with hashes of sha1 (libvirt's C(active_pcr_banks)).
                type: bool
              sha256:
                description: Whether the TPM has registers with hashes of sha256 (libvirt's
                  C(active_pcr_banks)).
                type: bool
              sha384:
                description: Whether the TPM has registers with hashes of sha384 (libvirt's
                  C(active_pcr_banks)).
                type: bool
              sha512:
                description: Whether the TPM has registers with hashes of sha512 (libvirt's
                  C(active_pcr_banks)).
                type: bool
              source_type:
                description: Whether the TPM's state is in a V(file) or a directory, V(dir)
                  (libvirt's source C(type)).
                type: str
                choices:
                - file
                - dir
              source:
                description: Path of the file or directory with the TPM's state, or of an external
                  TPM's socket (libvirt's source C(path)).
                type: str
              profile:
                description: Profile of algorithms that the TPM offers (libvirt's C(profile)),
                  set when it is made.
                type: dict
                suboptions:
                  source:
                    description: Name of the profile of algorithms to start the TPM with (libvirt's
                      profile C(source)), such as V(local:restricted).
                    type: str
                  name:
                    description:
                    - Name of the profile that the TPM was made with (libvirt's profile C(name)).
                      libvirt sets it.
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: str
                  remove_disabled:
                    description: What to do with algorithms of the profile that the host does
                      not allow (libvirt's C(removeDisabled)).
                    type: str
                    choices:
                    - check
                    - fips-host
              device:
                description:
                - Path of the TPM on the host that is passed on (libvirt's device C(path)),
                  such as V(/dev/tpm0).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              source_mode:
                description:
                - Role of the guest at the socket (libvirt's source C(mode)), which is always
                  V(connect).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - connect
              version:
                description:
                - Version of the TPM (libvirt's backend C(version)), such as V(2.0).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - '1.2'
                - '2.0'
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      graphics:
        description: Displays by which the guest's screen can be seen (libvirt's C(graphics)),
          such as VNC.
        type: list
        elements: dict
        suboptions:
          public:
            description: Whether the display may listen on all addresses of the host, V(0.0.0.0)
              or V(::). Without it that is refused.
            type: bool
          type:
            description: 'Kind of display (libvirt''s graphics C(type)): V(vnc) and V(spice)
              are for viewers over the network, the others for the host itself or for Hyper-V
              and VirtualBox.'
            type: str
            choices:
            - vnc
            - spice
            - sdl
            - rdp
            - desktop
            - dbus
            - egl-headless
          port:
            description:
            - Port on the host that viewers connect to (libvirt's graphics C(port)), such as
              V(5900). V(-1) is the next free one.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          autoport:
            description:
            - Whether libvirt picks a free port at each start (libvirt's C(autoport)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: bool
          listen:
            description:
            - Address of the host to listen on for viewers (libvirt's C(listen)), such as V(127.0.0.1).
              V(0.0.0.0) lets all the world in, and needs C(public).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          websocket:
            description: Port on the host for viewers in a browser (libvirt's C(websocket)),
              such as V(5700). V(-1) is the next free one.
            type: int
          socket:
            description:
            - Path of the socket on the host to listen on, in place of a port (libvirt's C(socket)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          share_policy:
            description: 'Whether viewers share the screen (libvirt''s C(sharePolicy)): V(allow-exclusive)
              lets one shut out the others, V(force-shared) does not, V(ignore) lets all in.'
            type: str
            choices:
            - allow-exclusive
            - force-shared
            - ignore
          power_control:
            description: Whether viewers may shut down, reboot or reset the guest (libvirt's
              C(powerControl)).
            type: bool
          passwd:
            description: Password that viewers have to give (libvirt's C(passwd)). VNC takes
              8 characters at most, SPICE 60.
            type: str
          passwd_valid_to:
            description: Time in UTC until which the password is valid (libvirt's C(passwdValidTo)).
            type: str
          connected:
            description: 'What to do with open connections when the password changes (libvirt''s
              C(connected)): V(keep) them, V(disconnect) them, or V(fail) to change it.'
            type: str
            choices:
            - fail
            - disconnect
            - keep
          keymap:
            description: Keyboard layout of the viewers (libvirt's C(keymap)), such as V(en-us).
            type: str
          audio:
            description:
            - Number of the audio backend that sound of the display goes to (libvirt's audio
              C(id)), as in O(config[].audios).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          listens:
            description: Addresses or sockets to listen on for viewers (libvirt's C(listen)).
              libvirt fills in the loopback address.
            type: list
            elements: dict
            suboptions:
              type:
                description: 'Kind of what to listen on (libvirt''s listen C(type)): an V(address),
                  the address on a V(network), a V(socket), or V(none).'
                type: str
                choices:
                - address
                - network
                - socket
                - none
              address:
                description:
                - Address of the host to listen on (libvirt's listen C(address)), such as V(127.0.0.1).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              network:
                description: Name of the libvirt network whose address on the host to listen
                  on (libvirt's listen C(network)).
                type: str
              socket:
                description:
                - Path of the socket on the host to listen on (libvirt's listen C(socket)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
          tls_port:
            description:
            - Port on the host for encrypted connections (libvirt's C(tlsPort)), such as V(5901).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          default_mode:
            description: 'Whether channels are encrypted unless told otherwise (libvirt''s C(defaultMode)):
              V(secure) ones are, V(insecure) are not, V(any) can be.'
            type: str
            choices:
            - any
            - secure
            - insecure
          channels:
            description:
            - Whether single channels are encrypted (libvirt's C(channel)), by their names,
              such as V(main).
            - A name that is left out stays as it is; V(null) takes a name away.
            - Values are V(any), V(secure), V(insecure).
            type: dict
          image_compression:
            description: How images are compressed (libvirt's image C(compression)), such as
              V(auto_glz). V(off) does not.
            type: str
            choices:
            - auto_glz
            - auto_lz
            - quic
            - glz
            - lz
            - 'off'
          jpeg_compression:
            description: Whether images are compressed with loss over slow networks (libvirt's
              jpeg C(compression)).
            type: str
            choices:
            - auto
            - never
            - always
          zlib_compression:
            description: Whether images are compressed once more by zlib over slow networks
              (libvirt's zlib C(compression)).
            type: str
            choices:
            - auto
            - never
            - always
          playback_compression:
            description: Whether sound is compressed on its way to the viewer (libvirt's playback
              C(compression)).
            type: bool
          streaming:
            description: 'What the server sends as a video (libvirt''s streaming C(mode)): V(filter)
              only what seems to be one, V(all) all that changes fast, V(off) nothing.'
            type: str
            choices:
            - filter
            - all
            - 'off'
          clipboard:
            description: Whether guest and viewer share the clipboard (libvirt's clipboard C(copypaste)).
            type: bool
          mouse:
            description: 'Who draws the mouse pointer (libvirt''s mouse C(mode)): the V(server)
              or the V(client), the viewer.'
            type: str
            choices:
            - server
            - client
          filetransfer:
            description: Whether viewers can send files into the guest (libvirt's C(filetransfer)).
            type: bool
          gl:
            description: Drawing with OpenGL on the host's graphics card (libvirt's C(gl)).
            type: dict
            suboptions:
              enable:
                description: Whether OpenGL is on (libvirt's gl C(enable)).
                type: bool
              rendernode:
                description: Path of the host's device that draws (libvirt's C(rendernode)),
                  such as V(/dev/dri/renderD128).
                type: str
          display:
            description: X display of the host that the window opens on (libvirt's C(display)),
              such as V(:0.0).
            type: str
          fullscreen:
            description: Whether the window takes the whole screen (libvirt's C(fullscreen)).
            type: bool
          xauth:
            description: Path of the file with the cookie for the X display (libvirt's C(xauth)),
              such as V(/root/.Xauthority).
            type: str
          replace_user:
            description: Whether a new user takes over the connection of the one before (libvirt's
              C(replaceUser)).
            type: bool
          multi_user:
            description: Whether several users can connect at the same time (libvirt's C(multiUser)).
            type: bool
          username:
            description: Name that the user has to log in with (libvirt's C(username)).
            type: str
          address:
            description: Address of the D-Bus to use (libvirt's C(address)), such as V(unix:path=/run/user/1000/bus).
            type: str
          p2p:
            description: Whether viewers connect to QEMU directly, without a bus between (libvirt's
              C(p2p)).
            type: bool
      sounds:
        description: Sound cards of the guest (libvirt's C(sound)).
        type: list
        elements: dict
        suboptions:
          model:
            description: Model of the sound card (libvirt's sound C(model)), such as V(ich9).
            type: str
            choices:
            - ich9
            - ich6
            - ich7
            - ac97
            - es1370
            - sb16
            - pcspk
            - usb
            - virtio
          multichannel:
            description: Whether a USB sound card has more than two channels (libvirt's C(multichannel)).
            type: bool
          streams:
            description:
            - Number of sound streams of a V(virtio) card (libvirt's C(streams)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          codecs:
            description: 'What is plugged into an V(ich6) or V(ich9) card (libvirt''s codec
              C(type)): V(duplex) has line in and out, V(micro) a microphone and a speaker,
              V(output) line out.'
            type: list
            elements: str
            choices:
            - duplex
            - micro
            - output
          audio:
            description: Number of the audio backend that sound goes to (libvirt's audio C(id)),
              as in O(config[].audios).
            type: int
          driver:
            description:
            - Options of virtio for the device (libvirt's C(driver)).
            - Its options are those of O(config[].inputs[].driver).
            type: dict
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      audios:
        description: 'Audio backends: where the guest''s sound goes on the host (libvirt''s
          C(audio)).'
        type: list
        elements: dict
        suboptions:
          id:
            description: Number of the audio backend (libvirt's audio C(id)), by which sound
              cards refer to it.
            type: int
          type:
            description: Kind of audio backend on the host (libvirt's audio C(type)), such as
              V(pulseaudio); V(none) throws the sound away.
            type: str
            choices:
            - none
            - alsa
            - coreaudio
            - dbus
            - jack
            - oss
            - pipewire
            - pulseaudio
            - sdl
            - spice
            - file
          timer_period:
            description: Interval in microseconds at which QEMU handles sound (libvirt's C(timerPeriod)).
            type: int
          try_mmap:
            description: Whether to map the memory of an OSS device, where it can (libvirt's
              C(tryMMap)).
            type: bool
          exclusive:
            description: Whether to keep other programs off an OSS device (libvirt's C(exclusive)).
            type: bool
          dsp_policy:
            description: Balance of delay and load of an OSS device (libvirt's C(dspPolicy)),
              from V(0) to V(10); V(-1) goes by the buffers.
            type: int
          runtime_dir:
            description: Path of the directory with PipeWire's socket (libvirt's C(runtimeDir)).
            type: str
          server_name:
            description: Name of the PulseAudio server to use (libvirt's C(serverName)).
            type: str
          driver:
            description: Driver that SDL gives the sound to (libvirt's driver), such as V(pulseaudio).
            type: str
            choices:
            - esd
            - alsa
            - arts
            - pulseaudio
          path:
            description: Path of the file that sound is written to (libvirt's audio C(path)),
              with type V(file).
            type: str
          input:
            description: Sound that the guest records (libvirt's audio C(input)).
            type: dict
            suboptions:
              mixing_engine:
                description:
                - Whether QEMU mixes the sound and converts it to the host's format (libvirt's
                  C(mixingEngine)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              fixed_settings:
                description:
                - Whether the sound has the format in C(settings), not the guest's (libvirt's
                  C(fixedSettings)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              voices:
                description: Number of sounds that QEMU can mix at the same time (libvirt's
                  C(voices)).
                type: int
              buffer_length:
                description: Length of the sound buffer in microseconds (libvirt's C(bufferLength)).
                type: int
              buffer_count:
                description: Number of sound buffers on the host (libvirt's C(bufferCount)).
                type: int
              dev:
                description: Sound device of the host (libvirt's C(dev)), such as V(default)
                  for ALSA or V(/dev/dsp0) for OSS.
                type: str
              try_poll:
                description: Whether to wait for the device by polling, where it can (libvirt's
                  C(tryPoll)).
                type: bool
              name:
                description: Name of the sink or source of PulseAudio or PipeWire (libvirt's
                  C(name)).
                type: str
              stream_name:
                description: Name of the stream that the sound server shows (libvirt's C(streamName)).
                type: str
              latency:
                description: Latency to ask the sound server for, in microseconds (libvirt's
                  C(latency)).
                type: int
              server_name:
                description: Name of the JACK server to use (libvirt's C(serverName)).
                type: str
              client_name:
                description: Name by which JACK knows the guest (libvirt's C(clientName)).
                type: str
              connect_ports:
                description: 'Pattern of the names of JACK ports to connect to (libvirt''s C(connectPorts)):
                  a regular expression.'
                type: str
              exact_name:
                description: Whether JACK must give the guest exactly the name asked for (libvirt's
                  C(exactName)).
                type: bool
              settings:
                description: Format of the sound on the host (libvirt's C(settings)).
                type: dict
                suboptions:
                  frequency:
                    description: Number of samples per second (libvirt's C(frequency)), such
                      as V(44100).
                    type: int
                  channels:
                    description: 'Number of sound channels (libvirt''s settings C(channels)):
                      V(2) is stereo.'
                    type: int
                  format:
                    description: Format of a sample (libvirt's settings C(format)), such as
                      V(s16) for signed 16 bits.
                    type: str
                    choices:
                    - s8
                    - u8
                    - s16
                    - u16
                    - s32
                    - u32
                    - f32
          output:
            description:
            - Sound that the guest plays (libvirt's audio C(output)).
            - Its options are those of O(config[].audios[].input).
            type: dict
      videos:
        description: Graphics cards of the guest (libvirt's C(video)).
        type: list
        elements: dict
        suboptions:
          driver:
            description: Options of how the host runs the graphics card (libvirt's video C(driver)).
            type: dict
            suboptions:
              name:
                description:
                - 'Program that runs the graphics card on the host (libvirt''s driver C(name)):
                  V(qemu), or V(vhostuser) for a process of its own.'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - qemu
                - vhostuser
              vgaconf:
                description: 'Whether the card offers VGA on bhyve (libvirt''s C(vgaconf)):
                  V(on), V(off), or V(io) for I/O ports alone.'
                type: str
                choices:
                - io
                - 'on'
                - 'off'
              iommu:
                description: Whether a virtio device uses the guest's virtual IOMMU (libvirt's
                  driver C(iommu)).
                type: bool
              ats:
                description: Whether a virtio device supports Address Translation Service on
                  PCIe (libvirt's driver C(ats)).
                type: bool
              packed:
                description: Whether a virtio device may use packed virtqueues (libvirt's driver
                  C(packed)).
                type: bool
              page_per_vq:
                description: Whether each queue of a virtio device has a memory page of its
                  own for notifications (libvirt's driver C(page_per_vq)). It is meant for vDPA.
                type: bool
          model:
            description: Model and memory of the graphics card (libvirt's video C(model)).
            type: dict
            suboptions:
              type:
                description:
                - Model of the graphics card (libvirt's model C(type)), such as V(virtio) or
                  V(vga); V(none) for no card.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - virtio
                - vga
                - qxl
                - cirrus
                - bochs
                - ramfb
                - none
                - vmvga
                - xen
                - vbox
                - gop
                - parallels
              vram:
                description:
                - Video memory in KiB (libvirt's C(vram)); on a V(qxl) card, that of the second
                  bar.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              ram:
                description:
                - Memory in KiB of the first bar of a V(qxl) card (libvirt's C(ram)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              vgamem:
                description:
                - Memory in KiB for the VGA framebuffer of a V(qxl) card (libvirt's C(vgamem)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              vram64:
                description:
                - Memory in KiB of the 64-bit bar of a V(qxl) card (libvirt's C(vram64)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              heads:
                description:
                - Number of screens that the card can have (libvirt's C(heads)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              primary:
                description:
                - Whether the card is the first one, which the guest shows its start on (libvirt's
                  C(primary)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              blob:
                description: Whether a V(virtio) card shares its pictures with the host without
                  copies (libvirt's C(blob)).
                type: bool
              acceleration:
                description: Work that the host's graphics card does for the guest (libvirt's
                  C(acceleration)).
                type: dict
                suboptions:
                  accel3d:
                    description: Whether the guest can draw in 3D on the host's graphics card
                      (libvirt's C(accel3d)).
                    type: bool
                  accel2d:
                    description: Whether the guest can draw in 2D on the host's graphics card
                      (libvirt's C(accel2d)).
                    type: bool
                  rendernode:
                    description: Path of the host's device that draws (libvirt's C(rendernode)),
                      such as V(/dev/dri/renderD128).
                    type: str
              resolution:
                description: Size of the first screen at the start (libvirt's C(resolution)).
                type: dict
                suboptions:
                  x:
                    description: Width of the screen in pixels (libvirt's resolution C(x)),
                      such as V(1280).
                    type: int
                  y:
                    description: Height of the screen in pixels (libvirt's resolution C(y)),
                      such as V(800).
                    type: int
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      hostdevs:
        description: Devices of the host that are handed to the guest (libvirt's C(hostdev)),
          such as PCI cards.
        type: list
        elements: dict
        suboptions:
          mode:
            description: 'How the device is handed over (libvirt''s hostdev C(mode)): V(subsystem)
              for virtual machines, V(capabilities) for containers.'
            type: str
            choices:
            - subsystem
            - capabilities
          type:
            description: Kind of host device (libvirt's hostdev C(type)), such as V(pci) or
              V(usb); V(storage), V(misc) and V(net) are for containers.
            type: str
            choices:
            - pci
            - usb
            - scsi
            - scsi_host
            - mdev
            - storage
            - misc
            - net
          source:
            description: Device on the host that the guest gets (libvirt's C(source)).
            type: dict
            suboptions:
              startup_policy:
                description: What to do when the device is missing (libvirt's C(startupPolicy)).
                  V(mandatory) refuses to start; V(requisite) refuses at a boot, but goes on
                  without it after a migration or restore; V(optional) always goes on without
                  it.
                type: str
                choices:
                - mandatory
                - requisite
                - optional
              write_filtering:
                description: Whether Xen filters what the guest writes into the device's configuration
                  (libvirt's C(writeFiltering)).
                type: bool
              address:
                description: PCI address of the device on the host, as C(lspci -D) shows it
                  (libvirt's source C(address)).
                type: dict
                suboptions:
                  domain:
                    description: Number of the PCI domain (libvirt's C(domain)), such as V(0x0000).
                    type: int
                  bus:
                    description:
                    - Number of the bus (libvirt's C(bus)). For a PCI or USB device of the guest
                      it is the index of its controller; for a device of the host, the bus that
                      C(lspci) or C(lsusb) shows.
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: int
                  slot:
                    description:
                    - Number of the slot on the bus (libvirt's C(slot)). PCI has V(0x00) to
                      V(0x1f).
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: int
                  function:
                    description: Number of the function in a PCI slot (libvirt's C(function)),
                      from V(0x0) to V(0x7).
                    type: int
                  multifunction:
                    description:
                    - Whether the PCI slot holds several functions (libvirt's C(multifunction)).
                      Set it at function 0 where other functions of the slot are used.
                    - libvirt fills it in by itself, so V(null) leaves it as it is.
                    type: bool
          driver:
            description: Driver that hands a host device to the guest (libvirt's C(driver)).
            type: dict
            suboptions:
              name:
                description: Driver that hands the host device to the guest (libvirt's driver
                  C(name)), such as V(vfio).
                type: str
                choices:
                - kvm
                - vfio
                - xen
              model:
                description: Kernel driver that the host device is bound to (libvirt's driver
                  C(model)), such as V(mlx5_vfio_pci).
                type: str
          teaming:
            description: Pairs two network devices, which the guest takes for one, so that it
              can migrate with a host device (libvirt's C(teaming)).
            type: dict
            suboptions:
              type:
                description: 'Part of the device in the pair (libvirt''s teaming C(type)): V(persistent)
                  stays at a migration, V(transient) is unplugged for it.'
                type: str
                choices:
                - persistent
                - transient
              persistent:
                description: Alias of the persistent device of the pair (libvirt's teaming C(persistent)),
                  such as V(ua-backup0).
                type: str
          display:
            description:
            - Whether a graphics device shows on the guest's display (libvirt's C(display)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: bool
          ramfb:
            description: Whether the graphics device can show the guest's start, from the firmware
              on (libvirt's C(ramfb)).
            type: bool
          rawio:
            description: Whether the guest gets the privilege to send raw SCSI commands (libvirt's
              C(rawio)).
            type: bool
          sgio:
            description: Whether the kernel filters SCSI commands of the guest (libvirt's C(sgio)).
            type: str
            choices:
            - filtered
            - unfiltered
          model:
            description:
            - Model that the guest sees (libvirt's hostdev C(model)), such as V(virtio-transitional).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          managed:
            description: Whether libvirt detaches the device from the host when the guest starts,
              and gives it back later (libvirt's C(managed)).
            type: bool
          readonly:
            description: Whether the guest can only read the device (libvirt's C(readonly)),
              for SCSI.
            type: bool
          shareable:
            description: Whether several guests may have the device at the same time (libvirt's
              C(shareable)), for SCSI.
            type: bool
          rom:
            description:
            - Boot ROM of a PCI device (libvirt's C(rom)), such as the PXE code of a network
              card.
            - Its options are those of O(config[].interfaces[].rom).
            type: dict
          boot:
            description: Makes the guest boot from this device (libvirt's C(boot) of a device).
              Use it in place of O(config[].boot), not together with it.
            type: dict
            suboptions:
              order:
                description: Position of the device in the boot order (libvirt's C(boot order)).
                  The firmware tries V(1) first.
                type: int
              loadparm:
                description: Boot entry to load on S390 (libvirt's C(loadparm)), up to eight
                  characters, such as V(2).
                type: str
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      redirdevs:
        description: USB devices that a viewer passes to the guest over the network (libvirt's
          C(redirdev)).
        type: list
        elements: dict
        suboptions:
          bus:
            description:
            - Bus of the device in the guest (libvirt's C(bus)), which is always V(usb).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - usb
          type:
            description:
            - What the device leads to on the host (libvirt's C(type)), such as V(pty), V(unix)
              for a socket, V(tcp) or V(file).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - pty
            - file
            - 'null'
            - stdio
            - dev
            - pipe
            - unix
            - tcp
            - udp
            - vc
            - spicevmc
            - spiceport
            - nmdm
            - qemu-vdagent
            - dbus
          path:
            description: Path of the file, device or socket on the host (libvirt's source C(path)),
              such as V(/var/log/web.log).
            type: str
          source:
            description: Further options of the file or device on the host (libvirt's C(source)).
            type: dict
            suboptions:
              seclabels:
                description:
                - Security labels of what the device uses on the host, where they differ from
                  those of the guest (libvirt's C(seclabel)).
                - Its options are those of O(config[].os.nvram.source.seclabels).
                type: list
                elements: dict
          append:
            description: Whether new output is added to the file, and what it holds is kept
              when the guest starts (libvirt's C(append)).
            type: bool
          mode:
            description:
            - 'Role at the socket (libvirt''s source C(mode)): V(bind) listens, V(connect) connects
              to one that listens.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - connect
            - bind
          tls:
            description: Whether the connection is encrypted with TLS (libvirt's C(tls)).
            type: bool
          host:
            description: Host name or address to connect to or listen on (libvirt's source C(host)),
              such as V(127.0.0.1).
            type: str
          service:
            description: Port to connect to or listen on (libvirt's source C(service)), such
              as V(2445).
            type: str
          protocol:
            description:
            - Protocol on the connection (libvirt's protocol C(type)), such as V(raw) or V(telnet).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - raw
            - telnet
            - telnets
            - tls
          bind_host:
            description: Address of the host to send from and listen on (libvirt's source C(host),
              mode C(bind)).
            type: str
          bind_service:
            description: Port of the host to send from and listen on (libvirt's source C(service),
              mode C(bind)).
            type: str
          channel:
            description:
            - Name of the channel in the viewer or on D-Bus (libvirt's source C(channel)), such
              as V(org.qemu.console.serial.0).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          master:
            description: Path of the guest's end of a null modem on the host (libvirt's C(master)),
              such as V(/dev/nmdm0A), on bhyve.
            type: str
          slave:
            description: Path of the other end of a null modem on the host (libvirt's C(slave)),
              such as V(/dev/nmdm0B), on bhyve.
            type: str
          clipboard:
            description: Whether the guest shares its clipboard with the viewer (libvirt's clipboard
              C(copypaste)).
            type: bool
          mouse:
            description: 'Who draws the mouse pointer (libvirt''s mouse C(mode)): the V(server)
              or the V(client), the viewer.'
            type: str
            choices:
            - server
            - client
          log:
            description: File on the host that gets a copy of all that the guest writes (libvirt's
              C(log)).
            type: dict
            suboptions:
              file:
                description: Path of the log file on the host (libvirt's log C(file)), such
                  as V(/var/log/web-console.log).
                type: str
              append:
                description: Whether new output is added to the log file, and what it holds
                  is kept when the guest starts (libvirt's log C(append)).
                type: bool
          boot:
            description: Makes the guest boot from this device (libvirt's C(boot) of a device).
              Use it in place of O(config[].boot), not together with it.
            type: dict
            suboptions:
              order:
                description: Position of the device in the boot order (libvirt's C(boot order)).
                  The firmware tries V(1) first.
                type: int
              loadparm:
                description: Boot entry to load on S390 (libvirt's C(loadparm)), up to eight
                  characters, such as V(2).
                type: str
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      redirfilter:
        description: Rules for the USB devices that a viewer may pass to the guest (libvirt's
          C(redirfilter)). The first rule that fits decides.
        type: list
        elements: dict
        suboptions:
          allow:
            description: Whether devices that fit may be passed to the guest (libvirt's usbdev
              C(allow)).
            type: bool
          class:
            description: USB class of the device (libvirt's C(class)), such as V(0x08) for storage;
              V(-1) is any.
            type: str
          vendor:
            description: Vendor id of the device (libvirt's C(vendor)), such as V(0x046d); V(-1)
              is any.
            type: str
          product:
            description: Product id of the device (libvirt's C(product)), such as V(0x08b2);
              V(-1) is any.
            type: str
          version:
            description: Version of the device (libvirt's C(version)), such as V(2.00); V(-1)
              is any.
            type: str
      hubs:
        description: USB hubs of the guest (libvirt's C(hub)).
        type: list
        elements: dict
        suboptions:
          type:
            description:
            - Bus of the hub (libvirt's hub C(type)), which is always V(usb).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - usb
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      watchdogs:
        description: Watchdogs that act when the guest hangs (libvirt's C(watchdog)), but for
          the one in the chip set of Q35.
        type: list
        elements: dict
        suboptions:
          model:
            description: Model of the watchdog (libvirt's C(model)), such as V(i6300esb).
            type: str
            choices:
            - i6300esb
            - itco
            - ib700
            - diag288
          action:
            description: 'What to do when the guest hangs (libvirt''s watchdog C(action)): V(reset)
              restarts it, V(poweroff) stops it, V(dump) writes its memory to a file on the
              host, V(inject-nmi) sends it an interrupt.'
            type: str
            choices:
            - reset
            - shutdown
            - poweroff
            - pause
            - none
            - dump
            - inject-nmi
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      memballoon:
        description:
        - Memory balloon, by which the host takes memory from the guest and gives it back (libvirt's
          C(memballoon)).
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: dict
        suboptions:
          model:
            description:
            - Model of the balloon (libvirt's memballoon C(model)), such as V(virtio); V(none)
              for no balloon.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - virtio
            - virtio-transitional
            - virtio-non-transitional
            - xen
            - none
          autodeflate:
            description: Whether the guest gets memory back before it kills a process for want
              of it (libvirt's C(autodeflate)).
            type: bool
          free_page_reporting:
            description: Whether the guest tells the host which memory it does not use, so that
              the host can take it (libvirt's C(freePageReporting)).
            type: bool
          stats_period:
            description: Seconds between two statistics of the guest's memory (libvirt's stats
              C(period)), such as V(10).
            type: int
          driver:
            description:
            - Options of virtio for the device (libvirt's C(driver)).
            - Its options are those of O(config[].inputs[].driver).
            type: dict
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      rngs:
        description: Random number generators of the guest (libvirt's C(rng)).
        type: list
        elements: dict
        suboptions:
          model:
            description:
            - Version of virtio that the device speaks (libvirt's C(model)). V(virtio-transitional)
              speaks 0.9 and 1.0, V(virtio-non-transitional) only 1.0.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - virtio
            - virtio-transitional
            - virtio-non-transitional
          backend:
            description: Source of random numbers on the host (libvirt's rng C(backend)).
            type: dict
            suboptions:
              model:
                description:
                - 'Source of random numbers on the host (libvirt''s backend C(model)): V(random)
                  is a device, V(builtin) the host''s system call, V(egd) a daemon.'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - random
                - builtin
                - egd
              device:
                description:
                - Path of the device on the host that gives random numbers (libvirt's C(backend)),
                  such as V(/dev/urandom).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              type:
                description: What the device leads to on the host (libvirt's C(type)), such
                  as V(pty), V(unix) for a socket, V(tcp) or V(file).
                type: str
                choices:
                - pty
                - file
                - 'null'
                - stdio
                - dev
                - pipe
                - unix
                - tcp
                - udp
                - vc
                - spicevmc
                - spiceport
                - nmdm
                - qemu-vdagent
                - dbus
              path:
                description: Path of the file, device or socket on the host (libvirt's source
                  C(path)), such as V(/var/log/web.log).
                type: str
              source:
                description: Further options of the file or device on the host (libvirt's C(source)).
                type: dict
                suboptions:
                  seclabels:
                    description:
                    - Security labels of what the device uses on the host, where they differ
                      from those of the guest (libvirt's C(seclabel)).
                    - Its options are those of O(config[].os.nvram.source.seclabels).
                    type: list
                    elements: dict
              append:
                description: Whether new output is added to the file, and what it holds is kept
                  when the guest starts (libvirt's C(append)).
                type: bool
              mode:
                description:
                - 'Role at the socket (libvirt''s source C(mode)): V(bind) listens, V(connect)
                  connects to one that listens.'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - connect
                - bind
              tls:
                description: Whether the connection is encrypted with TLS (libvirt's C(tls)).
                type: bool
              host:
                description: Host name or address to connect to or listen on (libvirt's source
                  C(host)), such as V(127.0.0.1).
                type: str
              service:
                description: Port to connect to or listen on (libvirt's source C(service)),
                  such as V(2445).
                type: str
              protocol:
                description:
                - Protocol on the connection (libvirt's protocol C(type)), such as V(raw) or
                  V(telnet).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - raw
                - telnet
                - telnets
                - tls
              bind_host:
                description: Address of the host to send from and listen on (libvirt's source
                  C(host), mode C(bind)).
                type: str
              bind_service:
                description: Port of the host to send from and listen on (libvirt's source C(service),
                  mode C(bind)).
                type: str
              channel:
                description:
                - Name of the channel in the viewer or on D-Bus (libvirt's source C(channel)),
                  such as V(org.qemu.console.serial.0).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              master:
                description: Path of the guest's end of a null modem on the host (libvirt's
                  C(master)), such as V(/dev/nmdm0A), on bhyve.
                type: str
              slave:
                description: Path of the other end of a null modem on the host (libvirt's C(slave)),
                  such as V(/dev/nmdm0B), on bhyve.
                type: str
              clipboard:
                description: Whether the guest shares its clipboard with the viewer (libvirt's
                  clipboard C(copypaste)).
                type: bool
              mouse:
                description: 'Who draws the mouse pointer (libvirt''s mouse C(mode)): the V(server)
                  or the V(client), the viewer.'
                type: str
                choices:
                - server
                - client
              log:
                description: File on the host that gets a copy of all that the guest writes
                  (libvirt's C(log)).
                type: dict
                suboptions:
                  file:
                    description: Path of the log file on the host (libvirt's log C(file)), such
                      as V(/var/log/web-console.log).
                    type: str
                  append:
                    description: Whether new output is added to the log file, and what it holds
                      is kept when the guest starts (libvirt's log C(append)).
                    type: bool
          rate:
            description: Limit of how many random numbers the guest may take (libvirt's C(rate)).
            type: dict
            suboptions:
              bytes:
                description: Bytes that the guest may take in each period (libvirt's rate C(bytes)),
                  such as V(1234).
                type: int
              period:
                description:
                - Length of the period in milliseconds (libvirt's rate C(period)), such as V(2000).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
          driver:
            description:
            - Options of virtio for the device (libvirt's C(driver)).
            - Its options are those of O(config[].inputs[].driver).
            type: dict
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      nvram:
        description: NVRAM device of a guest on POWER (libvirt's C(nvram) device).
        type: dict
        suboptions:
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      panics:
        description: Devices by which the guest reports a crash to the host (libvirt's C(panic)),
          but for the one that every guest on POWER or IBM Z has.
        type: list
        elements: dict
        suboptions:
          model:
            description:
            - 'Model of the panic device (libvirt''s panic C(model)): V(isa) or V(pvpanic) on
              x86, V(hyperv) for Windows.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - isa
            - pseries
            - hyperv
            - s390
            - pvpanic
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      shmems:
        description: Memory that is shared with other guests or programs on the host (libvirt's
          C(shmem)).
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the shared memory on the host (libvirt's shmem C(name)), which
              all that share it use.
            type: str
          role:
            description: 'Role of the guest at a migration (libvirt''s shmem C(role)): a V(master)
              takes the memory along, a V(peer) does not.'
            type: str
            choices:
            - master
            - peer
          model:
            description:
            - 'Kind of shared memory device (libvirt''s model C(type)): V(ivshmem-doorbell)
              also has interrupts by a server.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - ivshmem-plain
            - ivshmem-doorbell
            - ivshmem
          size:
            description:
            - Size of the shared memory (libvirt's shmem C(size)), such as V(4MiB). It is a
              power of two.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          server:
            description: Server that hands out the memory and interrupts (libvirt's shmem C(server)),
              for V(ivshmem-doorbell).
            type: dict
            suboptions:
              path:
                description: Path of the server's socket on the host (libvirt's server C(path)).
                type: str
          msi:
            description: Interrupts by which guests call each other (libvirt's shmem C(msi)).
            type: dict
            suboptions:
              vectors:
                description: Number of interrupts (MSI vectors) of the shared memory (libvirt's
                  msi C(vectors)).
                type: int
              ioeventfd:
                description:
                - Whether a separate thread handles the device's I/O while the virtual CPU goes
                  on (libvirt's C(ioeventfd)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      memory_devices:
        description: Memory devices that can be plugged in and out (libvirt's C(memory) device).
        type: list
        elements: dict
        suboptions:
          model:
            description: 'Kind of memory device (libvirt''s memory C(model)): V(dimm) and V(virtio-mem)
              are memory, V(nvdimm) and V(virtio-pmem) are persistent, V(sgx-epc) is for SGX.'
            type: str
            choices:
            - dimm
            - nvdimm
            - virtio-pmem
            - virtio-mem
            - sgx-epc
          access:
            description: 'Whether other programs on the host can share the device''s memory
              (libvirt''s C(access)): V(shared) or V(private).'
            type: str
            choices:
            - shared
            - private
          discard:
            description: Whether the content of the device's memory is thrown away when the
              guest stops (libvirt's C(discard)).
            type: bool
          uuid:
            description:
            - UUID of an NVDIMM (libvirt's memory C(uuid)), for guests on POWER.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          source:
            description: Where the device's memory comes from on the host (libvirt's memory
              C(source)).
            type: dict
            suboptions:
              pagesize:
                description: Size of the host's memory pages to take (libvirt's C(pagesize)),
                  such as V(2MiB).
                type: str
              nodemask:
                description: NUMA nodes of the host that the memory comes from (libvirt's C(nodemask)),
                  such as V(0-1).
                type: str
              path:
                description: Path of the file or device on the host that is the memory (libvirt's
                  source C(path)), for an NVDIMM or V(virtio-pmem).
                type: str
              alignsize:
                description: Alignment of the file in QEMU's memory (libvirt's C(alignsize)),
                  such as V(2MiB), for an NVDIMM.
                type: str
              pmem:
                description: Whether the file is on real persistent memory (libvirt's C(pmem)),
                  for an NVDIMM.
                type: bool
          target:
            description: Size and place of the memory device in the guest (libvirt's memory
              C(target)).
            type: dict
            suboptions:
              size:
                description: Size of the memory device (libvirt's target C(size)), such as V(1GiB).
                type: str
              node:
                description: Number of the guest's NUMA node that the memory is added to (libvirt's
                  target C(node)).
                type: int
              block:
                description:
                - Size of the blocks in which V(virtio-mem) adds and removes memory (libvirt's
                  target C(block)), such as V(2MiB).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              requested:
                description: Amount of V(virtio-mem) memory that the guest should have now (libvirt's
                  C(requested)), such as V(512MiB).
                type: str
              current:
                description:
                - Amount of V(virtio-mem) memory that the guest has now (libvirt's C(current)).
                  libvirt reports it.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              label:
                description: Size of the area for labels at the end of an NVDIMM (libvirt's
                  label C(size)), such as V(128KiB).
                type: str
              readonly:
                description: Whether the guest can only read an NVDIMM (libvirt's target C(readonly)).
                type: bool
              base:
                description:
                - Address in the guest's memory where V(virtio-mem) or V(virtio-pmem) starts
                  (libvirt's address C(base)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              dynamic_memslots:
                description: Whether QEMU maps the memory of V(virtio-mem) in pieces as it is
                  needed (libvirt's C(dynamicMemslots)).
                type: bool
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      iommus:
        description: IOMMUs that the guest sees (libvirt's C(iommu)), which protect its memory
          from its devices.
        type: list
        elements: dict
        suboptions:
          model:
            description: 'Model of the IOMMU (libvirt''s iommu C(model)): V(intel) on x86, V(smmuv3)
              on ARM, or V(virtio).'
            type: str
            choices:
            - intel
            - smmuv3
            - virtio
          driver:
            description: Options of the IOMMU's work (libvirt's iommu C(driver)).
            type: dict
            suboptions:
              intremap:
                description:
                - Whether the IOMMU remaps interrupts (libvirt's C(intremap)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              caching_mode:
                description: Whether the guest tells the IOMMU of new entries too (libvirt's
                  C(caching_mode)), which VFIO devices need.
                type: bool
              eim:
                description:
                - Whether more than 255 virtual CPUs can get interrupts (extended interrupt
                  mode, libvirt's C(eim)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              iotlb:
                description: Whether devices may cache translations of addresses (device IOTLB,
                  libvirt's C(iotlb)).
                type: bool
              aw_bits:
                description: Number of address bits of the IOMMU (libvirt's C(aw_bits)), such
                  as V(48).
                type: int
              dma_translation:
                description: Whether the IOMMU translates addresses of devices (libvirt's C(dma_translation)).
                type: bool
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      vsock:
        description: Sockets between the host and the guest without a network (libvirt's C(vsock)).
        type: dict
        suboptions:
          model:
            description:
            - Version of virtio that the device speaks (libvirt's C(model)). V(virtio-transitional)
              speaks 0.9 and 1.0, V(virtio-non-transitional) only 1.0.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - virtio
            - virtio-transitional
            - virtio-non-transitional
          cid:
            description: Context id, by which the host addresses the guest (libvirt's vsock
              C(cid)).
            type: dict
            suboptions:
              auto:
                description:
                - Whether libvirt picks a free context id (libvirt's cid C(auto)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              address:
                description:
                - 'Context id of the guest (libvirt''s cid C(address)): V(3) or more, and none
                  that another guest of the host has.'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
          driver:
            description:
            - Options of virtio for the device (libvirt's C(driver)).
            - Its options are those of O(config[].inputs[].driver).
            type: dict
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      cryptos:
        description: Cryptographic accelerators of the guest (libvirt's C(crypto)).
        type: list
        elements: dict
        suboptions:
          model:
            description:
            - Model of the cryptographic device (libvirt's crypto C(model)), which is always
              V(virtio).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - virtio
          type:
            description:
            - Program that runs the cryptographic device (libvirt's crypto C(type)), which is
              always V(qemu).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - qemu
          backend:
            description: What does the computing on the host (libvirt's crypto C(backend)).
            type: dict
            suboptions:
              model:
                description:
                - 'What does the computing on the host (libvirt''s backend C(model)): V(builtin)
                  in QEMU, V(lkcf) in the kernel.'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - builtin
                - lkcf
              queues:
                description: Number of queues of the cryptographic device (libvirt's backend
                  C(queues)).
                type: int
          driver:
            description:
            - Options of virtio for the device (libvirt's C(driver)).
            - Its options are those of O(config[].inputs[].driver).
            type: dict
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      pstore:
        description: Storage in which the guest keeps the messages of a crash (libvirt's C(pstore)).
        type: dict
        suboptions:
          backend:
            description: Kind of storage that the guest sees (libvirt's pstore C(backend)),
              which is always V(acpi-erst).
            type: str
            choices:
            - acpi-erst
          path:
            description:
            - Path of the file on the host that keeps the content (libvirt's pstore C(path)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          size:
            description: Size of the storage (libvirt's pstore C(size)), such as V(8KiB).
            type: str
          alias:
            description: Name of your own for the device (libvirt's C(alias)). It starts with
              V(ua-), such as V(ua-data).
            type: str
          acpi_index:
            description: Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi
              index)). Linux names a network card after it, such as C(eno1) for V(1).
            type: int
          address:
            description:
            - Place of the device on the guest's buses (libvirt's C(address)). libvirt picks
              a free one where it is left out.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            - Its options are those of O(config[].disks[].address).
            type: dict
      leases:
        description: Leases of a lock manager that the guest must hold to run (libvirt's C(lease)).
        type: list
        elements: dict
        suboptions:
          lockspace:
            description: Name of the lock space that the lease is in (libvirt's C(lockspace)).
            type: str
          key:
            description: Name of the lease in its lock space (libvirt's C(key)).
            type: str
          path:
            description: Path of the file with the lease on the host (libvirt's target C(path)).
            type: str
          offset:
            description:
            - Position of the lease in the file, in bytes (libvirt's target C(offset)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
      throttle_groups:
        description: Limits that several disks of the guest share (libvirt's C(throttlegroup)).
        type: list
        elements: dict
        suboptions:
          group_name:
            description: Name of the throttle group (libvirt's C(group_name)), by which disks
              refer to it.
            type: str
          total_bytes_sec:
            description: Most bytes per second that the disk may read and write in all. Does
              not go with separate limits for the two.
            type: int
          read_bytes_sec:
            description: Most bytes per second that the disk may read, such as V(10485760).
            type: int
          write_bytes_sec:
            description: Most bytes per second that the disk may write, such as V(10485760).
            type: int
          total_iops_sec:
            description: Most I/O operations per second of the disk, reads and writes together.
              Does not go with separate limits for the two.
            type: int
          read_iops_sec:
            description: Most read operations per second of the disk, such as V(500).
            type: int
          write_iops_sec:
            description: Most write operations per second of the disk, such as V(500).
            type: int
          total_bytes_sec_max:
            description: Most bytes per second that the disk may read and write in all during
              a burst.
            type: int
          read_bytes_sec_max:
            description: Most bytes per second that the disk may read during a burst.
            type: int
          write_bytes_sec_max:
            description: Most bytes per second that the disk may write during a burst.
            type: int
          total_iops_sec_max:
            description: Most I/O operations per second of the disk during a burst, reads and
              writes together.
            type: int
          read_iops_sec_max:
            description: Most read operations per second of the disk during a burst.
            type: int
          write_iops_sec_max:
            description: Most write operations per second of the disk during a burst.
            type: int
          size_iops_sec:
            description: 'Size of an I/O operation in bytes: a larger one counts as several
              in the limits of operations.'
            type: int
          total_bytes_sec_max_length:
            description: Seconds that a burst at C(total_bytes_sec_max) may last.
            type: int
          read_bytes_sec_max_length:
            description: Seconds that a burst at C(read_bytes_sec_max) may last.
            type: int
          write_bytes_sec_max_length:
            description: Seconds that a burst at C(write_bytes_sec_max) may last.
            type: int
          total_iops_sec_max_length:
            description: Seconds that a burst at C(total_iops_sec_max) may last.
            type: int
          read_iops_sec_max_length:
            description: Seconds that a burst at C(read_iops_sec_max) may last.
            type: int
          write_iops_sec_max_length:
            description: Seconds that a burst at C(write_iops_sec_max) may last.
            type: int
      idmap:
        description: Users and groups of the host that those inside the guest stand for (libvirt's
          C(idmap)), for containers and virtiofs.
        type: dict
        suboptions:
          uids:
            description:
            - User ids inside the guest and those on the host that they stand for (libvirt's
              C(uid)).
            - Its options are those of O(config[].filesystems[].idmap.uids).
            type: list
            elements: dict
          gids:
            description:
            - Group ids inside the guest and those on the host that they stand for (libvirt's
              C(gid)).
            - Its options are those of O(config[].filesystems[].idmap.uids).
            type: list
            elements: dict
      seclabels:
        description: Security labels of the guest, by security driver (libvirt's C(seclabel)).
        type: list
        elements: dict
        suboptions:
          model:
            description:
            - Security driver that the label is for (libvirt's C(model)), such as V(selinux),
              V(apparmor) or V(dac).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          type:
            description: 'Who makes the label (libvirt''s seclabel C(type)): V(dynamic) is libvirt,
              V(static) is you, V(none) leaves the guest without.'
            type: str
            choices:
            - dynamic
            - static
            - none
          relabel:
            description:
            - Whether libvirt labels the guest's files so that it may use them (libvirt's C(relabel)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: bool
          label:
            description: Security label of the guest's processes (libvirt's C(label)), such
              as V(system_u:system_r:svirt_t:s0:c392,c662).
            type: str
          baselabel:
            description: Label that libvirt makes the guest's own label from (libvirt's C(baselabel)),
              such as V(system_u:system_r:my_svirt_t:s0).
            type: str
      keywrap:
        description:
        - Keys of the guest that the hardware wraps, on S390, by cipher (libvirt's C(keywrap)),
          such as V(aes).
        - A name that is left out stays as it is; V(null) takes a name away.
        type: dict
      launch_security:
        description: Protection of the guest's memory and state from the host (libvirt's C(launchSecurity)).
        type: dict
        suboptions:
          type:
            description: 'Kind of protection (libvirt''s launchSecurity C(type)): V(sev) and
              V(sev-snp) on AMD, V(tdx) on Intel, V(s390-pv) on S390.'
            type: str
            choices:
            - sev
            - sev-snp
            - s390-pv
            - tdx
          policy:
            description: Policy of the guest (libvirt's C(policy)), a number of flags, such
              as V(0x0003).
            type: str
          cbitpos:
            description:
            - Number of the address bit that marks memory as encrypted (libvirt's C(cbitpos)),
              such as V(47).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          reduced_phys_bits:
            description:
            - Number of address bits that the encryption takes away (libvirt's C(reducedPhysBits)),
              such as V(1).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          kernel_hashes:
            description: Whether the hashes of kernel, initial ramdisk and command line are
              measured too (libvirt's C(kernelHashes)), for direct kernel boot.
            type: bool
          dh_cert:
            description: Diffie-Hellman key of the guest's owner, in base64 (libvirt's C(dhCert)).
            type: str
          session:
            description: Session data of the guest's owner, in base64 (libvirt's C(session)).
            type: str
          author_key:
            description: Whether C(id_auth) has an author key (libvirt's C(authorKey)).
            type: bool
          vcek:
            description: Whether the guest may ask for reports signed by the chip's own key,
              VCEK (libvirt's C(vcek)).
            type: bool
          guest_visible_workarounds:
            description: 'Workarounds that the guest is told of (libvirt''s C(guestVisibleWorkarounds)):
              16 bytes in base64.'
            type: str
          id_block:
            description: 'Block with the identity of the guest (libvirt''s C(idBlock)): 96 bytes
              in base64.'
            type: str
          id_auth:
            description: 'Signature and key for the identity of the guest (libvirt''s C(idAuth)):
              4096 bytes in base64.'
            type: str
          host_data:
            description: 'Data of the host''s owner that the report for the guest holds (libvirt''s
              C(hostData)): 32 bytes in base64.'
            type: str
      qemu:
        description: Options that are handed to QEMU past libvirt, which does not support them
          (namespace C(qemu)).
        type: dict
        suboptions:
          args:
            description: Arguments to add to QEMU's command line, one word each (libvirt's C(qemu:arg)).
            type: list
            elements: str
          env:
            description:
            - Environment variables that QEMU is started with, by name (libvirt's C(qemu:env)).
            - A name that is left out stays as it is; V(null) takes a name away.
            type: dict
          capabilities_add:
            description: Capabilities of QEMU that libvirt shall take as present (libvirt's
              C(qemu:add)).
            type: list
            elements: str
          capabilities_del:
            description: Capabilities of QEMU that libvirt shall take as missing (libvirt's
              C(qemu:del)).
            type: list
            elements: str
          deprecation:
            description: 'What QEMU does when something deprecated is used (libvirt''s C(qemu:deprecation)):
              V(omit) hides it, V(reject) refuses it, V(crash) ends the guest.'
            type: str
            choices:
            - none
            - omit
            - reject
            - crash
          override:
            description: Properties of devices in QEMU that libvirt has no option for (libvirt's
              C(qemu:override)).
            type: list
            elements: dict
            suboptions:
              alias:
                description: Alias of the device that the properties are for (libvirt's C(alias)),
                  such as V(ua-gpu).
                type: str
              properties:
                description: Properties of the device in QEMU, by name (libvirt's C(qemu:property)).
                type: list
                elements: dict
                suboptions:
                  name:
                    description: Name of the property in QEMU (libvirt's property C(name)),
                      such as V(x-vga).
                    type: str
                  type:
                    description: Kind of value (libvirt's property C(type)). V(remove) takes
                      away a property that libvirt sets.
                    type: str
                    choices:
                    - string
                    - signed
                    - unsigned
                    - bool
                    - remove
                  value:
                    description: Value of the property, as a text (libvirt's property C(value)).
                    type: str
      xml:
        description: 'XML for what no option covers. It is merged into the definition: an element
          that the definition has is changed, any other is added. What you take out of it later
          stays in the definition; remove that by hand, as with C(virsh edit). It cannot add
          what a list of the item leaves out, or an option that is V(null) takes away.'
        type: str
"""
