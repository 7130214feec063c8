# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each file of a module is compiled once, and on a host of root's only if it is new there."""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
import typing as t
import zipfile
import zipimport
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils import _zip_imports

FILES = {"one.py": "FILE = __file__", "two/__init__.py": "FILE = __file__", "two/three.py": "FILE = __file__"}
NAME = "two.three"
SOURCE = b"VALUE = 1\n"

COUNTING = """
import builtins, sys
seen = []
real = builtins.compile
def counting(source, path, *rest, **more):
    seen.append(str(path).replace(sys.argv[1] + "/", ""))
    return real(source, path, *rest, **more)
program = real(open(sys.argv[2]).read().replace("/var/cache/virtfleet.kvm", sys.argv[3]), "program", "exec")
sys.path.insert(0, sys.argv[1])
builtins.compile = counting
import one
seen.clear()
exec(program)
import two.three
print(len([name for name in seen if name.endswith("two/three.py")]), two.three.FILE, two.three.__file__)
"""
"""A program that says how often two/three.py was compiled, and where it is from."""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only what root has compiled is kept")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "payload.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name, text in FILES.items():
            made.writestr(name, text)
    return path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what is compiled, not made yet."""
    path = tmp_path / "cache"
    monkeypatch.setattr(_zip_imports, "FOLDER", str(path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return path


def run(archive: Path, folder: Path, **environment: str) -> list[str]:
    words = [sys.executable, "-c", COUNTING, str(archive), _zip_imports.__file__, str(folder)]
    known = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env={**known, **environment})
    return done.stdout.split()


def test_a_file_is_compiled_once(archive: Path, folder: Path) -> None:
    place = str(archive / "two/three.py")
    assert run(archive, folder, PYTHONDONTWRITEBYTECODE="1") == ["1", place, place]
    assert not folder.exists()


@needs_root
def test_the_next_run_compiles_nothing(archive: Path, folder: Path, tmp_path: Path) -> None:
    assert run(archive, folder)[0] == "1"
    moved = tmp_path / "payload-of-the-next-run.zip"
    archive.rename(moved)
    place = str(moved / "two/three.py")
    assert run(moved, folder) == ["0", place, place]


@pytest.mark.parametrize(("name", "folder_in_file"), [("one", ""), ("two", ""), (NAME, "two/")])
def test_the_name_is_that_of_python(archive: Path, name: str, folder_in_file: str) -> None:
    path = str(archive / folder_in_file) if folder_in_file else str(archive)
    ours, pythons = _zip_imports.CompilingOnce(path), zipimport.zipimporter(path)
    assert ours.get_filename(name) == pythons.get_filename(name)


def test_a_module_that_is_not_there(archive: Path) -> None:
    with pytest.raises(ImportError):
        _zip_imports.CompilingOnce(str(archive)).get_filename("four")
    with pytest.raises(ImportError):
        _zip_imports.CompilingOnce(str(archive)).get_code("four")


def test_every_module_begins_with_it() -> None:
    modules = Path(_zip_imports.__file__).parent.parent / "modules"
    for path in sorted(modules.glob("*.py")):
        imports = [line for line in path.read_text("utf-8").splitlines() if line.startswith(("from ..", "import "))]
        assert imports[0].startswith("from ..module_utils import _zip_imports"), path


def value(source: bytes = SOURCE) -> object:
    """What a module of this source has in VALUE."""
    found: dict[str, object] = {}
    exec(_zip_imports.compiled(NAME, source, "three.py"), found)
    return found["VALUE"]


def place_in(folder: Path) -> Path:
    """Where the code of the module is kept."""
    (found,) = folder.iterdir()
    return found / NAME


@needs_root
def test_another_source_is_compiled_anew(folder: Path) -> None:
    assert value() == 1
    first = place_in(folder).read_bytes()
    assert value(b"VALUE = 2\n") == 2
    assert place_in(folder).read_bytes() != first
    assert value() == 1
    assert place_in(folder).read_bytes() == first


def forged() -> bytes:
    """Code that says 3, kept as if it were of the source."""
    data = marshal.dumps(compile("VALUE = 3", "three.py", "exec"))
    return _zip_imports.DIGEST(SOURCE).digest() + _zip_imports.DIGEST(data).digest() + data


@needs_root
def test_what_is_kept_is_what_runs(folder: Path) -> None:
    """Else the tests below would not see that a kept file was trusted."""
    value()
    place_in(folder).write_bytes(forged())
    assert value() == 3


def no_code() -> bytes:
    data = marshal.dumps("VALUE = 3")
    return _zip_imports.DIGEST(SOURCE).digest() + _zip_imports.DIGEST(data).digest() + data


DAMAGED: dict[str, t.Callable[[bytes], bytes]] = {
    "empty": lambda kept: b"",
    "half": lambda kept: kept[: len(kept) // 2],
    "without its end": lambda kept: kept[:-1],
    "longer": lambda kept: kept + b"\0",
    "only digests": lambda kept: kept[:64],
    "one bit": lambda kept: kept[:-10] + bytes([kept[-10] ^ 1]) + kept[-9:],
    "zeros": lambda kept: bytes(len(kept)),
    "of another file": lambda kept: _zip_imports.DIGEST(b"").digest() + kept[32:],
}


@needs_root
@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_made_anew(folder: Path, damage: t.Callable[[bytes], bytes]) -> None:
    value()
    whole = place_in(folder).read_bytes()
    place_in(folder).write_bytes(damage(whole))
    assert value() == 1
    assert place_in(folder).read_bytes() == whole


@needs_root
def test_no_code_is_no_code(folder: Path) -> None:
    value()
    place_in(folder).write_bytes(no_code())
    assert value() == 1


def writable_file(folder: Path) -> None:
    place_in(folder).chmod(0o664)


def file_of_another(folder: Path) -> None:
    os.chown(place_in(folder), 1, 0)


def link(folder: Path) -> None:
    place = place_in(folder)
    place.rename(folder.with_name("elsewhere"))
    place.symlink_to(folder.with_name("elsewhere"))


def writable_folder(folder: Path) -> None:
    folder.chmod(0o777)


def writable_inner_folder(folder: Path) -> None:
    place_in(folder).parent.chmod(0o775)


def folder_of_another(folder: Path) -> None:
    os.chown(folder, 1, 0)


def linked_folder(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


@needs_root
@pytest.mark.parametrize(
    "change",
    [
        writable_file,
        file_of_another,
        link,
        writable_folder,
        writable_inner_folder,
        folder_of_another,
        linked_folder,
    ],
    ids=lambda change: change.__name__,
)
def test_what_others_can_write_is_not_run(folder: Path, change: t.Callable[[Path], None]) -> None:
    value()
    place_in(folder).write_bytes(forged())
    change(folder)
    assert value() == 1


@needs_root
@pytest.mark.parametrize("kind", ["a file", "a pipe", "a folder", "a link to nothing"])
def test_something_else_in_its_place(folder: Path, kind: str) -> None:
    """Nothing is waited for, and what is there stays."""
    value()
    place = place_in(folder)
    place.unlink()
    if kind == "a file":
        place.parent.rmdir()
        place.parent.write_text("")
    elif kind == "a pipe":
        os.mkfifo(place)
    elif kind == "a folder":
        place.mkdir()
    else:
        place.symlink_to(folder / "nothing")
    assert value() == 1
    assert value() == 1
    assert not (folder / "nothing").exists()


def test_for_others_than_root_nothing_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert value() == 1
    assert not folder.exists()


@needs_root
def test_no_space(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*words: object) -> t.NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_zip_imports, "keep", full)
    assert value() == 1


@needs_root
def test_modes_do_not_go_by_the_umask(folder: Path) -> None:
    umask = os.umask(0)
    try:
        value()
    finally:
        os.umask(umask)
    modes = [path.stat().st_mode & 0o777 for path in (folder, place_in(folder).parent, place_in(folder))]
    assert modes == [0o755, 0o755, 0o644]


@needs_root
def test_each_python_has_a_folder_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value()
    monkeypatch.setattr("importlib.util.MAGIC_NUMBER", b"\0\1\r\n")
    value()
    monkeypatch.setattr(sys.implementation, "cache_tag", "other-1")
    value()
    assert len(list(folder.iterdir())) == 3
