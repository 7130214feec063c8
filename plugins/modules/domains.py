#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: domains
short_description: Declare guests
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Creates, changes, starts, stops and removes the guests (libvirt domains) of a host, as O(config) says, all in one
    call.
  - Only what is declared is touched. An option that is left out is left as it is, V(null) puts it back to
    libvirt's default, and parts of a definition that no option covers survive.
  - What is declared reaches a running guest at once where QEMU can do it. What it can get only by a restart is
    reported in RV(pending_restart), with the reason; O(on_restart_needed) says whether to restart it.
  - A guest that goes, by O(config[].state=absent) or O(purge), is shut down within O(shutdown_timeout), and its
    definition is removed. Its disks stay, unless O(remove_storage) says otherwise.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.declare
  - virtfleet.kvm.declare.libvirt
  - virtfleet.kvm.purge
  - virtfleet.kvm.purge.uses
  - virtfleet.kvm.image
  - virtfleet.kvm.restart
  - virtfleet.kvm.domain
options:
  shutdown_timeout:
    description:
      - Seconds that a guest may take to shut down when O(config[].state) asks for it, before it counts as failed.
    type: float
    default: 120
  force_shutdown:
    description:
      - Whether to switch off a guest that still runs after O(shutdown_timeout), as by pulling its plug.
      - Without it such a guest is reported as failed.
    type: bool
    default: false
  remove_storage:
    description:
      - Whether to delete the volumes of a guest that is removed, by O(config[].state=absent) or O(purge), with all that
        is on them.
      - Only volumes that this collection made are removed, and only once the guest's definition is gone. An ISO, an
        image that others are laid over, a volume that was declared as such, one that another guest uses, and what an
        earlier run left of a guest stay; a warning says why. So does a disk that guests of other hosts may have, as
        it is on a file system such as NFS, or of a guest in O(elsewhere).
    type: bool
    default: false
  elsewhere:
    description:
      - Names of the guests that are declared for other hosts, as
        P(virtfleet.kvm.host_guests#lookup) tells them with O(virtfleet.kvm.host_guests#lookup:elsewhere).
      - Such a guest that this collection made here stays, also with O(purge). It was not moved, and its disks may be
        the only ones with its data. With O(purge) it is a failure, else a warning.
    type: list
    elements: str
    default: []
  remove_nvram:
    description:
      - Whether to delete the variables of the firmware (NVRAM) of a guest that is removed. Otherwise the file stays.
      - The file also stays, with a warning, where it may be something else. It goes only if no other guest uses it,
        and it is in libvirt's own folder for such files, is empty, or begins as a firmware volume.
    type: bool
    default: false
  remove_tpm:
    description:
      - Whether to delete the state of the emulated TPM of a guest that is removed. Otherwise it stays on the host,
        where a guest with the same UUID finds it again.
      - The state also stays, with a warning, where the definition names a file or folder for it.
    type: bool
    default: false
  remove_saved_state:
    description:
      - Whether the memory of a guest that was saved with C(virsh managedsave) may be thrown away with the guest.
        Without it such a guest is refused.
      - What libvirt knows of snapshots goes in any case; what is in the disks stays in the disks.
    type: bool
    default: false
seealso:
  - module: virtfleet.kvm.networks
  - module: virtfleet.kvm.volumes
  - module: virtfleet.kvm.host_info
"""

EXAMPLES = r"""
- name: A guest that boots from its disk
  virtfleet.kvm.domains:
    config:
      - name: web01
        memory: 2GiB
        vcpus: 2
        disks:
          - file: /var/lib/libvirt/images/web01.qcow2
        interfaces:
          - network: default
        autostart: true
        state: running

- name: A guest with disks made for it, one a copy of an image; they grow when their size does
  virtfleet.kvm.domains:
    config:
      - name: db01
        memory: 4GiB
        disks:
          - target: vda
            size: 20GiB
            image: debian-12.qcow2
          - target: vdb
            size: 100GiB
            pool: fast
            format: raw
        state: running

- name: A guest with a CD in its drive; the module volumes has put the ISO image into the volume
  virtfleet.kvm.domains:
    config:
      - name: web02
        memory: 2GiB
        disks:
          - size: 20GiB
          - device: cdrom
            volume: tools.iso

- name: A guest that cloud-init sets up, and that the next task can log in to
  virtfleet.kvm.domains:
    config:
      - name: app01
        memory: 2GiB
        disks:
          - size: 20GiB
            image: debian-13-genericcloud.qcow2
        interfaces:
          - network: default
        cloud_init:
          ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample kim@example.com]
          packages: [nginx]
        state: running
        wait_for: address

- name: A disk that two guests write to, which has to be raw
  virtfleet.kvm.domains:
    config:
      - name: "{{ item }}"
        memory: 2GiB
        disks:
          - size: 20GiB
          - block: /dev/vg0/quorum
            format: raw
            shareable: true
  loop: [ha01, ha02]

