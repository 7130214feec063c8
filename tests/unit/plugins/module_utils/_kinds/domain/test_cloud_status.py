# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far cloud-init is, by what the guest agent tells."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any
from unittest import mock

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import cloud_status
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_status import (
    FOLDER,
    SCRIPT,
    CloudStatus,
    parsed,
)

STATUS = {
    "v1": {
        "datasource": "DataSourceNoCloud [seed=/dev/vdb]",
        "init": {"errors": [], "finished": 9.1, "recoverable_errors": {}, "start": 8.4},
        "modules-config": {"errors": [], "finished": 11.2, "recoverable_errors": {"WARNING": ["odd", "old"]}},
        "modules-final": {"errors": ["('scripts_user', RuntimeError('Runparts: 1 failures'))"], "finished": 12.0},
        "stage": None,
    }
}


def output(*files: str, status: Any = None) -> str:
    return " ".join(files) + "\n" + ("" if status is None else json.dumps(status))


def test_what_the_files_tell() -> None:
    whole = parsed(output("cloud-id", "result.json", "status.json", status=STATUS))
    assert whole == CloudStatus(True, ("('scripts_user', RuntimeError('Runparts: 1 failures'))",), ("odd", "old"))
    assert whole.problem is not None
    assert whole.problem.startswith("cloud-init has failed (exit code 1): ")
    assert whole.warning is None
    STATUS["v1"]["modules-final"]["errors"] = []  # type: ignore[index]
    fine = parsed(output("result.json", "status.json", status=STATUS))
    assert (fine.problem, "exit code 2" in str(fine.warning)) == (None, True)
    early = parsed(output("status.json", status=STATUS))
    assert (early.done, early.problem, early.warning) == (False, None, None)
    assert parsed("") == CloudStatus()
    assert parsed(output("disabled", "enabled")).disabled


@pytest.mark.parametrize("names", [[], ["result.json"], [f"a-file-of-cloud-init-{number}" for number in range(90)]])
def test_what_the_script_prints(tmp_path: Path, names: list[str]) -> None:
    """In a real folder, with as many files as there may be."""
    for name in [*names, *(["status.json"] if names else [])]:
        (tmp_path / name).write_text(json.dumps(STATUS) if name == "status.json" else "")
    script = SCRIPT.replace(FOLDER, str(tmp_path))
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    found = parsed(done.stdout)
    assert (found.done, found.recoverable) == ("result.json" in names, ("odd", "old") if names else ())
    gone = SCRIPT.replace(FOLDER, str(tmp_path / "none"))
    assert subprocess.run(["/bin/sh", "-c", gone], capture_output=True, text=True, check=True).stdout == ""


@pytest.mark.parametrize("text", ["{", "[]", '{"v1": []}', '{"v1": {"init": 5, "x": {"errors": {"a": 1}}}}', "null"])
def test_a_guest_may_tell_anything(text: str) -> None:
    assert parsed(f"result.json\n{text}") == CloudStatus(done=True)


class Agent:
    """The agent of a guest.

    :param after: how many times the status of the command is asked for in vain
    """

    def __init__(self, text: str = "", after: int = 0, error: str | None = None) -> None:
        self.text, self.left, self.error = text, after, error
        self.asked: list[dict[str, Any]] = []

    def qemuAgentCommand(self, domain: Any, order: str, timeout: int, flags: int) -> str:  # noqa: N802 - as libvirt
        told = json.loads(order)
        self.asked.append(told)
        if self.error is not None:
            raise libvirt.libvirtError(self.error)
        if told["execute"] == "guest-exec":
            return json.dumps({"return": {"pid": 7}})
        assert told["arguments"] == {"pid": 7}
        self.left -= 1
        if self.left >= 0:
            return json.dumps({"return": {"exited": False}})
        data = base64.b64encode(self.text.encode()).decode()
        return json.dumps({"return": {"exited": True, "exitcode": 0, "out-data": data}})


def test_the_agent_is_asked_until_the_command_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = Agent(output("result.json"), after=2)
    monkeypatch.setattr(cloud_status, "libvirt_qemu", agent)
    monkeypatch.setattr(cloud_status, "PAUSE", 0.01)
    assert cloud_status.status(object()) == CloudStatus(done=True)
    assert [one["execute"] for one in agent.asked] == ["guest-exec", *["guest-exec-status"] * 3]


def test_an_agent_that_does_not_end_it_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud_status, "libvirt_qemu", Agent(after=10**6))
    monkeypatch.setattr(cloud_status, "PATIENCE", 0.2)
    assert cloud_status.status(object()) == CloudStatus()


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        ("internal error: Command guest-exec has been disabled: the command is not allowed", True),
        ("Guest agent is not responding: timed out", False),
    ],
)
def test_an_agent_that_refuses(monkeypatch: pytest.MonkeyPatch, error: str, refused: bool) -> None:
    monkeypatch.setattr(cloud_status, "libvirt_qemu", Agent(error=error))
    found = cloud_status.status(object())
    assert (found.refused is not None) == refused
    assert found.done is False


@pytest.mark.parametrize("told", ["[" * 100_000, '{"return": 5}', "{}", '{"return": {"pid": {}}}', "\ud800"])
def test_an_agent_may_tell_anything(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setattr(cloud_status, "PATIENCE", 0.1)
    monkeypatch.setattr(cloud_status, "libvirt_qemu", mock.Mock(**{"qemuAgentCommand.return_value": told}))
    assert cloud_status.status(mock.Mock()) == CloudStatus()


@pytest.mark.parametrize(
    ("told", "final"),
    [
        ("unable to execute QEMU agent command 'guest-exec': The command guest-exec has not been found", 1),
        ("The command guest-exec has been disabled for this instance", 1),
        ("Guest agent command failed: 'Failed to execute child process \u201c/bin/sh\u201d (No such file)'", 1),
        ("Guest agent is not responding: QEMU guest agent of disabled-box is not connected", 0),
    ],
)
def test_an_agent_that_cannot_tell(monkeypatch: pytest.MonkeyPatch, told: str, final: int) -> None:
    monkeypatch.setattr(cloud_status, "libvirt_qemu", Agent(error=told))
    assert (cloud_status.status(mock.Mock()).problem is not None) == bool(final)
