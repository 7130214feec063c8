# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a volume. Generated from its table by tests/tools/doc_fragments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  config:
    description: The volumes.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name in its pool. It has no C(/).
        type: str
        required: true
      pool:
        description: The pool. Left out, it is V(default).
        type: str
      state:
        description: Whether it is there. V(absent) deletes it with all its data, unless a guest
          or another volume uses it.
        type: str
        choices:
        - present
        - absent
        default: present
      capacity:
        description: The size that a guest sees, such as V(20GiB). One that exists grows in
          place; a smaller size is refused.
        type: str
      allocation:
        description: How much of it a new one takes from the pool at once. Left out, a raw one
          takes all of it.
        type: str
      format:
        description: The format. It cannot change. Left out, a new volume gets the one that
          the ending of its name tells, such as C(.qcow2), or else V(raw); one with O(config[].backing)
          is always V(qcow2). V(iso) is V(raw) with a CD in it. Those from V(extended) on are
          partitions, in pools of type C(disk).
        type: str
        choices:
        - raw
        - qcow2
        - bochs
        - cloop
        - cow
        - dir
        - dmg
        - fat
        - iso
        - ploop
        - qcow
        - qed
        - vdi
        - vhd
        - vmdk
        - vpc
        - extended
        - fat16
        - fat32
        - linux
        - linux-lvm
        - linux-raid
        - linux-swap
        - none
      backing:
        description: 'What a new one is laid over: it holds only what differs. It cannot change.'
        type: dict
        suboptions:
          volume:
            description: The volume by its name in the same pool, or as C(POOL/VOLUME).
            type: str
          path:
            description: A file or device that is in no pool.
            type: str
          format:
            description: Its format. That of a volume that was declared, or that a guest has,
              is known.
            type: str
            choices:
            - raw
            - qcow2
            - bochs
            - cloop
            - cow
            - dir
            - dmg
            - fat
            - iso
            - ploop
            - qcow
            - qed
            - vdi
            - vhd
            - vmdk
            - vpc
          permissions:
            description: Who may use it, as libvirt reports it.
            type: dict
            suboptions:
              mode:
                description: The mode in octal digits, such as V('0600').
                type: str
              owner:
                description: The numeric id of the user that owns it.
                type: int
              group:
                description: The numeric id of its group.
                type: int
              label:
                description: The security label.
                type: str
      clone_from:
        description: The volume that a new one is a full copy of, by its name in the same pool
          or as C(POOL/VOLUME).
        type: str
      image:
        description: 'The image that a new one is filled with: an URL, or the path of a file
          on the host. It is converted where its format is another. It is a qcow2 that names
          no other file, or a raw disk with a partition table, a boot sector or a file system,
          or an ISO 9660 image. It may be compressed with gzip, xz, bzip2 or zstd. Anything
          else is refused. Where C(format: raw) is written out, a file that is no disk is copied
          as it is; an ending of the name is not enough. The page C(docs/images.md) has the
          limits.'
        type: str
      checksum:
        description: The checksum of the image before it is unpacked, such as V(sha256:...).
          An image with another one is refused.
        type: str
      image_timeout:
        description: How many seconds the download of the image may take. Left out, an hour.
        type: int
      permissions:
        description:
        - Who may use a new one.
        - Its options are those of O(config[].backing.permissions).
        type: dict
      compat:
        description: The version of qcow2 that a new one has, V(0.10) or V(1.1).
        type: str
      nocow:
        description: Whether a new one is kept from copy-on-write on btrfs.
        type: bool
      cluster_size:
        description: The size of the clusters of a new qcow2.
        type: str
      lazy_refcounts:
        description: Whether a new qcow2 counts references late, which is quicker.
        type: bool
      extended_l2:
        description: Whether a new qcow2 has subclusters.
        type: bool
      encryption:
        description: How a new one is encrypted. It cannot change.
        type: dict
        suboptions:
          format:
            description: The kind.
            type: str
            choices:
            - default
            - qcow
            - luks
            - luks2
            - luks-any
          engine:
            description: Who encrypts.
            type: str
            choices:
            - qemu
            - librbd
          secret:
            description: The secret of libvirt's that holds the passphrase. The passphrase itself
              is in no definition.
            type: dict
            suboptions:
              type:
                description: What it is.
                type: str
                choices:
                - passphrase
              uuid:
                description: Its UUID.
                type: str
              usage:
                description: What it is for, by which libvirt finds it.
                type: str
          cipher:
            description: The cipher, where it is not the usual one.
            type: dict
            suboptions:
              name:
                description: The cipher, such as V(aes).
                type: str
              size:
                description: The bits of its key.
                type: int
              mode:
                description: Its mode, such as V(xts).
                type: str
              hash:
                description: The hash of the passphrase.
                type: str
          ivgen:
            description: How the initialization vectors are made.
            type: dict
            suboptions:
              name:
                description: The generator, such as V(plain64).
                type: str
              hash:
                description: Its hash.
                type: str
      xml:
        description: XML for what no option covers. It is merged into the definition of a new
          volume.
        type: str
"""