- name: A guest that boots a kernel, with its console in a file
  virtfleet.kvm.domains:
    config:
      - name: probe
        memory: 256MiB
        kernel: /var/lib/probe/vmlinuz
        initrd: /var/lib/probe/initrd.img
        cmdline: console=ttyS0
        interfaces:
          - network: default
        serials:
          - type: file
            path: /var/log/libvirt/qemu/probe-console.log
        state: running

- name: Remove a guest and the disks that were made for it
  virtfleet.kvm.domains:
    config:
      - name: db02
        state: absent
    remove_storage: true

- name: Forget a guest; its disks stay
  virtfleet.kvm.domains:
    config:
      - name: old01
        state: absent
    shutdown_timeout: 300

- name: These guests and, of those that this collection made, no others
  virtfleet.kvm.domains:
    config:
      - name: web01
        memory: 2GiB
        state: running
    purge: true
"""

RETURN = r"""
# Written by tests/tools/returns.py, from returns.yml beside it.
changes:
  description: Every field that changed, or in check mode would change.
  returned: success, failure of some guests, or failure after the first change
  type: list
  elements: dict
  contains:
    resource:
      description: Kind and name of what changed.
      type: str
      sample: domain web01
    path:
      description:
      - Option that changed, V(definition) for all of a new guest, or V(state).
      - V(persistent) for a guest that libvirt did not keep before, V(restart) for one that is restarted.
        For V(restart), RV(changes[].after) names the options that need it.
      - Of a guest that goes, there is also what goes with it, such as V(nvram), V(tpm_state), V(saved_state),
        V(snapshots), V(checkpoints) and V(volume default/web01-vda.qcow2).
      type: str
      sample: memory
    before:
      description: Value before the change; V(null) for none.
      type: raw
    after:
      description: Value after the change; V(null) for none.
      type: raw
    live:
      description: Whether what runs has the new value already; V(null) where nothing runs, or gets it
        at no start.
      type: bool
pending_restart:
  description:
  - The guests that are running, and get some of the declared values only by a restart.
  - With O(on_restart_needed=restart), the module shuts such a guest down and starts it.
  returned: success, failure of some guests, or failure after the first change
  type: list
  elements: dict
  contains:
    domain:
      description: Name of the guest on its host.
      type: str
      sample: web01
    paths:
      description: Options whose values wait for the restart.
      type: list
      elements: str
      sample:
      - memory
    reasons:
      description: Reason why each of these options waits, by option.
      type: dict
failures:
  description: The guests that failed, and why. RV(changes) has what was done, or would be, nonetheless.
  returned: failure of some guests, or failure after the first change
  type: list
  elements: dict
  contains:
    domain:
      description: Name of the guest on its host.
      type: str
      sample: web01
    problem:
      description: Action that failed, and why.
      type: str
undeclared:
  description:
  - Names of guests that were made for O(owner), are no longer declared, and stay, as O(purge) is false.
  - Empty where O(purge) is true, or O(owner) is empty.
  returned: success, failure of some guests, or failure after the first change
  type: list
  elements: str
  sample:
  - old01
left:
  description:
  - What stays behind of guests that go, or would go in check mode, and why; each is a warning, too.
  - A volume that a guest which stays does not have any more is told as well.
  returned: success, failure of some guests, or failure after the first change
  type: list
  elements: str
  sample:
  - 'domain old01: its disk /dev/sdb stays: this collection did not make it'
addresses:
  description:
  - The addresses of each guest that O(config[].wait_for) was given for, by its name, from the first source
    that knows any. Empty in check mode, which waits for nothing; but the plan that C(virtfleet.kvm.site)
    makes of all hosts tells those that guests have, if it finds nothing to change.
  - Each has C(interface), C(mac), C(address) and C(prefix), as M(virtfleet.kvm.domains_info) tells them,
    and C(source), which is V(lease), V(agent) or V(arp).
  returned: success, failure of some guests, or failure after the first change
  type: dict
  sample:
    web01:
    - interface: vnet0
      mac: 52:54:00:aa:00:01
      address: 192.168.122.17
      prefix: 24
      source: lease
unfinished:
  description: Whether the run has, or may have, something to do that is no change, such as to wait for
    a guest.
  returned: in the plan that the playbook C(virtfleet.kvm.site) makes of all hosts, if that is so
  type: bool
would_change:
  description: Whether the run would change something. C(changed) is V(false) there, as a plan changes
    nothing.
  returned: in the plan that the playbook C(virtfleet.kvm.site) makes of all hosts, if that is so
  type: bool
"""

from ..module_utils import _zip_imports  # noqa: F401  # pylint: disable=unused-import
from ..module_utils._flow.converge import declare
from ..module_utils._flow.module import DeclaringModule
from ..module_utils._kinds.domain.parameters import PARAMETERS


def main() -> None:
    declare(DeclaringModule(argument_spec=PARAMETERS.spec), PARAMETERS)


if __name__ == "__main__":
    main()
