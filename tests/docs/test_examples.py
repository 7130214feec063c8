# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the documentation of every module and filter run, in check mode on libvirt's test driver."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from . import guest_hosts
from .ansible_runs import documentation, ready, run_tasks, write

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


SOURCES = {
    f"{name} {place}": text
    for name, plugin in documentation("inventory").items()
    for place, text in enumerate(plugin["examples"].split("---\n"))
}
"""Each of the files that an inventory plugin's documentation shows."""


@pytest.mark.parametrize("source", SOURCES)
def test_example_of_an_inventory_source(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible takes the file, and the guests are in the inventory."""
    monkeypatch.setenv("HOME", str(tmp_path))
    guests = [{"name": name, "host": "kvm01", "memory": "16GiB"} for name in ("web01", "db01")]
    ready(tmp_path)
    write(tmp_path, "inventory/group_vars/all.yml", {"kvm_guests": guests})
    found = guest_hosts.listed(tmp_path, SOURCES[source])
    assert "web01" in " ".join(found["_meta"]["hostvars"])
