# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A password in front of a command's input, with a stand-in for sudo that asks for it, or does not."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.plugins.loader import become_loader, get_shell_plugin

from ansible_collections.virtfleet.kvm.tests.unit.agent_guests import connection, guest

SUDO = """#!/bin/sh
asks={asks}
while [ $# -gt 0 ]; do
    case $1 in
        -p) prompt=$2; shift 2 ;;
        -u) shift 2 ;;
        -*) shift ;;
        *) break ;;
    esac
done
while [ "$asks" -gt 0 ]; do
    printf '%s' "$prompt" >&2
    IFS= read -r word || {{ echo 'sudo: a password is required' >&2; exit 1; }}
    [ "$word" = "$(cat {secret})" ] && break
    echo 'Sorry, try again.' >&2
    asks=$((asks - 1))
    [ "$asks" -gt 0 ] || exit 1
done
exec "$@"
"""
SECRET = 'pass word\'s "$x" \\'


@pytest.fixture(params=[0, 1, 3], ids=["asks for none", "asks once", "asks up to three times"])
def asks(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def become(folder: Path, asks: int, password: str) -> Any:
    """The plugin for sudo, with a stand-in for sudo."""
    (folder / "sudo").write_text(SUDO.format(asks=asks, secret=folder / "secret"))
    (folder / "sudo").chmod(0o755)
    (folder / "secret").write_text(SECRET)
    made = become_loader.get("sudo")
    made.set_options(direct={"become_exe": str(folder / "sudo"), "become_user": "kim", "become_pass": password})
    return made


def run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, plugin: Any, command: str, data: bytes
) -> tuple[int, bytes, bytes]:
    """Run a command as somebody else, as Ansible does."""
    with guest(folder, monkeypatch):
        made = connection()
        made.set_become_plugin(plugin)
        line = plugin.build_become_command(command, get_shell_plugin(shell_type="sh", executable="/bin/sh"))
        try:
            found = made.exec_command(f"/bin/sh -c {shlex.quote(line)}", in_data=data, sudoable=True)
        finally:
            made.close()
        return found


@pytest.mark.parametrize("data", [b"", b"print(1)\n", b"x" * 10_000, b"no end of line"])
def test_the_command_gets_its_input_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asks: int, data: bytes
) -> None:
    plugin = become(tmp_path, asks, SECRET)
    code, out, err = run(tmp_path, monkeypatch, plugin, "cat; exit 3", data)
    assert (code, err) == (3, b"")
    assert out == plugin.success.encode() + b"\n" + data


@pytest.mark.parametrize(
    ("password", "words"), [("wrong", "is wrong"), ("", "is missing: set ansible_become_password")]
)
def test_a_password_that_does_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str, words: str
) -> None:
    with pytest.raises(AnsibleError, match=f"^guest web01: the password for sudo {words}") as caught:
        run(tmp_path, monkeypatch, become(tmp_path, 1, password), "cat", b"secret input")
    assert "secret" not in str(caught.value)


def test_the_password_is_in_no_list_of_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command in the guest sees the words of all processes."""
    plugin = become(tmp_path, 1, SECRET)
    _code, out, _err = run(tmp_path, monkeypatch, plugin, "cat /proc/[0-9]*/cmdline 2>/dev/null", b"")
    assert b"virtfleet" in out
    assert SECRET.encode() not in out
