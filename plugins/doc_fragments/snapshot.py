# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a snapshot. Generated from its table by tests/tools/doc_fragments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  config:
    description: The snapshots that are declared, each a dictionary of its options.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the snapshot (libvirt's C(name)), such as V(before-upgrade). It
          tells a snapshot from the others of its guest.
        type: str
        required: true
      domain:
        description: Name of the guest that the snapshot is of. It cannot be left out.
        type: str
      state:
        description: 'State that the snapshot shall be in. V(present) takes it if it is missing.
          V(reverted) puts the guest back to it, with its definition. V(absent) deletes the
          snapshot: the guest stays as it is, and so do the snapshots that were taken after
          it.'
        type: str
        choices:
        - present
        - reverted
        - absent
        default: present
      description:
        description: Text for people that says what the snapshot is for (libvirt's C(description)).
          It can be changed.
        type: str
      disks:
        description: Disks that are in an V(external) snapshot, by their targets (libvirt's
          disk C(name)), such as V(vda). Left out, all that the guest can write to are. An V(internal)
          one always has all of them.
        type: list
        elements: str
      type:
        description: 'Where the snapshot is (libvirt''s C(snapshot) of each disk): V(internal)
          in the images of the disks, which are all qcow2; V(external) by a new file laid over
          each image, which the guest writes to from then on. Left out, a new one is V(internal).'
        type: str
        choices:
        - internal
        - external
      memory:
        description: Whether the memory of a guest that runs is in the snapshot (libvirt's C(memory)),
          so that the guest goes on from there. Left out, a new one has it if the guest runs
          and O(config[].type) is V(internal), or with O(config[].memory_file).
        type: bool
      memory_file:
        description: File on the host that an V(external) snapshot keeps the memory in (libvirt's
          memory C(file)), such as V(/var/lib/libvirt/images/web01.before-upgrade.memory). There
          is none of that name before.
        type: str
      discard_changes:
        description: Whether V(reverted) may lose what the guest has done since its last snapshot.
          Without, it only puts back a guest that is switched off, and has written nothing since
          its current snapshot.
        type: bool
      discard_newer:
        description: Whether V(reverted) may lose the external snapshots that are laid over
          the images that it changes. libvirt forgets them then; their files stay, and are of
          no use.
        type: bool
"""
