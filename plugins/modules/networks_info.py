#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: networks_info
short_description: List the libvirt networks of a host
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Lists the networks of a host, each with the options of M(virtfleet.kvm.networks) that describe it as it is.
  - Given to that module, these options change nothing. Values of secrets are left out; their options are listed.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.reading
options:
  names:
    description: Names of the networks to list. Left out, all are listed.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over RV(networks), such as V([?active].name).
      - It is evaluated on the control node, which needs the Python library jmespath for it.
    type: str
  leases:
    description: Whether to list the addresses that the networks have handed out by DHCP.
    type: bool
    default: false
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
# Written by tests/tools/returns.py, from returns.yml beside it.
networks:
  description: Networks of the host, in the order of their names.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the network on its host.
      type: str
      sample: default
    uuid:
      description: UUID that libvirt has for the network.
      type: str
    state:
      description: State of the network, as M(virtfleet.kvm.networks) names it.
      type: str
    autostart:
      description: Whether the network starts when the host does.
      type: bool
    persistent:
      description: Whether libvirt keeps the definition when the network stops.
      type: bool
    config:
      description: Options that describe the network as it is, as M(virtfleet.kvm.networks) takes them.
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
      description: Whether the network is active now.
      type: bool
    leases:
      description: Addresses that the network has handed out by DHCP, where O(leases) is set.
      type: list
      elements: dict
      contains:
        mac:
          description: MAC address that got the address.
          type: str
        address:
          description: The IPv4 or IPv6 address.
          type: str
        hostname:
          description: Host name that the guest told the DHCP server; V(null) where it told none.
          type: str
        until:
          description: Time at which the lease ends, in seconds since 1970.
          type: int
found:
  description: Result of the expression in O(query).
  returned: with O(query)
  type: raw
"""

from ..module_utils import _zip_imports  # noqa: F401  # pylint: disable=unused-import
from ..module_utils._flow.info import ARGUMENTS, inform
from ..module_utils._flow.module import Module
from ..module_utils._kinds.network.facts import network_facts
from ..module_utils._kinds.network.observe import DEFINITION, networks
from ..module_utils._kinds.network.table import NETWORK


def main() -> None:
    module = Module(
        argument_spec={
            **ARGUMENTS,
            "leases": {"type": "bool", "default": False},
        },
    )
    inform(module, NETWORK, networks, network_facts(module.params["leases"]), DEFINITION)


if __name__ == "__main__":
    main()
