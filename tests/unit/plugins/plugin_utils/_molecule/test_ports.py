# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that finds free ports on the KVM host."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule import ports
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.ports import free_ports


def busy(address: str) -> socket.socket:
    """A server, at a port that nobody else has."""
    server = socket.socket()
    server.bind((address, 0))
    server.listen(1)
    return server


def test_a_port_that_somebody_has() -> None:
    with busy("127.1.2.3") as server:
        first = server.getsockname()[1]
        found = free_ports(["127.1.2.3"], first)["127.1.2.3"]
        assert first < found < first + 100
        assert free_ports(["127.1.2.3"], first, tried=1) == {}
    assert free_ports(["127.1.2.3"], first, tried=1) == {"127.1.2.3": first}


def test_who_listens_everywhere_has_the_port_at_each_address() -> None:
    with busy("0.0.0.0") as server:
        assert free_ports(["127.1.2.3"], server.getsockname()[1], tried=1) == {}


def test_one_address_twice_gets_two_ports_and_the_last_counts() -> None:
    """Two guests cannot have one port. The files tell one of them only, so the other fails to start."""
    with busy("127.1.2.3") as server:
        first = server.getsockname()[1]
    found = free_ports(["127.1.2.3", "127.1.2.3"], first)
    assert found["127.1.2.3"] > first


def test_what_is_no_address_has_no_port() -> None:
    assert free_ports(["::1", "nowhere.invalid"], 40000, tried=1) == {}


def test_the_program() -> None:
    with busy("127.1.2.3") as server:
        first = server.getsockname()[1]
    command = [sys.executable, "-I", ports.__file__, str(first), "127.1.2.3", "127.1.2.4"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    found = json.loads(done.stdout)
    assert set(found) == {"127.1.2.3", "127.1.2.4"}
