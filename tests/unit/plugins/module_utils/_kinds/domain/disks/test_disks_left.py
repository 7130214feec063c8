# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of which volumes is said that they stay as their guest goes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import disks_left
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool
from ansible_collections.virtfleet.kvm.tests.unit.support import plan_of

POOLS = {"p": ObservedPool("dir", "/p", True)}
NOTED = {
    "p/mine": {"guest": "web"},
    "p/also": {"guest": "web"},
    "p/others": {"guest": "db"},
    "p/nobodys": {},
    "p/seed": {"guest": "web", "seed": "x"},
}


def guest(*files: str) -> Any:
    disks = "".join(f"<disk><source file='{file}'/></disk>" for file in files)
    return SimpleNamespace(definition=ET.fromstring(f"<domain><devices>{disks}<disk/></devices></domain>"))


@pytest.mark.parametrize(
    ("files", "action", "remove", "names"),
    [
        (["/p/mine"], "undefine", False, "p/mine stays"),
        (["/p/mine", "/p/also"], "undefine", False, "p/mine and p/also stay"),
        (["/p/others", "/p/nobodys", "/p/seed", "/p/unknown", "/q/mine"], "undefine", False, None),
        (["/p/others", "/p/also"], "undefine", False, "p/also stays"),
        (["/p/mine"], "undefine", True, None),
        (["/p/mine"], "define", False, None),
        ([], "undefine", False, None),
    ],
)
def test_what_is_kept_of_a_guest_that_goes(
    monkeypatch: pytest.MonkeyPatch, files: list[str], action: str, remove: bool, names: str | None
) -> None:
    monkeypatch.setattr(disks_left, "Manifest", lambda _uri: SimpleNamespace(entries=lambda _kind: NOTED))
    host: Any = SimpleNamespace(getURI=lambda: "test:///default")
    options: Any = SimpleNamespace(remove_storage=remove)
    plans = [plan_of("domain", name, Step("stop", None), Step(action, None)) for name in ("new", "web")]
    disks_left.warn_of_kept(host, plans, {"web": guest(*files)}, lambda: POOLS, options)
    assert plans[0].left == []
    said = [line.partition(" with the data: ")[0] for line in plans[1].left]
    assert said == ([] if names is None else [names])
    # Without libvirt nothing is known of them.
    no_host: Any = None
    disks_left.warn_of_kept(no_host, plans, {"web": guest(*files)}, lambda: POOLS, options)
    assert len(plans[1].left) == len(said)
