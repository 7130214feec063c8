#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshots_info
short_description: List the snapshots of the guests of a host
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Lists the snapshots of the guests of a host, each with the options of M(virtfleet.kvm.snapshots) that describe it as
    it is.
  - Given to that module, these options change nothing.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.reading
options:
  names:
    description: Snapshots to list, by the name of their guest or as C(GUEST/SNAPSHOT). Left out, all are listed.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over RV(snapshots), such as V([?current].name).
      - It is evaluated on the control node, which needs the Python library jmespath for it.
    type: str
seealso:
  - module: virtfleet.kvm.snapshots
  - plugin: virtfleet.kvm.query
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask for the snapshots of one guest that have no memory
  virtfleet.kvm.snapshots_info:
    names: [web01]
    query: "[?!config.memory].name"
  register: cold

- name: Show their names
  ansible.builtin.debug:
    var: cold.found
"""

RETURN = r"""
# Written by tests/tools/returns.py, from returns.yml beside it.
snapshots:
  description: Snapshots of the host, in the order of their guests and names.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the snapshot.
      type: str
      sample: before-upgrade
    uuid:
      description: Always V(null), as snapshots have none.
      type: str
    state:
      description: Always V(present), as M(virtfleet.kvm.snapshots) names it.
      type: str
    persistent:
      description: Always V(true).
      type: bool
    config:
      description: Options that describe the snapshot as it is, as M(virtfleet.kvm.snapshots) takes them.
      type: dict
    secrets:
      description: Options in C(config) whose values are left out, for they are secret.
      type: list
      elements: str
      sample: []
    uncovered:
      description: Parts of the definition that C(config) cannot hold, by their path in libvirt's XML.
      type: list
      elements: str
    refused:
      description: Why C(config) cannot be declared as it is, such as for a name that begins with a dash;
        mostly empty.
      type: list
      elements: str
    domain:
      description: Name of the guest that the snapshot is of.
      type: str
      sample: web01
    current:
      description: Whether the guest goes on from this snapshot, which is the last that was taken or put
        back to.
      type: bool
    parent:
      description: Name of the snapshot that the guest went on from as this one was taken; V(null) for
        none.
      type: str
    children:
      description: Names of the snapshots that were taken right after this one.
      type: list
      elements: str
    created:
      description: Seconds since 1970 at which the snapshot was taken.
      type: int
    guest_state:
      description: 'What the guest did then, as libvirt calls it: V(running), V(paused), V(shutoff), or
        V(disk-snapshot) for disks without the memory of a guest that ran.'
      type: str
    files:
      description: Files of an external snapshot, laid over the images of disks or with the memory.
      type: list
      elements: str
found:
  description: Result of the expression in O(query).
  returned: with O(query)
  type: raw
"""

from ..module_utils import _zip_imports  # noqa: F401  # pylint: disable=unused-import
from ..module_utils._flow.info import ARGUMENTS, inform
from ..module_utils._flow.module import Module
from ..module_utils._kinds.snapshot.facts import snapshot_facts
from ..module_utils._kinds.snapshot.observe import all_snapshots
from ..module_utils._kinds.snapshot.table import SNAPSHOT


def main() -> None:
    module = Module(argument_spec=ARGUMENTS)
    inform(module, SNAPSHOT, all_snapshots, snapshot_facts)


if __name__ == "__main__":
    main()
