# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plugin of pytest that writes how many seconds each test took into the file that $DURATIONS names."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

taken: dict[str, float] = defaultdict(float)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    taken[report.nodeid] += report.duration


def pytest_sessionfinish() -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        Path(os.environ["DURATIONS"]).write_text(json.dumps(taken), encoding="utf-8")
