# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fault 29: what is misspelt in XML by hand is refused by libvirt's own schema, before anything is touched."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
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


NODE = """
<node><pool type='dir'><name>p</name><target><path>/p</path></target></pool></node>
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host of these tests is what the schema is asked of, too; a driver with a file has a state of its own."""
    from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import schema

    node = tmp_path / "node.xml"
    node.write_text(NODE)
    monkeypatch.setattr(schema, "EMPTY", f"test://{node}")


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
