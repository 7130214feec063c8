#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: volumes_info
short_description: Tell what storage volumes there are
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Tells the storage volumes of a host, each with the options that declare it as it is.
  - M(virtfleet.kvm.volumes) takes them back with no change. Secrets are left out of them, and named.
extends_documentation_fragment:
  - virtfleet.kvm.connection
options:
  names:
    description: The volumes to tell of, by name or as C(POOL/VOLUME). Left out, all.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over RV(volumes), such as V([?active].name).
      - It is evaluated on the control node, which needs the Python library jmespath for it.
    type: str
attributes:
  check_mode:
    description: Only reads.
    support: full
  diff_mode:
    description: Only reads.
    support: none
  idempotent:
    description: Only reads.
    support: full
  action_group:
    description: Takes its defaults from C(module_defaults) of the group C(group/virtfleet.kvm.kvm).
    support: full
    membership:
      - virtfleet.kvm.kvm
seealso:
  - module: virtfleet.kvm.volumes
  - plugin: virtfleet.kvm.query
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask for the volumes of one pool
  virtfleet.kvm.volumes_info:
    query: "[?pool=='default'].path"
  register: images

- name: Show where they are
  ansible.builtin.debug:
    var: images.found
"""

RETURN = r"""
volumes:
  description: The volumes by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name.
      type: str
    state:
      description: The state, as M(virtfleet.kvm.volumes) names it.
      type: str
    uuid:
      description: Always null, as libvirt gives volumes none. It is there as the other C(*_info) modules tell one.
      type: str
    persistent:
      description: Always true, as libvirt keeps each volume that there is.
      type: bool
    pool:
      description: The pool that it is in.
      type: str
    config:
      description: The options that declare it as it is.
      type: dict
    secrets:
      description: The options whose values are left out.
      type: list
      elements: str
      sample: []
    uncovered:
      description: What neither options nor their C(xml) can tell, by path in the definition.
      type: list
      elements: str
    refused:
      description: Why C(config) cannot be declared as it is, such as for a name that begins with a dash; mostly empty.
      type: list
      elements: str
    path:
      description: Where it is on the host.
      type: str
    capacity:
      description: The bytes that a guest sees.
      type: int
    allocation:
      description: The bytes that it takes.
      type: int
found:
  description: What O(query) selects.
  returned: with O(query)
  type: raw
"""

from ..module_utils._flow.info import ARGUMENTS, inform
from ..module_utils._flow.module import Module
from ..module_utils._kinds.volume.facts import volume_facts
from ..module_utils._kinds.volume.table import VOLUME
from ..module_utils._kinds.volume.volume_formats import all_volumes


def main() -> None:
    module = Module(argument_spec=ARGUMENTS)
    inform(module, VOLUME, all_volumes, volume_facts)


if __name__ == "__main__":
    main()
