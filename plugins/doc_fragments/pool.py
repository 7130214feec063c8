# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a pool. Generated from its table by tests/tools/doc_fragments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  config:
    description: The pools.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, by which guests and volumes refer to the pool.
        type: str
        required: true
      state:
        description: What becomes of it. V(present) leaves it active or inactive as it is; V(absent)
          stops it and removes the definition, never any data.
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
      type:
        description: 'What the volumes are: files in a directory, on a file system of its own
          or of a server, logical volumes, partitions, and so on. A new one is V(dir).'
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
        description: Where the storage comes from.
        type: dict
        suboptions:
          devices:
            description: Devices or, for iSCSI, the name of the target.
            type: list
            elements: str
          part_separator:
            description: Whether partitions are named with a V(p) in between.
            type: bool
          dir:
            description: The directory, as the server names it.
            type: str
          hosts:
            description: The servers.
            type: list
            elements: dict
            suboptions:
              name:
                description: Its name or address.
                type: str
              port:
                description: Its port, where it is not the usual one.
                type: int
          adapter:
            description: The SCSI adapter.
            type: dict
            suboptions:
              type:
                description:
                - 'The kind: V(scsi_host) is known by its name or place, V(fc_host) is for Fibre
                  Channel.'
                - libvirt fills it in by itself, so V(null) leaves it as it is.
                type: str
                choices:
                - scsi_host
                - fc_host
              name:
                description: The name, such as V(scsi_host1).
                type: str
              parent:
                description: The adapter that a virtual one is made on.
                type: str
              managed:
                description: Whether the virtual adapter goes when the pool stops.
                type: bool
              wwnn:
                description: The node's world wide name.
                type: str
              wwpn:
                description: The port's world wide name.
                type: str
              parentaddr:
                description: The adapter by its place, which stays the same after a restart.
                type: dict
                suboptions:
                  unique_id:
                    description: Which port of the device.
                    type: int
                  address:
                    description: The device's place on the PCI bus.
                    type: dict
                    suboptions:
                      domain:
                        description: The PCI domain.
                        type: str
                      bus:
                        description: The PCI bus.
                        type: str
                      slot:
                        description: The PCI slot.
                        type: str
                      function:
                        description: The PCI function.
                        type: str
          name:
            description:
            - The name of the volume group, RBD or ZFS pool, or Gluster volume.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          format:
            description:
            - The kind of file system, partition table or share.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          protocol_version:
            description: The version of NFS.
            type: str
          initiator:
            description: The name that the host shows to the iSCSI target.
            type: str
          auth:
            description: How the host proves who it is.
            type: dict
            suboptions:
              type:
                description: 'How to prove it: V(chap) for iSCSI, V(ceph) for RBD.'
                type: str
                choices:
                - chap
                - ceph
              username:
                description: The user.
                type: str
              secret:
                description: The secret of libvirt's that holds the password. The password itself
                  is in no definition.
                type: dict
                suboptions:
                  uuid:
                    description: Its UUID.
                    type: str
                  usage:
                    description: What it is for, by which libvirt finds it.
                    type: str
          vendor:
            description: Who made the storage.
            type: str
          product:
            description: What the storage is.
            type: str
      target:
        description:
        - Where the volumes are on the host, such as V(/var/lib/libvirt/images).
        - libvirt fills it in by itself, so V(null) leaves it as it is.
        type: str
      permissions:
        description: Who may use the directory. A new one gets them.
        type: dict
        suboptions:
          mode:
            description:
            - The mode in octal digits, such as V('0711').
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
          owner:
            description:
            - The numeric id of the user that owns it.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          group:
            description:
            - The numeric id of its group.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: int
          label:
            description:
            - The security label.
            - libvirt fills it in by itself, so V(null) leaves it as it is.
            type: str
      cow:
        description: Whether the file system copies on write, where it can tell.
        type: bool
      refresh_allocation:
        description: How an RBD pool counts what its volumes take. V(capacity) is quick, and
          says their size.
        type: str
        choices:
        - default
        - capacity
      mount_options:
        description: Options to mount with, for V(fs) and V(netfs).
        type: list
        elements: str
      config_options:
        description: Options of RBD.
        type: list
        elements: dict
        suboptions:
          name:
            description: Its name, such as V(client_mount_timeout).
            type: str
          value:
            description: Its value.
            type: str
      build:
        description: What is made where it is missing when the pool starts. V(directory), which
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
