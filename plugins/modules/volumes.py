#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: volumes
short_description: Declare storage volumes
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Creates, grows and removes the storage volumes of a host, as O(config) says, all in one call. A volume is known by
    its pool and name.
  - A new volume is empty, a copy of another one, laid over another one, or filled with an image. One that fails
    half-way leaves nothing behind.
  - A volume that exists only grows. A smaller size, another format or another base is refused.
  - The options that only a new volume can have (allocation, permissions, image, checksum, clone_from and how its
    format is laid out) are not compared once it exists.
  - While a guest runs with a volume, the volume grows through the guest, which sees the new size at once.
  - With O(purge), only volumes go that this module made. Those that were made for a guest's disk go with the guest. A
    volume stays, and is named as failed, while a guest has it, while another volume is laid over it, or while a
    declared one is made from it. Where nothing tells whether it is still the volume that was made, as for a partition,
    it stays as well, with a warning.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.declare
  - virtfleet.kvm.declare.libvirt
  - virtfleet.kvm.purge
  - virtfleet.kvm.purge.uses
  - virtfleet.kvm.image
  - virtfleet.kvm.volume
seealso:
  - module: virtfleet.kvm.pools
  - module: virtfleet.kvm.domains
    description: A disk given by its size is made as a volume in the same call.
"""

EXAMPLES = r"""
- name: An image from the network, and a disk of that size laid over it
  virtfleet.kvm.volumes:
    config:
      - name: debian-12.qcow2
        image: https://cloud.debian.org/images/cloud/bookworm/20251112-2294/debian-12-genericcloud-amd64-20251112-2294.qcow2
        checksum: sha512:{{ debian_12_sha512 }}
      - name: web01.qcow2
        capacity: 20GiB
        backing:
          volume: debian-12.qcow2

- name: A plain disk, all of it taken from the pool at once
  virtfleet.kvm.volumes:
    config:
      - name: data.raw
        pool: fast
        capacity: 100GiB
        allocation: 100GiB

- name: An ISO image, for the CD-ROM drive of a guest
  virtfleet.kvm.volumes:
    config:
      - name: tools.iso
        image: https://example.com/tools.iso

- name: A volume that nobody uses any more, with its data
  virtfleet.kvm.volumes:
    config:
      - name: old.qcow2
        state: absent

- name: This image and, of the volumes that this module made, no other
  virtfleet.kvm.volumes:
    config:
      - name: debian-12.qcow2
        image: /root/debian-12.qcow2
    purge: true
"""

RETURN = r"""
# Written by tests/tools/returns.py, from returns.yml beside it.
changes:
  description: Every field that changed, or in check mode would change.
  returned: success, failure of some volumes, or failure after the first change
  type: list
  elements: dict
  contains:
    resource:
      description: Kind of what changed, its pool and its name.
      type: str
      sample: volume default/web01.qcow2
    path:
      description:
      - Option that changed, V(definition) for all of a new volume, or V(state).
      type: str
      sample: capacity
    before:
      description: Value before the change; V(null) for none.
      type: raw
    after:
      description: Value after the change; V(null) for none.
      type: raw
    live:
      description: Always V(null), as a volume does not run. The other modules say whether what runs has
        the value.
      type: bool
pending_restart:
  description: Always empty, as a volume does not run. The other declaring modules return what waits for
    a restart.
  returned: success, failure of some volumes, or failure after the first change
  type: list
  elements: dict
  sample: []
failures:
  description: The volumes that failed, and why. RV(changes) has what was done, or would be, nonetheless.
  returned: failure of some volumes, or failure after the first change
  type: list
  elements: dict
  contains:
    volume:
      description: Pool and name of the volume.
      type: str
      sample: default/web01.qcow2
    problem:
      description: Action that failed, and why.
      type: str
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
from ..module_utils._kinds.volume.parameters import PARAMETERS


def main() -> None:
    declare(DeclaringModule(argument_spec=PARAMETERS.spec), PARAMETERS)


if __name__ == "__main__":
    main()
