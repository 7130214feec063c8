# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every declaring module has in common."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
attributes:
  check_mode:
    description:
      - Can run in check mode and tell what a run would change, word for word. It knows what the tasks before it in the
        same run of Ansible would have changed on the host.
    support: full
  diff_mode:
    description: Returns what a run changes, before and after.
    support: full
  idempotent:
    description: A second run with the same input changes nothing.
    support: full
  action_group:
    description: Takes its defaults from C(module_defaults) of the group C(group/virtfleet.kvm.kvm).
    support: full
    membership:
      - virtfleet.kvm.kvm
notes:
  - Input with a mistake in it is refused as a whole, before anything is touched.
"""

    LIBVIRT = r"""
options: {}
notes:
  - An item that libvirt refuses does not stop the others. They are made true, then the module fails and names it.
  - Check mode does not fetch or unpack images, so it does not look into those. It fetches the lists of checksums of
    declared images. It takes a guest that has to shut down
    for one that does so in time.
"""
