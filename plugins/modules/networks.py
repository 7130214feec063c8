#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: networks
short_description: Declare libvirt networks
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Creates, changes, starts, stops and removes the libvirt networks of a host, as O(config) says, all in one call.
  - Only what is declared is touched. An option that is left out is left as it is, V(null) puts it back to
    libvirt's default, and parts of a definition that no option covers survive.
  - What is declared reaches an active network at once where libvirt can do it. What it can get only by a restart is
    reported in RV(pending_restart), with the reason; O(on_restart_needed) says whether to restart it. The guests on a
    network that is started anew are put back on its bridge.
  - A network that a guest is on, be it running or not, is not purged. Its guest is named, and the module fails.
options:
  guest_networks:
    description:
      - Guests that are declared for the host, by name, each with the networks that it will be on. Give it where another
        call of this module comes after that for the guests, as in the playbook C(virtfleet.kvm.site).
      - Then networks that are to go stay for that call. Only one whose bridge or subnet a declared network takes goes
        at once, where all guests that are on it are declared to be on others. They are put on the new one's bridge.
    type: dict
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.declare
  - virtfleet.kvm.declare.libvirt
  - virtfleet.kvm.purge
  - virtfleet.kvm.purge.uses
  - virtfleet.kvm.restart
  - virtfleet.kvm.network
seealso:
  - module: virtfleet.kvm.domains
"""

EXAMPLES = r"""
- name: The default network, through which guests go out with the host's address
  virtfleet.kvm.networks:
    config:
      - name: default
        bridge: virbr0
        forward:
          mode: nat
        ips:
          - address: 192.168.122.1/24
            dhcp:
              ranges:
                - start: 192.168.122.2
                  end: 192.168.122.254
              hosts:
                - mac: "52:54:00:aa:00:01"
                  name: web01
                  ip: 192.168.122.10

- name: A host bridge and a MacVTap device by name
  virtfleet.kvm.networks:
    config:
      - name: lan
        forward:
          mode: bridge
        bridge: br0
      - name: direct
        forward:
          mode: bridge
          interfaces:
            - eno2

- name: The default network and, of those that this collection made, no other
  virtfleet.kvm.networks:
    config:
      - name: default
    purge: true
"""

RETURN = r"""
# Written by tests/tools/returns.py, from returns.yml beside it.
changes:
  description: Every field that changed, or in check mode would change.
  returned: success, failure of some networks, or failure after the first change
  type: list
  elements: dict
  contains:
    resource:
      description: Kind and name of what changed.
      type: str
      sample: network default
    path:
      description:
      - Option that changed, V(definition) for all of a new network, or V(state).
      - V(persistent) for a network that libvirt did not keep before, V(restart) for one that is restarted.
        For V(restart), RV(changes[].after) names the options that need it.
      type: str
      sample: mtu
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
  - The networks that are active, and get some of the declared values only by a restart.
  - With O(on_restart_needed=restart), the module stops such a network, starts it, and puts its guests
    back on its bridge.
  returned: success, failure of some networks, or failure after the first change
  type: list
  elements: dict
  contains:
    network:
      description: Name of the network on its host.
      type: str
      sample: default
    paths:
      description: Options whose values wait for the restart.
      type: list
      elements: str
      sample:
      - mtu
    reasons:
      description: Reason why each of these options waits, by option.
      type: dict
failures:
  description: The networks that failed, and why. RV(changes) has what was done, or would be, nonetheless.
  returned: failure of some networks, or failure after the first change
  type: list
  elements: dict
  contains:
    network:
      description: Name of the network on its host.
      type: str
      sample: default
    problem:
      description: Action that failed, and why.
      type: str
undeclared:
  description:
  - Names of networks that were made for O(owner), are no longer declared, and stay, as O(purge) is false.
  - Empty where O(purge) is true, or O(owner) is empty.
  returned: success, failure of some networks, or failure after the first change
  type: list
  elements: str
  sample:
  - old01
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
from ..module_utils._kinds.network.parameters import PARAMETERS


def main() -> None:
    declare(DeclaringModule(argument_spec=PARAMETERS.spec), PARAMETERS)


if __name__ == "__main__":
    main()
