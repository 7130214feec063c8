#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_info
short_description: Show what a virtualization host can do
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Shows whether a host has hardware virtualization that works, and which libvirt and hypervisor run on it.
  - It also works on a bare host, where libvirt is still to be installed.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.reading
options: {}
seealso:
  - module: virtfleet.kvm.domains
"""

EXAMPLES = r"""
- name: Ask the host
  virtfleet.kvm.host_info:
  register: host

- name: Say why guests will be slow
  ansible.builtin.debug:
    msg: "{{ host.virtualization.missing | join('; ') }}"
  when: host.virtualization.kind == 'emulation'
"""

RETURN = r"""
virtualization:
  description: Virtualization that guests can be run with.
  returned: always
  type: dict
  contains:
    kind:
      description:
        - V(hardware) where all checks pass, V(nested) where they do and the host is itself a guest,
          else V(emulation), which is slow but runs everything.
      type: str
      sample: hardware
    checks:
      description: The questions asked. Only if all say yes do guests run at speed.
      type: list
      elements: dict
      contains:
        check:
          description: V(cpu) for the feature flag, V(device) for C(/dev/kvm), V(libvirt) for what libvirt offers.
          type: str
          sample: cpu
        ok:
          description: The answer; V(null) where there was nobody to ask.
          type: bool
        detail:
          description: Finding that led to the answer, in words.
          type: str
          sample: the CPU shows vmx
    missing:
      description: What is missing for hardware virtualization, a sentence each.
      type: list
      elements: str
      sample: []
cpus:
  description: The CPUs of the host.
  returned: always
  type: int
  sample: 16
memory:
  description: The memory of the host, in bytes.
  returned: always
  type: int
  sample: 67430912000
arch:
  description: The architecture of the host.
  returned: always
  type: str
  sample: x86_64
libvirt:
  description: The version of the libvirt that answers; V(null) where none does.
  returned: always
  type: str
  sample: 10.0.0
hypervisor:
  description: The hypervisor behind it, such as QEMU, and its version; V(null) where none answers.
  returned: always
  type: dict
  sample: {name: QEMU, version: 8.2.2}
problem:
  description: Why libvirt does not answer; V(null) where it does.
  returned: always
  type: str
daemon:
  description: The libvirt services of the host.
  returned: always
  type: dict
  contains:
    model:
      description: V(monolithic) for libvirtd, V(modular) for a daemon for each driver, V(null) where none is installed.
      type: str
      sample: monolithic
    units:
      description: The units of systemd that have to be enabled.
      type: list
      elements: str
      sample: [libvirtd.socket, libvirtd.service]
    started:
      description:
        - Those of RV(daemon.units) that have to be started. The others are services that their sockets start, and that
          end by themselves when nothing is to do.
      type: list
      elements: str
      sample: [libvirtd.socket]
    blocking:
      description:
        - Services that run while their socket is stopped. systemd starts no socket of a running service, so they have
          to be stopped first. Guests run on meanwhile. Only root can see this.
      type: list
      elements: str
      sample: []
stack:
  description:
    - Which packages bring the hypervisor. V(base) for the distribution's, V(hwe) for the hardware enablement stack of
      Ubuntu 26.04, V(proxmox) for Proxmox VE, V(null) where none is installed. They exclude each other.
  returned: always
  type: str
  sample: base
user:
  description: The user that Ansible works as on the host.
  returned: always
  type: dict
  contains:
    name:
      description: The user's name, or number where it has none.
      type: str
      sample: root
    root:
      description: Whether it is the superuser, who may install packages and manage libvirt.
      type: bool
      sample: true
"""

from ..module_utils import _zip_imports  # noqa: F401  # pylint: disable=unused-import
from ..module_utils._flow.arguments import URI
from ..module_utils._flow.module import Module, no_traceback
from ..module_utils._libvirt.host import facts


def main() -> None:
    module = Module(argument_spec=URI)
    with no_traceback(module, "reading the host's facts"):
        found = facts(module.params["uri"])
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
