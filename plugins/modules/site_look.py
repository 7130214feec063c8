#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_look
short_description: Tell whether the site has anything to do on a host
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Looks at all that the site declares for a host, all in one call and over one connection, and plans it as the modules
    of the roles do. The playbook C(virtfleet.kvm.site) runs the roles only on hosts where this finds something to do.
  - It changes nothing and refuses nothing. Where something is to be done, or anything is in doubt, RV(unchanged) is
    V(false), and the roles do and say all of it.
  - It runs neither apt nor systemctl. Whether packages are installed is read from dpkg's database, whether services are
    enabled and run from systemd's links.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.reading
options:
  parts:
    description:
      - What is looked at, in the order of the site. The look ends with the first part that has something to do.
      - Left out, it is what the tasks of the roles C(host), C(links), C(networks), C(storage) and C(guests) would be
        given, as far as C(--tags) and C(--skip-tags) select them. The action plugin of this module reads these tasks.
    type: list
    elements: dict
    suboptions:
      name:
        description: A name for the part, such as the variable in which its task leaves its result.
        type: str
        required: true
      module:
        description:
          - The module that would be called, one of those that declare. V(host) stands for the tasks of the role
            C(host).
        type: str
        required: true
      options:
        description:
          - The options of the module, but for C(uri).
          - For V(host), C(packages) and C(require_hardware). C(packages) has for each stack that RV(parts[].result)
            can tell, such as V(base), the list of the packages that the host is to have.
        type: dict
        required: true
seealso:
  - module: virtfleet.kvm.domains
  - module: virtfleet.kvm.snapshots
  - module: virtfleet.kvm.networks
  - module: virtfleet.kvm.pools
  - module: virtfleet.kvm.volumes
  - module: virtfleet.kvm.secrets
  - module: virtfleet.kvm.links
  - module: virtfleet.kvm.host_info
"""

EXAMPLES = r"""
- name: Look whether a network and a guest are as declared
  virtfleet.kvm.site_look:
    parts:
      - name: networks
        module: networks
        options:
          config:
            - name: default
              state: active
      - name: guests
        module: domains
        options:
          config:
            - name: web01
              memory: 2GiB
              state: running
  register: look

- name: Print what is not as declared
  ansible.builtin.debug:
    msg: "{{ look.parts | map(attribute='why') | select | list }}"
"""

RETURN = r"""
unchanged:
  description: Whether nothing is to be done in any part, and nothing is in doubt.
  returned: always
  type: bool
why:
  description: What is to be done, or why that cannot be told; V(null) with RV(unchanged).
  returned: always
  type: str
  sample: "guests_declared: domain web01 is not as declared"
parts:
  description:
    - What was found of each part, in the order of O(parts).
    - Warnings are given only with RV(unchanged). Otherwise the modules of the roles give them.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The part, as in O(parts[].name).
      type: str
      sample: guests_declared
    module:
      description: The module of the part, as in O(parts[].module).
      type: str
      sample: domains
    nothing_to_do:
      description: Whether nothing is to be done. V(null) where that is not known.
      type: bool
    why:
      description: What is to be done, or why that is not known; V(null) where nothing is to be done.
      type: str
    warnings:
      description: The warnings that the module of the part would give.
      type: list
      elements: str
    result:
      description:
        - What the module of the part would return, such as C(pending_restart). Only where nothing is to be done.
      type: dict
results:
  description:
    - The variables that the tasks of the roles would leave behind, by name, such as C(guests_declared).
    - Empty without RV(unchanged).
  returned: without O(parts)
  type: dict
"""

from ..module_utils import _zip_imports  # noqa: F401  # pylint: disable=unused-import
from ..module_utils._flow.arguments import URI
from ..module_utils._flow.module import Module
from ..module_utils._kinds.site_look import Look


class LookingModule(Module):
    """A module whose parts may hold secrets."""

    LISTS = ("parts",)


def main() -> None:
    module = LookingModule(
        argument_spec={
            **URI,
            "parts": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "name": {"type": "str", "required": True},
                    "module": {"type": "str", "required": True},
                    "options": {"type": "dict", "required": True},
                },
            },
        },
    )
    module.is_of_role = True  # The playbook site alone asks it, in place of the roles.
    parts = module.params["parts"]
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        module.fail_json(msg="parts: is not a list of dictionaries; the action plugin of this module fills it in")
    unchanged, found = Look(module.params["uri"], module.check_mode).at(parts)
    why = next((f"{part['name']}: {part['why']}" for part in found if part["why"] is not None), None)
    for part in found:
        part["why"] = None if part["why"] is None else module.hushed(part["why"])
        if isinstance(part.get("result"), dict) and part["result"].get("left"):
            part["result"]["left"] = [module.hushed(line) for line in part["result"]["left"]]
        part["warnings"] = [module.hushed(warning) for warning in part.get("warnings", ())]
        for warning in part["warnings"] if unchanged else ():
            module.warn(warning)
    module.exit_json(changed=False, unchanged=unchanged, why=None if why is None else module.hushed(why), parts=found)


if __name__ == "__main__":
    main()
