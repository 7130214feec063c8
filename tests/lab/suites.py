# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suites of the two hosts that most tests have."""

from __future__ import annotations

import os

SUITES = ("bookworm", os.environ.get("VIRTFLEET_SUITE") or "trixie")
"""Those of kvm01 and kvm02. ``./runtests lab --suite NAME`` has another one for the latter."""

HOST_SUITES = dict(zip(("kvm01", "kvm02"), SUITES, strict=True))

SUITE_OPTIONS = [word for suite in SUITES for word in ("--suite", suite)]
"""The options of ``lab up`` for that."""
