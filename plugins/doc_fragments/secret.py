# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a secret. Generated from its table by tests/tools/doc_fragments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  config:
    description: The secrets that are declared, each a dictionary of its options.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: 'Name of the secret, by which guests and pools refer to it as C(usage),
          such as V(client.libvirt). It is what libvirt has in its usage: C(name), for V(iscsi)
          C(target), and for V(volume) C(volume), which is a path from the root. The names of
          all others have no C(/).'
        type: str
        required: true
      state:
        description: State that the secret shall be in. V(absent) removes the definition, and
          its value with it.
        type: str
        choices:
        - present
        - absent
        default: present
      usage:
        description: 'What the secret is for (libvirt''s usage C(type)): V(ceph) for RBD, V(iscsi)
          for CHAP, V(volume) for an encrypted disk, V(tls) for a private key, V(vtpm) for the
          state of an emulated TPM.'
        type: str
        choices:
        - ceph
        - iscsi
        - tls
        - volume
        - vtpm
      uuid:
        description: UUID of the secret (libvirt's C(uuid)). That of a new secret follows from
          its name.
        type: str
      description:
        description: Text for people that says what the secret is (libvirt's C(description)).
          It is no secret itself.
        type: str
      ephemeral:
        description: Whether the secret is kept in memory only (libvirt's C(ephemeral)). It
          is gone once the daemon ends, and the next run defines it anew. One that was kept
          on disk cannot become that.
        type: bool
      private:
        description: Whether libvirt tells its value to nobody (libvirt's C(private)). It cannot
          be taken back.
        type: bool
      value:
        description: Value of the secret as text, such as a passphrase. Left out, the value
          that is there stays.
        type: str
      value_base64:
        description: Value of the secret in base64, in place of O(config[].value), for one that
          is no text. A key of Ceph is in base64 already.
        type: str
"""
