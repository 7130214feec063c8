# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a link. Generated from its table by tests/tools/doc_fragments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  config:
    description: The links.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the link, such as V(br0).
        type: str
        required: true
      type:
        description: What it is. V(bridge) puts guests into the network of its ports; V(macvlan)
          lets a host talk to its own MacVTap guests; V(vlan) and V(bond) are there for others
          to be built on.
        type: str
        choices:
        - bridge
        - bond
        - vlan
        - macvlan
        - macvtap
      state:
        description: Whether it is there. With V(absent) a bridge gives its addresses back to
          its port.
        type: str
        choices:
        - present
        - absent
        default: present
      ports:
        description: The devices that a bridge or bond is made of. The list is whole.
        type: list
        elements: str
      parent:
        description: The device that a VLAN, MacVLAN or MacVTap link is on.
        type: str
      id:
        description: The number of the VLAN.
        type: int
      mode:
        description: How a MacVLAN or MacVTap link sees its siblings (V(bridge) where it is
          left out), or how a bond shares out its traffic.
        type: str
        choices:
        - bridge
        - vepa
        - private
        - passthru
        - balance-rr
        - active-backup
        - balance-xor
        - broadcast
        - 802.3ad
        - balance-tlb
        - balance-alb
      stp:
        description: The spanning tree protocol of a bridge. A new one has none.
        type: bool
      forward_delay:
        description: Seconds before a port of a bridge forwards. A new bridge has 0; with a
          spanning tree it is 2 at least.
        type: int
      vlan_filtering:
        description: Whether a bridge keeps VLANs apart, which the host's kernel has to be able
          to. Left out, it stays as it is; V(false) ends it.
        type: bool
      mtu:
        description: The MTU. A new bridge has its port's.
        type: int
      mac:
        description: The MAC address. A new bridge has its port's.
        type: str
      addressing:
        description: 'Where its addresses come from. A bridge or bond takes over its port''s
          with V(inherit), the default: addresses, routes, name servers and DHCP identity. A
          MacVLAN link that inherits speaks with its parent''s address.'
        type: str
        choices:
        - inherit
        - dhcp
        - static
        - none
      addresses:
        description: Static addresses, each with its subnet.
        type: list
        elements: str
      gateway:
        description: The default gateway, with static addresses.
        type: str
      nameservers:
        description: Name servers, with static addresses.
        type: list
        elements: str
      search:
        description: Domains to search, with static addresses.
        type: list
        elements: str
      routes:
        description: Further routes, with static addresses.
        type: list
        elements: dict
        suboptions:
          to:
            description: 'Where it leads to: a network, or V(default).'
            type: str
          via:
            description: The next hop.
            type: str
          metric:
            description: 'Which of several routes is taken: the one with the least.'
            type: int
      takeover:
        description: Whether a port may be taken from the bridge that it is part of. Without
          it that is refused.
        type: bool
"""
