#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshots
short_description: Take snapshots of guests, put guests back to them, and delete them
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Takes and deletes the snapshots of guests, and puts guests back to them, as O(config) says, all in one call.
  - Only what is declared is touched. A snapshot that is not declared is never deleted.
  - A snapshot does not change, but for its description. If one of the same guest and name has another type, memory or
    other disks than declared, the module fails and changes nothing of it.
  - What libvirt and QEMU would refuse on the way is refused before, also in check mode, such as an internal snapshot of
    a raw disk, which is named.
  - To put a guest back is to lose what it has done since. So O(config[].state=reverted) does that only with
    O(config[].discard_changes), unless the guest is off and has written nothing since its current snapshot.
  - A guest that is off, and exactly as the snapshot has it, is not put back again. One that runs has gone on since, so
    each run puts it back again, and reports that as a change. So declare V(reverted) in a task for that purpose, and
    not among what is always true of a host. The role C(guests) takes V(present) and V(absent) alone.
  - A guest that is put back gets the definition that it had then. M(virtfleet.kvm.domains) changes again what was
    changed of it since.
  - After an external snapshot, the guest writes to a new file beside each image, called as the image, with the name of
    the snapshot in place of its ending. A disk that is declared for M(virtfleet.kvm.domains) with the image stays on
    that file.
  - Deleting an external snapshot merges what was written since into the image below. libvirt 9.0 and newer can do that.
    libvirt 9.9 and newer can put a guest back to one.
attributes:
  idempotent:
    description: A second run with the same input changes nothing.
    support: partial
    details:
      - All but O(config[].state=reverted) of a guest that runs, which has gone on by then and is put back again.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.declare
  - virtfleet.kvm.declare.libvirt
  - virtfleet.kvm.snapshot
seealso:
  - module: virtfleet.kvm.snapshots_info
  - module: virtfleet.kvm.domains
"""

EXAMPLES = r"""
- name: Keep a guest as it is now, with its memory if it runs
  virtfleet.kvm.snapshots:
    config:
      - name: before-upgrade
        domain: web01
        description: Debian 12, before the upgrade

- name: The upgrade went wrong, so the guest goes on from there
  virtfleet.kvm.snapshots:
    config:
      - name: before-upgrade
        domain: web01
        state: reverted
        discard_changes: true

- name: The upgrade went well, so the snapshot goes
  virtfleet.kvm.snapshots:
    config:
      - name: before-upgrade
        domain: web01
        state: absent

- name: Keep one disk of a guest by a new file laid over it, such as for a backup
  virtfleet.kvm.snapshots:
    config:
      - name: nightly
        domain: db01
        type: external
        disks: [vdb]
"""

RETURN = r"""
# Written by tests/tools/returns.py, from returns.yml beside it.
changes:
  description: Every field that changed, or in check mode would change.
  returned: success, failure of some snapshots, or failure after the first change
  type: list
  elements: dict
  contains:
    resource:
      description: Kind of what changed, its guest and its name.
      type: str
      sample: snapshot web01/before-upgrade
    path:
      description:
      - Option that changed, V(definition) for all of a new snapshot, or V(state).
      - Of a new external snapshot, V(files) are those that it makes. If a guest is put back, there are
        also the snapshots that are lost, such as V(snapshot nightly).
      type: str
      sample: description
    before:
      description: Value before the change; V(null) for none.
      type: raw
    after:
      description: Value after the change; V(null) for none.
      type: raw
    live:
      description: Always V(null), as a snapshot does not run. The other modules say whether what runs
        has the value.
      type: bool
pending_restart:
  description: Always empty, as a snapshot does not run. The other declaring modules return what waits
    for a restart.
  returned: success, failure of some snapshots, or failure after the first change
  type: list
  elements: dict
  sample: []
failures:
  description: The snapshots that failed, and why. RV(changes) has what was done, or would be, nonetheless.
  returned: failure of some snapshots, or failure after the first change
  type: list
  elements: dict
  contains:
    snapshot:
      description: Guest and name of the snapshot.
      type: str
      sample: web01/before-upgrade
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
from ..module_utils._kinds.snapshot.parameters import PARAMETERS


def main() -> None:
    declare(DeclaringModule(argument_spec=PARAMETERS.spec), PARAMETERS)


if __name__ == "__main__":
    main()
