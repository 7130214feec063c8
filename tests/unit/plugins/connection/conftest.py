# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest with an agent, and the connection to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The agent of web01, a model."""
    # Imported here, for pytest loads this file before there is a loader of collections.
    from ansible_collections.virtfleet.kvm.tests.unit.agent_guests import guest

    with guest(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def web01(agent: Any) -> Iterator[Any]:
    """A connection to web01, whose agent has a second for each answer."""
    from ansible_collections.virtfleet.kvm.tests.unit.agent_guests import connection

    made = connection(ansible_kvm_agent_timeout=1)
    yield made
    made.close()
