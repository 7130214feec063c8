# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a scenario of molecule that a page shows are those of the example, which a test in the lab runs."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.scenario import Checkout, Scenario

from .ansible_runs import NAMESPACE
from .blocks import ROOT, Block, blocks

EXAMPLE = ROOT / "examples/role-with-molecule"
NEEDED = [f"molecule/default/{name}.yml" for name in ("molecule", "inventory/hosts", "create", "destroy")]
MOST = 12
"""How many lines a developer of a role writes at most, beside the role, converge and verify."""


def run_molecule(block: Block, folder: Path) -> None:
    """A file of a scenario, a play on its guests, or variables of it."""
    shown = yaml.safe_load(block.text)
    if block.file.endswith("/hosts.yml"):
        place = Checkout("/tmp/x", "/home/kim/role", "default", "")
        assert Scenario(place, shown["all"]["vars"], "ssh-ed25519 AAAA").for_playbooks()["guests"]
    elif block.file:
        assert shown == yaml.safe_load((EXAMPLE / block.file).read_text()), f"{EXAMPLE.name} has it otherwise"
        for play in shown if isinstance(shown, list) else ():
            name = play["ansible.builtin.import_playbook"].removeprefix(f"{NAMESPACE}.")
            assert (ROOT / f"playbooks/{name}.yml").is_file()
    elif isinstance(shown, list):
        assert [play["hosts"] for play in shown] == ["molecule"]
    elif "kvm_guests" in shown:
        place = Checkout("/tmp/x", "/home/kim/role", "default", "")
        for guest in Scenario(place, shown, "ssh-ed25519 AAAA", ports={}).for_playbooks()["guests"]:
            assert DOMAIN.parse_item(guest["config"])[1] == []
    else:
        assert shown.keys() <= variables(block.page)
    written = [one for one in blocks(block.page) if one.file in NEEDED]
    assert [one.file for one in written] == NEEDED
    assert sum(len(one.text.splitlines()) for one in written) <= MOST


def variables(page: Path) -> set[str]:
    """The variables in the table of a page. Each of them is read by something."""
    rows = [line.split("|")[1] for line in page.read_text().splitlines() if line.startswith("| `molecule_")]
    names = {name for row in rows for name in re.findall(r"`(molecule_\w+)`", row)}
    sources = [*ROOT.glob("playbooks/**/*.yml"), ROOT / "plugins/lookup/molecule_scenario.py"]
    text = "\n".join(path.read_text() for path in sources)
    assert len(names) >= 8
    for name in names:
        assert re.search(rf"\b{name}\b", text), f"nothing reads {name}"
    return names
