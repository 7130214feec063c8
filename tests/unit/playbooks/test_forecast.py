# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site in check mode ends as the run does, unless the run would change what decides; on libvirt's test driver."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.tests.unit.playbooks.test_silence import play
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

GUEST = "2d05df3c-181e-614b-a5c4-8983a3d3d3cf"
UUID = "1c95ce2b-070d-504a-94b3-7872f2a3c2be"
HOST = f"""<node><network><name>kept</name></network><network><name>old</name><uuid>{UUID}</uuid>
<bridge name='virbr9'/><metadata>
<v:made xmlns:v='https://virtfleet.github.io/kvm/1' uuid='{UUID}' owner='us'/></metadata></network>
<domain type='test'><name>web01</name><uuid>{GUEST}</uuid><memory unit='KiB'>65536</memory><os><type>hvm</type></os>
<devices><interface type='network'><mac address='52:54:00:00:00:01'/><source network='old'/></interface></devices>
</domain></node>"""
KEPT = {"name": "kept"}
PLAY = "Make the hosts what they are declared to be"


def guest(network: str) -> dict[str, Any]:
    """The guest of the host, with its one interface."""
    return {"name": "web01", "host": "kvm01", "interfaces": [{"network": network, "mac": "52:54:00:00:00:01"}]}


def site(folder: Path, *options: str, **variables: Any) -> tuple[int, str]:
    """Run the site's part that asks libvirt, on a host with a network that nobody declares, and a guest on it."""
    (folder / "host.xml").write_text(HOST)
    plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))
    (part,) = [one for one in plays if one["name"] == PLAY]
    part["module_defaults"] = {"group/virtfleet.kvm.kvm": {"uri": f"test://{folder}/host.xml"}}
    (folder / "part.yml").write_text(yaml.safe_dump([part]))
    lists = {"kvm_networks": [KEPT], "networks_purge": True, "kvm_owner": "us", **variables}
    return play(folder, "part.yml", *options, **lists)


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_what_is_used_and_stays_so_ends_both(tmp_path: Path, options: list[str]) -> None:
    code, output = site(tmp_path, *options, kvm_guests=[guest("old")])
    assert "network old: is no longer declared, but used by guest web01, so it stays" in output
    assert code != 0, output


def test_what_a_guest_would_let_go_of_goes_in_the_forecast(tmp_path: Path) -> None:
    code, output = site(tmp_path, "--check", "--diff", kvm_guests=[guest("kept")])
    assert "so it stays" not in output
    assert "before: network old" in output
    assert "ignored=0" in output
    assert code == 0, output


def test_a_network_that_the_run_makes_once_is_told_once(tmp_path: Path) -> None:
    new = {"name": "new", "bridge": "virbr8"}
    code, output = site(tmp_path, "--check", "--diff", kvm_networks=[KEPT, new], kvm_guests=[guest("kept")])
    assert code == 0, output
    assert output.count("TASK [virtfleet.kvm.networks : Declare the networks]") == 2
    assert output.count("before: network new") == 1
    assert output.count("before: network old") == 1


def test_what_is_used_in_spite_of_all_that_changes_ends_the_forecast(tmp_path: Path) -> None:
    new = {**guest("old"), "name": "web02", "memory": "64MiB"}
    code, output = site(tmp_path, "--check", kvm_guests=[guest("kept"), new])
    assert "network old: is no longer declared, but used by guest web02, so it stays" in output
    assert code != 0, output


def test_only_the_steps_that_no_forecast_reaches_go_on_in_spite_of_errors() -> None:
    plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))
    tasks = yaml.safe_load((ROOT / "playbooks/tasks/make.yml").read_text(encoding="utf-8"))
    tasks += [task for one in plays for part in one.get("tasks", []) for task in part.get("block", [part])]
    removing = [task for task in tasks if task["name"].startswith("Remove ")]
    assert [task.get("vars") for task in removing] == [None, None, {"links_keep_going": "{{ still_open }}"}]
    for role, name in (("storage", "purge"), ("networks", "main"), ("links", "remove")):
        for task in yaml.safe_load((ROOT / f"roles/{role}/tasks/{name}.yml").read_text(encoding="utf-8")):
            ignored = "{{ links_keep_going | default(false) }}" if role == "links" else None
            assert task.get("ignore_errors") == ignored
