#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pools_info
short_description: List the storage pools of a host
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Lists the storage pools of a host, each with the options of M(virtfleet.kvm.pools) that describe it as it is.
  - Given to that module, these options change nothing. Values of secrets are left out; their options are listed.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.reading
options:
  names:
    description: Names of the pools to list. Left out, all are listed.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over RV(pools), such as V([?active].name).
      - It is evaluated on the control node, which needs the Python library jmespath for it.
    type: str
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
# Written by tests/tools/returns.py, from returns.yml beside it.
pools:
  description: Pools of the host, in the order of their names.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the pool on its host.
      type: str
      sample: default
    uuid:
      description: UUID that libvirt has for the pool.
      type: str
    state:
      description: State of the pool, as M(virtfleet.kvm.pools) names it.
      type: str
    autostart:
      description: Whether the pool starts when the host does.
      type: bool
    persistent:
      description: Whether libvirt keeps the definition when the pool stops.
      type: bool
    config:
      description: Options that describe the pool as it is, as M(virtfleet.kvm.pools) takes them.
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
    active:
      description: Whether the pool is active now.
      type: bool
    capacity:
      description: The bytes that the pool holds in all; V(null) while it is not active.
      type: int
    allocation:
      description: The bytes of the pool that are taken; V(null) while it is not active.
      type: int
    available:
      description: The bytes of the pool that are free; V(null) while it is not active.
      type: int
found:
  description: Result of the expression in O(query).
  returned: with O(query)
  type: raw
"""

from ..module_utils import _zip_imports  # noqa: F401  # pylint: disable=unused-import
from ..module_utils._flow.info import ARGUMENTS, inform
from ..module_utils._flow.module import Module
from ..module_utils._kinds.pool.observe import DEFINITION, pool_facts, pools
from ..module_utils._kinds.pool.table import POOL


def main() -> None:
    module = Module(argument_spec=ARGUMENTS)
    inform(module, POOL, pools, pool_facts, DEFINITION)


if __name__ == "__main__":
    main()
