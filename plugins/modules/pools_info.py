#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pools_info
short_description: Tell what storage pools there are
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Tells the storage pools of a host, each with the options that declare it as it is.
  - M(virtfleet.kvm.pools) takes them back with no change. Secrets are left out of them, and named.
extends_documentation_fragment:
  - virtfleet.kvm.connection
options:
  names:
    description: The pools to tell of. Left out, all.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over RV(pools), such as V([?active].name).
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
  - module: virtfleet.kvm.pools
  - plugin: virtfleet.kvm.query
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask for pools that are nearly full
  virtfleet.kvm.pools_info:
    query: "[?available < `10737418240`].name"
  register: full

- name: Show their names
  ansible.builtin.debug:
    var: full.found
"""

RETURN = r"""
pools:
  description: The pools by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name.
      type: str
    uuid:
      description: The UUID.
      type: str
    state:
      description: The state, as M(virtfleet.kvm.pools) names it.
      type: str
    autostart:
      description: Whether it starts with the host.
      type: bool
    persistent:
      description: Whether libvirt keeps it once it stops.
      type: bool
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
    active:
      description: Whether it is active.
      type: bool
    capacity:
      description: The bytes that it holds in all; V(null) while it is not active.
      type: int
    allocation:
      description: The bytes that are taken.
      type: int
    available:
      description: The bytes that are free.
      type: int
found:
  description: What O(query) selects.
  returned: with O(query)
  type: raw
"""

from ..module_utils._flow.info import ARGUMENTS, inform
from ..module_utils._flow.module import Module
from ..module_utils._kinds.pool.observe import pool_facts, pools
from ..module_utils._kinds.pool.table import POOL


def main() -> None:
    module = Module(argument_spec=ARGUMENTS)
    inform(module, POOL, pools, pool_facts)


if __name__ == "__main__":
    main()
