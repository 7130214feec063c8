# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host in pull mode accepts, and what the role refuses before it changes anything."""

from __future__ import annotations

import errno
import importlib.util
import re
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


def program(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The program, with a module ``repository`` that is its own."""
    monkeypatch.syspath_prepend(str(ROLE / "files"))
    monkeypatch.delitem(sys.modules, "repository", raising=False)
    spec = importlib.util.spec_from_file_location("virtfleet_pull", ROLE / "files/pull.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class World:
    """A repository, and a host's folders."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.work, self.pull = folder / "work", program(monkeypatch)
        places = {name: folder / name.lower() for name in ("PROGRAM", "SETTINGS", "STATE")}
        for place in (self.work, *places.values()):
            place.mkdir()
        places |= {name: places["STATE"] / name.lower() for name in ("CHECKOUT", "UNPACKED", "FETCHED", "LOG")}
        places |= {"MIRROR": places["STATE"] / "mirror.git", "LOCK": folder / "lock"}
        for module in (self.pull, sys.modules["repository"]):
            for name in places.keys() & vars(module).keys():
                monkeypatch.setattr(module, name, places[name])
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
        self.settings = {"repository": str(self.work), "version": "main", "inventory": "inventory", "requirements": ""}

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
        environment = self.pull.git_environment()
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


def test_another_repository_has_commits_of_its_own(world: World) -> None:
    world.commit("author")
    world.accepts()
    other = world.folder / "other"
    world.git("init", "-q", "-b", "main", str(other))
    world.work = other
    first = world.commit("author")
    assert world.accepts(repository=str(other)) == first


@pytest.mark.parametrize("version", ["--upload-pack=touch x", "gone", "*"])
def test_a_branch_that_is_none_is_named(world: World, version: str) -> None:
    world.commit("author")
    with pytest.raises(world.pull.Refused, match=f"has no branch or tag '{re.escape(version)}'"):
        world.accepts(version=version)


def test_a_repository_that_is_gone_is_named(world: World) -> None:
    with pytest.raises(world.pull.Refused, match=r"the repository /nowhere/fleet\.git could not be read: "):
        world.accepts(repository="/nowhere/fleet.git")


def test_a_tag_does_not_take_the_place_of_the_branch_of_its_name(world: World) -> None:
    last = world.commit("author")
    world.git("tag", "v1")
    assert world.accepts(version="v1") == last
    world.git("checkout", "-q", "-b", "feature")
    unseen = world.commit("author")
    world.git("tag", "main")
    with pytest.raises(world.pull.Refused, match="a branch and a tag 'main': write refs/heads/main or refs/tags/main"):
        world.accepts()
    assert world.accepts(version="refs/heads/main") == last
    assert world.accepts(version="refs/tags/main") == unseen


@pytest.mark.parametrize("lock", ["config.lock", "refs/heads/accepted.lock", "HEAD.lock"])
def test_a_run_that_was_cut_off_does_not_lock_the_copy_for_ever(world: World, lock: str) -> None:
    world.commit("author")
    world.accepts()
    (world.places["MIRROR"] / lock).touch()
    last = world.commit("author")
    assert world.accepts() == last


def test_what_was_fetched_outlives_a_power_cut(world: World) -> None:
    """Objects in files of their own are not flushed by default, packs are."""
    world.commit("author")
    world.accepts()
    objects = world.places["MIRROR"] / "objects"
    assert {path.parent.name for path in objects.rglob("*") if path.is_file()} == {"pack"}


def test_a_copy_whose_objects_are_empty_is_fetched_anew(world: World) -> None:
    world.commit("author")
    world.accepts()
    for path in (world.places["MIRROR"] / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"")
    last = world.commit("author")
    assert world.accepts() == last


@pytest.mark.parametrize("left", ["HEAD", "config", "objects"])
def test_a_copy_that_was_only_begun_is_finished(world: World, left: str) -> None:
    last = world.commit("author")
    mirror = world.places["MIRROR"]
    mirror.mkdir()
    if left == "objects":
        (mirror / left).mkdir()
    else:
        (mirror / left).write_text({"HEAD": "ref: refs/heads/accepted\n"}.get(left, ""))
    assert world.accepts() == last
    assert (mirror / "HEAD").read_text().strip() == "ref: refs/heads/accepted"


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
    environment = world.pull.git_environment()
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


class Galaxy:
    """A repository with a file of requirements, and an ansible-galaxy that only makes the folder, or fails."""

    FILE = "requirements.yml"

    def __init__(self, world: World) -> None:
        self.world, self.calls = world, world.folder / "calls"
        program = world.folder / "ansible-galaxy"
        copied = f'mkdir -p "${{@: -1}}"; (cat "$4"; echo; cat "$GIT_CONFIG_GLOBAL") >>{self.calls}'
        program.write_text(f"#!/bin/bash\n{copied}\n! grep -q broken $4\n")
        program.chmod(0o755)

    def run(self, text: str, requirements: str = FILE) -> list[str]:
        """What ansible-galaxy was called with for this content of the file."""
        world = self.world
        known = {**world.settings, "requirements": requirements, "ansible_folder": str(world.folder)}
        (world.work / self.FILE).write_text(text)
        world.commit("author")
        self.calls.write_text("")
        commit = world.accepts()
        assert commit
        environment = {**world.pull.git_environment(), **world.pull.ansible_environment()}
        world.pull.require(known, environment)
        world.pull.stand_in(known)
        return self.calls.read_text().splitlines()


def test_collections_are_installed_anew_once_their_file_has_changed(world: World) -> None:
    galaxy = Galaxy(world)
    assert galaxy.run("one")[0] == "one"
    assert galaxy.run("one") == []
    said = galaxy.run("two")
    assert said[0] == "two"
    # A collection in git may have an address that begins as that of the repository does.
    assert not [line for line in said if "insteadOf" in line]


def test_collections_that_could_not_be_installed_are_tried_again(world: World) -> None:
    galaxy = Galaxy(world)
    galaxy.run("one")
    with pytest.raises(world.pull.Refused, match=r"collections of requirements\.yml could not be installed"):
        galaxy.run("broken")
    assert galaxy.run("one")[0] == "one"


def test_collections_that_are_no_longer_required_are_removed(world: World) -> None:
    galaxy = Galaxy(world)
    galaxy.run("one")
    assert world.places["FETCHED"].exists()
    assert galaxy.run("one", requirements="") == []
    assert not world.places["FETCHED"].exists()
    assert galaxy.run("one")[0] == "one"


def test_only_root_can_keep_a_run_from_its_lock(world: World) -> None:
    with world.pull.locked(wait=False):
        assert world.places["LOCK"].stat().st_mode & 0o777 == 0o600
        with pytest.raises(world.pull.Refused, match="another run of pull mode is at work"):
            world.pull.locked(wait=False)
    world.pull.locked(wait=False).close()


def test_a_full_disk_is_told_with_what_to_do(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (world.places["SETTINGS"] / "settings.json").write_text("{}")

    def full(known: dict[str, t.Any]) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(world.pull, "run", full)
    monkeypatch.setattr(world.pull.signal, "signal", lambda number, handler: None)
    assert world.pull.main(["run"]) == 1
    said = capsys.readouterr().err
    assert said == (
        f"virtfleet-pull: [Errno {errno.ENOSPC}] No space left on device: make room in {world.places['STATE']} and"
        f" {world.places['PROGRAM']}\n"
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
    assert doubts(pull_repository="ssh://git@git.example.com:2222/ops/fleet.git") == []
    assert doubts(pull_verify_commits=False, pull_allowed_signers=[]) == []


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"pull_repository": None}, "pull_repository is missing"),
        ({"pull_repository": "https://token@git.example.com/x.git"}, "has a user or password in it"),
        ({"pull_repository": "HTTP://anna:secret@git.example.com/x.git"}, "has a user or password in it"),
        ({"pull_repository": "ssh://git:secret@git.example.com/x.git"}, "has a user or password in it"),
        ({"pull_known_hosts": []}, "pull_known_hosts is empty"),
        ({"pull_known_hosts": [], "pull_repository": "ssh://git@git.example.com/x"}, "pull_known_hosts is empty"),
        ({"pull_allowed_signers": []}, "no commit would be run"),
        ({"pull_version": None}, "pull_version is empty: write a text, or leave it out for its default"),
        ({"pull_on_calendar": ""}, "pull_on_calendar is empty"),
        ({"pull_inventory": "my inventory"}, "take no spaces"),
    ],
)
def test_what_cannot_work_is_refused(variables: dict[str, t.Any], said: str) -> None:
    (line,) = doubts(**variables)
    assert said in line
    assert "secret" not in line
