# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that starts the program on a host, and what is said where that fails. ssh is a program of the test."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._agent import way
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._agent.way import SshCall
from ansible_collections.virtfleet.kvm.tests.unit.agent_guests import connection, guest

SSH = """#!/bin/sh
echo "$@" >>{said}
case " $* " in *" -O "*) exit ;; esac
for last; do :; done
{first}
exec sh -c "$last"
"""
"""Runs the command here, as if this were the host."""


@pytest.fixture
def said(tmp_path: Path) -> Path:
    return tmp_path / "said"


def program(folder: Path, first: str = "") -> str:
    """An ssh of the test.

    :param first: what it does before the command
    """
    path = folder / "ssh"
    path.write_text(SSH.format(said=folder / "said", first=first))
    path.chmod(0o755)
    return str(path)


def ways(uri: str, folder: Path, args: str = "", become: bool = False) -> way.AgentWay:
    return way.way(uri, SshCall(args, "ssh", 7, str(folder / "cp")), become, "/usr/bin/python3")


def over(folder: Path, first: str = "", **variables: Any) -> Any:
    """A connection to web01 over the ssh of the test."""
    return connection(
        ansible_kvm_uri="qemu+ssh://root@kvm01/system",
        ansible_kvm_ssh_executable=program(folder, first),
        ansible_control_path_dir=str(folder / "cp"),
        ansible_kvm_python=sys.executable,
        ansible_kvm_agent_timeout=1,
        **variables,
    )


def test_by_ssh(tmp_path: Path) -> None:
    found = ways("qemu+ssh://ops%40site@kvm01:2222/system?no_verify=1&keyfile=/a%20key&no_tty=1", tmp_path)
    assert found.command[:3] == ["ssh", "-o", "BatchMode=yes"]
    assert found.command[-4:-1] == ["-T", "--", "kvm01"]
    assert found.command[-1].startswith("/usr/bin/python3 -c 'import sys")
    told = " ".join(found.command)
    for words in ("ConnectTimeout=7", "StrictHostKeyChecking=no", "-i /a key", "-l ops@site", "-p 2222"):
        assert words in told
    assert (found.uri, found.host) == ("qemu:///system", "kvm01")
    assert f"ControlPath={tmp_path}/cp/" in told
    assert (tmp_path / "cp").stat().st_mode & 0o777 == 0o700
    assert found.close_command[-4:] == ["-O", "exit", "--", "kvm01"]


def test_the_arguments_of_the_user_come_first(tmp_path: Path) -> None:
    found = ways("qemu+ssh://kvm01/system", tmp_path, "-o 'ProxyCommand=x %h' -o ConnectTimeout=1")
    assert found.command[1:5] == ["-o", "ProxyCommand=x %h", "-o", "ConnectTimeout=1"]


def test_connections_that_the_user_does_not_want_to_share(tmp_path: Path) -> None:
    found = ways("qemu+ssh://kvm01/system", tmp_path, "-o ControlMaster=no")
    assert "ControlPath" not in " ".join(found.command)
    assert found.close_command == []
    assert not (tmp_path / "cp").exists()


def test_hosts_and_users_do_not_share_a_connection(tmp_path: Path) -> None:
    uris = ["qemu+ssh://a/system", "qemu+ssh://b/system", "qemu+ssh://root@a/system", "qemu+ssh://a:22/system"]
    paths = {word for uri in uris for word in ways(uri, tmp_path).command if word.startswith("ControlPath=")}
    assert len(paths) == len(uris)


@pytest.mark.parametrize(
    ("uri", "there"),
    [
        ("qemu+ssh://kvm01/system?socket=/run/x", "qemu:///system?socket=%2Frun%2Fx"),
        ("qemu+libssh2://kvm01/session?netcat=nc", "qemu:///session"),
        ("qemu+ssh://kvm01", "qemu:///system"),
    ],
)
def test_the_uri_on_the_host(tmp_path: Path, uri: str, there: str) -> None:
    assert ways(uri, tmp_path).uri == there


def test_an_ipv6_address(tmp_path: Path) -> None:
    found = ways("qemu+ssh://root@[2001:db8::1]/system", tmp_path)
    assert found.command[-2] == "2001:db8::1"
    assert found.host == "[2001:db8::1]"


def test_sudo_on_the_host(tmp_path: Path) -> None:
    assert ways("qemu+ssh://kvm01/system", tmp_path, become=True).command[-1].startswith("sudo -n -- /usr/bin/python3 ")


@pytest.mark.parametrize("uri", ["qemu:///system", "qemu+tls://kvm01/system", "qemu+unix:///system"])
def test_without_ssh_the_control_node_asks(tmp_path: Path, uri: str) -> None:
    found = ways(uri, tmp_path)
    assert found.command == [sys.executable, "-c", way.BEGIN]
    assert (found.uri, found.host) == (uri, uri)


def test_no_binding_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way.ask, "python", lambda: None)
    with pytest.raises(VirtfleetError, match=r"libvirt's Python binding is missing on the control node: .*\+ssh"):
        ways("qemu:///system", tmp_path)


