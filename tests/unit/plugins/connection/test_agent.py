# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection plugin with a model of the agent that runs real commands, and the real program in between."""

from __future__ import annotations

import hashlib
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._agent import guest
from ansible_collections.virtfleet.kvm.tests.unit.agent_guests import UUID, connection
from ansible_collections.virtfleet.kvm.tests.unit.agent_model import LARGEST, AgentModel, Gone, Refused, garbage, stall

RANDOM = os.urandom(300_000)
OWN = f"{os.getpid():08x}"
"""How the names of folders in guests begin that this process makes: other tests run beside it."""

LEFT = re.compile(r"\.virtfleet-[0-9a-f]{32}")


def left() -> list[Path]:
    """What commands have left in the guest, which is this machine."""
    return [path for folder in guest.FOLDERS.split() for path in Path(folder).glob(f".virtfleet-{OWN}*")]


@pytest.fixture(autouse=True)
def nothing_left(agent: AgentModel) -> Any:
    """No command leaves a folder, and none leaves a file open, whatever happens."""
    before = left()
    yield
    agent.wait()
    assert [path for path in left() if path not in before] == []
    assert agent.files == {}
    assert agent.longest < LARGEST


def test_a_command(web01: Any) -> None:
    assert web01.exec_command("echo a; echo b >&2; exit 3") == (3, b"a\n", b"b\n")


def test_commands_share_one_program(web01: Any) -> None:
    web01.exec_command("true")
    first = web01.guest.pipe.process.pid
    assert web01.exec_command("echo again")[1] == b"again\n"
    assert web01.guest.pipe.process.pid == first


def test_the_home_of_the_user(web01: Any) -> None:
    assert web01.exec_command('echo "$HOME"')[1].decode().strip() == os.path.expanduser("~")


def test_a_signal(web01: Any) -> None:
    assert web01.exec_command("kill -9 $$")[0] == 128 + 9


def test_a_signal_in_what_a_command_starts(web01: Any) -> None:
    assert web01.exec_command("sh -c 'kill -15 $$'")[0] == 128 + 15


@pytest.mark.parametrize("size", [0, 10, guest.INPUT + 1, 300_000])
def test_input(web01: Any, size: int) -> None:
    code, out, err = web01.exec_command("sha256sum", in_data=RANDOM[:size])
    assert (code, err) == (0, b"")
    assert out.split()[0].decode() == hashlib.sha256(RANDOM[:size]).hexdigest()


@pytest.mark.parametrize("size", [guest.INLINE, guest.INLINE + 1, 3_000_000])
def test_much_output(web01: Any, size: int) -> None:
    """All of it comes, however much it is; what is long is no answer of the agent."""
    code, out, err = web01.exec_command(f"echo x >&2; head -c {size - 2} /dev/zero; exit 5")
    assert (code, len(out), err) == (5, size - 2, b"x\n")


def test_input_and_much_output(web01: Any) -> None:
    assert web01.exec_command("cat", in_data=RANDOM) == (0, RANDOM, b"")


def test_a_command_in_the_background_is_not_waited_for(web01: Any) -> None:
    begun = time.monotonic()
    assert web01.exec_command("sleep 3 & echo begun")[1] == b"begun\n"
    assert time.monotonic() - begun < 2.5


def test_the_agent_may_be_older_than_a_command(web01: Any, agent: AgentModel) -> None:
    """A status without output, as old agents give it."""
    agent.instead["guest-exec-status"] = lambda arguments: {"exited": True, "exitcode": 0}
    assert web01.exec_command("true") == (0, b"", b"")


