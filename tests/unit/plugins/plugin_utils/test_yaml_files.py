# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that the collection reads itself: nothing that is said of them shows a line of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import fleet_problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._yaml_files import SETTING, loaded, unquoted
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars

HEAD = "name: a\nhost: kvm01\nmemory: 64MiB\n"
TWICE = [
    (
        "graphics:\n  - type: vnc\n    passwd: s3cret\n    type: vnc\n",
        "line 7: the key type occurs twice in one dictionary, first in line 5; keep one of them",
    ),
    (
        "graphics: [{type: vnc, passwd: s3cret, type: vnc}]\n",
        "line 4: the key type occurs twice in one dictionary; keep one of them",
    ),
    (
        "metadata:\n  'passwd: s3cret': 1\n  'passwd: s3cret': 2\n",
        "line 6: the key passwd... occurs twice in one dictionary, first in line 5; keep one of them",
    ),
    (
        "x: {1: s3cret, 0x1: s3cret}\nname: s3cret\n",
        "line 4: the key 1 occurs twice in one dictionary; keep one of them;"
        " line 5: the key name occurs twice in one dictionary, first in line 1; keep one of them",
    ),
]


def repeats(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Ansible does about a key that stands twice."""
    monkeypatch.setenv(f"ANSIBLE_{SETTING}", mode)
    monkeypatch.setattr(constants, SETTING, mode)  # ansible-core 2.18 has read it already.


def read(folder: Path, content: str, loader: DataLoader | None = None, **options: bool) -> Any:
    (folder / "a.yml").write_text(content)
    return loaded(str(folder / "a.yml"), loader or DataLoader(), **options)


@pytest.mark.parametrize("mode", ["warn", "error"])
@pytest.mark.parametrize(("rest", "said"), TWICE)
def test_a_key_that_stands_twice_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], rest: str, said: str, mode: str
) -> None:
    repeats(mode, monkeypatch)
    files = {"group_vars/all.yml": "kvm_guests_dir: guests\n", "guests/a.yml": HEAD + rest}
    good = {"guests/b.yml": HEAD.replace("a", "b", 1) + "memroy: 1\n"}
    found = fleet_problems(HOSTS, hostvars(tmp_path, {**files, **good}))
    assert found[0] == f"guests/a.yml: {said}"
    assert [line for line in found if "memroy" in line]  # The others are looked at nonetheless.
    told = capfd.readouterr()
    assert "s3cret" not in told.out + told.err + "".join(found)
    assert "uplicate" not in told.out + told.err  # Ansible says nothing of its own.


def test_whoever_has_them_ignored_is_asked_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    repeats("ignore", monkeypatch)
    assert read(tmp_path, "a: 1\na: 2\n", once=True) == {"a": 2}
    assert capfd.readouterr().err == ""


def test_a_file_that_is_encrypted(tmp_path: Path) -> None:
    loader, secret = DataLoader(), VaultSecret(b"word")
    loader.set_vault_secrets([("default", secret)])
    vault = VaultLib(loader._vault.secrets)
    with pytest.raises(VirtfleetError, match=r"^line 2: the key a occurs twice"):
        read(tmp_path, vault.encrypt("a: s3cret\na: s3cret\n", secret).decode(), loader, once=True)
    assert read(tmp_path, vault.encrypt("a: s3cret\n", secret).decode(), loader, once=True) == {"a": "s3cret"}


@pytest.mark.parametrize(
    ("content", "held"),
    [
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}\n", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("a: &x {b: 1}\nc: &y {d: 1}\ne: {<<: *x, <<: *y}\n", {"a": {"b": 1}, "c": {"d": 1}, "e": {"b": 1, "d": 1}}),
        ("- {a: 1}\n- {a: 1}\n", [{"a": 1}, {"a": 1}]),
        ("a: {b: {a: 1}}\nb: 1\n", {"a": {"b": {"a": 1}}, "b": 1}),
        ("x: &a [1]\ny: [*a, *a]\n", {"x": [1], "y": [[1], [1]]}),
        ("{1: a, '1': b}\n", {1: "a", "1": "b"}),
        (json.dumps({"a": {"b": [1]}}), {"a": {"b": [1]}}),
        ('\t{"a": 1}', {"a": 1}),
        ("", None),
    ],
)
def test_what_stands_once_is_read(tmp_path: Path, content: str, held: Any) -> None:
    assert read(tmp_path, content, once=True) == held


@pytest.mark.parametrize("mode", ["warn", "error"])
@pytest.mark.parametrize(
    "content",
    [
        "{s3cretkey: 1, y: &x {passwd: s3cret, u: 1}, z: {<<: *x, u: 2}}",
        "s3cretkey: 1\ns3cretkey: 2\n",
        "passwd: s3cret\nx: !!omap [a: s3cret]\n",
        "passwd: s3cret\nx: !!pairs [a: s3cret]\n",
        "passwd: s3cret\nx: !vault-encrypted s3cret\n",
        "passwd: !s3cret x\n",
        "passwd: !!int s3cret\n",
        "passwd: !!binary s3creté\n",
    ],
)
def test_nothing_of_a_file_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], content: str, mode: str
) -> None:
    """Neither by what is raised nor by what Ansible itself warns of. The name of a key may be shown by it."""
    repeats(mode, monkeypatch)
    said = ""
    try:
        read(tmp_path, content)
    except VirtfleetError as error:
        said = str(error)
    told = capfd.readouterr()
    shown = told.out + told.err
    assert "s3cret" not in said
    assert "s3cret" not in shown.replace("key 's3cretkey'", "").replace("key (s3cretkey)", "")


@pytest.mark.parametrize(
    ("problem", "shown"),
    [
        ("did not find expected ',' or ']'", "did not find expected ',' or ']'"),
        ("found undefined alias 's3cret'", "found undefined alias ..."),
        (
            "failed to convert base64 data into ascii: 'ascii' codec can't encode character '\\xe9' in position 6",
            "failed to convert base64 data into ascii",
        ),
    ],
)
def test_what_yaml_says_without_what_it_quotes(problem: str, shown: str) -> None:
    error = ValueError()
    error.problem = problem  # type: ignore[attr-defined]
    assert unquoted(error) == shown
