#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: domains_info
short_description: List the guests (domains) of a host
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Lists the guests of a host, each with the options of M(virtfleet.kvm.domains) that describe it as it is.
  - Given to that module, these options change nothing. Values of secrets are left out; their options are listed.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.reading
options:
  names:
    description: Names of the guests to list. Left out, all are listed.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over RV(domains), such as V([?state=='running' && memory > `2147483648`].name).
      - It is evaluated on the control node, which needs the Python library jmespath for it.
    type: str
  addresses:
    description:
      - Where to look up the addresses of the guests.
      - V(lease) is the DHCP of libvirt's own networks, V(agent) the guest agent, V(arp) the host's table of neighbours.
        V(none) looks up no addresses.
    type: str
    choices:
      - none
      - lease
      - agent
      - arp
    default: none
seealso:
  - module: virtfleet.kvm.domains
  - plugin: virtfleet.kvm.query
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask for the addresses of two guests
  virtfleet.kvm.domains_info:
    names: [web01, web02]
    addresses: lease

- name: Select by what they are doing
  virtfleet.kvm.domains_info:
    query: "[?state=='running' && memory > `2147483648`].name"
  register: found

- name: Show the names
  ansible.builtin.debug:
    var: found.found
"""

RETURN = r"""
# Written by tests/tools/returns.py, from returns.yml beside it.
domains:
  description: Guests of the host, in the order of their names.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the guest on its host.
      type: str
      sample: web01
    uuid:
      description: UUID that libvirt has for the guest.
      type: str
    state:
      description: State of the guest, as M(virtfleet.kvm.domains) names it.
      type: str
    autostart:
      description: Whether the guest starts when the host does.
      type: bool
    persistent:
      description: Whether libvirt keeps the definition when the guest stops.
      type: bool
    config:
      description: Options that describe the guest as it is, as M(virtfleet.kvm.domains) takes them.
      type: dict
    secrets:
      description: Options in C(config) whose values are left out, for they are secret.
      type: list
      elements: str
      sample:
      - graphics[0].passwd
    uncovered:
      description: Parts of the definition that C(config) cannot hold, by their path in libvirt's XML.
      type: list
      elements: str
    refused:
      description: Why C(config) cannot be declared as it is, such as for a name that begins with a dash;
        mostly empty.
      type: list
      elements: str
    memory:
      description: Bytes of memory that the guest has now.
      type: int
    memory_max:
      description: Bytes of memory that the guest can have.
      type: int
    vcpus:
      description: Virtual CPUs that the guest has now.
      type: int
    addresses:
      description: Addresses of the guest, where O(addresses) is given.
      type: list
      elements: dict
      contains:
        interface:
          description: The interface, by the name that who is asked has for it, such as V(vnet0) or V(eth0).
          type: str
        mac:
          description: The MAC address of the interface.
          type: str
        address:
          description: The IPv4 or IPv6 address.
          type: str
        prefix:
          description: The length of the prefix of its subnet; V(0) where who is asked does not know it.
          type: int
found:
  description: Result of the expression in O(query).
  returned: with O(query)
  type: raw
"""

from ..module_utils import _zip_imports  # noqa: F401  # pylint: disable=unused-import
from ..module_utils._flow.info import ARGUMENTS, inform
from ..module_utils._flow.module import Module
from ..module_utils._kinds.domain.facts import domain_facts
from ..module_utils._kinds.domain.observe import DEFINITION, domains
from ..module_utils._kinds.domain.table import DOMAIN


def main() -> None:
    module = Module(
        argument_spec={
            **ARGUMENTS,
            "addresses": {"type": "str", "choices": ["none", "lease", "agent", "arp"], "default": "none"},
        },
    )
    inform(module, DOMAIN, domains, domain_facts(module.params["addresses"]), DEFINITION)


if __name__ == "__main__":
    main()