@pytest.mark.parametrize("size", [0, 1, 48 * 1024, 1024 * 1024])
def test_files_both_ways(web01: Any, tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "here").write_bytes(content)
    web01.put_file(str(tmp_path / "here"), str(tmp_path / "there"))
    assert (tmp_path / "there").read_bytes() == content
    assert (tmp_path / "there").stat().st_mode & 0o777 == 0o600
    web01.fetch_file(str(tmp_path / "there"), str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == content


def test_a_file_keeps_its_permissions(web01: Any, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("new")
    (tmp_path / "there").write_text("older and longer")
    (tmp_path / "there").chmod(0o640)
    web01.put_file(str(tmp_path / "here"), str(tmp_path / "there"))
    assert (tmp_path / "there").read_text() == "new"
    assert (tmp_path / "there").stat().st_mode & 0o777 == 0o640


def test_an_agent_that_takes_a_part_only(web01: Any, agent: AgentModel, tmp_path: Path) -> None:
    write = agent.guest_file_write

    def half(arguments: dict[str, Any]) -> Any:
        import base64

        piece = base64.b64decode(arguments["buf-b64"])
        part = piece[: max(1, len(piece) // 2)]
        return write({**arguments, "buf-b64": base64.b64encode(part).decode()})

    agent.instead["guest-file-write"] = half
    (tmp_path / "here").write_bytes(RANDOM)
    web01.put_file(str(tmp_path / "here"), str(tmp_path / "there"))
    assert (tmp_path / "there").read_bytes() == RANDOM


def test_a_file_that_is_not_there(web01: Any, tmp_path: Path) -> None:
    with pytest.raises(AnsibleFileNotFound, match="there is no file"):
        web01.put_file(str(tmp_path / "none"), "/tmp/x")
    with pytest.raises(AnsibleError, match=r"guest web01: read the file '.*none': .*No such file"):
        web01.fetch_file(str(tmp_path / "none"), str(tmp_path / "back"))
    assert not (tmp_path / "back").exists()
    with pytest.raises(AnsibleError, match=r"guest web01: write the file '/none/there': .*/none/there"):
        web01.put_file(str(Path(__file__)), "/none/there")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody", "there is no guest of this name on qemu:///system: set ansible_kvm_guest"),
        ("off", "it does not run on qemu:///system: start it first"),
        ("paused", "it is paused on qemu:///system"),
        ("bare", "it has no channel for an agent: declare channels with target {type: virtio, name: org.qemu.guest"),
        ("booting", "its agent is not connected: it is still booting, or the package qemu-guest-agent"),
    ],
)
def test_a_guest_that_cannot_be_reached(agent: AgentModel, name: str, words: str) -> None:
    with pytest.raises(AnsibleConnectionFailure, match=f"^guest {name}: {re.escape(words)}"):
        connection(ansible_kvm_guest=name).exec_command("true")


def test_a_guest_by_its_uuid(agent: AgentModel) -> None:
    found = connection(ansible_kvm_guest=UUID)
    assert found.exec_command("echo yes")[1] == b"yes\n"
    found.close()


def test_the_name_is_that_of_the_inventory_unless_said_otherwise(agent: AgentModel) -> None:
    assert connection().name == "web01"
    assert connection(ansible_host="192.0.2.1").name == "192.0.2.1"
    assert connection(ansible_host="192.0.2.1", ansible_kvm_guest="db01").name == "db01"


@pytest.mark.parametrize("name", ["guest-exec", "guest-file-open", "guest-file-write"])
def test_a_command_of_the_agent_that_is_blocked(web01: Any, agent: AgentModel, tmp_path: Path, name: str) -> None:
    agent.blocked = {name}
    (tmp_path / "here").write_bytes(RANDOM)
    with pytest.raises(AnsibleConnectionFailure, match=f"guest web01: its agent is not allowed to do {name}: allow it"):
        web01.put_file(str(tmp_path / "here"), str(tmp_path / "there"))


def test_a_command_of_the_agent_that_is_missing(web01: Any, agent: AgentModel) -> None:
    agent.missing = {"guest-exec"}
    with pytest.raises(
        AnsibleConnectionFailure, match="guest web01: its agent does not know guest-exec: it is too old"
    ):
        web01.exec_command("true")


@pytest.mark.parametrize("name", ["guest-exec", "guest-exec-status", "guest-file-write"])
def test_an_agent_that_hangs(web01: Any, agent: AgentModel, name: str) -> None:
    agent.instead[name] = stall
    begun = time.monotonic()
    with pytest.raises(AnsibleConnectionFailure, match="guest web01: its agent does not answer within 1 s"):
        web01.exec_command("true", in_data=RANDOM if name == "guest-file-write" else b"")
    assert time.monotonic() - begun < 4


def test_an_agent_that_misses_one_answer(web01: Any, agent: AgentModel) -> None:
    """A guest may be busy for a while; the command goes on."""
    once = iter([stall])

    def once_only(arguments: Any) -> Any:
        answer = next(once, agent.guest_exec_status)
        return answer(arguments)

    agent.instead["guest-exec-status"] = once_only
    assert web01.exec_command("echo done")[1] == b"done\n"


NONSENSE = [
    *((name, garbage) for name in ("guest-exec", "guest-exec-status", "guest-file-open", "guest-file-read")),
    *((name, lambda arguments: []) for name in ("guest-exec", "guest-exec-status", "guest-file-read")),
    ("guest-exec-status", lambda arguments: {"exited": True, "exitcode": "0"}),
    ("guest-exec-status", lambda arguments: {"exited": True, "exitcode": 0, "out-data": "no base64"}),
    ("guest-file-read", lambda arguments: {"count": 10**9, "buf-b64": "eA=="}),
]


def run_and_fetch(web01: Any, folder: Path) -> None:
    web01.exec_command("cat", in_data=b"x" * 10)
    web01.fetch_file(str(folder / "there"), str(folder / "back"))


@pytest.mark.parametrize(("name", "answer"), NONSENSE)
def test_an_agent_that_says_nonsense(web01: Any, agent: AgentModel, tmp_path: Path, name: str, answer: Any) -> None:
    agent.instead[name] = answer
    (tmp_path / "there").write_bytes(RANDOM)
    with pytest.raises(AnsibleError) as caught:
        run_and_fetch(web01, tmp_path)
    assert "Traceback" not in str(caught.value)
    assert not (tmp_path / "back").exists()
    agent.instead.clear()
    assert web01.exec_command("echo well")[1] == b"well\n"
    agent.files.clear()


@pytest.mark.parametrize("way", ["put", "fetch"])
def test_an_agent_that_dies_in_the_middle_of_a_file(web01: Any, agent: AgentModel, tmp_path: Path, way: str) -> None:
    name, real = {
        "put": ("guest-file-write", agent.guest_file_write),
        "fetch": ("guest-file-read", agent.guest_file_read),
    }[way]
    calls = iter([real])

    def die(arguments: dict[str, Any]) -> Any:
        agent.die()
        raise Gone

    def dying(arguments: Any) -> Any:
        answer = next(calls, die)
        return answer(arguments)

    agent.instead[name] = dying
    (tmp_path / "from").write_bytes(RANDOM)
    with pytest.raises(AnsibleConnectionFailure, match="guest web01: its agent is not connected"):
        getattr(web01, f"{way}_file")(str(tmp_path / "from"), str(tmp_path / "to"))
    assert way == "put" or not (tmp_path / "to").exists()


def test_a_guest_whose_disk_is_full(web01: Any, agent: AgentModel, tmp_path: Path) -> None:
    def full(arguments: dict[str, Any]) -> Any:
        raise Refused("failed to flush file: No space left on device")

    agent.instead["guest-file-flush"] = full
    (tmp_path / "from").write_bytes(RANDOM)
    with pytest.raises(AnsibleError, match=r"guest web01: write the file .*: .*No space left on device"):
        web01.put_file(str(tmp_path / "from"), str(tmp_path / "to"))
    agent.instead.clear()
    assert web01.exec_command("echo on")[1] == b"on\n"


def test_an_agent_that_starts_anew_while_a_command_runs(web01: Any, agent: AgentModel) -> None:
    def other(arguments: dict[str, Any]) -> Any:
        raise Refused("Invalid parameter 'pid'")

    agent.instead["guest-exec-status"] = other
    with pytest.raises(AnsibleConnectionFailure, match="its agent was started anew while the command ran"):
        web01.exec_command("true")


def test_output_that_the_agent_cut_off(web01: Any, agent: AgentModel) -> None:
    status = {"exited": True, "exitcode": 0, "out-data": "eA==", "out-truncated": True}
    agent.instead["guest-exec-status"] = lambda arguments: status
    with pytest.raises(AnsibleError, match="wrote more than the agent keeps"):
        web01.exec_command("true")


def test_a_command_that_is_too_long(web01: Any) -> None:
    with pytest.raises(AnsibleError, match="guest web01: run a command: the order for the agent has more than"):
        web01.exec_command(": " + "x" * LARGEST)


def test_after_an_error_the_way_is_begun_anew(web01: Any, agent: AgentModel) -> None:
    agent.blocked = {"guest-exec"}
    with pytest.raises(AnsibleConnectionFailure):
        web01.exec_command("true")
    agent.blocked = set()
    assert web01.exec_command("echo again")[1] == b"again\n"


def test_a_control_node_that_goes_away(web01: Any, agent: AgentModel, tmp_path: Path) -> None:
    """What is open in the guest is closed by the program on the host."""
    web01.exec_command("true")
    web01.guest.call("guest-file-open", path=str(tmp_path / "x"), mode="w")
    assert len(agent.files) == 1
    web01.guest.pipe.process.stdin.close()
    deadline = time.monotonic() + 5
    while agent.files and time.monotonic() < deadline:
        time.sleep(0.01)


def test_the_folder_of_a_command_is_for_its_user_only(web01: Any, agent: AgentModel) -> None:
    code, out, _err = web01.exec_command("ls -ld /dev/shm/.virtfleet-* /proc/self/fd/1; stat -Lc %a /proc/self/fd/1")
    assert code == 0
    assert re.search(r"^drwx------ .*/dev/shm/\.virtfleet-[0-9a-f]{32}$", out.decode(), re.M)


@pytest.mark.parametrize("seconds", [0, 10**12])
def test_a_timeout_that_is_no_time(agent: AgentModel, seconds: int) -> None:
    with pytest.raises(AnsibleError, match="guest web01: ansible_kvm_agent_timeout: write a number from 1 to 86400"):
        connection(ansible_kvm_agent_timeout=seconds).exec_command("true")


def test_a_reset_begins_anew(web01: Any) -> None:
    web01.exec_command("true")
    web01.reset()
    assert web01.guest is None
    assert web01.exec_command("echo on")[1] == b"on\n"
