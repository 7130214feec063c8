# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the documentation of every module and filter run, in check mode on libvirt's test driver."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from .ansible_runs import documentation, run_tasks

EXAMPLES = {
    f"{kind} {name}": plugin["examples"]
    for kind in ("module", "filter")
    for name, plugin in documentation(kind).items()
    # That one is about the cards of a real host: tests/lab/test_links.py.
    if name != "virtfleet.kvm.links"
}

DEFINITIONS = {
    "domain": "<domain type='test'><name>one</name><memory unit='KiB'>4194304</memory>"
    "<os><type>hvm</type></os></domain>",
    "network": "<network><name>one</name><bridge name='virbr7'/></network>",
    "pool": "<pool type='dir'><name>one</name><target><path>/srv/one</path></target></pool>",
    "volume": "<volume><name>one</name><capacity unit='MiB'>1</capacity></volume>",
}
"""The file one.xml that an example may read."""

MADE_UP = {
    kind: {
        "debian_12_sha512": "0" * 128,
        "one": options,
        "found": {
            "domains": [
                {"name": "one", "memory": 4294967296, "state": "running", "config": {"name": "one", "memory": "4GiB"}}
            ]
        },
        "guests": [{"name": "one", "memory": "4GiB"}],
    }
    for kind, options in {
        "domain": {"name": "one", "memory": "4GiB"},
        "network": {"name": "one", "bridge": "virbr7"},
        "pool": {"name": "one", "target": "/srv/one"},
        "volume": {"name": "one", "capacity": "1MiB"},
    }.items()
}
"""What the user of an example brings along."""


@pytest.mark.parametrize("plugin", EXAMPLES)
def test_examples(plugin: str, tmp_path: Path) -> None:
    tasks = yaml.safe_load(EXAMPLES[plugin] or "")
    assert tasks, "there are no examples"
    if plugin.startswith("module "):
        assert any(plugin.split()[1] in task for task in tasks), "no example shows the module itself"
    kind = next((kind for kind in DEFINITIONS if kind in plugin), "domain")
    (tmp_path / "one.xml").write_text(DEFINITIONS[kind], encoding="utf-8")
    run_tasks(tmp_path, tasks, MADE_UP[kind])
