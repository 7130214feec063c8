#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pools
short_description: Declare storage pools
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Creates, changes, starts, stops and removes the storage pools of a host, as O(config) says, all in one call.
  - Only what is declared is touched. An option that is left out is left as it is, V(null) puts it back to
    libvirt's default, and parts of a definition that no option covers survive.
  - No data is ever deleted, even with V(absent) or O(purge). Devices are formatted only where
    O(config[].build=format) says so, and only blank ones.
  - An active pool takes another definition when it starts anew. Until then what waits is reported in
    RV(pending_restart); O(on_restart_needed) says whether to restart it.
  - A pool that a guest's disk is in is not purged. The guest is named, and the module fails.
  - Remove the volumes first, with M(virtfleet.kvm.volumes); without the pool they cannot be found.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.declare
  - virtfleet.kvm.declare.libvirt
  - virtfleet.kvm.purge
  - virtfleet.kvm.purge.uses
  - virtfleet.kvm.restart
  - virtfleet.kvm.pool
seealso:
  - module: virtfleet.kvm.volumes
  - module: virtfleet.kvm.domains
"""

EXAMPLES = r"""
- name: The pool where images are on every host
  virtfleet.kvm.pools:
    config:
      - name: default
        target: /var/lib/libvirt/images

- name: A file system of its own, made if the device is blank, and a volume group that is there
  virtfleet.kvm.pools:
    config:
      - name: fast
        type: fs
        source:
          devices: [/dev/nvme1n1p1]
          format: ext4
        target: /srv/fast
        build: format
      - name: vg0
        type: logical
        source:
          name: vg0
        target: /dev/vg0

- name: A share of an NFS server
  virtfleet.kvm.pools:
    config:
      - name: images
        type: netfs
        source:
          hosts: [{name: nas.example.com}]
          dir: /export/images
          format: nfs
          protocol_version: "4.2"
        target: /srv/images

- name: A pool that is no longer used; its data stays
  virtfleet.kvm.pools:
    config:
      - name: old
        state: absent

- name: This pool and, of those that this collection made, no other
  virtfleet.kvm.pools:
    config:
      - name: default
    purge: true
"""

RETURN = r"""
# Written by tests/tools/returns.py, from returns.yml beside it.
changes:
  description: Every field that changed, or in check mode would change.
  returned: success, failure of some pools, or failure after the first change
  type: list
  elements: dict
  contains:
    resource:
      description: Kind and name of what changed.
      type: str
      sample: pool default
    path:
      description:
      - Option that changed, V(definition) for all of a new pool, or V(state).
      - V(persistent) for a pool that libvirt did not keep before, V(restart) for one that is restarted.
        For V(restart), RV(changes[].after) names the options that need it.
      type: str
      sample: target
    before:
      description: Value before the change; V(null) for none.
      type: raw
    after:
      description: Value after the change; V(null) for none.
      type: raw
    live:
      description: Whether what runs has the new value already; V(null) where nothing runs.
      type: bool
pending_restart:
  description:
  - The pools that are active, and get some of the declared values only by a restart.
  - With O(on_restart_needed=restart), the module stops such a pool and starts it.
  returned: success, failure of some pools, or failure after the first change
  type: list
  elements: dict
  contains:
    pool:
      description: Name of the pool on its host.
      type: str
      sample: default
    paths:
      description: Options whose values wait for the restart.
      type: list
      elements: str
      sample:
      - target
    reasons:
      description: Reason why each of these options waits, by option.
      type: dict
failures:
  description: The pools that failed, and why. RV(changes) has what was done, or would be, nonetheless.
  returned: failure of some pools, or failure after the first change
  type: list
  elements: dict
  contains:
    pool:
      description: Name of the pool on its host.
      type: str
      sample: default
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
from ..module_utils._kinds.pool.parameters import PARAMETERS


def main() -> None:
    declare(DeclaringModule(argument_spec=PARAMETERS.spec), PARAMETERS)


if __name__ == "__main__":
    main()
