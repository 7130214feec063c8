#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: links
short_description: Declare a host's own bridges and MacVLAN links
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Creates, changes and removes the bridges, MacVLAN, MacVTap, VLAN and bond links of a host, as O(config) says, all in
    one call.
  - A change is tried first. It is kept only once the host has been reached anew over a new connection, and the
    gateway and name server that answered before answer again. Otherwise the host itself takes it back,
    also when this run is killed, the connection is lost or the power fails.
  - With O(config[].addressing=inherit), the default, a bridge or bond takes over the addresses of its port, with
    routes, name servers, MAC address and DHCP identity, so that the host keeps its address.
  - Only what is declared is touched. An option that is left out is left as it is.
extends_documentation_fragment:
  - virtfleet.kvm.declare
  - virtfleet.kvm.link
options:
  rollback_after:
    description:
      - Seconds after which the host takes back a change that was not confirmed, from 1 to 3600.
    type: int
    default: 60
  bypass_iptables:
    description:
      - Whether to keep the traffic of bridges out of iptables, where Docker or ufw would drop it.
      - Without it the module only warns of such a host.
    type: bool
    default: false
  leave_used:
    description:
      - Whether to leave links that are to be absent, but that a running guest is on, for a later call, and list them in
        RV(postponed). Otherwise they are refused. The playbook C(virtfleet.kvm.site) leaves them, moves the guests, and
        removes them then.
    type: bool
    default: false
  uri:
    description:
      - Not used, for this module asks no libvirt. It is an option so that C(module_defaults) of the action group can
        set it.
    type: str
    default: qemu:///system
  settle:
    description:
      - Used by the action plugin of this module to confirm a trial. Leave it out in playbooks.
    type: str
attributes:
  platform:
    description: Target OS or families that can be operated against.
    support: full
    platforms: posix
requirements:
  - netplan.io with systemd-networkd or NetworkManager, or systemd-networkd alone
  - systemd and iproute2
notes:
  - All links of a call are one change. It is kept as a whole, or taken back as a whole.
  - A host that ifupdown configures is refused, with the way out.
  - A change cannot be made with C(async), nor without the action plugin of this collection.
seealso:
  - module: virtfleet.kvm.networks
"""

EXAMPLES = r"""
- name: A bridge over the host's only network card, by which Ansible reaches it
  virtfleet.kvm.links:
    config:
      - name: br0
        type: bridge
        ports: [eno1]

- name: A bridge with an address of its own, and a link by which the host reaches its MacVTap guests
  virtfleet.kvm.links:
    config:
      - name: br1
        type: bridge
        ports: [eno2]
        addressing: static
        addresses: [192.0.2.10/24]
        gateway: 192.0.2.1
        nameservers: [192.0.2.1]
      - name: shim0
        type: macvlan
        parent: eno3

- name: Give the addresses of a bridge back to its port
  virtfleet.kvm.links:
    config:
      - name: br0
        state: absent
"""

RETURN = r"""
# Written by tests/tools/returns.py, from returns.yml beside it.
changes:
  description: Every field that changed, or in check mode would change.
  returned: success, and when a change was tried
  type: list
  elements: dict
  contains:
    resource:
      description: Kind and name of what changed.
      type: str
      sample: link br0
    path:
      description: Option that changed, or V(definition) for all of a link that is made or removed.
      type: str
      sample: ports
    before:
      description: Value before the change; V(null) for none.
      type: raw
    after:
      description: Value after the change; V(null) for none.
      type: raw
    live:
      description: Whether the change is in force when the module ends. Always V(true).
      type: bool
postponed:
  description: The links that O(leave_used) has left for a later call.
  returned: success
  type: list
  elements: str
  sample:
  - br1
forecast:
  description: Where the host's addresses are before and after the change.
  returned: success, and when a change was tried
  type: list
  elements: dict
  contains:
    link:
      description: The link that has them afterwards.
      type: str
      sample: br0
    before:
      description: Addresses of the host before the change.
      type: list
      elements: str
      sample:
      - 192.0.2.10/24
    after:
      description: Addresses of the host after the change; V(null) where that is not known.
      type: list
      elements: str
      sample:
      - 192.0.2.10/24
    note:
      description: Reason why the addresses are there afterwards.
      type: str
tried:
  description: The changes of a trial that was taken back, or of which it is not known how it ended, as
    in RV(changes).
  returned: when a change was tried and not kept
  type: list
  elements: dict
probes:
  description: What was probed before the change was kept, or taken back.
  returned: when a change was tried
  type: list
  elements: dict
  contains:
    probe:
      description: Part of the network that was probed.
      type: str
      sample: gateway (IPv4)
    ok:
      description: Whether the probe got an answer.
      type: bool
    said:
      description: Finding of the probe, in words.
      type: str
outcome:
  description: How the trial ended, V(confirmed) or V(rolled-back); V(unknown) where that could not be
    learnt.
  returned: when a change was tried
  type: str
  sample: confirmed
address:
  description: The address by which the host was reached after the change.
  returned: when a change was confirmed
  type: str
  sample: 192.0.2.10
would_change:
  description: Whether the run would change something. C(changed) is V(false) there, as a plan changes
    nothing.
  returned: in the plan that the playbook C(virtfleet.kvm.site) makes of all hosts, if that is so
  type: bool
"""

from ..module_utils import _zip_imports  # noqa: F401  # pylint: disable=unused-import
from ..module_utils._flow.arguments import URI
from ..module_utils._flow.module import Module
from ..module_utils._hostnet.converge import declare
from ..module_utils._hostnet.parameters import SPEC


def main() -> None:
    module = Module(
        argument_spec={
            **SPEC,
            **URI,
            "settle": {"type": "str"},
        },
    )
    declare(module)


if __name__ == "__main__":
    main()
