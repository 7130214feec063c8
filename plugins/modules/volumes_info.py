#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: volumes_info
short_description: List the storage volumes of a host
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Lists the storage volumes of a host, each with the options of M(virtfleet.kvm.volumes) that describe it as it is.
  - Given to that module, these options change nothing. Values of secrets are left out; their options are listed.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.reading
options:
  names:
    description: Volumes to list, by name or as C(POOL/VOLUME). Left out, all are listed.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over RV(volumes), such as V([?pool=='default'].path).
      - It is evaluated on the control node, which needs the Python library jmespath for it.
    type: str
seealso:
  - module: virtfleet.kvm.volumes
  - plugin: virtfleet.kvm.query
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask for the volumes of one pool
  virtfleet.kvm.volumes_info:
    query: "[?pool=='default'].path"
  register: images

- name: Show where they are
  ansible.builtin.debug:
    var: images.found
"""

RETURN = r"""
# Written by tests/tools/returns.py, from returns.yml beside it.
volumes:
  description: Volumes of the host, in the order of their names.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the volume in its pool.
      type: str
      sample: web01.qcow2
    uuid:
      description: Always V(null), as libvirt gives volumes none. It is there as the other C(*_info) modules
        tell one.
      type: str
    state:
      description: State of the volume, as M(virtfleet.kvm.volumes) names it.
      type: str
    persistent:
      description: Always V(true), as libvirt keeps each volume that there is.
      type: bool
    config:
      description: Options that describe the volume as it is, as M(virtfleet.kvm.volumes) takes them.
      type: dict
    secrets:
      description: Options in C(config) whose values are left out, for they are secret.
      type: list
      elements: str
      sample: []
    uncovered:
      description: Parts of the definition that C(config) cannot hold, by their path in libvirt's XML.
      type: list
      elements: str
    refused:
      description: Why C(config) cannot be declared as it is, such as for a name that begins with a dash;
        mostly empty.
      type: list
      elements: str
    pool:
      description: The pool that the volume is in.
      type: str
      sample: default
    path:
      description: Path of the volume on the host.
      type: str
    capacity:
      description: The bytes that a guest sees; V(null) where libvirt cannot tell, as it cannot describe
        the volume.
      type: int
    allocation:
      description: The bytes that the volume takes; V(null) where libvirt cannot tell.
      type: int
found:
  description: Result of the expression in O(query).
  returned: with O(query)
  type: raw
"""

from ..module_utils import _zip_imports  # noqa: F401  # pylint: disable=unused-import
from ..module_utils._flow.info import ARGUMENTS, inform
from ..module_utils._flow.module import Module
from ..module_utils._kinds.volume.facts import volume_facts
from ..module_utils._kinds.volume.table import VOLUME
from ..module_utils._kinds.volume.volume_formats import all_volumes


def main() -> None:
    module = Module(argument_spec=ARGUMENTS)
    inform(module, VOLUME, all_volumes, volume_facts)


if __name__ == "__main__":
    main()