@pytest.mark.parametrize(
    ("uri", "args", "words"),
    [
        ("qemu+ssh:///system", "", "qemu.ssh:///system names no host"),
        ("qemu+ssh://-oProxyCommand=x/system", "", "a host or user cannot begin with '-'"),
        ("qemu+ssh://-lx@kvm01/system", "", "a host or user cannot begin with '-'"),
        ("qemu+ssh://kvm01:port/system", "", "is no URI, such as qemu.ssh://root@host/system"),
        ("qemu+ssh://[kvm01/system", "", "is no URI"),
        ("qemu+ssh://kvm01/system", "-o 'x", "ansible_kvm_ssh_args: .* has a quote that does not end"),
    ],
)
def test_no_way(tmp_path: Path, uri: str, args: str, words: str) -> None:
    with pytest.raises(VirtfleetError, match=words):
        ways(uri, tmp_path, args)


def test_a_folder_for_sockets_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "cp").write_text("a file")
    with pytest.raises(VirtfleetError, match="cannot be made: File exists; set ansible_control_path_dir"):
        ways("qemu+ssh://kvm01/system", tmp_path)


def test_a_password_in_a_uri_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(VirtfleetError) as caught:
        ways("qemu+ssh://root:hunter2@kvm01:port/system", tmp_path)
    assert "hunter2" not in str(caught.value)


def test_a_login_that_greets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Path) -> None:
    """What a login shell prints is no answer of the program, also if it is JSON."""
    with guest(tmp_path, monkeypatch):
        web01 = over(tmp_path, """echo Welcome; echo '{"ok": 1, "id": 1}'; echo; echo 5; echo hint >&2""")
        assert web01.exec_command("echo yes") == (0, b"yes\n", b"")
        web01.reset()
    calls = said.read_text().splitlines()
    assert "BatchMode=yes" in calls[0]
    assert calls[1].endswith("-O exit -- kvm01")


def test_no_secret_is_in_the_list_of_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Path) -> None:
    with guest(tmp_path, monkeypatch):
        web01 = over(tmp_path)
        web01.exec_command("cat", in_data=b"secret-of-a-module" * 1000)
        web01.close()
    assert "secret-of-a-module" not in said.read_text()


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (
            "echo 'ssh: connect to host kvm01 port 22: No route to host' >&2; exit 255",
            "kvm01 cannot be reached by SSH; .* No route to host",
        ),
        (
            "echo 'bash: /usr/bin/python3: No such file' >&2; exit 127",
            "kvm01 has no such Python, or no sudo: set ansible_kvm_py",
        ),
        (
            "echo 'sudo: a password is required' >&2; exit 1",
            "kvm01 has ended .status 1.; with ansible_kvm_become, sudo",
        ),
        ("exit 0", "the program on its host kvm01 has ended"),
    ],
)
def test_a_host_that_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, words: str) -> None:
    with guest(tmp_path, monkeypatch), pytest.raises(AnsibleConnectionFailure, match=f"^guest web01: .*{words}"):
        over(tmp_path, first).exec_command("true")


def test_an_ssh_that_is_not_there(tmp_path: Path) -> None:
    made = connection(ansible_kvm_uri="qemu+ssh://a/system", ansible_kvm_ssh_executable=str(tmp_path / "none"))
    with pytest.raises(AnsibleConnectionFailure, match="none: No such file or directory"):
        made.exec_command("true")


def test_a_host_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = time.monotonic()
    with (
        guest(tmp_path, monkeypatch),
        pytest.raises(AnsibleConnectionFailure, match="guest web01: its host kvm01 does not answer in time"),
    ):
        over(tmp_path, "exec sleep 60", ansible_kvm_connection_timeout=0).exec_command("true")
    assert time.monotonic() - begun < 4


def test_a_host_whose_libvirt_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program was there, and says nothing any more."""
    monkeypatch.setattr("ansible_collections.virtfleet.kvm.plugins.plugin_utils._agent.pipe.GRACE", -1.5)
    with guest(tmp_path, monkeypatch) as agent:
        web01 = over(tmp_path)
        web01.exec_command("true")
        os.killpg(web01.guest.pipe.process.pid, signal.SIGSTOP)
        with pytest.raises(AnsibleConnectionFailure, match="its host kvm01 does not answer in time"):
            web01.exec_command("true")
        assert agent.files == {}


def test_libvirt_on_the_host_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with guest(tmp_path, monkeypatch):
        made = connection(ansible_kvm_uri="test:///default")
        with pytest.raises(AnsibleConnectionFailure, match="web01: libvirt on test:///default: no connection driver"):
            made.exec_command("true")


def test_a_python_without_the_binding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with guest(tmp_path, monkeypatch):
        (tmp_path / "libvirt.py").write_text("raise ImportError")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        with pytest.raises(
            AnsibleConnectionFailure, match=f"kvm01 has no libvirt binding for {sys.executable}: install"
        ):
            over(tmp_path).exec_command("true")
