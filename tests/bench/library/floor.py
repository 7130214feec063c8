# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that a module with the same input can do: take the list, have it validated, return."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule({"config": {"type": "list", "elements": "dict", "required": True}})
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
