# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of variables that Ansible cannot read, by their names."""

from __future__ import annotations

DOCUMENTATION = """
name: unreadable_files
version_added: 0.1.0
author: virtfleet contributors (@virtfleet)
short_description: Name the files of variables that Ansible cannot read
description:
  - Looks at the files in C(group_vars) and C(host_vars) that Ansible reads for the groups and hosts of the inventory,
    and warns of those that are no YAML, hold no variables, or cannot be decrypted, with file, line and column.
  - Ansible itself ends the run as soon as it needs such a file, and since ansible-core 2.19 does not name it. So this
    is for a keyword of a play that Ansible evaluates before it reads the variables of hosts, such as C(serial).
  - It never fails, and shows no content of a file.
"""

EXAMPLES = """
- name: Tell which file has a mistake, and go on as without it
  hosts: kvm_hosts
  serial: "{{ '100%' if query('virtfleet.kvm.unreadable_files') is sequence else 1 }}"
  tasks: []
"""

RETURN = """
_raw:
  description: What is wrong, a sentence for each file.
  type: list
  elements: str
"""


from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _unreadable_files

display = Display()


class LookupModule(LookupBase):
    """Ansible's entry point."""

    def run(self, terms: object, variables: Variables | None = None, **kwargs: object) -> list[str]:
        """What is wrong with which file."""
        found = _unreadable_files.sentences(variables or {}, self._loader)
        for line in found:
            display.warning(line)
        return found
