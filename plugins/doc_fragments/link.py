# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a link. Generated from its table by tests/tools/doc_fragments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  config:
    description: The links that are declared, each a dictionary of its options.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the link on the host, such as V(br0).
        type: str
        required: true
      type:
        description: Kind of link. V(bridge) puts guests into the network of its ports; V(macvlan)
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
        description: State that the link shall be in. With V(absent) it is removed, and a bridge
          gives its addresses back to its port.
        type: str
        choices:
        - present
        - absent
        default: present
      ports:
        description: 'Names of the devices that a bridge or bond is made of, such as V(eth0).
          The list is whole: a device that is left out is taken off.'
        type: list
        elements: str
      parent:
        description: Name of the device that a VLAN, MacVLAN or MacVTap link is on, such as
          V(eth0).
        type: str
      id:
        description: Number of the VLAN, such as V(42), for a link of type V(vlan).
        type: int
      mode:
        description: Mode of the link. For MacVLAN and MacVTap it is how links on the same device
          reach each other (left out, V(bridge)); for a bond, how it shares out its traffic.
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
        description: Whether a bridge runs the spanning tree protocol (STP). A new one does
          not.
        type: bool
      forward_delay:
        description: Seconds until a new port of a bridge forwards traffic. A new bridge has
          0; with a spanning tree it is 2 at least.
        type: int
      vlan_filtering:
        description: Whether a bridge keeps VLANs apart, which the host's kernel has to be able
          to. Left out, it stays as it is; V(false) ends it.
        type: bool
      mtu:
        description: Size of the largest packet in bytes (MTU), such as V(1500). A new bridge
          has that of its port.
        type: int
      mac:
        description: MAC address of the link, such as V(52:54:00:12:34:56). A new bridge has
          that of its port.
        type: str
      addressing:
        description: 'Where the link''s addresses come from. A bridge or bond takes over its
          port''s with V(inherit), the default: addresses, routes, name servers and DHCP identity.
          A MacVLAN link that inherits speaks with its parent''s address.'
        type: str
        choices:
        - inherit
        - dhcp
        - static
        - none
      addresses:
        description: Static addresses of the link, each with its prefix, such as V(192.0.2.2/24).
        type: list
        elements: str
      gateway:
        description: Address of the default gateway, with static addresses, such as V(192.0.2.1).
        type: str
      nameservers:
        description: Addresses of the name servers, with static addresses.
        type: list
        elements: str
      search:
        description: Domains that are searched for short names, with static addresses.
        type: list
        elements: str
      routes:
        description: Further routes of the link, with static addresses.
        type: list
        elements: dict
        suboptions:
          to:
            description: Network that the route leads to, such as V(198.51.100.0/24), or V(default)
              for all others.
            type: str
          via:
            description: Address of the router that the route goes through (the next hop).
            type: str
          metric:
            description: Metric of the route. Of several routes, the lowest metric wins.
            type: int
      takeover:
        description: Whether a port may be taken away from the bridge that it is part of. Without
          it that is refused.
        type: bool
"""
