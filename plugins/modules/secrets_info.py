#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secrets_info
short_description: List the secrets of libvirt on a host
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Lists the secrets of a host, each with the options of M(virtfleet.kvm.secrets) that describe it as it is.
  - Given to that module, these options change nothing. No value is told. Secrets without a usage have no name
    there, and are left out.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.reading
options:
  names:
    description: Names of the secrets to list. Left out, all are listed.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over RV(secrets), such as V([?config.private].name).
      - It is evaluated on the control node, which needs the Python library jmespath for it.
    type: str
seealso:
  - module: virtfleet.kvm.secrets
  - plugin: virtfleet.kvm.query
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask for secrets that have no value yet
  virtfleet.kvm.secrets_info:
    query: "[?has_value == `false`].name"
  register: vacant

- name: Show their names
  ansible.builtin.debug:
    var: vacant.found
"""

RETURN = r"""
# Written by tests/tools/returns.py, from returns.yml beside it.
secrets:
  description: Secrets of the host, in the order of their names.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the secret, which is that of its usage.
      type: str
      sample: client.libvirt
    uuid:
      description: UUID that libvirt has for the secret.
      type: str
    state:
      description: State of the secret, as M(virtfleet.kvm.secrets) names it.
      type: str
    persistent:
      description: Always V(true); whether libvirt keeps the secret on disk is told by C(ephemeral) in
        C(config).
      type: bool
    config:
      description: Options that describe the secret as it is, as M(virtfleet.kvm.secrets) takes them.
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
    has_value:
      description: Whether the secret has a value; V(null) where libvirt does not tell, as of a private
        one.
      type: bool
found:
  description: Result of the expression in O(query).
  returned: with O(query)
  type: raw
"""

from ..module_utils import _zip_imports  # noqa: F401  # pylint: disable=unused-import
from ..module_utils._flow.info import ARGUMENTS, inform
from ..module_utils._flow.module import Module
from ..module_utils._kinds.secret.facts import secret_facts
from ..module_utils._kinds.secret.observe import secrets
from ..module_utils._kinds.secret.table import SECRET


def main() -> None:
    module = Module(argument_spec=ARGUMENTS)
    inform(module, SECRET, secrets, secret_facts)


if __name__ == "__main__":
    main()
