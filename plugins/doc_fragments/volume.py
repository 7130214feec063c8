# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a volume. Generated from its table by tests/tools/doc_fragments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  config:
    description: The volumes that are declared, each a dictionary of its options.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the volume in its pool (libvirt's C(name)), such as V(web.qcow2).
          It has no C(/).
        type: str
        required: true
      pool:
        description: Name of the pool that the volume is in. Left out, it is V(default).
        type: str
      state:
        description: State that the volume shall be in. V(present) makes it where it is missing;
          V(absent) deletes it with all its data, unless a guest or another volume uses it.
        type: str
        choices:
        - present
        - absent
        default: present
      capacity:
        description: Size that a guest sees (libvirt's C(capacity)), such as V(20GiB). A volume
          that exists grows in place; a smaller size is refused.
        type: str
      allocation:
        description: Space that a new volume takes from the pool at once (libvirt's C(allocation)),
          such as V(1GiB). Left out, a raw one takes all of its size.
        type: str
      format:
        description: Format of the volume (libvirt's format C(type)). It cannot change. Left
          out, a new volume gets the one that the ending of its name tells, such as C(.qcow2),
          or else V(raw); one with O(config[].backing) is always V(qcow2). V(iso) is V(raw)
          with a CD in it. Those from V(extended) on are partitions, in pools of type C(disk).
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
        description: 'Backing image that a new volume is laid over (libvirt''s C(backingStore)):
          the volume holds only what differs. It cannot change.'
        type: dict
        suboptions:
          volume:
            description: Name of the backing volume in the same pool, or C(POOL/VOLUME) in another
              one.
            type: str
          path:
            description: Path of a backing file or device that is in no pool (libvirt's backingStore
              C(path)).
            type: str
          format:
            description: 'Format of the backing image (libvirt''s format C(type)), such as V(qcow2).
              Leave it out for a volume that was declared or that a guest has: it is known.'
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
            description: Owner and mode of the backing file, as libvirt reports them (libvirt's
              C(permissions)).
            type: dict
            suboptions:
              mode:
                description: Mode of the volume's file in octal digits (libvirt's C(mode)),
                  such as V('0600').
                type: str
              owner:
                description: Numeric id of the user that owns the volume's file (libvirt's C(owner)),
                  such as V(107).
                type: int
              group:
                description: Numeric id of the group that owns the volume's file (libvirt's
                  C(group)), such as V(107).
                type: int
              label:
                description: Security label of the volume's file (libvirt's C(label)), such
                  as V(system_u:object_r:virt_image_t:s0).
                type: str
      clone_from:
        description: Volume that a new one is a full copy of, by its name in the same pool or
          as C(POOL/VOLUME).
        type: str
      image:
        description: 'Image that a new volume is filled with: an URL, the path of a file on
          the host, or the name of one of O(images). It is converted where its format is another.
          It is a qcow2 that names no other file, or a raw disk with a partition table, a boot
          sector or a file system, or an ISO 9660 image. It may be compressed with gzip, xz,
          bzip2 or zstd. Anything else is refused. Where C(format: raw) is written out, a file
          that is no disk is copied as it is; an ending of the name is not enough. The page
          C(docs/images.md) has the limits.'
        type: str
      checksum:
        description: Checksum of the image before it is unpacked, such as V(sha256:...), or
          the URL of a list that has it, such as V(https://example.com/SHA256SUMS). In a list,
          the line of the name of the image's file counts. An image with another checksum is
          refused.
        type: str
      image_timeout:
        description: Seconds that the download of the image may take at most. Left out, an hour.
        type: int
      permissions:
        description:
        - Owner and mode of a new volume's file (libvirt's target C(permissions)).
        - Its options are those of O(config[].backing.permissions).
        type: dict
      compat:
        description: 'Version of qcow2 that a new volume has (libvirt''s C(compat)): V(0.10)
          or V(1.1).'
        type: str
      nocow:
        description: Whether a new volume on btrfs does without copy-on-write (libvirt's C(nocow)),
          which makes it quicker.
        type: bool
      cluster_size:
        description: Size of the clusters of a new qcow2 volume (libvirt's C(clusterSize)),
          such as V(64KiB).
        type: str
      lazy_refcounts:
        description: Whether a new qcow2 volume writes its reference counts late (libvirt's
          C(lazy_refcounts)), which is quicker.
        type: bool
      extended_l2:
        description: Whether a new qcow2 volume has subclusters (libvirt's C(extended_l2)),
          which make small writes over a backing image quicker.
        type: bool
      encryption:
        description: Encryption of a new volume (libvirt's C(encryption)). It cannot change.
        type: dict
        suboptions:
          format:
            description: Format of the encryption (libvirt's encryption C(format)), such as
              V(luks).
            type: str
            choices:
            - default
            - qcow
            - luks
            - luks2
            - luks-any
          engine:
            description: Program that encrypts and decrypts (libvirt's encryption C(engine)),
              such as V(qemu).
            type: str
            choices:
            - qemu
            - librbd
          secret:
            description: Libvirt secret that holds the passphrase (libvirt's C(secret)). The
              passphrase itself is in no definition.
            type: dict
            suboptions:
              type:
                description: Kind of the libvirt secret (libvirt's secret C(type)), which is
                  always V(passphrase).
                type: str
                choices:
                - passphrase
              uuid:
                description: UUID of the libvirt secret, as C(virsh secret-list) shows it.
                type: str
              usage:
                description: Usage name of the libvirt secret (libvirt's C(usage)), in place
                  of its UUID.
                type: str
          cipher:
            description: Cipher that encrypts the volume (libvirt's C(cipher)), where it is
              not the usual one.
            type: dict
            suboptions:
              name:
                description: Algorithm of the cipher (libvirt's cipher C(name)), such as V(aes).
                type: str
              size:
                description: Length of the key in bits (libvirt's cipher C(size)), such as V(256).
                type: int
              mode:
                description: Mode of the cipher (libvirt's cipher C(mode)), such as V(xts).
                type: str
              hash:
                description: Hash algorithm for the master key (libvirt's cipher C(hash)), such
                  as V(sha256).
                type: str
          ivgen:
            description: Generator of initialization vectors for the cipher (libvirt's C(ivgen)).
            type: dict
            suboptions:
              name:
                description: Algorithm that makes the initialization vectors (libvirt's ivgen
                  C(name)), such as V(plain64).
                type: str
              hash:
                description: Hash algorithm of the generator (libvirt's ivgen C(hash)), such
                  as V(sha256).
                type: str
      xml:
        description: XML for what no option covers. It is merged into the definition of a new
          volume.
        type: str
"""
