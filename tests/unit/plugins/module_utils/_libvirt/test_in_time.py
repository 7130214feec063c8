# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A libvirt that hangs is asked for a limited time."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Unreachable
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.in_time import Silent, in_time


def test_what_is_found_and_raised_is_that_of_the_call() -> None:
    def absent() -> None:
        raise Unreachable("is not there")

    assert in_time(lambda: 7) == 7
    assert in_time(lambda: None) is None
    with pytest.raises(Unreachable, match="is not there"):
        in_time(absent)


def test_what_takes_too_long_is_no_longer_waited_for() -> None:
    end = threading.Event()
    started = time.monotonic()
    with pytest.raises(Silent, match="libvirt has not answered within 0 s"):
        in_time(end.wait, 0.2)
    assert time.monotonic() - started < 5
    end.set()


def test_a_daemon_that_takes_the_connection_and_says_nothing(tmp_path: Path) -> None:
    """The process ends, though libvirt's call never does."""
    path = tmp_path / "libvirt-sock"
    code = f"""
import sys
sys.path[:] = {sys.path!r}
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import in_time
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.connection import Session
try:
    in_time.in_time(Session("qemu+unix:///system?socket={path}").__enter__, 1)
except in_time.Silent as error:
    print(error)
"""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert done.stdout == "libvirt has not answered within 1 s\n", done.stderr
