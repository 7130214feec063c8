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
        description: Size of the largest packet in bytes (libvirt's C(mtu)), such as V(1500).
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
                description: Number of the PCI domain (libvirt's C(domain)), such as V(0x0000).
                type: int
              bus:
                description:
                - Number of the bus (libvirt's C(bus)). For a PCI or USB device of the guest
                  it is the index of its controller; for a device of the host, the bus that
                  C(lspci) or C(lsusb) shows.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              slot:
                description:
                - Number of the slot on the bus (libvirt's C(slot)). PCI has V(0x00) to V(0x1f).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: int
              function:
                description: Number of the function in a PCI slot (libvirt's C(function)), from
                  V(0x0) to V(0x7).
                type: int
              multifunction:
                description:
                - Whether the PCI slot holds several functions (libvirt's C(multifunction)).
                  Set it at function 0 where other functions of the slot are used.
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
          driver:
            description: Driver that hands a host device to the guest (libvirt's C(driver)).
            type: dict
            suboptions:
              name:
                description: Driver that hands the host device to the guest (libvirt's driver
                  C(name)), such as V(vfio).
                type: str
                choices:
                - kvm
                - vfio
                - xen
              model:
                description: Kernel driver that the host device is bound to (libvirt's driver
                  C(model)), such as V(mlx5_vfio_pci).
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
        description: Static routes to further networks (libvirt's C(route)).
        type: list
        elements: dict
        suboptions:
          address:
            description: Address of the network that the route leads to (libvirt's C(address)),
              such as V(192.0.2.0).
            type: str
          family:
            description:
            - 'Address family of the route (libvirt''s C(family)): V(ipv4) or V(ipv6).'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - ipv4
            - ipv6
          prefix:
            description:
            - Length of the network's prefix in bits (libvirt's C(prefix)), such as V(24).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          netmask:
            description: Mask of the network (libvirt's C(netmask)), in place of the prefix,
              such as V(255.255.255.0).
            type: str
          gateway:
            description: Address of the router that the route goes through (libvirt's C(gateway)).
            type: str
          metric:
            description: Metric of the route (libvirt's C(metric)). Of several routes, the lowest
              metric wins.
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
            description: Port of a switch that is managed from outside (libvirt's C(virtualport)),
              such as Open vSwitch.
            type: dict
            suboptions:
              type:
                description: Kind of virtual port (libvirt's C(type)), such as V(openvswitch).
                type: str
                choices:
                - 802.1Qbg
                - 802.1Qbh
                - openvswitch
                - midonet
              managerid:
                description: Identifier of the database of VSI types (libvirt's C(managerid)),
                  for V(802.1Qbg).
                type: int
              typeid:
                description: Identifier of the VSI type (libvirt's C(typeid)), for V(802.1Qbg).
                type: int
              typeidversion:
                description: Version of the VSI type (libvirt's C(typeidversion)), for V(802.1Qbg).
                type: int
              instanceid:
                description:
                - UUID of the VSI instance (libvirt's C(instanceid)), for V(802.1Qbg).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
              profileid:
                description: Name of the port profile (libvirt's C(profileid)), for V(802.1Qbh)
                  and V(openvswitch).
                type: str
              interfaceid:
                description:
                - UUID of the interface on the virtual switch (libvirt's C(interfaceid)), for
                  V(openvswitch) and V(midonet).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
          bandwidth:
            description: Limits of the network traffic, as the guest sees it (libvirt's C(bandwidth)).
            type: dict
            suboptions:
              inbound:
                description: Limits of the traffic that the guest receives (libvirt's C(inbound)).
                type: dict
                suboptions:
                  average:
                    description: Average rate in kilobytes per second (libvirt's C(average)),
                      such as V(1000).
                    type: int
                  peak:
                    description: Highest rate in kilobytes per second (libvirt's C(peak)), which
                      bursts may reach.
                    type: int
                  burst:
                    description: KiB that may be sent in one burst at the peak rate (libvirt's
                      C(burst)).
                    type: int
              outbound:
                description:
                - Limits of the traffic that the guest sends (libvirt's C(outbound)).
                - Its options are those of O(config[].portgroups[].bandwidth.inbound).
                type: dict
          vlan:
            description: VLAN tags of the traffic (libvirt's C(vlan)), where the switch on the
              host can set them, as Open vSwitch can.
            type: dict
            suboptions:
              trunk:
                description:
                - Whether traffic with several VLAN tags is let through (libvirt's C(trunk)).
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: bool
              tags:
                description: VLAN tags that the traffic carries (libvirt's C(tag)).
                type: list
                elements: dict
                suboptions:
                  id:
                    description: Number of the VLAN (libvirt's tag C(id)), from V(0) to V(4095).
                    type: int
                  native_mode:
                    description: 'How packets of the native VLAN go out (libvirt''s C(nativeMode)):
                      V(tagged) or V(untagged).'
                    type: str
                    choices:
                    - tagged
                    - untagged
      virtualport:
        description:
        - Port of a switch that is managed from outside (libvirt's C(virtualport)), such as
          Open vSwitch.
        - Its options are those of O(config[].portgroups[].virtualport).
        type: dict
      bandwidth:
        description: Limits of the network traffic, as the guest sees it (libvirt's C(bandwidth)).
        type: dict
        suboptions:
          inbound:
            description:
            - Limits of the traffic that the guest receives (libvirt's C(inbound)).
            - Its options are those of O(config[].portgroups[].bandwidth.inbound).
            type: dict
          outbound:
            description:
            - Limits of the traffic that the guest sends (libvirt's C(outbound)).
            - Its options are those of O(config[].portgroups[].bandwidth.inbound).
            type: dict
      vlan:
        description: VLAN tags of the traffic (libvirt's C(vlan)), where the switch on the host
          can set them, as Open vSwitch can.
        type: dict
        suboptions:
          trunk:
            description:
            - Whether traffic with several VLAN tags is let through (libvirt's C(trunk)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: bool
          tags:
            description: VLAN tags that the traffic carries (libvirt's C(tag)).
            type: list
            elements: dict
            suboptions:
              id:
                description: Number of the VLAN (libvirt's tag C(id)), from V(0) to V(4095).
                type: int
              native_mode:
                description: 'How packets of the native VLAN go out (libvirt''s C(nativeMode)):
                  V(tagged) or V(untagged).'
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
