# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in force is saved before a trial, hidden by its files, and put back as the very files that it was."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import files, runtime


class Run:
    """The folders of a host in which netplan makes its files, and that of a trial."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / "trial"
        self.units, self.more = root / "systemd/network", root / "systemd/network/10-netplan-a.network.d"
        for folder in (self.folder, self.more):
            folder.mkdir(parents=True)
        self.unit, self.link = self.units / "10-netplan-a.network", self.units / "10-netplan-b.network"
        self.own, self.tried = self.units / "50-own.network", self.units / "50-virtfleet-sh0.network"
        self.unit.write_text("before")
        self.unit.chmod(0o640)
        self.link.symlink_to("/dev/null")
        self.own.write_text("the administrator's")
        self.texts: dict[str, str | None] = {str(self.tried): "new", str(self.own): None}
        self.texts[str(self.more / "virtfleet-x.conf")] = None

    def save(self) -> None:
        runtime.save(str(self.folder), self.texts)

    def restore(self, again: bool = False) -> None:
        runtime.restore(str(self.folder), self.texts, again)

    def all(self) -> dict[str, tuple[str, int]]:
        """What networkd finds, each with what is in it and its inode."""
        return {
            str(path.relative_to(self.units)): (
                f"->{os.readlink(path)}" if path.is_symlink() else path.read_text(),
                path.lstat().st_ino,
            )
            for path in self.units.rglob("*")
            if path.is_symlink() or path.is_file()
        }


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    made = Run(tmp_path)
    monkeypatch.setattr(runtime, "MADE", ((str(made.units), ("10-netplan-",)), (str(tmp_path / "none"), ("x",))))
    return made


def test_what_netplan_has_made_is_told_from_all_else(run: Run) -> None:
    assert runtime.generated_files() == [str(run.unit), str(run.link)]


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("times", [1, 2])
def test_after_a_trial_there_are_the_very_files_of_before(run: Run, again: bool, times: int) -> None:
    before = run.all()
    run.save()
    run.save()
    assert (run.folder / "saved").stat().st_mode & 0o777 == 0o700
    runtime.put(run.texts)
    now = {name: text for name, (text, _inode) in run.all().items()}
    assert now["50-virtfleet-sh0.network"] == "new"
    # A link to nothing hides a unit; what adds to one is hidden by an empty file alone.
    assert now["50-own.network"] == "->/dev/null"
    assert now["10-netplan-a.network.d/virtfleet-x.conf"] == ""
    assert run.tried.stat().st_mode & 0o777 == 0o644
    # netplan makes its files anew, and one more.
    run.unit.unlink()
    run.unit.write_text("the trial's")
    (run.units / "10-netplan-new.network").write_text("the trial's")
    runtime.keep_unchanged(str(run.folder))
    for _time in range(times):
        run.restore(again)
    assert run.all() == before
    assert not run.more.exists()


def test_what_hides_passwords_is_read_by_root_alone(tmp_path: Path) -> None:
    runtime.put({str(tmp_path / "netplan/a.yaml"): "x", str(tmp_path / "b.network"): "y"})
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("netplan/a.yaml", "b.network")]
    assert modes == [0o600, 0o644]


def test_what_came_out_as_it_was_is_the_same_file(run: Run) -> None:
    """networkd goes by inode and time, and would configure every link anew."""
    other = run.units / "10-netplan-c.network"
    other.write_text("old")
    before = run.all()
    run.save()
    for path, text in ((run.unit, "before"), (other, "new")):
        path.unlink()
        path.write_text(text)
    run.unit.chmod(0o640)
    runtime.keep_unchanged(str(run.folder))
    now = run.all()
    assert now["10-netplan-a.network"] == before["10-netplan-a.network"]
    assert now["10-netplan-b.network"] == before["10-netplan-b.network"]
    assert now["10-netplan-c.network"][0] == "new"
    noted = json.loads((run.folder / runtime.MADE_BY_TRIAL).read_text())
    assert set(noted["paths"]) == {str(run.unit), str(run.link), str(other)}


def test_a_file_with_other_rights_is_not_the_same(run: Run) -> None:
    run.save()
    run.unit.unlink()
    run.unit.write_text("before")
    run.unit.chmod(0o600)
    runtime.keep_unchanged(str(run.folder))
    assert run.unit.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("gone", ["first", "both", "note"])
def test_what_was_saved_and_is_gone_is_named(run: Run, gone: str) -> None:
    run.save()
    noted = json.loads((run.folder / "saved.json").read_text())
    first = Path(noted[str(run.unit)][0])
    run.unit.unlink()
    run.unit.write_text("the trial's")
    first.unlink()
    if gone == "first":
        # It was broken off right behind the rename, or not: the second name has it.
        run.restore(again=True)
        assert run.unit.read_text() == "before"
        return
    if gone == "both":
        Path(f"{first}.again").unlink()
    else:
        (run.folder / "saved.json").unlink()
    with pytest.raises(runtime.SavedFileLost) as caught:
        run.restore()
    assert caught.value.filename == (str(run.unit) if gone == "both" else str(run.folder / "saved.json"))
    assert run.link.is_symlink()


@pytest.mark.parametrize("what", ["changed", "new", "as saved"])
def test_what_others_have_netplan_make_during_a_trial_is_told(run: Run, what: str) -> None:
    run.save()
    run.unit.unlink()
    run.unit.write_text("the trial's")
    runtime.keep_unchanged(str(run.folder))
    theirs = run.units / "10-netplan-theirs.network"
    if what == "new":
        theirs.write_text("theirs")
        run.restore()
        # What they have made beside it stays.
        assert (run.unit.read_text(), theirs.read_text()) == ("before", "theirs")
        return
    run.unit.write_text("theirs" if what == "changed" else "before")
    if what == "changed":
        with pytest.raises(OSError, match="somebody else had netplan make it anew during the trial"):
            run.restore()
    else:
        run.restore()
    assert run.unit.read_text() == "before"


@pytest.mark.parametrize("link", [True, False])
def test_a_file_of_another_filesystem_is_copied_as_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: bool
) -> None:
    def refuse(*_words: object, **_more: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    path, other = tmp_path / "a", tmp_path / "b"
    if link:
        path.symlink_to("/dev/null")
    else:
        path.write_text("text")
        path.chmod(0o640)
    monkeypatch.setattr(runtime.os, "link", refuse)
    runtime.link_or_copy(str(path), str(other))
    assert other.is_symlink() is link
    assert link or (other.read_text(), other.stat().st_mode & 0o777) == ("text", 0o640)


def test_a_trial_that_is_kept_leaves_nothing_of_its_own_in_run(run: Run) -> None:
    runtime.put(run.texts)
    (run.units / files.PART).write_text("half")
    for _time in range(2):
        runtime.drop(run.texts)
    assert set(run.all()) == {"10-netplan-a.network", "10-netplan-b.network"}
    assert not run.more.exists()
    assert run.units.is_dir()


# Files


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    files.write(str(path), "one \\udce9", 0o640)
    assert files.read(str(path)) == "one \\udce9"
    assert path.stat().st_mode & 0o777 == 0o640

    def full(_descriptor: int, _text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "put", full)
    with pytest.raises(OSError, match="No space left"):
        files.write(str(path), "two")
    assert files.read(str(path)) == "one \\udce9"
    assert files.listed(str(tmp_path)) == ["a"]


@pytest.mark.parametrize(("text", "left"), [("short", "short"), ("é" * 10, "é" * 10), ("x" * 70000, "x" * 65536)])
def test_what_is_said_later_has_room(tmp_path: Path, text: str, left: str) -> None:
    path = str(tmp_path / "a")
    files.reserve(path)
    assert os.stat(path).st_size == files.ROOM == 65536
    inode = os.stat(path).st_ino
    files.overwrite(path, "something much longer than that")
    files.overwrite(path, text)
    assert files.read(path).rstrip() == left
    assert (os.stat(path).st_ino, os.stat(path).st_size) == (inode, 65536)


@pytest.mark.parametrize(
    ("text", "found"), [('{"a": 1}', {"a": 1}), ("[1]", {}), ("", {}), ("{", {}), (None, {}), ("\\udcff", {})]
)
def test_a_note_that_cannot_be_read_is_empty(tmp_path: Path, text: str | None, found: dict[str, int]) -> None:
    path = tmp_path / "a"
    if text is not None:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert files.load(str(path)) == found


def test_a_folder_goes_with_all_in_it_and_with_nothing_that_is_elsewhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    inner = tmp_path / "a/b/c"
    inner.mkdir(parents=True)
    (tmp_path / "a/file").touch()
    (tmp_path / "a/link").symlink_to(outside)
    (inner / "nowhere").symlink_to(tmp_path / "nowhere")
    for _time in range(2):
        files.remove_folder(str(tmp_path / "a"))
        assert not (tmp_path / "a").exists()
    assert files.listed(str(outside)) == ["kept"]
    assert files.listed(str(outside / "kept")) == []


def test_folders_that_are_missing_are_made_from_the_top(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(mode=0o755)
    path = str(tmp_path / "a/b/c")
    assert files.missing_folders(path) == [str(tmp_path / "a/b"), path]
    (tmp_path / "a").chmod(0o711)
    files.make_folder(path, 0o750)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b", "a/b/c")] == [0o711, 0o750, 0o750]
    assert files.missing_folders(path) == files.missing_folders("/") == files.missing_folders("") == []


@pytest.mark.parametrize(
    ("change", "same"),
    [("", True), ("text", False), ("mode", False), ("link", False), ("hard", True)],
)
def test_two_files_are_the_same_that_nobody_could_tell_apart(tmp_path: Path, change: str, same: bool) -> None:
    one, other = tmp_path / "a", tmp_path / "b"
    one.write_text("text")
    if change == "hard":
        other.hardlink_to(one)
    elif change == "link":
        one.unlink()
        for path in (one, other):
            path.symlink_to("/dev/null")
    else:
        other.write_text("other" if change == "text" else "text")
        other.chmod(0o600 if change == "mode" else one.stat().st_mode)
    assert files.same_file(str(one), str(other)) is same
    assert files.is_same_file(str(one), str(other)) is (change == "hard")
    assert files.is_same_file(str(one), str(tmp_path / "nowhere")) is False
    assert files.is_same_file(str(one), str(one / "below")) is False


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(2, "No such file or directory", "/a"), "/a: No such file or directory"),
        (OSError(2, "No such file or directory"), "No such file or directory"),
        (OSError("text that may hold a secret"), "OSError"),
        (ValueError("text that may hold a secret"), "ValueError"),
    ],
)
def test_an_error_is_told_with_nothing_of_what_files_hold(error: Exception, said: str) -> None:
    assert files.problem(error) == said


@pytest.mark.parametrize("there", ["", "other", "same"])
def test_a_name_is_given_in_place_of_what_has_it(tmp_path: Path, there: str) -> None:
    for give in (files.link_over, files.move_back):
        source, path = tmp_path / "source", tmp_path / "path"
        source.write_text("text")
        path.unlink(missing_ok=True)
        if there == "other":
            path.write_text("other")
        elif there == "same":
            path.hardlink_to(source)
        inode = source.stat().st_ino
        give(str(source), str(path))
        assert (path.read_text(), path.stat().st_ino) == ("text", inode)
        assert source.exists() is (give is files.link_over)
        assert set(files.listed(str(tmp_path))) <= {"path", "source"}
        if give is files.move_back:
            give(str(source), str(path))
        assert path.read_text() == "text"


@pytest.mark.parametrize(
    ("there", "again", "found"),
    [
        (("saved", "saved.again"), False, "saved"),
        (("saved", "saved.again"), True, "saved.again"),
        (("saved",), True, "saved"),
        (("saved.again",), False, "saved.again"),
        ((), False, None),
    ],
)
def test_a_file_that_was_saved_twice_comes_back_as_it_was_saved_last(
    tmp_path: Path, there: tuple[str, ...], again: bool, found: str | None
) -> None:
    for name in there:
        (tmp_path / name).write_text(name)
    path = tmp_path / "file"
    assert runtime.put_back(str(path), runtime.Saved(str(tmp_path / "saved"), [1]), again) is (found is not None)
    assert (path.read_text() if path.exists() else None) == found


def test_what_is_back_already_counts_as_put_back(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("back")
    gone = str(tmp_path / "saved")
    assert runtime.put_back(str(path), runtime.Saved(gone, [path.stat().st_ino]), False)
    assert runtime.put_back(str(path), runtime.Saved(gone, []), False)
    assert not runtime.put_back(str(path), runtime.Saved(gone, [path.stat().st_ino + 1]), False)
