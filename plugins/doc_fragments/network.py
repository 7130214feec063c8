# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a network. Generated from its table by tests/tools/doc_fragments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  config:
    description: The networks.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, by which guests refer to the network.
        type: str
        required: true
      state:
        description: What becomes of it. V(present) leaves it active or inactive as it is.
        type: str
        choices:
        - active
        - inactive
        - present
        - absent
        default: active
      autostart:
        description: Whether it starts with the host. A new one does.
        type: bool
      uuid:
        description: The UUID. A new one follows from the name.
        type: str
      title:
        description: A short title.
        type: str
      description:
        description: What the network is for.
        type: str
      metadata:
        description: 'What other programs keep: elements of XML, as text.'
        type: list
        elements: str
      bridge:
        description:
        - 'The bridge: libvirt''s own, such as V(virbr0), or with forward mode V(bridge) the
          host''s.'
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: str
      stp:
        description:
        - The spanning tree protocol on libvirt's own bridge.
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: bool
      delay:
        description:
        - Seconds before the bridge forwards.
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: int
      zone:
        description: The zone of firewalld that the bridge is in.
        type: str
      mac_table_manager:
        description: Who learns addresses.
        type: str
        choices:
        - kernel
        - libvirt
      mtu:
        description: The MTU.
        type: int
      domain:
        description: The DNS domain of the network.
        type: str
      domain_local_only:
        description: Whether names of the domain are never asked for outside.
        type: bool
      domain_register:
        description: Whether the host's own resolver learns the domain.
        type: bool
      mac:
        description:
        - The MAC address of libvirt's own bridge.
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: str
      ipv6:
        description: Whether guests reach each other by IPv6 where the network has no such address.
        type: bool
      trust_guest_rx_filters:
        description: Whether the host follows the guests' own MAC addresses and filters.
        type: bool
      forward:
        description:
        - The way out of the network.
        - A text in place of the dictionary is its C(mode).
        type: dict
        suboptions:
          mode:
            description:
            - How guests reach the outside. Without O(config[].forward) the network is isolated.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - nat
            - route
            - open
            - bridge
            - private
            - vepa
            - passthrough
            - hostdev
          dev:
            description: The only device that traffic may leave by.
            type: str
          interfaces:
            description: Devices of the host for MacVTap.
            type: list
            elements: str
          managed:
            description:
            - Whether libvirt takes the devices of mode V(hostdev) from the host.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: bool
          pf:
            description: The card whose virtual functions are handed out, with mode V(hostdev).
            type: str
          addresses:
            description: The PCI addresses of the virtual functions that are handed out.
            type: list
            elements: dict
            suboptions:
              type:
                description:
                - The kind of bus.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - pci
              domain:
                description: The PCI domain.
                type: int
              bus:
                description:
                - 'The bus: the index of the controller, or the bus of the device.'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              slot:
                description:
                - The slot of the bus.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              function:
                description: The function of the slot.
                type: int
              multifunction:
                description:
                - Whether the slot has more functions.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
          driver:
            description: How the host hands over the device.
            type: dict
            suboptions:
              name:
                description: What hands the device to the guest.
                type: str
                choices:
                - kvm
                - vfio
                - xen
              model:
                description: The kernel driver that takes the device.
                type: str
          nat:
            description: How addresses are translated.
            type: dict
            suboptions:
              ipv6:
                description: Whether IPv6 is translated, too.
                type: bool
              address:
                description: The addresses that guests appear under.
                type: dict
                suboptions:
                  start:
                    description: The first address.
                    type: str
                  end:
                    description: The last address.
                    type: str
              port:
                description: The ports that guests appear under.
                type: dict
                suboptions:
                  start:
                    description: The first port.
                    type: int
                  end:
                    description: The last port.
                    type: int
      ips:
        description:
        - The addresses of the host on the network.
        - A text in place of an item is its C(address).
        type: list
        elements: dict
        suboptions:
          address:
            description: The host's address with its subnet, such as V(192.168.122.1/24).
            type: str
          family:
            description:
            - The address family; the address tells.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - ipv4
            - ipv6
          local_ptr:
            description: Whether names of the subnet's addresses are never asked for outside.
            type: bool
          tftp:
            description: The directory that the network's TFTP server offers.
            type: str
          dhcp:
            description: The DHCP service of the network.
            type: dict
            suboptions:
              ranges:
                description: Addresses to hand out.
                type: list
                elements: dict
                suboptions:
                  start:
                    description: The first address.
                    type: str
                  end:
                    description: The last address.
                    type: str
                  lease:
                    description: How long an address is handed out for.
                    type: dict
                    suboptions:
                      expiry:
                        description: The time; V(0) for ever.
                        type: int
                      unit:
                        description: Its unit.
                        type: str
                        choices:
                        - seconds
                        - minutes
                        - hours
              hosts:
                description: Addresses kept for one guest each.
                type: list
                elements: dict
                suboptions:
                  mac:
                    description: The MAC address that gets it.
                    type: str
                  id:
                    description: The DHCP identity that gets it, with IPv6.
                    type: str
                  name:
                    description: The host name that goes with it.
                    type: str
                  ip:
                    description: The address.
                    type: str
                  lease:
                    description: How long an address is handed out for.
                    type: dict
                    suboptions:
                      expiry:
                        description: The time; V(0) for ever.
                        type: int
                      unit:
                        description: Its unit.
                        type: str
                        choices:
                        - seconds
                        - minutes
                        - hours
              bootp_file:
                description: The file that guests boot from the network.
                type: str
              bootp_server:
                description: The server that has the file, where not the network itself.
                type: str
      routes:
        description: Routes.
        type: list
        elements: dict
        suboptions:
          address:
            description: The network that is reached.
            type: str
          family:
            description:
            - The address family.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - ipv4
            - ipv6
          prefix:
            description:
            - Bits of the network's part.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          netmask:
            description: The network's part as a mask.
            type: str
          gateway:
            description: The router.
            type: str
          metric:
            description: The rank among routes; the least wins.
            type: int
      dns:
        description: The DNS server of the network.
        type: dict
        suboptions:
          enable:
            description: Whether the network has a DNS server. It has, where it has addresses.
            type: bool
          forward_plain_names:
            description: Whether names without a dot are asked for outside.
            type: bool
          forwarders:
            description: Whom to ask for names outside.
            type: list
            elements: dict
            suboptions:
              addr:
                description: The server to ask.
                type: str
              domain:
                description: The domain for which to ask it; all where it is left out.
                type: str
          txts:
            description: TXT records.
            type: list
            elements: dict
            suboptions:
              name:
                description: The name.
                type: str
              value:
                description: The text.
                type: str
          srvs:
            description: SRV records.
            type: list
            elements: dict
            suboptions:
              service:
                description: The service, such as V(ldap).
                type: str
              protocol:
                description: The protocol.
                type: str
                choices:
                - tcp
                - udp
              domain:
                description: The domain; the network's where it is left out.
                type: str
              target:
                description: The host that has the service.
                type: str
              port:
                description: The port.
                type: int
              priority:
                description: The least is asked first.
                type: int
              weight:
                description: The share among those of one priority.
                type: int
          hosts:
            description: Names of addresses.
            type: list
            elements: dict
            suboptions:
              ip:
                description: The address.
                type: str
              hostnames:
                description: Its names.
                type: list
                elements: str
      portgroups:
        description: Classes of guests.
        type: list
        elements: dict
        suboptions:
          name:
            description: The name, by which guests refer to it.
            type: str
          default:
            description: Whether guests that name none get it.
            type: bool
          trust_guest_rx_filters:
            description: Whether the host follows the guests' own MAC addresses and filters.
            type: bool
          virtualport:
            description: The port of a switch that is managed from outside.
            type: dict
            suboptions:
              type:
                description: The kind of switch.
                type: str
                choices:
                - 802.1Qbg
                - 802.1Qbh
                - openvswitch
                - midonet
              managerid:
                description: The manager of VSI types.
                type: int
              typeid:
                description: The VSI type.
                type: int
              typeidversion:
                description: The version of the VSI type.
                type: int
              instanceid:
                description:
                - The VSI instance.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              profileid:
                description: The port profile.
                type: str
              interfaceid:
                description:
                - The interface as the switch knows it.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
          bandwidth:
            description: Limits of the traffic.
            type: dict
            suboptions:
              inbound:
                description: What the guest receives.
                type: dict
                suboptions:
                  average:
                    description: KiB a second on average.
                    type: int
                  peak:
                    description: KiB a second at most.
                    type: int
                  burst:
                    description: KiB that may go at the peak's speed.
                    type: int
              outbound:
                description:
                - What the guest sends.
                - Its options are those of O(config[].portgroups[].bandwidth.inbound).
                type: dict
          vlan:
            description: VLAN tags, where the switch on the host can set them.
            type: dict
            suboptions:
              trunk:
                description:
                - Whether several tags are let through.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              tags:
                description: The tags.
                type: list
                elements: dict
                suboptions:
                  id:
                    description: The tag.
                    type: int
                  native_mode:
                    description: How packets without a tag count.
                    type: str
                    choices:
                    - tagged
                    - untagged
      virtualport:
        description:
        - The port of a switch that is managed from outside.
        - Its options are those of O(config[].portgroups[].virtualport).
        type: dict
      bandwidth:
        description: Limits of the traffic.
        type: dict
        suboptions:
          inbound:
            description:
            - What the guest receives.
            - Its options are those of O(config[].portgroups[].bandwidth.inbound).
            type: dict
          outbound:
            description:
            - What the guest sends.
            - Its options are those of O(config[].portgroups[].bandwidth.inbound).
            type: dict
      vlan:
        description: VLAN tags, where the switch on the host can set them.
        type: dict
        suboptions:
          trunk:
            description:
            - Whether several tags are let through.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: bool
          tags:
            description: The tags.
            type: list
            elements: dict
            suboptions:
              id:
                description: The tag.
                type: int
              native_mode:
                description: How packets without a tag count.
                type: str
                choices:
                - tagged
                - untagged
      isolated:
        description: Whether guests cannot reach each other.
        type: bool
      dnsmasq_options:
        description: Options of dnsmasq; libvirt does not support them.
        type: list
        elements: str
      xml:
        description: 'XML for what no option covers. It is merged into the definition: an element
          that the definition has is changed, any other is added. What you take out of it later
          stays in the definition; remove that by hand, as with C(virsh edit). It cannot add
          what a list of the item leaves out, or an option that is V(null) takes away.'
        type: str
"""
