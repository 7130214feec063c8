#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secrets
short_description: Declare secrets of libvirt
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Defines, changes and removes the secrets that libvirt keeps on a host, and sets their values, as O(config) says, all
    in one call. Guests and pools refer to them for Ceph, iSCSI, encrypted disks, TLS and an emulated TPM.
  - Only what is declared is touched. An option that is left out is left as it is, V(null) puts it back to
    libvirt's default.
  - libvirt has no names for secrets. The name of one is that of its usage, and secrets without a usage are left alone.
  - A value is shown nowhere. That it changes is reported as V((secret\)).
  - libvirt tells nobody the value of a secret that is C(private). So the list of what this collection made, which only
    root reads, has a salted digest of the value that was set last. One that was set by another program is noticed on
    the host itself by the file that libvirt keeps it in, and elsewhere not at all.
  - A secret that a guest, a pool or C(/etc/libvirt/qemu.conf) refers to is not removed. The user is named, and the
    module fails. Who refers to it from anywhere else cannot be seen.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.declare
  - virtfleet.kvm.declare.libvirt
  - virtfleet.kvm.purge
  - virtfleet.kvm.purge.uses
  - virtfleet.kvm.secret
seealso:
  - module: virtfleet.kvm.secrets_info
  - module: virtfleet.kvm.pools
  - module: virtfleet.kvm.domains
"""

EXAMPLES = r"""
- name: The key of a Ceph user, which is in base64 already
  virtfleet.kvm.secrets:
    config:
      - name: client.libvirt
        usage: ceph
        private: true
        value_base64: "{{ vault_ceph_key }}"

- name: The passphrase of an encrypted disk, and a password for iSCSI
  virtfleet.kvm.secrets:
    config:
      - name: /var/lib/libvirt/images/web01-vda.img
        usage: volume
        value: "{{ vault_disk_passphrase }}"
      - name: iqn.2026-01.com.example:storage
        usage: iscsi
        value: "{{ vault_chap_password }}"

- name: A secret that is no longer used
  virtfleet.kvm.secrets:
    config:
      - name: client.old
        state: absent

- name: This secret and, of those that this collection made, no other
  virtfleet.kvm.secrets:
    config:
      - name: client.libvirt
        usage: ceph
    purge: true
"""

RETURN = r"""
# Written by tests/tools/returns.py, from returns.yml beside it.
changes:
  description: Every field that changed, or in check mode would change.
  returned: success, failure of some secrets, or failure after the first change
  type: list
  elements: dict
  contains:
    resource:
      description: Kind and name of what changed.
      type: str
      sample: secret client.libvirt
    path:
      description:
      - Option that changed, V(definition) for all of a new secret, or V(state).
      type: str
      sample: description
    before:
      description: Value before the change; V(null) for none.
      type: raw
    after:
      description: Value after the change; V(null) for none.
      type: raw
    live:
      description: Always V(null), as a secret does not run. The other modules say whether what runs has
        the value.
      type: bool
pending_restart:
  description: Always empty, as a secret does not run. The other declaring modules return what waits for
    a restart.
  returned: success, failure of some secrets, or failure after the first change
  type: list
  elements: dict
  sample: []
failures:
  description: The secrets that failed, and why. RV(changes) has what was done, or would be, nonetheless.
  returned: failure of some secrets, or failure after the first change
  type: list
  elements: dict
  contains:
    secret:
      description: Name of the secret, which is that of its usage.
      type: str
      sample: client.libvirt
    problem:
      description: Action that failed, and why.
      type: str
unfinished:
  description: Whether the run has, or may have, something to do that is no change, such as to wait for
    a guest.
  returned: in the plan that the playbook C(virtfleet.kvm.site) makes of all hosts, if that is so
  type: bool
would_change:
  description: Whether the run would change something. C(changed) is V(false) there, as a plan changes
    nothing.
  returned: in the plan that the playbook C(virtfleet.kvm.site) makes of all hosts, if that is so
  type: bool
"""

from ..module_utils import _zip_imports  # noqa: F401  # pylint: disable=unused-import
from ..module_utils._flow.converge import declare
from ..module_utils._flow.module import DeclaringModule
from ..module_utils._kinds.secret.parameters import PARAMETERS


def main() -> None:
    declare(DeclaringModule(argument_spec=PARAMETERS.spec), PARAMETERS)


if __name__ == "__main__":
    main()
