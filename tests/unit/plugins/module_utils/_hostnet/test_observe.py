# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that netplan reads are the ones that are read here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import networkd, observe
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import HostDevice


def test_a_later_folder_hides_a_namesake_and_hidden_files_are_none_of_netplans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [tmp_path / name for name in ("lib", "etc", "run")]
    for folder in folders:
        folder.mkdir()
        for name in ("50 all.yaml", f"{folder.name}.yaml", ".50-backup.yaml", "50-old.yaml.bak"):
            (folder / name).write_text(folder.name)
    monkeypatch.setattr(observe, "NETPLAN_FOLDERS", tuple(map(str, folders)))
    listed = list(observe.netplan_files())
    found = [(file.name, file.text) for file in listed]
    # What a reboot forgets is no ground to plan on, and is said.
    assert [file.name for file in listed if file.hidden] == ["50 all.yaml"]
    assert found == [("50 all.yaml", "etc"), ("etc.yaml", "etc"), ("lib.yaml", "lib"), ("run.yaml", "run")]
    assert [file.below for file in listed] == ["lib", None, None, None]


def test_ifupdown_reads_what_its_files_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("interfaces.d", "custom", "more"):
        (tmp_path / name).mkdir()
    (tmp_path / "interfaces").write_text(
        f"iface lo inet loopback\nsource {tmp_path}/custom/*.cfg\nsource-directory more\n# iface eno9 inet dhcp"
    )
    (tmp_path / "interfaces.d/a").write_text("iface eno1 inet dhcp\niface eno1:1 inet static\n")
    (tmp_path / "custom/eno2.cfg").write_text("source ../custom/*.cfg\nauto eno2\niface eno2 inet \\\n static\n")
    (tmp_path / "custom/eno8.off").write_text("iface eno8 inet dhcp\n")
    (tmp_path / "more/b").write_text("iface eno3 inet dhcp\niface office inet dhcp\n")
    (tmp_path / "more/b.bak").write_text("iface eno7 inet dhcp\n")
    (tmp_path / "ifstate").write_text("lo=lo\neno4=office\n")
    monkeypatch.setattr(observe, "INTERFACES", str(tmp_path / "interfaces"))
    monkeypatch.setattr(observe, "IFSTATE", str(tmp_path / "ifstate"))
    monkeypatch.setattr(observe.os.path, "exists", lambda path: True)
    assert observe.by_ifupdown(["eno1", "eno4"]) == {"eno1", "eno2", "eno3", "eno4", "office"}
    monkeypatch.setattr(observe.os.path, "exists", lambda path: False)
    assert observe.by_ifupdown(["eno1", "eno4"]) == set()


@pytest.mark.parametrize(("tried", "kept", "found"), [(True, True, "run"), (False, True, "lib"), (False, False, "run")])
def test_the_unit_of_a_trial_that_was_kept_is_the_kept_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tried: bool, kept: bool, found: str
) -> None:
    """networkd names that of the trial until it looks again: what it says would be in none of the files."""
    for folder, there, name in (("run", tried, "TRIAL"), ("lib", kept, "KEPT")):
        (tmp_path / folder).mkdir()
        monkeypatch.setattr(networkd, name, str(tmp_path / folder))
        if there:
            (tmp_path / folder / "50-virtfleet-sh0.network").write_text("[Network]\n")
    state = f"NETWORK_FILE={tmp_path}/run/50-virtfleet-sh0.network\n"
    monkeypatch.setattr(observe, "text_or_nothing", lambda path: state if str(path).endswith("/links/7") else "")
    device = observe.detailed(HostDevice("sh0", index=7, kind="macvlan"))
    assert device.network_file == f"{tmp_path}/{found}/50-virtfleet-sh0.network"


@pytest.mark.parametrize(
    ("answer", "policy"),
    [
        ("-P FORWARD DROP\n-A FORWARD -j x\n", "DROP"),
        ("-P FORWARD ACCEPT\n", "ACCEPT"),
        ("-P FORWARD DROP", "DROP"),
        ("-P INPUT DROP\n", "ACCEPT"),
        ("-N FORWARD DROP\n", "ACCEPT"),
        ("", "ACCEPT"),
        (OSError("no such program"), "ACCEPT"),
        (subprocess.TimeoutExpired("iptables", 5), "ACCEPT"),
    ],
)
def test_the_policy_of_what_is_forwarded(monkeypatch: pytest.MonkeyPatch, answer: object, policy: str) -> None:
    def run(command: list[str], _seconds: float) -> tuple[int, object, str]:
        assert command == ["ip6tables", "-S", "FORWARD"]
        if isinstance(answer, Exception):
            raise answer
        return 0, answer, ""

    monkeypatch.setattr(observe.network, "run", run)
    assert observe.forward_policy("ip6tables") == policy
