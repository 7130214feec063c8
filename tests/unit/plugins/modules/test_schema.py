# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fault 29: what is misspelt in XML by hand is refused by libvirt's own schema, before anything is touched."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from .conftest import URI, Run

WRONG = {
    "domains": (
        {"name": "web01", "memory": "64MiB"},
        "<devices><dsik/></devices>",
        "<memoryBacking><nosharepages/></memoryBacking>",
    ),
    "networks": ({"name": "lan", "bridge": "virbr5"}, "<domian name='x'/>", "<domain name='x.example'/>"),
    "pools": ({"name": "images", "target": "/srv/images"}, "<taget/>", "<features><cow state='no'/></features>"),
    "volumes": (
        {"name": "a.raw", "pool": "default-pool", "capacity": "1MiB"},
        "<target><compatt/></target>",
        "<target><timestamps><atime>1</atime></timestamps></target>",
    ),
}


@pytest.mark.parametrize("module", WRONG)
@pytest.mark.parametrize("check", [True, False])
def test_a_misspelt_element(module: str, check: bool, connection: Any, run_main: Run) -> None:
    item, misspelt, right = WRONG[module]
    main = import_module(f"ansible_collections.virtfleet.kvm.plugins.modules.{module}").main
    config = [{**item, "xml": right}, {**item, "name": "other", "xml": misspelt}]
    said = run_main(main, config=config, uri=URI, check=check, fails=True)["msg"]
    assert said.startswith("nothing was changed, the input is refused:")
    (line,) = [line for line in said.splitlines() if ": xml: " in line]
    assert "other: xml: XML document failed to validate against schema" in line
    assert run_main(main, config=[{**item, "xml": right}], uri=URI)["changed"]


@pytest.mark.parametrize("module", WRONG)
def test_the_question_leaves_no_trace(module: str, connection: Any, run_main: Run, snapshot: Any) -> None:
    item, _misspelt, right = WRONG[module]
    main = import_module(f"ansible_collections.virtfleet.kvm.plugins.modules.{module}").main
    before = snapshot(), [pool.name() for pool in connection.listAllStoragePools()]
    run_main(main, config=[{**item, "xml": right}], uri=URI, check=True)
    assert (snapshot(), [pool.name() for pool in connection.listAllStoragePools()]) == before
