#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: networks_info
short_description: Tell what networks there are
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Tells the networks of a host, each with the options that declare it as it is.
  - M(virtfleet.kvm.networks) takes them back with no change. Secrets are left out of them, and named.
extends_documentation_fragment:
  - virtfleet.kvm.connection
options:
  names:
    description: The networks to tell of. Left out, all.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over RV(networks), such as V([?active].name).
      - It is evaluated on the control node, which needs the Python library jmespath for it.
    type: str
  leases:
    description: Whether to tell the addresses that the networks have handed out.
    type: bool
    default: false
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
  - module: virtfleet.kvm.networks
  - plugin: virtfleet.kvm.query
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask for the leases of the default network
  virtfleet.kvm.networks_info:
    names: [default]
    leases: true

- name: Select by what they are doing
  virtfleet.kvm.networks_info:
    query: "[?active].name"
  register: found

- name: Show the names
  ansible.builtin.debug:
    var: found.found
"""

RETURN = r"""
networks:
  description: The networks by name.
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
      description: The state, as M(virtfleet.kvm.networks) names it.
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
      sample: ["graphics[0].passwd"]
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
    leases:
      description: The addresses that it has handed out, with O(leases).
      type: list
      elements: dict
      contains:
        mac:
          description: The MAC address that got it.
          type: str
        address:
          description: The IPv4 or IPv6 address.
          type: str
        hostname:
          description: The name that the guest gave, null where it gave none.
          type: str
        until:
          description: When it ends, in seconds since 1970.
          type: int
found:
  description: What O(query) selects.
  returned: with O(query)
  type: raw
"""

from ..module_utils._flow.info import ARGUMENTS, inform
from ..module_utils._flow.module import Module
from ..module_utils._kinds.network.facts import network_facts
from ..module_utils._kinds.network.observe import networks
from ..module_utils._kinds.network.table import NETWORK


def main() -> None:
    module = Module(
        argument_spec={
            **ARGUMENTS,
            "leases": {"type": "bool", "default": False},
        },
    )
    inform(module, NETWORK, networks, network_facts(module.params["leases"]))


if __name__ == "__main__":
    main()
