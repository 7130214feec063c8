# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests in files of their own, beside lists."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.virtfleet.kvm.plugins.filter import fleet as filters
from ansible_collections.virtfleet.kvm.plugins.filter.fleet import fleet_problems
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _guest_files
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._evaluate import evaluate
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars
from ansible_collections.virtfleet.kvm.tests.unit.plugins.plugin_utils.test_guest_layers import guest, looked_up

FLEET = "group_vars/all.yml"
VAULT = '!vault "$ANSIBLE_VAULT;1.1;AES256\\n33363965326261303034\\n"'


@pytest.fixture(autouse=True)
def run_of_ansible(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of a run of its own."""
    folder = tmp_path_factory.mktemp("run")
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(folder))
    return folder


def fleet(folder: Path, files: dict[str, Any], **variables: Any) -> Any:
    """The variables of hosts whose guests are in files."""
    return hostvars(folder, {FLEET: {"kvm_guests_dir": "guests", **variables}, **files})


def names(host: str, variables: Any) -> list[str]:
    guests = looked_up(host, variables)
    assert isinstance(guests, list), guests
    return [one["name"] for one in guests]


def test_a_file_holds_a_guest_or_a_list_of_them(tmp_path: Path) -> None:
    files = {
        "guests/a.yml": guest("a", memory="{{ size }}", cpu="host-model"),
        "guests/two.yaml": [guest("b", "kvm02"), guest("c", profile="p")],
        "guests/none.yml": "[]\n",
        "guests/.hidden.yml": "nonsense: [",
        "guests/readme.md": "nonsense: [",
        "guests/old/d.yml": guest("d"),
    }
    common = {"size": "2GiB", "kvm_guest_defaults": {"memory": "1GiB"}, "kvm_guest_profiles": {"p": {"vcpus": 2}}}
    variables = fleet(tmp_path, files, kvm_guests=[guest("e")], **common)
    assert fleet_problems(HOSTS, variables) == []
    assert looked_up("kvm01", variables) == [
        {"name": "e", "host": "kvm01", "memory": "1GiB"},
        {"name": "a", "host": "kvm01", "memory": "2GiB", "cpu": {"mode": "host-model"}},
        {"name": "c", "host": "kvm01", "vcpus": 2, "memory": "1GiB"},
    ]
    assert names("kvm02", variables) == ["b"]
    checked = evaluate(HOSTS, variables).variables
    assert [one["name"] for host in HOSTS for one in checked[host]["kvm_guests"]] == ["e", "a", "c", "b"]


@pytest.mark.parametrize("variables", [{}, {"kvm_guests": None}])
def test_files_alone(tmp_path: Path, variables: dict[str, Any]) -> None:
    every = fleet(tmp_path, {"guests/a.yml": guest("a", memory="1GiB")}, **variables)
    assert fleet_problems(HOSTS, every) == []
    assert names("kvm01", every) == ["a"]
    assert names("kvm02", every) == []  # There are guests, and none of them is here: a purge may go on.


def test_a_folder_without_guests_declares_nothing(tmp_path: Path) -> None:
    """Nobody purges all guests by an empty folder; an empty list does that."""
    variables = fleet(tmp_path, {"guests/none.yml": "[]", "guests/x.txt": ""})
    assert fleet_problems(HOSTS, variables) == []
    assert looked_up("kvm01", variables) is None
    variables = fleet(tmp_path, {"guests/none.yml": "[]"}, kvm_guests=[])
    assert looked_up("kvm01", variables) == []


def test_a_list_that_only_a_template_tells_and_files(tmp_path: Path) -> None:
    web = {"web": [guest("w")], "kvm_guests": "{{ web | map('combine', {'memory': '1GiB'}) }}"}
    variables = fleet(tmp_path, {"guests/a.yml": guest("a", memory="1GiB")}, **web)
    assert fleet_problems(HOSTS, variables) == []
    assert sorted(names("kvm01", variables)) == ["a", "w"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name: a\nhost: b: s3cretpass\n", "is no YAML: line 2, column 8: mapping values are not allowed"),
        ("passwd: *s3cretpass\n", "is no YAML: line 1, column 9: found undefined alias"),
        ("- [s3cretpass\n", "is no YAML: line 2, column 1: did not find expected"),
        ("x: !s3cretpass y\n", "is no YAML: line 1, column 4: could not determine a constructor for the tag ..."),
        ("--- 1\n--- 2\n", "is no YAML: line "),
        ("", "holds nothing; write the options of a guest, or a list of guests"),
        ("s3cretpass\n", "holds a string; write the options of a guest, or a list of guests"),
        ("kvm_guests: [{name: s3cretpass}]\n", "holds the variable kvm_guests; write the options of a guest alone"),
        (
            "$ANSIBLE_VAULT;1.1;AES256\n33363965326261303034\n",
            "cannot be decrypted: is the password of its vault given?",
        ),
        (b"a: \xff\xfe\n", "is no YAML that can be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: Any, said: str) -> None:
    variables = fleet(tmp_path, {"guests/b.yml": guest("b", memory="1GiB")})
    (tmp_path / "guests/a.yml").write_bytes(content if isinstance(content, bytes) else content.encode())
    (line,) = fleet_problems(HOSTS, variables)
    assert line.startswith(f"guests/a.yml: {said}")
    assert "s3cret" not in line
    assert line in looked_up("kvm01", variables)
    assert line in looked_up("kvm02", variables)  # Nobody knows whose guests are in it: nothing is purged.


@pytest.mark.parametrize("odd", ["pipe", "nowhere"])
def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path, odd: str) -> None:
    variables = fleet(tmp_path, {"guests/b.yml": guest("b", memory="1GiB"), "guests/old.yml/c.yml": "x"})
    if odd == "pipe":
        os.mkfifo(tmp_path / "guests/a.yml")
    else:
        (tmp_path / "guests/a.yml").symlink_to("nowhere.yml")
    assert fleet_problems(HOSTS, variables) == ["guests/a.yml: is no file that can be read"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (guest("a", memroy=1), "guest a: memroy: no such option; did you mean 'memory'? (in guests/a.yml)"),
        ({"host": "kvm01", "memory": "1GiB"}, "guests/a.yml on kvm01: name: is missing"),
        ([guest("a", memory="{{ nope }}")], "guest a: memory: 'nope' is undefined (in guests/a.yml)"),
        ([{"host": "kvm01", "memory": "{{ nope }}"}], "guests/a.yml[0]: memory: 'nope' is undefined"),
        (
            guest("a", profile="x"),
            "guest a: profile: 'x' is not in kvm_guest_profiles; there are no profiles (in guests/a.yml)",
        ),
        (
            guest("a", "kvm09"),
            "guest a: host: 'kvm09' is not in the inventory's group kvm_hosts; there are: kvm01, kvm02"
            " (in guests/a.yml)",
        ),
        (
            ["x"],
            "guests/a.yml[0]: a string is not a dictionary of options; write '- name: NAME', and its options below",
        ),
    ],
)
def test_what_is_wrong_with_a_guest_is_said_with_its_file(tmp_path: Path, wrong: Any, said: str) -> None:
    assert fleet_problems(HOSTS, fleet(tmp_path, {"guests/a.yml": wrong})) == [said]


def test_a_locked_value_is_named_by_file_guest_and_field_and_not_shown(tmp_path: Path) -> None:
    text = f"name: a\nhost: kvm01\nmemory: 1GiB\ngraphics: [{{type: vnc, passwd: {VAULT}}}]\n"
    (line,) = fleet_problems(HOSTS, fleet(tmp_path, {"guests/a.yml": text}))
    assert line.startswith("guest a: graphics[0].passwd: ")
    assert line.endswith("(in guests/a.yml)")
    assert "3336" not in line


@pytest.mark.parametrize("others", [{"guests/b.yml": guest("a", memory="1GiB")}, {"guests/b.yml": [guest("a")]}])
def test_two_files_with_one_guest(tmp_path: Path, others: dict[str, Any]) -> None:
    """Also where both say the same."""
    place = "guests/b.yml[0]" if isinstance(others["guests/b.yml"], list) else "guests/b.yml"
    variables = fleet(tmp_path, {"guests/a.yml": guest("a", memory="1GiB"), **others})
    lines = fleet_problems(HOSTS, variables)
    assert lines[0] == f"guest a: is declared more than once: in guests/a.yml, {place}; keep one"
    assert lines[0] in looked_up("kvm01", variables)


def test_one_mistake_is_one_line_with_its_files(tmp_path: Path) -> None:
    card = [{"network": "lan", "ip": "10.7.0.11"}]
    lan = {"name": "lan", "ips": [{"address": "10.7.0.1/24", "dhcp": {}}]}
    files = {"guests/a.yml": guest("a", interfaces=card), "guests/b.yml": guest("a", memory="1GiB", interfaces=card)}
    assert fleet_problems(HOSTS, fleet(tmp_path, files, kvm_networks=[lan])) == [
        "guest a: is declared more than once: in guests/a.yml, guests/b.yml; keep one"
    ]


def test_two_guests_with_one_address_are_named_with_their_files(tmp_path: Path) -> None:
    card = [{"network": "lan", "ip": "10.7.0.11"}]
    lan = {"name": "lan", "ips": [{"address": "10.7.0.1/24", "dhcp": {}}]}
    files = {"guests/a.yml": guest("a", interfaces=card), "guests/b.yml": guest("b", interfaces=card)}
    (line,) = fleet_problems(HOSTS, fleet(tmp_path, files, kvm_networks=[lan]))
    assert "is declared more than once: a on kvm01 (guests/a.yml), b on kvm01 (guests/b.yml); each" in line


def test_a_wrong_host_is_named_with_its_file(tmp_path: Path) -> None:
    (line,) = fleet_problems(HOSTS, fleet(tmp_path, {"guests/a.yml": {**guest("a"), "host": "kvm9"}}))
    assert line.startswith("guest a: host: 'kvm9' is not in the inventory's group kvm_hosts")
    assert line.endswith("(in guests/a.yml)")


def test_a_file_and_a_list_with_one_guest(tmp_path: Path) -> None:
    variables = fleet(tmp_path, {"guests/a.yml": guest("a")}, kvm_guests=[guest("b"), guest("a")])
    assert fleet_problems(HOSTS, variables)[0] == (
        "guest a: is declared more than once: in kvm_guests[1], guests/a.yml; keep one"
    )


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"kvm_guests_dir": None}, "not set"),
        ({"kvm_guests_dir": "more"}, "another folder"),
        ({"kvm_guests_dir": "./guests/"}, ""),
    ],
)
def test_a_guest_in_a_folder_that_its_host_does_not_read(tmp_path: Path, own: dict[str, Any], said: str) -> None:
    """It would not be made, and a purge would remove it."""
    files = {"guests/b.yml": guest("b", "kvm02", memory="1GiB"), "more/c.yml": guest("c", "kvm02", memory="1GiB")}
    variables = fleet(tmp_path, {**files, "host_vars/kvm02.yml": own})
    assert fleet_problems(HOSTS, variables) == (
        [
            f"guest b: is declared in guests/b.yml for host kvm02, but kvm_guests_dir of host kvm02 is {said};"
            " set it for all hosts, as in group_vars/all.yml"
        ]
        if said
        else []
    )


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("nope", "/nope' ('nope', from the inventory's folder): No such file or directory"),
        ("hosts.yml", "/hosts.yml' ('hosts.yml', from the inventory's folder): Not a directory"),
        (["guests"], "kvm_guests_dir: a list is not"),
        ("{{ nope }}", "kvm_guests_dir: 'nope' is undefined"),
        ("gue\x00sts", "kvm_guests_dir: a string is not the path of a folder"),
    ],
)
def test_a_folder_that_is_none(tmp_path: Path, folder: Any, said: str) -> None:
    variables = hostvars(tmp_path, {FLEET: {"kvm_guests_dir": folder, "kvm_guests": []}})
    assert any(said in line for line in fleet_problems(HOSTS, variables))
    assert said in looked_up("kvm01", variables)


@pytest.mark.parametrize("off", [None, ""])
def test_no_folder(tmp_path: Path, off: Any) -> None:
    variables = hostvars(tmp_path, {FLEET: {"kvm_guests_dir": off}})
    assert fleet_problems(HOSTS, variables) == []
    assert looked_up("kvm01", variables) is None


@pytest.mark.parametrize(("written", "refused"), [("guests", True), ("./guests/", True), ("../guests", False)])
def test_a_folder_of_which_ansible_reads_all_as_inventory(tmp_path: Path, written: str, refused: bool) -> None:
    """It would take each file for groups and hosts."""
    for folder in ("guests", "inventory/guests"):
        (tmp_path / folder).mkdir(parents=True)
    raw = {"inventory_dir": str(tmp_path / "inventory"), "ansible_inventory_sources": [str(tmp_path / "inventory")]}
    if refused:
        with pytest.raises(_guest_files.VirtfleetError, match=r"inside the folder .* write '\.\./guests'"):
            _guest_files.folder_of(written, raw)
    else:
        found = _guest_files.folder_of(written, raw)
        assert found is not None
        assert found.path == str(tmp_path / "guests")
        assert found.shown("a.yml") == "../guests/a.yml"


def test_an_inventory_without_a_folder() -> None:
    with pytest.raises(_guest_files.VirtfleetError, match="relative to the folder of the inventory, and the inventory"):
        _guest_files.folder_of("guests", {"inventory_dir": None, "ansible_inventory_sources": ["kvm01,"]})
    found = _guest_files.folder_of("/srv/guests", {"inventory_dir": None})
    assert found is not None
    assert found.path == "/srv/guests"


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of guests that were read."""
    found: list[str] = []
    load = DataLoader.load

    def counted(self: DataLoader, data: str, file_name: str = "", **kwargs: Any) -> Any:
        if "/guests/" in file_name:
            found.append(os.path.basename(file_name))
        return load(self, data=data, file_name=file_name, **kwargs)

    monkeypatch.setattr(DataLoader, "load", counted)
    return found


def test_the_check_reads_each_file_once_and_a_host_then_only_its_own(tmp_path: Path, loads: list[str]) -> None:
    """So the cost of a run grows with the number of guests, not with hosts times guests."""
    files = {
        f"guests/{name}.yml": guest(name, host, memory="1GiB") for name, host in zip("abcd", HOSTS * 2, strict=True)
    }
    files["guests/t.yml"] = guest("t", "{{ inventory_hostname }}", memory="1GiB")
    variables = fleet(tmp_path, files)
    evaluate(HOSTS, variables)
    assert sorted(loads) == ["a.yml", "b.yml", "c.yml", "d.yml", "t.yml"]
    loads.clear()
    assert names("kvm01", variables) == ["a", "c", "t"]
    assert loads == ["a.yml", "c.yml", "t.yml"]


def test_a_host_without_the_check_leaves_an_index_too(tmp_path: Path, loads: list[str]) -> None:
    variables = fleet(tmp_path, {"guests/a.yml": guest("a"), "guests/b.yml": guest("b", "kvm02")})
    assert names("kvm01", variables) == ["a"]
    assert loads == ["a.yml", "b.yml"]
    assert names("kvm02", variables) == ["b"]
    assert loads == ["a.yml", "b.yml", "b.yml"]


def test_a_file_that_has_changed_since_is_read_again(tmp_path: Path) -> None:
    variables = fleet(tmp_path, {"guests/a.yml": guest("a"), "guests/b.yml": guest("b", "kvm02")})
    assert names("kvm01", variables) == ["a"]
    (tmp_path / "guests/b.yml").write_text("{name: b, host: kvm01, title: moved}")
    (tmp_path / "guests/c.yml").write_text("{name: c, host: kvm01}")
    (tmp_path / "guests/a.yml").unlink()
    assert names("kvm01", variables) == ["b", "c"]


@pytest.mark.parametrize("damage", ["", "[]", '{"a.yml": 7}', '{"a.yml": [[], ["kvm02"]], "b.yml": 1}'])
def test_a_damaged_index_is_none(tmp_path: Path, run_of_ansible: Path, damage: str) -> None:
    variables = fleet(tmp_path, {"guests/a.yml": guest("a")})
    assert names("kvm01", variables) == ["a"]
    (index,) = run_of_ansible.iterdir()
    index.write_text(damage)
    assert names("kvm01", variables) == ["a"]


def test_the_index_holds_nothing_but_hosts(tmp_path: Path, run_of_ansible: Path) -> None:
    text = "{name: a, host: kvm01, graphics: [{type: vnc, passwd: hunter2hunter2}]}"
    looked_up("kvm01", fleet(tmp_path, {"guests/a.yml": text}))
    (index,) = run_of_ansible.iterdir()
    assert index.stat().st_mode & 0o77 == 0
    assert "hunter2" not in index.read_text()


def test_a_file_that_is_a_vault_whose_password_is_given(tmp_path: Path) -> None:
    text = json.dumps(guest("a", memory="1GiB", description="sesame"))
    written = VaultLib([(None, VaultSecret(b"a password"))]).encrypt(text).decode()
    variables = fleet(tmp_path, {"guests/a.yml": written})
    variables._loader.set_vault_secrets([(None, VaultSecret(b"a password"))])
    assert fleet_problems(HOSTS, variables) == []
    (found,) = evaluate(HOSTS, variables).variables["kvm01"]["kvm_guests"]
    assert found["description"] == "sesame"


def test_a_guest_of_no_host_is_refused_by_a_role_alone(tmp_path: Path) -> None:
    variables = fleet(tmp_path, {"guests/a.yml": guest("a"), "guests/b.yml": guest("b", "kvm1")})
    for _time in range(2):  # By the index, too.
        for host in HOSTS:
            assert "guest b: host: 'kvm1' is not in the inventory" in looked_up(host, variables)


def test_files_in_the_folder_that_are_not_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(filters.display, "warning", told.append)
    files = {f"guests/{name}": guest("a") for name in ("a.json", "a1", "sub/a.yml", "b.yml")}
    files |= {f"guests/{name}": "# nothing" for name in ("README", "README.md", ".gitkeep", "sub/notes.txt")}
    said = filters.fleet_checked(HOSTS, fleet(tmp_path, files))
    assert said.startswith("The declaration is in order: 2 hosts, 1 guest")
    assert told == [
        "kvm_guests_dir: not read: guests/a.json, guests/a1, guests/sub/a.yml; a file is read if its name ends with"
        " .yml or .yaml, and it is in the folder itself"
    ]


def test_a_folder_with_nothing_to_read_is_no_missing_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(filters.display, "warning", told.append)
    said = filters.fleet_checked(HOSTS, fleet(tmp_path, {"guests/README.md": "# nothing"}))
    assert said == "The declaration is in order: 2 hosts, 0 guests"
    (line,) = told
    assert line.endswith("guests' has no file whose name ends with .yml or .yaml, so no guest is declared in it")
