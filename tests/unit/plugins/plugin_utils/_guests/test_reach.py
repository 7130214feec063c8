# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How hosts are reached: what libvirt makes of the URIs, and a shell of the arguments for ssh."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests import ask, reach
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests.reach import Ssh
from ansible_collections.virtfleet.kvm.tests.unit.inventories import hostvars

PLAIN = Ssh("192.0.2.11", "root", "", "", (), "ssh", True)
ORDER = ask.Order(30.0, 5, ["lease"], ["*"])

RECORD = f"""#!{sys.executable}
import json, sys
with open(sys.argv[0] + ".said", "a") as file:
    file.write(json.dumps(sys.argv[1:]) + chr(10))
sys.exit("ssh: no route to host")
"""


def reached(folder: Path, **variables: Any) -> reach.Reach:
    """The ways to a host with these variables."""
    every = hostvars(folder, {"host_vars/kvm01.yml": variables})
    return reach.reach("kvm01", reach.HostTemplar.of(every.raw_get("kvm01"), every))


@pytest.mark.parametrize(
    ("variables", "uri"),
    [
        ({}, "qemu+ssh://kvm01/system?no_tty=1"),
        ({"ansible_host": "192.0.2.11", "ansible_user": "root"}, "qemu+ssh://root@192.0.2.11/system?no_tty=1"),
        ({"ansible_ssh_host": "a", "ansible_ssh_port": 22}, "qemu+ssh://a:22/system?no_tty=1"),
        ({"ansible_host": "{{ 'x' ~ 1 }}", "ansible_port": "{{ 2200 + 22 }}"}, "qemu+ssh://x1:2222/system?no_tty=1"),
        ({"ansible_host": "2001:db8::1", "ansible_port": 22}, "qemu+ssh://[2001:db8::1]:22/system?no_tty=1"),
        ({"ansible_user": "ops@site"}, "qemu+ssh://ops%40site@kvm01/system?no_tty=1"),
        (
            {"ansible_ssh_private_key_file": "/a key&b"},
            "qemu+ssh://kvm01/system?no_tty=1&keyfile=/a%20key%26b",
        ),
        ({"ansible_host_key_checking": False}, "qemu+ssh://kvm01/system?no_tty=1&no_verify=1"),
        ({"ansible_connection": "local"}, "qemu:///system"),
        ({"ansible_connection": "ansible.builtin.ssh"}, "qemu+ssh://kvm01/system?no_tty=1"),
        ({"ansible_connection": "local", "kvm_inventory_uri": "test:///default"}, "test:///default"),
        ({"kvm_inventory_uri": "test:///{{ inventory_hostname }}.xml"}, "test:///kvm01.xml"),
    ],
)
def test_the_uri(tmp_path: Path, variables: dict[str, Any], uri: str) -> None:
    assert reached(tmp_path, **variables).uri == uri


def test_what_cannot_be_told_is_named_without_secrets(tmp_path: Path) -> None:
    with pytest.raises(VirtfleetError, match="host kvm01: ansible_host: 'nope' is undefined"):
        reached(tmp_path / "a", ansible_host="{{ nope }}")
    with pytest.raises(VirtfleetError, match=r"kvm_inventory_uri: cannot be evaluated \(.*not shown") as caught:
        reached(tmp_path / "b", kvm_inventory_uri="{{ 'hunter2' | from_json }}")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(VirtfleetError, match="a quote that does not end"):
        reached(tmp_path / "c", ansible_ssh_common_args="-o 'x")


def fake_ssh(folder: Path) -> Path:
    """A program in place of ssh that keeps its arguments."""
    program = folder / "fake ssh"
    program.write_text(RECORD)
    program.chmod(0o700)
    return program


def said(program: Path) -> list[str]:
    """The arguments of its one call."""
    (line,) = Path(f"{program}.said").read_text().splitlines()
    return json.loads(line)


