# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stranger gives the connection plugin, and what a guest in trouble does to it."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._agent import guest
from ansible_collections.virtfleet.kvm.tests.unit.agent_model import AgentModel, Refused, said

FULL = """#!/bin/sh
{mkdir} "$@" || exit
for place; do :; done
case $place in /dev/shm/*) ln -s /dev/full "$place/out"; ln -s /dev/full "$place/in";; esac
"""
"""A mkdir after which nothing can be written below /dev/shm, as where that is full."""


@pytest.mark.parametrize(
    ("text", "words"), [("echo a\0b", "has a NUL byte, which no command"), ("echo \udcff", "no UTF-8")]
)
def test_a_command_that_would_be_cut_off(web01: Any, text: str, words: str) -> None:
    with pytest.raises(AnsibleError, match=f"guest web01: run a command: .*{words}"):
        web01.exec_command(text)
    assert web01.exec_command("echo on")[1] == b"on\n"


@pytest.mark.parametrize("letter", ["\0", "\udcff"])
def test_a_path_that_would_be_cut_off(web01: Any, tmp_path: Path, letter: str) -> None:
    (tmp_path / "from").write_bytes(b"x")
    with pytest.raises(AnsibleError, match="guest web01: write the file "):
        web01.put_file(str(tmp_path / "from"), f"{tmp_path}/to{letter}wards")
    with pytest.raises(AnsibleError, match="guest web01: read the file "):
        web01.fetch_file(f"{tmp_path}/from{letter}wards", str(tmp_path / "back"))
    assert os.listdir(tmp_path).count("to") == 0
    assert not (tmp_path / "back").exists()


def test_a_guest_whose_memory_folder_is_full(web01: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its commands write elsewhere then, and lose nothing."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/mkdir").write_text(FULL.format(mkdir=shutil.which("mkdir")), encoding="utf-8")
    (tmp_path / "bin/mkdir").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    assert web01.exec_command("echo on; echo err >&2; exit 3") == (3, b"on\n", b"err\n")
    size = guest.INPUT + 1
    assert web01.exec_command("wc -c", b"x" * size)[1].split() == [str(size).encode()]


def test_an_agent_that_went_a_moment_ago(web01: Any, agent: AgentModel) -> None:
    """libvirt has not noticed yet, so it lists the channel as connected."""
    web01.exec_command("true")

    agent.instead["guest-exec"] = lambda arguments: said(error={"class": "NotConnected"})
    with pytest.raises(AnsibleConnectionFailure, match="guest web01: its agent is not connected"):
        web01.exec_command("true")


def test_a_file_that_was_here_stays_if_not_all_comes(web01: Any, agent: AgentModel, tmp_path: Path) -> None:
    place = tmp_path / "here"
    place.write_bytes(b"before")
    place.chmod(0o640)
    (tmp_path / "from").write_bytes(os.urandom(300_000))
    real, calls = agent.guest_file_read, iter((True,))

    def one_piece(arguments: dict[str, Any]) -> Any:
        if next(calls, False):
            return real(arguments)
        raise Refused("Input/output error")

    agent.instead["guest-file-read"] = one_piece
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(AnsibleError, match="Input/output error"):
        web01.fetch_file(str(tmp_path / "from"), str(place))
    assert place.read_bytes() == b"before"
    assert sorted(os.listdir(tmp_path)) == before
    agent.instead.clear()
    web01.fetch_file(str(tmp_path / "from"), str(place))
    assert place.read_bytes() == (tmp_path / "from").read_bytes()
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    web01.fetch_file(str(tmp_path / "from"), "/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    (tmp_path / "link").symlink_to(place)
    web01.fetch_file(str(tmp_path / "from"), str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()


def test_a_file_in_a_folder_that_one_cannot_write_to(
    web01: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "here"
    place.write_bytes(b"before")
    (tmp_path / "from").write_bytes(b"after")
    real = os.open

    def no_new_file(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & os.O_EXCL and os.path.dirname(str(path)) == str(tmp_path):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", no_new_file)
    web01.fetch_file(str(tmp_path / "from"), str(place))
    assert place.read_bytes() == b"after"
    with pytest.raises(AnsibleError, match="cannot be written: "):
        web01.fetch_file(str(tmp_path / "from"), str(tmp_path / "no" / "such" / "folder"))
