# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH over vsock: the number of a guest, and what ssh makes of the arguments. No test host has vsock."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests import hosts, vsock
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests.reach import Reach, Ssh

PLAIN = Ssh("192.0.2.11", "root", "", "", (), "ssh", True)
GUEST: dict[str, Any] = {
    "name": "web 01%p",
    "host": "kvm01",
    "vsock_cid": 5,
    "address": "192.0.2.21",
    "behind_host": True,
}
RECORD = f"""#!{sys.executable}
import json, sys
with open(sys.argv[0] + ".said", "a") as file:
    file.write(json.dumps(sys.argv[1:]) + chr(10))
sys.exit("no such socket")
"""


def fake(folder: Path, name: str) -> Path:
    """A program that writes down what it is called with."""
    program = folder / name
    program.write_text(RECORD)
    program.chmod(0o755)
    return program


def run(arguments: str) -> None:
    """Have ssh connect to a guest at its port 2022."""
    command = ["ssh", "-F", "none", *shlex.split(arguments), "-p", "2022", "web01.kvm01"]
    subprocess.run(command, capture_output=True, check=False, timeout=20)


def said(program: Path) -> list[str]:
    """What a program was called with."""
    (line,) = Path(f"{program}.said").read_text().splitlines()
    return list(json.loads(line))


@pytest.mark.parametrize(
    ("inner", "number"),
    [
        ("<vsock model='virtio'><cid auto='no' address='5'/></vsock>", 5),
        ("<vsock model='virtio'><cid auto='yes' address='4'/></vsock>", 4),
        ("<vsock model='virtio'><cid auto='yes'/></vsock>", None),
        ("<vsock model='virtio'><cid auto='no' address='2'/></vsock>", None),
        ("<vsock model='virtio'><cid auto='no' address='x'/></vsock>", None),
        ("<vsock model='virtio'/>", None),
        ("", None),
    ],
)
def test_the_number_in_a_definition(inner: str, number: int | None) -> None:
    assert vsock.of_definition(ET.fromstring(f"<domain><devices>{inner}</devices></domain>")) == number


@pytest.mark.parametrize(
    ("item", "number"),
    [
        ({"vsock": {"cid": {"address": 5}}}, 5),
        ({"vsock": {"cid": {"address": 5, "auto": False}}}, 5),
        ({"vsock": {"cid": {"address": 5, "auto": True}}}, None),
        ({"vsock": {"cid": {"address": True}}}, None),
        ({"vsock": {"cid": None}}, None),
        ({"vsock": None}, None),
        ({}, None),
    ],
)
def test_the_number_in_the_declaration(item: dict[str, Any], number: int | None) -> None:
    assert vsock.of_declaration(item) == number


@pytest.mark.parametrize(("program", "address"), [("systemd", "vsock/5"), ("libvirt", "qemu:system/web 01%p")])
def test_a_program_of_the_control_node_gets_the_guest_and_the_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, address: str
) -> None:
    """It hands over an open socket, which ssh has to expect."""
    stub = fake(tmp_path, "proxy")
    monkeypatch.setitem(vsock.PROGRAMS, program, (str(stub), vsock.PROGRAMS[program][1]))
    arguments = hosts.ssh_args(GUEST, Reach("qemu:///system", None), "nat", program)
    run(arguments)
    assert said(stub) == [address, "2022"]
    understood = subprocess.run(
        ["ssh", "-F", "none", "-G", *shlex.split(arguments), "web01.kvm01"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert {"proxyusefdpass yes", "checkhostip no", "hostkeyalias web_01_p.kvm01"} <= set(understood)


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("qemu:///session", "qemu:session/web 01%p"),
        ("qemu+unix:///system?socket=/run/other", "vsock/5"),
        ("test:///default", "vsock/5"),
    ],
)
def test_a_name_is_looked_for_where_the_guest_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str, address: str
) -> None:
    stub = fake(tmp_path, "proxy")
    for program, (_file, place) in dict(vsock.PROGRAMS).items():
        monkeypatch.setitem(vsock.PROGRAMS, program, (str(stub), place))
    run(hosts.ssh_args(GUEST, Reach(uri, None), "nat", "libvirt"))
    assert said(stub) == [address, "2022"]


def test_socat_on_the_control_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = fake(tmp_path, "socat")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    arguments = hosts.ssh_args(GUEST, Reach("qemu:///system", None), "nat", "socat")
    run(arguments)
    assert said(stub) == ["STDIO", "VSOCK-CONNECT:5:2022"]
    assert "ProxyUseFdpass" not in arguments


@pytest.mark.parametrize("program", ["systemd", "libvirt", "socat"])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ["-l", "root"]),
        ({"key": "/keys/a b", "port": "2222"}, ["-i", "/keys/a b", "-l", "root", "-p", "2222"]),
        ({"args": ("-o", "ProxyCommand=nc 'a b' %h")}, ["-o", "ProxyCommand=nc 'a b' %h", "-l", "root"]),
    ],
)
def test_the_guest_of_another_host_is_reached_by_socat_there(
    tmp_path: Path, program: str, changes: dict[str, Any], words: list[str]
) -> None:
    """One word for the other ssh, which the shell of the host then splits."""
    stub = fake(tmp_path, "ssh")
    ssh = PLAIN._replace(executable=str(stub), **changes)
    arguments = hosts.ssh_args(GUEST, Reach("qemu+ssh://root@192.0.2.11/system", ssh), "never", program)
    run(arguments)
    assert said(stub) == [*words, "--", "192.0.2.11", "socat STDIO VSOCK-CONNECT:5:2022"]
    assert "ProxyUseFdpass" not in arguments


@pytest.mark.parametrize(
    ("guest", "way"),
    [
        ({**GUEST, "vsock_cid": None}, Reach("qemu:///system", None)),
        (GUEST, None),
        (GUEST, Reach("qemu+tls://kvm01/system", None)),
    ],
)
def test_what_cannot_go_over_vsock_is_reached_as_by_ssh(guest: dict[str, Any], way: Reach | None) -> None:
    """A guest without a number; a host that nobody can tell the way to, or that is reached by neither."""
    assert hosts.ssh_args(guest, way, "nat", "systemd") == ""
    found = hosts.variables({**guest, "ssh_args": ""}, way, "vsock")
    assert found["ansible_host"] == "192.0.2.21"
    assert "ansible_ssh_common_args" not in found


def test_the_variables_of_a_guest() -> None:
    way = Reach("qemu:///system", None)
    guest = {**GUEST, "address": None, "ssh_args": hosts.ssh_args(GUEST, way, "nat", "systemd")}
    found = hosts.variables(guest, way, "vsock")
    assert found["ansible_host"] == "web_01_p.kvm01"
    assert found["ansible_ssh_common_args"] == guest["ssh_args"]
    other = hosts.variables({**guest, "ssh_args": guest["ssh_args"].replace("vsock/5", "vsock/6")}, way, "vsock")
    assert found["ansible_control_path"] != other["ansible_control_path"]
