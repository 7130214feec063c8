# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look loads nothing that only a change needs: on a host, Python compiles all that is loaded anew each time."""

from __future__ import annotations

import json
import subprocess
import sys

ROOM = "ansible_collections.virtfleet.kvm.plugins.module_utils"
KINDS = ("domains", "networks", "pools", "volumes", "secrets")
LOADED = f"""
import json, sys
from {ROOM}._kinds import site_look
for name in {KINDS!r}:
    site_look.parameters_of(name)
print(json.dumps([name.partition("{ROOM}.")[2] for name in sys.modules if name.startswith("{ROOM}.")]
    + [name for name in sys.modules if name in ("ssl", "urllib.request", "yaml")]))
"""


def test_a_look_loads_nothing_that_carries_a_plan_out() -> None:
    path = json.dumps(sys.path)
    code = f"import sys\nsys.path[:] = {path}\n{LOADED}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert {"_flow.converge", "_kinds.domain.kind", "_kinds.volume.kind"} < loaded
    unwanted = (
        "_flow.apply",
        "_flow.outcome",
        "_host.download",
        "_host.unpack",
        "_hostnet.planner",
        "_hostnet.observe",
    )
    assert loaded.isdisjoint([*unwanted, "ssl", "urllib.request", "yaml"])
    assert [name for name in loaded if name.endswith("_actions")] == []
