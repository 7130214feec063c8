# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the property tests search.

The gate tries the same examples each time, so that it fails for what a change did and for nothing
else. ``./runtests unit -- --hypothesis-profile search -k properties`` looks for new ones.
"""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

# How long an example takes says something about the machine, and nothing about the code.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("gate", patient, max_examples=12, derandomize=True, database=None)
settings.register_profile("search", patient, max_examples=300)
settings.load_profile("gate")


def pytest_collection_finish() -> None:
    """Leave the tests themselves out of every later search for garbage: there are thousands of them."""
    gc.collect()
    gc.freeze()
