# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that Ansible has packed is kept for the next run, as long as nothing in it has changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible import constants

from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _packed_modules

ROOT = Path(__file__).parents[4]
NAME = "domains_info"
FILE = f"ansible_collections.virtfleet.kvm.plugins.modules.{NAME}-ZIP_DEFLATED-none"


class Runs:
    """Runs of Ansible, each with a temporary folder of its own, that pack one module of a small collection.

    :param folder: where all is
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        self.plugins = folder / "kvm/plugins"
        for path in ("modules/domains_info.py", "module_utils/one.py", "module_utils/two/three.py"):
            self.plugins.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
            self.plugins.joinpath(path).write_text(f"# {path}\n")
        (folder / "kvm/meta").mkdir()
        (folder / "kvm/meta/runtime.yml").write_text("---\n")
        self.kept = folder / "home/virtfleet.kvm/packed"
        (folder / "home").mkdir(mode=0o755)
        self.count = 0
        self.last: dict[str, bytes] = {}
        monkeypatch.setattr(_packed_modules, "PLUGINS", str(self.plugins))
        monkeypatch.setattr(_packed_modules, "MARGIN", 0.0)
        monkeypatch.setattr(constants, "ANSIBLE_HOME", str(folder / "home"))
        monkeypatch.setattr(sys, "dont_write_bytecode", False)

    def run(self, name: str = NAME, meanwhile: Callable[[], object] = lambda: None) -> bool:
        """Whether a run has to pack the module. What it packs differs from run to run.

        :param meanwhile: what happens while the module is packed
        """
        self.count += 1
        own = self.folder / f"run-{self.count}"
        own.mkdir()
        self.monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(own))
        place = own / "ansiballz_cache" / FILE.replace(NAME, name)
        with _packed_modules.packed_once(name):
            if place.exists():
                assert place.read_bytes() == self.last[name]
                return False
            place.parent.mkdir(exist_ok=True)
            meanwhile()
            self.last[name] = f"packed by run {self.count}".encode()
            place.write_bytes(self.last[name])
            Path(f"{place}.lock").touch()
        return True


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(tmp_path, monkeypatch)


def test_the_next_run_packs_nothing(runs: Runs) -> None:
    assert [runs.run() for _run in range(3)] == [True, False, False]
    assert [one.name for one in runs.kept.iterdir()] == [FILE]
    modes = [one.stat().st_mode & 0o777 for one in (runs.kept.parent, runs.kept, runs.kept / FILE)]
    assert modes == [0o700, 0o700, 0o600]


def test_modules_are_kept_apart(runs: Runs) -> None:
    (runs.plugins / "modules/domains.py").write_text("")
    names = ("domains", NAME, "domains", NAME)
    assert [runs.run(name) for name in names] == [True, True, False, False]
    assert len(list(runs.kept.iterdir())) == 2


def replaced(path: Path) -> None:
    """Put another file of the same size and time of modification in the place of one."""
    found = path.stat()
    other = path.with_suffix(".new")
    other.write_text(path.read_text().replace("#", "%"))
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
    other.rename(path)


def rewritten(path: Path) -> None:
    """Change a file in place, with the same size and time of modification."""
    found = path.stat()
    path.write_text(path.read_text().replace("#", "%"))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


CHANGES: dict[str, Callable[[Runs], object]] = {
    "a longer file": lambda runs: (runs.plugins / "module_utils/one.py").write_text("# another\n"),
    "another file in its place": lambda runs: replaced(runs.plugins / "module_utils/two/three.py"),
    "another content, the same time": lambda runs: rewritten(runs.plugins / "module_utils/two/three.py"),
    "the module itself": lambda runs: rewritten(runs.plugins / "modules/domains_info.py"),
    "a new file": lambda runs: (runs.plugins / "module_utils/four.py").write_text(""),
    "a file less": lambda runs: (runs.plugins / "module_utils/one.py").unlink(),
    "where names lead": lambda runs: (runs.folder / "kvm/meta/runtime.yml").write_text("---\nplugin_routing: {}\n"),
    "another Ansible": lambda runs: runs.monkeypatch.setattr(_packed_modules.ansible, "__version__", "2.99.0"),
    "another Python": lambda runs: runs.monkeypatch.setattr(sys, "version", "3.99"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_has_it_packed_anew(runs: Runs, change: str) -> None:
    assert runs.run()
    CHANGES[change](runs)
    assert [runs.run(), runs.run()] == [True, False]


def test_what_changes_while_it_is_packed_is_not_kept(runs: Runs) -> None:
    assert runs.run(meanwhile=lambda: rewritten(runs.plugins / "module_utils/one.py"))
    assert not runs.kept.exists()
    assert [runs.run(), runs.run()] == [True, False]


def test_nothing_is_kept_soon_after_a_change(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_packed_modules, "MARGIN", 60.0)
    now = time.time()
    assert [runs.run(), runs.run()] == [True, True]
    monkeypatch.setattr(time, "time", lambda: now + 61)
    installed = max(path.stat().st_ctime for path in Path(_packed_modules.ANSIBLE, "module_utils").rglob("*.py"))
    monkeypatch.setattr(time, "time", lambda: max(now, installed) + 61)
    assert [runs.run(), runs.run()] == [True, False]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut short": lambda kept: kept.write_bytes(kept.read_bytes()[:-1]),
    "empty": lambda kept: kept.write_bytes(b""),
    "another content": lambda kept: kept.write_bytes(kept.read_bytes()[:-1] + b"?"),
    "written to by others": lambda kept: kept.chmod(0o666),
    "a link": lambda kept: (kept.rename(kept.with_name("elsewhere")), kept.symlink_to("elsewhere")),
    "a pipe": lambda kept: (kept.unlink(), os.mkfifo(kept)),
    "a folder": lambda kept: (kept.unlink(), kept.mkdir()),
    "in a folder that others write to": lambda kept: kept.parent.chmod(0o777),
    "in a folder of such a folder": lambda kept: kept.parents[1].chmod(0o720),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_cannot_be_trusted_is_not_used(runs: Runs, damage: str) -> None:
    assert runs.run()
    DAMAGE[damage](runs.kept / FILE)
    assert runs.run()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
@pytest.mark.parametrize("up", [0, 1, 2, 3], ids=["file", "folder", "folder above", "Ansible's folder"])
def test_what_is_another_users_is_not_used(runs: Runs, up: int) -> None:
    assert runs.run()
    kept = runs.kept / FILE
    os.chown((kept, *kept.parents)[up], 12345, -1)
    assert runs.run()


@pytest.mark.parametrize("mode", [0o775, 0o700])
def test_others_may_write_to_ansibles_folder(runs: Runs, mode: int) -> None:
    (runs.folder / "home").chmod(mode)
    assert [runs.run(), runs.run()] == [True, False]


def test_ansibles_folder_may_be_a_link(runs: Runs) -> None:
    (runs.folder / "home").rename(runs.folder / "elsewhere")
    (runs.folder / "home").symlink_to("elsewhere")
    assert [runs.run(), runs.run()] == [True, False]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_nothing_is_made_in_a_folder_of_another_user(runs: Runs) -> None:
    os.chown(runs.folder / "home", 12345, -1)
    assert [runs.run(), runs.run()] == [True, True]
    assert list((runs.folder / "home").iterdir()) == []


def test_what_is_left_behind_goes(runs: Runs) -> None:
    assert runs.run()
    ages = {"virtfleet-new": 60, "virtfleet-old": 4000, "kept": 4000, "kept-long-ago": 31 * 86400}
    for name, age in ages.items():
        (runs.kept / name).write_text("")
        os.utime(runs.kept / name, (time.time() - age,) * 2)
    (runs.kept / "virtfleet-folder").mkdir()
    os.utime(runs.kept / "virtfleet-folder", (0, 0))
    rewritten(runs.plugins / "module_utils/one.py")
    assert runs.run()
    assert {one.name for one in runs.kept.iterdir()} == {FILE, "virtfleet-new", "kept", "virtfleet-folder"}


def test_it_need_not_be_kept(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert [runs.run(), runs.run()] == [True, True]
    assert not runs.kept.exists()


@pytest.mark.parametrize("where", ["home", "home/virtfleet.kvm"])
def test_a_file_in_the_way_does_no_harm(runs: Runs, where: str) -> None:
    shutil.rmtree(runs.folder / "home")
    if where != "home":
        (runs.folder / "home").mkdir()
    (runs.folder / where).write_text("")
    assert [runs.run(), runs.run()] == [True, True]
    assert (runs.folder / where).read_text() == ""


def test_files_of_others_could_be_packed_too(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = runs.folder / "module_utils"
    folder.mkdir()
    own = os.path.join(_packed_modules.ANSIBLE, "module_utils")
    monkeypatch.setattr(_packed_modules.module_utils_loader, "print_paths", lambda: f"{own}{os.pathsep}{folder}")
    assert [runs.run(), runs.run()] == [True, False]
    (folder / "basic.py").write_text("")
    assert [runs.run(), runs.run()] == [True, True]


def test_what_is_behind_a_link_is_not_looked_at(runs: Runs) -> None:
    (runs.plugins / "module_utils/two").rename(runs.folder / "two")
    (runs.plugins / "module_utils/two").symlink_to(runs.folder / "two")
    assert [runs.run(), runs.run()] == [True, True]


def test_modules_of_others_are_left_alone(runs: Runs) -> None:
    assert [runs.run("setup"), runs.run("setup")] == [True, True]
    assert not runs.kept.exists()


def test_a_full_disk_does_no_harm(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_words: Any, **_options: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_packed_modules.tempfile, "mkstemp", full)
    assert [runs.run(), runs.run()] == [True, True]
    monkeypatch.undo()


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this collection that keeps what is packed at once."""
    folder = tmp_path_factory.mktemp("collections")
    copy = folder / "ansible_collections/virtfleet/kvm"
    for part in ("plugins", "meta"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "galaxy.yml", copy)
    packed = copy / "plugins/plugin_utils/_packed_modules.py"
    packed.write_text(packed.read_text().replace("MARGIN = 60.0", "MARGIN = -1e9"))
    return folder


def test_ansible_takes_what_it_packed_before(tmp_path: Path, collections: Path) -> None:
    """This is Ansible itself: what it packs, it says file by file (-vvvvv)."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "PYTHONDONT"))}
    environment |= {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_HOME": str(tmp_path / "home")}
    program = str(Path(sys.executable).parent / "ansible")
    words = ["localhost", "-c", "local", "-m", "virtfleet.kvm.pools_info", "-a", "uri=test:///default", "-vvvvv"]
    words += ["-e", f"ansible_python_interpreter={sys.executable}"]

    def run() -> bool:
        done = subprocess.run(
            [program, *words], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
        )
        assert '"default-pool"' in done.stdout
        return "Including module_utils file" in done.stdout

    assert [run(), run()] == [True, False]
    told = collections / "ansible_collections/virtfleet/kvm/plugins/module_utils/_errors.py"
    told.write_text(told.read_text() + "\n")
    assert [run(), run()] == [True, False]
