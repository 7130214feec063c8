# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a network. Generated from its table by tests/tools/doc_fragments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  config:
    description: The networks that are declared, each a dictionary of its options.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the network (libvirt's C(name)), by which guests refer to it, such
          as V(default).
        type: str
        required: true
      state:
        description: State that the network shall be in. V(present) defines it and leaves it
          active or inactive as it is; V(absent) removes it.
        type: str
        choices:
        - active
        - inactive
        - present
        - absent
        default: active
      autostart:
        description: Whether the network starts when the host does (libvirt's C(autostart)).
          A new one does.
        type: bool
      uuid:
        description: UUID of the network (libvirt's C(uuid)). That of a new network follows
          from its name.
        type: str
      title:
        description: Short title of the network (libvirt's C(title)).
        type: str
      description:
        description: Text that tells people what the network is for (libvirt's C(description)).
        type: str
      metadata:
        description: 'Data that other programs keep with the network (libvirt''s C(metadata)):
          elements of XML, as text.'
        type: list
        elements: str
      bridge:
        description:
        - 'Name of the bridge (libvirt''s bridge C(name)): one that libvirt makes, such as V(virbr0),
          or with forward mode V(bridge) one of the host''s, such as V(br0).'
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: str
      stp:
        description:
        - Whether the bridge that libvirt makes runs the spanning tree protocol (libvirt's bridge
          C(stp)).
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: bool
      delay:
        description:
        - Seconds until a new port of the bridge forwards traffic (libvirt's bridge C(delay)).
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: int
      zone:
        description: Zone of firewalld that the bridge is put into (libvirt's bridge C(zone)),
          such as V(public).
        type: str
      mac_table_manager:
        description: Who keeps the bridge's table of MAC addresses (libvirt's C(macTableManager)).
          V(kernel) learns them from traffic; V(libvirt) enters those of the guests and turns
          learning off.
        type: str
        choices:
        - kernel
        - libvirt
      mtu:
        description: Size of the largest packet in bytes (libvirt's C(mtu)), such as V(1500).
        type: int
      domain:
        description: DNS domain of the network (libvirt's domain C(name)), such as V(lab.example.com).
        type: str
      domain_local_only:
        description: Whether names of the domain are never passed on to other DNS servers (libvirt's
          C(localOnly)).
        type: bool
      domain_register:
        description: Whether the host's systemd-resolved asks the network's DNS server for names
          of the domain (libvirt's domain C(register)).
        type: bool
      mac:
        description:
        - MAC address of the bridge that libvirt makes (libvirt's mac C(address)).
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: str
      ipv6:
        description: Whether guests can reach each other by IPv6 where the network has no IPv6
          address (libvirt's network C(ipv6)).
        type: bool
      trust_guest_rx_filters:
        description: Whether the host takes over changes that guests make to their MAC addresses
          and receive filters (libvirt's C(trustGuestRxFilters)).
        type: bool
      forward:
        description:
        - How guests reach the outside from the network (libvirt's C(forward)).
        - You can write the C(mode) alone, as a text, in place of the dictionary.
        type: dict
        suboptions:
          mode:
            description:
            - 'How guests reach the outside (libvirt''s forward C(mode)): V(nat) behind the
              host''s address, V(route) with their own, V(open) without firewall rules, V(bridge)
              on a bridge of the host. Without O(config[].forward) the network is isolated.'
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
            description: Only network device of the host that traffic may leave by (libvirt's
              forward C(dev)), such as V(eth0).
            type: str
          interfaces:
            description: Network devices of the host that guests are linked to by MacVTap (libvirt's
              forward C(interface)).
            type: list
            elements: str
          managed:
            description:
            - Whether libvirt detaches the devices of mode V(hostdev) from the host when a guest
              starts, and gives them back later (libvirt's C(managed)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: bool
          pf:
            description: Network card whose virtual functions guests get (libvirt's C(pf dev)),
              with mode V(hostdev), such as V(eth0).
            type: str
          addresses:
            description: PCI addresses of virtual functions that guests get (libvirt's forward
              C(address)), with mode V(hostdev).
            type: list
            elements: dict
            suboptions:
              type:
                description:
                - Kind of bus that the address is on (libvirt's address C(type)), which is always
                  V(pci).
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
            description: How guests' addresses are translated (libvirt's C(nat)), with mode
              V(nat).
            type: dict
            suboptions:
              ipv6:
                description: Whether addresses of IPv6 are translated too (libvirt's nat C(ipv6)).
                type: bool
              address:
                description: Range of addresses that guests appear under outside (libvirt's
                  nat C(address)).
                type: dict
                suboptions:
                  start:
                    description: First address that guests appear under outside (libvirt's address
                      C(start)).
                    type: str
                  end:
                    description: Last address that guests appear under outside (libvirt's address
                      C(end)).
                    type: str
              port:
                description: Range of ports that guests appear under outside (libvirt's nat
                  C(port)).
                type: dict
                suboptions:
                  start:
                    description: First port that guests appear under outside (libvirt's port
                      C(start)), such as V(1024).
                    type: int
                  end:
                    description: Last port that guests appear under outside (libvirt's port
                      C(end)), such as V(65535).
                    type: int
      ips:
        description:
        - Addresses of the host on the network (libvirt's C(ip)), with DHCP for the guests.
        - You can write the C(address) alone, as a text, in place of an item.
        type: list
        elements: dict
        suboptions:
          address:
            description: Address of the host on the network, with its prefix (libvirt's ip C(address)),
              such as V(192.168.122.1/24).
            type: str
          family:
            description:
            - 'Address family (libvirt''s ip C(family)): V(ipv4) or V(ipv6). Leave it out: the
              address tells it.'
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
            choices:
            - ipv4
            - ipv6
          local_ptr:
            description: Whether reverse lookups for the subnet are never passed on to other
              DNS servers (libvirt's C(localPtr)).
            type: bool
          tftp:
            description: Path of the directory on the host that guests can fetch files from
              by TFTP (libvirt's C(tftp root)).
            type: str
          dhcp:
            description: DHCP service that gives guests their addresses (libvirt's C(dhcp)).
            type: dict
            suboptions:
              ranges:
                description: Ranges of addresses that guests get by DHCP (libvirt's C(range)).
                type: list
                elements: dict
                suboptions:
                  start:
                    description: First address of the range to hand out (libvirt's range C(start)),
                      such as V(192.168.122.100).
                    type: str
                  end:
                    description: Last address of the range to hand out (libvirt's range C(end)),
                      such as V(192.168.122.254).
                    type: str
                  lease:
                    description: Time for which an address is handed out (libvirt's dhcp C(lease)).
                    type: dict
                    suboptions:
                      expiry:
                        description: Length of the lease in units of C(unit) (libvirt's lease
                          C(expiry)), such as V(24); V(0) never ends.
                        type: int
                      unit:
                        description: Unit of the length of the lease (libvirt's lease C(unit)).
                        type: str
                        choices:
                        - seconds
                        - minutes
                        - hours
              hosts:
                description: Addresses that are each kept for one guest (libvirt's dhcp C(host)).
                type: list
                elements: dict
                suboptions:
                  mac:
                    description: MAC address of the guest that gets the address (libvirt's host
                      C(mac)).
                    type: str
                  id:
                    description: DHCP unique identifier (DUID) of the guest that gets the address,
                      with IPv6 (libvirt's host C(id)).
                    type: str
                  name:
                    description: Host name that the guest gets with the address (libvirt's host
                      C(name)).
                    type: str
                  ip:
                    description: Address that is kept for the guest (libvirt's host C(ip)),
                      such as V(192.168.122.10).
                    type: str
                  lease:
                    description: Time for which an address is handed out (libvirt's dhcp C(lease)).
                    type: dict
                    suboptions:
                      expiry:
                        description: Length of the lease in units of C(unit) (libvirt's lease
                          C(expiry)), such as V(24); V(0) never ends.
                        type: int
                      unit:
                        description: Unit of the length of the lease (libvirt's lease C(unit)).
                        type: str
                        choices:
                        - seconds
                        - minutes
                        - hours
              bootp_file:
                description: Name of the file that guests boot from over the network (libvirt's
                  bootp C(file)), such as V(pxelinux.0).
                type: str
              bootp_server:
                description: Address of the TFTP server that has the boot file (libvirt's bootp
                  C(server)). Left out, it is the network's own.
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
        description: DNS server of the network, which guests ask (libvirt's C(dns)).
        type: dict
        suboptions:
          enable:
            description: Whether the network has a DNS server (libvirt's dns C(enable)). Left
              out, it has one where it has addresses.
            type: bool
          forward_plain_names:
            description: Whether names without a dot are passed on to other DNS servers (libvirt's
              C(forwardPlainNames)).
            type: bool
          forwarders:
            description: DNS servers that are asked for names outside the network (libvirt's
              C(forwarder)).
            type: list
            elements: dict
            suboptions:
              addr:
                description: Address of the DNS server to ask (libvirt's forwarder C(addr)),
                  such as V(192.0.2.53).
                type: str
              domain:
                description: Domain whose names this server is asked for (libvirt's forwarder
                  C(domain)). Left out, all names.
                type: str
          txts:
            description: TXT records of the network's DNS server (libvirt's C(txt)).
            type: list
            elements: dict
            suboptions:
              name:
                description: Name of the TXT record (libvirt's txt C(name)), such as V(example).
                type: str
              value:
                description: Text of the TXT record (libvirt's txt C(value)).
                type: str
          srvs:
            description: SRV records of the network's DNS server (libvirt's C(srv)), which tell
              where services are.
            type: list
            elements: dict
            suboptions:
              service:
                description: Name of the service (libvirt's srv C(service)), such as V(ldap).
                type: str
              protocol:
                description: 'Protocol of the service (libvirt''s srv C(protocol)): V(tcp) or
                  V(udp).'
                type: str
                choices:
                - tcp
                - udp
              domain:
                description: Domain that has the service (libvirt's srv C(domain)). Left out,
                  the network's domain.
                type: str
              target:
                description: Name of the host that offers the service (libvirt's srv C(target)).
                type: str
              port:
                description: Port that the service is on (libvirt's srv C(port)), such as V(389).
                type: int
              priority:
                description: Priority of the host (libvirt's srv C(priority)). The lowest number
                  is asked first.
                type: int
              weight:
                description: Weight among hosts of the same priority (libvirt's srv C(weight)).
                  A higher number is asked more often.
                type: int
          hosts:
            description: Names for addresses in the network's DNS server (libvirt's dns C(host)).
            type: list
            elements: dict
            suboptions:
              ip:
                description: Address that the names stand for (libvirt's host C(ip)), such as
                  V(192.168.122.2).
                type: str
              hostnames:
                description: Names that stand for the address (libvirt's C(hostname)).
                type: list
                elements: str
      portgroups:
        description: 'Port groups: classes of guests with limits and VLANs of their own (libvirt''s
          C(portgroup)).'
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the port group (libvirt's portgroup C(name)), by which guests
              refer to it.
            type: str
          default:
            description: Whether interfaces that name no port group belong to this one (libvirt's
              portgroup C(default)).
            type: bool
          trust_guest_rx_filters:
            description: Whether the host takes over changes that guests make to their MAC addresses
              and receive filters (libvirt's C(trustGuestRxFilters)).
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
        description: Whether guests on the network cannot reach each other (libvirt's port C(isolated)).
        type: bool
      dnsmasq_options:
        description: Lines for the configuration of dnsmasq, which libvirt does not support
          (libvirt's C(dnsmasq:option)), such as V(dhcp-option=42,192.0.2.1).
        type: list
        elements: str
      xml:
        description: 'XML for what no option covers. It is merged into the definition: an element
          that the definition has is changed, any other is added. What you take out of it later
          stays in the definition; remove that by hand, as with C(virsh edit). It cannot add
          what a list of the item leaves out, or an option that is V(null) takes away.'
        type: str
"""
