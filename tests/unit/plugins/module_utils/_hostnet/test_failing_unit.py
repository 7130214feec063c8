# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A unit that fails whenever systemd starts it is ended, and no later run has to wait for it."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import failing_unit, transaction
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import files, network
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.test_transaction import (
    Host,
    begin,
    host,
)

__all__ = ["host"]

DROP_IN = "/etc/systemd/system/service.d/hard.conf"
END = ["systemctl daemon-reload", f"systemctl stop {failing_unit.UNIT}", f"systemctl reset-failed {failing_unit.UNIT}"]


def restarting(host: Host, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    def run(command: list[str], seconds: float) -> tuple[int, str, str]:
        if command[:2] == ["systemctl", "show"]:
            return 0, f"NRestarts={times}\nDropInPaths={DROP_IN}\n", ""
        return host.run(command, seconds)

    monkeypatch.setattr(network, "run", run)


@pytest.mark.parametrize("times", [0, 75])
def test_a_unit_that_always_fails_is_ended_with_the_reason(
    host: Host, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    restarting(host, monkeypatch, times)
    with pytest.raises(VirtfleetError, match=r"nothing was changed: the change could not be prepared within") as caught:
        begin(host)
    # One that is only slow takes the trial back by itself.
    assert files.exists(files.TRIAL) == files.exists(files.UNIT) == (times == 0)
    assert (DROP_IN in str(caught.value)) == (host.calls[-3:] == END) == (times > 0)


def test_what_an_earlier_run_left_with_such_a_unit_is_cleared_away(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(VirtfleetError):
        begin(host)
    restarting(host, monkeypatch, 9)
    monkeypatch.setattr(transaction, "is_running", lambda: files.exists(files.UNIT))
    with transaction.alone():
        assert not files.exists(files.TRIAL)
    assert host.calls[-3:] == END


@pytest.mark.parametrize("state", ["applied", "rolling-back"])
def test_a_trial_that_is_in_force_is_left_to_its_unit(host: Host, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    with pytest.raises(VirtfleetError):
        begin(host)
    host.move("preparing", state)
    restarting(host, monkeypatch, 9)
    assert transaction.end_stuck() == ""
    assert files.exists(files.TRIAL)


def test_a_unit_that_systemd_fails_to_start_is_ended(host: Host) -> None:
    host.starting = lambda: "its control process failed"
    with pytest.raises(VirtfleetError, match="its control process failed"):
        begin(host)
    assert host.calls[-3:] == END