def test_libvirt_calls_ssh_as_ansible_would(tmp_path: Path) -> None:
    """All that Ansible knows of the way arrives at ssh, through libvirt's own remote driver."""
    program = fake_ssh(tmp_path)
    way = reached(
        tmp_path,
        ansible_host="192.0.2.11",
        ansible_user="root",
        ansible_port=2222,
        ansible_private_key_file="/keys/my key",
        ansible_ssh_executable=str(program),
        ansible_ssh_common_args="-o 'ProxyCommand=nc -X 5 %h %p'",
        ansible_ssh_extra_args="-4",
    )
    (answer,) = ask.ask({"kvm01": way}, ORDER, sys.executable).values()
    assert answer["complete"] is False
    assert "libvirt does not answer at qemu+ssh://***@192.0.2.11:2222/system?***" in answer["problem"]
    words = said(program)
    assert words[:3] == ["-o", "ProxyCommand=nc -X 5 %h %p", "-4"]
    assert words[words.index("-i") + 1] == "/keys/my key"
    assert words[words.index("-p") + 1] == "2222"
    assert words[words.index("-l") + 1] == "root"
    assert "BatchMode=yes" in words
    assert "192.0.2.11" in words


def test_nothing_is_left_of_an_ssh_that_hangs(tmp_path: Path) -> None:
    """Neither the process nor the folder of the small programs."""
    program = tmp_path / "ssh"
    program.write_text(f"#!/bin/sh\necho $$ >{shlex.quote(str(tmp_path))}/pid\nexec sleep 1000\n")
    program.chmod(0o700)
    way = reached(tmp_path, ansible_ssh_executable=str(program))
    (answer,) = ask.ask({"kvm01": way}, ORDER._replace(timeout=4.0), sys.executable).values()
    assert answer["problem"] == "did not answer within 4 seconds"
    number = (tmp_path / "pid").read_text().strip()
    assert ended(Path(f"/proc/{number}/status"))


def ended(status: Path) -> bool:
    """Whether a process has ended, or does within a few seconds: it was killed a moment ago."""
    for _try in range(100):
        try:
            if "State:\tZ" in status.read_text():
                return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


# --- through the host ---


@pytest.mark.parametrize(
    ("ssh", "argument"),
    [
        (PLAIN, "-o ProxyJump=root@192.0.2.11"),
        (PLAIN._replace(user=""), "-o ProxyJump=192.0.2.11"),
        (PLAIN._replace(port="2222"), "-o ProxyJump=root@192.0.2.11:2222"),
        (PLAIN._replace(host="2001:db8::1", port="2222"), "-o ProxyJump=root@[2001:db8::1]:2222"),
        (PLAIN._replace(user="ops@site"), "-o ProxyJump=ops@site@192.0.2.11"),
    ],
)
def test_proxy_jump(ssh: Ssh, argument: str) -> None:
    assert reach.jump(ssh) == argument
    flag, value = shlex.split(argument)
    asked = subprocess.run(["ssh", "-F", "none", "-G", flag, value, "x"], capture_output=True, text=True, check=True)
    (understood,) = [line for line in asked.stdout.splitlines() if line.startswith("proxyjump ")]
    assert without_brackets(understood) == without_brackets(f"proxyjump {value.partition('=')[2]}")


def without_brackets(text: str) -> str:
    """ssh writes brackets around each address."""
    return re.sub(r"[\[\]]", "", text)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": "/keys/a b"}, ["-i", "/keys/a b", "-l", "root"]),
        ({"args": ("-o", "ProxyCommand=nc 'a b' %h")}, ["-o", "ProxyCommand=nc 'a b' %h", "-l", "root"]),
        ({"user": 'x$(touch y) "%h"', "port": "22"}, ["-l", 'x$(touch y) "%h"', "-p", "22"]),
        ({"is_checked": False}, ["-l", "root", "-o", "StrictHostKeyChecking=no"]),
        ({"user": "", "host": "fe80::1%eth0"}, []),
    ],
)
def test_proxy_command(tmp_path: Path, changes: dict[str, Any], words: list[str]) -> None:
    """What Ansible splits, ssh expands and a shell runs, arrives as it was meant."""
    program = fake_ssh(tmp_path)
    ssh = PLAIN._replace(executable=str(program), **changes)
    arguments = shlex.split(reach.jump(ssh))
    subprocess.run(
        ["ssh", "-F", "none", *arguments, "-p", "2022", "192.168.122.11"], capture_output=True, check=False, timeout=20
    )
    assert said(program) == [*words, "-W", "[192.168.122.11]:2022", "--", ssh.host]
    assert not (tmp_path / "y").exists()
