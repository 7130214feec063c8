# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adopting in a repository that manages the hosts already: what is declared stays the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import FilterModule
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _unknown_names
from ansible_collections.virtfleet.kvm.tests.unit.inventories import hostvars

UUID = "1c95ce2b-070d-504a-94b3-7872f2a3c2be"
FOUND: dict[str, Any] = {
    "kvm_networks": [{"name": "lan"}, {"name": "oldnet"}],
    "kvm_pools": [{"name": "fast"}],
    "kvm_volumes": [{"name": "a.raw", "pool": "default"}, {"name": "a.raw", "pool": "fast"}],
    "kvm_guests": [{"name": name, "host": "kvm01", "uuid": uuid} for name, uuid in (("web01", None), ("www", UUID))],
}
FOUND["kvm_guests"].append({"name": "legacy01", "host": "kvm01"})
OURS = {
    "kvm_networks": [{"name": "lan", "bridge": "virbr0"}],
    "kvm_volumes": [{"name": "a.raw", "capacity": "1GiB"}],
    "kvm_guests": [{"name": "web01", "host": "kvm01"}, {"name": "legacy01", "host": "kvm02"},
                   {"name": "renamed", "host": "{{ inventory_hostname }}", "uuid": UUID.upper()}],
}  # fmt: skip


def left(folder: Path, files: dict[str, Any]) -> tuple[dict[str, list[str]], list[str]]:
    """The names that are left, by the variable that they get; and what is said."""
    filters = FilterModule().filters()
    variables = hostvars(folder, files)
    found = filters["undeclared"](FOUND, "kvm01", variables, str(folder / "host_vars/kvm01"))
    together = filters["adopted_together"]({"kvm01": found}, ["kvm01", "kvm02"], variables)
    names = {name: [item["name"] for item in items] for name, items in found["lists"].items()}
    return names, found["said"] + together["said"]


ALL = {name: [item["name"] for item in items] for name, items in FOUND.items()}
REST = {
    "adopted_networks": ["oldnet"],
    "kvm_pools": ["fast"],
    "adopted_volumes": ["a.raw"],
    "adopted_guests": ["legacy01"],
}


def test_all_is_left_where_nothing_is_declared(tmp_path: Path) -> None:
    assert left(tmp_path, {}) == (ALL, [])
    assert left(tmp_path, {"group_vars/all.yml": {"kvm_guests": [], "kvm_networks": None}}) == (ALL, [])


@pytest.mark.parametrize("file", ["group_vars/all.yml", "group_vars/kvm_hosts.yml", "host_vars/kvm01/main.yml"])
def test_what_is_declared_is_left_out_and_no_list_is_hidden(tmp_path: Path, file: str) -> None:
    names, said = left(tmp_path, {file: OURS})
    assert names == REST
    assert "kvm_guests: the inventory declares these already, so they are left out: web01, www" in said
    assert any('kvm_guests: "{{ my_guests + adopted_guests | default([]) }}"' in line for line in said)


def test_what_was_adopted_before_is_left_again(tmp_path: Path) -> None:
    """Written anew with adopt_overwrite, it must not vanish."""
    assert left(tmp_path / "new", {"host_vars/kvm01/virtfleet.yml": FOUND}) == (ALL, [])
    joined = {
        **{name: items for name, items in OURS.items() if name != "kvm_guests"},
        "web": OURS["kvm_guests"],
        "kvm_guests": "{{ web + adopted_guests | default([]) }}",
    }
    legacy = {"adopted_guests": [{"name": "legacy01", "host": "kvm01"}]}
    files = {"group_vars/all.yml": joined, "host_vars/kvm01/virtfleet.yml": legacy}
    assert left(tmp_path / "joined", files)[0] == REST
    files["host_vars/kvm01/virtfleet.yml"] = {"adopted_guests": ["{{ adopted_legacy01 }}"]}
    files["host_vars/kvm01/guests/legacy01.yml"] = {"adopted_legacy01": legacy["adopted_guests"][0]}
    assert left(tmp_path / "files", files)[0] == REST


def test_no_list_of_what_was_adopted_is_taken_for_a_slip() -> None:
    assert {f"adopted_{name.partition('_')[2]}" for name in FOUND} == _unknown_names.ADOPTED
    assert [name for name in _unknown_names.ADOPTED if _unknown_names.suspicious(name)] == []


def test_what_an_older_adopting_hid_is_the_users_own(tmp_path: Path) -> None:
    files = {"group_vars/all.yml": OURS, "host_vars/kvm01/virtfleet.yml": FOUND}
    assert left(tmp_path, files)[0] == REST


def test_guests_in_files_are_declared(tmp_path: Path) -> None:
    (tmp_path / "guests").mkdir()
    (tmp_path / "guests/f.yml").write_text("{name: web01, host: kvm01}")
    names = left(tmp_path, {"group_vars/all.yml": {"kvm_guests_dir": "guests"}})[0]
    assert names["kvm_guests"] == ["www", "legacy01"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "host_vars/kvm01/guests").mkdir(parents=True)
    (tmp_path / "host_vars/kvm01/guests/a.yml").write_text("{")
    with pytest.raises(Exception, match=r"guests/a\.yml: is no YAML"):
        FilterModule().filters()["undeclared"](
            FOUND, "kvm01", hostvars(tmp_path / "x", {}), tmp_path / "host_vars/kvm01"
        )


def test_guests_that_have_an_address_or_a_disk_in_common_are_left_out(tmp_path: Path) -> None:
    """The host may have them; the check of the fleet would refuse everything."""
    guests: list[dict[str, Any]] = [
        {"name": "a", "interfaces": [{"network": "default", "mac": "52:54:00:00:00:01"}]},
        {"name": "b", "interfaces": [{"network": "default", "mac": "52:54:00:00:00:01"}]},
        {"name": "c", "disks": [{"file": "/x.img"}]},
        {"name": "d", "disks": [{"file": "/x.img"}]},
        {"name": "e", "disks": [{"file": "/y.img", "shareable": True}]},
        {"name": "f", "disks": [{"file": "/y.img", "shareable": True}]},
    ]
    undeclared = FilterModule().filters()["undeclared"]
    found = undeclared({"kvm_guests": guests}, "kvm01", hostvars(tmp_path, {}), str(tmp_path / "host_vars/kvm01"))
    assert [guest["name"] for guest in found["lists"]["kvm_guests"]] == ["e", "f"]
    mac, disk = found["said"]
    assert mac.startswith(
        "kvm_guests: these have mac 52:54:00:00:00:01 in common, so they are left out: a on kvm01, b on"
    )
    assert disk.startswith(
        "kvm_guests: these have disk /x.img of kvm01 in common, so they are left out: c on kvm01, d on"
    )
