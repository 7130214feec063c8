# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages apt installs, as the module ansible.builtin.apt passes on what it prints."""

from __future__ import annotations

import re

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import some

SIMULATED = re.compile(r"^Inst ([a-z0-9][a-z0-9+.:-]{0,80})(?= |$)", re.MULTILINE)
"""A line of ``apt-get --simulate``."""

BEGIN = "\nThe following NEW packages will be installed:\n"
"""What comes before the names of new packages, which are on lines that begin with a space."""


def packages(stdout: object) -> str | None:
    """The first few packages that are installed, in words; None where that is not told.

    :param stdout: what apt has printed
    """
    if not isinstance(stdout, str):
        return None
    names = SIMULATED.findall(stdout)
    if not names and BEGIN in f"\n{stdout}":
        for line in f"\n{stdout}".partition(BEGIN)[2].split("\n"):
            if not line.startswith(" "):
                break
            names += line.split()
    return some(list(dict.fromkeys(names))) if names else None
