# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host in pull mode accepts, and what the role refuses before it changes anything."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import types
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

ROLE = ROOT / "roles/pull"


def program() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("virtfleet_pull", ROLE / "files/pull.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class World:
    """A repository, and a host's folders."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.work, self.pull = folder / "work", program()
        places = {name: folder / name.lower() for name in ("PROGRAM", "SETTINGS", "STATE")}
        for place in (self.work, *places.values()):
            place.mkdir()
        places |= {name: places["STATE"] / name.lower() for name in ("CHECKOUT", "UNPACKED", "FETCHED", "LOG")}
        places |= {"MIRROR": places["STATE"] / "mirror.git", "LOCK": folder / "lock"}
        for name, place in places.items():
            monkeypatch.setattr(self.pull, name, place)
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        self.places = places
        self.git("init", "-q", "-b", "main")
        signers = []
        for name in ("author", "stranger"):
            key = folder / name
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
            signers.append(f"{name}@example.com {key.with_suffix('.pub').read_text()}")
        (places["SETTINGS"] / "allowed_signers").write_text(signers[0])
        self.folder = folder
        self.settings = {"repository": str(self.work), "version": "main", "inventory": "inventory"}

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=author@example.com", "-c", "gpg.format=ssh"]
        done = subprocess.run(["git", *who, *words], cwd=self.work, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, key: str | None) -> str:
        sign = ["-c", f"user.signingkey={self.folder / key}"] if key else []
        (self.work / "inventory").mkdir(exist_ok=True)
        (self.work / "inventory/hosts.yml").write_text("{}")
        self.git("add", "--all")
        self.git(*sign, "commit", "-q", "--allow-empty", "-m", "x", "-S" if key else "--no-gpg-sign")
        return self.git("rev-parse", "HEAD")

    def accepts(self, **settings: str) -> str:
        known = {**self.settings, **settings}
        environment = self.pull.git_environment(known)
        commit = self.pull.fetch(known, environment)
        self.pull.verify(known, environment, commit)
        self.pull.accept(known, environment, commit)
        return t.cast("str", commit)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_a_commit_that_an_allowed_key_has_signed(world: World) -> None:
    for _round in range(2):
        assert world.commit("author") == world.accepts()
    assert (world.places["MIRROR"] / "HEAD").read_text().strip() == "ref: refs/heads/accepted"


@pytest.mark.parametrize("key", [None, "stranger"])
def test_another_commit_is_refused_and_none_of_its_files_is_written(world: World, key: str | None) -> None:
    bad = world.commit(key)
    with pytest.raises(world.pull.Refused, match=f"commit {bad} is not signed by a key of pull_allowed_signers"):
        world.accepts()
    assert not list(world.places["STATE"].rglob("hosts.yml"))
    assert not (world.places["MIRROR"] / "refs/heads/accepted").exists()


def test_without_any_allowed_key_nothing_is_accepted(world: World) -> None:
    (world.places["SETTINGS"] / "allowed_signers").unlink()
    world.commit("author")
    with pytest.raises(world.pull.Refused, match="is not signed"):
        world.accepts()


def test_a_branch_that_was_set_back_is_refused_and_another_branch_is_not(world: World) -> None:
    first, last = world.commit("author"), world.commit("author")
    assert world.accepts() == last
    world.git("reset", "-q", "--hard", first)
    with pytest.raises(world.pull.Refused, match=f"commit {first} does not follow {last}"):
        world.accepts()
    world.git("branch", "-q", "older", first)
    assert world.accepts(version="older") == first


@pytest.mark.parametrize("settings", [{"version": "--upload-pack=touch x"}, {"version": "gone"}])
def test_a_branch_that_is_none_is_named(world: World, settings: dict[str, str]) -> None:
    world.commit("author")
    with pytest.raises(world.pull.Refused, match=f"'{settings['version']}' of .* could not be fetched"):
        world.accepts(**settings)


def test_an_inventory_that_is_not_in_the_commit_is_named(world: World) -> None:
    world.commit("author")
    with pytest.raises(world.pull.Refused, match="has no 'hosts'"):
        world.accepts(inventory="hosts")


def test_a_playbook_of_a_collection_is_the_one_of_the_repository_first(world: World) -> None:
    inside = "ansible_collections/virtfleet/kvm/playbooks/site.yml"
    sent = world.places["UNPACKED"] / inside
    sent.parent.mkdir(parents=True)
    sent.write_text("[]")
    world.commit("author")
    world.accepts()
    environment = world.pull.git_environment(world.settings)
    assert world.pull.playbook("virtfleet.kvm.site", environment) == str(sent)
    assert world.pull.playbook("play/site.yml", environment) == "play/site.yml"
    own = world.work / "collections" / inside
    own.parent.mkdir(parents=True)
    own.write_text("[]")
    world.commit("author")
    world.accepts()
    assert world.pull.playbook("virtfleet.kvm.site", environment) == str(
        world.places["CHECKOUT"] / "collections" / inside
    )


def test_a_python_that_is_too_old_is_named_with_the_way_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.pull, "OLDEST", (99, 0))
    known = {"python": sys.executable, "ansible_core": "ansible-core", "pip_arguments": [], "ansible_folder": ""}
    with pytest.raises(world.pull.Refused, match=r"is too old for ansible-core, which needs 99\.0: .* pull_python"):
        world.pull.prepare(known)


def test_the_archive_of_the_collection_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        subprocess.run([sys.executable, "-I", str(ROLE / "files/pack.py"), str(tmp_path / name)], check=True)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


GOOD = {
    "pull_repository": "git@git.example.com:ops/fleet.git",
    "pull_known_hosts": ["git.example.com ssh-ed25519 AAAA"],
    "pull_allowed_signers": ["anna ssh-ed25519 AAAA"],
}


def doubts(**variables: t.Any) -> list[str]:
    known = {}
    for path in ("defaults/main.yml", "vars/main.yml"):
        for name, value in yaml.safe_load((ROLE / path).read_text(encoding="utf-8")).items():
            known[name] = trust_as_template(value) if isinstance(value, str) else value
    templar = Templar(loader=DataLoader(), variables={**known, **GOOD, **variables})
    return t.cast("list[str]", templar.template(trust_as_template("{{ pull_doubts }}")))


def test_settings_in_order() -> None:
    assert doubts() == []
    assert doubts(pull_repository="https://git.example.com/ops/fleet.git", pull_known_hosts=[]) == []
    assert doubts(pull_verify_commits=False, pull_allowed_signers=[]) == []


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"pull_repository": None}, "pull_repository is missing"),
        ({"pull_repository": "https://token@git.example.com/x.git"}, "has a user or password in it"),
        ({"pull_known_hosts": []}, "pull_known_hosts is empty"),
        ({"pull_known_hosts": [], "pull_repository": "ssh://git@git.example.com/x"}, "pull_known_hosts is empty"),
        ({"pull_allowed_signers": []}, "no commit would be run"),
        ({"pull_inventory": "my inventory"}, "take no spaces"),
    ],
)
def test_what_cannot_work_is_refused(variables: dict[str, t.Any], said: str) -> None:
    (line,) = doubts(**variables)
    assert said in line
