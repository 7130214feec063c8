# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests of the host that a task runs on; those of other hosts are not evaluated."""

from __future__ import annotations

DOCUMENTATION = """
name: host_guests
version_added: 0.1.0
author: virtfleet contributors (@virtfleet)
short_description: Find the guests of the host that a task is for
description:
  - Reads C(kvm_guests) and the files in the folder C(kvm_guests_dir), the guests of the whole fleet, and gives those
    whose C(host) is the name of the host in the inventory.
  - "Each has what it has in common with others, as the host's own variables say: the options of C(kvm_guest_defaults),
    C(kvm_guest_defaults_group) and C(kvm_guest_defaults_host), and those of its C(profile) in C(kvm_guest_profiles).
    Later ones win; the guest's own options win over all. Dictionaries are merged by option, lists are replaced."
  - Only these are evaluated. So templates in a guest, or in a profile, may name what its own host has and no other one
    does.
  - "This holds for a list, and for templates that name or join lists, such as C({{ web_guests + db_guests }}). A list
    that any other template makes is evaluated as a whole, for each host."
seealso:
  - plugin: virtfleet.kvm.guests_on
    plugin_type: filter
options:
  elsewhere:
    description:
      - Give the names of the guests of all other hosts instead, without those that are to be absent there.
      - A guest of which only a template tells the name or the host is left out.
    type: bool
    default: false
  listed:
    description:
      - Tell instead whether C(kvm_guests) is a list, and not left out or null. Files in C(kvm_guests_dir) do not count.
      - Only then is it known which guests there are to be.
    type: bool
    default: false
"""

EXAMPLES = """
- name: Declare the guests of each host
  virtfleet.kvm.domains:
    config: "{{ lookup('virtfleet.kvm.host_guests') | virtfleet.kvm.guests_on(inventory_hostname) }}"
"""

RETURN = """
_raw:
  description:
    - The list of the guests, each with its C(host); null where C(kvm_guests) is left out and no file has a guest.
    - With O(elsewhere), a list of names. With O(listed), a boolean.
  type: list
  elements: raw
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import readable, unforeseen
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._host_guests import (
    guests_of,
    is_listed,
    names_elsewhere,
)
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._templar import HostTemplar


class LookupModule(LookupBase):
    """See the plugin's documentation."""

    def run(self, terms: object, variables: t.Any = None, **kwargs: object) -> list[object]:
        """The list of the guests, as the one result."""
        self.set_options(var_options=variables, direct=kwargs)
        if terms:
            raise AnsibleLookupError("host_guests: takes no terms; it reads kvm_guests")
        try:
            if self.get_option("listed"):
                return [is_listed(HostTemplar(variables, self._templar, self._loader))]
            host, templar = variables["inventory_hostname"], HostTemplar(variables, self._templar, self._loader)
            return [names_elsewhere(host, templar) if self.get_option("elsewhere") else guests_of(host, templar)]
        except VirtfleetError as error:
            problem = str(error)
        except Exception as error:  # Nobody reads a traceback.
            problem = f"host_guests: {unforeseen(error)}"
        raise AnsibleLookupError(readable(problem))
