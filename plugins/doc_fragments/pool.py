# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a pool. Generated from its table by tests/tools/doc_fragments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  config:
    description: The pools that are declared, each a dictionary of its options.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the pool (libvirt's C(name)), by which guests and volumes refer
          to it, such as V(default).
        type: str
        required: true
      state:
        description: State that the pool shall be in. V(present) defines it and leaves it active
          or inactive as it is; V(absent) stops it and removes the definition, never any data.
        type: str
        choices:
        - active
        - inactive
        - present
        - absent
        default: active
      autostart:
        description: Whether the pool starts when the host does (libvirt's C(autostart)). A
          new one does.
        type: bool
      uuid:
        description: UUID of the pool (libvirt's C(uuid)). That of a new pool follows from its
          name.
        type: str
      type:
        description: 'Kind of storage that the pool''s volumes are on (libvirt''s pool C(type)):
          V(dir) for files in a directory, V(fs) on a file system of its own, V(netfs) on a
          server, V(logical) for LVM, V(disk) for partitions, and so on. A new one is V(dir).'
        type: str
        choices:
        - dir
        - fs
        - netfs
        - logical
        - disk
        - iscsi
        - iscsi-direct
        - scsi
        - mpath
        - rbd
        - gluster
        - zfs
        - vstorage
      source:
        description: 'Where the pool''s storage comes from (libvirt''s C(source)): devices,
          servers, or names.'
        type: dict
        suboptions:
          devices:
            description: Devices of the host, such as V(/dev/sdb), or, for iSCSI, the name of
              the target (libvirt's device C(path)).
            type: list
            elements: str
          part_separator:
            description: Whether names of partitions have a V(p) before their number (libvirt's
              C(part_separator)), as multipath devices do.
            type: bool
          dir:
            description: Directory on the server, as the server names it (libvirt's dir C(path)),
              such as V(/srv/images).
            type: str
          hosts:
            description: Servers that have the storage (libvirt's C(host)).
            type: list
            elements: dict
            suboptions:
              name:
                description: Name or address of the server (libvirt's host C(name)), such as
                  V(nfs.example.com).
                type: str
              port:
                description: Port of the server (libvirt's host C(port)), where it is not the
                  usual one.
                type: int
          adapter:
            description: SCSI adapter of the host that has the storage (libvirt's C(adapter)).
            type: dict
            suboptions:
              type:
                description:
                - 'Kind of adapter (libvirt''s adapter C(type)): V(scsi_host) is known by its
                  name or place, V(fc_host) is for Fibre Channel.'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - scsi_host
                - fc_host
              name:
                description: Name of the adapter on the host (libvirt's adapter C(name)), such
                  as V(scsi_host1).
                type: str
              parent:
                description: Adapter that a virtual one is made on (libvirt's adapter C(parent)),
                  such as V(scsi_host3).
                type: str
              managed:
                description: Whether the virtual adapter is removed when the pool stops (libvirt's
                  adapter C(managed)).
                type: bool
              wwnn:
                description: 'World wide name of the adapter''s node (libvirt''s C(wwnn)): 16
                  hexadecimal digits.'
                type: str
              wwpn:
                description: 'World wide name of the adapter''s port (libvirt''s C(wwpn)): 16
                  hexadecimal digits.'
                type: str
              parentaddr:
                description: Adapter by its PCI address, which stays the same after a restart
                  (libvirt's C(parentaddr)).
                type: dict
                suboptions:
                  unique_id:
                    description: Number of the port, where the device has several (libvirt's
                      C(unique_id)).
                    type: int
                  address:
                    description: PCI address of the adapter on the host (libvirt's C(address)).
                    type: dict
                    suboptions:
                      domain:
                        description: Number of the PCI domain (libvirt's C(domain)), such as
                          V(0x0000).
                        type: int
                      bus:
                        description: Number of the PCI bus (libvirt's C(bus)), such as V(0x00).
                        type: int
                      slot:
                        description: Number of the slot on the PCI bus (libvirt's C(slot)),
                          such as V(0x1f).
                        type: int
                      function:
                        description: Number of the function in the PCI slot (libvirt's C(function)),
                          such as V(0x2).
                        type: int
          name:
            description:
            - Name of the volume group, of the RBD or ZFS pool, or of the Gluster volume (libvirt's
              source C(name)).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          format:
            description:
            - Kind of file system, partition table or network share (libvirt's format C(type)),
              such as V(ext4), V(gpt) or V(nfs).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          protocol_version:
            description: Version of the NFS protocol to mount with (libvirt's protocol C(ver)),
              such as V(4.2).
            type: str
          initiator:
            description: Name by which the host presents itself to the iSCSI target (libvirt's
              C(initiator iqn)), such as V(iqn.2026-01.com.example:kvm1).
            type: str
          auth:
            description: Login of the host at the storage (libvirt's source C(auth)).
            type: dict
            suboptions:
              type:
                description: 'Kind of login (libvirt''s auth C(type)): V(chap) for iSCSI, V(ceph)
                  for RBD.'
                type: str
                choices:
                - chap
                - ceph
              username:
                description: Name of the user to log in with (libvirt's auth C(username)).
                type: str
              secret:
                description: Libvirt secret that holds the password (libvirt's auth C(secret)).
                  The password itself is in no definition.
                type: dict
                suboptions:
                  uuid:
                    description: UUID of the libvirt secret, as C(virsh secret-list) shows it.
                    type: str
                  usage:
                    description: Usage name of the libvirt secret (libvirt's C(usage)), in place
                      of its UUID.
                    type: str
          vendor:
            description: Name of the vendor of the storage, as a note (libvirt's C(vendor)).
            type: str
          product:
            description: Name of the product that the storage is, as a note (libvirt's C(product)).
            type: str
      target:
        description:
        - Directory on the host where the volumes are (libvirt's target C(path)), such as V(/var/lib/libvirt/images).
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: str
      permissions:
        description: Owner and mode of the pool's directory (libvirt's target C(permissions)).
          A new one gets them.
        type: dict
        suboptions:
          mode:
            description:
            - Mode of the directory in octal digits (libvirt's C(mode)), such as V('0711').
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          owner:
            description:
            - Numeric id of the user that owns the directory (libvirt's C(owner)), such as V(107).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          group:
            description:
            - Numeric id of the group that owns the directory (libvirt's C(group)), such as
              V(107).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          label:
            description:
            - Security label of the directory (libvirt's C(label)), such as V(system_u:object_r:virt_image_t:s0).
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
      cow:
        description: Whether the file system copies on write, where it can be told to (libvirt's
          C(cow)), as btrfs can.
        type: bool
      refresh_allocation:
        description: How an RBD pool finds how much its volumes take (libvirt's refresh C(allocation)).
          V(capacity) is quick, and gives their size instead.
        type: str
        choices:
        - default
        - capacity
      mount_options:
        description: Options to mount the file system with (libvirt's C(fs:mount_opts)), for
          types V(fs) and V(netfs), such as V(sync).
        type: list
        elements: str
      config_options:
        description: Options for the client of RBD (libvirt's C(rbd:config_opts)).
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the option of RBD (libvirt's option C(name)), such as V(client_mount_timeout).
            type: str
          value:
            description: Value of the option of RBD (libvirt's option C(value)), such as V(45).
            type: str
      build:
        description: What to make where it is missing when the pool starts. V(directory), which
          is what V(null) means, makes the target directory; V(format) makes also a file system,
          partition table or volume group, on blank devices only; V(never) makes nothing.
        type: str
        choices:
        - directory
        - format
        - never
      xml:
        description: 'XML for what no option covers. It is merged into the definition: an element
          that the definition has is changed, any other is added. What you take out of it later
          stays in the definition; remove that by hand, as with C(virsh edit). It cannot add
          what a list of the item leaves out, or an option that is V(null) takes away.'
        type: str
"""
